//! Case files: a situation and what must come of it, read aloud by a clerk and run by a program.

use super::fields::{Faults, Fields, fault};
use super::read::{situation_from_value, to_json};
use super::studies::StudyRow;
use crate::rules::line_and_column;
use crate::{Answer, Overlay, Payable, ReadyTime, RuleFault, Rules, Violation, taiwan};
use jiff::civil::{Date, DateTime};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use toml::Spanned;

/// One row of a case file, as written.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file, such as `fees.toml`.
    pub file: String,
    /// The line of its name, from 1.
    pub line: usize,
    /// Its name: a sentence, beginning with an `S…` number for a worked scenario.
    pub name: String,
    /// Readings it pins down, such as `A05`.
    pub pins: Vec<String>,
    given: Value,
    expect: Expect,
    default_at: DateTime,
}

/// What must come of it: only the keys written are compared.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    binding: Option<bool>,
    lines: Option<Vec<String>>,
    total_twd: Option<i64>,
    papers: Option<Vec<String>>,
    place: Option<String>,
    referrals: Option<Vec<String>>,
    ready: Option<Vec<String>>,
    payable: Option<String>,
    violations: Option<Vec<String>>,
    assumptions: Option<usize>,
    /// Rule rows that must be among the reasons.
    because: Option<Vec<String>>,
    /// Readings that must be among those in use.
    readings: Option<Vec<String>>,
    /// The situation cannot be read: `code @ field` of each fault.
    faults: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseFile {
    #[serde(default)]
    defaults: Defaults,
    #[serde(default)]
    case: Vec<CaseRow>,
    #[serde(default)]
    pub study: Vec<StudyRow>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    at: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseRow {
    name: Spanned<String>,
    given: toml::Table,
    expect: Expect,
    pins: Option<OneOrMany>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// What running a case showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseOutcome {
    /// Each difference: the key, what was expected, what came. Empty: it passed.
    pub differences: Vec<String>,
}

/// A case whose answer differs between two sets of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseChange {
    /// The case's file.
    pub file: String,
    /// The case's name.
    pub name: String,
    /// Each change.
    pub changes: Vec<Changed>,
}

/// One part of an answer under two sets of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The part, by its key in an expectation, such as `total_twd`.
    pub key: String,
    /// Before; null when there was none.
    pub before: Value,
    /// After; null when there is none.
    pub after: Value,
}

fn refuse(file: &str, text: &str, offset: usize, message: String, remedy: &str) -> Vec<RuleFault> {
    let (line, column) = line_and_column(text, offset);
    vec![RuleFault { file: file.to_owned(), line, column, message, remedy: remedy.to_owned() }]
}

/// A case file's rows as written.
pub(super) fn parsed(file: &str, text: &str) -> Result<CaseFile, Vec<RuleFault>> {
    toml::from_str(text).map_err(|e| {
        let remedy = "correct it; rules/README.md describes the case format";
        refuse(file, text, e.span().map_or(0, |s| s.start), e.message().trim().to_owned(), remedy)
    })
}

/// Reads the cases of a case file.
///
/// # Errors
/// What does not fit, with line and remedy.
pub fn parse_cases(file: &str, text: &str) -> Result<Vec<Case>, Vec<RuleFault>> {
    let refuse = |offset, message, remedy| refuse(file, text, offset, message, remedy);
    let rows = parsed(file, text)?;
    let default_at = match &rows.defaults.at {
        None => DateTime::ZERO,
        Some(at) => taiwan::parse_moment(at.get_ref())
            .map_err(|e| refuse(at.span().start, e.to_string(), "write defaults.at as 2026-12-01T10:00"))?,
    };
    if let Some(twice) = rows
        .case
        .iter()
        .enumerate()
        .find_map(|(i, c)| rows.case[..i].iter().any(|d| d.name.get_ref() == c.name.get_ref()).then_some(&c.name))
    {
        return Err(refuse(twice.span().start, "two cases have this name".to_owned(), "give each case its own name"));
    }
    let case = |row: CaseRow| Case {
        file: file.to_owned(),
        line: line_and_column(text, row.name.span().start).0,
        name: row.name.into_inner(),
        pins: match row.pins {
            None => Vec::new(),
            Some(OneOrMany::One(pin)) => vec![pin],
            Some(OneOrMany::Many(pins)) => pins,
        },
        given: to_json(toml::Value::Table(row.given)),
        expect: row.expect,
        default_at,
    };
    Ok(rows.case.into_iter().map(case).collect())
}

/// What a case changes beside the question: another desk than the committed rules alone make.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    /// Choices of readings, such as `("A08", "full-tariff")`.
    pub set: Vec<(String, String)>,
    /// Days declared closed, each with its reason.
    pub closures: Vec<(Date, String)>,
    /// Days declared open.
    pub openings: Vec<Date>,
}

impl Case {
    /// The situation of the case, as JSON in the documented format (with `closures`, `openings` and `set`, if any).
    pub fn given(&self) -> &Value {
        &self.given
    }

    /// What is asked, as any door takes it: the situation with its moment of asking written out, without the setting.
    pub fn question(&self) -> Value {
        let mut question = self.given.clone();
        if let Value::Object(fields) = &mut question {
            ["set", "closures", "openings"].iter().for_each(|key| drop(fields.remove(*key)));
            if !fields.contains_key("at") && !fields.contains_key("paid_at") {
                fields.insert("at".to_owned(), Value::from(self.default_at.to_string()));
            }
        }
        question
    }

    /// What the case changes beside the question.
    ///
    /// # Errors
    /// The faults of a setting that cannot be read.
    pub fn setting(&self, rules: &Rules) -> Result<Setting, Vec<Violation>> {
        let mut faults = Faults::new();
        let Some(mut f) = Fields::open("", &self.given, &mut faults) else { return Err(faults) };
        let setting = setting(&mut f, &mut faults);
        let set: Vec<(&str, &str)> = setting.set.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        if let Err(e) = rules.with_choices(&set) {
            fault(&mut faults, "no-such-choice", "set", e.clone(), e);
        }
        if faults.is_empty() { Ok(setting) } else { Err(faults) }
    }

    /// The case's answer under some rules.
    ///
    /// # Errors
    /// The faults of a situation that cannot be read.
    pub fn answer(&self, rules: &Rules) -> Result<Answer, Vec<Violation>> {
        let Setting { set, closures, openings } = self.setting(rules)?;
        let situation = situation_from_value(rules, &self.question(), self.default_at)?;
        let overlay = Overlay { closures, openings, classifications: Vec::new() };
        let set: Vec<(&str, &str)> = set.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        match rules.with_choices(&set) {
            Ok(rules) if !set.is_empty() => Ok(crate::answer(&rules, &overlay, &situation)),
            // Without choices these are the same rules; and the setting was read with these choices.
            Ok(_) | Err(_) => Ok(crate::answer(rules, &overlay, &situation)),
        }
    }
}

fn setting(f: &mut Fields, faults: &mut Faults) -> Setting {
    let mut days = |key| {
        let list = f.list(key, faults);
        list.iter().filter_map(|(_, v)| v.as_str()).filter_map(|d| taiwan::parse_date(d).ok()).collect::<Vec<_>>()
    };
    let closures = days("closures").into_iter().map(|d| (d, "颱風 Typhoon".to_owned())).collect();
    let openings = days("openings");
    let mut set = Vec::new();
    if let Some(Value::Object(choices)) = f.value("set") {
        set = choices.iter().map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned())).collect();
    }
    Setting { set, closures, openings }
}

/// Runs a case.
pub fn run_case(rules: &Rules, case: &Case) -> CaseOutcome {
    let mut differences = Vec::new();
    match case.answer(rules) {
        Err(faults) => {
            let found: Vec<String> = faults.iter().map(|v| format!("{} @ {}", v.code, v.field)).collect();
            differ(&mut differences, "faults", case.expect.faults.as_ref().unwrap_or(&Vec::new()), &found);
        }
        Ok(answer) => compare(&case.expect, &answer, &mut differences),
    }
    CaseOutcome { differences }
}

fn differ<T: PartialEq + std::fmt::Debug>(into: &mut Vec<String>, key: &str, expected: &T, found: &T) {
    if expected != found {
        into.push(format!("{key}: expected {expected:?}, found {found:?}"));
    }
}

fn compare(expect: &Expect, answer: &Answer, into: &mut Vec<String>) {
    let seen = Seen::of(answer);
    if let Some(faults) = &expect.faults {
        differ(into, "faults", faults, &Vec::new());
    }
    if let Some(binding) = &expect.binding {
        differ(into, "binding", binding, &answer.binding);
    }
    if let Some(lines) = &expect.lines {
        differ(into, "lines", &lines.iter().map(|l| tidy_line(l)).collect(), &seen.lines);
    }
    if let Some(total) = &expect.total_twd {
        differ(into, "total_twd", total, &answer.total.dollars());
    }
    if let Some(papers) = &expect.papers {
        differ(into, "papers", papers, &seen.papers);
    }
    if let Some(place) = &expect.place {
        differ(into, "place", place, &seen.place);
    }
    if let Some(referrals) = &expect.referrals {
        differ(into, "referrals", referrals, &seen.referrals);
    }
    if let Some(ready) = &expect.ready {
        differ(into, "ready", &ready.iter().map(|r| tidy_moment(r)).collect(), &seen.ready);
    }
    if let Some(payable) = &expect.payable {
        differ(into, "payable", &tidy_moment(payable), &seen.payable);
    }
    if let Some(violations) = &expect.violations {
        let with_field = violations.iter().any(|v| v.contains('@'));
        let code = |v: &Violation| if with_field { format!("{} @ {}", v.code, v.field) } else { v.code.clone() };
        differ(into, "violations", violations, &answer.violations.iter().map(code).collect());
    }
    if let Some(n) = &expect.assumptions {
        differ(into, "assumptions", n, &answer.assumptions.len());
    }
    for (key, wanted, found) in
        [("because", &expect.because, &seen.because), ("readings", &expect.readings, &answer.readings)]
    {
        for one in wanted.iter().flatten().filter(|w| !found.contains(w)) {
            into.push(format!("{key}: {one} is not among {found:?}"));
        }
    }
}

/// An answer in the words of a case file.
struct Seen {
    lines: Vec<String>,
    papers: Vec<String>,
    place: String,
    referrals: Vec<String>,
    ready: Vec<String>,
    payable: String,
    because: Vec<String>,
}

impl Seen {
    fn of(a: &Answer) -> Seen {
        let mut because: Vec<String> = Vec::new();
        because.extend(a.lines.iter().map(|l| l.rule.clone()));
        because.extend(a.papers.iter().map(|p| p.why.rule.clone()));
        because.extend(a.standing.iter().map(|r| r.rule.clone()));
        because.extend(a.referrals.iter().map(|r| r.why.rule.clone()));
        let mut reasons = |why: &[crate::Reason]| because.extend(why.iter().map(|r| r.rule.clone()));
        let ready = |r: &ReadyTime, reasons: &mut dyn FnMut(&[crate::Reason])| match r {
            ReadyTime::At { at, why } => {
                reasons(why);
                at.to_string()
            }
            ReadyTime::ToBeAgreed { why } => {
                reasons(why);
                "to-be-agreed".to_owned()
            }
            ReadyTime::Unknown { why } => {
                reasons(why);
                "unknown".to_owned()
            }
        };
        let ready = a.ready.iter().map(|r| ready(r, &mut reasons)).collect();
        let payable = match &a.payable {
            Payable::Now => "now".to_owned(),
            Payable::From { at, why } => {
                reasons(why);
                at.map_or("unknown".to_owned(), |a| a.to_string())
            }
        };
        let places = |r: &crate::Referral| r.places.iter().map(|p| p.id.as_str()).collect::<Vec<&str>>().join(", ");
        let referral = |r: &crate::Referral| match r.item {
            Some(i) => format!("{i}: {}", places(r)),
            None => places(r),
        };
        Seen {
            lines: a.lines.iter().map(|l| format!("{}: {}, {}", l.rule, l.quantity, l.amount.dollars())).collect(),
            papers: a.papers.iter().map(|p| p.id.clone()).collect(),
            place: a.place.as_ref().map_or("none".to_owned(), |p| p.id.clone()),
            referrals: a.referrals.iter().map(referral).collect(),
            ready,
            payable,
            because,
        }
    }
}

/// `disc.special: 2 items, 400` and `disc.special: 2, 400` say the same.
fn tidy_line(line: &str) -> String {
    let Some((rule, rest)) = line.split_once(':') else { return line.to_owned() };
    let Some((quantity, amount)) = rest.split_once(',') else { return line.to_owned() };
    let quantity = quantity.split_whitespace().next().unwrap_or_default();
    format!("{}: {quantity}, {}", rule.trim(), amount.trim())
}

/// A moment in any written form, as the answer prints it; words stay.
fn tidy_moment(written: &str) -> String {
    taiwan::parse_moment(written).map_or(written.to_owned(), |m| m.to_string())
}

/// Lines of the page that no case proves: those without one, and those whose cases are not there.
pub fn unproved_lines(rules: &Rules, files: &BTreeMap<String, String>, cases: &[Case]) -> Vec<RuleFault> {
    let text = files.get("page.toml").map(String::as_str).unwrap_or_default();
    let mut faults = Vec::new();
    for line in rules.page() {
        let begins = |name: &str| cases.iter().any(|c| c.name.starts_with(name));
        let missing = line.cases.iter().filter(|name| !begins(name));
        faults.extend(missing.map(|name| {
            let offset = text.find(&format!("n = {}\n", line.n)).unwrap_or(0);
            let (line_number, column) = line_and_column(text, offset);
            RuleFault {
                file: "page.toml".to_owned(),
                line: line_number,
                column,
                message: format!("line {} of the page: no case begins with \"{name}\"", line.n),
                remedy: "write the case, or name the one that proves the line".to_owned(),
            }
        }));
    }
    faults
}

/// Which cases answer differently under other rules: what adopting a choice or an edited row would change.
pub fn case_changes(before: &Rules, after: &Rules, cases: &[Case]) -> Vec<CaseChange> {
    let change = |case: &Case| {
        let (old, new) = (comparable(case, before), comparable(case, after));
        let keys = old.keys().chain(new.keys().filter(|k| !old.contains_key(*k)));
        let value = |map: &Map, key: &String| map.get(key).cloned().unwrap_or(Value::Null);
        let changed = keys.filter(|k| old.get(*k) != new.get(*k)).map(|key| Changed {
            key: key.clone(),
            before: value(&old, key),
            after: value(&new, key),
        });
        CaseChange { file: case.file.clone(), name: case.name.clone(), changes: changed.collect() }
    };
    cases.iter().map(change).filter(|c| !c.changes.is_empty()).collect()
}

type Map = serde_json::Map<String, Value>;

/// The parts of an answer that a person would act on, without the words.
fn comparable(case: &Case, rules: &Rules) -> Map {
    let mut map = Map::new();
    match case.answer(rules) {
        Err(faults) => {
            map.insert("faults".to_owned(), faults.iter().map(|f| Value::from(f.code.clone())).collect());
        }
        Ok(a) => {
            let seen = Seen::of(&a);
            map.insert("total_twd".to_owned(), Value::from(a.total.dollars()));
            map.insert("lines".to_owned(), Value::from(seen.lines));
            map.insert("papers".to_owned(), Value::from(seen.papers));
            map.insert("place".to_owned(), Value::from(seen.place));
            map.insert("referrals".to_owned(), Value::from(seen.referrals));
            map.insert("ready".to_owned(), Value::from(seen.ready));
            map.insert("payable".to_owned(), Value::from(seen.payable));
            map.insert("violations".to_owned(), a.violations.iter().map(|v| Value::from(v.code.clone())).collect());
        }
    }
    map
}
