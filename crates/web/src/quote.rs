//! `/quote`: the plain full form. Everything a situation may say can be typed here, no script is needed, nothing is kept,
//! and the answer is the one that the command line and `POST /api/v1/quotes` give, with every reason.
//!
//! What was typed becomes the documented JSON of a situation and is read by the same reader, so that a mistake is told in
//! the same words at every door. The form is posted, never put into an address: it may hold a birthday.

use crate::AppState;
use crate::errors::PageError;
use crate::form::{self, Fields, Form, Problems};
use crate::page::{Ctx, Page, show_as};
use crate::words::{self, AnswerView, ReadingView};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use filmdesk_policy::cases::{
    answer_to_json, situation_from_json, situation_from_toml, situation_from_value, violation_to_json,
};
use filmdesk_policy::{Situation, Text, Violation, answer};
use serde_json::{Map, Value, json};

/// The page.
pub fn routes() -> Router<AppState> {
    Router::new().route("/quote", get(blank).post(asked))
}

/// Rows of the form: at first, and at most.
const ROWS: [(&str, u32, u32); 3] = [("items", 3, 40), ("companions", 1, 20), ("relatives", 2, 20)];

/// One choice of a list.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// A labelled list of choices.
#[derive(Template)]
#[template(path = "parts/select.html")]
struct Select {
    name: String,
    label: String,
    wrong: Option<String>,
    choices: Vec<Choice>,
}

/// What is shown of an answer.
struct Answered {
    a: AnswerView,
    readings: Vec<ReadingView>,
    status: &'static str,
    json: String,
}

#[derive(Template)]
#[template(path = "quote.html")]
struct QuotePage {
    p: Page,
    f: Fields,
    kinds: Vec<(String, String)>,
    units: Vec<(String, String)>,
    rows: [Vec<u32>; 3],
    answered: Option<Answered>,
    faults: Option<String>,
    calendar: String,
    rules_hash: String,
}

impl QuotePage {
    /// A list whose first choice says nothing; `words` are labelled by `q-NAME-WORD`.
    fn words(&self, name: &str, label: &str, words: &[&str]) -> Select {
        let named = words.iter().map(|w| ((*w).to_owned(), self.f.tr.t(&format!("q-{label}-{w}")))).collect::<Vec<_>>();
        self.select(name, label, &named)
    }

    fn select(&self, name: &str, label: &str, named: &[(String, String)]) -> Select {
        let typed = self.f.form.get(name);
        let nothing = (String::new(), self.f.tr.t("q-nothing"));
        let choice = |(value, label): &(String, String)| Choice {
            value: value.clone(),
            label: label.clone(),
            chosen: value == typed,
        };
        let choices = [&nothing].into_iter().chain(named).map(choice).collect();
        let (name, label) = (name.to_owned(), self.f.tr.t(&format!("f-q-{label}")));
        Select { wrong: self.f.problems.of(&name), name, label, choices }
    }

    fn typed_in(&self, what: &str, row: &u32, looks: &str) -> crate::form::TextField {
        self.f.text_as(&format!("{what}_{row}"), &format!("q-{what}"), looks)
    }

    fn ticked_in(&self, what: &str, row: &u32) -> crate::form::Pick {
        self.f.tick_as(&format!("{what}_{row}"), self.f.tr.t(&format!("f-q-{what}")), None)
    }
}

async fn blank(State(state): State<AppState>, ctx: Ctx) -> Result<Response, PageError> {
    let mut form = Form::default();
    form.0.insert("disc_1".to_owned(), "yes".to_owned());
    page(&state, &ctx, form, None, None)
}

async fn asked(State(state): State<AppState>, ctx: Ctx, mut form: Form) -> Result<Response, PageError> {
    if form.ticked("more") {
        for (table, first, most) in ROWS {
            let rows = form.number(&format!("rows_{table}"), first).unwrap_or(first);
            let wanted = if form.is("more", table) { rows + 2 } else { rows };
            form.0.insert(format!("rows_{table}"), wanted.clamp(first, most).to_string());
        }
        return page(&state, &ctx, form, None, None);
    }
    let read = read(&state, &form);
    let situation = match read {
        Ok(situation) => situation,
        Err(faults) => return page(&state, &ctx, form, None, Some(faults)),
    };
    let overlay = state.store.overlay().await.map_err(PageError::internal)?;
    let answer = answer(&state.rules, &overlay, &situation);
    let names: Vec<String> = situation.items.iter().map(|item| item_name(&state, &ctx, &item.kind)).collect();
    let status = match (answer.violations.is_empty(), answer.place.is_some()) {
        (false, _) => "cannot",
        (true, true) => "done",
        (true, false) => "elsewhere",
    };
    let answered = Answered {
        a: AnswerView::new(ctx.tr, &answer, &names),
        readings: words::readings(ctx.tr, &state.rules, &answer.readings),
        status,
        json: format!("{:#}", answer_to_json(&answer)),
    };
    page(&state, &ctx, form, Some(answered), None)
}

fn item_name(state: &AppState, ctx: &Ctx, kind: &filmdesk_policy::RecordKindId) -> String {
    state.rules.record_kind(kind).map_or_else(|| kind.0.clone(), |kind| ctx.tr.text(&kind.name).to_owned())
}

fn page(
    state: &AppState,
    ctx: &Ctx,
    form: Form,
    answered: Option<Answered>,
    faults: Option<Vec<Violation>>,
) -> Result<Response, PageError> {
    let mut problems = Problems::default();
    for fault in faults.iter().flatten() {
        let field = control_of(&form, &fault.field);
        problems.add(&field, ctx.tr.text(&fault.text).to_owned());
    }
    let status = if faults.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let faults = faults.map(|faults| {
        let violations: Vec<Value> = faults.iter().map(violation_to_json).collect();
        format!("{:#}", json!({ "violations": violations }))
    });
    let named = |id: &str, name: &filmdesk_policy::Text| (id.to_owned(), ctx.tr.text(name).to_owned());
    let rows = ROWS.map(|(table, first, most)| {
        let n = form.number(&format!("rows_{table}"), first).unwrap_or(first);
        (1..=n.clamp(first, most)).collect()
    });
    let page = QuotePage {
        p: ctx.page("quote-title").with_problem(faults.is_some()),
        f: Fields { tr: ctx.tr, form, problems },
        kinds: state.rules.record_kinds_on(state.today()).map(|k| named(&k.id.0, &k.name)).collect(),
        units: state.rules.hospital().units.iter().map(|u| named(&u.id, &u.name)).collect(),
        rows,
        answered,
        faults,
        calendar: state.rules.calendar_version().to_owned(),
        rules_hash: state.rules.hash().chars().take(12).collect(),
    };
    show_as(status, &page)
}

/// Fields of an item: the name on the form and the key of the situation.
const ITEM_TEXTS: [(&str, &str); 3] = [("exam", "exam_end"), ("report", "report_sent"), ("unit", "performing_unit")];
const ITEM_TICKS: [(&str, &str); 3] =
    [("psychiatry", "psychiatry"), ("post_processing", "post_processing"), ("imported", "imported")];
const PEOPLE_TEXTS: [(&str, &str); 4] =
    [("capacity", "capacity"), ("born", "patient_born"), ("kinship", "kinship"), ("representation", "representation")];
const PEOPLE_TICKS: [&str; 7] = [
    "agent",
    "patient_under_guardianship",
    "patient_foreign",
    "without_residence",
    "applicant_foreign",
    "agent_foreign",
    "inpatient",
];

/// The question of the form: the situation typed as text if there is one, else the fields.
fn read(state: &AppState, form: &Form) -> Result<Situation, Vec<Violation>> {
    let at = state.local_now();
    match form.get("situation") {
        "" => situation_from_value(&state.rules, &typed(form), at),
        text if text.chars().count() >= form::LONGEST => Err(vec![Violation {
            code: "too-long".to_owned(),
            field: "situation".to_owned(),
            text: Text {
                zh: format!("此欄至多 {} 字；較長的情況請用 POST /api/v1/quotes 或 filmdesk quote。", form::LONGEST),
                en: format!(
                    "At most {} characters are read here; send a longer situation to POST /api/v1/quotes, or to filmdesk quote.",
                    form::LONGEST
                ),
            },
            cite: None,
        }]),
        text if text.starts_with('{') => situation_from_json(&state.rules, text, at),
        text => situation_from_toml(&state.rules, text, at),
    }
}

/// What was typed, in the documented format of a situation; what is empty is left out.
fn typed(form: &Form) -> Value {
    let mut s = Map::new();
    for key in ["at", "paid_at", "collection", "agreed_time"] {
        put(&mut s, key, text(form, key));
    }
    put(&mut s, "extra_sets", number(form, "extra_sets"));
    put(&mut s, "split", tick(form, "split"));
    s.insert("items".to_owned(), each(form, 0, item));
    s.insert("companions".to_owned(), each(form, 1, companion));
    s.insert("people".to_owned(), people(form));
    let mut weighed = Map::new();
    put(&mut weighed, "discs", number(form, "discs"));
    put(&mut weighed, "making_minutes", number(form, "making_minutes"));
    if !weighed.is_empty() {
        s.insert("weighed".to_owned(), Value::Object(weighed));
    }
    Value::Object(s)
}

/// Each row of a table in which something was typed.
fn each(form: &Form, table: usize, row: fn(&Form, u32) -> Map<String, Value>) -> Value {
    let rows = (1..=ROWS[table].2).map(|n| row(form, n)).filter(|row| !row.is_empty());
    rows.map(Value::Object).collect()
}

fn put(into: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    into.extend(value.map(|value| (key.to_owned(), value)));
}

fn text(form: &Form, name: &str) -> Option<Value> {
    Some(form.get(name)).filter(|typed| !typed.is_empty()).map(Value::from)
}

fn tick(form: &Form, name: &str) -> Option<Value> {
    form.ticked(name).then_some(Value::Bool(true))
}

/// A number as it was typed; what is none stays text, and the reader says what is expected there.
fn number(form: &Form, name: &str) -> Option<Value> {
    let typed = filmdesk_policy::taiwan::half_width(form.get(name));
    match typed.as_str() {
        "" => None,
        typed => {
            Some(serde_json::from_str::<serde_json::Number>(typed).map_or_else(|_| Value::from(typed), Value::Number))
        }
    }
}

fn yes_or_no(form: &Form, name: &str) -> Option<Value> {
    match form.get(name) {
        "yes" => Some(Value::Bool(true)),
        "no" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn item(form: &Form, n: u32) -> Map<String, Value> {
    let field = |what: &str| format!("{what}_{n}");
    let mut row = Map::new();
    put(&mut row, "kind", text(form, &field("kind")));
    put(&mut row, "count", number(form, &field("count")));
    for (name, key) in ITEM_TEXTS {
        put(&mut row, key, text(form, &field(name)));
    }
    for (name, key) in ITEM_TICKS {
        put(&mut row, key, tick(form, &field(name)));
    }
    put(&mut row, "film_sheets", number(form, &field("film")));
    put(&mut row, "hard_copy_sheets", number(form, &field("paper")));
    put(&mut row, "dental_upload_confirmed", yes_or_no(form, &field("dental")));
    let receivable = [number(form, &field("have")), number(form, &field("of"))];
    if receivable.iter().any(Option::is_some) {
        row.insert("receivable".to_owned(), receivable.into_iter().flatten().collect());
    }
    // A row with nothing but its box for the disc asks for nothing.
    if !row.is_empty() {
        row.insert("disc".to_owned(), Value::Bool(form.ticked(&field("disc"))));
    }
    row
}

fn companion(form: &Form, n: u32) -> Map<String, Value> {
    let mut row = Map::new();
    put(&mut row, "kind", text(form, &format!("companion_kind_{n}")));
    put(&mut row, "exam_end", text(form, &format!("companion_exam_{n}")));
    put(&mut row, "report_sent", text(form, &format!("companion_report_{n}")));
    row
}

fn relative(form: &Form, n: u32) -> Map<String, Value> {
    let mut row = Map::new();
    put(&mut row, "kinship", text(form, &format!("relative_kinship_{n}")));
    put(&mut row, "fate", text(form, &format!("relative_fate_{n}")));
    put(&mut row, "child_of", line_of(form, &format!("relative_child_of_{n}")));
    row
}

/// Lines of the form are counted from 1, those of a situation from 0.
fn line_of(form: &Form, name: &str) -> Option<Value> {
    let typed = number(form, name)?;
    Some(typed.as_i64().map_or(typed, |line| Value::from(line - 1)))
}

fn people(form: &Form) -> Value {
    let mut people = Map::new();
    for (name, key) in PEOPLE_TEXTS {
        put(&mut people, key, text(form, name));
    }
    for key in PEOPLE_TICKS {
        put(&mut people, key, tick(form, key));
    }
    put(&mut people, "patient_deceased", yes_or_no(form, "patient_deceased"));
    put(&mut people, "earlier_heir_lives", yes_or_no(form, "earlier_heir_lives"));
    put(&mut people, "child_of", line_of(form, "child_of"));
    people.insert("relatives".to_owned(), each(form, 2, relative));
    Value::Object(people)
}

/// How one row of a table of the form is read; empty when nothing is filled in.
type Row = fn(&Form, u32) -> Map<String, Value>;

/// The control that a field of the situation was typed in.
fn control_of(form: &Form, field: &str) -> String {
    if !form.get("situation").is_empty() {
        return "situation".to_owned();
    }
    let Some((table, rest)) = field.split_once('[') else {
        let last = field.rsplit('.').next().unwrap_or(field);
        return PEOPLE_TEXTS.iter().find(|(_, key)| *key == last).map_or(last, |(name, _)| name).to_owned();
    };
    let (index, key) = rest.split_once(']').unwrap_or((rest, ""));
    let key = key.trim_start_matches('.');
    let (table, row): (usize, Row) = match table {
        "companions" => (1, companion),
        "people.relatives" => (2, relative),
        _ => (0, item),
    };
    // Rows left empty are not counted by the situation.
    let filled = (1..=ROWS[table].2).filter(|n| !row(form, *n).is_empty());
    let n = filled.into_iter().nth(index.parse().unwrap_or(0)).unwrap_or(1);
    let name = match (table, key) {
        (0, "film_sheets") => "film",
        (0, "hard_copy_sheets") => "paper",
        (0, "receivable") => "have",
        (0, "dental_upload_confirmed") => "dental",
        (0, key) => ITEM_TEXTS.iter().find(|(_, k)| *k == key).map_or(key, |(name, _)| name),
        (1, "exam_end") => "companion_exam",
        (1, "report_sent") => "companion_report",
        (1, _) => "companion_kind",
        (_, "fate") => "relative_fate",
        (_, "child_of") => "relative_child_of",
        (_, _) => "relative_kinship",
    };
    format!("{name}_{n}")
}
