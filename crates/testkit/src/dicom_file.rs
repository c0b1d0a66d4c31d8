//! A DICOM Part 10 writer small enough to be read: sorted elements, explicit lengths, nothing inferred.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Implicit VR Little Endian.
pub const IMPLICIT_LE: &str = "1.2.840.10008.1.2";
/// Explicit VR Little Endian.
pub const EXPLICIT_LE: &str = "1.2.840.10008.1.2.1";
/// RLE Lossless.
pub const RLE_LOSSLESS: &str = "1.2.840.10008.1.2.5";

/// (group, element).
pub type Tag = (u16, u16);

/// A value as it stands in the file.
#[derive(Clone, Debug)]
enum Value {
    Bytes(Arc<[u8]>),
    Items(Vec<DataSet>),
    Fragments(Vec<Vec<u8>>),
}

/// A data set under construction: elements by tag, values as bytes.
#[derive(Clone, Debug, Default)]
pub struct DataSet {
    elements: BTreeMap<Tag, ([u8; 2], Value)>,
}

impl DataSet {
    /// An empty data set.
    pub fn new() -> Self {
        DataSet::default()
    }

    /// Puts raw bytes, padded to an even length as the VR asks.
    pub fn bytes(&mut self, tag: Tag, vr: &str, value: impl Into<Vec<u8>>) -> &mut Self {
        let mut value = value.into();
        if value.len() % 2 == 1 {
            value.push(if matches!(vr, "UI" | "OB" | "OW" | "UN") { 0 } else { b' ' });
        }
        self.put(tag, vr, Value::Bytes(value.into()))
    }

    /// Puts text: several values are separated by `\`.
    pub fn text(&mut self, tag: Tag, vr: &str, value: &str) -> &mut Self {
        self.bytes(tag, vr, value.as_bytes())
    }

    /// Puts US values.
    pub fn us(&mut self, tag: Tag, values: &[u16]) -> &mut Self {
        self.bytes(tag, "US", values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
    }

    /// Puts a sequence.
    pub fn items(&mut self, tag: Tag, items: Vec<DataSet>) -> &mut Self {
        self.put(tag, "SQ", Value::Items(items))
    }

    /// Puts native pixels without copying them; the length must be even.
    pub fn pixels(&mut self, vr: &str, pixels: Arc<[u8]>) -> &mut Self {
        assert!(pixels.len().is_multiple_of(2), "pixel data of odd length");
        self.put((0x7FE0, 0x0010), vr, Value::Bytes(pixels))
    }

    /// Puts encapsulated pixels, one fragment a frame (PS3.5 A.4).
    pub fn fragments(&mut self, fragments: Vec<Vec<u8>>) -> &mut Self {
        self.put((0x7FE0, 0x0010), "OB", Value::Fragments(fragments))
    }

    fn put(&mut self, tag: Tag, vr: &str, value: Value) -> &mut Self {
        let vr = vr.as_bytes();
        self.elements.insert(tag, ([vr[0], vr[1]], value));
        self
    }

    pub(crate) fn text_of(&self, tag: Tag) -> String {
        match self.elements.get(&tag) {
            Some((_, Value::Bytes(bytes))) => String::from_utf8_lossy(bytes).trim_end_matches(['\0', ' ']).to_owned(),
            Some((_, Value::Items(_) | Value::Fragments(_))) | None => String::new(),
        }
    }

    /// The encoded data set.
    pub fn encode(&self, explicit: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(2048);
        self.encode_into(explicit, &mut out);
        out
    }

    fn encode_into(&self, explicit: bool, out: &mut Vec<u8>) {
        for (tag, (vr, value)) in &self.elements {
            match value {
                Value::Bytes(bytes) => {
                    head(out, *tag, *vr, explicit, bytes.len() as u32);
                    out.extend_from_slice(bytes);
                }
                Value::Items(items) => {
                    let mut body = Vec::new();
                    for item in items {
                        let encoded = item.encode(explicit);
                        item_head(&mut body, (0xFFFE, 0xE000), encoded.len() as u32);
                        body.extend_from_slice(&encoded);
                    }
                    head(out, *tag, *vr, explicit, body.len() as u32);
                    out.extend_from_slice(&body);
                }
                Value::Fragments(fragments) => {
                    head(out, *tag, *vr, explicit, u32::MAX);
                    item_head(out, (0xFFFE, 0xE000), 0);
                    for fragment in fragments {
                        item_head(out, (0xFFFE, 0xE000), fragment.len() as u32);
                        out.extend_from_slice(fragment);
                    }
                    item_head(out, (0xFFFE, 0xE0DD), 0);
                }
            }
        }
    }

    /// The whole Part 10 file: preamble of zeros, file meta group, data set.
    pub fn part10(&self, transfer_syntax: &str) -> Vec<u8> {
        let mut meta = DataSet::new();
        meta.bytes((2, 1), "OB", vec![0, 1]);
        meta.text((2, 2), "UI", &self.text_of((8, 0x16)));
        meta.text((2, 3), "UI", &self.text_of((8, 0x18)));
        meta.text((2, 0x10), "UI", transfer_syntax);
        meta.text((2, 0x12), "UI", "2.25.301374569215884610931147022155804711937");
        meta.text((2, 0x13), "SH", "SYNTHETIC_1");
        let meta = meta.encode(true);
        let mut out = vec![0u8; 128];
        out.extend_from_slice(b"DICM");
        head(&mut out, (2, 0), *b"UL", true, 4);
        out.extend_from_slice(&(meta.len() as u32).to_le_bytes());
        out.extend_from_slice(&meta);
        self.encode_into(transfer_syntax != IMPLICIT_LE, &mut out);
        out
    }
}

fn head(out: &mut Vec<u8>, tag: Tag, vr: [u8; 2], explicit: bool, len: u32) {
    out.extend_from_slice(&tag.0.to_le_bytes());
    out.extend_from_slice(&tag.1.to_le_bytes());
    if !explicit {
        out.extend_from_slice(&len.to_le_bytes());
        return;
    }
    out.extend_from_slice(&vr);
    // PS3.5 §7.1.2: these VRs have a 32-bit length after two reserved bytes.
    if matches!(&vr, b"OB" | b"OW" | b"OF" | b"OD" | b"OL" | b"SQ" | b"UC" | b"UN" | b"UR" | b"UT") {
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&len.to_le_bytes());
    } else {
        let len = u16::try_from(len).expect("a short VR holds less than 64 KiB");
        out.extend_from_slice(&len.to_le_bytes());
    }
}

fn item_head(out: &mut Vec<u8>, tag: Tag, len: u32) {
    out.extend_from_slice(&tag.0.to_le_bytes());
    out.extend_from_slice(&tag.1.to_le_bytes());
    out.extend_from_slice(&len.to_le_bytes());
}

/// One frame of 8-bit samples as an RLE Lossless fragment (PS3.5 Annex G): one segment a sample, packed by row.
pub fn rle_frame(interleaved: &[u8], columns: usize, samples: usize) -> Vec<u8> {
    let mut segments = Vec::new();
    for sample in 0..samples {
        let plane: Vec<u8> = interleaved.iter().skip(sample).step_by(samples).copied().collect();
        let mut segment = Vec::with_capacity(plane.len() / 2);
        plane.chunks(columns).for_each(|row| pack_bits(row, &mut segment));
        if segment.len() % 2 == 1 {
            segment.push(0);
        }
        segments.push(segment);
    }
    let mut header = [0u32; 16];
    header[0] = samples as u32;
    let mut offset = 64;
    for (k, segment) in segments.iter().enumerate() {
        header[k + 1] = offset;
        offset += segment.len() as u32;
    }
    let mut out: Vec<u8> = header.iter().flat_map(|v| v.to_le_bytes()).collect();
    segments.iter().for_each(|segment| out.extend_from_slice(segment));
    out
}

fn pack_bits(row: &[u8], out: &mut Vec<u8>) {
    let run_at = |i: usize| row[i..].iter().take(128).take_while(|b| **b == row[i]).count();
    let mut i = 0;
    while i < row.len() {
        let run = run_at(i);
        if run >= 3 {
            out.extend_from_slice(&[(257 - run) as u8, row[i]]);
            i += run;
            continue;
        }
        let start = i;
        while i < row.len() && i - start < 128 && run_at(i) < 3 {
            i += 1;
        }
        out.push((i - start - 1) as u8);
        out.extend_from_slice(&row[start..i]);
    }
}

/// A UID under `2.25.` (PS3.5 B.2) that depends on the parts only: the same generator writes the same UIDs.
pub fn uid(parts: &[&str]) -> String {
    let (mut a, mut b) = (0xcbf2_9ce4_8422_2325_u64, 0x9e37_79b9_7f4a_7c15_u64);
    for byte in parts.iter().flat_map(|p| p.bytes().chain([0x1f])) {
        a = (a ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        b = (b ^ u64::from(byte).rotate_left(17)).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(29);
    }
    let (a, b) = (mix(a), mix(b));
    format!("2.25.{}", (u128::from(a) << 64 | u128::from(b)) | 1)
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A file still to be written: its path and what makes its bytes.
pub type Pending = (PathBuf, Box<dyn FnOnce() -> Vec<u8> + Send>);

/// Writes the files with every core, making the folders they need; returns the bytes written.
///
/// # Errors
/// The first that writing met; the rest is not written.
pub fn write_all(files: Vec<Pending>) -> io::Result<u64> {
    let folders: std::collections::BTreeSet<&Path> = files.iter().filter_map(|(path, _)| path.parent()).collect();
    folders.into_iter().try_for_each(std::fs::create_dir_all)?;
    let cores = std::thread::available_parallelism().map_or(2, |n| n.get());
    let slots: Vec<Mutex<Option<Pending>>> = files.into_iter().map(|file| Mutex::new(Some(file))).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut written = 0u64;
        while let Some(slot) = slots.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some((path, make)) = slot.lock().expect("no holder panics").take() else { continue };
            let bytes = make();
            std::fs::File::create(&path)?.write_all(&bytes)?;
            written += bytes.len() as u64;
        }
        Ok::<u64, io::Error>(written)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|t| t.join().expect("a writer panicked")).sum()
    })
}
