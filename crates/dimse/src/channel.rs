//! Messages over an open association: command sets and data sets out of presentation data values, PS3.7 §8.

use crate::command::{CommandSet, element, field};
use crate::error::DimseError;
use crate::receive::{StoreReceiver, StoreRequest, StoreStatus};
use crate::wire::{Incoming, Pdv, Wire, fragment};
use crate::{Limits, pdu, uid};
use tokio::time::Instant;

/// A presentation context both sides agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedContext {
    /// Presentation context ID.
    pub id: u8,
    /// SOP Class UID.
    pub abstract_syntax: String,
    /// The one transfer syntax chosen.
    pub transfer_syntax: String,
}

/// What the peer sent next.
pub(crate) enum Received {
    /// A command; its data set, if it has one, is still to be read.
    Message(Message),
    /// A-RELEASE-RQ.
    Release,
}

/// A command and the context it came in.
pub(crate) struct Message {
    pub context: u8,
    pub command: CommandSet,
}

/// An open association, either side.
pub(crate) struct Channel {
    pub wire: Wire,
    pub contexts: Vec<AcceptedContext>,
    pub limits: Limits,
    /// When the service in progress must be over.
    pub deadline: Option<Instant>,
}

impl Channel {
    pub fn context(&self, id: u8) -> Result<&AcceptedContext, DimseError> {
        self.contexts
            .iter()
            .find(|c| c.id == id)
            .ok_or(DimseError::Protocol("a presentation context that was not accepted"))
    }

    /// Sends a command and its data set in one write.
    pub async fn send(&mut self, context: u8, command: &CommandSet, data_set: Option<&[u8]>) -> Result<(), DimseError> {
        let max = self.wire.peer_max_pdu;
        let mut out = Vec::new();
        fragment(&mut out, context, true, &command.encode(), max);
        if let Some(data_set) = data_set {
            fragment(&mut out, context, false, data_set, max);
        }
        self.wire.write(&out).await
    }

    /// The next command, whole, or the peer's wish to end.
    pub async fn receive(&mut self, awaited: &'static str) -> Result<Received, DimseError> {
        let mut bytes = Vec::new();
        let mut context = None;
        loop {
            let pdv = match self.next(awaited).await? {
                Incoming::Pdv(pdv) => pdv,
                Incoming::ReleaseRq if context.is_none() => return Ok(Received::Release),
                Incoming::ReleaseRq => return Err(DimseError::Protocol("a release request inside a command")),
                Incoming::ReleaseRp => return Err(DimseError::Protocol("a release reply nobody asked for")),
            };
            if !pdv.is_command {
                return Err(DimseError::Protocol("data set bytes where a command was due"));
            }
            if context.is_some_and(|id| id != pdv.context) {
                return Err(DimseError::Protocol("one command in two presentation contexts"));
            }
            context = Some(pdv.context);
            bytes.extend_from_slice(self.wire.bytes(&pdv));
            let limit = self.limits.max_command;
            if bytes.len() > limit {
                return Err(DimseError::TooLarge {
                    what: "command set",
                    size: bytes.len() as u64,
                    limit: limit as u64,
                });
            }
            if pdv.is_last {
                self.context(pdv.context)?;
                return Ok(Received::Message(Message { context: pdv.context, command: CommandSet::decode(&bytes)? }));
            }
        }
    }

    /// The next command, where an end of the association would be a fault.
    pub async fn receive_message(&mut self, awaited: &'static str) -> Result<Message, DimseError> {
        match self.receive(awaited).await? {
            Received::Message(message) => Ok(message),
            Received::Release => Err(DimseError::Protocol("a release request in the middle of a service")),
        }
    }

    /// Streams a data set's bytes to `take` as they arrive; returns how many there were.
    pub async fn receive_data(
        &mut self,
        context: u8,
        limit: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), DimseError>,
    ) -> Result<u64, DimseError> {
        let mut size = 0u64;
        loop {
            let Incoming::Pdv(pdv) = self.next("the rest of a data set").await? else {
                return Err(DimseError::Protocol("a release inside a data set"));
            };
            let Pdv { context: found, is_command, is_last, .. } = pdv;
            if is_command || found != context {
                return Err(DimseError::Protocol("a data set was interrupted by another message"));
            }
            let bytes = self.wire.bytes(&pdv);
            size += bytes.len() as u64;
            if size > limit {
                return Err(DimseError::TooLarge { what: "data set", size, limit });
            }
            take(bytes)?;
            if is_last {
                return Ok(size);
            }
        }
    }

    /// A small data set, whole.
    pub async fn receive_identifier(&mut self, context: u8) -> Result<Vec<u8>, DimseError> {
        let mut whole = Vec::new();
        let limit = self.limits.max_identifier as u64;
        self.receive_data(context, limit, |bytes| {
            whole.extend_from_slice(bytes);
            Ok(())
        })
        .await?;
        Ok(whole)
    }

    /// Takes one C-STORE request through `receiver` and answers it, PS3.4 Annex B.
    pub async fn serve_store(&mut self, message: Message, receiver: &mut dyn StoreReceiver) -> Result<(), DimseError> {
        let Message { context, command } = message;
        if !command.has_data_set() {
            return Err(DimseError::Protocol("a C-STORE request without a data set"));
        }
        let transfer_syntax = self.context(context)?.transfer_syntax.clone();
        let mut answer = CommandSet::new(field::C_STORE_RSP, false)
            .number(element::RESPONDED_TO, command.get_number(element::MESSAGE_ID).unwrap_or(0));
        let mut status = StoreStatus::INVALID_OBJECT;
        let mut begun = false;
        if let Some(request) = store_request(&command, transfer_syntax) {
            answer = answer
                .uid(element::AFFECTED_SOP_CLASS_UID, &request.sop_class_uid)
                .uid(element::AFFECTED_SOP_INSTANCE_UID, &request.sop_instance_uid);
            match receiver.begin(&request) {
                Ok(()) => begun = true,
                Err(refused) => status = refused,
            }
        }
        let limit = self.limits.max_object;
        self.receive_data(context, limit, |bytes| {
            if begun { receiver.data(bytes).map_err(DimseError::Receiver) } else { Ok(()) }
        })
        .await?;
        if begun {
            status = receiver.end().map_err(DimseError::Receiver)?;
        }
        self.send(context, &answer.number(element::STATUS, status.0), None).await
    }

    /// Answers A-RELEASE-RQ and closes.
    pub async fn agree_to_release(&mut self) {
        // The peer asked to end; whether it hears our agreement changes nothing.
        let _ = self.wire.write(&pdu::release(pdu::kind::RELEASE_RP)).await;
        self.wire.close().await;
    }

    async fn next(&mut self, awaited: &'static str) -> Result<Incoming, DimseError> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => {
                Err(DimseError::TimedOut { awaited: "end of the operation", after: self.limits.max_service })
            }
            _ => self.wire.next(awaited).await,
        }
    }
}

fn store_request(command: &CommandSet, transfer_syntax: String) -> Option<StoreRequest> {
    let valid = |number| command.get_text(number).filter(|text| uid::is_uid(text)).map(str::to_owned);
    Some(StoreRequest {
        sop_class_uid: valid(element::AFFECTED_SOP_CLASS_UID)?,
        sop_instance_uid: valid(element::AFFECTED_SOP_INSTANCE_UID)?,
        transfer_syntax,
        move_originator: command
            .get_text(element::MOVE_ORIGINATOR_AE)
            .map(|ae| (ae.to_owned(), command.get_number(element::MOVE_ORIGINATOR_ID).unwrap_or(0))),
    })
}
