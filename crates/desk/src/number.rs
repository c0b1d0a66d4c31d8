//! The number printed for people.

use std::fmt;

/// The 32 characters of an application number: no 0, O, 1 or I, which people confuse on paper and on the telephone.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Characters in a number, the check character included.
const LENGTH: usize = 8;

/// The number printed for people: 8 characters of `23456789ABCDEFGHJKLMNPQRSTUVWXYZ`, the last a check character, held
/// without the dash and displayed `XXXX-XXXX`. Not a secret: what opens a status page is the code beside it.
///
/// The check character finds every single wrong character and every exchange of two characters, wherever they stand.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApplicationNumber(String);

/// Why something typed is no application number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not eight characters.
    #[error("an application number has 8 characters, this has {0}")]
    Length(usize),
    /// A character that no number holds.
    #[error("an application number never holds ‘{0}’")]
    Character(char),
    /// The check character does not fit: something was mistyped.
    #[error("the last character does not fit: please compare with the slip")]
    Check,
}

impl ApplicationNumber {
    /// A number from 35 random bits: the low five bits of each byte.
    pub fn generate(random: [u8; 7]) -> Self {
        let symbols: Vec<u8> = random.iter().map(|byte| byte & 31).collect();
        let check = check_symbol(&symbols);
        let text = symbols.iter().chain([&check]).map(|s| char::from(ALPHABET[usize::from(*s)])).collect();
        ApplicationNumber(text)
    }

    /// Reads what somebody typed or a scanner sent: spaces, dashes, lower case and full-width forms are understood.
    ///
    /// # Errors
    /// [`NumberError`] says what is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, NumberError> {
        let mut symbols = Vec::with_capacity(LENGTH);
        let mut text = String::with_capacity(LENGTH);
        for typed in typed.chars() {
            let c = half_width(typed).to_ascii_uppercase();
            if c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '–' | '—' | '－' | '_') {
                continue;
            }
            let symbol = ALPHABET.iter().position(|a| char::from(*a) == c).ok_or(NumberError::Character(typed))?;
            symbols.push(symbol as u8);
            text.push(c);
        }
        if symbols.len() != LENGTH {
            return Err(NumberError::Length(symbols.len()));
        }
        if check_symbol(&symbols[..LENGTH - 1]) != symbols[LENGTH - 1] {
            return Err(NumberError::Check);
        }
        Ok(ApplicationNumber(text))
    }

    /// The eight characters without the dash: for a column or a URL.
    pub fn compact(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApplicationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", &self.0[..4], &self.0[4..])
    }
}

/// U+FF01…U+FF5E and the ideographic space, as an input method types them, to ASCII.
fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// Σ αⁱ⁺¹·cᵢ in GF(2⁵): the weights differ and none is zero, so one wrong character or two exchanged ones always show.
fn check_symbol(symbols: &[u8]) -> u8 {
    // Horner's rule: multiply by α before each addition, once more at the end.
    times_alpha(symbols.iter().fold(0, |sum, symbol| times_alpha(sum) ^ symbol))
}

/// Multiplies by α in GF(2⁵) with the primitive polynomial x⁵ + x² + 1.
fn times_alpha(a: u8) -> u8 {
    let shifted = a << 1;
    if shifted & 0b10_0000 == 0 { shifted } else { (shifted ^ 0b10_0101) & 31 }
}
