//! Images that other toolkits compressed: every pixel comes back, and a stream that lacks its end is refused.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use filmdesk_instance::{Source, read_header, tags, transcode_to_explicit_le};
use filmdesk_testkit::dicom_file::DataSet;
use support::*;

/// A picture with edges, a gradient and noise, so that every codec has work.
fn samples(n: usize, bits: u32, signed: bool, dice: &mut Dice) -> Vec<u32> {
    let top = 1u32 << bits;
    let smooth = (0..n).map(|k| (k as u32 * 7 / 3 + dice.roll(9) as u32 + if k % 97 < 30 { top / 3 } else { 0 }) % top);
    // Sign-extended into the cell.
    let extend = |v: u32| if signed && v >= top / 2 { v | !(top - 1) } else { v };
    smooth.map(extend).collect()
}

struct Kind {
    name: &'static str,
    allocated: u16,
    stored: u16,
    signed: bool,
    samples: u16,
    frames: usize,
}

const KINDS: &[Kind] = &[
    Kind { name: "ct-12", allocated: 16, stored: 12, signed: false, samples: 1, frames: 1 },
    Kind { name: "ct-16-signed", allocated: 16, stored: 16, signed: true, samples: 1, frames: 1 },
    Kind { name: "pt-16", allocated: 16, stored: 16, signed: false, samples: 1, frames: 1 },
    Kind { name: "us-8-frames", allocated: 8, stored: 8, signed: false, samples: 1, frames: 5 },
    Kind { name: "us-rgb-frames", allocated: 8, stored: 8, signed: false, samples: 3, frames: 3 },
];

fn object(kind: &Kind) -> DataSet {
    let (rows, columns) = (61u16, 83u16);
    let n = usize::from(rows) * usize::from(columns) * usize::from(kind.samples) * kind.frames;
    let mut object = identified();
    let photometric = if kind.samples == 3 { "RGB" } else { "MONOCHROME2" };
    object.text((8, 0x16), "UI", "1.2.840.10008.5.1.4.1.1.7").text((8, 8), "CS", "DERIVED\\SECONDARY");
    object.us((0x28, 2), &[kind.samples]).text((0x28, 4), "CS", photometric);
    if kind.samples == 3 {
        object.us((0x28, 6), &[0]);
    }
    if kind.frames > 1 {
        object.text((0x28, 8), "IS", &kind.frames.to_string());
    }
    object.us((0x28, 0x10), &[rows]).us((0x28, 0x11), &[columns]).us((0x28, 0x100), &[kind.allocated]);
    object.us((0x28, 0x101), &[kind.stored]).us((0x28, 0x102), &[kind.stored - 1]);
    object.us((0x28, 0x103), &[u16::from(kind.signed)]);
    let values = samples(n, u32::from(kind.stored), kind.signed, &mut Dice(n as u64));
    let width = usize::from(kind.allocated / 8);
    let pixels: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()[..width].to_vec()).collect();
    let vr = if width == 1 { "OB" } else { "OW" };
    object.bytes((0x7FE0, 0x10), vr, pixels);
    object
}

/// What compresses, with the transfer syntax it must arrive at.
const PACKERS: &[(&str, &[&str], &str)] = &[
    ("dcmcjpeg", &["+e1"], "1.2.840.10008.1.2.4.70"),
    ("dcmcjpeg", &["+el"], "1.2.840.10008.1.2.4.57"),
    ("dcmcrle", &[], "1.2.840.10008.1.2.5"),
    ("dcmcjpls", &[], "1.2.840.10008.1.2.4.80"),
    ("gdcmconv", &["--j2k"], "1.2.840.10008.1.2.4.90"),
    ("gdcmconv", &["--jpegls"], "1.2.840.10008.1.2.4.80"),
    ("gdcmconv", &["--jpeg"], "1.2.840.10008.1.2.4.70"),
    ("gdcmconv", &["--rle"], "1.2.840.10008.1.2.5"),
    ("dcmconv", &["+ti"], IMPLICIT),
    ("dcmconv", &["+tb"], BIG_ENDIAN),
    ("dcmconv", &["+td"], DEFLATED),
];

fn pack(program: &str, arguments: &[&str], from: &Path, to: &Path) -> Option<bool> {
    let done = Command::new(program).args(arguments).args([from, to]).output().ok();
    Some(neighbour(done, program)?.status.success() && to.exists())
}

#[test]
fn every_pixel_comes_back_from_every_lossless_codec() {
    let folder = tempfile::tempdir().unwrap();
    let mut compared = 0;
    for kind in KINDS {
        let from = folder.path().join(kind.name);
        std::fs::write(&from, object(kind).part10(ELE)).unwrap();
        let expected = pixel_bytes(&from);
        let photometric = read_header(&Source::file(&from)).unwrap().text(tags::PHOTOMETRIC_INTERPRETATION);
        for (program, arguments, syntax) in PACKERS {
            let what = format!("{} by {program} {arguments:?}", kind.name);
            let packed = folder.path().join(format!("{}-{program}-{}", kind.name, arguments.join("")));
            if pack(program, arguments, &from, &packed) != Some(true) {
                continue;
            }
            let header = read_header(&Source::file(&packed)).unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
            assert_eq!(header.transfer_syntax, *syntax, "{what}");
            let to = packed.with_extension("new");
            let new = transcode_to_explicit_le(&packed, &to).unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
            assert_eq!(new.text(tags::PHOTOMETRIC_INTERPRETATION), photometric, "{what}");
            assert!(pixel_bytes(&to) == expected, "{what}: pixels differ");
            compared += 1;
            if header.pixels.as_ref().is_some_and(|pixels| pixels.encapsulated) {
                refuses_half(&packed, &what);
            }
        }
    }
    assert!(compared >= 45, "{compared}");
}

fn pixel_bytes(path: &Path) -> Vec<u8> {
    let pixels = read_header(&Source::file(path)).unwrap().pixels.unwrap();
    let bytes = std::fs::read(path).unwrap();
    bytes[pixels.pixel_offset as usize..][..pixels.native_len() as usize].to_vec()
}

/// The last fragment cut to a half, its length corrected: the object is whole, the stream in it is not.
fn refuses_half(packed: &Path, what: &str) {
    let pixels = read_header(&Source::file(packed)).unwrap().pixels.unwrap();
    let bytes = std::fs::read(packed).unwrap();
    let mut at = pixels.pixel_offset as usize;
    let mut last = at;
    let len = |at: usize| u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
    while bytes[at..at + 4] == [0xFE, 0xFF, 0, 0xE0] {
        last = at;
        at += 8 + len(at);
    }
    let half = len(last) / 4 * 2;
    let mut cut = bytes[..last + 4].to_vec();
    cut.extend_from_slice(&(half as u32).to_le_bytes());
    cut.extend_from_slice(&bytes[last + 8..last + 8 + half]);
    cut.extend_from_slice(&bytes[at..]);
    let path: PathBuf = packed.with_extension("half");
    std::fs::write(&path, cut).unwrap();
    let to = packed.with_extension("half-new");
    let refusal = transcode_to_explicit_le(&path, &to).map(|_| ()).expect_err(&format!("{what}: half a stream passed"));
    assert_eq!(refusal.code(), "not-decodable", "{what}");
    assert!(!to.exists(), "{what}");
}
