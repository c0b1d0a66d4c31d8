use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE};
use filmdesk_testkit::mutants::{pydicom_files, run};

fn object() -> DataSet {
    let mut object = DataSet::new();
    object.text((8, 5), "CS", "ISO_IR 192").text((8, 0x16), "UI", "1.2.840.10008.5.1.4.1.1.2");
    object.text((8, 0x18), "UI", "2.25.3").text((8, 0x20), "DA", "20260301").text((8, 0x30), "TM", "093000.1");
    object.text((8, 0x61), "CS", "CT\\SR").text((8, 0x1030), "LO", "胸部").text((0x10, 0x10), "PN", "TEST^ONE=王^測試");
    object.text((0x10, 0x20), "LO", "T0001").text((0x10, 0x30), "DA", "1970.01.01").text((0x10, 0x40), "CS", "O");
    object.text((0x20, 0xD), "UI", "2.25.1").text((0x20, 0xE), "UI", "2.25.2").text((0x20, 0x1206), "IS", "1 ");
    object
}

/// A stream of two parts, with their lengths or without.
fn stream(piece: u8, lengths: bool) -> Vec<u8> {
    let mut out = b"multipart/related; type=\"application/dicom\"; boundary=\"b-1\"\n".to_vec();
    out.push(piece);
    out.extend_from_slice(b"--b-1");
    for part in [&object().part10(EXPLICIT_LE)[100..], b"\r\n--b-\r\r\n"] {
        out.extend_from_slice(b"\r\nContent-Type: application/dicom\r\n");
        if lengths {
            out.extend_from_slice(format!("Content-Length: {}\r\n", part.len()).as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n--b-1");
    }
    out.extend_from_slice(b"--\r\nepilogue");
    out
}

#[test]
fn soak_any_bytes_as_a_wado_answer() {
    run("wado", &[stream(0, true), stream(0, false), stream(6, true), stream(99, false)], super::wado);
}

#[test]
fn soak_any_bytes_as_a_head() {
    let heads = pydicom_files(16_000).into_iter().map(|bytes| bytes[..bytes.len().min(600)].to_vec());
    let seeds: Vec<Vec<u8>> = heads.take(24).chain([object().part10(EXPLICIT_LE)]).collect();
    run("head", &seeds, super::head);
}

#[test]
fn soak_any_bytes_as_answers() {
    let json = r#"[{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00080020":{"vr":"DA","Value":["20260301"]},
        "00080030":{"vr":"TM","Value":["093000"]},"00080061":{"vr":"CS","Value":["CT","SR"]},
        "00081030":{"vr":"LO","Value":["胸部"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"TEST^ONE","Ideographic":"王^測試"}]},
        "00100020":{"vr":"LO","Value":["T0001"]},"00100021":{"vr":"LO","Value":[null]},"0020000D":{"vr":"UI","Value":["2.25.1"]},
        "0020000E":{"vr":"UI","Value":["2.25.2"]},"00080018":{"vr":"UI","Value":["2.25.3"]},"00201208":{"vr":"IS","Value":[4]}},
        {"0020000D":{"vr":"UI","Value":["2.25.4"]},"00100020":{"vr":"LO"}}]"#;
    let seeds = [json.as_bytes().to_vec(), object().encode(true), object().encode(false)];
    run("answers", &seeds, super::answers);
}
