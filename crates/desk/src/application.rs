//! The application and its states.

use crate::{
    ApplicationNumber, By, Found, Order, Parcel, ParcelId, Private, Quote, Refusal, Request, StaffId, Weighing,
};
use filmdesk_policy::{Lang, Text, Twd};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;

/// Internal id: random, positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApplicationId(pub i64);

/// One request by one applicant for one patient's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Internal id.
    pub id: ApplicationId,
    /// Printed number.
    pub number: ApplicationNumber,
    /// Version of the stored row; the store adds one at each commit and refuses a stale one.
    pub version: i64,
    /// Everything typed so far, by field name, exactly as typed: nothing a person entered is lost.
    pub form: BTreeMap<String, Private>,
    /// Language of the applicant's pages.
    pub lang: Lang,
    /// When it was opened, the desk's clock.
    pub opened_at: Timestamp,
    /// Its state.
    pub state: State,
}

/// The states of an application, each with what became true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Being filled in.
    Draft,
    /// Sent; papers not checked yet.
    Submitted(Submitted),
    /// Papers missing: kept for its place (A11).
    Returned {
        /// As submitted.
        submitted: Submitted,
        /// Who returned it.
        by: By,
        /// Missing documents, by id, and a note.
        missing: Vec<String>,
        /// What the clerk wrote.
        note: Private,
    },
    /// Papers checked. Finding, ticking and weighing happen here.
    Verified(Verified),
    /// Fetched, checked, planned, priced.
    Weighed(Weighed),
    /// Weighing stopped; a person decides.
    Stalled {
        /// What was being weighed.
        verified: Verified,
        /// Why and who can fix it.
        reason: StallReason,
        /// When.
        at: Timestamp,
    },
    /// Money taken. What follows is derived from the parcels.
    Paid(Paid),
    /// Paid back in full before making started (A36).
    Refunded {
        /// As paid.
        paid: Paid,
        /// Who.
        by: By,
        /// Why.
        reason: Private,
    },
    /// Somewhere else is the right place.
    Referred {
        /// What was known.
        before: Box<State>,
        /// Who.
        by: By,
        /// Where, why.
        place: Text,
    },
    /// Refused, with the reason.
    Refused {
        /// What was known.
        before: Box<State>,
        /// Who.
        by: By,
        /// Why.
        reason: Private,
    },
    /// Withdrawn.
    Cancelled {
        /// What was known.
        before: Box<State>,
        /// By staff, or by the applicant (`None`).
        by: Option<StaffId>,
        /// When.
        at: Timestamp,
    },
    /// Draft or Returned too long.
    Expired {
        /// What was known.
        before: Box<State>,
        /// When.
        at: Timestamp,
    },
}

/// A valid submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// When.
    pub at: Timestamp,
    /// The form, read.
    pub request: Request,
}

/// A clerk's finding, per document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentReview {
    /// Who and when.
    pub by: By,
    /// One per required document.
    pub presented: Vec<PresentedDocument>,
}

/// What was on the table for one required document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedDocument {
    /// `D1`, `D1m`, …
    pub id: String,
    /// The original was seen.
    pub seen: bool,
    /// Kind of paper, free or from the alternatives.
    pub kind: String,
    /// Last four of its number.
    pub last_four: Private,
}

/// Papers checked; the archive may now be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// As submitted.
    pub submitted: Submitted,
    /// Who saw what.
    pub review: DocumentReview,
    /// The patient in the archive, typed or scanned by the clerk.
    pub patient: crate::ArchivePatient,
    /// What the find job listed; `None`: still finding.
    pub found: Option<Found>,
    /// What the clerk ticked; `Some`: being weighed.
    pub order: Option<Order>,
}

/// Priced exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// As verified, `order` is `Some`.
    pub verified: Verified,
    /// The goods.
    pub weighing: Weighing,
    /// The price.
    pub quote: Quote,
}

/// How the money came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PaymentMeans {
    /// Cash.
    Cash,
    /// EasyCard and other stored-value cards.
    StoredValueCard,
    /// Credit or debit card.
    Card,
    /// A mobile payment.
    Mobile,
}

/// Money taken, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Who and when.
    pub by: By,
    /// The quote's total.
    pub amount: Twd,
    /// How.
    pub means: PaymentMeans,
    /// Gapless receipt number, given by the store in the same transaction.
    pub receipt_number: i64,
    /// A supervisor's reason for taking it outside hours.
    pub out_of_hours: Option<Private>,
    /// Studies (by UID) whose images write the name otherwise, of which whoever took the money said that they are this
    /// patient's all the same; `None`: taken before this was kept.
    pub names_confirmed: Option<Vec<String>>,
}

/// Paid, with its parcels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// As weighed.
    pub weighed: Weighed,
    /// The money.
    pub payment: Payment,
    /// What is made and handed over.
    pub parcels: Vec<Parcel>,
}

/// Who can do something about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WhoCanFix {
    /// A clerk at the counter.
    Clerk,
    /// The archive's administrator.
    ArchiveAdministrator,
    /// The operator of this program.
    Operator,
}

/// Why making or weighing stopped, after DICOM's Execution Status Info (PS3.3 C.22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StallReason {
    /// Stable kebab-case code, such as `no-instance`, `wrong-patient`, `set-oversized`, `archive-unreachable`, `disk-full`.
    pub code: String,
    /// What happened, with the object by UID, never by name.
    pub what: String,
    /// What to do next.
    pub next: String,
    /// Who.
    pub who: WhoCanFix,
}

impl StallReason {
    /// Somebody stopped it at the counter.
    pub fn cancelled() -> StallReason {
        StallReason {
            code: "cancelled".to_owned(),
            what: "It was cancelled at the counter.".to_owned(),
            next: "Start it again when it is wanted.".to_owned(),
            who: WhoCanFix::Clerk,
        }
    }
}

/// A transition that is not possible, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitionError {
    /// Name of the state it was in.
    pub from: &'static str,
    /// The action.
    pub action: &'static str,
    /// The parcel it was about, if one.
    pub parcel: Option<ParcelId>,
    /// What was missing or wrong.
    pub why: Refusal,
}

impl fmt::Display for TransitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TransitionError { from, action, parcel, why } = self;
        match parcel {
            Some(ParcelId(parcel)) => {
                write!(f, "cannot {action} an application that is {from}: parcel {parcel}: {why}")
            }
            None => write!(f, "cannot {action} an application that is {from}: {why}"),
        }
    }
}

impl std::error::Error for TransitionError {}
