//! The attributes kept of an object: raw values, sequences nested, in one piece of memory.

use dicom_core::{Tag, VR};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::latin1;
use crate::text::{CharacterSet, PersonName};

/// Attributes of a data set or of an item, with their values as they stand in the file (numbers in little endian,
/// text undecoded). Kept small: a study of 100 000 objects is held in memory at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    entries: Vec<Entry>,
    bytes: Vec<u8>,
    sequences: Vec<(Tag, Vec<Attributes>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    tag: Tag,
    vr: VR,
    at: u32,
    len: u32,
}

impl Attributes {
    /// Adds a value. Lookups find the first of two values under one tag.
    pub fn push(&mut self, tag: Tag, vr: VR, value: &[u8]) {
        let at = self.bytes.len() as u32;
        self.entries.push(Entry { tag, vr, at, len: value.len() as u32 });
        self.bytes.extend_from_slice(value);
    }

    /// Adds a sequence with its items.
    pub fn push_sequence(&mut self, tag: Tag, items: Vec<Attributes>) {
        self.sequences.push((tag, items));
    }

    /// Gives back what the vectors hold in reserve.
    pub(crate) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.bytes.shrink_to_fit();
        self.sequences.shrink_to_fit();
    }

    /// The value as it stands, padding included; `None` when the attribute is not there.
    pub fn raw(&self, tag: Tag) -> Option<&[u8]> {
        self.entry(tag).map(|entry| self.value_of(entry))
    }

    /// The value representation of an attribute that is there.
    pub fn vr(&self, tag: Tag) -> Option<VR> {
        self.entry(tag).map(|entry| entry.vr)
    }

    /// The items of a sequence; empty when it is not there.
    pub fn items(&self, tag: Tag) -> &[Attributes] {
        self.sequences.iter().find(|(t, _)| *t == tag).map_or(&[], |(_, items)| items)
    }

    /// Every value, in the order of the file: tag, value representation, raw value.
    pub fn values(&self) -> impl Iterator<Item = (Tag, VR, &[u8])> {
        self.entries.iter().map(|entry| (entry.tag, entry.vr, self.value_of(entry)))
    }

    /// Every sequence, in the order of the file.
    pub fn sequences(&self) -> impl Iterator<Item = (Tag, &[Attributes])> {
        self.sequences.iter().map(|(tag, items)| (*tag, items.as_slice()))
    }

    /// Whether the attribute is there, as a value or as a sequence, be it empty.
    pub fn contains(&self, tag: Tag) -> bool {
        self.entry(tag).is_some() || self.sequences.iter().any(|(t, _)| *t == tag)
    }

    /// Whether nothing was kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.sequences.is_empty()
    }

    fn entry(&self, tag: Tag) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    fn value_of(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.at as usize..(entry.at + entry.len) as usize]
    }
}

/// Attributes together with the character set their text is written in: a data set, or an item of a sequence.
#[derive(Debug, Clone, Copy)]
pub struct DataSet<'a> {
    attributes: &'a Attributes,
    /// The Specific Character Set that applies, undecoded.
    declared: &'a [u8],
}

impl<'a> DataSet<'a> {
    /// A view of `attributes`, whose own Specific Character Set (0008,0005) wins over the `inherited` one
    /// (PS3.3 C.12.1.1.2).
    pub fn new(attributes: &'a Attributes, inherited: &'a [u8]) -> DataSet<'a> {
        let declared = attributes.raw(crate::tags::SPECIFIC_CHARACTER_SET).unwrap_or(inherited);
        DataSet { attributes, declared }
    }

    /// The attributes themselves.
    pub fn attributes(&self) -> &'a Attributes {
        self.attributes
    }

    /// The character set its text is written in.
    pub fn character_set(&self) -> CharacterSet {
        CharacterSet::declared(self.declared)
    }

    /// The value as it stands, padding included.
    pub fn raw(&self, tag: Tag) -> Option<&'a [u8]> {
        self.attributes.raw(tag)
    }

    /// The first value, decoded and without padding; `None` when the attribute is missing or empty.
    pub fn text(&self, tag: Tag) -> Option<String> {
        self.texts(tag).into_iter().next().filter(|text| !text.is_empty())
    }

    /// Every value, decoded and without padding. A missing attribute has none; empty values between others stay.
    pub fn texts(&self, tag: Tag) -> Vec<String> {
        let Some(entry) = self.attributes.entry(tag) else { return Vec::new() };
        let raw = self.attributes.value_of(entry);
        self.character_set().decode_values(entry.vr, raw)
    }

    /// A person's name with its three component groups; empty when missing.
    pub fn person_name(&self, tag: Tag) -> PersonName {
        self.raw(tag).map(|raw| self.character_set().decode_person_name(raw)).unwrap_or_default()
    }

    /// The first number of a numeric value (US, UL, SS, SL, UV, SV, or IS and DS as text).
    pub fn number(&self, tag: Tag) -> Option<f64> {
        let entry = self.attributes.entry(tag)?;
        let raw = self.attributes.value_of(entry);
        number(entry.vr, raw)
    }

    /// The first number as an unsigned whole one; `None` too when it is negative or broken.
    pub fn unsigned(&self, tag: Tag) -> Option<u64> {
        let n = self.number(tag)?;
        (n >= 0.0 && n.fract() == 0.0 && n < 1e18).then_some(n as u64)
    }

    /// The items of a sequence, each with the character set that applies in it.
    pub fn items(&self, tag: Tag) -> impl Iterator<Item = DataSet<'a>> + use<'a> {
        let inherited = self.declared;
        self.attributes.items(tag).iter().map(move |item| DataSet::new(item, inherited))
    }
}

fn number(vr: VR, raw: &[u8]) -> Option<f64> {
    match vr {
        VR::US => raw.first_chunk().map(|b| f64::from(u16::from_le_bytes(*b))),
        VR::SS => raw.first_chunk().map(|b| f64::from(i16::from_le_bytes(*b))),
        VR::UL => raw.first_chunk().map(|b| f64::from(u32::from_le_bytes(*b))),
        VR::SL => raw.first_chunk().map(|b| f64::from(i32::from_le_bytes(*b))),
        VR::UV => raw.first_chunk().map(|b| u64::from_le_bytes(*b) as f64),
        VR::SV => raw.first_chunk().map(|b| i64::from_le_bytes(*b) as f64),
        VR::FL => raw.first_chunk().map(|b| f64::from(f32::from_le_bytes(*b))),
        VR::FD => raw.first_chunk().map(|b| f64::from_le_bytes(*b)),
        VR::IS | VR::DS => {
            let first = raw.split(|b| *b == b'\\').next()?;
            std::str::from_utf8(first).ok()?.trim_matches([' ', '\0']).parse().ok()
        }
        VR::AE
        | VR::AS
        | VR::AT
        | VR::CS
        | VR::DA
        | VR::DT
        | VR::LO
        | VR::LT
        | VR::OB
        | VR::OD
        | VR::OF
        | VR::OL
        | VR::OV
        | VR::OW
        | VR::PN
        | VR::SH
        | VR::SQ
        | VR::ST
        | VR::TM
        | VR::UC
        | VR::UI
        | VR::UN
        | VR::UR
        | VR::UT => None,
    }
}

/// The shape in JSON: `e` holds tag, VR and length of each value, `b` all values one after another (one character for
/// each byte), `s` the sequences.
#[derive(Serialize, Deserialize)]
struct Wire {
    e: Vec<(u32, String, u32)>,
    b: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    s: Vec<(u32, Vec<Attributes>)>,
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let e = self.entries.iter().map(|x| (tag_number(x.tag), x.vr.to_string().to_owned(), x.len)).collect();
        let s = self.sequences.iter().map(|(tag, items)| (tag_number(*tag), items.clone())).collect();
        Wire { e, b: latin1::to_string(&self.bytes), s }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Attributes, D::Error> {
        use serde::de::Error;
        let wire = Wire::deserialize(from)?;
        let bytes = latin1::to_bytes(&wire.b).ok_or_else(|| D::Error::custom("not bytes"))?;
        let mut entries = Vec::with_capacity(wire.e.len());
        let mut at = 0u32;
        for (tag, vr, len) in wire.e {
            let vr = vr.parse().map_err(|_| D::Error::custom("not a value representation"))?;
            entries.push(Entry { tag: tag_of(tag), vr, at, len });
            at = at.checked_add(len).ok_or_else(|| D::Error::custom("too long"))?;
        }
        if at as usize != bytes.len() {
            return Err(D::Error::custom("lengths do not add up"));
        }
        let sequences = wire.s.into_iter().map(|(tag, items)| (tag_of(tag), items)).collect();
        Ok(Attributes { entries, bytes, sequences })
    }
}

fn tag_number(tag: Tag) -> u32 {
    u32::from(tag.0) << 16 | u32::from(tag.1)
}

fn tag_of(number: u32) -> Tag {
    Tag((number >> 16) as u16, number as u16)
}
