//! What a study counts as, from what a PACS says of its series: body part, station, department. Over DIMSE, over DICOMweb
//! and from a folder, by the rules built in.

mod desk;

use desk::{Hands, TestDesk};
use filmdesk_desk::State;
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE};
use filmdesk_testkit::orthanc::{AE_TITLE, DESK_AE_TITLE, Orthanc};
use jiff::civil::date;
use std::fs;
use std::path::Path;

/// Modality, body part, station, department, and what it counts as.
const STUDIES: [(&str, &str, &str, &str, &str); 7] = [
    ("CR", "SKULL", "CR1", "Dentistry", "dental-x-ray"),
    ("CR", "TEETH", "CR1", "", "dental-x-ray"),
    ("DX", "BREAST", "DX1", "Medical Imaging", "mammography"),
    ("US", "HEART", "US1", "心血管中心", "cardiovascular"),
    ("US", "HEART", "US1", "Medical Imaging", "ultrasound"),
    ("XA", "HEART", "CATHLAB2", "", "cardiovascular"),
    ("DX", "", "", "", "general-x-ray"),
];
const PATIENT: &str = "T1234567";

/// A study of one small image with no description: only its series tell what it is.
fn image(n: usize, (modality, body_part, station, department, _): (&str, &str, &str, &str, &str)) -> DataSet {
    let mut d = DataSet::new();
    d.text((8, 5), "CS", "ISO_IR 192").text((8, 0x16), "UI", "1.2.840.10008.5.1.4.1.1.7");
    d.text((8, 0x18), "UI", &format!("2.25.55{n}3")).text((8, 0x20), "DA", "20261005").text((8, 0x30), "TM", "0930");
    d.text((8, 0x50), "SH", &format!("A{n}")).text((8, 0x60), "CS", modality).text((8, 0x64), "CS", "WSD");
    d.text((8, 0x90), "PN", "").text((0x20, 0x20), "CS", "");
    for (tag, vr, value) in
        [((8, 0x1010), "SH", station), ((8, 0x1040), "LO", department), ((0x18, 0x15), "CS", body_part)]
    {
        if !value.is_empty() {
            d.text(tag, vr, value);
        }
    }
    d.text((0x10, 0x10), "PN", "TEST^WangShiYan=王^試驗").text((0x10, 0x20), "LO", PATIENT);
    d.text((0x10, 0x30), "DA", "19700315").text((0x10, 0x40), "CS", "M");
    d.text((0x20, 0x0D), "UI", &format!("2.25.55{n}1")).text((0x20, 0x0E), "UI", &format!("2.25.55{n}2"));
    d.text((0x20, 0x10), "SH", "1").text((0x20, 0x11), "IS", "1").text((0x20, 0x13), "IS", "1");
    d.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[8]).us((0x28, 0x11), &[8]);
    d.us((0x28, 0x100), &[8]).us((0x28, 0x101), &[8]).us((0x28, 0x102), &[7]).us((0x28, 0x103), &[0]);
    d.bytes((0x7FE0, 0x10), "OB", vec![n as u8; 64]);
    d
}

fn write_studies(folder: &Path) {
    fs::create_dir_all(folder).expect("folder");
    for (n, study) in STUDIES.into_iter().enumerate() {
        fs::write(folder.join(format!("{n}.dcm")), image(n, study).part10(EXPLICIT_LE)).expect("written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_counts_as_what_its_department_station_and_body_part_say() {
    let orthanc = Orthanc::start().expect("Orthanc");
    let source = tempfile::tempdir().expect("a folder");
    write_studies(source.path());
    assert_eq!(orthanc.store_folder(source.path()).expect("stored"), STUDIES.len());
    let (port, web, folder) = (orthanc.dicom_port, orthanc.dicom_web_url(), source.path().display());
    for archive in [
        format!(
            "kind = \"dimse\"\nhost = \"127.0.0.1\"\nport = {port}\ncalled_ae = \"{AE_TITLE}\"\n\
             calling_ae = \"{DESK_AE_TITLE}\"\nvia = \"get\"\n"
        ),
        format!("kind = \"dicom-web\"\nurl = \"{web}\"\n"),
        format!("kind = \"folder\"\npath = \"{folder}\"\n"),
    ] {
        let desk = TestDesk::new();
        let configuration = format!("[[archive]]\nname = \"pacs\"\n{archive}");
        fs::write(desk.state().with_file_name("filmdesk.toml"), configuration).expect("configuration");
        let _served = desk.serve(&[]);
        let hands = Hands::at(&desk).await;
        let id = hands.verified((PATIENT, date(1970, 3, 15))).await;
        let ready = |a: &filmdesk_desk::Application| {
            if let State::Verified(verified) = &a.state { verified.found.clone() } else { None }
        };
        let found = hands.wait(id, "the studies", ready).await;
        let mut counted: Vec<(&str, Option<&str>)> =
            found.studies.iter().map(|s| (s.study_uid.as_str(), s.kind.as_ref().map(|k| k.0.as_str()))).collect();
        counted.sort_unstable();
        let uids: Vec<String> = (0..STUDIES.len()).map(|n| format!("2.25.55{n}1")).collect();
        let expected: Vec<(&str, Option<&str>)> =
            uids.iter().map(String::as_str).zip(STUDIES.iter().map(|study| Some(study.4))).collect();
        assert_eq!(counted, expected, "{archive}");
    }
}
