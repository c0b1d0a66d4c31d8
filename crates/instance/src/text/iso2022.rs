//! Code extension by ISO 2022 (PS3.5 §6.1.2.4, §6.1.2.5; PS3.3 tables C.12-2 to C.12-4).

use encoding_rs::Encoding;

use super::Reading;

/// A graphic character set that an escape sequence or Specific Character Set can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// ISO-IR 6, in G0.
    Ascii,
    /// ISO-IR 14, romaji of JIS X 0201, in G0, with ISO-IR 13, katakana, in G1.
    Katakana,
    Latin1,
    Latin2,
    Latin3,
    Latin4,
    Cyrillic,
    Arabic,
    Greek,
    Hebrew,
    Latin5,
    Latin9,
    Thai,
    /// ISO-IR 87, JIS X 0208, two bytes in G0.
    Kanji,
    /// ISO-IR 159, JIS X 0212, two bytes in G0.
    SupplementaryKanji,
    /// ISO-IR 149, KS X 1001, two bytes in G1.
    Hangul,
    /// ISO-IR 58, GB 2312, two bytes in G1.
    Hanzi,
}

use Set::*;

impl Set {
    /// By ISO registration number, as Specific Character Set gives it.
    pub(super) fn of_registration(number: &str) -> Option<Set> {
        Some(match number {
            "6" => Ascii,
            "13" => Katakana,
            "100" => Latin1,
            "101" => Latin2,
            "109" => Latin3,
            "110" => Latin4,
            "144" => Cyrillic,
            "127" => Arabic,
            "126" => Greek,
            "138" => Hebrew,
            "148" => Latin5,
            "203" => Latin9,
            "166" => Thai,
            "87" => Kanji,
            "159" => SupplementaryKanji,
            "149" => Hangul,
            "58" => Hanzi,
            _ => return None,
        })
    }

    fn is_in_g0(self) -> bool {
        matches!(self, Ascii | Kanji | SupplementaryKanji)
    }

    fn has_two_bytes(self) -> bool {
        matches!(self, Kanji | SupplementaryKanji | Hangul | Hanzi)
    }

    /// The encoding whose upper half is this set, where there is one.
    fn upper(self) -> Option<&'static Encoding> {
        Some(match self {
            Latin2 => encoding_rs::ISO_8859_2,
            Latin3 => encoding_rs::ISO_8859_3,
            Latin4 => encoding_rs::ISO_8859_4,
            Cyrillic => encoding_rs::ISO_8859_5,
            Arabic => encoding_rs::ISO_8859_6,
            Greek => encoding_rs::ISO_8859_7,
            Hebrew => encoding_rs::ISO_8859_8,
            Latin5 => encoding_rs::WINDOWS_1254,
            Latin9 => encoding_rs::ISO_8859_15,
            Thai => encoding_rs::WINDOWS_874,
            Kanji | SupplementaryKanji => encoding_rs::EUC_JP,
            Hangul => encoding_rs::EUC_KR,
            Hanzi => encoding_rs::GBK,
            Ascii | Katakana | Latin1 => return None,
        })
    }
}

/// Escape sequences without their ESC (PS3.3 tables C.12-3 and C.12-4), and the set each puts into its place. The last
/// two stand in older Japanese files.
const ESCAPES: &[(&[u8], Set)] = &[
    (b"(B", Ascii),
    (b"(J", Ascii),
    (b")I", Katakana),
    (b"-A", Latin1),
    (b"-B", Latin2),
    (b"-C", Latin3),
    (b"-D", Latin4),
    (b"-L", Cyrillic),
    (b"-G", Arabic),
    (b"-F", Greek),
    (b"-H", Hebrew),
    (b"-M", Latin5),
    (b"-b", Latin9),
    (b"-T", Thai),
    (b"$B", Kanji),
    (b"$(D", SupplementaryKanji),
    (b"$)C", Hangul),
    (b"$)A", Hanzi),
    (b"$@", Kanji),
    (b"$(B", Kanji),
];

struct State {
    g0: Set,
    g1: Set,
}

impl State {
    fn initial(first: Set) -> State {
        let g1 = if first.is_in_g0() { Ascii } else { first };
        State { g0: Ascii, g1 }
    }
}

/// Decodes a value field that begins in `first` and may change by escape sequences. Delimiters and control characters
/// reset to the beginning (§6.1.2.5.3).
pub(super) fn decode(first: Set, raw: &[u8]) -> (String, Reading) {
    let mut state = State::initial(first);
    let mut text = String::with_capacity(raw.len() * 2);
    let mut damaged = false;
    let mut rest = raw;
    while let Some(&byte) = rest.first() {
        if byte == 0x1B {
            match ESCAPES.iter().find(|(sequence, _)| rest[1..].starts_with(sequence)) {
                Some((sequence, set)) => {
                    if set.is_in_g0() {
                        state.g0 = *set
                    } else {
                        state.g1 = *set
                    }
                    rest = &rest[1 + sequence.len()..];
                }
                None => {
                    damaged = true;
                    rest = &rest[1..];
                }
            }
            continue;
        }
        let set = if byte < 0x80 { state.g0 } else { state.g1 };
        let two = set.has_two_bytes() && byte > 0x20 && rest.len() >= 2;
        if byte < 0x80 && !two {
            text.push(char::from(byte));
            if byte < 0x20 || matches!(byte, b'\\' | b'^' | b'=') {
                state = State::initial(first);
            }
            rest = &rest[1..];
            continue;
        }
        let n = if two { 2 } else { 1 };
        damaged |= !push(set, &rest[..n], &mut text);
        rest = &rest[n..];
    }
    (text, if damaged { Reading::Damaged } else { Reading::AsDeclared })
}

/// One character of a set; `false` when there is none.
fn push(set: Set, bytes: &[u8], text: &mut String) -> bool {
    let decoded = match (set, bytes) {
        (Latin1, [byte]) => Some(char::from(*byte)),
        (Katakana, [byte @ 0xA1..=0xDF]) => char::from_u32(0xFF61 + u32::from(byte - 0xA1)),
        (Ascii | Katakana, _) => None,
        (SupplementaryKanji, [a, b]) => single(set, &[0x8F, a | 0x80, b | 0x80]),
        (_, [a, b]) => single(set, &[a | 0x80, b | 0x80]),
        (_, bytes) => single(set, bytes),
    };
    match (decoded, bytes) {
        (Some(c), _) => text.push(c),
        (None, [byte]) => text.push(char::from(*byte)),
        (None, _) => text.push(char::REPLACEMENT_CHARACTER),
    }
    decoded.is_some()
}

fn single(set: Set, bytes: &[u8]) -> Option<char> {
    let text = set.upper()?.decode_without_bom_handling_and_without_replacement(bytes)?;
    text.chars().next()
}
