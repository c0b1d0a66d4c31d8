//! Reads the descriptors and directories of an ISO 9660 image.

use super::FIRST_DESCRIPTOR;
use super::fields::read_both32;
use crate::volume::{APPLICATION, Found, ImageFault, Moment, Place, SECTOR, damaged};
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

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

/// Reads descriptors and directories. Joliet's directories, when there, must name the same extents.
pub(crate) fn read(file: &File, len: u64) -> Result<Found, ImageFault> {
    let descriptors = descriptors(file, len)?;
    let primary = descriptors.iter().find(|(_, d)| d[0] == 1).ok_or(ImageFault::NotImage)?;
    let places = walk(file, len, primary, false)?;
    let joliet = descriptors.iter().find(|(_, d)| d[0] == 2 && matches!(&d[88..91], b"%/@" | b"%/C" | b"%/E"));
    let text = |from: usize, to: usize| String::from_utf8_lossy(&primary.1[from..to]).trim_end().to_owned();
    let mut ours = [text(446, 574), text(574, 702)].iter().any(|program| program == APPLICATION);
    if let Some(joliet) = joliet {
        ours |= [&joliet.1[446..574], &joliet.1[574..702]].iter().any(|field| ucs2(field).trim_end() == APPLICATION);
        let extents = |places: &BTreeMap<String, Place>| {
            let mut extents: Vec<(u64, u64)> = places.values().map(|p| (p.at, p.size)).collect();
            extents.sort_unstable();
            extents
        };
        if extents(&places) != extents(&walk(file, len, joliet, true)?) {
            return Err(damaged(joliet.0, "Joliet names other files than ISO 9660 does"));
        }
    }
    let code = if ours { text(883, 915) } else { String::new() };
    let moment = Moment::from_descriptor(&primary.1[813..830]);
    Ok(Found { volume_id: text(40, 72), volume_set_id: text(190, 318), code, moment, ours, places })
}

/// Big-endian UCS-2, unpaired surrogates replaced.
fn ucs2(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

/// Descriptors with their sectors, up to the terminator.
fn descriptors(file: &File, len: u64) -> Result<Vec<(u64, Vec<u8>)>, ImageFault> {
    let mut found = Vec::new();
    for sector in FIRST_DESCRIPTOR..FIRST_DESCRIPTOR + MOST_DESCRIPTORS {
        if (sector + 1) * SECTOR > len {
            return Err(ImageFault::NotImage);
        }
        let mut bytes = vec![0; SECTOR as usize];
        file.read_exact_at(&mut bytes, sector * SECTOR)?;
        if &bytes[1..6] != b"CD001" {
            return Err(ImageFault::NotImage);
        }
        match bytes[0] {
            255 => return Ok(found),
            1 | 2 => {
                if u64::from(u16::from_le_bytes([bytes[128], bytes[129]])) != SECTOR {
                    return Err(damaged(sector, "its logical blocks are not 2048 bytes"));
                }
                found.push((sector, bytes));
            }
            _ => {}
        }
    }
    Err(ImageFault::TooLarge("volume descriptors"))
}

/// One directory still to be read.
struct Pending {
    path: String,
    level: usize,
    place: Place,
}

/// All files of one tree, by path.
fn walk(
    file: &File,
    len: u64,
    descriptor: &(u64, Vec<u8>),
    joliet: bool,
) -> Result<BTreeMap<String, Place>, ImageFault> {
    let (sector, descriptor) = descriptor;
    let root = record(&descriptor[156..190], len, *sector)?;
    let mut files = BTreeMap::new();
    let mut seen: HashSet<u64> = HashSet::from([root.place.at]);
    let mut pending = vec![Pending { path: String::new(), level: 1, place: root.place }];
    let (mut directory_bytes, mut file_bytes) = (0, 0);
    while let Some(directory) = pending.pop() {
        let at = directory.place.at / SECTOR;
        let damaged = |what| damaged(at, what);
        directory_bytes += directory.place.size;
        if directory_bytes > MOST_DIRECTORY_BYTES {
            return Err(ImageFault::TooLarge("bytes of directories"));
        }
        let mut bytes = Vec::new();
        let mut reader = PositionedReader { file, at: directory.place.at };
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
                if !seen.insert(found.place.at) {
                    return Err(damaged("two directories share their sectors"));
                }
                if directory.level == MOST_LEVELS || seen.len() > MOST_DIRECTORIES {
                    return Err(ImageFault::TooLarge("directories"));
                }
                pending.push(Pending { path, level: directory.level + 1, place: found.place });
                continue;
            }
            file_bytes += found.place.size;
            if files.insert(path, found.place).is_some() {
                return Err(damaged("two files have one name"));
            }
            if files.len() > MOST_FILES || file_bytes > len.saturating_mul(MOST_SHARING) {
                return Err(ImageFault::TooLarge("files"));
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
fn record(raw: &[u8], len: u64, sector: u64) -> Result<Record<'_>, ImageFault> {
    let damaged = |what| damaged(sector, what);
    let short = || damaged("a directory record is too short");
    let number = |from: usize| {
        let field = raw.get(from..from + 8).ok_or_else(short)?;
        read_both32(field).map(u64::from).ok_or(damaged("two byte orders disagree"))
    };
    let place = Place { at: number(2)? * SECTOR, size: number(10)? };
    let flags = *raw.get(25).ok_or_else(short)?;
    if flags & 0x80 != 0 || raw.get(26..28) != Some(&[0, 0]) {
        return Err(damaged("a file in several extents or interleaved is not supported"));
    }
    let n = usize::from(*raw.get(32).ok_or_else(short)?);
    let identifier = raw.get(33..33 + n).ok_or_else(short)?;
    if place.at + place.size > len {
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
