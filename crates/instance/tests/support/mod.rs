//! What the tests of this crate share: objects as bytes, and files of them.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};

use filmdesk_instance::{Header, Refusal, Source, read_header};
use filmdesk_testkit::dicom_file::DataSet;

pub const ELE: &str = "1.2.840.10008.1.2.1";
pub const IMPLICIT: &str = "1.2.840.10008.1.2";
pub const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
pub const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

/// A file in a folder of its own, both gone with the test.
pub struct OnDisk {
    pub path: PathBuf,
    _folder: tempfile::TempDir,
}

pub fn on_disk(bytes: &[u8]) -> OnDisk {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("object");
    std::fs::write(&path, bytes).unwrap();
    OnDisk { path, _folder: folder }
}

pub fn read(bytes: &[u8]) -> Result<Header, Refusal> {
    read_header(&Source::file(&on_disk(bytes).path))
}

/// The code of the refusal, or `ok`.
pub fn verdict(bytes: &[u8]) -> &'static str {
    read(bytes).map_or_else(|refusal| refusal.code(), |_| "ok")
}

/// A CT of 8 × 8 pixels.
pub fn ct() -> DataSet {
    let mut object = identified();
    object.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[8]).us((0x28, 0x11), &[8]);
    object.us((0x28, 0x100), &[16]).us((0x28, 0x101), &[12]).us((0x28, 0x102), &[11]).us((0x28, 0x103), &[0]);
    let pixels: Vec<u8> = (0..64u16).flat_map(|n| (n * 60).to_le_bytes()).collect();
    object.bytes((0x7FE0, 0x10), "OW", pixels);
    object
}

/// An object with its identification and nothing else.
pub fn identified() -> DataSet {
    let mut object = DataSet::new();
    object.text((8, 5), "CS", "ISO_IR 192").text((8, 0x16), "UI", CT).text((8, 0x18), "UI", "2.25.3");
    object.text((8, 0x60), "CS", "CT").text((0x10, 0x10), "PN", "TEST^ONE=王^測試").text((0x10, 0x20), "LO", "T0001");
    object.text((0x20, 0xD), "UI", "2.25.1").text((0x20, 0xE), "UI", "2.25.2").text((0x20, 0x13), "IS", "1");
    object
}

/// Part 10 bytes of a data set given as bytes.
pub fn part10(transfer_syntax: &str, data_set: &[u8]) -> Vec<u8> {
    let mut file = filmdesk_instance::file_meta(CT, "2.25.3", transfer_syntax);
    file.extend_from_slice(data_set);
    file
}

/// An element in Explicit VR Little Endian.
pub fn element(group: u16, number: u16, vr: &str, value: &[u8]) -> Vec<u8> {
    let mut out = [group.to_le_bytes(), number.to_le_bytes()].concat();
    out.extend_from_slice(vr.as_bytes());
    if matches!(vr, "OB" | "OW" | "SQ" | "UN" | "UT") {
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    } else {
        out.extend_from_slice(&(value.len() as u16).to_le_bytes());
    }
    out.extend_from_slice(value);
    out
}

/// What `neighbour` gives, or `None` when it is not installed and `FILMDESK_SKIP_NEIGHBOURS=1` allows that.
#[allow(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]
pub fn neighbour<T>(found: Option<T>, name: &str) -> Option<T> {
    let skip = std::env::var("FILMDESK_SKIP_NEIGHBOURS").is_ok_and(|value| value == "1");
    assert!(found.is_some() || skip, "{name} is not installed: `make test` installs it");
    found
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// Numbers that look random and are the same every time (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    }
}
