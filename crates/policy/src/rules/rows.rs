//! The rows of the rule files, exactly as written. Everything here is refused with a line number when it does not fit;
//! an unknown key never loads.

pub(crate) use super::rights::*;
use crate::{Capacity, Cite, FeeClass, Text};
use jiff::civil::{Date, Time};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use std::fmt;
use toml::Spanned;

/// A day written as a TOML date, `2023-01-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let written = toml::value::Datetime::deserialize(d)?;
        day_of(&written).ok_or_else(|| de::Error::custom("a date such as 2023-01-01 is expected here")).map(Day)
    }
}

fn day_of(written: &toml::value::Datetime) -> Option<Date> {
    let d = written.date?;
    if written.time.is_some() || written.offset.is_some() {
        return None;
    }
    Date::new(i16::try_from(d.year).ok()?, i8::try_from(d.month).ok()?, i8::try_from(d.day).ok()?).ok()
}

/// From when a row holds: a date, or the word `"undated"` where the source carries none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    Undated,
    On(Date),
}

impl<'de> Deserialize<'de> for Since {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Since;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a date such as 2023-01-01, or \"undated\"")
            }
            fn visit_str<E: de::Error>(self, s: &str) -> Result<Since, E> {
                if s == "undated" { Ok(Since::Undated) } else { Err(E::invalid_value(de::Unexpected::Str(s), &self)) }
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Since, A::Error> {
                Day::deserialize(de::value::MapAccessDeserializer::new(map)).map(|d| Since::On(d.0))
            }
        }
        d.deserialize_any(V)
    }
}

/// A time of day written as text, `"08:00"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Clock(pub Time);

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = String::deserialize(d)?;
        Time::strptime("%H:%M", &s)
            .map(Clock)
            .map_err(|_| de::Error::custom("a time such as \"08:00\" is expected here"))
    }
}

/// When a row holds: from `since` on, before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    pub since: Since,
    pub until: Option<Day>,
}

impl Validity {
    pub fn holds_on(&self, date: Date) -> bool {
        self.start() <= date && self.until.is_none_or(|u| date < u.0)
    }

    /// The first day, as far back as there are days.
    pub fn start(&self) -> Date {
        match self.since {
            Since::Undated => Date::MIN,
            Since::On(d) => d,
        }
    }

    pub fn is_before(&self, other: &Validity) -> bool {
        self.start() < other.start()
    }

    pub fn overlaps(&self, other: &Validity) -> bool {
        let end = |v: &Validity| v.until.map_or(Date::MAX, |d| d.0);
        self.start() < end(other) && other.start() < end(self)
    }
}

/// A row that holds for a time. Rows of one id follow each other.
pub(crate) trait Dated {
    fn id(&self) -> &Spanned<String>;
    fn validity(&self) -> Validity;
}

/// The row that holds on a day. What every day needs is checked on loading to have one.
pub(crate) fn on<T: Dated>(rows: &[T], date: Date) -> Option<&T> {
    rows.iter().find(|row| row.validity().holds_on(date))
}

macro_rules! dated {
    ($($row:ty),+ $(,)?) => {$(
        impl Dated for $row {
            fn id(&self) -> &Spanned<String> {
                &self.id
            }
            fn validity(&self) -> Validity {
                Validity { since: self.since, until: self.until }
            }
        }
    )+};
}
dated!(
    KindRow,
    RouteRow,
    FeeRow,
    DocumentRow,
    RequirementRow,
    MajorityRow,
    WindowRow,
    SentenceRow,
    ClearanceRow,
    LargeRow,
    PostRow,
    SplitRow,
    PeriodsRow,
    HeirRow,
    InheritanceRow,
    RepresentativeRow,
    StandingRow,
);

/// A citation: exactly one of the three.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CiteRow {
    pub page: Option<String>,
    pub law: Option<String>,
    pub proposal: Option<String>,
}

impl CiteRow {
    pub fn one(&self) -> Option<Cite> {
        match (&self.page, &self.law, &self.proposal) {
            (Some(p), None, None) => Some(Cite::Page(p.clone())),
            (None, Some(l), None) => Some(Cite::Law(l.clone())),
            (None, None, Some(p)) => Some(Cite::Proposal(p.clone())),
            (None, None, None) | (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => None,
        }
    }

    /// The citation of a row that passed the check.
    pub fn cite(&self) -> Cite {
        self.one().unwrap_or_else(|| Cite::Proposal(String::new()))
    }
}

pub(crate) type SpannedCite = Spanned<CiteRow>;

// ── hospital.toml ────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HospitalFile {
    pub hospital: Spanned<HospitalRow>,
    pub limits: LimitsRow,
    pub venue: Vec<VenueRow>,
    #[serde(default)]
    pub unit: Vec<UnitRow>,
    pub disc_type: Vec<DiscTypeRow>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HospitalRow {
    pub id: String,
    pub name: Text,
    pub short_name: Text,
    pub service: Text,
    pub phone: String,
    pub time_zone: Spanned<String>,
    pub currency: String,
    pub default_venue: Spanned<String>,
    pub inpatient_venue: Spanned<String>,
    pub cite: SpannedCite,
}

/// What a form may contain at most (`[limits]` of `hospital.toml`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsRow {
    /// Examinations in one application.
    pub items: u32,
    /// Sheets of film or paper of one item.
    pub sheets: u32,
    /// Identical extra disc sets.
    pub extra_sets: u32,
    /// Discs in one set.
    pub discs: u32,
    /// The oldest age believed, years.
    pub oldest_patient_years: i16,
    /// How far back an examination may lie, years.
    pub past_years: i16,
    /// The longest situation read as TOML or JSON text, bytes.
    pub text_bytes: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VenueRow {
    pub id: Spanned<String>,
    pub name: Text,
    pub address: Text,
    pub hours: Text,
    pub phone: String,
    pub cite: SpannedCite,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitRow {
    pub id: Spanned<String>,
    pub name: Text,
    pub words: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiscTypeRow {
    pub id: Spanned<String>,
    pub name: Text,
    pub capacity_sectors: u64,
    pub profile: String,
    pub default: bool,
    pub enabled: bool,
    pub cite: SpannedCite,
    pub reading: Option<Spanned<String>>,
}

// ── record-kinds.toml ────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordKindsFile {
    pub kind: Vec<KindRow>,
    #[serde(default)]
    pub route: Vec<RouteRow>,
    #[serde(default)]
    pub classify: Vec<ClassifyRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MediumWord {
    Disc,
    Film,
    HardCopy,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KindRow {
    pub id: Spanned<String>,
    pub name: Text,
    pub class: FeeClass,
    pub media: Vec<MediumWord>,
    #[serde(default)]
    pub elsewhere: bool,
    pub clearance: Option<Spanned<String>>,
    pub note: Option<Text>,
    pub reading: Option<Spanned<String>>,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Receivable {
    None,
    Part,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Refers {
    Item,
    HardCopy,
    Rest,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteWhen {
    pub imported: Option<bool>,
    pub unit: Option<Spanned<String>>,
    #[serde(default)]
    pub kinds: Vec<Spanned<String>>,
    pub hard_copy: Option<bool>,
    pub upload_confirmed: Option<bool>,
    pub receivable: Option<Receivable>,
    pub switch: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteRow {
    pub id: Spanned<String>,
    pub when: RouteWhen,
    pub refers: Refers,
    pub places: Vec<Spanned<String>>,
    pub text: Text,
    pub reading: Option<Spanned<String>>,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClassifyRow {
    pub id: Spanned<String>,
    pub kind: Spanned<String>,
    #[serde(default)]
    pub modalities: Vec<String>,
    #[serde(default)]
    pub without: Vec<String>,
    #[serde(default)]
    pub words: Vec<String>,
    #[serde(default)]
    pub body_part: Vec<String>,
    #[serde(default)]
    pub station: Vec<String>,
    pub unit: Option<Spanned<String>>,
}

// ── fees.toml ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeesFile {
    pub fee: Vec<Spanned<FeeRow>>,
}

/// What a fee row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeeBasis {
    /// Examinations on disc, by tiers.
    DiscTier,
    /// Discs of a set after the first.
    AdditionalDisc,
    /// Discs of identical extra sets.
    ExtraSetDisc,
    /// Sheets of film.
    FilmSheet,
    /// Sheets of paper.
    HardCopySheet,
    /// Parcels posted.
    PostedParcel,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierRow {
    pub items: u32,
    #[serde(default)]
    pub or_more: bool,
    pub twd: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeeRow {
    pub id: Spanned<String>,
    pub basis: FeeBasis,
    pub class: Option<FeeClass>,
    pub text: Text,
    pub twd: Option<i64>,
    #[serde(default)]
    pub tiers: Vec<Spanned<TierRow>>,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
    pub reading: Option<Spanned<String>>,
}

// ── documents.toml ───────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentsFile {
    pub document: Vec<DocumentRow>,
    pub requirement: Vec<RequirementRow>,
    pub age_of_majority: Vec<MajorityRow>,
    pub heir: Vec<HeirRow>,
    #[serde(default)]
    pub inheritance: Vec<InheritanceRow>,
    #[serde(default)]
    pub representative: Vec<RepresentativeRow>,
    pub standing: Vec<StandingRow>,
}

/// Whose paper it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// The patient's.
    Patient,
    /// The representative's or heir's.
    Applicant,
    /// The agent's.
    Agent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SwapWhen {
    Visitor,
    Foreign,
    Psychiatry,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwapRow {
    pub when: Option<SwapWhen>,
    pub switch: Option<Spanned<String>>,
    pub with: Spanned<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentRow {
    pub id: Spanned<String>,
    pub of: Whose,
    pub original: bool,
    pub text: Text,
    pub alternatives: Vec<Text>,
    pub why: Text,
    #[serde(default)]
    pub swap: Vec<SwapRow>,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
    pub reading: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequirementRow {
    pub id: Spanned<String>,
    pub capacity: CapacityWord,
    pub ward: Option<bool>,
    pub agent: bool,
    pub documents: Vec<Spanned<String>>,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CapacityWord {
    Patient,
    LegalRepresentative,
    Heir,
}

impl CapacityWord {
    pub fn capacity(self) -> Capacity {
        match self {
            CapacityWord::Patient => Capacity::Patient,
            CapacityWord::LegalRepresentative => Capacity::LegalRepresentative,
            CapacityWord::Heir => Capacity::Heir,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MajorityRow {
    pub id: Spanned<String>,
    pub years: Spanned<i16>,
    pub since: Since,
    pub until: Option<Day>,
    #[serde(default)]
    pub printed: bool,
    pub text: Text,
    pub cite: SpannedCite,
    pub reading: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StandingRow {
    pub id: Spanned<String>,
    pub minor_alone: Text,
    pub ward_alone: Text,
    pub adult_represented: Text,
    pub deceased: Text,
    pub living: Text,
    pub not_an_heir: Text,
    pub earlier_heir: Text,
    pub earlier_heir_document: Spanned<String>,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
}

// ── schedule.toml ────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleFile {
    pub window: Vec<WindowRow>,
    pub closed: Vec<SentenceRow>,
    #[serde(default)]
    pub clearance: Vec<ClearanceRow>,
    pub large: Vec<LargeRow>,
    pub post: Vec<PostRow>,
    pub split: Vec<SplitRow>,
    pub periods: Vec<PeriodsRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WeekdayWord {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl WeekdayWord {
    pub fn weekday(self) -> jiff::civil::Weekday {
        use jiff::civil::Weekday as W;
        match self {
            WeekdayWord::Mon => W::Monday,
            WeekdayWord::Tue => W::Tuesday,
            WeekdayWord::Wed => W::Wednesday,
            WeekdayWord::Thu => W::Thursday,
            WeekdayWord::Fri => W::Friday,
            WeekdayWord::Sat => W::Saturday,
            WeekdayWord::Sun => W::Sunday,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadyRow {
    pub after_minutes: Option<u32>,
    pub next_open_day_at: Option<Clock>,
    pub plus_minutes: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WindowRow {
    pub id: Spanned<String>,
    pub days: Vec<WeekdayWord>,
    pub opens: Clock,
    pub closes: Clock,
    pub ready: Spanned<ReadyRow>,
    pub text: Text,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
    pub reading: Option<Spanned<String>>,
}

/// A sentence with its source and nothing to count.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentenceRow {
    pub id: Spanned<String>,
    pub text: Text,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
    pub reading: Option<Spanned<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Holds {
    Making,
    Payment,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClearanceRow {
    pub id: Spanned<String>,
    pub days: i32,
    pub holds: Holds,
    pub ready_at: Clock,
    #[serde(default)]
    pub same_day: Vec<Vec<Spanned<String>>>,
    #[serde(default)]
    pub also: Vec<AlsoRow>,
    #[serde(default)]
    pub flagged: bool,
    pub text: Text,
    pub unknown: Text,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
    pub reading: Option<Spanned<String>>,
}

/// Under a switch, one kind counts as another for the same-day pairs (A22).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlsoRow {
    pub switch: Spanned<String>,
    pub kind: Spanned<String>,
    pub counts_as: Spanned<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LargeRow {
    pub id: Spanned<String>,
    pub over_minutes: u32,
    pub over_discs: u32,
    pub text: Text,
    pub agreed: Text,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
    pub reading: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostRow {
    pub id: Spanned<String>,
    pub text: Text,
    pub same_day: Text,
    pub abroad: Text,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
    pub reading: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitRow {
    pub id: Spanned<String>,
    pub text: Text,
    pub together: Text,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
    pub reading: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeriodsRow {
    pub id: Spanned<String>,
    pub incomplete_papers_days: u32,
    pub draft_days: u32,
    pub quote_days: u32,
    pub unclaimed_remind_days: Vec<u32>,
    pub unclaimed_close_days: u32,
    pub remake_days: u32,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
}

// ── calendar.toml ────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarFile {
    pub calendar: Spanned<CalendarRow>,
    #[serde(default)]
    pub closure: Vec<ClosureRow>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarRow {
    pub version: String,
    pub years: Vec<i16>,
    pub text: Text,
    pub unknown: Text,
    pub cite: SpannedCite,
    pub reading: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClosureRow {
    pub date: Spanned<Day>,
    pub name: Text,
    pub cite: SpannedCite,
}

// ── readings.toml, page.toml ─────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadingsFile {
    pub reading: Vec<ReadingRow>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadingRow {
    pub id: Spanned<String>,
    pub chosen: Spanned<String>,
    pub choices: Vec<Choice>,
    pub reason: Text,
    pub cite: SpannedCite,
}

/// One way to read an ambiguous sentence.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its stable id, such as `full-tariff`.
    pub id: String,
    /// In our words.
    pub text: Text,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageFile {
    pub headings: Vec<String>,
    #[serde(default)]
    pub line: Vec<PageLineRow>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageLineRow {
    pub n: Spanned<u32>,
    pub heading: Spanned<String>,
    pub topic: Text,
    pub rules: Vec<Spanned<String>>,
    pub cases: Vec<String>,
}
