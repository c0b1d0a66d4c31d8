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
