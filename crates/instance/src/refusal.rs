//! Why an object is not accepted.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A named reason why one object was not read, decoded or rewritten.
///
/// The sentence (`Display`) says what is wrong in words a clerk can pass on; [`Refusal::code`] is stable and is what
/// lists, tests and translations key on. Neither ever holds a patient's name, number or birthday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    /// The file could not be opened or read.
    #[error("the file cannot be read ({message})")]
    Unreadable {
        /// The operating system's words.
        message: String,
    },
    /// The file holds no bytes.
    #[error("the file is empty")]
    Empty,
    /// Not a DICOM file: no `DICM` at byte 128, and nothing else that identifies a data set beyond doubt.
    #[error("this is not a DICOM file")]
    NotDicom,
    /// A DICOMDIR: the index of a medium, not an object of a patient.
    #[error("this is a DICOMDIR, the index of a medium, not an object")]
    Dicomdir,
    /// The data set has no file meta information naming its transfer syntax, and reading it is ambiguous.
    #[error("the file does not say how it is encoded, and it cannot be told beyond doubt")]
    AmbiguousEncoding,
    /// The data set is encoded in another way than its transfer syntax says, from its first element on.
    #[error("the data set is not encoded as the file says ({uid})")]
    EncodingDisagrees {
        /// The transfer syntax UID the file names.
        uid: String,
    },
    /// The file ends in the middle of an element.
    #[error("the file is truncated: it ends at byte {length}, and {needed} bytes more are needed at byte {at}")]
    Truncated {
        /// Where reading stopped, in bytes from the beginning.
        at: u64,
        /// How many bytes the element at `at` asks for.
        needed: u64,
        /// The length of the file (or of the inflated data set).
        length: u64,
    },
    /// Sequences nested deeper than [`crate::Limits::MAX_DEPTH`].
    #[error("sequences are nested deeper than {limit} levels at byte {at}")]
    TooDeep {
        /// Where, in bytes from the beginning.
        at: u64,
        /// The limit.
        limit: u32,
    },
    /// An element or item declares more bytes than its surroundings hold.
    #[error("the length at byte {at} ({tag}) is impossible: {declared} bytes declared, {left} left")]
    BadLength {
        /// The element, as `(gggg,eeee)`.
        tag: String,
        /// Where, in bytes from the beginning.
        at: u64,
        /// The declared length.
        declared: u64,
        /// What is left.
        left: u64,
    },
    /// Something else than what PS3.5 section 7 allows at this place.
    #[error("the data set is damaged at byte {at} ({tag}): {what}")]
    BadStructure {
        /// The element, as `(gggg,eeee)`.
        tag: String,
        /// Where, in bytes from the beginning.
        at: u64,
        /// What was found, in words.
        what: String,
    },
    /// One attribute stands twice in one data set, so that two readers could read two things.
    #[error("the attribute {tag} stands twice in the data set")]
    DuplicateElement {
        /// The element, as `(gggg,eeee)`.
        tag: String,
    },
    /// The attributes we keep add up to more than [`crate::Limits::MAX_KEPT_BYTES`].
    #[error("the header is larger than {limit} bytes")]
    HeaderTooLarge {
        /// The limit.
        limit: u64,
    },
    /// A deflated data set inflates beyond the limit.
    #[error("the compressed data set grows beyond the limit of {limit} bytes")]
    InflatesTooLarge {
        /// The limit that applied to this file.
        limit: u64,
    },
    /// The deflated stream is damaged.
    #[error("the compressed data set is damaged")]
    BadDeflate,
    /// No SOP Instance UID (0008,0018).
    #[error("the object has no SOP Instance UID")]
    NoSopInstanceUid,
    /// No SOP Class UID (0008,0016).
    #[error("the object has no SOP Class UID")]
    NoSopClassUid,
    /// A UID with other characters than digits and dots, or longer than 64 (PS3.5 §9.1).
    #[error("the UID in {tag} is not a valid UID")]
    BadUid {
        /// The element, as `(gggg,eeee)`.
        tag: String,
    },
    /// A transfer syntax we do not know: the data set cannot be read safely.
    #[error("the transfer syntax {uid} is not known")]
    UnknownTransferSyntax {
        /// The transfer syntax UID.
        uid: String,
    },
    /// A transfer syntax we know, but whose pixel data cannot be decoded here.
    #[error("pixel data in {name} ({uid}) cannot be decoded here: {why}")]
    TransferSyntaxNotDecodable {
        /// The transfer syntax UID.
        uid: String,
        /// Its name in PS3.6.
        name: String,
        /// What is missing, in words.
        why: String,
    },
    /// There is pixel data, but an attribute that describes it is missing or contradicts another.
    #[error("the description of the pixel data is impossible: {what}")]
    BadPixelDescription {
        /// Which attribute, and how.
        what: String,
    },
    /// Less pixel data than rows, columns, samples, frames and bits ask for, or fewer encoded frames than declared.
    #[error("the pixel data is truncated: {found} {unit} of {expected}")]
    PixelDataTruncated {
        /// What the description asks for.
        expected: u64,
        /// What is there.
        found: u64,
        /// `bytes` or `frames`.
        unit: String,
    },
    /// The decoded image would be larger than [`crate::Limits::MAX_DECODED_BYTES`].
    #[error("the decoded image would take {bytes} bytes, over the limit of {limit}")]
    TooLargeToDecode {
        /// What decoding would take.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The decoder gave up on this image.
    #[error("the image cannot be decoded: {why}")]
    NotDecodable {
        /// The decoder's words.
        why: String,
    },
    /// The object has no pixel data, so there is nothing to show.
    #[error("the object has no image")]
    NoPixels,
    /// The object has nothing that could be read as a document.
    #[error("the object has no document")]
    NoDocument,
    /// A frame was asked for that the object does not have.
    #[error("the object has {frames} frames, and frame {frame} was asked for")]
    NoSuchFrame {
        /// Frame asked for, the first is 0.
        frame: u32,
        /// How many there are.
        frames: u32,
    },
    /// The result could not be written.
    #[error("the rewritten object cannot be written ({message})")]
    CannotWrite {
        /// The operating system's words.
        message: String,
    },
    /// The separate process that reads untrusted objects died while reading this one.
    #[error("reading this object ended the process that reads it: the object is set aside")]
    InspectorDied,
    /// Reading this object took longer than allowed.
    #[error("reading this object took longer than {seconds} seconds: the object is set aside")]
    InspectorTimedOut {
        /// The time allowed.
        seconds: u64,
    },
    /// The inspecting process cannot be started.
    #[error("the process that reads objects cannot be started ({message})")]
    InspectorUnavailable {
        /// The operating system's words.
        message: String,
    },
}

impl Refusal {
    /// The stable kebab-case code of this reason.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Unreadable { .. } => "unreadable",
            Refusal::Empty => "empty",
            Refusal::NotDicom => "not-dicom",
            Refusal::Dicomdir => "dicomdir",
            Refusal::AmbiguousEncoding => "ambiguous-encoding",
            Refusal::EncodingDisagrees { .. } => "encoding-disagrees",
            Refusal::Truncated { .. } => "truncated",
            Refusal::TooDeep { .. } => "too-deep",
            Refusal::BadLength { .. } => "bad-length",
            Refusal::BadStructure { .. } => "bad-structure",
            Refusal::DuplicateElement { .. } => "duplicate-element",
            Refusal::HeaderTooLarge { .. } => "header-too-large",
            Refusal::InflatesTooLarge { .. } => "inflates-too-large",
            Refusal::BadDeflate => "bad-deflate",
            Refusal::NoSopInstanceUid => "no-sop-instance-uid",
            Refusal::NoSopClassUid => "no-sop-class-uid",
            Refusal::BadUid { .. } => "bad-uid",
            Refusal::UnknownTransferSyntax { .. } => "unknown-transfer-syntax",
            Refusal::TransferSyntaxNotDecodable { .. } => "transfer-syntax-not-decodable",
            Refusal::BadPixelDescription { .. } => "bad-pixel-description",
            Refusal::PixelDataTruncated { .. } => "pixel-data-truncated",
            Refusal::TooLargeToDecode { .. } => "too-large-to-decode",
            Refusal::NotDecodable { .. } => "not-decodable",
            Refusal::NoPixels => "no-pixels",
            Refusal::NoDocument => "no-document",
            Refusal::NoSuchFrame { .. } => "no-such-frame",
            Refusal::CannotWrite { .. } => "cannot-write",
            Refusal::InspectorDied => "inspector-died",
            Refusal::InspectorTimedOut { .. } => "inspector-timed-out",
            Refusal::InspectorUnavailable { .. } => "inspector-unavailable",
        }
    }

    /// Whether the same object might be read at another time: the fault is with the machine, not with the object.
    pub fn is_about_the_machine(&self) -> bool {
        matches!(self, Refusal::Unreadable { .. } | Refusal::CannotWrite { .. } | Refusal::InspectorUnavailable { .. })
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Refusal {
        Refusal::Unreadable { message: plain(&error) }
    }
}

/// The operating system's words without the path (a path may hold a person's name).
pub(crate) fn plain(error: &std::io::Error) -> String {
    error.to_string()
}
