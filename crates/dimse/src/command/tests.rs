use super::*;

fn store() -> CommandSet {
    CommandSet::new(field::C_STORE_RQ, true)
        .uid(element::AFFECTED_SOP_CLASS_UID, "1.2.840.10008.5.1.4.1.1.2")
        .number(element::MESSAGE_ID, 7)
        .text(element::MOVE_ORIGINATOR_AE, "DESK")
}

#[test]
fn a_command_is_read_as_it_was_written() {
    let bytes = store().encode();
    assert_eq!(u32::from_le_bytes(bytes[8..12].try_into().unwrap()) as usize, bytes.len() - 12);
    let read = CommandSet::decode(&bytes).unwrap();
    assert_eq!(read, store());
    assert_eq!(read.get_text(element::AFFECTED_SOP_CLASS_UID), Some("1.2.840.10008.5.1.4.1.1.2"));
    assert!(read.has_data_set());
    assert!(!CommandSet::new(field::C_ECHO_RQ, false).has_data_set());
}

#[test]
fn cut_and_changed_commands_are_refused_or_read_never_a_panic() {
    let bytes = store().encode();
    for end in 0..bytes.len() {
        let _ = CommandSet::decode(&bytes[..end]);
    }
    for at in 0..bytes.len() {
        let mut mutant = bytes.clone();
        mutant[at] = 0xff;
        let _ = CommandSet::decode(&mutant);
    }
    assert!(CommandSet::decode(&bytes[..bytes.len() - 1]).is_err());
}
