use super::*;

fn query() -> Identifier {
    Identifier::new()
        .key((0x0008, 0x0005), b"CS", "ISO_IR 192")
        .key((0x0008, 0x0052), b"CS", "STUDY")
        .key((0x0010, 0x0020), b"LO", "T0000001")
        .key((0x0020, 0x000D), b"UI", "")
}

#[test]
fn both_syntaxes_read_back_the_same_values() {
    for syntax in [uid::IMPLICIT_VR_LE, uid::EXPLICIT_VR_LE] {
        let read = Identifier::decode(&query().encode(syntax), syntax).unwrap();
        assert_eq!(read.ascii((0x0010, 0x0020)), Some("T0000001"));
        assert_eq!(read.raw((0x0020, 0x000D)), Some(&[][..]));
        assert_eq!(read.iter().count(), 4);
    }
}

#[test]
fn sequences_are_stepped_over_and_what_follows_them_is_kept() {
    let mut bytes = Vec::new();
    bytes.extend([0x08, 0, 0x40, 0x11, 0xff, 0xff, 0xff, 0xff]); // (0008,1140) SQ, undefined length
    bytes.extend([0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff]); // item, undefined length
    bytes.extend([0x10, 0, 0x20, 0, 2, 0, 0, 0, b'X', b'X']); // a Patient ID that is not the answer's
    bytes.extend([0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0, 0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
    bytes.extend(query().encode(uid::IMPLICIT_VR_LE));
    let read = Identifier::decode(&bytes, uid::IMPLICIT_VR_LE).unwrap();
    assert_eq!(read.ascii((0x0010, 0x0020)), Some("T0000001"));
}

#[test]
fn depth_and_length_are_limited() {
    let nested = [0x08, 0, 0x40, 0x11, 0xff, 0xff, 0xff, 0xff].repeat(9_000);
    assert!(Identifier::decode(&nested, uid::IMPLICIT_VR_LE).is_err());
    let bytes = query().encode(uid::EXPLICIT_VR_LE);
    for end in 1..bytes.len() {
        let _ = Identifier::decode(&bytes[..end], uid::EXPLICIT_VR_LE);
        let _ = Identifier::decode(&bytes[..end], uid::IMPLICIT_VR_LE);
    }
    assert!(Identifier::decode(&bytes[..bytes.len() - 9], uid::EXPLICIT_VR_LE).is_err());
}

#[test]
fn debug_output_holds_no_values() {
    assert!(!format!("{:?}", query()).contains("T0000001"));
}
