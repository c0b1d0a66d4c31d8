//! The byte gate: what it lets pass, what it names, and that nothing gets through it alive that should not.

mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use filmdesk_instance::{Note, Refusal, Source, data_set_sha256, preview, read_header, tags, transcode_to_explicit_le};
use support::*;

#[test]
fn reads_a_plain_object_in_every_native_encoding() {
    for syntax in [ELE, IMPLICIT] {
        let header = read(&ct().part10(syntax)).unwrap();
        assert_eq!((header.sop_class_uid.as_str(), header.sop_instance_uid.as_str()), (CT, "2.25.3"), "{syntax}");
        assert_eq!((header.study_uid.as_str(), header.series_uid.as_str()), ("2.25.1", "2.25.2"));
        assert_eq!(header.person_name(tags::PATIENT_NAME).ideographic, "王^測試");
        assert_eq!(header.unsigned(tags::ROWS), Some(8));
        let pixels = header.pixels.unwrap();
        assert_eq!((pixels.rows, pixels.columns, pixels.frames, pixels.bits_stored), (8, 8, 1, 12));
        assert_eq!(pixels.native_len(), 128);
        assert_eq!(header.notes, []);
    }
}

#[test]
fn reads_a_slice_of_a_bigger_file() {
    let object = ct().part10(ELE);
    let image = on_disk(&[vec![7; 4096], object.clone(), vec![9; 2048]].concat());
    let source = Source::slice(&image.path, 4096, object.len() as u64);
    let header = read_header(&source).unwrap();
    let alone = on_disk(&object);
    assert_eq!(header, read_header(&Source::file(&alone.path)).unwrap());
    let whole = data_set_sha256(&Source::file(&alone.path), &header).unwrap();
    assert_eq!(data_set_sha256(&source, &header).unwrap(), whole);
    let past_the_end = Source::slice(&image.path, 4096, object.len() as u64 + 2049);
    assert_eq!(read_header(&past_the_end).unwrap_err().code(), "truncated");
}

#[test]
fn a_header_survives_json() {
    let mut object = ct();
    object.text((0x10, 0x10), "PN", "TEST^\u{1}\u{7f}許功蓋").text((8, 0x1030), "LO", "檢查");
    let header = read(&object.part10(ELE)).unwrap();
    let json = serde_json::to_string(&header).unwrap();
    assert_eq!(serde_json::from_str::<filmdesk_instance::Header>(&json).unwrap(), header);
}

#[test]
fn names_what_is_wrong() {
    let good = ct().part10(ELE);
    let without = |tag: (u16, u16), replacement: &str| {
        let mut object = ct();
        object.text(tag, "UI", replacement);
        object.part10(ELE)
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("ok", good.clone()),
        ("empty", vec![]),
        ("not-dicom", b"%PDF-1.7 is something else".to_vec()),
        ("not-dicom", vec![0; 5000]),
        ("no-sop-instance-uid", without((8, 0x18), "")),
        ("no-sop-class-uid", without((8, 0x16), "")),
        ("bad-uid", without((8, 0x18), "../../etc/passwd")),
        ("bad-uid", without((8, 0x18), &"1.".repeat(40))),
        ("bad-uid", without((0x20, 0xD), "1.2\\3.4")),
        ("bad-uid", without((0x20, 0xE), "1..2")),
        ("unknown-transfer-syntax", ct().part10("1.2.3.4.5")),
        ("pixel-data-truncated", good[..good.len() - 1].to_vec()),
        ("truncated", good[..good.len() - 141].to_vec()),
        ("duplicate-element", part10(ELE, &[ct().encode(true), element(0x10, 0x20, "LO", b"T0002 ")].concat())),
        ("encoding-disagrees", part10("1.2.840.10008.1.2.4.50", &identified().encode(false))),
        ("encoding-disagrees", part10(IMPLICIT, &identified().encode(true))),
        ("bad-structure", part10("1.2.840.10008.1.2.4.90", &ct().encode(true))),
    ];
    for (expected, bytes) in cases {
        assert_eq!(verdict(&bytes), expected, "{} bytes", bytes.len());
    }
}

#[test]
fn describes_pixel_data_only_when_the_description_is_possible() {
    let with = |tag: (u16, u16), value: u16| {
        let mut object = ct();
        object.us(tag, &[value]);
        verdict(&object.part10(ELE))
    };
    for tag in [(0x28, 2), (0x28, 0x10), (0x28, 0x11), (0x28, 0x100), (0x28, 0x101)] {
        for value in [0, 65_535] {
            let said = with(tag, value);
            assert!(matches!(said, "bad-pixel-description" | "pixel-data-truncated"), "{tag:04X?} {value}: {said}");
        }
    }
    assert_eq!(with((0x28, 0x102), 16), "bad-pixel-description");
    let mut frames = ct();
    frames.text((0x28, 8), "IS", "2147483647");
    assert_eq!(verdict(&frames.part10(ELE)), "pixel-data-truncated");
    frames.text((0x28, 8), "IS", "-1");
    assert_eq!(verdict(&frames.part10(ELE)), "bad-pixel-description");
}

#[test]
fn accepts_odd_files_with_a_note() {
    let good = ct().part10(ELE);
    let notes = |bytes: &[u8]| read(bytes).unwrap().notes;
    let mut polyglot = good.clone();
    polyglot[..2].copy_from_slice(b"MZ");
    assert_eq!(notes(&polyglot), [Note::PreambleNotEmpty]);
    assert_eq!(notes(&good[128..]), [Note::NoPreamble]);
    assert_eq!(notes(&good[132..]), [Note::NoPreamble]);
    for explicit in [true, false] {
        assert_eq!(notes(&ct().encode(explicit)), [Note::NoFileMeta]);
    }
    assert_eq!(notes(&good[..good.len() - 140]), [Note::PixelDataMissing]);
    assert_eq!(notes(&[good.clone(), vec![0; 300]].concat()), [Note::TrailingBytes { bytes: 300 }]);
}

#[test]
fn tells_a_dicomdir_from_an_object() {
    let mut index = identified();
    index.items((4, 0x1220), vec![]);
    assert_eq!(verdict(&index.part10(ELE)), "dicomdir");
}

#[test]
fn keeps_what_modifies_a_title_and_not_the_report() {
    use filmdesk_testkit::dicom_file::DataSet;
    let item = |relationship: &str, text: &str| {
        let mut item = DataSet::new();
        item.text((0x40, 0xA010), "CS", relationship).text((0x40, 0xA160), "UT", text);
        item
    };
    let mut code = DataSet::new();
    code.text((8, 0x100), "SH", "113000").text((8, 0x104), "LO", "Of Interest");
    let mut report = identified();
    report.items((0x40, 0xA043), vec![code]);
    report.items((0x40, 0xA730), vec![item("CONTAINS", "findings"), item("HAS CONCEPT MOD", "language")]);
    let header = read(&report.part10(ELE)).unwrap();
    let title = header.items(tags::CONCEPT_NAME_CODE_SEQUENCE).next().unwrap();
    assert_eq!(title.text(tags::CODE_VALUE).as_deref(), Some("113000"));
    let modifiers: Vec<_> = header.items(tags::CONTENT_SEQUENCE).map(|item| item.text(tags::TEXT_VALUE)).collect();
    assert_eq!(modifiers, [Some("language".to_owned())]);
}

// ---- the three that end other readers -------------------------------------------------------------------------

#[test]
fn seventy_two_kilobytes_of_nested_sequences_are_too_deep() {
    for levels in [65usize, 2_000, 4_500, 200_000] {
        let mut data_set = element(8, 0x16, "UI", CT.as_bytes());
        for _ in 0..levels {
            data_set.extend_from_slice(&[0x40, 0, 0x30, 0xA7, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
            data_set.extend_from_slice(&[0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
        }
        assert_eq!(verdict(&part10(ELE, &data_set)), "too-deep", "{levels}");
    }
}

#[test]
fn four_declared_gigabytes_in_278_bytes_cost_nothing() {
    for (tag, vr) in [((0x10, 0x4000), "UT"), ((0x7FE0, 0x10), "OW"), ((9, 0x1001), "UN"), ((0x40, 0xA730), "SQ")] {
        let mut data_set = identified().encode(true);
        data_set.extend_from_slice(&element(tag.0, tag.1, vr, &[]));
        let n = data_set.len();
        data_set[n - 4..].copy_from_slice(&0xFFFF_FFF0u32.to_le_bytes());
        let begun = Instant::now();
        let said = verdict(&part10(ELE, &data_set));
        assert!(matches!(said, "truncated" | "pixel-data-truncated"), "{vr}: {said}");
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn a_deflate_bomb_stops_at_the_limit() {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&identified().encode(true)).unwrap();
    packer.write_all(&element(0x7FE0, 0x10, "OB", &[])[..8]).unwrap();
    packer.write_all(&(256u32 << 20).to_le_bytes()).unwrap();
    for _ in 0..256 {
        packer.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bomb = part10(DEFLATED, &packer.finish().unwrap());
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    assert_eq!(verdict(&bomb), "inflates-too-large");
}

#[test]
fn an_honest_deflated_object_is_read_shown_and_rewritten() {
    let plain = ct().part10(ELE);
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&ct().encode(true)).unwrap();
    let packed = on_disk(&part10(DEFLATED, &packer.finish().unwrap()));
    let header = read_header(&Source::file(&packed.path)).unwrap();
    assert_eq!(header.attributes, read(&plain).unwrap().attributes);
    assert_eq!(preview(&Source::file(&packed.path), 0, 64).unwrap()[..2], [0xFF, 0xD8]);
    let to = packed.path.with_extension("new");
    let new = transcode_to_explicit_le(&packed.path, &to).unwrap();
    assert_eq!(std::fs::read(&to).unwrap()[new.dataset_offset as usize..], ct().encode(true));
}

/// A refusal never repeats what the file says about a person.
#[test]
fn refusals_hold_no_text_of_the_patient() {
    let object = identified().encode(true);
    for cut in 0..object.len() {
        if let Err(refusal) = read(&part10(ELE, &object[..cut])) {
            let said = format!("{refusal} {refusal:?}");
            assert!(!said.contains("TEST") && !said.contains('王') && !said.contains("T0001"), "{said}");
            assert_ne!(refusal, Refusal::InspectorDied);
        }
    }
}
