//! A real archive: everything found and fetched from Debian's Orthanc, by each way it can be reached.

mod support;

use filmdesk_archive::{Archive, ArchiveError, FetchProgress};
use filmdesk_testkit::orthanc::Orthanc;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::{NAME, PATIENT, archive, data_sets, dimse_entry, fetch, files, key, patient_files, stocked, web_entry};

#[tokio::test]
async fn every_way_brings_the_same_studies_byte_for_byte() {
    let source = tempfile::tempdir().unwrap();
    let made = patient_files(source.path());
    let orthanc = Orthanc::start().unwrap();
    assert_eq!(orthanc.store_folder(source.path()).unwrap(), made.n_instances);
    let original = files(source.path());
    let original = data_sets(original.iter().map(PathBuf::as_path));
    let folder = format!("name = 'test'\nkind = 'folder'\npath = '{}'\n", source.path().display());
    for entry in [dimse_entry(&orthanc, "get"), dimse_entry(&orthanc, "move"), web_entry(&orthanc), folder] {
        let archive = archive(&entry);
        let report = archive.echo().await.unwrap();
        assert!(report.is_sufficient(), "{report:?}");
        let found = archive.find(&key(PATIENT)).await.unwrap();
        let mut uids: Vec<&str> = found.iter().map(|study| study.study_uid.as_str()).collect();
        let mut expected: Vec<&str> = made.studies.iter().map(String::as_str).collect();
        uids.sort_unstable();
        expected.sort_unstable();
        assert_eq!(uids, expected, "{entry}");
        let mut received = std::collections::BTreeMap::new();
        for study in &found {
            assert_eq!(study.patient_name.reveal(), NAME, "{entry}");
            // What studies are classified by: told by each series, in each archive's own way.
            let part = match study.modalities.as_slice() {
                [one] => {
                    ["CT CHEST", "MR BRAIN", "DX CHEST", "US HEART"].into_iter().find(|m| m.starts_with(one.as_str()))
                }
                _ => None,
            };
            assert_eq!(study.made.body_parts, BTreeSet::from([part.expect("one modality")[3..].to_owned()]), "{entry}");
            assert_eq!(study.made.stations, BTreeSet::from(["TESTSTATION".to_owned()]), "{entry}");
            assert_eq!(study.made.departments, BTreeSet::from(["Medical Imaging".to_owned()]), "{entry}");
            let into = tempfile::tempdir().unwrap();
            let fetched = fetch(&archive, PATIENT, &study.study_uid, into.path()).await.unwrap();
            assert_eq!(fetched.listed.len(), study.n_instances as usize, "{entry}");
            assert_eq!(files(into.path()).len(), fetched.received.len());
            check_heads(fetched.received.iter().map(|r| r.path.as_path()));
            received.extend(data_sets(fetched.received.iter().map(|r| r.path.as_path())));
        }
        assert!(received == original, "the data sets differ: {entry}");
    }
}

/// What precedes a data set is ours: an empty preamble, and a length that is the file's.
fn check_heads<'a>(paths: impl Iterator<Item = &'a Path>) {
    for path in paths {
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(&bytes[..132], [&[0; 128][..], b"DICM"].concat());
    }
}

#[tokio::test]
async fn another_patients_study_is_not_fetched_and_wildcards_are_not_asked() {
    let (_source, made, orthanc) = stocked();
    for entry in [dimse_entry(&orthanc, "get"), web_entry(&orthanc)] {
        let archive = archive(&entry);
        let into = tempfile::tempdir().unwrap();
        assert!(archive.find(&key("T7654321")).await.unwrap().is_empty());
        // Orthanc compares identifiers without regard to case; we do not.
        assert!(archive.find(&key(&PATIENT.to_lowercase())).await.unwrap().is_empty());
        let others = fetch(&archive, "T7654321", &made.studies[0], into.path()).await;
        assert!(matches!(others, Err(ArchiveError::PatientChanged { .. })), "{others:?}");
        for widening in ["", "*", "T*", "T123456?", "T1234567\\T2"] {
            assert!(matches!(archive.find(&key(widening)).await, Err(ArchiveError::PatientKey(_))));
        }
        let traversal = fetch(&archive, PATIENT, "../1.2", into.path()).await;
        assert!(matches!(traversal, Err(ArchiveError::Uid(_))));
        assert_eq!(files(into.path()), Vec::<PathBuf>::new());
    }
}

#[tokio::test]
async fn a_pacs_that_is_not_there_or_does_not_know_us_says_so() {
    let orthanc = Orthanc::start().unwrap();
    let entry = dimse_entry(&orthanc, "get");
    let wrong_title = archive(&entry.replace("called_ae = 'PACS'", "called_ae = 'OTHER'"));
    let error = wrong_title.echo().await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("archive-rejected", false), "{error}");
    assert!(error.to_string().contains("called AE title"), "{error}");
    let (http_port, dicom_port) = (orthanc.http_port.to_string(), orthanc.dicom_port.to_string());
    let web = web_entry(&orthanc);
    // An HTTP server is no PACS, and it must not take until a time-out to say so.
    let started = Instant::now();
    let error = archive(&entry.replace(&dicom_port, &http_port)).echo().await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(10), "{error}");
    drop(orthanc);
    for entry in [entry, web] {
        let error = archive(&entry).find(&key(PATIENT)).await.unwrap_err();
        assert_eq!((error.code(), error.retryable()), ("archive-unreachable", true), "{error}");
        assert!(!error.to_string().contains(PATIENT), "{error}");
    }
}

#[tokio::test]
async fn a_pacs_that_never_answers_is_given_up_in_time() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let entry = format!(
        "name = 'test'\nkind = 'dimse'\nhost = '127.0.0.1'\nport = {port}\ncalled_ae = 'A'\ncalling_ae = 'B'\n\
         connect_seconds = 1\nidle_seconds = 1\n"
    );
    let web = format!(
        "name = 'test'\nkind = 'dicom-web'\nurl = 'http://127.0.0.1:{port}'\nconnect_seconds = 1\nidle_seconds = 1\n"
    );
    for entry in [entry, web] {
        let started = Instant::now();
        let error = archive(&entry).find(&key(PATIENT)).await.unwrap_err();
        assert!(error.retryable(), "{error}");
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_move_to_a_destination_the_pacs_does_not_know_says_what_to_configure() {
    let (_source, made, orthanc) = stocked();
    let stranger = archive(&dimse_entry(&orthanc, "move").replace("'DESK'", "'NOBODY'"));
    let into = tempfile::tempdir().unwrap();
    let error = fetch(&stranger, PATIENT, &made.studies[0], into.path()).await.unwrap_err();
    assert!(!error.next().is_empty());
    assert!(matches!(error, ArchiveError::Dimse(_) | ArchiveError::Incomplete { .. }), "{error:?}");
    assert_eq!(files(into.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn progress_is_told_and_a_break_stops_at_once() {
    let (_source, made, orthanc) = stocked();
    for entry in [dimse_entry(&orthanc, "get"), dimse_entry(&orthanc, "move"), web_entry(&orthanc)] {
        let archive: Archive = archive(&entry);
        let into = tempfile::tempdir().unwrap();
        let last = AtomicU64::new(0);
        let tell = |progress: FetchProgress| {
            last.store(progress.n_received, Ordering::Relaxed);
            ControlFlow::Continue(())
        };
        archive.fetch(&key(PATIENT), &made.studies[0], into.path(), &tell).await.unwrap();
        assert_eq!(last.load(Ordering::Relaxed), 12);
        let again = tempfile::tempdir().unwrap();
        let stop = |_: FetchProgress| ControlFlow::Break(());
        let error = archive.fetch(&key(PATIENT), &made.studies[1], again.path(), &stop).await.unwrap_err();
        assert_eq!(error.code(), "cancelled");
        let parts = files(again.path()).into_iter().filter(|path| path.extension().is_some_and(|e| e == "part"));
        assert_eq!(parts.count(), 0);
    }
}
