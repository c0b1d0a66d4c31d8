//! The people of an application. Their `Debug` prints placeholders, so that no log line can hold a patient.

use jiff::{Timestamp, civil::Date};
use std::fmt;

/// A secret about a person (name, number, address, telephone): readable on purpose only.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Private(String);

impl Private {
    /// Wraps what was typed.
    pub fn new(text: impl Into<String>) -> Self {
        Private(text.into())
    }
    /// The text itself: for pages, papers and the archive, never for a log line, URL or file name.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹private›")
    }
}

/// Sex as DICOM codes it, PS3.3 C.7.1.1: `M`, `F`, `O`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// `M`
    Male,
    /// `F`
    Female,
    /// `O`
    Other,
}

/// The person the records show, as the form says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// Name as typed.
    pub name: Private,
    /// National identity, resident or passport number as typed (normalised).
    pub identity: Private,
    /// Medical record number, when the applicant knows it.
    pub record_number: Option<Private>,
    /// Birthday.
    pub born: Date,
    /// Sex, when given.
    pub sex: Option<Sex>,
}

/// The patient as the archive knows them: what W2 queries by and W5 compares with. Typed or scanned by the clerk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivePatient {
    /// PatientID (0010,0020), exact.
    pub patient_id: Private,
    /// IssuerOfPatientID (0010,0021), when the archive uses one.
    pub issuer: Option<Private>,
    /// PatientBirthDate (0010,0030).
    pub born: Date,
    /// PatientSex (0010,0040), when known.
    pub sex: Option<Sex>,
}

/// Somebody who stands at the counter: the applicant or their agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Name as typed.
    pub name: Private,
    /// Identity number as typed (normalised).
    pub identity: Private,
}

/// Who applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applicant {
    /// The representative or heir; `None` when the patient applies.
    pub person: Option<Person>,
    /// The agent, with a signed consent.
    pub agent: Option<Person>,
    /// Telephone.
    pub phone: Private,
    /// E-mail, if given.
    pub email: Option<Private>,
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StaffId(pub String);

/// What a member of staff may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Verifies, takes money, releases.
    Clerk,
    /// And may override with a reason.
    Supervisor,
}

/// Who did something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Who: a member of staff.
    pub staff: StaffId,
    /// The desk's clock.
    pub at: Timestamp,
}
