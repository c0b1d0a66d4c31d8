//! The N-services (PS3.7 §10) as their user: what printing on film and other managed objects need.
//!
//! Attributes go past as bytes in the context's transfer syntax. A provider may send N-EVENT-REPORTs whenever it likes, such
//! as a printer that runs out of film: they are answered while an answer is awaited, and handed over with it.

use crate::channel::Message;
use crate::client::{Association, expect_answer};
use crate::command::{CommandSet, element, field};
use crate::error::DimseError;
use crate::identifier::Tag;
use crate::uid;
use tokio::time::Instant;

/// Most events a provider may send while we wait for one answer.
const MAX_EVENTS: usize = 256;

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalized<'a> {
    /// N-CREATE; without an instance UID the provider chooses one.
    Create {
        /// Affected SOP Instance UID.
        instance: Option<&'a str>,
    },
    /// N-SET.
    Set {
        /// Requested SOP Instance UID.
        instance: &'a str,
    },
    /// N-GET; without attributes the provider gives all it has.
    Get {
        /// Requested SOP Instance UID.
        instance: &'a str,
        /// Attribute Identifier List.
        attributes: &'a [Tag],
    },
    /// N-ACTION.
    Action {
        /// Requested SOP Instance UID.
        instance: &'a str,
        /// Action Type ID; its meaning is the SOP Class's.
        action: u16,
    },
    /// N-DELETE.
    Delete {
        /// Requested SOP Instance UID.
        instance: &'a str,
    },
}

/// An N-EVENT-REPORT.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Affected SOP Class UID.
    pub sop_class_uid: String,
    /// Affected SOP Instance UID.
    pub sop_instance_uid: String,
    /// Event Type ID; its meaning is the SOP Class's.
    pub event: u16,
    /// Event Information, in the context's transfer syntax; empty without.
    pub information: Vec<u8>,
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Event({} of {}, {} bytes)", self.event, self.sop_instance_uid, self.information.len())
    }
}

/// How a request ended.
#[derive(Clone, PartialEq, Eq)]
pub struct NormalizedAnswer {
    /// Status: success, or a warning of the SOP Class's.
    pub status: u16,
    /// Affected SOP Instance UID: of what was created, when the provider says.
    pub sop_instance_uid: Option<String>,
    /// The attributes it gives back, in the context's transfer syntax; empty without.
    pub attributes: Vec<u8>,
    /// Events that came before the answer.
    pub events: Vec<Event>,
}

impl std::fmt::Debug for NormalizedAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NormalizedAnswer({:04X}H, {} bytes, {:?})", self.status, self.attributes.len(), self.events)
    }
}

impl Normalized<'_> {
    fn operation(self) -> (&'static str, u16) {
        match self {
            Normalized::Create { .. } => ("N-CREATE", field::N_CREATE_RQ),
            Normalized::Set { .. } => ("N-SET", field::N_SET_RQ),
            Normalized::Get { .. } => ("N-GET", field::N_GET_RQ),
            Normalized::Action { .. } => ("N-ACTION", field::N_ACTION_RQ),
            Normalized::Delete { .. } => ("N-DELETE", field::N_DELETE_RQ),
        }
    }

    pub(crate) fn command(self, sop_class: &str, id: u16, with_data_set: bool) -> CommandSet {
        let command = CommandSet::new(self.operation().1, with_data_set).number(element::MESSAGE_ID, id);
        let of = |command: CommandSet, instance: &str| {
            let command = command.uid(element::REQUESTED_SOP_CLASS_UID, sop_class);
            command.uid(element::REQUESTED_SOP_INSTANCE_UID, instance)
        };
        match self {
            Normalized::Create { instance } => {
                let command = command.uid(element::AFFECTED_SOP_CLASS_UID, sop_class);
                match instance {
                    Some(instance) => command.uid(element::AFFECTED_SOP_INSTANCE_UID, instance),
                    None => command,
                }
            }
            Normalized::Set { instance } | Normalized::Delete { instance } => of(command, instance),
            Normalized::Get { instance, attributes: [] } => of(command, instance),
            Normalized::Get { instance, attributes } => of(command, instance).tags(element::ATTRIBUTE_LIST, attributes),
            Normalized::Action { instance, action } => of(command, instance).number(element::ACTION_TYPE, action),
        }
    }
}

impl Association {
    /// An N-service on a SOP Class, in the context of `negotiated`: the class itself, or the meta SOP Class it belongs to
    /// (PS3.4 §H.3.2). `attributes` are Modification List, Attribute List or Action Information.
    ///
    /// # Errors
    /// When the context was not accepted, the provider answers with a failure, or the association fails.
    pub async fn normalized(
        &mut self,
        negotiated: &str,
        sop_class: &str,
        request: Normalized<'_>,
        attributes: Option<&[u8]>,
    ) -> Result<NormalizedAnswer, DimseError> {
        let (context, _) = self.offered(negotiated)?;
        let id = self.begin();
        let (operation, asked) = request.operation();
        let command = request.command(sop_class, id, attributes.is_some());
        self.channel.send(context, &command, attributes).await?;
        let mut events = Vec::new();
        let answer = loop {
            let message = self.channel.receive_message("answer of an N-service").await?;
            if message.command.command_field() != field::N_EVENT_REPORT_RQ {
                break message;
            }
            if events.len() == MAX_EVENTS {
                let limit = MAX_EVENTS as u64;
                return Err(DimseError::TooLarge { what: "number of events", size: limit + 1, limit });
            }
            events.push(self.take_event(&message).await?);
        };
        expect_answer(&answer, asked | field::RESPONSE, id)?;
        let attributes = self.data_set_of(&answer).await?;
        let status = answer.command.get_number(element::STATUS);
        match status.ok_or(DimseError::Protocol("a response without a status"))? {
            // Warnings of PS3.7 Annex C and of the print management classes (PS3.4 §H.4).
            status @ (0x0000 | 0x0001 | 0x0107 | 0x0116 | 0xB000..=0xBFFF) => {
                let created =
                    answer.command.get_text(element::AFFECTED_SOP_INSTANCE_UID).filter(|uid| uid::is_uid(uid));
                Ok(NormalizedAnswer { status, sop_instance_uid: created.map(str::to_owned), attributes, events })
            }
            status => Err(DimseError::Status { operation, status }),
        }
    }

    /// The next N-EVENT-REPORT, for who waits for one, such as the end of a print job.
    ///
    /// # Errors
    /// When anything else comes, or the association fails.
    pub async fn next_event(&mut self) -> Result<Event, DimseError> {
        self.channel.deadline = Some(Instant::now() + self.channel.limits.max_service);
        let message = self.channel.receive_message("event").await?;
        if message.command.command_field() != field::N_EVENT_REPORT_RQ {
            return Err(DimseError::Protocol("another message where an event was due"));
        }
        self.take_event(&message).await
    }

    async fn take_event(&mut self, message: &Message) -> Result<Event, DimseError> {
        let command = &message.command;
        let text = |number| command.get_text(number).filter(|uid| uid::is_uid(uid)).unwrap_or_default().to_owned();
        let event = Event {
            sop_class_uid: text(element::AFFECTED_SOP_CLASS_UID),
            sop_instance_uid: text(element::AFFECTED_SOP_INSTANCE_UID),
            event: command.get_number(element::EVENT_TYPE).unwrap_or(0),
            information: self.data_set_of(message).await?,
        };
        let answer = CommandSet::new(field::N_EVENT_REPORT_RSP, false)
            .uid(element::AFFECTED_SOP_CLASS_UID, &event.sop_class_uid)
            .uid(element::AFFECTED_SOP_INSTANCE_UID, &event.sop_instance_uid)
            .number(element::EVENT_TYPE, event.event)
            .number(element::RESPONDED_TO, command.get_number(element::MESSAGE_ID).unwrap_or(0))
            .number(element::STATUS, 0);
        self.channel.send(message.context, &answer, None).await?;
        Ok(event)
    }

    async fn data_set_of(&mut self, message: &Message) -> Result<Vec<u8>, DimseError> {
        match message.command.has_data_set() {
            true => self.channel.receive_identifier(message.context).await,
            false => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests;
