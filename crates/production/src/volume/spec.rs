//! What is laid out, and what no layout can carry.

use super::SECTOR;
use jiff::Zoned;

/// One file to be laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSpec {
    /// Path from the root, components separated by `/`: `A–Z 0–9 _`, eight characters, an optional extension of three
    /// on the last.
    pub path: String,
    /// Its bytes.
    pub size: u64,
}

/// A volume to be laid out: who, when, and its files in the order they are written.
#[derive(Clone, Debug)]
pub struct VolumeSpec {
    /// Volume Identifier = File-set ID, up to 16 of `A–Z 0–9 _`.
    pub volume_id: String,
    /// Volume Set Identifier: the same on all discs of a set.
    pub volume_set_id: String,
    /// The disc's own code, kept in the volume descriptor as well as in the README: up to 32 of `A–Z 0–9 -`.
    pub code: String,
    /// When it is made.
    pub created_at: Zoned,
    /// Its files.
    pub files: Vec<FileSpec>,
}

impl VolumeSpec {
    /// Identifiers within their repertoire, the same for both file systems.
    pub(super) fn check(&self) -> Result<(), LayoutFault> {
        let d_characters = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_';
        for id in [&self.volume_id, &self.volume_set_id] {
            if id.is_empty() || id.len() > 16 || !id.bytes().all(d_characters) {
                return Err(LayoutFault::Identifier(id.clone()));
            }
        }
        if self.code.len() > 32 || !self.code.bytes().all(|c| d_characters(c) || c == b'-') {
            return Err(LayoutFault::Identifier(self.code.clone()));
        }
        Ok(())
    }
}

/// Where a file lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Path as given.
    pub path: String,
    /// First sector.
    pub sector: u64,
    /// Bytes.
    pub size: u64,
}

impl Extent {
    /// Offset in the image at which its last sector ends.
    pub(super) fn end(&self) -> u64 {
        self.sector * SECTOR + self.size.next_multiple_of(SECTOR)
    }
}

/// Why a volume cannot be laid out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutFault {
    /// A path that is not one of every medium: PS3.10 §8.2 has the components, PS3.12 F.1.2 the extension of other files.
    #[error("`{0}` is not a path of ISO 9660 Level 1: up to eight components of A–Z 0–9 _, 8.3 characters")]
    Path(String),
    /// Two files of one name, or a file where a directory is.
    #[error("`{0}` appears twice")]
    Twice(String),
    /// A file of no bytes, or of more than the file system says of one file: 4 GiB on ISO 9660, where one extent cannot say
    /// more (ECMA-119 §6.5.1); on UDF what the allocation descriptors of one block say.
    #[error("`{0}` has a size one file of this file system cannot have")]
    Size(String),
    /// Volume Identifier, set identifier or code outside its repertoire.
    #[error("`{0}` is no volume identifier: up to 16 of A–Z 0–9 _")]
    Identifier(String),
    /// More than 65,535 directories (ISO 9660) or 2³² sectors.
    #[error("the volume is too large for its file system")]
    TooLarge,
}

/// The last component.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
