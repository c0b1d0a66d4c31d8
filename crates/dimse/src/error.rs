//! What can go wrong between two application entities, said so that an administrator can act on it.

use crate::pdu::Reject;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// A failure of an association or of a service on it. No variant's text holds anything a data set said, so it can be
/// logged.
#[derive(Debug, thiserror::Error)]
pub enum DimseError {
    /// The host name could not be resolved.
    #[error("the host name {host} cannot be resolved: {source}")]
    Resolve {
        /// As configured.
        host: String,
        /// From the resolver.
        source: io::Error,
    },
    /// Nothing answered at that address, or it refused the connection.
    #[error("no connection to {address}: {source}")]
    Connect {
        /// Last address tried.
        address: SocketAddr,
        /// From the system.
        source: io::Error,
    },
    /// The peer did not do what it had to within the time allowed.
    #[error("no {awaited} within {} s", after.as_secs_f32())]
    TimedOut {
        /// What we waited for.
        awaited: &'static str,
        /// How long.
        after: Duration,
    },
    /// The peer answered A-ASSOCIATE-RJ, PS3.8 §9.3.4.
    #[error("association rejected: {0}")]
    Rejected(Reject),
    /// The peer sent A-ABORT, PS3.8 §9.3.8.
    #[error("the peer aborted the association (source {by}, reason {reason})")]
    Aborted {
        /// 0: its user, 2: its service provider.
        by: u8,
        /// Reason, when the provider.
        reason: u8,
    },
    /// The connection ended in the middle of something.
    #[error("the peer closed the connection while we waited for {awaited}")]
    Closed {
        /// What we waited for.
        awaited: &'static str,
    },
    /// Reading or writing failed.
    #[error("the connection failed: {0}")]
    Io(#[source] io::Error),
    /// The peer does not speak DICOM, or not correctly.
    #[error("the peer broke the protocol: {0}")]
    Protocol(&'static str),
    /// The peer sent more than our limits allow.
    #[error("the peer sent a {what} of {size}, more than the {limit} we accept")]
    TooLarge {
        /// What was too large.
        what: &'static str,
        /// As announced or counted.
        size: u64,
        /// Our limit.
        limit: u64,
    },
    /// The peer accepted the association but not the service we need.
    #[error("the peer does not offer {service} to our AE title")]
    NotOffered {
        /// The service by name or UID.
        service: String,
    },
    /// The service ended with a failure status, PS3.7 Annex C and PS3.4.
    #[error("{operation} failed with status {status:04X}H: {}", status_words(*status))]
    Status {
        /// C-FIND, C-GET, …
        operation: &'static str,
        /// (0000,0900).
        status: u16,
    },
    /// An AE title is not one, PS3.5 §6.2.
    #[error("{0:?} is not an AE title: 1 to 16 ASCII characters, no backslash")]
    AeTitle(String),
    /// Our own side could not take what was received (disk full, …).
    #[error("what was received could not be kept: {0}")]
    Receiver(#[source] io::Error),
    /// Our own side asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// TLS was not agreed.
    #[error("TLS with {peer} failed: {}", crate::tls::words(source))]
    Tls {
        /// Host and port, or the address that called us.
        peer: String,
        /// From TLS.
        source: io::Error,
    },
}

impl DimseError {
    /// What [`DimseError::Closed`] and [`DimseError::TimedOut`] say was awaited when the association itself was not answered.
    pub const ASSOCIATION: &str = "answer to our association request";

    /// Whether the same request may succeed later with nobody changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            DimseError::Resolve { .. }
            | DimseError::Connect { .. }
            | DimseError::TimedOut { .. }
            | DimseError::Aborted { .. }
            | DimseError::Closed { .. }
            | DimseError::Io(_) => true,
            DimseError::Rejected(reject) => reject.is_transient(),
            DimseError::Status { status, .. } => matches!(status, 0xA700..=0xA7FF | 0x0110 | 0xC000..=0xCFFF),
            DimseError::Protocol(_)
            | DimseError::TooLarge { .. }
            | DimseError::NotOffered { .. }
            | DimseError::AeTitle(_)
            | DimseError::Receiver(_)
            | DimseError::Cancelled
            | DimseError::Tls { .. } => false,
        }
    }
}

/// What a status means, PS3.7 Annex C and PS3.4 §C.4.
pub fn status_words(status: u16) -> &'static str {
    match status {
        0x0000 => "success",
        0x0110 => "processing failure",
        0x0122 => "SOP Class not supported",
        0x0124 => "not authorised",
        0x0210 => "duplicate invocation",
        0x0211 => "unrecognised operation",
        0xA701 => "out of resources: it could not count the matches",
        0xA702 => "out of resources: it could not perform the sub-operations",
        0xA700..=0xA7FF => "out of resources",
        0xA801 => "move destination unknown: our AE title, host and port are not configured at the archive",
        0xA900..=0xA9FF => "the identifier does not match the SOP Class",
        0xB000..=0xBFFF => "finished with failures or warnings",
        0xC000..=0xCFFF => "unable to process",
        0xFE00 => "cancelled",
        0xFF00 | 0xFF01 => "pending",
        _ => "unknown status",
    }
}
