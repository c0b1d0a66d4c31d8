//! Our Storage SCP while two jobs receive: an intruder stores ten thousand objects, and not one is accepted.

mod support;

use filmdesk_archive::{Archive, FetchProgress, Fetched};
use filmdesk_dimse::{AeTitle, Association, AssociationOptions, Contexts, DimseError, Reject, StoreStatus, uid};
use filmdesk_testkit::orthanc::Orthanc;
use filmdesk_testkit::studies::{Spec, make};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use support::{PATIENT, archive, data_sets, dimse_entry, key};

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

async fn call(port: u16, calling: &str, called: &str) -> Result<Association, DimseError> {
    let contexts = Contexts::new().context(CT, &[uid::EXPLICIT_VR_LE]);
    let title = |text: &str| AeTitle::new(text).unwrap();
    Association::open(&AssociationOptions::new("127.0.0.1", port, title(called), title(calling), contexts)).await
}

/// Ten thousand objects, some under UIDs that a job expects; returns how many were offered, and accepted.
async fn intrude(port: u16, expected: Vec<String>, over: Arc<AtomicBool>) -> (u32, u32) {
    let (mut offered, mut accepted) = (0, 0);
    while offered < 10_000 && !over.load(Ordering::Relaxed) {
        let Ok(mut association) = call(port, "PACS", "DESK").await else {
            tokio::task::yield_now().await;
            continue;
        };
        while offered < 10_000 {
            let guessed = expected.get(offered as usize % (3 * expected.len()));
            let uid = guessed.cloned().unwrap_or_else(|| format!("2.25.99{offered}"));
            let Ok(status) = association.c_store(CT, &uid, uid::EXPLICIT_VR_LE, &[0; 64]).await else { break };
            offered += 1;
            accepted += u32::from(status == StoreStatus::SUCCESS);
        }
    }
    (offered, accepted)
}

async fn fetch_slowly(archive: &Archive, patient: &str, study: &str, into: &Path, over: &AtomicBool) -> Fetched {
    // Jobs go on until the intruder has had his say, so that the port is open all the while.
    loop {
        let again = tempfile::tempdir_in(into).unwrap();
        let go_on = |_: FetchProgress| ControlFlow::Continue(());
        let fetched = archive.fetch(&key(patient), study, &again.path().join("in"), &go_on).await.unwrap();
        let received = data_sets(fetched.received.iter().map(|r| r.path.as_path()));
        assert!(received.values().all(|bytes| bytes.len() > 1_000), "an intruder's object was taken");
        if over.load(Ordering::Relaxed) {
            return fetched;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_objects_of_an_intruder_while_two_jobs_run_are_all_refused() {
    let source = tempfile::tempdir().unwrap();
    let made = make(source.path(), &Spec { ct: 60, mr: 60, dx: 0, us: 0, ..Spec::default() }).unwrap();
    let orthanc = Orthanc::start().unwrap();
    orthanc.store_folder(source.path()).unwrap();
    let archive = archive(&dimse_entry(&orthanc, "move"));
    let listed = archive.list(&key(PATIENT), &made.studies[0]).await.unwrap();
    let expected: Vec<String> = listed.into_iter().map(|listing| listing.sop_instance_uid).collect();
    let (over, port) = (Arc::new(AtomicBool::new(false)), orthanc.store_port);
    let intruder = tokio::spawn(intrude(port, expected, Arc::default()));
    let into = tempfile::tempdir().unwrap();
    let both = async {
        tokio::join!(
            fetch_slowly(&archive, PATIENT, &made.studies[0], into.path(), &over),
            fetch_slowly(&archive, PATIENT, &made.studies[1], into.path(), &over)
        )
    };
    let refused = async {
        // Strangers by title and by the title they call, with the reason.
        loop {
            let reasons = (call(port, "STRANGER", "DESK").await.err(), call(port, "PACS", "OTHER").await.err());
            if let (Some(DimseError::Rejected(a)), Some(DimseError::Rejected(b))) = &reasons {
                assert_eq!((*a, *b), (Reject::CALLING_AE, Reject::CALLED_AE));
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let done = intruder.await.unwrap();
        over.store(true, Ordering::Relaxed);
        done
    };
    let ((first, second), (offered, accepted)) = tokio::join!(both, refused);
    assert_eq!((offered, accepted), (10_000, 0));
    assert_eq!((first.received.len(), second.received.len()), (60, 60));
}

/// The right titles from another address are a stranger's.
#[tokio::test]
async fn an_address_that_is_not_the_archives_is_refused() {
    let source = tempfile::tempdir().unwrap();
    let made = make(source.path(), &Spec { ct: 2, mr: 0, dx: 0, us: 0, ..Spec::default() }).unwrap();
    let orthanc = Orthanc::start().unwrap();
    orthanc.store_folder(source.path()).unwrap();
    // We find by way of one loopback address; what stores comes from another.
    let entry = dimse_entry(&orthanc, "move").replace("host = '127.0.0.1'", "host = '127.0.0.2'");
    let elsewhere = archive(&(entry + "store_address = '127.0.0.1'\n"));
    let into = tempfile::tempdir().unwrap();
    let go_on = |_: FetchProgress| ControlFlow::Continue(());
    let error = elsewhere.fetch(&key(PATIENT), &made.studies[0], into.path(), &go_on).await.unwrap_err();
    assert_eq!(error.code(), "instances-missing", "{error}");
    assert_eq!(std::fs::read_dir(into.path()).unwrap().count(), 0);
}
