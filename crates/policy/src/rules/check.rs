//! What a rules folder must be as a whole: ids unique, references resolved, citations real, tiers without gaps,
//! validities without overlaps.

use super::fault::Faults;
use super::load::Parsed;
pub(crate) fn check(_p: &Parsed, _faults: &mut Faults) {}
