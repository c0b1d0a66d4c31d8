//! Identifiers: the small data sets of C-FIND, C-GET and C-MOVE, PS3.4 §C.4.
//!
//! Only top-level elements are kept, as raw bytes: what a query asks and what an answer says is flat. Sequences in an
//! answer are stepped over without recursion. Text is not decoded here: which characters the bytes mean depends on
//! Specific Character Set, and that is for whoever shows them.

use crate::error::DimseError;
use crate::uid;
use std::collections::BTreeMap;

/// A data element tag.
pub type Tag = (u16, u16);

/// Sequences deeper than this are no answer to a query of ours.
const MAX_DEPTH: usize = 64;
const UNDEFINED: u32 = 0xFFFF_FFFF;

/// A flat data set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Identifier {
    elements: BTreeMap<Tag, Element>,
}

#[derive(Clone, PartialEq, Eq)]
struct Element {
    /// `None` when read from Implicit VR.
    vr: Option<[u8; 2]>,
    value: Vec<u8>,
}

impl std::fmt::Debug for Identifier {
    /// Tags and lengths only: the values are a patient's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let elements = self.elements.iter().map(|(tag, e)| (format!("({:04X},{:04X})", tag.0, tag.1), e.value.len()));
        f.debug_map().entries(elements).finish()
    }
}

impl Identifier {
    /// With no keys.
    pub fn new() -> Identifier {
        Identifier::default()
    }
    /// With a key: VR and value (UTF-8 when Specific Character Set says `ISO_IR 192`). An empty value asks for the
    /// attribute without matching on it.
    #[must_use]
    pub fn key(mut self, tag: Tag, vr: &[u8; 2], value: &str) -> Identifier {
        let mut value = value.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(if vr == b"UI" { 0 } else { b' ' });
        }
        self.elements.insert(tag, Element { vr: Some(*vr), value });
        self
    }
    /// The value's bytes, as they came.
    pub fn raw(&self, tag: Tag) -> Option<&[u8]> {
        self.elements.get(&tag).map(|element| element.value.as_slice())
    }
    /// An ASCII value (UI, CS, DA, TM, IS) without padding; `None` when absent, empty or not ASCII.
    pub fn ascii(&self, tag: Tag) -> Option<&str> {
        let text = std::str::from_utf8(self.raw(tag)?).ok()?.trim_matches([' ', '\0']);
        (!text.is_empty() && text.is_ascii()).then_some(text)
    }
    /// All (tag, value) pairs in order of tags.
    pub fn iter(&self) -> impl Iterator<Item = (Tag, &[u8])> {
        self.elements.iter().map(|(tag, element)| (*tag, element.value.as_slice()))
    }

    /// As bytes in the transfer syntax of the presentation context.
    pub fn encode(&self, transfer_syntax: &str) -> Vec<u8> {
        let explicit = transfer_syntax != uid::IMPLICIT_VR_LE;
        let mut out = Vec::new();
        for ((group, element), Element { vr, value }) in &self.elements {
            out.extend_from_slice(&group.to_le_bytes());
            out.extend_from_slice(&element.to_le_bytes());
            if explicit {
                let vr = vr.unwrap_or(*b"UN");
                out.extend_from_slice(&vr);
                if has_long_length(vr) {
                    out.extend_from_slice(&[0, 0]);
                    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
                } else {
                    out.extend_from_slice(&(value.len() as u16).to_le_bytes());
                }
            } else {
                out.extend_from_slice(&(value.len() as u32).to_le_bytes());
            }
            out.extend_from_slice(value);
        }
        out
    }

    /// Reads a complete identifier in Implicit or Explicit VR Little Endian.
    ///
    /// # Errors
    /// [`DimseError::Protocol`] when a length reaches past the end or sequences nest deeper than 64.
    pub fn decode(bytes: &[u8], transfer_syntax: &str) -> Result<Identifier, DimseError> {
        let explicit = transfer_syntax != uid::IMPLICIT_VR_LE;
        let mut identifier = Identifier::default();
        let mut rest = bytes;
        let mut depth = 0usize;
        while !rest.is_empty() {
            let (head, after) = Head::read(rest, explicit)?;
            rest = after;
            match (head.tag, head.length) {
                ((0xFFFE, 0xE00D | 0xE0DD), _) => depth = depth.saturating_sub(1),
                (_, UNDEFINED) => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Err(DimseError::Protocol("an identifier nests sequences deeper than 64"));
                    }
                }
                (tag, length) => {
                    let value = rest.get(..length as usize).ok_or(PAST_END)?;
                    rest = &rest[length as usize..];
                    if depth == 0 && tag.0 != 0xFFFE {
                        identifier.elements.insert(tag, Element { vr: head.vr, value: value.to_vec() });
                    }
                }
            }
        }
        Ok(identifier)
    }
}

const PAST_END: DimseError = DimseError::Protocol("an identifier's element reaches past its end");

struct Head {
    tag: Tag,
    vr: Option<[u8; 2]>,
    length: u32,
}

impl Head {
    fn read(bytes: &[u8], explicit: bool) -> Result<(Head, &[u8]), DimseError> {
        let head: &[u8; 8] = bytes.get(..8).and_then(|h| h.try_into().ok()).ok_or(PAST_END)?;
        let tag = (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
        let long = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        if !explicit || tag.0 == 0xFFFE {
            return Ok((Head { tag, vr: None, length: long }, &bytes[8..]));
        }
        let vr = [head[4], head[5]];
        if has_long_length(vr) {
            let length = bytes.get(8..12).and_then(|l| l.try_into().ok()).map(u32::from_le_bytes).ok_or(PAST_END)?;
            Ok((Head { tag, vr: Some(vr), length }, &bytes[12..]))
        } else {
            let length = u32::from(u16::from_le_bytes([head[6], head[7]]));
            Ok((Head { tag, vr: Some(vr), length }, &bytes[8..]))
        }
    }
}

/// VRs with a reserved field and a 32-bit length, PS3.5 §7.1.2.
fn has_long_length(vr: [u8; 2]) -> bool {
    matches!(&vr, b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV")
}

#[cfg(test)]
mod tests;
