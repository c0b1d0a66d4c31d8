//! How copies are made: from objects in a spool to disc images that were read back.
//!
//! ```text
//! gather ──► check_patient, check_complete ──► plan ──► make_disc (once per disc)
//!   read, rewrite,        W5, and what the        fewest      write once ─► read back ─► rename
//!   settle, hash          archive listed          discs
//! ```
//!
//! - [`gather`] reads every object behind the inspector, brings it into the form the medium's profile takes, settles
//!   duplicates (W6), hashes what remains and makes pictures. What cannot be delivered is named with its reason
//!   ([`LeftOut`]): nothing is dropped silently.
//! - [`check_patient`] stops at the first object of somebody else (W5); [`check_complete`] compares what arrived with what
//!   was listed, and [`check_announced`] what an object says it is with what it was sent as (W4).
//! - [`plan`] puts studies on the fewest discs and knows the exact bytes of each. The plan that sets the fee is the plan
//!   that is made. [`Goods::save`] and [`Goods::load`] carry it over a restart: the same goods give the same plan.
//! - [`make_disc`] writes one image in one pass ([`volume`]), reads it back down to the last byte (W8), and only then gives it
//!   its name. The File-set itself is [`filmdesk_fileset`]'s.
//! - [`unpack`] makes a folder of a finished image, [`zip`](zip()) a ZIP: for sticks and downloads.
//! - [`examine`] judges any disc image, ZIP or folder, ours or another's.
//!
//! Nothing here opens a database, asks the rules, reads a clock or draws a random number: all of that comes as arguments,
//! and progress goes to a [`Journal`]. A [`Failure`] says what happened, what to do next, and who can do it.

mod contents;
mod examine;
mod failure;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod gather;
mod iso;
mod make;
mod manifest;
mod pack;
mod pages;
mod parallel;
mod patient;
mod pictures;
mod plan;
mod read_back;
mod reasons;
mod rejected;
mod udf;
mod unpack;
pub mod volume;
mod zipped;

pub use contents::{DiscFacts, MANIFEST};
pub use examine::{Examination, ExamineError, examine, keep_hash};
pub use failure::{Failure, FailureCode, Journal, Silent, Stage};
pub use gather::{GatherOptions, Good, Goods, LeftOut, PatientKey, gather, gather_to_make_at_once};
pub use make::{MadeDisc, make_disc, write_disc};
pub use manifest::parse_manifest;
pub use pack::{Packing, pack};
pub use patient::{ExpectedPatient, check_announced, check_complete, check_patient, names};
pub use pictures::{PICTURES_PER_SERIES, Picture, PictureKind};
pub use plan::{Bilingual, DiscPlan, DiscSetPlan, DiscTexts, PlanOptions, plan};
pub use unpack::unpack;
pub use zipped::{ZipFault, zip};
