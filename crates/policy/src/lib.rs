//! What the hospital's published page says, as a pure function: rules + overlay + situation → answer.
//!
//! `policy` reads no clock, no file and no network. The text of the rules is an argument ([`RuleFiles`]), the time is
//! an argument ([`Situation::at`]), and what the counter changed is an argument ([`Overlay`]).
//!
//! ```
//! use filmdesk_policy::*;
//! # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/ntuh");
//! # let texts = RULE_FILE_NAMES.map(|n| (n, std::fs::read_to_string(format!("{folder}/{n}")).unwrap()));
//! let rules = Rules::load(&RuleFiles::from_folder_texts(texts)).unwrap();
//! let tuesday = "2026-12-01T10:00".parse().unwrap();
//! let asked = Situation::new(tuesday, vec![ItemAsked::on_disc("ct"), ItemAsked::on_disc("general-x-ray")]);
//!
//! let answer = answer(&rules, &Overlay::default(), &asked);
//! assert_eq!(answer.total.dollars(), 400);
//! assert_eq!(answer.lines[0].rule, "disc.special"); // every line names its row of rules/ntuh/fees.toml
//! assert_eq!(answer.papers[0].id, "D1");
//! ```
//!
//! - [`Rules::load`] checks a rules folder as a whole and names file, line and remedy of each mistake.
//! - [`answer()`] is the only decision: fees, papers, place, ready time, referrals and violations, each with its reason.
//! - [`taiwan`] keeps the country's facts: identity numbers, ROC dates, masking, amounts in words, ages.
//! - [`cases`] reads situations and case files as TOML or JSON, runs them, and prints answers as JSON.

mod answer;
mod calendar;
pub mod cases;
mod classify;
mod decide;
mod documents;
mod fees;
mod heirs;
mod routing;
mod rules;
mod schedule;
mod situation;
mod standing;
pub mod taiwan;

mod text;
mod validate;

pub use answer::*;
pub use decide::answer;
pub use rules::*;
pub use situation::*;
pub use text::*;
