//! The question: everything the rules need to know about one application, and nothing else.

use jiff::civil::{Date, DateTime};

/// The stable id of a row of `record-kinds.toml`, such as `ct` or `general-x-ray`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKindId(pub String);

/// How much of an item is asked for on each medium.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaAsked {
    /// On the order's disc (discs are packed and counted over the whole order).
    pub disc: bool,
    /// Sheets of X-ray film.
    pub film_sheets: u32,
    /// Sheets of paper hard copy (bone mass measurement).
    pub hard_copy_sheets: u32,
}

/// One examination asked for: what the fee counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemAsked {
    /// Which row of the catalogue.
    pub kind: RecordKindId,
    /// On which media.
    pub media: MediaAsked,
    /// When the examination was made and ended, hospital time, as far as known.
    pub exam_end: Option<DateTime>,
    /// When the physician's report was delivered, hospital time, as far as known.
    pub report_sent: Option<DateTime>,
    /// The unit that performed it (`units` in `hospital.toml`), when it decides where to apply (A19).
    pub performing_unit: Option<String>,
    /// Ordered by Psychiatry, or made while admitted there (A16).
    pub psychiatry: bool,
    /// Needs post-processing: flagged by staff (A30).
    pub post_processing: bool,
    /// Imported from another hospital (A31).
    pub imported: bool,
    /// Dentistry confirmed that the image was uploaded (A18). `None`: not asked yet.
    pub dental_upload_confirmed: Option<bool>,
    /// Images that can be received out of all (A20). `None`: all, as far as known.
    pub receivable: Option<(u32, u32)>,
}

impl ItemAsked {
    /// An item of `kind` on disc with nothing else known.
    pub fn on_disc(kind: &str) -> Self {
        ItemAsked {
            kind: RecordKindId(kind.to_owned()),
            media: MediaAsked { disc: true, ..MediaAsked::default() },
            exam_end: None,
            report_sent: None,
            performing_unit: None,
            psychiatry: false,
            post_processing: false,
            imported: false,
            dental_upload_confirmed: None,
            receivable: None,
        }
    }
}

/// An examination of the same patient that was not asked for, but matters to one that was (A30).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Companion {
    /// Which row of the catalogue.
    pub kind: RecordKindId,
    /// When it was made and ended, hospital time.
    pub exam_end: DateTime,
    /// When its report was delivered, hospital time, as far as known.
    pub report_sent: Option<DateTime>,
}

/// In what right somebody applies. An agent acts *for* one of these and is no fourth capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capacity {
    /// The person the records show.
    #[default]
    Patient,
    /// For a minor, or an adult under guardianship.
    LegalRepresentative,
    /// Holder with the right of inheritance, for the deceased.
    Heir,
}

/// How an heir is related, by Civil Code 1138 and 1144.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kinship {
    /// Spouse (1144).
    Spouse,
    /// Lineal descendant (1138, first order).
    Descendant,
    /// Parent (second order).
    Parent,
    /// Sibling (third order).
    Sibling,
    /// Grandparent (fourth order).
    Grandparent,
    /// Anybody else: no right of inheritance by law.
    Other,
}

/// What became of a relative of the deceased, as far as inheriting goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// Lived when the patient died, and inherits if the order says so.
    #[default]
    Lives,
    /// Died before the patient, or at the same time: descendants stand in (1140).
    DiedBefore,
    /// Lost the right of inheritance (1145): descendants stand in (1140).
    LostRight,
    /// Renounced (1174): nobody stands in, the others of the degree take it (1176).
    Renounced,
}

/// A relative of the deceased beside the applicant; no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relative {
    /// How related to the deceased.
    pub kinship: Kinship,
    /// What became of them.
    pub fate: Fate,
    /// For a grandchild or further: the index in [`People::relatives`] of the parent, a descendant too.
    pub child_of: Option<usize>,
}

/// In what right somebody represents a minor or a ward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Representation {
    /// Father or mother (1086).
    Parent,
    /// After a divorce, the parent with custody (1055).
    CustodialParent,
    /// After a divorce, the parent without custody (1055).
    NonCustodialParent,
    /// Guardian of a minor (1098) or of an adult (1113).
    Guardian,
    /// Assistant of an adult (輔助人): no general representation (15-2).
    Assistant,
    /// Spouse, grandparent, sibling or anybody else.
    OtherRelative,
}

/// What the rules must know of the people in the case; no names, no numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// In what right the application is made.
    pub capacity: Capacity,
    /// Whether an agent applies for the person of that capacity.
    pub agent: bool,
    /// The patient's birthday, when known.
    pub patient_born: Option<Date>,
    /// The patient is under guardianship (監護宣告).
    pub patient_under_guardianship: bool,
    /// The patient has died.
    pub patient_deceased: bool,
    /// The patient is a foreign national.
    pub patient_foreign: bool,
    /// The patient, representative or heir has no residence card (a visitor; A14).
    pub without_residence: bool,
    /// The representative or heir is a foreign national.
    pub applicant_foreign: bool,
    /// The agent is a foreign national.
    pub agent_foreign: bool,
    /// For an heir: how related.
    pub kinship: Option<Kinship>,
    /// For an heir: whether somebody of an earlier order lives and has not renounced. `None`: not known.
    pub earlier_heir_lives: Option<bool>,
    /// For an heir who is a grandchild or further: the index in `relatives` of their parent.
    pub child_of: Option<usize>,
    /// For an heir: the deceased's other relatives, as far as known; with them the order is worked out.
    pub relatives: Vec<Relative>,
    /// For a legal representative: in what right. `None`: not asked yet.
    pub representation: Option<Representation>,
    /// The patient is an inpatient now.
    pub inpatient: bool,
}

/// How the copies reach the applicant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Collection {
    /// Handed over at the counter.
    #[default]
    AtCounter,
    /// By post to an address in Taiwan.
    ByPostInTaiwan,
    /// By post to anywhere else: refused, with the reason.
    ByPostAbroad,
}

/// What weighing found: exact, so that the fee is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeighedGoods {
    /// Discs in one set.
    pub discs: u32,
    /// Expected making time, minutes (A26).
    pub making_minutes: u32,
}

/// Everything the rules need to know about one application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The moment of asking, hospital time.
    pub at: DateTime,
    /// When payment was (or would be) recorded, hospital time; `None`: as if paid at `at` or, when closed, at the next opening.
    pub paid_at: Option<DateTime>,
    /// The examinations.
    pub items: Vec<ItemAsked>,
    /// Other examinations of the patient known to the archive: CT and MRI of one day count even if one is asked for.
    pub companions: Vec<Companion>,
    /// The people.
    pub people: People,
    /// Counter or post.
    pub collection: Collection,
    /// Identical extra disc sets (A08).
    pub extra_sets: u32,
    /// Collected in parts: what is ready first, then what must wait (A33).
    pub split: bool,
    /// `None` before weighing: the answer is then an estimate; `Some`: a quote.
    pub weighed: Option<WeighedGoods>,
    /// The time agreed with the applicant for a large order (A26).
    pub agreed_time: Option<DateTime>,
}

impl Situation {
    /// The patient in person asks at `at` for `items` on disc, to be collected at the counter; nothing weighed yet.
    pub fn new(at: DateTime, items: Vec<ItemAsked>) -> Self {
        Situation {
            at,
            paid_at: None,
            items,
            companions: Vec::new(),
            people: People::default(),
            collection: Collection::default(),
            extra_sets: 0,
            split: false,
            weighed: None,
            agreed_time: None,
        }
    }
}

/// What the counter changed about the rules: rows of the store with who, when and validity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// Days declared closed on the spot (typhoon), each with its reason.
    pub closures: Vec<(Date, String)>,
    /// Days declared open against the calendar.
    pub openings: Vec<Date>,
    /// Remembered classifications (A21): archive facts → kind.
    pub classifications: Vec<(StudyFacts, RecordKindId)>,
}

/// What the archive says about a study, for classifying it to a catalogue item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StudyFacts {
    /// Modalities in Study (0008,0061), such as `CT`, `PT`, `OT`.
    pub modalities: Vec<String>,
    /// Study Description (0008,1030).
    pub description: String,
    /// Body Part Examined (0018,0015).
    pub body_part: String,
    /// Station Name (0008,1010).
    pub station: String,
    /// Institutional Department Name (0008,1040).
    pub department: String,
}
