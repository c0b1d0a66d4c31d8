use super::*;
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE};
use filmdesk_testkit::mutants::{pydicom_files, run};

fn object(class: &str, number: u32) -> DataSet {
    let mut object = DataSet::new();
    object.text((8, 5), "CS", "ISO_IR 192").text((8, 0x16), "UI", class).text((8, 0x20), "DA", "20260301");
    object.text((8, 0x18), "UI", &format!("2.25.3{number}")).text((8, 0x30), "TM", "093000");
    object.text((8, 0x60), "CS", "CT").text((0x10, 0x10), "PN", "TEST^ONE=王^測試").text((0x10, 0x20), "LO", "T0001");
    object.text((8, 0x1030), "LO", "胸部").text((0x20, 0xD), "UI", "2.25.1").text((0x20, 0x10), "SH", "S1");
    object.text((0x20, 0xE), "UI", &format!("2.25.2{}", number / 2)).text((0x20, 0x11), "IS", "1");
    object.text((0x20, 0x13), "IS", &number.to_string()).text((0x40, 0xA491), "CS", "COMPLETE");
    object.text((0x40, 0xA493), "CS", "VERIFIED").text((8, 0x23), "DA", "20260301").text((8, 0x33), "TM", "093000");
    let mut code = DataSet::new();
    code.text((8, 0x100), "SH", "18782-3").text((8, 0x102), "SH", "LN").text((8, 0x104), "LO", "放射報告");
    object.items((0x40, 0xA043), vec![code]);
    object
}

fn sets() -> Vec<Vec<u8>> {
    let classes = ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.104.1"];
    let objects = (0..6).zip(classes.iter().cycle()).map(|(number, class)| object(class, number).part10(EXPLICIT_LE));
    let objects: Vec<Vec<u8>> = objects.collect();
    let mut seeds = vec![objects[..1].concat(), objects[..3].join(NEXT_OBJECT), objects.join(NEXT_OBJECT)];
    seeds.extend(pydicom_files(8_000));
    seeds
}

/// The DICOMDIR of a set of [`sets`].
fn written(set: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects");
    std::fs::write(&path, set).unwrap();
    let headers: Vec<Header> = pieces(set)
        .into_iter()
        .map(|(at, len)| read_header(&Source::slice(&path, at as u64, len as u64)).unwrap())
        .collect();
    let members = headers.iter().enumerate();
    let members = members.map(|(source_index, header)| Member { header, transfer_syntax: EXPLICIT_LE, source_index });
    let id = FileSetId::new("TEST").unwrap();
    FileSet::build(id, "2.25.9".into(), members.collect(), &STD_GEN_CD).unwrap().dicomdir()
}

#[test]
fn soak_any_bytes_as_a_dicomdir() {
    let mut seeds: Vec<Vec<u8>> = sets()[..3].iter().map(|set| written(set)).collect();
    // Class Media Storage Directory: those of pydicom's files that are DICOMDIRs.
    let class = b"1.2.840.10008.1.3.10";
    let others = pydicom_files(40_000).into_iter();
    seeds.extend(others.filter(|bytes| bytes[..300.min(bytes.len())].windows(class.len()).any(|w| w == class)));
    run("dicomdir", &seeds, dicomdir);
}

#[test]
fn soak_any_objects_are_indexed() {
    let folder = tempfile::tempdir().unwrap();
    run("index", &sets(), |bytes| index(bytes, folder.path()));
}
