//! What the hospital's published page says, as a pure function: rules + overlay + situation → answer.
//!
//! `policy` reads no clock, no file and no network. The text of the rules is an argument ([`RuleFiles`]), the time is
//! an argument ([`Situation::at`]), and what the counter changed is an argument ([`Overlay`]).

mod answer;
mod situation;
mod text;

pub use answer::*;
pub use situation::*;
pub use text::*;
