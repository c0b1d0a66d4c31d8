//! Rewriting an object in Explicit VR Little Endian, for media that allow nothing else (STD-GEN-CD).
//!
//! Element values and decoded pixels stay equal and nothing else changes, except what describes the encoding itself:
//! preamble and file meta information are ours; Photometric Interpretation and Planar Configuration name what decoding
//! gave (PS3.5 section 8.2); extended offset tables and retired group lengths, which would be false, are left out.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use dicom_core::dictionary::VirtualVr;
use dicom_core::{Tag, VR};

use crate::codec::{Frames, decodable, not_decodable};
use crate::dictionary::{unit, virtual_vr};
use crate::pixels::PixelFacts;
use crate::read::{encoding_of, input_of};
use crate::scan::{Element, Event, Scanner, has_short_length};
use crate::source::Source;
use crate::syntax::{EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax};
use crate::{Header, Limits, Note, Refusal, file_meta, read_header, tags};

/// Rewrites the object in `from` as a Part 10 file `to` in Explicit VR Little Endian, and returns what the new file
/// says. Lossless sources keep their pixels to the bit; lossy ones are decoded once. A file that could not be finished
/// is removed.
///
/// # Errors
/// A [`Refusal`]: everything [`read_header`] refuses, what has no decoder (12-bit lossy JPEG, video), and images over
/// [`Limits::MAX_DECODED_BYTES`].
pub fn transcode_to_explicit_le(from: &Path, to: &Path) -> Result<Header, Refusal> {
    let source = Source::file(from);
    let header = read_header(&source)?;
    let syntax = TransferSyntax::of(&header.transfer_syntax)
        .ok_or_else(|| Refusal::UnknownTransferSyntax { uid: header.transfer_syntax.to_string() })?;
    if let Some(facts) = &header.pixels {
        decodable(syntax, facts)?;
    }
    let written = write(&source, &header, syntax, to).and_then(|()| read_header(&Source::file(to)));
    match written {
        Ok(mut new) => {
            if is_lossy(syntax) && header.text(tags::LOSSY_IMAGE_COMPRESSION).as_deref() != Some("01") {
                new.notes.push(Note::LossyNotDeclared);
            }
            Ok(new)
        }
        Err(refusal) => {
            // A removal that fails leaves a file no later step asks for.
            let _ = std::fs::remove_file(to);
            Err(refusal)
        }
    }
}

fn is_lossy(syntax: &TransferSyntax) -> bool {
    use crate::syntax::PixelEncoding;
    syntax.pixels == PixelEncoding::JpegLossy || syntax.uid == "1.2.840.10008.1.2.4.81"
}

fn write(source: &Source, header: &Header, syntax: &TransferSyntax, to: &Path) -> Result<(), Refusal> {
    let mut out = Out { file: BufWriter::with_capacity(256 << 10, File::create(to).map_err(cannot_write)?) };
    out.put(&file_meta(&header.sop_class_uid, &header.sop_instance_uid, EXPLICIT_VR_LITTLE_ENDIAN))?;
    if syntax.is_encapsulated() {
        decode_into(source, header, &mut out)?;
    } else if syntax.is_deflated() || encoding_of(header)? == crate::scan::Encoding::EXPLICIT_LE {
        let mut input = input_of(source, header)?;
        let n = input.len() - input.pos();
        input.stream(n, |bytes| out.put(bytes))?;
    } else {
        let scanner = Scanner::new(input_of(source, header)?, encoding_of(header)?);
        Rewriter { scanner, out: &mut out, signed: vec![None], bits_allocated: 0 }.run()?;
    }
    out.file.flush().map_err(cannot_write)
}

struct Out {
    file: BufWriter<File>,
}

impl Out {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.file.write_all(bytes).map_err(cannot_write)
    }

    /// The head of an element in Explicit VR Little Endian (PS3.5 §7.1.2).
    fn head(&mut self, tag: Tag, vr: VR, len: u32) -> Result<(), Refusal> {
        self.tag(tag)?;
        self.put(vr.to_string().as_bytes())?;
        match u16::try_from(len) {
            Ok(short) if has_short_length(vr) => self.put(&short.to_le_bytes()),
            Ok(_) | Err(_) => {
                self.put(&[0, 0])?;
                self.put(&len.to_le_bytes())
            }
        }
    }

    fn tag(&mut self, tag: Tag) -> Result<(), Refusal> {
        self.put(&tag.0.to_le_bytes())?;
        self.put(&tag.1.to_le_bytes())
    }

    /// An item or a delimiter.
    fn mark(&mut self, element: u16, len: u32) -> Result<(), Refusal> {
        self.tag(Tag(0xFFFE, element))?;
        self.put(&len.to_le_bytes())
    }
}

fn cannot_write(error: std::io::Error) -> Refusal {
    Refusal::CannotWrite { message: error.to_string() }
}

const UNDEFINED: u32 = u32::MAX;

// ---- native sources: element by element ------------------------------------------------------------------------

/// Writes every element of an Implicit VR or Big Endian data set again, without recursion.
struct Rewriter<'a> {
    scanner: Scanner,
    out: &'a mut Out,
    /// Pixel Representation of the data set and of each open item: it decides between US and SS.
    signed: Vec<Option<bool>>,
    /// Bits Allocated of the data set, for the byte order of pixel cells wider than a word.
    bits_allocated: u16,
}

impl Rewriter<'_> {
    fn run(&mut self) -> Result<(), Refusal> {
        loop {
            match self.scanner.next()? {
                Event::Value(element) => self.value(element)?,
                Event::SequenceStart(element) => self.out.head(element.tag, VR::SQ, UNDEFINED)?,
                Event::ItemStart => {
                    self.signed.push(None);
                    self.out.mark(0xE000, UNDEFINED)?;
                }
                Event::ItemEnd => {
                    self.signed.pop();
                    self.out.mark(0xE00D, 0)?;
                }
                Event::SequenceEnd => self.out.mark(0xE0DD, 0)?,
                Event::FragmentsStart(_) | Event::Fragment { .. } | Event::FragmentsEnd => {
                    return Err(not_decodable("compressed pixel data stand under an uncompressed transfer syntax"));
                }
                Event::End { .. } => return Ok(()),
            }
        }
    }

    fn value(&mut self, element: Element) -> Result<(), Refusal> {
        if element.tag.1 == 0 {
            return Ok(());
        }
        let len = element.len.unwrap_or(0);
        let len32 = u32::try_from(len).map_err(|_| too_large(len))?;
        if matches!(element.tag, tags::PIXEL_REPRESENTATION | tags::BITS_ALLOCATED) && len >= 2 {
            self.remember(element)?;
        }
        let mut vr = element.vr.unwrap_or_else(|| self.resolve(element.tag));
        if has_short_length(vr) && len > 0xFFFE {
            // PS3.5 §6.2.2: a value too long for a 16-bit length is written as UN.
            vr = VR::UN;
        }
        self.out.head(element.tag, vr, len32)?;
        let unit = if element.encoding.big_endian { self.unit(element, vr) } else { 1 };
        let out = &mut *self.out;
        if unit == 1 {
            return self.scanner.stream(|bytes| out.put(bytes));
        }
        // Pieces of a long value may end within a number.
        let mut carry: Vec<u8> = Vec::new();
        self.scanner.stream(|bytes| {
            carry.extend_from_slice(bytes);
            let whole = carry.len() - carry.len() % unit;
            carry[..whole].chunks_exact_mut(unit).for_each(<[u8]>::reverse);
            out.put(&carry[..whole])?;
            carry.drain(..whole);
            Ok(())
        })?;
        self.out.put(&carry)
    }

    fn unit(&self, element: Element, vr: VR) -> usize {
        // Cells of 32 bits in OW: the writers met in the field turn whole cells, not words.
        if element.tag == tags::PIXEL_DATA && vr == VR::OW && self.bits_allocated == 32 { 4 } else { unit(vr) }
    }

    fn remember(&mut self, element: Element) -> Result<(), Refusal> {
        let big = element.encoding.big_endian;
        let value = self.scanner.value()?;
        let number = match (value.first_chunk(), big) {
            (Some(b), true) => u16::from_be_bytes(*b),
            (Some(b), false) => u16::from_le_bytes(*b),
            (None, _) => return Ok(()),
        };
        if element.tag == tags::BITS_ALLOCATED {
            if self.signed.len() == 1 {
                self.bits_allocated = number;
            }
        } else if let Some(here) = self.signed.last_mut() {
            *here = Some(number == 1);
        }
        Ok(())
    }

    /// The value representation in Implicit VR (PS3.5 A.1, PS3.6): unknown attributes become UN.
    fn resolve(&self, tag: Tag) -> VR {
        match virtual_vr(tag) {
            Some(VirtualVr::Exact(vr)) => vr,
            Some(VirtualVr::Xs) => {
                let signed = self.signed.iter().rev().find_map(|signed| *signed).unwrap_or(false);
                if signed { VR::SS } else { VR::US }
            }
            Some(VirtualVr::Ox | VirtualVr::Px | VirtualVr::Lt) => VR::OW,
            // The type is open to additions; what a later dictionary adds we do not know.
            Some(_) | None => VR::UN,
        }
    }
}

// ---- encapsulated sources: the data set as it stands, the pixels decoded --------------------------------------

/// What is done at one place of the data set.
enum Change {
    Photometric,
    Planar,
    Pixels,
    Drop,
}

fn decode_into(source: &Source, header: &Header, out: &mut Out) -> Result<(), Refusal> {
    let (changes, end) = places(source, header)?;
    let Some(facts) = header.pixels.as_ref().filter(|facts| facts.encapsulated) else {
        let mut input = input_of(source, header)?;
        return input.stream(end - header.dataset_offset, |bytes| out.put(bytes));
    };
    let total = facts.native_len();
    let padded = total + total % 2;
    if padded > Limits::MAX_DECODED_BYTES {
        return Err(too_large(padded));
    }
    let frames = Frames::open(source, header)?;
    let first = frames.decode(0)?;
    let mut input = input_of(source, header)?;
    for (change, from, to) in changes {
        let before = from - input.pos();
        input.stream(before, |bytes| out.put(bytes))?;
        input.skip(to - from)?;
        match change {
            Change::Drop => {}
            Change::Photometric => {
                put_text(out, tags::PHOTOMETRIC_INTERPRETATION, VR::CS, &first.photometric)?;
                if facts.samples_per_pixel > 1 && facts.planar_configuration.is_none() {
                    put_planar(out)?;
                }
            }
            Change::Planar => put_planar(out)?,
            Change::Pixels => put_pixels(out, facts, &frames, &first.samples, padded as u32)?,
        }
    }
    let rest = end - input.pos();
    input.stream(rest, |bytes| out.put(bytes))
}

fn put_pixels(out: &mut Out, facts: &PixelFacts, frames: &Frames, first: &[u8], len: u32) -> Result<(), Refusal> {
    // PS3.5 §8.1.2: OW above eight bits.
    let vr = if facts.bits_allocated > 8 { VR::OW } else { VR::OB };
    out.head(tags::PIXEL_DATA, vr, len)?;
    out.put(first)?;
    for frame in 1..facts.frames {
        out.put(&frames.decode(frame)?.samples)?;
    }
    if facts.native_len() % 2 == 1 { out.put(&[0]) } else { Ok(()) }
}

fn put_planar(out: &mut Out) -> Result<(), Refusal> {
    out.head(tags::PLANAR_CONFIGURATION, VR::US, 2)?;
    out.put(&[0, 0])
}

fn put_text(out: &mut Out, tag: Tag, vr: VR, text: &str) -> Result<(), Refusal> {
    out.head(tag, vr, (text.len() + text.len() % 2) as u32)?;
    out.put(text.as_bytes())?;
    if text.len() % 2 == 1 { out.put(b" ") } else { Ok(()) }
}

/// A change, and the bytes it replaces.
type Place = (Change, u64, u64);

/// Where the data set must change, in order, and where it ends.
fn places(source: &Source, header: &Header) -> Result<(Vec<Place>, u64), Refusal> {
    let mut scanner = Scanner::new(input_of(source, header)?, encoding_of(header)?);
    let mut changes = Vec::new();
    let decoding = header.pixels.as_ref().is_some_and(|facts| facts.encapsulated);
    loop {
        match scanner.next()? {
            Event::Value(element) if scanner.depth() == 0 && decoding => {
                if let Some(change) = change_of(element.tag) {
                    changes.push((change, element.at, element.value_at + element.len.unwrap_or(0)));
                }
            }
            Event::FragmentsStart(element) => {
                if scanner.depth() > 1 {
                    return Err(not_decodable("an icon or other image inside the object is compressed"));
                }
                while scanner.next()? != Event::FragmentsEnd {}
                changes.push((Change::Pixels, element.at, scanner.pos()));
            }
            Event::End { left } => return Ok((changes, scanner.len() - left)),
            Event::Value(_)
            | Event::SequenceStart(_)
            | Event::ItemStart
            | Event::ItemEnd
            | Event::SequenceEnd
            | Event::Fragment { .. }
            | Event::FragmentsEnd => {}
        }
    }
}

fn change_of(tag: Tag) -> Option<Change> {
    match tag {
        tags::PHOTOMETRIC_INTERPRETATION => Some(Change::Photometric),
        tags::PLANAR_CONFIGURATION => Some(Change::Planar),
        tags::EXTENDED_OFFSET_TABLE
        | tags::EXTENDED_OFFSET_TABLE_LENGTHS
        | tags::ENCAPSULATED_PIXEL_DATA_VALUE_TOTAL_LENGTH
        | Tag(0x0028, 0x0000)
        | Tag(0x7FE0, 0x0000) => Some(Change::Drop),
        _ => None,
    }
}

fn too_large(bytes: u64) -> Refusal {
    Refusal::TooLargeToDecode { bytes, limit: Limits::MAX_DECODED_BYTES }
}
