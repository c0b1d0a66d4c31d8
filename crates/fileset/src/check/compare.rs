//! Records against the files they stand for: every key, decoded, all component groups of a name.

use std::collections::HashSet;

use filmdesk_instance::{Attributes, DataSet, Header, Tag, VR, tags};

use super::report::CheckReport;
use crate::dicomdir_reader::DirectoryRecord;
use crate::element::{Element, is_text};
use crate::keys::{Key, Need, keys_of};
use crate::profile::ExtraKeys;
use crate::record::{value_of, vr_bytes};
use crate::record_type::RecordType;

/// How one key of one record fared against the files below the record.
#[derive(Clone, Copy, Default)]
struct Fared {
    /// Files that say the same.
    same: usize,
    /// Files that say something else.
    other: usize,
    /// Files that say nothing.
    silent: usize,
}

/// One record while its files come by.
pub(super) struct Held {
    record_type: RecordType,
    character_set: Result<(), &'static str>,
    keys: Vec<KeyHeld>,
    /// Attributes beyond the table, compared as they stand.
    beyond: Vec<(Tag, Vec<String>, Fared)>,
    place: String,
}

struct KeyHeld {
    key: Key,
    /// What the record says; `None` when it says nothing.
    said: Option<Element>,
    /// Whether the attribute is in the record at all.
    is_there: bool,
    /// The value representation it is written in; `None` for sequences.
    vr: Option<VR>,
    fared: Fared,
}

impl Held {
    /// The keys of a record; `None` when its type is unknown and nothing can be asked of it.
    pub fn new(record: &DirectoryRecord, extra: ExtraKeys) -> Option<Held> {
        let record_type = record.record_type?;
        let data = record.data_set();
        let keys = keys_of(record_type, extra).iter().map(|key| KeyHeld {
            key: *key,
            said: said(key, data),
            is_there: record.attributes.contains(key.tag),
            vr: record.attributes.vr(key.tag),
            fared: Fared::default(),
        });
        let keys: Vec<KeyHeld> = keys.collect();
        let of_the_table: HashSet<Tag> = keys.iter().map(|held| held.key.tag).collect();
        let beyond = record.attributes.values().filter(|(tag, vr, _)| {
            tag.0 > 0x0004 && *tag != tags::SPECIFIC_CHARACTER_SET && !of_the_table.contains(tag) && *vr != VR::UN
        });
        let beyond = beyond.map(|(tag, ..)| (tag, data.texts(tag), Fared::default())).collect();
        let place = record.file.clone().unwrap_or_else(|| format!("{record_type} record at byte {}", record.offset));
        let character_set = check_character_set(&record.attributes);
        Some(Held { record_type, character_set, keys, beyond, place })
    }

    /// A file below the record comes by.
    pub fn meet(&mut self, header: &Header) {
        let data = header.data_set();
        for held in &mut self.keys {
            let wanted = value_of(&held.key, data);
            count(&mut held.fared, wanted.is_some(), wanted == held.said);
        }
        for (tag, said, fared) in &mut self.beyond {
            count(fared, data.attributes().contains(*tag), data.texts(*tag) == *said);
        }
    }

    /// What became of the comparison, once all files have come by.
    pub fn report(&self, report: &mut CheckReport) {
        if let Err(message) = self.character_set {
            report.error("character-set", &*self.place, message);
        }
        for held in &self.keys {
            self.report_key(held, report);
        }
        for (tag, _, fared) in &self.beyond {
            let attribute = format!("({:04X},{:04X})", tag.0, tag.1);
            match fared {
                Fared { same: 0, other: 1.., .. } => {
                    report.error("key-differs", &*self.place, format!("{attribute} is not what the file says"));
                }
                Fared { same: 0, other: 0, .. } => {
                    let message = format!("{attribute} is no key of {} and cannot be verified", self.record_type);
                    report.warn("key-unverified", &*self.place, message);
                }
                Fared { .. } => {}
            }
        }
    }

    fn report_key(&self, held: &KeyHeld, report: &mut CheckReport) {
        let (keyword, clause) = (held.key.keyword, self.record_type.clause());
        let is_required = matches!(held.key.need, Need::One(_) | Need::Two);
        let Fared { same, other, silent } = held.fared;
        if same + other + silent == 0 {
            return;
        }
        let files_say = same + other > 0;
        let is_required = is_required || (files_say && held.key.need != Need::Optional);
        if is_required && !held.is_there {
            return report.error(
                "key-missing",
                &*self.place,
                format!("{keyword} is not in the record (PS3.3 {clause})"),
            );
        }
        if held.vr.is_some_and(|vr| vr.to_string().as_bytes() != held.key.vr) {
            report.error("vr-differs", &*self.place, format!("{keyword} has another value representation (PS3.6)"));
        }
        match &held.said {
            None if !files_say && matches!(held.key.need, Need::One(_)) => {
                report.error("key-empty", &*self.place, format!("{keyword} shall not be empty (PS3.3 {clause})"));
            }
            None if files_say && held.key.need != Need::Optional => {
                report.error("key-empty", &*self.place, format!("{keyword} is empty, and the file has a value"));
            }
            None => {}
            Some(_) if !files_say => match held.key.need {
                Need::One(_) => report.n_synthesised += 1,
                Need::Two | Need::IfPresent | Need::Optional | Need::ConceptModifiers | Need::VerificationDateTime => {
                    let message = format!("{keyword} has a value in the record and none in the file");
                    report.error("key-invented", &*self.place, message);
                }
            },
            Some(_) if same == 0 => {
                report.error("key-differs", &*self.place, format!("{keyword} is not what the file says"));
            }
            Some(_) if other > 0 && is_identity(held.key.tag) => {
                let message = format!("{keyword} is another in {other} of {} files below", same + other + silent);
                report.error("identity-differs", &*self.place, message);
            }
            Some(_) if other > 0 => {
                let message = format!("{keyword} is written differently in {other} of {} files", same + other + silent);
                report.warn("key-not-uniform", &*self.place, message);
            }
            Some(_) => {}
        }
    }
}

/// Whether a record's text can be read by the letter of the standard: a reader need not guess as well as ours does.
/// Required in each record whose keys go beyond ASCII (PS3.3 F.5.1 and on).
fn check_character_set(attributes: &Attributes) -> Result<(), &'static str> {
    let texts = || attributes.values().filter(|(_, vr, _)| is_text(vr_bytes(*vr))).map(|(_, _, raw)| raw);
    let declared = DataSet::new(attributes, &[]).texts(tags::SPECIFIC_CHARACTER_SET);
    if declared.iter().any(|term| !term.is_empty() && !DEFINED_TERMS.contains(&term.as_str())) {
        return Err("Specific Character Set is no term of PS3.3 C.12.1.1.2");
    }
    if declared.iter().all(String::is_empty) && texts().any(|raw| !raw.is_ascii()) {
        return Err("text beyond ASCII, and no Specific Character Set in the record (PS3.3 F.5)");
    }
    if declared == ["ISO_IR 192"] && texts().any(|raw| std::str::from_utf8(raw).is_err()) {
        return Err("text that is not the UTF-8 the record declares");
    }
    Ok(())
}

/// Defined terms of Specific Character Set (PS3.3 Tables C.12-2 to C.12-5).
#[rustfmt::skip]
const DEFINED_TERMS: &[&str] = &[
    "ISO_IR 6", "ISO_IR 13", "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 126", "ISO_IR 127", "ISO_IR 138",
    "ISO_IR 144", "ISO_IR 148", "ISO_IR 166", "ISO_IR 192", "ISO_IR 203", "GB18030", "GBK", "ISO 2022 IR 6", "ISO 2022 IR 13",
    "ISO 2022 IR 58", "ISO 2022 IR 87", "ISO 2022 IR 100", "ISO 2022 IR 101", "ISO 2022 IR 109", "ISO 2022 IR 110",
    "ISO 2022 IR 126", "ISO 2022 IR 127", "ISO 2022 IR 138", "ISO 2022 IR 144", "ISO 2022 IR 148", "ISO 2022 IR 149",
    "ISO 2022 IR 159", "ISO 2022 IR 166", "ISO 2022 IR 203",
];

/// What must be the same in every file below a record, or the file is below the wrong one.
fn is_identity(tag: Tag) -> bool {
    [tags::PATIENT_ID, tags::STUDY_INSTANCE_UID, tags::SERIES_INSTANCE_UID].contains(&tag)
}

fn count(fared: &mut Fared, has_value: bool, is_same: bool) {
    match (has_value, is_same) {
        (false, _) => fared.silent += 1,
        (true, true) => fared.same += 1,
        (true, false) => fared.other += 1,
    }
}

/// What a record says under a key, in the form a file's value takes.
fn said(key: &Key, data: DataSet) -> Option<Element> {
    match key.need {
        // In a record it stands by itself; in a document it is in the observers' items.
        Need::VerificationDateTime => data.text(key.tag).map(|text| Element::text(key.tag, key.vr, &text)),
        // Other items than modifiers do not belong there, so they are compared, and differ.
        Need::ConceptModifiers => value_of(&Key { need: Need::IfPresent, ..*key }, data),
        Need::One(_) | Need::Two | Need::IfPresent | Need::Optional => value_of(key, data),
    }
}
