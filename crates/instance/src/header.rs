//! Reading what one object says, behind the byte gate.

use dicom_core::{Tag, VR};
use serde::{Deserialize, Serialize};

use crate::attributes::{Attributes, DataSet};
use crate::kept::{CONTENT_SEQUENCE, RELATIONSHIP_TYPE, kept, kept_in_items};
use crate::pixels::{Found, PixelFacts, SampleKind};
use crate::scan::{Encoding, Event, Scanner, bad, tag_text};
use crate::source::{Input, Source};
use crate::syntax::TransferSyntax;
use crate::text::{CharacterSet, PersonName, Reading, follows_character_set};
use crate::{Limits, Refusal, tags};

/// What one object says about itself. It crosses from the process that reads untrusted bytes as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// SOP Class UID (0008,0016).
    pub sop_class_uid: String,
    /// SOP Instance UID (0008,0018).
    pub sop_instance_uid: String,
    /// Study Instance UID (0020,000D); empty when the object has none.
    pub study_uid: String,
    /// Series Instance UID (0020,000E); empty when the object has none.
    pub series_uid: String,
    /// The transfer syntax the data set is encoded in.
    pub transfer_syntax: String,
    /// Number of bytes of the object, preamble and file meta information included.
    pub file_len: u64,
    /// Where the data set begins in the object's bytes: preamble and file meta information come before.
    pub dataset_offset: u64,
    /// The attributes kept.
    pub attributes: Attributes,
    /// The pixel data, when there are any.
    pub pixels: Option<PixelFacts>,
    /// What was odd but harmless.
    pub notes: Vec<Note>,
}

/// Something odd in an object that was accepted all the same: worth saying, never repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "kebab-case")]
pub enum Note {
    /// The 128 bytes before `DICM` are not zeros (a second file format may hide there, PS3.10 §7.1).
    PreambleNotEmpty,
    /// There is no preamble.
    NoPreamble,
    /// There is no file meta information; the transfer syntax was told from the data set.
    NoFileMeta,
    /// The file meta information names no transfer syntax; it was told from the data set.
    NoTransferSyntax,
    /// File Meta Information Group Length (0002,0000) is missing or wrong.
    WrongMetaLength,
    /// The file meta information names another SOP Instance or SOP Class than the data set, which counts.
    MetaDisagrees,
    /// Bytes follow the last element.
    TrailingBytes {
        /// How many.
        bytes: u64,
    },
    /// Elements are not in ascending order (PS3.5 §7.1).
    OutOfOrder,
    /// There is more pixel data than the description asks for.
    PixelDataExcess {
        /// How many bytes more.
        bytes: u64,
    },
    /// A text is not written in the character set its object declares; it was recognised, and is shown right.
    TextNotAsDeclared {
        /// The element, as `(gggg,eeee)`.
        tag: String,
        /// What it is written in.
        reading: Reading,
    },
    /// A value was too long to be kept; it is on the medium, but no text can be made of it.
    LongValue {
        /// The element, as `(gggg,eeee)`.
        tag: String,
    },
    /// An image is described (Rows, Bits Allocated), and there are no pixel data.
    PixelDataMissing,
    /// The source was compressed with loss, and Lossy Image Compression (0028,2110) does not say so.
    LossyNotDeclared,
    /// A UID has a component that begins with 0 (PS3.5 §9.1).
    OddUid {
        /// The element, as `(gggg,eeee)`.
        tag: String,
    },
}

impl Note {
    /// The stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Note::PreambleNotEmpty => "preamble-not-empty",
            Note::NoPreamble => "no-preamble",
            Note::NoFileMeta => "no-file-meta",
            Note::NoTransferSyntax => "no-transfer-syntax",
            Note::WrongMetaLength => "wrong-meta-length",
            Note::MetaDisagrees => "meta-disagrees",
            Note::TrailingBytes { .. } => "trailing-bytes",
            Note::OutOfOrder => "out-of-order",
            Note::PixelDataExcess { .. } => "pixel-data-excess",
            Note::TextNotAsDeclared { .. } => "text-not-as-declared",
            Note::LongValue { .. } => "long-value",
            Note::PixelDataMissing => "pixel-data-missing",
            Note::LossyNotDeclared => "lossy-not-declared",
            Note::OddUid { .. } => "odd-uid",
        }
    }
}

impl Header {
    /// The data set with its character set: the door to everything below.
    pub fn data_set(&self) -> DataSet<'_> {
        DataSet::new(&self.attributes, &[])
    }

    /// See [`DataSet::text`].
    pub fn text(&self, tag: Tag) -> Option<String> {
        self.data_set().text(tag)
    }

    /// See [`DataSet::texts`].
    pub fn texts(&self, tag: Tag) -> Vec<String> {
        self.data_set().texts(tag)
    }

    /// See [`DataSet::person_name`].
    pub fn person_name(&self, tag: Tag) -> PersonName {
        self.data_set().person_name(tag)
    }

    /// See [`DataSet::raw`].
    pub fn raw(&self, tag: Tag) -> Option<&[u8]> {
        self.attributes.raw(tag)
    }

    /// See [`DataSet::number`].
    pub fn number(&self, tag: Tag) -> Option<f64> {
        self.data_set().number(tag)
    }

    /// See [`DataSet::unsigned`].
    pub fn unsigned(&self, tag: Tag) -> Option<u64> {
        self.data_set().unsigned(tag)
    }

    /// See [`DataSet::items`].
    pub fn items(&self, tag: Tag) -> impl Iterator<Item = DataSet<'_>> {
        self.data_set().items(tag)
    }

    /// The character set of the data set.
    pub fn character_set(&self) -> CharacterSet {
        self.data_set().character_set()
    }

    /// Number of bytes of the data set as it stands in the file.
    pub fn dataset_len(&self) -> u64 {
        self.file_len - self.dataset_offset
    }
}

/// Reads what one object says. Only the header is read; bulk values are skipped, and pixel data are checked by their
/// lengths.
///
/// # Errors
/// The [`Refusal`] that names the reason. No input makes this panic, recurse or allocate what it declares.
pub fn read_header(source: &Source) -> Result<Header, Refusal> {
    let place = Place::find(source)?;
    let (offset, syntax) = (place.dataset_offset, place.syntax);
    read_at(source, place).map_err(|refusal| {
        // Some writers put Implicit VR under a compressed transfer syntax: the first element shows it.
        let is_damage =
            matches!(refusal, Refusal::BadStructure { .. } | Refusal::BadLength { .. } | Refusal::Truncated { .. });
        let other = is_damage && !syntax.is_deflated() && disagrees(source, offset, syntax).unwrap_or(false);
        if other { Refusal::EncodingDisagrees { uid: syntax.uid.to_owned() } } else { refusal }
    })
}

/// Whether the data set begins well in another encoding than its own.
fn disagrees(source: &Source, offset: u64, syntax: &TransferSyntax) -> Result<bool, Refusal> {
    if begins_plausibly(source, offset, syntax)? {
        return Ok(false);
    }
    let others = [
        crate::syntax::EXPLICIT_VR_LITTLE_ENDIAN,
        crate::syntax::IMPLICIT_VR_LITTLE_ENDIAN,
        crate::syntax::EXPLICIT_VR_BIG_ENDIAN,
    ];
    for other in others.iter().filter_map(|uid| TransferSyntax::of(uid)) {
        if begins_plausibly(source, offset, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the data set begins, and how it is encoded.
struct Place {
    dataset_offset: u64,
    syntax: &'static TransferSyntax,
    meta: Option<Attributes>,
    notes: Vec<Note>,
    /// An input that already stands at the beginning of the data set.
    input: Option<Input>,
}

impl Place {
    fn find(source: &Source) -> Result<Place, Refusal> {
        let mut input = Input::file(source.open()?);
        if input.len() == 0 {
            return Err(Refusal::Empty);
        }
        let mut notes = Vec::new();
        let start = meta_start(&mut input, &mut notes)?;
        let Some(start) = start else {
            notes.push(Note::NoFileMeta);
            return Place::guess(source, 0, None, notes);
        };
        input.skip(start)?;
        let (meta, input) = read_meta(input, start, &mut notes)?;
        let dataset_offset = input.pos();
        let uid = DataSet::new(&meta, &[]).text(tags::TRANSFER_SYNTAX_UID);
        let class = DataSet::new(&meta, &[]).text(tags::MEDIA_STORAGE_SOP_CLASS_UID);
        if class.as_deref() == Some(dicom_dictionary_std::uids::MEDIA_STORAGE_DIRECTORY_STORAGE) {
            return Err(Refusal::Dicomdir);
        }
        let Some(uid) = uid else {
            notes.push(Note::NoTransferSyntax);
            return Place::guess(source, dataset_offset, Some(meta), notes);
        };
        let Some(syntax) = TransferSyntax::of(&uid) else {
            return Err(Refusal::UnknownTransferSyntax { uid: clean_uid(&uid) });
        };
        let input = if syntax.is_deflated() { None } else { Some(input) };
        Ok(Place { dataset_offset, syntax, meta: Some(meta), notes, input })
    }

    /// Without a declared transfer syntax: the one of the three native encodings under which the bytes from `offset`
    /// on are a whole, identified data set. Anything else is no DICOM file, or an ambiguous one.
    fn guess(
        source: &Source,
        dataset_offset: u64,
        meta: Option<Attributes>,
        notes: Vec<Note>,
    ) -> Result<Place, Refusal> {
        use crate::syntax::*;
        let candidates = [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN];
        let mut fitting = Vec::new();
        let mut refusals = Vec::new();
        for syntax in candidates.iter().filter_map(|uid| TransferSyntax::of(uid)) {
            if !begins_plausibly(source, dataset_offset, syntax)? {
                continue;
            }
            let place = Place { dataset_offset, syntax, meta: meta.clone(), notes: notes.clone(), input: None };
            match read_at(source, place) {
                Ok(_) => fitting.push(syntax),
                Err(refusal) => refusals.push(refusal),
            }
        }
        match (fitting.as_slice(), refusals.pop()) {
            ([syntax], _) => Ok(Place { dataset_offset, syntax, meta, notes, input: None }),
            ([_, _, ..], _) => Err(Refusal::AmbiguousEncoding),
            // One encoding began well: what is wrong further on is worth more than "not DICOM".
            ([], Some(refusal)) if refusals.is_empty() => Err(refusal),
            ([], Some(_)) => Err(Refusal::AmbiguousEncoding),
            ([], None) => Err(Refusal::NotDicom),
        }
    }

    fn input(&mut self, source: &Source) -> Result<Input, Refusal> {
        if let Some(input) = self.input.take() {
            return Ok(input);
        }
        if self.syntax.is_deflated() {
            return Input::inflated(source, self.dataset_offset);
        }
        let mut input = Input::file(source.open()?);
        input.skip(self.dataset_offset)?;
        Ok(input)
    }
}

/// Where the file meta information begins: after preamble and prefix (PS3.10 §7.1), or where odd writers put it.
fn meta_start(input: &mut Input, notes: &mut Vec<Note>) -> Result<Option<u64>, Refusal> {
    let len = usize::try_from(input.len()).unwrap_or(usize::MAX);
    let head = input.peek(len.min(132))?;
    if head.len() == 132 && &head[128..] == b"DICM" {
        if head[..128].iter().any(|b| *b != 0) {
            notes.push(Note::PreambleNotEmpty);
        }
        return Ok(Some(132));
    }
    if head.starts_with(b"DICM") {
        notes.push(Note::NoPreamble);
        return Ok(Some(4));
    }
    if head.starts_with(&[0x02, 0x00, 0x00, 0x00, b'U', b'L', 4, 0]) {
        notes.push(Note::NoPreamble);
        return Ok(Some(0));
    }
    Ok(None)
}

fn read_meta(input: Input, start: u64, notes: &mut Vec<Note>) -> Result<(Attributes, Input), Refusal> {
    let mut scanner = Scanner::meta(input);
    let mut meta = Attributes::default();
    let mut declared_end = None;
    loop {
        match scanner.next()? {
            Event::Value(element) => {
                let len = element.len.unwrap_or(0);
                if len > Limits::MAX_META_VALUE {
                    continue;
                }
                let value = scanner.value()?;
                if element.tag == tags::FILE_META_INFORMATION_GROUP_LENGTH {
                    let end = value.first_chunk().map(|b| u64::from(u32::from_le_bytes(*b)));
                    declared_end = end.map(|n| element.value_at + len + n);
                }
                meta.push(element.tag, element.vr.unwrap_or(VR::UN), value);
            }
            Event::End { .. } => break,
            Event::SequenceStart(element) | Event::FragmentsStart(element) => {
                return Err(bad(element.tag, element.at, "a sequence stands in the file meta information"));
            }
            Event::ItemStart | Event::ItemEnd | Event::SequenceEnd | Event::Fragment { .. } | Event::FragmentsEnd => {}
        }
    }
    let input = scanner.into_input();
    if meta.is_empty() && start == 0 {
        return Err(Refusal::NotDicom);
    }
    if declared_end != Some(input.pos()) {
        notes.push(Note::WrongMetaLength);
    }
    Ok((meta, input))
}

/// Whether the first element looks like one of a data set in this encoding: group 0008, and in Explicit VR a value
/// representation.
fn begins_plausibly(source: &Source, offset: u64, syntax: &TransferSyntax) -> Result<bool, Refusal> {
    let bytes = source.open()?;
    let mut b = [0; 8];
    if bytes.len < offset + 8 {
        return Ok(false);
    }
    bytes.read_exact_at(&mut b, offset)?;
    let encoding = syntax.encoding();
    let group = if encoding.big_endian { [b[1], b[0]] } else { [b[0], b[1]] };
    let has_vr = VR::from_binary([b[4], b[5]]).is_some();
    Ok(group == [0x08, 0x00] && has_vr == encoding.explicit)
}

fn read_at(source: &Source, mut place: Place) -> Result<Header, Refusal> {
    let input = place.input(source)?;
    let file_len = if place.syntax.is_deflated() { source.open()?.len } else { input.len() };
    let scanner = Scanner::new(input, place.syntax.encoding());
    let mut collector = Collector::new(scanner, place.syntax);
    collector.run()?;
    let Collector { attributes, found, mut notes, .. } = collector;
    let mut all = place.notes;
    all.append(&mut notes);
    let data_set = DataSet::new(&attributes, &[]);
    if attributes.contains(tags::DIRECTORY_RECORD_SEQUENCE) {
        return Err(Refusal::Dicomdir);
    }
    let sop_class_uid = uid(data_set, tags::SOP_CLASS_UID, &mut all)?;
    let sop_instance_uid = uid(data_set, tags::SOP_INSTANCE_UID, &mut all)?;
    let study_uid = uid(data_set, tags::STUDY_INSTANCE_UID, &mut all)?;
    let series_uid = uid(data_set, tags::SERIES_INSTANCE_UID, &mut all)?;
    if sop_instance_uid.is_empty() {
        return Err(Refusal::NoSopInstanceUid);
    }
    if sop_class_uid.is_empty() {
        return Err(Refusal::NoSopClassUid);
    }
    if let Some(meta) = &place.meta {
        let meta = DataSet::new(meta, &[]);
        let differs = |tag, here: &str| meta.text(tag).is_some_and(|there| there != here);
        if differs(tags::MEDIA_STORAGE_SOP_INSTANCE_UID, &sop_instance_uid)
            || differs(tags::MEDIA_STORAGE_SOP_CLASS_UID, &sop_class_uid)
        {
            all.push(Note::MetaDisagrees);
        }
    }
    note_texts(data_set, &mut all);
    if found.is_none() && attributes.contains(tags::ROWS) && attributes.contains(tags::BITS_ALLOCATED) {
        all.push(Note::PixelDataMissing);
    }
    let pixels = found.map(|found| PixelFacts::check(data_set, found, &mut all)).transpose()?;
    Ok(Header {
        sop_class_uid,
        sop_instance_uid,
        study_uid,
        series_uid,
        transfer_syntax: place.syntax.uid.to_owned(),
        file_len,
        dataset_offset: place.dataset_offset,
        attributes,
        pixels,
        notes: all,
    })
}

/// Says which texts are not written as declared: the clerk should know when a name was guessed.
fn note_texts(data_set: DataSet<'_>, notes: &mut Vec<Note>) {
    let character_set = data_set.character_set();
    for (tag, vr, raw) in data_set.attributes().values() {
        if raw.is_ascii() || !follows_character_set(vr) {
            continue;
        }
        let (_, reading) = character_set.decode(raw);
        if reading != Reading::AsDeclared {
            notes.push(Note::TextNotAsDeclared { tag: tag_text(tag), reading });
        }
    }
}

/// A UID of the data set, checked (PS3.5 §9.1); empty when missing.
fn uid(data_set: DataSet<'_>, tag: Tag, notes: &mut Vec<Note>) -> Result<String, Refusal> {
    let uid = data_set.text(tag).unwrap_or_default();
    if uid.is_empty() {
        return Ok(uid);
    }
    let fits = uid.len() <= 64 && uid.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !fits || uid.split('.').any(str::is_empty) || data_set.texts(tag).len() > 1 {
        return Err(Refusal::BadUid { tag: tag_text(tag) });
    }
    if uid.split('.').any(|part| part.len() > 1 && part.starts_with('0')) {
        notes.push(Note::OddUid { tag: tag_text(tag) });
    }
    Ok(uid)
}

/// A UID for a message: what is none is not repeated.
fn clean_uid(uid: &str) -> String {
    let fits = uid.len() <= 64 && uid.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if fits { uid.to_owned() } else { "(not a UID)".to_owned() }
}

/// Walks a data set once and keeps what [`crate::kept`] names.
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

    fn value(&mut self, tag: Tag, vr: Option<VR>, element: crate::scan::Element) -> Result<(), Refusal> {
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

    fn pixel_data(&mut self, tag: Tag, element: crate::scan::Element, len: u64) -> Result<(), Refusal> {
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

    fn fragments(&mut self, element: crate::scan::Element) -> Result<(), Refusal> {
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
                video: self.syntax.pixels == crate::syntax::PixelEncoding::Video,
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
        let at_root = self.open.len() == 1;
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

/// The data set of a header read before, from its first byte. Deflated ones count from the data set, all others from
/// the beginning of the object.
pub(crate) fn input_of(source: &Source, header: &Header) -> Result<Input, Refusal> {
    if header.transfer_syntax == crate::syntax::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN {
        return Input::inflated(source, header.dataset_offset);
    }
    let mut input = Input::file(source.open()?);
    input.skip(header.dataset_offset)?;
    Ok(input)
}

/// The encoding a transfer syntax gives to its data sets, for those who rewrite them.
pub(crate) fn encoding_of(header: &Header) -> Result<Encoding, Refusal> {
    TransferSyntax::of(&header.transfer_syntax)
        .map(TransferSyntax::encoding)
        .ok_or_else(|| Refusal::UnknownTransferSyntax { uid: clean_uid(&header.transfer_syntax) })
}
