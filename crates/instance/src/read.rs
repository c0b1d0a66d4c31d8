//! Reading what one object says, behind the byte gate.

use dicom_core::{Tag, VR};

use crate::attributes::{Attributes, DataSet};
use crate::collect::{Collected, collect};
use crate::header::{Header, Note};
use crate::pixels::PixelFacts;
use crate::scan::{Encoding, Event, Scanner, bad, tag_text};
use crate::source::{Input, Source};
use crate::syntax::TransferSyntax;
use crate::text::{Reading, follows_character_set};
use crate::{Limits, Refusal, tags};

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
    let Collected { attributes, found, mut notes } = collect(scanner, place.syntax)?;
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
        sop_class_uid: sop_class_uid.into(),
        sop_instance_uid,
        study_uid: study_uid.into(),
        series_uid: series_uid.into(),
        transfer_syntax: place.syntax.uid.into(),
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
