//! Text whose label is missing or wrong: recognised only where it can hardly be anything else.

use encoding_rs::BIG5;

use super::Reading;

/// Bytes outside the default repertoire with no label at all.
pub(super) fn unlabelled(raw: &[u8]) -> (String, Reading) {
    mislabelled(raw).unwrap_or_else(|| (crate::latin1::to_string(raw), Reading::Damaged))
}

/// UTF-8 or Big5 under another label. Text in Western letters is practically never valid UTF-8, and is told from Big5
/// by [`big5`].
pub(super) fn mislabelled(raw: &[u8]) -> Option<(String, Reading)> {
    if raw.is_ascii() {
        return None;
    }
    if let Ok(text) = std::str::from_utf8(raw) {
        return Some((text.to_owned(), Reading::Utf8));
    }
    big5(raw).map(|text| (text, Reading::Big5))
}

/// Big5, when every byte outside ASCII begins a character of the Chinese repertoire, and no such character stands alone
/// between Latin letters: `Müller`, `José` and `Åse` in ISO 8859-1 begin pairs that Big5 knows, but always one pair
/// within a word.
fn big5(raw: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(raw.len() * 2);
    // Characters in the present run of Chinese, and whether a Latin letter stood before it.
    let (mut run, mut after_letter) = (0usize, false);
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        if byte < 0x80 {
            let letter = byte.is_ascii_alphabetic();
            if run == 1 && (after_letter || letter) {
                return None;
            }
            (run, after_letter) = (0, letter);
            text.push(char::from(byte));
            rest = after;
            continue;
        }
        let pair = rest.get(..2).filter(|_| (0xA1..=0xF9).contains(&byte))?;
        let character = BIG5.decode_without_bom_handling_and_without_replacement(pair)?;
        let character = character.chars().next().filter(|c| is_chinese(*c))?;
        text.push(character);
        run += 1;
        rest = &rest[2..];
    }
    (run != 1 || !after_letter).then_some(text)
}

/// Ideographs, zhuyin, and the punctuation between them.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{3000}'..='\u{3029}' | '\u{3100}'..='\u{312F}'
        | '\u{FF01}'..='\u{FF5E}' | '\u{00B7}' | '\u{2027}' | '\u{2022}' | '\u{FE30}'..='\u{FE4F}')
}
