//! UDF for Blu-ray: a read-only volume, written once as a stream.
//!
//! PS3.12 X.2.1 asks for UDF 2.50 on BD-RE and for UDF 2.60 on BD-R, which is what is burned here: the image says 2.60, and
//! 2.50 as the lowest revision a reader must know (UDF 2.2.6.4), since nothing in it needs more. What the annex rules out
//! is not there: virtual and sparable partitions (X.2.1.2, X.2.1.3), named streams, other than interchange level 2 in the
//! primary volume descriptor (X.2.1.1).
//!
//! UDF (OSTA) is a use of ECMA-167, third edition; clauses below are `part/clause` of the latter. All of it in the
//! order of its sectors:
//!
//! ```text
//!        0   zeros
//!       16   volume recognition sequence: BEA01, NSR03, TEA01 (2/8.3, 3/9.1)
//!       32   main volume descriptor sequence: primary, logical volume, partition, unallocated space,
//!            implementation use, terminating (3/8.4.2)
//!       64   logical volume integrity: closed, with the counts of files and directories (3/10.10)
//!      256   anchor (3/10.2): where the two sequences are
//!      288   ┌ partition 0, read-only (3/10.5); blocks are counted from here
//!            │    0  File Entry of the Metadata File
//!            │   32  Metadata File = partition 1 (UDF 2.2.13): file set descriptor, then each directory's
//!            │       File Entry, its File Identifiers and the File Entries of its files
//!            │    …  the files, each from a block of its own, in the order given
//!            │    …  the same metadata again: the Metadata Mirror File
//!            └   −32 File Entry of the Metadata Mirror File, far from the other
//!     −288   reserve volume descriptor sequence
//!     −257   anchor at N − 256
//!       −1   anchor at N
//! ```
//!
//! The metadata are there twice (the flag `Duplicate Metadata`, UDF 2.2.10), two blocks a file: 0.4 % of a disc of CT
//! slices, and a scratch through the directories then costs nobody the images. What is on a disc of this kind is found from
//! either end. Everything that UDF wants at whole clusters (metadata extents, the partition) is at multiples of 32 sectors,
//! the cluster of a Blu-ray disc, and so is the end of the image: a burner has nothing to pad, and N stays the last sector.
//!
//! A file is as many extents as its size takes, since one extent says at most 2³⁰ − 1 bytes (4/14.14.1.1); they follow one
//! another without a gap. The File-set ID is the identifier of the volume, the logical volume and the file set; names
//! are those of every medium, in OSTA Compressed Unicode of eight bits (UDF 2.1.1).

mod descriptors;
mod fields;
mod layout;
mod read;

use crate::volume::SECTOR;

pub(crate) use layout::UdfLayout;
pub(crate) use read::read;

/// Sectors no image is without, however small its metadata and its files.
pub(crate) const ALWAYS_SECTORS: u64 = PARTITION + 2 * CLUSTER + AFTER_PARTITION;

/// Sectors of a cluster: the unit in which a Blu-ray disc is written and its errors are corrected.
const CLUSTER: u64 = 32;
/// First sector of the volume recognition sequence, 2/8.3: sixteen sectors are left to the system.
const RECOGNITION: u64 = 16;
/// First sector of the main volume descriptor sequence, and its sectors: at least sixteen, 3/8.4.2.2.
const MAIN_SEQUENCE: u64 = 32;
const SEQUENCE_SECTORS: u64 = 16;
/// First sector of the logical volume integrity sequence, and its sectors: at least 8 KiB, UDF 2.2.4.6.
const INTEGRITY: u64 = 64;
const INTEGRITY_SECTORS: u64 = 4;
/// The anchor every reader tries first, 3/8.4.2.1.
const ANCHOR: u64 = 256;
/// First sector of the partition.
const PARTITION: u64 = ANCHOR + CLUSTER;
/// Sectors after the partition: the reserve sequence, the anchor at N − 256, the anchor at N.
const AFTER_PARTITION: u64 = 9 * CLUSTER;
/// Block of the Metadata File's first sector, after its File Entry.
const METADATA: u64 = CLUSTER;

/// The revision the volume keeps to, and the lowest a reader must know, UDF 2.1.5.3 and 2.2.6.4.
const REVISION: u16 = 0x0260;
const REVISION_TO_READ: u16 = 0x0250;

/// The most bytes an extent of whole blocks can have, 4/14.14.1.1: its two highest bits say something else.
const MOST_OF_AN_EXTENT: u64 = (1 << 30) - SECTOR;
/// The same for the Metadata File, whose extents are whole clusters.
const MOST_OF_A_METADATA_EXTENT: u64 = (1 << 30) - CLUSTER * SECTOR;

/// Tags of descriptors, 3/7.2.1 and 4/7.2.1.
mod tags {
    pub const PRIMARY: u16 = 1;
    pub const ANCHOR: u16 = 2;
    pub const IMPLEMENTATION_USE: u16 = 4;
    pub const PARTITION: u16 = 5;
    pub const LOGICAL_VOLUME: u16 = 6;
    pub const UNALLOCATED_SPACE: u16 = 7;
    pub const TERMINATING: u16 = 8;
    pub const INTEGRITY: u16 = 9;
    pub const FILE_SET: u16 = 256;
    pub const FILE_IDENTIFIER: u16 = 257;
    pub const FILE_ENTRY: u16 = 261;
    pub const EXTENDED_FILE_ENTRY: u16 = 266;
}

/// File types of an ICB, 4/14.6.6 and UDF 2.3.5.2.
mod file_types {
    pub const DIRECTORY: u8 = 4;
    pub const FILE: u8 = 5;
    pub const METADATA: u8 = 250;
    pub const METADATA_MIRROR: u8 = 251;
}

/// Partition maps, in the order of the logical volume descriptor: the number by which addresses name them.
const IN_PARTITION: u16 = 0;
const IN_METADATA: u16 = 1;
