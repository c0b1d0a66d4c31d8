//! What one DICOM object is.
//!
//! An object comes as untrusted bytes: a file from an archive, or a slice of a disc image ([`Source`]). [`read_header`]
//! walks it behind a byte gate of our own and says what it is ([`Header`]): its UIDs, the attributes a medium needs with
//! their raw values, and facts about its pixel data, checked against each other. What cannot be accepted is a named
//! [`Refusal`]; what was odd but harmless is a [`Note`].
//!
//! ```no_run
//! use filmdesk_instance::{Source, read_header, tags};
//!
//! match read_header(&Source::file("IM000001")) {
//!     Ok(header) => println!("{} {:?}", header.sop_instance_uid, header.text(tags::MODALITY)),
//!     Err(refusal) => eprintln!("{}: {refusal}", refusal.code()),
//! }
//! ```
//!
//! - The gate never recurses, never believes a length before comparing it with what is left, and allocates nothing that
//!   an object declares. Its [`Limits`] are constants.
//! - Text is decoded by [`text`], which knows every character set of the standard, and shows Big5 and UTF-8 right that
//!   stand under a wrong label or none.
//! - [`transcode_to_explicit_le`] rewrites an object in Explicit VR Little Endian without changing a value or a pixel.
//!   [`preview`] makes a small picture of a frame; [`document`] gives what a person reads in a report. Before either meets a decoder, the code stream's own header is
//!   compared with what the object says.
//! - Whoever reads objects of strangers does so through an [`Inspector`]: [`ChildPool`] asks child processes (each runs
//!   [`serve_inspect`]), whose death is the fate of one object; [`InProcess`] is for tests and for what is trusted.
//!
//! Nothing here knows a hospital, and no data set is ever altered on its way to a medium: what precedes it there is ours
//! ([`file_meta`]), and [`data_set_sha256`] says that the rest is what came.

mod attributes;
mod codec;
mod collect;
mod dictionary;
mod document;
mod fragments;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod header;
mod inspect;
mod kept;
mod latin1;
mod pixels;
mod preview;
mod read;
mod refusal;
mod scan;
mod source;
mod syntax;
pub mod text;
mod transcode;
mod write;

pub use attributes::{Attributes, DataSet};
pub use dicom_core::{Tag, VR};
pub use dicom_dictionary_std::{tags, uids};
pub use document::{Document, Report, ReportLine, document};
pub use header::{Header, Note, Sharing, Uid};
pub use inspect::{ChildPool, InProcess, Inspector, TimeOuts, serve_inspect};
pub use pixels::{PixelFacts, SampleKind};
pub use preview::preview;
pub use read::read_header;
pub use refusal::Refusal;
pub use source::Source;
pub use syntax::{
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN,
    PixelEncoding, TransferSyntax,
};
pub use text::{CharacterSet, PersonName, Reading};
pub use transcode::transcode_to_explicit_le;
pub use write::{data_set_sha256, file_meta};

/// What an object may ask of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Limits;

impl Limits {
    /// Sequences within sequences. Real reports stay under 15.
    pub const MAX_DEPTH: u32 = 64;
    /// A deflated data set may not inflate beyond this many bytes,
    pub const MAX_INFLATED_BYTES: u64 = 512 << 20;
    /// nor beyond this many times its own size.
    pub const MAX_INFLATE_RATIO: u64 = 100;
    /// Longest value kept; the standard's longest bounded text is 10 240 characters.
    pub const MAX_KEPT_VALUE: u64 = 32 << 10;
    /// All values kept of one object.
    pub const MAX_KEPT_BYTES: u64 = 8 << 20;
    /// Longest value kept of the file meta information.
    pub const MAX_META_VALUE: u64 = 1 << 10;
    /// Largest image decoded, all frames together: what an element's length can say.
    pub const MAX_DECODED_BYTES: u64 = 0xFFFF_FFFE;
    /// Largest single frame decoded.
    pub const MAX_FRAME_BYTES: u64 = 256 << 20;
}
