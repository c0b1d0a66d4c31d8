//! The files pydicom ships, good, odd and broken: one File-set for each patient, found good here and read there.

mod support;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use filmdesk_fileset::{CheckOptions, FolderTree, SourceObject, check, profile};
use filmdesk_instance::{Header, InProcess, Inspector, Source, read_header, tags};
use support::*;

/// Every regular file below `folder`.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut ahead = vec![folder.to_owned()];
    while let Some(folder) = ahead.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { ahead.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The object as it may be on a CD: as it is, or decoded into `scratch`; `None` when it has no place there.
fn for_a_cd(path: &Path, scratch: &Path) -> Option<(PathBuf, SourceObject)> {
    let source = Source::file(path);
    let header = read_header(&source).ok()?;
    let original = SourceObject { source, header };
    let cd = &profile::STD_GEN_CD;
    cd.admit(&original.header, profile::EXPLICIT_VR_LE).ok()?;
    if cd.allows_transfer_syntax(&original.header.transfer_syntax) {
        return Some((path.to_owned(), original));
    }
    let decoded = scratch.join(format!("{}", std::fs::read_dir(scratch).unwrap().count()));
    InProcess.transcode(path, &decoded).ok()?;
    Some((decoded, original))
}

fn patient(header: &Header) -> String {
    header
        .text(tags::PATIENT_ID)
        .unwrap_or_else(|| format!("none: {}", header.person_name(tags::PATIENT_NAME).alphabetic))
}

#[test]
fn every_patient_of_pydicoms_files_is_a_good_file_set() {
    let data = filmdesk_testkit::pydicom::data().expect("pydicom: `make neighbours` installs it");
    let python = filmdesk_testkit::pydicom::python().expect("pydicom: `make neighbours` installs it");
    let scratch = tempfile::tempdir().unwrap();
    let mut by_patient: BTreeMap<String, Vec<(PathBuf, SourceObject)>> = BTreeMap::new();
    let mut seen = HashSet::new();
    for path in files_below(&data) {
        let Some((on_disc, original)) = for_a_cd(&path, scratch.path()) else { continue };
        if seen.insert(original.header.sop_instance_uid.clone()) {
            by_patient.entry(patient(&original.header)).or_default().push((on_disc, original));
        }
    }
    let again = tempfile::tempdir().unwrap();
    let (mut n, mut problems) = (0, Vec::new());
    for (at, objects) in by_patient.values().enumerate() {
        let paths: Vec<PathBuf> = objects.iter().map(|(path, _)| path.clone()).collect();
        let sources: Vec<SourceObject> = objects.iter().map(|(_, original)| original.clone()).collect();
        let medium = make_of_files(tempfile::tempdir().unwrap(), &paths, &profile::STD_GEN_CD);
        let options = CheckOptions {
            profile: Some(&profile::STD_GEN_CD),
            sources: Some(&sources),
            scratch: Some(again.path()),
            ..CheckOptions::default()
        };
        let report = check(&FolderTree::open(&medium.root()).unwrap(), &InProcess, &options);
        n += report.n_proven_equal;
        if !report.is_good() || report.n_proven_equal != objects.len() {
            problems.push(format!("set {at} of {}: {:#?}", objects.len(), report.findings));
        }
        let count = "import sys; from pydicom.fileset import FileSet; print(len(FileSet(sys.argv[1])))";
        let said = run(&python, &["-W", "ignore", "-c", count, "DICOMDIR"], &medium.root());
        if said.trim() != objects.len().to_string() {
            problems.push(format!("set {at}: pydicom sees {} of {}", said.trim(), objects.len()));
        }
        let dump = run("dcmdump", &["-q", "+P", "0004,1500", "DICOMDIR"], &medium.root());
        if dump.lines().count() != objects.len() {
            problems.push(format!("set {at}: dcmdump sees {} of {}", dump.lines().count(), objects.len()));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(n >= 120 && by_patient.len() >= 30, "{n} instances of {} patients", by_patient.len());
    println!("{n} instances of {} patients", by_patient.len());
}
