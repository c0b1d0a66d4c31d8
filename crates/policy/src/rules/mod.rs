//! The hospital's rules, loaded from text and checked as a whole: what does not fit together does not load.

mod check;
mod check_rows;
mod fault;
mod load;
mod rights;
pub(crate) mod rows;
pub(crate) mod switches;

pub use fault::RuleFault;
pub(crate) use fault::line_and_column;
pub use rows::{Choice, FeeBasis, LimitsRow, Whose};

use crate::{Cite, FeeClass, Place, RecordKind, RecordKindId, Text, Twd};
use jiff::civil::{Date, Time};
use rows::*;
use std::collections::{BTreeMap, BTreeSet};
use switches::Switches;

/// The files a rules folder must have.
pub const RULE_FILE_NAMES: [&str; 8] = [
    "hospital.toml",
    "record-kinds.toml",
    "fees.toml",
    "documents.toml",
    "schedule.toml",
    "calendar.toml",
    "readings.toml",
    "page.toml",
];

/// The text of a rules folder; reading it is the caller's business.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleFiles {
    /// File name (`fees.toml`) → its text. Names beyond [`RULE_FILE_NAMES`] are faults.
    pub files: BTreeMap<String, String>,
}

impl RuleFiles {
    /// From (file name, text) pairs, as a folder listing gives them.
    pub fn from_folder_texts<N: Into<String>, T: Into<String>>(texts: impl IntoIterator<Item = (N, T)>) -> Self {
        RuleFiles { files: texts.into_iter().map(|(n, t)| (n.into(), t.into())).collect() }
    }
}

/// Who the hospital is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hospital {
    /// Stable id, such as `ntuh`.
    pub id: String,
    /// Its full name.
    pub name: Text,
    /// What people call it.
    pub short_name: Text,
    /// What the published page calls this service.
    pub service: Text,
    /// Service line, the same on every page.
    pub phone: String,
    /// IANA time zone in which every hour of the rules is meant.
    pub time_zone: String,
    /// ISO 4217 currency of the tariff.
    pub currency: String,
    /// Venue id where applications are made.
    pub default_venue: String,
    /// Venue id where inpatients apply (A29).
    pub inpatient_venue: String,
    /// Every venue.
    pub venues: Vec<Place>,
    /// Units that perform examinations.
    pub units: Vec<Unit>,
    /// Most that a form may contain.
    pub limits: LimitsRow,
}

/// A unit that performs examinations (A19).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Stable id, such as `dentistry`.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// Words by which the archive's department attribute is recognised.
    pub words: Vec<String>,
}

/// A type of disc the hospital may issue (A09).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscTypeRule {
    /// Stable id, such as `cd-80`.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// Capacity in sectors of 2,048 bytes, everything on the disc included.
    pub capacity_sectors: u64,
    /// Media storage application profile of PS3.11, such as `STD-GEN-CD`.
    pub profile: String,
    /// The one used unless another is chosen.
    pub default: bool,
    /// Whether the hospital issues it.
    pub enabled: bool,
}

/// Our interpretation of an ambiguous sentence, or a proposal where the page is silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// `A01` … `A45`.
    pub id: String,
    /// The choice in use.
    pub chosen: String,
    /// Every choice that can be made.
    pub choices: Vec<Choice>,
    /// Why this choice.
    pub reason: Text,
    /// The sentence it reads.
    pub cite: Cite,
}

impl Reading {
    /// The words of the choice in use.
    pub fn text(&self) -> &Text {
        let chosen = self.choices.iter().find(|c| c.id == self.chosen);
        &chosen.unwrap_or(&self.choices[0]).text
    }
}

/// Day counts that other rooms keep (`[periods]` of `schedule.toml`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Periods {
    /// A returned application keeps its place this long (A11).
    pub incomplete_papers_days: u32,
    /// A draft is kept this long.
    pub draft_days: u32,
    /// A quote stands unpaid this long (A40).
    pub quote_days: u32,
    /// Reminders to collect, days after it became ready (A37).
    pub unclaimed_remind_days: Vec<u32>,
    /// Destroyed and closed, days after it became ready (A37).
    pub unclaimed_close_days: u32,
    /// A faulty disc is remade free when returned within this long (A35).
    pub remake_days: u32,
    /// Their source.
    pub cite: Cite,
}

/// One row of the tariff, for showing it as a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeRule {
    /// Row id, such as `disc.special`.
    pub id: String,
    /// What it counts.
    pub basis: FeeBasis,
    /// Its class, when it has one.
    pub class: Option<FeeClass>,
    /// What it is, for people.
    pub text: Text,
    /// (from this many on, amount); a flat row has one entry.
    pub amounts: Vec<(u32, Twd)>,
    /// Its source.
    pub cite: Cite,
    pub(crate) reading: Option<String>,
    pub(crate) validity: Validity,
}

/// An office window of an open day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeWindow {
    /// Row id, such as `schedule.same-day`.
    pub id: String,
    /// Its first minute.
    pub from: Time,
    /// Its end, not included (A01).
    pub until: Time,
    /// Whether what is paid in it is ready the same day.
    pub same_day: bool,
}

/// A line of the published page, with what implements it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLine {
    /// Its number.
    pub n: u32,
    /// The heading under which it stands.
    pub heading: String,
    /// What it is about, in our words.
    pub topic: Text,
    /// Rule rows and readings that implement it.
    pub rules: Vec<String>,
    /// Names (or beginnings of names) of cases that prove it.
    pub cases: Vec<String>,
}

/// The rules of one hospital. Made only by [`Rules::load`], so what exists has passed every check.
#[derive(Clone, Debug)]
pub struct Rules {
    pub(crate) hash: String,
    pub(crate) hospital: Hospital,
    pub(crate) catalogue: Vec<RecordKind>,
    pub(crate) kinds: Vec<RecordKind>,
    pub(crate) routes: Vec<RouteRow>,
    pub(crate) classify: Vec<ClassifyRow>,
    pub(crate) disc_types: Vec<DiscTypeRule>,
    pub(crate) fees: Vec<FeeRule>,
    pub(crate) documents: Vec<DocumentRow>,
    pub(crate) requirements: Vec<RequirementRow>,
    pub(crate) majority: Vec<MajorityRow>,
    pub(crate) heirs: Vec<HeirRow>,
    pub(crate) inheritance: Vec<InheritanceRow>,
    pub(crate) representatives: Vec<RepresentativeRow>,
    pub(crate) standing: Vec<StandingRow>,
    pub(crate) schedule: ScheduleFile,
    pub(crate) calendar: CalendarRow,
    pub(crate) closures: BTreeMap<Date, ClosureRow>,
    pub(crate) readings: Vec<Reading>,
    pub(crate) page: Vec<PageLine>,
    pub(crate) headings: BTreeSet<String>,
    pub(crate) switches: Switches,
}

impl Rules {
    /// SHA-256 over every file name and text (and any choice changed since), in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Who the hospital is.
    pub fn hospital(&self) -> &Hospital {
        &self.hospital
    }

    /// A venue by its id.
    pub fn venue(&self, id: &str) -> Option<&Place> {
        self.hospital.venues.iter().find(|v| v.id == id)
    }

    /// The catalogue, in page order: each item once, whether or not it is offered today, as its latest row has it.
    pub fn record_kinds(&self) -> &[RecordKind] {
        &self.catalogue
    }

    /// An item of the catalogue, as its latest row has it: for its name.
    pub fn record_kind(&self, id: &RecordKindId) -> Option<&RecordKind> {
        self.catalogue.iter().find(|k| k.id == *id)
    }

    /// What is offered on a day, in page order.
    pub fn record_kinds_on(&self, date: Date) -> impl Iterator<Item = &RecordKind> {
        self.kinds.iter().filter(move |k| k.validity.holds_on(date))
    }

    /// An item as it is offered on a day.
    pub fn record_kind_on(&self, id: &RecordKindId, date: Date) -> Option<&RecordKind> {
        self.record_kinds_on(date).find(|k| k.id == *id)
    }

    /// Disc types, the hospital's default first.
    pub fn disc_types(&self) -> &[DiscTypeRule] {
        &self.disc_types
    }

    /// The disc type used unless another is chosen.
    pub fn default_disc_type(&self) -> &DiscTypeRule {
        &self.disc_types[0]
    }

    /// Every reading, with the choice in use.
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// One reading.
    pub fn reading(&self, id: &str) -> Option<&Reading> {
        self.readings.iter().find(|r| r.id == id)
    }

    /// Day counts kept by other rooms on a day: drafts, quotes, unclaimed copies.
    pub fn periods(&self, on: Date) -> Periods {
        load::periods(self.in_force(&self.schedule.periods, on))
    }

    /// The row that holds on a day, of rows that were checked to follow each other without a gap.
    pub(crate) fn in_force<'a, T: Dated>(&self, rows: &'a [T], date: Date) -> &'a T {
        on(rows, date).unwrap_or(&rows[0])
    }

    /// The tariff on a day, in page order.
    pub fn fees_on(&self, date: Date) -> Vec<&FeeRule> {
        self.fees.iter().filter(|f| f.validity.holds_on(date)).collect()
    }

    /// The office windows in force on a day, in order of the hours.
    pub fn windows(&self, date: Date) -> Vec<OfficeWindow> {
        let window = |w: &WindowRow| OfficeWindow {
            id: w.id.get_ref().clone(),
            from: w.opens.0,
            until: w.closes.0,
            same_day: w.ready.get_ref().after_minutes.is_some(),
        };
        self.schedule.window.iter().filter(|w| w.validity().holds_on(date)).map(window).collect()
    }

    /// The calendar's version stamp, shown with each promise.
    pub fn calendar_version(&self) -> &str {
        &self.calendar.version
    }

    /// The lines of the published page, with what implements each.
    pub fn page(&self) -> &[PageLine] {
        &self.page
    }

    /// The headings of the published page, which citations name.
    pub fn page_headings(&self) -> impl Iterator<Item = &str> {
        self.headings.iter().map(String::as_str)
    }

    /// The age of majority on a day (A23), years.
    pub fn age_of_majority(&self, on: Date) -> i16 {
        *self.majority_row(on).years.get_ref()
    }

    pub(crate) fn majority_row(&self, on: Date) -> &MajorityRow {
        let fits = |m: &&MajorityRow| match self.switches.majority {
            switches::Majority::Dated => m.validity().holds_on(on),
            switches::Majority::Page => m.printed,
        };
        self.majority.iter().find(fits).unwrap_or(&self.majority[0])
    }

    /// Whether a row's `switch = "A18=dentistry"` holds under the choices in use.
    pub(crate) fn holds(&self, switch: &str) -> bool {
        switch.split_once('=').is_some_and(|(id, choice)| self.reading(id).is_some_and(|r| r.chosen == choice))
    }

    /// The same rules with other choices of readings, to see what changes before adopting them.
    ///
    /// # Errors
    /// The (reading, choice) pair that does not exist, and what does.
    pub fn with_choices(&self, choices: &[(&str, &str)]) -> Result<Rules, String> {
        let mut rules = self.clone();
        for (id, choice) in choices {
            // `full_tariff` and `full-tariff` are one choice.
            let choice = choice.replace('_', "-");
            let reading = rules.readings.iter_mut().find(|r| r.id == *id);
            let reading = reading.ok_or_else(|| format!("there is no reading {id}"))?;
            let known: Vec<&str> = reading.choices.iter().map(|c| c.id.as_str()).collect();
            if !known.contains(&choice.as_str()) {
                return Err(format!("reading {id} has no choice \"{choice}\"; it has {}", known.join(", ")));
            }
            reading.chosen.clone_from(&choice);
            if rules.switches.set(id, &choice).is_none() && known.len() > 1 {
                return Err(format!("reading {id} is decided by rows, not by a switch"));
            }
            rules.hash = load::hash_of([(rules.hash.as_str(), ""), (id, choice.as_str())]);
        }
        Ok(rules)
    }
}
