//! The time, as an argument.

use jiff::Timestamp;

/// Tells the desk's time. `cli` implements it: the real clock, or the demonstration desk's.
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> Timestamp;
}
