//! Images of either file system: our writer read by our reader, and every byte accounted for. ISO 9660 is read by others here,
//! UDF in `udf.rs`.

mod common;

use common::{content, said, sha256, volume, write};
use filmdesk_production::volume::{
    CountingSink, FileSystem, Image, ImageWriter, Layout, LayoutFault, SECTOR, VolumeSpec, WriteFault,
};
use std::io::Cursor;
use std::os::unix::fs::FileExt;

const BOTH: [FileSystem; 2] = [FileSystem::Iso9660, FileSystem::Udf];

/// Files of every awkward size, in an order that is not the alphabet's, with a directory of more than one sector.
fn sample() -> Vec<(String, u64)> {
    let mut files: Vec<(String, u64)> = vec![
        ("DICOMDIR".into(), 5000),
        ("README.TXT".into(), 1),
        ("INDEX.HTM".into(), 2048),
        ("IHE_PDI/STYLE.CSS".into(), 2047),
        ("IHE_PDI/S1/P1.HTM".into(), 2049),
    ];
    for n in (0..300).rev() {
        files.push((format!("DICOM/S0000001/I{n:07}"), 1 + (n * 977) % 9000));
    }
    files.push(("DICOM/S0000002/A".into(), 3 << 20));
    files.push(("DICOM/S0000002/A_B".into(), 10));
    files.push(("DICOM/S0000002/A0".into(), 10));
    files.push(("SHA256.SUM".into(), 777));
    files
}

fn sample_volume() -> VolumeSpec {
    let files = sample();
    volume(&files.iter().map(|(path, size)| (path.as_str(), *size)).collect::<Vec<_>>())
}

#[test]
fn what_was_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    for file_system in BOTH {
        let path = folder.path().join("a.iso");
        let layout = Layout::new(file_system, &sample_volume()).unwrap();
        let (image, hashes) = write(&layout, &path);

        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len() as u64, layout.size_bytes(), "predicted size");
        assert_eq!(image.sha256, sha256(&bytes), "the hash of the whole");
        let read = Image::open(&path).unwrap();
        read.check_own_layout().unwrap();
        assert_eq!((read.file_system(), read.is_ours()), (file_system, true));
        assert_eq!((read.volume_id(), read.code()), ("FD2345TEST_1OF2", "K7Q2-M9PX"));
        assert_eq!(read.files(), sample(), "names, sizes and order");
        for (n, (name, size)) in sample().iter().enumerate() {
            let expected = content(n, *size);
            assert_eq!(read.read(name, u64::MAX).unwrap(), expected, "{name}");
            assert_eq!(hashes[n], sha256(&expected), "{name}");
        }
    }
}

#[test]
fn the_same_volume_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for file_system in BOTH {
        let layout = Layout::new(file_system, &sample_volume()).unwrap();
        let (a, _) = write(&layout, &folder.path().join("a.iso"));
        let (b, _) = write(&layout, &folder.path().join("b.iso"));
        assert_eq!(a, b);
        let mut other = sample_volume();
        other.code = "AAAA-BBBB".into();
        let (c, _) = write(&Layout::new(file_system, &other).unwrap(), &folder.path().join("c.iso"));
        assert_ne!(a.sha256, c.sha256);
    }
}

#[test]
fn others_read_iso_9660() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.iso");
    let layout = Layout::new(FileSystem::Iso9660, &sample_volume()).unwrap();
    write(&layout, &path);
    let iso = path.to_str().unwrap();

    if let Some(facts) = said("isoinfo", &["-d", "-i", iso]) {
        assert!(facts.contains("Volume id: FD2345TEST_1OF2"), "{facts}");
        assert!(facts.contains("Joliet with UCS level 3 found") && facts.contains("NO Rock Ridge present"), "{facts}");
        assert!(facts.contains(&format!("Volume size is: {}", layout.size_sectors())), "{facts}");
    }
    if let Some(names) = said("isoinfo", &["-f", "-i", iso]) {
        assert!(names.contains("/DICOM/S0000001/I0000000.;1\n") && names.contains("/README.TXT;1\n"), "{names}");
        assert_eq!(names.lines().count(), sample().len() + 5, "files and directories");
    }
    if let Some(verdict) = said("isovfy", &[iso]) {
        assert!(verdict.contains("No errors found"), "{verdict}");
    }
    if let Some(verdict) = said("7z", &["t", iso]) {
        assert!(verdict.contains("Everything is Ok"), "{verdict}");
    }
    for tree in ["nojoliet", "norock"] {
        let out = folder.path().join(tree);
        let arguments = ["-read_fs", tree, "-osirrox", "on", "-indev", iso, "-extract", "/", out.to_str().unwrap()];
        if said("xorriso", &arguments).is_none() {
            continue;
        }
        for (n, (name, size)) in sample().iter().enumerate() {
            let extracted = std::fs::read(out.join(name)).unwrap_or_else(|e| panic!("{tree}: {name}: {e}"));
            assert_eq!(extracted, content(n, *size), "{tree}: {name}");
        }
    }
}

/// Every flipped byte outside the files, and every cut, is noticed by the layout check alone.
#[test]
fn no_byte_outside_the_files_changes_unseen() {
    let folder = tempfile::tempdir().unwrap();
    for (file_system, step) in [(FileSystem::Iso9660, 29), (FileSystem::Udf, 131)] {
        let path = folder.path().join("a.iso");
        let spec = volume(&[("DICOMDIR", 3000), ("DICOM/I1", 100), ("SHA256.SUM", 60)]);
        let layout = Layout::new(file_system, &spec).unwrap();
        write(&layout, &path);
        let whole = std::fs::read(&path).unwrap();
        let of_a_file =
            |at: u64| layout.extents().iter().any(|e| (e.sector * SECTOR..e.sector * SECTOR + e.size).contains(&at));
        let changed = folder.path().join("b.iso");
        std::fs::write(&changed, &whole).unwrap();
        let file = std::fs::File::options().write(true).open(&changed).unwrap();
        let good = || Image::open(&changed).and_then(|image| image.check_own_layout().map(|()| image.is_ours()));
        // Everywhere a little, and every byte where there is something.
        let dense = |at: &usize| at.is_multiple_of(step) || whole[*at] != 0 && at.is_multiple_of(7);
        let mut tried = 0;
        for at in (0..whole.len()).filter(dense).filter(|at| !of_a_file(*at as u64)) {
            file.write_all_at(&[whole[at] ^ 0x20], at as u64).unwrap();
            assert!(!good().is_ok_and(|ours| ours), "{file_system:?}: byte {at}");
            file.write_all_at(&[whole[at]], at as u64).unwrap();
            tried += 1;
        }
        assert!(tried > 10_000, "{tried}");
        assert!(good().expect("all put back"));
        for len in [0, 1, 32_768, whole.len() / 2, whole.len() - 1, whole.len() - 2048] {
            std::fs::write(&changed, &whole[..len]).unwrap();
            assert!(good().is_err(), "cut to {len}");
        }
        std::fs::write(&changed, [&whole[..], b"x"].concat()).unwrap();
        assert!(good().is_err(), "longer");
    }
}

/// A reader of hostile bytes ends, with an error or not, and never panics.
#[test]
fn mutated_images_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.iso");
    let spec = volume(&[("DICOM/A/B/C/D/E/F/G", 9), ("DICOM/A/I1", 100)]);
    write(&Layout::new(FileSystem::Iso9660, &spec).unwrap(), &path);
    let whole = std::fs::read(&path).unwrap();
    let changed = folder.path().join("b.iso");
    for n in 0..4000 {
        let noise = content(n, 12);
        let mut bytes = whole.clone();
        for pair in noise.chunks(3) {
            // From the first descriptor to the last directory.
            let at = 32_768 + (usize::from(pair[0]) << 8 | usize::from(pair[1])) % 40_000;
            bytes[at % whole.len()] = pair[2];
        }
        std::fs::write(&changed, &bytes).unwrap();
        if let Ok(image) = Image::open(&changed) {
            for (name, _) in image.files() {
                assert!(image.read(name, 1 << 20).is_ok());
            }
        }
    }
}

#[test]
fn what_no_medium_can_carry_is_refused() {
    for file_system in BOTH {
        let refused = |files: &[(&str, u64)]| Layout::new(file_system, &volume(files)).err();
        for path in ["dicomdir", "TOOLONGNAME", "A.HTML", "A/B/C/D/E/F/G/H/I", "", "A//B", "../A", "A.B.C", "A-B", "許"]
        {
            assert_eq!(refused(&[(path, 1)]), Some(LayoutFault::Path(path.into())));
        }
        assert_eq!(refused(&[("A", 1), ("A", 1)]), Some(LayoutFault::Twice("A".into())));
        assert_eq!(refused(&[("A", 1), ("A/B", 1)]), Some(LayoutFault::Twice("A".into())));
        assert_eq!(refused(&[("A", 0)]), Some(LayoutFault::Size("A".into())));
        let mut spec = volume(&[]);
        spec.volume_id = "王".into();
        assert!(matches!(Layout::new(file_system, &spec), Err(LayoutFault::Identifier(_))));
        assert!(refused(&[("A", 100 << 30), ("B", 8 << 40)]).is_some(), "more than 2³² sectors");
    }
    let large = volume(&[("A", 1 << 32)]);
    assert_eq!(Layout::new(FileSystem::Iso9660, &large).err(), Some(LayoutFault::Size("A".into())));
    assert!(Layout::new(FileSystem::Udf, &large).is_ok(), "which is what UDF is for");
}

#[test]
fn a_source_must_have_its_planned_size() {
    for file_system in BOTH {
        let layout = Layout::new(file_system, &volume(&[("A", 10), ("B", 10)])).unwrap();
        let start = || ImageWriter::new(&layout, CountingSink::default()).unwrap();
        for len in [0, 9, 11] {
            let fault = start().file(&mut Cursor::new(vec![1; len])).unwrap_err();
            assert!(matches!(fault, WriteFault::Size { planned: 10, .. }), "{fault}");
        }
        let mut writer = start();
        writer.file(&mut Cursor::new(vec![1; 10])).unwrap();
        assert!(matches!(writer.finish(), Err(WriteFault::Count { given: 1, planned: 2 })));
    }
}

/// A volume larger than memory is laid out and written in constant memory.
#[test]
fn the_size_is_known_before_writing() {
    let files: Vec<(String, u64)> = (0..3000).map(|n| (format!("DICOM/S{:07}/I{n:07}", n / 500), 1 << 20)).collect();
    let files: Vec<(&str, u64)> = files.iter().map(|(path, size)| (path.as_str(), *size)).collect();
    let zeros = vec![0; 1 << 20];
    for file_system in BOTH {
        let layout = Layout::new(file_system, &volume(&files)).unwrap();
        let mut writer = ImageWriter::new(&layout, CountingSink::default()).unwrap();
        for _ in &files {
            writer.file(&mut Cursor::new(&zeros)).unwrap();
        }
        let (sink, image) = writer.finish().unwrap();
        assert_eq!((sink.bytes, image.size_bytes), (layout.size_bytes(), layout.size_bytes()));
    }
}
