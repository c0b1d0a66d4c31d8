use super::*;
use crate::command::{element, field};
use crate::pdu::{RoleSelection, UserIdentity, UserInformation, kind, release};
use crate::wire::fragment;
use filmdesk_testkit::mutants::run;

fn association<C: ContextItem>(contexts: Vec<C>) -> Associate<C> {
    Associate {
        called: "PACS".into(),
        calling: "DESK".into(),
        application_context: uid::APPLICATION_CONTEXT.into(),
        contexts,
        user: UserInformation {
            max_pdu: 16 * 1024,
            implementation_class_uid: "2.25.1".into(),
            implementation_version_name: "TEST".into(),
            roles: vec![RoleSelection { sop_class_uid: CT.into(), scu: false, scp: true }],
            identity: Some(UserIdentity::user("desk", Some("passcode of a test")).unwrap()),
            ..UserInformation::default()
        },
    }
}

/// Every context our requester proposes, accepted: services 1, 3, 5, 7, and CT 9.
fn acceptance() -> Vec<u8> {
    let accepted = |id| ContextResult { id, result: 0, transfer_syntax: uid::EXPLICIT_VR_LE.into() };
    association([1, 3, 5, 7, 9].map(accepted).into()).encode()
}

fn request() -> Vec<u8> {
    let proposed = |(id, class): (u8, &str)| ProposedContext {
        id,
        abstract_syntax: class.into(),
        transfer_syntaxes: vec![uid::EXPLICIT_VR_LE.into(), uid::IMPLICIT_VR_LE.into()],
    };
    association([(1, CT), (3, uid::VERIFICATION)].map(proposed).into()).encode()
}

fn answer(asked: u16, status: u16, with_data_set: bool) -> CommandSet {
    let command = CommandSet::new(asked | field::RESPONSE, with_data_set).number(element::RESPONDED_TO, 1);
    command.number(element::STATUS, status).number(element::REMAINING, 1).number(element::COMPLETED, 1)
}

fn store() -> CommandSet {
    let command = CommandSet::new(field::C_STORE_RQ, true).number(element::MESSAGE_ID, 7);
    command.uid(element::AFFECTED_SOP_CLASS_UID, CT).uid(element::AFFECTED_SOP_INSTANCE_UID, "1.2.3")
}

fn event() -> CommandSet {
    let command = CommandSet::new(field::N_EVENT_REPORT_RQ, true).number(element::MESSAGE_ID, 9);
    let command = command.number(element::EVENT_TYPE, 2).uid(element::AFFECTED_SOP_INSTANCE_UID, "1.2.4");
    command.uid(element::AFFECTED_SOP_CLASS_UID, uid::VERIFICATION)
}

fn listed() -> Identifier {
    let study = Identifier::new().key((8, 5), b"CS", "ISO_IR 192").key((0x10, 0x10), b"PN", "TEST^ONE");
    study.key((0x20, 0xD), b"UI", "2.25.1").key((8, 0x1030), b"UT", "胸部")
}

/// The first byte, an acceptance, messages with their data sets, a release reply.
fn answered(choice: u8, context: u8, messages: &[(CommandSet, Option<Vec<u8>>)]) -> Vec<u8> {
    said(choice, acceptance(), context, messages, release(kind::RELEASE_RP))
}

fn said(
    choice: u8,
    opening: Vec<u8>,
    context: u8,
    messages: &[(CommandSet, Option<Vec<u8>>)],
    end: Vec<u8>,
) -> Vec<u8> {
    let mut bytes = [vec![choice], opening].concat();
    for (command, data_set) in messages {
        fragment(&mut bytes, context, true, &command.encode(), 64);
        if let Some(data_set) = data_set {
            fragment(&mut bytes, context, false, data_set, 100);
        }
    }
    bytes.extend(end);
    bytes
}

#[test]
fn soak_any_bytes_as_messages() {
    let body = |pdu: Vec<u8>| pdu[6..].to_vec();
    let identifiers = [uid::EXPLICIT_VR_LE, uid::IMPLICIT_VR_LE].map(|syntax| listed().encode(syntax));
    let commands = [store(), event(), answer(field::C_MOVE_RQ, 0xFF00, false)].map(|command| command.encode());
    let mut seeds = vec![body(request()), body(acceptance())];
    seeds.extend(identifiers.into_iter().chain(commands));
    run("messages", &seeds, messages);
}

/// Each seed is a conversation that ends well: from there the mutants get far.
#[test]
fn soak_any_answers_to_our_requester() {
    let answers = Some(listed().encode(uid::EXPLICIT_VR_LE));
    let (find, get, moved) = (field::C_FIND_RQ, field::C_GET_RQ, field::C_MOVE_RQ);
    let object = (store(), Some(vec![7; 250]));
    let seeds = [
        answered(0, 7, &[(answer(field::C_ECHO_RQ, 0, false), None)]),
        answered(0x41, 1, &[(answer(find, 0xFF00, true), answers.clone()), (answer(find, 0, false), None)]),
        answered(2, 1, &[(answer(find, 0xFF00, true), answers), (answer(find, 0xFE00, false), None)]),
        answered(0x83, 9, &[object, (answer(get, 0xFF00, false), None), (answer(get, 0, false), None)]),
        answered(4, 5, &[(answer(moved, 0xFF00, false), None), (answer(moved, 0xB000, true), Some(vec![]))]),
        answered(5, 9, &[(answer(field::C_STORE_RQ, 0, false), None)]),
        answered(0xC6, 7, &[(event(), Some(vec![1; 80])), (answer(field::N_GET_RQ, 0, true), Some(vec![2; 90]))]),
        answered(7, 7, &[(event(), Some(vec![1; 80]))]),
    ];
    for (n, seed) in seeds.iter().enumerate() {
        let ended = asked(seed);
        let well = ended.is_ok() || matches!((n, &ended), (2, Err(DimseError::Cancelled)));
        assert!(well, "seed {n}: {ended:?}");
    }
    run("requester", &seeds, requester);
}

#[test]
fn soak_any_requests_to_our_provider() {
    let echo = CommandSet::new(field::C_ECHO_RQ, false).number(element::MESSAGE_ID, 3);
    let end = || release(kind::RELEASE_RQ);
    let mut both = said(0x80, request(), 1, &[(store(), Some(vec![7; 300])), (store(), Some(vec![]))], Vec::new());
    both.extend(said(0, Vec::new(), 3, &[(echo.clone(), None)], end()).split_off(1));
    let seeds = [said(0, request(), 3, &[(echo, None)], end()), both];
    for seed in &seeds {
        served(seed).unwrap();
    }
    run("provider", &seeds, provider);
}
