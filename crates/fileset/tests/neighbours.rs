//! What others say of the media made here: DCMTK, dicom3tools, pydicom.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use filmdesk_fileset::RecordType;
use support::*;

/// Python with pydicom, as `make neighbours` puts it into the checkout.
fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python")
}

fn everyday() -> Medium {
    let mut objects: Vec<_> = (1..=5).map(|number| object(CT, "CT", 1, 1, number)).collect();
    objects.extend((1..=3).map(|number| object(MR, "MR", 2, 1, number)));
    objects.extend([report(SR, 1, 2, 1), report(KO, 1, 3, 1), presentation(1, 4, 1), pdf(2, 2, 1)]);
    make(&objects)
}

#[test]
fn dcmtk_accepts_every_file_and_follows_every_offset() {
    let medium = everyday();
    let files: Vec<String> = medium.file_set.files().map(|(id, _)| id.to_string()).collect();
    for file in files.iter().map(String::as_str).chain(["DICOMDIR"]) {
        assert!(run("dcmftest", &[file], &medium.root()).starts_with("yes:"), "{file}");
    }
    let dump = run("dcmdump", &["+L", "DICOMDIR"], &medium.root());
    let (errors, references) = (dump.matches("E:").count(), dump.matches("(0004,1500)").count());
    assert_eq!((errors, references), (0, files.len()), "{dump}");
}

#[test]
fn dicom3tools_walks_the_tree_and_names_every_file() {
    let medium = everyday();
    let paths = run("dcdirdmp", &["-paths", "DICOMDIR"], &medium.root());
    for (file, _) in medium.file_set.files() {
        assert!(paths.contains(file.as_path()), "{file} is not in\n{paths}");
    }
    let tree = run("dcdirdmp", &["DICOMDIR"], &medium.root());
    assert!(!tree.contains("Error"), "{tree}");
}

#[test]
fn dcmmkdir_indexes_as_many_files_under_the_same_profile() {
    let medium = everyday();
    run("dcmmkdir", &["-nb", "-Pgp", "+r", "+D", "../again", "DICOM"], &medium.root());
    let again = run("dcmdump", &["../again"], &medium.root());
    assert_eq!(again.matches("(0004,1500)").count(), medium.file_set.files().count(), "{again}");
}

/// Record types younger than pydicom 3.0 and DCMTK 3.6 (PS3.3 2021 to 2024): neither can name them.
const YOUNG: [RecordType; 3] = [RecordType::Annotation, RecordType::Inventory, RecordType::WaveformPresentation];

/// Which record type a directory gives to each file it refers to.
fn types_by_file(directory: &str, at: &Path) -> BTreeMap<String, String> {
    let dump = run("dcmdump", &["+P", "0004,1430", "+P", "0004,1500", directory], at);
    let value = |line: &str| line.split(['[', ']']).nth(1).unwrap_or_default().to_owned();
    let mut types = BTreeMap::new();
    let mut of_record = String::new();
    for line in dump.lines() {
        if line.starts_with("(0004,1430)") {
            of_record = value(line);
        } else {
            types.insert(value(line), of_record.clone());
        }
    }
    types
}

/// One object of each SOP Class: where DCMTK indexes it at all, it gives it the same type.
#[test]
fn dcmtk_gives_the_same_record_type_to_every_sop_class_it_knows() {
    let medium = make(&one_of_each());
    run("dcmmkdir", &["-nb", "+I", "+r", "+D", "../again", "DICOM"], &medium.root());
    let (ours, theirs) = (types_by_file("DICOMDIR", &medium.root()), types_by_file("../again", &medium.root()));
    assert!(theirs.len() >= 110, "DCMTK indexed {} of {}", theirs.len(), ours.len());
    let differ: BTreeSet<(&str, &str)> = theirs
        .iter()
        .filter(|(file, theirs)| ours[*file] != **theirs && !YOUNG.iter().any(|young| young.value() == ours[*file]))
        .map(|(file, theirs)| (ours[file].as_str(), theirs.as_str()))
        .collect();
    assert_eq!(differ, BTreeSet::new());
}

const READ_WITH_PYDICOM: &str = r#"
import sys, pydicom
from pydicom.fileset import FileSet
fs = FileSet(sys.argv[1])
print(len(fs))
for instance in fs:
    d = instance.load()
    assert d.SOPInstanceUID == instance.SOPInstanceUID and d.SOPClassUID == instance.SOPClassUID
    assert str(d.PatientName) == str(instance.PatientName), (d.PatientName, instance.PatientName)
    assert d.get("StudyDescription") == instance.StudyDescription
    print(instance.node.record_type)
"#;

#[test]
fn pydicom_reads_every_instance_through_the_directory() {
    let medium = everyday();
    let said = run(python(), &["-c", READ_WITH_PYDICOM, "DICOMDIR"], &medium.root());
    let types: Vec<&str> = medium
        .file_set
        .files()
        .map(|(_, at)| RecordType::of_sop_class(&medium.sources[at].1.sop_class_uid).unwrap().value())
        .collect();
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some(types.len().to_string().as_str()), "{said}");
    assert_eq!(lines.collect::<Vec<_>>(), types);
}

#[test]
fn pydicom_accepts_one_object_of_every_sop_class_it_knows() {
    let classes = filmdesk_fileset::record_type::sop_classes();
    let known = |at: usize| !YOUNG.contains(&classes[at].1);
    let objects = one_of_each().into_iter().enumerate().filter(|(at, _)| known(*at)).map(|(_, object)| object);
    let objects: Vec<_> = objects.collect();
    let medium = make(&objects);
    let count = "import sys; from pydicom.fileset import FileSet; print(len(FileSet(sys.argv[1])))";
    let said = run(python(), &["-c", count, "DICOMDIR"], &medium.root());
    assert_eq!(said.trim(), objects.len().to_string());
}
