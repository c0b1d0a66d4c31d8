//! Run-length encoding (PS3.5 Annex G).

use super::not_decodable;
use crate::Refusal;
use crate::pixels::PixelFacts;

/// Decodes one frame. The segments are byte planes, most significant first, sample after sample (G.2).
pub(super) fn decode(packed: &[u8], facts: &PixelFacts) -> Result<Vec<u8>, Refusal> {
    if !facts.bits_allocated.is_multiple_of(8) {
        return Err(not_decodable("run-length encoding of single bits"));
    }
    let pixels = facts.rows as usize * facts.columns as usize;
    let width = usize::from(facts.bits_allocated / 8);
    let samples = usize::from(facts.samples_per_pixel);
    let n_segments = width * samples;
    let number = |at: usize| -> Option<usize> {
        packed.get(at * 4..at * 4 + 4).and_then(|b| b.first_chunk()).map(|b| u32::from_le_bytes(*b) as usize)
    };
    if number(0) != Some(n_segments) || n_segments > 15 {
        return Err(not_decodable("the number of run-length segments does not fit the image"));
    }
    let mut out = vec![0; pixels * n_segments];
    let mut plane = Vec::with_capacity(pixels);
    for segment in 0..n_segments {
        let from = number(segment + 1).unwrap_or(usize::MAX);
        let to = if segment + 1 < n_segments { number(segment + 2).unwrap_or(0) } else { packed.len() };
        let bytes = packed.get(from..to).ok_or_else(|| not_decodable("a run-length segment is out of bounds"))?;
        unpack(bytes, pixels, &mut plane)?;
        let (sample, byte) = (segment / width, width - 1 - segment % width);
        for (cell, value) in out.chunks_exact_mut(n_segments).zip(&plane) {
            cell[sample * width + byte] = *value;
        }
    }
    Ok(out)
}

/// One segment (G.3.2): literal runs, repeated bytes, and 128 that means nothing.
fn unpack(bytes: &[u8], pixels: usize, plane: &mut Vec<u8>) -> Result<(), Refusal> {
    plane.clear();
    let mut rest = bytes;
    while plane.len() < pixels {
        let Some((&control, after)) = rest.split_first() else {
            return Err(not_decodable("a run-length segment ends too early"));
        };
        let room = pixels - plane.len();
        rest = match control {
            0..=127 => {
                let n = usize::from(control) + 1;
                let literal = after.get(..n).ok_or_else(|| not_decodable("a run-length segment ends too early"))?;
                plane.extend_from_slice(&literal[..n.min(room)]);
                &after[n..]
            }
            128 => after,
            129..=255 => {
                let Some((&value, after)) = after.split_first() else {
                    return Err(not_decodable("a run-length segment ends too early"));
                };
                let n = 257 - usize::from(control);
                plane.resize(plane.len() + n.min(room), value);
                after
            }
        };
    }
    Ok(())
}
