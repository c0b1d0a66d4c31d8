//! A situation from TOML or JSON text.

use super::fields::{Faults, Fields, as_count, fault, shown, wrong};
use crate::{
    Capacity, Collection, Companion, Fate, ItemAsked, Kinship, MediaAsked, People, RecordKindId, Relative,
    Representation, Rules, Situation, Violation, WeighedGoods,
};
use jiff::civil::DateTime;
use serde_json::Value;

/// Reads a situation from TOML text. `asked_at` is the moment of asking when the text names none.
///
/// # Errors
/// Every fault, with its field and what is allowed there.
pub fn situation_from_toml(rules: &Rules, text: &str, asked_at: DateTime) -> Result<Situation, Vec<Violation>> {
    within_length(rules, text)?;
    let table: toml::Table = toml::from_str(text).map_err(|e| {
        let (line, column) = crate::rules::line_and_column(text, e.span().map_or(0, |s| s.start));
        not_read("TOML", line, column, e.message())
    })?;
    situation_from_value(rules, &to_json(toml::Value::Table(table)), asked_at)
}

/// Reads a situation from JSON text. `asked_at` is the moment of asking when the text names none.
///
/// # Errors
/// Every fault, with its field and what is allowed there.
pub fn situation_from_json(rules: &Rules, text: &str, asked_at: DateTime) -> Result<Situation, Vec<Violation>> {
    within_length(rules, text)?;
    let value: Value =
        serde_json::from_str(text).map_err(|e| not_read("JSON", e.line(), e.column(), &e.to_string()))?;
    situation_from_value(rules, &value, asked_at)
}

fn within_length(rules: &Rules, text: &str) -> Result<(), Vec<Violation>> {
    let most = rules.hospital().limits.text_bytes;
    if text.len() <= most {
        return Ok(());
    }
    let mut faults = Faults::new();
    let long = text.len();
    let (zh, en) =
        (format!("內容 {long} 位元組，超過上限 {most}。"), format!("{long} bytes are more than the {most} allowed."));
    fault(&mut faults, "too-long", "", zh, en);
    Err(faults)
}

fn not_read(language: &str, line: usize, column: usize, message: &str) -> Vec<Violation> {
    let mut faults = Faults::new();
    let message = message.trim();
    fault(
        &mut faults,
        "not-read",
        "",
        format!("第 {line} 行第 {column} 字不是正確的 {language}：{message}。"),
        format!("Line {line}, column {column} is not {language}: {message}."),
    );
    faults
}

/// TOML's dates become text; everything else has its equal in JSON.
pub(crate) fn to_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(s) => Value::String(s),
        toml::Value::Integer(i) => Value::from(i),
        toml::Value::Float(f) => Value::from(f),
        toml::Value::Boolean(b) => Value::Bool(b),
        toml::Value::Datetime(d) => Value::String(d.to_string()),
        toml::Value::Array(list) => Value::Array(list.into_iter().map(to_json).collect()),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(k, v)| (k, to_json(v))).collect()),
    }
}

/// Reads a situation from a JSON value.
///
/// # Errors
/// Every fault, with its field and what is allowed there.
pub fn situation_from_value(rules: &Rules, value: &Value, asked_at: DateTime) -> Result<Situation, Vec<Violation>> {
    let mut faults = Faults::new();
    let read = Fields::open("", value, &mut faults).map(|mut fields| {
        let situation = situation(rules, &mut fields, asked_at, &mut faults);
        fields.close(&mut faults);
        situation
    });
    match read {
        Some(situation) if faults.is_empty() => Ok(situation),
        Some(_) | None => Err(faults),
    }
}

const COLLECTIONS: [(&str, Collection); 3] = [
    ("at-counter", Collection::AtCounter),
    ("by-post-in-taiwan", Collection::ByPostInTaiwan),
    ("by-post-abroad", Collection::ByPostAbroad),
];

pub(crate) fn situation(rules: &Rules, f: &mut Fields, asked_at: DateTime, faults: &mut Faults) -> Situation {
    let paid_at = f.moment("paid_at", faults);
    let at = f.moment("at", faults).or(paid_at).unwrap_or(asked_at);
    let media = [("disc", Medium::Disc), ("film", Medium::Film), ("hard-copy", Medium::HardCopy)];
    let medium = f.word("medium", &media, faults).unwrap_or(Medium::Disc);
    let mut s = Situation::new(at, Vec::new());
    s.paid_at = paid_at;
    let most = rules.hospital().limits.items;
    for (path, value) in f.list("items", faults) {
        items(most, medium, &path, value, &mut s.items, faults);
    }
    for (path, value) in f.list("companions", faults) {
        s.companions.extend(companion(&path, value, faults));
    }
    if let Some(value) = f.value("people") {
        s.people = people(value, faults);
    }
    s.collection = f.word("collection", &COLLECTIONS, faults).unwrap_or_default();
    s.extra_sets = f.count("extra_sets", faults).unwrap_or(0);
    s.split = f.flag("split", faults).unwrap_or(false);
    if let Some(value) = f.value("weighed") {
        s.weighed = weighed(value, faults);
    }
    s.agreed_time = f.moment("agreed_time", faults);
    s
}

#[derive(Clone, Copy)]
enum Medium {
    Disc,
    Film,
    HardCopy,
}

fn one_sheet_of(medium: Medium) -> MediaAsked {
    let none = MediaAsked::default();
    match medium {
        Medium::Disc => MediaAsked { disc: true, ..none },
        Medium::Film => MediaAsked { film_sheets: 1, ..none },
        Medium::HardCopy => MediaAsked { hard_copy_sheets: 1, ..none },
    }
}

/// An item is the id of a record kind, or a table; `count` says the same several times.
fn items(most: u32, medium: Medium, path: &str, value: &Value, into: &mut Vec<ItemAsked>, faults: &mut Faults) {
    let asked = |kind: &str| ItemAsked { media: one_sheet_of(medium), ..ItemAsked::on_disc(shown(kind)) };
    if let Value::String(kind) = value {
        return into.push(asked(kind));
    }
    let Some(mut f) = Fields::open(path, value, faults) else { return };
    let kind = f.text("kind", faults);
    if kind.is_none() && f.value("kind").is_none() {
        let (zh, en) = ("缺少項目代碼。".to_owned(), "The id of a record kind is missing.".to_owned());
        fault(faults, "missing", &f.path("kind"), zh, en);
    }
    let mut item = asked(kind.unwrap_or_default());
    let count = f.count("count", faults).unwrap_or(1);
    if count == 0 || count > most {
        let (zh, en) = (format!("次數須為 1 到 {most}。"), format!("A count is from 1 to {most}."));
        fault(faults, "out-of-range", &f.path("count"), zh, en);
    }
    let (disc, film, paper) =
        (f.flag("disc", faults), f.count("film_sheets", faults), f.count("hard_copy_sheets", faults));
    if disc.is_some() || film.is_some() || paper.is_some() {
        let (film_sheets, hard_copy_sheets) = (film.unwrap_or(0), paper.unwrap_or(0));
        item.media = MediaAsked { disc: disc.unwrap_or(false), film_sheets, hard_copy_sheets };
    }
    item.exam_end = f.moment("exam_end", faults);
    item.report_sent = f.moment("report_sent", faults);
    item.performing_unit = f.text("performing_unit", faults).map(|u| shown(u).to_owned());
    item.psychiatry = f.flag("psychiatry", faults).unwrap_or(false);
    item.post_processing = f.flag("post_processing", faults).unwrap_or(false);
    item.imported = f.flag("imported", faults).unwrap_or(false);
    item.dental_upload_confirmed = f.flag("dental_upload_confirmed", faults);
    item.receivable = receivable(&mut f, faults);
    f.close(faults);
    into.extend(std::iter::repeat_n(item, count.min(most) as usize));
}

fn receivable(f: &mut Fields, faults: &mut Faults) -> Option<(u32, u32)> {
    let list = f.value("receivable")?;
    let pair = list.as_array().map(Vec::as_slice);
    if let Some([have, of]) = pair
        && let (Some(have), Some(of)) = (as_count(have), as_count(of))
    {
        return Some((have, of));
    }
    wrong(faults, &f.path("receivable"), "兩個整數 [可提供, 全部]", "two whole numbers, [receivable, all],");
    None
}

fn companion(path: &str, value: &Value, faults: &mut Faults) -> Option<Companion> {
    let mut f = Fields::open(path, value, faults)?;
    let kind = f.text("kind", faults).map(|k| RecordKindId(shown(k).to_owned()));
    let exam_end = f.moment("exam_end", faults);
    let report_sent = f.moment("report_sent", faults);
    for (name, missing) in [("kind", kind.is_none()), ("exam_end", exam_end.is_none())] {
        if missing {
            let (zh, en) = ("此欄必填。".to_owned(), "This field is needed.".to_owned());
            fault(faults, "missing", &f.path(name), zh, en);
        }
    }
    f.close(faults);
    Some(Companion { kind: kind?, exam_end: exam_end?, report_sent })
}

fn weighed(value: &Value, faults: &mut Faults) -> Option<WeighedGoods> {
    let mut f = Fields::open("weighed", value, faults)?;
    let discs = f.count("discs", faults).unwrap_or(1);
    let making_minutes = f.count("making_minutes", faults).unwrap_or(0);
    f.close(faults);
    Some(WeighedGoods { discs, making_minutes })
}

pub(crate) const CAPACITIES: [(&str, Capacity); 3] =
    [("patient", Capacity::Patient), ("legal-representative", Capacity::LegalRepresentative), ("heir", Capacity::Heir)];

pub(crate) const KINSHIPS: [(&str, Kinship); 6] = [
    ("spouse", Kinship::Spouse),
    ("descendant", Kinship::Descendant),
    ("parent", Kinship::Parent),
    ("sibling", Kinship::Sibling),
    ("grandparent", Kinship::Grandparent),
    ("other", Kinship::Other),
];

pub(crate) const FATES: [(&str, Fate); 4] = [
    ("lives", Fate::Lives),
    ("died-before", Fate::DiedBefore),
    ("lost-right", Fate::LostRight),
    ("renounced", Fate::Renounced),
];

pub(crate) const REPRESENTATIONS: [(&str, Representation); 6] = [
    ("parent", Representation::Parent),
    ("custodial-parent", Representation::CustodialParent),
    ("non-custodial-parent", Representation::NonCustodialParent),
    ("guardian", Representation::Guardian),
    ("assistant", Representation::Assistant),
    ("other-relative", Representation::OtherRelative),
];

fn relative(path: &str, value: &Value, faults: &mut Faults) -> Option<Relative> {
    let mut f = Fields::open(path, value, faults)?;
    let kinship = f.word("kinship", &KINSHIPS, faults);
    if kinship.is_none() && f.value("kinship").is_none() {
        let (zh, en) = ("此欄必填。".to_owned(), "This field is needed.".to_owned());
        fault(faults, "missing", &f.path("kinship"), zh, en);
    }
    let fate = f.word("fate", &FATES, faults).unwrap_or_default();
    let child_of = f.count("child_of", faults).map(|i| i as usize);
    f.close(faults);
    Some(Relative { kinship: kinship?, fate, child_of })
}

/// An heir applies for the deceased unless the text says that the patient lives.
fn people(value: &Value, faults: &mut Faults) -> People {
    let Some(mut f) = Fields::open("people", value, faults) else { return People::default() };
    let capacity = f.word("capacity", &CAPACITIES, faults).unwrap_or_default();
    let flag = |f: &mut Fields, key, faults: &mut Faults| f.flag(key, faults).unwrap_or(false);
    let listed = f.list("relatives", faults);
    let relatives = listed.iter().filter_map(|(path, value)| relative(path, value, faults)).collect();
    let people = People {
        capacity,
        agent: flag(&mut f, "agent", faults),
        patient_born: f.date("patient_born", faults),
        patient_under_guardianship: flag(&mut f, "patient_under_guardianship", faults),
        patient_deceased: f.flag("patient_deceased", faults).unwrap_or(capacity == Capacity::Heir),
        patient_foreign: flag(&mut f, "patient_foreign", faults),
        without_residence: flag(&mut f, "without_residence", faults),
        applicant_foreign: flag(&mut f, "applicant_foreign", faults),
        agent_foreign: flag(&mut f, "agent_foreign", faults),
        kinship: f.word("kinship", &KINSHIPS, faults),
        earlier_heir_lives: f.flag("earlier_heir_lives", faults),
        child_of: f.count("child_of", faults).map(|i| i as usize),
        relatives,
        representation: f.word("representation", &REPRESENTATIONS, faults),
        inpatient: flag(&mut f, "inpatient", faults),
    };
    f.close(faults);
    people
}
