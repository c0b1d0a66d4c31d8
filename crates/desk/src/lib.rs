//! What an application is: its states, who may move it, its parcels, its money.
//!
//! Pure like `policy`: time and randomness are arguments. Each state is a variant that carries who and when; each
//! transition consumes the application and returns the next one, or a [`TransitionError`] naming what was missing.

mod application;
mod order;
mod parcel;
mod people;

pub use application::*;
pub use order::*;
pub use parcel::*;
pub use people::*;
