//! Disc images of either file system: the layout and its exact size, one sequential writer, one bounded reader.
//!
//! ```text
//! VolumeSpec ─► Layout ─────────────────────────► ImageWriter ─► image ─► Image
//!   files in      where everything lies and the     one pass,      head, files,   reads it back, and compares what is
//!   their order   exact size, before a byte is       hashed on      tail           outside the files with the layout
//!                 written                            the way                       made again from what was read
//! ```
//!
//! An image is three parts: a head that is known before the first file, the files in the order they are given, each from a
//! sector of its own, and a tail. What head and tail hold is the file system's: `iso` prints ISO 9660 for CD, DVD and (as
//! an intermediate) sticks, `udf` prints UDF for Blu-ray. Everything else (writing, hashing, flushing, reading files,
//! comparing) is here, once.
//!
//! Nothing here reads a clock or a random number: the same [`VolumeSpec`] and the same bytes give the same image.

mod image;
mod moment;
mod sink;
mod spec;
mod tree;
mod write;

use crate::iso::IsoLayout;
use crate::udf::UdfLayout;
use filmdesk_fileset::{MediaFormat, MediaProfile};
use std::io;

pub(crate) use image::{Found, MOST_WHOLE_FILE, Place, damaged};
pub use image::{Image, ImageFault};
pub(crate) use moment::Moment;
pub use sink::{CountingSink, FlushedFile};
pub(crate) use spec::file_name;
pub use spec::{Extent, FileSpec, LayoutFault, VolumeSpec};
pub(crate) use tree::{Child, Directory, children, directories};
pub use write::{ImageWriter, WriteFault, WrittenImage};

/// Bytes of a sector, which is the logical block of both file systems (ECMA-119 §6.1.2, UDF 2.2.4.2).
pub const SECTOR: u64 = 2048;

/// The name of this program in an image, by which a reader knows whose layout rules apply.
pub const APPLICATION: &str = "FILMDESK";

/// Sectors that `bytes` occupy.
pub fn sectors(bytes: u64) -> u64 {
    bytes.div_ceil(SECTOR)
}

/// What an image's directories are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// ISO 9660 Level 1 with Joliet beside it.
    Iso9660,
    /// UDF 2.60, readable as 2.50.
    Udf,
}

impl FileSystem {
    /// The file system in which a profile's media are made here. Files for a stick travel in an ISO image until they are
    /// unpacked.
    pub fn of(profile: &MediaProfile) -> FileSystem {
        match profile.format {
            MediaFormat::Iso9660 | MediaFormat::Fat => FileSystem::Iso9660,
            MediaFormat::Udf => FileSystem::Udf,
        }
    }

    /// Sectors no image is without, whatever is in it.
    pub fn always_sectors(self) -> u64 {
        match self {
            FileSystem::Iso9660 => crate::iso::ALWAYS_SECTORS,
            FileSystem::Udf => crate::udf::ALWAYS_SECTORS,
        }
    }

    /// Sectors a file of so many bytes takes in any company.
    pub fn file_sectors(self, bytes: u64) -> u64 {
        match self {
            FileSystem::Iso9660 => sectors(bytes),
            // Its File Entry is a block of the metadata, which are there twice.
            FileSystem::Udf => sectors(bytes) + 2,
        }
    }
}

/// Where a layout's bytes go, piece by piece.
pub(crate) type Put<'p> = dyn FnMut(&[u8]) -> io::Result<()> + 'p;

/// A volume laid out: the exact size is known, head and tail can be printed, each file's place is fixed.
pub struct Layout(Printer);

enum Printer {
    Iso9660(IsoLayout),
    Udf(UdfLayout),
}

impl Layout {
    /// Lays a volume out.
    ///
    /// # Errors
    /// The file system cannot carry it.
    pub fn new(file_system: FileSystem, spec: &VolumeSpec) -> Result<Layout, LayoutFault> {
        Layout::made_at(file_system, spec, Moment::of(&spec.created_at))
    }

    /// The same with the moment as an image says it.
    fn made_at(file_system: FileSystem, spec: &VolumeSpec, moment: Moment) -> Result<Layout, LayoutFault> {
        spec.check()?;
        Ok(Layout(match file_system {
            FileSystem::Iso9660 => Printer::Iso9660(IsoLayout::new(spec, moment)?),
            FileSystem::Udf => Printer::Udf(UdfLayout::new(spec, moment)?),
        }))
    }

    /// Exact bytes of the finished image.
    pub fn size_bytes(&self) -> u64 {
        self.size_sectors() * SECTOR
    }

    /// Exact sectors of the finished image.
    pub fn size_sectors(&self) -> u64 {
        match &self.0 {
            Printer::Iso9660(layout) => layout.size_sectors(),
            Printer::Udf(layout) => layout.size_sectors(),
        }
    }

    /// Where each file lies, in the order given.
    pub fn extents(&self) -> &[Extent] {
        match &self.0 {
            Printer::Iso9660(layout) => layout.extents(),
            Printer::Udf(layout) => layout.extents(),
        }
    }

    /// Everything before the first file.
    pub(crate) fn head(&self, put: &mut Put<'_>) -> io::Result<()> {
        match &self.0 {
            Printer::Iso9660(layout) => put(&layout.head()),
            Printer::Udf(layout) => layout.head(put),
        }
    }

    /// Everything after the last file's last sector.
    pub(crate) fn tail(&self, put: &mut Put<'_>) -> io::Result<()> {
        match &self.0 {
            Printer::Iso9660(_) => zeros(crate::iso::PADDING_SECTORS, put),
            Printer::Udf(layout) => layout.tail(put),
        }
    }
}

/// Sectors of zeros.
pub(crate) fn zeros(sectors: u64, put: &mut Put<'_>) -> io::Result<()> {
    (0..sectors).try_for_each(|_| put(&[0; SECTOR as usize]))
}
