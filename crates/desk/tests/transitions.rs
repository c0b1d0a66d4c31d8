//! What each transition asks for.

mod common;
use common::*;
use filmdesk_desk::*;
use filmdesk_policy::Twd;
use std::collections::BTreeMap;

fn refused(moved: Result<Application, TransitionError>) -> String {
    let said = moved.expect_err("this must not be possible").to_string();
    said.split_once(": ").expect("what and why").1.to_owned()
}

#[test]
fn a_form_keeps_what_was_typed_before() {
    let form = |pairs: &[(&str, &str)]| -> BTreeMap<String, Private> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), private(value))).collect()
    };
    let draft = draft().save_form(form(&[("name", "王測試"), ("born", "59/1/2")])).unwrap();
    let draft = draft.save_form(form(&[("born", "民國59年1月2日")])).unwrap();
    assert_eq!(draft.form, form(&[("name", "王測試"), ("born", "民國59年1月2日")]));
}

#[test]
fn an_empty_order_is_not_submitted() {
    let mut nothing = request();
    nothing.situation.items.clear();
    assert!(refused(draft().submit(nothing, at(1))).contains("examination"));
}

#[test]
fn a_return_says_what_to_bring() {
    let empty = in_state("submitted").return_for(by("chen", at(12)), vec![], private("  "));
    assert!(refused(empty).contains("missing"));
}

#[test]
fn verifying_wants_every_original_and_the_right_patient() {
    let submitted = || in_state("submitted");
    let mut unseen = review();
    unseen.presented[0].seen = false;
    assert!(refused(submitted().verify(unseen, archive_patient())).contains("D1"));
    let nothing = DocumentReview { presented: vec![], ..review() };
    assert!(refused(submitted().verify(nothing, archive_patient())).contains("no paper"));
    for wild in ["", "  ", "T*", "T?", "A\\B"] {
        let patient = ArchivePatient { patient_id: private(wild), ..archive_patient() };
        assert!(refused(submitted().verify(review(), patient)).contains("exact"), "{wild}");
    }
    let twin = ArchivePatient { born: jiff::civil::date(1970, 1, 3), ..archive_patient() };
    assert!(refused(submitted().verify(review(), twin)).contains("birthday"));
}

#[test]
fn a_corrected_patient_is_looked_for_again() {
    let corrected = ArchivePatient { patient_id: private("T0099999"), ..archive_patient() };
    let again = in_state("verified, ticking").verify(review(), corrected.clone()).unwrap();
    let State::Verified(verified) = again.state else { panic!("verified") };
    assert_eq!((verified.patient, verified.found), (corrected, None));
}

#[test]
fn only_listed_studies_of_the_verified_patient_are_ticked_and_once() {
    let with = |change: fn(&mut Order)| {
        let mut order = order();
        change(&mut order);
        in_state("verified, ticking").tick(order)
    };
    assert!(refused(with(|order| order.studies.clear())).contains("no study"));
    assert!(refused(with(|order| order.studies[1].study.study_uid += "9")).contains("not in the archive's list"));
    assert!(refused(with(|order| order.studies[1].study.archive = "b".into())).contains("not in the archive's list"));
    assert!(refused(with(|order| order.studies[1] = order.studies[0].clone())).contains("twice"));
    assert!(refused(with(|order| order.patient.patient_id = private("T1"))).contains("verified"));
}

#[test]
fn weighing_gives_a_binding_price_for_real_goods() {
    let ticked = || in_state("verified, weighing");
    let mut estimate = quote();
    estimate.answer.binding = false;
    assert!(refused(ticked().weigh(weighing(), estimate)).contains("estimate"));
    assert!(refused(ticked().weigh(Weighing { n_instances: 0, ..weighing() }, quote())).contains("nothing"));
}

#[test]
fn an_expired_quote_stalls_and_a_retry_weighs_the_same_order() {
    let stalled = in_state("weighed").stall(stall_reason(), at(400)).unwrap();
    let again = stalled.retry(by("chen", at(401))).unwrap();
    assert_eq!(again.stage(), Stage::Weighing);
    assert_eq!(again.state, in_state("verified, weighing").state);
}

#[test]
fn amending_keeps_the_list_and_drops_the_ticks() {
    for state in ["weighed", "verified, weighing", "stalled"] {
        let amended = in_state(state).amend(by("chen", at(40))).unwrap();
        assert_eq!(amended.state, in_state("verified, ticking").state, "{state}");
    }
}

#[test]
fn payment_is_the_quote_and_once() {
    let weighed = || in_state("weighed");
    let less = Payment { amount: Twd::restore(399), ..payment() };
    assert!(refused(weighed().pay(less, local(30))).contains("total"));
    assert!(refused(weighed().pay(Payment { receipt_number: 0, ..payment() }, local(30))).contains("number"));
    assert!(weighed().pay(payment(), quote().expires).is_ok());
    let late = quote().expires + jiff::SignedDuration::from_secs(1);
    assert!(refused(weighed().pay(payment(), late)).contains("expired"));
    assert!(refused(in_state("paid, waiting").pay(payment(), local(31))).contains("only once"));
}

#[test]
fn parts_are_exactly_the_ordered_studies() {
    let part = |studies: &[u32], until| PartPlan {
        studies: studies.iter().map(|n| study(*n).study_uid).collect(),
        until,
        why: String::new(),
    };
    let pay = |parts| in_state("weighed").pay_in_parts(payment(), local(30), parts);
    for wrong in [
        vec![],
        vec![part(&[1], None)],
        vec![part(&[1, 2, 3], None)],
        vec![part(&[1, 2], None), part(&[2], None)],
        vec![part(&[1, 2], None), part(&[], None)],
    ] {
        assert!(refused(pay(wrong)).contains("exactly"));
    }
    let split = pay(vec![part(&[1], None), part(&[2], Some(days(3)))]).unwrap();
    let ids: Vec<u32> = split.parcels().iter().map(|parcel| parcel.id.0).collect();
    assert_eq!(ids, [1, 2]);
    assert!(refused(split.clone().start(ParcelId(2), at(31))).contains("waiting period"));
    assert!(split.start(ParcelId(2), days(3)).is_ok());
}

#[test]
fn a_refund_is_whole_early_and_by_somebody_else() {
    assert!(refused(in_state("paid, ready").refund(by("li", at(31)), private("x"))).contains("started"));
    assert!(refused(in_state("paid, waiting").refund(by("chen", at(31)), private("x"))).contains("somebody else"));
    assert!(refused(in_state("paid, waiting").refund(by("li", at(31)), private(" "))).contains("reason"));
    assert!(in_state("paid, stalled").refund(by("li", at(40)), private("做不出來")).is_ok());
}

#[test]
fn a_draft_expires_on_the_day_and_not_before() {
    assert!(refused(draft().expire(days(30) - jiff::SignedDuration::from_secs(1), 30)).contains("long enough"));
    assert!(draft().expire(days(30), 30).is_ok());
    assert!(in_state("returned").expire(days(30), 30).is_err(), "counted from the return, not from the opening");
    assert!(in_state("returned").expire(days(31), 30).is_ok());
}

#[test]
fn starting_again_after_a_crash_changes_nothing() {
    let making = in_state("paid, in-production");
    assert_eq!(making.clone().start(PARCEL, at(90)).unwrap(), making);
}

#[test]
fn a_set_of_discs_is_whole() {
    let finish = |discs| in_state("paid, in-production").finish(PARCEL, discs, at(33));
    assert!(refused(finish(vec![])).contains("no disc"));
    assert!(refused(finish(vec![disc(1, 2)])).contains("disc 2 of 2"));
    assert!(refused(finish(vec![disc(1, 2), FinishedDisc { code: "k7q 1m".into(), ..disc(2, 2) }])).contains("shares"));
    assert!(refused(finish(vec![FinishedDisc { n_instances: 0, ..disc(1, 1) }])).contains("empty"));
    assert!(refused(finish(vec![FinishedDisc { code: " ".into(), ..disc(1, 1) }])).contains("no code"));
    assert!(finish(vec![disc(1, 2), disc(2, 2)]).is_ok());
}

#[test]
fn release_matches_slip_discs_and_person() {
    let ready = in_state("paid, in-production").finish(PARCEL, vec![disc(1, 2), disc(2, 2)], at(33)).unwrap();
    let release =
        |codes: &[&str], last_four: &str| ready.clone().release(PARCEL, at_counter(last_four), &scan(&ready, codes));
    assert!(release(&["K7Q1M", "k7q-2m"], "6789").is_ok(), "the patient");
    assert!(release(&["K7Q1M", "K7Q2M"], "6786").is_ok(), "the agent");
    assert!(refused(release(&["K7Q1M"], "6789")).contains("not scanned"));
    assert!(refused(release(&[], "6789")).contains("not scanned"));
    assert!(refused(release(&["K7Q1M", "K7Q2M", "ZZZZZ"], "6789")).starts_with("parcel 1: stop"));
    assert!(refused(release(&["K7Q1M", "K7Q2M"], "0000")).contains("nobody's"));
    assert!(refused(release(&["K7Q1M", "K7Q2M"], "")).contains("nobody's"));
    let other_slip = Scan { slip: ApplicationNumber::generate([9; 7]), codes: vec!["K7Q1M".into(), "K7Q2M".into()] };
    assert!(refused(ready.clone().release(PARCEL, at_counter("6789"), &other_slip)).contains("slip"));
}

#[test]
fn the_patient_does_not_collect_what_their_heir_asked_for() {
    let mut request = request();
    request.situation.people.capacity = filmdesk_policy::Capacity::Heir;
    let heir = Person { name: private("王後人"), identity: private("C100000000") };
    request.applicant = Applicant { person: Some(heir), agent: None, ..request.applicant };
    let ready = ready_with(request);
    let codes = scan(&ready, &["K7Q1M"]);
    assert!(refused(ready.clone().release(PARCEL, at_counter("6789"), &codes)).contains("nobody's"));
    assert!(ready.release(PARCEL, at_counter("0000"), &codes).is_ok());
}

#[test]
fn what_is_posted_was_to_be_posted() {
    let post = || Release::ByPost { by: by("chen", at(60)), tracking: private("12345678901234567890") };
    let here = in_state("paid, ready");
    let codes = scan(&here, &["K7Q1M"]);
    assert!(refused(here.release(PARCEL, post(), &codes)).contains("at the counter"));
    let away = ready_with(posted());
    assert!(away.clone().release(PARCEL, post(), &codes).is_ok());
    let blank = Release::ByPost { by: by("chen", at(60)), tracking: private(" ") };
    assert!(refused(away.release(PARCEL, blank, &codes)).contains("registered mail"));
}

fn ready_with(request: Request) -> Application {
    let ready = || -> Result<Application, TransitionError> {
        let verified = draft().submit(request, at(10))?.verify(review(), archive_patient())?;
        let weighed = verified.found(found())?.tick(order())?.weigh(weighing(), quote())?;
        weighed.pay(payment(), local(30))?.start(PARCEL, at(31))?.finish(PARCEL, vec![disc(1, 1)], at(33))
    };
    ready().unwrap()
}

#[test]
fn a_faulty_parcel_is_made_again_once_and_never_handed_over() {
    let remade = in_state("paid, ready").remake(PARCEL, by("li", at(70)), 30).unwrap();
    assert_eq!(remade.parcels().len(), 2);
    assert_eq!(remade.parcels()[1].remake_of, Some(PARCEL));
    assert_eq!(remade.stage(), Stage::Waiting);
    let codes = scan(&remade, &["K7Q1M"]);
    assert!(refused(remade.clone().release(PARCEL, at_counter("6789"), &codes)).contains("destroy"));
    assert!(refused(remade.clone().remake(PARCEL, by("li", at(71)), 30)).contains("already"));
    assert!(remade.clone().destroy(PARCEL, by("chen", at(72)), StaffId("li".into()), 30).is_ok(), "at once");
    let same = remade.start(ParcelId(2), at(73)).unwrap().finish(ParcelId(2), vec![disc(1, 1)], at(74));
    assert!(refused(same).contains("another parcel"), "a new disc has a new code");
}

#[test]
fn a_free_remake_ends_with_its_last_day() {
    let released = || in_state("paid, released");
    let day = jiff::SignedDuration::from_hours(24);
    assert!(released().remake(PARCEL, by("li", at(60) + day * 30), 30).is_ok());
    assert!(refused(released().remake(PARCEL, by("li", at(60) + day * 31), 30)).contains("30 days"));
}

#[test]
fn destroying_takes_two_people_and_the_waiting_time() {
    let ready = || in_state("paid, ready");
    assert!(refused(ready().destroy(PARCEL, by("li", days(40)), StaffId("li".into()), 30)).contains("somebody else"));
    assert!(refused(ready().destroy(PARCEL, by("li", days(29)), StaffId("chen".into()), 30)).contains("30 days"));
}

/// W5: a name written otherwise is tolerated when a person has said so, and not before; one written alike needs nobody.
#[test]
fn names_written_otherwise_are_confirmed_before_money_is_taken() {
    let names = |study_uid: &str, names: &[&str]| StudyNames {
        study_uid: study_uid.into(),
        names: names.iter().map(|name| Private::new(*name)).collect(),
    };
    let form = Private::new("王小明");
    let alike = ["Wang^XiaoMing=王^小明", "王小明", "WANG^XIAO-MING=王小明^^=", "=王 小 明"];
    for name in alike {
        assert_eq!(StudyNames::other_than(&form, vec![names("1.2", &[name])]), [], "{name}");
    }
    let latin = Private::new("Mary-Jane O’Neil");
    assert_eq!(StudyNames::other_than(&latin, vec![names("1.2", &["ＭＡＲＹ JANE^O'NEIL"])]), []);
    for name in ["Wang^XiaoMing", "王^小朋", "王小明明", "", "Wang^XiaoMing=王^小^明^先生"] {
        let others = StudyNames::other_than(&form, vec![names("1.2", &["王^小明", name]), names("1.3", &["王^小明"])]);
        assert_eq!(others, [names("1.2", &["王^小明", name])], "{name}");
    }
    let others = Some(vec![names("1.2.3", &["王^小朋"]), names("1.2.4", &["Wang^XiaoMing"])]);
    let weighed = || {
        in_state("verified, weighing")
            .weigh(Weighing { other_names: others.clone(), ..weighing() }, quote())
            .expect("weighed")
    };
    let pay =
        |confirmed: Option<Vec<String>>| weighed().pay(Payment { names_confirmed: confirmed, ..payment() }, local(30));
    for confirmed in [None, Some(vec![]), Some(vec!["1.2.3".to_owned()]), Some(vec!["1.2.9".to_owned()])] {
        assert!(refused(pay(confirmed)).contains("name otherwise"));
    }
    pay(Some(vec!["1.2.3".to_owned(), "1.2.4".to_owned()])).expect("paid");
}
