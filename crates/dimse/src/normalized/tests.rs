use super::*;
use crate::command::{CommandSet, element, field};

/// PS3.7 tables 10.3-1 to 10.3-11: each request carries its own fields and no other's.
#[test]
fn each_request_carries_its_own_fields() {
    const CLASS: &str = "1.2.840.10008.5.1.1.2";
    let encoded = |request: Normalized<'_>, with_data_set| {
        let command = request.command(CLASS, 7, with_data_set);
        let read = CommandSet::decode(&command.encode()).unwrap();
        assert_eq!(read, command);
        assert_eq!(read.get_number(element::MESSAGE_ID), Some(7));
        assert_eq!(read.has_data_set(), with_data_set);
        read
    };
    let created = encoded(Normalized::Create { instance: None }, true);
    assert_eq!(created.command_field(), field::N_CREATE_RQ);
    assert_eq!(created.get_text(element::AFFECTED_SOP_CLASS_UID), Some(CLASS));
    assert_eq!(created.get_text(element::AFFECTED_SOP_INSTANCE_UID), None);
    let named = encoded(Normalized::Create { instance: Some("1.2") }, true);
    assert_eq!(named.get_text(element::AFFECTED_SOP_INSTANCE_UID), Some("1.2"));
    let others = [
        (Normalized::Set { instance: "1.2" }, true, field::N_SET_RQ),
        (Normalized::Get { instance: "1.2", attributes: &[(0x2110, 0x10)] }, false, field::N_GET_RQ),
        (Normalized::Action { instance: "1.2", action: 1 }, false, field::N_ACTION_RQ),
        (Normalized::Delete { instance: "1.2" }, false, field::N_DELETE_RQ),
    ];
    for (request, with_data_set, expected) in others {
        let read = encoded(request, with_data_set);
        assert_eq!(read.command_field(), expected, "{request:?}");
        assert_eq!(read.get_text(element::REQUESTED_SOP_CLASS_UID), Some(CLASS), "{request:?}");
        assert_eq!(read.get_text(element::REQUESTED_SOP_INSTANCE_UID), Some("1.2"), "{request:?}");
        assert_eq!(read.get_text(element::AFFECTED_SOP_CLASS_UID), None, "{request:?}");
        let action = matches!(request, Normalized::Action { .. }).then_some(1);
        assert_eq!(read.get_number(element::ACTION_TYPE), action, "{request:?}");
    }
    let bytes = Normalized::Get { instance: "1.2", attributes: &[(0x2110, 0x10), (8, 0x70)] }.command(CLASS, 7, false);
    let bytes = bytes.encode();
    let list = [0, 0, 5, 0x10, 8, 0, 0, 0, 0x10, 0x21, 0x10, 0, 8, 0, 0x70, 0];
    assert!(bytes.windows(16).any(|window| window == list), "{bytes:02X?}");
}
