//! What one directory record says: its keys, taken from the instances it stands for, and stood in for where Annex F asks
//! for a value the instances do not have.

use filmdesk_instance::{DataSet, Header, PersonName, VR};

use crate::element::{Element, Tag, Value, is_text};
use crate::keys::{Fallback, Key, Need, keys_of};
use crate::profile::ExtraKeys;
use crate::record_type::RecordType;

const SPECIFIC_CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
const RELATIONSHIP_TYPE: Tag = Tag(0x0040, 0xA010);
const CONTENT_SEQUENCE: Tag = Tag(0x0040, 0xA730);
const VERIFYING_OBSERVER_SEQUENCE: Tag = Tag(0x0040, 0xA073);
const VERIFICATION_DATE_TIME: Tag = Tag(0x0040, 0xA030);
const VERIFICATION_FLAG: Tag = Tag(0x0040, 0xA493);

/// Longer values than any key may have (PS3.5 Table 6.2-1: the longest, ST, has 1024 characters) are no values.
const MAX_VALUE_BYTES: usize = 4096;
/// Sequences nest this deep in a key and no deeper: a code of a purpose of a reference of a series is four.
const MAX_DEPTH: usize = 8;

/// Dates an instance may carry beside the one asked for, the nearest in meaning first, each with its time.
const MOMENTS: &[(Tag, Tag)] = &[
    (Tag(0x0008, 0x0020), Tag(0x0008, 0x0030)), // Study
    (Tag(0x0008, 0x0021), Tag(0x0008, 0x0031)), // Series
    (Tag(0x0008, 0x0022), Tag(0x0008, 0x0032)), // Acquisition
    (Tag(0x0008, 0x0023), Tag(0x0008, 0x0033)), // Content
    (Tag(0x0008, 0x0012), Tag(0x0008, 0x0013)), // Instance Creation
];

/// What is known of a record beside its instances.
pub(crate) struct Place<'a> {
    pub record_type: RecordType,
    pub extra: ExtraKeys,
    /// Place among its siblings, from 1.
    pub ordinal: usize,
    /// Name of the folder that holds its files.
    pub folder: &'a str,
}

/// A key that was stood in for: which, and with what.
pub(crate) struct StoodIn {
    pub key: Key,
    pub value: String,
}

/// The keys of the record at `place` for `instances` (those below it, in order), with Specific Character Set first
/// when any of them is not ASCII: records are written in UTF-8 (`ISO_IR 192`) whatever the instances use.
pub(crate) fn record_keys(place: &Place, instances: &[&Header]) -> (Vec<Element>, Vec<StoodIn>) {
    let mut elements = Vec::new();
    let mut stood_in = Vec::new();
    for key in keys_of(place.record_type, place.extra) {
        let found = instances.iter().find_map(|header| value_of(key, header.data_set()));
        match (found, key.need) {
            (Some(element), _) => elements.push(element),
            (None, Need::One(fallback)) => {
                let element = stand_in(key, fallback, place, instances);
                stood_in.push(StoodIn { key: *key, value: printable(&element) });
                elements.push(element);
            }
            (None, Need::Two) => elements.push(empty(key)),
            (None, Need::IfPresent | Need::Optional | Need::ConceptModifiers | Need::VerificationDateTime) => {}
        }
    }
    if elements.iter().any(Element::is_extended) {
        let at = elements.partition_point(|element| element.tag < SPECIFIC_CHARACTER_SET);
        elements.insert(at, Element::text(SPECIFIC_CHARACTER_SET, b"CS", "ISO_IR 192"));
    }
    (elements, stood_in)
}

/// What an instance says under `key`, as the record writes it; `None` when it says nothing.
pub(crate) fn value_of(key: &Key, data: DataSet) -> Option<Element> {
    let element = match key.need {
        Need::ConceptModifiers => concept_modifiers(data),
        Need::VerificationDateTime => verification_date_time(data),
        Need::One(_) | Need::Two | Need::IfPresent | Need::Optional => copied(key, data),
    };
    element.filter(|element| !element.is_empty())
}

fn copied(key: &Key, data: DataSet) -> Option<Element> {
    match key.vr {
        b"SQ" => Some(Element::sq(key.tag, data.items(key.tag).map(|item| item_elements(item, 1)).collect())),
        b"US" => Some(Element::us(key.tag, u16::try_from(data.unsigned(key.tag)?).ok()?)),
        b"UL" => Some(Element::ul(key.tag, u32::try_from(data.unsigned(key.tag)?).ok()?)),
        b"PN" => text(key, &name_value(&data.person_name(key.tag))),
        b"DA" | b"TM" => text(key, &modern(&data.texts(key.tag).join("\\"))),
        _ => text(key, &data.texts(key.tag).join("\\")),
    }
}

/// A date or time as PS3.5 §6.2 writes it: `19930430` for the `1993.04.30` of the standard's forerunner (ACR-NEMA), which
/// images may still carry and a directory made today may not; `112724` for `11:27:24`. Anything else as it stands.
pub(crate) fn modern(value: &str) -> String {
    let bytes = value.as_bytes();
    let shape = |shape: &[u8]| {
        bytes.len() >= shape.len()
            && bytes.iter().zip(shape).all(|(c, s)| if *s == b'9' { c.is_ascii_digit() } else { c == s })
    };
    if bytes.len() == 10 && shape(b"9999.99.99") {
        value.replace('.', "")
    } else if shape(b"99:99:99") || (bytes.len() == 5 && shape(b"99:99")) {
        value.replace(':', "")
    } else {
        value.to_owned()
    }
}

fn text(key: &Key, value: &str) -> Option<Element> {
    (!value.is_empty() && value.len() <= MAX_VALUE_BYTES).then(|| Element::text(key.tag, key.vr, value))
}

/// A person's name as a PN value: up to three component groups (PS3.5 §6.2.1).
pub(crate) fn name_value(name: &PersonName) -> String {
    let groups = [&name.alphabetic, &name.ideographic, &name.phonetic];
    let last = groups.iter().rposition(|group| !group.is_empty()).map_or(0, |at| at + 1);
    groups[..last].iter().map(|group| group.as_str()).collect::<Vec<_>>().join("=")
}

/// The elements of an item, text brought to UTF-8. Nested content is left behind: a record repeats codes, not documents.
fn item_elements(item: DataSet, depth: usize) -> Vec<Element> {
    let character_set = item.character_set();
    let values = item.attributes().values().filter(|(tag, _, _)| *tag != SPECIFIC_CHARACTER_SET && tag.1 != 0);
    let mut elements: Vec<Element> = values
        .filter(|(_, _, raw)| raw.len() <= MAX_VALUE_BYTES)
        .map(|(tag, vr, raw)| {
            let bytes = match vr_bytes(vr) {
                letters if is_text(letters) => character_set.decode_values(vr, raw).join("\\").into_bytes(),
                letters if is_characters(letters) => unpadded(raw).to_vec(),
                _ => raw.to_vec(),
            };
            Element { tag, vr: vr_bytes(vr), value: Value::Bytes(bytes) }
        })
        .collect();
    if depth < MAX_DEPTH {
        for (tag, _) in item.attributes().sequences().filter(|(tag, _)| *tag != CONTENT_SEQUENCE) {
            let items = item.items(tag).map(|inner| item_elements(inner, depth + 1)).collect();
            elements.push(Element::sq(tag, items));
        }
    }
    elements.sort_by_key(|element| element.tag);
    elements.dedup_by_key(|element| element.tag);
    elements
}

/// Value representations made of characters of the default repertoire, padded to an even length.
fn is_characters(vr: [u8; 2]) -> bool {
    matches!(&vr, b"AE" | b"AS" | b"CS" | b"DA" | b"DS" | b"DT" | b"IS" | b"TM" | b"UI" | b"UR")
}

fn unpadded(raw: &[u8]) -> &[u8] {
    let end = raw.iter().rposition(|byte| ![b' ', 0].contains(byte)).map_or(0, |at| at + 1);
    &raw[..end]
}

pub(crate) fn vr_bytes(vr: VR) -> [u8; 2] {
    let name = vr.to_string().as_bytes();
    [name[0], name[1]]
}

/// All and only the content items that modify the document's title (PS3.3 F.5.25, F.5.26).
fn concept_modifiers(data: DataSet) -> Option<Element> {
    let modifies = |item: &DataSet| item.text(RELATIONSHIP_TYPE).as_deref() == Some("HAS CONCEPT MOD");
    let items = data.items(CONTENT_SEQUENCE).filter(modifies).map(|item| item_elements(item, 1)).collect();
    Some(Element::sq(CONTENT_SEQUENCE, items))
}

/// The most recent verification of a verified document (PS3.3 F.5.25).
fn verification_date_time(data: DataSet) -> Option<Element> {
    if data.text(VERIFICATION_FLAG).as_deref() != Some("VERIFIED") {
        return None;
    }
    let latest = data.items(VERIFYING_OBSERVER_SEQUENCE).filter_map(|item| item.text(VERIFICATION_DATE_TIME)).max()?;
    Some(Element::text(VERIFICATION_DATE_TIME, b"DT", &latest))
}

fn empty(key: &Key) -> Element {
    match key.vr {
        b"SQ" => Element::sq(key.tag, Vec::new()),
        _ => Element::text(key.tag, key.vr, ""),
    }
}

fn stand_in(key: &Key, fallback: Fallback, place: &Place, instances: &[&Header]) -> Element {
    let value = match fallback {
        Fallback::Date => other_date(instances).map(|date| modern(&date)).unwrap_or_else(|| "19000101".to_owned()),
        Fallback::Time => other_time(instances).map(|time| modern(&time)).unwrap_or_else(|| "000000".to_owned()),
        Fallback::Moment => {
            let date = other_date(instances).unwrap_or_else(|| "19000101".to_owned());
            date + &other_time(instances).unwrap_or_else(|| "000000".to_owned())
        }
        Fallback::Ordinal => place.ordinal.to_string(),
        Fallback::FolderName => place.folder.to_owned(),
        Fallback::PatientId => format!("UNKNOWN{}", place.ordinal),
        Fallback::Fixed(characters) => characters.to_owned(),
        Fallback::MimeType => mime_type(instances).to_owned(),
        Fallback::Count => return number(key, 1),
        Fallback::Zero => return number(key, 0),
        Fallback::DocumentTitle => return code(key.tag, "121144", "Document Title"),
        Fallback::OfInterest => return code(key.tag, "113000", "Of Interest"),
        Fallback::None => return empty(key),
    };
    Element::text(key.tag, key.vr, &value)
}

fn number(key: &Key, value: u16) -> Element {
    if key.vr == b"UL" { Element::ul(key.tag, u32::from(value)) } else { Element::us(key.tag, value) }
}

/// One item of the Code Sequence Macro (PS3.3 Table 8.8-1) with a code of PS3.16.
fn code(tag: Tag, value: &str, meaning: &str) -> Element {
    let item = vec![
        Element::text(Tag(0x0008, 0x0100), b"SH", value),
        Element::text(Tag(0x0008, 0x0102), b"SH", "DCM"),
        Element::text(Tag(0x0008, 0x0104), b"LO", meaning),
    ];
    Element::sq(tag, vec![item])
}

fn other_date(instances: &[&Header]) -> Option<String> {
    first_of(instances, MOMENTS.iter().map(|(date, _)| *date), is_date)
}

fn other_time(instances: &[&Header]) -> Option<String> {
    let is_time = |text: &str| text.len() >= 4 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    first_of(instances, MOMENTS.iter().map(|(_, time)| *time), is_time)
}

fn first_of(instances: &[&Header], tags: impl Iterator<Item = Tag>, good: impl Fn(&str) -> bool) -> Option<String> {
    let of = |header: &&Header, tag| header.data_set().text(tag).filter(|text| good(text));
    tags.filter_map(|tag| instances.iter().find_map(|header| of(header, tag))).next()
}

fn is_date(text: &str) -> bool {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && ("01".."13").contains(&&text[4..6]) && ("01".."32").contains(&&text[6..8])
}

/// The media type of an encapsulated document by its SOP Class (PS3.3 A.45, A.85).
fn mime_type(instances: &[&Header]) -> &'static str {
    match instances.first().map_or("", |header| header.sop_class_uid.as_str()) {
        "1.2.840.10008.5.1.4.1.1.104.1" => "application/pdf",
        "1.2.840.10008.5.1.4.1.1.104.2" => "text/XML",
        "1.2.840.10008.5.1.4.1.1.104.3" => "model/stl",
        "1.2.840.10008.5.1.4.1.1.104.4" => "model/obj",
        "1.2.840.10008.5.1.4.1.1.104.5" => "model/mtl",
        _ => "application/octet-stream",
    }
}

/// A value for people: text as it is, a number as digits, a code as its meaning.
pub(crate) fn printable(element: &Element) -> String {
    match &element.value {
        Value::Items(items) => items
            .iter()
            .flatten()
            .filter(|inner| inner.tag == Tag(0x0008, 0x0104))
            .map(printable)
            .collect::<Vec<_>>()
            .join(", "),
        Value::Bytes(bytes) => match (&element.vr, bytes.as_slice()) {
            (b"US", [a, b]) => u16::from_le_bytes([*a, *b]).to_string(),
            (b"UL", [a, b, c, d]) => u32::from_le_bytes([*a, *b, *c, *d]).to_string(),
            _ => String::from_utf8_lossy(bytes).trim_end_matches([' ', '\0']).to_owned(),
        },
    }
}
