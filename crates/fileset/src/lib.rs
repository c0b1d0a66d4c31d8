//! What a DICOM medium is: a File-set with its DICOMDIR (PS3.10 §8, PS3.3 Annex F), made, read and checked.
//!
//! A **File-set** is a collection of files under one roof: a disc, a stick, a folder. Each file holds one SOP Instance and
//! is called by a *File ID*, up to eight components of eight characters from `A–Z 0–9 _`. One file in the root, `DICOMDIR`,
//! lists them all: *directory records* in a tree of patients, studies, series and instances, chained by byte offsets.
//! Which instances may be in it, in which transfer syntax, says a *media storage application profile* (PS3.11).
//!
//! - [`FileSet::build`] lays out the tree once, for instances whose [`Header`](filmdesk_instance::Header)s are at hand, and
//!   [`FileSet::dicomdir`] writes it. What Annex F demands and the instances lack is stood in for in the record only, and
//!   listed ([`FileSet::synthesised`]).
//! - [`read_dicomdir`] reads what others wrote, with their habits, and refuses what is hostile.
//! - [`check`] holds a finished medium against its own index, its profile, and the sources it was made from.
//! - [`MediaProfile`] and [`RecordType`] are the tables of PS3.11 and Annex F, clause beside row.
//!
//! Nothing here knows a hospital, and nothing recurses along the directory: a tree of a hundred thousand records is a list.

mod check;
mod dicomdir_parse;
mod dicomdir_reader;
mod dicomdir_writer;
mod element;
mod file_id;
mod file_set;
mod file_tree;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod keys;
pub mod profile;
mod record;
pub mod record_type;

pub use check::{CheckOptions, CheckReport, ExpectedPatient, Finding, Severity, SourceObject, check};
pub use dicomdir_reader::{Dicomdir, DicomdirError, DicomdirNote, DirectoryRecord, read_dicomdir};
pub use file_id::{FileId, FileIdError, FileSetId, FileSetIdError};
pub use file_set::{BuildError, FileSet, Member, Synthesised};
pub use file_tree::{FileTree, FolderTree, Oddity};
pub use profile::{MediaFormat, MediaProfile, NotAdmitted};
pub use record_type::RecordType;
