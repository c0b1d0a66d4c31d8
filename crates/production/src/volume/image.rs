//! Reads an image back: bounded, without recursion, believing nothing it reads.

use super::{FileSpec, FileSystem, Layout, Moment, SECTOR, VolumeSpec};
use filmdesk_fileset::FileTree;
use filmdesk_instance::Source;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes of a piece: they stay in a processor's cache while they are hashed.
const PIECE: usize = 256 << 10;

/// Index and texts of a medium, read whole.
pub(crate) const MOST_WHOLE_FILE: u64 = 1 << 30;

thread_local! {
    /// One buffer a thread, however many files it reads.
    static BUFFER: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Why an image cannot be read or is not as it was made.
#[derive(Debug, thiserror::Error)]
pub enum ImageFault {
    /// The file itself.
    #[error("the image cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Neither a volume descriptor where ECMA-119 wants one nor a volume recognition sequence as ECMA-167 has it.
    #[error("this is no disc image: neither ISO 9660 nor UDF")]
    NotImage,
    /// A structure contradicts itself, points outside, or goes in a circle.
    #[error("the image is damaged at sector {sector}: {what}")]
    Damaged {
        /// Where.
        sector: u64,
        /// What.
        what: &'static str,
    },
    /// More of something than a reader takes.
    #[error("the image exceeds this reader's limits: {0}")]
    TooLarge(&'static str),
}

pub(crate) fn damaged(sector: u64, what: &'static str) -> ImageFault {
    ImageFault::Damaged { sector, what }
}

/// A file of the image: first byte and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub at: u64,
    pub size: u64,
}

/// What a file system's reader found.
pub(crate) struct Found {
    pub volume_id: String,
    pub volume_set_id: String,
    /// Only of an image of ours.
    pub code: String,
    pub moment: Option<Moment>,
    /// This program made it.
    pub ours: bool,
    /// Files by their paths, in capitals.
    pub places: BTreeMap<String, Place>,
}

/// An image, its descriptors and directories read; files are read on demand.
pub struct Image {
    path: PathBuf,
    file: File,
    len: u64,
    file_system: FileSystem,
    found: Found,
    listing: Vec<(String, u64)>,
}

impl Image {
    /// Reads descriptors and directories, of whichever file system there is; of both, ISO 9660.
    ///
    /// # Errors
    /// It cannot be read, or is no image that a reader should believe.
    pub fn open(path: &Path) -> Result<Image, ImageFault> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let file_system = match recognised(&file, len)? {
            Some(file_system) => file_system,
            None => return Err(ImageFault::NotImage),
        };
        let found = match file_system {
            FileSystem::Iso9660 => crate::iso::read(&file, len)?,
            FileSystem::Udf => crate::udf::read(&file, len)?,
        };
        let mut by_place: Vec<(&String, &Place)> = found.places.iter().collect();
        by_place.sort_by_key(|(_, place)| place.at);
        let listing = by_place.into_iter().map(|(path, place)| (path.clone(), place.size)).collect();
        Ok(Image { path: path.to_owned(), file, len, file_system, found, listing })
    }

    /// What its directories are written in.
    pub fn file_system(&self) -> FileSystem {
        self.file_system
    }

    /// Volume Identifier.
    pub fn volume_id(&self) -> &str {
        &self.found.volume_id
    }

    /// The disc's own code; empty when another program made the image.
    pub fn code(&self) -> &str {
        &self.found.code
    }

    /// This program made the image: every byte outside the files is then determined by what is in it.
    pub fn is_ours(&self) -> bool {
        self.found.ours
    }

    /// Bytes of the image file.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// An image of no files.
    pub fn is_empty(&self) -> bool {
        self.listing.is_empty()
    }

    /// The image file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Files with their bytes, in the order they lie on the disc.
    pub fn files(&self) -> &[(String, u64)] {
        &self.listing
    }

    /// Offset in the image and bytes of a file.
    pub fn extent(&self, path: &str) -> Option<(u64, u64)> {
        self.found.places.get(path).map(|place| (place.at, place.size))
    }

    /// Calls `each` with successive pieces of a file.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn for_each_piece(&self, path: &str, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let (mut at, mut left) = self.extent(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        BUFFER.with_borrow_mut(|buffer| {
            buffer.resize(PIECE, 0);
            while left > 0 {
                let n = left.min(PIECE as u64) as usize;
                self.file.read_exact_at(&mut buffer[..n], at)?;
                each(&buffer[..n]);
                at += n as u64;
                left -= n as u64;
            }
            Ok(())
        })
    }

    /// Writes a file of the image into `into`.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn copy(&self, path: &str, into: &mut dyn Write) -> io::Result<()> {
        let mut written = Ok(());
        self.for_each_piece(path, &mut |piece| {
            if written.is_ok() {
                written = into.write_all(piece);
            }
        })?;
        written
    }

    /// A small file whole; more than `most` bytes are refused.
    ///
    /// # Errors
    /// It is not there, cannot be read, or is larger.
    pub fn read(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        let (at, size) = self.extent(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        if size > most {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than expected"));
        }
        let mut bytes = vec![0; size as usize];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    /// For an image of ours: lays the same volume out again and compares every byte that is not a file's: descriptors,
    /// tables, directories, the zeros after each file, everything at the end. With the manifest's hashes over the files no
    /// byte of the image is left that could have changed unseen.
    ///
    /// # Errors
    /// Where it differs first.
    pub fn check_own_layout(&self) -> Result<(), ImageFault> {
        const FIRST: u64 = 16;
        let moment = self.found.moment.ok_or(damaged(FIRST, "its date is no date"))?;
        let spec = VolumeSpec {
            volume_id: self.found.volume_id.clone(),
            volume_set_id: self.found.volume_set_id.clone(),
            code: self.found.code.clone(),
            created_at: jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC),
            files: self.listing.iter().map(|(path, size)| FileSpec { path: path.clone(), size: *size }).collect(),
        };
        let layout = Layout::made_at(self.file_system, &spec, moment)
            .map_err(|_| damaged(FIRST, "it cannot have been laid out like this"))?;
        if layout.size_bytes() != self.len {
            return Err(damaged(self.len.div_ceil(SECTOR), "it is longer or shorter than its layout"));
        }
        let mut comparison = Comparison { file: &self.file, at: 0, differs: None, buffer: Vec::new() };
        layout.head(&mut |expected| comparison.with(expected))?;
        for extent in layout.extents() {
            comparison.at = extent.sector * SECTOR + extent.size;
            let slack = (extent.end() - comparison.at) as usize;
            comparison.with(&[0; SECTOR as usize][..slack])?;
        }
        layout.tail(&mut |expected| comparison.with(expected))?;
        match comparison.differs {
            None => Ok(()),
            Some(at) => Err(damaged(at / SECTOR, "what is not a file's is not as it was made")),
        }
    }
}

/// The image against what should be in it, from a place on.
struct Comparison<'f> {
    file: &'f File,
    at: u64,
    /// The first byte that is another.
    differs: Option<u64>,
    buffer: Vec<u8>,
}

impl Comparison<'_> {
    fn with(&mut self, expected: &[u8]) -> io::Result<()> {
        self.buffer.resize(expected.len().max(self.buffer.len()), 0);
        let found = &mut self.buffer[..expected.len()];
        self.file.read_exact_at(found, self.at)?;
        if self.differs.is_none() && found != expected {
            let first = found.iter().zip(expected).position(|(found, expected)| found != expected);
            self.differs = first.map(|first| self.at + first as u64);
        }
        self.at += expected.len() as u64;
        Ok(())
    }
}

impl FileTree for Image {
    fn files(&self) -> &[(String, u64)] {
        &self.listing
    }

    fn source(&self, path: &str) -> Option<Source> {
        self.extent(path).map(|(at, size)| Source::slice(&self.path, at, size))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        Image::read(self, path, MOST_WHOLE_FILE)
    }

    fn volume_id(&self) -> Option<&str> {
        Some(&self.found.volume_id)
    }
}

/// The file system by the first descriptor: both standards put it into the seventeenth sector.
fn recognised(file: &File, len: u64) -> io::Result<Option<FileSystem>> {
    const FIRST: u64 = 16 * SECTOR;
    let mut first = [0; 6];
    if len < FIRST + SECTOR {
        return Ok(None);
    }
    file.read_exact_at(&mut first, FIRST)?;
    Ok(match &first[1..] {
        b"CD001" => Some(FileSystem::Iso9660),
        b"BEA01" => Some(FileSystem::Udf),
        _ => None,
    })
}
