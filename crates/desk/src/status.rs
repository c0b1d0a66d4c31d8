//! How an application is shown: to staff in a queue, to the public on a status page.

use crate::{Application, ParcelState, State};
use filmdesk_policy::{ReadyTime, Text, Twd};
use jiff::{Timestamp, civil::DateTime};

/// Where an application stands for staff: its state, with Verified and Paid told apart by what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Being filled in.
    Draft,
    /// Waits for a clerk to check the papers.
    Submitted,
    /// Waits for missing papers.
    Returned,
    /// The archive is being asked.
    Finding,
    /// Waits for a clerk to tick the studies.
    Ticking,
    /// Being fetched, checked and priced.
    Weighing,
    /// Waits for the money.
    Weighed,
    /// Something stopped: weighing or a parcel. A person decides.
    Stalled,
    /// Paid; a parcel may not start yet or has not been taken up.
    Waiting,
    /// A parcel is being made.
    InProduction,
    /// A parcel is on the tray.
    Ready,
    /// Every parcel is released (or destroyed).
    Released,
    /// Paid back.
    Refunded,
    /// Sent elsewhere.
    Referred,
    /// Refused.
    Refused,
    /// Withdrawn.
    Cancelled,
    /// Lay too long.
    Expired,
}

impl Stage {
    /// Every stage, in the order of the journey.
    pub const ALL: [Stage; 17] = [
        Stage::Draft,
        Stage::Submitted,
        Stage::Returned,
        Stage::Finding,
        Stage::Ticking,
        Stage::Weighing,
        Stage::Weighed,
        Stage::Stalled,
        Stage::Waiting,
        Stage::InProduction,
        Stage::Ready,
        Stage::Released,
        Stage::Refunded,
        Stage::Referred,
        Stage::Refused,
        Stage::Cancelled,
        Stage::Expired,
    ];

    /// Stable name, such as `in-production`.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Draft => "draft",
            Stage::Submitted => "submitted",
            Stage::Returned => "returned",
            Stage::Finding => "finding",
            Stage::Ticking => "ticking",
            Stage::Weighing => "weighing",
            Stage::Weighed => "weighed",
            Stage::Stalled => "stalled",
            Stage::Waiting => "waiting",
            Stage::InProduction => "in-production",
            Stage::Ready => "ready",
            Stage::Released => "released",
            Stage::Refunded => "refunded",
            Stage::Referred => "referred",
            Stage::Refused => "refused",
            Stage::Cancelled => "cancelled",
            Stage::Expired => "expired",
        }
    }

    /// The stage of that name.
    pub fn from_name(name: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.name() == name)
    }

    /// Nothing more will happen by itself, and nobody waits.
    pub fn is_closed(self) -> bool {
        match self {
            Stage::Released
            | Stage::Refunded
            | Stage::Referred
            | Stage::Refused
            | Stage::Cancelled
            | Stage::Expired => true,
            Stage::Draft
            | Stage::Submitted
            | Stage::Returned
            | Stage::Finding
            | Stage::Ticking
            | Stage::Weighing
            | Stage::Weighed
            | Stage::Stalled
            | Stage::Waiting
            | Stage::InProduction
            | Stage::Ready => false,
        }
    }
}

/// The five steps a status page shows: 送件–審核–繳費–製作–領取.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Sent.
    Sent,
    /// Papers checked, images found and weighed.
    Review,
    /// Paid.
    Payment,
    /// Made.
    Making,
    /// Collected or posted.
    Collection,
}

/// How things stand, in what a status page may show: no name, no examination, no department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not sent yet.
    NotSent,
    /// Waits for the papers to be checked at the counter.
    BringPapers,
    /// These papers are missing (document ids).
    PapersMissing(Vec<String>),
    /// Papers are in order; the hospital prepares the order.
    Preparing,
    /// Ready to be paid.
    ToPay {
        /// The binding amount.
        amount: Twd,
        /// Until when, hospital time.
        until: DateTime,
    },
    /// Something stopped on the hospital's side; nothing is asked of the applicant.
    HeldUp,
    /// Paid; making may not start before this moment (`None`: at once).
    Waiting {
        /// Earliest start.
        until: Option<Timestamp>,
    },
    /// Being made.
    Making,
    /// Ready to be collected or on its way to the post.
    Ready {
        /// Other parts are still to come.
        partly: bool,
    },
    /// Handed over or posted.
    Released,
    /// Not collected in time and destroyed.
    Destroyed,
    /// Paid back.
    Refunded,
    /// To be applied for elsewhere.
    Referred(Text),
    /// Refused; the counter tells why.
    Refused,
    /// Withdrawn.
    Cancelled,
    /// Lay too long; apply again.
    Expired,
}

/// What a status page may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicStatus {
    /// The step it is at; steps before it are done.
    pub step: Step,
    /// How things stand there.
    pub standing: Standing,
    /// Since when.
    pub since: Timestamp,
    /// Steps that are done, each with its moment.
    pub done: Vec<(Step, Timestamp)>,
    /// Until when everything should be ready, hospital time, once priced.
    pub promised: Option<DateTime>,
}

impl State {
    /// Stable name: `draft`, `submitted`, `returned`, `verified`, `weighed`, `stalled`, `paid`, `refunded`, `referred`,
    /// `refused`, `cancelled`, `expired`.
    pub fn name(&self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Submitted(_) => "submitted",
            State::Returned { .. } => "returned",
            State::Verified(_) => "verified",
            State::Weighed(_) => "weighed",
            State::Stalled { .. } => "stalled",
            State::Paid(_) => "paid",
            State::Refunded { .. } => "refunded",
            State::Referred { .. } => "referred",
            State::Refused { .. } => "refused",
            State::Cancelled { .. } => "cancelled",
            State::Expired { .. } => "expired",
        }
    }
}

impl Application {
    /// Where it stands for staff. A paid one stands where its least advanced open parcel does; a stalled parcel comes first.
    pub fn stage(&self) -> Stage {
        match &self.state {
            State::Draft => Stage::Draft,
            State::Submitted(_) => Stage::Submitted,
            State::Returned { .. } => Stage::Returned,
            State::Verified(verified) if verified.order.is_some() => Stage::Weighing,
            State::Verified(verified) if verified.found.is_some() => Stage::Ticking,
            State::Verified(_) => Stage::Finding,
            State::Weighed(_) => Stage::Weighed,
            State::Stalled { .. } => Stage::Stalled,
            State::Paid(paid) => {
                let stages =
                    paid.parcels.iter().filter(|parcel| !paid.remade(parcel.id)).map(|p| parcel_stage(&p.state));
                stages.min_by_key(|stage| (*stage != Stage::Stalled, *stage)).unwrap_or(Stage::Released)
            }
            State::Refunded { .. } => Stage::Refunded,
            State::Referred { .. } => Stage::Referred,
            State::Refused { .. } => Stage::Refused,
            State::Cancelled { .. } => Stage::Cancelled,
            State::Expired { .. } => Stage::Expired,
        }
    }

    /// Until when everything should be ready, hospital time: the latest moment of the quote. `None` before weighing, and
    /// while a part has no date.
    pub fn promised(&self) -> Option<DateTime> {
        let weighed = match &self.state {
            State::Weighed(weighed) => weighed,
            State::Paid(paid) | State::Refunded { paid, .. } => &paid.weighed,
            State::Draft
            | State::Submitted(_)
            | State::Returned { .. }
            | State::Verified(_)
            | State::Stalled { .. }
            | State::Referred { .. }
            | State::Refused { .. }
            | State::Cancelled { .. }
            | State::Expired { .. } => return None,
        };
        let moments = weighed.quote.answer.ready.iter().map(|ready| match ready {
            ReadyTime::At { at, .. } => Some(*at),
            ReadyTime::ToBeAgreed { .. } | ReadyTime::Unknown { .. } => None,
        });
        moments.collect::<Option<Vec<DateTime>>>()?.into_iter().max()
    }

    /// What a status page may show.
    pub fn status(&self) -> PublicStatus {
        let (step, standing) = standing(&self.state);
        let done = done(&self.state);
        PublicStatus { step, standing, since: since(self), done, promised: self.promised() }
    }
}

fn parcel_stage(state: &ParcelState) -> Stage {
    match state {
        ParcelState::Waiting { .. } => Stage::Waiting,
        ParcelState::InProduction { .. } => Stage::InProduction,
        ParcelState::Ready { .. } => Stage::Ready,
        ParcelState::Stalled { .. } => Stage::Stalled,
        ParcelState::Released { .. } | ParcelState::Destroyed { .. } => Stage::Released,
    }
}

fn standing(state: &State) -> (Step, Standing) {
    match state {
        State::Draft => (Step::Sent, Standing::NotSent),
        State::Submitted(_) => (Step::Review, Standing::BringPapers),
        State::Returned { missing, .. } => (Step::Review, Standing::PapersMissing(missing.clone())),
        State::Verified(_) => (Step::Review, Standing::Preparing),
        State::Stalled { .. } => (Step::Review, Standing::HeldUp),
        State::Weighed(weighed) => {
            let quote = &weighed.quote;
            (Step::Payment, Standing::ToPay { amount: quote.answer.total, until: quote.expires })
        }
        State::Paid(paid) => paid_standing(paid),
        State::Refunded { .. } => (Step::Payment, Standing::Refunded),
        State::Referred { place, before, .. } => (standing(before).0, Standing::Referred(place.clone())),
        State::Refused { before, .. } => (standing(before).0, Standing::Refused),
        State::Cancelled { before, .. } => (standing(before).0, Standing::Cancelled),
        State::Expired { before, .. } => (standing(before).0, Standing::Expired),
    }
}

/// A ready part is what the applicant most wants to know of; then what is being made, then what waits.
fn paid_standing(paid: &crate::Paid) -> (Step, Standing) {
    let current: Vec<&ParcelState> =
        paid.parcels.iter().filter(|parcel| !paid.remade(parcel.id)).map(|parcel| &parcel.state).collect();
    let any = |wanted: fn(&ParcelState) -> bool| current.iter().any(|state| wanted(state));
    let unmade = any(|state| {
        matches!(state, ParcelState::Waiting { .. } | ParcelState::InProduction { .. } | ParcelState::Stalled { .. })
    });
    if any(|state| matches!(state, ParcelState::Ready { .. })) {
        (Step::Collection, Standing::Ready { partly: unmade })
    } else if any(|state| matches!(state, ParcelState::Stalled { .. })) {
        (Step::Making, Standing::HeldUp)
    } else if any(|state| matches!(state, ParcelState::InProduction { .. })) {
        (Step::Making, Standing::Making)
    } else if unmade {
        let until = current.iter().filter_map(|state| match state {
            ParcelState::Waiting { until, .. } => *until,
            ParcelState::InProduction { .. }
            | ParcelState::Ready { .. }
            | ParcelState::Stalled { .. }
            | ParcelState::Released { .. }
            | ParcelState::Destroyed { .. } => None,
        });
        (Step::Making, Standing::Waiting { until: until.max() })
    } else if any(|state| matches!(state, ParcelState::Released { .. })) {
        (Step::Collection, Standing::Released)
    } else {
        (Step::Collection, Standing::Destroyed)
    }
}

/// When the present state began.
fn since(application: &Application) -> Timestamp {
    match &application.state {
        State::Draft => application.opened_at,
        State::Submitted(submitted) => submitted.at,
        State::Returned { by, .. } => by.at,
        State::Verified(verified) => verified.review.by.at,
        State::Weighed(weighed) => weighed.quote.at,
        State::Stalled { at, .. } | State::Cancelled { at, .. } | State::Expired { at, .. } => *at,
        State::Paid(paid) => {
            let moments = paid.parcels.iter().filter_map(|parcel| match &parcel.state {
                ParcelState::Waiting { .. } => None,
                ParcelState::InProduction { since }
                | ParcelState::Ready { since, .. }
                | ParcelState::Stalled { since, .. } => Some(*since),
                ParcelState::Released { release, .. } => Some(release.by().at),
                ParcelState::Destroyed { by, .. } => Some(by.at),
            });
            moments.max().unwrap_or(paid.payment.by.at)
        }
        State::Refunded { by, .. } | State::Referred { by, .. } | State::Refused { by, .. } => by.at,
    }
}

fn done(state: &State) -> Vec<(Step, Timestamp)> {
    match state {
        State::Draft => Vec::new(),
        State::Submitted(submitted) | State::Returned { submitted, .. } => vec![(Step::Sent, submitted.at)],
        State::Verified(verified) | State::Stalled { verified, .. } => vec![(Step::Sent, verified.submitted.at)],
        State::Weighed(weighed) => reviewed(weighed),
        State::Paid(paid) => {
            let mut done = reviewed(&paid.weighed);
            done.push((Step::Payment, paid.payment.by.at));
            let current = || paid.parcels.iter().filter(|parcel| !paid.remade(parcel.id)).map(|parcel| &parcel.state);
            if current().all(|state| matches!(state, ParcelState::Released { .. } | ParcelState::Destroyed { .. })) {
                let handed = current().filter_map(|state| match state {
                    ParcelState::Released { release, .. } => Some(release.by().at),
                    ParcelState::Waiting { .. }
                    | ParcelState::InProduction { .. }
                    | ParcelState::Ready { .. }
                    | ParcelState::Stalled { .. }
                    | ParcelState::Destroyed { .. } => None,
                });
                done.extend(handed.max().map(|at| (Step::Collection, at)));
            } else if current()
                .all(|state| !matches!(parcel_stage(state), Stage::Waiting | Stage::InProduction | Stage::Stalled))
            {
                let made = current().filter_map(|state| match state {
                    ParcelState::Ready { since, .. } => Some(*since),
                    ParcelState::Waiting { .. }
                    | ParcelState::InProduction { .. }
                    | ParcelState::Stalled { .. }
                    | ParcelState::Released { .. }
                    | ParcelState::Destroyed { .. } => None,
                });
                done.extend(made.max().map(|at| (Step::Making, at)));
            }
            done
        }
        State::Refunded { paid, .. } => reviewed(&paid.weighed),
        State::Referred { before, .. }
        | State::Refused { before, .. }
        | State::Cancelled { before, .. }
        | State::Expired { before, .. } => done(before),
    }
}

fn reviewed(weighed: &crate::Weighed) -> Vec<(Step, Timestamp)> {
    vec![(Step::Sent, weighed.verified.submitted.at), (Step::Review, weighed.quote.at)]
}
