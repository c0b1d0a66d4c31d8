//! Taiwan's facts, each in one place: dates in both calendars, ages, identity numbers, names, money, addresses.
//!
//! These are facts of the country and not rules of a hospital, so they are code and not rows.

mod addresses;
mod dates;
mod identity;
mod money;
mod names;

pub use addresses::*;
pub use dates::*;
pub use identity::*;
pub use money::*;
pub use names::*;

/// Full-width digits, letters and signs as typed with a Chinese input method, brought to ASCII; surrounding space cut.
pub fn half_width(typed: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        c => c,
    };
    typed.chars().map(narrow).collect::<String>().trim().to_owned()
}
