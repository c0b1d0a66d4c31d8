//! The counter, from the papers to the handing over, with somebody who plays the worker.

use super::common::worker::{CODE, IMAGE, VOLUME};
use super::common::{Browser, TestDesk, apply};
use axum::http::{StatusCode, header};
use filmdesk_desk::{Clock as _, ParcelState, State};
use filmdesk_store::{Actor, AuditEntry, Change};
use jiff::SignedDuration;

/// The version an application's page shows.
async fn version(desk: &TestDesk, number: &str) -> String {
    desk.application(number).await.version.to_string()
}

const SEEN: &[(&str, &str)] = &[
    ("seen_D1", "yes"),
    ("kind_D1", "國民身分證"),
    ("last4_D1", "6789"),
    ("patient_id", "TEST-0001"),
    ("patient_id_again", "TEST-0001"),
    ("born_again", "1975-05-01"),
];

async fn post(
    desk: &TestDesk,
    clerk: &mut Browser,
    number: &str,
    what: &str,
    fields: &[(&str, &str)],
) -> super::common::Page {
    let version = version(desk, number).await;
    let mut all = fields.to_vec();
    all.push(("version", &version));
    clerk.post(&format!("/applications/{number}/{what}"), &all).await
}

async fn stage(desk: &TestDesk, number: &str) -> &'static str {
    desk.application(number).await.stage().name()
}

/// Up to the quote.
async fn weighed(desk: &TestDesk, clerk: &mut Browser) -> String {
    let (number, _) = apply(&mut desk.applicant()).await;
    post(desk, clerk, &number, "verify", SEEN).await;
    desk.worker().work().await;
    let ticked = &[("tick_2.25.1001@sample", "yes"), ("kind_2.25.1001@sample", "ct")];
    post(desk, clerk, &number, "order", ticked).await;
    desk.worker().work().await;
    assert_eq!(stage(desk, &number).await, "weighed");
    number
}

#[tokio::test]
async fn papers_find_tick_weigh_pay_make_release() {
    let desk = TestDesk::open().await;
    let mut clerk = desk.staff("clerk").await;
    for lang in ["zh", "en"] {
        let (number, code) = apply(&mut desk.applicant()).await;
        let page_of = format!("/applications/{number}");
        assert!(clerk.get(&format!("/?lang={lang}")).await.has(&number), "in the queue");
        assert_eq!(clerk.post("/scan", &[("scan", &number.to_lowercase())]).await.location(), page_of);

        let page = clerk.get(&page_of).await;
        assert!(page.has("id=\"verify-form\"") && page.has("seen_D1"), "the next step is the papers");
        assert!(!page.has("王測試") && page.has("王○試"), "masked");
        let answer = post(&desk, &mut clerk, &number, "verify", SEEN).await;
        assert_eq!(answer.location(), page_of, "{}", answer.body);
        assert_eq!(stage(&desk, &number).await, "finding");
        assert!(clerk.get(&page_of).await.has("data-live"));
        let live = clerk.get(&format!("{page_of}/progress")).await;
        assert_eq!(live.headers["x-version"].to_str().ok(), Some(version(&desk, &number).await.as_str()));

        assert!(desk.worker().work().await > 0);
        let page = clerk.get(&page_of).await;
        assert!(page.has("data-uid=\"2.25.1001\"") && page.has("胸部電腦斷層") && page.has("150"));
        let ticked = &[
            ("tick_2.25.1001@sample", "yes"),
            ("kind_2.25.1001@sample", "ct"),
            ("tick_2.25.1002@sample", "yes"),
            ("kind_2.25.1002@sample", "general-x-ray"),
        ];
        post(&desk, &mut clerk, &number, "order", ticked).await;
        assert_eq!(stage(&desk, &number).await, "weighing");
        assert!(clerk.get(&page_of).await.has("id=\"stop-job\""));
        desk.worker().work().await;

        let page = clerk.get(&page_of).await;
        assert!(page.by_id("quote-total").contains("400") && page.has(VOLUME));
        let answer = post(&desk, &mut clerk, &number, "pay", &[("means", "cash")]).await;
        assert_eq!(answer.location(), page_of, "{}", answer.body);
        assert_eq!(stage(&desk, &number).await, "waiting");
        assert!(clerk.get(&page_of).await.has("data-live"));
        let receipt = clerk.get(&format!("{page_of}/receipt.pdf")).await;
        assert!(receipt.bytes.starts_with(b"%PDF"));
        desk.worker().work().await;

        let page = clerk.get(&page_of).await;
        assert!(page.has("data-state=\"ready\"") && page.has(CODE), "{}", page.body);
        let label = clerk.get(&format!("{page_of}/parcels/1/discs/1/label.pdf")).await;
        assert!(label.bytes.starts_with(b"%PDF"));
        let image = clerk.get(&format!("{page_of}/parcels/1/discs/1/image")).await;
        assert_eq!(image.bytes, IMAGE);
        assert_eq!(image.headers[header::CONTENT_LENGTH].to_str().ok(), Some(IMAGE.len().to_string().as_str()));
        assert!(image.headers[header::CONTENT_DISPOSITION].to_str().is_ok_and(|v| v.contains("FDTEST01.iso")));

        let release = [
            ("slip_number", number.as_str()),
            ("codes", CODE),
            ("collector", "王測試"),
            ("identity_seen", "national-id"),
            ("last_four", "6789"),
        ];
        for (field, wrong) in [("codes", "AAAAAAAA"), ("last_four", "0000"), ("slip_number", "2222-2222")] {
            let fields: Vec<(&str, &str)> =
                release.iter().map(|(f, v)| if *f == field { (*f, wrong) } else { (*f, *v) }).collect();
            let stopped = post(&desk, &mut clerk, &number, "parcels/1/release", &fields).await;
            assert_eq!(stopped.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(stopped.has("id=\"stop\""), "{field} is a red stop: {}", stopped.body);
            assert_eq!(stage(&desk, &number).await, "ready");
        }
        let answer = post(&desk, &mut clerk, &number, "parcels/1/release", &release).await;
        assert_eq!(answer.location(), page_of, "{}", answer.body);
        assert_eq!(stage(&desk, &number).await, "released");
        assert!(clerk.get(&page_of).await.has("data-state=\"released\""));
        let status = desk.applicant().post("/status", &[("number", &number), ("code", &code)]).await;
        assert_eq!(status.status, StatusCode::OK);
    }
}

/// What the label of the first disc says of its content.
async fn content_on_label(desk: &TestDesk, clerk: &mut Browser, number: &str) -> Vec<String> {
    let label = clerk.get(&format!("/applications/{number}/parcels/1/discs/1/label.pdf")).await;
    assert_eq!(label.status, StatusCode::OK, "{}", label.body);
    let file = desk.folder.path().join("label.pdf");
    std::fs::write(&file, &label.bytes).expect("written");
    let output = std::process::Command::new("pdftotext").arg(&file).arg("-").output();
    let output = output.unwrap_or_else(|e| panic!("pdftotext: {e}; install poppler-utils"));
    let text = String::from_utf8(output.stdout).expect("text");
    let letters: String = text.split_whitespace().collect();
    assert!(["王○試", CODE, number].iter().all(|said| letters.contains(said)), "{text}");
    text.lines().map(str::trim).filter(|line| line.starts_with("DICOM")).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_label_says_what_the_record_of_the_disc_says_is_on_it() {
    let desk = TestDesk::open().await;
    let mut clerk = desk.staff("clerk").await;
    let number = weighed(&desk, &mut clerk).await;
    post(&desk, &mut clerk, &number, "pay", &[("means", "cash")]).await;
    desk.worker().work().await;
    for (web, said) in [(Some(true), "DICOM PLUS WEB"), (Some(false), "DICOM ONLY"), (None, "DICOM")] {
        let id = desk.application(&number).await.id;
        let entry = AuditEntry::new(desk.clock.now(), Actor::Worker("test-worker".into()), "finish");
        let change = desk.store.change(id, None, |mut application, _| {
            if let State::Paid(paid) = &mut application.state
                && let ParcelState::Ready { discs, .. } = &mut paid.parcels[0].state
            {
                discs[0].web = web;
            }
            Ok(Change::new(application, entry))
        });
        change.await.expect("changed");
        assert_eq!(content_on_label(&desk, &mut clerk, &number).await, [said]);
    }
}

/// What the first line of the label says for each moment: the day it was made, whenever it is printed.
#[tokio::test]
async fn a_label_printed_after_release_says_when_the_disc_was_made_and_is_printed_for_every_printer() {
    let desk = TestDesk::open().await;
    let mut clerk = desk.staff("clerk").await;
    let number = weighed(&desk, &mut clerk).await;
    post(&desk, &mut clerk, &number, "pay", &[("means", "cash")]).await;
    desk.worker().work().await;
    let made: jiff::Timestamp = "2026-11-20T02:00:00Z".parse().expect("a moment");
    let id = desk.application(&number).await.id;
    let by = filmdesk_desk::By { staff: filmdesk_desk::StaffId("clerk".into()), at: desk.clock.now() };
    // Released another day; then one whose record does not say: no day is better than a wrong one.
    for (made, said) in [(Some(made), Some("2026-11-20")), (None, None)] {
        let entry = AuditEntry::new(desk.clock.now(), Actor::Worker("test-worker".into()), "finish");
        let release = filmdesk_desk::Release::ByPost { by: by.clone(), tracking: filmdesk_desk::Private::new("R1") };
        let change = desk.store.change(id, None, |mut application, _| {
            if let State::Paid(paid) = &mut application.state {
                let state = &mut paid.parcels[0].state;
                if let ParcelState::Ready { discs, .. } | ParcelState::Released { discs, .. } = state.clone() {
                    let discs = discs.into_iter().map(|disc| filmdesk_desk::FinishedDisc { made, ..disc }).collect();
                    *state = ParcelState::Released { discs, release };
                }
            }
            Ok(Change::new(application, entry))
        });
        change.await.expect("changed");
        for printer in ["", "?printer=sheet", "?printer=inkjet", "?printer=thermal"] {
            let label = clerk.get(&format!("/applications/{number}/parcels/1/discs/1/label.pdf{printer}")).await;
            assert_eq!(label.status, StatusCode::OK, "{printer}: {}", label.body);
            let file = desk.folder.path().join("label.pdf");
            std::fs::write(&file, &label.bytes).expect("written");
            let output = std::process::Command::new("pdftotext").arg(&file).arg("-").output().expect("pdftotext");
            let text = String::from_utf8(output.stdout).expect("text");
            let day = text.lines().map(str::trim).find(|line| line.starts_with("20") && line.len() == 10);
            assert_eq!(day, said, "{text}");
        }
    }
    let nobody = clerk.get(&format!("/applications/{number}/parcels/1/discs/1/label.pdf?printer=laser")).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    for (lang, said) in [("zh", "圓標（熱感）"), ("en", "Label, thermal")] {
        let page = clerk.get(&format!("/applications/{number}?lang={lang}")).await;
        assert!(page.has(said) && page.has("label.pdf?printer=inkjet"), "{lang}: {}", page.body);
    }
}

/// What cannot go on the disc is named with what could be done instead, on the page of either language.
#[tokio::test]
async fn what_is_left_out_is_named_in_the_language_of_the_page_with_what_could_be_done_instead() {
    let desk = TestDesk::open().await;
    let mut clerk = desk.staff("clerk").await;
    let number = weighed(&desk, &mut clerk).await;
    let id = desk.application(&number).await.id;
    let left = filmdesk_desk::LeftOut {
        sop_instance_uid: "2.25.99".into(),
        code: "transfer-syntax-not-decodable".into(),
        reason: "particulars in English".into(),
        zh: Some("這是錄影；可申請文字報告。".into()),
        en: Some("It is a video: apply for a written report.".into()),
    };
    // Kept before there were words for both: what the code says, and what was written.
    let old = filmdesk_desk::LeftOut { reason: "an old reason".into(), zh: None, en: None, ..left.clone() };
    let entry = AuditEntry::new(desk.clock.now(), Actor::Worker("test-worker".into()), "weigh");
    let change = desk.store.change(id, None, |mut application, _| {
        if let State::Weighed(weighed) = &mut application.state {
            weighed.weighing.left_out = vec![left, old];
        }
        Ok(Change::new(application, entry))
    });
    change.await.expect("changed");
    let listed = |page: &super::common::Page| -> String {
        let list = page.body.split("id=\"left-out\"").nth(1).unwrap_or_else(|| panic!("no list: {}", page.body));
        list.split("</ul>").next().unwrap_or_default().to_owned()
    };
    let told = listed(&clerk.get(&format!("/applications/{number}?lang=zh")).await);
    assert!(told.contains("這是錄影；可申請文字報告。") && told.contains("無法解碼的壓縮方式"), "{told}");
    assert!(!told.contains("video") && !told.contains("particulars") && !told.contains("an old reason"), "{told}");
    let told = listed(&clerk.get(&format!("/applications/{number}?lang=en")).await);
    assert!(told.contains("It is a video: apply for a written report.") && told.contains("an old reason"), "{told}");
    assert!(told.contains("particulars in English") && !told.contains("錄影"), "{told}");
}

#[tokio::test]
async fn a_second_click_has_no_second_effect() {
    let desk = TestDesk::open().await;
    let mut clerk = desk.staff("clerk").await;
    let number = weighed(&desk, &mut clerk).await;
    let shown = version(&desk, &number).await;
    let fields = [("means", "cash"), ("version", shown.as_str())];
    let path = format!("/applications/{number}/pay");
    let first = clerk.post(&path, &fields).await;
    let second = clerk.post(&path, &fields).await;
    assert_eq!(first.location(), format!("/applications/{number}"));
    assert_eq!(second.location(), format!("/applications/{number}?changed=1"));
    let trail = desk.store.audit_of(desk.application(&number).await.id).await.expect("a trail");
    assert_eq!(trail.iter().filter(|row| row.action == "pay").count(), 1);
}

#[tokio::test]
async fn missing_papers_return_it_and_it_keeps_its_place() {
    let desk = TestDesk::open().await;
    let mut clerk = desk.staff("clerk").await;
    let (number, code) = apply(&mut desk.applicant()).await;
    let unseen = post(&desk, &mut clerk, &number, "verify", &[("patient_id", "TEST-0001")]).await;
    assert_eq!(unseen.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        unseen.has("href=\"#seen_D1\"")
            && unseen.has("href=\"#patient_id_again\"")
            && unseen.has("href=\"#born_again\"")
    );
    assert!(unseen.has("value=\"TEST-0001\""), "kept as typed");
    post(&desk, &mut clerk, &number, "return", &[("note", "請帶身分證正本")]).await;
    assert_eq!(stage(&desk, &number).await, "returned");
    let status = desk.applicant().post("/status?lang=en", &[("number", &number), ("code", &code)]).await;
    assert!(status.has("Papers are missing"));
    post(&desk, &mut clerk, &number, "resubmit", &[]).await;
    assert_eq!(stage(&desk, &number).await, "submitted");
}

#[tokio::test]
async fn what_stalled_says_what_who_and_next_and_can_be_tried_again() {
    let desk = TestDesk::open().await;
    let mut clerk = desk.staff("clerk").await;
    clerk.get("/?lang=en").await;
    let (number, _) = apply(&mut desk.applicant()).await;
    post(&desk, &mut clerk, &number, "verify", SEEN).await;
    desk.worker().stall("archive-unreachable").await;
    let page = clerk.get(&format!("/applications/{number}")).await;
    assert_eq!(page.by_id("stalled-code"), "archive-unreachable");
    assert!(page.has("PACS-TEST:11112") && page.has("administrator"));
    // In Chinese the code is worded; what the worker wrote in English stays out.
    clerk.get("/?lang=zh-TW").await;
    let page = clerk.get(&format!("/applications/{number}")).await;
    assert!(page.has("連不上影像系統。") && !page.has("no answer from") && !page.has("check the connection"));
    post(&desk, &mut clerk, &number, "retry", &[]).await;
    assert_eq!(stage(&desk, &number).await, "finding");
    desk.worker().work().await;
    assert_eq!(stage(&desk, &number).await, "ticking");
}

#[tokio::test]
async fn weighing_can_be_stopped_and_a_quote_amended() {
    let desk = TestDesk::open().await;
    let mut clerk = desk.staff("clerk").await;
    let number = weighed(&desk, &mut clerk).await;
    post(&desk, &mut clerk, &number, "amend", &[]).await;
    assert_eq!(stage(&desk, &number).await, "ticking");
    desk.worker().work().await;
    let none = post(&desk, &mut clerk, &number, "order", &[]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing ticked");
    // What another unit copies is not weighed here, whatever the archive said of it.
    let elsewhere = &[("tick_2.25.1003@sample", "yes"), ("kind_2.25.1003@sample", "cardiovascular")];
    let refused = post(&desk, &mut clerk, &number, "order", elsewhere).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has("須至原檢查單位申請"), "{}", refused.body);
    let unclassified = &[("tick_2.25.1003@sample", "yes"), ("kind_2.25.1003@sample", "")];
    assert_eq!(post(&desk, &mut clerk, &number, "order", unclassified).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let classified = &[
        ("tick_2.25.1003@sample", "yes"),
        ("kind_2.25.1003@sample", "ultrasound"),
        ("remember_2.25.1003@sample", "yes"),
    ];
    post(&desk, &mut clerk, &number, "order", classified).await;
    assert_eq!(stage(&desk, &number).await, "weighing");
    assert_eq!(desk.store.overlay().await.expect("an overlay").classifications.len(), 1, "remembered");
    post(&desk, &mut clerk, &number, "stop", &[]).await;
    assert_eq!(stage(&desk, &number).await, "ticking");
}

#[tokio::test]
async fn money_outside_hours_needs_a_supervisor_and_a_reason() {
    let desk = TestDesk::open().await;
    let mut clerk = desk.staff("clerk").await;
    let number = weighed(&desk, &mut clerk).await;
    desk.clock.forward(SignedDuration::from_hours(10));
    let mut clerk = desk.staff("clerk").await;
    assert!(clerk.get(&format!("/applications/{number}")).await.has("id=\"not-payable\""));
    let refused = post(&desk, &mut clerk, &number, "pay", &[("means", "cash")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let mut chief = desk.staff("chief").await;
    let silent = post(&desk, &mut chief, &number, "pay", &[("means", "cash")]).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY, "no reason");
    let reason = &[("means", "card"), ("out_of_hours", "外縣市病人（測試）")];
    post(&desk, &mut chief, &number, "pay", reason).await;
    assert_eq!(stage(&desk, &number).await, "waiting");
    // The one who took the money does not pay it back.
    let same = post(&desk, &mut chief, &number, "refund", &[("reason", "測試")]).await;
    assert_eq!(same.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn other_exits_and_what_only_a_supervisor_may() {
    let desk = TestDesk::open().await;
    let (mut clerk, mut chief) = (desk.staff("clerk").await, desk.staff("chief").await);
    let (one, _) = apply(&mut desk.applicant()).await;
    post(&desk, &mut clerk, &one, "refer", &[("venue", "medical-records")]).await;
    assert_eq!(stage(&desk, &one).await, "referred");
    let (two, _) = apply(&mut desk.applicant()).await;
    let forbidden = post(&desk, &mut clerk, &two, "refuse", &[("reason", "測試")]).await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    let silent = post(&desk, &mut chief, &two, "refuse", &[("reason", " ")]).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY, "a refusal has a reason");
    post(&desk, &mut chief, &two, "refuse", &[("reason", "測試")]).await;
    assert_eq!(stage(&desk, &two).await, "refused");
    let (three, _) = apply(&mut desk.applicant()).await;
    post(&desk, &mut clerk, &three, "cancel", &[]).await;
    assert_eq!(stage(&desk, &three).await, "cancelled");
    for number in [&one, &two, &three] {
        assert_eq!(clerk.get(&format!("/applications/{number}")).await.status, StatusCode::OK);
    }
    assert_eq!(clerk.get(&format!("/applications/{one}/audit")).await.status, StatusCode::FORBIDDEN);
    assert!(chief.get(&format!("/applications/{one}/audit")).await.has("refer"));
    assert_eq!(clerk.get("/calendar").await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        chief.post("/calendar", &[("day", "2026-11-01"), ("reason", "x")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    chief.post("/calendar", &[("day", "2026-12-01"), ("reason", "颱風（測試）")]).await;
    assert!(chief.get("/calendar").await.has("颱風"));
    let start = desk.applicant().get("/?lang=en").await;
    assert!(start.has("Wed 2 Dec 2026"), "the promise moved: {}", start.body);
}

#[tokio::test]
async fn a_faulty_disc_is_made_again_without_a_fee() {
    let desk = TestDesk::open().await;
    let (mut clerk, mut chief) = (desk.staff("clerk").await, desk.staff("chief").await);
    let number = weighed(&desk, &mut clerk).await;
    post(&desk, &mut clerk, &number, "pay", &[("means", "mobile")]).await;
    desk.worker().work().await;
    post(&desk, &mut chief, &number, "parcels/1/remake", &[]).await;
    desk.worker().work().await;
    let page = clerk.get(&format!("/applications/{number}")).await;
    assert!(
        page.has("id=\"parcel-2\"") && page.has("id=\"release-2\"") && !page.has("id=\"release-1\""),
        "{}",
        page.body
    );
}

/// A28: nuclear medicine may be paid early, and is not made before its waiting period is over.
#[tokio::test]
async fn nuclear_medicine_waits_from_the_report_on() {
    let desk = TestDesk::open().await;
    let mut clerk = desk.staff("clerk").await;
    let (number, _) = apply(&mut desk.applicant()).await;
    post(&desk, &mut clerk, &number, "verify", SEEN).await;
    desk.worker().work().await;
    let ticked = &[("tick_2.25.1003@sample", "yes"), ("kind_2.25.1003@sample", "bone-scan")];
    post(&desk, &mut clerk, &number, "order", ticked).await;
    desk.worker().work().await;
    assert!(clerk.get(&format!("/applications/{number}")).await.has("id=\"report_on\""));
    let unknown = post(&desk, &mut clerk, &number, "pay", &[("means", "cash")]).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    post(&desk, &mut clerk, &number, "pay", &[("means", "cash"), ("report_on", "2026-11-30")]).await;
    assert_eq!(stage(&desk, &number).await, "waiting");
    assert_eq!(desk.worker().work().await, 0, "nothing is made yet");
    let application = desk.application(&number).await;
    let filmdesk_desk::ParcelState::Waiting { until, why } = &application.parcels()[0].state else {
        panic!("not waiting")
    };
    assert_eq!(until.expect("a day").to_string(), "2026-12-02T16:00:00Z", "from 3 December, hospital time");
    assert_eq!(why, "clearance.nuclear-medicine");
    assert_eq!(clerk.get(&format!("/applications/{number}")).await.status, StatusCode::OK);
}
