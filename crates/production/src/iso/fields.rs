//! The fields volume descriptors and directories are made of: ECMA-119 §7 (numbers), §7.4 (characters), §8.4.26 (time).

use jiff::Zoned;

/// A 16-bit number in both byte orders, §7.2.3.
pub(super) fn both16(value: u16) -> [u8; 4] {
    let (l, b) = (value.to_le_bytes(), value.to_be_bytes());
    [l[0], l[1], b[0], b[1]]
}

/// A 32-bit number in both byte orders, §7.3.3.
pub(super) fn both32(value: u32) -> [u8; 8] {
    let (l, b) = (value.to_le_bytes(), value.to_be_bytes());
    [l[0], l[1], l[2], l[3], b[0], b[1], b[2], b[3]]
}

/// Reads [`both32`]; `None` when the two halves disagree.
pub(super) fn read_both32(bytes: &[u8]) -> Option<u32> {
    let l = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    let b = u32::from_be_bytes(bytes.get(4..8)?.try_into().ok()?);
    (l == b).then_some(l)
}

/// Text as characters of ISO 646, filled with spaces.
pub(super) fn ascii_field(text: &str, width: usize) -> Vec<u8> {
    let mut field: Vec<u8> = text.bytes().take(width).collect();
    field.resize(width, b' ');
    field
}

/// Text as big-endian UCS-2 (Joliet), filled with spaces; an odd last byte is zero.
pub(super) fn ucs2_field(text: &str, width: usize) -> Vec<u8> {
    let mut field: Vec<u8> = text.encode_utf16().take(width / 2).flat_map(u16::to_be_bytes).collect();
    while field.len() + 1 < width {
        field.extend([0, b' ']);
    }
    field.resize(width, 0);
    field
}

/// When a volume was made, with the offset from Greenwich in quarters of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Year, month, day, hour, minute, second.
    parts: [u16; 6],
    /// Quarters of an hour east of Greenwich, −48 to +52.
    offset: i8,
}

impl Moment {
    pub(super) fn of(at: &Zoned) -> Moment {
        let number = |n: i8| n.unsigned_abs() as u16;
        Moment {
            parts: [
                at.year().clamp(1900, 2155).unsigned_abs(),
                number(at.month()),
                number(at.day()),
                number(at.hour()),
                number(at.minute()),
                number(at.second()).min(59),
            ],
            offset: (at.offset().seconds() / 900).clamp(-48, 52) as i8,
        }
    }

    /// Seven bytes of a directory record, §9.1.5.
    pub(super) fn in_record(self) -> [u8; 7] {
        let [year, rest @ ..] = self.parts;
        let rest = rest.map(|n| n as u8);
        [(year - 1900) as u8, rest[0], rest[1], rest[2], rest[3], rest[4], self.offset as u8]
    }

    /// Seventeen bytes of a volume descriptor, §8.4.26.1.
    pub(super) fn in_descriptor(self) -> [u8; 17] {
        let [year, month, day, hour, minute, second] = self.parts;
        let digits = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}00");
        let mut field = [0; 17];
        field[..16].copy_from_slice(digits.as_bytes());
        field[16] = self.offset as u8;
        field
    }

    /// Reads [`Moment::in_descriptor`].
    pub(super) fn from_descriptor(field: &[u8]) -> Option<Moment> {
        let digits = std::str::from_utf8(field.get(..16)?).ok()?;
        let number = |from: usize, to: usize| digits.get(from..to)?.parse::<u16>().ok();
        let parts = [number(0, 4)?, number(4, 6)?, number(6, 8)?, number(8, 10)?, number(10, 12)?, number(12, 14)?];
        let offset = *field.get(16)? as i8;
        ((1900..=2155).contains(&parts[0])).then_some(Moment { parts, offset })
    }
}

/// A descriptor's date field that says "not given", §8.4.26.1.
pub(super) const NO_MOMENT: [u8; 17] = *b"0000000000000000\0";
