//! A running desk reads its rules again on SIGHUP: good ones hold from then on, for the pages and for the worker; bad ones
//! are told with file, line and remedy, and the old ones stay. What was quoted keeps the tariff it was made with.

mod desk;

use desk::browser::{Browser, Site, apply, sign_in, text_of, until, verify_and_tick};
use desk::{TestDesk, filmdesk};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The hospital's rules, copied, to be edited.
fn own_rules(desk: &TestDesk) -> PathBuf {
    let folder = desk.state().with_file_name("rules");
    fs::create_dir_all(&folder).expect("folder");
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/ntuh")).expect("rules") {
        let path = entry.expect("entry").path();
        if path.is_file() {
            fs::copy(&path, folder.join(path.file_name().expect("name"))).expect("copied");
        }
    }
    folder
}

/// Replaces a text in the tariff; the line it stands on.
fn edit(rules: &Path, from: &str, to: &str) -> usize {
    let file = rules.join("fees.toml");
    let text = fs::read_to_string(&file).expect("fees");
    let at = text.find(from).unwrap_or_else(|| panic!("no {from:?} in fees.toml"));
    fs::write(&file, text.replacen(from, to, 1)).expect("fees");
    text[..at].matches('\n').count() + 1
}

fn log(site: &Site) -> String {
    site.desk.log()
}

async fn logged(site: &Site, what: &str, before: usize) -> String {
    let started = Instant::now();
    loop {
        let said = log(site).split_off(before);
        if said.contains(what) {
            return said;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "waited for {what:?}:\n{said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What the plain full form says one CT and one chest X-ray cost.
async fn cost(applicant: &mut Browser) -> String {
    let asked = [
        ("at", "2026-12-01T10:00"),
        ("kind_1", "ct"),
        ("disc_1", "yes"),
        ("kind_2", "general-x-ray"),
        ("disc_2", "yes"),
    ];
    text_of(&applicant.post("/quote", &asked).await, "total")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_desk_takes_up_good_rules_and_refuses_bad_ones() {
    let desk = TestDesk::new();
    let rules = own_rules(&desk);
    let site = Site::open(desk.with("FILMDESK_RULES", rules.display().to_string()), &[], None);
    let (mut applicant, mut counter) = (Browser::at_home(&site), sign_in(&site, "clerk").await);
    assert!(cost(&mut applicant).await.contains("400"));

    // Weighed and quoted under the tariff as it was.
    let (first, _) = apply(&mut applicant).await;
    let first = format!("/applications/{first}");
    verify_and_tick(&mut counter, &first).await;
    let page = until(&mut counter, &first, "weighed").await;
    assert!(text_of(&page, "quote-total").contains("400"), "{}", text_of(&page, "quote-total"));
    assert!(page.contains("id=\"readings\"") && page.contains("A05"), "the readings in use stand beside the quote");

    // A mistake: told with file, line and remedy, in the log and at the counter; nothing changes.
    let before = log(&site).len();
    let line = edit(&rules, "{ items = 2, twd = 400 }, ", "");
    site.hang_up();
    let said = logged(&site, "the old ones stay in force", before).await;
    let place = format!("fees.toml:{line}:");
    assert!(
        said.contains(&place) && said.contains("a tier for 2 is missing") && said.contains("without a gap"),
        "{said}"
    );
    logged(&site, "the worker keeps the old rules", before).await;
    assert!(cost(&mut applicant).await.contains("400"));
    let queue = counter.get("/").await;
    assert!(queue.contains("id=\"refused-rules\"") && queue.contains(&place), "{queue}");
    let checked = filmdesk().args(["rules", "check"]).arg(&rules).output().expect("starts");
    assert_eq!(checked.status.code(), Some(2));

    // Corrected, with another amount: it holds from now on, and the counter is quiet again.
    let before = log(&site).len();
    edit(&rules, "{ items = 1, twd = 200 }, ", "{ items = 1, twd = 200 }, { items = 2, twd = 450 }, ");
    site.hang_up();
    logged(&site, "hold from now on", before).await;
    logged(&site, "the worker read the rules again", before).await;
    assert!(cost(&mut applicant).await.contains("450"));
    assert!(!counter.get("/").await.contains("id=\"refused-rules\""));

    // The quote keeps its tariff, to the receipt; the next application is weighed under the new one.
    let page = counter.get(&first).await;
    assert!(text_of(&page, "quote-total").contains("400"), "{}", text_of(&page, "quote-total"));
    let version = desk::browser::after(&page, "id=\"pay-form\"", "value").expect("version").to_owned();
    counter.post(&format!("{first}/pay"), &[("version", &version), ("means", "cash")]).await;
    let store = site.desk.store().await;
    let number = first.rsplit('/').next().expect("a number");
    let number = filmdesk_desk::ApplicationNumber::parse(number).expect("a number");
    let application = store.application_by_number(&number).await.expect("a store").expect("an application");
    let filmdesk_desk::State::Paid(paid) = &application.state else { panic!("{}", application.state.name()) };
    assert_eq!(paid.payment.amount.dollars(), 400);

    let mut second = Browser::at_home(&site);
    let number = desk::browser::apply_at(&mut second, "450").await.0;
    let path = format!("/applications/{number}");
    verify_and_tick(&mut counter, &path).await;
    let page = until(&mut counter, &path, "weighed").await;
    assert!(text_of(&page, "quote-total").contains("450"), "{}", text_of(&page, "quote-total"));
}
