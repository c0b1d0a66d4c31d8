//! What a code stream says about itself, compared with what the object says, before a decoder sees it.

use super::not_decodable;
use crate::Refusal;
use crate::pixels::PixelFacts;

/// The frame header of a JPEG or JPEG-LS stream (ISO/IEC 10918-1 B.2.2), and what colour rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct JpegHeader {
    pub(super) precision: u8,
    pub(super) rows: u32,
    pub(super) columns: u32,
    pub(super) components: u8,
    /// The marker: C0 baseline, C1 extended, C2 progressive, C3 lossless, F7 JPEG-LS.
    pub(super) process: u8,
    /// `transform` of an Adobe APP14 segment.
    pub(super) adobe_transform: Option<u8>,
    /// Whether component identifiers are the letters R, G, B.
    pub(super) rgb_letters: bool,
    /// Components in the first scan.
    pub(super) components_in_scan: u8,
    /// JPEG-LS interleave mode of the first scan.
    pub(super) interleave: u8,
}

/// Reads markers up to the first scan.
pub(super) fn jpeg_header(stream: &[u8]) -> Option<JpegHeader> {
    let mut header = JpegHeader::default();
    let mut rest = stream.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let marker = loop {
            let (&byte, after) = rest.split_first()?;
            if byte != 0xFF {
                return None;
            }
            rest = after;
            let (&marker, after) = rest.split_first()?;
            if marker != 0xFF {
                rest = after;
                break marker;
            }
        };
        let len = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
        let segment = rest.get(2..len)?;
        rest = rest.get(len..)?;
        match marker {
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF | 0xF7 => frame_header(marker, segment, &mut header)?,
            0xEE if segment.starts_with(b"Adobe") => header.adobe_transform = segment.get(11).copied(),
            0xDA => {
                header.components_in_scan = *segment.first()?;
                header.interleave = *segment.get(usize::from(header.components_in_scan) * 2 + 2)?;
                return (header.components > 0).then_some(header);
            }
            _ => {}
        }
    }
}

fn frame_header(marker: u8, segment: &[u8], header: &mut JpegHeader) -> Option<()> {
    let [precision, r1, r0, c1, c0, components, ..] = *segment else { return None };
    header.process = marker;
    header.precision = precision;
    header.rows = u32::from(u16::from_be_bytes([r1, r0]));
    header.columns = u32::from(u16::from_be_bytes([c1, c0]));
    header.components = components;
    let ids: Vec<u8> = segment[6..].iter().step_by(3).copied().take(3).collect();
    header.rgb_letters = ids == *b"RGB";
    Some(())
}

impl JpegHeader {
    /// The stream is the image the object describes.
    pub(super) fn check(&self, facts: &PixelFacts) -> Result<(), Refusal> {
        let same_size = self.rows == facts.rows && self.columns == facts.columns;
        if !same_size || u16::from(self.components) != facts.samples_per_pixel {
            return Err(disagrees());
        }
        let cell = if self.precision <= 8 { 8 } else { 16 };
        if facts.bits_allocated != cell || !(2..=16).contains(&self.precision) {
            return Err(not_decodable("the compressed image has another depth than the object says"));
        }
        Ok(())
    }
}

/// Checks a JPEG-LS stream; whether its components come plane by plane.
pub(super) fn check_jpeg_ls(stream: &[u8], facts: &PixelFacts) -> Result<bool, Refusal> {
    let header = jpeg_header(stream).ok_or_else(|| not_decodable("the JPEG-LS stream has no header"))?;
    header.check(facts)?;
    // Without its end marker (and at most padding after it) the stream is cut, over which the decoder loses itself.
    let end = stream.iter().rposition(|byte| *byte != 0).unwrap_or(0);
    if stream.get(end.saturating_sub(1)..=end) != Some(&[0xFF, 0xD9]) {
        return Err(not_decodable("the JPEG-LS stream has no end"));
    }
    Ok(header.components > 1 && header.interleave == 0)
}

/// Checks a JPEG 2000 or HTJ2K code stream by its SIZ segment (ISO/IEC 15444-1 A.5.1).
pub(super) fn check_jpeg_2000(stream: &[u8], facts: &PixelFacts) -> Result<(), Refusal> {
    let at = code_stream_start(stream);
    let siz =
        at.and_then(|at| stream.get(at + 4..)).ok_or_else(|| not_decodable("the JPEG 2000 stream has no header"))?;
    let number = |at: usize| siz.get(at..at + 4).and_then(|b| b.first_chunk()).map(|b| u32::from_be_bytes(*b));
    let components = siz.get(36..38).and_then(|b| b.first_chunk()).map(|b| u16::from_be_bytes(*b));
    let (Some(x), Some(y), Some(x0), Some(y0), Some(components)) =
        (number(4), number(8), number(12), number(16), components)
    else {
        return Err(not_decodable("the JPEG 2000 stream has no header"));
    };
    let same_size = x.checked_sub(x0) == Some(facts.columns) && y.checked_sub(y0) == Some(facts.rows);
    if !same_size || components != facts.samples_per_pixel {
        return Err(disagrees());
    }
    for component in 0..usize::from(components) {
        let Some([depth, dx, dy]) = siz.get(38 + component * 3..41 + component * 3).and_then(|b| b.first_chunk())
        else {
            return Err(not_decodable("the JPEG 2000 stream has no header"));
        };
        let bits = u16::from(depth & 0x7F) + 1;
        if (*dx, *dy) != (1, 1) || bits > facts.bits_allocated {
            return Err(not_decodable("the compressed image has another depth or sampling than the object says"));
        }
    }
    // Tiles: their number is bounded, or tables of them alone would fill the memory.
    let (Some(tile_x), Some(tile_y)) = (number(20), number(24)) else { return Err(disagrees()) };
    let tiles = u64::from(x.div_ceil(tile_x.max(1))) * u64::from(y.div_ceil(tile_y.max(1)));
    if tile_x == 0 || tile_y == 0 || tiles > 65_535 {
        return Err(not_decodable("the JPEG 2000 stream has an impossible number of tiles"));
    }
    Ok(())
}

/// Where the code stream begins: at once, or inside a JP2 file (which PS3.5 §8.2.4 does not allow, and some write).
fn code_stream_start(stream: &[u8]) -> Option<usize> {
    const START: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];
    const JP2: [u8; 8] = [0, 0, 0, 12, b'j', b'P', b' ', b' '];
    if stream.starts_with(&START) {
        return Some(0);
    }
    let boxes = stream.starts_with(&JP2).then(|| &stream[..stream.len().min(64 << 10)])?;
    let at = boxes.windows(8).position(|window| window[..4] == *b"jp2c" && window[4..] == START)?;
    Some(at + 4)
}

fn disagrees() -> Refusal {
    not_decodable("the compressed image has another size than the object says")
}
