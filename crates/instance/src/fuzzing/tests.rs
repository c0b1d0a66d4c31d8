use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE, IMPLICIT_LE, RLE_LOSSLESS, rle_frame};
use filmdesk_testkit::mutants::{pydicom_files, run};

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const SR: &str = "1.2.840.10008.5.1.4.1.1.88.22";
const PDF: &str = "1.2.840.10008.5.1.4.1.1.104.1";

fn identified(class: &str) -> DataSet {
    let mut object = DataSet::new();
    object.text((8, 5), "CS", "ISO_IR 192").text((8, 0x16), "UI", class).text((8, 0x18), "UI", "2.25.3");
    object.text((8, 0x60), "CS", "CT").text((0x10, 0x10), "PN", "TEST^ONE=王^測試").text((0x10, 0x20), "LO", "T0001");
    object.text((0x20, 0xD), "UI", "2.25.1").text((0x20, 0xE), "UI", "2.25.2").text((0x20, 0x13), "IS", "1");
    object
}

fn image(bits: u16) -> DataSet {
    let mut object = identified(CT);
    object.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[8]).us((0x28, 0x11), &[8]);
    object.us((0x28, 0x100), &[bits]).us((0x28, 0x101), &[bits]).us((0x28, 0x102), &[bits - 1]).us((0x28, 0x103), &[0]);
    object
}

fn report() -> DataSet {
    let mut code = DataSet::new();
    code.text((8, 0x100), "SH", "18782-3").text((8, 0x102), "SH", "LN").text((8, 0x104), "LO", "放射報告");
    let mut item = DataSet::new();
    item.text((0x40, 0xA010), "CS", "CONTAINS").text((0x40, 0xA040), "CS", "TEXT").text((0x40, 0xA160), "UT", "無異常");
    item.items((0x40, 0xA043), vec![code.clone()]);
    let mut object = identified(SR);
    object.text((0x40, 0xA040), "CS", "CONTAINER").items((0x40, 0xA043), vec![code]);
    object.items((0x40, 0xA730), vec![item.clone(), item]);
    object
}

fn objects() -> Vec<Vec<u8>> {
    let pixels: Vec<u8> = (0..64u16).flat_map(|n| (n * 60).to_le_bytes()).collect();
    let mut native = image(16);
    native.bytes((0x7FE0, 0x10), "OW", pixels);
    let mut packed = image(8);
    packed.fragments(vec![rle_frame(&(0..64).collect::<Vec<u8>>(), 8, 1)]);
    let mut pdf = identified(PDF);
    pdf.text((0x42, 0x12), "LO", "application/pdf").bytes((0x42, 0x11), "OB", b"%PDF-1.4 (synthetic)".to_vec());
    let mut seeds = vec![native.part10(EXPLICIT_LE), native.part10(IMPLICIT_LE), native.encode(true)];
    seeds.extend([packed.part10(RLE_LOSSLESS), report().part10(EXPLICIT_LE), pdf.part10(EXPLICIT_LE)]);
    seeds.extend(pydicom_files(16_000));
    seeds
}

#[test]
fn soak_any_bytes_as_an_object() {
    let folder = tempfile::tempdir().unwrap();
    run("object", &objects(), |bytes| super::object(bytes, folder.path()));
}

/// Character sets with text in them, and text with none.
#[test]
fn soak_any_bytes_as_text() {
    let samples: [(&str, &[u8]); 12] = [
        ("ISO_IR 192", "王^小明=ワン^シャオミン".as_bytes()),
        ("ISO_IR 100", b"Buc^J\xE9r\xF4me"),
        ("ISO_IR 144", b"\xBB\xEE\xDA\x63\x65\xDC\xD1"),
        ("GB18030", b"Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB\x81\x30\x81\x30"),
        ("GBK", b"\xCD\xF5^\xD0\xA1\xB6\xAB"),
        ("\\ISO 2022 IR 87", b"Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B"),
        ("ISO 2022 IR 13\\ISO 2022 IR 87", b"\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J"),
        ("\\ISO 2022 IR 149", b"Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE"),
        ("ISO 2022 IR 6\\ISO 2022 IR 159\\ISO 2022 IR 58", b"\x1B$(D\x22\x6F\x1B(B\x1B$)A\xCD\xF5"),
        ("", b"\xB3\x5C\xA5\x5C\xBB\x5C"),
        ("ISO_IR 100", b"\xA4\xFD\xA4\x70\xA9\xFA"),
        ("ISO-IR 99", b"\x1B\x1B$\x1B("),
    ];
    let seed = |(set, text): &(&str, &[u8])| [&[set.len() as u8], set.as_bytes(), text].concat();
    run("text", &samples.iter().map(seed).collect::<Vec<_>>(), super::text);
}
