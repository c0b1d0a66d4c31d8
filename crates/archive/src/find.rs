//! What is asked of an archive and what it answers: exact keys out, and answers filtered again here.

use crate::error::ArchiveError;
use crate::gates::{Gate, Gates};
use dicom_core::VR;
use filmdesk_dimse::{Identifier, Tag, uid};
use filmdesk_instance::text::{CharacterSet, PersonName, Reading};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A secret about a person: readable on purpose only; `Debug` prints a placeholder.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Private(String);

impl Private {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Private {
        Private(text.into())
    }
    /// The text itself: for a page, never for a log line, URL of ours, or file name.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹private›")
    }
}

/// Whose studies: an identifier and, where the archive uses them, its issuer.
#[derive(Clone, PartialEq, Eq)]
pub struct PatientKey {
    /// PatientID (0010,0020), exact.
    pub patient_id: String,
    /// IssuerOfPatientID (0010,0021).
    pub issuer: Option<String>,
}

impl fmt::Debug for PatientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientKey(‹private›)")
    }
}

impl PatientKey {
    /// Refuses what would match more than one patient: an empty identifier matches everybody, `*` and `?` are wildcards
    /// and a backslash makes a list (PS3.4 §C.2.2.2).
    ///
    /// # Errors
    /// [`ArchiveError::PatientKey`], saying what is wrong with it.
    pub fn check(&self) -> Result<(), ArchiveError> {
        exact(&self.patient_id)?;
        self.issuer.as_deref().map_or(Ok(()), exact)
    }

    /// Whether an answer is this patient's. An answer without an issuer is accepted: most archives keep none.
    fn is_of(&self, answer: &Answer) -> bool {
        let issuer = answer.first(tag::ISSUER).unwrap_or_default();
        answer.first(tag::PATIENT_ID) == Some(self.patient_id.trim())
            && (issuer.is_empty() || self.issuer.as_deref().is_none_or(|wanted| wanted.trim() == issuer))
    }
}

fn exact(text: &str) -> Result<(), ArchiveError> {
    let fault = match text.trim() {
        "" => "is empty, which would match everybody",
        text if text.chars().count() > 64 => "is longer than 64 characters",
        text if text.contains(['*', '?', '\\']) => "holds * or ? or \\, which would match others too",
        text if text.chars().any(char::is_control) => "holds control characters",
        _ => return Ok(()),
    };
    Err(ArchiveError::PatientKey(fault))
}

/// Refuses anything but a UID, before it goes into a query or a URL.
pub(crate) fn check_uid(text: &str) -> Result<(), ArchiveError> {
    if uid::is_uid(text) { Ok(()) } else { Err(ArchiveError::Uid(text.chars().take(80).collect())) }
}

/// A study as an archive lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudyListing {
    /// Name of the archive in the configuration.
    pub archive: String,
    /// Study Instance UID (0020,000D).
    pub study_uid: String,
    /// Study Date (0008,0020).
    pub date: Option<Date>,
    /// Study Time (0008,0030), `HH:MM`; empty when there is none.
    pub time: String,
    /// Modalities in Study (0008,0061).
    pub modalities: Vec<String>,
    /// Study Description (0008,1030), decoded.
    pub description: Private,
    /// Body Part Examined (0018,0015), Station Name (0008,1010) and Institutional Department Name (0008,1040) of its
    /// series, as far as the archive says.
    pub made: Made,
    /// Accession Number (0008,0050).
    pub accession: Private,
    /// Patient's Name (0010,0010), decoded, its component groups joined by `=`.
    pub patient_name: Private,
    /// Patient's Name as its character set says, when it was read otherwise: it is not in the one it is labelled with.
    pub name_as_read: Option<Private>,
    /// Study Description as its character set says, when it was read otherwise.
    pub description_as_read: Option<Private>,
    /// Issuer of Patient ID (0010,0021), when the archive says.
    pub issuer: Option<Private>,
    /// Patient's Birth Date (0010,0030).
    pub birth_date: Option<Date>,
    /// Patient's Sex (0010,0040), `M`, `F` or `O`; empty when the archive does not say.
    pub sex: String,
    /// Series as listed.
    pub n_series: u32,
    /// Instances as listed: to show, never to believe.
    pub n_instances: u32,
    /// Bytes, when the archive tells.
    pub size_bytes: Option<u64>,
}

/// What a study's series say of where they were made and of what: each value once, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Body Part Examined (0018,0015).
    pub body_parts: BTreeSet<String>,
    /// Station Name (0008,1010).
    pub stations: BTreeSet<String>,
    /// Institutional Department Name (0008,1040).
    pub departments: BTreeSet<String>,
}

impl Made {
    fn add(&mut self, answer: &Answer) {
        self.body_parts.extend(answer.all(tag::BODY_PART));
        self.stations.extend(answer.all(tag::STATION));
        self.departments.extend(answer.all(tag::DEPARTMENT));
    }
}

/// An instance as an archive lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceListing {
    /// SOP Instance UID (0008,0018).
    pub sop_instance_uid: String,
    /// SOP Class UID (0008,0016); empty when the archive does not say.
    pub sop_class_uid: String,
    /// Series Instance UID (0020,000E).
    pub series_uid: String,
}

/// Tags asked for.
pub(crate) mod tag {
    use super::Tag;
    pub const CHARACTER_SET: Tag = (0x0008, 0x0005);
    pub const SOP_CLASS: Tag = (0x0008, 0x0016);
    pub const SOP_INSTANCE: Tag = (0x0008, 0x0018);
    pub const STUDY_DATE: Tag = (0x0008, 0x0020);
    pub const STUDY_TIME: Tag = (0x0008, 0x0030);
    pub const ACCESSION: Tag = (0x0008, 0x0050);
    pub const LEVEL: Tag = (0x0008, 0x0052);
    pub const MODALITY: Tag = (0x0008, 0x0060);
    pub const MODALITIES: Tag = (0x0008, 0x0061);
    pub const STATION: Tag = (0x0008, 0x1010);
    pub const DESCRIPTION: Tag = (0x0008, 0x1030);
    pub const DEPARTMENT: Tag = (0x0008, 0x1040);
    pub const NAME: Tag = (0x0010, 0x0010);
    pub const PATIENT_ID: Tag = (0x0010, 0x0020);
    pub const ISSUER: Tag = (0x0010, 0x0021);
    pub const BIRTH_DATE: Tag = (0x0010, 0x0030);
    pub const SEX: Tag = (0x0010, 0x0040);
    pub const BODY_PART: Tag = (0x0018, 0x0015);
    pub const STUDY: Tag = (0x0020, 0x000D);
    pub const SERIES: Tag = (0x0020, 0x000E);
    pub const N_SERIES: Tag = (0x0020, 0x1206);
    pub const N_INSTANCES: Tag = (0x0020, 0x1208);
}

/// What a study-level answer should say, beside the keys.
pub(crate) const STUDY_FIELDS: &[(Tag, &[u8; 2], VR)] = &[
    (tag::STUDY_DATE, b"DA", VR::DA),
    (tag::STUDY_TIME, b"TM", VR::TM),
    (tag::ACCESSION, b"SH", VR::SH),
    (tag::MODALITIES, b"CS", VR::CS),
    (tag::DESCRIPTION, b"LO", VR::LO),
    (tag::NAME, b"PN", VR::PN),
    (tag::PATIENT_ID, b"LO", VR::LO),
    (tag::ISSUER, b"LO", VR::LO),
    (tag::BIRTH_DATE, b"DA", VR::DA),
    (tag::SEX, b"CS", VR::CS),
    (tag::STUDY, b"UI", VR::UI),
    (tag::N_SERIES, b"IS", VR::IS),
    (tag::N_INSTANCES, b"IS", VR::IS),
];

/// What a series-level answer should say of where the series was made and of what: what studies are classified by.
pub(crate) const SERIES_FIELDS: &[(Tag, &[u8; 2], VR)] = &[
    (tag::MODALITY, b"CS", VR::CS),
    (tag::STATION, b"SH", VR::SH),
    (tag::DEPARTMENT, b"LO", VR::LO),
    (tag::BODY_PART, b"CS", VR::CS),
];

/// One answer, from whatever service: decoded values by tag.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    values: BTreeMap<Tag, Vec<String>>,
    /// Texts as their label says, where they were read otherwise.
    as_read: BTreeMap<Tag, String>,
    /// Bytes of the study, where the archive tells.
    pub size_bytes: Option<u64>,
}

impl Answer {
    pub fn set(&mut self, tag: Tag, values: Vec<String>) {
        self.values.insert(tag, values);
    }
    /// A text that is shown: as it reads, and as its label says where that is something else. Text that the archive itself
    /// misread and converted is repaired here.
    pub fn set_text(&mut self, tag: Tag, text: String, as_read: Option<String>) {
        let (text, as_read) = match (CharacterSet::repaired(&text), as_read) {
            (Some(repaired), None) => (repaired, Some(text)),
            (_, as_read) => (text, as_read),
        };
        let text = if tag == tag::NAME {
            joined(&PersonName::parse(text.split('\\').next().unwrap_or_default()))
        } else {
            text.split('\\').next().unwrap_or_default().trim_matches([' ', '\0']).to_owned()
        };
        self.values.insert(tag, vec![text]);
        if let Some(as_read) = as_read {
            self.as_read.insert(tag, as_read.trim_matches([' ', '\0']).to_owned());
        }
    }
    /// As [`Answer::set_text`], from the bytes of an object.
    pub fn set_raw_text(&mut self, tag: Tag, characters: &CharacterSet, raw: &[u8]) {
        let (text, reading) = characters.decode(raw);
        let as_read = match reading {
            Reading::Utf8 | Reading::Big5 => Some(characters.decode_as_declared(raw)),
            Reading::AsDeclared | Reading::Damaged => None,
        };
        self.set_text(tag, text, as_read);
    }
    /// See [`Answer::set_text`].
    pub fn as_read(&self, tag: Tag) -> Option<&str> {
        self.as_read.get(&tag).map(String::as_str)
    }
    pub fn first(&self, tag: Tag) -> Option<&str> {
        self.values.get(&tag)?.first().map(String::as_str).filter(|text| !text.is_empty())
    }
    pub fn all(&self, tag: Tag) -> Vec<String> {
        self.values.get(&tag).into_iter().flatten().filter(|text| !text.is_empty()).cloned().collect()
    }

    /// Decodes what a C-FIND response says.
    pub fn from_identifier(identifier: &Identifier) -> Answer {
        let characters = CharacterSet::declared(identifier.raw(tag::CHARACTER_SET).unwrap_or_default());
        let mut answer = Answer::default();
        let plain = [(tag::SOP_CLASS, VR::UI), (tag::SOP_INSTANCE, VR::UI), (tag::SERIES, VR::UI)];
        let fields = STUDY_FIELDS.iter().chain(SERIES_FIELDS).map(|&(tag, _, vr)| (tag, vr)).chain(plain);
        for (tag, vr) in fields {
            let Some(raw) = identifier.raw(tag) else { continue };
            match tag {
                tag::NAME | tag::DESCRIPTION => answer.set_raw_text(tag, &characters, raw),
                _ => answer.set(tag, characters.decode_values(vr, raw)),
            }
        }
        answer
    }

    /// With the study that was asked about; `None` when it is of another: archives ignore keys.
    pub fn of_study(mut self, study_uid: &str) -> Option<Answer> {
        if self.first(tag::STUDY).is_some_and(|study| study != study_uid) {
            return None;
        }
        self.set(tag::STUDY, vec![study_uid.to_owned()]);
        Some(self)
    }

    pub fn into_instance(self) -> Option<InstanceListing> {
        let valid = |tag| self.first(tag).filter(|text| uid::is_uid(text)).map(str::to_owned);
        Some(InstanceListing {
            sop_instance_uid: valid(tag::SOP_INSTANCE)?,
            sop_class_uid: valid(tag::SOP_CLASS).unwrap_or_default(),
            series_uid: valid(tag::SERIES)?,
        })
    }

    fn to_study(&self, archive: &str) -> Option<StudyListing> {
        let text = |tag| self.first(tag).unwrap_or_default().to_owned();
        let count = |tag| self.first(tag).and_then(|n| n.trim().parse().ok()).unwrap_or(0);
        let mut made = Made::default();
        made.add(self);
        Some(StudyListing {
            made,
            archive: archive.to_owned(),
            study_uid: self.first(tag::STUDY).filter(|text| uid::is_uid(text))?.to_owned(),
            date: self.first(tag::STUDY_DATE).and_then(date),
            time: self.first(tag::STUDY_TIME).and_then(hours_minutes).unwrap_or_default(),
            modalities: self.all(tag::MODALITIES),
            description: Private(text(tag::DESCRIPTION)),
            accession: Private(text(tag::ACCESSION)),
            patient_name: Private(text(tag::NAME)),
            name_as_read: self.as_read(tag::NAME).map(Private::new),
            description_as_read: self.as_read(tag::DESCRIPTION).map(Private::new),
            issuer: self.first(tag::ISSUER).map(Private::new),
            birth_date: self.first(tag::BIRTH_DATE).and_then(date),
            sex: text(tag::SEX),
            n_series: count(tag::N_SERIES),
            n_instances: count(tag::N_INSTANCES),
            size_bytes: self.size_bytes,
        })
    }
}

/// The component groups of a name, without trailing empty ones.
fn joined(name: &PersonName) -> String {
    let groups = format!("{}={}={}", name.alphabetic, name.ideographic, name.phonetic);
    groups.trim_end_matches('=').to_owned()
}

/// The studies of exactly this patient, newest first. What an archive answers beyond the question is dropped and
/// counted.
pub(crate) fn studies_of(
    archive: &str,
    key: &PatientKey,
    answers: &[Answer],
    gates: Gates,
) -> Result<Vec<StudyListing>, ArchiveError> {
    let exact = gates.hold(Gate::W2);
    let (ours, others): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| !exact || key.is_of(answer));
    if !others.is_empty() {
        tracing::warn!(
            archive,
            dropped = others.len(),
            "the archive {archive} answered with {} other studies",
            others.len()
        );
    }
    let mut studies: Vec<StudyListing> = ours.iter().filter_map(|answer| answer.to_study(archive)).collect();
    let issuers: BTreeSet<_> = studies.iter().filter_map(|study| study.issuer.as_ref()).collect();
    if exact && key.issuer.is_none() && issuers.len() > 1 {
        return Err(ArchiveError::SeveralIssuers(issuers.len()));
    }
    studies.sort_by(|a, b| (b.date, &b.time, &b.study_uid).cmp(&(a.date, &a.time, &a.study_uid)));
    studies.dedup_by(|a, b| a.study_uid == b.study_uid);
    Ok(studies)
}

impl StudyListing {
    /// Takes in what its series say; modalities too, where the archive does not tell them of a study.
    pub(crate) fn learn(&mut self, series: &[Answer]) {
        let mine: Vec<&Answer> =
            series.iter().filter(|answer| answer.first(tag::STUDY) == Some(self.study_uid.as_str())).collect();
        mine.iter().for_each(|answer| self.made.add(answer));
        if self.modalities.is_empty() {
            let found: BTreeSet<String> = mine.iter().flat_map(|answer| answer.all(tag::MODALITY)).collect();
            self.modalities.extend(found);
        }
    }
}

/// Whether a study is among answers, whosever it is.
pub(crate) fn has_study(answers: &[Answer], study_uid: &str) -> bool {
    answers.iter().any(|answer| answer.first(tag::STUDY) == Some(study_uid))
}

/// Whether two lists of one study name the same instances.
pub(crate) fn unchanged(
    study_uid: &str,
    before: &[InstanceListing],
    now: &[InstanceListing],
) -> Result<(), ArchiveError> {
    let uids = |list: &[InstanceListing]| list.iter().map(|i| i.sop_instance_uid.clone()).collect::<BTreeSet<_>>();
    let (before, now) = (uids(before), uids(now));
    if before == now {
        return Ok(());
    }
    let counted = |mut uids: std::collections::btree_set::Difference<'_, String>| match uids.next() {
        Some(first) => format!("{} (such as {first})", uids.count() + 1),
        None => "none".to_owned(),
    };
    let (added, gone) = (counted(now.difference(&before)), counted(before.difference(&now)));
    let what = format!("instances added: {added}; gone: {gone}");
    Err(ArchiveError::StudyChanged { study_uid: study_uid.to_owned(), what })
}

/// Instances in order of UID, each once.
pub(crate) fn instances_of(answers: Vec<Answer>) -> Vec<InstanceListing> {
    let found: BTreeMap<String, InstanceListing> =
        answers.into_iter().filter_map(Answer::into_instance).map(|i| (i.sop_instance_uid.clone(), i)).collect();
    found.into_values().collect()
}

/// A DA value, `YYYYMMDD`, or the `YYYY.MM.DD` of old.
pub(crate) fn date(text: &str) -> Option<Date> {
    let digits: String = text.chars().filter(|c| *c != '.').collect();
    if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Date::new(digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?).ok()
}

/// `HH:MM` of a TM value.
fn hours_minutes(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != ':').take(4).collect();
    (digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| format!("{}:{}", &digits[..2], &digits[2..]))
}

#[cfg(test)]
mod tests;
