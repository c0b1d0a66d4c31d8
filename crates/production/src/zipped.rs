//! A File-set as one ZIP file, for a stick or a download: the files of its image, stored as they are, so that each is still
//! read in place.

use crate::examine::examine;
use crate::failure::Failure;
use crate::make::MadeDisc;
use crate::unpack::{differs, proven};
use crate::volume::{Image, MOST_WHOLE_FILE};
use filmdesk_fileset::{FileTree, MediaProfile};
use filmdesk_instance::{Inspector, Source};
use jiff::Zoned;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Files of one ZIP.
const MOST_FILES: usize = 2_000_000;

/// Puts the files of a finished image into `VOLUME-ID.zip` beside it, reads that back (every checksum, every hash of the
/// manifest, the index against every object), and removes the image. `disc` is then the ZIP's: its path, bytes and SHA-256.
/// The same image and clock give the same bytes.
///
/// A failure leaves the image and no ZIP of that name.
///
/// # Errors
/// The disk is full, or what was read back differs.
pub fn zip(
    disc: &mut MadeDisc,
    created_at: &Zoned,
    profile: &MediaProfile,
    inspector: &dyn Inspector,
) -> Result<(), Failure> {
    let writing = |error: io::Error| Failure::writing("the ZIP", &error);
    let image = Image::open(&disc.path).map_err(|fault| differs("the ZIP", &fault.to_string()))?;
    let part = disc.path.with_file_name(format!(".{}.part", disc.volume_id));
    let _temporary = Temporary(part.clone());
    // Held locked until it has its name, so that nobody takes it for what a killed run left.
    let _held = write(&image, &part, time(created_at)).map_err(|error| writing(io::Error::from(error)))?;
    let verdict = examine(&part, inspector, Some(profile), None).map_err(|e| differs("the ZIP", &e.to_string()))?;
    proven("the ZIP", &verdict, &image)?;
    let path = disc.path.with_extension("zip");
    std::fs::rename(&part, &path).map_err(writing)?;
    std::fs::remove_file(&disc.path).map_err(writing)?;
    disc.size_bytes = verdict.size_bytes;
    disc.sha256 = verdict.sha256.unwrap_or_default();
    disc.path = path;
    Ok(())
}

fn write(image: &Image, to: &Path, at: DateTime) -> Result<File, ZipError> {
    let file = File::create(to)?;
    file.lock()?;
    let mut zip = ZipWriter::new(BufWriter::new(file));
    for (path, size) in image.files() {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(at)
            .unix_permissions(0o644)
            .large_file(*size >= u64::from(u32::MAX));
        zip.start_file(path, options)?;
        image.copy(path, &mut zip)?;
    }
    let file = zip.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(file)
}

/// The time as a ZIP writes it: local, in steps of two seconds; a year it has no place for is its first.
fn time(at: &Zoned) -> DateTime {
    let [month, day, hour, minute, second] =
        [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(|part| u8::try_from(part).unwrap_or_default());
    let year = u16::try_from(at.year()).unwrap_or_default();
    DateTime::from_date_and_time(year, month, day, hour, minute, second).unwrap_or_default()
}

/// Why a ZIP is not read as a medium.
#[derive(Debug, thiserror::Error)]
pub enum ZipFault {
    /// Its structure.
    #[error("the ZIP is damaged: {0}")]
    Damaged(#[from] ZipError),
    /// The file itself.
    #[error("the ZIP cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A file in it is compressed or encrypted.
    #[error("{0} in the ZIP is compressed or encrypted: unpack it, then check the folder")]
    NotStored(String),
    /// A name leads out of it, or there are two of it.
    #[error("the ZIP has a name that no medium has: {0}")]
    Name(String),
    /// Files overlap, or are more than a reader takes.
    #[error("the ZIP names more than there is in it")]
    TooMuch,
}

/// A ZIP of stored files as a medium. Nothing is unpacked; names are only names.
pub(crate) struct ZipTree {
    path: PathBuf,
    len: u64,
    files: Vec<(String, u64)>,
    places: BTreeMap<String, (u64, u64)>,
}

impl ZipTree {
    /// Whether the file begins as a ZIP does.
    pub fn is_zip(path: &Path) -> io::Result<bool> {
        let mut first = Vec::new();
        File::open(path)?.take(4).read_to_end(&mut first)?;
        Ok(matches!(first.as_slice(), b"PK\x03\x04" | b"PK\x05\x06"))
    }

    /// Reads the list of files; then each file once, against the checksum the ZIP has of it.
    pub fn open(path: &Path) -> Result<ZipTree, ZipFault> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let mut zip = ZipArchive::new(BufReader::new(file))?;
        if zip.len() > MOST_FILES {
            return Err(ZipFault::TooMuch);
        }
        let mut tree = ZipTree { path: path.to_owned(), len, files: Vec::new(), places: BTreeMap::new() };
        let mut all = 0_u64;
        for index in 0..zip.len() {
            let entry = zip.by_index_raw(index)?;
            if entry.is_dir() {
                continue;
            }
            let name = entry.name().to_owned();
            if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
                return Err(ZipFault::NotStored(name));
            }
            let (at, size) = (entry.data_start().unwrap_or(len), entry.size());
            all = all.saturating_add(size);
            if all > len || size != entry.compressed_size() || at.saturating_add(size) > len {
                return Err(ZipFault::TooMuch);
            }
            drop(entry);
            let path = name.to_ascii_uppercase();
            let odd = |part: &str| matches!(part, "" | "." | "..") || part.contains(['\\', ':', '\0']);
            if path.split('/').any(odd) || tree.places.insert(path.clone(), (at, size)).is_some() {
                return Err(ZipFault::Name(name));
            }
            tree.files.push((path, size));
            io::copy(&mut zip.by_index(index)?, &mut io::sink())?;
        }
        Ok(tree)
    }

    /// Bytes of the ZIP.
    pub fn len(&self) -> u64 {
        self.len
    }
}

impl FileTree for ZipTree {
    fn files(&self) -> &[(String, u64)] {
        &self.files
    }

    fn source(&self, path: &str) -> Option<Source> {
        self.places.get(path).map(|(at, size)| Source::slice(&self.path, *at, *size))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let source = self.source(path).ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = Vec::new();
        source.reader(0)?.take(MOST_WHOLE_FILE).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Removes an unfinished ZIP when its making ends early.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // After success it has another name, and there is nothing to remove.
        drop(std::fs::remove_file(&self.0));
    }
}
