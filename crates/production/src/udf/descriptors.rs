//! The descriptors of the volume: what a reader finds before the first directory.

use super::fields::{Descriptor, character_set, characters, domain, implementation, of_ecma, of_udf, text_field};
use super::{
    AFTER_PARTITION, CLUSTER, IN_METADATA, IN_PARTITION, INTEGRITY, INTEGRITY_SECTORS, MAIN_SEQUENCE, METADATA,
    PARTITION, REVISION, REVISION_TO_READ, SEQUENCE_SECTORS, file_types, tags,
};
use crate::volume::{Moment, SECTOR, VolumeSpec};
use sha2::{Digest, Sha256};

/// Bytes of a descriptor of fixed length.
const FIXED: usize = 512;
/// Bytes of the two partition maps: the partition's, and the metadata partition's (UDF 2.2.10).
const MAPS: usize = 6 + 64;
/// What an Extended File Entry has before its allocation descriptors, 4/14.17.
pub(super) const ENTRY: usize = 216;

/// What the descriptors say.
pub(super) struct Volume {
    pub volume_id: String,
    pub volume_set_id: String,
    pub code: String,
    pub moment: Moment,
    /// Blocks of the metadata, whole clusters.
    pub metadata: u64,
    /// Block at which the mirror of the metadata begins.
    pub mirror: u64,
    /// Blocks of the partition, whole clusters.
    pub partition: u64,
    pub n_files: u64,
    pub n_directories: u64,
    /// The next unique identifier nobody has.
    pub next_unique: u64,
}

impl Volume {
    pub fn of(spec: &VolumeSpec, moment: Moment) -> Volume {
        Volume {
            volume_id: spec.volume_id.clone(),
            volume_set_id: spec.volume_set_id.clone(),
            code: spec.code.clone(),
            moment,
            metadata: 0,
            mirror: 0,
            partition: 0,
            n_files: spec.files.len() as u64,
            n_directories: 0,
            next_unique: 0,
        }
    }

    /// Sectors of the image.
    pub fn sectors(&self) -> u64 {
        PARTITION + self.partition + AFTER_PARTITION
    }

    /// First sector of the reserve volume descriptor sequence.
    pub fn reserve_sequence(&self) -> u64 {
        PARTITION + self.partition
    }

    /// What says that this is an image of this standard, 2/9.2, 3/9.1, 2/9.3.
    pub fn recognition() -> Vec<u8> {
        let mut sectors = vec![0; 3 * SECTOR as usize];
        for (identifier, sector) in [b"BEA01", b"NSR03", b"TEA01"].iter().zip(sectors.chunks_mut(SECTOR as usize)) {
            sector[1..6].copy_from_slice(*identifier);
            sector[6] = 1;
        }
        sectors
    }

    /// The anchor, 3/10.2.
    pub fn anchor(&self, sector: u64) -> Vec<u8> {
        let bytes = SEQUENCE_SECTORS * SECTOR;
        Descriptor::new().short(bytes, MAIN_SEQUENCE).short(bytes, self.reserve_sequence()).tagged(
            tags::ANCHOR,
            sector,
            FIXED,
        )
    }

    /// A volume descriptor sequence: each of its descriptors with its sector.
    pub fn sequence(&self, first: u64) -> Vec<(u64, Vec<u8>)> {
        let unallocated = Descriptor::new().u32(4).u32(0).tagged(tags::UNALLOCATED_SPACE, first + 3, 24);
        let terminating = Descriptor::new().tagged(tags::TERMINATING, first + 5, FIXED);
        let in_order = [
            self.primary(first),
            self.logical(first + 1),
            self.partition(first + 2),
            unallocated,
            self.implementation_use(first + 4),
            terminating,
        ];
        (first..).zip(in_order).collect()
    }

    /// Primary volume descriptor, 3/10.1.
    fn primary(&self, sector: u64) -> Vec<u8> {
        let mut code = [0; 64];
        code[..self.code.len()].copy_from_slice(self.code.as_bytes());
        Descriptor::new()
            .u32(1)
            .u32(0)
            .bytes(&text_field(&self.volume_id, 32))
            .u16(1)
            .u16(1)
            // Interchange levels: one volume, PS3.12 X.2.1.1.
            .u16(2)
            .u16(2)
            .u32(1)
            .u32(1)
            .bytes(&text_field(&self.set_identifier(), 128))
            .bytes(&character_set())
            .bytes(&character_set())
            // No abstract, no copyright notice.
            .zeros(16)
            .bytes(&implementation())
            .bytes(&self.moment.in_timestamp())
            .bytes(&implementation())
            .bytes(&code)
            .tagged(tags::PRIMARY, sector, FIXED)
    }

    /// Sixteen characters of no other volume set's, UDF 2.2.2.5, and the name the set has here.
    fn set_identifier(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.volume_id.as_bytes(), self.code.as_bytes(), &self.moment.in_timestamp()] {
            hash.update(part);
            hash.update(b"\n");
        }
        let unique = hex::encode_upper(&hash.finalize()[..UNIQUE / 2]);
        format!("{unique}{}", self.volume_set_id)
    }

    /// Logical volume descriptor, 3/10.6: two partitions, of which one is the other's metadata.
    fn logical(&self, sector: u64) -> Vec<u8> {
        let mirror_entry = self.partition - CLUSTER;
        Descriptor::new()
            .u32(2)
            .bytes(&character_set())
            .bytes(&text_field(&self.volume_id, 128))
            .u32(SECTOR as u32)
            .bytes(&domain())
            // The file set descriptor and the terminating one after it.
            .long(2 * SECTOR, 0, IN_METADATA, 0)
            .u32(MAPS as u32)
            .u32(2)
            .bytes(&implementation())
            .zeros(128)
            .short(INTEGRITY_SECTORS * SECTOR, INTEGRITY)
            // Type 1: partition 0 as it is. Type 2: the metadata partition upon it, without a bitmap since nothing is ever
            // allocated, its copy said to be one by the flag.
            .bytes(&[1, 6, 1, 0, 0, 0])
            .bytes(&[2, 64, 0, 0])
            .bytes(&of_udf("*UDF Metadata Partition"))
            .u16(1)
            .u16(0)
            .u32(0)
            .u32(mirror_entry as u32)
            .u32(u32::MAX)
            .u32(CLUSTER as u32)
            .u16(CLUSTER as u16)
            .bytes(&[1])
            .zeros(5)
            .tagged(tags::LOGICAL_VOLUME, sector, 440 + MAPS)
    }

    /// Partition descriptor, 3/10.5: read-only, so that it needs no table of free space.
    fn partition(&self, sector: u64) -> Vec<u8> {
        const ALLOCATED: u16 = 1;
        const READ_ONLY: u32 = 1;
        Descriptor::new()
            .u32(3)
            .u16(ALLOCATED)
            .u16(0)
            .bytes(&of_ecma("+NSR03"))
            .zeros(128)
            .u32(READ_ONLY)
            .u32(PARTITION as u32)
            .u32(self.partition as u32)
            .bytes(&implementation())
            .tagged(tags::PARTITION, sector, FIXED)
    }

    /// Implementation use volume descriptor, UDF 2.2.7: the logical volume's name again.
    fn implementation_use(&self, sector: u64) -> Vec<u8> {
        Descriptor::new()
            .u32(5)
            .bytes(&of_udf("*UDF LV Info"))
            .bytes(&character_set())
            .bytes(&text_field(&self.volume_id, 128))
            .zeros(3 * 36)
            .bytes(&implementation())
            .tagged(tags::IMPLEMENTATION_USE, sector, FIXED)
    }

    /// Logical volume integrity descriptor, 3/10.10, and its end.
    pub fn integrity(&self) -> Vec<(u64, Vec<u8>)> {
        const CLOSED: u32 = 1;
        const IMPLEMENTATION_USE: u32 = 46;
        let descriptor = Descriptor::new()
            .bytes(&self.moment.in_timestamp())
            .u32(CLOSED)
            .zeros(8)
            .u64(self.next_unique)
            .zeros(24)
            .u32(2)
            .u32(IMPLEMENTATION_USE)
            // Free blocks of the two partitions, then their blocks.
            .u32(0)
            .u32(0)
            .u32(self.partition as u32)
            .u32(self.metadata as u32)
            .bytes(&implementation())
            .u32(self.n_files as u32)
            .u32(self.n_directories as u32)
            .u16(REVISION_TO_READ)
            .u16(REVISION)
            .u16(REVISION)
            .tagged(tags::INTEGRITY, INTEGRITY, 80 + 16 + IMPLEMENTATION_USE as usize);
        let end = Descriptor::new().tagged(tags::TERMINATING, INTEGRITY + 1, FIXED);
        vec![(INTEGRITY, descriptor), (INTEGRITY + 1, end)]
    }

    /// File set descriptor, 4/14.1, at the first block of the metadata; the root's entry is at `root`.
    pub fn file_set(&self, root: u64) -> Vec<u8> {
        Descriptor::new()
            .bytes(&self.moment.in_timestamp())
            .u16(3)
            .u16(3)
            .u32(1)
            .u32(1)
            .u32(0)
            .u32(0)
            .bytes(&character_set())
            .bytes(&text_field(&self.volume_id, 128))
            .bytes(&character_set())
            .bytes(&text_field(&self.volume_id, 32))
            .zeros(64)
            .long(SECTOR, root, IN_METADATA, 0)
            .bytes(&domain())
            .tagged(tags::FILE_SET, 0, FIXED)
    }

    /// The File Entry of the Metadata File or of its mirror, UDF 2.2.13: which lists the extents of the metadata.
    pub fn metadata_entry(&self, mirror: bool) -> Vec<u8> {
        let (kind, block, mut next) = if mirror {
            (file_types::METADATA_MIRROR, self.partition - CLUSTER, self.mirror)
        } else {
            (file_types::METADATA, 0, METADATA)
        };
        let mut allocation = Vec::new();
        let mut left = self.metadata * SECTOR;
        while left > 0 {
            let bytes = left.min(super::MOST_OF_A_METADATA_EXTENT);
            allocation.extend((bytes as u32).to_le_bytes());
            allocation.extend((next as u32).to_le_bytes());
            next += bytes / SECTOR;
            left -= bytes;
        }
        let entry = Entry { kind, size: self.metadata * SECTOR, links: 0, unique: 0, long: false, allocation };
        entry.bytes(self.moment, block)
    }
}

/// Characters of the volume set identifier that are this volume's alone.
pub(super) const UNIQUE: usize = 16;

/// An Extended File Entry, 4/14.17.
pub(super) struct Entry {
    pub kind: u8,
    pub size: u64,
    /// How many File Identifiers name it.
    pub links: u16,
    pub unique: u64,
    /// Its allocation descriptors name a partition each.
    pub long: bool,
    pub allocation: Vec<u8>,
}

impl Entry {
    /// Its bytes when it is at this block.
    pub fn bytes(self, moment: Moment, block: u64) -> Vec<u8> {
        // Other, group and owner may read; a directory they may enter too (4/14.9.5).
        let permissions = if self.kind == file_types::DIRECTORY { 0x14A5 } else { 0x1084 };
        let (allocation, moment) = (self.allocation, moment.in_timestamp());
        let length = ENTRY + allocation.len();
        Descriptor::new()
            // ICB tag, 4/14.6: strategy 4, one entry.
            .u32(0)
            .u16(4)
            .u16(0)
            .u16(1)
            .bytes(&[0, self.kind])
            .zeros(6)
            .u16(u16::from(self.long))
            // No owner, no group.
            .u32(u32::MAX)
            .u32(u32::MAX)
            .u32(permissions)
            .u16(self.links)
            .zeros(6)
            .u64(self.size)
            .u64(self.size)
            .u64(self.size.div_ceil(SECTOR))
            .bytes(&[moment; 4].concat())
            .u32(1)
            .zeros(4 + 16 + 16)
            .bytes(&implementation())
            .u64(self.unique)
            .u32(0)
            .u32(allocation.len() as u32)
            .bytes(&allocation)
            .tagged(tags::EXTENDED_FILE_ENTRY, block, length)
    }
}

/// File characteristics of an identifier, 4/14.4.3.
pub(super) const IS_DIRECTORY: u8 = 2;
pub(super) const IS_DELETED: u8 = 4;
pub(super) const IS_PARENT: u8 = 8;

/// Bytes of a File Identifier Descriptor before the name.
pub(super) const IDENTIFIER: usize = 38;

/// Bytes of a File Identifier Descriptor with a name of this length.
pub(super) fn identifier_length(name: &str) -> usize {
    let characters = if name.is_empty() { 0 } else { 1 + name.len() };
    (IDENTIFIER + characters).next_multiple_of(4)
}

/// A File Identifier Descriptor, 4/14.4, in a directory's block: names the entry at `entry`. Without a name it is the parent.
pub(super) fn identifier(name: &str, characteristics: u8, entry: u64, unique: u64, block: u64) -> Vec<u8> {
    let characters = if name.is_empty() { Vec::new() } else { characters(name) };
    Descriptor::new()
        .u16(1)
        .bytes(&[characteristics, characters.len() as u8])
        .long(SECTOR, entry, IN_METADATA, unique)
        .u16(0)
        .bytes(&characters)
        .tagged(tags::FILE_IDENTIFIER, block, identifier_length(name))
}

/// The allocation descriptors of a file's bytes from a block of the partition on, 4/14.14.2.
pub(super) fn extents_of_file(block: u64, bytes: u64) -> Vec<u8> {
    let (mut next, mut left, mut allocation) = (block, bytes, Vec::new());
    while left > 0 {
        let bytes = left.min(super::MOST_OF_AN_EXTENT);
        allocation.extend((bytes as u32).to_le_bytes());
        allocation.extend((next as u32).to_le_bytes());
        allocation.extend(IN_PARTITION.to_le_bytes());
        allocation.extend([0; 6]);
        next += bytes / SECTOR;
        left -= bytes;
    }
    allocation
}
