//! What others say of the media made here: DCMTK, dicom3tools, pydicom.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use filmdesk_fileset::RecordType;
use filmdesk_testkit::dicom_file::DataSet;
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

/// An image with all that the tables of PS3.11 ask a directory for.
fn described(class: &str, modality: &str, number: u32) -> DataSet {
    let mut d = object(class, modality, 1, 1, number);
    d.text((8, 0x2A), "DT", "20260302093000").text((8, 0x80), "LO", "範例醫院").text((8, 0x81), "ST", "Taipei");
    d.text((8, 0x1050), "PN", "TEST^PHYSICIAN").text((0x28, 8), "IS", "1");
    let mut referenced = DataSet::new();
    referenced.text((8, 0x1150), "UI", CT).text((8, 0x1155), "UI", "2.25.71.1.1");
    d.items((8, 0x1140), vec![referenced]);
    d.text((0x20, 0x32), "DS", "0\\0\\10").text((0x20, 0x37), "DS", "1\\0\\0\\0\\1\\0");
    d.text((0x20, 0x52), "UI", "2.25.79").text((0x28, 0x30), "DS", "0.5\\0.5");
    d.text((0x28, 0x2110), "CS", "01").text((0x28, 0x2112), "DS", "12.5");
    // What DCMTK wants of an image on STD-CTMR-CD (PS3.11 Table E.3-3).
    d.us((0x28, 0x10), &[512]).us((0x28, 0x11), &[512]);
    d.bytes((0x7FE0, 0x10), "OW", vec![0; 512 * 512 * 2]);
    d
}

const KEYS_MISSING: &str = r#"
import sys, pydicom
def keys(path):
    d = pydicom.dcmread(path)
    out = {}
    for r in d.DirectoryRecordSequence:
        t = r.DirectoryRecordType
        which = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID"}.get(t, "ReferencedSOPInstanceUIDInFile")
        out[(t, str(r.get(which)))] = {e.keyword: e.to_json_dict(None, None) for e in r if e.tag.group != 4 and not e.is_empty}
    return out
ours, theirs = keys(sys.argv[1]), keys(sys.argv[2])
assert ours.keys() == theirs.keys(), (ours.keys(), theirs.keys())
for record, elements in theirs.items():
    for keyword, value in elements.items():
        if keyword != "SpecificCharacterSet" and ours[record].get(keyword) != value:
            print(record[0], keyword, "theirs", value, "ours", ours[record].get(keyword))
print("compared", sum(len(e) for e in theirs.values()))
"#;

/// Under each profile, every key DCMTK's directory has is in ours, with the same value.
#[test]
fn under_every_profile_the_keys_dcmtk_writes_are_written() {
    for (option, profile) in
        ["-Pgp", "-Pdv", "-Pd2", "-Pfl", "-Pf2", "-Pcm"].iter().zip(filmdesk_fileset::profile::PROFILES)
    {
        let mut objects: Vec<_> = (1..=2).map(|number| described(CT, "CT", number)).collect();
        objects.push(described(MR, "MR", 3));
        if *option != "-Pcm" {
            objects.extend([report(SR, 1, 2, 1), report(KO, 1, 3, 1), presentation(1, 4, 1), pdf(2, 2, 1)]);
        }
        let medium = make_with(&objects, profile);
        run("dcmmkdir", &["-nb", option, "+r", "+D", "../again", "DICOM"], &medium.root());
        let said = run(python(), &["-c", KEYS_MISSING, "DICOMDIR", "../again"], &medium.root());
        // DCMTK adds references under STD-GEN-CD as well, which asks for no key of its own, and icons, which are optional.
        let references = |line: &str| *option == "-Pgp" && line.starts_with("IMAGE ReferencedImageSequence ");
        let beyond = |line: &str| references(line) || line.starts_with("IMAGE IconImageSequence ");
        let said: String = said.lines().filter(|line| !beyond(line)).collect();
        let compared = said.strip_prefix("compared ").and_then(|n| n.trim().parse::<u32>().ok());
        assert!(compared.is_some_and(|n| n > 30), "{}: {said}", profile.id);
    }
}

const STORAGE_CLASSES: &str = r#"
from pydicom._uid_dict import UID_dictionary
for uid, (name, kind, *_) in UID_dictionary.items():
    if kind == "SOP Class" and "Storage" in name and "Commitment" not in name:
        print(uid, name)
"#;

/// PS3.6 Table A-1, as pydicom has it: each class that is stored has a record type, or a reason for having none.
#[test]
fn no_storage_sop_class_is_forgotten() {
    use filmdesk_fileset::record_type::{sop_class_name, sop_classes, sop_classes_without_record};
    let said = run(python(), &["-c", STORAGE_CLASSES], Path::new("."));
    let stored: Vec<&str> = said.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(stored.len() > 180, "{}", stored.len());
    let with: BTreeSet<&str> = sop_classes().iter().map(|row| row.0).collect();
    let without: BTreeSet<&str> = sop_classes_without_record().iter().map(|row| row.0).collect();
    assert!(with.is_disjoint(&without), "no class is in both tables");
    let forgotten: Vec<&&str> = stored.iter().filter(|uid| !with.contains(**uid) && !without.contains(**uid)).collect();
    assert!(forgotten.is_empty(), "neither table names {forgotten:?}");
    assert!(with.iter().chain(&without).all(|uid| sop_class_name(uid).is_some()));
}
