//! How an application moves from state to state, up to the payment and its ways out.

use crate::{
    Action, Application, ApplicationId, ApplicationNumber, ArchivePatient, By, DocumentReview, Found, Order, Paid,
    Parcel, ParcelId, ParcelState, Payment, Private, Quote, Refusal, Request, StaffId, StallReason, State, Submitted,
    TransitionError, Verified, Weighed, Weighing,
};
use filmdesk_policy::{Lang, Text};
use jiff::{SignedDuration, Timestamp, civil::DateTime};
use std::collections::{BTreeMap, BTreeSet};

/// What a transition gives.
pub(crate) type Moved = Result<Application, TransitionError>;

/// One part of the goods, when they are not all handed over together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartPlan {
    /// Study Instance UIDs, each of the order's in exactly one part.
    pub studies: Vec<String>,
    /// Earliest start of making; `None`: at once.
    pub until: Option<Timestamp>,
    /// Why it waits (reason row id), empty when it does not.
    pub why: String,
}

impl Application {
    /// A new application with nothing typed yet.
    pub fn draft(id: ApplicationId, number: ApplicationNumber, lang: Lang, at: Timestamp) -> Application {
        Application { id, number, version: 0, form: BTreeMap::new(), lang, opened_at: at, state: State::Draft }
    }

    /// Keeps what was typed, exactly as typed; fields not named stay as they are. Valid or not: nothing is judged here.
    ///
    /// # Errors
    /// After submission the form is closed, unless the application was returned.
    pub fn save_form(mut self, fields: BTreeMap<String, Private>) -> Moved {
        match &self.state {
            State::Draft | State::Returned { .. } => {
                self.form.extend(fields);
                Ok(self)
            }
            State::Submitted(_)
            | State::Verified(_)
            | State::Weighed(_)
            | State::Stalled { .. }
            | State::Paid(_)
            | State::Refunded { .. }
            | State::Referred { .. }
            | State::Refused { .. }
            | State::Cancelled { .. }
            | State::Expired { .. } => Err(self.cannot(Action::SaveForm, Refusal::FormSent)),
        }
    }

    /// Draft → Submitted.
    ///
    /// # Errors
    /// Nothing is asked for, or it is no draft.
    pub fn submit(self, request: Request, at: Timestamp) -> Moved {
        if !matches!(self.state, State::Draft) {
            return Err(self.cannot(Action::Submit, Refusal::NotDraft));
        }
        self.sent(Action::Submit, request, at)
    }

    /// Submitted → Returned: papers are missing, the application keeps its place (A11).
    ///
    /// # Errors
    /// Neither a missing paper nor a note says what the applicant must do.
    pub fn return_for(self, by: By, missing: Vec<String>, note: Private) -> Moved {
        if missing.is_empty() && note.reveal().trim().is_empty() {
            return Err(self.cannot(Action::Return, Refusal::NothingMissing));
        }
        let State::Submitted(submitted) = &self.state else {
            return Err(self.cannot(Action::Return, Refusal::NotSubmitted));
        };
        let state = State::Returned { submitted: submitted.clone(), by, missing, note };
        Ok(self.into_state(state))
    }

    /// Returned → Submitted, with the form as it now reads.
    ///
    /// # Errors
    /// It was not returned.
    pub fn resubmit(self, request: Request, at: Timestamp) -> Moved {
        if !matches!(self.state, State::Returned { .. }) {
            return Err(self.cannot(Action::Resubmit, Refusal::NotReturned));
        }
        self.sent(Action::Resubmit, request, at)
    }

    fn sent(self, action: Action, request: Request, at: Timestamp) -> Moved {
        if request.situation.items.is_empty() {
            return Err(self.cannot(action, Refusal::NoItem));
        }
        Ok(self.into_state(State::Submitted(Submitted { at, request })))
    }

    /// Submitted → Verified: the originals were seen and the patient's number in the archive is known. Also corrects that
    /// number as long as nothing is being weighed: the archive is then asked again.
    ///
    /// # Errors
    /// A paper was not seen; the patient's number is empty or holds a wildcard; the birthday is not the form's (W1); studies
    /// are ticked already.
    pub fn verify(self, review: DocumentReview, patient: ArchivePatient) -> Moved {
        let cannot = |why: Refusal| Err(self.cannot(Action::Verify, why));
        let submitted = if let State::Submitted(submitted) = &self.state {
            submitted.clone()
        } else if let State::Verified(verified) | State::Stalled { verified, .. } = &self.state {
            if matches!(self.state, State::Verified(_)) && verified.order.is_some() {
                return cannot(Refusal::TickedAlready);
            }
            verified.submitted.clone()
        } else {
            return cannot(Refusal::NotVerifiable);
        };
        if let Some(unseen) = review.presented.iter().find(|document| !document.seen) {
            return cannot(Refusal::PaperUnseen { paper: unseen.id.clone() });
        }
        if review.presented.is_empty() {
            return cannot(Refusal::NoPaperSeen);
        }
        let id = patient.patient_id.reveal();
        if id.trim().is_empty() || id.contains(['*', '?', '\\']) {
            return cannot(Refusal::NumberNotExact);
        }
        if patient.born != submitted.request.patient.born {
            return cannot(Refusal::OtherBirthday);
        }
        Ok(self.into_state(State::Verified(Verified { submitted, review, patient, found: None, order: None })))
    }

    /// Keeps what the archive listed for the patient.
    ///
    /// # Errors
    /// Nobody is looking, or studies are ticked already.
    pub fn found(self, found: Found) -> Moved {
        let State::Verified(verified) = &self.state else {
            return Err(self.cannot(Action::Find, Refusal::NotVerified));
        };
        if verified.order.is_some() {
            return Err(self.cannot(Action::Find, Refusal::TickedAlready));
        }
        let state = State::Verified(Verified { found: Some(found), ..verified.clone() });
        Ok(self.into_state(state))
    }

    /// Says exactly which studies are copied; weighing may start.
    ///
    /// # Errors
    /// A study is not in the archive's list as shown, is named twice, or belongs to another patient than the verified one.
    pub fn tick(self, order: Order) -> Moved {
        let cannot = |why: Refusal| Err(self.cannot(Action::Tick, why));
        let State::Verified(verified) = &self.state else {
            return cannot(Refusal::NotTickable);
        };
        let Some(found) = &verified.found else { return cannot(Refusal::NothingFound) };
        if verified.order.is_some() {
            return cannot(Refusal::TickedAlready);
        }
        if order.studies.is_empty() {
            return cannot(Refusal::NothingTicked);
        }
        if order.patient != verified.patient {
            return cannot(Refusal::OtherPatient);
        }
        let mut seen = BTreeSet::new();
        for ticked in &order.studies {
            if !seen.insert((&ticked.study.archive, &ticked.study.study_uid)) {
                return cannot(Refusal::TickedTwice { study: ticked.study.study_uid.clone() });
            }
            // The list may have changed under the cursor (W3): a study is ticked as it was shown, or not at all.
            if !found.studies.iter().any(|listed| same_study(listed, &ticked.study)) {
                return cannot(Refusal::NotListed { study: ticked.study.study_uid.clone() });
            }
        }
        let state = State::Verified(Verified { order: Some(order), ..verified.clone() });
        Ok(self.into_state(state))
    }

    /// Verified → Weighed: the goods are fetched, checked and planned, and the price is exact.
    ///
    /// # Errors
    /// Nothing was ticked, nothing was fetched, or the price is not binding.
    pub fn weigh(self, weighing: Weighing, quote: Quote) -> Moved {
        let State::Verified(verified) = &self.state else {
            return Err(self.cannot(Action::Weigh, Refusal::NotWeighing));
        };
        if verified.order.is_none() {
            return Err(self.cannot(Action::Weigh, Refusal::NothingTicked));
        }
        if !quote.answer.binding {
            return Err(self.cannot(Action::Weigh, Refusal::NotBinding));
        }
        if weighing.n_instances == 0 || weighing.goods_hash.is_empty() {
            return Err(self.cannot(Action::Weigh, Refusal::NothingFetched));
        }
        let state = State::Weighed(Weighed { verified: verified.clone(), weighing, quote });
        Ok(self.into_state(state))
    }

    /// Verified or Weighed → Stalled: finding or weighing stopped, or the quote ran out; a person decides.
    ///
    /// # Errors
    /// Nothing is under way that could stop.
    pub fn stall(self, reason: StallReason, at: Timestamp) -> Moved {
        let under_way = if let State::Weighed(weighed) = &self.state {
            Some(&weighed.verified)
        } else if let State::Verified(verified) = &self.state {
            Some(verified).filter(|verified| verified.found.is_none() || verified.order.is_some())
        } else {
            None
        };
        let verified = under_way.ok_or_else(|| self.cannot(Action::Stall, Refusal::NothingUnderWay))?.clone();
        Ok(self.into_state(State::Stalled { verified, reason, at }))
    }

    /// Stalled → Verified: finding or weighing is tried again, with what was known and ticked.
    ///
    /// # Errors
    /// It is not stalled.
    pub fn retry(self, _by: By) -> Moved {
        let State::Stalled { verified, .. } = &self.state else {
            return Err(self.cannot(Action::Retry, Refusal::NotStalled));
        };
        let state = State::Verified(verified.clone());
        Ok(self.into_state(state))
    }

    /// Weighed, being weighed, or Stalled → Verified with nothing ticked: an examination is dropped, a medium changed; what
    /// the archive listed is kept. The goods already fetched are to be wiped.
    ///
    /// # Errors
    /// Nothing is ticked.
    pub fn amend(self, _by: By) -> Moved {
        let ticked = if let State::Weighed(weighed) = &self.state {
            Some(&weighed.verified)
        } else if let State::Verified(verified) | State::Stalled { verified, .. } = &self.state {
            Some(verified).filter(|verified| verified.order.is_some())
        } else {
            None
        };
        let verified = ticked.ok_or_else(|| self.cannot(Action::Amend, Refusal::NotAmendable))?;
        let state = State::Verified(Verified { order: None, ..verified.clone() });
        Ok(self.into_state(state))
    }

    /// Weighed → Paid, all goods in one parcel that may be started at once. `local` is the payment's moment in hospital time.
    ///
    /// # Errors
    /// As [`Application::pay_in_parts`].
    pub fn pay(self, payment: Payment, local: DateTime) -> Moved {
        let studies =
            if let State::Weighed(weighed) = &self.state { ordered_studies(&weighed.verified) } else { Vec::new() };
        self.pay_in_parts(payment, local, vec![PartPlan { studies, until: None, why: String::new() }])
    }

    /// Weighed → Paid, the goods divided into parcels: a split collection, or a part that must wait.
    ///
    /// # Errors
    /// The amount is not the quote's total, the quote ran out before `local`, the receipt has no number, a study writes the
    /// patient's name otherwise and nobody has confirmed it, or the parts are not exactly the ordered studies.
    pub fn pay_in_parts(self, payment: Payment, local: DateTime, parts: Vec<PartPlan>) -> Moved {
        let cannot = |why: Refusal| Err(self.cannot(Action::Pay, why));
        let State::Weighed(weighed) = &self.state else {
            return cannot(Refusal::NotPayable);
        };
        if payment.amount != weighed.quote.answer.total {
            return cannot(Refusal::OtherAmount);
        }
        if local > weighed.quote.expires {
            return cannot(Refusal::QuoteExpired);
        }
        if payment.receipt_number < 1 {
            return cannot(Refusal::NoReceiptNumber);
        }
        let confirmed = payment.names_confirmed.as_deref().unwrap_or_default();
        let mut other_names = weighed.weighing.other_names.iter().flatten();
        if let Some(study) = other_names.find(|study| !confirmed.contains(&study.study_uid)) {
            return cannot(Refusal::NameUnconfirmed { study: study.study_uid.clone() });
        }
        let mut parted: Vec<&String> = parts.iter().flat_map(|part| &part.studies).collect();
        let mut ordered = ordered_studies(&weighed.verified);
        parted.sort();
        ordered.sort();
        if parts.iter().any(|part| part.studies.is_empty()) || !parted.into_iter().eq(ordered.iter()) {
            return cannot(Refusal::OtherParts);
        }
        let parcels = (1..)
            .zip(parts)
            .map(|(id, part)| Parcel {
                id: ParcelId(id),
                studies: part.studies,
                remake_of: None,
                state: ParcelState::Waiting { until: part.until, why: part.why },
            })
            .collect();
        let state = State::Paid(Paid { weighed: weighed.clone(), payment, parcels });
        Ok(self.into_state(state))
    }

    /// Paid → Refunded, in full, while nothing was made (A36). A stalled parcel was not made.
    ///
    /// # Errors
    /// Making has started, no reason is given, or the same account took the money.
    pub fn refund(self, by: By, reason: Private) -> Moved {
        let cannot = |why: Refusal| Err(self.cannot(Action::Refund, why));
        let State::Paid(paid) = &self.state else { return cannot(Refusal::NotPaid) };
        let untouched =
            |parcel: &Parcel| matches!(parcel.state, ParcelState::Waiting { .. } | ParcelState::Stalled { .. });
        if !paid.parcels.iter().all(untouched) {
            return cannot(Refusal::MakingStarted);
        }
        if by.staff == paid.payment.by.staff {
            return cannot(Refusal::SamePerson);
        }
        if reason.reveal().trim().is_empty() {
            return cannot(Refusal::NoReason);
        }
        let state = State::Refunded { paid: paid.clone(), by, reason };
        Ok(self.into_state(state))
    }

    /// Any state before Paid → Referred: somewhere else is the right place.
    ///
    /// # Errors
    /// It is paid or closed.
    pub fn refer(self, by: By, place: Text) -> Moved {
        let before = self.before_payment(Action::Refer)?;
        Ok(self.into_state(State::Referred { before, by, place }))
    }

    /// Any state before Paid → Refused.
    ///
    /// # Errors
    /// It is paid or closed, or no reason is given (a refusal without one is unlawful).
    pub fn refuse(self, by: By, reason: Private) -> Moved {
        let before = self.before_payment(Action::Refuse)?;
        if reason.reveal().trim().is_empty() {
            return Err(self.cannot(Action::Refuse, Refusal::NoReason));
        }
        Ok(self.into_state(State::Refused { before, by, reason }))
    }

    /// Any state before Paid → Cancelled, by the applicant (`None`) or for them by staff.
    ///
    /// # Errors
    /// It is paid or closed.
    pub fn cancel(self, by: Option<StaffId>, at: Timestamp) -> Moved {
        let before = self.before_payment(Action::Cancel)?;
        Ok(self.into_state(State::Cancelled { before, by, at }))
    }

    /// Draft or Returned → Expired, once it lay `keep_days` (a row of the rules) since it was opened or returned.
    ///
    /// # Errors
    /// It has not lain that long, or is in another state.
    pub fn expire(self, at: Timestamp, keep_days: i64) -> Moved {
        let since = if let State::Returned { by, .. } = &self.state {
            by.at
        } else if matches!(self.state, State::Draft) {
            self.opened_at
        } else {
            return Err(self.cannot(Action::Expire, Refusal::NeverExpires));
        };
        if !days_have_passed(since, at, keep_days) {
            return Err(self.cannot(Action::Expire, Refusal::TooEarlyToExpire));
        }
        let before = Box::new(self.state.clone());
        Ok(self.into_state(State::Expired { before, at }))
    }

    fn before_payment(&self, action: Action) -> Result<Box<State>, TransitionError> {
        match &self.state {
            State::Draft
            | State::Submitted(_)
            | State::Returned { .. }
            | State::Verified(_)
            | State::Weighed(_)
            | State::Stalled { .. } => Ok(Box::new(self.state.clone())),
            State::Paid(_) => Err(self.cannot(action, Refusal::Paid)),
            State::Refunded { .. }
            | State::Referred { .. }
            | State::Refused { .. }
            | State::Cancelled { .. }
            | State::Expired { .. } => Err(self.cannot(action, Refusal::Closed)),
        }
    }

    pub(crate) fn cannot(&self, action: Action, why: Refusal) -> TransitionError {
        TransitionError { from: self.state.name(), action: action.name(), parcel: None, why }
    }

    pub(crate) fn into_state(self, state: State) -> Application {
        Application { state, ..self }
    }
}

/// Whether `days` whole days lie between the two instants.
pub(crate) fn days_have_passed(since: Timestamp, at: Timestamp, days: i64) -> bool {
    at.duration_since(since) >= SignedDuration::from_hours(days.saturating_mul(24))
}

/// The Study Instance UIDs of the order.
pub(crate) fn ordered_studies(verified: &Verified) -> Vec<String> {
    let studies = verified.order.iter().flat_map(|order| &order.studies);
    studies.map(|ticked| ticked.study.study_uid.clone()).collect()
}

fn same_study(listed: &crate::FoundStudy, ticked: &crate::FoundStudy) -> bool {
    listed.archive == ticked.archive && listed.study_uid == ticked.study_uid
}
