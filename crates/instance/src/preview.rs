//! A small picture of one frame, for people to recognise a study by: never for diagnosis.

use std::collections::BTreeMap;

use dicom_core::Tag;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use crate::codec::{Frames, decodable, not_decodable, pixel_by_pixel};
use crate::pixels::{PixelFacts, SampleKind};
use crate::read::{encoding_of, input_of};
use crate::scan::{Event, Scanner};
use crate::source::Source;
use crate::syntax::TransferSyntax;
use crate::{Header, Limits, Refusal, read_header, tags};

const QUALITY: u8 = 85;

/// One frame as a JPEG whose longer side is at most `max_side` pixels (never enlarged). Grey values are shown through
/// the image's first window, or from its least to its greatest value; MONOCHROME1 is shown white on black as it should
/// be; pixels that are not square are made so. Overlays are not drawn.
///
/// # Errors
/// A [`Refusal`]: what [`read_header`] refuses, [`Refusal::NoPixels`], [`Refusal::NoSuchFrame`], and what cannot be
/// decoded.
pub fn preview(source: &Source, frame: u32, max_side: u32) -> Result<Vec<u8>, Refusal> {
    let header = read_header(source)?;
    let facts = header.pixels.as_ref().ok_or(Refusal::NoPixels)?;
    if frame >= facts.frames {
        return Err(Refusal::NoSuchFrame { frame, frames: facts.frames });
    }
    let (samples, photometric) = frame_samples(source, &header, facts, frame)?;
    let picture = match photometric.as_str() {
        "PALETTE COLOR" => palette(source, &header, facts, &samples)?,
        "RGB" | "YBR_FULL" | "YBR_FULL_422" => colour(facts, &photometric, samples)?,
        _ if facts.samples_per_pixel == 1 => grey(&header, facts, &samples)?,
        _ => return Err(not_decodable("its colours are of a kind that cannot be shown")),
    };
    encode(&shrink(picture, &header, facts, max_side.max(1)))
}

/// One frame in little endian, pixel by pixel, with what its samples mean.
fn frame_samples(
    source: &Source,
    header: &Header,
    facts: &PixelFacts,
    frame: u32,
) -> Result<(Vec<u8>, String), Refusal> {
    if facts.encapsulated {
        let decoded = Frames::open(source, header)?.decode(frame)?;
        return Ok((decoded.samples, decoded.photometric));
    }
    let syntax = TransferSyntax::of(&header.transfer_syntax)
        .ok_or_else(|| Refusal::UnknownTransferSyntax { uid: header.transfer_syntax.to_string() })?;
    decodable(syntax, facts)?;
    let samples = native_frame(source, header, facts, frame)?;
    let planar = facts.samples_per_pixel > 1 && facts.planar_configuration == Some(1);
    let samples = if planar { pixel_by_pixel(&samples, facts) } else { samples };
    Ok((samples, facts.photometric.clone()))
}

/// Bytes of a word of Pixel Data in Explicit VR, whose value representation stands eight bytes before the value: even
/// samples of eight bits are turned in pairs when they are written as OW.
fn pixel_word(source: &Source, facts: &PixelFacts) -> Result<u64, Refusal> {
    let mut vr = [0; 2];
    source.open()?.read_exact_at(&mut vr, facts.pixel_offset.saturating_sub(8))?;
    Ok(if &vr == b"OW" { 2 } else { 1 })
}

fn native_frame(source: &Source, header: &Header, facts: &PixelFacts, frame: u32) -> Result<Vec<u8>, Refusal> {
    if facts.bits_allocated == 1 {
        return single_bits(source, header, facts, frame);
    }
    let len = facts.native_frame_len();
    let from = u64::from(frame) * len;
    if !encoding_of(header)?.big_endian {
        return read_range(source, header, facts.pixel_offset + from, len);
    }
    // Words are turned where they stand: a frame of odd length may begin within one.
    let cell = u64::from(facts.bits_allocated / 8).max(pixel_word(source, facts)?);
    let start = from - from % cell;
    let end = (from + len).next_multiple_of(cell).min(facts.pixel_len);
    let mut samples = read_range(source, header, facts.pixel_offset + start, end - start)?;
    samples.chunks_exact_mut(cell as usize).for_each(<[u8]>::reverse);
    samples.drain(..(from - start) as usize);
    samples.truncate(len as usize);
    Ok(samples)
}

/// One bit a pixel, first pixel in the lowest bit (PS3.5 §8.1.1), widened to a byte each.
fn single_bits(source: &Source, header: &Header, facts: &PixelFacts, frame: u32) -> Result<Vec<u8>, Refusal> {
    let pixels = u64::from(facts.rows) * u64::from(facts.columns) * u64::from(facts.samples_per_pixel);
    let first = u64::from(frame) * pixels;
    let from = first / 8;
    let bytes = read_range(source, header, facts.pixel_offset + from, (first + pixels).div_ceil(8) - from)?;
    let bit = |at: u64| {
        let at = (first + at) - from * 8;
        bytes.get((at / 8) as usize).map_or(0, |byte| (byte >> (at % 8)) & 1)
    };
    Ok((0..pixels).map(bit).collect())
}

pub(crate) fn read_range(source: &Source, header: &Header, from: u64, len: u64) -> Result<Vec<u8>, Refusal> {
    let mut input = input_of(source, header)?;
    let before = from.checked_sub(input.pos()).ok_or_else(|| not_decodable("the file has changed"))?;
    input.skip(before)?;
    let mut samples = Vec::with_capacity(len.min(Limits::MAX_FRAME_BYTES) as usize);
    input.stream(len, |bytes| {
        samples.extend_from_slice(bytes);
        Ok(())
    })?;
    Ok(samples)
}

// ---- grey -----------------------------------------------------------------------------------------------------

fn grey(header: &Header, facts: &PixelFacts, samples: &[u8]) -> Result<Picture, Refusal> {
    let rescale = Rescale {
        slope: header.number(tags::RESCALE_SLOPE).filter(|slope| *slope != 0.0).unwrap_or(1.0),
        intercept: header.number(tags::RESCALE_INTERCEPT).unwrap_or(0.0),
    };
    let invert = facts.photometric == "MONOCHROME1";
    let values = Values::new(facts, samples)?;
    let window = Window::of(header).unwrap_or_else(|| values.range(header, rescale));
    let shade = |value: f64| {
        let shade = window.shade(rescale.apply(value));
        if invert { 255 - shade } else { shade }
    };
    let grey: Vec<u8> = match &values {
        Values::Byte { raw, facts } => {
            let table: Vec<u8> = (0..=255u16).map(|cell| shade(stored(cell, facts))).collect();
            raw.iter().map(|cell| table[usize::from(*cell)]).collect()
        }
        Values::Word { raw, facts } => {
            let table: Vec<u8> = (0..=u16::MAX).map(|cell| shade(stored(cell, facts))).collect();
            raw.chunks_exact(2).map(|b| table[usize::from(u16::from_le_bytes([b[0], b[1]]))]).collect()
        }
        Values::Wide(wide) => wide.iter().map(|value| shade(*value)).collect(),
    };
    Picture::new(facts, 1, grey)
}

/// Modality rescale (PS3.3 C.11.1): stored values to those a window is written for.
#[derive(Clone, Copy)]
struct Rescale {
    slope: f64,
    intercept: f64,
}

impl Rescale {
    fn apply(self, value: f64) -> f64 {
        value * self.slope + self.intercept
    }
}

/// A window (PS3.3 C.11.2.1.2.1).
#[derive(Clone, Copy)]
struct Window {
    center: f64,
    width: f64,
}

impl Window {
    fn of(header: &Header) -> Option<Window> {
        let center = header.number(tags::WINDOW_CENTER)?;
        let width = header.number(tags::WINDOW_WIDTH)?;
        (center.is_finite() && width.is_finite() && width >= 1.0).then_some(Window { center, width })
    }

    fn shade(self, x: f64) -> u8 {
        let (center, width) = (self.center - 0.5, (self.width - 1.0).max(f64::MIN_POSITIVE));
        let y = ((x - center) / width + 0.5) * 255.0;
        (y + 0.5) as u8
    }
}

/// The samples of a grey frame.
enum Values<'a> {
    Byte { raw: &'a [u8], facts: &'a PixelFacts },
    Word { raw: &'a [u8], facts: &'a PixelFacts },
    Wide(Vec<f64>),
}

impl<'a> Values<'a> {
    fn new(facts: &'a PixelFacts, raw: &'a [u8]) -> Result<Values<'a>, Refusal> {
        let wide = |width: usize, number: fn(&[u8]) -> f64| Values::Wide(raw.chunks_exact(width).map(number).collect());
        Ok(match (facts.kind, facts.bits_allocated) {
            (SampleKind::Integer, 1 | 8) => Values::Byte { raw, facts },
            (SampleKind::Integer, 16) => Values::Word { raw, facts },
            (SampleKind::Integer, 32) if facts.signed => wide(4, |b| f64::from(i32::from_le_bytes(four(b)))),
            (SampleKind::Integer, 32) => wide(4, |b| f64::from(u32::from_le_bytes(four(b)))),
            (SampleKind::Float, _) => wide(4, |b| f64::from(f32::from_le_bytes(four(b)))),
            (SampleKind::Double, _) => wide(8, |b| b.first_chunk().map_or(0.0, |b| f64::from_le_bytes(*b))),
            (SampleKind::Integer, _) => return Err(not_decodable("its samples have an unusual width")),
        })
    }

    /// From the least to the greatest value, padding left out (PS3.3 C.7.5.1.1.2).
    fn range(&self, header: &Header, rescale: Rescale) -> Window {
        // In Implicit VR it is kept as US, whatever the sign of the pixels.
        let signed = header.pixels.as_ref().is_some_and(|facts| facts.signed);
        let with_sign = |value: f64| if signed && value > 32_767.0 { value - 65_536.0 } else { value };
        let padding = header.number(tags::PIXEL_PADDING_VALUE).map(with_sign);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut see = |value: f64| {
            if value.is_finite() && Some(value) != padding {
                let value = rescale.apply(value);
                low = low.min(value);
                high = high.max(value);
            }
        };
        match self {
            Values::Byte { raw, facts } => raw.iter().for_each(|cell| see(stored(u16::from(*cell), facts))),
            Values::Word { raw, facts } => {
                raw.chunks_exact(2).for_each(|b| see(stored(u16::from_le_bytes([b[0], b[1]]), facts)));
            }
            Values::Wide(wide) => wide.iter().for_each(|value| see(*value)),
        }
        if low > high {
            return Window { center: 0.5, width: 1.0 };
        }
        let width = high - low;
        Window { center: low + width / 2.0 + 0.5, width: width + 1.0 }
    }
}

fn four(b: &[u8]) -> [u8; 4] {
    b.first_chunk().copied().unwrap_or_default()
}

/// The stored value in a cell of 8 or 16 bits: the bits up to High Bit, with their sign.
fn stored(cell: u16, facts: &PixelFacts) -> f64 {
    let low = (facts.high_bit + 1).saturating_sub(facts.bits_stored);
    let value = u32::from(cell) >> low;
    let bits = u32::from(facts.bits_stored.min(16));
    let value = value & ((1u32 << bits) - 1);
    if facts.signed && value >> (bits - 1) == 1 { f64::from(value) - f64::from(1u32 << bits) } else { f64::from(value) }
}

// ---- colour ---------------------------------------------------------------------------------------------------

fn colour(facts: &PixelFacts, photometric: &str, samples: Vec<u8>) -> Result<Picture, Refusal> {
    let mut rgb = match facts.bits_allocated {
        8 => samples,
        16 => {
            let down = facts.bits_stored.saturating_sub(8);
            samples.chunks_exact(2).map(|b| (u16::from_le_bytes([b[0], b[1]]) >> down).min(255) as u8).collect()
        }
        _ => return Err(not_decodable("its samples have an unusual width")),
    };
    if photometric == "YBR_FULL_422" && !facts.encapsulated {
        rgb = rgb.chunks_exact(4).flat_map(|b| [b[0], b[2], b[3], b[1], b[2], b[3]]).collect();
    }
    if photometric != "RGB" {
        rgb.chunks_exact_mut(3).for_each(ybr_to_rgb);
    }
    Picture::new(facts, 3, rgb)
}

/// PS3.3 C.7.6.3.1.2, YBR_FULL.
fn ybr_to_rgb(pixel: &mut [u8]) {
    let (y, cb, cr) = (f32::from(pixel[0]), f32::from(pixel[1]) - 128.0, f32::from(pixel[2]) - 128.0);
    let byte = |v: f32| v.round().clamp(0.0, 255.0) as u8;
    pixel.copy_from_slice(&[byte(y + 1.402 * cr), byte(y - 0.344_14 * cb - 0.714_14 * cr), byte(y + 1.772 * cb)]);
}

/// PALETTE COLOR: three lookup tables (PS3.3 C.7.9).
fn palette(source: &Source, header: &Header, facts: &PixelFacts, samples: &[u8]) -> Result<Picture, Refusal> {
    const TABLES: [(Tag, Tag); 3] = [
        (tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA),
        (tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA),
        (tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA),
    ];
    let wanted: Vec<Tag> = TABLES.iter().flat_map(|(descriptor, data)| [*descriptor, *data]).collect();
    let values = values_of(source, header, &wanted)?;
    let mut tables = Vec::new();
    for (descriptor, data) in TABLES {
        let table = values.get(&descriptor).zip(values.get(&data)).and_then(|(d, t)| Table::new(d, t));
        tables.push(table.ok_or_else(|| not_decodable("its colour tables are missing or segmented"))?);
    }
    let cells: Box<dyn Iterator<Item = u16>> = match facts.bits_allocated {
        8 => Box::new(samples.iter().map(|cell| u16::from(*cell))),
        16 => Box::new(samples.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]))),
        _ => return Err(not_decodable("its samples have an unusual width")),
    };
    let rgb = cells.flat_map(|cell| [0, 1, 2].map(|k: usize| tables[k].shade(cell))).collect();
    Picture::new(facts, 3, rgb)
}

struct Table {
    first: u16,
    shades: Vec<u8>,
}

impl Table {
    fn new(descriptor: &[u8], data: &[u8]) -> Option<Table> {
        let number = |at: usize| descriptor.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
        let entries = match number(0)? {
            0 => 65_536,
            n => usize::from(n),
        };
        let (first, bits) = (number(2)?, number(4)?);
        let words = || data.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
        let shades: Vec<u8> = match bits {
            8 if data.len() < entries * 2 => data.to_vec(),
            8 => words().map(|word| word as u8).collect(),
            // Some writers put eight bits into the low byte of sixteen.
            16 if words().all(|word| word < 256) => words().map(|word| word as u8).collect(),
            16 => words().map(|word| (word >> 8) as u8).collect(),
            _ => return None,
        };
        (shades.len() >= entries && entries > 0).then_some(Table { first, shades })
    }

    /// Values below the table show its first entry, values above its last.
    fn shade(&self, cell: u16) -> u8 {
        let at = usize::from(cell.saturating_sub(self.first)).min(self.shades.len() - 1);
        self.shades[at]
    }
}

/// A few values of the data set that no header keeps, in little endian.
fn values_of(source: &Source, header: &Header, wanted: &[Tag]) -> Result<BTreeMap<Tag, Vec<u8>>, Refusal> {
    const LONGEST: u64 = 1 << 18;
    let encoding = encoding_of(header)?;
    let mut scanner = Scanner::new(input_of(source, header)?, encoding);
    let mut values = BTreeMap::new();
    loop {
        match scanner.next()? {
            Event::End { .. } => return Ok(values),
            Event::Value(element) if scanner.depth() == 0 && wanted.contains(&element.tag) => {
                if element.len.is_some_and(|len| len > LONGEST) {
                    continue;
                }
                let mut value = Vec::new();
                scanner.stream(|bytes| {
                    value.extend_from_slice(bytes);
                    Ok(())
                })?;
                if encoding.big_endian {
                    value.chunks_exact_mut(2).for_each(<[u8]>::reverse);
                }
                values.insert(element.tag, value);
            }
            Event::Value(_)
            | Event::SequenceStart(_)
            | Event::ItemStart
            | Event::ItemEnd
            | Event::SequenceEnd
            | Event::FragmentsStart(_)
            | Event::Fragment { .. }
            | Event::FragmentsEnd => {}
        }
    }
}

// ---- size and file --------------------------------------------------------------------------------------------

/// A picture of 8 bits a sample, pixel by pixel.
struct Picture {
    width: usize,
    height: usize,
    /// 1 grey, 3 red, green and blue.
    samples: usize,
    bytes: Vec<u8>,
}

impl Picture {
    fn new(facts: &PixelFacts, samples: usize, bytes: Vec<u8>) -> Result<Picture, Refusal> {
        let (width, height) = (facts.columns as usize, facts.rows as usize);
        if bytes.len() != width * height * samples {
            return Err(not_decodable("the frame has another size than described"));
        }
        Ok(Picture { width, height, samples, bytes })
    }

    /// Another size, each new pixel the mean of those it covers (or the nearest one).
    fn resized(&self, width: usize, height: usize) -> Picture {
        let n = self.samples;
        let columns: Vec<(usize, usize)> = (0..width).map(|x| covered(x, self.width, width)).collect();
        let mut bytes = Vec::with_capacity(width * height * n);
        let mut sums = vec![0u32; width * n];
        for y in 0..height {
            let (top, bottom) = covered(y, self.height, height);
            sums.fill(0);
            for row in self.bytes.chunks_exact(self.width * n).take(bottom).skip(top) {
                for (sum, (left, right)) in sums.chunks_exact_mut(n).zip(&columns) {
                    for pixel in row[left * n..right * n].chunks_exact(n) {
                        sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += u32::from(*value));
                    }
                }
            }
            for (sum, (left, right)) in sums.chunks_exact(n).zip(&columns) {
                let area = ((right - left) * (bottom - top)) as u32;
                bytes.extend(sum.iter().map(|sum| ((sum + area / 2) / area) as u8));
            }
        }
        Picture { width, height, samples: n, bytes }
    }
}

/// The pixels from `0` to before `1` that pixel `at` of `new` covers of `old`: one at least.
fn covered(at: usize, old: usize, new: usize) -> (usize, usize) {
    let from = (at * old / new).min(old - 1);
    (from, ((at + 1) * old / new).max(from + 1))
}

fn shrink(picture: Picture, header: &Header, facts: &PixelFacts, max_side: u32) -> Picture {
    let (columns, rows) = (f64::from(facts.columns), f64::from(facts.rows) * pixel_height(header));
    let scale = (f64::from(max_side) / columns.max(rows)).min(1.0);
    let side = |n: f64| ((n * scale).round() as u32).clamp(1, max_side) as usize;
    let (width, height) = (side(columns), side(rows));
    if (width, height) == (picture.width, picture.height) { picture } else { picture.resized(width, height) }
}

/// The height of a pixel when its width is 1: from Pixel Aspect Ratio, or from Pixel Spacing (both row first).
fn pixel_height(header: &Header) -> f64 {
    let pair = |tag| -> Option<f64> {
        let values: Vec<f64> = header.texts(tag).iter().filter_map(|text| text.parse().ok()).collect();
        let ratio = values.first()? / values.get(1)?;
        (ratio.is_finite() && (0.1..=10.0).contains(&ratio)).then_some(ratio)
    };
    let spacing = || pair(tags::PIXEL_SPACING).or_else(|| pair(tags::IMAGER_PIXEL_SPACING));
    pair(tags::PIXEL_ASPECT_RATIO).or_else(spacing).unwrap_or(1.0)
}

fn encode(picture: &Picture) -> Result<Vec<u8>, Refusal> {
    let too_large = || not_decodable("the picture is larger than JPEG allows");
    let (Ok(width), Ok(height)) = (u16::try_from(picture.width), u16::try_from(picture.height)) else {
        return Err(too_large());
    };
    let colour = if picture.samples == 1 { ColorType::Luma } else { ColorType::Rgb };
    let mut jpeg = Vec::with_capacity(32 << 10);
    let mut encoder = Encoder::new(&mut jpeg, QUALITY);
    // Coloured letters and flow on grey ultrasound smear when chrominance is halved.
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder
        .encode(&picture.bytes, width, height, colour)
        .map_err(|error| Refusal::NotDecodable { why: error.to_string() })?;
    Ok(jpeg)
}
