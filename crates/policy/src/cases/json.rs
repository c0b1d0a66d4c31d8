//! An answer and a situation as JSON, with keys that stay.

use super::read::{CAPACITIES, FATES, KINSHIPS, REPRESENTATIONS};
use crate::{
    Answer, Cite, Collection, FeeLine, ItemAsked, Payable, Place, ReadyTime, Reason, Referral, RequiredDocument,
    Situation, Text, Violation,
};
use serde_json::{Map, Value, json};

/// An answer as JSON. The same answer gives the same bytes.
pub fn answer_to_json(a: &Answer) -> Value {
    json!({
        "binding": a.binding,
        "total_twd": a.total.dollars(),
        "lines": a.lines.iter().map(line).collect::<Vec<Value>>(),
        "papers": a.papers.iter().map(paper).collect::<Vec<Value>>(),
        "standing": a.standing.iter().map(reason).collect::<Vec<Value>>(),
        "place": a.place.as_ref().map(place),
        "referrals": a.referrals.iter().map(referral).collect::<Vec<Value>>(),
        "ready": a.ready.iter().map(ready).collect::<Vec<Value>>(),
        "payable": payable(&a.payable),
        "violations": a.violations.iter().map(violation_to_json).collect::<Vec<Value>>(),
        "assumptions": a.assumptions.iter().map(text).collect::<Vec<Value>>(),
        "readings": a.readings,
        "rules_hash": a.rules_hash,
    })
}

fn text(t: &Text) -> Value {
    json!({ "zh": t.zh, "en": t.en })
}

fn cite(c: &Cite) -> Value {
    match c {
        Cite::Page(heading) => json!({ "page": heading }),
        Cite::Law(law) => json!({ "law": law }),
        Cite::Proposal(proposal) => json!({ "proposal": proposal }),
    }
}

fn reason(r: &Reason) -> Value {
    json!({ "rule": r.rule, "text": text(&r.text), "cite": cite(&r.cite), "reading": r.reading })
}

fn reasons(list: &[Reason]) -> Vec<Value> {
    list.iter().map(reason).collect()
}

fn line(l: &FeeLine) -> Value {
    json!({
        "rule": l.rule,
        "quantity": l.quantity,
        "text": text(&l.text),
        "amount_twd": l.amount.dollars(),
        "cite": cite(&l.cite),
        "reading": l.reading,
    })
}

fn paper(p: &RequiredDocument) -> Value {
    json!({
        "id": p.id,
        "text": text(&p.text),
        "original": p.original,
        "alternatives": p.alternatives.iter().map(text).collect::<Vec<Value>>(),
        "why": reason(&p.why),
    })
}

fn place(p: &Place) -> Value {
    json!({
        "id": p.id,
        "name": text(&p.name),
        "address": text(&p.address),
        "hours": text(&p.hours),
        "phone": p.phone,
    })
}

fn referral(r: &Referral) -> Value {
    json!({ "item": r.item, "places": r.places.iter().map(place).collect::<Vec<Value>>(), "why": reason(&r.why) })
}

fn ready(r: &ReadyTime) -> Value {
    match r {
        ReadyTime::At { at, why } => json!({ "state": "at", "at": at.to_string(), "why": reasons(why) }),
        ReadyTime::ToBeAgreed { why } => json!({ "state": "to-be-agreed", "at": null, "why": reasons(why) }),
        ReadyTime::Unknown { why } => json!({ "state": "unknown", "at": null, "why": reasons(why) }),
    }
}

fn payable(p: &Payable) -> Value {
    match p {
        Payable::Now => json!({ "state": "now", "at": null, "why": [] }),
        Payable::From { at, why } => {
            json!({ "state": "from", "at": at.map(|a| a.to_string()), "why": reasons(why) })
        }
    }
}

/// A violation as JSON.
pub fn violation_to_json(v: &Violation) -> Value {
    json!({ "code": v.code, "field": v.field, "text": text(&v.text), "cite": v.cite.as_ref().map(cite) })
}

/// A situation in the documented format; reading it back gives the same situation.
pub fn situation_to_json(s: &Situation) -> Value {
    let mut out = Map::new();
    out.insert("at".to_owned(), json!(s.at.to_string()));
    if let Some(paid) = s.paid_at {
        out.insert("paid_at".to_owned(), json!(paid.to_string()));
    }
    out.insert("items".to_owned(), s.items.iter().map(item).collect());
    let companions = s.companions.iter().map(|c| {
        json!({
            "kind": c.kind.0,
            "exam_end": c.exam_end.to_string(),
            "report_sent": c.report_sent.map(|r| r.to_string()),
        })
    });
    out.insert("companions".to_owned(), companions.collect());
    out.insert("people".to_owned(), people(s));
    let collection = match s.collection {
        Collection::AtCounter => "at-counter",
        Collection::ByPostInTaiwan => "by-post-in-taiwan",
        Collection::ByPostAbroad => "by-post-abroad",
    };
    out.insert("collection".to_owned(), json!(collection));
    out.insert("extra_sets".to_owned(), json!(s.extra_sets));
    out.insert("split".to_owned(), json!(s.split));
    if let Some(w) = s.weighed {
        out.insert("weighed".to_owned(), json!({ "discs": w.discs, "making_minutes": w.making_minutes }));
    }
    if let Some(agreed) = s.agreed_time {
        out.insert("agreed_time".to_owned(), json!(agreed.to_string()));
    }
    Value::Object(out)
}

fn item(i: &ItemAsked) -> Value {
    json!({
        "kind": i.kind.0,
        "disc": i.media.disc,
        "film_sheets": i.media.film_sheets,
        "hard_copy_sheets": i.media.hard_copy_sheets,
        "exam_end": i.exam_end.map(|e| e.to_string()),
        "report_sent": i.report_sent.map(|r| r.to_string()),
        "performing_unit": i.performing_unit,
        "psychiatry": i.psychiatry,
        "post_processing": i.post_processing,
        "imported": i.imported,
        "dental_upload_confirmed": i.dental_upload_confirmed,
        "receivable": i.receivable.map(|(have, of)| vec![have, of]),
    })
}

/// The word of a value in one of the lists of words.
fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> Value {
    Value::from(words.iter().find(|(_, v)| v == value).map(|(w, _)| *w))
}

fn people(s: &Situation) -> Value {
    let p = &s.people;
    let relatives = p.relatives.iter().map(
        |r| json!({ "kinship": word(&KINSHIPS, &r.kinship), "fate": word(&FATES, &r.fate), "child_of": r.child_of }),
    );
    json!({
        "capacity": word(&CAPACITIES, &p.capacity),
        "agent": p.agent,
        "patient_born": p.patient_born.map(|b| b.to_string()),
        "patient_under_guardianship": p.patient_under_guardianship,
        "patient_deceased": p.patient_deceased,
        "patient_foreign": p.patient_foreign,
        "without_residence": p.without_residence,
        "applicant_foreign": p.applicant_foreign,
        "agent_foreign": p.agent_foreign,
        "kinship": p.kinship.map(|k| word(&KINSHIPS, &k)),
        "earlier_heir_lives": p.earlier_heir_lives,
        "child_of": p.child_of,
        "relatives": relatives.collect::<Vec<Value>>(),
        "representation": p.representation.map(|r| word(&REPRESENTATIONS, &r)),
        "inpatient": p.inpatient,
    })
}
