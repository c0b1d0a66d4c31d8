//! The one decision: rules + overlay + situation → answer.

use crate::fees::Counted;
use crate::routing::Routed;
use crate::rules::switches::Post;
use crate::schedule::{Wait, reason};
use crate::{
    Answer, Capacity, Collection, FeeClass, ItemAsked, Overlay, Payable, Place, ReadyTime, Reason, RecordKind, Rules,
    Situation, Text, Twd, Violation, validate,
};
use jiff::civil::{Date, DateTime};
use std::collections::BTreeSet;

/// What of one item is made here, and what holds it back.
struct Here<'a> {
    item: &'a ItemAsked,
    kind: &'a RecordKind,
    disc: bool,
    film_sheets: u32,
    hard_copy_sheets: u32,
    waits: Vec<Wait<'a>>,
}

/// Everything a person asks about one application: an estimate before weighing, a binding quote after it.
///
/// Total and never panicking: what cannot be done as asked is in [`Answer::violations`], and the rest is answered as
/// if it had not been asked.
pub fn answer(rules: &Rules, overlay: &Overlay, s: &Situation) -> Answer {
    let on = s.at.date();
    let mut violations = validate::violations(rules, overlay, s);
    let routed: Vec<Routed> = s.items.iter().enumerate().map(|(i, item)| rules.route(on, i, item)).collect();
    let here = made_here(rules, overlay, s, &routed);
    let waits: Vec<Wait> = here.iter().flat_map(|h| h.waits.iter().cloned()).collect();

    let payable = match here.is_empty() {
        true => Payable::From { at: None, why: Vec::new() },
        false => rules.payable(overlay, s.at, &waits),
    };
    let start = rules.clock_start(overlay, s, &payable);
    let parts = parts(s, &here, start);
    let mut ready: Vec<ReadyTime> = parts.iter().map(|p| ready_of(rules, overlay, s, start, p)).collect();
    let parcels = post(rules, s, start, &mut ready, &mut violations);
    if parts.len() > 1 || (waits.iter().any(|w| w.clear_on.is_none_or(|d| d > on)) && here.len() > 1) {
        ready.iter_mut().for_each(|r| reasons_mut(r).push(split_reason(rules, on, parts.len() > 1)));
    }

    let lines = rules.fee_lines(on, &counted(s, &here, &parts, parcels));
    let psychiatry = here.iter().any(|h| h.item.psychiatry);
    let papers = if here.is_empty() { Vec::new() } else { rules.papers(on, &s.people, psychiatry) };
    let assumptions = if s.weighed.is_some() { Vec::new() } else { assumptions(rules, s, &here) };
    let mut answer = Answer {
        binding: s.weighed.is_some(),
        total: lines.iter().map(|l| l.amount).fold(Twd::ZERO, Twd::plus),
        lines,
        papers,
        standing: rules.standing_reasons(on, &s.people),
        place: if here.is_empty() { None } else { place(rules, s) },
        referrals: routed.into_iter().filter_map(|r| r.referral).collect(),
        ready,
        payable,
        violations,
        assumptions,
        readings: Vec::new(),
        rules_hash: rules.hash.clone(),
    };
    answer.readings = readings(&answer, s);
    answer
}

fn made_here<'a>(rules: &'a Rules, overlay: &Overlay, s: &'a Situation, routed: &[Routed]) -> Vec<Here<'a>> {
    let mut here = Vec::with_capacity(s.items.len());
    for (item, routed) in s.items.iter().zip(routed).filter(|(_, r)| r.here || r.hard_copy_here) {
        let Some(kind) = rules.record_kind_on(&item.kind, s.at.date()) else { continue };
        let asked = item.media;
        let h = Here {
            item,
            kind,
            disc: asked.disc && kind.disc && routed.here,
            film_sheets: if kind.film && routed.here { asked.film_sheets } else { 0 },
            hard_copy_sheets: if kind.hard_copy && routed.hard_copy_here { asked.hard_copy_sheets } else { 0 },
            waits: rules.waits(overlay, s, item),
        };
        if h.disc || h.film_sheets > 0 || h.hard_copy_sheets > 0 {
            here.push(h);
        }
    }
    here
}

/// One part, or with a split collection two: what is ready first, then what must wait (A33).
fn parts<'a, 'b>(s: &Situation, here: &'b [Here<'a>], start: Option<DateTime>) -> Vec<Vec<&'b Here<'a>>> {
    if here.is_empty() {
        return Vec::new();
    }
    if !s.split {
        return vec![here.iter().collect()];
    }
    let waiting = |h: &&Here| {
        h.waits.iter().any(|w| match (w.clear_on, start) {
            (Some(clear), Some(start)) => clear > start.date(),
            (Some(_), None) => false,
            (None, _) => true,
        })
    };
    let (later, first): (Vec<&Here>, Vec<&Here>) = here.iter().partition(waiting);
    [first, later].into_iter().filter(|p| !p.is_empty()).collect()
}

fn ready_of(rules: &Rules, overlay: &Overlay, s: &Situation, start: Option<DateTime>, part: &[&Here]) -> ReadyTime {
    let waits: Vec<Wait> = part.iter().flat_map(|h| h.waits.iter().cloned()).collect();
    rules.ready(overlay, s, start, &waits)
}

fn counted(s: &Situation, here: &[Here], parts: &[Vec<&Here>], parcels: u32) -> Counted {
    let n = |class: FeeClass| here.iter().filter(|h| h.disc && h.kind.class == class).count();
    let film = |class: FeeClass| {
        here.iter().filter(|h| h.kind.class == class).fold(0u32, |sum, h| sum.saturating_add(h.film_sheets))
    };
    let parts_on_disc = u32::try_from(parts.iter().filter(|p| p.iter().any(|h| h.disc)).count()).unwrap_or(0);
    let discs = match (parts_on_disc, s.weighed) {
        (0, _) => 0,
        (n, Some(w)) => w.discs.max(n),
        (n, None) => n,
    };
    Counted {
        special: u32::try_from(n(FeeClass::Special)).unwrap_or(u32::MAX),
        general: u32::try_from(n(FeeClass::General)).unwrap_or(u32::MAX),
        discs,
        extra_sets: s.extra_sets,
        film: [film(FeeClass::General), film(FeeClass::Special)],
        hard_copy: here.iter().fold(0u32, |sum, h| sum.saturating_add(h.hard_copy_sheets)),
        parcels,
    }
}

/// Post (A27): counts the parcels that are posted, says so beside their time, and refuses what is not offered.
fn post(
    rules: &Rules,
    s: &Situation,
    start: Option<DateTime>,
    ready: &mut [ReadyTime],
    violations: &mut Vec<Violation>,
) -> u32 {
    let row = rules.in_force(&rules.schedule.post, s.at.date());
    let cite = || Some(row.cite.get_ref().cite());
    let mut refuse = |code: &str, text: &Text| {
        violations.push(Violation {
            code: code.to_owned(),
            field: "collection".to_owned(),
            text: text.clone(),
            cite: cite(),
        });
    };
    match s.collection {
        Collection::AtCounter => return 0,
        Collection::ByPostAbroad => {
            refuse("post-abroad", &row.abroad);
            return 0;
        }
        Collection::ByPostInTaiwan => {}
    }
    let mut parcels = 0;
    for part in ready.iter_mut() {
        let same_day = match (&*part, start) {
            (ReadyTime::At { at, .. }, Some(start)) => at.date() == start.date(),
            (ReadyTime::At { .. } | ReadyTime::ToBeAgreed { .. } | ReadyTime::Unknown { .. }, _) => false,
        };
        if same_day && rules.switches.post == Post::NotSameDay {
            continue;
        }
        parcels += 1;
        if let ReadyTime::At { at, why } = part {
            let text = row.text.fill("date", &crate::taiwan::day_text(at.date()));
            why.push(reason(&row.id, text, &row.cite, &row.reading));
        }
    }
    if parcels == 0 && !ready.is_empty() {
        refuse("post-not-offered-same-day", &row.same_day);
    }
    parcels
}

fn reasons_mut(ready: &mut ReadyTime) -> &mut Vec<Reason> {
    match ready {
        ReadyTime::At { why, .. } | ReadyTime::ToBeAgreed { why } | ReadyTime::Unknown { why } => why,
    }
}

fn split_reason(rules: &Rules, on: Date, split: bool) -> Reason {
    let row = rules.in_force(&rules.schedule.split, on);
    reason(&row.id, if split { row.text.clone() } else { row.together.clone() }, &row.cite, &row.reading)
}

fn place(rules: &Rules, s: &Situation) -> Option<Place> {
    let h = rules.hospital();
    rules.venue(if s.people.inpatient { &h.inpatient_venue } else { &h.default_venue }).cloned()
}

fn assumptions(rules: &Rules, s: &Situation, here: &[Here]) -> Vec<Text> {
    let mut found = Vec::new();
    if here.iter().any(|h| h.disc) {
        let disc = &rules.default_disc_type().name;
        found.push(
            Text::new(
                "假設一次交付的影像可存入一片{disc}；調出影像後如需更多片，以報價為準。",
                "Assumes that what is handed over together fits on one disc ({disc}); the quote says if more are needed.",
            )
            .fill("disc", disc),
        );
    }
    if here.iter().any(|h| rules.upload_unasked(h.item)) {
        found.push(Text::new("假設牙科部已確認影像上傳。", "Assumes that Dentistry has confirmed the upload."));
    }
    if here.iter().any(|h| h.item.exam_end.is_none()) && here.len() > 1 {
        found.push(Text::new(
            "檢查日期尚不明：假設各項檢查不在同一日。",
            "Dates of examinations are not all known: assumes that they were not made on one day.",
        ));
    }
    let majority = rules.majority_row(s.at.date());
    let mut of_age = |zh, en| {
        let text = Text::new(zh, en).fill("rule", &majority.text).put("years", majority.years.get_ref());
        found.push(text);
    };
    match (s.people.capacity, s.people.patient_born) {
        (Capacity::Patient, None) => of_age("假設病人已成年。{rule}", "Assumes that the patient is of age. {rule}"),
        (Capacity::LegalRepresentative, None) if !s.people.patient_under_guardianship => {
            of_age("假設病人未成年。{rule}", "Assumes that the patient is a minor. {rule}");
        }
        (Capacity::Patient | Capacity::LegalRepresentative | Capacity::Heir, _) => {}
    }
    found
}

/// Every reading behind an answer, each once, in order.
fn readings(answer: &Answer, s: &Situation) -> Vec<String> {
    let mut used: BTreeSet<String> = BTreeSet::new();
    used.extend(answer.lines.iter().filter_map(|l| l.reading.clone()));
    used.extend(answer.papers.iter().filter_map(|p| p.why.reading.clone()));
    used.extend(answer.standing.iter().filter_map(|r| r.reading.clone()));
    used.extend(answer.referrals.iter().filter_map(|r| r.why.reading.clone()));
    for ready in &answer.ready {
        match ready {
            ReadyTime::At { why, .. } | ReadyTime::ToBeAgreed { why } | ReadyTime::Unknown { why } => {
                used.extend(why.iter().filter_map(|r| r.reading.clone()));
            }
        }
    }
    if let Payable::From { why, .. } = &answer.payable {
        used.extend(why.iter().filter_map(|r| r.reading.clone()));
    }
    if s.people.inpatient && answer.place.is_some() {
        used.insert("A29".to_owned());
    }
    if answer.binding {
        used.insert("A40".to_owned());
    }
    used.into_iter().collect()
}
