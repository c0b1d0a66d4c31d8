//! The applicant's way: items, examinations, who applies, people, collection, papers and estimate, review, sent.
//!
//! One question a page. Every post keeps what was typed in the store before it is judged.

pub mod read;
mod review;
mod sent;
mod start;

pub use read::Exam;
pub use sent::estimate_of;

use crate::AppState;
use crate::act::Act;
use crate::errors::PageError;
use crate::form::{Fields, Form, Problems};
use crate::page::{Ctx, Page, cookie, go, show_as};
use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use filmdesk_desk::{self as desk, Action, Application};
use filmdesk_policy::{FeeClass, RecordKind};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The cookie that holds the draft's token.
pub const DRAFT_COOKIE: &str = "__Host-draft";

/// The pages that ask something, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// What is to be copied.
    Items,
    /// When and where it was made.
    Exams,
    /// In what right.
    Who,
    /// Names and numbers.
    People,
    /// How it is collected, and for what purpose.
    Collect,
}

/// Pages of the form, with papers and review.
const STEPS: usize = 7;

impl Step {
    /// All, in order.
    pub const ALL: [Step; 5] = [Step::Items, Step::Exams, Step::Who, Step::People, Step::Collect];

    /// Its place in the address.
    pub fn name(self) -> &'static str {
        match self {
            Step::Items => "items",
            Step::Exams => "exams",
            Step::Who => "who",
            Step::People => "people",
            Step::Collect => "collect",
        }
    }

    fn path(self) -> String {
        format!("/apply/{}", self.name())
    }

    fn number(self) -> usize {
        Step::ALL.iter().position(|s| *s == self).unwrap_or(0) + 1
    }

    fn next(self) -> String {
        Step::ALL.get(self.number()).map_or_else(|| "/apply/papers".to_owned(), |next| next.path())
    }

    fn before(self) -> String {
        match self.number() {
            1 => "/".to_owned(),
            n => Step::ALL[n - 2].path(),
        }
    }
}

/// The pages of the form.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(start::start))
        .route("/apply", post(start::begin).get(start::resume))
        .route("/apply/new", post(start::anew))
        .route("/apply/papers", get(review::papers))
        .route("/apply/review", get(review::review).post(review::send))
        .route("/apply/sent", get(sent::sent))
        .route("/apply/{step}", get(ask).post(keep))
        .route("/privacy", get(start::privacy))
}

/// The draft this browser is filling in.
pub struct Draft {
    /// The application behind the cookie.
    pub application: Application,
}

impl Draft {
    /// What was typed so far.
    pub fn form(&self) -> Form {
        Form(self.application.form.iter().map(|(name, value)| (name.clone(), value.reveal().to_owned())).collect())
    }

    /// Whether it can still be changed.
    pub fn open(&self) -> bool {
        matches!(self.application.state, desk::State::Draft | desk::State::Returned { .. })
    }
}

/// Finds the draft, if there is one.
pub struct MaybeDraft(pub Option<Draft>);

impl FromRequestParts<AppState> for MaybeDraft {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let Some(token) = cookie(parts, DRAFT_COOKIE) else { return Ok(MaybeDraft(None)) };
        let application = state.store.application_by_token(&token).await.map_err(PageError::internal)?;
        Ok(MaybeDraft(application.map(|application| Draft { application })))
    }
}

#[derive(Deserialize)]
struct Which {
    then: Option<String>,
    check: Option<String>,
}

async fn ask(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(step): Path<String>,
    Query(which): Query<Which>,
    MaybeDraft(draft): MaybeDraft,
) -> Result<Response, PageError> {
    let step = Step::ALL.into_iter().find(|s| s.name() == step).ok_or(PageError::NotFound)?;
    let Some(draft) = draft else { return Ok(go("/")) };
    if !draft.open() {
        return Ok(go("/apply/sent"));
    }
    let form = draft.form();
    if step == Step::Exams && read::exams(&form, &state.rules).is_empty() {
        return Ok(go("/apply/items?check=1"));
    }
    let problems = match which.check {
        Some(_) => read::check(step, &form, &state.rules, ctx.tr, state.today()),
        None => Problems::default(),
    };
    page(&state, &ctx, step, form, problems, which.then.is_some())
}

async fn keep(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(step): Path<String>,
    MaybeDraft(draft): MaybeDraft,
    posted: Form,
) -> Result<Response, PageError> {
    let step = Step::ALL.into_iter().find(|s| s.name() == step).ok_or(PageError::NotFound)?;
    let Some(draft) = draft else { return Ok(go("/")) };
    if !draft.open() {
        return Ok(go("/apply/sent"));
    }
    let before = draft.form();
    // First kept, then judged.
    let fields: BTreeMap<String, String> = read::fields_of(step, &before, &state.rules)
        .into_iter()
        .map(|name| (name.clone(), posted.get(&name).to_owned()))
        .filter(|(name, value)| !value.is_empty() || before.0.contains_key(name))
        .collect();
    let kept = fields.iter().map(|(name, value)| (name.clone(), desk::Private::new(value.clone()))).collect();
    Act::by_applicant(Action::SaveForm)
        .detail(step.name())
        .carry_out(&state, draft.application.id, |application, _| application.save_form(kept))
        .await
        .map_err(|error| error.page("/apply/sent"))?;
    let mut form = before;
    form.0.extend(fields);
    let problems = read::check(step, &form, &state.rules, ctx.tr, state.today());
    let back_to_review = posted.is("then", "review");
    if !problems.is_empty() {
        return page(&state, &ctx, step, form, problems, back_to_review);
    }
    let next = if !back_to_review {
        step.next()
    } else if step == Step::Items {
        // Other items have other questions.
        "/apply/exams?then=review".to_owned()
    } else {
        "/apply/review".to_owned()
    };
    Ok(go(&next))
}

fn page(
    state: &AppState,
    ctx: &Ctx,
    step: Step,
    form: Form,
    problems: Problems,
    then_review: bool,
) -> Result<Response, PageError> {
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let p = ctx.page(&format!("{}-title", step.name())).with_problem(!problems.is_empty());
    let back = Some(if then_review { "/apply/review".to_owned() } else { step.before() });
    let f = Fields { tr: ctx.tr, form, problems };
    let step_number = step.number();
    let agent = f.form.is("agent", "yes");
    match step {
        Step::Items => {
            let groups = groups(state, ctx);
            show_as(status, &ItemsPage { p, back, step: step_number, steps: STEPS, f, then_review, groups })
        }
        Step::Exams => {
            let exams = exam_views(state, ctx, &f.form);
            let units = state
                .rules
                .hospital()
                .units
                .iter()
                .map(|unit| UnitView { id: unit.id.clone(), name: ctx.tr.text(&unit.name).to_owned() })
                .collect();
            show_as(status, &ExamsPage { p, back, step: step_number, steps: STEPS, f, then_review, exams, units })
        }
        Step::Who => show_as(
            status,
            &WhoPage { p, back, step: step_number, steps: STEPS, f, then_review, kinships: KINSHIPS.to_vec() },
        ),
        Step::People => {
            let person = !f.form.is("capacity", "patient") && !f.form.get("capacity").is_empty();
            let person_heading = if f.form.is("capacity", "heir") { "people-heir" } else { "people-representative" };
            show_as(
                status,
                &PeoplePage { p, back, step: step_number, steps: STEPS, f, then_review, person, person_heading, agent },
            )
        }
        Step::Collect => show_as(status, &CollectPage { p, back, step: step_number, steps: STEPS, f, then_review }),
    }
}

const KINSHIPS: [&str; 6] = ["spouse", "descendant", "parent", "sibling", "grandparent", "other"];

/// Kinds of one class.
#[derive(Clone, Debug)]
pub struct Group {
    name: String,
    hint: String,
    kinds: Vec<KindView>,
}

/// A row of the catalogue.
#[derive(Clone, Debug)]
pub struct KindView {
    id: String,
    name: String,
    note: Option<String>,
    film: bool,
    paper: bool,
}

impl KindView {
    fn field(&self, what: &str) -> String {
        format!("{what}_{}", self.id)
    }
}

fn groups(state: &AppState, ctx: &Ctx) -> Vec<Group> {
    let view = |kind: &RecordKind| KindView {
        id: kind.id.0.clone(),
        name: ctx.tr.text(&kind.name).to_owned(),
        note: kind.note.as_ref().map(|note| ctx.tr.text(note).to_owned()),
        film: kind.film,
        paper: kind.hard_copy,
    };
    let of =
        |class: FeeClass| state.rules.record_kinds_on(state.today()).filter(|k| k.class == class).map(view).collect();
    vec![
        Group { name: ctx.tr.t("class-general"), hint: ctx.tr.t("class-general-hint"), kinds: of(FeeClass::General) },
        Group { name: ctx.tr.t("class-special"), hint: ctx.tr.t("class-special-hint"), kinds: of(FeeClass::Special) },
    ]
}

/// An examination on its page.
#[derive(Clone, Debug)]
pub struct ExamView {
    exam: Exam,
    name: String,
    dental: bool,
}

impl ExamView {
    fn field(&self, what: &str) -> String {
        self.exam.field(what)
    }
}

/// Names of the items in the order of the situation, numbered where there is more than one of a kind.
pub fn exam_names(state: &AppState, ctx: &Ctx, form: &Form) -> Vec<(Exam, String)> {
    let exams = read::exams(form, &state.rules);
    let name = |exam: &Exam| {
        let kind = state.rules.record_kinds().iter().find(|k| k.id.0 == exam.kind);
        let name = kind.map(|k| ctx.tr.text(&k.name).to_owned()).unwrap_or_default();
        let several = exams.iter().filter(|other| other.kind == exam.kind).count() > 1;
        if several { ctx.tr.t2("exam-k", "what", name, "k", exam.ordinal) } else { name }
    };
    exams.iter().map(|exam| (exam.clone(), name(exam))).collect()
}

fn exam_views(state: &AppState, ctx: &Ctx, form: &Form) -> Vec<ExamView> {
    let at = state.local_now();
    let view = |(exam, name): (Exam, String)| {
        let dental = read::upload_matters(&exam.kind, &state.rules, at);
        ExamView { exam, name, dental }
    };
    exam_names(state, ctx, form).into_iter().map(view).collect()
}

/// A unit of the hospital.
#[derive(Clone, Debug)]
pub struct UnitView {
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "apply/items.html")]
struct ItemsPage {
    p: Page,
    back: Option<String>,
    step: usize,
    steps: usize,
    f: Fields,
    then_review: bool,
    groups: Vec<Group>,
}

#[derive(Template)]
#[template(path = "apply/exams.html")]
struct ExamsPage {
    p: Page,
    back: Option<String>,
    step: usize,
    steps: usize,
    f: Fields,
    then_review: bool,
    exams: Vec<ExamView>,
    units: Vec<UnitView>,
}

#[derive(Template)]
#[template(path = "apply/who.html")]
struct WhoPage {
    p: Page,
    back: Option<String>,
    step: usize,
    steps: usize,
    f: Fields,
    then_review: bool,
    kinships: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "apply/people.html")]
struct PeoplePage {
    p: Page,
    back: Option<String>,
    step: usize,
    steps: usize,
    f: Fields,
    then_review: bool,
    person: bool,
    person_heading: &'static str,
    agent: bool,
}

#[derive(Template)]
#[template(path = "apply/collect.html")]
struct CollectPage {
    p: Page,
    back: Option<String>,
    step: usize,
    steps: usize,
    f: Fields,
    then_review: bool,
}
