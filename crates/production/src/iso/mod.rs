//! ISO 9660 for CD and DVD.
//!
//! PS3.12 Annex F asks for ISO 9660 Level 1 on CD-R: names of eight characters from `A–Z 0–9 _` with the separator and
//! version (`NAME.;1`), at most eight levels, the File-set ID as Volume Identifier. A Joliet descriptor is added with
//! a second set of directories over the same extents, so that file managers show `README.TXT` and not `README.TXT;1`.
//! Files are laid out in the order they are given: the order of the DICOMDIR, which is the order they are read in.

mod fields;
mod layout;
mod read;

pub(crate) use layout::IsoLayout;
pub(crate) use read::read;

/// Zero sectors after the last file. Drives that read ahead fail on the last sectors of a disc written track at once;
/// 150 sectors (two seconds) is what mastering programs add.
pub(crate) const PADDING_SECTORS: u64 = 150;

/// Sectors no image is without: system area, descriptors, tables and root directories of both trees, padding.
pub(crate) const ALWAYS_SECTORS: u64 = 16 + 3 + 4 + 2 + PADDING_SECTORS;

/// First sector of the volume descriptors: sixteen sectors of system area come before, ECMA-119 §6.2.1.
pub(crate) const FIRST_DESCRIPTOR: u64 = 16;
