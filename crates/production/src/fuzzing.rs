//! What must hold for any bytes whatever: the bodies of the fuzz targets (`fuzz/`), built for these and for the tests, which
//! call them on their seeds and some thousand mutants.

use crate::examine::examine;
use crate::iso::PADDING_SECTORS;
use crate::manifest::parse_manifest;
use crate::volume::{Image, SECTOR};
use crate::zipped::ZipTree;
use filmdesk_fileset::FileTree;
use filmdesk_fileset::profile::STD_GEN_CD;
use filmdesk_instance::InProcess;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Sectors before the volume descriptors, which hold nothing: an input does without them.
const SYSTEM_AREA: u64 = 16 * SECTOR;
/// Media with more files, or more bytes in them (they may share extents), are opened and not read through.
const MOST_FILES: usize = 64;
const MOST_BYTES: u64 = 4 << 20;

/// A disc image, without its system area and the padding behind its last file.
pub fn image(bytes: &[u8], folder: &Path) {
    let path = folder.join("image");
    let file = File::create(&path).expect("a scratch folder");
    file.write_all_at(bytes, SYSTEM_AREA).expect("room");
    let used = SYSTEM_AREA + bytes.len() as u64;
    file.set_len(used + PADDING_SECTORS * SECTOR).expect("room");
    match Image::open(&path) {
        Ok(image) => {
            for (name, size) in image.files() {
                let (at, len) = image.extent(name).expect("a file it lists");
                assert!(len == *size && at + len <= image.len(), "{name} lies outside");
            }
            if let Err(fault) = image.check_own_layout() {
                assert!(!fault.to_string().is_empty());
            }
            medium(&image, &path);
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
}

/// A ZIP as a medium.
pub fn zip(bytes: &[u8], folder: &Path) {
    let path = folder.join("zip");
    File::create(&path).and_then(|mut file| file.write_all(bytes)).expect("a scratch folder");
    match ZipTree::open(&path) {
        Ok(zip) => {
            assert_eq!(zip.len(), bytes.len() as u64);
            assert!(zip.files().iter().map(|(_, size)| *size).sum::<u64>() <= zip.len(), "more than there is");
            for (name, _) in zip.files() {
                assert!(name.split('/').all(|part| !matches!(part, "" | "." | "..")), "{name} leads outside");
            }
            medium(&zip, &path);
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
}

/// The whole examination of what was opened: every file read, the index followed, every object inspected.
fn medium(tree: &dyn FileTree, path: &Path) {
    let bytes: u64 = tree.files().iter().map(|(_, size)| *size).sum();
    if tree.files().len() > MOST_FILES || bytes > MOST_BYTES {
        return;
    }
    for (name, size) in tree.files() {
        assert_eq!(tree.read(name).expect("a file it lists").len() as u64, *size, "{name}");
    }
    match examine(path, &InProcess, Some(&STD_GEN_CD), None) {
        Ok(verdict) => {
            assert!(verdict.n_manifest_equal <= tree.files().len());
            assert!(verdict.instances.len() <= tree.files().len());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A manifest: what is read is what `sha256sum` would write of it.
pub fn manifest(bytes: &[u8]) {
    let Some(entries) = parse_manifest(bytes) else { return };
    let mut lines: Vec<String> =
        entries.iter().map(|(path, hash)| format!("{}  {path}\n", hex::encode(hash))).collect();
    let text = std::str::from_utf8(bytes).expect("what was read is text");
    let mut read: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    lines.sort_unstable();
    read.sort_unstable();
    assert_eq!(lines, read);
}

#[cfg(test)]
mod tests;
