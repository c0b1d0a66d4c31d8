//! Papers and estimate, the last look, and sending.

use super::start::privacy_notice;
use super::{Draft, MaybeDraft, STEPS, exam_names, read};
use crate::AppState;
use crate::act::Act;
use crate::errors::PageError;
use crate::form::Form;
use crate::page::{Ctx, Page, go, show};
use crate::words::{self, AnswerView};
use askama::Template;
use axum::extract::State as Use;
use axum::response::Response;
use filmdesk_desk::{Action, State};
use filmdesk_policy::{Answer, answer};

#[derive(Template)]
#[template(path = "apply/papers.html")]
struct PapersPage {
    p: Page,
    back: Option<String>,
    step: usize,
    steps: usize,
    a: AnswerView,
    can_send: bool,
}

/// One row of the review.
#[derive(Clone, Debug)]
struct Row {
    label: String,
    value: String,
}

/// The rows of one page of the form.
#[derive(Clone, Debug)]
struct Section {
    heading: String,
    change: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "apply/review.html")]
struct ReviewPage {
    p: Page,
    back: Option<String>,
    step: usize,
    steps: usize,
    sections: Vec<Section>,
    a: AnswerView,
    privacy: String,
}

/// What the rules say to the form as it stands, or where to go because it is not complete.
async fn judged(state: &AppState, ctx: &Ctx, form: &Form) -> Result<Result<Answer, Response>, PageError> {
    if let Some(step) = read::first_incomplete(form, &state.rules, ctx.tr, state.today()) {
        return Ok(Err(go(&format!("/apply/{}?check=1", step.name()))));
    }
    let overlay = state.store.overlay().await.map_err(PageError::internal)?;
    Ok(Ok(answer(&state.rules, &overlay, &read::situation(form, &state.rules, state.local_now()))))
}

/// Not an error: an application that cannot go on as asked gets a page that says what instead.
fn can_send(answer: &Answer) -> bool {
    answer.violations.is_empty() && answer.place.is_some()
}

fn view(state: &AppState, ctx: &Ctx, form: &Form, answer: &Answer) -> AnswerView {
    let names: Vec<String> = exam_names(state, ctx, form).into_iter().map(|(_, name)| name).collect();
    AnswerView::new(ctx.tr, answer, &names)
}

/// `GET /apply/papers`
pub async fn papers(Use(state): Use<AppState>, ctx: Ctx, MaybeDraft(draft): MaybeDraft) -> Result<Response, PageError> {
    let Some(draft) = draft else { return Ok(go("/")) };
    if !draft.open() {
        return Ok(go("/apply/sent"));
    }
    let form = draft.form();
    let answer = match judged(&state, &ctx, &form).await? {
        Ok(answer) => answer,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let can_send = can_send(&answer);
    let p = ctx.page(if can_send { "papers-title" } else { "cannot-title" });
    let a = view(&state, &ctx, &form, &answer);
    show(&PapersPage { p, back: Some("/apply/collect".into()), step: STEPS - 1, steps: STEPS, a, can_send })
}

/// `GET /apply/review`
pub async fn review(Use(state): Use<AppState>, ctx: Ctx, MaybeDraft(draft): MaybeDraft) -> Result<Response, PageError> {
    let Some(draft) = draft else { return Ok(go("/")) };
    if !draft.open() {
        return Ok(go("/apply/sent"));
    }
    let form = draft.form();
    let answer = match judged(&state, &ctx, &form).await? {
        Ok(answer) if can_send(&answer) => answer,
        Ok(_) => return Ok(go("/apply/papers")),
        Err(elsewhere) => return Ok(elsewhere),
    };
    let a = view(&state, &ctx, &form, &answer);
    show(&ReviewPage {
        p: ctx.page("review-title"),
        back: Some("/apply/papers".into()),
        step: STEPS,
        steps: STEPS,
        sections: sections(&state, &ctx, &form),
        a,
        privacy: privacy_notice(&ctx),
    })
}

/// `POST /apply/review`: sends. A second post finds it sent and shows the same number.
pub async fn send(Use(state): Use<AppState>, ctx: Ctx, MaybeDraft(draft): MaybeDraft) -> Result<Response, PageError> {
    let Some(draft) = draft else { return Ok(go("/")) };
    if !draft.open() {
        return Ok(go("/apply/sent"));
    }
    let Draft { application } = &draft;
    let form = draft.form();
    match judged(&state, &ctx, &form).await? {
        Ok(answer) if can_send(&answer) => {}
        Ok(_) => return Ok(go("/apply/papers")),
        Err(elsewhere) => return Ok(elsewhere),
    }
    let request = read::request(&form, &state.rules, state.local_now(), ctx.tr)
        .ok_or_else(|| PageError::internal("a complete form gave no request"))?;
    let at = state.clock.now();
    let again = matches!(application.state, State::Returned { .. });
    let action = if again { Action::Resubmit } else { Action::Submit };
    // With the version that was judged: what another tab changed meanwhile is looked at again.
    Act::by_applicant(action)
        .on_version(Some(application.version))
        .carry_out(&state, application.id, |application, _| {
            if again { application.resubmit(request, at) } else { application.submit(request, at) }
        })
        .await
        .map_err(|error| error.page("/apply/review"))?;
    Ok(go("/apply/sent"))
}

fn sections(state: &AppState, ctx: &Ctx, form: &Form) -> Vec<Section> {
    let section = |step: &str, rows| Section {
        heading: ctx.tr.t(&format!("{step}-title")),
        change: format!("/apply/{step}?then=review"),
        rows,
    };
    vec![
        section("items", item_rows(state, ctx, form)),
        section("exams", exam_rows(state, ctx, form)),
        section("who", who_rows(ctx, form)),
        section("people", people_rows(ctx, form)),
        section("collect", collect_rows(ctx, form)),
    ]
}

fn text_row(ctx: &Ctx, form: &Form, name: &str) -> Row {
    let typed = form.get(name);
    let value = if typed.is_empty() { ctx.tr.t("not-given") } else { typed.to_owned() };
    Row { label: ctx.tr.t(&format!("f-{name}")), value }
}

fn date_text(ctx: &Ctx, typed: &str) -> String {
    match words::parse_date(typed) {
        Some(date) => words::date_both(ctx.tr, date),
        None if typed.is_empty() => ctx.tr.t("not-given"),
        None => typed.to_owned(),
    }
}

fn item_rows(state: &AppState, ctx: &Ctx, form: &Form) -> Vec<Row> {
    let kinds = state.rules.record_kinds().iter().filter(|k| form.ticked(&format!("item_{}", k.id.0)));
    let row = |kind: &filmdesk_policy::RecordKind| {
        let field = |what: &str| format!("{what}_{}", kind.id.0);
        let count = form.number(&field("count"), 1).unwrap_or(1);
        let mut parts = vec![ctx.tr.t1("n-exams", "n", count)];
        if !form.ticked(&field("nodisc")) {
            parts.push(ctx.tr.t("on-disc"));
        }
        for (what, key) in [("film", "n-films"), ("paper", "n-papers")] {
            match form.number(&field(what), 0) {
                Some(0) | None => {}
                Some(n) => parts.push(ctx.tr.t1(key, "n", n)),
            }
        }
        Row { label: ctx.tr.text(&kind.name).to_owned(), value: parts.join(&ctx.tr.t("list-comma")) }
    };
    kinds.map(row).collect()
}

fn exam_rows(state: &AppState, ctx: &Ctx, form: &Form) -> Vec<Row> {
    let row = |(exam, name): (read::Exam, String)| {
        let mut parts = vec![date_text(ctx, form.get(&exam.field("date")))];
        let about = form.get(&exam.field("about"));
        if !about.is_empty() {
            parts.push(about.to_owned());
        }
        let unit = form.get(&exam.field("unit"));
        if let Some(unit) = state.rules.hospital().units.iter().find(|u| u.id == unit) {
            parts.push(ctx.tr.text(&unit.name).to_owned());
        }
        for (what, key) in [("psy", "f-psy"), ("outside", "f-outside")] {
            if form.ticked(&exam.field(what)) {
                parts.push(ctx.tr.t(key));
            }
        }
        Row { label: name, value: parts.join(&ctx.tr.t("list-semicolon")) }
    };
    exam_names(state, ctx, form).into_iter().map(row).collect()
}

fn who_rows(ctx: &Ctx, form: &Form) -> Vec<Row> {
    let choice = |name: &str| Row {
        label: ctx.tr.t(&format!("f-{name}")),
        value: match form.get(name) {
            "" => ctx.tr.t("not-given"),
            value => ctx.tr.t(&format!("f-{name}-{value}")),
        },
    };
    let mut rows = vec![choice("capacity")];
    match form.get("capacity") {
        "representative" => rows.push(choice("ward")),
        "heir" => {
            rows.push(choice("kinship"));
            if form.is("kinship", "descendant") {
                rows.push(choice("line"));
            }
            rows.push(choice("earlier"));
        }
        _ => {}
    }
    rows.push(choice("agent"));
    if form.ticked("inpatient") {
        rows.push(Row { label: ctx.tr.t("f-ward-stay"), value: ctx.tr.t("f-inpatient") });
    }
    rows
}

fn people_rows(ctx: &Ctx, form: &Form) -> Vec<Row> {
    let mut rows = vec![text_row(ctx, form, "patient_name"), text_row(ctx, form, "patient_identity")];
    if form.ticked("patient_foreign") {
        let key = if form.ticked("without_residence") { "f-without_residence" } else { "f-patient_foreign" };
        rows.push(Row { label: ctx.tr.t("nationality"), value: ctx.tr.t(key) });
    }
    rows.push(Row { label: ctx.tr.t("f-patient_born"), value: date_text(ctx, form.get("patient_born")) });
    rows.push(text_row(ctx, form, "patient_record_number"));
    if !form.is("capacity", "patient") {
        rows.extend(["person_name", "person_identity"].map(|name| text_row(ctx, form, name)));
    }
    if form.is("agent", "yes") {
        rows.extend(["agent_name", "agent_identity"].map(|name| text_row(ctx, form, name)));
    }
    rows.extend(["phone", "email"].map(|name| text_row(ctx, form, name)));
    rows
}

fn collect_rows(ctx: &Ctx, form: &Form) -> Vec<Row> {
    let collection = form.get("collection");
    let mut rows =
        vec![Row { label: ctx.tr.t("f-collection"), value: ctx.tr.t(&format!("f-collection-{collection}")) }];
    if collection == "post" {
        rows.push(text_row(ctx, form, "address"));
    }
    rows.push(text_row(ctx, form, "purpose"));
    rows
}
