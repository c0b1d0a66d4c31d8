//! Identity numbers: 國民身分證統一編號, 新式統一證號 (since 2021-01-02) and the old resident number, with their one
//! check digit. A number that the archive holds and that fails it is *unverified*, never refused.

use super::half_width;
use std::fmt;

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// A citizen's national identification number: second character 1 or 2.
    NationalId,
    /// A non-citizen's unified number since 2021: second character 8 or 9.
    UnifiedNumber,
    /// The resident number issued before: second character A to D.
    OldResidentNumber,
}

/// Why a number is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityFault {
    /// Not a letter, one of `1 2 8 9 A B C D`, and eight digits.
    Shape,
    /// The check digit does not fit: a slip in typing.
    CheckDigit,
}

impl fmt::Display for IdentityFault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            IdentityFault::Shape => "an identity number is one letter and nine digits, such as A123456789",
            IdentityFault::CheckDigit => "the check digit does not fit: please compare with the card",
        })
    }
}

/// The number of each letter, A to Z, in the check: I, O, W, Z are out of order by design of the register.
const LETTERS: [u32; 26] =
    [10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33];

/// The weights after the two digits of the first letter (weights 1 and 9).
const WEIGHTS: [u32; 9] = [8, 7, 6, 5, 4, 3, 2, 1, 1];

/// The number as kept: half-width, capitals, without spaces or hyphens.
pub fn normalise_identity(typed: &str) -> String {
    half_width(typed).chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_uppercase()
}

/// Checks a typed identity number.
///
/// # Errors
/// Its shape or its check digit is wrong.
///
/// ```
/// use filmdesk_policy::taiwan::{check_identity, IdentityFault, IdentityKind};
/// assert_eq!(check_identity("a123456789"), Ok(IdentityKind::NationalId));
/// assert_eq!(check_identity("A123456788"), Err(IdentityFault::CheckDigit));
/// ```
pub fn check_identity(typed: &str) -> Result<IdentityKind, IdentityFault> {
    let number = normalise_identity(typed);
    let chars: Vec<char> = number.chars().collect();
    let [first, second, rest @ ..] = chars.as_slice() else { return Err(IdentityFault::Shape) };
    if !first.is_ascii_uppercase() || rest.len() != 8 || !rest.iter().all(char::is_ascii_digit) {
        return Err(IdentityFault::Shape);
    }
    let (kind, second) = match second {
        '1' | '2' => (IdentityKind::NationalId, second.to_digit(10).unwrap_or(0)),
        '8' | '9' => (IdentityKind::UnifiedNumber, second.to_digit(10).unwrap_or(0)),
        'A'..='D' => (IdentityKind::OldResidentNumber, letter(*second) % 10),
        _ => return Err(IdentityFault::Shape),
    };
    let digits = [second].into_iter().chain(rest.iter().filter_map(|c| c.to_digit(10)));
    let head = letter(*first) / 10 + letter(*first) % 10 * 9;
    let sum: u32 = head + digits.zip(WEIGHTS).map(|(d, w)| d * w).sum::<u32>();
    if sum.is_multiple_of(10) { Ok(kind) } else { Err(IdentityFault::CheckDigit) }
}

fn letter(c: char) -> u32 {
    LETTERS.get((c as usize).wrapping_sub('A' as usize)).copied().unwrap_or(0)
}

/// The last four characters, as the audit keeps a sighted document.
pub fn last_four(number: &str) -> String {
    let chars: Vec<char> = normalise_identity(number).chars().collect();
    chars[chars.len().saturating_sub(4)..].iter().collect()
}

/// Whether a typed number is a mobile telephone, `09` and eight digits; separators do not matter.
pub fn is_mobile(typed: &str) -> bool {
    let digits: String = half_width(typed).chars().filter(|c| !matches!(c, '-' | ' ' | '(' | ')')).collect();
    digits.len() == 10 && digits.starts_with("09") && digits.chars().all(|c| c.is_ascii_digit())
}
