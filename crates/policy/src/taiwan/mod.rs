//! Taiwan's facts, each in one place: dates in both calendars, ages, identity numbers, masking, amounts in words.

mod dates;

pub use dates::*;
