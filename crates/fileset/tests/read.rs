//! Reading DICOMDIRs: our own, other makers', and hostile ones.

mod support;

use std::collections::HashMap;
use std::path::PathBuf;

use filmdesk_fileset::{Dicomdir, DicomdirError, RecordType, read_dicomdir};
use filmdesk_instance::tags;
use support::*;

#[test]
fn what_is_written_is_read_back_record_by_record() {
    let mut objects: Vec<_> = (1..=4).map(|number| object(CT, "CT", 1, 1, number)).collect();
    objects.extend([object(MR, "MR", 2, 1, 1), report(SR, 1, 2, 1), presentation(1, 3, 1), pdf(2, 2, 1)]);
    let medium = make(&objects);
    let read = read_dicomdir(&medium.file_set.dicomdir()).unwrap();
    assert_eq!((read.notes.as_slice(), read.file_set_id.as_str()), ([].as_slice(), "TEST_SET"));
    assert_eq!(read.file_set_uid, medium.file_set.uid());
    assert_eq!(medium.file_set.dicomdir().len() as u64, medium.file_set.dicomdir_len());
    let files: Vec<&str> = read.records.iter().filter_map(|record| record.file.as_deref()).collect();
    let written: Vec<&str> = medium.file_set.files().map(|(id, _)| id.as_path()).collect();
    assert_eq!(files, written, "the directory lists files in the order they are written");
    let title = read.records.iter().find(|record| record.record_type == Some(RecordType::SrDocument)).unwrap();
    let code = title.data_set().items(tags::CONCEPT_NAME_CODE_SEQUENCE).next().unwrap();
    assert_eq!(code.text(tags::CODE_MEANING).unwrap(), "放射報告");
    assert_eq!(title.data_set().items(tags::CONTENT_SEQUENCE).count(), 1, "modifiers of the title and nothing else");
    assert_eq!(title.text(tags::VERIFICATION_DATE_TIME).unwrap(), "20260304101112");
}

/// What python says is in the package; a missing one is installed by `make neighbours`.
fn pydicom_data() -> PathBuf {
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let said = run(python, &["-c", "import pydicom; print(pydicom.__path__[0])"], &std::env::temp_dir());
    PathBuf::from(said.trim()).join("data/test_files/dicomdirtests")
}

fn read_from_pydicom(name: &str) -> Dicomdir {
    let bytes = std::fs::read(pydicom_data().join(name)).unwrap();
    read_dicomdir(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn codes(directory: &Dicomdir) -> Vec<&'static str> {
    directory.notes.iter().map(|note| note.code()).collect()
}

#[test]
fn pydicoms_dicomdirs_are_read_and_their_habits_named() {
    let sound = read_from_pydicom("DICOMDIR");
    assert_eq!(codes(&sound), [""; 0]);
    let n_leaves = |directory: &Dicomdir| directory.records.iter().filter(|record| record.file.is_some()).count();
    assert_eq!((sound.records.len(), n_leaves(&sound)), (52, 31));
    let expected: [(&str, &[&str]); 5] = [
        ("TINY_ALPHA/DICOMDIR", &["file-set-id"]), // it is called `TINY ALPHA`, and a File-set ID has no space
        ("DICOMDIR-reordered", &[]),
        ("DICOMDIR-implicit", &["dicomdir-transfer-syntax"]),
        ("DICOMDIR-bigEnd", &["dicomdir-transfer-syntax"]),
        ("DICOMDIR-empty.dcm", &[]),
    ];
    for (name, wanted) in expected {
        assert_eq!(codes(&read_from_pydicom(name)), wanted, "{name}");
    }
    // The same directory in other encodings and another order of records says the same.
    let files = |name| {
        let mut files: Vec<_> = read_from_pydicom(name).records.into_iter().filter_map(|record| record.file).collect();
        files.sort();
        files
    };
    for name in ["DICOMDIR-reordered", "DICOMDIR-implicit", "DICOMDIR-bigEnd"] {
        assert_eq!(files(name), files("DICOMDIR"), "{name}");
    }
    let names = |name| {
        let of_patients = |directory: Dicomdir| {
            let patients = directory.records.into_iter().filter(|r| r.record_type == Some(RecordType::Patient));
            patients.map(|r| r.data_set().person_name(tags::PATIENT_NAME).alphabetic).collect::<Vec<_>>()
        };
        of_patients(read_from_pydicom(name))
    };
    assert_eq!(names("DICOMDIR-implicit"), names("DICOMDIR"));
    assert_eq!(names("DICOMDIR-bigEnd"), names("DICOMDIR"));
    // Its records were shortened by the offsets taken out, and their lengths were not: it ends inside its last item.
    let shortened = std::fs::read(pydicom_data().join("DICOMDIR-nooffset")).unwrap();
    assert_eq!(read_dicomdir(&shortened), Err(DicomdirError::BadLength { at: 10868 }));
    // Its root leads to an image, and nothing leads to the rest.
    let nobody = read_from_pydicom("DICOMDIR-nopatient");
    assert_eq!(codes(&nobody), ["record-misplaced", "last-root-offset", "record-unreachable"]);
}

// --- hostile ones ------------------------------------------------------------------------------------------------

/// A good directory of two series with two images each, and where its records begin.
fn good() -> (Vec<u8>, Dicomdir) {
    let objects: Vec<_> =
        (1..=2).flat_map(|series| (1..=2).map(move |number| object(CT, "CT", 1, series, number))).collect();
    let bytes = make(&objects).file_set.dicomdir();
    let read = read_dicomdir(&bytes).unwrap();
    (bytes, read)
}

/// Both offsets of a record are in fixed places: the next record's value 16 bytes into the item, the lower level's 38.
fn set_offset(bytes: &mut [u8], record: u32, at: usize, value: u32) {
    let at = record as usize + at;
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}
const NEXT: usize = 16;
const LOWER: usize = 38;

#[test]
fn offsets_that_lead_back_or_nowhere_are_refused() {
    let (bytes, read) = good();
    let offsets: Vec<u32> = read.records.iter().map(|record| record.offset).collect();
    let refused = |record: usize, at: usize, value: u32| {
        let mut bad = bytes.clone();
        set_offset(&mut bad, offsets[record], at, value);
        read_dicomdir(&bad).map(|read| codes(&read)).map_err(|error| error.code())
    };
    assert_eq!(refused(0, NEXT, offsets[0]), Err("record-reached-twice"), "a record next to itself");
    assert_eq!(refused(6, NEXT, offsets[2]), Err("record-reached-twice"), "an image before its series");
    assert_eq!(refused(4, LOWER, offsets[0]), Err("record-reached-twice"), "a patient below an image");
    assert_eq!(refused(5, LOWER, offsets[3]), Err("record-reached-twice"), "an image below two series");
    assert_eq!(refused(2, LOWER, 12), Err("offset-nowhere"), "inside the preamble");
    assert_eq!(refused(2, LOWER, u32::MAX), Err("offset-nowhere"), "beyond the end");
    assert_eq!(refused(2, LOWER, offsets[3] + 2), Err("offset-nowhere"), "inside a record");
    assert_eq!(refused(2, LOWER, 0), Ok(vec!["record-unreachable"]), "a series cut off from its images");
}

#[test]
fn files_outside_the_file_set_are_refused() {
    let (bytes, _) = good();
    let inside = b"DICOM\\ST000001\\SE000001\\IM000001";
    let at = bytes.windows(inside.len()).position(|window| window == inside).unwrap();
    for outside in [
        "..\\..\\..\\..\\..\\..\\ETC\\PASSWD______",
        "/ETC\\PASSWD____________________",
        "C:\\WINDOWS\\SYSTEM32\\CMD\\EXE_____",
        "DICOM\\\\\\\\\\\\\\\\ST000001\\IM000001A",
    ] {
        let mut bad = bytes.clone();
        let mut value = outside.as_bytes().to_vec();
        value.resize(inside.len(), b' ');
        bad[at..at + inside.len()].copy_from_slice(&value);
        assert!(matches!(read_dicomdir(&bad), Err(DicomdirError::OutsideFileSet { .. })), "{outside}");
    }
}

#[test]
fn absurd_lengths_and_depths_are_refused_and_cost_nothing() {
    let (bytes, read) = good();
    let item = read.records[0].offset as usize;
    let mut long_item = bytes.clone();
    long_item[item + 4..item + 8].copy_from_slice(&0x7FFF_FFFFu32.to_le_bytes());
    assert!(matches!(read_dicomdir(&long_item), Err(DicomdirError::BadLength { .. })));
    let mut long_sequence = bytes.clone();
    long_sequence[item - 4..item].copy_from_slice(&0x7FFF_FFF0u32.to_le_bytes());
    assert!(matches!(read_dicomdir(&long_sequence), Err(DicomdirError::BadLength { .. })));

    // 10,000 sequences within sequences, each of undefined length.
    let mut deep = bytes[..item].to_vec();
    deep[item - 4..].fill(0xFF);
    for _ in 0..10_000 {
        deep.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
        deep.extend([0x08, 0x00, 0x15, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    }
    assert!(matches!(read_dicomdir(&deep), Err(DicomdirError::TooDeep { .. })));

    for at in [0, 131, 132, 200, item, item + 100, bytes.len() - 1] {
        assert!(read_dicomdir(&bytes[..at]).is_err(), "cut at byte {at}");
    }
}

#[test]
fn offsets_left_out_where_they_would_be_zero_are_taken_for_zero() {
    let (mut bytes, read) = good();
    let last = read.records.last().unwrap().offset as usize;
    bytes.drain(last + 8..last + 20); // the last image's offset of the next record
    let shorter = |bytes: &mut Vec<u8>, at: usize| {
        let len = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) - 12;
        bytes[at..at + 4].copy_from_slice(&len.to_le_bytes());
    };
    shorter(&mut bytes, last + 4);
    shorter(&mut bytes, read.records[0].offset as usize - 4);
    let again = read_dicomdir(&bytes).unwrap();
    assert_eq!((codes(&again), again.records.len()), (vec!["offsets-left-out"], read.records.len()));
}

#[test]
fn undefined_lengths_are_read_as_well_as_explicit_ones() {
    let (bytes, read) = good();
    let items: HashMap<usize, u32> =
        read.records.iter().map(|record| (record.offset as usize, record.offset)).collect();
    let first = read.records[0].offset as usize;
    let mut open = bytes[..first].to_vec();
    open[first - 4..].fill(0xFF);
    let mut moved = HashMap::new();
    let mut at = first;
    while at < bytes.len() {
        assert!(items.contains_key(&at));
        let len = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        moved.insert(at as u32, open.len() as u32);
        open.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
        open.extend(&bytes[at + 8..at + 8 + len]);
        open.extend([0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]);
        at += 8 + len;
    }
    open.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    for record in moved.values() {
        for field in [NEXT, LOWER] {
            let at = *record as usize + field;
            let old = u32::from_le_bytes(open[at..at + 4].try_into().unwrap());
            set_offset(&mut open, *record, field, moved.get(&old).copied().unwrap_or(0));
        }
    }
    let again = read_dicomdir(&open).unwrap();
    assert_eq!(again.notes, []);
    assert_eq!(again.records.len(), read.records.len());
    for (a, b) in again.records.iter().zip(&read.records) {
        assert_eq!((&a.file, a.parent, &a.type_value), (&b.file, b.parent, &b.type_value));
    }
}

/// Bytes changed at random, many at a time: an answer or an error, never a panic.
#[test]
fn no_noise_makes_the_reader_panic() {
    let (bytes, _) = good();
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut bad = bytes.clone();
        for _ in 0..=random(4) {
            let at = random(bad.len());
            bad[at] = random(256) as u8;
        }
        bad.truncate(bad.len() - random(3) * random(200));
        refused += usize::from(read_dicomdir(&bad).is_err());
    }
    assert!(refused > 5_000, "{refused} of 20,000 refused");
}
