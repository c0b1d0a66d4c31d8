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

/// Big5, when every byte outside ASCII begins a character of the Chinese repertoire, and runs of such characters that
/// touch a Latin letter are convincing: `Müller`, `José` and `Jérôme` in ISO 8859-1 begin pairs that Big5 knows.
fn big5(raw: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(raw.len() * 2);
    let mut run = Run::default();
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        if byte < 0x80 {
            let letter = byte.is_ascii_alphabetic();
            if !run.is_convincing(letter) {
                return None;
            }
            run = Run { after_letter: letter, ..Run::default() };
            text.push(char::from(byte));
            rest = after;
            continue;
        }
        let pair: [u8; 2] = *rest.first_chunk().filter(|_| (0xA1..=0xF9).contains(&byte))?;
        let character = BIG5.decode_without_bom_handling_and_without_replacement(&pair)?;
        text.push(character.chars().next().filter(|c| is_chinese(*c))?);
        run.see(pair);
        rest = &rest[2..];
    }
    run.is_convincing(false).then_some(text)
}

/// Characters of Big5 one after another.
#[derive(Default)]
struct Run {
    after_letter: bool,
    len: usize,
    /// Some second byte is outside ASCII too: accents seldom stand side by side in Western words.
    two_high_bytes: bool,
    /// Some character is of the less frequent level (from 0xC9): where the small accented letters are.
    rare: bool,
}

impl Run {
    fn see(&mut self, pair: [u8; 2]) {
        self.len += 1;
        self.two_high_bytes |= pair[1] >= 0xA1;
        self.rare |= pair[0] >= 0xC9;
    }

    fn is_convincing(&self, before_letter: bool) -> bool {
        let touches = self.after_letter || before_letter;
        self.len == 0 || !touches || (self.len > 1 && (self.two_high_bytes || !self.rare))
    }
}

/// Ideographs, zhuyin, and the punctuation between them.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{3000}'..='\u{3029}' | '\u{3100}'..='\u{312F}'
        | '\u{FF01}'..='\u{FF5E}' | '\u{00B7}' | '\u{2027}' | '\u{2022}' | '\u{FE30}'..='\u{FE4F}')
}
