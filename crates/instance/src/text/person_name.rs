//! Names of people.

use serde::{Deserialize, Serialize};

/// A person's name (PS3.5 §6.2.1): three component groups of one name. `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PersonName {
    /// In Latin letters: family, given, middle, prefix, suffix, separated by `^`. Systems that know no groups put
    /// ideographs here.
    pub alphabetic: String,
    /// In ideographs: `王^小明`.
    pub ideographic: String,
    /// In phonetic writing: kana, hangul, zhuyin.
    pub phonetic: String,
}

impl std::fmt::Debug for PersonName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonName(…)")
    }
}

impl PersonName {
    /// From decoded text, `ALPHABETIC=IDEOGRAPHIC=PHONETIC`. Trailing `^` and spaces mean nothing.
    pub fn parse(text: &str) -> PersonName {
        let mut groups = text.split('=').map(|group| {
            let components: Vec<&str> = group.split('^').map(|part| part.trim_matches([' ', '\0'])).collect();
            components.join("^").trim_end_matches('^').to_owned()
        });
        let mut group = || groups.next().unwrap_or_default();
        PersonName { alphabetic: group(), ideographic: group(), phonetic: group() }
    }

    /// Whether no group says anything.
    pub fn is_empty(&self) -> bool {
        self.alphabetic.is_empty() && self.ideographic.is_empty() && self.phonetic.is_empty()
    }

    /// The value as DICOM writes it, without empty groups at its end.
    pub fn to_dicom(&self) -> String {
        let groups = [&*self.alphabetic, &*self.ideographic, &*self.phonetic];
        groups.join("=").trim_end_matches('=').to_owned()
    }

    /// For people to read: the ideographs when there are any (`王小明`), otherwise the letters (`WANG XIAOMING`).
    pub fn display(&self) -> String {
        let group = [&self.ideographic, &self.alphabetic, &self.phonetic].into_iter().find(|group| !group.is_empty());
        group.map_or_else(String::new, |group| PersonName::spaced(group))
    }

    /// One component group for people to read. East Asian names have no space between family and given name.
    pub fn spaced(group: &str) -> String {
        let parts: Vec<&str> = group.split('^').filter(|part| !part.is_empty()).collect();
        let together = group.chars().any(is_east_asian) && !group.chars().any(|c| c.is_ascii_alphabetic());
        parts.join(if together { "" } else { " " })
    }
}

/// Ideographs of every plane, kana of both widths, hangul, zhuyin.
fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{31FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FF66}'..='\u{FF9F}' | '\u{1100}'..='\u{11FF}' | '\u{20000}'..='\u{3FFFF}')
}
