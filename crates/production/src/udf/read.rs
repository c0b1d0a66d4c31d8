//! Reads the descriptors and directories of a UDF image, ours or another's: 1.02 to 2.60, with or without a metadata
//! partition; no virtual or sparable partitions, which only packet writing has. Every descriptor's check is believed before
//! its contents are; where there are two of something, the second is asked when the first is damaged.

use super::descriptors::{ENTRY, IDENTIFIER, IS_DELETED, IS_PARENT, UNIQUE};
use super::fields::{entity_name, tag_of, text, text_of_field, u16_at, u32_at, u64_at};
use super::{ANCHOR, RECOGNITION, file_types, tags};
use crate::volume::{APPLICATION, Found, ImageFault, Moment, Place, SECTOR, damaged};
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Descriptors of a volume descriptor sequence.
const MOST_DESCRIPTORS: u64 = 64;
/// Partition maps: ours has two.
const MOST_MAPS: u32 = 8;
/// Directories.
const MOST_DIRECTORIES: usize = 65_535;
/// Files.
const MOST_FILES: usize = 2_000_000;
/// Bytes of all directories.
const MOST_DIRECTORY_BYTES: u64 = 512 << 20;
/// Files may share extents, but all together they name at most so many times the image's bytes.
const MOST_SHARING: u64 = 16;
/// Levels: eight by the DICOM standard, some more for images that relax it.
const MOST_LEVELS: usize = 16;
/// What a File Entry (not an extended one) has before its allocation descriptors, 4/14.9.
const PLAIN_ENTRY: usize = 176;

/// Reads descriptors and directories.
pub(crate) fn read(file: &File, len: u64) -> Result<Found, ImageFault> {
    let image = Sectors { file, n: len / SECTOR, len };
    image.recognise()?;
    let sequences = image.anchor()?;
    let facts = match image.sequence(sequences[0]) {
        Ok(facts) => facts,
        Err(_) => image.sequence(sequences[1])?,
    };
    let space = Space::new(&image, &facts)?;
    let root = space.root(&facts)?;
    let places = space.walk(root)?;
    let primary = &facts.primary;
    // In either sequence: what says that the image is ours must not be what is damaged.
    let mut ours = facts.is_ours();
    if !ours && let Ok(reserve) = image.sequence(sequences[1]) {
        ours = reserve.is_ours();
    }
    let set = text_of_field(&primary[72..200]);
    let code = String::from_utf8_lossy(&primary[420..484]).trim_end_matches('\0').to_owned();
    Ok(Found {
        volume_id: text_of_field(&primary[24..56]),
        volume_set_id: if ours { set.get(UNIQUE..).unwrap_or_default().to_owned() } else { set },
        code: if ours { code } else { String::new() },
        moment: Moment::from_timestamp(&primary[376..388]),
        ours,
        places,
    })
}

/// The image as sectors.
struct Sectors<'f> {
    file: &'f File,
    /// Whole sectors there are.
    n: u64,
    len: u64,
}

/// An extent of sectors of the image.
#[derive(Clone, Copy)]
struct Run {
    sector: u64,
    sectors: u64,
}

/// What the volume descriptors say.
struct Facts {
    sector: u64,
    primary: Vec<u8>,
    logical: Vec<u8>,
    /// Partitions by their numbers.
    partitions: BTreeMap<u16, Run>,
}

impl Facts {
    fn is_ours(&self) -> bool {
        let name = format!("*{APPLICATION}");
        [344..376, 388..420].into_iter().any(|field| entity_name(&self.primary[field]) == Some(name.as_str()))
    }
}

impl Sectors<'_> {
    fn sector(&self, sector: u64) -> Result<Vec<u8>, ImageFault> {
        if sector >= self.n {
            return Err(damaged(sector, "something lies over the end of the image"));
        }
        let mut bytes = vec![0; SECTOR as usize];
        self.file.read_exact_at(&mut bytes, sector * SECTOR)?;
        Ok(bytes)
    }

    /// The volume recognition sequence: NSR02 or NSR03 before it ends.
    fn recognise(&self) -> Result<(), ImageFault> {
        for sector in RECOGNITION..RECOGNITION + MOST_DESCRIPTORS {
            match &self.sector(sector).map_err(|_| ImageFault::NotImage)?[1..6] {
                b"NSR02" | b"NSR03" => return Ok(()),
                b"BEA01" | b"BOOT2" | b"CD001" | b"CDW02" => {}
                _ => return Err(ImageFault::NotImage),
            }
        }
        Err(ImageFault::NotImage)
    }

    /// Where the main and the reserve sequence are, from the first anchor that is whole.
    fn anchor(&self) -> Result<[Run; 2], ImageFault> {
        let last = self.n.saturating_sub(1);
        for sector in [ANCHOR, last, last.saturating_sub(ANCHOR)] {
            let Ok(bytes) = self.sector(sector) else { continue };
            if tag_of(&bytes, sector) == Some(tags::ANCHOR) {
                let run = |at: usize| {
                    let sectors = u64::from(u32_at(&bytes, at).unwrap_or(0)) / SECTOR;
                    Run { sector: u64::from(u32_at(&bytes, at + 4).unwrap_or(0)), sectors }
                };
                return Ok([run(16), run(24)]);
            }
        }
        Err(damaged(ANCHOR, "no anchor is whole"))
    }

    /// A volume descriptor sequence. Each descriptor must be whole; of two of a kind the later number prevails.
    fn sequence(&self, run: Run) -> Result<Facts, ImageFault> {
        let mut latest: BTreeMap<(u16, u16), (u32, Vec<u8>)> = BTreeMap::new();
        for sector in run.sector..run.sector + run.sectors.min(MOST_DESCRIPTORS) {
            let bytes = self.sector(sector)?;
            if bytes.iter().all(|byte| *byte == 0) {
                // Not recorded: the sequence ends here as well.
                break;
            }
            let tag = tag_of(&bytes, sector).ok_or(damaged(sector, "a volume descriptor's check is wrong"))?;
            if tag == tags::TERMINATING {
                break;
            }
            let key = (tag, if tag == tags::PARTITION { u16_at(&bytes, 22).unwrap_or(0) } else { 0 });
            let number = u32_at(&bytes, 16).unwrap_or(0);
            if latest.get(&key).is_none_or(|(other, _)| *other <= number) {
                latest.insert(key, (number, bytes));
            }
        }
        let mut take = |tag: u16| latest.remove(&(tag, 0)).map(|(_, bytes)| bytes);
        let missing = |what| damaged(run.sector, what);
        let primary = take(tags::PRIMARY).ok_or(missing("there is no primary volume descriptor"))?;
        let logical = take(tags::LOGICAL_VOLUME).ok_or(missing("there is no logical volume descriptor"))?;
        let partitions =
            latest.iter().filter(|((tag, _), _)| *tag == tags::PARTITION).map(|((_, number), (_, bytes))| {
                let at = |at: usize| u64::from(u32_at(bytes, at).unwrap_or(0));
                (*number, Run { sector: at(188), sectors: at(192) })
            });
        let partitions = partitions.collect();
        Ok(Facts { sector: run.sector, primary, logical, partitions })
    }
}

/// What a partition map leads to.
enum Map {
    /// Blocks of the image, in order.
    Plain(Run),
    /// Blocks of the Metadata File.
    Metadata(Vec<Run>),
}

/// The partitions by their references, and the image they are in.
struct Space<'s> {
    image: &'s Sectors<'s>,
    maps: Vec<Map>,
}

/// A block of a partition.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Address {
    partition: u16,
    block: u32,
}

/// A File Entry, read.
struct Node {
    kind: u8,
    size: u64,
    data: Data,
}

/// Where a node's bytes are.
enum Data {
    /// Sectors of the image, one run after the other.
    Runs(Vec<Run>),
    /// In its own entry, from this byte of the image.
    Inside(u64),
}

/// One directory still to be read.
struct Pending {
    path: String,
    level: usize,
    node: Node,
    sector: u64,
    address: Address,
}

impl<'s> Space<'s> {
    fn new(image: &'s Sectors<'s>, facts: &Facts) -> Result<Space<'s>, ImageFault> {
        let logical = &facts.logical;
        let fault = |what| damaged(facts.sector, what);
        let short = || fault("the logical volume descriptor is too short");
        if u32_at(logical, 212).map(u64::from) != Some(SECTOR) {
            return Err(fault("its logical blocks are not 2048 bytes"));
        }
        let n = u32_at(logical, 268).ok_or_else(short)?;
        if n > MOST_MAPS {
            return Err(ImageFault::TooLarge("partition maps"));
        }
        let mut space = Space { image, maps: Vec::new() };
        let mut at = 440;
        for _ in 0..n {
            let length = usize::from(*logical.get(at + 1).ok_or_else(short)?);
            let map = logical.get(at..at + length).ok_or_else(short)?;
            let partition = |at: usize| {
                let number = u16_at(map, at).ok_or_else(short)?;
                facts.partitions.get(&number).copied().ok_or(fault("a partition map names no partition"))
            };
            let map = match (map.first(), length) {
                (Some(1), 6) => Map::Plain(partition(4)?),
                (Some(2), 64) if entity_name(&map[4..36]) == Some("*UDF Metadata Partition") => {
                    space.metadata(partition(38)?, [u32_at(map, 40), u32_at(map, 44)])?
                }
                _ => return Err(fault("a virtual or sparable partition is not supported")),
            };
            space.maps.push(map);
            at += length;
        }
        Ok(space)
    }

    /// The Metadata File's extents, or those of its mirror when its entry is damaged.
    fn metadata(&self, within: Run, entries: [Option<u32>; 2]) -> Result<Map, ImageFault> {
        let plain = Space { image: self.image, maps: vec![Map::Plain(within)] };
        let mut fault = damaged(within.sector, "there is no metadata file");
        for (block, kind) in entries.into_iter().zip([file_types::METADATA, file_types::METADATA_MIRROR]) {
            let Some(block) = block else { continue };
            match plain.node(Address { partition: 0, block }) {
                Ok((Node { kind: found, data: Data::Runs(runs), .. }, _)) if found == kind => {
                    return Ok(Map::Metadata(runs));
                }
                Ok((_, sector)) => fault = damaged(sector, "what should be the metadata file is another"),
                Err(error) => fault = error,
            }
        }
        Err(fault)
    }

    /// The sector of a block, and how many follow it in order.
    fn find(&self, address: Address) -> Result<Run, ImageFault> {
        let outside = || damaged(u64::from(address.block), "an address lies in no partition");
        let mut block = u64::from(address.block);
        let runs = match self.maps.get(usize::from(address.partition)).ok_or_else(outside)? {
            Map::Plain(run) => std::slice::from_ref(run),
            Map::Metadata(runs) => runs.as_slice(),
        };
        for run in runs {
            if block < run.sectors {
                return Ok(Run { sector: run.sector + block, sectors: run.sectors - block });
            }
            block -= run.sectors;
        }
        Err(outside())
    }

    /// A File Entry or Extended File Entry, with its sector.
    fn node(&self, address: Address) -> Result<(Node, u64), ImageFault> {
        let sector = self.find(address)?.sector;
        let bytes = self.image.sector(sector)?;
        let fault = |what| damaged(sector, what);
        let short = || fault("a file entry is too short");
        let tag = tag_of(&bytes, u64::from(address.block)).ok_or(fault("a file entry's check is wrong"))?;
        let (before, attributes) = match tag {
            tags::FILE_ENTRY => (PLAIN_ENTRY, 168),
            tags::EXTENDED_FILE_ENTRY => (ENTRY, 208),
            _ => return Err(fault("there is no file entry where one should be")),
        };
        // Strategy 4: the entry stands for itself, UDF 2.3.5.1.
        if u16_at(&bytes, 20) != Some(4) {
            return Err(fault("a file entry of another strategy is not supported"));
        }
        let size = u64_at(&bytes, 56).ok_or_else(short)?;
        let from = before + u32_at(&bytes, attributes).ok_or_else(short)? as usize;
        let length = u32_at(&bytes, attributes + 4).ok_or_else(short)? as usize;
        let allocation = from.checked_add(length).and_then(|to| bytes.get(from..to)).ok_or_else(short)?;
        let data = match u16_at(&bytes, 34).ok_or_else(short)? & 7 {
            0 => Data::Runs(self.runs(allocation.chunks_exact(8), address.partition, size, sector)?),
            1 => Data::Runs(self.runs(allocation.chunks_exact(16), address.partition, size, sector)?),
            3 if size <= length as u64 => Data::Inside(sector * SECTOR + from as u64),
            _ => return Err(fault("allocation descriptors of another kind are not supported")),
        };
        Ok((Node { kind: bytes[27], size, data }, sector))
    }

    /// Sectors of allocation descriptors: short ones (of the same partition) or long ones. They must hold the size.
    fn runs<'b>(
        &self,
        descriptors: impl Iterator<Item = &'b [u8]>,
        own: u16,
        size: u64,
        sector: u64,
    ) -> Result<Vec<Run>, ImageFault> {
        let (mut runs, mut left): (Vec<Run>, u64) = (Vec::new(), size);
        for descriptor in descriptors {
            let length = u32_at(descriptor, 0).unwrap_or(0);
            let (kind, bytes) = (length >> 30, u64::from(length & ((1 << 30) - 1)));
            if bytes == 0 {
                break;
            }
            if kind != 0 {
                return Err(damaged(sector, "a file with holes, or listed in several places, is not supported"));
            }
            let (partition, block) = (u16_at(descriptor, 8).unwrap_or(own), u32_at(descriptor, 4).unwrap_or(0));
            let mut address = Address { partition, block };
            let mut sectors = bytes.div_ceil(SECTOR);
            if bytes % SECTOR != 0 && bytes < left {
                return Err(damaged(sector, "an extent ends within a block, and the file goes on"));
            }
            while sectors > 0 {
                let found = self.find(address)?;
                let take = found.sectors.min(sectors);
                if found.sector + take > self.image.n {
                    return Err(damaged(sector, "an extent runs over the end of the image"));
                }
                match runs.last_mut() {
                    Some(last) if last.sector + last.sectors == found.sector => last.sectors += take,
                    Some(_) | None => runs.push(Run { sector: found.sector, sectors: take }),
                }
                sectors -= take;
                address.block = address.block.saturating_add(take as u32);
            }
            left = left.saturating_sub(bytes);
        }
        if left == 0 { Ok(runs) } else { Err(damaged(sector, "its extents do not hold a file's size")) }
    }

    /// The root directory, by the file set descriptor.
    fn root(&self, facts: &Facts) -> Result<Address, ImageFault> {
        let of_set = address(&facts.logical[248..264]);
        let sector = self.find(of_set)?.sector;
        let bytes = self.image.sector(sector)?;
        if tag_of(&bytes, u64::from(of_set.block)) != Some(tags::FILE_SET) {
            return Err(damaged(sector, "the file set descriptor's check is wrong"));
        }
        Ok(address(&bytes[400..416]))
    }

    /// All files, by path.
    fn walk(&self, root: Address) -> Result<BTreeMap<String, Place>, ImageFault> {
        let mut files = BTreeMap::new();
        let mut seen: HashSet<Address> = HashSet::from([root]);
        let (mut directory_bytes, mut file_bytes) = (0_u64, 0_u64);
        let (node, sector) = self.node(root)?;
        if node.kind != file_types::DIRECTORY {
            return Err(damaged(sector, "the root is no directory"));
        }
        let mut pending = vec![Pending { path: String::new(), level: 1, node, sector, address: root }];
        while let Some(directory) = pending.pop() {
            directory_bytes = directory_bytes.saturating_add(directory.node.size);
            if directory_bytes > MOST_DIRECTORY_BYTES.min(self.image.len) {
                return Err(ImageFault::TooLarge("bytes of directories"));
            }
            for (name, address) in self.names(&directory)? {
                let name = name.to_ascii_uppercase();
                let path = if directory.path.is_empty() { name } else { format!("{}/{name}", directory.path) };
                let (node, sector) = self.node(address)?;
                if node.kind == file_types::DIRECTORY {
                    if !seen.insert(address) {
                        return Err(damaged(sector, "two directories share their entry"));
                    }
                    if directory.level == MOST_LEVELS || seen.len() > MOST_DIRECTORIES {
                        return Err(ImageFault::TooLarge("directories"));
                    }
                    pending.push(Pending { path, level: directory.level + 1, node, sector, address });
                    continue;
                }
                let place = self.place(&node, sector)?;
                file_bytes = file_bytes.saturating_add(place.size);
                if files.insert(path, place).is_some() {
                    return Err(damaged(sector, "two files have one name"));
                }
                if files.len() > MOST_FILES || file_bytes > self.image.len.saturating_mul(MOST_SHARING) {
                    return Err(ImageFault::TooLarge("files"));
                }
            }
        }
        Ok(files)
    }

    /// Where a file's bytes are, in one piece.
    fn place(&self, node: &Node, sector: u64) -> Result<Place, ImageFault> {
        if node.kind != file_types::FILE {
            return Err(damaged(sector, "what is neither a file nor a directory has no place on a medium"));
        }
        let at = match &node.data {
            Data::Inside(at) => *at,
            Data::Runs(runs) => match runs.as_slice() {
                [] => sector * SECTOR,
                [run] => run.sector * SECTOR,
                _ => return Err(damaged(sector, "a file in several pieces is not supported")),
            },
        };
        Ok(Place { at, size: node.size })
    }

    /// A directory's names with the addresses of their entries: no parents, nothing deleted.
    fn names(&self, directory: &Pending) -> Result<Vec<(String, Address)>, ImageFault> {
        let bytes = self.bytes(&directory.node)?;
        let fault = |what| damaged(directory.sector, what);
        let (mut found, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let short = || fault("a file identifier runs over the end of its directory");
            let head = bytes.get(at..at + IDENTIFIER).ok_or_else(short)?;
            let (characteristics, name) = (head[18], usize::from(head[19]));
            let before = IDENTIFIER + usize::from(u16_at(head, 36).unwrap_or(0));
            let whole = bytes.get(at..at + (before + name).next_multiple_of(4)).ok_or_else(short)?;
            let location = self.block_at(directory, at as u64)?;
            if tag_of(whole, location) != Some(tags::FILE_IDENTIFIER) {
                return Err(fault("a file identifier's check is wrong"));
            }
            at += whole.len();
            if characteristics & (IS_DELETED | IS_PARENT) != 0 {
                continue;
            }
            let name = text(&whole[before..before + name]).ok_or(fault("a name is of no known characters"))?;
            if matches!(name.as_str(), "" | "." | "..") || name.contains(['/', '\\', '\0']) {
                return Err(fault("a name is no name"));
            }
            found.push((name, address(&head[20..36])));
        }
        Ok(found)
    }

    /// The block a directory's byte is in, as its tag names it.
    fn block_at(&self, directory: &Pending, at: u64) -> Result<u64, ImageFault> {
        let own = u64::from(directory.address.block);
        let runs = match &directory.node.data {
            Data::Inside(_) => return Ok(own),
            Data::Runs(runs) => runs,
        };
        let lost = || damaged(directory.sector, "a directory lies in no partition");
        let (mut left, mut sector) = (at / SECTOR, None);
        for run in runs {
            if left < run.sectors {
                sector = Some(run.sector + left);
                break;
            }
            left -= run.sectors;
        }
        let sector = sector.ok_or_else(lost)?;
        let within = match self.maps.get(usize::from(directory.address.partition)).ok_or_else(lost)? {
            Map::Plain(run) => std::slice::from_ref(run),
            Map::Metadata(runs) => runs.as_slice(),
        };
        let mut before = 0;
        for run in within {
            if (run.sector..run.sector + run.sectors).contains(&sector) {
                return Ok(before + sector - run.sector);
            }
            before += run.sectors;
        }
        Err(lost())
    }

    /// The bytes of a directory, whose size was found bearable.
    fn bytes(&self, node: &Node) -> Result<Vec<u8>, ImageFault> {
        let mut bytes = vec![0; node.size as usize];
        match &node.data {
            Data::Inside(at) => self.image.file.read_exact_at(&mut bytes, *at)?,
            Data::Runs(runs) => {
                let mut rest = bytes.as_mut_slice();
                for run in runs {
                    let n = rest.len().min((run.sectors * SECTOR) as usize);
                    let (now, later) = rest.split_at_mut(n);
                    self.image.file.read_exact_at(now, run.sector * SECTOR)?;
                    rest = later;
                }
            }
        }
        Ok(bytes)
    }
}

/// The address in a `long_ad`.
fn address(long: &[u8]) -> Address {
    Address { partition: u16_at(long, 8).unwrap_or(u16::MAX), block: u32_at(long, 4).unwrap_or(u32::MAX) }
}
