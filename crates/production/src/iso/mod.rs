//! ISO 9660 disc images: the layout and its exact size, one sequential writer, one bounded reader.
//!
//! PS3.12 Annex F asks for ISO 9660 Level 1 on CD-R: names of eight characters from `A–Z 0–9 _` with the separator and
//! version (`NAME.;1`), at most eight levels, the File-set ID as Volume Identifier. A Joliet descriptor is added with
//! a second set of directories over the same extents, so that file managers show `README.TXT` and not `README.TXT;1`.
//! Files are laid out in the order they are given: the order of the DICOMDIR, which is the order they are read in.
//!
//! Nothing here reads a clock or a random number: the same [`VolumeSpec`] and the same bytes give the same image.

mod fields;
mod layout;
mod read;
mod sink;
mod write;

pub use layout::{Extent, FileSpec, Layout, LayoutFault, VolumeSpec};
pub(crate) use read::MOST_WHOLE_FILE;
pub use read::{IsoFault, IsoImage};
pub use sink::{CountingSink, FlushedFile};
pub use write::{ImageWriter, WriteFault, WrittenImage};

/// Bytes of a logical sector, ECMA-119 §6.1.2.
pub const SECTOR: u64 = 2048;

/// Zero sectors after the last file. Drives that read ahead fail on the last sectors of a disc written track at once;
/// 150 sectors (two seconds) is what mastering programs add.
pub const PADDING_SECTORS: u64 = 150;

/// First sector of the volume descriptors: sixteen sectors of system area come before, ECMA-119 §6.2.1.
const FIRST_DESCRIPTOR: u64 = 16;

/// The name of this program in the Application Identifier, by which a reader knows whose layout rules apply.
pub const APPLICATION: &str = "FILMDESK";

/// Sectors that `bytes` occupy.
pub fn sectors(bytes: u64) -> u64 {
    bytes.div_ceil(SECTOR)
}
