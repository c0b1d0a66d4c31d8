//! Reading a DICOMDIR: the tree its offsets describe, or why it is not one (PS3.3 Annex F, PS3.10 §8.6).
//!
//! What other makers do is read and noted ([`DicomdirNote`]): other encodings, offsets left out where they would be zero,
//! names with dots. What would lead a reader astray is refused ([`DicomdirError`]): offsets that point nowhere or back,
//! files outside the File-set, lengths beyond the end.

use std::collections::HashMap;

use filmdesk_instance::{Attributes, DataSet, Tag, VR, tags, uids};

use crate::dicomdir_parse::{Encoding, RawRecord, Reader};
use crate::file_id::FileId;
use crate::record_type::RecordType;

/// Larger files are not read: a hundred times a full DVD's directory.
const MAX_BYTES: usize = 1 << 30;
const PREAMBLE: usize = 128;
const NO_RECORD: u32 = 0;

/// A directory, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dicomdir {
    /// File-set ID (0004,1130), as it stands.
    pub file_set_id: String,
    /// File-set UID: the Media Storage SOP Instance UID (0002,0003).
    pub file_set_uid: String,
    /// The transfer syntax it is written in.
    pub transfer_syntax: String,
    /// The records the root leads to, depth first: each is after the one it is under.
    pub records: Vec<DirectoryRecord>,
    /// What departs from the standard, and was read all the same.
    pub notes: Vec<DicomdirNote>,
}

/// One directory record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryRecord {
    /// Where its item begins, in bytes from the beginning of the file.
    pub offset: u32,
    /// Its type; `None` when Annex F does not know it, or no longer.
    pub record_type: Option<RecordType>,
    /// What (0004,1430) says, as it stands.
    pub type_value: String,
    /// The record it is under, by its place in [`Dicomdir::records`]; `None` in the root directory entity.
    pub parent: Option<usize>,
    /// The file it refers to, with `/` between the components, as it stands.
    pub file: Option<String>,
    /// Everything it says.
    pub attributes: Attributes,
}

impl DirectoryRecord {
    /// Its attributes with their character set.
    pub fn data_set(&self) -> DataSet<'_> {
        DataSet::new(&self.attributes, &[])
    }

    /// The first value of an attribute, decoded; `None` when missing or empty.
    pub fn text(&self, tag: Tag) -> Option<String> {
        self.data_set().text(tag)
    }
}

/// Something in a DICOMDIR that the standard does not allow, and that does not keep it from being read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DicomdirNote {
    /// It is not written in Explicit VR Little Endian.
    #[error("the DICOMDIR is written in {0}, not in Explicit VR Little Endian (PS3.10 §8.6)")]
    TransferSyntax(String),
    /// The File-set ID is left out, or not one to sixteen characters of the repertoire.
    #[error("there is no File-set ID of up to 16 characters from A–Z, 0–9 and _ (PS3.10 §8.6)")]
    FileSetId,
    /// The File-set Consistency Flag is not 0.
    #[error("File-set Consistency Flag is {0:04X}, which shall be 0000 (PS3.3 F.3.2.2)")]
    Inconsistent(u64),
    /// An offset is left out where it shall be 0.
    #[error("{count} records leave out an offset that shall be there, 0 when there is none (PS3.3 Table F.3-3)")]
    OffsetsLeftOut {
        /// How many records.
        count: usize,
    },
    /// (0004,1202) does not point at the last record of the root.
    #[error("the offset of the last root record points elsewhere (PS3.3 Table F.3-3)")]
    LastRootOffset,
    /// Records no offset leads to.
    #[error("{count} records cannot be reached from the root, the first at byte {first}")]
    Unreachable {
        /// How many.
        count: usize,
        /// The offset of the first.
        first: u32,
    },
    /// A Record In-use Flag other than FFFF.
    #[error("the record at byte {offset} is flagged {flag:04X}, not in use (PS3.3 F.3.2.2)")]
    NotInUse {
        /// Which record.
        offset: u32,
        /// What the flag says.
        flag: u64,
    },
    /// A record type Annex F does not know.
    #[error("the record at byte {offset} is of unknown type {value:?} (PS3.3 F.3.2.2)")]
    UnknownRecordType {
        /// Which record.
        offset: u32,
        /// What it says.
        value: String,
    },
    /// A record under one that Table F.4-1 does not put it under.
    #[error("the record {value} at byte {offset} does not belong under {under} (PS3.3 Table F.4-1)")]
    Misplaced {
        /// Which record.
        offset: u32,
        /// Its type.
        value: String,
        /// The type above, or `the root`.
        under: String,
    },
    /// A File ID that is not made of components of eight characters from the repertoire.
    #[error("File ID {file:?}: {reason}")]
    FileId {
        /// The File ID.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The 128 bytes before `DICM` are not zeros.
    #[error("the preamble is not empty: another file format may hide there (PS3.10 §7.1)")]
    PreambleNotEmpty,
}

impl DicomdirNote {
    /// A stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            DicomdirNote::TransferSyntax(_) => "dicomdir-transfer-syntax",
            DicomdirNote::FileSetId => "file-set-id",
            DicomdirNote::Inconsistent(_) => "consistency-flag",
            DicomdirNote::OffsetsLeftOut { .. } => "offsets-left-out",
            DicomdirNote::LastRootOffset => "last-root-offset",
            DicomdirNote::Unreachable { .. } => "record-unreachable",
            DicomdirNote::NotInUse { .. } => "record-not-in-use",
            DicomdirNote::UnknownRecordType { .. } => "record-type-unknown",
            DicomdirNote::Misplaced { .. } => "record-misplaced",
            DicomdirNote::FileId { .. } => "file-id",
            DicomdirNote::PreambleNotEmpty => "preamble-not-empty",
        }
    }
}

/// Why bytes are not a DICOMDIR that can be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DicomdirError {
    /// No preamble and `DICM`.
    #[error("this is not a DICOM file: there is no DICM at byte 128 (PS3.10 §7.1)")]
    NotDicom,
    /// A DICOM file of another SOP Class.
    #[error("this is not a DICOMDIR: its Media Storage SOP Class is {0:?} (PS3.10 §8.6)")]
    NotDicomdir(String),
    /// An encoding nobody may use for a DICOMDIR, and this reader does not know.
    #[error("the DICOMDIR is written in transfer syntax {0:?}, which cannot be read")]
    TransferSyntax(String),
    /// It ends in the middle of an element.
    #[error("the DICOMDIR is truncated at byte {at}")]
    Truncated {
        /// Where.
        at: u64,
    },
    /// A length reaches beyond what encloses it.
    #[error("a length at byte {at} reaches beyond what encloses it")]
    BadLength {
        /// Where.
        at: u64,
    },
    /// An element of undefined length that is not a sequence.
    #[error("a value of undefined length at byte {at}")]
    UndefinedLength {
        /// Where.
        at: u64,
    },
    /// No element where one should begin.
    #[error("there is no data element at byte {at}")]
    NotAnElement {
        /// Where.
        at: u64,
    },
    /// No item where one should begin.
    #[error("there is no sequence item at byte {at}")]
    NotAnItem {
        /// Where.
        at: u64,
    },
    /// Sequences nested too deep.
    #[error("sequences are nested too deep at byte {at}")]
    TooDeep {
        /// Where.
        at: u64,
    },
    /// More items than any medium holds.
    #[error("more than {limit} items")]
    TooManyItems {
        /// The limit.
        limit: usize,
    },
    /// Larger than any medium's directory.
    #[error("the DICOMDIR has {len} bytes, more than any medium needs")]
    TooLarge {
        /// Its length.
        len: u64,
    },
    /// An offset where no record begins.
    #[error("offset {offset} in the record at byte {from} is not where a record begins")]
    OffsetNowhere {
        /// The offset.
        offset: u32,
        /// The record that has it; 0 for the directory's own.
        from: u32,
    },
    /// A record reached twice: a cycle, or two parents.
    #[error("the record at byte {offset} is reached a second time, from the record at byte {from}")]
    ReachedTwice {
        /// The record.
        offset: u32,
        /// The one that leads to it again.
        from: u32,
    },
    /// A File ID that leads out of the File-set.
    #[error("the record at byte {offset} refers to a file outside the File-set")]
    OutsideFileSet {
        /// Which record.
        offset: u32,
    },
}

impl DicomdirError {
    /// A stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            DicomdirError::NotDicom => "dicomdir-not-dicom",
            DicomdirError::NotDicomdir(_) => "dicomdir-wrong-class",
            DicomdirError::TransferSyntax(_) => "dicomdir-unreadable-syntax",
            DicomdirError::Truncated { .. } => "dicomdir-truncated",
            DicomdirError::BadLength { .. } => "dicomdir-bad-length",
            DicomdirError::UndefinedLength { .. } => "dicomdir-undefined-length",
            DicomdirError::NotAnElement { .. } => "dicomdir-not-an-element",
            DicomdirError::NotAnItem { .. } => "dicomdir-not-an-item",
            DicomdirError::TooDeep { .. } => "dicomdir-too-deep",
            DicomdirError::TooManyItems { .. } => "dicomdir-too-many-items",
            DicomdirError::TooLarge { .. } => "dicomdir-too-large",
            DicomdirError::OffsetNowhere { .. } => "offset-nowhere",
            DicomdirError::ReachedTwice { .. } => "record-reached-twice",
            DicomdirError::OutsideFileSet { .. } => "file-outside-file-set",
        }
    }
}

/// Reads a DICOMDIR.
///
/// # Errors
/// [`DicomdirError`] says what makes it unfit to be followed. No input makes this panic, recurse, or follow an offset
/// twice.
pub fn read_dicomdir(bytes: &[u8]) -> Result<Dicomdir, DicomdirError> {
    if bytes.len() > MAX_BYTES {
        return Err(DicomdirError::TooLarge { len: bytes.len() as u64 });
    }
    if bytes.get(PREAMBLE..PREAMBLE + 4) != Some(b"DICM") {
        return Err(DicomdirError::NotDicom);
    }
    let mut notes = Vec::new();
    if bytes[..PREAMBLE].iter().any(|&byte| byte != 0) {
        notes.push(DicomdirNote::PreambleNotEmpty);
    }
    let (meta, at) = read_meta(bytes)?;
    let meta = DataSet::new(&meta, &[]);
    let class = meta.text(tags::MEDIA_STORAGE_SOP_CLASS_UID).unwrap_or_default();
    if class != uids::MEDIA_STORAGE_DIRECTORY_STORAGE {
        return Err(DicomdirError::NotDicomdir(class));
    }
    let transfer_syntax = meta.text(tags::TRANSFER_SYNTAX_UID).unwrap_or_default();
    let encoding = match transfer_syntax.as_str() {
        "1.2.840.10008.1.2.1" => Encoding::ExplicitLittle,
        "1.2.840.10008.1.2" => Encoding::ImplicitLittle,
        "1.2.840.10008.1.2.2" => Encoding::ExplicitBig,
        _ => return Err(DicomdirError::TransferSyntax(transfer_syntax)),
    };
    if encoding != Encoding::ExplicitLittle {
        notes.push(DicomdirNote::TransferSyntax(transfer_syntax.clone()));
    }
    let (head, raw) = Reader::new(bytes, at, encoding).data_set()?;
    let head = DataSet::new(&head, &[]);
    note_head(head, &mut notes);
    let records = Walk::new(raw).run(head, &mut notes)?;
    Ok(Dicomdir {
        file_set_id: head.text(tags::FILE_SET_ID).unwrap_or_default(),
        file_set_uid: meta.text(tags::MEDIA_STORAGE_SOP_INSTANCE_UID).unwrap_or_default(),
        transfer_syntax,
        records,
        notes,
    })
}

/// The file meta information: group 0002 in Explicit VR Little Endian, up to the first element of another group.
fn read_meta(bytes: &[u8]) -> Result<(Attributes, usize), DicomdirError> {
    let mut reader = Reader::new(bytes, PREAMBLE + 4, Encoding::ExplicitLittle);
    let mut meta = Attributes::default();
    while !reader.is_at_end() && reader.peek_tag()?.0 == 0x0002 {
        let head = reader.head()?;
        let value = reader.value(&head)?;
        meta.push(head.tag, head.vr, &value);
    }
    Ok((meta, reader.at))
}

fn note_head(head: DataSet, notes: &mut Vec<DicomdirNote>) {
    let id = head.text(tags::FILE_SET_ID);
    if !head.attributes().contains(tags::FILE_SET_ID) || id.is_some_and(|id| crate::FileSetId::new(&id).is_err()) {
        notes.push(DicomdirNote::FileSetId);
    }
    match head.unsigned(tags::FILE_SET_CONSISTENCY_FLAG) {
        Some(0) => {}
        flag => notes.push(DicomdirNote::Inconsistent(flag.unwrap_or(u64::from(u16::MAX)))),
    }
}

/// An offset of an element; a missing one is `None`, an empty or odd one too.
fn offset_of(attributes: &Attributes, tag: Tag) -> Option<u32> {
    let raw = attributes.raw(tag)?;
    (attributes.vr(tag) == Some(VR::UL)).then(|| raw.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)))?
}

/// The walk along the offsets.
struct Walk {
    raw: Vec<Option<RawRecord>>,
    by_offset: HashMap<u32, usize>,
    left_out: usize,
}

/// A record still to be visited.
struct Ahead {
    offset: u32,
    /// The record whose offset leads here.
    from: u32,
    /// The record it is under, in the order of the walk.
    parent: Option<usize>,
}

impl Walk {
    fn new(raw: Vec<RawRecord>) -> Walk {
        let by_offset = raw.iter().enumerate().map(|(at, record)| (record.offset, at)).collect();
        Walk { raw: raw.into_iter().map(Some).collect(), by_offset, left_out: 0 }
    }

    fn run(mut self, head: DataSet, notes: &mut Vec<DicomdirNote>) -> Result<Vec<DirectoryRecord>, DicomdirError> {
        let root = |tag| offset_of(head.attributes(), tag).unwrap_or(NO_RECORD);
        let first = root(tags::OFFSET_OF_THE_FIRST_DIRECTORY_RECORD_OF_THE_ROOT_DIRECTORY_ENTITY);
        let mut records: Vec<DirectoryRecord> = Vec::with_capacity(self.raw.len());
        let mut ahead = Vec::new();
        if first != NO_RECORD {
            ahead.push(Ahead { offset: first, from: 0, parent: None });
        }
        let mut last_root = NO_RECORD;
        while let Some(step) = ahead.pop() {
            let raw = self.take(&step)?;
            let next = self.offset(&raw.attributes, tags::OFFSET_OF_THE_NEXT_DIRECTORY_RECORD);
            let lower = self.offset(&raw.attributes, tags::OFFSET_OF_REFERENCED_LOWER_LEVEL_DIRECTORY_ENTITY);
            let at = records.len();
            if step.parent.is_none() {
                last_root = step.offset;
            }
            // What is pushed last is visited first: the lower level, then the next record of this one.
            for (offset, parent) in [(next, step.parent), (lower, Some(at))] {
                if offset != NO_RECORD {
                    ahead.push(Ahead { offset, from: step.offset, parent });
                }
            }
            let record = describe(raw, step.parent, notes)?;
            note_place(&record, &records, notes);
            records.push(record);
        }
        if root(tags::OFFSET_OF_THE_LAST_DIRECTORY_RECORD_OF_THE_ROOT_DIRECTORY_ENTITY) != last_root {
            notes.push(DicomdirNote::LastRootOffset);
        }
        if self.left_out > 0 {
            notes.push(DicomdirNote::OffsetsLeftOut { count: self.left_out });
        }
        let mut unreached = self.raw.iter().flatten().map(|record| record.offset);
        if let Some(first) = unreached.next() {
            notes.push(DicomdirNote::Unreachable { count: 1 + unreached.count(), first });
        }
        Ok(records)
    }

    fn take(&mut self, step: &Ahead) -> Result<RawRecord, DicomdirError> {
        let (offset, from) = (step.offset, step.from);
        let at = *self.by_offset.get(&offset).ok_or(DicomdirError::OffsetNowhere { offset, from })?;
        self.raw[at].take().ok_or(DicomdirError::ReachedTwice { offset, from })
    }

    fn offset(&mut self, attributes: &Attributes, tag: Tag) -> u32 {
        offset_of(attributes, tag).unwrap_or_else(|| {
            self.left_out += 1;
            NO_RECORD
        })
    }
}

fn describe(
    raw: RawRecord,
    parent: Option<usize>,
    notes: &mut Vec<DicomdirNote>,
) -> Result<DirectoryRecord, DicomdirError> {
    let offset = raw.offset;
    let data = DataSet::new(&raw.attributes, &[]);
    let type_value = data.text(tags::DIRECTORY_RECORD_TYPE).unwrap_or_default();
    let record_type = RecordType::of_value(&type_value);
    if record_type.is_none() {
        notes.push(DicomdirNote::UnknownRecordType { offset, value: type_value.clone() });
    }
    match data.unsigned(tags::RECORD_IN_USE_FLAG) {
        Some(0xFFFF) => {}
        flag => notes.push(DicomdirNote::NotInUse { offset, flag: flag.unwrap_or_default() }),
    }
    let components = data.texts(tags::REFERENCED_FILE_ID);
    let file = if components.iter().all(String::is_empty) { None } else { Some(components.join("/")) };
    if let Some(file) = &file {
        if components.iter().any(|component| leads_outside(component)) {
            return Err(DicomdirError::OutsideFileSet { offset });
        }
        if let Err(reason) = FileId::parse(file) {
            notes.push(DicomdirNote::FileId { file: file.clone(), reason: reason.to_string() });
        }
    }
    Ok(DirectoryRecord { offset, record_type, type_value, parent, file, attributes: raw.attributes })
}

/// Whether a component would make a path something else than a name in a folder.
fn leads_outside(component: &str) -> bool {
    component.is_empty() || component.bytes().all(|byte| byte == b'.') || component.contains(['/', ':', '\0'])
}

fn note_place(record: &DirectoryRecord, records: &[DirectoryRecord], notes: &mut Vec<DicomdirNote>) {
    let Some(record_type) = record.record_type else { return };
    let above = record.parent.map(|parent| &records[parent]);
    let right = match (record_type.parent(), above) {
        (None, None) => true,
        (Some(wanted), Some(above)) => above.record_type.is_none_or(|found| found == wanted),
        (None, Some(_)) | (Some(_), None) => false,
    };
    if !right {
        let under = above.map_or_else(|| "the root".to_owned(), |above| above.type_value.clone());
        notes.push(DicomdirNote::Misplaced { offset: record.offset, value: record.type_value.clone(), under });
    }
}
