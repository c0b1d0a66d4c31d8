//! Whose images these are: gate W5 over every object, and gate W8 over what is on the finished disc.

use crate::failure::{Failure, FailureCode};
use crate::gather::{Goods, whole_name};
use filmdesk_desk::{Private, Sex, StudyNames, WhoCanFix};
use filmdesk_instance::{Header, tags};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// The patient of the order, as the clerk verified them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedPatient {
    /// Patient ID (0010,0020), exact.
    pub patient_id: Private,
    /// Issuer of Patient ID (0010,0021); compared where the object has one.
    pub issuer: Option<Private>,
    /// Patient's Birth Date (0010,0030); compared where the object has one.
    pub born: Option<Date>,
    /// Patient's Sex (0010,0040); compared where both are known.
    pub sex: Option<Sex>,
}

impl From<&filmdesk_desk::ArchivePatient> for ExpectedPatient {
    fn from(patient: &filmdesk_desk::ArchivePatient) -> Self {
        let filmdesk_desk::ArchivePatient { patient_id, issuer, born, sex } = patient.clone();
        ExpectedPatient { patient_id, issuer, born: Some(born), sex }
    }
}

/// W5: every object is the expected patient's. One that is not stops everything; it is named by UID only.
///
/// # Errors
/// `wrong-patient`, with the first object and what differs.
pub fn check_patient(expected: &ExpectedPatient, goods: &Goods) -> Result<(), Failure> {
    goods.goods.iter().try_for_each(|good| check_header(expected, &good.header))?;
    // Where the order names no issuer, one number of two issuers is two people's.
    let mut first: Option<String> = None;
    for header in goods.goods.iter().map(|good| &good.header) {
        let Some(issuer) = header.text(tags::ISSUER_OF_PATIENT_ID).filter(|issuer| !issuer.is_empty()) else {
            continue;
        };
        if *first.get_or_insert_with(|| issuer.clone()) != issuer {
            return Err(not_this_patients(header, "Issuer of Patient ID"));
        }
    }
    Ok(())
}

pub(crate) fn check_header(expected: &ExpectedPatient, header: &Header) -> Result<(), Failure> {
    let text = |tag| header.text(tag);
    let differs = if text(tags::PATIENT_ID).as_deref() != Some(expected.patient_id.reveal()) {
        Some("Patient ID")
    } else if let (Some(issuer), Some(here)) = (&expected.issuer, text(tags::ISSUER_OF_PATIENT_ID))
        && issuer.reveal() != here
    {
        Some("Issuer of Patient ID")
    } else if let (Some(born), Some(here)) = (expected.born, text(tags::PATIENT_BIRTH_DATE))
        && digits(&here) != born.strftime("%Y%m%d").to_string()
    {
        Some("birth date")
    } else if let (Some(sex), Some(here)) = (expected.sex, text(tags::PATIENT_SEX))
        && here != code(sex)
    {
        Some("sex")
    } else {
        None
    };
    differs.map_or(Ok(()), |differs| Err(not_this_patients(header, differs)))
}

fn not_this_patients(header: &Header, differs: &str) -> Failure {
    let what = format!("The object {} is not this patient's: its {differs} differs.", header.sop_instance_uid);
    let next = "Do not deliver. Compare the order with the archive; the archive's administrator corrects the study.";
    Failure::new(FailureCode::WrongPatient, WhoCanFix::ArchiveAdministrator, what, next)
}

/// `19700315`, also from the retired `1970.03.15`.
fn digits(date: &str) -> String {
    date.chars().filter(char::is_ascii_digit).collect()
}

fn code(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "M",
        Sex::Female => "F",
        Sex::Other => "O",
    }
}

/// W4 on the inside: every object is the one it was sent as, and of the study that was asked for. `announced` holds Study
/// and SOP Instance UID of each source given to [`crate::gather`], in that order.
///
/// # Errors
/// `not-as-announced`, with the first object.
pub fn check_announced(announced: &[(&str, &str)], goods: &Goods) -> Result<(), Failure> {
    for good in &goods.goods {
        let header = &good.header;
        let inside = (header.study_uid.as_str(), header.sop_instance_uid.as_str());
        let Some(&outside) = announced.get(good.given) else { continue };
        if inside == outside {
            continue;
        }
        let what = if inside.1 == outside.1 {
            format!("The object {} says it is of another study than the one it was fetched for.", outside.1)
        } else {
            format!("The object sent as {} says it is {}.", outside.1, inside.1)
        };
        let next = "Do not deliver. The archive's administrator looks at this object; then weigh again.";
        return Err(Failure::new(FailureCode::NotAsAnnounced, WhoCanFix::ArchiveAdministrator, what, next));
    }
    Ok(())
}

/// Every spelling of the patient's name in each study, for a person to compare with the form (W5): decoded, component groups
/// joined by `=`, without what is empty at the end. The names are the patient's: never for a log.
pub fn names(goods: &Goods) -> Vec<StudyNames> {
    let mut of_study: BTreeMap<&str, BTreeSet<Private>> = BTreeMap::new();
    for good in &goods.goods {
        let name = whole_name(&good.header);
        of_study
            .entry(&good.header.study_uid)
            .or_default()
            .insert(Private::new(name.trim_end_matches(['=', '^', ' '])));
    }
    let names = |(study_uid, names): (&str, BTreeSet<Private>)| StudyNames {
        study_uid: study_uid.to_owned(),
        names: names.into_iter().collect(),
    };
    of_study.into_iter().map(names).collect()
}

/// What the archive listed is what arrived, one to one: the first pair of numbers that must agree.
///
/// # Errors
/// `no-instance`, with the number missing or too many and one UID.
pub fn check_complete<'a>(
    listed: impl IntoIterator<Item = &'a str>,
    received: impl IntoIterator<Item = &'a str>,
) -> Result<(), Failure> {
    let listed: BTreeSet<&str> = listed.into_iter().collect();
    let received: BTreeSet<&str> = received.into_iter().collect();
    let mut missing = listed.difference(&received);
    if let Some(first) = missing.next() {
        let (n, of) = (missing.count() + 1, listed.len());
        let what = format!("{n} of {of} objects the archive lists did not arrive, such as {first}.");
        let next = "Try again; if it stays so, the archive's administrator looks at these objects.";
        let stall = Failure::new(FailureCode::NoInstance, WhoCanFix::ArchiveAdministrator, what, next);
        return Err(Failure { retry: true, ..stall });
    }
    let mut extra = received.difference(&listed);
    if let Some(first) = extra.next() {
        let what = format!("{} objects arrived that the archive does not list, such as {first}.", extra.count() + 1);
        let next = "Find the studies again: something was added while they were fetched.";
        let stall = Failure::new(FailureCode::SourceChanged, WhoCanFix::Clerk, what, next);
        return Err(Failure { retry: true, ..stall });
    }
    Ok(())
}
