//! kill -9 of the server at every form there is: nothing that was said is lost, and a form sent again has one effect.

mod desk;
#[path = "../../desk/tests/common/mod.rs"]
mod journey;

use desk::browser::{Browser, Site, after, apply, pay_make_release, sign_in, verify_and_tick};
use desk::fire::{Fire, Moment, each_once, nothing_lost};
use desk::{Hands, TestDesk, files_below, said};
use filmdesk_desk::{Application, State};
use filmdesk_store::{AuditVerdict, JobKind};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything that may happen only once on the way from the form to the disc.
const ONCE: [&str; 9] = ["submit", "verify", "find", "tick", "weigh", "pay", "start", "finish", "release"];

/// A desk whose server dies at every post; the samples and the accounts are made before the fire is lit.
async fn under_fire(moment: Moment, alone: bool) -> Arc<Site> {
    let desk = TestDesk::new();
    drop(desk.serve(&["--no-worker"]));
    let fire = Fire::on(&desk, moment, alone).await;
    Site::open(desk, &["--no-worker"], Some(fire))
}

async fn journey_under_fire(moment: Moment) -> Vec<String> {
    let site = under_fire(moment, false).await;
    let fire = site.fire.as_ref().expect("fire");
    let worker = site.desk.work();
    let mut applicant = Browser::at_home(&site);
    let (number, code) = apply(&mut applicant).await;
    let status = applicant.post("/status", &[("number", &number), ("code", &code)]).await;
    assert!(status.contains("status-steps"), "{status}");
    let mut counter = sign_in(&site, "clerk").await;
    let path = format!("/applications/{number}");
    verify_and_tick(&mut counter, &path).await;
    let image = pay_make_release(&mut counter, &path, &number).await;

    // The one that was sent; an opening whose answer was lost leaves an empty draft that expires by itself.
    let kept = fire.kept().await;
    let sent: Vec<_> = kept.iter().filter(|(a, _)| !matches!(a.state, State::Draft)).collect();
    assert_eq!(sent.len(), 1, "{} were sent", sent.len());
    assert!(kept.iter().filter(|(a, _)| matches!(a.state, State::Draft)).all(|(a, _)| a.form.is_empty()));
    let (application, trail) = sent[0];
    each_once(trail, &ONCE).unwrap_or_else(|twice| panic!("{twice}"));
    let State::Paid(paid) = &application.state else { panic!("it is {}", application.state.name()) };
    assert_eq!((paid.payment.receipt_number, paid.parcels.len()), (1, 1), "one receipt, one parcel");
    let mut images = files_below(&site.desk.state().join("blobs"));
    images.retain(|path| path.extension().is_some_and(|extension| extension == "iso"));
    assert_eq!(images.len(), 1, "{images:?}");
    let store = site.desk.store().await;
    assert!(matches!(store.verify_audit().await.expect("read"), AuditVerdict::Whole(_)));
    let file = site.desk.state().with_file_name("disc.iso");
    std::fs::write(&file, image).expect("written");
    let check = site.desk.run(&["check", &file.display().to_string()]);
    assert!(check.status.success(), "{}", said(&check));
    println!(
        "soak: {:?}: the server was killed at {} posts ({} of them carried out unanswered): {}",
        moment,
        fire.posts().len(),
        fire.carried_out(),
        fire.posts().join(" ")
    );
    // Negative controls: a thing done twice and a thing lost are noticed.
    let pay = trail.iter().find(|row| row.action == "pay").expect("paid").clone();
    assert!(each_once(&[trail.clone(), vec![pay]].concat(), &ONCE).is_err());
    assert!(nothing_lost(&kept, &Vec::new(), false).is_err());
    let shorter = kept.iter().map(|(a, t)| (a.clone(), t[..t.len() - 1].to_vec())).collect();
    assert!(nothing_lost(&kept, &shorter, false).is_err());
    assert!(worker.terminate().success());
    fire.posts()
}

/// A post beside the journey: the state it starts from, its address below the application's, what is typed, and the action
/// that must be in the trail once.
struct Detour(&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

const DETOURS: [Detour; 12] = [
    Detour("submitted", "/return", &[("note", "請補正本")], "return"),
    Detour("returned", "/resubmit", &[], "resubmit"),
    Detour("submitted", "/refer", &[("venue", "")], "refer"),
    Detour("submitted", "/refuse", &[("reason", "無權申請")], "refuse"),
    Detour("verified, ticking", "/find-again", &[], "verify"),
    Detour("verified, weighing", "/stop", &[], "amend"),
    Detour("stalled", "/retry", &[], "retry"),
    Detour("weighed", "/amend", &[], "amend"),
    Detour("weighed", "/cancel", &[], "cancel"),
    Detour("paid, waiting", "/refund", &[("reason", "不做了")], "refund"),
    Detour("paid, stalled", "/parcels/1/retry", &[], "retry-parcel"),
    Detour("paid, ready", "/parcels/1/remake", &[], "remake"),
];

/// An application put into a state as its transitions reach it, under a number of its own.
async fn placed(hands: &Hands, state: &str) -> Application {
    let draft =
        hands.store.open_draft(filmdesk_policy::Lang::ZhTw, hands.now, &mut rand::rng()).await.expect("a draft");
    let placed = journey::in_state(state).state;
    hands.change(draft.application.id, "placed", Vec::new(), move |a| Ok(Application { state: placed, ..a })).await
}

async fn detours_under_fire(moment: Moment) -> Vec<String> {
    let site = under_fire(moment, true).await;
    let fire = site.fire.as_ref().expect("fire");
    let hands = Hands::at(&site.desk).await;
    let mut counter = sign_in(&site, "supervisor").await;
    for Detour(state, route, typed, action) in &DETOURS {
        let application = placed(&hands, state).await;
        let path = format!("/applications/{}", application.number);
        let page = counter.get(&path).await;
        let version = application.version.to_string();
        let venue = after(&page, "id=\"venue\"", "value").unwrap_or_default().to_owned();
        let mut fields = vec![("version", version.as_str())];
        fields.extend(typed.iter().map(|(k, v)| (*k, if *k == "venue" { venue.as_str() } else { *v })));
        counter.post(&format!("{path}{route}"), &fields).await;
        let (now, trail) = fire.kept().await.into_iter().find(|(a, _)| a.id == application.id).expect("it is there");
        each_once(&trail, &[action]).unwrap_or_else(|wrong| panic!("{state}, {route}: {wrong}"));
        assert_eq!(now.version, application.version + 1, "{state}, {route}: changed once");
        let jobs = hands.store.progress(application.id).await.expect("jobs");
        let distinct: BTreeSet<_> = jobs.iter().map(|job| format!("{:?}", job.kind)).collect();
        assert!(jobs.len() <= 1 && distinct.len() == jobs.len(), "{state}, {route}: {jobs:?}");
        assert!(jobs.iter().all(|job| !matches!(job.kind, JobKind::Preview { .. })));
    }
    let day = hands.now.to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add(jiff::Span::new().days(3)).to_string();
    counter.post("/calendar", &[("day", &day), ("reason", "停電")]).await;
    assert_eq!(hands.store.overlay().await.expect("overlay").closures.len(), 1, "one closure");
    let some = fire.kept().await[0].0.number.to_string();
    counter.post("/scan", &[("scan", &some)]).await;
    counter.post("/sign-out", &[]).await;
    let mut applicant = Browser::at_home(&site);
    applicant.post("/apply", &[]).await;
    applicant.post("/apply/new", &[]).await;
    println!(
        "soak: {moment:?}: the server was killed at {} more posts ({} of them carried out unanswered)",
        fire.posts().len(),
        fire.carried_out()
    );
    fire.posts()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_after_every_answer_keeps_its_word() {
    let (journey, detours) = tokio::join!(journey_under_fire(Moment::Answered), detours_under_fire(Moment::Answered));
    no_form_was_left_out([journey, detours].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_before_every_answer_does_each_thing_once() {
    let (journey, detours) =
        tokio::join!(journey_under_fire(Moment::Unanswered), detours_under_fire(Moment::Unanswered));
    no_form_was_left_out([journey, detours].concat());
}

/// Every route of the pages that takes a form was posted to.
fn no_form_was_left_out(posts: Vec<String>) {
    let source = |file: &str| {
        std::fs::read_to_string(format!("{}/../web/src/{file}", env!("CARGO_MANIFEST_DIR"))).expect("the pages' source")
    };
    let text = ["apply/mod.rs", "status.rs", "counter/mod.rs", "print.rs"].map(source).join("\n");
    let takes_a_form = |rest: &&str| rest.split(".route(").next().is_some_and(|rest| rest.contains("post("));
    let routes: BTreeSet<&str> =
        text.split(".route(\"").skip(1).filter(takes_a_form).filter_map(|rest| rest.split('"').next()).collect();
    // An application's own number stands for every number; `/status/{number}` is `/status` with one field filled in.
    let posted: BTreeSet<String> = posts
        .iter()
        .map(|path| path.split('/').skip(if path.starts_with("/applications/") { 3 } else { 1 }))
        .map(|parts| parts.fold(String::new(), |route, part| route + "/" + if part == "1" { "{parcel}" } else { part }))
        .collect();
    let is_posted = |route: &str| match route.strip_suffix("{step}") {
        Some(before) => {
            ["items", "exams", "who", "people", "collect"].iter().all(|s| posted.contains(&format!("{before}{s}")))
        }
        None => posted.contains(route) || route == "/status/{number}",
    };
    let left_out: Vec<_> = routes.iter().filter(|route| !is_posted(route)).collect();
    assert!(left_out.is_empty(), "the server was not killed at {left_out:?}");
    assert!(routes.len() > 20, "only {routes:?}: the source reads otherwise now");
    println!("{} posts, each of the {} forms among them", posts.len(), routes.len());
}
