//! Where everything lies in the image, decided before the first byte is written.

use super::fields::{Moment, NO_MOMENT, ascii_field, both16, both32, ucs2_field};
use super::{APPLICATION, FIRST_DESCRIPTOR, PADDING_SECTORS, SECTOR, sectors};
use jiff::Zoned;
use std::collections::HashMap;

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
    /// The disc's own code, kept in the Application Use area as well as in the README: up to 32 of `A–Z 0–9 -`.
    pub code: String,
    /// When it is made.
    pub created_at: Zoned,
    /// Its files.
    pub files: Vec<FileSpec>,
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

/// Why a volume cannot be laid out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutFault {
    /// A path ISO 9660 Level 1 cannot carry.
    #[error("`{0}` is not a path of ISO 9660 Level 1: up to eight components of A–Z 0–9 _, 8.3 characters")]
    Path(String),
    /// Two files of one name, or a file where a directory is.
    #[error("`{0}` appears twice")]
    Twice(String),
    /// A file of no bytes or of 4 GiB and more: one extent cannot say so, ECMA-119 §6.5.1.
    #[error("`{0}` has a size one extent cannot hold")]
    Size(String),
    /// Volume Identifier, set identifier or code outside its repertoire.
    #[error("`{0}` is no volume identifier: up to 16 of A–Z 0–9 _")]
    Identifier(String),
    /// More than 65,535 directories or 2³² sectors.
    #[error("the volume is too large for ISO 9660")]
    TooLarge,
}

/// A directory: names are sorted as ECMA-119 §9.3 asks, which for this repertoire is byte order.
struct Directory {
    name: String,
    parent: usize,
    directories: Vec<usize>,
    files: Vec<usize>,
}

/// Which of the two sets of directories.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tree {
    Primary,
    Joliet,
}

impl Tree {
    /// A directory's identifier.
    fn directory_name(self, name: &str) -> Vec<u8> {
        match self {
            Tree::Primary => name.as_bytes().to_vec(),
            Tree::Joliet => name.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }

    /// A file's identifier: PS3.12 F.1.2 wants `NAME.;1` when there is no extension.
    fn file_name(self, name: &str) -> Vec<u8> {
        match self {
            Tree::Primary if name.contains('.') => format!("{name};1").into_bytes(),
            Tree::Primary => format!("{name}.;1").into_bytes(),
            Tree::Joliet => self.directory_name(name),
        }
    }

    fn text(self, text: &str, width: usize) -> Vec<u8> {
        match self {
            Tree::Primary => ascii_field(text, width),
            Tree::Joliet => ucs2_field(text, width),
        }
    }
}

/// Where one tree's path tables and directories lie.
struct TreePlace {
    tree: Tree,
    path_table_bytes: u64,
    path_table_l: u64,
    path_table_m: u64,
    /// Per directory: first sector and bytes (whole sectors).
    directories: Vec<(u64, u64)>,
}

/// A volume laid out: the exact size is known, the head can be printed, each file's place is fixed.
pub struct Layout {
    volume_id: String,
    volume_set_id: String,
    code: String,
    moment: Moment,
    directories: Vec<Directory>,
    extents: Vec<Extent>,
    places: [TreePlace; 2],
    first_file: u64,
    total: u64,
}

impl Layout {
    /// Lays a volume out.
    pub fn new(spec: &VolumeSpec) -> Result<Layout, LayoutFault> {
        Layout::build(spec, Moment::of(&spec.created_at))
    }

    pub(super) fn build(spec: &VolumeSpec, moment: Moment) -> Result<Layout, LayoutFault> {
        let d_characters = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_';
        for id in [&spec.volume_id, &spec.volume_set_id] {
            if id.is_empty() || id.len() > 16 || !id.bytes().all(d_characters) {
                return Err(LayoutFault::Identifier(id.clone()));
            }
        }
        if spec.code.len() > 32 || !spec.code.bytes().all(|c| d_characters(c) || c == b'-') {
            return Err(LayoutFault::Identifier(spec.code.clone()));
        }
        let directories = directories(&spec.files)?;
        if directories.len() > usize::from(u16::MAX) {
            return Err(LayoutFault::TooLarge);
        }
        // System area, two descriptors and their terminator; then tables, directories, files, padding.
        let mut next = FIRST_DESCRIPTOR + 3;
        let places = [Tree::Primary, Tree::Joliet].map(|tree| place(tree, &directories, &spec.files, &mut next));
        let first_file = next;
        let mut extents = Vec::with_capacity(spec.files.len());
        for file in &spec.files {
            if file.size == 0 || file.size > u64::from(u32::MAX) {
                return Err(LayoutFault::Size(file.path.clone()));
            }
            extents.push(Extent { path: file.path.clone(), sector: next, size: file.size });
            next += sectors(file.size);
        }
        let total = next + PADDING_SECTORS;
        if total > u64::from(u32::MAX) {
            return Err(LayoutFault::TooLarge);
        }
        let (volume_id, volume_set_id, code) = (spec.volume_id.clone(), spec.volume_set_id.clone(), spec.code.clone());
        Ok(Layout { volume_id, volume_set_id, code, moment, directories, extents, places, first_file, total })
    }

    /// Exact bytes of the finished image.
    pub fn size_bytes(&self) -> u64 {
        self.total * SECTOR
    }

    /// Exact sectors of the finished image.
    pub fn size_sectors(&self) -> u64 {
        self.total
    }

    /// Where each file lies, in the order given.
    pub fn extents(&self) -> &[Extent] {
        &self.extents
    }

    /// Volume Identifier.
    pub fn volume_id(&self) -> &str {
        &self.volume_id
    }

    /// Everything before the first file: system area, descriptors, path tables, directories.
    pub fn head(&self) -> Vec<u8> {
        let mut head = vec![0; (self.first_file * SECTOR) as usize];
        let mut put = |sector: u64, bytes: &[u8]| {
            let at = (sector * SECTOR) as usize;
            head[at..at + bytes.len()].copy_from_slice(bytes);
        };
        for (number, place) in self.places.iter().enumerate() {
            put(FIRST_DESCRIPTOR + number as u64, &self.descriptor(place));
            put(place.path_table_l, &self.path_table(place, u32::to_le_bytes, u16::to_le_bytes));
            put(place.path_table_m, &self.path_table(place, u32::to_be_bytes, u16::to_be_bytes));
            for (index, (sector, _)) in place.directories.iter().enumerate() {
                put(*sector, &self.directory(place, index));
            }
        }
        let mut terminator = vec![255];
        terminator.extend(b"CD001\x01");
        put(FIRST_DESCRIPTOR + 2, &terminator);
        head
    }

    /// Primary (ECMA-119 §8.4) or Joliet supplementary (§8.5) volume descriptor.
    fn descriptor(&self, place: &TreePlace) -> Vec<u8> {
        let tree = place.tree;
        let joliet = tree == Tree::Joliet;
        let mut d = Vec::with_capacity(SECTOR as usize);
        d.push(if joliet { 2 } else { 1 });
        d.extend(b"CD001\x01\0");
        d.extend(tree.text("", 32));
        d.extend(tree.text(&self.volume_id, 32));
        d.extend([0; 8]);
        d.extend(both32(self.total as u32));
        // Joliet is UCS-2 level 3, said by this escape sequence.
        d.extend(if joliet { *b"%/E" } else { [0; 3] });
        d.extend([0; 29]);
        d.extend(both16(1));
        d.extend(both16(1));
        d.extend(both16(SECTOR as u16));
        d.extend(both32(place.path_table_bytes as u32));
        d.extend((place.path_table_l as u32).to_le_bytes());
        d.extend([0; 4]);
        d.extend((place.path_table_m as u32).to_be_bytes());
        d.extend([0; 4]);
        let (sector, bytes) = place.directories[0];
        d.extend(self.record(&[0], sector, bytes, true));
        d.extend(tree.text(&self.volume_set_id, 128));
        d.extend(tree.text("", 128));
        d.extend(tree.text(APPLICATION, 128));
        d.extend(tree.text(APPLICATION, 128));
        for _ in 0..3 {
            d.extend(tree.text("", 37));
        }
        d.extend(self.moment.in_descriptor());
        d.extend(self.moment.in_descriptor());
        d.extend(NO_MOMENT);
        d.extend(NO_MOMENT);
        d.extend([1, 0]);
        d.extend(ascii_field(&self.code, 32));
        d.resize(SECTOR as usize, 0);
        d
    }

    /// A path table, §9.4.
    fn path_table(&self, place: &TreePlace, wide: fn(u32) -> [u8; 4], narrow: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mut table = Vec::with_capacity(place.path_table_bytes as usize);
        for (index, directory) in self.directories.iter().enumerate() {
            let name = if index == 0 { vec![0] } else { place.tree.directory_name(&directory.name) };
            table.extend([name.len() as u8, 0]);
            table.extend(wide(place.directories[index].0 as u32));
            table.extend(narrow(directory.parent as u16 + 1));
            table.extend(&name);
            table.resize(table.len().next_multiple_of(2), 0);
        }
        table
    }

    /// A directory's records, none across a sector's end, §6.8.1.1.
    fn directory(&self, place: &TreePlace, index: usize) -> Vec<u8> {
        let directory = &self.directories[index];
        let (own, own_bytes) = place.directories[index];
        let (up, up_bytes) = place.directories[directory.parent];
        let mut bytes = Vec::with_capacity(own_bytes as usize);
        bytes.extend(self.record(&[0], own, own_bytes, true));
        bytes.extend(self.record(&[1], up, up_bytes, true));
        let mut append = |record: Vec<u8>| {
            let left = SECTOR as usize - bytes.len() % SECTOR as usize;
            if left < record.len() {
                bytes.resize(bytes.len() + left, 0);
            }
            bytes.extend(record);
        };
        for (name, child) in self.children(index) {
            match child {
                Child::Directory(child) => {
                    let (sector, size) = place.directories[child];
                    append(self.record(&place.tree.directory_name(name), sector, size, true));
                }
                Child::File(file) => {
                    let extent = &self.extents[file];
                    append(self.record(&place.tree.file_name(name), extent.sector, extent.size, false));
                }
            }
        }
        bytes
    }

    /// Directories and files of a directory, by name.
    fn children(&self, index: usize) -> Vec<(&str, Child)> {
        let directory = &self.directories[index];
        let mut children: Vec<(&str, Child)> = Vec::new();
        children
            .extend(directory.directories.iter().map(|d| (self.directories[*d].name.as_str(), Child::Directory(*d))));
        children.extend(directory.files.iter().map(|f| (file_name(&self.extents[*f].path), Child::File(*f))));
        children.sort_by(|a, b| sort_key(a.0).cmp(&sort_key(b.0)));
        children
    }

    /// A directory record, §9.1.
    fn record(&self, identifier: &[u8], sector: u64, bytes: u64, directory: bool) -> Vec<u8> {
        let length = record_length(identifier.len());
        let mut record = Vec::with_capacity(length);
        record.extend([length as u8, 0]);
        record.extend(both32(sector as u32));
        record.extend(both32(bytes as u32));
        record.extend(self.moment.in_record());
        record.extend([if directory { 2 } else { 0 }, 0, 0]);
        record.extend(both16(1));
        record.push(identifier.len() as u8);
        record.extend(identifier);
        record.resize(length, 0);
        record
    }
}

/// A directory's child, by index.
enum Child {
    Directory(usize),
    File(usize),
}

/// Bytes of a directory record with an identifier of this length, §9.1: padded to an even number.
fn record_length(identifier: usize) -> usize {
    (33 + identifier).next_multiple_of(2)
}

/// The last component.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Name and extension compare apart, the shorter as if filled with spaces, §9.3.
fn sort_key(name: &str) -> (&str, &str) {
    name.split_once('.').unwrap_or((name, ""))
}

/// Builds the directories, in the order of the path table: by level, then parent, then name (§6.9.1).
fn directories(files: &[FileSpec]) -> Result<Vec<Directory>, LayoutFault> {
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

/// Gives one tree its sectors, from `next` on.
fn place(tree: Tree, directories: &[Directory], files: &[FileSpec], next: &mut u64) -> TreePlace {
    let mut take = |sectors: u64| {
        let at = *next;
        *next += sectors;
        at
    };
    let table_entry = |index: usize, directory: &Directory| {
        let name = if index == 0 { 1 } else { tree.directory_name(&directory.name).len() };
        (8 + name).next_multiple_of(2) as u64
    };
    let path_table_bytes = directories.iter().enumerate().map(|(index, d)| table_entry(index, d)).sum();
    let path_table_l = take(sectors(path_table_bytes));
    let path_table_m = take(sectors(path_table_bytes));
    let mut extents = Vec::with_capacity(directories.len());
    for directory in directories {
        let size = directory_sectors(tree, directory, directories, files);
        extents.push((take(size), size * SECTOR));
    }
    TreePlace { tree, path_table_bytes, path_table_l, path_table_m, directories: extents }
}

/// Sectors of a directory: records in order of name, none across a sector's end.
fn directory_sectors(tree: Tree, directory: &Directory, all: &[Directory], files: &[FileSpec]) -> u64 {
    let sub = directory.directories.iter().map(|d| (all[*d].name.as_str(), true));
    let own = directory.files.iter().map(|f| (file_name(&files[*f].path), false));
    let mut children: Vec<(&str, bool)> = sub.chain(own).collect();
    children.sort_by(|a, b| sort_key(a.0).cmp(&sort_key(b.0)));
    let sector = SECTOR as usize;
    let mut used = 2 * record_length(1);
    for (name, is_directory) in children {
        let identifier = if is_directory { tree.directory_name(name) } else { tree.file_name(name) };
        let length = record_length(identifier.len());
        if sector - used % sector < length {
            used = used.next_multiple_of(sector);
        }
        used += length;
    }
    sectors(used as u64)
}
