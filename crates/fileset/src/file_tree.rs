//! The files of a medium, wherever they are: a folder here, a disc image elsewhere.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use filmdesk_instance::Source;

/// Files a medium keeps whole in memory: its index and its texts. Instances are read through their [`Source`].
const MAX_WHOLE_FILE: u64 = 1 << 30;

/// The files of a medium under the names a DICOM reader knows them by.
pub trait FileTree {
    /// Every file: its path in capitals, components separated by `/`, without `;1` or a trailing dot; and its length.
    fn files(&self) -> &[(String, u64)];

    /// Where the bytes of the file at `path` are.
    fn source(&self, path: &str) -> Option<Source>;

    /// The whole of a small file.
    ///
    /// # Errors
    /// `NotFound` when there is none at `path`, and what reading it meets.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;

    /// The volume identifier, where the medium has one.
    fn volume_id(&self) -> Option<&str> {
        None
    }

    /// What is there and is neither a regular file nor a folder with files in it: links, pipes, empty folders.
    fn oddities(&self) -> &[Oddity] {
        &[]
    }
}

/// Something in a tree a medium has no place for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// A symbolic link: not followed.
    Link(String),
    /// A folder without files (PS3.11: an empty directory is not allowed).
    EmptyFolder(String),
    /// Neither file nor folder.
    Special(String),
    /// Two names that differ in case only: one of them cannot be reached.
    SameName(String),
}

/// A folder as a medium: an extracted disc, a stick, a mounted image.
#[derive(Debug)]
pub struct FolderTree {
    files: Vec<(String, u64)>,
    paths: HashMap<String, PathBuf>,
    oddities: Vec<Oddity>,
}

impl FolderTree {
    /// Walks the folder. Links are listed and not followed, so nothing outside is ever read.
    ///
    /// # Errors
    /// What reading a folder meets.
    pub fn open(root: &Path) -> io::Result<FolderTree> {
        let mut tree = FolderTree { files: Vec::new(), paths: HashMap::new(), oddities: Vec::new() };
        let mut ahead = vec![(root.to_owned(), String::new())];
        while let Some((folder, name)) = ahead.pop() {
            let mut empty = true;
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                empty = false;
                let path = join(&name, &medium_name(&entry.file_name().to_string_lossy()));
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    ahead.push((entry.path(), path));
                } else if kind.is_symlink() {
                    tree.oddities.push(Oddity::Link(path));
                } else if !kind.is_file() {
                    tree.oddities.push(Oddity::Special(path));
                } else if tree.paths.insert(path.clone(), entry.path()).is_some() {
                    tree.oddities.push(Oddity::SameName(path));
                } else {
                    tree.files.push((path, entry.metadata()?.len()));
                }
            }
            if empty && !name.is_empty() {
                tree.oddities.push(Oddity::EmptyFolder(name));
            }
        }
        tree.files.sort();
        tree.oddities.sort_by_key(|oddity| format!("{oddity:?}"));
        Ok(tree)
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The name as a File ID has it: operating systems show ISO 9660 names in either case, with or without version and dot.
fn medium_name(name: &str) -> String {
    let name = name.strip_suffix(";1").unwrap_or(name);
    name.strip_suffix('.').unwrap_or(name).to_ascii_uppercase()
}

impl FileTree for FolderTree {
    fn files(&self) -> &[(String, u64)] {
        &self.files
    }

    fn source(&self, path: &str) -> Option<Source> {
        self.paths.get(path).map(Source::file)
    }

    fn oddities(&self) -> &[Oddity] {
        &self.oddities
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let path = self.paths.get(path).ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(MAX_WHOLE_FILE).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
