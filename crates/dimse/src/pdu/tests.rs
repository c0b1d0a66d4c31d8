use super::*;

fn request() -> Associate<ProposedContext> {
    Associate {
        called: "ARCHIVE".into(),
        calling: "DESK".into(),
        application_context: crate::uid::APPLICATION_CONTEXT.into(),
        contexts: vec![ProposedContext {
            id: 1,
            abstract_syntax: crate::uid::STUDY_ROOT_GET.into(),
            transfer_syntaxes: vec![crate::uid::EXPLICIT_VR_LE.into(), crate::uid::IMPLICIT_VR_LE.into()],
        }],
        user: UserInformation {
            max_pdu: 262_144,
            implementation_class_uid: "1.2.3".into(),
            implementation_version_name: "TEST".into(),
            roles: vec![RoleSelection { sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".into(), scu: false, scp: true }],
            extended: vec![ExtendedNegotiation {
                sop_class_uid: crate::uid::STUDY_ROOT_GET.into(),
                information: RELATIONAL.to_vec(),
            }],
            identity: Some(UserIdentity::user("desk", Some("passcode of a test")).unwrap()),
            identity_answer: Some(Vec::new()),
        },
    }
}

#[test]
fn a_request_is_read_as_it_was_written() {
    let bytes = request().encode();
    assert_eq!(bytes[0], kind::ASSOCIATE_RQ);
    assert_eq!(u32::from_be_bytes(bytes[2..6].try_into().unwrap()) as usize, bytes.len() - 6);
    assert_eq!(Associate::<ProposedContext>::decode(&bytes[6..]).unwrap(), request());
}

#[test]
fn a_request_cut_anywhere_or_with_any_byte_changed_never_panics() {
    let bytes = request().encode();
    for end in 0..bytes.len() {
        let _ = Associate::<ProposedContext>::decode(&bytes[6.min(end)..end]);
    }
    for at in 6..bytes.len() {
        for value in [0, 1, 0x20, 0x50, 0x7f, 0xff] {
            let mut mutant = bytes.clone();
            mutant[at] = value;
            let _ = Associate::<ProposedContext>::decode(&mutant[6..]);
            let _ = Associate::<ContextResult>::decode(&mutant[6..]);
        }
    }
}

#[test]
fn titles_are_ae_values() {
    assert_eq!(AeTitle::new("  PACS ").unwrap().as_str(), "PACS");
    for bad in ["", "   ", "ABCDEFGHIJKLMNOPQ", "A\\B", "王", "A\nB"] {
        assert!(AeTitle::new(bad).is_err(), "{bad:?}");
    }
}

/// PS3.7 tables D.3-14, D.3-15 and D.3-11, byte for byte.
#[test]
fn identity_and_extended_negotiation_are_written_as_the_standard_draws_them() {
    let user = UserInformation {
        extended: vec![ExtendedNegotiation { sop_class_uid: "1.2".into(), information: vec![1, 0] }],
        identity: Some(UserIdentity { kind: 2, confirm: true, primary: b"ab".to_vec(), secondary: b"c".to_vec() }),
        identity_answer: Some(b"ok".to_vec()),
        ..UserInformation::default()
    };
    let mut bytes = Vec::new();
    user.encode(&mut bytes);
    // After the items for the largest PDU (8 bytes) and the (empty) implementation class (4).
    let expected = b"\x56\0\0\x07\0\x031.2\x01\0\x58\0\0\x09\x02\x01\0\x02ab\0\x01c\x59\0\0\x04\0\x02ok";
    assert_eq!(&bytes[12..], expected);
    assert_eq!(UserInformation::decode(&bytes).unwrap(), user);
}

#[test]
fn an_identity_keeps_to_its_limit_and_to_itself() {
    assert_eq!(UserIdentity::user("desk", None).unwrap().kind, 1);
    let long = "x".repeat(UserIdentity::MAX);
    assert!(UserIdentity::user("", Some(&long)).is_ok());
    assert!(matches!(UserIdentity::user("u", Some(&long)), Err(DimseError::TooLarge { .. })));
    let said = format!("{:?}", UserIdentity::user("somebody", Some("p4ssword")).unwrap());
    assert!(!said.contains("somebody") && !said.contains("p4ssword"), "{said}");
    // Fields that reach past the item, and more items than an association can have contexts.
    for cut in [&b"\x58\0\0\x04\x02\x01\0\x09"[..], b"\x59\0\0\x02\0\x05", b"\x56\0\0\x01\0", b"\x54\0\0\x02\0\0"] {
        assert!(UserInformation::decode(cut).is_err(), "{cut:?}");
    }
    let many = b"\x56\0\0\x03\0\x011".repeat(129);
    assert!(UserInformation::decode(&many).is_err());
    assert!(UserInformation::decode(&many[..many.len() - 7]).is_ok());
}
