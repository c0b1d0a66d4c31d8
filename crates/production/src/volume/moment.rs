//! When a volume was made, as each file system writes it.

use jiff::Zoned;

/// When a volume was made, with the offset from Greenwich in quarters of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Year, month, day, hour, minute, second.
    parts: [u16; 6],
    /// Quarters of an hour east of Greenwich, −48 to +52.
    offset: i8,
}

impl Moment {
    /// To the second, which is what both file systems show; clamped to the years ISO 9660 has.
    pub fn of(at: &Zoned) -> Moment {
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

    /// Seven bytes of a directory record, ECMA-119 §9.1.5.
    pub fn in_record(self) -> [u8; 7] {
        let [year, rest @ ..] = self.parts;
        let rest = rest.map(|n| n as u8);
        [(year - 1900) as u8, rest[0], rest[1], rest[2], rest[3], rest[4], self.offset as u8]
    }

    /// Seventeen bytes of a volume descriptor, ECMA-119 §8.4.26.1.
    pub fn in_descriptor(self) -> [u8; 17] {
        let [year, month, day, hour, minute, second] = self.parts;
        let digits = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}00");
        let mut field = [0; 17];
        field[..16].copy_from_slice(digits.as_bytes());
        field[16] = self.offset as u8;
        field
    }

    /// Reads [`Moment::in_descriptor`].
    pub fn from_descriptor(field: &[u8]) -> Option<Moment> {
        let digits = std::str::from_utf8(field.get(..16)?).ok()?;
        let number = |from: usize, to: usize| digits.get(from..to)?.parse::<u16>().ok();
        let parts = [number(0, 4)?, number(4, 6)?, number(6, 8)?, number(8, 10)?, number(10, 12)?, number(12, 14)?];
        let offset = *field.get(16)? as i8;
        ((1900..=2155).contains(&parts[0])).then_some(Moment { parts, offset })
    }

    /// Twelve bytes of a timestamp, ECMA-167 1/7.3: local time with its offset in minutes.
    pub fn in_timestamp(self) -> [u8; 12] {
        let [year, month, day, hour, minute, second] = self.parts;
        let zone = (i16::from(self.offset) * 15) as u16 & 0xFFF;
        let ([t0, t1], [y0, y1]) = ((LOCAL_TIME | zone).to_le_bytes(), year.to_le_bytes());
        [t0, t1, y0, y1, month as u8, day as u8, hour as u8, minute as u8, second as u8, 0, 0, 0]
    }

    /// Reads [`Moment::in_timestamp`]; another program's finer offset is no moment of ours.
    pub fn from_timestamp(field: &[u8]) -> Option<Moment> {
        let field: &[u8; 12] = field.get(..12)?.try_into().ok()?;
        let kind = u16::from_le_bytes([field[0], field[1]]);
        let year = u16::from_le_bytes([field[2], field[3]]);
        // Twelve bits with their sign.
        let minutes = ((kind << 4) as i16) >> 4;
        let parts = [year, field[4].into(), field[5].into(), field[6].into(), field[7].into(), field[8].into()];
        let ours = kind & 0xF000 == LOCAL_TIME && minutes % 15 == 0 && (1900..=2155).contains(&year);
        ours.then(|| i8::try_from(minutes / 15).ok()).flatten().map(|offset| Moment { parts, offset })
    }
}

/// The type of a timestamp that says its offset from Greenwich, ECMA-167 1/7.3.1.
const LOCAL_TIME: u16 = 0x1000;
