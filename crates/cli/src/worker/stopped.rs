//! How a job ends without a result.

use filmdesk_archive::{ArchiveError, Who};
use filmdesk_desk::{StallReason, WhoCanFix};
use filmdesk_production::Failure;
use filmdesk_store::{ChangeError, StoreError};
use std::io;

/// Why a job stopped.
#[derive(Debug)]
pub enum Stopped {
    /// It failed: what, who can fix it, and whether the same may succeed by itself later.
    Failed {
        /// For the clerk.
        reason: StallReason,
        /// Whether to try again by itself.
        again: Again,
    },
    /// Somebody cancelled it.
    Cancelled,
    /// Another worker has it, or it was finished: nothing of it may be written.
    Lost,
    /// This worker is stopping; another, or the next one, goes on.
    Stopping,
    /// The application moved on: there is nothing to do.
    Nothing,
}

/// Whether what failed is tried again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// A person must do something first.
    No,
    /// Some times: the fault may pass.
    Retry,
    /// For hours: an archive is away.
    Wait,
}

impl From<bool> for Again {
    fn from(retry: bool) -> Again {
        if retry { Again::Retry } else { Again::No }
    }
}

/// A failure by its parts.
pub fn failed(
    code: &str,
    who: WhoCanFix,
    what: impl Into<String>,
    next: impl Into<String>,
    again: impl Into<Again>,
) -> Stopped {
    let reason = StallReason { code: code.to_owned(), what: what.into(), next: next.into(), who };
    Stopped::Failed { reason, again: again.into() }
}

/// The spool's disk did something it should not.
pub fn spool_failed(what: &str, error: &io::Error) -> Stopped {
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        return disk_full(format!("The disk is full: {what} could not be written. Nothing incomplete was kept."));
    }
    let next = "Look at the disk and the permissions of the spool folder, then try again.";
    failed("spool", WhoCanFix::Operator, format!("{what}: {error}."), next, true)
}

/// There is no room.
pub fn disk_full(what: impl Into<String>) -> Stopped {
    let next = "Make room on that disk, or raise the quota in the configuration, then try again.";
    failed("disk-full", WhoCanFix::Operator, what, next, false)
}

impl Stopped {
    /// An archive's failure, named with the archive.
    pub fn archive(name: &str, error: ArchiveError) -> Stopped {
        let who = match error.who() {
            Who::Clerk => WhoCanFix::Clerk,
            Who::Operator => WhoCanFix::Operator,
            Who::ArchiveAdministrator => WhoCanFix::ArchiveAdministrator,
        };
        if let ArchiveError::Cancelled = error {
            return Stopped::Cancelled;
        }
        let code = if error.code() == "spool-full" { "disk-full" } else { error.code() };
        let again = if error.is_away() { Again::Wait } else { error.retryable().into() };
        failed(code, who, format!("Archive {name}: {error}."), error.next(), again)
    }
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Stopped::Failed { reason: failure.stall, again: failure.retry.into() }
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        let next = "Look at the database; `filmdesk doctor` says what it finds.";
        failed("database", WhoCanFix::Operator, format!("{error}."), next, true)
    }
}

impl From<ChangeError> for Stopped {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::LeaseLost => Stopped::Lost,
            // Somebody moved the application on while the job ran: its result has no place any more.
            ChangeError::NotFound(_) | ChangeError::Stale { .. } | ChangeError::Transition(_) => Stopped::Nothing,
            ChangeError::Store(error) => error.into(),
            other => failed("database", WhoCanFix::Operator, format!("{other}."), "Look at the log.", true),
        }
    }
}
