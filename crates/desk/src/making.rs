//! How a parcel moves: made, handed over, made again, destroyed.

use crate::transitions::{Moved, days_have_passed};
use crate::{
    Action, Application, ApplicationNumber, By, FinishedDisc, Paid, Parcel, ParcelId, ParcelState, Private, Refusal,
    Release, StaffId, StallReason, State, TransitionError,
};
use filmdesk_policy::{Capacity, Collection};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What was scanned or typed at the counter before handing over (W10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The number on the slip.
    pub slip: ApplicationNumber,
    /// The code on each disc's label.
    pub codes: Vec<String>,
}

impl Application {
    /// Waiting → InProduction. A parcel already InProduction stays so: its job was taken up again.
    ///
    /// # Errors
    /// Its waiting period is not over, or it is in another state.
    pub fn start(self, parcel: ParcelId, at: Timestamp) -> Moved {
        self.move_parcel(Action::Start, parcel, |_, parcel| {
            if let ParcelState::Waiting { until, .. } = &parcel.state {
                return match until {
                    Some(until) if *until > at => Err(Refusal::StillWaits),
                    Some(_) | None => Ok(ParcelState::InProduction { since: at }),
                };
            }
            let state @ ParcelState::InProduction { .. } = &parcel.state else { return Err(Refusal::NotWaiting) };
            Ok(state.clone())
        })
    }

    /// InProduction → Ready, with its discs, each read back.
    ///
    /// # Errors
    /// A disc of its set is missing, empty or without a code; a code or a volume is on another disc of this application.
    pub fn finish(self, parcel: ParcelId, discs: Vec<FinishedDisc>, at: Timestamp) -> Moved {
        self.move_parcel(Action::Finish, parcel, |paid, parcel| {
            if !matches!(parcel.state, ParcelState::InProduction { .. }) {
                return Err(Refusal::NotInProduction);
            }
            if discs.is_empty() && !paid.weighed.weighing.discs.is_empty() {
                return Err(Refusal::NoDisc);
            }
            check_set(&discs)?;
            let others = paid.parcels.iter().filter(|other| other.id != parcel.id);
            let codes: BTreeSet<&str> = others.flat_map(|other| other.discs()).map(|disc| disc.code.as_str()).collect();
            if let Some(disc) = discs.iter().find(|disc| codes.contains(disc.code.as_str())) {
                return Err(Refusal::CodeTaken { disc: disc.volume_id.clone() });
            }
            Ok(ParcelState::Ready { since: at, discs })
        })
    }

    /// InProduction or Waiting → Stalled; a person decides.
    ///
    /// # Errors
    /// It is in another state.
    pub fn stall_parcel(self, parcel: ParcelId, reason: StallReason, at: Timestamp) -> Moved {
        self.move_parcel(Action::StallParcel, parcel, |_, parcel| {
            if matches!(parcel.state, ParcelState::InProduction { .. } | ParcelState::Waiting { .. }) {
                return Ok(ParcelState::Stalled { since: at, reason });
            }
            Err(Refusal::NotBeingMade)
        })
    }

    /// Stalled → Waiting, to be started at once.
    ///
    /// # Errors
    /// It is not stalled.
    pub fn retry_parcel(self, parcel: ParcelId, _by: By) -> Moved {
        self.move_parcel(Action::RetryParcel, parcel, |_, parcel| match &parcel.state {
            ParcelState::Stalled { .. } => Ok(ParcelState::Waiting { until: None, why: String::new() }),
            ParcelState::Waiting { .. }
            | ParcelState::InProduction { .. }
            | ParcelState::Ready { .. }
            | ParcelState::Released { .. }
            | ParcelState::Destroyed { .. } => Err(Refusal::ParcelNotStalled),
        })
    }

    /// Ready → Released, by a three-way match: the slip is this application's, the scanned codes are exactly this parcel's
    /// discs, and the person is one the application names (A38).
    ///
    /// # Errors
    /// Any of the three does not match, or a faulty parcel was made again and must not be handed over.
    pub fn release(self, parcel: ParcelId, release: Release, scan: &Scan) -> Moved {
        let slip = if scan.slip == self.number { Ok(()) } else { Err(Refusal::OtherSlip) };
        self.move_parcel(Action::Release, parcel, |paid, parcel| {
            slip?;
            let ParcelState::Ready { discs, .. } = &parcel.state else { return Err(Refusal::NotReady) };
            if paid.remade(parcel.id) {
                return Err(Refusal::FaultyRemade);
            }
            match_codes(discs, &scan.codes)?;
            match_person(paid, &release)?;
            Ok(ParcelState::Released { discs: discs.clone(), release })
        })
    }

    /// A faulty parcel, ready or released, is made again without a fee: a new parcel waits beside it (A35).
    ///
    /// # Errors
    /// Nothing was made, it was made again already, or it was released more than `free_days` (a row of the rules) ago.
    pub fn remake(mut self, parcel: ParcelId, by: By, free_days: i64) -> Moved {
        let id = self.number_of_parcels() + 1;
        let mut copy = None;
        self = self.move_parcel(Action::Remake, parcel, |paid, parcel| {
            if paid.remade(parcel.id) {
                return Err(Refusal::RemadeAlready);
            }
            if let ParcelState::Released { release, .. } = &parcel.state {
                let day_after = days_have_passed(release.by().at, by.at, free_days.saturating_add(1));
                if day_after {
                    return Err(Refusal::TooLateToRemake { days: free_days.to_string() });
                }
            } else if !matches!(parcel.state, ParcelState::Ready { .. }) {
                return Err(Refusal::NothingMade);
            }
            copy = Some(Parcel {
                id: ParcelId(id),
                studies: parcel.studies.clone(),
                remake_of: Some(parcel.id),
                state: ParcelState::Waiting { until: None, why: String::new() },
            });
            Ok(parcel.state.clone())
        })?;
        if let State::Paid(paid) = &mut self.state {
            paid.parcels.extend(copy);
        }
        Ok(self)
    }

    /// Ready → Destroyed, before a witness: unclaimed for `unclaimed_days` (a row of the rules, A37), or faulty and made again.
    ///
    /// # Errors
    /// It is not ready, it still waits for its collector, or the witness is the same person.
    pub fn destroy(self, parcel: ParcelId, by: By, witness: StaffId, unclaimed_days: i64) -> Moved {
        self.move_parcel(Action::Destroy, parcel, |paid, parcel| {
            let ParcelState::Ready { since, .. } = &parcel.state else { return Err(Refusal::NotReady) };
            if by.staff == witness {
                return Err(Refusal::SameWitness);
            }
            if !paid.remade(parcel.id) && !days_have_passed(*since, by.at, unclaimed_days) {
                return Err(Refusal::WaitsForCollector { days: unclaimed_days.to_string() });
            }
            Ok(ParcelState::Destroyed { by, witness })
        })
    }

    /// The parcel of that id.
    pub fn parcel(&self, id: ParcelId) -> Option<&Parcel> {
        self.parcels().iter().find(|parcel| parcel.id == id)
    }

    /// Its parcels; none before payment or after a refund.
    pub fn parcels(&self) -> &[Parcel] {
        if let State::Paid(paid) = &self.state { &paid.parcels } else { &[] }
    }

    fn number_of_parcels(&self) -> u32 {
        self.parcels().iter().map(|parcel| parcel.id.0).max().unwrap_or(0)
    }

    fn move_parcel(
        mut self,
        action: Action,
        id: ParcelId,
        next: impl FnOnce(&Paid, &Parcel) -> Result<ParcelState, Refusal>,
    ) -> Moved {
        let from = self.state.name();
        let error = |from, parcel, why| TransitionError { from, action: action.name(), parcel, why };
        let State::Paid(paid) = &mut self.state else { return Err(error(from, None, Refusal::NoParcels)) };
        let Some(index) = paid.parcels.iter().position(|parcel| parcel.id == id) else {
            return Err(error(from, None, Refusal::NoParcel { parcel: id.0.to_string() }));
        };
        let parcel = &paid.parcels[index];
        match next(paid, parcel) {
            Ok(state) => paid.parcels[index].state = state,
            Err(why) => return Err(error(parcel.state.name(), Some(id), why)),
        }
        Ok(self)
    }
}

impl Paid {
    /// Whether another parcel replaces this one.
    pub fn remade(&self, id: ParcelId) -> bool {
        self.parcels.iter().any(|parcel| parcel.remake_of == Some(id))
    }
}

impl Parcel {
    /// Its discs, once made.
    pub fn discs(&self) -> &[FinishedDisc] {
        match &self.state {
            ParcelState::Ready { discs, .. } | ParcelState::Released { discs, .. } => discs,
            ParcelState::Waiting { .. }
            | ParcelState::InProduction { .. }
            | ParcelState::Stalled { .. }
            | ParcelState::Destroyed { .. } => &[],
        }
    }
}

impl Release {
    /// Who handed it over or posted it, and when.
    pub fn by(&self) -> &By {
        match self {
            Release::AtCounter { by, .. } | Release::ByPost { by, .. } => by,
        }
    }
}

impl ParcelState {
    /// Stable name: `waiting`, `in-production`, `ready`, `stalled`, `released`, `destroyed`.
    pub fn name(&self) -> &'static str {
        match self {
            ParcelState::Waiting { .. } => "waiting",
            ParcelState::InProduction { .. } => "in-production",
            ParcelState::Ready { .. } => "ready",
            ParcelState::Stalled { .. } => "stalled",
            ParcelState::Released { .. } => "released",
            ParcelState::Destroyed { .. } => "destroyed",
        }
    }
}

/// Every k of n is there, nothing is empty, and no two discs share a code or a volume.
fn check_set(discs: &[FinishedDisc]) -> Result<(), Refusal> {
    let (mut codes, mut volumes) = (BTreeSet::new(), BTreeSet::new());
    for disc in discs {
        let whole = disc.n_instances > 0 && disc.size_bytes > 0 && !disc.sha256.is_empty() && !disc.blob.is_empty();
        if !whole || disc.code.trim().is_empty() {
            return Err(Refusal::EmptyDisc { disc: disc.volume_id.clone() });
        }
        if !codes.insert(plain_code(&disc.code)) || !volumes.insert(&disc.volume_id) {
            return Err(Refusal::DiscTwice { disc: disc.volume_id.clone() });
        }
        if let Some(number) = (1..=disc.of).find(|k| !discs.iter().any(|disc| disc.number == *k)) {
            return Err(Refusal::DiscMissing { number: number.to_string(), of: disc.of.to_string() });
        }
    }
    Ok(())
}

/// The codes scanned are exactly those of the discs.
fn match_codes(discs: &[FinishedDisc], scanned: &[String]) -> Result<(), Refusal> {
    let ours: BTreeSet<String> = discs.iter().map(|disc| plain_code(&disc.code)).collect();
    let scanned: BTreeSet<String> =
        scanned.iter().map(|code| plain_code(code)).filter(|code| !code.is_empty()).collect();
    if let Some(foreign) = scanned.difference(&ours).next() {
        return Err(Refusal::ForeignDisc { code: foreign.clone() });
    }
    match ours.difference(&scanned).count() {
        0 => Ok(()),
        missing => Err(Refusal::NotAllScanned { missing: missing.to_string(), of: ours.len().to_string() }),
    }
}

/// A label's code as a scanner or a person gives it.
fn plain_code(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_uppercase).collect()
}

/// The person at the counter is one the application names, or the address is one it gives.
fn match_person(paid: &Paid, release: &Release) -> Result<(), Refusal> {
    let request = &paid.weighed.verified.submitted.request;
    match release {
        Release::AtCounter { collector, identity_seen, last_four, .. } => {
            if collector.reveal().trim().is_empty() || identity_seen.trim().is_empty() {
                return Err(Refusal::NoCollector);
            }
            let people = request.applicant.person.iter().chain(&request.applicant.agent).map(|person| &person.identity);
            let own = Some(&request.patient.identity);
            let own = own.filter(|_| request.situation.people.capacity == Capacity::Patient);
            if people.chain(own).any(|identity| ends_alike(identity, last_four)) {
                return Ok(());
            }
            Err(Refusal::OtherPerson)
        }
        Release::ByPost { tracking, .. } => match request.collection() {
            Collection::ByPostInTaiwan if !tracking.reveal().trim().is_empty() => Ok(()),
            Collection::ByPostInTaiwan => Err(Refusal::NoTracking),
            Collection::AtCounter | Collection::ByPostAbroad => Err(Refusal::CollectedAtCounter),
        },
    }
}

fn ends_alike(identity: &Private, last_four: &Private) -> bool {
    let seen = plain_code(last_four.reveal());
    seen.chars().count() == 4 && plain_code(identity.reveal()).ends_with(&seen)
}
