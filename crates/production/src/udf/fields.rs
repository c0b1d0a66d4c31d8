//! The fields descriptors are made of: tags with their checks (3/7.2), identifiers (1/7.4), texts (1/7.2), addresses (4/7.1).

use super::REVISION;
use crate::volume::APPLICATION;

/// Bytes of a descriptor's tag.
pub(super) const TAG: usize = 16;

/// CRC-16 of ECMA-167 7.2.6: x¹⁶ + x¹² + x⁵ + 1, beginning at zero.
pub(super) fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| crc << 8 ^ CRC[usize::from((crc >> 8) as u8 ^ byte)])
}

const CRC: [u16; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let (mut value, mut bit) = ((n as u16) << 8, 0);
        while bit < 8 {
            value = value << 1 ^ if value & 0x8000 == 0 { 0 } else { 0x1021 };
            bit += 1;
        }
        table[n] = value;
        n += 1;
    }
    table
};

/// Bytes of a descriptor under construction; its tag is filled in at the end.
pub(super) struct Descriptor(Vec<u8>);

impl Descriptor {
    /// Begins a descriptor with room for its tag.
    pub fn new() -> Descriptor {
        Descriptor(vec![0; TAG])
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Descriptor {
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn zeros(mut self, n: usize) -> Descriptor {
        self.0.resize(self.0.len() + n, 0);
        self
    }

    pub fn u16(self, value: u16) -> Descriptor {
        self.bytes(&value.to_le_bytes())
    }

    pub fn u32(self, value: u32) -> Descriptor {
        self.bytes(&value.to_le_bytes())
    }

    pub fn u64(self, value: u64) -> Descriptor {
        self.bytes(&value.to_le_bytes())
    }

    /// Bytes of an extent and its first block: `extent_ad` and `short_ad`, 3/7.1 and 4/14.14.1.
    pub fn short(self, bytes: u64, block: u64) -> Descriptor {
        self.u32(bytes as u32).u32(block as u32)
    }

    /// `long_ad`, 4/14.14.2: the block is in a partition; a file's unique identifier follows where UDF 2.3.4.3 wants it.
    pub fn long(self, bytes: u64, block: u64, partition: u16, unique: u64) -> Descriptor {
        self.u32(bytes as u32).u32(block as u32).u16(partition).u16(0).u32(unique as u32)
    }

    /// Fills up with zeros and writes the tag, which names the sector or block the descriptor is at.
    pub fn tagged(mut self, tag: u16, location: u64, length: usize) -> Vec<u8> {
        self.0.resize(length, 0);
        let mut bytes = self.0;
        let (crc, crc_length) = (crc(&bytes[TAG..]), (length - TAG) as u16);
        bytes[0..2].copy_from_slice(&tag.to_le_bytes());
        // The version of the third edition, and a serial number that says: of one formatting.
        bytes[2..4].copy_from_slice(&3_u16.to_le_bytes());
        bytes[6..8].copy_from_slice(&1_u16.to_le_bytes());
        bytes[8..10].copy_from_slice(&crc.to_le_bytes());
        bytes[10..12].copy_from_slice(&crc_length.to_le_bytes());
        bytes[12..16].copy_from_slice(&(location as u32).to_le_bytes());
        bytes[4] = checksum(&bytes);
        bytes
    }
}

/// The sum of a tag's other bytes, 3/7.2.3.
fn checksum(tag: &[u8]) -> u8 {
    tag[..TAG].iter().enumerate().filter(|(at, _)| *at != 4).fold(0, |sum, (_, byte)| sum.wrapping_add(*byte))
}

/// The tag's identifier, when the descriptor is whole and says it is at this place.
pub(super) fn tag_of(bytes: &[u8], location: u64) -> Option<u16> {
    let tag = bytes.get(..TAG)?;
    let number = |at: usize| u16::from_le_bytes([tag[at], tag[at + 1]]);
    let body = bytes.get(TAG..TAG + usize::from(number(10)))?;
    let whole = tag[4] == checksum(tag) && number(8) == crc(body) && matches!(number(2), 2 | 3);
    (whole && u32_at(tag, 12) == Some(location as u32)).then(|| number(0))
}

/// An entity identifier, 1/7.4, with a suffix after UDF 2.1.5.3.
fn entity(identifier: &str, suffix: &[u8]) -> [u8; 32] {
    let mut field = [0; 32];
    field[1..=identifier.len()].copy_from_slice(identifier.as_bytes());
    field[24..24 + suffix.len()].copy_from_slice(suffix);
    field
}

/// This program as the maker of a structure.
pub(super) fn implementation() -> [u8; 32] {
    entity(&format!("*{APPLICATION}"), &[])
}

/// The rules of UDF hold; bit 0 of the flags: it is write-protected for good.
pub(super) fn domain() -> [u8; 32] {
    let [low, high] = REVISION.to_le_bytes();
    entity("*OSTA UDF Compliant", &[low, high, 1])
}

/// Something UDF defines.
pub(super) fn of_udf(identifier: &str) -> [u8; 32] {
    entity(identifier, &REVISION.to_le_bytes())
}

/// Something ECMA-167 defines.
pub(super) fn of_ecma(identifier: &str) -> [u8; 32] {
    entity(identifier, &[])
}

/// The identifier of an entity read.
pub(super) fn entity_name(field: &[u8]) -> Option<&str> {
    let name = field.get(1..24)?;
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    std::str::from_utf8(&name[..end]).ok()
}

/// The character set of all texts, UDF 2.1.2.
pub(super) fn character_set() -> [u8; 64] {
    const NAME: &[u8] = b"OSTA Compressed Unicode";
    let mut field = [0; 64];
    field[1..=NAME.len()].copy_from_slice(NAME);
    field
}

/// A name as characters of eight bits, UDF 2.1.1.
pub(super) fn characters(text: &str) -> Vec<u8> {
    [&[8], text.as_bytes()].concat()
}

/// A text in a field of fixed width, 1/7.2.12: its last byte says how much of it is used.
pub(super) fn text_field(text: &str, width: usize) -> Vec<u8> {
    let mut field = characters(text);
    field.truncate(width - 1);
    let used = field.len();
    field.resize(width, 0);
    field[width - 1] = used as u8;
    field
}

/// Characters of eight or sixteen bits, unpaired surrogates replaced.
pub(super) fn text(characters: &[u8]) -> Option<String> {
    let (kind, characters) = characters.split_first()?;
    match kind {
        8 | 254 => Some(characters.iter().map(|byte| char::from(*byte)).collect()),
        16 | 255 => {
            let units: Vec<u16> =
                characters.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            Some(String::from_utf16_lossy(&units))
        }
        _ => None,
    }
}

/// Reads [`text_field`].
pub(super) fn text_of_field(field: &[u8]) -> String {
    let used = field.last().map_or(0, |used| usize::from(*used));
    field.get(..used.min(field.len().saturating_sub(1))).and_then(text).unwrap_or_default()
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of ECMA-167 7.2.6: 70 6A 77 gives 3299.
    #[test]
    fn the_check_is_that_of_the_standard() {
        assert_eq!(crc(&[0x70, 0x6A, 0x77]), 0x3299);
    }

    #[test]
    fn a_tag_names_its_place_and_is_found_damaged() {
        let bytes = Descriptor::new().u32(7).tagged(9, 64, 512);
        assert_eq!((bytes.len(), tag_of(&bytes, 64)), (512, Some(9)));
        assert_eq!(tag_of(&bytes, 65), None, "elsewhere");
        for at in 0..512 {
            let mut changed = bytes.clone();
            changed[at] ^= 4;
            // The reserved byte is the checksum's as well.
            assert_eq!(tag_of(&changed, 64), None, "byte {at}");
        }
    }

    #[test]
    fn texts_come_back() {
        let field = text_field("FD2345_1", 32);
        assert_eq!((field.len(), field[31], text_of_field(&field).as_str()), (32, 9, "FD2345_1"));
        assert_eq!(text(&[16, 0x73, 0x8B]).as_deref(), Some("王"));
        assert_eq!((text(&[7, 65]), text(&[])), (None, None));
    }
}
