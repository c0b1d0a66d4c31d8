//! What a rules folder must be as a whole: ids unique, references resolved, citations real, readings implemented.
//! The rows of one file that must fit each other (tiers, windows, validities) are in `check_rows`.

use super::check_rows;
use super::fault::Faults;
use super::load::Parsed;
use super::rows::*;
use super::switches::Switches;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// What rows may refer to.
pub(crate) struct Known<'a> {
    headings: BTreeSet<&'a str>,
    readings: BTreeMap<&'a str, &'a ReadingRow>,
    venues: BTreeSet<&'a str>,
    units: BTreeSet<&'a str>,
    kinds: BTreeSet<&'a str>,
    clearances: BTreeSet<&'a str>,
    documents: BTreeSet<&'a str>,
}

pub(crate) fn check(p: &Parsed, faults: &mut Faults) {
    let known = Known {
        headings: p.page.headings.iter().map(String::as_str).collect(),
        readings: p.readings.reading.iter().map(|r| (r.id.get_ref().as_str(), r)).collect(),
        venues: ids(p.hospital.venue.iter().map(|v| &v.id)),
        units: ids(p.hospital.unit.iter().map(|u| &u.id)),
        kinds: ids(p.kinds.kind.iter().map(|k| &k.id)),
        clearances: ids(p.schedule.clearance.iter().map(|c| &c.id)),
        documents: ids(p.documents.document.iter().map(|d| &d.id)),
    };
    hospital(p, &known, faults);
    record_kinds(p, &known, faults);
    fees(p, &known, faults);
    documents(p, &known, faults);
    schedule(p, &known, faults);
    readings(p, &known, faults);
    page(p, &known, faults);
    check_rows::check(p, faults);
}

fn ids<'a>(rows: impl Iterator<Item = &'a Spanned<String>>) -> BTreeSet<&'a str> {
    rows.map(|s| s.get_ref().as_str()).collect()
}

/// Every id of a table once.
pub(crate) fn unique<'a>(file: &str, rows: impl Iterator<Item = &'a Spanned<String>>, faults: &mut Faults) {
    let mut seen = BTreeSet::new();
    for id in rows {
        if !seen.insert(id.get_ref()) {
            faults.at(
                file,
                id.span(),
                format!("the id \"{}\" is used twice", id.get_ref()),
                "give each row its own id",
            );
        }
    }
}

/// Rows of one id follow each other: no two hold at the same time.
fn succession<T: Dated>(file: &str, rows: &[T], faults: &mut Faults) {
    for (i, a) in rows.iter().enumerate() {
        let again = |b: &&T| a.id().get_ref() == b.id().get_ref() && a.validity().overlaps(&b.validity());
        for b in rows.iter().skip(i + 1).filter(again) {
            let message = format!("two rows \"{}\" hold at the same time", b.id().get_ref());
            let remedy = "end one with `until` on the day the other begins, or give each its own id";
            faults.at(file, b.id().span(), message, remedy);
        }
    }
}

fn refers(file: &str, what: &str, to: &Spanned<String>, known: &BTreeSet<&str>, faults: &mut Faults) {
    if !known.contains(to.get_ref().as_str()) {
        let list = known.iter().copied().collect::<Vec<&str>>().join(", ");
        faults.at(file, to.span(), format!("there is no {what} \"{}\"", to.get_ref()), format!("use one of: {list}"));
    }
}

impl Known<'_> {
    fn cite(&self, file: &str, cite: &SpannedCite, faults: &mut Faults) {
        let row = cite.get_ref();
        let given = [&row.page, &row.law, &row.proposal].into_iter().flatten().collect::<Vec<&String>>();
        let [one] = given.as_slice() else {
            let remedy = "write exactly one of page, law or proposal";
            return faults.at(file, cite.span(), "a citation has one source", remedy);
        };
        if one.trim().is_empty() {
            return faults.at(file, cite.span(), "the citation is empty", "name the heading, law or proposal");
        }
        if let Some(heading) = row.page.as_ref().filter(|h| !self.headings.contains(h.as_str())) {
            let list = self.headings.iter().copied().collect::<Vec<&str>>().join("; ");
            let message = format!("the page has no heading \"{heading}\"");
            faults.at(file, cite.span(), message, format!("cite one of the headings of page.toml: {list}"));
        }
    }

    fn reading(&self, file: &str, reading: &Option<Spanned<String>>, faults: &mut Faults) {
        let Some(id) = reading else { return };
        if !self.readings.contains_key(id.get_ref().as_str()) {
            let message = format!("there is no reading \"{}\"", id.get_ref());
            faults.at(file, id.span(), message, "name a reading of readings.toml, or add it there");
        }
    }

    fn switch(&self, file: &str, switch: &Spanned<String>, faults: &mut Faults) {
        let (id, choice) = switch.get_ref().split_once('=').unwrap_or((switch.get_ref(), ""));
        let row = self.readings.get(id);
        if !row.is_some_and(|r| r.choices.iter().any(|c| c.id == choice)) {
            let message = format!("no reading has the choice \"{}\"", switch.get_ref());
            faults.at(file, switch.span(), message, "write it as \"A18=dentistry\": a reading and one of its choices");
        }
    }
}

fn hospital(p: &Parsed, known: &Known, faults: &mut Faults) {
    let file = "hospital.toml";
    let row = p.hospital.hospital.get_ref();
    known.cite(file, &row.cite, faults);
    refers(file, "venue", &row.default_venue, &known.venues, faults);
    refers(file, "venue", &row.inpatient_venue, &known.venues, faults);
    if jiff::tz::TimeZone::get(row.time_zone.get_ref()).is_err() {
        let message = format!("\"{}\" is not a time zone", row.time_zone.get_ref());
        faults.at(file, row.time_zone.span(), message, "write an IANA name such as Asia/Taipei");
    }
    unique(file, p.hospital.venue.iter().map(|v| &v.id), faults);
    unique(file, p.hospital.unit.iter().map(|u| &u.id), faults);
    unique(file, p.hospital.disc_type.iter().map(|d| &d.id), faults);
    p.hospital.venue.iter().for_each(|v| known.cite(file, &v.cite, faults));
    for disc in &p.hospital.disc_type {
        known.cite(file, &disc.cite, faults);
        known.reading(file, &disc.reading, faults);
    }
}

fn record_kinds(p: &Parsed, known: &Known, faults: &mut Faults) {
    let file = "record-kinds.toml";
    succession(file, &p.kinds.kind, faults);
    succession(file, &p.kinds.route, faults);
    unique(file, p.kinds.classify.iter().map(|c| &c.id), faults);
    for kind in &p.kinds.kind {
        known.cite(file, &kind.cite, faults);
        known.reading(file, &kind.reading, faults);
        kind.clearance.iter().for_each(|c| refers(file, "waiting period", c, &known.clearances, faults));
        if kind.elsewhere != kind.media.is_empty() {
            let message = "a kind has media, or is copied elsewhere: never both or neither";
            faults.at(file, kind.id.span(), message, "give it media, or write media = [] and elsewhere = true");
        }
        let routed = p.kinds.route.iter().any(|r| r.when.kinds.iter().any(|k| k.get_ref() == kind.id.get_ref()));
        if kind.elsewhere && !routed {
            let message = format!("nothing says where \"{}\" is applied for", kind.id.get_ref());
            faults.at(file, kind.id.span(), message, "add a [[route]] whose `when.kinds` names it");
        }
    }
    for route in &p.kinds.route {
        known.cite(file, &route.cite, faults);
        known.reading(file, &route.reading, faults);
        route.when.kinds.iter().for_each(|k| refers(file, "kind", k, &known.kinds, faults));
        route.when.unit.iter().for_each(|u| refers(file, "unit", u, &known.units, faults));
        route.when.switch.iter().for_each(|s| known.switch(file, s, faults));
        route.places.iter().for_each(|v| refers(file, "venue", v, &known.venues, faults));
        if route.places.is_empty() {
            faults.at(file, route.id.span(), "a referral needs a place", "name a venue of hospital.toml");
        }
    }
    for row in &p.kinds.classify {
        refers(file, "kind", &row.kind, &known.kinds, faults);
        row.unit.iter().for_each(|u| refers(file, "unit", u, &known.units, faults));
        let lists = [&row.modalities, &row.words, &row.body_part, &row.station];
        if lists.iter().all(|list| list.is_empty()) && row.unit.is_none() {
            let remedy = "name modalities, words, body_part, station or unit";
            faults.at(file, row.id.span(), "this row fits every study", remedy);
        }
        if lists.iter().any(|list| list.iter().any(|word| word.trim().is_empty())) {
            faults.at(file, row.id.span(), "an empty word fits everything", "write the word, or remove it");
        }
    }
}

fn fees(p: &Parsed, known: &Known, faults: &mut Faults) {
    for row in &p.fees.fee {
        known.cite("fees.toml", &row.get_ref().cite, faults);
        known.reading("fees.toml", &row.get_ref().reading, faults);
    }
}

fn documents(p: &Parsed, known: &Known, faults: &mut Faults) {
    let file = "documents.toml";
    for document in &p.documents.document {
        known.cite(file, &document.cite, faults);
        known.reading(file, &document.reading, faults);
        for swap in &document.swap {
            refers(file, "document", &swap.with, &known.documents, faults);
            swap.switch.iter().for_each(|s| known.switch(file, s, faults));
            if swap.when.is_none() && swap.switch.is_none() {
                faults.at(file, swap.with.span(), "a swap without a condition", "write `when`, `switch` or both");
            }
        }
    }
    for row in &p.documents.requirement {
        known.cite(file, &row.cite, faults);
        row.documents.iter().for_each(|d| refers(file, "document", d, &known.documents, faults));
    }
    for row in &p.documents.age_of_majority {
        known.cite(file, &row.cite, faults);
        known.reading(file, &row.reading, faults);
    }
    p.documents.heir.iter().for_each(|h| known.cite(file, &h.cite, faults));
    succession(file, &p.documents.heir, faults);
    succession(file, &p.documents.inheritance, faults);
    succession(file, &p.documents.representative, faults);
    p.documents.inheritance.iter().for_each(|r| known.cite(file, &r.cite, faults));
    p.documents.representative.iter().for_each(|r| known.cite(file, &r.cite, faults));
    for row in &p.documents.standing {
        known.cite(file, &row.cite, faults);
        refers(file, "document", &row.earlier_heir_document, &known.documents, faults);
    }
}

fn schedule(p: &Parsed, known: &Known, faults: &mut Faults) {
    let file = "schedule.toml";
    let s = &p.schedule;
    succession(file, &s.window, faults);
    succession(file, &s.clearance, faults);
    let rows = s.window.iter().map(|w| (&w.cite, &w.reading));
    let rows = rows.chain(s.clearance.iter().map(|c| (&c.cite, &c.reading)));
    let rows = rows.chain(s.closed.iter().map(|r| (&r.cite, &r.reading)));
    let rows = rows.chain(s.large.iter().map(|r| (&r.cite, &r.reading)));
    let rows = rows.chain(s.post.iter().map(|r| (&r.cite, &r.reading)));
    let rows = rows.chain(s.split.iter().map(|r| (&r.cite, &r.reading)));
    for (cite, reading) in rows {
        known.cite(file, cite, faults);
        known.reading(file, reading, faults);
    }
    s.periods.iter().for_each(|r| known.cite(file, &r.cite, faults));
    for row in &s.clearance {
        row.same_day.iter().flatten().for_each(|k| refers(file, "kind", k, &known.kinds, faults));
        for also in &row.also {
            known.switch(file, &also.switch, faults);
            refers(file, "kind", &also.kind, &known.kinds, faults);
            refers(file, "kind", &also.counts_as, &known.kinds, faults);
        }
    }
    let calendar = p.calendar.calendar.get_ref();
    known.cite("calendar.toml", &calendar.cite, faults);
    known.reading("calendar.toml", &calendar.reading, faults);
    p.calendar.closure.iter().for_each(|c| known.cite("calendar.toml", &c.cite, faults));
}

fn readings(p: &Parsed, known: &Known, faults: &mut Faults) {
    let file = "readings.toml";
    unique(file, p.readings.reading.iter().map(|r| &r.id), faults);
    for row in &p.readings.reading {
        known.cite(file, &row.cite, faults);
        let (id, chosen) = (row.id.get_ref(), row.chosen.get_ref());
        let written: Vec<&str> = row.choices.iter().map(|c| c.id.as_str()).collect();
        if !written.contains(&chosen.as_str()) {
            let message = format!("reading {id} has no choice \"{chosen}\"");
            faults.at(file, row.chosen.span(), message, format!("use one of: {}", written.join(", ")));
        }
        let built = Switches::choices(id);
        let decided_by_rows = built.is_empty() && written.len() == 1;
        for choice in written.iter().filter(|c| !decided_by_rows && !built.contains(*c)) {
            let message = format!("reading {id}: nothing implements the choice \"{choice}\"");
            let remedy = match built {
                [] => "leave one choice: this reading is decided by rows".to_owned(),
                built => format!("use only: {}", built.join(", ")),
            };
            faults.at(file, row.id.span(), message, remedy);
        }
    }
    for id in Switches::ids().iter().filter(|id| !known.readings.contains_key(*id)) {
        faults.at(file, 0..0, format!("reading {id} is missing"), "add a [[reading]] with this id and its choice");
    }
}

fn page(p: &Parsed, known: &Known, faults: &mut Faults) {
    let file = "page.toml";
    let mut rules: BTreeSet<&str> = known.readings.keys().copied().collect();
    rules.extend(known.venues.iter().chain(&known.kinds).chain(&known.clearances).chain(&known.documents));
    rules.extend(p.kinds.route.iter().map(|r| r.id.get_ref().as_str()));
    rules.extend(p.fees.fee.iter().map(|f| f.get_ref().id.get_ref().as_str()));
    rules.extend(p.documents.requirement.iter().map(|r| r.id.get_ref().as_str()));
    rules.extend(p.documents.age_of_majority.iter().map(|m| m.id.get_ref().as_str()));
    rules.extend(p.documents.heir.iter().map(|r| r.id.get_ref().as_str()));
    rules.extend(p.documents.inheritance.iter().map(|r| r.id.get_ref().as_str()));
    rules.extend(p.documents.representative.iter().map(|r| r.id.get_ref().as_str()));
    rules.extend(p.schedule.window.iter().map(|w| w.id.get_ref().as_str()));
    let s = &p.schedule;
    rules.extend(s.closed.iter().map(|r| r.id.get_ref().as_str()));
    rules.extend(s.large.iter().map(|r| r.id.get_ref().as_str()));
    rules.extend(s.post.iter().map(|r| r.id.get_ref().as_str()));
    rules.extend(s.split.iter().map(|r| r.id.get_ref().as_str()));
    rules.extend(s.periods.iter().map(|r| r.id.get_ref().as_str()));
    rules.extend(p.hospital.disc_type.iter().map(|d| d.id.get_ref().as_str()));
    rules.extend(["hospital", "calendar"]);
    for (i, line) in p.page.line.iter().enumerate() {
        if *line.n.get_ref() as usize != i + 1 {
            let message = format!("line {} stands where {} is expected", line.n.get_ref(), i + 1);
            faults.at(file, line.n.span(), message, "number the lines of the page 1, 2, 3, …");
        }
        if !known.headings.contains(line.heading.get_ref().as_str()) {
            let message = format!("the page has no heading \"{}\"", line.heading.get_ref());
            faults.at(file, line.heading.span(), message, "use one of `headings`");
        }
        for rule in line.rules.iter().filter(|r| !rules.contains(r.get_ref().as_str())) {
            let message = format!("there is no rule row or reading \"{}\"", rule.get_ref());
            faults.at(file, rule.span(), message, "name the id of a row of these files");
        }
        if line.rules.is_empty() || line.cases.is_empty() {
            let remedy = "name the rows that implement it and the cases that prove it";
            faults.at(file, line.n.span(), "a line without a rule and a case", remedy);
        }
    }
}
