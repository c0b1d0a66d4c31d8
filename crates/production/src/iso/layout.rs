//! Where everything lies in the image, decided before the first byte is written.

use super::fields::{NO_MOMENT, ascii_field, both16, both32, ucs2_field};
use super::{FIRST_DESCRIPTOR, PADDING_SECTORS};
use crate::volume::{
    APPLICATION, Child, Directory, Extent, LayoutFault, Moment, SECTOR, VolumeSpec, children, directories, sectors,
};

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
pub(crate) struct IsoLayout {
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

impl IsoLayout {
    /// Lays a volume out.
    pub fn new(spec: &VolumeSpec, moment: Moment) -> Result<IsoLayout, LayoutFault> {
        let directories = directories(&spec.files)?;
        if directories.len() > usize::from(u16::MAX) {
            return Err(LayoutFault::TooLarge);
        }
        let mut extents = Vec::with_capacity(spec.files.len());
        for file in &spec.files {
            if file.size == 0 || file.size > u64::from(u32::MAX) {
                return Err(LayoutFault::Size(file.path.clone()));
            }
            extents.push(Extent { path: file.path.clone(), sector: 0, size: file.size });
        }
        // System area, two descriptors and their terminator; then tables, directories, files, padding.
        let mut next = FIRST_DESCRIPTOR + 3;
        let places = [Tree::Primary, Tree::Joliet].map(|tree| place(tree, &directories, &extents, &mut next));
        let first_file = next;
        for extent in &mut extents {
            extent.sector = next;
            next += sectors(extent.size);
        }
        let total = next + PADDING_SECTORS;
        if total > u64::from(u32::MAX) {
            return Err(LayoutFault::TooLarge);
        }
        let (volume_id, volume_set_id, code) = (spec.volume_id.clone(), spec.volume_set_id.clone(), spec.code.clone());
        Ok(IsoLayout { volume_id, volume_set_id, code, moment, directories, extents, places, first_file, total })
    }

    /// Exact sectors of the finished image.
    pub fn size_sectors(&self) -> u64 {
        self.total
    }

    /// Where each file lies, in the order given.
    pub fn extents(&self) -> &[Extent] {
        &self.extents
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
        for (name, child) in children(&self.directories, index, &self.extents) {
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

/// Bytes of a directory record with an identifier of this length, §9.1: padded to an even number.
fn record_length(identifier: usize) -> usize {
    (33 + identifier).next_multiple_of(2)
}

/// Gives one tree its sectors, from `next` on.
fn place(tree: Tree, directories: &[Directory], extents: &[Extent], next: &mut u64) -> TreePlace {
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
    let mut places = Vec::with_capacity(directories.len());
    for index in 0..directories.len() {
        let size = directory_sectors(tree, index, directories, extents);
        places.push((take(size), size * SECTOR));
    }
    TreePlace { tree, path_table_bytes, path_table_l, path_table_m, directories: places }
}

/// Sectors of a directory: records in order of name, none across a sector's end.
fn directory_sectors(tree: Tree, index: usize, all: &[Directory], extents: &[Extent]) -> u64 {
    let sector = SECTOR as usize;
    let mut used = 2 * record_length(1);
    for (name, child) in children(all, index, extents) {
        let identifier = match child {
            Child::Directory(_) => tree.directory_name(name),
            Child::File(_) => tree.file_name(name),
        };
        let length = record_length(identifier.len());
        if sector - used % sector < length {
            used = used.next_multiple_of(sector);
        }
        used += length;
    }
    sectors(used as u64)
}
