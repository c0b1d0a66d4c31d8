//! Rows that must fit each other: tiers without gaps, windows and validities without overlaps, papers for everybody.

use super::fault::Faults;
use super::load::Parsed;
use super::rows::*;
use crate::FeeClass;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// When a row holds, and where it is written.
type Held = (Validity, Range<usize>);

fn held<T: Dated>(row: &T) -> Held {
    (row.validity(), row.id().span())
}

/// What every day needs has exactly one row on every day.
fn always<T: Dated>(file: &str, table: &str, rows: &[T], faults: &mut Faults) {
    if rows.is_empty() {
        faults.at(file, 0..0, format!("there is no [[{table}]]"), format!("add a [[{table}]]"));
    }
    timeline(file, &rows.iter().map(held).collect::<Vec<Held>>(), faults);
}

pub(crate) fn check(p: &Parsed, faults: &mut Faults) {
    hospital(p, faults);
    tiers(p, faults);
    tariff(p, faults);
    requirements(p, faults);
    papers(p, faults);
    majority(p, faults);
    heirs(p, faults);
    standing(p, faults);
    windows(p, faults);
    waiting(p, faults);
    calendar(p, faults);
}

fn hospital(p: &Parsed, faults: &mut Faults) {
    let file = "hospital.toml";
    let span = p.hospital.hospital.span();
    let defaults: Vec<&DiscTypeRow> = p.hospital.disc_type.iter().filter(|d| d.default).collect();
    match defaults.as_slice() {
        [one] if !one.enabled => {
            faults.at(
                file,
                one.id.span(),
                "the default disc type is not enabled",
                "enable it, or choose another default",
            );
        }
        [_] => {}
        _ => faults.at(file, span.clone(), "exactly one disc type is the default", "write default = true once"),
    }
    for disc in p.hospital.disc_type.iter().filter(|d| d.capacity_sectors == 0) {
        faults.at(file, disc.id.span(), "a disc without capacity", "give capacity_sectors, in sectors of 2,048 bytes");
    }
    let l = &p.hospital.limits;
    let counts = [l.items, l.sheets, l.extra_sets, l.discs];
    if counts.contains(&0) || l.oldest_patient_years <= 0 || l.past_years <= 0 || l.text_bytes == 0 {
        faults.at(file, span, "a limit of nothing", "make every number of [limits] positive");
    }
}

fn tiers(p: &Parsed, faults: &mut Faults) {
    let file = "fees.toml";
    for fee in &p.fees.fee {
        let row = fee.get_ref();
        let by_tier = row.basis == FeeBasis::DiscTier;
        if row.twd.is_some() == by_tier || row.tiers.is_empty() == by_tier {
            let remedy = "disc-tier has `tiers`, every other basis has `twd`";
            faults.at(file, row.id.span(), "the amount does not fit the basis", remedy);
        }
        if row.twd.is_some_and(|twd| twd < 0) {
            faults.at(file, row.id.span(), "an amount below zero", "write a whole number of dollars from 0");
        }
        let mut before: Option<&TierRow> = None;
        for (i, tier) in row.tiers.iter().enumerate() {
            let (t, span, last) = (tier.get_ref(), tier.span(), i + 1 == row.tiers.len());
            let expected = before.map_or(1, |b| b.items + 1);
            if t.items != expected {
                let message = format!("a tier for {expected} is missing before the one for {}", t.items);
                faults.at(file, span.clone(), message, "tiers go 1, 2, 3, … without a gap");
            }
            if t.or_more != last {
                faults.at(
                    file,
                    span.clone(),
                    "only the last tier says or_more, and it must",
                    "write or_more = true there",
                );
            }
            if t.twd < before.map_or(0, |b| b.twd) {
                faults.at(
                    file,
                    span,
                    "a higher tier costs less",
                    "more examinations never cost less: check the amounts",
                );
            }
            before = Some(t);
        }
    }
}

/// One row per basis and class at any time, and a row for everything the catalogue offers.
fn tariff(p: &Parsed, faults: &mut Faults) {
    let file = "fees.toml";
    let mut groups: BTreeMap<(FeeBasis, Option<bool>), Vec<Held>> = BTreeMap::new();
    let special = |class: FeeClass| class == FeeClass::Special;
    for row in p.fees.fee.iter().map(toml::Spanned::get_ref) {
        groups.entry((row.basis, row.class.map(special))).or_default().push(held(row));
    }
    for rows in groups.values() {
        timeline(file, rows, faults);
    }
    let mut needed = BTreeSet::from([(FeeBasis::PostedParcel, None)]);
    for kind in &p.kinds.kind {
        let class = Some(special(kind.class));
        for medium in &kind.media {
            match medium {
                MediumWord::Disc => needed.extend([
                    (FeeBasis::DiscTier, class),
                    (FeeBasis::AdditionalDisc, None),
                    (FeeBasis::ExtraSetDisc, None),
                ]),
                MediumWord::Film => needed.extend([(FeeBasis::FilmSheet, class)]),
                MediumWord::HardCopy => needed.extend([(FeeBasis::HardCopySheet, Some(false))]),
            }
        }
    }
    for (basis, class) in needed.iter().filter(|k| !groups.contains_key(k)) {
        let class = class.map_or("", |s| if s { " of class special" } else { " of class general" });
        let message = format!("no row says what {basis:?}{class} costs, and the catalogue offers it");
        faults.at(file, 0..0, message, "add a [[fee]] with this basis and class");
    }
}

/// Rows about one thing follow each other without overlap or gap, from "undated" to an open end.
fn timeline(file: &str, rows: &[Held], faults: &mut Faults) {
    for (i, (a, _)) in rows.iter().enumerate() {
        for (b, span) in rows.iter().skip(i + 1).filter(|(b, _)| a.overlaps(b)) {
            let message = format!("this row holds at the same time as another about the same thing ({b})");
            faults.at(file, span.clone(), message, "end one with `until` on the day the other begins");
        }
    }
    for (a, span) in rows {
        let until = a.until.map(|d| d.0);
        let followed = |d| rows.iter().any(|(b, _)| b.since == Since::On(d));
        if until.is_some_and(|d| !followed(d)) {
            faults.at(file, span.clone(), "nothing holds after this row ends", "add the row that begins on that day");
        }
        let preceded = |d| rows.iter().any(|(b, _)| b.until.map(|u| u.0) == Some(d));
        if let Since::On(d) = a.since
            && !preceded(d)
        {
            faults.at(file, span.clone(), "nothing holds before this row begins", "end the row before it on that day");
        }
    }
}

impl std::fmt::Display for Validity {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self.since {
            Since::Undated => f.write_str("undated")?,
            Since::On(d) => write!(f, "from {d}")?,
        }
        self.until.map_or(Ok(()), |u| write!(f, " until {}", u.0))
    }
}

/// Every capacity, with and without an agent, ward or not, has exactly one row at any time.
fn requirements(p: &Parsed, faults: &mut Faults) {
    let file = "documents.toml";
    for capacity in [CapacityWord::Patient, CapacityWord::LegalRepresentative, CapacityWord::Heir] {
        for (agent, ward) in [(false, false), (false, true), (true, false), (true, true)] {
            let fits =
                |r: &&RequirementRow| r.capacity == capacity && r.agent == agent && r.ward.is_none_or(|w| w == ward);
            let rows: Vec<Held> = p.documents.requirement.iter().filter(fits).map(held).collect();
            if rows.is_empty() {
                let message = format!("nothing says which papers {capacity:?} (agent: {agent}, ward: {ward}) brings");
                faults.at(file, 0..0, message, "add a [[requirement]]");
            }
            timeline(file, &rows, faults);
        }
    }
}

/// Each paper is described on every day.
fn papers(p: &Parsed, faults: &mut Faults) {
    let mut groups: BTreeMap<&str, Vec<Held>> = BTreeMap::new();
    for row in &p.documents.document {
        groups.entry(row.id.get_ref()).or_default().push(held(row));
    }
    groups.values().for_each(|rows| timeline("documents.toml", rows, faults));
}

fn majority(p: &Parsed, faults: &mut Faults) {
    let file = "documents.toml";
    always(file, "age_of_majority", &p.documents.age_of_majority, faults);
    for row in p.documents.age_of_majority.iter().filter(|m| !(1..=30).contains(m.years.get_ref())) {
        faults.at(file, row.years.span(), "an age of majority that no law has", "write it in years");
    }
    if p.documents.age_of_majority.iter().filter(|m| m.printed).count() != 1 {
        let span = p.documents.age_of_majority.first().map_or(0..0, |m| m.id.span());
        faults.at(file, span, "exactly one age is the one the page prints", "write printed = true once");
    }
}

fn heirs(p: &Parsed, faults: &mut Faults) {
    for (i, row) in p.documents.heir.iter().enumerate() {
        let again =
            |b: &&HeirRow| b.kinship.get_ref() == row.kinship.get_ref() && b.validity().overlaps(&row.validity());
        for other in p.documents.heir.iter().skip(i + 1).filter(again) {
            let remedy = "keep one, or end one with `until` on the day the other begins";
            faults.at("documents.toml", other.kinship.span(), "this kinship has two rows", remedy);
        }
    }
}

/// What is said of every place in the order of heirs, and of every kind of representative, on every day.
fn standing(p: &Parsed, faults: &mut Faults) {
    let file = "documents.toml";
    always(file, "standing", &p.documents.standing, faults);
    for outcome in Outcome::ALL {
        let fits = |r: &&InheritanceRow| *r.outcome.get_ref() == outcome;
        let rows: Vec<Held> = p.documents.inheritance.iter().filter(fits).map(held).collect();
        timeline(file, &rows, faults);
        if rows.is_empty() {
            let message = format!("no row says what the law says of the outcome {outcome:?}");
            faults.at(file, 0..0, message, "add an [[inheritance]] with this outcome");
        }
    }
    for of in [Represented::Minor, Represented::Ward] {
        for relation in RepresentationWord::ALL {
            let fits = |r: &&RepresentativeRow| r.of == of && r.relation == relation;
            let rows: Vec<Held> = p.documents.representative.iter().filter(fits).map(held).collect();
            timeline(file, &rows, faults);
            if rows.is_empty() {
                let message = format!("no row says whether {relation:?} represents a {of:?}");
                faults.at(file, 0..0, message, "add a [[representative]] with this relation and of");
            }
        }
    }
}

fn windows(p: &Parsed, faults: &mut Faults) {
    let file = "schedule.toml";
    let rows = &p.schedule.window;
    if rows.is_empty() {
        faults.at(file, 0..0, "the counter never opens", "add a [[window]]");
    }
    for (i, w) in rows.iter().enumerate() {
        if w.days.is_empty() || w.opens >= w.closes {
            faults.at(file, w.id.span(), "this window is empty", "give it days, and `opens` before `closes`");
        }
        let meets = |o: &&WindowRow| {
            o.opens < w.closes
                && w.opens < o.closes
                && o.days.iter().any(|d| w.days.contains(d))
                && o.validity().overlaps(&w.validity())
        };
        for other in rows.iter().skip(i + 1).filter(meets) {
            let message = format!("this window overlaps \"{}\"", w.id.get_ref());
            let remedy =
                "windows are half-open: let one begin where the other ends, or on the day the other ends (`until`)";
            faults.at(file, other.id.span(), message, remedy);
        }
        let ready = w.ready.get_ref();
        if ready.after_minutes.is_some() == ready.next_open_day_at.is_some() {
            let remedy = "write after_minutes or next_open_day_at";
            faults.at(file, w.ready.span(), "it must say when what is paid in it is ready", remedy);
        }
        if let Some(at) = ready.next_open_day_at.filter(|at| !within(rows, &w.validity(), *at)) {
            let message = format!("the counter is closed at {}", at.0.strftime("%H:%M"));
            faults.at(file, w.ready.span(), message, "choose a time within a window");
        }
    }
}

/// Whether the counter is open at a time on every weekday that has a window, as long as a row holds: whenever the hours
/// change, and when the row begins.
fn within(windows: &[WindowRow], held: &Validity, at: Clock) -> bool {
    let starts = windows.iter().map(|w| w.validity().start()).chain([held.start()]);
    starts.filter(|day| held.holds_on(*day)).all(|day| {
        let then: Vec<&WindowRow> = windows.iter().filter(|w| w.validity().holds_on(day)).collect();
        let open = |day| then.iter().any(|w| w.days.contains(day) && w.opens <= at && at < w.closes);
        then.iter().flat_map(|w| &w.days).all(open)
    })
}

fn waiting(p: &Parsed, faults: &mut Faults) {
    let file = "schedule.toml";
    for row in &p.schedule.clearance {
        if !(0..=366).contains(&row.days) {
            faults.at(file, row.id.span(), "a waiting period of impossible length", "write days from 0 to 366");
        }
        if !within(&p.schedule.window, &row.validity(), row.ready_at) {
            let message = format!("the counter is closed at {}", row.ready_at.0.strftime("%H:%M"));
            faults.at(file, row.id.span(), message, "choose a ready_at within a window");
        }
        if row.same_day.iter().any(|pair| pair.len() < 2) {
            faults.at(file, row.id.span(), "a same-day group of fewer than two kinds", "name the kinds that meet");
        }
    }
    let s = &p.schedule;
    always(file, "closed", &s.closed, faults);
    always(file, "large", &s.large, faults);
    always(file, "post", &s.post, faults);
    always(file, "split", &s.split, faults);
    always(file, "periods", &s.periods, faults);
    for row in &s.periods {
        let days = row.unclaimed_remind_days.iter().chain([&row.unclaimed_close_days]);
        if !days.collect::<Vec<_>>().is_sorted_by(|a, b| a < b) {
            let message = "reminders do not rise towards the day of closing";
            faults.at(file, row.id.span(), message, "write them in order, each before unclaimed_close_days");
        }
    }
}

fn calendar(p: &Parsed, faults: &mut Faults) {
    let file = "calendar.toml";
    let row = &p.calendar.calendar;
    if row.get_ref().years.is_empty() || row.get_ref().version.trim().is_empty() {
        faults.at(file, row.span(), "a calendar without a year or a version", "give both");
    }
    let mut seen = BTreeSet::new();
    for closure in &p.calendar.closure {
        let date = closure.date.get_ref().0;
        if !row.get_ref().years.contains(&date.year()) {
            let message = format!("{date} is in a year the calendar does not have");
            faults.at(file, closure.date.span(), message, "add the year to `years`, or correct the date");
        }
        if !seen.insert(date) {
            faults.at(file, closure.date.span(), format!("{date} is listed twice"), "keep one row");
        }
    }
}
