//! What an object says about its pixel data, checked against what is there.

use serde::{Deserialize, Serialize};

use crate::attributes::DataSet;
use crate::{Refusal, tags};

/// How samples are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SampleKind {
    /// Pixel Data (7FE0,0010): whole numbers.
    Integer,
    /// Float Pixel Data (7FE0,0008): 32 bits.
    Float,
    /// Double Float Pixel Data (7FE0,0009): 64 bits.
    Double,
}

/// The pixel data of one object: the Image Pixel Module (PS3.3 C.7.6.3), and where the bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelFacts {
    /// Which of the three pixel data attributes.
    pub kind: SampleKind,
    /// Rows (0028,0010).
    pub rows: u32,
    /// Columns (0028,0011).
    pub columns: u32,
    /// Number of Frames (0028,0008), 1 when absent.
    pub frames: u32,
    /// Samples per Pixel (0028,0002).
    pub samples_per_pixel: u16,
    /// Bits Allocated (0028,0100).
    pub bits_allocated: u16,
    /// Bits Stored (0028,0101).
    pub bits_stored: u16,
    /// High Bit (0028,0102).
    pub high_bit: u16,
    /// Whether samples are signed: Pixel Representation (0028,0103).
    pub signed: bool,
    /// Photometric Interpretation (0028,0004).
    pub photometric: String,
    /// Planar Configuration (0028,0006), when there is more than one sample a pixel.
    pub planar_configuration: Option<u16>,
    /// Whether the pixel data are encapsulated (compressed) or native.
    pub encapsulated: bool,
    /// Number of fragments when encapsulated, the Basic Offset Table not counted.
    pub fragments: u32,
    /// Number of bytes of the value: native bytes, or fragments with their item heads.
    pub pixel_len: u64,
    /// Where the value begins, from the beginning of the object's bytes (of the inflated data set when deflated).
    pub pixel_offset: u64,
}

/// Where the walk found pixel data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) kind: SampleKind,
    pub(crate) encapsulated: bool,
    pub(crate) fragments: u32,
    /// Video carries all frames in one stream, often in one fragment (PS3.5 section 8.2.5).
    pub(crate) video: bool,
    pub(crate) len: u64,
    pub(crate) offset: u64,
}

impl PixelFacts {
    /// Bytes of the whole image when native (PS3.5 section 8.1), before the padding to an even number.
    pub fn native_len(&self) -> u64 {
        (self.native_frame_bits() * u128::from(self.frames)).div_ceil(8).min(u128::from(u64::MAX)) as u64
    }

    /// Bytes of one native frame; with one bit a pixel, frames need not begin on a byte.
    pub fn native_frame_len(&self) -> u64 {
        self.native_frame_bits().div_ceil(8).min(u128::from(u64::MAX)) as u64
    }

    fn native_frame_bits(&self) -> u128 {
        let pixels = u128::from(self.rows) * u128::from(self.columns);
        let bits = u128::from(self.bits_allocated);
        match self.photometric.as_str() {
            // PS3.3 C.7.6.3.1.2: chrominance is sampled at half the rate.
            "YBR_FULL_422" | "YBR_PARTIAL_422" if !self.encapsulated => pixels * 2 * bits,
            "YBR_PARTIAL_420" if !self.encapsulated => (pixels * 3).div_ceil(2) * bits,
            _ => pixels * u128::from(self.samples_per_pixel) * bits,
        }
    }

    /// Reads and checks the description of the pixel data that were found.
    pub(crate) fn check(
        data_set: DataSet<'_>,
        found: Found,
        notes: &mut Vec<crate::Note>,
    ) -> Result<PixelFacts, Refusal> {
        let facts = describe(data_set, found)?;
        facts.check_bits()?;
        if facts.encapsulated {
            facts.check_fragments(found)?;
        } else {
            let expected = facts.native_len();
            if found.len < expected {
                return Err(Refusal::PixelDataTruncated { expected, found: found.len, unit: "bytes".into() });
            }
            let excess = found.len - expected;
            if excess > 1 {
                notes.push(crate::Note::PixelDataExcess { bytes: excess });
            }
        }
        Ok(facts)
    }

    fn check_bits(&self) -> Result<(), Refusal> {
        let fault = |what: &str| Err(Refusal::BadPixelDescription { what: what.to_owned() });
        if self.rows == 0 || self.columns == 0 {
            return fault("Rows or Columns is 0");
        }
        if self.frames == 0 {
            return fault("Number of Frames is 0");
        }
        if !(1..=4).contains(&self.samples_per_pixel) {
            return fault("Samples per Pixel is none of 1 to 4");
        }
        let whole_bytes = self.bits_allocated.is_multiple_of(8) && (8..=64).contains(&self.bits_allocated);
        if !whole_bytes && self.bits_allocated != 1 && self.bits_allocated != 12 {
            return fault("Bits Allocated is no multiple of 8 up to 64");
        }
        if self.kind == SampleKind::Integer && (self.bits_stored == 0 || self.bits_stored > self.bits_allocated) {
            return fault("Bits Stored is 0 or more than Bits Allocated");
        }
        if self.kind == SampleKind::Integer && self.high_bit >= self.bits_allocated {
            return fault("High Bit is not within Bits Allocated");
        }
        Ok(())
    }

    fn check_fragments(&self, found: Found) -> Result<(), Refusal> {
        // PS3.5 A.4: each frame begins in a fragment of its own.
        if found.fragments == 0 || (found.fragments < self.frames && !found.video) {
            return Err(Refusal::PixelDataTruncated {
                expected: u64::from(self.frames),
                found: u64::from(found.fragments),
                unit: "frames".into(),
            });
        }
        Ok(())
    }
}

fn describe(data_set: DataSet<'_>, found: Found) -> Result<PixelFacts, Refusal> {
    let missing = |name: &str| Refusal::BadPixelDescription { what: format!("{name} is missing") };
    let unsigned = |tag, name: &str| -> Result<u16, Refusal> {
        data_set.unsigned(tag).and_then(|n| u16::try_from(n).ok()).ok_or_else(|| missing(name))
    };
    let frames = match data_set.text(tags::NUMBER_OF_FRAMES) {
        None => 1,
        Some(_) => data_set
            .unsigned(tags::NUMBER_OF_FRAMES)
            .and_then(|n| u32::try_from(n).ok())
            .ok_or_else(|| Refusal::BadPixelDescription { what: "Number of Frames is no number".into() })?,
    };
    let bits_allocated = match found.kind {
        SampleKind::Integer => unsigned(tags::BITS_ALLOCATED, "Bits Allocated")?,
        SampleKind::Float => 32,
        SampleKind::Double => 64,
    };
    let (bits_stored, high_bit) = match found.kind {
        SampleKind::Integer => {
            let stored = unsigned(tags::BITS_STORED, "Bits Stored")?;
            (stored, unsigned(tags::HIGH_BIT, "High Bit").unwrap_or(stored.saturating_sub(1)))
        }
        SampleKind::Float | SampleKind::Double => (bits_allocated, bits_allocated - 1),
    };
    Ok(PixelFacts {
        kind: found.kind,
        rows: unsigned(tags::ROWS, "Rows")?.into(),
        columns: unsigned(tags::COLUMNS, "Columns")?.into(),
        frames,
        samples_per_pixel: data_set.unsigned(tags::SAMPLES_PER_PIXEL).map_or(1, |n| n.min(99) as u16),
        bits_allocated,
        bits_stored,
        high_bit,
        signed: data_set.unsigned(tags::PIXEL_REPRESENTATION) == Some(1),
        photometric: data_set.text(tags::PHOTOMETRIC_INTERPRETATION).unwrap_or_default(),
        planar_configuration: data_set.unsigned(tags::PLANAR_CONFIGURATION).map(|n| n.min(99) as u16),
        encapsulated: found.encapsulated,
        fragments: found.fragments,
        pixel_len: found.len,
        pixel_offset: found.offset,
    })
}
