//! The generators write what they say, readable by a library that is not ours.

use dicom_dictionary_std::tags;
use filmdesk_testkit::{samples, studies};
use jiff::civil::date;
use std::path::{Path, PathBuf};

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn the_sample_archive_is_what_it_lists() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let patients = samples::write_sample_archive(folder.path(), date(2026, 12, 1)).expect("written");
    let files = files_below(folder.path());
    let listed: u32 = patients.iter().flat_map(|p| &p.studies).map(|s| s.n_instances).sum();
    assert_eq!(files.len(), listed as usize);
    let bytes: u64 = files.iter().map(|f| f.metadata().expect("metadata").len()).sum();
    assert!((100_000_000..250_000_000).contains(&bytes), "{bytes} bytes");
    let mut seen = std::collections::BTreeSet::new();
    for path in &files {
        let object = dicom_object::open_file(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let text =
            |tag| object.element(tag).expect("element").to_str().expect("text").trim_end_matches('\0').to_owned();
        assert!(seen.insert(text(tags::SOP_INSTANCE_UID)), "a SOP Instance UID twice");
        let patient =
            patients.iter().find(|p| p.patient_id == text(tags::PATIENT_ID).trim()).expect("a listed patient");
        assert!(patient.studies.iter().any(|s| s.study_uid == text(tags::STUDY_INSTANCE_UID)));
    }
    let modalities: std::collections::BTreeSet<_> =
        patients.iter().flat_map(|p| &p.studies).flat_map(|s| s.modalities.clone()).collect();
    assert_eq!(
        modalities.into_iter().collect::<Vec<_>>(),
        ["CT", "DOC", "DX", "MG", "MR", "NM", "OT", "PT", "SR", "US"]
    );
}

#[test]
fn run_length_pixels_decode_to_what_was_drawn() {
    use dicom_pixeldata::PixelDecoder;
    let folder = tempfile::tempdir().expect("temporary folder");
    samples::write_sample_archive(folder.path(), date(2026, 12, 1)).expect("written");
    let object = dicom_object::open_file(folder.path().join("P07/S01/000001.dcm")).expect("opens");
    let decoded = object.decode_pixel_data_frame(3).expect("decodes");
    let drawn = filmdesk_testkit::phantom::ultrasound(480, 640, 3.0 / 40.0, 3).rgb([1.0, 0.95, 0.85]);
    assert!(decoded.data() == drawn.as_slice(), "pixels differ");
}

#[test]
fn studies_of_any_size_are_the_same_for_the_same_seed() {
    let spec = studies::Spec { ct: 5, mr: 4, dx: 1, us: 2, ..studies::Spec::default() };
    let (a, b) = (tempfile::tempdir().expect("a"), tempfile::tempdir().expect("b"));
    let made = studies::make(a.path(), &spec).expect("made");
    studies::make(b.path(), &spec).expect("made");
    assert_eq!((made.n_instances, made.studies.len()), (12, 4));
    for path in files_below(a.path()) {
        let other = b.path().join(path.file_name().expect("name"));
        assert!(std::fs::read(&path).expect("a") == std::fs::read(other).expect("b"), "{}", path.display());
    }
}
