//! Text of every character set DICOM knows (PS3.3 C.12.1.1.2, PS3.5 section 6.1).

use dicom_core::VR;
use serde::{Deserialize, Serialize};

/// The character set a data set declares in Specific Character Set (0008,0005).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CharacterSet {
    terms: Vec<String>,
}

/// A person's name (PS3.5 §6.2.1): three component groups of one name.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PersonName {
    /// In Latin letters, `FAMILY^GIVEN^…`.
    pub alphabetic: String,
    /// In ideographs (漢字), `王^小明`.
    pub ideographic: String,
    /// In phonetic writing (kana, hangul, zhuyin).
    pub phonetic: String,
}

impl std::fmt::Debug for PersonName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonName(…)")
    }
}

impl CharacterSet {
    /// From the raw value of Specific Character Set; empty is the default repertoire.
    pub fn declared(raw: &[u8]) -> CharacterSet {
        let terms = String::from_utf8_lossy(raw);
        let terms = terms.split('\\').map(|term| term.trim_matches([' ', '\0']).to_owned()).collect::<Vec<_>>();
        CharacterSet { terms: if terms.iter().all(String::is_empty) { Vec::new() } else { terms } }
    }

    /// Decodes a value of one or more values, without padding.
    pub fn decode_values(&self, vr: VR, raw: &[u8]) -> Vec<String> {
        let text = self.decode(raw);
        let whole = matches!(vr, VR::ST | VR::LT | VR::UT | VR::UR);
        let trim = |text: &str| text.trim_matches([' ', '\0']).to_owned();
        if whole { vec![text.trim_end_matches([' ', '\0']).to_owned()] } else { text.split('\\').map(trim).collect() }
    }

    /// Decodes a person's name, the first when there are several.
    pub fn decode_person_name(&self, raw: &[u8]) -> PersonName {
        let text = self.decode_values(VR::PN, raw).into_iter().next().unwrap_or_default();
        let mut groups = text.split('=').map(|group| group.trim_end_matches(['^', ' ']).to_owned());
        let mut group = || groups.next().unwrap_or_default();
        PersonName { alphabetic: group(), ideographic: group(), phonetic: group() }
    }

    fn decode(&self, raw: &[u8]) -> String {
        match std::str::from_utf8(raw) {
            Ok(text) => text.to_owned(),
            Err(_) => crate::latin1::to_string(raw),
        }
    }

    /// The terms as declared.
    pub fn terms(&self) -> &[String] {
        &self.terms
    }
}
