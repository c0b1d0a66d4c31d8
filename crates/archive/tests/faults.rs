//! An archive behind a bad line: a proxy of ours cuts or stops the connection, and the fetch ends complete all the same.

mod support;

use filmdesk_archive::{ArchiveError, FetchProgress};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{PATIENT, archive, data_sets, dimse_entry, fetch, files, key, stocked, web_entry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a connection once so many bytes have come from the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Cut,
    Silence,
}

/// Passes connections on to `port`; the first `times` that carry more than `after` bytes back meet the fault.
async fn proxy(port: u16, fault: Fault, after: usize, times: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let left = Arc::new(AtomicUsize::new(times));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let archive = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            tokio::spawn(pass(client, archive, fault, after, left.clone()));
        }
    });
    own
}

async fn pass(client: TcpStream, archive: TcpStream, fault: Fault, after: usize, left: Arc<AtomicUsize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_archive, mut to_archive) = archive.into_split();
    let there = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_archive).await });
    let mut buffer = vec![0; 64 * 1024];
    let mut passed = 0;
    while let Ok(n @ 1..) = from_archive.read(&mut buffer).await {
        passed += n;
        if passed > after && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
            if fault == Fault::Silence {
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            break;
        }
        if to_client.write_all(&buffer[..n]).await.is_err() {
            break;
        }
    }
    there.abort();
}

#[tokio::test]
async fn a_line_that_breaks_twice_costs_time_and_no_instance() {
    let (source, made, orthanc) = stocked();
    let original = files(source.path());
    let original = data_sets(original.iter().map(PathBuf::as_path));
    for fault in [Fault::Cut, Fault::Silence] {
        for web in [false, true] {
            let port = if web { orthanc.http_port } else { orthanc.dicom_port };
            let through = proxy(port, fault, 2_000_000, 2).await.to_string();
            let entry = if web { web_entry(&orthanc) } else { dimse_entry(&orthanc, "get") };
            let entry = entry.replace(&port.to_string(), &through) + "idle_seconds = 1\n";
            let into = tempfile::tempdir().unwrap();
            let fetched = fetch(&archive(&entry), PATIENT, &made.studies[0], into.path()).await;
            let fetched = fetched.unwrap_or_else(|error| panic!("{fault:?}, DICOMweb {web}: {error}"));
            let received = data_sets(fetched.received.iter().map(|r| r.path.as_path()));
            assert_eq!(received.len(), 12);
            assert!(received.iter().all(|(uid, bytes)| original[uid] == *bytes));
            assert_eq!(files(into.path()).len(), 12, "no part of an object stays");
        }
    }
}

#[tokio::test]
async fn a_line_that_keeps_breaking_is_named_and_may_be_tried_again() {
    let (_source, made, orthanc) = stocked();
    let through = proxy(orthanc.dicom_port, Fault::Cut, 300_000, usize::MAX).await;
    let entry = dimse_entry(&orthanc, "get").replace(&orthanc.dicom_port.to_string(), &through.to_string());
    let into = tempfile::tempdir().unwrap();
    let error = fetch(&archive(&entry), PATIENT, &made.studies[0], into.path()).await.unwrap_err();
    assert!(error.retryable(), "{error}");
    let all_missing = matches!(&error, ArchiveError::Incomplete { missing, n_listed: 12, .. } if missing.len() == 12);
    let named = all_missing || error.code() == "archive-connection-lost";
    assert!(named, "{error}");
    assert_eq!(files(into.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn cancelling_does_not_wait_for_a_silent_archive() {
    let (_source, made, orthanc) = stocked();
    let through = proxy(orthanc.dicom_port, Fault::Silence, 1_000_000, 1).await;
    let entry = dimse_entry(&orthanc, "get").replace(&orthanc.dicom_port.to_string(), &through.to_string());
    let into = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let stop = |_: FetchProgress| match started.elapsed() > Duration::from_secs(1) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let error = archive(&entry).fetch(&key(PATIENT), &made.studies[0], into.path(), &stop).await.unwrap_err();
    assert_eq!(error.code(), "cancelled");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert!(files(into.path()).iter().all(|path| path.extension().is_some_and(|e| e == "dcm")));
}

#[tokio::test]
async fn what_lies_complete_in_the_folder_is_not_brought_again() {
    let (source, made, orthanc) = stocked();
    let original = files(source.path());
    let original = data_sets(original.iter().map(PathBuf::as_path));
    for web in [false, true] {
        let (port, entry) = match web {
            true => (orthanc.http_port, web_entry(&orthanc)),
            false => (orthanc.dicom_port, dimse_entry(&orthanc, "get")),
        };
        let into = tempfile::tempdir().unwrap();
        let first = fetch(&archive(&entry), PATIENT, &made.studies[0], into.path()).await.unwrap().received;
        // Two are gone, one is damaged, one is another study's; one was being written.
        std::fs::remove_file(&first[0].path).unwrap();
        std::fs::write(&first[1].path, [0; 600]).unwrap();
        let stranger = fetch(&archive(&entry), PATIENT, &made.studies[1], source.path().join("other").as_path()).await;
        std::fs::copy(&stranger.unwrap().received[0].path, &first[2].path).unwrap();
        std::fs::write(into.path().join("000500.part"), b"half").unwrap();
        let line = filmdesk_testkit::proxy::Proxy::start(port).unwrap();
        let again = entry.replace(&port.to_string(), &line.port.to_string());
        let fetched = fetch(&archive(&again), PATIENT, &made.studies[0], into.path()).await.unwrap();
        let received = data_sets(fetched.received.iter().map(|r| r.path.as_path()));
        assert_eq!(received.len(), 12);
        assert!(received.iter().all(|(uid, bytes)| original[uid] == *bytes));
        assert_eq!(files(into.path()).len(), 12, "nothing else stays");
        let one = first.iter().map(|received| received.len).max().unwrap();
        assert!(line.passed() > 3 * one && line.passed() < 4 * one, "{} bytes for three of {one}", line.passed());
        std::fs::remove_dir_all(source.path().join("other")).unwrap();
    }
}
