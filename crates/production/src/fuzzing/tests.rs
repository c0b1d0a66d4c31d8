use super::*;
use crate::volume::{FileSpec, FileSystem, ImageWriter, Layout, VolumeSpec};
use filmdesk_fileset::{FileSet, FileSetId, Member};
use filmdesk_instance::{Source, read_header};
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE};
use filmdesk_testkit::mutants::run;
use sha2::{Digest, Sha256};
use std::io::Cursor;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Two objects of one patient, their index and the manifest of all: a medium in four files.
fn files() -> Vec<(String, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let objects = [1, 2].map(|number| {
        let mut object = DataSet::new();
        object.text((8, 0x16), "UI", "1.2.840.10008.5.1.4.1.1.2").text((8, 0x18), "UI", &format!("2.25.3{number}"));
        object.text((8, 0x20), "DA", "20260301").text((8, 0x30), "TM", "093000").text((8, 0x60), "CS", "CT");
        object.text((0x10, 0x10), "PN", "TEST^ONE").text((0x10, 0x20), "LO", "T0001").text((0x20, 0xD), "UI", "2.25.1");
        object.text((0x20, 0xE), "UI", "2.25.2").text((0x20, 0x10), "SH", "S1").text((0x20, 0x11), "IS", "1");
        object.text((0x20, 0x13), "IS", &number.to_string()).part10(EXPLICIT_LE)
    });
    let header = |(n, object): (usize, &Vec<u8>)| {
        let path = folder.path().join(n.to_string());
        std::fs::write(&path, object).unwrap();
        read_header(&Source::file(&path)).unwrap()
    };
    let headers: Vec<_> = objects.iter().enumerate().map(header).collect();
    let members = headers.iter().enumerate();
    let members = members.map(|(source_index, header)| Member { header, transfer_syntax: EXPLICIT_LE, source_index });
    let id = FileSetId::new("FD2345_1").unwrap();
    let set = FileSet::build(id, "2.25.9".into(), members.collect(), &STD_GEN_CD).unwrap();
    let mut files: Vec<(String, Vec<u8>)> = vec![("DICOMDIR".into(), set.dicomdir())];
    files.extend(set.files().map(|(file, at)| (file.as_path().to_owned(), objects[at].clone())));
    let sums = files.iter().map(|(path, bytes)| format!("{}  {path}\n", hex::encode(Sha256::digest(bytes))));
    let sums: String = sums.collect();
    files.push((crate::MANIFEST.to_owned(), sums.into_bytes()));
    files
}

/// An image of ours of these files, as [`image`] takes it.
fn pressed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let spec = VolumeSpec {
        volume_id: "FD2345_1".into(),
        volume_set_id: "FD2345".into(),
        code: "K7Q2-M9PX".into(),
        created_at: "2026-11-24T10:00:00+08:00[Asia/Taipei]".parse().unwrap(),
        files: files.iter().map(|(path, bytes)| FileSpec { path: path.clone(), size: bytes.len() as u64 }).collect(),
    };
    let layout = Layout::new(FileSystem::Iso9660, &spec).unwrap();
    let mut writer = ImageWriter::new(&layout, Vec::new()).unwrap();
    for (_, bytes) in files {
        writer.file(&mut Cursor::new(bytes)).unwrap();
    }
    let (whole, _) = writer.finish().unwrap();
    let padding = (PADDING_SECTORS * SECTOR) as usize;
    whole[SYSTEM_AREA as usize..whole.len() - padding].to_vec()
}

fn zipped(files: &[(String, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        zip.start_file(path, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn soak_any_bytes_as_an_image() {
    let folder = tempfile::tempdir().unwrap();
    let seed = pressed(&files());
    image(&seed, folder.path());
    let whole = examine(&folder.path().join("image"), &InProcess, Some(&STD_GEN_CD), None).unwrap();
    assert!(whole.report.is_good(), "a seed is a good disc: {:#?}", whole.report.findings);
    run("image", &[seed, pressed(&files()[..1])], |bytes| image(bytes, folder.path()));
}

#[test]
fn soak_any_bytes_as_a_zip() {
    let folder = tempfile::tempdir().unwrap();
    let seeds = [zipped(&files(), CompressionMethod::Stored), zipped(&files()[..1], CompressionMethod::Stored)];
    run("zip", &seeds, |bytes| zip(bytes, folder.path()));
}

#[test]
fn soak_any_bytes_as_a_manifest() {
    let files = files();
    run("manifest", &[files[3].1.clone(), files[3].1[..80].to_vec()], manifest);
}
