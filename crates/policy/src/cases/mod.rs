//! Situations and cases as text: one documented format (`rules/README.md`) behind every door, so that the command
//! line, the API, the pages and the case table answer identically.

mod fields;
mod file;
mod json;
mod read;
mod studies;

pub use file::{Case, CaseChange, CaseOutcome, Changed, Setting, case_changes, parse_cases, run_case, unproved_lines};
pub use json::{answer_to_json, situation_to_json, violation_to_json};
pub use read::{situation_from_json, situation_from_toml, situation_from_value};
pub use studies::{StudyCase, parse_studies, run_study};
