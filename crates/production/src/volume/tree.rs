//! The directories of a volume, as both file systems need them.

use super::{Extent, FileSpec, LayoutFault, file_name};
use std::collections::HashMap;

/// A directory: its children by index.
pub(crate) struct Directory {
    /// Its own name; empty for the root.
    pub name: String,
    /// The directory it is in; the root is its own.
    pub parent: usize,
    /// Directories in it.
    pub directories: Vec<usize>,
    /// Files in it, as numbers of the specification.
    pub files: Vec<usize>,
}

/// A directory's child, by index.
#[derive(Clone, Copy)]
pub(crate) enum Child {
    /// One of the directories.
    Directory(usize),
    /// One of the files.
    File(usize),
}

/// Directories and files of a directory, sorted by name as ECMA-119 §9.3 asks; UDF takes any order.
pub(crate) fn children<'a>(all: &'a [Directory], index: usize, extents: &'a [Extent]) -> Vec<(&'a str, Child)> {
    let directory = &all[index];
    let mut children: Vec<(&str, Child)> = Vec::with_capacity(directory.directories.len() + directory.files.len());
    children.extend(directory.directories.iter().map(|d| (all[*d].name.as_str(), Child::Directory(*d))));
    children.extend(directory.files.iter().map(|f| (file_name(&extents[*f].path), Child::File(*f))));
    children.sort_by(|a, b| sort_key(a.0).cmp(&sort_key(b.0)));
    children
}

/// Name and extension compare apart, the shorter as if filled with spaces, §9.3.
fn sort_key(name: &str) -> (&str, &str) {
    name.split_once('.').unwrap_or((name, ""))
}

/// Builds the directories, in the order of the path table: by level, then parent, then name (§6.9.1).
pub(crate) fn directories(files: &[FileSpec]) -> Result<Vec<Directory>, LayoutFault> {
    let mut found: HashMap<&str, Vec<usize>> = HashMap::from([("", Vec::new())]);
    let mut names: HashMap<&str, bool> = HashMap::new();
    for (index, file) in files.iter().enumerate() {
        check_path(&file.path)?;
        if names.insert(&file.path, true).is_some() {
            return Err(LayoutFault::Twice(file.path.clone()));
        }
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        found.entry(folder).or_default().push(index);
        // Every ancestor exists too, even when it holds only directories.
        let mut up = folder;
        while let Some((parent, _)) = up.rsplit_once('/') {
            found.entry(parent).or_default();
            up = parent;
        }
    }
    let mut paths: Vec<&str> = found.keys().copied().collect();
    if let Some(clash) = paths.iter().find(|path| names.contains_key(**path)) {
        return Err(LayoutFault::Twice((*clash).to_owned()));
    }
    let level = |path: &str| if path.is_empty() { 0 } else { path.split('/').count() };
    // Sorting whole paths component by component within a level sorts by parent, then by name.
    paths.sort_by(|a, b| level(a).cmp(&level(b)).then_with(|| a.split('/').cmp(b.split('/'))));
    let index_of: HashMap<&str, usize> = paths.iter().enumerate().map(|(index, path)| (*path, index)).collect();
    let mut directories: Vec<Directory> = Vec::with_capacity(paths.len());
    for (index, path) in paths.iter().enumerate() {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = index_of[parent];
        let files = found.remove(path).unwrap_or_default();
        directories.push(Directory { name: name.to_owned(), parent, directories: Vec::new(), files });
        if index != 0 {
            directories[parent].directories.push(index);
        }
    }
    Ok(directories)
}

/// Level 1 (ECMA-119 §10.1) and the depth of §6.8.2.1: the root is level one of eight.
fn check_path(path: &str) -> Result<(), LayoutFault> {
    let d = |text: &str, most: usize| {
        (1..=most).contains(&text.len())
            && text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_')
    };
    let (folders, name) = path.rsplit_once('/').map_or((None, path), |(folders, name)| (Some(folders), name));
    let name_fits = match name.split_once('.') {
        Some((stem, extension)) => d(stem, 8) && d(extension, 3),
        None => d(name, 8),
    };
    let folders_fit = folders.is_none_or(|f| f.split('/').count() <= 7 && f.split('/').all(|c| d(c, 8)));
    if name_fits && folders_fit { Ok(()) } else { Err(LayoutFault::Path(path.to_owned())) }
}
