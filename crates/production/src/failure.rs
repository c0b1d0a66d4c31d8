//! How making a disc fails, and who hears of its progress.

use filmdesk_desk::{StallReason, WhoCanFix};
use std::fmt;
use std::io;

/// Stable codes, after Execution Status Info (2100,0030) of media creation, PS3.3 C.22.1; the standard's word is named
/// where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureCode {
    /// `NO_INSTANCE`: something asked for is not there, or did not arrive.
    NoInstance,
    /// Nothing at all is left to be put on a disc.
    NothingToDeliver,
    /// `DUPL_REF_INST`: one SOP Instance UID, two contents (W6).
    DuplicateInstance,
    /// `INST_OVERSIZED`: one instance alone exceeds a disc.
    InstanceOversized,
    /// `SET_OVERSIZED`: the plan no longer fits the medium.
    SetOversized,
    /// `DIR_PROC_ERR`: the DICOMDIR could not be built.
    DirectoryProcessing,
    /// An object is another person's, or says nobody's (W5).
    WrongPatient,
    /// An object is another one than it was sent as, or of another study than the ordered one (W4).
    NotAsAnnounced,
    /// The spool or a source changed since it was weighed.
    SourceChanged,
    /// A source or spool file could not be read.
    SourceUnreadable,
    /// What was written is not what was planned (W8).
    ReadBackMismatch,
    /// The disk is full.
    DiskFull,
    /// `MCD_BUSY`: the same disc is being written already.
    DeviceBusy,
    /// `PROC_FAILURE`: the system refused a file.
    ProcessingFailure,
    /// Somebody cancelled.
    Cancelled,
}

impl FailureCode {
    /// The code as it is stored and translated.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureCode::NoInstance => "no-instance",
            FailureCode::NothingToDeliver => "nothing-to-deliver",
            FailureCode::DuplicateInstance => "duplicate-instance",
            FailureCode::InstanceOversized => "instance-oversized",
            FailureCode::SetOversized => "set-oversized",
            FailureCode::DirectoryProcessing => "directory-processing-error",
            FailureCode::WrongPatient => "wrong-patient",
            FailureCode::NotAsAnnounced => "not-as-announced",
            FailureCode::SourceChanged => "source-changed",
            FailureCode::SourceUnreadable => "source-unreadable",
            FailureCode::ReadBackMismatch => "read-back-mismatch",
            FailureCode::DiskFull => "disk-full",
            FailureCode::DeviceBusy => "device-busy",
            FailureCode::ProcessingFailure => "processing-failure",
            FailureCode::Cancelled => "cancelled",
        }
    }
}

/// A production that did not succeed: no medium of it exists. `retry` says whether the same call may succeed later
/// without anybody doing something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Code, what, next step, who.
    pub stall: StallReason,
    /// Try again by itself.
    pub retry: bool,
}

impl Failure {
    pub(crate) fn new(code: FailureCode, who: WhoCanFix, what: impl Into<String>, next: impl Into<String>) -> Failure {
        let stall = StallReason { code: code.as_str().to_owned(), what: what.into(), next: next.into(), who };
        Failure { stall, retry: false }
    }

    pub(crate) fn cancelled() -> Failure {
        Failure::new(FailureCode::Cancelled, WhoCanFix::Clerk, "It was cancelled.", "Start it again when it is wanted.")
    }

    /// What the system says about a file we write, in a clerk's words. `what` names the file's role, never a path.
    pub fn writing(what: &str, error: &io::Error) -> Failure {
        let full = matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        );
        if full {
            let said = format!("The disk is full: {what} could not be written. Nothing incomplete was kept.");
            let next = "Free space where the images are kept, then try again.";
            return Failure::new(FailureCode::DiskFull, WhoCanFix::Operator, said, next);
        }
        let next = "Look at the disk and the permissions of the folder, then try again.";
        let said = format!("{what} could not be written: {error}.");
        Failure { retry: true, ..Failure::new(FailureCode::ProcessingFailure, WhoCanFix::Operator, said, next) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.stall.code, self.stall.what, self.stall.next)
    }
}

impl std::error::Error for Failure {}

/// The parts of a production, as progress names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Headers are read and checked.
    Reading,
    /// Objects are rewritten as the medium's profile wants them.
    Transcoding,
    /// Pictures for the pages are made.
    Previewing,
    /// The image is written.
    Writing,
    /// The image is read back.
    ReadingBack,
}

impl Stage {
    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Reading => "reading",
            Stage::Transcoding => "transcoding",
            Stage::Previewing => "previewing",
            Stage::Writing => "writing",
            Stage::ReadingBack => "reading-back",
        }
    }

    /// What is counted.
    pub fn unit(self) -> &'static str {
        match self {
            Stage::Reading | Stage::Transcoding | Stage::Previewing => "instances",
            Stage::Writing | Stage::ReadingBack => "bytes",
        }
    }
}

/// Where progress goes and cancellation comes from. Called often: an implementation thins out by itself.
pub trait Journal: Sync {
    /// `done` of `total` of a stage, in [`Stage::unit`].
    fn progress(&self, stage: Stage, done: u64, total: u64);
    /// Somebody wants it to stop.
    fn cancelled(&self) -> bool;
}

/// A journal nobody reads.
pub struct Silent;

impl Journal for Silent {
    fn progress(&self, _: Stage, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}
