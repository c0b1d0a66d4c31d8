//! Reads an image back: bounded, without recursion, believing nothing it reads.

use super::fields::{Moment, read_both32};
use super::{APPLICATION, FIRST_DESCRIPTOR, FileSpec, Layout, SECTOR, VolumeSpec, sectors};
use filmdesk_fileset::FileTree;
use filmdesk_instance::Source;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Volume descriptors looked at before the terminator.
const MOST_DESCRIPTORS: u64 = 64;
/// Directories of one tree.
const MOST_DIRECTORIES: usize = 65_535;
/// Files of one tree.
const MOST_FILES: usize = 2_000_000;
/// Bytes of all directories of one tree.
const MOST_DIRECTORY_BYTES: u64 = 512 << 20;
/// Files may share extents, but all together they name at most so many times the image's bytes.
const MOST_SHARING: u64 = 16;
/// Levels: eight by the standard, some more for images that relax it.
const MOST_LEVELS: usize = 16;

/// Bytes of a piece: they stay in a processor's cache while they are hashed.
const PIECE: usize = 256 << 10;

thread_local! {
    /// One buffer a thread, however many files it reads.
    static BUFFER: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Why an image cannot be read or is not as it was made.
#[derive(Debug, thiserror::Error)]
pub enum IsoFault {
    /// The file itself.
    #[error("the image cannot be read: {0}")]
    Io(#[from] io::Error),
    /// No volume descriptor where ECMA-119 wants one.
    #[error("this is not an ISO 9660 image")]
    NotIso,
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

/// A file of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    sector: u64,
    size: u64,
}

/// An image, its descriptors and directories read; files are read on demand.
pub struct IsoImage {
    path: PathBuf,
    file: File,
    len: u64,
    volume_id: String,
    volume_set_id: String,
    code: String,
    moment: Option<Moment>,
    ours: bool,
    listing: Vec<(String, u64)>,
    places: BTreeMap<String, Place>,
}

impl IsoImage {
    /// Reads descriptors and directories. Joliet's directories, when there, must name the same extents.
    pub fn open(path: &Path) -> Result<IsoImage, IsoFault> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let descriptors = descriptors(&file, len)?;
        let primary = descriptors.iter().find(|(_, d)| d[0] == 1).ok_or(IsoFault::NotIso)?;
        let places = walk(&file, len, primary, false)?;
        let joliet = descriptors.iter().find(|(_, d)| d[0] == 2 && matches!(&d[88..91], b"%/@" | b"%/C" | b"%/E"));
        let text = |from: usize, to: usize| String::from_utf8_lossy(&primary.1[from..to]).trim_end().to_owned();
        let mut ours = [text(446, 574), text(574, 702)].iter().any(|program| program == APPLICATION);
        if let Some(joliet) = joliet {
            ours |=
                [&joliet.1[446..574], &joliet.1[574..702]].iter().any(|field| ucs2(field).trim_end() == APPLICATION);
            let mut primary_extents: Vec<(u64, u64)> = places.values().map(|p| (p.sector, p.size)).collect();
            let mut other: Vec<(u64, u64)> =
                walk(&file, len, joliet, true)?.values().map(|p| (p.sector, p.size)).collect();
            primary_extents.sort_unstable();
            other.sort_unstable();
            if primary_extents != other {
                return Err(IsoFault::Damaged {
                    sector: joliet.0,
                    what: "Joliet names other files than ISO 9660 does",
                });
            }
        }
        let mut by_place: Vec<(&String, &Place)> = places.iter().collect();
        by_place.sort_by_key(|(_, place)| place.sector);
        let listing = by_place.into_iter().map(|(path, place)| (path.clone(), place.size)).collect();
        let (volume_id, volume_set_id, code) = (text(40, 72), text(190, 318), text(883, 915));
        let moment = Moment::from_descriptor(&primary.1[813..830]);
        let (path, code) = (path.to_owned(), if ours { code } else { String::new() });
        Ok(IsoImage { path, file, len, volume_id, volume_set_id, code, moment, ours, listing, places })
    }

    /// Volume Identifier.
    pub fn volume_id(&self) -> &str {
        &self.volume_id
    }

    /// The disc's own code; empty when another program made the image.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// This program made the image: every byte outside the files is then determined by what is in it.
    pub fn is_ours(&self) -> bool {
        self.ours
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
        self.places.get(path).map(|place| (place.sector * SECTOR, place.size))
    }

    /// Calls `each` with successive pieces of a file.
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
    /// path tables, directories, the zeros after each file and at the end. With the manifest's hashes over the files no
    /// byte of the image is left that could have changed unseen.
    pub fn check_own_layout(&self) -> Result<(), IsoFault> {
        let descriptor = FIRST_DESCRIPTOR;
        let moment = self.moment.ok_or(IsoFault::Damaged { sector: descriptor, what: "its date is no date" })?;
        let spec = VolumeSpec {
            volume_id: self.volume_id.clone(),
            volume_set_id: self.volume_set_id.clone(),
            code: self.code.clone(),
            created_at: jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC),
            files: self.listing.iter().map(|(path, size)| FileSpec { path: path.clone(), size: *size }).collect(),
        };
        let layout = Layout::build(&spec, moment)
            .map_err(|_| IsoFault::Damaged { sector: descriptor, what: "it cannot have been laid out like this" })?;
        if layout.size_bytes() != self.len {
            return Err(IsoFault::Damaged {
                sector: sectors(self.len),
                what: "it is longer or shorter than its layout",
            });
        }
        let expected = layout.head();
        let mut found = vec![0; expected.len()];
        self.file.read_exact_at(&mut found, 0)?;
        if let Some(at) = expected.iter().zip(&found).position(|(e, f)| e != f) {
            let what = "its descriptors or directories are not as they were made";
            return Err(IsoFault::Damaged { sector: at as u64 / SECTOR, what });
        }
        for extent in layout.extents() {
            self.zeros(extent.sector * SECTOR + extent.size, (extent.sector + sectors(extent.size)) * SECTOR)?;
        }
        let last = layout.extents().last().map_or(0, |e| (e.sector + sectors(e.size)) * SECTOR);
        self.zeros(last.max(expected.len() as u64), self.len)
    }

    fn zeros(&self, from: u64, to: u64) -> Result<(), IsoFault> {
        let mut buffer = vec![0; (to - from).min(1 << 20) as usize];
        let mut at = from;
        while at < to {
            let n = (to - at).min(buffer.len() as u64) as usize;
            self.file.read_exact_at(&mut buffer[..n], at)?;
            if buffer[..n].iter().any(|byte| *byte != 0) {
                return Err(IsoFault::Damaged { sector: at / SECTOR, what: "there is something between the files" });
            }
            at += n as u64;
        }
        Ok(())
    }
}

/// Index and texts of a medium, read whole.
pub(crate) const MOST_WHOLE_FILE: u64 = 1 << 30;

impl FileTree for IsoImage {
    fn files(&self) -> &[(String, u64)] {
        &self.listing
    }

    fn source(&self, path: &str) -> Option<Source> {
        self.extent(path).map(|(at, size)| Source::slice(&self.path, at, size))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        IsoImage::read(self, path, MOST_WHOLE_FILE)
    }

    fn volume_id(&self) -> Option<&str> {
        Some(&self.volume_id)
    }
}

/// Big-endian UCS-2, unpaired surrogates replaced.
fn ucs2(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

/// Descriptors with their sectors, up to the terminator.
fn descriptors(file: &File, len: u64) -> Result<Vec<(u64, Vec<u8>)>, IsoFault> {
    let mut found = Vec::new();
    for sector in FIRST_DESCRIPTOR..FIRST_DESCRIPTOR + MOST_DESCRIPTORS {
        if (sector + 1) * SECTOR > len {
            return Err(IsoFault::NotIso);
        }
        let mut bytes = vec![0; SECTOR as usize];
        file.read_exact_at(&mut bytes, sector * SECTOR)?;
        if &bytes[1..6] != b"CD001" {
            return Err(IsoFault::NotIso);
        }
        match bytes[0] {
            255 => return Ok(found),
            1 | 2 => {
                if u64::from(u16::from_le_bytes([bytes[128], bytes[129]])) != SECTOR {
                    return Err(IsoFault::Damaged { sector, what: "its logical blocks are not 2048 bytes" });
                }
                found.push((sector, bytes));
            }
            _ => {}
        }
    }
    Err(IsoFault::TooLarge("volume descriptors"))
}

/// One directory still to be read.
struct Pending {
    path: String,
    level: usize,
    place: Place,
}

/// All files of one tree, by path.
fn walk(file: &File, len: u64, descriptor: &(u64, Vec<u8>), joliet: bool) -> Result<BTreeMap<String, Place>, IsoFault> {
    let (sector, descriptor) = descriptor;
    let root = record(&descriptor[156..190], len, *sector)?;
    let mut files = BTreeMap::new();
    let mut seen: HashSet<u64> = HashSet::from([root.place.sector]);
    let mut pending = vec![Pending { path: String::new(), level: 1, place: root.place }];
    let (mut directory_bytes, mut file_bytes) = (0, 0);
    while let Some(directory) = pending.pop() {
        let at = directory.place.sector;
        let damaged = |what| IsoFault::Damaged { sector: at, what };
        directory_bytes += directory.place.size;
        if directory_bytes > MOST_DIRECTORY_BYTES {
            return Err(IsoFault::TooLarge("bytes of directories"));
        }
        let mut bytes = Vec::new();
        let mut reader = PositionedReader { file, at: at * SECTOR };
        reader.by_ref().take(directory.place.size).read_to_end(&mut bytes)?;
        let mut at_byte = 0;
        while let Some(length) = bytes.get(at_byte).copied() {
            if length == 0 {
                // The rest of the sector is unused.
                at_byte = (at_byte / SECTOR as usize + 1) * SECTOR as usize;
                continue;
            }
            let end = at_byte + usize::from(length);
            let raw = bytes.get(at_byte..end).ok_or(damaged("a directory record runs over the end"))?;
            at_byte = end;
            let found = record(raw, len, at)?;
            if matches!(found.identifier, [0] | [1]) {
                continue;
            }
            let name =
                if joliet { ucs2(found.identifier) } else { String::from_utf8_lossy(found.identifier).into_owned() };
            let name = name.split(';').next().unwrap_or_default().trim_end_matches('.');
            if name.is_empty() || name.contains(['/', '\\', '\0']) {
                return Err(damaged("a name is no name"));
            }
            let name = name.to_ascii_uppercase();
            let path = if directory.path.is_empty() { name } else { format!("{}/{name}", directory.path) };
            if found.directory {
                if !seen.insert(found.place.sector) {
                    return Err(damaged("two directories share their sectors"));
                }
                if directory.level == MOST_LEVELS || seen.len() > MOST_DIRECTORIES {
                    return Err(IsoFault::TooLarge("directories"));
                }
                pending.push(Pending { path, level: directory.level + 1, place: found.place });
                continue;
            }
            file_bytes += found.place.size;
            if files.insert(path, found.place).is_some() {
                return Err(damaged("two files have one name"));
            }
            if files.len() > MOST_FILES || file_bytes > len.saturating_mul(MOST_SHARING) {
                return Err(IsoFault::TooLarge("files"));
            }
        }
    }
    Ok(files)
}

/// A directory record, read.
struct Record<'a> {
    place: Place,
    directory: bool,
    identifier: &'a [u8],
}

/// Reads a directory record and checks that its extent lies in the image.
fn record(raw: &[u8], len: u64, sector: u64) -> Result<Record<'_>, IsoFault> {
    let damaged = |what| IsoFault::Damaged { sector, what };
    let short = || damaged("a directory record is too short");
    let place = Place {
        sector: u64::from(read_both32(raw.get(2..10).ok_or_else(short)?).ok_or(damaged("two byte orders disagree"))?),
        size: u64::from(read_both32(raw.get(10..18).ok_or_else(short)?).ok_or(damaged("two byte orders disagree"))?),
    };
    let flags = *raw.get(25).ok_or_else(short)?;
    if flags & 0x80 != 0 || raw.get(26..28) != Some(&[0, 0]) {
        return Err(damaged("a file in several extents or interleaved is not supported"));
    }
    let n = usize::from(*raw.get(32).ok_or_else(short)?);
    let identifier = raw.get(33..33 + n).ok_or_else(short)?;
    if place.sector * SECTOR + place.size > len {
        return Err(damaged("an extent runs over the end of the image"));
    }
    Ok(Record { place, directory: flags & 2 != 0, identifier })
}

/// Reads a file from a position on, leaving the file's own position alone.
struct PositionedReader<'f> {
    file: &'f File,
    at: u64,
}

impl Read for PositionedReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(into, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}
