//! What an archive says when it is asked whether it is there.

use std::time::Duration;

/// An archive that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EchoReport {
    /// Its name in the configuration.
    pub archive: String,
    /// How it was reached: kind, host and port, or folder.
    pub reached: String,
    /// What it says it is, when it says so.
    pub implementation: Option<String>,
    /// From asking to the answer.
    pub took: Duration,
    /// What it offers us, service by service.
    pub offers: Vec<Offer>,
}

/// One service, and what to do when it is not to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// C-FIND, C-GET, C-MOVE, QIDO-RS, …
    pub service: &'static str,
    /// Whether the archive offers it to us.
    pub offered: bool,
    /// Whether this desk, as configured, needs it.
    pub needed: bool,
    /// What to configure, and where, when there is something to.
    pub advice: Option<String>,
}

impl EchoReport {
    /// Whether everything this desk needs is offered.
    pub fn is_sufficient(&self) -> bool {
        self.offers.iter().all(|offer| offer.offered || !offer.needed)
    }
}
