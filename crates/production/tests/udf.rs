//! UDF images: read by everybody who reads UDF 2.50 with a metadata partition, large files, and hostile ones.

mod common;

use common::production::{BD_25, Workshop, facts, plan_options};
use common::{content, neighbour, said, sha256, volume, write};
use filmdesk_fileset::profile::STD_GEN_BD_JPEG;
use filmdesk_instance::InProcess;
use filmdesk_production::volume::{FileSystem, Image, ImageFault, ImageWriter, Layout, SECTOR, VolumeSpec};
use filmdesk_production::{PlanOptions, Silent, examine, make_disc, plan};
use filmdesk_testkit::studies::Spec;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Where the image begins to be what it is: the layout's page in `src/udf` has all of it.
const MAIN_SEQUENCE: u64 = 32;
const PARTITION: u64 = 288;
const METADATA: u64 = PARTITION + 32;

fn sample() -> Vec<(String, u64)> {
    let mut files: Vec<(String, u64)> = [("DICOMDIR", 5000), ("README.TXT", 1), ("IHE_PDI/STYLE.CSS", 2048)]
        .map(|(path, size)| (path.to_owned(), size))
        .to_vec();
    files.extend((0..200).rev().map(|n| (format!("DICOM/S0000001/I{n:07}"), 1 + (n * 977) % 9000)));
    files.push(("DICOM/S0000002/A".into(), 3 << 20));
    files.push(("SHA256.SUM".into(), 777));
    files
}

fn spec_of(files: &[(String, u64)]) -> VolumeSpec {
    volume(&files.iter().map(|(path, size)| (path.as_str(), *size)).collect::<Vec<_>>())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// Lines of `sha256sum`, as path and hash.
fn sums(lines: &str) -> BTreeMap<String, String> {
    lines.lines().filter_map(|line| line.split_once("  ")).map(|(hash, path)| (path.into(), hash.into())).collect()
}

/// Every file as libudfread reads it. `None` without it.
fn udfread(image: &Path) -> Option<Result<BTreeMap<String, String>, String>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/udfread.py");
    let output = neighbour("python3", &[script, text(image)])?;
    let (text, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if error.contains("libudfread.so") {
        return neighbour("libudfread0", &[]).map(|_| Err(error.into_owned()));
    }
    Some(if output.status.success() { Ok(sums(&text)) } else { Err(error.into_owned()) })
}

/// Every file as 7-Zip unpacks it.
fn unpacked(image: &Path, out: &Path) -> Option<BTreeMap<String, String>> {
    let test = said("7z", &["x", &format!("-o{}", text(out)), text(image)])?;
    assert!(test.contains("Everything is Ok") && test.contains("Type = Udf"), "{test}");
    let listing = said("sh", &["-c", &format!("cd {} && find . -type f | cut -c3- | xargs sha256sum", text(out))])?;
    Some(sums(&listing))
}

#[test]
fn others_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.iso");
    let layout = Layout::new(FileSystem::Udf, &spec_of(&sample())).unwrap();
    let (_, hashes) = write(&layout, &path);
    let expected: BTreeMap<String, String> =
        sample().into_iter().map(|(path, _)| path).zip(hashes.iter().map(hex)).collect();

    if let Some(found) = unpacked(&path, &folder.path().join("7z")) {
        assert_eq!(found, expected, "7-Zip");
    }
    if let Some(found) = udfread(&path) {
        assert_eq!(found, Ok(expected.clone()), "libudfread");
    }
    if let Some(facts) = said("udfinfo", &[text(&path)]) {
        let (blocks, files) = (format!("blocks={}", layout.size_sectors()), format!("numfiles={}", expected.len()));
        let wanted = ["lvid=FD2345TEST_1OF2", "vid=FD2345TEST_1OF2", "fsid=FD2345TEST_1OF2", "blocksize=2048", &blocks];
        let more = [&files, "numdirs=5", "udfrev=2.50", "udfwriterev=2.60", "integrity=closed", "accesstype=readonly"];
        for wanted in wanted.iter().chain(&more) {
            assert!(facts.lines().any(|line| line == *wanted), "{wanted}: {facts}");
        }
        assert_eq!(facts.matches("type=ANCHOR").count(), 3, "{facts}");
        assert!(facts.contains("type=MVDS") && facts.contains("type=RVDS"), "{facts}");
    }
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The second copies are good: with the first gone, others still read every file. With both gone nobody does, nor without
/// the anchors: so it was the copies that were read.
#[test]
fn either_end_of_the_disc_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.iso");
    let layout = Layout::new(FileSystem::Udf, &spec_of(&sample())).unwrap();
    let (_, hashes) = write(&layout, &path);
    let expected: BTreeMap<String, String> =
        sample().into_iter().map(|(path, _)| path).zip(hashes.iter().map(hex)).collect();
    let n = layout.size_sectors();
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let lose = |sectors: &[u64]| {
        for sector in sectors {
            file.write_all_at(&[0xFF; SECTOR as usize], sector * SECTOR).unwrap();
        }
    };
    // The Metadata File's entry, then the first anchor.
    let mirror_entry = n - 288 - 32;
    for lost in [PARTITION, 256] {
        lose(&[lost]);
        let read = Image::open(&path).expect("our reader uses the copy");
        assert_eq!(read.files().len(), expected.len());
        assert!(matches!(read.check_own_layout(), Err(ImageFault::Damaged { sector, .. }) if sector == lost));
    }
    if let Some(found) = udfread(&path) {
        assert_eq!(found, Ok(expected), "libudfread, from the other end");
    }
    lose(&[mirror_entry]);
    assert!(Image::open(&path).is_err());
    if let Some(found) = udfread(&path) {
        assert!(found.is_err(), "the control: {found:?}");
    }
}

/// A sink that leaves holes where there are zeros, so that a file of many gigabytes takes no room.
struct Sparse(File);

impl Write for Sparse {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.iter().all(|byte| *byte == 0) {
            self.0.seek(SeekFrom::Current(bytes.len() as i64))?;
        } else {
            self.0.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Several extents of almost a gibibyte each, without a gap, of exactly the size of the file. Between its ends it is zeros.
#[test]
fn a_file_of_more_than_four_gib_is_one_file() {
    const LARGE: u64 = (4 << 30) + 4097;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.iso");
    let files = [("DICOMDIR", 3000), ("DICOM/LARGE", LARGE), ("SHA256.SUM", 60)];
    let layout = Layout::new(FileSystem::Udf, &volume(&files)).unwrap();
    // The formula on the module's page: two ends, two copies of one cluster of metadata, whole clusters of files.
    let of_files = (2 + LARGE.div_ceil(SECTOR) + 1).next_multiple_of(32);
    assert_eq!(layout.size_sectors(), 288 + 32 + 32 + of_files + 32 + 32 + 288);
    let mut writer = ImageWriter::new(&layout, Sparse(File::create(&path).unwrap())).unwrap();
    let end = || &b"the end"[..];
    writer.file(&mut &content(0, 3000)[..]).unwrap();
    writer.file(&mut io::repeat(0).take(LARGE - end().len() as u64).chain(end())).unwrap();
    writer.file(&mut &content(2, 60)[..]).unwrap();
    let (_, image) = writer.finish().unwrap();
    assert_eq!(image.size_bytes, layout.size_bytes());
    let read = Image::open(&path).unwrap();
    assert_eq!(read.files(), files.map(|(path, size)| (path.to_owned(), size)));
    let (at, size) = read.extent("DICOM/LARGE").unwrap();
    let mut last = [0; 7];
    File::open(&path).unwrap().read_exact_at(&mut last, at + size - 7).unwrap();
    assert_eq!(&last, b"the end");
    assert_eq!(read.read("SHA256.SUM", 100).unwrap(), content(2, 60), "what follows it");
    read.check_own_layout().unwrap();
    if let Some(listing) = said("7z", &["l", text(&path)]) {
        let line = listing.lines().find(|line| line.ends_with("DICOM/LARGE")).expect("listed");
        assert!(line.contains(&LARGE.to_string()), "{line}");
    }
    if let Some(found) = said("sh", &["-c", &format!("7z e -so {} SHA256.SUM | sha256sum", text(&path))]) {
        assert!(found.starts_with(&hex(&sha256(&content(2, 60)))), "{found}");
    }
}

/// A patient on Blu-ray: planned to the byte, made, read back, judged, and read by others.
#[test]
fn one_patient_on_a_blu_ray_disc() {
    let shop = Workshop::with(&Spec { ct: 12, mr: 6, dx: 1, us: 2, ..Spec::default() });
    let goods = shop.gather_for(&STD_GEN_BD_JPEG, BD_25, true);
    assert_eq!((goods.goods.len(), goods.left_out.len()), (21, 0));
    let options = PlanOptions { profile: &STD_GEN_BD_JPEG, ..plan_options(BD_25, true) };
    let plan = plan(&goods, &options).unwrap();
    let made = make_disc(&plan, 1, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent).unwrap();
    assert_eq!(shop.files("out"), ["FD2345_1.iso"], "one file, nothing else");
    assert_eq!(std::fs::metadata(&made.path).unwrap().len(), plan.discs[0].size_bytes, "planned size");
    assert_eq!(plan.discs[0].size_bytes % (32 * SECTOR), 0, "whole clusters");
    let verdict = examine(&made.path, &InProcess, Some(&STD_GEN_BD_JPEG), None).unwrap();
    assert!(verdict.report.is_good(), "{:#?}", verdict.report.findings);
    assert_eq!((verdict.report.n_instances, verdict.code.as_deref()), (21, Some("K7Q2-M9PX")));
    let readme = Image::open(&made.path).unwrap().read("README.TXT", 1 << 20).unwrap();
    let readme = String::from_utf8(readme).unwrap();
    assert!(readme.contains("PS3.11 STD-GEN-BD-JPEG (File-set Creator), PS3.12 (UDF 2.60)"), "{readme}");
    assert!(!readme.contains("IHE RAD"), "PDI has no Blu-ray disc: {readme}");
    let out = shop.at("7z");
    let Some(found) = unpacked(&made.path, &out) else { return };
    assert_eq!(found.len(), verdict.n_manifest_equal + 1);
    let listed = sums(&std::fs::read_to_string(out.join("SHA256.SUM")).unwrap());
    assert!(listed.iter().all(|(path, hash)| found.get(path) == Some(hash)), "the manifest, as 7-Zip unpacks it");
    if let Some(tree) = neighbour("dcdirdmp", &["-paths", text(&out.join("DICOMDIR"))]) {
        let text = String::from_utf8_lossy(&tree.stdout).into_owned() + &String::from_utf8_lossy(&tree.stderr);
        assert_eq!(text.lines().filter(|line| line.contains("DICOM")).count(), 21, "{text}");
    }
}

/// CRC-16 bit by bit, so that it is not the product's table that is trusted.
fn crc(bytes: &[u8]) -> u16 {
    let mut crc = 0_u16;
    for byte in bytes {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
        }
    }
    crc
}

/// Makes the tag of a descriptor right again, after something in it was changed.
fn seal(descriptor: &mut [u8]) {
    let length = usize::from(u16::from_le_bytes([descriptor[10], descriptor[11]]));
    if let Some(body) = descriptor.get(16..16 + length) {
        let crc = crc(body).to_le_bytes();
        descriptor[8..10].copy_from_slice(&crc);
    }
    descriptor[4] = 0;
    descriptor[4] = descriptor[..16].iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
}

/// A small image, its descriptors changed as a hostile maker would: with all checks right.
struct Hostile {
    whole: Vec<u8>,
    path: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl Hostile {
    fn new() -> Hostile {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.iso");
        let files = [("DICOM/A/B", 9), ("DICOM/I1", 5000), ("README.TXT", 100)];
        write(&Layout::new(FileSystem::Udf, &volume(&files)).unwrap(), &path);
        Hostile { whole: std::fs::read(&path).unwrap(), path, _folder: folder }
    }

    /// What a reader says when these bytes of a sector are others.
    fn with(&self, sector: u64, changes: &[(usize, &[u8])]) -> Result<usize, String> {
        let mut bytes = self.whole.clone();
        let from = (sector * SECTOR) as usize;
        for (at, change) in changes {
            bytes[from + at..from + at + change.len()].copy_from_slice(change);
        }
        seal(&mut bytes[from..from + SECTOR as usize]);
        self.open(&bytes)
    }

    fn open(&self, bytes: &[u8]) -> Result<usize, String> {
        std::fs::write(&self.path, bytes).unwrap();
        let image = Image::open(&self.path).map_err(|fault| fault.to_string())?;
        for (name, _) in image.files() {
            assert!(image.read(name, 1 << 20).is_ok());
        }
        Ok(image.files().len())
    }
}

#[test]
fn hostile_images_are_refused() {
    let hostile = Hostile::new();
    // Metadata blocks: 2 root, 3 its names, 4 README.TXT; 5 DICOM, 6 its names, 7 I1; 8 A, 9 its names, 10 B.
    let (root, names, readme, dicom) = (METADATA + 2, METADATA + 3, METADATA + 4, METADATA + 5);
    assert_eq!(hostile.with(readme, &[]), Ok(3), "the control");
    let refused = |what: &str, sector: u64, changes: &[(usize, &[u8])]| {
        let said = hostile.with(sector, changes).expect_err(what);
        assert!(said.contains(what), "{said}");
    };
    let huge = &u64::MAX.to_le_bytes()[..];
    refused("ends within a block", readme, &[(56, huge)]);
    refused("ends within a block", dicom, &[(56, huge)]);
    // The same with an extent of a whole block.
    refused("do not hold a file's size", readme, &[(56, huge), (216, &[0, 8, 0, 0])]);
    refused("lies in no partition", readme, &[(216 + 4, &[0xFF; 4])]);
    refused("lies in no partition", readme, &[(216 + 8, &[7, 0])]);
    refused("is not supported", readme, &[(216 + 3, &[0x40])]);
    refused("of another kind", readme, &[(34, &[2])]);
    refused("another strategy", readme, &[(20, &[0, 16])]);
    refused("too short", readme, &[(212, &[0xFF; 4])]);
    refused("too short", readme, &[(208, &[0xFF; 4])]);
    refused("neither a file nor a directory", readme, &[(27, &[12])]);
    refused("no file entry", readme, &[(0, &[9, 1])]);
    refused("the root is no directory", root, &[(27, &[5])]);
    // The root's first child is DICOM: its identifier is after the parent's forty bytes. It leads back to the root.
    let mut bytes = hostile.whole.clone();
    let child = (names * SECTOR) as usize + 40;
    bytes[child + 24..child + 28].copy_from_slice(&2_u32.to_le_bytes());
    seal(&mut bytes[child..child + 44]);
    assert!(hostile.open(&bytes).unwrap_err().contains("share their entry"), "a circle");
    // A name that leads out.
    for name in [&b"../../.X"[..], b"A/B/C/D/"] {
        let mut bytes = hostile.whole.clone();
        let second = child + 44;
        bytes[second + 39..second + 47].copy_from_slice(name);
        seal(&mut bytes[second..second + 52]);
        assert!(hostile.open(&bytes).unwrap_err().contains("no name"), "{name:?}");
    }
    for (sector, what) in
        [(names, "identifier's check"), (readme, "entry's check"), (METADATA, "set descriptor's check")]
    {
        let mut bytes = hostile.whole.clone();
        bytes[(sector * SECTOR) as usize + 17] ^= 1;
        assert!(hostile.open(&bytes).unwrap_err().contains(what), "{what}");
    }
    let in_sequence = |n: u64, changes: &[(usize, &[u8])]| {
        // The logical volume descriptor, where its partition maps begin at 440.
        hostile.with(MAIN_SEQUENCE + n, changes)
    };
    assert!(in_sequence(1, &[(268, &[0xFF; 4])]).unwrap_err().contains("limits"), "maps without end");
    assert!(in_sequence(1, &[(441, &[0])]).unwrap_err().contains("not supported"), "a map of no length");
    assert!(in_sequence(1, &[(212, &[0, 2, 0, 0])]).unwrap_err().contains("2048"));
    assert!(in_sequence(2, &[(188, &[0xFF; 4])]).is_err(), "a partition behind the end");
    assert!(in_sequence(2, &[(192, &[1, 0, 0, 0])]).is_err(), "a partition of one block");
}

/// Ends on anything, with an error or not, and never panics: four thousand images with descriptors changed anywhere, half
/// of them with checks that are right.
#[test]
fn mutated_images_end() {
    let hostile = Hostile::new();
    let places: Vec<u64> =
        [16, 17, 32, 33, 34, 35, 36, 37, 256, PARTITION].into_iter().chain(METADATA..METADATA + 11).collect();
    let mut opened = 0;
    for n in 0..4000 {
        let noise = content(n, 16);
        let sector = places[usize::from(noise[0]) % places.len()];
        let mut bytes = hostile.whole.clone();
        let from = (sector * SECTOR) as usize;
        for change in noise[1..13].chunks(3) {
            // Most fields are in the first three hundred bytes, and the maps at 440.
            bytes[from + (usize::from(change[0]) << 8 | usize::from(change[1])) % 520] = change[2];
        }
        if noise[13].is_multiple_of(2) {
            // A directory's identifiers are sealed one by one: the first two.
            seal(&mut bytes[from..from + SECTOR as usize]);
            seal(&mut bytes[from + 40..from + SECTOR as usize]);
        }
        opened += usize::from(hostile.open(&bytes).is_ok());
    }
    assert!((100..3900).contains(&opened), "{opened}: some are harmless, some are not");
}
