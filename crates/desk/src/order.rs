//! What is asked for, what the archive has of it, what was ticked, and what it weighs.

use crate::{Applicant, ArchivePatient, By, Patient, Private};
use filmdesk_policy::taiwan::half_width;
use filmdesk_policy::{Answer, Collection, Lang, RecordKindId, Situation, StudyFacts};
use jiff::{Timestamp, civil::Date, civil::DateTime};

/// A valid submission: the form, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The person the records show.
    pub patient: Patient,
    /// Who applies.
    pub applicant: Applicant,
    /// The same facts as the rules see them (items, people, collection), at submission.
    pub situation: Situation,
    /// What the applicant wrote beside each item (date, place, body part), index as in the situation.
    pub descriptions: Vec<Private>,
    /// Postal address, when posted.
    pub address: Option<Private>,
    /// Purpose of the copies (A15).
    pub purpose: Private,
    /// Language of the slip and the notices.
    pub lang: Lang,
}

impl Request {
    /// Counter or post.
    pub fn collection(&self) -> Collection {
        self.situation.collection
    }
}

/// A study as an archive listed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundStudy {
    /// Name of the archive in the configuration.
    pub archive: String,
    /// Study Instance UID (0020,000D).
    pub study_uid: String,
    /// Study Date (0008,0020).
    pub date: Option<Date>,
    /// Study Time (0008,0030), `HH:MM`.
    pub time: String,
    /// Modalities in Study (0008,0061).
    pub modalities: Vec<String>,
    /// Study Description (0008,1030), decoded.
    pub description: Private,
    /// Body Part Examined (0018,0015) of its series, several joined by `\`; `None` when the archive does not say.
    pub body_part: Option<String>,
    /// Station Name (0008,1010), likewise.
    pub station: Option<String>,
    /// Institutional Department Name (0008,1040), likewise.
    pub department: Option<String>,
    /// Accession Number (0008,0050).
    pub accession: Private,
    /// Patient's Name (0010,0010) as the archive shows it.
    pub patient_name: Private,
    /// That name as its character set says, when it is not in the one it is labelled with and was read otherwise.
    pub name_as_read: Option<Private>,
    /// The description as its character set says, when it was read otherwise.
    pub description_as_read: Option<Private>,
    /// Series and instances as listed (never believed for completeness).
    pub n_series: u32,
    /// Instances as listed.
    pub n_instances: u32,
    /// Bytes, when the archive tells.
    pub size_bytes: Option<u64>,
    /// What the rules classify it as; `None`: staff classify (A21).
    pub kind: Option<RecordKindId>,
}

impl FoundStudy {
    /// What it is classified by.
    pub fn facts(&self) -> StudyFacts {
        let said = |text: &Option<String>| text.clone().unwrap_or_default();
        StudyFacts {
            modalities: self.modalities.clone(),
            description: self.description.reveal().to_owned(),
            body_part: said(&self.body_part),
            station: said(&self.station),
            department: said(&self.department),
        }
    }
}

/// The result of a find job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// When.
    pub at: Timestamp,
    /// The studies, newest first.
    pub studies: Vec<FoundStudy>,
}

/// A study the clerk ticked, with the item of the catalogue it counts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickedStudy {
    /// The study.
    pub study: FoundStudy,
    /// The fee counts it as this.
    pub kind: RecordKindId,
}

/// What is to be copied: exactly these studies of exactly this patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The patient in the archive.
    pub patient: ArchivePatient,
    /// Ticked by the clerk.
    pub studies: Vec<TickedStudy>,
    /// Who ticked, when.
    pub by: By,
}

/// One planned disc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedDiscSummary {
    /// File-set ID = Volume Identifier.
    pub volume_id: String,
    /// Instances on it.
    pub n_instances: u32,
    /// Bytes of the finished disc image.
    pub size_bytes: u64,
}

/// The result of weighing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighing {
    /// When.
    pub at: Timestamp,
    /// The discs as they will be made.
    pub discs: Vec<PlannedDiscSummary>,
    /// Instances fetched, all checked to be this patient's.
    pub n_instances: u32,
    /// What cannot go on this medium, named with the reason; shown to the clerk, printed on the slip.
    pub left_out: Vec<LeftOut>,
    /// SHA-256 over the sorted (SOP Instance UID, SHA-256 of data set) list: the goods that were priced.
    pub goods_hash: String,
    /// Where the spool lives: worker id (spools are local to the worker that weighed).
    pub worker: String,
    /// The disc type it was planned for; `None`: weighed before this was kept.
    pub medium: Option<WeighedMedium>,
    /// Studies whose images write the patient's name otherwise than the form does; a clerk confirms each before money is
    /// taken (W5). `None`: weighed before this was kept.
    pub other_names: Option<Vec<StudyNames>>,
}

/// How the images of a study write the patient's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudyNames {
    /// Study Instance UID (0020,000D).
    pub study_uid: String,
    /// Every spelling of Patient's Name (0010,0010) in it, decoded, component groups joined by `=`; one is empty where an
    /// image has no name.
    pub names: Vec<Private>,
}

impl StudyNames {
    /// Of these, the studies that write the name otherwise than `form` does.
    pub fn other_than(form: &Private, all: Vec<StudyNames>) -> Vec<StudyNames> {
        let same = |name: &Private| is_same_name(form.reveal(), name.reveal());
        all.into_iter().filter(|study| !study.names.iter().all(same)).collect()
    }
}

/// Whether a DICOM name has a component group that is what was typed on the form: alike but for case, width, and the
/// spaces, carets, commas, dots, hyphens and apostrophes between its parts. Nothing is transliterated: `WANG^XIAOMING` is
/// not 王小明, and a person says whether it is meant.
fn is_same_name(form: &str, dicom: &str) -> bool {
    let plain = |text: &str| -> String {
        let between = |c: char| c.is_whitespace() || "^,.-'’·‧・".contains(c);
        half_width(text).chars().filter(|c| !between(*c)).flat_map(char::to_lowercase).collect()
    };
    let form = plain(form);
    !form.is_empty() && dicom.split('=').any(|group| plain(group) == form)
}

/// A disc type as it was when the order was weighed: the plan that sets the fee is the plan that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeighedMedium {
    /// Its id in the rules.
    pub disc_type: String,
    /// Capacity in sectors of 2,048 bytes.
    pub capacity_sectors: u64,
    /// Media storage application profile, such as `STD-GEN-CD`.
    pub profile: String,
}

/// An instance that cannot be delivered on the chosen medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// Why, as a stable code.
    pub code: String,
    /// The particulars, in English.
    pub reason: String,
    /// In 正體中文: why in general, and what could be done instead; `None` in a record older than this member.
    pub zh: Option<String>,
    /// The same in English.
    pub en: Option<String>,
}

/// The binding price: the answer of the rules after weighing, with the text of the rules it was made with kept by hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The answer, `binding == true`.
    pub answer: Answer,
    /// When it was made, the desk's clock.
    pub at: Timestamp,
    /// Last moment it may be paid (hospital time): after it the spool is wiped and the order is weighed again.
    pub expires: DateTime,
}
