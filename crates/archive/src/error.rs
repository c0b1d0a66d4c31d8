//! What can go wrong between the desk and an archive: what, who can fix it, whether waiting helps.

use filmdesk_dimse::{DimseError, tls};
use std::io;
use std::path::PathBuf;

/// Who can do something about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The person at the counter: something typed or ticked.
    Clerk,
    /// Whoever runs this desk: its configuration, disk, network.
    Operator,
    /// Whoever runs the archive.
    ArchiveAdministrator,
}

/// A failure to find or fetch. Its text holds UIDs at most: no name, identifier or URL, so it can be logged.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The patient's identifier cannot be asked for exactly.
    #[error("the patient's identifier {0}")]
    PatientKey(&'static str),
    /// A UID is not one.
    #[error("{0:?} is not a UID")]
    Uid(String),
    /// The archive knows this identifier from several issuers, and the order does not say which.
    #[error("the archive has {0} issuers of this patient identifier; without the issuer it does not name one patient")]
    SeveralIssuers(usize),
    /// The study is not among this patient's.
    #[error("the archive does not list study {study_uid} for this patient")]
    StudyNotListed {
        /// Study Instance UID.
        study_uid: String,
    },
    /// The study is there, under another patient's identifier.
    #[error(
        "study {study_uid} is filed under another patient identifier: merged, moved or corrected, or never this patient's"
    )]
    PatientChanged {
        /// Study Instance UID.
        study_uid: String,
    },
    /// The study is not what it was when it was found or fetched.
    #[error("study {study_uid} changed in the archive: {what}")]
    StudyChanged {
        /// Study Instance UID.
        study_uid: String,
        /// What of it.
        what: String,
    },
    /// The archive lists the study and no instances in it.
    #[error("the archive lists study {study_uid} without a single instance")]
    StudyEmpty {
        /// Study Instance UID.
        study_uid: String,
    },
    /// After several tries some instances have not arrived.
    #[error("{} of {n_listed} instances did not arrive, {} first{}", missing.len(), missing.first().map_or("", String::as_str),
        last.as_ref().map(|e| format!("; last: {e}")).unwrap_or_default())]
    Incomplete {
        /// SOP Instance UIDs that are listed and did not arrive.
        missing: Vec<String>,
        /// How many were listed.
        n_listed: usize,
        /// What ended the last try, if something did.
        last: Option<Box<ArchiveError>>,
    },
    /// One SOP Instance UID came with different contents.
    #[error("instance {sop_instance_uid} came twice with different contents")]
    Conflict {
        /// SOP Instance UID.
        sop_instance_uid: String,
    },
    /// What arrived contradicts what the archive listed.
    #[error("instance {sop_instance_uid} is listed as SOP Class {listed} and came as {received}")]
    Contradiction {
        /// SOP Instance UID.
        sop_instance_uid: String,
        /// SOP Class UID as listed.
        listed: String,
        /// SOP Class UID as received.
        received: String,
    },
    /// An association failed.
    #[error("{0}")]
    Dimse(#[from] DimseError),
    /// The archive answered an HTTP request with an error.
    #[error("the archive answered {service} with HTTP {status}")]
    Http {
        /// QIDO-RS or WADO-RS.
        service: &'static str,
        /// Status code.
        status: u16,
    },
    /// An HTTP request could not be made or its answer not be read.
    #[error("{service} failed: {reason}")]
    HttpFailed {
        /// QIDO-RS or WADO-RS.
        service: &'static str,
        /// Without the URL, which may name a patient.
        reason: String,
        /// Whether trying again may help.
        transient: bool,
    },
    /// TLS was not agreed with a server of DICOMweb.
    #[error("TLS with {peer} failed: {reason}")]
    Tls {
        /// Host and port.
        peer: String,
        /// Whose certificate, and what of it.
        reason: String,
    },
    /// The archive's answer is not what the standard says.
    #[error("the archive's answer cannot be read: {0}")]
    Answer(&'static str),
    /// The archive's answer is larger than we take.
    #[error("the archive's answer is larger than {limit} bytes")]
    AnswerTooLarge {
        /// Limit in bytes.
        limit: u64,
    },
    /// What was received could not be written.
    #[error("what was received could not be written to the spool: {0}")]
    Spool(#[source] io::Error),
    /// The archive's folder or a file in it cannot be read.
    #[error("the archive's folder cannot be read at {}: {source}", path.display())]
    Folder {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of a folder archive could not be looked at for a reason that lies with this machine.
    #[error("the files of the folder could not be inspected: {0}")]
    Inspection(String),
    /// Our Storage SCP cannot listen.
    #[error("our Storage SCP cannot listen on port {port}: {source}")]
    StorePort {
        /// The port.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// The configuration cannot be used.
    #[error("{0}")]
    Configuration(String),
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl ArchiveError {
    /// A stable name for pages, programs and translations.
    pub fn code(&self) -> &'static str {
        match self {
            ArchiveError::PatientKey(_) => "patient-key-not-exact",
            ArchiveError::Uid(_) => "uid-invalid",
            ArchiveError::SeveralIssuers(_) => "patient-issuer-needed",
            ArchiveError::StudyNotListed { .. } => "study-not-listed",
            ArchiveError::PatientChanged { .. } => "patient-changed",
            ArchiveError::StudyChanged { .. } => "study-changed",
            ArchiveError::StudyEmpty { .. } => "study-empty",
            ArchiveError::Incomplete { .. } => "instances-missing",
            ArchiveError::Conflict { .. } => "instance-conflict",
            ArchiveError::Contradiction { .. } => "instance-contradicts-listing",
            ArchiveError::Dimse(error) => dimse_code(error),
            ArchiveError::Http { status: 401 | 403, .. } => "archive-not-authorised",
            ArchiveError::Http { .. } => "archive-http-status",
            ArchiveError::HttpFailed { transient: true, .. } => "archive-unreachable",
            ArchiveError::HttpFailed { .. } => "archive-http",
            ArchiveError::Tls { .. } => "archive-tls",
            ArchiveError::Answer(_) => "archive-answer",
            ArchiveError::AnswerTooLarge { .. } => "archive-answer-too-large",
            ArchiveError::Spool(error) if error.kind() == io::ErrorKind::StorageFull => "spool-full",
            ArchiveError::Spool(_) => "spool",
            ArchiveError::Folder { .. } => "archive-folder",
            ArchiveError::Inspection(_) => "inspection",
            ArchiveError::StorePort { .. } => "store-port",
            ArchiveError::Configuration(_) => "archive-configuration",
            ArchiveError::Cancelled => "cancelled",
        }
    }

    /// Whether the same request may succeed later with nobody changing anything.
    pub fn retryable(&self) -> bool {
        match self {
            ArchiveError::Incomplete { .. } => true,
            ArchiveError::Dimse(error) => error.is_transient(),
            ArchiveError::Http { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            ArchiveError::HttpFailed { transient, .. } => *transient,
            ArchiveError::Folder { .. } | ArchiveError::Inspection(_) | ArchiveError::StorePort { .. } => true,
            ArchiveError::PatientKey(_)
            | ArchiveError::Uid(_)
            | ArchiveError::SeveralIssuers(_)
            | ArchiveError::StudyNotListed { .. }
            | ArchiveError::PatientChanged { .. }
            | ArchiveError::StudyChanged { .. }
            | ArchiveError::StudyEmpty { .. }
            | ArchiveError::Conflict { .. }
            | ArchiveError::Contradiction { .. }
            | ArchiveError::Tls { .. }
            | ArchiveError::Answer(_)
            | ArchiveError::AnswerTooLarge { .. }
            | ArchiveError::Spool(_)
            | ArchiveError::Configuration(_)
            | ArchiveError::Cancelled => false,
        }
    }

    /// Whether the archive, or the way to it, is away: down, silent or busy. That passes, and is waited for longer than other
    /// faults are tried again.
    pub fn is_away(&self) -> bool {
        match self {
            ArchiveError::HttpFailed { .. } | ArchiveError::Http { .. } | ArchiveError::Dimse(_) => self.retryable(),
            ArchiveError::PatientKey(_)
            | ArchiveError::Uid(_)
            | ArchiveError::SeveralIssuers(_)
            | ArchiveError::StudyNotListed { .. }
            | ArchiveError::PatientChanged { .. }
            | ArchiveError::StudyChanged { .. }
            | ArchiveError::StudyEmpty { .. }
            | ArchiveError::Incomplete { .. }
            | ArchiveError::Conflict { .. }
            | ArchiveError::Contradiction { .. }
            | ArchiveError::Tls { .. }
            | ArchiveError::Answer(_)
            | ArchiveError::AnswerTooLarge { .. }
            | ArchiveError::Spool(_)
            | ArchiveError::Folder { .. }
            | ArchiveError::Inspection(_)
            | ArchiveError::StorePort { .. }
            | ArchiveError::Configuration(_)
            | ArchiveError::Cancelled => false,
        }
    }

    /// Who can fix it.
    pub fn who(&self) -> Who {
        match self {
            ArchiveError::PatientKey(_)
            | ArchiveError::Uid(_)
            | ArchiveError::SeveralIssuers(_)
            | ArchiveError::StudyNotListed { .. }
            | ArchiveError::PatientChanged { .. }
            | ArchiveError::StudyChanged { .. }
            | ArchiveError::Cancelled => Who::Clerk,
            ArchiveError::StudyEmpty { .. }
            | ArchiveError::Incomplete { .. }
            | ArchiveError::Conflict { .. }
            | ArchiveError::Contradiction { .. }
            | ArchiveError::Http { .. }
            | ArchiveError::Answer(_)
            | ArchiveError::AnswerTooLarge { .. } => Who::ArchiveAdministrator,
            ArchiveError::Dimse(error) => match error {
                DimseError::Rejected(_) | DimseError::NotOffered { .. } | DimseError::Status { .. } => {
                    Who::ArchiveAdministrator
                }
                DimseError::Resolve { .. }
                | DimseError::Connect { .. }
                | DimseError::TimedOut { .. }
                | DimseError::Aborted { .. }
                | DimseError::Closed { .. }
                | DimseError::Io(_)
                | DimseError::Protocol(_)
                | DimseError::TooLarge { .. }
                | DimseError::AeTitle(_)
                | DimseError::Receiver(_)
                | DimseError::Cancelled
                | DimseError::Tls { .. } => Who::Operator,
            },
            ArchiveError::HttpFailed { .. }
            | ArchiveError::Tls { .. }
            | ArchiveError::Spool(_)
            | ArchiveError::Folder { .. }
            | ArchiveError::Inspection(_)
            | ArchiveError::StorePort { .. }
            | ArchiveError::Configuration(_) => Who::Operator,
        }
    }

    /// What to do next, in a sentence.
    pub fn next(&self) -> &'static str {
        match self {
            ArchiveError::PatientKey(_) => "Type the medical record number as the archive has it, whole.",
            ArchiveError::SeveralIssuers(_) => "Give the issuer of the identifier with it.",
            ArchiveError::Uid(_) | ArchiveError::StudyNotListed { .. } => {
                "Find the studies again and tick what is listed now."
            }
            ArchiveError::PatientChanged { .. } => {
                "Do not deliver. Find the patient's present identifier, check it with the papers, and find the studies again."
            }
            ArchiveError::StudyChanged { .. } => {
                "Find the studies again and weigh anew: what was ticked or fetched is not what the archive has now."
            }
            ArchiveError::StudyEmpty { .. } => "Ask the archive's administrator what became of the study's images.",
            ArchiveError::Incomplete { .. } => {
                "Try again; if the same instances are missing, the archive cannot send them."
            }
            ArchiveError::Conflict { .. } | ArchiveError::Contradiction { .. } => {
                "The archive must settle which object is the true one before it can be copied."
            }
            ArchiveError::Dimse(error) => dimse_next(error),
            ArchiveError::Http { status: 401 | 403, .. } => {
                "Check the user, token or certificate the archive expects of us."
            }
            ArchiveError::Http { .. } | ArchiveError::HttpFailed { .. } => {
                "Check that the archive runs and that its URL is right."
            }
            ArchiveError::Tls { .. } => CERTIFICATES,
            ArchiveError::Answer(_) | ArchiveError::AnswerTooLarge { .. } => {
                "Ask the archive's administrator; another service may work."
            }
            ArchiveError::Spool(_) => "Make room on the spool's disk, or check its rights.",
            ArchiveError::Folder { .. } => "Check that the folder is there and may be read.",
            ArchiveError::Inspection(_) => "Look into this machine's log; it is not the file's fault.",
            ArchiveError::StorePort { .. } => "Free the port, or configure another one here and at the archive.",
            ArchiveError::Configuration(_) => "Correct the configuration.",
            ArchiveError::Cancelled => "Start it again when it is wanted.",
        }
    }
}

const CERTIFICATES: &str = "Check the certificates of both sides: names and dates.";

fn dimse_code(error: &DimseError) -> &'static str {
    match error {
        DimseError::Resolve { .. } | DimseError::Connect { .. } => "archive-unreachable",
        DimseError::TimedOut { .. } => "archive-timed-out",
        DimseError::Rejected(_) => "archive-rejected",
        DimseError::Aborted { .. } | DimseError::Closed { .. } | DimseError::Io(_) => "archive-connection-lost",
        DimseError::Protocol(_) | DimseError::TooLarge { .. } => "archive-answer",
        DimseError::NotOffered { .. } => "archive-service-not-offered",
        DimseError::Status { status: 0xA801, .. } => "move-destination-unknown",
        DimseError::Status { .. } => "archive-status",
        DimseError::AeTitle(_) => "archive-configuration",
        DimseError::Receiver(error) if error.kind() == io::ErrorKind::StorageFull => "spool-full",
        DimseError::Receiver(_) => "spool",
        DimseError::Cancelled => "cancelled",
        DimseError::Tls { .. } => "archive-tls",
    }
}

fn dimse_next(error: &DimseError) -> &'static str {
    match error {
        DimseError::Resolve { .. } | DimseError::Connect { .. } | DimseError::TimedOut { .. } => {
            "Check that the archive runs, its host and port here, and the firewall between."
        }
        DimseError::Rejected(reject) if reject.is_transient() => "Wait: the archive is busy.",
        DimseError::Rejected(_) => "Check both AE titles here, and have ours registered at the archive.",
        DimseError::NotOffered { .. } => {
            "Have the service allowed for our AE title at the archive, or fetch another way."
        }
        DimseError::Status { status: 0xA801, .. } => {
            "Register our AE title with this host and our store port at the archive."
        }
        DimseError::Receiver(_) => "Make room on the spool's disk, or check its rights.",
        DimseError::Tls { .. } => CERTIFICATES,
        DimseError::AeTitle(_) => "Correct the configuration.",
        DimseError::Cancelled => "Start it again when it is wanted.",
        DimseError::Aborted { .. }
        | DimseError::Closed { .. }
        | DimseError::Io(_)
        | DimseError::Protocol(_)
        | DimseError::TooLarge { .. }
        | DimseError::Status { .. } => "Try again; if it stays, the archive's log says more.",
    }
}

/// An I/O error may be wrapped in others, which its sources skip.
fn innermost(error: &io::Error) -> &io::Error {
    error.get_ref().and_then(|inner| inner.downcast_ref()).map_or(error, innermost)
}

/// Of reqwest, without the URL: it may hold a patient's identifier.
pub(crate) fn http(service: &'static str) -> impl Fn(reqwest::Error) -> ArchiveError {
    move |error| {
        let transient = error.is_connect() || error.is_timeout() || error.is_body() || error.is_request();
        let peer = error.url().map(|url| {
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
        });
        let peer = peer.unwrap_or_else(|| "the archive".to_owned());
        let error = error.without_url();
        let mut reason = format!("{peer}: {error}");
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            if let Some(of_tls) = cause.downcast_ref().map(innermost).filter(|cause| tls::is_tls(cause)) {
                return ArchiveError::Tls { peer, reason: tls::words(of_tls) };
            }
            reason = format!("{reason}: {cause}");
            source = cause.source();
        }
        ArchiveError::HttpFailed { service, reason, transient }
    }
}
