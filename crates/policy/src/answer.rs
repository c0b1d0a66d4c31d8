//! The answer: lines, papers, place, time, each with the rule it comes from.

use crate::rules::rows::Validity;
use crate::{FeeClass, RecordKindId, Text};
use jiff::civil::DateTime;

/// Whole New Taiwan dollars. Only a tariff row makes one; the store restores what was quoted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Twd(i64);

impl Twd {
    /// Nothing to pay.
    pub const ZERO: Twd = Twd(0);

    /// Whole dollars.
    pub fn dollars(self) -> i64 {
        self.0
    }

    /// An amount read back from a stored quote, payment or receipt; never for inventing one.
    pub fn restore(dollars: i64) -> Twd {
        Twd(dollars)
    }

    pub(crate) fn from_tariff(dollars: i64) -> Twd {
        Twd(dollars)
    }

    /// Sum of amounts.
    ///
    /// # Panics
    /// Never within amounts a tariff can express; saturates at the ends of `i64`.
    pub fn plus(self, other: Twd) -> Twd {
        Twd(self.0.saturating_add(other.0))
    }
}

/// Where a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cite {
    /// A heading of the published page, such as `Application Fees › Special`.
    Page(String),
    /// A law, such as `Civil Code art. 12`.
    Law(String),
    /// A proposal where the page is silent (A31–A40).
    Proposal(String),
}

/// Why something is so: the sentence in our words, the rule row, its citation, and the reading chosen if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Row id, such as `schedule.same-day`.
    pub rule: String,
    /// In both languages.
    pub text: Text,
    /// Its source.
    pub cite: Cite,
    /// The reading that decided an ambiguous sentence, such as `A05`.
    pub reading: Option<String>,
}

/// One line of an estimate or quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeLine {
    /// Row id, such as `disc.special`.
    pub rule: String,
    /// The quantity that fired it.
    pub quantity: u32,
    /// What it is, for people.
    pub text: Text,
    /// The line's amount.
    pub amount: Twd,
    /// Its source.
    pub cite: Cite,
    /// The reading that decided an ambiguous sentence, such as `A05`.
    pub reading: Option<String>,
}

/// A paper somebody must bring (an original, unless the row says otherwise).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredDocument {
    /// `D1`, `D1m`, `D2`, … `D9` of `documents.toml`.
    pub id: String,
    /// What it is and whose, for people.
    pub text: Text,
    /// Whether the original must be shown.
    pub original: bool,
    /// What may stand in for it.
    pub alternatives: Vec<Text>,
    /// Why it is asked.
    pub why: Reason,
}

/// Where to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Venue id of `hospital.toml`.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// Its address.
    pub address: Text,
    /// Its hours, for people.
    pub hours: Text,
    /// Telephone.
    pub phone: String,
}

/// An item that is not copied here, with where to apply instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referral {
    /// Index into [`crate::Situation::items`]; `None`: the whole application.
    pub item: Option<usize>,
    /// Where, in order of visiting.
    pub places: Vec<Place>,
    /// Why.
    pub why: Reason,
}

/// When the copies can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadyTime {
    /// Collectable (or posted) from this moment, hospital time.
    At {
        /// The moment.
        at: DateTime,
        /// Every reason that moved it.
        why: Vec<Reason>,
    },
    /// An excessively large order: a time is agreed with the applicant (A26).
    ToBeAgreed {
        /// Why.
        why: Vec<Reason>,
    },
    /// Waits for something without a date yet: a report, an upload.
    Unknown {
        /// What it waits for.
        why: Vec<Reason>,
    },
}

/// Whether payment may be taken at the moment of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payable {
    /// Yes.
    Now,
    /// Not before this moment.
    From {
        /// First moment at which the counter takes it; `None`: unknown yet.
        at: Option<DateTime>,
        /// Why.
        why: Vec<Reason>,
    },
}

/// Why a submission cannot go on as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Stable kebab-case code, such as `film-not-offered`.
    pub code: String,
    /// The field, such as `items[1].media.film_sheets`.
    pub field: String,
    /// What is wrong and what is allowed.
    pub text: Text,
    /// Its source, when a rule forbids it.
    pub cite: Option<Cite>,
}

/// One estimate or quote with everything a person asks next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Weighed: binding. Otherwise an estimate.
    pub binding: bool,
    /// Fee lines in page order.
    pub lines: Vec<FeeLine>,
    /// Their sum.
    pub total: Twd,
    /// Papers to bring.
    pub papers: Vec<RequiredDocument>,
    /// In what right the applicant applies, and why: the law's sentence for an heir or a representative.
    pub standing: Vec<Reason>,
    /// Where to apply here; `None` when everything is referred.
    pub place: Option<Place>,
    /// What is applied for elsewhere.
    pub referrals: Vec<Referral>,
    /// When it can be had. With a split collection, one entry per part.
    pub ready: Vec<ReadyTime>,
    /// Whether money may be taken now.
    pub payable: Payable,
    /// What cannot be done as asked.
    pub violations: Vec<Violation>,
    /// What an estimate assumes; empty for a quote.
    pub assumptions: Vec<Text>,
    /// Every reading in use behind this answer.
    pub readings: Vec<String>,
    /// [`crate::Rules::hash`] of the rules it was made with.
    pub rules_hash: String,
}

/// A row of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordKind {
    /// Its id.
    pub id: RecordKindId,
    /// Its name.
    pub name: Text,
    /// As published.
    pub class: FeeClass,
    /// Media it may be had on.
    pub disc: bool,
    /// X-ray film.
    pub film: bool,
    /// Paper.
    pub hard_copy: bool,
    /// Nuclear medicine: it waits before it is made (A28).
    pub nuclear_medicine: bool,
    /// Listed so that it can be asked for and answered, but never copied here (dental CT, Cardiovascular Center).
    pub elsewhere: bool,
    /// Its note on the page, in our words.
    pub note: Option<Text>,
    /// Its source.
    pub cite: Cite,
    /// The waiting period it is under, by its id.
    pub(crate) clearance: Option<String>,
    pub(crate) validity: Validity,
}
