//! The byte gate: an iterative walk over a data set (PS3.5 section 7) that believes no length before it has compared
//! it with what is left, and no depth beyond the limit. It allocates nothing that the data set declares.

use dicom_core::{DataDictionary, Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};

use crate::source::Input;
use crate::{Limits, Refusal};

/// How the elements of a data set are encoded (PS3.5 Annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encoding {
    pub(crate) explicit: bool,
    pub(crate) big_endian: bool,
}

impl Encoding {
    pub(crate) const EXPLICIT_LE: Encoding = Encoding { explicit: true, big_endian: false };
    pub(crate) const IMPLICIT_LE: Encoding = Encoding { explicit: false, big_endian: false };
    pub(crate) const EXPLICIT_BE: Encoding = Encoding { explicit: true, big_endian: true };

    fn u16(self, b: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) }
    }

    fn u32(self, b: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) }
    }
}

/// What stands at the head of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) tag: Tag,
    /// As written; `None` in Implicit VR.
    pub(crate) vr: Option<VR>,
    /// `None` is the undefined length.
    pub(crate) len: Option<u64>,
    /// Where the element's tag is, from the beginning of the bytes.
    pub(crate) at: u64,
    /// Where its value begins.
    pub(crate) value_at: u64,
    /// How the value's numbers are encoded.
    pub(crate) encoding: Encoding,
}

/// What the walk meets next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// An element with a value of defined length, which is whole. The value is skipped unless it is read at once.
    Value(Element),
    /// A sequence of items begins.
    SequenceStart(Element),
    /// An item begins.
    ItemStart,
    /// The item ends.
    ItemEnd,
    /// The sequence ends.
    SequenceEnd,
    /// Encapsulated pixel data begin (PS3.5 A.4): fragments follow, the first is the Basic Offset Table.
    FragmentsStart(Element),
    /// A fragment of `len` bytes, at hand like a value.
    Fragment { len: u64 },
    /// The encapsulated pixel data ended with their delimiter.
    FragmentsEnd,
    /// The data set ends here; what follows (`left` bytes) is padding outside any element.
    End { left: u64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Items,
    Item,
    Fragments,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    inside: Inside,
    /// Where the level must end: its own end when defined, otherwise what encloses it.
    limit: u64,
    defined: bool,
    encoding: Encoding,
}

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_DELIMITER: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_DELIMITER: Tag = Tag(0xFFFE, 0xE0DD);
const UNDEFINED: u32 = 0xFFFF_FFFF;

/// The walk.
pub(crate) struct Scanner {
    input: Input,
    root: Encoding,
    levels: Vec<Level>,
    /// Bytes of the last value or fragment not yet read.
    pending: u64,
    /// Stop before the first element of another group (file meta information).
    only_group: Option<u16>,
}

impl Scanner {
    pub(crate) fn new(input: Input, root: Encoding) -> Scanner {
        Scanner { input, root, levels: Vec::new(), pending: 0, only_group: None }
    }

    /// A walk over group 0002 alone.
    pub(crate) fn meta(input: Input) -> Scanner {
        Scanner { only_group: Some(0x0002), ..Scanner::new(input, Encoding::EXPLICIT_LE) }
    }

    pub(crate) fn into_input(self) -> Input {
        self.input
    }

    pub(crate) fn pos(&self) -> u64 {
        self.input.pos()
    }

    pub(crate) fn len(&self) -> u64 {
        self.input.len()
    }

    /// Sequences and items around the present place.
    pub(crate) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// The value (or fragment) just announced; call with what is known to be small.
    pub(crate) fn value(&mut self) -> Result<&[u8], Refusal> {
        let n = usize::try_from(self.pending).unwrap_or(usize::MAX);
        self.input.peek(n)
    }

    /// Hands the value (or fragment) just announced to `sink` in pieces.
    pub(crate) fn stream(&mut self, sink: impl FnMut(&[u8]) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let n = std::mem::take(&mut self.pending);
        self.input.stream(n, sink)
    }

    /// The next event.
    pub(crate) fn next(&mut self) -> Result<Event, Refusal> {
        let pending = std::mem::take(&mut self.pending);
        if pending > 0 {
            self.input.skip(pending)?;
        }
        let Some(level) = self.levels.last().copied() else {
            return self.next_at_root();
        };
        if level.defined && self.input.pos() == level.limit {
            self.levels.pop();
            return Ok(match level.inside {
                Inside::Items => Event::SequenceEnd,
                Inside::Item => Event::ItemEnd,
                Inside::Fragments => Event::FragmentsEnd,
            });
        }
        match level.inside {
            Inside::Items => self.next_item(level),
            Inside::Item => self.next_element(level.limit, level.encoding),
            Inside::Fragments => self.next_fragment(level),
        }
    }

    fn next_at_root(&mut self) -> Result<Event, Refusal> {
        let (pos, len) = (self.input.pos(), self.input.len());
        let left = len - pos;
        if left == 0 {
            return Ok(Event::End { left });
        }
        // Some writers pad a file with zeros up to a block or to an even length.
        let looked_at = usize::try_from(left).unwrap_or(usize::MAX).min(8);
        if self.input.peek(looked_at)?.iter().all(|b| *b == 0) {
            return Ok(Event::End { left });
        }
        self.next_element(len, self.root)
    }

    fn next_element(&mut self, limit: u64, encoding: Encoding) -> Result<Event, Refusal> {
        let at = self.input.pos();
        self.room(8, at, limit, Tag(0, 0))?;
        let b: [u8; 8] = self.input.peek(8)?.try_into().unwrap_or_default();
        let tag = Tag(encoding.u16([b[0], b[1]]), encoding.u16([b[2], b[3]]));
        if self.only_group.is_some_and(|group| group != tag.0) {
            return Ok(Event::End { left: self.input.len() - at });
        }
        if tag == ITEM_DELIMITER {
            return self.item_delimiter(at, encoding.u32([b[4], b[5], b[6], b[7]]));
        }
        if tag.0 == 0xFFFE {
            return Err(bad(tag, at, "an item or a delimiter stands where an element should"));
        }
        let (vr, declared, head) = if encoding.explicit {
            self.explicit_head(tag, at, limit, encoding, b)?
        } else {
            (None, encoding.u32([b[4], b[5], b[6], b[7]]), 8)
        };
        self.input.advance(head);
        let value_at = at + head as u64;
        let len = (declared != UNDEFINED).then_some(u64::from(declared));
        self.open_element(Element { tag, vr, len, at, value_at, encoding }, limit)
    }

    fn explicit_head(
        &mut self,
        tag: Tag,
        at: u64,
        limit: u64,
        encoding: Encoding,
        b: [u8; 8],
    ) -> Result<(Option<VR>, u32, usize), Refusal> {
        let Some(vr) = VR::from_binary([b[4], b[5]]) else {
            return Err(bad(tag, at, "the value representation is none of DICOM's"));
        };
        if has_short_length(vr) {
            return Ok((Some(vr), u32::from(encoding.u16([b[6], b[7]])), 8));
        }
        self.room(12, at, limit, tag)?;
        let long: [u8; 12] = self.input.peek(12)?.try_into().unwrap_or_default();
        Ok((Some(vr), encoding.u32([long[8], long[9], long[10], long[11]]), 12))
    }

    fn open_element(&mut self, element: Element, limit: u64) -> Result<Event, Refusal> {
        let Element { tag, vr, len, value_at, encoding, .. } = element;
        let Some(len) = len else {
            let is_pixel_data = tag == tags::PIXEL_DATA && matches!(vr, Some(VR::OB | VR::OW));
            if is_pixel_data {
                self.push(Inside::Fragments, limit, false, encoding)?;
                return Ok(Event::FragmentsStart(element));
            }
            if !matches!(vr, None | Some(VR::SQ | VR::UN)) || tag == tags::PIXEL_DATA {
                return Err(bad(tag, element.at, "an undefined length stands where none is allowed"));
            }
            // PS3.5 §6.2.2, note 5: UN of undefined length is an Implicit VR Little Endian sequence.
            let inner = if vr == Some(VR::UN) { Encoding::IMPLICIT_LE } else { encoding };
            self.push(Inside::Items, limit, false, inner)?;
            return Ok(Event::SequenceStart(element));
        };
        if len > limit - value_at {
            if tag == tags::PIXEL_DATA && self.levels.is_empty() {
                let found = limit - value_at;
                return Err(Refusal::PixelDataTruncated { expected: len, found, unit: "bytes".to_owned() });
            }
            return Err(self.too_long(tag, element.at, len, limit - value_at));
        }
        if vr == Some(VR::SQ) || (vr.is_none() && is_sequence(tag)) {
            self.push(Inside::Items, value_at + len, true, encoding)?;
            return Ok(Event::SequenceStart(element));
        }
        self.pending = len;
        Ok(Event::Value(element))
    }

    fn next_item(&mut self, level: Level) -> Result<Event, Refusal> {
        let (tag, len, at) = self.item_head(level)?;
        if tag == SEQUENCE_DELIMITER && !level.defined {
            self.levels.pop();
            return Ok(Event::SequenceEnd);
        }
        if tag != ITEM {
            return Err(bad(tag, at, "a sequence holds something else than items"));
        }
        let here = self.input.pos();
        match len {
            UNDEFINED => self.push(Inside::Item, level.limit, false, level.encoding)?,
            len if u64::from(len) > level.limit - here => {
                return Err(self.too_long(tag, at, u64::from(len), level.limit - here));
            }
            len => self.push(Inside::Item, here + u64::from(len), true, level.encoding)?,
        }
        Ok(Event::ItemStart)
    }

    fn next_fragment(&mut self, level: Level) -> Result<Event, Refusal> {
        let (tag, len, at) = self.item_head(level)?;
        if tag == SEQUENCE_DELIMITER {
            self.levels.pop();
            return Ok(Event::FragmentsEnd);
        }
        if tag != ITEM || len == UNDEFINED {
            return Err(bad(tag, at, "encapsulated pixel data hold something else than fragments"));
        }
        let left = level.limit - self.input.pos();
        if u64::from(len) > left {
            return Err(self.too_long(tag, at, u64::from(len), left));
        }
        self.pending = u64::from(len);
        Ok(Event::Fragment { len: u64::from(len) })
    }

    fn item_head(&mut self, level: Level) -> Result<(Tag, u32, u64), Refusal> {
        let at = self.input.pos();
        self.room(8, at, level.limit, ITEM)?;
        let b: [u8; 8] = self.input.peek(8)?.try_into().unwrap_or_default();
        let e = level.encoding;
        self.input.advance(8);
        Ok((Tag(e.u16([b[0], b[1]]), e.u16([b[2], b[3]])), e.u32([b[4], b[5], b[6], b[7]]), at))
    }

    fn item_delimiter(&mut self, at: u64, len: u32) -> Result<Event, Refusal> {
        let in_open_item = self.levels.last().is_some_and(|level| level.inside == Inside::Item && !level.defined);
        if !in_open_item || len != 0 {
            return Err(bad(ITEM_DELIMITER, at, "an item ends that did not begin"));
        }
        self.input.advance(8);
        self.levels.pop();
        Ok(Event::ItemEnd)
    }

    fn push(&mut self, inside: Inside, limit: u64, defined: bool, encoding: Encoding) -> Result<(), Refusal> {
        let sequences = self.levels.iter().filter(|level| level.inside == Inside::Items).count();
        if inside == Inside::Items && sequences >= Limits::MAX_DEPTH as usize {
            return Err(Refusal::TooDeep { at: self.input.pos(), limit: Limits::MAX_DEPTH });
        }
        self.levels.push(Level { inside, limit, defined, encoding });
        Ok(())
    }

    fn room(&self, needed: u64, at: u64, limit: u64, tag: Tag) -> Result<(), Refusal> {
        if limit.saturating_sub(at) >= needed { Ok(()) } else { Err(self.too_long(tag, at, needed, limit - at)) }
    }

    /// What does not fit: into the file (truncated), or into the sequence around it (a wrong length).
    fn too_long(&self, tag: Tag, at: u64, declared: u64, left: u64) -> Refusal {
        let enclosed = self.levels.iter().any(|level| level.defined);
        if enclosed {
            Refusal::BadLength { tag: tag_text(tag), at, declared, left }
        } else {
            Refusal::Truncated { at, needed: declared, length: self.input.len() }
        }
    }
}

pub(crate) fn tag_text(tag: Tag) -> String {
    format!("({:04X},{:04X})", tag.0, tag.1)
}

pub(crate) fn bad(tag: Tag, at: u64, what: &str) -> Refusal {
    Refusal::BadStructure { tag: tag_text(tag), at, what: what.to_owned() }
}

/// PS3.5 table 7.1-2: value representations whose length takes 16 bits; all others take 32.
pub(crate) fn has_short_length(vr: VR) -> bool {
    use VR::*;
    match vr {
        AE | AS | AT | CS | DA | DS | DT | FL | FD | IS | LO | LT | PN | SH | SL | SS | ST | TM | UI | UL | US => true,
        OB | OD | OF | OL | OV | OW | SQ | SV | UC | UN | UR | UT | UV => false,
    }
}

/// In Implicit VR only the dictionary tells a sequence; a private one of defined length stays opaque.
fn is_sequence(tag: Tag) -> bool {
    tag.0.is_multiple_of(2) && StandardDataDictionary.by_tag(tag).is_some_and(|entry| entry.vr.exact() == Some(VR::SQ))
}
