use super::*;
use crate::channel::{AcceptedContext, Channel};
use crate::command::{CommandSet, element, field};
use crate::pdu::{Associate, ContextResult, ProposedContext, UserInformation};
use crate::wire::Wire;
use crate::{AeTitle, AssociationOptions, Contexts, Limits, Timeouts};
use std::time::Duration;
use tokio::net::TcpListener;

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

// ---- events: DCMTK's printer sends none, so a provider of our own does -----------------------------------------------

const FILM_BOX: &str = "1.2.840.10008.5.1.1.2";
const PRINT_JOB: &str = "1.2.840.10008.5.1.1.14";
const ID: u8 = 1;

/// Short enough for a test, long enough for a busy machine.
const IDLE: Duration = Duration::from_millis(500);

/// An association with a provider that does as `play` says, in one context, then waits for the end.
async fn with_provider<F>(limits: Limits, play: impl FnOnce(Channel) -> F + Send + 'static) -> Association
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (limits, timeouts) = (Limits::default(), Timeouts::default());
        let mut wire = Wire::new(Box::new(stream), &limits, timeouts);
        let (_, body) = wire.read_associate(timeouts.associate).await.unwrap();
        let asked = Associate::<ProposedContext>::decode(&body).unwrap();
        let syntax = uid::EXPLICIT_VR_LE.to_owned();
        let results = vec![ContextResult { id: ID, result: 0, transfer_syntax: syntax.clone() }];
        let answer = Associate {
            called: asked.called,
            calling: asked.calling,
            application_context: asked.application_context,
            contexts: results,
            user: UserInformation::default(),
        };
        wire.write(&answer.encode()).await.unwrap();
        let contexts = vec![AcceptedContext { id: ID, abstract_syntax: FILM_BOX.into(), transfer_syntax: syntax }];
        play(Channel { wire, contexts, limits, deadline: None }).await;
    });
    let title = |text: &str| AeTitle::new(text).unwrap();
    let contexts = Contexts::new().context(FILM_BOX, &[uid::EXPLICIT_VR_LE]);
    let options = AssociationOptions::new("127.0.0.1", port, title("PRINTER"), title("DESK"), contexts);
    let timeouts = Timeouts { idle: IDLE, ..Timeouts::default() };
    Association::open(&AssociationOptions { limits, timeouts, ..options }).await.unwrap()
}

/// Sends an event, with the information or without.
async fn report(provider: &mut Channel, id: u16, event: u16, information: Option<&[u8]>) {
    let command = CommandSet::new(field::N_EVENT_REPORT_RQ, information.is_some())
        .uid(element::AFFECTED_SOP_CLASS_UID, PRINT_JOB)
        .uid(element::AFFECTED_SOP_INSTANCE_UID, "1.2.3.4")
        .number(element::MESSAGE_ID, id)
        .number(element::EVENT_TYPE, event);
    // The requester may have hung up: that is what some of these tests want.
    let _ = provider.send(ID, &command, information).await;
}

/// Reads the answer to an event and holds it against PS3.7 table 10.3-2.
async fn answered(provider: &mut Channel, id: u16, event: u16) {
    let answer = provider.receive_message("answer to an event").await.unwrap();
    assert_eq!(answer.context, ID);
    let command = &answer.command;
    assert_eq!(command.command_field(), field::N_EVENT_REPORT_RSP);
    assert_eq!(command.get_number(element::RESPONDED_TO), Some(id));
    assert_eq!(command.get_number(element::STATUS), Some(0));
    assert_eq!(command.get_number(element::EVENT_TYPE), Some(event));
    assert_eq!(command.get_text(element::AFFECTED_SOP_CLASS_UID), Some(PRINT_JOB));
    assert_eq!(command.get_text(element::AFFECTED_SOP_INSTANCE_UID), Some("1.2.3.4"));
    assert!(!command.has_data_set());
}

/// Takes the request that is due and answers it with success.
async fn succeed(provider: &mut Channel, asked: &Message) {
    let field = asked.command.command_field() | field::RESPONSE;
    let answer = CommandSet::new(field, false)
        .number(element::RESPONDED_TO, asked.command.get_number(element::MESSAGE_ID).unwrap())
        .number(element::STATUS, 0);
    provider.send(ID, &answer, None).await.unwrap();
}

const PRINT: Normalized<'_> = Normalized::Action { instance: "1.2.3", action: 1 };

#[tokio::test]
async fn events_before_an_answer_are_answered_and_handed_over_with_it() {
    let mut association = with_provider(Limits::default(), |mut provider| async move {
        let asked = provider.receive_message("N-ACTION").await.unwrap();
        assert_eq!(asked.command.command_field(), field::N_ACTION_RQ);
        report(&mut provider, 11, 1, Some(b"\x10\x21\x30\0CS\x04\0WARN")).await;
        answered(&mut provider, 11, 1).await;
        // Two at once: the second is not lost behind the first.
        report(&mut provider, 12, 2, None).await;
        report(&mut provider, 13, 3, Some(&[9; 70_000])).await;
        answered(&mut provider, 12, 2).await;
        answered(&mut provider, 13, 3).await;
        succeed(&mut provider, &asked).await;
        // After the answer, for who waits for the end of the print job.
        report(&mut provider, 14, 4, None).await;
        answered(&mut provider, 14, 4).await;
        let asked = provider.receive_message("N-DELETE").await.unwrap();
        succeed(&mut provider, &asked).await;
        let _ = provider.receive("the end").await;
        provider.agree_to_release().await;
    })
    .await;
    let answer = association.normalized(FILM_BOX, FILM_BOX, PRINT, None).await.unwrap();
    assert_eq!(answer.status, 0);
    let events: Vec<(u16, usize)> = answer.events.iter().map(|e| (e.event, e.information.len())).collect();
    assert_eq!(events, [(1, 12), (2, 0), (3, 70_000)]);
    let first = &answer.events[0];
    assert_eq!((first.sop_class_uid.as_str(), first.sop_instance_uid.as_str()), (PRINT_JOB, "1.2.3.4"));
    assert!(first.information.ends_with(b"WARN"));
    assert!(!format!("{answer:?}").contains("WARN"), "what an event says is not for a log");
    let done = association.next_event().await.unwrap();
    assert_eq!((done.event, done.information.len()), (4, 0));
    let gone = association.normalized(FILM_BOX, FILM_BOX, Normalized::Delete { instance: "1.2.3" }, None).await;
    assert_eq!(gone.unwrap().events, []);
    association.release().await.unwrap();
}

#[tokio::test]
async fn events_are_limited_in_number_and_in_size() {
    let endless = |mut provider: Channel| async move {
        let _ = provider.receive_message("N-ACTION").await;
        for id in 0..=MAX_EVENTS as u16 {
            report(&mut provider, id, 1, None).await;
        }
        while provider.receive_message("answers").await.is_ok() {}
    };
    let mut association = with_provider(Limits::default(), endless).await;
    let ended = association.normalized(FILM_BOX, FILM_BOX, PRINT, None).await.unwrap_err();
    assert!(matches!(ended, DimseError::TooLarge { what: "number of events", size: 257, limit: 256 }), "{ended}");

    let large = |mut provider: Channel| async move {
        report(&mut provider, 1, 1, Some(&[0; 5_000])).await;
        let _ = provider.receive_message("answer").await;
    };
    let limits = Limits { max_identifier: 4_096, ..Limits::default() };
    let mut association = with_provider(limits, large).await;
    let ended = association.next_event().await.unwrap_err();
    assert!(matches!(ended, DimseError::TooLarge { what: "data set", limit: 4_096, .. }), "{ended}");
}

#[tokio::test]
async fn a_provider_that_is_silent_or_only_reports_is_left_in_time() {
    let silent = |mut provider: Channel| async move {
        let _ = provider.receive_message("nothing").await;
    };
    let mut association = with_provider(Limits::default(), silent).await;
    let begun = Instant::now();
    let ended = association.next_event().await.unwrap_err();
    assert!(matches!(ended, DimseError::TimedOut { awaited: "event", after: IDLE }), "{ended}");
    assert!(begun.elapsed() < 10 * IDLE);

    // Events keep it from being idle, but not from having to answer.
    let chatty = |mut provider: Channel| async move {
        let _ = provider.receive_message("N-ACTION").await;
        for id in 0..200 {
            report(&mut provider, id, 1, None).await;
            tokio::time::sleep(IDLE / 20).await;
        }
    };
    let most = IDLE * 2;
    let mut association = with_provider(Limits { max_service: most, ..Limits::default() }, chatty).await;
    let begun = Instant::now();
    let ended = association.normalized(FILM_BOX, FILM_BOX, PRINT, None).await.unwrap_err();
    assert!(matches!(ended, DimseError::TimedOut { after, .. } if after == most), "{ended}");
    assert!(begun.elapsed() < 10 * IDLE);
}

#[tokio::test]
async fn what_is_no_event_is_not_taken_for_one() {
    let other = |mut provider: Channel| async move {
        let echo = CommandSet::new(field::C_ECHO_RQ, false).number(element::MESSAGE_ID, 1);
        provider.send(ID, &echo, None).await.unwrap();
        let _ = provider.receive_message("answer").await;
    };
    let mut association = with_provider(Limits::default(), other).await;
    let ended = association.next_event().await.unwrap_err();
    assert!(matches!(ended, DimseError::Protocol(_)), "{ended}");
    // UIDs that are none are not repeated, neither to us nor to the provider.
    let odd = |mut provider: Channel| async move {
        let command = CommandSet::new(field::N_EVENT_REPORT_RQ, false)
            .uid(element::AFFECTED_SOP_INSTANCE_UID, "../1.2")
            .number(element::MESSAGE_ID, 5);
        provider.send(ID, &command, None).await.unwrap();
        let answer = provider.receive_message("answer").await.unwrap();
        assert_eq!(answer.command.get_text(element::AFFECTED_SOP_INSTANCE_UID), None);
        report(&mut provider, 6, 7, None).await;
        let _ = provider.receive_message("answer").await;
    };
    let mut association = with_provider(Limits::default(), odd).await;
    assert_eq!(association.next_event().await.unwrap().sop_instance_uid, "");
    assert_eq!(association.next_event().await.unwrap().event, 7, "the provider was content with the answer");
}
