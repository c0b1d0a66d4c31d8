//! File IDs and File-set IDs: names a reader of any file system can hold (PS3.10 §8.2, §8.5, §8.6).

use std::fmt;

/// Components a File ID may have (PS3.10 §8.2).
const MAX_COMPONENTS: usize = 8;
/// Characters a component may have (PS3.10 §8.2).
const MAX_COMPONENT_LEN: usize = 8;
/// Characters a File-set ID may have (PS3.10 §8.6; CS in PS3.5 §6.2).
const MAX_FILE_SET_ID_LEN: usize = 16;

/// One character of the repertoire of PS3.10 §8.5: capital letters, digits, underscore. No dot, so no extension.
fn is_file_id_char(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

/// Where a file is in a File-set: one to eight components of one to eight characters from `A–Z 0–9 _`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(String);

impl FileId {
    /// The File ID whose components, joined with `/`, are `path`.
    ///
    /// # Errors
    /// When a component is empty, too long, or holds another character: so never `..`, a drive or a root.
    pub fn parse(path: &str) -> Result<FileId, FileIdError> {
        let components: Vec<&str> = path.split('/').collect();
        if components.len() > MAX_COMPONENTS {
            return Err(FileIdError::TooManyComponents(components.len()));
        }
        for component in components {
            if component.is_empty() || component.len() > MAX_COMPONENT_LEN {
                return Err(FileIdError::ComponentLength(component.to_owned()));
            }
            if !component.bytes().all(is_file_id_char) {
                return Err(FileIdError::Character(component.to_owned()));
            }
        }
        Ok(FileId(path.to_owned()))
    }

    /// As a path with `/` between the components, relative to the root of the File-set: `DICOM/ST000001/SE000001/IM000001`.
    pub fn as_path(&self) -> &str {
        &self.0
    }

    /// The components in order.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The value of (0004,1500) Referenced File ID: components joined by the value separator.
    pub(crate) fn as_value(&self) -> String {
        self.0.replace('/', "\\")
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a path cannot be a File ID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileIdError {
    /// More than eight components.
    #[error("a File ID has at most 8 components, this one has {0} (PS3.10 §8.2)")]
    TooManyComponents(usize),
    /// An empty component, or one of more than eight characters.
    #[error("a component of a File ID has 1 to 8 characters, not {0:?} (PS3.10 §8.2)")]
    ComponentLength(String),
    /// Something else than `A–Z`, `0–9` or `_`.
    #[error("a File ID is written in A–Z, 0–9 and _, not {0:?} (PS3.10 §8.5)")]
    Character(String),
}

/// The name of a File-set, (0004,1130): up to 16 characters from `A–Z 0–9 _`. On a CD it is the volume identifier as well
/// (PS3.12 Annex F).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileSetId(String);

impl FileSetId {
    /// A File-set ID.
    ///
    /// # Errors
    /// When it is empty, longer than 16 characters, or holds anything but capital letters, digits and underscores.
    pub fn new(id: &str) -> Result<FileSetId, FileSetIdError> {
        if id.is_empty() || id.len() > MAX_FILE_SET_ID_LEN || !id.bytes().all(is_file_id_char) {
            return Err(FileSetIdError(id.to_owned()));
        }
        Ok(FileSetId(id.to_owned()))
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that cannot be a File-set ID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a File-set ID has 1 to 16 characters from A–Z, 0–9 and _ (PS3.10 §8.5, §8.6): {0:?}")]
pub struct FileSetIdError(pub String);
