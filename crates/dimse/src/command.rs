//! Command sets, PS3.7 §6.3 and Annex E: group 0000, always Implicit VR Little Endian, never a sequence.

use crate::error::DimseError;
use std::collections::BTreeMap;

/// Command Field values, PS3.7 §E.1.
pub mod field {
    /// C-STORE-RQ
    pub const C_STORE_RQ: u16 = 0x0001;
    /// C-STORE-RSP
    pub const C_STORE_RSP: u16 = 0x8001;
    /// C-GET-RQ
    pub const C_GET_RQ: u16 = 0x0010;
    /// C-GET-RSP
    pub const C_GET_RSP: u16 = 0x8010;
    /// C-FIND-RQ
    pub const C_FIND_RQ: u16 = 0x0020;
    /// C-FIND-RSP
    pub const C_FIND_RSP: u16 = 0x8020;
    /// C-MOVE-RQ
    pub const C_MOVE_RQ: u16 = 0x0021;
    /// C-MOVE-RSP
    pub const C_MOVE_RSP: u16 = 0x8021;
    /// C-ECHO-RQ
    pub const C_ECHO_RQ: u16 = 0x0030;
    /// C-ECHO-RSP
    pub const C_ECHO_RSP: u16 = 0x8030;
    /// C-CANCEL-RQ
    pub const C_CANCEL_RQ: u16 = 0x0FFF;
    /// N-EVENT-REPORT-RQ
    pub const N_EVENT_REPORT_RQ: u16 = 0x0100;
    /// N-EVENT-REPORT-RSP
    pub const N_EVENT_REPORT_RSP: u16 = 0x8100;
    /// N-GET-RQ
    pub const N_GET_RQ: u16 = 0x0110;
    /// N-SET-RQ
    pub const N_SET_RQ: u16 = 0x0120;
    /// N-ACTION-RQ
    pub const N_ACTION_RQ: u16 = 0x0130;
    /// N-CREATE-RQ
    pub const N_CREATE_RQ: u16 = 0x0140;
    /// N-DELETE-RQ
    pub const N_DELETE_RQ: u16 = 0x0150;
    /// Added to a request's field, it is its response's.
    pub const RESPONSE: u16 = 0x8000;
}

/// Element numbers of group 0000, PS3.7 §E.1.
pub mod element {
    /// Affected SOP Class UID
    pub const AFFECTED_SOP_CLASS_UID: u16 = 0x0002;
    /// Requested SOP Class UID
    pub const REQUESTED_SOP_CLASS_UID: u16 = 0x0003;
    /// Command Field
    pub const COMMAND_FIELD: u16 = 0x0100;
    /// Message ID
    pub const MESSAGE_ID: u16 = 0x0110;
    /// Message ID Being Responded To
    pub const RESPONDED_TO: u16 = 0x0120;
    /// Move Destination
    pub const MOVE_DESTINATION: u16 = 0x0600;
    /// Priority
    pub const PRIORITY: u16 = 0x0700;
    /// Command Data Set Type
    pub const DATA_SET_TYPE: u16 = 0x0800;
    /// Status
    pub const STATUS: u16 = 0x0900;
    /// Affected SOP Instance UID
    pub const AFFECTED_SOP_INSTANCE_UID: u16 = 0x1000;
    /// Requested SOP Instance UID
    pub const REQUESTED_SOP_INSTANCE_UID: u16 = 0x1001;
    /// Event Type ID
    pub const EVENT_TYPE: u16 = 0x1002;
    /// Attribute Identifier List
    pub const ATTRIBUTE_LIST: u16 = 0x1005;
    /// Action Type ID
    pub const ACTION_TYPE: u16 = 0x1008;
    /// Number of Remaining Sub-operations
    pub const REMAINING: u16 = 0x1020;
    /// Number of Completed Sub-operations
    pub const COMPLETED: u16 = 0x1021;
    /// Number of Failed Sub-operations
    pub const FAILED: u16 = 0x1022;
    /// Number of Warning Sub-operations
    pub const WARNING: u16 = 0x1023;
    /// Move Originator Application Entity Title
    pub const MOVE_ORIGINATOR_AE: u16 = 0x1030;
    /// Move Originator Message ID
    pub const MOVE_ORIGINATOR_ID: u16 = 0x1031;
}

/// Command Data Set Type: no data set follows.
const NO_DATA_SET: u16 = 0x0101;

/// One command: its elements by number, values as on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandSet {
    elements: BTreeMap<u16, Vec<u8>>,
}

impl CommandSet {
    /// A command with its field, saying whether a data set follows.
    pub fn new(command_field: u16, with_data_set: bool) -> CommandSet {
        CommandSet::default()
            .number(element::COMMAND_FIELD, command_field)
            .number(element::DATA_SET_TYPE, if with_data_set { 0x0001 } else { NO_DATA_SET })
    }
    /// With an unsigned short.
    #[must_use]
    pub fn number(mut self, element: u16, value: u16) -> CommandSet {
        self.elements.insert(element, value.to_le_bytes().to_vec());
        self
    }
    /// With a UID, padded by NUL to even length.
    #[must_use]
    pub fn uid(self, element: u16, value: &str) -> CommandSet {
        self.padded(element, value, 0)
    }
    /// With text, padded by a space to even length.
    #[must_use]
    pub fn text(self, element: u16, value: &str) -> CommandSet {
        self.padded(element, value, b' ')
    }
    /// With a list of attribute tags, VR AT.
    #[must_use]
    pub fn tags(mut self, element: u16, tags: &[crate::Tag]) -> CommandSet {
        let bytes = tags.iter().flat_map(|tag| [tag.0.to_le_bytes(), tag.1.to_le_bytes()]).flatten().collect();
        self.elements.insert(element, bytes);
        self
    }
    fn padded(mut self, element: u16, value: &str, pad: u8) -> CommandSet {
        let mut bytes = value.as_bytes().to_vec();
        if bytes.len() % 2 == 1 {
            bytes.push(pad);
        }
        self.elements.insert(element, bytes);
        self
    }
    /// An unsigned short, if the element is there and is one.
    pub fn get_number(&self, element: u16) -> Option<u16> {
        self.elements.get(&element)?.as_slice().try_into().ok().map(u16::from_le_bytes)
    }
    /// Text or a UID without padding; `None` when absent, empty or not ASCII.
    pub fn get_text(&self, element: u16) -> Option<&str> {
        let text = std::str::from_utf8(self.elements.get(&element)?).ok()?.trim_matches([' ', '\0']);
        (!text.is_empty() && text.is_ascii()).then_some(text)
    }
    /// Command Field; 0 when it is missing, which is no command's.
    pub fn command_field(&self) -> u16 {
        self.get_number(element::COMMAND_FIELD).unwrap_or(0)
    }
    /// Whether a data set follows.
    pub fn has_data_set(&self) -> bool {
        self.get_number(element::DATA_SET_TYPE).is_some_and(|kind| kind != NO_DATA_SET)
    }

    /// Implicit VR Little Endian, with Command Group Length.
    pub fn encode(&self) -> Vec<u8> {
        let length: usize = self.elements.values().map(|value| 8 + value.len()).sum();
        let mut out = Vec::with_capacity(12 + length);
        out.extend_from_slice(&[0, 0, 0, 0, 4, 0, 0, 0]);
        out.extend_from_slice(&(length as u32).to_le_bytes());
        for (element, value) in &self.elements {
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&element.to_le_bytes());
            out.extend_from_slice(&(value.len() as u32).to_le_bytes());
            out.extend_from_slice(value);
        }
        out
    }

    /// Reads a complete command set. Command Group Length is not needed and not believed.
    ///
    /// # Errors
    /// [`DimseError::Protocol`] when an element is not of group 0000 or reaches past the end.
    pub fn decode(mut bytes: &[u8]) -> Result<CommandSet, DimseError> {
        let mut command = CommandSet::default();
        while !bytes.is_empty() {
            let head: &[u8; 8] = bytes
                .get(..8)
                .and_then(|h| h.try_into().ok())
                .ok_or(DimseError::Protocol("a command set ends inside an element"))?;
            if head[..2] != [0, 0] {
                return Err(DimseError::Protocol("a command set holds an element outside group 0000"));
            }
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            let value =
                bytes[8..].get(..length).ok_or(DimseError::Protocol("a command element reaches past its end"))?;
            let number = u16::from_le_bytes([head[2], head[3]]);
            if number != 0 {
                command.elements.insert(number, value.to_vec());
            }
            bytes = &bytes[8 + length..];
        }
        Ok(command)
    }
}

#[cfg(test)]
mod tests;
