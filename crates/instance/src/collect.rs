//! Keeping what a header needs, out of one walk over the data set.

use dicom_core::{Tag, VR};

use crate::attributes::Attributes;
use crate::header::Note;
use crate::kept::{CONTENT_SEQUENCE, RELATIONSHIP_TYPE, kept, kept_in_items};
use crate::pixels::{Found, SampleKind};
use crate::scan::{Element, Event, Scanner, bad, tag_text};
use crate::syntax::{PixelEncoding, TransferSyntax};
use crate::{Limits, Refusal, tags};

/// What one walk brought.
pub(crate) struct Collected {
    pub(crate) attributes: Attributes,
    pub(crate) found: Option<Found>,
    pub(crate) notes: Vec<Note>,
}

/// Walks a data set to its end: every element is checked, what [`crate::kept`] names is kept.
pub(crate) fn collect(scanner: Scanner, syntax: &'static TransferSyntax) -> Result<Collected, Refusal> {
    run(Collector::new(scanner, syntax))
}

/// The same, with all of a report's content.
pub(crate) fn collect_with_content(scanner: Scanner, syntax: &'static TransferSyntax) -> Result<Collected, Refusal> {
    run(Collector { whole_content: true, ..Collector::new(scanner, syntax) })
}

fn run(mut collector: Collector) -> Result<Collected, Refusal> {
    collector.run()?;
    let Collector { attributes, found, notes, .. } = collector;
    Ok(Collected { attributes, found, notes })
}

struct Collector {
    scanner: Scanner,
    syntax: &'static TransferSyntax,
    attributes: Attributes,
    /// Kept sequences being read, innermost last: their tag, finished items, and the item at hand.
    open: Vec<OpenSequence>,
    kept_bytes: u64,
    found: Option<Found>,
    last: Option<Tag>,
    notes: Vec<Note>,
    whole_content: bool,
}

struct OpenSequence {
    tag: Tag,
    items: Vec<Attributes>,
    item: Attributes,
    /// The scanner's depth inside the item at hand.
    depth: usize,
}

impl Collector {
    fn new(scanner: Scanner, syntax: &'static TransferSyntax) -> Collector {
        Collector {
            scanner,
            syntax,
            attributes: Attributes::default(),
            open: Vec::new(),
            kept_bytes: 0,
            found: None,
            last: None,
            notes: Vec::new(),
            whole_content: false,
        }
    }

    fn run(&mut self) -> Result<(), Refusal> {
        loop {
            match self.scanner.next()? {
                Event::Value(element) => self.value(element.tag, element.vr, element)?,
                Event::SequenceStart(element) => self.sequence_start(element.tag)?,
                Event::ItemStart => {}
                Event::ItemEnd => self.item_end()?,
                Event::SequenceEnd => self.sequence_end(),
                Event::FragmentsStart(element) => self.fragments(element)?,
                Event::Fragment { .. } | Event::FragmentsEnd => {}
                Event::End { left } => {
                    if left > 0 {
                        self.notes.push(Note::TrailingBytes { bytes: left });
                    }
                    self.attributes.shrink();
                    return Ok(());
                }
            }
        }
    }

    fn value(&mut self, tag: Tag, vr: Option<VR>, element: Element) -> Result<(), Refusal> {
        let len = element.len.unwrap_or(0);
        let at_root = self.scanner.depth() == 0;
        let vr = if at_root {
            self.order(tag)?;
            self.pixel_data(tag, element, len)?;
            kept(tag).map(|known| vr.unwrap_or(known))
        } else if self.inside_kept_item() {
            let vr = vr.or_else(|| crate::dictionary::vr_of(tag)).unwrap_or(VR::UN);
            kept_in_items(vr).then_some(vr)
        } else {
            None
        };
        let Some(vr) = vr else { return Ok(()) };
        if len > Limits::MAX_KEPT_VALUE {
            self.notes.push(Note::LongValue { tag: tag_text(tag) });
            return Ok(());
        }
        self.kept_bytes += len;
        if self.kept_bytes > Limits::MAX_KEPT_BYTES {
            return Err(Refusal::HeaderTooLarge { limit: Limits::MAX_KEPT_BYTES });
        }
        let value = self.scanner.value()?;
        let to = self.open.last_mut().map_or(&mut self.attributes, |open| &mut open.item);
        if element.encoding.big_endian {
            let mut value = value.to_vec();
            crate::dictionary::swap(vr, &mut value);
            to.push(tag, vr, &value);
        } else {
            to.push(tag, vr, value);
        }
        Ok(())
    }

    /// Ascending order, and no attribute twice where we would have to choose.
    fn order(&mut self, tag: Tag) -> Result<(), Refusal> {
        if self.last.is_some_and(|last| tag <= last) {
            let twice = self.last == Some(tag) || self.attributes.contains(tag);
            if twice && (kept(tag).is_some() || is_pixel_data(tag)) {
                return Err(Refusal::DuplicateElement { tag: tag_text(tag) });
            }
            if !self.notes.contains(&Note::OutOfOrder) {
                self.notes.push(Note::OutOfOrder);
            }
        }
        self.last = Some(self.last.map_or(tag, |last| last.max(tag)));
        Ok(())
    }

    fn pixel_data(&mut self, tag: Tag, element: Element, len: u64) -> Result<(), Refusal> {
        let Some(kind) = sample_kind(tag) else { return Ok(()) };
        if len == 0 {
            return Ok(());
        }
        if self.found.is_some() {
            return Err(Refusal::DuplicateElement { tag: tag_text(tag) });
        }
        if self.syntax.is_encapsulated() && kind == SampleKind::Integer {
            return Err(bad(tag, element.at, "native pixel data stand under a compressed transfer syntax"));
        }
        let offset = element.value_at;
        self.found = Some(Found { kind, encapsulated: false, fragments: 0, video: false, len, offset });
        Ok(())
    }

    fn fragments(&mut self, element: Element) -> Result<(), Refusal> {
        let at_root = self.scanner.depth() == 1;
        if at_root {
            self.order(element.tag)?;
            if self.found.is_some() {
                return Err(Refusal::DuplicateElement { tag: tag_text(element.tag) });
            }
        }
        if !self.syntax.is_encapsulated() {
            return Err(bad(
                element.tag,
                element.at,
                "compressed pixel data stand under an uncompressed transfer syntax",
            ));
        }
        let mut items = 0u32;
        while let Event::Fragment { .. } = self.scanner.next()? {
            items = items.saturating_add(1);
        }
        if at_root {
            self.found = Some(Found {
                kind: SampleKind::Integer,
                encapsulated: true,
                fragments: items.saturating_sub(1),
                video: self.syntax.pixels == PixelEncoding::Video,
                len: self.scanner.pos() - element.value_at,
                offset: element.value_at,
            });
        }
        Ok(())
    }

    fn inside_kept_item(&self) -> bool {
        self.open.last().is_some_and(|open| open.depth == self.scanner.depth())
    }

    fn sequence_start(&mut self, tag: Tag) -> Result<(), Refusal> {
        let depth = self.scanner.depth();
        let at_root = depth == 1;
        if at_root {
            self.order(tag)?;
        }
        let inside_kept = self.open.last().is_some_and(|open| open.depth + 1 == depth);
        if (at_root && kept(tag) == Some(VR::SQ)) || inside_kept {
            self.open.push(OpenSequence { tag, items: Vec::new(), item: Attributes::default(), depth: depth + 1 });
        }
        Ok(())
    }

    fn item_end(&mut self) -> Result<(), Refusal> {
        let depth = self.scanner.depth();
        let at_root = self.open.len() == 1 && !self.whole_content;
        let Some(open) = self.open.last_mut().filter(|open| open.depth == depth + 1) else { return Ok(()) };
        let mut item = std::mem::take(&mut open.item);
        let kept = !(at_root && open.tag == CONTENT_SEQUENCE)
            || item.raw(RELATIONSHIP_TYPE).is_some_and(|value| value.trim_ascii() == b"HAS CONCEPT MOD");
        if kept {
            item.shrink();
            open.items.push(item);
            // An item costs memory even when it is empty.
            self.kept_bytes += 64;
        }
        if self.kept_bytes > Limits::MAX_KEPT_BYTES {
            return Err(Refusal::HeaderTooLarge { limit: Limits::MAX_KEPT_BYTES });
        }
        Ok(())
    }

    fn sequence_end(&mut self) {
        let depth = self.scanner.depth();
        if self.open.last().is_none_or(|open| open.depth != depth + 2) {
            return;
        }
        let Some(done) = self.open.pop() else { return };
        let to = self.open.last_mut().map_or(&mut self.attributes, |open| &mut open.item);
        to.push_sequence(done.tag, done.items);
    }
}

fn sample_kind(tag: Tag) -> Option<SampleKind> {
    match tag {
        tags::PIXEL_DATA => Some(SampleKind::Integer),
        tags::FLOAT_PIXEL_DATA => Some(SampleKind::Float),
        tags::DOUBLE_FLOAT_PIXEL_DATA => Some(SampleKind::Double),
        _ => None,
    }
}

fn is_pixel_data(tag: Tag) -> bool {
    sample_kind(tag).is_some()
}
