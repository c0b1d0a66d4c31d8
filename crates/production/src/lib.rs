//! How copies are made.
pub mod failure;
pub mod iso;
pub use failure::{Failure, FailureCode, Journal, Silent, Stage};
