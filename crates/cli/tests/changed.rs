//! The archive between payment and making (W7): what changed since weighing is never made into a disc, a person decides, and
//! the order is not lost. With a folder, and with a PACS over DIMSE and over DICOMweb.

mod desk;

use desk::{Hands, PLAIN, TestDesk, files_below};
use filmdesk_desk::{By, ParcelId, ParcelState, Private, StaffId, StallReason, State};
use filmdesk_store::{JobKind, NewJob};
use filmdesk_testkit::orthanc::{AE_TITLE, DESK_AE_TITLE, Orthanc};
use filmdesk_testkit::studies::{Spec, make};
use jiff::civil::{Date, date};
use std::fs;
use std::path::{Path, PathBuf};

/// The SOP Instance UID of a file in an explicit transfer syntax.
fn uid_in(bytes: &[u8]) -> String {
    let element = b"\x08\x00\x18\x00UI";
    let at = bytes.windows(6).position(|six| six == element).expect("a SOP Instance UID") + 6;
    let len = usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    String::from_utf8(bytes[at + 2..at + 2 + len].to_vec()).expect("a UID").trim_end_matches('\0').to_owned()
}

/// The same object under a UID of its own, and that UID.
fn another(bytes: &[u8]) -> (Vec<u8>, String) {
    let uid = uid_in(bytes);
    let last = if uid.ends_with('7') { '8' } else { '7' };
    let new = format!("{}{last}", &uid[..uid.len() - 1]);
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> =
        (0..bytes.len() - uid.len()).filter(|at| bytes[*at..].starts_with(uid.as_bytes())).collect();
    places.iter().for_each(|at| bytes[*at..*at + new.len()].copy_from_slice(new.as_bytes()));
    assert!(places.len() >= 2, "in the file's meta group and in its data set");
    (bytes, new)
}

/// Weighed by a worker that then stops; `change` happens; paid, and a worker makes it: it stalls.
async fn stalled_by(
    desk: &TestDesk,
    hands: &Hands,
    patient: (&str, Date),
    change: impl FnOnce(),
) -> (filmdesk_desk::ApplicationId, StallReason) {
    let worker = desk.work();
    let id = hands.verified(patient).await;
    hands.ticked(id).await;
    hands.weighed(id).await;
    assert!(worker.terminate().success());
    change();
    hands.paid(id).await;
    let worker = desk.work();
    let reason = hands.stalled(id).await;
    assert!(worker.terminate().success());
    assert_eq!(images(desk), 0, "something was made of what changed");
    (id, reason)
}

/// Everything is as it was: trying again makes exactly what was paid.
async fn made_after_all(desk: &TestDesk, hands: &Hands, id: filmdesk_desk::ApplicationId) {
    let _worker = desk.work();
    hands.retried(id).await;
    assert_eq!(hands.made(id).await.len(), 1);
    assert_eq!(images(desk), 1);
    let trail = hands.store.audit_of(id).await.expect("the trail");
    desk::fire::each_once(&trail, &["weigh", "pay", "finish"]).unwrap_or_else(|twice| panic!("{twice}"));
}

fn images(desk: &TestDesk) -> usize {
    let files = files_below(&desk.state().join("blobs"));
    files.iter().filter(|path| path.extension().is_some_and(|e| e == "iso")).count()
}

/// What is said of instances that went: the part after that word.
fn gone_of(what: &str) -> &str {
    what.split_once("gone").map_or("", |(_, gone)| gone)
}

/// A file of the sample archive that is of this patient's CT: the folder with the most files of theirs.
fn ct_file(archive: &Path) -> PathBuf {
    let is_theirs = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a file");
        let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        has(PLAIN.0.as_bytes()) && has(b"CT CHEST")
    };
    files_below(archive).into_iter().find(is_theirs).expect("a CT of the patient")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_went_from_a_folder_stalls_and_its_return_is_made() {
    let desk = TestDesk::new();
    let _served = desk.serve(&["--no-worker"]);
    let hands = Hands::at(&desk).await;
    let file = ct_file(&desk.state().join("archive"));
    let aside = desk.state().with_file_name("aside.dcm");
    let uid = uid_in(&fs::read(&file).expect("a file"));
    let (id, reason) = stalled_by(&desk, &hands, PLAIN, || fs::rename(&file, &aside).expect("moved")).await;
    assert_eq!(reason.code, "source-changed", "{}", reason.what);
    assert!(gone_of(&reason.what).contains(&uid), "{}", reason.what);
    fs::rename(&aside, &file).expect("moved back");
    made_after_all(&desk, &hands, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_came_into_a_folder_stalls_and_can_be_refunded() {
    let desk = TestDesk::new();
    let _served = desk.serve(&["--no-worker"]);
    let hands = Hands::at(&desk).await;
    let file = ct_file(&desk.state().join("archive"));
    let (bytes, uid) = another(&fs::read(&file).expect("a file"));
    let add = || fs::write(file.with_file_name("late.dcm"), bytes).expect("written");
    let (id, reason) = stalled_by(&desk, &hands, PLAIN, add).await;
    assert_eq!(reason.code, "source-changed", "{}", reason.what);
    assert!(reason.what.contains(&uid) && !gone_of(&reason.what).contains(&uid), "{}", reason.what);
    let by = By { staff: StaffId("supervisor".to_owned()), at: hands.now };
    let refunded =
        hands.change(id, "refund", Vec::new(), move |a| a.refund(by, Private::new("the study changed"))).await;
    assert!(matches!(refunded.state, State::Refunded { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_away_when_it_is_made_stalls_with_its_reason_and_loses_nothing() {
    let desk = TestDesk::new().with("FILMDESK_WORKER_ATTEMPTS", "2");
    let _served = desk.serve(&["--no-worker"]);
    let hands = Hands::at(&desk).await;
    let (archive, away) = (desk.state().join("archive"), desk.state().with_file_name("away"));
    let (id, reason) = stalled_by(&desk, &hands, PLAIN, || fs::rename(&archive, &away).expect("moved")).await;
    assert_eq!(reason.code, "archive-folder", "{}", reason.what);
    assert!(desk.log().contains("attempt=2"), "it was tried again by itself first");
    fs::rename(&away, &archive).expect("moved back");
    made_after_all(&desk, &hands, id).await;
}

/// The hospital's rules in a folder of the test's own, and the file with its disc types and what it says.
fn own_rules() -> (tempfile::TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/ntuh")).expect("rules") {
        let path = entry.expect("entry").path();
        if path.is_file() {
            fs::copy(&path, folder.path().join(path.file_name().expect("name"))).expect("copied");
        }
    }
    let hospital = folder.path().join("hospital.toml");
    let cd = fs::read_to_string(&hospital).expect("the hospital");
    (folder, hospital, cd)
}

/// What that file says when discs are smaller, and when they are DVDs.
fn other_discs(cd: &str) -> (String, String) {
    let smaller = cd.replace("capacity_sectors = 359840", "capacity_sectors = 333000");
    let dvd = cd.replace("default = true\nenabled = true", "default = false\nenabled = true");
    let dvd = dvd.replacen(
        "STD-GEN-DVD-JPEG\"\ndefault = false\nenabled = false",
        "STD-GEN-DVD-JPEG\"\ndefault = true\nenabled = true",
        1,
    );
    (smaller, dvd)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_type_of_disc_than_was_weighed_and_paid_for_stalls_until_it_is_put_back() {
    let (folder, hospital, cd) = own_rules();
    let desk = TestDesk::new().with("FILMDESK_RULES", folder.path().display().to_string());
    let _served = desk.serve(&["--no-worker"]);
    let hands = Hands::at(&desk).await;
    // The same disc with another capacity, and another disc altogether: neither is what was planned.
    let (smaller, dvd) = other_discs(&cd);
    for (changed, told) in [(smaller, "333000 sectors"), (dvd, "dvd-4.7")] {
        assert_ne!(changed, cd);
        let made_before = images(&desk);
        let worker = desk.work();
        let id = hands.verified(PLAIN).await;
        hands.ticked(id).await;
        let weighed = hands.weighed(id).await;
        assert_eq!(weighed.weighing.medium.map(|m| m.capacity_sectors), Some(359_840));
        assert!(worker.terminate().success());
        fs::write(&hospital, changed).expect("written");
        hands.paid(id).await;
        let worker = desk.work();
        let reason = hands.stalled(id).await;
        assert!(worker.terminate().success());
        assert_eq!(reason.code, "disc-type-changed", "{}", reason.what);
        assert!(reason.what.contains("cd-80") && reason.what.contains(told), "{}", reason.what);
        assert_eq!(images(&desk), made_before, "something was made of another plan");
        fs::write(&hospital, &cd).expect("put back");
        let worker = desk.work();
        hands.retried(id).await;
        assert_eq!(hands.made(id).await.len(), 1);
        assert!(worker.terminate().success());
    }
}

/// A remake may come on another disc, but not on one of a profile its images were not prepared for.
#[tokio::test(flavor = "multi_thread")]
async fn a_remake_onto_another_profile_stalls_and_says_so_and_onto_a_smaller_disc_is_made() {
    let (folder, hospital, cd) = own_rules();
    let desk = TestDesk::new().with("FILMDESK_RULES", folder.path().display().to_string());
    let _served = desk.serve(&["--no-worker"]);
    let hands = Hands::at(&desk).await;
    let worker = desk.work();
    let id = hands.verified(PLAIN).await;
    hands.ticked(id).await;
    hands.weighed(id).await;
    hands.paid(id).await;
    hands.made(id).await;
    assert!(worker.terminate().success());
    let (smaller, dvd) = other_discs(&cd);
    let (first, second) = (ParcelId(1), ParcelId(2));
    let by = || By { staff: StaffId("clerk".to_owned()), at: hands.now };
    let job = || vec![NewJob::new(JobKind::Make { parcel: second })];
    let second_of = |a: &filmdesk_desk::Application| a.parcels().get(1).map(|parcel| parcel.state.clone());
    fs::write(&hospital, dvd).expect("written");
    let worker = desk.work();
    hands.change(id, "remake", job(), |a| a.remake(first, by(), 30)).await;
    let stalled = |a: &filmdesk_desk::Application| match second_of(a) {
        Some(ParcelState::Stalled { reason, .. }) => Some(reason),
        _ => None,
    };
    let reason = hands.wait(id, "the stall", stalled).await;
    assert!(worker.terminate().success());
    assert_eq!(reason.code, "remake-other-profile", "{}", reason.what);
    assert!(reason.what.contains("STD-GEN-CD") && reason.what.contains("STD-GEN-DVD-JPEG"), "{}", reason.what);
    assert_eq!(images(&desk), 1);
    fs::write(&hospital, smaller).expect("written");
    let _worker = desk.work();
    hands.change(id, "retry-parcel", job(), |a| a.retry_parcel(second, by())).await;
    let ready = |a: &filmdesk_desk::Application| match second_of(a) {
        Some(ParcelState::Ready { discs, .. }) => Some(discs),
        _ => None,
    };
    assert_eq!(hands.wait(id, "the remake", ready).await.len(), 1);
    assert_eq!(images(&desk), 2);
}

/// The plan that set the fee is the plan that is made: what else is on the discs may not change between the two.
#[tokio::test(flavor = "multi_thread")]
async fn discs_that_would_come_out_otherwise_than_planned_stall_until_they_are_as_planned() {
    let desk = TestDesk::new();
    let _served = desk.serve(&["--no-worker"]);
    let hands = Hands::at(&desk).await;
    let mut made = 0;
    // The last is the control: everything as it was is made at once.
    for changed in [Some("viewer"), Some("web_pages"), None] {
        let worker = desk.work();
        let id = hands.verified(PLAIN).await;
        hands.ticked(id).await;
        let planned = hands.weighed(id).await.weighing.discs;
        assert!(worker.terminate().success());
        hands.paid(id).await;
        if let Some(setting) = changed {
            let worker = desk.work_with(&format!("FILMDESK_WORKER_{}", setting.to_uppercase()), "false");
            let reason = hands.stalled(id).await;
            assert!(worker.terminate().success());
            assert_eq!(reason.code, "plan-changed", "{}", reason.what);
            assert!(reason.what.contains(&planned[0].volume_id) && reason.next.contains(setting), "{reason:?}");
            assert!(reason.what.contains(&planned[0].size_bytes.to_string()), "{}", reason.what);
            assert_eq!(images(&desk), made, "something was made of another plan");
            hands.retried(id).await;
        }
        let worker = desk.work();
        let discs = hands.made(id).await;
        assert!(worker.terminate().success());
        made += 1;
        assert_eq!(discs.len(), planned.len());
        assert_eq!((discs[0].size_bytes, discs[0].n_instances), (planned[0].size_bytes, planned[0].n_instances));
        assert_eq!(images(&desk), made);
    }
}

async fn with_orthanc(configuration: impl Fn(&Orthanc) -> String) {
    let orthanc = Orthanc::start().expect("Orthanc");
    let desk = TestDesk::new();
    let ours = desk.state().with_file_name("ours");
    let spec = |ct, dx, seed, on| Spec { ct, mr: 0, dx, us: 0, seed, date: on, ..Spec::default() };
    make(&ours.join("ct"), &spec(20, 0, 7, date(2026, 10, 5))).expect("CT");
    make(&ours.join("dx"), &spec(0, 2, 8, date(2026, 10, 12))).expect("DX");
    assert_eq!(orthanc.store_folder(&ours).expect("stored"), 22);
    fs::write(desk.state().with_file_name("filmdesk.toml"), configuration(&orthanc)).expect("configuration");
    let _served = desk.serve(&["--no-worker"]);
    let hands = Hands::at(&desk).await;
    let file = files_below(&ours.join("ct")).pop().expect("a CT image");
    let bytes = fs::read(&file).expect("a file");
    let (gone, (new_bytes, new)) = (uid_in(&bytes), another(&bytes));
    let new_file = desk.state().with_file_name("new.dcm");
    fs::write(&new_file, new_bytes).expect("written");
    let change = || {
        assert!(orthanc.delete(&gone).expect("an answer"), "it was there");
        assert_eq!(orthanc.store(std::slice::from_ref(&new_file)).expect("stored"), 1);
    };
    let (id, reason) = stalled_by(&desk, &hands, ("T1234567", date(1970, 3, 15)), change).await;
    assert_eq!(reason.code, "source-changed", "{}", reason.what);
    assert!(reason.what.contains(&gone) && reason.what.contains(&new), "{}", reason.what);
    assert!(orthanc.delete(&new).expect("an answer"));
    assert_eq!(orthanc.store(&[file]).expect("stored"), 1);
    made_after_all(&desk, &hands, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pacs_that_changed_is_noticed_over_dimse() {
    with_orthanc(|orthanc| {
        format!(
            "[[archive]]\nname = \"pacs\"\nkind = \"dimse\"\nhost = \"127.0.0.1\"\nport = {}\ncalled_ae = \"{AE_TITLE}\"\n\
             calling_ae = \"{DESK_AE_TITLE}\"\nvia = \"get\"\n",
            orthanc.dicom_port
        )
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pacs_that_changed_is_noticed_over_dicomweb() {
    with_orthanc(|orthanc| {
        format!("[[archive]]\nname = \"web\"\nkind = \"dicom-web\"\nurl = \"{}\"\n", orthanc.dicom_web_url())
    })
    .await;
}

/// Between finding and weighing: what was ticked is not what would be fetched.
#[tokio::test(flavor = "multi_thread")]
async fn a_study_that_changed_after_it_was_found_is_not_weighed() {
    let desk = TestDesk::new();
    let _served = desk.serve(&["--no-worker"]);
    let hands = Hands::at(&desk).await;
    let file = ct_file(&desk.state().join("archive"));
    let (bytes, _) = another(&fs::read(&file).expect("a file"));
    let worker = desk.work();
    let id = hands.verified(PLAIN).await;
    let found =
        |a: &filmdesk_desk::Application| matches!(&a.state, State::Verified(v) if v.found.is_some()).then_some(());
    hands.wait(id, "the find", found).await;
    assert!(worker.terminate().success());
    let late = file.with_file_name("late.dcm");
    fs::write(&late, bytes).expect("written");
    hands.ticked(id).await;
    let worker = desk.work();
    let reason = hands.stalled(id).await;
    assert_eq!(reason.code, "study-changed", "{}", reason.what);
    assert!(reason.what.contains("150 instances when it was found, and has 1 and 151 now"), "{}", reason.what);
    assert!(worker.terminate().success());
    // As it was, it is weighed: the count was the only fault.
    fs::remove_file(late).expect("removed");
    let by = By { staff: StaffId("clerk".to_owned()), at: hands.now };
    let again = vec![filmdesk_store::NewJob::new(filmdesk_store::JobKind::Weigh)];
    hands.change(id, "retry", again, move |a| a.retry(by)).await;
    let _worker = desk.work();
    hands.weighed(id).await;
}
