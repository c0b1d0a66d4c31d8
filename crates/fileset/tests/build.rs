//! How a File-set is laid out, and what cannot be one.

mod support;

use std::time::Instant;

use filmdesk_fileset::{
    BuildError, FileId, FileSet, FileSetId, MediaProfile, Member, NotAdmitted, RecordType, profile,
};
use filmdesk_instance::{Header, Source, read_header};
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE, IMPLICIT_LE};
use support::*;

fn header_of(object: &DataSet) -> Header {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), object.part10(EXPLICIT_LE)).unwrap();
    read_header(&Source::file(file.path())).unwrap()
}

fn headers(objects: &[DataSet]) -> Vec<Header> {
    objects.iter().map(header_of).collect()
}

fn members(headers: &[Header]) -> Vec<Member<'_>> {
    let members = headers.iter().enumerate();
    members
        .map(|(source_index, header)| Member { header, transfer_syntax: &header.transfer_syntax, source_index })
        .collect()
}

fn build(members: Vec<Member<'_>>, profile: &MediaProfile) -> Result<FileSet, BuildError> {
    FileSet::build(FileSetId::new("TEST_SET").unwrap(), "2.25.1".into(), members, profile)
}

#[test]
fn the_tree_reads_like_the_order_it_is_written_in() {
    let mut objects: Vec<_> = (1..=12).map(|number| object(CT, "CT", 1, 10, number)).collect();
    objects.extend((1..=2).map(|number| object(CT, "CT", 1, 2, number)));
    objects.extend([report(SR, 1, 11, 1), report(KO, 1, 12, 1), presentation(1, 13, 1), object(MR, "MR", 2, 1, 1)]);
    let wanted = "\
File-set TEST_SET (STD-GEN-CD), UID 2.25.1
PATIENT: TEST^FILESET=王^測試 · TEST-0001
  STUDY: 20260302 · ACC1 · 胸部電腦斷層 · S1
    SERIES: CT · 系列 2 · 2
      IMAGE: 2 × DICOM/ST000001/SE000001/IM000001 … DICOM/ST000001/SE000001/IM000002
    SERIES: CT · 系列 10 · 10
      IMAGE: 12 × DICOM/ST000001/SE000002/IM000001 … DICOM/ST000001/SE000002/IM000012
    SERIES: SR · 系列 11 · 11
      SR DOCUMENT: 1 × DICOM/ST000001/SE000003/SR000001
    SERIES: KO · 系列 12 · 12
      KEY OBJECT DOC: 1 × DICOM/ST000001/SE000004/KO000001
    SERIES: PR · 系列 13 · 13
      PRESENTATION: 1 × DICOM/ST000001/SE000005/PR000001
  STUDY: 20260303 · ACC2 · 胸部電腦斷層 · S2
    SERIES: MR · 系列 1 · 1
      IMAGE: 1 × DICOM/ST000002/SE000001/IM000001
";
    let headers = headers(&objects);
    let members = members(&headers);
    assert_eq!(build(members.clone(), &profile::STD_GEN_CD).unwrap().tree(), wanted);
    // The order members come in makes no difference, to the byte.
    let straight = build(members.clone(), &profile::STD_GEN_CD).unwrap();
    let backwards = build(members.into_iter().rev().collect(), &profile::STD_GEN_CD).unwrap();
    assert_eq!(straight.dicomdir(), backwards.dicomdir());
    assert!(straight.files().eq(backwards.files()));
}

#[test]
fn what_an_image_lacks_is_stood_in_for_in_the_record_and_listed() {
    let mut bare = object(CT, "", 1, 1, 1);
    let empty = [
        ((8, 0x20), "DA"),
        ((8, 0x30), "TM"),
        ((0x10, 0x20), "LO"),
        ((0x20, 0x10), "SH"),
        ((0x20, 0x11), "IS"),
        ((0x20, 0x13), "IS"),
    ];
    for (tag, vr) in empty {
        bare.text(tag, vr, "");
    }
    let file_set = build(members(&headers(&[bare])), &profile::STD_GEN_CD).unwrap();
    let listed: Vec<String> = file_set
        .synthesised()
        .iter()
        .map(|made| format!("{} {} {}={}", made.record_type, made.place, made.keyword, made.value))
        .collect();
    let wanted = [
        "PATIENT  PatientID=UNKNOWN1",
        "STUDY DICOM/ST000001 StudyDate=20260303", // the series date: nearer in meaning than none
        "STUDY DICOM/ST000001 StudyTime=093000",
        "STUDY DICOM/ST000001 StudyID=ST000001",
        "SERIES DICOM/ST000001/SE000001 Modality=OT",
        "SERIES DICOM/ST000001/SE000001 SeriesNumber=1",
        "IMAGE ST000001/SE000001/IM000001 InstanceNumber=1",
    ];
    let wanted: Vec<String> = wanted.map(|line| line.replace("IMAGE ST", "IMAGE DICOM/ST")).to_vec();
    assert_eq!(listed, wanted);
}

#[test]
fn persons_without_an_identifier_stay_apart_from_each_other_and_from_everybody() {
    let person = |study: u32, id: &str, name: &str| {
        let mut d = object(CT, "CT", study, 1, 1);
        d.text((0x10, 0x20), "LO", id).text((0x10, 0x10), "PN", name);
        d
    };
    let objects = [
        person(1, "", "TEST^ONE"),
        person(2, "UNKNOWN1", "TEST^TWO"),
        person(3, "", "TEST^THREE"),
        person(4, "", "TEST^ONE"),
    ];
    let file_set = build(members(&headers(&objects)), &profile::STD_GEN_CD).unwrap();
    let patients: Vec<String> =
        file_set.tree().lines().filter(|line| line.starts_with("PATIENT")).map(str::to_owned).collect();
    let wanted = ["PATIENT: TEST^TWO · UNKNOWN1", "PATIENT: TEST^ONE · UNKNOWN2", "PATIENT: TEST^THREE · UNKNOWN3"];
    assert_eq!(patients, wanted);
}

#[test]
fn what_cannot_be_one_file_set_is_named() {
    let two = |change: &dyn Fn(&mut DataSet)| {
        let mut other = object(CT, "CT", 1, 1, 2);
        change(&mut other);
        build(members(&headers(&[object(CT, "CT", 1, 1, 1), other])), &profile::STD_GEN_CD).unwrap_err()
    };
    let uid = "2.25.71.1.1";
    assert_eq!(
        two(&|d| {
            d.text((8, 0x18), "UI", uid);
        }),
        BuildError::DuplicateInstance { first: 0, second: 1 }
    );
    assert_eq!(
        two(&|d| {
            d.text((0x10, 0x20), "LO", "TEST-0002");
        }),
        BuildError::StudyOfTwoPatients { first: 0, second: 1 }
    );
    assert_eq!(
        two(&|d| {
            d.text((0x20, 0x0D), "UI", "2.25.72");
        }),
        BuildError::SeriesOfTwoStudies { first: 0, second: 1 }
    );
    let private = two(&|d| {
        d.text((8, 0x16), "UI", "1.3.12.2.1107.5.9.1");
    });
    assert!(matches!(private, BuildError::NotAdmitted { source_index: 1, reason: NotAdmitted::NoRecordType { .. } }));
    for (uid, code) in [
        ("1.3.12.2.1107.5.9.1", "private-sop-class"),
        ("1.2.840.10008.5.1.4.1.1.9999", "unknown-sop-class"),
        ("1.2.840.10008.5.1.4.1.1.8", "no-record-type"),
    ] {
        let why = NotAdmitted::NoRecordType { sop_class_uid: uid.into(), profile: "STD-GEN-CD" };
        assert_eq!(why.code(), code, "{uid}");
    }
    let one = headers(&[object(CT, "CT", 1, 1, 1)]);
    let mut implicit = members(&one);
    implicit[0].transfer_syntax = IMPLICIT_LE;
    let error = build(implicit, &profile::STD_GEN_CD).unwrap_err();
    assert!(matches!(error, BuildError::NotAdmitted { reason: NotAdmitted::TransferSyntax { .. }, .. }), "{error}");
}

#[test]
fn profiles_admit_what_their_annex_allows() {
    let jpeg = "1.2.840.10008.1.2.4.70";
    let (ct, sr) = (header_of(&object(CT, "CT", 1, 1, 1)), header_of(&report(SR, 1, 2, 1)));
    let admits = |profile: &MediaProfile, header, syntax| profile.admit(header, syntax).map_err(|no| no.code());
    assert_eq!(admits(&profile::STD_GEN_CD, &ct, jpeg), Err("transfer-syntax-not-in-profile"));
    assert!(admits(&profile::STD_GEN_DVD_JPEG, &ct, jpeg).is_ok());
    assert!(admits(&profile::STD_CTMR_CD, &ct, jpeg).is_ok());
    assert_eq!(admits(&profile::STD_CTMR_CD, &sr, EXPLICIT_LE), Err("sop-class-not-in-profile"));
    assert_eq!(admits(&profile::STD_GEN_DVD_J2K, &ct, jpeg), Err("transfer-syntax-not-in-profile"));
    let video = "1.2.840.10008.1.2.4.102";
    assert!(admits(&profile::STD_GEN_BD_JPEG, &ct, jpeg).is_ok());
    assert_eq!(admits(&profile::STD_GEN_BD, &ct, jpeg), Err("transfer-syntax-not-in-profile"));
    assert_eq!(admits(&profile::STD_GEN_BD_JPEG, &ct, video), Err("transfer-syntax-not-in-profile"));
    let of_video: Vec<&str> =
        profile::PROFILES.iter().filter(|profile| admits(profile, &ct, video).is_ok()).map(|p| p.id).collect();
    assert_eq!(of_video, ["STD-GEN-BD-MPEG4-HPLV41"], "one profile for one kind of video");
    for profile in profile::PROFILES {
        let udf = profile.format == filmdesk_fileset::MediaFormat::Udf;
        assert_eq!((udf, udf), (profile.media == "BD", profile.format.largest_file() > 1 << 32), "{}", profile.id);
        assert_eq!(MediaProfile::by_id(&profile.id.to_lowercase()).unwrap().id, profile.id);
        assert!(admits(profile, &ct, EXPLICIT_LE).is_ok(), "{}", profile.id);
    }
    assert_eq!(MediaProfile::inferred([EXPLICIT_LE]).unwrap().id, "STD-GEN-CD");
    assert_eq!(MediaProfile::inferred([EXPLICIT_LE, jpeg]).unwrap().id, "STD-GEN-DVD-JPEG");
    assert_eq!(MediaProfile::inferred([IMPLICIT_LE]), None);
}

#[test]
fn names_of_files_and_file_sets_keep_to_the_repertoire() {
    for good in ["DICOM/ST000001/SE000001/IM000001", "A", "A/B/C/D/E/F/G/H", "_/0_9"] {
        assert_eq!(FileId::parse(good).unwrap().as_path(), good);
    }
    for bad in ["", "a", "IM000001.DCM", "A//B", "/A", "A/", "..", "NINECHARS", "A/B/C/D/E/F/G/H/I", "É"] {
        assert!(FileId::parse(bad).is_err(), "{bad}");
    }
    assert!(FileSetId::new("SIXTEEN_CHARS_16").is_ok());
    for bad in ["", "SEVENTEEN_CHARS_1", "lower", "A B", "王"] {
        assert!(FileSetId::new(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_tables_of_annex_f_agree_with_each_other() {
    for record_type in RecordType::all() {
        assert_eq!(RecordType::of_value(record_type.value()), Some(record_type));
        assert!(record_type.clause().starts_with("F.5.") && record_type.value().len() <= 16, "{record_type}");
        assert_eq!(record_type.is_leaf(), record_type.depth() == 3 || record_type.is_at_root(), "{record_type}");
        let used = filmdesk_fileset::record_type::sop_classes().iter().any(|(_, of, _)| *of == record_type);
        assert_eq!(used, record_type.is_leaf(), "{record_type} has an instance if it is a leaf");
    }
    let uids: std::collections::HashSet<_> =
        filmdesk_fileset::record_type::sop_classes().iter().map(|(uid, ..)| *uid).collect();
    assert_eq!(uids.len(), filmdesk_fileset::record_type::sop_classes().len(), "each SOP Class once");
}

/// Twice the instances, about twice the time: 10,000 against 40,000, with room for a busy machine.
#[test]
fn building_and_writing_is_linear() {
    let template = header_of(&object(CT, "CT", 1, 1, 1));
    let many = |n: usize| -> Vec<Header> {
        let header = |number: usize| {
            let mut header = template.clone();
            header.sop_instance_uid = format!("2.25.9{number}");
            header.series_uid = format!("2.25.8{}", number / 500).into();
            header
        };
        (0..n).map(header).collect()
    };
    let time = |n: usize| {
        let headers = many(n);
        let start = Instant::now();
        let bytes = build(members(&headers), &profile::STD_GEN_CD).unwrap().dicomdir();
        let written = start.elapsed();
        let read = filmdesk_fileset::read_dicomdir(&bytes).unwrap();
        assert_eq!(read.records.iter().filter(|record| record.file.is_some()).count(), n);
        println!("{n}: {written:?} to build and write, {:?} with reading, {} bytes", start.elapsed(), bytes.len());
        start.elapsed()
    };
    let _warm = time(1_000);
    let (small, large) = (time(10_000), time(40_000));
    assert!(large < small * 12, "10,000 took {small:?}, 40,000 took {large:?}");
}

/// Images of the standard's forerunner date themselves `1993.04.30`: the directory, which is made today, does not.
#[test]
fn dates_and_times_in_the_directory_are_written_as_the_standard_has_them() {
    let mut old = object(CT, "CT", 1, 1, 1);
    old.text((8, 0x20), "DA", "1993.04.30").text((8, 0x30), "TM", "11:27:24.5");
    let medium = make(&[old]);
    let tree = medium.file_set.tree();
    assert!(tree.contains("19930430"), "{tree}");
    let written = std::fs::read(medium.dicomdir()).unwrap();
    assert!(written.windows(8).any(|bytes| bytes == b"112724.5"));
    let folder = filmdesk_fileset::FolderTree::open(&medium.root()).unwrap();
    let report = filmdesk_fileset::check(&folder, &filmdesk_instance::InProcess, &Default::default());
    assert!(report.is_good(), "{:#?}", report.findings);
}
