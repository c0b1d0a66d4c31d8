//! Where everything lies in the image, decided before the first byte is written.

use super::descriptors::{
    ENTRY, Entry, IS_DIRECTORY, IS_PARENT, Volume, extents_of_file, identifier, identifier_length,
};
use super::fields::Descriptor;
use super::{
    AFTER_PARTITION, ANCHOR, CLUSTER, MAIN_SEQUENCE, METADATA, MOST_OF_AN_EXTENT, PARTITION, RECOGNITION, file_types,
    tags,
};
use crate::volume::{
    Child, Directory, Extent, LayoutFault, Moment, Put, SECTOR, VolumeSpec, children, directories, sectors, zeros,
};
use std::io;

/// The first unique identifier of a file, UDF 3.2.1.1: those below are reserved.
const FIRST_UNIQUE: u64 = 16;
/// Bytes of a `long_ad`.
const LONG: u64 = 16;
/// The largest file: as many extents as one File Entry can list in its block.
const MOST_OF_A_FILE: u64 = (SECTOR - ENTRY as u64) / LONG * MOST_OF_AN_EXTENT;
/// First block of the metadata that is a directory's: after the file set descriptor and its end.
const ROOT: u64 = 2;

/// Where a directory lies in the metadata: the block of its entry, after which come its identifiers and its files' entries.
struct Node {
    entry: u64,
    /// Bytes of its identifiers.
    bytes: u64,
}

/// A volume laid out: the exact size is known, head and tail can be printed, each file's place is fixed.
pub(crate) struct UdfLayout {
    volume: Volume,
    directories: Vec<Directory>,
    nodes: Vec<Node>,
    extents: Vec<Extent>,
    /// Blocks of the metadata that are used, the last cluster not filled up.
    used: u64,
}

impl UdfLayout {
    /// Lays a volume out.
    pub fn new(spec: &VolumeSpec, moment: Moment) -> Result<UdfLayout, LayoutFault> {
        let directories = directories(&spec.files)?;
        let mut extents = Vec::with_capacity(spec.files.len());
        for file in &spec.files {
            if file.size == 0 || file.size > MOST_OF_A_FILE {
                return Err(LayoutFault::Size(file.path.clone()));
            }
            extents.push(Extent { path: file.path.clone(), sector: 0, size: file.size });
        }
        let mut nodes = Vec::with_capacity(directories.len());
        let mut used = ROOT;
        for (index, directory) in directories.iter().enumerate() {
            let names = children(&directories, index, &extents).into_iter().map(|(name, _)| name);
            let bytes = std::iter::once("").chain(names).map(identifier_length).sum::<usize>() as u64;
            // One extent, and a count of links in sixteen bits: its own name and each subdirectory's parent.
            if bytes > MOST_OF_AN_EXTENT || directory.directories.len() >= usize::from(u16::MAX) {
                return Err(LayoutFault::TooLarge);
            }
            nodes.push(Node { entry: used, bytes });
            used += 1 + sectors(bytes) + directory.files.len() as u64;
        }
        let mut volume = Volume::of(spec, moment);
        volume.metadata = used.next_multiple_of(CLUSTER);
        let mut next = METADATA + volume.metadata;
        for extent in &mut extents {
            extent.sector = PARTITION + next;
            next += sectors(extent.size);
        }
        volume.mirror = next.next_multiple_of(CLUSTER);
        volume.partition = volume.mirror + volume.metadata + CLUSTER;
        volume.n_directories = directories.len() as u64;
        volume.next_unique = FIRST_UNIQUE + volume.n_directories + volume.n_files;
        if volume.sectors() > u64::from(u32::MAX) {
            return Err(LayoutFault::TooLarge);
        }
        Ok(UdfLayout { volume, directories, nodes, extents, used })
    }

    /// Exact sectors of the finished image.
    pub fn size_sectors(&self) -> u64 {
        self.volume.sectors()
    }

    /// Where each file lies, in the order given.
    pub fn extents(&self) -> &[Extent] {
        &self.extents
    }

    /// Everything before the first file.
    pub fn head(&self, put: &mut Put<'_>) -> io::Result<()> {
        let mut head = vec![0; ((PARTITION + METADATA) * SECTOR) as usize];
        let mut place = |sector: u64, bytes: &[u8]| {
            let at = (sector * SECTOR) as usize;
            head[at..at + bytes.len()].copy_from_slice(bytes);
        };
        place(RECOGNITION, &Volume::recognition());
        for (sector, bytes) in self.volume.sequence(MAIN_SEQUENCE).into_iter().chain(self.volume.integrity()) {
            place(sector, &bytes);
        }
        place(ANCHOR, &self.volume.anchor(ANCHOR));
        place(PARTITION, &self.volume.metadata_entry(false));
        put(&head)?;
        self.metadata(put)
    }

    /// Everything after the last file: the metadata again, and what finds them from the end.
    pub fn tail(&self, put: &mut Put<'_>) -> io::Result<()> {
        let last =
            self.extents.last().map_or(METADATA + self.volume.metadata, |e| e.sector - PARTITION + sectors(e.size));
        zeros(self.volume.mirror - last, put)?;
        self.metadata(put)?;
        let mut tail = vec![0; ((CLUSTER + AFTER_PARTITION) * SECTOR) as usize];
        let first = self.volume.reserve_sequence() - CLUSTER;
        let mut place = |sector: u64, bytes: &[u8]| {
            let at = ((sector - first) * SECTOR) as usize;
            tail[at..at + bytes.len()].copy_from_slice(bytes);
        };
        place(first, &self.volume.metadata_entry(true));
        for (sector, bytes) in self.volume.sequence(self.volume.reserve_sequence()) {
            place(sector, &bytes);
        }
        let last = self.volume.sectors() - 1;
        for sector in [last - ANCHOR, last] {
            place(sector, &self.volume.anchor(sector));
        }
        put(&tail)
    }

    /// The contents of the Metadata File, which name no place outside it but the files': they are the same in the mirror.
    fn metadata(&self, put: &mut Put<'_>) -> io::Result<()> {
        put(&block(self.volume.file_set(ROOT)))?;
        put(&block(Descriptor::new().tagged(tags::TERMINATING, 1, 512)))?;
        for index in 0..self.directories.len() {
            put(&self.directory(index))?;
        }
        zeros(self.volume.metadata - self.used, put)
    }

    /// A directory's entry, its identifiers, and the entries of its files.
    fn directory(&self, index: usize) -> Vec<u8> {
        let (directory, node) = (&self.directories[index], &self.nodes[index]);
        let first_identifier = node.entry + 1;
        let first_file = first_identifier + sectors(node.bytes);
        let parent = directory.parent;
        let mut identifiers = identifier(
            "",
            IS_DIRECTORY | IS_PARENT,
            self.nodes[parent].entry,
            unique_of_directory(parent),
            first_identifier,
        );
        let (mut entries, mut entry) = (Vec::new(), first_file);
        for (name, child) in children(&self.directories, index, &self.extents) {
            let block_here = first_identifier + identifiers.len() as u64 / SECTOR;
            let bytes = match child {
                Child::Directory(child) => {
                    let unique = unique_of_directory(child);
                    identifier(name, IS_DIRECTORY, self.nodes[child].entry, unique, block_here)
                }
                Child::File(file) => {
                    let unique = FIRST_UNIQUE + self.volume.n_directories + file as u64;
                    let bytes = identifier(name, 0, entry, unique, block_here);
                    entries.extend(block(self.file_entry(file, unique, entry)));
                    entry += 1;
                    bytes
                }
            };
            identifiers.extend(bytes);
        }
        let allocation = [(node.bytes as u32).to_le_bytes(), (first_identifier as u32).to_le_bytes()].concat();
        let links = 1 + directory.directories.len() as u16;
        let unique = unique_of_directory(index);
        let own = Entry { kind: file_types::DIRECTORY, size: node.bytes, links, unique, long: false, allocation };
        let mut bytes = block(own.bytes(self.volume.moment, node.entry));
        bytes.append(&mut identifiers);
        bytes.resize(bytes.len().next_multiple_of(SECTOR as usize), 0);
        bytes.append(&mut entries);
        bytes
    }

    fn file_entry(&self, file: usize, unique: u64, block: u64) -> Vec<u8> {
        let Extent { sector, size, .. } = self.extents[file];
        let allocation = extents_of_file(sector - PARTITION, size);
        let entry = Entry { kind: file_types::FILE, size, links: 1, unique, long: true, allocation };
        entry.bytes(self.volume.moment, block)
    }
}

/// The root's is zero, UDF 3.2.1.1.
fn unique_of_directory(index: usize) -> u64 {
    if index == 0 { 0 } else { FIRST_UNIQUE + index as u64 }
}

/// Filled up to a whole block.
fn block(mut descriptor: Vec<u8>) -> Vec<u8> {
    descriptor.resize(SECTOR as usize, 0);
    descriptor
}
