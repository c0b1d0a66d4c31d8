//! What an application is: its states, who may move it, its parcels, its money.
//!
//! Pure like `policy`: time and randomness are arguments. Each state is a variant that carries who and when; each
//! transition consumes the application and returns the next one, or a [`TransitionError`] naming the state it was in, the
//! action, and why not ([`Refusal`]: a stable code that pages word in their language):
//!
//! ```text
//! draft ─submit─► submitted ─verify─► verified ─(found, tick)─ weigh─► weighed ─pay─► paid, in parcels
//! parcel: waiting ─start─► in production ─finish─► ready ─release─► released
//! ```
//!
//! The whole table, every state by every action, is one snapshot in `tests/table.rs`. What the desk does *not* do: it
//! never computes a fee (a [`Quote`] is given to it), never reads a clock ([`Clock`] is implemented by the program), and
//! knows no database: the store calls one transition inside one transaction.

mod action;
mod application;
mod clock;
mod making;
mod number;
mod order;
mod parcel;
mod people;
mod refusal;
mod status;
mod transitions;

pub use action::*;
pub use application::*;
pub use clock::*;
pub use making::Scan;
pub use number::*;
pub use order::*;
pub use parcel::*;
pub use people::*;
pub use refusal::Refusal;
pub use status::*;
pub use transitions::PartPlan;
