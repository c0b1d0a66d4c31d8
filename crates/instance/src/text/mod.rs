//! Text of every character set DICOM knows (PS3.3 C.12.1.1.2, PS3.5 section 6.1), and of some it does not.
//!
//! A [`CharacterSet`] is what a data set declares. Text is decoded before it is divided into values: the second byte of
//! a Chinese character may be the delimiter's (許, 功 and 蓋 end in `\` in Big5). Text that is not what its label says
//! (UTF-8 or Big5 without a label, or under ISO_IR 100) is recognised and shown right, and [`Reading`] says so; the
//! object's bytes are never touched, and nobody is identified by a name decoded here alone.

mod guess;
mod iso2022;
mod person_name;

use dicom_core::VR;
use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};

pub use person_name::PersonName;

/// The character set a data set declares in Specific Character Set (0008,0005).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CharacterSet {
    declared: Vec<String>,
    kind: Kind,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Kind {
    /// The default repertoire, ISO 646.
    #[default]
    Ascii,
    /// One of the single-byte sets without code extension.
    Single(iso2022::Set),
    /// ISO 2022 code extension, beginning with the first set.
    Extended(iso2022::Set),
    /// UTF-8, GB18030, GBK: no code extension.
    Multi(&'static Encoding),
    /// A term the standard does not know.
    Unknown,
}

/// How a text was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// As its Specific Character Set says.
    AsDeclared,
    /// It is UTF-8, though not declared.
    Utf8,
    /// It is Big5, which DICOM does not know.
    Big5,
    /// Its bytes fit neither their label nor a guess; what cannot be read is shown as `�` or as Western letters.
    Damaged,
}

impl CharacterSet {
    /// From the raw value of Specific Character Set; empty is the default repertoire. Spellings met in the field
    /// (`ISO-IR 100`, `ISO_2022_IR_149`) are taken for what they mean.
    pub fn declared(raw: &[u8]) -> CharacterSet {
        let text = String::from_utf8_lossy(raw);
        let declared: Vec<String> = text.split('\\').map(|term| term.trim_matches([' ', '\0']).to_owned()).collect();
        let terms: Vec<String> = declared.iter().map(|term| normal(term)).collect();
        let kind = kind_of(&terms);
        let declared = if declared.iter().all(String::is_empty) { Vec::new() } else { declared };
        CharacterSet { declared, kind }
    }

    /// The terms as declared; none for the default repertoire.
    pub fn terms(&self) -> &[String] {
        &self.declared
    }

    /// Decodes a whole value field, delimiters included, and says how it was read.
    pub fn decode(&self, raw: &[u8]) -> (String, Reading) {
        if raw.is_ascii() && !raw.contains(&0x1B) {
            return (String::from_utf8_lossy(raw).into_owned(), Reading::AsDeclared);
        }
        match &self.kind {
            Kind::Ascii if raw.contains(&0x1B) => iso2022::decode(iso2022::Set::Ascii, raw),
            Kind::Ascii | Kind::Unknown => guess::unlabelled(raw),
            // Western letters are the label most often left by systems that write something else.
            Kind::Single(iso2022::Set::Latin1) => {
                guess::mislabelled(raw).unwrap_or_else(|| iso2022::decode(iso2022::Set::Latin1, raw))
            }
            Kind::Single(set) | Kind::Extended(set) => {
                let (text, reading) = iso2022::decode(*set, raw);
                match reading {
                    Reading::Damaged => guess::mislabelled(raw).unwrap_or((text, reading)),
                    Reading::AsDeclared | Reading::Utf8 | Reading::Big5 => (text, reading),
                }
            }
            Kind::Multi(encoding) => {
                let (text, damaged) = encoding.decode_without_bom_handling(raw);
                if damaged {
                    guess::mislabelled(raw).unwrap_or_else(|| (text.into_owned(), Reading::Damaged))
                } else {
                    (text.into_owned(), Reading::AsDeclared)
                }
            }
        }
    }

    /// Decodes a whole value field as its label says and in no other way: how a text looks to who believes the label, where
    /// [`CharacterSet::decode`] read it as something else.
    pub fn decode_as_declared(&self, raw: &[u8]) -> String {
        match &self.kind {
            Kind::Ascii | Kind::Unknown => crate::latin1::to_string(raw),
            Kind::Single(set) | Kind::Extended(set) => iso2022::decode(*set, raw).0,
            Kind::Multi(encoding) => encoding.decode_without_bom_handling(raw).0.into_owned(),
        }
    }

    /// Text that somebody before us took for Western letters and wrote down in Unicode, though its bytes were UTF-8 or Big5:
    /// what it was meant to be. An archive that converts what it stores does this to objects with the wrong label.
    pub fn repaired(text: &str) -> Option<String> {
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c))).collect::<Result<_, _>>().ok()?;
        guess::mislabelled(&bytes).map(|(text, _)| text)
    }

    /// Decodes the values of an attribute, without padding. Only text (SH, LO, ST, LT, UC, UT, PN) follows the
    /// character set; everything else is of the default repertoire (PS3.5 §6.1.2.2).
    pub fn decode_values(&self, vr: VR, raw: &[u8]) -> Vec<String> {
        let text = if follows_character_set(vr) { self.decode(raw).0 } else { crate::latin1::to_string(raw) };
        if matches!(vr, VR::ST | VR::LT | VR::UT | VR::UR) {
            return vec![text.trim_end_matches([' ', '\0']).to_owned()];
        }
        text.split('\\').map(|value| value.trim_matches([' ', '\0']).to_owned()).collect()
    }

    /// Decodes a person's name, the first when there are several.
    pub fn decode_person_name(&self, raw: &[u8]) -> PersonName {
        let (text, _) = self.decode(raw);
        PersonName::parse(text.split('\\').next().unwrap_or_default())
    }
}

/// Whether a value representation is text in the data set's character set.
pub(crate) fn follows_character_set(vr: VR) -> bool {
    use VR::*;
    match vr {
        LO | LT | PN | SH | ST | UC | UT => true,
        AE | AS | AT | CS | DA | DS | DT | FL | FD | IS | OB | OD | OF | OL | OV | OW | SL | SQ | SS | SV | TM | UI
        | UL | UN | UR | US | UV => false,
    }
}

/// Terms in the standard's spelling.
fn normal(term: &str) -> String {
    let term = term.to_ascii_uppercase().replace(['_', '-'], " ");
    match term.strip_prefix("ISO IR ") {
        Some(number) => format!("ISO_IR {number}"),
        None => term,
    }
}

fn kind_of(terms: &[String]) -> Kind {
    let first = terms.first().map_or("", String::as_str);
    match first {
        "ISO_IR 192" | "UTF 8" | "UTF8" => return Kind::Multi(encoding_rs::UTF_8),
        "GB18030" => return Kind::Multi(encoding_rs::GB18030),
        "GBK" | "GB2312" => return Kind::Multi(encoding_rs::GBK),
        _ => {}
    }
    let several = terms.len() > 1 || first.starts_with("ISO 2022");
    let number = first.strip_prefix("ISO_IR ").or_else(|| first.strip_prefix("ISO 2022 IR "));
    match (number.and_then(iso2022::Set::of_registration), first.is_empty()) {
        (Some(iso2022::Set::Ascii), _) | (None, true) if !several => Kind::Ascii,
        (Some(set), _) if several => Kind::Extended(set),
        (Some(set), _) => Kind::Single(set),
        (None, true) => Kind::Extended(iso2022::Set::Ascii),
        (None, false) => Kind::Unknown,
    }
}
