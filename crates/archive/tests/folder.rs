//! A folder as an archive: what changes is seen, what stays is not read again, and what contradicts itself is refused.

mod support;

use filmdesk_archive::{Archive, ArchiveConfig, ArchiveError, ArchiveKind};
use filmdesk_instance::{Document, Header, InProcess, Inspector, Refusal, Source};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{PATIENT, fetch, files, key, patient_files};

/// The product's inspector, counting what it is shown.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Inspector for Counting {
    fn inspect(&self, sources: &[Source]) -> Vec<Result<Header, Refusal>> {
        self.0.fetch_add(sources.len(), Ordering::Relaxed);
        InProcess.inspect(sources)
    }
    fn transcode(&self, from: &Path, to: &Path) -> Result<Header, Refusal> {
        InProcess.transcode(from, to)
    }
    fn preview(&self, source: &Source, frame: u32, max_side: u32) -> Result<Vec<u8>, Refusal> {
        InProcess.preview(source, frame, max_side)
    }
    fn document(&self, source: &Source) -> Result<Document, Refusal> {
        InProcess.document(source)
    }
}

fn open(path: &Path, inspector: &Arc<Counting>, index: Option<PathBuf>) -> Archive {
    let config = ArchiveConfig { name: "test".into(), kind: ArchiveKind::Folder { path: path.to_owned() } };
    Archive::open(config, inspector.clone(), index).unwrap()
}

async fn n_instances(archive: &Archive) -> u32 {
    archive.find(&key(PATIENT)).await.unwrap().iter().map(|study| study.n_instances).sum()
}

#[tokio::test]
async fn a_second_start_reads_the_index_and_only_what_changed() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    patient_files(folder.path());
    fs::write(folder.path().join("notes.txt"), "not an image").unwrap();
    let index = state.path().join("index.json");
    let first = Arc::new(Counting::default());
    assert_eq!(n_instances(&open(folder.path(), &first, Some(index.clone()))).await, 23);
    assert_eq!(first.0.load(Ordering::Relaxed), 24);
    assert_eq!(fs::metadata(&index).unwrap().permissions().mode() & 0o777, 0o600);
    let second = Arc::new(Counting::default());
    let archive = open(folder.path(), &second, Some(index.clone()));
    assert_eq!(n_instances(&archive).await, 23);
    assert_eq!(second.0.load(Ordering::Relaxed), 0);
    let all = files(folder.path());
    fs::remove_file(&all[0]).unwrap();
    fs::create_dir(folder.path().join("below")).unwrap();
    fs::rename(&all[1], folder.path().join("below/moved")).unwrap();
    assert_eq!(n_instances(&archive).await, 22);
    assert_eq!(second.0.load(Ordering::Relaxed), 1, "only the moved file is new");
    fs::write(&index, "{ not an index").unwrap();
    let third = Arc::new(Counting::default());
    assert_eq!(n_instances(&open(folder.path(), &third, Some(index))).await, 22);
    assert_eq!(third.0.load(Ordering::Relaxed), 23);
}

#[tokio::test]
async fn the_same_object_twice_is_one_and_two_objects_of_one_uid_are_a_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let made = patient_files(folder.path());
    let archive = open(folder.path(), &Arc::new(Counting::default()), None);
    let one = files(folder.path())[0].clone();
    let copy = folder.path().join("copy.dcm");
    fs::copy(&one, &copy).unwrap();
    let into = tempfile::tempdir().unwrap();
    let fetched = fetch(&archive, PATIENT, &made.studies[0], into.path()).await.unwrap();
    assert_eq!((fetched.received.len(), files(into.path()).len()), (12, 12));
    let mut bytes = fs::read(&one).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&copy, bytes).unwrap();
    let into = tempfile::tempdir().unwrap();
    let error = fetch(&archive, PATIENT, &made.studies[0], into.path()).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Conflict { .. }), "{error}");
    assert!(!error.retryable());
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let nowhere = tempfile::tempdir().unwrap().path().join("nowhere");
    let error = open(&nowhere, &Arc::new(Counting::default()), None).find(&key(PATIENT)).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("archive-folder", true));
    assert!(error.to_string().contains("nowhere"));
}

#[tokio::test]
async fn an_empty_folder_has_no_studies_and_a_spool_without_room_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let archive = open(folder.path(), &Arc::new(Counting::default()), None);
    assert!(archive.find(&key(PATIENT)).await.unwrap().is_empty());
    let made = patient_files(folder.path());
    let full = fetch(&archive, PATIENT, &made.studies[0], Path::new("/dev/full/spool")).await.unwrap_err();
    assert_eq!(full.code(), "spool");
    assert!(!full.retryable());
}
