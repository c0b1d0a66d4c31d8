//! The vocabulary of `policy`, as stored.

use super::{Document, Unreadable, choice, member, members_of, record, tag_of, tagged, text_form};
use filmdesk_policy::*;
use serde_json::{Map, Value};

text_form! {
    RecordKindId: "a record kind", |id| id.0.clone(), |text| Some(RecordKindId(text.to_owned()));
    Lang: "a language", |lang| lang.tag().to_owned(), |text| [Lang::ZhTw, Lang::En].into_iter().find(|l| l.tag() == text);
}

impl Document for Twd {
    fn write(&self) -> Value {
        Value::from(self.dollars())
    }
    fn read(value: &Value) -> Result<Self, Unreadable> {
        i64::read(value).map(Twd::restore)
    }
}

record! {
    Text { zh, en }
    MediaAsked { disc, film_sheets, hard_copy_sheets }
    ItemAsked {
        kind, media, exam_end, report_sent, performing_unit, psychiatry, post_processing, imported,
        dental_upload_confirmed, receivable,
    }
    People {
        capacity, agent, patient_born, patient_under_guardianship, patient_deceased, patient_foreign, without_residence,
        applicant_foreign, agent_foreign, kinship, earlier_heir_lives, child_of, relatives, representation, inpatient,
    }
    Relative { kinship, fate, child_of }
    WeighedGoods { discs, making_minutes }
    Companion { kind, exam_end, report_sent }
    Situation { at, paid_at, items, companions, people, collection, extra_sets, split, weighed, agreed_time }
    StudyFacts { modalities, description, body_part, station, department }
    Reason { rule, text, cite, reading }
    FeeLine { rule, quantity, text, amount, cite, reading }
    RequiredDocument { id, text, original, alternatives, why }
    Place { id, name, address, hours, phone }
    Referral { item, places, why }
    Violation { code, field, text, cite }
    Answer {
        binding, lines, total, papers, standing, place, referrals, ready, payable, violations, assumptions, readings, rules_hash,
    }
}

choice! {
    Capacity { Patient, LegalRepresentative, Heir }
    Fate { Lives, DiedBefore, LostRight, Renounced }
    Representation { Parent, CustodialParent, NonCustodialParent, Guardian, Assistant, OtherRelative }
    Kinship { Spouse, Descendant, Parent, Sibling, Grandparent, Other }
    Collection { AtCounter, ByPostInTaiwan, ByPostAbroad }
    Cite { Page(heading), Law(article), Proposal(reading) }
    ReadyTime { At { at, why }, ToBeAgreed { why }, Unknown { why } }
    Payable { Now, From { at, why } }
}

impl Document for usize {
    fn write(&self) -> Value {
        Value::from(*self)
    }
    fn read(value: &Value) -> Result<Self, Unreadable> {
        value.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or(Unreadable::expected("an index"))
    }
}
