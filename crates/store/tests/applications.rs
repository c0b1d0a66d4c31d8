//! Applications: kept as they are, changed whole or not at all, by one person at a time.

mod common;
use common::journey::{self, at, every_state, in_state, payment};
use common::{Ground, entry, step};
use filmdesk_desk::{Action, Application, ApplicationId, ParcelState, Stage, State};
use filmdesk_policy::{Answer, Cite, FeeLine, Payable, Place, ReadyTime, Reason, Referral, Text, Twd, Violation};
use filmdesk_store::{Change, ChangeError, JobKind, Lane, NewJob, QueueFilter};

on_both!(a_draft_is_opened_by_its_token, async |ground: Ground| {
    let store = ground.store().await;
    let (draft, token) = ground.draft(&store).await;
    assert_eq!(token.len(), 32, "128 bits");
    assert_eq!(store.application_by_token(&token).await.unwrap(), Some(draft.clone()));
    assert_eq!(store.application(draft.id).await.unwrap(), Some(draft.clone()));
    assert_eq!(store.application_by_number(&draft.number).await.unwrap(), Some(draft));
    assert_eq!(store.application_by_token("0".repeat(32).as_str()).await.unwrap(), None);
    assert_eq!(store.application_by_token("").await.unwrap(), None);
    assert_eq!(store.application(ApplicationId(1)).await.unwrap(), None);
});

on_both!(every_state_is_read_back_as_it_was_written, async |ground: Ground| {
    let store = ground.store().await;
    for (name, wanted) in every_state() {
        let (draft, _) = ground.draft(&store).await;
        let state = wanted.state.clone();
        let written = step(&store, &draft, Action::SaveForm, |a| Ok(Application { state, ..a })).await;
        let read = store.application(draft.id).await.unwrap().unwrap();
        assert_eq!(read, written, "{name}");
        assert_eq!(read.state, wanted.state, "{name}");
        assert_eq!(read.version, 2);
    }
});

on_both!(a_disc_recorded_before_its_web_pages_were_is_read_without_them, async |ground: Ground| {
    let store = ground.store().await;
    let (draft, _) = ground.draft(&store).await;
    let state = in_state("paid, ready").state;
    step(&store, &draft, Action::SaveForm, |a| Ok(Application { state, ..a })).await;
    let web = async || {
        let application = store.application(draft.id).await.unwrap().unwrap();
        let ParcelState::Ready { discs, .. } = &application.parcels()[0].state else { panic!("{application:?}") };
        discs[0].web
    };
    assert_eq!(web().await, Some(true));
    ground.tamper("UPDATE application SET document = replace(document, '\"web\":', '\"not-yet\":')").await;
    assert_eq!(web().await, None);
});

on_both!(a_full_answer_is_read_back, async |ground: Ground| {
    let store = ground.store().await;
    let weighed = ground.weighed(&store).await;
    let answer = full_answer();
    let written = step(&store, &weighed, Action::Weigh, |mut a| {
        if let State::Weighed(weighed) = &mut a.state {
            weighed.quote.answer = answer;
        }
        Ok(a)
    })
    .await;
    assert_eq!(store.application(weighed.id).await.unwrap().unwrap(), written);
});

fn full_answer() -> Answer {
    let text = || Text { zh: "測試".into(), en: "Test".into() };
    let why = |cite| Reason { rule: "a.b".into(), text: text(), cite, reading: Some("A05".into()) };
    let place = || Place { id: "p".into(), name: text(), address: text(), hours: text(), phone: "1".into() };
    let moment = journey::local(5);
    Answer {
        lines: vec![FeeLine {
            rule: "disc.special".into(),
            quantity: 2,
            text: text(),
            amount: Twd::restore(-1),
            cite: Cite::Law("Civil Code art. 12".into()),
            reading: None,
        }],
        standing: vec![why(Cite::Law("Civil Code art. 1138".into()))],
        place: Some(place()),
        referrals: vec![Referral { item: Some(3), places: vec![place()], why: why(Cite::Page("Fees".into())) }],
        ready: vec![
            ReadyTime::At { at: moment, why: vec![why(Cite::Proposal("A33".into()))] },
            ReadyTime::ToBeAgreed { why: vec![] },
            ReadyTime::Unknown { why: vec![] },
        ],
        payable: Payable::From { at: Some(moment), why: vec![] },
        violations: vec![Violation { code: "x".into(), field: "items[0]".into(), text: text(), cite: None }],
        assumptions: vec![text()],
        ..journey::quote().answer
    }
}

on_both!(what_a_person_typed_is_kept_to_the_last_character, async |ground: Ground| {
    let store = ground.store().await;
    let (draft, _) = ground.draft(&store).await;
    let typed = "𠮷野家\u{0} \u{feff}‘quotes’ \"and\" \\ \n\t 😀 ";
    let fields = [("name".to_owned(), journey::private(typed)), ("欄位".to_owned(), journey::private(""))];
    let saved = step(&store, &draft, Action::SaveForm, |a| a.save_form(fields.clone().into())).await;
    let read = store.application(draft.id).await.unwrap().unwrap();
    assert_eq!(read, saved);
    assert_eq!(read.form["name"].reveal(), typed);
});

on_both!(a_stale_version_is_refused, async |ground: Ground| {
    let store = ground.store().await;
    let (draft, _) = ground.draft(&store).await;
    step(&store, &draft, Action::SaveForm, |a| a.save_form([("a".to_owned(), journey::private("1"))].into())).await;
    let stale = store.change(draft.id, Some(draft.version), |a, _| Ok(Change::new(a, entry("save-form")))).await;
    assert!(matches!(stale, Err(ChangeError::Stale { expected: 1, found: 2 })), "{stale:?}");
    let gone = store.change(ApplicationId(1), None, |a, _| Ok(Change::new(a, entry("save-form")))).await;
    assert!(matches!(gone, Err(ChangeError::NotFound(ApplicationId(1)))));
});

on_both!(of_many_payments_at_once_one_counts, async |ground: Ground| {
    let store = ground.store().await;
    let weighed = ground.weighed(&store).await;
    let pay = |expected: Option<i64>| {
        let (store, id) = (store.clone(), weighed.id);
        tokio::spawn(async move {
            store
                .change(id, expected, |a, numbers| {
                    let payment = filmdesk_desk::Payment { receipt_number: numbers.next_receipt(), ..payment() };
                    let paid = a.pay(payment, journey::local(30))?;
                    Ok(Change::new(paid, entry("pay")).job(NewJob::new(JobKind::Make { parcel: journey::PARCEL })))
                })
                .await
        })
    };
    let clicks: Vec<_> = (0..20).map(|n| pay(Some(weighed.version).filter(|_| n % 2 == 0))).collect();
    let mut paid = 0;
    for click in clicks {
        match click.await.unwrap() {
            Ok(_) => paid += 1,
            Err(ChangeError::Stale { .. } | ChangeError::Transition(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(paid, 1);
    assert!(store.claim(Lane::Making, "w1").await.unwrap().is_some());
    assert!(store.claim(Lane::Making, "w2").await.unwrap().is_none(), "made once");
    let next = receipt(&store, &ground).await;
    assert_eq!(next, 2, "refused payments leave no gap");
});

async fn receipt(store: &filmdesk_store::Store, ground: &Ground) -> i64 {
    let weighed = ground.weighed(store).await;
    let paid = store.change(weighed.id, None, |a, numbers| {
        let payment = filmdesk_desk::Payment { receipt_number: numbers.next_receipt(), ..payment() };
        Ok(Change::new(a.pay(payment, journey::local(30))?, entry("pay")))
    });
    let State::Paid(paid) = paid.await.unwrap().state else { panic!("paid") };
    paid.payment.receipt_number
}

on_both!(receipts_of_many_applications_have_no_gap, async |ground: Ground| {
    let store = ground.store().await;
    let mut numbers = Vec::new();
    for _ in 0..12 {
        numbers.push(receipt(&store, &ground).await);
    }
    assert_eq!(numbers, (1..=12).collect::<Vec<i64>>());
});

on_both!(a_refused_change_leaves_nothing, async |ground: Ground| {
    let store = ground.store().await;
    let submitted = ground.submitted(&store).await;
    let audit = store.audit_of(submitted.id).await.unwrap();
    let refused = store
        .change(submitted.id, None, |a, numbers| {
            numbers.next_receipt();
            let a = a.pay(payment(), journey::local(30))?;
            Ok(Change::new(a, entry("pay")).job(NewJob::new(JobKind::Weigh)))
        })
        .await;
    assert!(matches!(refused, Err(ChangeError::Transition(_))));
    assert_eq!(store.application(submitted.id).await.unwrap().unwrap(), submitted);
    assert_eq!(store.audit_of(submitted.id).await.unwrap(), audit);
    assert!(store.progress(submitted.id).await.unwrap().is_empty());
    assert_eq!(receipt(&store, &ground).await, 1);
});

on_both!(a_writer_that_dies_half_way_is_not_seen, async |ground: Ground| {
    let store = ground.store().await;
    let submitted = ground.submitted(&store).await;
    let (id, doomed) = (submitted.id, store.clone());
    // The closure runs between the first statement and the last; the task dies there.
    let task = tokio::spawn(async move {
        doomed.change(id, None, |_, _| -> Result<Change, _> { panic!("the process dies here") }).await
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(store.application(id).await.unwrap().unwrap(), submitted);
    let verified =
        step(&store, &submitted, Action::Verify, |a| a.verify(journey::review(), journey::archive_patient()));
    assert_eq!(verified.await.version, submitted.version + 1, "the next writer does not wait for the dead one");
});

on_both!(a_queue_shows_what_is_promised_first, async |ground: Ground| {
    let store = ground.store().await;
    let (_draft, _) = ground.draft(&store).await;
    let waiting = ground.submitted(&store).await;
    let priced = ground.weighed(&store).await;
    let ids = async |filter: QueueFilter| -> Vec<ApplicationId> {
        store.queue(filter).await.unwrap().into_iter().map(|a| a.id).collect()
    };
    let open = vec![Stage::Submitted, Stage::Weighed];
    let of = |search: &str| QueueFilter { search: search.into(), stages: open.clone(), ..QueueFilter::default() };
    assert_eq!(ids(of("")).await, [priced.id, waiting.id]);
    assert_eq!(ids(QueueFilter { limit: 1, ..of("") }).await, [priced.id]);
    assert_eq!(ids(QueueFilter::default()).await.len(), 3);
    assert_eq!(ids(of(&waiting.number.to_string().to_lowercase())).await, [waiting.id]);
    assert_eq!(ids(of("王測")).await.len(), 2);
    assert_eq!(ids(of("a123456789")).await.len(), 2);
    assert_eq!(ids(of("a12345")).await.len(), 0, "a part of a number finds nobody");
    let counts = store.stage_counts().await.unwrap();
    assert_eq!(counts, [(Stage::Draft, 1), (Stage::Submitted, 1), (Stage::Weighed, 1)]);
});

on_both!(sweeps_find_what_lay_too_long, async |ground: Ground| {
    let store = ground.store().await;
    let (draft, _) = ground.draft(&store).await;
    let weighed = ground.weighed(&store).await;
    assert!(store.lying_since(at(-1)).await.unwrap().is_empty());
    assert_eq!(store.lying_since(at(0)).await.unwrap(), [draft.id]);
    assert!(store.quotes_expired(journey::local(360)).await.unwrap().is_empty(), "it may be paid at this moment");
    assert_eq!(store.quotes_expired(journey::local(361)).await.unwrap(), [weighed.id]);
    let paid = step(&store, &weighed, Action::Pay, |a| {
        let studies = |n| vec![journey::study(n).study_uid];
        let part = |n, until| filmdesk_desk::PartPlan { studies: studies(n), until, why: String::new() };
        a.pay_in_parts(payment(), journey::local(30), vec![part(1, None), part(2, Some(journey::days(3)))])
    })
    .await;
    assert!(store.quotes_expired(journey::local(361)).await.unwrap().is_empty(), "it is paid");
    assert!(store.parcels_due(journey::days(2)).await.unwrap().is_empty());
    assert_eq!(store.parcels_due(journey::days(3)).await.unwrap(), [paid.id]);
});

on_both!(the_code_on_the_slip_is_this_numbers_and_this_stores, async |ground: Ground| {
    let store = ground.store().await;
    let (one, _) = ground.draft(&store).await;
    let code = store.status_code(&one.number);
    assert_eq!(code.len(), 4);
    assert!(store.is_status_code(&one.number, &format!(" {} ", code.to_lowercase())));
    for wrong in ["", "2", "2222", &code[..3], &format!("{code}2")] {
        assert_eq!(store.is_status_code(&one.number, wrong), wrong == code, "{wrong}");
    }
    let again = filmdesk_store::Store::open(&ground.config).await.unwrap();
    assert_eq!(again.status_code(&one.number), code, "the secret is kept");
    let elsewhere = ground.another();
    let codes: Vec<String> = (0..8)
        .map(|n| filmdesk_desk::ApplicationNumber::generate([n; 7]))
        .map(|number| store.status_code(&number))
        .collect();
    let other = elsewhere.store().await;
    let others: Vec<String> =
        (0..8).map(|n| other.status_code(&filmdesk_desk::ApplicationNumber::generate([n; 7]))).collect();
    assert_ne!(codes, others);
});

on_both!(the_desk_is_closed_to_a_change_of_identity, async |ground: Ground| {
    let store = ground.store().await;
    let (draft, _) = ground.draft(&store).await;
    let other = store.change(draft.id, None, |_, _| Ok(Change::new(in_state("submitted"), entry("submit")))).await;
    assert!(other.is_err());
    assert_eq!(store.application(draft.id).await.unwrap(), Some(draft));
});
