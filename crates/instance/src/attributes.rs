//! The attributes kept of an object: raw values, sequences nested, in one piece of memory.

use std::fmt::Write as _;
use std::sync::Arc;

use dicom_core::{Tag, VR};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::latin1;
use crate::text::{CharacterSet, PersonName};

/// Attributes of a data set or of an item, with their values as they stand in the file (numbers in little endian,
/// text undecoded). Kept small: a study of 100 000 objects is held in memory at once, and what those of a series say alike
/// is held once ([`crate::Sharing`]).
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    own: Values,
    shared: Option<Arc<Values>>,
    sequences: Vec<(Tag, Vec<Attributes>)>,
}

/// Values one after another, and what each is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values {
    entries: Vec<Entry>,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    tag: Tag,
    vr: VR,
    at: u32,
    len: u32,
}

impl Values {
    fn push(&mut self, tag: Tag, vr: VR, value: &[u8]) {
        let at = self.bytes.len() as u32;
        self.entries.push(Entry { tag, vr, at, len: value.len() as u32 });
        self.bytes.extend_from_slice(value);
    }

    fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.bytes.shrink_to_fit();
    }

    fn iter(&self) -> impl Iterator<Item = (Tag, VR, &[u8])> {
        let value = |entry: &Entry| &self.bytes[entry.at as usize..(entry.at + entry.len) as usize];
        self.entries.iter().map(move |entry| (entry.tag, entry.vr, value(entry)))
    }

    fn get(&self, tag: Tag) -> Option<(VR, &[u8])> {
        self.iter().find(|(here, ..)| *here == tag).map(|(_, vr, value)| (vr, value))
    }

    /// Those of which `keep` says so.
    fn filtered(&self, keep: impl Fn(Tag, VR, &[u8]) -> bool) -> Values {
        let mut kept = Values::default();
        for (tag, vr, value) in self.iter().filter(|(tag, vr, value)| keep(*tag, *vr, value)) {
            kept.push(tag, vr, value);
        }
        kept.shrink();
        kept
    }
}

impl Attributes {
    /// Adds a value. Lookups find the first of two values under one tag.
    pub fn push(&mut self, tag: Tag, vr: VR, value: &[u8]) {
        self.own.push(tag, vr, value);
    }

    /// Adds a sequence with its items.
    pub fn push_sequence(&mut self, tag: Tag, items: Vec<Attributes>) {
        self.sequences.push((tag, items));
    }

    /// Gives back what the vectors hold in reserve.
    pub(crate) fn shrink(&mut self) {
        self.own.shrink();
        self.sequences.shrink_to_fit();
    }

    /// Holds what these attributes and `alike` both say in one place with whoever holds `alike`; returns that place.
    /// Nothing they say changes.
    pub(crate) fn share(&mut self, alike: Option<Arc<Values>>) -> Arc<Values> {
        if let Some(shared) = &self.shared {
            return Arc::clone(shared);
        }
        let whole = std::mem::take(&mut self.own);
        let alike = alike.unwrap_or_else(|| Arc::new(whole.clone()));
        let same = |tag, vr, value: &[u8]| whole.get(tag) == Some((vr, value));
        let alike = if alike.iter().all(|(tag, vr, value)| same(tag, vr, value)) {
            alike
        } else {
            Arc::new(alike.filtered(same))
        };
        self.own = whole.filtered(|tag, vr, value| alike.get(tag) != Some((vr, value)));
        self.shared = Some(Arc::clone(&alike));
        alike
    }

    /// The value as it stands, padding included; `None` when the attribute is not there.
    pub fn raw(&self, tag: Tag) -> Option<&[u8]> {
        self.value(tag).map(|(_, value)| value)
    }

    /// The value representation of an attribute that is there.
    pub fn vr(&self, tag: Tag) -> Option<VR> {
        self.value(tag).map(|(vr, _)| vr)
    }

    /// The items of a sequence; empty when it is not there.
    pub fn items(&self, tag: Tag) -> &[Attributes] {
        self.sequences.iter().find(|(t, _)| *t == tag).map_or(&[], |(_, items)| items)
    }

    /// Every value: tag, value representation, raw value. In the order of the file until some are shared.
    pub fn values(&self) -> impl Iterator<Item = (Tag, VR, &[u8])> {
        self.shared.iter().flat_map(|shared| shared.iter()).chain(self.own.iter())
    }

    /// Every sequence, in the order of the file.
    pub fn sequences(&self) -> impl Iterator<Item = (Tag, &[Attributes])> {
        self.sequences.iter().map(|(tag, items)| (*tag, items.as_slice()))
    }

    /// Whether the attribute is there, as a value or as a sequence, be it empty.
    pub fn contains(&self, tag: Tag) -> bool {
        self.value(tag).is_some() || self.sequences.iter().any(|(t, _)| *t == tag)
    }

    /// Whether nothing was kept.
    pub fn is_empty(&self) -> bool {
        self.values().next().is_none() && self.sequences.is_empty()
    }

    fn value(&self, tag: Tag) -> Option<(VR, &[u8])> {
        self.shared.as_ref().and_then(|shared| shared.get(tag)).or_else(|| self.own.get(tag))
    }
}

/// Saying the same is being the same: who shares what with whom, and the order of the file, make no difference.
impl PartialEq for Attributes {
    fn eq(&self, other: &Attributes) -> bool {
        fn sorted(of: &Attributes) -> Vec<(Tag, VR, &[u8])> {
            let mut values: Vec<_> = of.values().collect();
            values.sort_by_key(|(tag, ..)| *tag);
            values
        }
        sorted(self) == sorted(other) && self.sequences == other.sequences
    }
}

impl Eq for Attributes {}

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
        let Some((vr, raw)) = self.attributes.value(tag) else { return Vec::new() };
        self.character_set().decode_values(vr, raw)
    }

    /// A person's name with its three component groups; empty when missing.
    pub fn person_name(&self, tag: Tag) -> PersonName {
        self.raw(tag).map(|raw| self.character_set().decode_person_name(raw)).unwrap_or_default()
    }

    /// The first number of a numeric value (US, UL, SS, SL, UV, SV, or IS and DS as text).
    pub fn number(&self, tag: Tag) -> Option<f64> {
        let (vr, raw) = self.attributes.value(tag)?;
        number(vr, raw)
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

/// The shape in JSON: `e` holds tag, VR and length of each value, as in `00080060CS2 00100010PN9`, `b` all values one after
/// another (one character for each byte), `s` the sequences.
#[derive(Serialize, Deserialize)]
struct Wire {
    e: String,
    b: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    s: Vec<(u32, Vec<Attributes>)>,
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (mut e, mut b) = (String::new(), Vec::new());
        for (tag, vr, value) in self.values() {
            let space = if e.is_empty() { "" } else { " " };
            let _ = write!(e, "{space}{:08x}{}{}", tag_number(tag), vr.to_string(), value.len());
            b.extend_from_slice(value);
        }
        let s = self.sequences.iter().map(|(tag, items)| (tag_number(*tag), items.clone())).collect();
        Wire { e, b: latin1::to_string(&b), s }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Attributes, D::Error> {
        use serde::de::Error;
        let wire = Wire::deserialize(from)?;
        let bytes = latin1::to_bytes(&wire.b).ok_or_else(|| D::Error::custom("not bytes"))?;
        let mut entries = Vec::new();
        let mut at = 0u32;
        for entry in wire.e.split_terminator(' ') {
            let (tag, vr, len) = parsed(entry).ok_or_else(|| D::Error::custom("not tag, VR and length"))?;
            entries.push(Entry { tag, vr, at, len });
            at = at.checked_add(len).ok_or_else(|| D::Error::custom("too long"))?;
        }
        if at as usize != bytes.len() {
            return Err(D::Error::custom("lengths do not add up"));
        }
        let sequences = wire.s.into_iter().map(|(tag, items)| (tag_of(tag), items)).collect();
        Ok(Attributes { own: Values { entries, bytes }, shared: None, sequences })
    }
}

/// `00080060CS2`.
fn parsed(entry: &str) -> Option<(Tag, VR, u32)> {
    let (tag, vr, len) = (entry.get(..8)?, entry.get(8..10)?, entry.get(10..)?);
    Some((tag_of(u32::from_str_radix(tag, 16).ok()?), vr.parse().ok()?, len.parse().ok()?))
}

fn tag_number(tag: Tag) -> u32 {
    u32::from(tag.0) << 16 | u32::from(tag.1)
}

fn tag_of(number: u32) -> Tag {
    Tag((number >> 16) as u16, number as u16)
}
