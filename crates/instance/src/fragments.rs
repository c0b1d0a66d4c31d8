//! Encapsulated pixel data (PS3.5 A.4): which fragments make which frame.

use std::ops::Range;

use crate::Refusal;
use crate::codec::not_decodable;
use crate::pixels::PixelFacts;
use crate::source::{Bytes, Source};

/// The fragments of one object, by frame.
pub(crate) struct Fragments {
    bytes: Bytes,
    /// Where each fragment's bytes are.
    places: Vec<Range<u64>>,
    /// Which fragments each frame has.
    frames: Vec<Range<usize>>,
}

/// More fragments than this are no image: memory for their places stays bounded.
const MAX_FRAGMENTS: usize = 1 << 22;

impl Fragments {
    pub(crate) fn walk(source: &Source, facts: &PixelFacts) -> Result<Fragments, Refusal> {
        let bytes = source.open()?;
        let end = facts.pixel_offset + facts.pixel_len;
        let mut places = Vec::new();
        let mut table = Vec::new();
        let mut at = facts.pixel_offset;
        let mut first = true;
        loop {
            let mut head = [0; 8];
            bytes.read_exact_at(&mut head, at)?;
            let is_item = head[..4] == [0xFE, 0xFF, 0x00, 0xE0];
            let len = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
            at += 8;
            if !is_item {
                break;
            }
            if len > end.saturating_sub(at) || places.len() >= MAX_FRAGMENTS {
                return Err(not_decodable("the fragments have changed"));
            }
            if first {
                table = offset_table(&bytes, at, len, facts)?;
            } else {
                places.push(at..at + len);
            }
            first = false;
            at += len;
        }
        let frames = frames_of(&bytes, &places, &table, facts)?;
        Ok(Fragments { bytes, places, frames })
    }

    /// The bytes of one frame, its fragments joined.
    pub(crate) fn frame(&self, frame: u32) -> Result<Vec<u8>, Refusal> {
        let Some(range) = self.frames.get(frame as usize) else {
            return Err(Refusal::NoSuchFrame { frame, frames: self.frames.len() as u32 });
        };
        let places = &self.places[range.clone()];
        let total: u64 = places.iter().map(|place| place.end - place.start).sum();
        let mut joined = vec![0; total as usize];
        let mut rest = joined.as_mut_slice();
        for place in places {
            let (here, after) = rest.split_at_mut((place.end - place.start) as usize);
            self.bytes.read_exact_at(here, place.start)?;
            rest = after;
        }
        Ok(joined)
    }
}

/// The Basic Offset Table; empty when it has no entry for each frame.
fn offset_table(bytes: &Bytes, at: u64, len: u64, facts: &PixelFacts) -> Result<Vec<u64>, Refusal> {
    if len != u64::from(facts.frames) * 4 {
        return Ok(Vec::new());
    }
    let mut table = vec![0; len as usize];
    bytes.read_exact_at(&mut table, at)?;
    Ok(table.chunks_exact(4).map(|b| u64::from(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect())
}

fn frames_of(
    bytes: &Bytes,
    places: &[Range<u64>],
    table: &[u64],
    facts: &PixelFacts,
) -> Result<Vec<Range<usize>>, Refusal> {
    let frames = facts.frames as usize;
    if frames == 1 {
        return Ok(std::iter::once(0..places.len()).collect());
    }
    if places.len() == frames {
        return Ok((0..frames).map(|frame| frame..frame + 1).collect());
    }
    let starts = starts_by_table(places, table).map_or_else(|| starts_by_marker(bytes, places), Ok)?;
    if starts.len() != frames || starts.first() != Some(&0) {
        return Err(not_decodable("it cannot be told which fragments make which frame"));
    }
    let ends = starts.iter().skip(1).copied().chain([places.len()]);
    Ok(starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect())
}

/// Offsets count from the first byte of the first fragment's item tag.
fn starts_by_table(places: &[Range<u64>], table: &[u64]) -> Option<Vec<usize>> {
    let base = places.first()?.start - 8;
    if table.is_empty() {
        return None;
    }
    table.iter().map(|offset| places.binary_search_by_key(&(base + offset + 8), |place| place.start).ok()).collect()
}

/// Without a table: fragments that begin with a code stream's first marker (JPEG and JPEG-LS FFD8, JPEG 2000 FF4F).
fn starts_by_marker(bytes: &Bytes, places: &[Range<u64>]) -> Result<Vec<usize>, Refusal> {
    let mut starts = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let mut head = [0; 2];
        if place.end - place.start >= 2 {
            bytes.read_exact_at(&mut head, place.start)?;
        }
        if head == [0xFF, 0xD8] || head == [0xFF, 0x4F] {
            starts.push(index);
        }
    }
    Ok(starts)
}
