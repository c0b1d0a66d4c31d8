//! The good, odd and broken files pydicom ships, and pydicom's own reading of them.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use filmdesk_instance::{Source, preview, read_header, tags, transcode_to_explicit_le};
use filmdesk_testkit::pydicom;
use support::*;

fn data() -> Option<PathBuf> {
    neighbour(pydicom::data(), "pydicom")
}

/// Every shipped file that is not accepted, and why; all others must be.
const REFUSED: &[(&str, &str)] = &[
    ("DICOMDIR", "dicomdir"),
    ("DICOMDIR-bigEnd", "dicomdir"),
    ("DICOMDIR-empty.dcm", "dicomdir"),
    ("DICOMDIR-implicit", "dicomdir"),
    ("DICOMDIR-nooffset", "dicomdir"),
    ("DICOMDIR-nopatient", "dicomdir"),
    ("DICOMDIR-reordered", "dicomdir"),
    ("FileInfo.txt", "not-dicom"),
    ("MR_truncated.dcm", "pixel-data-truncated"),
    ("README", "not-dicom"),
    ("README.txt", "not-dicom"),
    ("SC_rgb_jpeg.dcm", "encoding-disagrees"),
    ("UN_sequence.dcm", "no-sop-instance-uid"),
    ("badVR.dcm", "bad-pixel-description"),
    ("chrSQEncoding.dcm", "no-sop-instance-uid"),
    ("chrSQEncoding1.dcm", "no-sop-instance-uid"),
    ("crayons.icc", "not-dicom"),
    ("empty_charset_LEI.dcm", "no-sop-instance-uid"),
    ("meta_missing_tsyntax.dcm", "not-dicom"),
    ("nested_priv_SQ.dcm", "no-sop-instance-uid"),
    ("no_meta.dcm", "not-dicom"),
    ("no_meta_group_length.dcm", "no-sop-instance-uid"),
    ("priv_SQ.dcm", "no-sop-instance-uid"),
    ("rtplan_truncated.dcm", "truncated"),
    ("rtplan.dump", "not-dicom"),
    ("rtstruct.dump", "not-dicom"),
    ("test1.json", "not-dicom"),
    ("test_PN.json", "not-dicom"),
    ("zipMR.gz", "not-dicom"),
];

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_shipped_file_is_read_or_refused_for_its_reason() {
    let Some(data) = data() else { return };
    let refused: BTreeMap<&str, &str> = REFUSED.iter().copied().collect();
    let mut wrong = Vec::new();
    for folder in ["test_files", "charset_files"] {
        for path in files_below(&data.join(folder)) {
            let name = name(&path);
            let said = read_header(&Source::file(&path)).map_or_else(|refusal| refusal.code(), |_| "ok");
            let expected = refused.get(name.as_str()).copied().unwrap_or("ok");
            if said != expected && !name.ends_with(".pyc") && name != "__init__.py" {
                wrong.push(format!("{name}: {said} instead of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Names in every character set, as pydicom decodes them.
#[test]
fn names_are_what_pydicom_reads() {
    const SCRIPT: &str = "
import glob, os, sys, pydicom, warnings
warnings.simplefilter('ignore')
for path in sorted(glob.glob(os.path.join(sys.argv[1], '*.dcm'))):
    d = pydicom.dcmread(path)
    if 'PatientName' in d and 'SOPInstanceUID' in d:
        print(os.path.basename(path), str(d.PatientName).split(chr(92))[0], sep=chr(9))
";
    let (Some(data), Some(python)) = (data(), neighbour(pydicom::python(), "pydicom")) else { return };
    let folder = data.join("charset_files");
    let out = Command::new(python).args(["-c", SCRIPT]).arg(&folder).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let said = String::from_utf8(out.stdout).unwrap();
    let trim = |text: &str| {
        let groups: Vec<&str> = text.split('=').map(|group| group.trim_end_matches(['^', ' '])).collect();
        groups.join("=").trim_end_matches('=').to_owned()
    };
    let mut compared = 0;
    for (file, expected) in said.lines().filter_map(|line| line.split_once('\t')) {
        let header = read_header(&Source::file(folder.join(file))).unwrap();
        assert_eq!(header.person_name(tags::PATIENT_NAME).to_dicom(), trim(expected), "{file}");
        compared += 1;
    }
    assert!(compared >= 14, "{compared}");
}

/// What has no decoder; everything else that can be read must come out.
const NOT_REWRITTEN: &[(&str, &str)] = &[
    ("JPEG-lossy.dcm", "transfer-syntax-not-decodable"),
    ("JPGExtended.dcm", "transfer-syntax-not-decodable"),
    ("JPEG2000-embedded-sequence-delimiter.dcm", "not-decodable"),
];

#[test]
fn rewritten_objects_have_the_same_values_and_pixels() {
    let (Some(data), Some(python)) = (data(), neighbour(pydicom::python(), "pydicom")) else { return };
    let folder = data.join("test_files");
    let out = tempfile::tempdir().unwrap();
    let mut expected_lines = 0;
    for path in files_below(&folder).into_iter().filter(|path| path.parent() == Some(&folder)) {
        let (name, source) = (name(&path), Source::file(&path));
        if read_header(&source).is_err() {
            continue;
        }
        let to = out.path().join(&name);
        let said = transcode_to_explicit_le(&path, &to);
        match NOT_REWRITTEN.iter().find(|(file, _)| *file == name) {
            Some((_, code)) => {
                assert_eq!(said.unwrap_err().code(), *code, "{name}");
                assert!(!to.exists(), "{name}");
            }
            None => {
                let new = said.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
                assert_eq!(new.transfer_syntax, ELE);
                expected_lines += 1;
            }
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compare_with_pydicom.py");
    let said = Command::new(python).arg(script).arg(&folder).arg(out.path()).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said = String::from_utf8(said.stdout).unwrap();
    let wrong: Vec<&str> = said.lines().filter(|line| !line.ends_with("\tsame") && !line.ends_with("\tnear")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(said.lines().count(), expected_lines);
    assert!(expected_lines >= 60, "{expected_lines}");
}

#[test]
fn every_image_with_a_decoder_has_a_preview_that_is_a_jpeg() {
    let Some(data) = data() else { return };
    let mut shown = 0;
    for path in files_below(&data.join("test_files")) {
        let source = Source::file(&path);
        let Ok(header) = read_header(&source) else { continue };
        let Some(pixels) = header.pixels else {
            assert_eq!(preview(&source, 0, 64).unwrap_err().code(), "no-pixels");
            continue;
        };
        let name = name(&path);
        match preview(&source, pixels.frames - 1, 64) {
            Ok(jpeg) => {
                let picture = image::load_from_memory(&jpeg).unwrap();
                assert!(picture.width() <= 64 && picture.height() <= 64, "{name}");
                shown += 1;
            }
            Err(refusal) => {
                let allowed = NOT_REWRITTEN.iter().any(|(file, _)| *file == name) || name.contains("_32bit");
                assert!(allowed, "{name}: {refusal}");
            }
        }
    }
    assert!(shown >= 80, "{shown}");
}

/// The picture is the one pydicom makes of the same pixels: in colour, and in grey through the window (PS3.3 C.11.2).
#[test]
fn previews_show_what_pydicom_shows() {
    const SCRIPT: &str = "
import os, sys, warnings, numpy as np, pydicom
from pydicom.pixels import apply_color_lut, apply_modality_lut
warnings.simplefilter('ignore')
for path in sys.argv[2:]:
    d = pydicom.dcmread(path, force=True)
    a = d.pixel_array
    a = a[0] if d.get('NumberOfFrames', 1) > 1 else a
    if d.PhotometricInterpretation == 'PALETTE COLOR':
        a = apply_color_lut(a, d)
        a = a / (255 if a.max() > 255 else 1)
    elif d.SamplesPerPixel == 1:
        a = apply_modality_lut(a, d).astype(np.float64)
        if 'WindowCenter' in d:
            c, w = (float(np.atleast_1d(d[t].value)[0]) for t in ('WindowCenter', 'WindowWidth'))
            a = ((a - (c - 0.5)) / (w - 1) + 0.5).clip(0, 1) * 255
        else:
            a = (a - a.min()) / max(a.max() - a.min(), 1) * 255
        a = 255 - a if d.PhotometricInterpretation == 'MONOCHROME1' else a
    a.clip(0, 255).astype(np.uint8).tofile(os.path.join(sys.argv[1], os.path.basename(path)))
";
    const FILES: &[&str] = &[
        "CT_small.dcm",
        "MR_small.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_implicit.dcm",
        "MR_small_RLE.dcm",
        "ExplVR_BigEnd.dcm",
        "SC_rgb_small_odd_big_endian.dcm",
        "SC_rgb_small_odd.dcm",
        "SC_rgb_rle_2frame.dcm",
        "SC_rgb_gdcm_KY.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
        "examples_palette.dcm",
        "examples_rgb_color.dcm",
        "examples_jpeg2k.dcm",
        "image_dfl.dcm",
        "liver_1frame.dcm",
        "liver_expb_1frame.dcm",
        "rtdose_1frame.dcm",
        "rtdose_expb_1frame.dcm",
        "SC_rgb_jls_lossy_line.dcm",
        "SC_rgb_dcmtk_+eb+cr.dcm",
        "693_J2KI.dcm",
        "J2K_pixelrep_mismatch.dcm",
    ];
    let (Some(data), Some(python)) = (data(), neighbour(pydicom::python(), "pydicom")) else { return };
    let paths: Vec<PathBuf> = FILES.iter().map(|file| data.join("test_files").join(file)).collect();
    let out = tempfile::tempdir().unwrap();
    let said = Command::new(python).args(["-c", SCRIPT]).arg(out.path()).args(&paths).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let mut wrong = Vec::new();
    for path in &paths {
        let expected = std::fs::read(out.path().join(name(path))).unwrap();
        let jpeg = preview(&Source::file(path), 0, 4096).unwrap();
        let picture = image::load_from_memory(&jpeg).unwrap();
        let shown =
            if picture.color().has_color() { picture.to_rgb8().into_raw() } else { picture.to_luma8().into_raw() };
        let off: u64 = expected.iter().zip(&shown).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = off as f64 / expected.len().max(1) as f64;
        if expected.len() != shown.len() || mean > 4.0 {
            wrong.push(format!("{}: {} and {} bytes, {mean:.1} apart", name(path), expected.len(), shown.len()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
