//! What one object says about itself.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use dicom_core::Tag;
use serde::{Deserialize, Serialize};

use crate::attributes::{Attributes, DataSet, Values};
use crate::pixels::PixelFacts;
use crate::text::{CharacterSet, PersonName, Reading};

/// What one object says about itself. It crosses from the process that reads untrusted bytes as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// SOP Class UID (0008,0016).
    pub sop_class_uid: Uid,
    /// SOP Instance UID (0008,0018).
    pub sop_instance_uid: String,
    /// Study Instance UID (0020,000D); empty when the object has none.
    pub study_uid: Uid,
    /// Series Instance UID (0020,000E); empty when the object has none.
    pub series_uid: Uid,
    /// The transfer syntax the data set is encoded in.
    pub transfer_syntax: Uid,
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

/// A UID that many objects have in common: a copy of it is a reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Uid(Arc<str>);

impl Uid {
    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Uid {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<&str> for Uid {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl From<&str> for Uid {
    fn from(uid: &str) -> Uid {
        Uid(uid.into())
    }
}

impl From<String> for Uid {
    fn from(uid: String) -> Uid {
        Uid(uid.into())
    }
}

impl From<Uid> for String {
    fn from(uid: Uid) -> String {
        uid.as_str().to_owned()
    }
}

/// Holds once what the objects of a series say alike, which is most of it: a hundred thousand headers then take a few
/// hundred bytes each.
#[derive(Debug, Default)]
pub struct Sharing {
    uids: HashSet<Uid>,
    /// By series: the values all of its objects met so far have.
    alike: HashMap<Uid, Arc<Values>>,
}

impl Sharing {
    /// Lets the header share what it says with those that were here before. Nothing it says changes.
    pub fn share(&mut self, header: &mut Header) {
        let Header { sop_class_uid, study_uid, series_uid, transfer_syntax, .. } = header;
        for uid in [sop_class_uid, study_uid, series_uid, transfer_syntax] {
            match self.uids.get(uid) {
                Some(known) => *uid = known.clone(),
                None => drop(self.uids.insert(uid.clone())),
            }
        }
        let before = self.alike.remove(&header.series_uid);
        let alike = header.attributes.share(before);
        self.alike.insert(header.series_uid.clone(), alike);
    }
}
