//! From the bytes of a DICOMDIR to its records as they stand, one after another: no offset is followed here.
//!
//! The bytes may be anybody's. Nothing recurses: sequences inside records are walked with a stack of bounded depth, every
//! length is compared with what is left before it is believed, and items are counted.

use filmdesk_instance::{Attributes, Tag, VR, tags};

use crate::dicomdir_reader::DicomdirError;
use crate::element::{has_long_header, number_width};
use crate::keys::vr_of_key;
use crate::record::vr_bytes;

/// Sequences within sequences, the records' own included. A record's keys nest four deep.
const MAX_DEPTH: usize = 64;
/// Items of all sequences together: twenty times the largest medium in use.
const MAX_ITEMS: usize = 4_000_000;
const UNDEFINED: u32 = u32::MAX;

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_DELIMITATION: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_DELIMITATION: Tag = Tag(0xFFFE, 0xE0DD);

/// How a data set is encoded. A conformant DICOMDIR is Explicit VR Little Endian (PS3.10 §8.6); others are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    ExplicitLittle,
    ImplicitLittle,
    ExplicitBig,
}

/// A record as it stands: where its item begins in the file, and what it says.
pub(crate) struct RawRecord {
    pub offset: u32,
    pub attributes: Attributes,
}

/// What is open while the bytes are walked.
enum Frame {
    Item { start: usize, end: Option<usize>, attributes: Attributes },
    Sequence { tag: Tag, end: Option<usize>, items: Vec<Attributes> },
}

/// The bytes and how far they are read.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    pub at: usize,
    encoding: Encoding,
}

/// One element's head.
pub(crate) struct Head {
    pub tag: Tag,
    pub vr: VR,
    pub len: u32,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], at: usize, encoding: Encoding) -> Reader<'a> {
        Reader { bytes, at, encoding }
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn truncated(&self) -> DicomdirError {
        DicomdirError::Truncated { at: self.at as u64 }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], DicomdirError> {
        let left = &self.bytes[self.at.min(self.bytes.len())..];
        let taken = left.get(..len).ok_or_else(|| self.truncated())?;
        self.at += len;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, DicomdirError> {
        let taken = self.take(2)?;
        let bytes = [taken[0], taken[1]];
        Ok(if self.encoding == Encoding::ExplicitBig { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&mut self) -> Result<u32, DicomdirError> {
        let taken = self.take(4)?;
        let bytes = [taken[0], taken[1], taken[2], taken[3]];
        Ok(if self.encoding == Encoding::ExplicitBig { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    pub fn tag(&mut self) -> Result<Tag, DicomdirError> {
        Ok(Tag(self.u16()?, self.u16()?))
    }

    /// The next element's tag without moving on.
    pub fn peek_tag(&mut self) -> Result<Tag, DicomdirError> {
        let at = self.at;
        let tag = self.tag();
        self.at = at;
        tag
    }

    /// Tag, value representation and length of the next element.
    pub fn head(&mut self) -> Result<Head, DicomdirError> {
        let tag = self.tag()?;
        if tag.0 == 0xFFFE {
            return Ok(Head { tag, vr: VR::UN, len: self.u32()? });
        }
        if self.encoding == Encoding::ImplicitLittle {
            let len = self.u32()?;
            let vr = if len == UNDEFINED { VR::SQ } else { implicit_vr(tag) };
            return Ok(Head { tag, vr, len });
        }
        let at = self.at;
        let letters = self.take(2)?;
        let letters = [letters[0], letters[1]];
        let vr = std::str::from_utf8(&letters).ok().and_then(|letters| letters.parse().ok());
        let vr = vr.ok_or(DicomdirError::NotAnElement { at: at as u64 })?;
        if has_long_header(letters) {
            self.take(2)?;
            return Ok(Head { tag, vr, len: self.u32()? });
        }
        Ok(Head { tag, vr, len: u32::from(self.u16()?) })
    }

    /// The value field of an element, numbers brought to little endian.
    pub fn value(&mut self, head: &Head) -> Result<Vec<u8>, DicomdirError> {
        if head.len == UNDEFINED {
            return Err(DicomdirError::UndefinedLength { at: self.at as u64 });
        }
        let mut value = self.take(head.len as usize)?.to_vec();
        if self.encoding == Encoding::ExplicitBig {
            value.chunks_exact_mut(number_width(vr_bytes(head.vr))).for_each(<[u8]>::reverse);
        }
        Ok(value)
    }

    /// Where something of `len` bytes from here ends; `None` when it is delimited. It may not end after `within`.
    fn end(&self, len: u32, within: Option<usize>) -> Result<Option<usize>, DicomdirError> {
        if len == UNDEFINED {
            return Ok(None);
        }
        let end = self.at + len as usize;
        if end > within.unwrap_or(self.bytes.len()).min(self.bytes.len()) {
            return Err(DicomdirError::BadLength { at: self.at as u64 });
        }
        Ok(Some(end))
    }

    /// Walks the data set to its end: its own attributes, and the items of its Directory Record Sequence.
    pub fn data_set(&mut self) -> Result<(Attributes, Vec<RawRecord>), DicomdirError> {
        let mut records = Vec::new();
        let mut n_items = 0;
        let whole = Frame::Item { start: self.at, end: Some(self.bytes.len()), attributes: Attributes::default() };
        let mut open = vec![whole];
        loop {
            let within = open.iter().rev().find_map(|frame| match frame {
                Frame::Item { end, .. } | Frame::Sequence { end, .. } => *end,
            });
            let Some(top) = open.last_mut() else { return Err(self.truncated()) };
            let closed = match top {
                Frame::Item { end, .. } | Frame::Sequence { end, .. } if *end == Some(self.at) => true,
                Frame::Item { end, attributes, .. } => match self.next_in_item(end.is_none(), within, attributes)? {
                    Next::Closed => true,
                    Next::Value => false,
                    Next::Sequence { tag, end } => {
                        open.push(Frame::Sequence { tag, end, items: Vec::new() });
                        false
                    }
                },
                Frame::Sequence { end, .. } => match self.next_in_sequence(end.is_none(), within)? {
                    None => true,
                    Some(item) => {
                        n_items += 1;
                        if n_items > MAX_ITEMS {
                            return Err(DicomdirError::TooManyItems { limit: MAX_ITEMS });
                        }
                        open.push(item);
                        false
                    }
                },
            };
            if open.len() > MAX_DEPTH {
                return Err(DicomdirError::TooDeep { at: self.at as u64 });
            }
            if closed && let Some(attributes) = close(&mut open, &mut records) {
                return Ok((attributes, records));
            }
        }
    }

    fn next_in_item(
        &mut self,
        delimited: bool,
        within: Option<usize>,
        attributes: &mut Attributes,
    ) -> Result<Next, DicomdirError> {
        let at = self.at as u64;
        let head = self.head()?;
        if head.tag == ITEM_DELIMITATION && delimited {
            return Ok(Next::Closed);
        }
        if head.tag.0 == 0xFFFE {
            return Err(DicomdirError::NotAnElement { at });
        }
        let end = self.end(head.len, within)?;
        if head.vr == VR::SQ {
            return Ok(Next::Sequence { tag: head.tag, end });
        }
        let value = self.value(&head)?;
        attributes.push(head.tag, head.vr, &value);
        Ok(Next::Value)
    }

    fn next_in_sequence(&mut self, delimited: bool, within: Option<usize>) -> Result<Option<Frame>, DicomdirError> {
        let start = self.at;
        let head = self.head()?;
        if head.tag == SEQUENCE_DELIMITATION && delimited {
            return Ok(None);
        }
        if head.tag != ITEM {
            return Err(DicomdirError::NotAnItem { at: start as u64 });
        }
        let end = self.end(head.len, within)?;
        Ok(Some(Frame::Item { start, end, attributes: Attributes::default() }))
    }
}

enum Next {
    Value,
    Sequence { tag: Tag, end: Option<usize> },
    Closed,
}

/// Closes the innermost frame into the one around it; the outermost gives its attributes.
fn close(open: &mut Vec<Frame>, records: &mut Vec<RawRecord>) -> Option<Attributes> {
    let is_record = open.len() == 3;
    match (open.pop()?, open.last_mut()) {
        (Frame::Item { attributes, .. }, None) => return Some(attributes),
        (Frame::Item { start, attributes, .. }, Some(Frame::Sequence { tag, items, .. })) => {
            if is_record && *tag == tags::DIRECTORY_RECORD_SEQUENCE {
                records.push(RawRecord { offset: start as u32, attributes });
            } else {
                items.push(attributes);
            }
        }
        (Frame::Sequence { tag, items, .. }, Some(Frame::Item { attributes, .. })) => {
            attributes.push_sequence(tag, items);
        }
        // A sequence is opened in an item and an item in a sequence, never otherwise.
        (Frame::Item { .. }, Some(Frame::Item { .. })) | (Frame::Sequence { .. }, _) => {}
    }
    None
}

/// The value representation of an attribute that does not carry one: of the directory itself and of the keys.
fn implicit_vr(tag: Tag) -> VR {
    match tag {
        Tag(0x0004, 0x1200 | 0x1202 | 0x1400 | 0x1420 | 0x1504 | 0x1600) => VR::UL,
        Tag(0x0004, 0x1212 | 0x1410) => VR::US,
        Tag(0x0004, 0x1220) => VR::SQ,
        Tag(0x0004, 0x1432 | 0x1510 | 0x1511 | 0x1512 | 0x151A) => VR::UI,
        Tag(0x0004, _) | Tag(0x0008, 0x0005) => VR::CS,
        _ => vr_of_key(tag).and_then(|letters| std::str::from_utf8(letters).ok()?.parse().ok()).unwrap_or(VR::UN),
    }
}
