//! What the tests of this crate share: an archive with known contents, ways to reach it, and how results are compared.
// Each test binary uses a part of this.
#![allow(dead_code)]

use filmdesk_archive::{Archive, ArchiveConfig, ArchiveError, FetchProgress, Fetched, PatientKey};
use filmdesk_instance::{Source, read_header};
use filmdesk_testkit::orthanc::{AE_TITLE, DESK_AE_TITLE, Orthanc};
use filmdesk_testkit::studies::{self, Made, Spec};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use tempfile::TempDir;

/// The patient of [`patient_files`].
pub const PATIENT: &str = "T1234567";
/// That patient's name, as every archive must show it.
pub const NAME: &str = "TEST^WangShiYan=王^試驗";

/// A small patient: four studies, 23 instances.
pub fn patient_files(folder: &Path) -> Made {
    studies::make(folder, &Spec { ct: 12, mr: 8, dx: 1, us: 2, ..Spec::default() }).expect("write studies")
}

/// An Orthanc that holds the studies of [`patient_files`], with the folder they lie in.
pub fn stocked() -> (TempDir, Made, Orthanc) {
    let source = tempfile::tempdir().expect("a folder");
    let made = patient_files(source.path());
    let orthanc = Orthanc::start().expect("Orthanc");
    orthanc.store_folder(source.path()).expect("stored");
    (source, made, orthanc)
}

/// Whose studies to ask for.
pub fn key(patient_id: &str) -> PatientKey {
    PatientKey { patient_id: patient_id.to_owned(), issuer: None }
}

/// An archive from the text of its entry in a configuration file.
pub fn archive(entry: &str) -> Archive {
    let config: ArchiveConfig = toml::from_str(entry).expect("an entry of the configuration");
    Archive::new(config).expect("an archive")
}

/// The entry for an Orthanc over DIMSE.
pub fn dimse_entry(orthanc: &Orthanc, via: &str) -> String {
    dimse_entry_at(orthanc.dicom_port, orthanc.store_port, via)
}

/// The entry for a test archive over DIMSE, by its ports.
pub fn dimse_entry_at(dicom_port: u16, store_port: u16, via: &str) -> String {
    format!(
        "name = 'test'\nkind = 'dimse'\nhost = '127.0.0.1'\nport = {dicom_port}\ncalled_ae = '{AE_TITLE}'\n\
         calling_ae = '{DESK_AE_TITLE}'\nvia = '{via}'\nstore_port = {store_port}\n"
    )
}

/// The entry for an Orthanc over DICOMweb.
pub fn web_entry(orthanc: &Orthanc) -> String {
    format!("name = 'test'\nkind = 'dicom-web'\nurl = '{}'\n", orthanc.dicom_web_url())
}

/// Fetches without looking at the progress.
pub async fn fetch(archive: &Archive, patient: &str, study: &str, into: &Path) -> Result<Fetched, ArchiveError> {
    archive.fetch(&key(patient), study, into, &|_: FetchProgress| ControlFlow::Continue(())).await
}

/// The data sets of Part 10 files by SOP Instance UID.
pub fn data_sets<'a>(files: impl IntoIterator<Item = &'a Path>) -> BTreeMap<String, Vec<u8>> {
    let read = |path: &Path| {
        let header = read_header(&Source::file(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let bytes = std::fs::read(path).expect("read back");
        (header.sop_instance_uid, bytes[usize::try_from(header.dataset_offset).expect("a length")..].to_vec())
    };
    files.into_iter().map(read).collect()
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    found.sort();
    found
}
