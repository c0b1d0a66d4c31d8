//! What is made and handed over together, with its own state.

use crate::{By, Private, StallReason};
use jiff::Timestamp;

/// Internal id of a parcel: unique within the application, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParcelId(pub u32);

/// A parcel and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Which.
    pub id: ParcelId,
    /// Study Instance UIDs it holds.
    pub studies: Vec<String>,
    /// Set when this parcel replaces a faulty one (A35).
    pub remake_of: Option<ParcelId>,
    /// Its state.
    pub state: ParcelState,
}

/// A finished disc image, proven by read-back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedDisc {
    /// File-set ID = Volume Identifier.
    pub volume_id: String,
    /// File-set UID.
    pub file_set_uid: String,
    /// Disc k …
    pub number: u32,
    /// … of n.
    pub of: u32,
    /// The disc's random code, in the image and on its label; scanned at release (W9).
    pub code: String,
    /// Bytes.
    pub size_bytes: u64,
    /// SHA-256 of the image.
    pub sha256: String,
    /// Instances on it.
    pub n_instances: u32,
    /// Web pages on it, as its label says; `None` in a record older than this member.
    pub web: Option<bool>,
    /// When it was made, as its pages and its label say; `None` in a record older than this member.
    pub made: Option<Timestamp>,
    /// Blob key of the image in the store.
    pub blob: String,
}

/// The states of a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParcelState {
    /// Paid; not started, or not allowed to start yet.
    Waiting {
        /// Earliest start; `None`: at once.
        until: Option<Timestamp>,
        /// Why it waits (reason row id), empty when it does not.
        why: String,
    },
    /// A worker makes it.
    InProduction {
        /// Since.
        since: Timestamp,
    },
    /// Made, read back, on the tray.
    Ready {
        /// Since.
        since: Timestamp,
        /// Its discs.
        discs: Vec<FinishedDisc>,
    },
    /// Making stopped; a person decides.
    Stalled {
        /// Since.
        since: Timestamp,
        /// Why and who can fix it.
        reason: StallReason,
    },
    /// In somebody's hands.
    Released {
        /// Its discs.
        discs: Vec<FinishedDisc>,
        /// To whom, by whom.
        release: Release,
    },
    /// Unclaimed and destroyed, two names (A37).
    Destroyed {
        /// Who.
        by: By,
        /// Witness.
        witness: crate::StaffId,
    },
}

/// To whom, by whom, when, which identity was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// Handed over.
    AtCounter {
        /// Clerk and time.
        by: By,
        /// Name of the collector.
        collector: Private,
        /// Kind of identity document seen (`national-id`, `passport`, …).
        identity_seen: String,
        /// Last four of its number.
        last_four: Private,
    },
    /// Posted.
    ByPost {
        /// Clerk and time.
        by: By,
        /// Registered mail number, as typed.
        tracking: Private,
    },
}
