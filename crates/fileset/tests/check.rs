//! What the checker accepts, and that it catches everything else.

mod support;

use filmdesk_fileset::{
    CheckOptions, CheckReport, ExpectedPatient, FileTree, FolderTree, Severity, SourceObject, check, profile,
};
use filmdesk_instance::{InProcess, Inspector, Source, read_header};
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE, IMPLICIT_LE};
use support::*;

fn check_disc(medium: &Medium) -> CheckReport {
    check_with(medium, &CheckOptions::default())
}

fn check_with(medium: &Medium, options: &CheckOptions) -> CheckReport {
    check(&FolderTree::open(&medium.root()).unwrap(), &InProcess, options)
}

fn everyday() -> Vec<DataSet> {
    let mut objects: Vec<_> = (1..=3).map(|number| object(CT, "CT", 1, 1, number)).collect();
    objects.extend([report(SR, 1, 2, 1), report(KO, 1, 3, 1), presentation(1, 4, 1), pdf(2, 2, 1)]);
    objects
}

fn sources_of(medium: &Medium) -> Vec<SourceObject> {
    let objects =
        medium.sources.iter().map(|(source, header)| SourceObject { source: source.clone(), header: header.clone() });
    objects.collect()
}

/// Asserts that checking finds exactly one kind of error, and which.
#[track_caller]
fn finds(medium: &Medium, options: &CheckOptions, code: &str) {
    let report = check_with(medium, options);
    let mut codes: Vec<&str> =
        report.findings.iter().filter(|f| f.severity == Severity::Error).map(|f| f.code).collect();
    codes.dedup();
    assert_eq!(codes, [code], "{:#?}", report.findings);
}

#[test]
fn what_is_made_here_is_found_good_and_proven_equal_to_its_sources() {
    let medium = make(&everyday());
    let sources = sources_of(&medium);
    let patient = ExpectedPatient { patient_id: "TEST-0001".into(), issuer: None };
    let options = CheckOptions {
        profile: Some(&profile::STD_GEN_CD),
        sources: Some(&sources),
        patient: Some(&patient),
        ..CheckOptions::default()
    };
    let report = check_with(&medium, &options);
    assert_eq!(report.findings, []);
    assert_eq!((report.n_instances, report.n_proven_equal, report.n_patients), (7, 7, 1));
    assert_eq!((report.n_studies, report.n_series, report.n_files), (2, 5, 8));
}

#[test]
fn one_object_of_every_sop_class_is_found_good() {
    let report = check_disc(&make(&one_of_each()));
    assert!(report.is_good(), "{:#?}", report.findings);
}

#[test]
fn a_file_that_is_not_referenced_is_found_by_its_folder_or_its_magic() {
    let medium = make(&everyday());
    std::fs::write(medium.path_of("DICOM/ST000001/NOTES"), "no DICOM, but among instances").unwrap();
    finds(&medium, &CheckOptions::default(), "file-not-referenced");

    let medium = make(&everyday());
    std::fs::create_dir(medium.path_of("EXTRA")).unwrap();
    std::fs::write(medium.path_of("EXTRA/IM000001"), object(CT, "CT", 9, 9, 9).part10(EXPLICIT_LE)).unwrap();
    std::fs::write(medium.path_of("README.TXT"), "other content is allowed beside the instances").unwrap();
    finds(&medium, &CheckOptions::default(), "file-not-referenced");
}

#[test]
fn a_missing_file_a_truncated_file_and_a_missing_index_are_found() {
    let medium = make(&everyday());
    std::fs::remove_file(medium.path_of("DICOM/ST000001/SE000001/IM000002")).unwrap();
    finds(&medium, &CheckOptions::default(), "file-missing");

    let medium = make(&everyday());
    let path = medium.path_of("DICOM/ST000001/SE000001/IM000002");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 2]).unwrap();
    finds(&medium, &CheckOptions::default(), "file-unreadable");

    let medium = make(&everyday());
    std::fs::remove_file(medium.dicomdir()).unwrap();
    finds(&medium, &CheckOptions::default(), "dicomdir-missing");
}

#[test]
fn files_that_changed_places_are_found() {
    let medium = make(&everyday());
    let [a, b] = ["IM000001", "IM000002"].map(|name| medium.path_of(&format!("DICOM/ST000001/SE000001/{name}")));
    let (in_a, in_b) = (std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
    std::fs::write(&a, in_b).unwrap();
    std::fs::write(&b, in_a).unwrap();
    let report = check_disc(&medium);
    assert!(report.has("sop-instance-differs") && report.has("key-differs"), "{:#?}", report.findings);
}

#[test]
fn another_patient_among_the_files_is_found() {
    let medium = make(&everyday());
    let mut stranger = object(CT, "CT", 1, 1, 2);
    stranger.text((0x10, 0x20), "LO", "TEST-0002");
    std::fs::write(medium.path_of("DICOM/ST000001/SE000001/IM000002"), stranger.part10(EXPLICIT_LE)).unwrap();
    finds(&medium, &CheckOptions::default(), "identity-differs");

    let expected = ExpectedPatient { patient_id: "TEST-0009".into(), issuer: None };
    finds(&make(&everyday()), &CheckOptions { patient: Some(&expected), ..CheckOptions::default() }, "wrong-patient");
}

#[test]
fn two_patients_on_one_medium_are_found_unless_asked_for() {
    let mut other = object(CT, "CT", 5, 1, 1);
    other.text((0x10, 0x20), "LO", "TEST-0002");
    let medium = make(&[object(CT, "CT", 1, 1, 1), other]);
    finds(&medium, &CheckOptions::default(), "more-than-one-patient");
    assert!(check_with(&medium, &CheckOptions { many_patients: true, ..CheckOptions::default() }).is_good());
}

#[test]
fn a_second_record_for_one_patient_is_found() {
    let mut other = object(CT, "CT", 5, 1, 1);
    other.text((0x10, 0x20), "LO", "TEST-0002");
    let medium = make(&[object(CT, "CT", 1, 1, 1), other]);
    let bytes = medium.file_set.dicomdir();
    let at = bytes.windows(9).position(|window| window == b"TEST-0002").unwrap();
    let mut twice = bytes.clone();
    twice[at + 8] = b'1';
    std::fs::write(medium.dicomdir(), twice).unwrap();
    let report = check_with(&medium, &CheckOptions { many_patients: true, ..CheckOptions::default() });
    assert!(report.has("patient-twice") && report.has("key-differs"), "{:#?}", report.findings);
}

#[test]
fn names_are_compared_to_the_last_component_group_whatever_the_character_set() {
    // The same name in Big5-free GB18030 and in UTF-8: the directory says it once, in UTF-8.
    let mut gb = object(CT, "CT", 1, 1, 1);
    gb.text((8, 5), "CS", "GB18030");
    let name = [b"TEST^FILESET=".as_slice(), &[0xCD, 0xF5], b"^", &[0xB2, 0xE2, 0xD4, 0x87]].concat();
    gb.bytes((0x10, 0x10), "PN", name);
    for (tag, vr) in [((8, 0x1030), "LO"), ((8, 0x103E), "LO")] {
        gb.text(tag, vr, "CHEST");
    }
    let medium = make(&[gb]);
    assert!(check_disc(&medium).is_good());

    // Another second group, same first one.
    let mut other = object(CT, "CT", 1, 1, 1);
    other.text((0x10, 0x10), "PN", "TEST^FILESET=林^測試");
    let medium = make(&[object(CT, "CT", 1, 1, 1)]);
    std::fs::write(medium.path_of("DICOM/ST000001/SE000001/IM000001"), other.part10(EXPLICIT_LE)).unwrap();
    finds(&medium, &CheckOptions::default(), "key-differs");
}

#[test]
fn one_patient_in_two_spellings_is_a_warning() {
    let mut other = object(CT, "CT", 1, 1, 2);
    other.text((0x10, 0x10), "PN", "TEST^FILE SET");
    let report = check_disc(&make(&[object(CT, "CT", 1, 1, 1), other]));
    assert!(report.is_good() && report.has("key-not-uniform"), "{:#?}", report.findings);
}

#[test]
fn a_lost_an_added_and_a_changed_instance_are_found_against_the_sources() {
    let medium = make(&everyday());
    let mut sources = sources_of(&medium);
    let lost = sources.pop().unwrap();
    finds(&medium, &CheckOptions { sources: Some(&sources), ..CheckOptions::default() }, "instance-not-in-sources");

    let source = Source::file(medium.folder.path().join("sources/more"));
    std::fs::write(&source.path, object(CT, "CT", 8, 8, 8).part10(EXPLICIT_LE)).unwrap();
    let header = read_header(&source).unwrap();
    sources.extend([lost, SourceObject { source, header }]);
    finds(&medium, &CheckOptions { sources: Some(&sources), ..CheckOptions::default() }, "instance-not-delivered");

    let medium = make(&everyday());
    let sources = sources_of(&medium);
    let path = medium.path_of("DICOM/ST000001/SE000001/IM000001");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1; // a pixel
    std::fs::write(&path, bytes).unwrap();
    finds(&medium, &CheckOptions { sources: Some(&sources), ..CheckOptions::default() }, "data-set-differs");
}

#[test]
fn a_transfer_syntax_outside_the_profile_is_found() {
    let options = CheckOptions { profile: Some(&profile::STD_CTMR_CD), ..CheckOptions::default() };
    let medium = make_with(&[object(CT, "CT", 1, 1, 1)], &profile::STD_CTMR_CD);
    assert_eq!(check_with(&medium, &options).findings, []);
    finds(&make(&[object(CT, "CT", 1, 1, 1)]), &options, "key-missing"); // Rows and Columns are keys there
    let implicit = object(CT, "CT", 1, 1, 1).part10(IMPLICIT_LE);
    std::fs::write(medium.path_of("DICOM/ST000001/SE000001/IM000001"), implicit).unwrap();
    let report = check_disc(&medium);
    assert!(report.has("transfer-syntax-not-in-profile") && report.has("transfer-syntax-differs"));
}

#[test]
fn what_was_decoded_for_the_medium_is_decoded_again_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let [implicit, explicit] = ["implicit", "explicit"].map(|name| folder.path().join(name));
    std::fs::write(&implicit, object(CT, "CT", 1, 1, 1).part10(IMPLICIT_LE)).unwrap();
    InProcess.transcode(&implicit, &explicit).unwrap();
    let medium = make_of_files(tempfile::tempdir().unwrap(), &[explicit], &profile::STD_GEN_CD);
    let source = Source::file(&implicit);
    let sources = [SourceObject { header: read_header(&source).unwrap(), source }];

    let without = CheckOptions { sources: Some(&sources), ..CheckOptions::default() };
    let report = check_with(&medium, &without);
    assert!(report.is_good() && report.has("not-compared") && report.n_proven_equal == 0);

    let with = CheckOptions { scratch: Some(folder.path()), ..without };
    assert_eq!((check_with(&medium, &with).findings.len(), check_with(&medium, &with).n_proven_equal), (0, 1));

    let path = medium.path_of("DICOM/ST000001/SE000001/IM000001");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    finds(&medium, &with, "data-set-differs");
}

#[test]
fn links_are_not_followed() {
    let medium = make(&everyday());
    std::os::unix::fs::symlink("/etc/hostname", medium.path_of("DICOM/ST000001/OUTSIDE")).unwrap();
    finds(&medium, &CheckOptions::default(), "link");
}

#[test]
fn synthesised_keys_are_counted_not_blamed() {
    let mut bare = object(CT, "CT", 1, 1, 1);
    for (tag, vr) in [((0x20, 0x10), "SH"), ((8, 0x20), "DA"), ((0x20, 0x13), "IS"), ((0x10, 0x20), "LO")] {
        bare.text(tag, vr, "");
    }
    let medium = make(&[bare]);
    let report = check_disc(&medium);
    assert!(report.is_good(), "{:#?}", report.findings);
    assert_eq!(report.n_synthesised, 4);
    assert_eq!(medium.file_set.synthesised().len(), 4);
}

/// Every single byte of a DICOMDIR, changed in turn: the preamble, the offsets, the flags, every key of every record.
/// Only what says nothing to a reader may pass: our implementation's own name in the file meta information, the unused
/// bytes of a header, one padding byte for another.
#[test]
fn any_changed_byte_of_the_dicomdir_is_found() {
    let medium = make(&everyday());
    let good = std::fs::read(medium.dicomdir()).unwrap();
    let mut passed = Vec::new();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x01;
        std::fs::write(medium.dicomdir(), &bad).unwrap();
        let report = check(&Volume(FolderTree::open(&medium.root()).unwrap()), &InProcess, &CheckOptions::default());
        if report.findings.is_empty() {
            passed.push(at);
        }
    }
    let names: Vec<usize> = passed.iter().copied().filter(|at| !is_silent(&good, *at)).collect();
    let near: Vec<String> =
        names.iter().map(|at| format!("{at}: {:02x?}", &good[at.saturating_sub(12)..at + 4])).collect();
    assert!(names.is_empty(), "{} bytes of {} passed:\n{}", names.len(), good.len(), near.join("\n"));
}

/// A folder that says its volume identifier, as a disc does.
struct Volume(FolderTree);

impl FileTree for Volume {
    fn files(&self) -> &[(String, u64)] {
        self.0.files()
    }
    fn source(&self, path: &str) -> Option<Source> {
        self.0.source(path)
    }
    fn read(&self, path: &str) -> std::io::Result<Vec<u8>> {
        self.0.read(path)
    }
    fn volume_id(&self) -> Option<&str> {
        Some("TEST_SET")
    }
}

/// Whether the byte is one no reader takes anything from.
fn is_silent(bytes: &[u8], at: usize) -> bool {
    let meta_end = 144 + u32::from_le_bytes(bytes[140..144].try_into().unwrap()) as usize;
    let reserved =
        at >= 4 && [b"SQ", b"OB"].iter().any(|vr| &&bytes[at - 2..at] == vr || &&bytes[at - 3..at - 1] == vr);
    at < meta_end || reserved
}
