use super::*;
use crate::find::InstanceListing;
use filmdesk_dimse::{Association, AssociationOptions, Contexts, DimseError, uid};
use tokio_util::sync::CancellationToken;

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

/// An open fetch that waits for instance 1.2.1 from PACS on loopback.
async fn waiting(port: u16, folder: &std::path::Path) -> (Expecting, Spool) {
    let entry = format!(
        "host = '127.0.0.1'\ncalled_ae = 'PACS'\ncalling_ae = 'DESK'\nstore_port = {port}\nidle_seconds = 5\nstore_without_originator = true"
    );
    let config: DimseConfig = toml::from_str(&entry).unwrap();
    let title = |text: &str| AeTitle::new(text).unwrap();
    let caller = Caller::of(&config, &title("PACS"), &title("DESK")).await.unwrap();
    let listing =
        InstanceListing { sop_instance_uid: "1.2.1".into(), sop_class_uid: CT.into(), series_uid: "1.2".into() };
    let spool = Spool::new(folder, Some(&[listing]), CancellationToken::new(), crate::gates::Gates::default()).unwrap();
    (expect(&config, None, caller, spool.clone()).await.unwrap(), spool)
}

async fn call(port: u16, calling: &str, called: &str) -> Result<Association, DimseError> {
    let contexts = Contexts::new().context(CT, &[uid::EXPLICIT_VR_LE]);
    let title = |text: &str| AeTitle::new(text).unwrap();
    Association::open(&AssociationOptions::new("127.0.0.1", port, title(called), title(calling), contexts)).await
}

#[tokio::test]
async fn only_the_expected_archive_may_store_and_only_what_is_listed() {
    let [port] = filmdesk_testkit::orthanc::free_ports().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (expecting, spool) = waiting(port, folder.path()).await;
    let stranger = call(port, "STRANGER", "DESK").await.err();
    assert!(matches!(stranger, Some(DimseError::Rejected(Reject::CALLING_AE))), "{stranger:?}");
    let elsewhere = call(port, "PACS", "OTHER").await.err();
    assert!(matches!(elsewhere, Some(DimseError::Rejected(Reject::CALLED_AE))), "{elsewhere:?}");
    let mut archive = call(port, "PACS", "DESK").await.unwrap();
    let unlisted = archive.c_store(CT, "1.2.2", uid::EXPLICIT_VR_LE, &[0; 64]).await.unwrap();
    assert_eq!(unlisted, StoreStatus::NOT_AUTHORISED);
    let no_uid = archive.c_store(CT, "../../x", uid::EXPLICIT_VR_LE, &[0; 64]).await.unwrap();
    assert_eq!(no_uid, StoreStatus::INVALID_OBJECT);
    let listed = archive.c_store(CT, "1.2.1", uid::EXPLICIT_VR_LE, &[7; 300_000]).await.unwrap();
    assert_eq!(listed, StoreStatus::SUCCESS);
    archive.release().await.unwrap();
    assert!(spool.missing().is_empty());
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert!(std::fs::read(&files[0]).unwrap().ends_with(&[7; 300_000]));
    drop(expecting);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let closed = call(port, "PACS", "DESK").await.err();
    assert!(matches!(closed, Some(DimseError::Connect { .. })), "the port stays open for nobody: {closed:?}");
}

#[tokio::test]
async fn an_intruder_with_the_right_titles_is_cut_off() {
    let [port] = filmdesk_testkit::orthanc::free_ports().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (_expecting, spool) = waiting(port, folder.path()).await;
    let mut intruder = call(port, "PACS", "DESK").await.unwrap();
    let mut refused = 0;
    for n in 0..10_000 {
        match intruder.c_store(CT, &format!("1.9.{n}"), uid::EXPLICIT_VR_LE, &[0; 64]).await {
            Ok(status) => {
                assert_eq!(status, StoreStatus::NOT_AUTHORISED);
                refused += 1;
            }
            Err(_) => break,
        }
    }
    assert!((100..200).contains(&refused), "{refused}");
    assert_eq!(spool.received().len(), 0);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
