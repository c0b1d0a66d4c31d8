//! A second archive, strict and old: DCMTK's dcmqrscp, by C-GET and by C-MOVE.

mod support;

use filmdesk_archive::Made;
use filmdesk_testkit::dcmqrscp::Dcmqrscp;
use std::path::PathBuf;
use support::{NAME, PATIENT, archive, data_sets, dimse_entry_at, fetch, files, key, patient_files};

#[tokio::test]
async fn dcmqrscp_gives_the_same_studies_byte_for_byte() {
    let source = tempfile::tempdir().unwrap();
    let made = patient_files(source.path());
    let pacs = Dcmqrscp::start(source.path()).unwrap();
    let original = files(source.path());
    let original = data_sets(original.iter().map(PathBuf::as_path));
    for via in ["get", "move"] {
        let archive = archive(&dimse_entry_at(pacs.dicom_port, pacs.store_port, via));
        assert!(archive.echo().await.unwrap().is_sufficient());
        let found = archive.find(&key(PATIENT)).await.unwrap();
        assert_eq!(found.len(), made.studies.len());
        let mut received = std::collections::BTreeMap::new();
        for study in &found {
            assert!(NAME.starts_with(study.patient_name.reveal()), "{via}");
            // It knows modalities of series only, and nothing of stations, departments and body parts.
            assert_eq!(study.modalities.len(), 1, "{via}: {study:?}");
            assert_eq!(study.made, Made::default(), "{via}");
            let into = tempfile::tempdir().unwrap();
            let fetched = fetch(&archive, PATIENT, &study.study_uid, into.path()).await;
            let fetched = fetched.unwrap_or_else(|error| panic!("{via}: {error}\n{}", pacs.log()));
            received.extend(data_sets(fetched.received.iter().map(|r| r.path.as_path())));
        }
        assert!(received == original, "{via}: the data sets differ");
    }
}
