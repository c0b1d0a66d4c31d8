//! From what was typed to what the rules and the desk understand: one check per page, and the request at the end.

use super::Step;
use crate::form::{Form, Problems, normalise};
use crate::i18n::Tr;
use crate::words;
use filmdesk_desk as desk;
use filmdesk_policy::{
    Capacity, Collection, Fate, ItemAsked, Kinship, MediaAsked, Overlay, People, RecordKind, Relative, Rules,
    Situation, answer,
};
use jiff::civil::{Date, DateTime};

/// One examination asked for, as the form counts them: the kind and its ordinal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exam {
    /// Id of the kind.
    pub kind: String,
    /// Counted from 1 within the kind.
    pub ordinal: u32,
}

impl Exam {
    /// The name of one of its fields.
    pub fn field(&self, what: &str) -> String {
        format!("{what}_{}_{}", self.kind, self.ordinal)
    }
}

/// Most examinations of one kind in one application: a slip of the keyboard is caught, nobody is turned away.
const MOST_OF_A_KIND: u32 = 30;

/// The examinations the items page asks for, in catalogue order.
pub fn exams(form: &Form, rules: &Rules) -> Vec<Exam> {
    let mut all = Vec::new();
    for kind in rules.record_kinds().iter().filter(|k| form.ticked(&format!("item_{}", k.id.0))) {
        let count = form.number(&format!("count_{}", kind.id.0), 1).unwrap_or(1).clamp(1, MOST_OF_A_KIND);
        all.extend((1..=count).map(|ordinal| Exam { kind: kind.id.0.clone(), ordinal }));
    }
    all
}

/// The fields a page owns: what is not sent back by the browser (an emptied box) is emptied in the draft too.
pub fn fields_of(step: Step, form: &Form, rules: &Rules) -> Vec<String> {
    let names = |all: &[&str]| all.iter().map(|n| (*n).to_owned()).collect();
    match step {
        Step::Items => rules
            .record_kinds()
            .iter()
            .flat_map(|kind| ["item", "count", "film", "paper", "nodisc"].map(|what| format!("{what}_{}", kind.id.0)))
            .collect(),
        Step::Exams => exams(form, rules)
            .iter()
            .flat_map(|exam| ["date", "about", "unit", "dental", "psy", "outside"].map(|what| exam.field(what)))
            .collect(),
        Step::Who => names(&["capacity", "ward", "kinship", "line", "earlier", "agent", "inpatient"]),
        Step::People => names(&[
            "patient_name",
            "patient_identity",
            "patient_foreign",
            "without_residence",
            "patient_born",
            "patient_record_number",
            "person_name",
            "person_identity",
            "person_foreign",
            "agent_name",
            "agent_identity",
            "agent_foreign",
            "phone",
            "email",
        ]),
        Step::Collect => names(&["collection", "address", "purpose"]),
    }
}

/// What is wrong on one page.
pub fn check(step: Step, form: &Form, rules: &Rules, tr: Tr, today: Date) -> Problems {
    let mut problems = Problems::default();
    match step {
        Step::Items => check_items(form, rules, tr, &mut problems),
        Step::Exams => check_exams(form, rules, tr, today, &mut problems),
        Step::Who => check_who(form, tr, &mut problems),
        Step::People => check_people(form, tr, today, &mut problems),
        Step::Collect => check_collect(form, tr, &mut problems),
    }
    problems
}

/// The first page that is not complete, if any.
pub fn first_incomplete(form: &Form, rules: &Rules, tr: Tr, today: Date) -> Option<Step> {
    Step::ALL.into_iter().find(|step| !check(*step, form, rules, tr, today).is_empty())
}

fn check_items(form: &Form, rules: &Rules, tr: Tr, problems: &mut Problems) {
    let ticked: Vec<&RecordKind> =
        rules.record_kinds().iter().filter(|k| form.ticked(&format!("item_{}", k.id.0))).collect();
    if ticked.is_empty() {
        let first = rules.record_kinds().first().map(|k| format!("item_{}", k.id.0)).unwrap_or_default();
        problems.add_at("items", &first, tr.t("e-items"));
    }
    for kind in ticked {
        let field = |what: &str| format!("{what}_{}", kind.id.0);
        let name = tr.text(&kind.name);
        match form.number(&field("count"), 1) {
            Some(1..=MOST_OF_A_KIND) => {}
            Some(_) | None => {
                problems.add(&field("count"), tr.t2("e-count", "what", name, "most", MOST_OF_A_KIND));
            }
        }
        for what in ["film", "paper"] {
            match form.number(&field(what), 0) {
                Some(0..=99) => {}
                Some(_) | None => problems.add(&field(what), tr.t1("e-sheets", "what", name)),
            }
        }
        if form.ticked(&field("nodisc")) && media(form, kind) == MediaAsked::default() {
            problems.add(&field("nodisc"), tr.t1("e-no-medium", "what", name));
        }
    }
}

fn check_exams(form: &Form, rules: &Rules, tr: Tr, today: Date, problems: &mut Problems) {
    for exam in exams(form, rules) {
        let field = exam.field("date");
        match form.get(&field) {
            "" => {}
            typed => match words::parse_date(typed) {
                Some(date) if date <= today => {}
                Some(_) => problems.add(&field, tr.t("e-exam-future")),
                None => problems.add(&field, tr.t("e-date")),
            },
        }
    }
}

fn check_who(form: &Form, tr: Tr, problems: &mut Problems) {
    match form.get("capacity") {
        "patient" => {}
        "representative" if form.get("ward").is_empty() => problems.add_at("ward", "ward-minor", tr.t("e-ward")),
        "heir" if kinship(form).is_none() => problems.add_at("kinship", "kinship-spouse", tr.t("e-kinship")),
        "heir" if kinship(form) == Some(Kinship::Descendant) && form.get("line").is_empty() => {
            problems.add_at("line", "line-child", tr.t("e-line"));
        }
        "representative" | "heir" => {}
        _ => problems.add_at("capacity", "capacity-patient", tr.t("e-capacity")),
    }
    if !form.is("agent", "yes") && !form.is("agent", "no") {
        problems.add_at("agent", "agent-no", tr.t("e-agent"));
    }
}

fn check_people(form: &Form, tr: Tr, today: Date, problems: &mut Problems) {
    check_person("patient", form, tr, problems);
    match form.get("patient_born") {
        "" => problems.add("patient_born", tr.t("e-born")),
        typed => match words::parse_date(typed) {
            Some(date) if date <= today && date.year() >= 1890 => {}
            Some(_) => problems.add("patient_born", tr.t("e-born-range")),
            None => problems.add("patient_born", tr.t("e-date")),
        },
    }
    if !form.is("capacity", "patient") && !form.get("capacity").is_empty() {
        check_person("person", form, tr, problems);
    }
    if form.is("agent", "yes") {
        check_person("agent", form, tr, problems);
    }
    let phone: String = normalise(form.get("phone")).chars().filter(char::is_ascii_digit).collect();
    if phone.len() < 6 || phone.len() > 16 {
        problems.add("phone", tr.t("e-phone"));
    }
    let email = form.get("email");
    let looks_right = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if !email.is_empty() && (!looks_right || email.contains(char::is_whitespace)) {
        problems.add("email", tr.t("e-email"));
    }
}

fn check_person(who: &str, form: &Form, tr: Tr, problems: &mut Problems) {
    let field = |what: &str| format!("{who}_{what}");
    if form.get(&field("name")).is_empty() {
        problems.add(&field("name"), tr.t(&format!("e-{who}_name")));
    }
    let number = normalise(form.get(&field("identity")));
    if number.is_empty() {
        problems.add(&field("identity"), tr.t(&format!("e-{who}_identity")));
    } else if !form.ticked(&field("foreign")) {
        if let Some(key) = words::identity_fault(&number) {
            problems.add(&field("identity"), tr.t(key));
        }
    } else if !(5..=20).contains(&number.len()) || !number.chars().all(|c| c.is_ascii_alphanumeric()) {
        problems.add(&field("identity"), tr.t("e-passport"));
    }
}

fn check_collect(form: &Form, tr: Tr, problems: &mut Problems) {
    match form.get("collection") {
        "counter" | "abroad" => {}
        "post" if form.get("address").chars().count() < 6 => problems.add("address", tr.t("e-address")),
        "post" => {}
        _ => problems.add_at("collection", "collection-counter", tr.t("e-collection")),
    }
    if form.get("purpose").is_empty() {
        problems.add("purpose", tr.t("e-purpose"));
    }
}

fn kinship(form: &Form) -> Option<Kinship> {
    match form.get("kinship") {
        "spouse" => Some(Kinship::Spouse),
        "descendant" => Some(Kinship::Descendant),
        "parent" => Some(Kinship::Parent),
        "sibling" => Some(Kinship::Sibling),
        "grandparent" => Some(Kinship::Grandparent),
        "other" => Some(Kinship::Other),
        _ => None,
    }
}

/// Between a grandchild and the patient: the parent, and whether another child of the patient lives who has not renounced
/// (Civil Code 1140, 1176); and which of these the applicant is a child of.
fn relatives(form: &Form) -> (Vec<Relative>, Option<usize>) {
    let fate = match (kinship(form), form.get("line")) {
        (Some(Kinship::Descendant), "died") => Fate::DiedBefore,
        (Some(Kinship::Descendant), "renounced") => Fate::Renounced,
        (Some(Kinship::Descendant), "lives") => Fate::Lives,
        _ => return (Vec::new(), None),
    };
    let child = |fate| Relative { kinship: Kinship::Descendant, fate, child_of: None };
    let another = form.is("earlier", "yes").then(|| child(Fate::Lives));
    ([child(fate)].into_iter().chain(another).collect(), Some(0))
}

/// Whether somebody of an earlier order lives: asked of parents, siblings and grandparents of the patient.
fn earlier_heir_lives(form: &Form) -> Option<bool> {
    match (kinship(form)?, form.get("earlier")) {
        (Kinship::Parent | Kinship::Sibling | Kinship::Grandparent, "yes") => Some(true),
        (Kinship::Parent | Kinship::Sibling | Kinship::Grandparent, "no") => Some(false),
        (_, _) => None,
    }
}

fn media(form: &Form, kind: &RecordKind) -> MediaAsked {
    let field = |what: &str| format!("{what}_{}", kind.id.0);
    MediaAsked {
        disc: !form.ticked(&field("nodisc")),
        film_sheets: form.number(&field("film"), 0).unwrap_or(0),
        hard_copy_sheets: form.number(&field("paper"), 0).unwrap_or(0),
    }
}

/// The question to the rules, from whatever is there so far.
pub fn situation(form: &Form, rules: &Rules, at: DateTime) -> Situation {
    let items = exams(form, rules).iter().map(|exam| item(form, rules, exam)).collect();
    let capacity = match form.get("capacity") {
        "representative" => Capacity::LegalRepresentative,
        "heir" => Capacity::Heir,
        _ => Capacity::Patient,
    };
    let heir = capacity == Capacity::Heir;
    let (relatives, child_of) = if heir { relatives(form) } else { (Vec::new(), None) };
    let people = People {
        capacity,
        agent: form.is("agent", "yes"),
        patient_born: words::parse_date(form.get("patient_born")),
        patient_under_guardianship: capacity == Capacity::LegalRepresentative && form.is("ward", "guardianship"),
        patient_deceased: heir,
        patient_foreign: form.ticked("patient_foreign"),
        without_residence: form.ticked("patient_foreign") && form.ticked("without_residence"),
        applicant_foreign: capacity != Capacity::Patient && form.ticked("person_foreign"),
        agent_foreign: form.is("agent", "yes") && form.ticked("agent_foreign"),
        kinship: if heir { kinship(form) } else { None },
        earlier_heir_lives: if heir { earlier_heir_lives(form) } else { None },
        relatives,
        child_of,
        inpatient: form.ticked("inpatient"),
        ..People::default()
    };
    let mut situation = Situation::new(at, items);
    situation.people = people;
    situation.collection = match form.get("collection") {
        "post" => Collection::ByPostInTaiwan,
        "abroad" => Collection::ByPostAbroad,
        _ => Collection::AtCounter,
    };
    situation
}

fn item(form: &Form, rules: &Rules, exam: &Exam) -> ItemAsked {
    let mut item = ItemAsked::on_disc(&exam.kind);
    if let Some(kind) = rules.record_kinds().iter().find(|k| k.id.0 == exam.kind) {
        let all = media(form, kind);
        // Sheets are asked for by kind, not by examination: they stand with the first one.
        item.media = if exam.ordinal == 1 { all } else { MediaAsked { disc: all.disc, ..MediaAsked::default() } };
    }
    item.exam_end = words::parse_date(form.get(&exam.field("date"))).map(|date| date.at(0, 0, 0, 0));
    item.performing_unit = Some(form.get(&exam.field("unit"))).filter(|u| !u.is_empty()).map(str::to_owned);
    item.psychiatry = form.ticked(&exam.field("psy"));
    item.imported = form.ticked(&exam.field("outside"));
    item.dental_upload_confirmed = match form.get(&exam.field("dental")) {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    item
}

/// Whether an uploaded dental image must be asked about: only where the rules answer differently.
pub fn upload_matters(kind: &str, rules: &Rules, at: DateTime) -> bool {
    let ask = |confirmed: bool| {
        let mut item = ItemAsked::on_disc(kind);
        item.dental_upload_confirmed = Some(confirmed);
        let situation = Situation::new(at, vec![item]);
        answer(rules, &Overlay::default(), &situation)
    };
    ask(true) != ask(false)
}

/// The request of a complete form.
pub fn request(form: &Form, rules: &Rules, at: DateTime, tr: Tr) -> Option<desk::Request> {
    let private = |name: &str| desk::Private::new(form.get(name));
    let optional = |name: &str| Some(form.get(name)).filter(|v| !v.is_empty()).map(desk::Private::new);
    let person = |who: &str| desk::Person {
        name: private(&format!("{who}_name")),
        identity: desk::Private::new(normalise(form.get(&format!("{who}_identity")))),
    };
    let situation = situation(form, rules, at);
    Some(desk::Request {
        patient: desk::Patient {
            name: private("patient_name"),
            identity: desk::Private::new(normalise(form.get("patient_identity"))),
            record_number: optional("patient_record_number"),
            born: situation.people.patient_born?,
            sex: words::sex_of(&normalise(form.get("patient_identity"))),
        },
        applicant: desk::Applicant {
            person: (situation.people.capacity != Capacity::Patient).then(|| person("person")),
            agent: situation.people.agent.then(|| person("agent")),
            phone: private("phone"),
            email: optional("email"),
        },
        descriptions: exams(form, rules)
            .iter()
            .map(|exam| desk::Private::new(form.get(&exam.field("about"))))
            .collect(),
        address: (situation.collection == Collection::ByPostInTaiwan).then(|| private("address")),
        purpose: private("purpose"),
        lang: tr.lang,
        situation,
    })
}
