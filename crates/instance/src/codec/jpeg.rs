//! JPEG (ISO/IEC 10918-1).

use jpeg_decoder::{ColorTransform, Decoder};

use super::stream::{JpegHeader, jpeg_header};
use super::{Decoded, not_decodable};
use crate::Refusal;
use crate::pixels::PixelFacts;

/// Lossy: colour comes out as RGB.
pub(super) fn decode_lossy(packed: &[u8], facts: &PixelFacts) -> Result<Decoded, Refusal> {
    let header = checked(packed, facts)?;
    if header.precision != 8 {
        return Err(not_decodable("12-bit lossy JPEG has no decoder"));
    }
    let transform = if is_ybr(&header, facts) { ColorTransform::YCbCr } else { ColorTransform::RGB };
    let samples = run(packed, facts, transform)?;
    let photometric = if facts.samples_per_pixel == 3 { "RGB".to_owned() } else { facts.photometric.clone() };
    Ok(Decoded { samples, photometric })
}

/// Lossless: the samples come out as they went in, in whatever colour space that was.
pub(super) fn decode_lossless(packed: &[u8], facts: &PixelFacts) -> Result<Vec<u8>, Refusal> {
    let header = checked(packed, facts)?;
    if header.process != 0xC3 {
        return Err(not_decodable("the stream is not lossless JPEG, as its transfer syntax says"));
    }
    run(packed, facts, ColorTransform::None)
}

fn checked(packed: &[u8], facts: &PixelFacts) -> Result<JpegHeader, Refusal> {
    let header = jpeg_header(packed).ok_or_else(|| not_decodable("the JPEG stream has no header"))?;
    header.check(facts)?;
    Ok(header)
}

/// Whether three components are luminance and chrominance. The stream's own Adobe segment knows best; otherwise the
/// object's Photometric Interpretation says (PS3.5 §8.2.1), not the habits of JPEG files elsewhere.
fn is_ybr(header: &JpegHeader, facts: &PixelFacts) -> bool {
    match header.adobe_transform {
        Some(transform) => transform != 0,
        None => facts.photometric.starts_with("YBR") && !header.rgb_letters,
    }
}

fn run(packed: &[u8], facts: &PixelFacts, transform: ColorTransform) -> Result<Vec<u8>, Refusal> {
    let mut decoder = Decoder::new(packed);
    decoder.set_max_decoding_buffer_size(facts.native_frame_len() as usize);
    if facts.samples_per_pixel == 3 {
        decoder.set_color_transform(transform);
    }
    decoder.decode().map_err(|error| Refusal::NotDecodable { why: error.to_string() })
}
