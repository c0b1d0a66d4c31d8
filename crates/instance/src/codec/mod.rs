//! Decoding one frame of encapsulated pixel data.
//!
//! The decoders are other people's code that meets hostile bytes, so before each the code stream's own header is
//! compared with the description of the image: a decoder never makes room for something we did not expect.

mod jpeg;
mod rle;
mod stream;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dicom_encoding::adapters::{PixelDataObject, RawPixelData};
use dicom_encoding::{Codec, TransferSyntaxIndex};
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

use crate::fragments::Fragments;
use crate::pixels::PixelFacts;
use crate::source::Source;
use crate::syntax::{PixelEncoding, TransferSyntax};
use crate::{Header, Limits, Refusal};

/// Opens the encapsulated frames of one object.
pub(crate) struct Frames {
    syntax: &'static TransferSyntax,
    facts: PixelFacts,
    fragments: Fragments,
}

/// How the samples of a decoded frame are to be read (PS3.3 C.7.6.3.1.2). More than one sample a pixel always comes
/// pixel by pixel (Planar Configuration 0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) samples: Vec<u8>,
    pub(crate) photometric: String,
}

impl Frames {
    pub(crate) fn open(source: &Source, header: &Header) -> Result<Frames, Refusal> {
        let facts = header.pixels.clone().ok_or(Refusal::NoPixels)?;
        let syntax = TransferSyntax::of(&header.transfer_syntax)
            .ok_or_else(|| Refusal::UnknownTransferSyntax { uid: header.transfer_syntax.to_string() })?;
        decodable(syntax, &facts)?;
        let fragments = Fragments::walk(source, &facts)?;
        Ok(Frames { syntax, facts, fragments })
    }

    /// One frame as native samples in little endian.
    pub(crate) fn decode(&self, frame: u32) -> Result<Decoded, Refusal> {
        let packed = self.fragments.frame(frame)?;
        let expected = self.facts.native_frame_len() as usize;
        let outcome = catch_unwind(AssertUnwindSafe(|| self.decode_packed(packed)));
        let mut decoded = match outcome {
            Ok(decoded) => decoded?,
            Err(_) => return Err(not_decodable("the decoder failed")),
        };
        if decoded.samples.len() != expected {
            let why = format!("{} bytes came out instead of {expected}", decoded.samples.len());
            return Err(Refusal::NotDecodable { why });
        }
        if self.syntax.pixels != PixelEncoding::Rle {
            extend_sign(&self.facts, &mut decoded.samples);
        }
        Ok(decoded)
    }

    fn decode_packed(&self, packed: Vec<u8>) -> Result<Decoded, Refusal> {
        let facts = &self.facts;
        let unchanged = |samples| Decoded { samples, photometric: full_chroma(&facts.photometric) };
        match self.syntax.pixels {
            PixelEncoding::JpegLossy => jpeg::decode_lossy(&packed, facts),
            PixelEncoding::JpegLossless => jpeg::decode_lossless(&packed, facts).map(unchanged),
            PixelEncoding::JpegLs => {
                let planar = stream::check_jpeg_ls(&packed, facts)?;
                let samples = self.by_registry(packed)?;
                Ok(unchanged(if planar { pixel_by_pixel(&samples, facts) } else { samples }))
            }
            PixelEncoding::Jpeg2000 => {
                stream::check_jpeg_2000(&packed, facts)?;
                let samples = self.by_registry(packed)?;
                // PS3.5 §8.2.4: the decoder has undone the component transformation these two name.
                let transformed = matches!(facts.photometric.as_str(), "YBR_RCT" | "YBR_ICT");
                let photometric = if transformed { "RGB".to_owned() } else { full_chroma(&facts.photometric) };
                Ok(Decoded { samples, photometric })
            }
            PixelEncoding::Rle => rle::decode(&packed, facts).map(unchanged),
            PixelEncoding::Native | PixelEncoding::Video | PixelEncoding::Other => {
                Err(not_decodable("no decoder for this transfer syntax"))
            }
        }
    }

    fn by_registry(&self, packed: Vec<u8>) -> Result<Vec<u8>, Refusal> {
        let none = || not_decodable("no decoder for this transfer syntax");
        let entry = TransferSyntaxRegistry.get(self.syntax.uid).ok_or_else(none)?;
        let Codec::EncapsulatedPixelData(Some(reader), _) = entry.codec() else { return Err(none()) };
        let frame = OneFrame { uid: self.syntax.uid, facts: &self.facts, packed };
        let mut samples = Vec::new();
        reader
            .decode_frame(&frame, 0, &mut samples)
            .map_err(|error| Refusal::NotDecodable { why: error.to_string() })?;
        Ok(samples)
    }
}

/// Whether pixel data under this transfer syntax can be decoded here at all, and within the limits.
pub(crate) fn decodable(syntax: &TransferSyntax, facts: &PixelFacts) -> Result<(), Refusal> {
    let refuse = |why: &str| {
        Err(Refusal::TransferSyntaxNotDecodable {
            uid: syntax.uid.to_owned(),
            name: syntax.name.to_owned(),
            why: why.to_owned(),
        })
    };
    match syntax.pixels {
        PixelEncoding::JpegLossy if facts.bits_allocated > 8 => return refuse("12-bit lossy JPEG has no decoder"),
        PixelEncoding::Video => return refuse("it is a video stream"),
        PixelEncoding::Other => return refuse("there is no decoder for it"),
        PixelEncoding::Native
        | PixelEncoding::JpegLossy
        | PixelEncoding::JpegLossless
        | PixelEncoding::JpegLs
        | PixelEncoding::Jpeg2000
        | PixelEncoding::Rle => {}
    }
    let frame = facts.native_frame_len();
    if frame > Limits::MAX_FRAME_BYTES {
        return Err(Refusal::TooLargeToDecode { bytes: frame, limit: Limits::MAX_FRAME_BYTES });
    }
    Ok(())
}

pub(crate) fn not_decodable(why: &str) -> Refusal {
    Refusal::NotDecodable { why: why.to_owned() }
}

/// A decoder gives every pixel its own chrominance, so the name that says otherwise no longer holds.
fn full_chroma(photometric: &str) -> String {
    if photometric == "YBR_FULL_422" { "YBR_FULL".to_owned() } else { photometric.to_owned() }
}

/// Fills the bits above the sign with copies of it, where samples are signed and narrower than their cell: readers
/// that do not mask then see the same number as those that do.
fn extend_sign(facts: &PixelFacts, samples: &mut [u8]) {
    let right_aligned = facts.high_bit + 1 == facts.bits_stored;
    if !facts.signed || facts.bits_allocated != 16 || facts.bits_stored >= 16 || !right_aligned {
        return;
    }
    let shift = 16 - facts.bits_stored;
    for cell in samples.chunks_exact_mut(2) {
        let value = (i16::from_le_bytes([cell[0], cell[1]]) << shift) >> shift;
        cell.copy_from_slice(&value.to_le_bytes());
    }
}

/// From plane by plane to pixel by pixel.
pub(crate) fn pixel_by_pixel(planes: &[u8], facts: &PixelFacts) -> Vec<u8> {
    let samples = usize::from(facts.samples_per_pixel);
    let width = usize::from(facts.bits_allocated / 8);
    let plane = planes.len() / samples.max(1);
    let mut out = vec![0; planes.len()];
    for (sample, values) in planes.chunks_exact(plane.max(1)).enumerate() {
        for (pixel, value) in values.chunks_exact(width).enumerate() {
            let at = (pixel * samples + sample) * width;
            out[at..at + width].copy_from_slice(value);
        }
    }
    out
}

/// One frame, as the decoders of dicom-rs wish to see an object.
struct OneFrame<'a> {
    uid: &'a str,
    facts: &'a PixelFacts,
    packed: Vec<u8>,
}

impl PixelDataObject for OneFrame<'_> {
    fn transfer_syntax_uid(&self) -> &str {
        self.uid
    }
    fn rows(&self) -> Option<u16> {
        u16::try_from(self.facts.rows).ok()
    }
    fn cols(&self) -> Option<u16> {
        u16::try_from(self.facts.columns).ok()
    }
    fn samples_per_pixel(&self) -> Option<u16> {
        Some(self.facts.samples_per_pixel)
    }
    fn bits_allocated(&self) -> Option<u16> {
        Some(self.facts.bits_allocated)
    }
    fn bits_stored(&self) -> Option<u16> {
        Some(self.facts.bits_stored)
    }
    fn photometric_interpretation(&self) -> Option<&str> {
        Some(&self.facts.photometric)
    }
    fn number_of_frames(&self) -> Option<u32> {
        Some(1)
    }
    fn number_of_fragments(&self) -> Option<u32> {
        Some(1)
    }
    fn fragment(&self, fragment: usize) -> Option<Cow<'_, [u8]>> {
        (fragment == 0).then_some(Cow::Borrowed(&self.packed))
    }
    fn offset_table(&self) -> Option<Cow<'_, [u32]>> {
        Some(Cow::Borrowed(&[0]))
    }
    fn raw_pixel_data(&self) -> Option<RawPixelData> {
        Some(RawPixelData { fragments: vec![self.packed.clone()].into(), offset_table: vec![0].into() })
    }
}
