//! Data elements of directory records, and their Explicit VR Little Endian encoding (PS3.5 §7.1, PS3.10 §8.6).
//!
//! A DICOMDIR points into itself with byte offsets, so its writer must know the exact length of all it writes. That is
//! why the few value representations of directory records have an encoder here: every length is explicit, every value
//! is padded once, and [`encoded_len`] is what [`encode`] writes.

pub(crate) use filmdesk_instance::Tag;

/// One element of a directory record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub tag: Tag,
    pub vr: [u8; 2],
    pub value: Value,
}

/// The value field: bytes without padding, or the items of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Bytes(Vec<u8>),
    Items(Vec<Vec<Element>>),
}

impl Element {
    /// An element of characters, not yet padded.
    pub fn text(tag: Tag, vr: &[u8; 2], text: &str) -> Element {
        Element { tag, vr: *vr, value: Value::Bytes(text.as_bytes().to_vec()) }
    }

    /// An unsigned short.
    pub fn us(tag: Tag, value: u16) -> Element {
        Element { tag, vr: *b"US", value: Value::Bytes(value.to_le_bytes().to_vec()) }
    }

    /// An unsigned long.
    pub fn ul(tag: Tag, value: u32) -> Element {
        Element { tag, vr: *b"UL", value: Value::Bytes(value.to_le_bytes().to_vec()) }
    }

    /// A sequence.
    pub fn sq(tag: Tag, items: Vec<Vec<Element>>) -> Element {
        Element { tag, vr: *b"SQ", value: Value::Items(items) }
    }

    /// Whether any value in it, however deep, holds a byte outside ASCII in a text representation.
    pub fn is_extended(&self) -> bool {
        match &self.value {
            Value::Bytes(bytes) => is_text(self.vr) && !bytes.is_ascii(),
            Value::Items(items) => items.iter().flatten().any(Element::is_extended),
        }
    }

    /// Whether it carries no value.
    pub fn is_empty(&self) -> bool {
        match &self.value {
            Value::Bytes(bytes) => bytes.is_empty(),
            Value::Items(items) => items.is_empty(),
        }
    }
}

/// Value representations whose bytes depend on Specific Character Set (PS3.5 §6.1.2.2).
pub(crate) fn is_text(vr: [u8; 2]) -> bool {
    matches!(&vr, b"LO" | b"LT" | b"PN" | b"SH" | b"ST" | b"UC" | b"UT")
}

/// Value representations padded with NUL; text is padded with a space (PS3.5 §6.2).
fn pads_with_nul(vr: [u8; 2]) -> bool {
    matches!(&vr, b"UI" | b"OB" | b"UN")
}

/// Value representations with two reserved bytes and a 32-bit length (PS3.5 §7.1.2).
pub(crate) fn has_long_header(vr: [u8; 2]) -> bool {
    matches!(&vr, b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV")
}

/// Bytes of one number of this value representation; 1 for what is no number.
pub(crate) fn number_width(vr: [u8; 2]) -> usize {
    match &vr {
        b"US" | b"SS" | b"OW" | b"AT" => 2,
        b"UL" | b"SL" | b"FL" | b"OL" | b"OF" => 4,
        b"FD" | b"UV" | b"SV" | b"OD" | b"OV" => 8,
        _ => 1,
    }
}

/// How many bytes [`encode`] will write for `elements`.
pub(crate) fn encoded_len(elements: &[Element]) -> usize {
    elements
        .iter()
        .map(|element| {
            let header = if has_long_header(element.vr) { 12 } else { 8 };
            header + value_len(&element.value)
        })
        .sum()
}

fn value_len(value: &Value) -> usize {
    match value {
        Value::Bytes(bytes) => bytes.len().next_multiple_of(2),
        Value::Items(items) => items.iter().map(|item| 8 + encoded_len(item)).sum(),
    }
}

/// Writes `elements` with explicit lengths throughout. The nesting is that of Annex F's keys (a code in a content
/// item in a record), bounded where the elements are taken from an instance.
pub(crate) fn encode(elements: &[Element], out: &mut Vec<u8>) {
    for element in elements {
        let len = value_len(&element.value);
        out.extend_from_slice(&element.tag.0.to_le_bytes());
        out.extend_from_slice(&element.tag.1.to_le_bytes());
        out.extend_from_slice(&element.vr);
        if has_long_header(element.vr) {
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&(len as u32).to_le_bytes());
        } else {
            out.extend_from_slice(&(len as u16).to_le_bytes());
        }
        match &element.value {
            Value::Bytes(bytes) => {
                out.extend_from_slice(bytes);
                if bytes.len() % 2 == 1 {
                    out.push(if pads_with_nul(element.vr) { 0 } else { b' ' });
                }
            }
            Value::Items(items) => items.iter().for_each(|item| encode_item(item, out)),
        }
    }
}

/// What stands before the elements of an item: its tag and its length.
pub(crate) fn item_head(len: usize) -> [u8; 8] {
    let [a, b, c, d] = (len as u32).to_le_bytes();
    [0xfe, 0xff, 0x00, 0xe0, a, b, c, d]
}

fn encode_item(elements: &[Element], out: &mut Vec<u8>) {
    out.extend_from_slice(&item_head(encoded_len(elements)));
    encode(elements, out);
}
