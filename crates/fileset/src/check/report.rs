//! What a check found.

use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Odd, and readers cope.
    Warning,
    /// The medium is not what it should be.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// One thing found. Its text names files, attributes and UIDs, never what they say of a patient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable kebab-case code.
    pub code: &'static str,
    /// The file or record it is about; empty for the medium as a whole.
    pub place: String,
    /// What is wrong, with the clause where there is one.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.severity, self.code)?;
        if !self.place.is_empty() {
            write!(f, " {}", self.place)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// The outcome of [`check`](crate::check).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Everything found, the worst first.
    pub findings: Vec<Finding>,
    /// The File-set ID, when the DICOMDIR could be read.
    pub file_set_id: String,
    /// The File-set UID, when the DICOMDIR could be read.
    pub file_set_uid: String,
    /// The profile it was held against: the one given, or the one its transfer syntaxes allow it to claim.
    pub profile: Option<&'static str>,
    /// Files on the medium, of all kinds.
    pub n_files: usize,
    /// Directory records.
    pub n_records: usize,
    /// Records that refer to a file.
    pub n_instances: usize,
    /// PATIENT records.
    pub n_patients: usize,
    /// STUDY records.
    pub n_studies: usize,
    /// SERIES records.
    pub n_series: usize,
    /// Keys of type 1 whose value stands in the directory only.
    pub n_synthesised: usize,
    /// Instances whose data set was compared with a source and found equal.
    pub n_proven_equal: usize,
}

impl CheckReport {
    /// Whether nothing is wrong with it.
    pub fn is_good(&self) -> bool {
        self.n_errors() == 0
    }

    /// Number of findings that are errors.
    pub fn n_errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error).count()
    }

    /// Whether a finding with this code is among them.
    pub fn has(&self, code: &str) -> bool {
        self.findings.iter().any(|finding| finding.code == code)
    }

    pub(super) fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.findings.push(Finding { severity, code, place: place.into(), message: message.into() });
    }

    pub(super) fn error(&mut self, code: &'static str, place: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Error, code, place, message);
    }

    pub(super) fn warn(&mut self, code: &'static str, place: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Warning, code, place, message);
    }

    /// Puts the worst first, and equal ones beside each other.
    pub(super) fn sort(&mut self) {
        self.findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
        self.findings.dedup();
    }
}
