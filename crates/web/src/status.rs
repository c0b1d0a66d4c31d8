//! The status page: number and code open it, and it shows no name, no examination and no department.

use crate::AppState;
use crate::errors::PageError;
use crate::form::{Fields, Form, Problems, normalise};
use crate::page::{Ctx, Page, show, show_as};
use crate::words::{self, PlaceView};
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use filmdesk_desk::{Application, ApplicationNumber, PublicStatus, Standing, Step};

/// The pages of the status.
pub fn routes() -> Router<AppState> {
    Router::new().route("/status", get(ask).post(look)).route("/status/{number}", get(ask_numbered).post(look))
}

#[derive(Template)]
#[template(path = "apply/status_form.html")]
struct StatusForm {
    p: Page,
    f: Fields,
}

/// One of the five steps.
#[derive(Clone, Debug)]
struct StepView {
    class: &'static str,
    name: String,
    note: Option<String>,
}

#[derive(Template)]
#[template(path = "apply/status.html")]
struct StatusPage {
    p: Page,
    number: String,
    code: String,
    headline: String,
    text: Option<String>,
    steps: Vec<StepView>,
    place: Option<PlaceView>,
    updated: String,
}

async fn ask(ctx: Ctx) -> Result<Response, PageError> {
    form(&ctx, Form::default(), Problems::default())
}

async fn ask_numbered(ctx: Ctx, Path(number): Path<String>) -> Result<Response, PageError> {
    let mut typed = Form::default();
    // Only a number that could be ours is put into the box.
    if let Ok(number) = ApplicationNumber::parse(&number) {
        typed.0.insert("number".into(), number.to_string());
    }
    form(&ctx, typed, Problems::default())
}

fn form(ctx: &Ctx, form: Form, problems: Problems) -> Result<Response, PageError> {
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let p = ctx.page("status-title").with_problem(!problems.is_empty());
    show_as(status, &StatusForm { p, f: Fields { tr: ctx.tr, form, problems } })
}

async fn look(State(state): State<AppState>, ctx: Ctx, typed: Form) -> Result<Response, PageError> {
    let mut ctx = ctx;
    if ctx.here.starts_with("/status/") {
        ctx.here = "/status".to_owned();
    }
    let mut problems = Problems::default();
    let number = ApplicationNumber::parse(typed.get("number"));
    if number.is_err() {
        problems.add("number", ctx.tr.t("e-number"));
    }
    let code = normalise(typed.get("code"));
    if code.chars().count() != 4 {
        problems.add("code", ctx.tr.t("e-code"));
    }
    let Ok(number) = number else { return form(&ctx, typed, problems) };
    if !problems.is_empty() {
        return form(&ctx, typed, problems);
    }
    // Two buckets: one for whoever asks, one for the number, so that many addresses cannot share out the guessing.
    let of_number = format!("number {number}");
    if !state.lookups.take(&ctx.peer) || !state.lookups.take(&of_number) {
        return Err(PageError::TooMany);
    }
    // The same work whether there is such an application or not.
    let right = state.store.is_status_code(&number, &code);
    let application = state.store.application_by_number(&number).await.map_err(PageError::internal)?;
    match application {
        Some(application) if right => {
            state.lookups.give_back(&ctx.peer);
            state.lookups.give_back(&of_number);
            show(&page(&state, &ctx, &application, code))
        }
        Some(_) | None => {
            problems.add("number", ctx.tr.t("e-status"));
            form(&ctx, typed, problems)
        }
    }
}

fn page(state: &AppState, ctx: &Ctx, application: &Application, code: String) -> StatusPage {
    let status = application.status();
    let (key, text) = standing(state, ctx, &status.standing);
    let bring = matches!(
        status.standing,
        Standing::BringPapers | Standing::PapersMissing(_) | Standing::ToPay { .. } | Standing::Ready { .. }
    );
    let hospital = state.rules.hospital();
    let venue = hospital.venues.iter().find(|venue| venue.id == hospital.default_venue);
    StatusPage {
        p: ctx.page("status-title"),
        number: application.number.to_string(),
        code,
        headline: ctx.tr.t(&format!("standing-{key}")),
        text: Some(text),
        steps: steps(state, ctx, &status),
        place: venue.filter(|_| bring).map(|venue| PlaceView::new(ctx.tr, venue)),
        updated: ctx.tr.t1("status-updated", "when", words::moment(ctx.tr, state.local_now())),
    }
}

/// The message of a standing, and its sentence with what fits into it.
fn standing(state: &AppState, ctx: &Ctx, standing: &Standing) -> (&'static str, String) {
    let tr = ctx.tr;
    let key = match standing {
        Standing::NotSent => "not-sent",
        Standing::BringPapers => "bring-papers",
        Standing::PapersMissing(_) => "papers-missing",
        Standing::Preparing => "preparing",
        Standing::ToPay { .. } => "to-pay",
        Standing::HeldUp => "held-up",
        Standing::Waiting { .. } => "waiting",
        Standing::Making => "making",
        Standing::Ready { partly: false } => "ready",
        Standing::Ready { partly: true } => "ready-partly",
        Standing::Released => "released",
        Standing::Destroyed => "destroyed",
        Standing::Refunded => "refunded",
        Standing::Referred(_) => "referred",
        Standing::Refused => "refused",
        Standing::Cancelled => "cancelled",
        Standing::Expired => "expired",
    };
    if matches!(standing, Standing::Waiting { until: None }) {
        return (key, tr.t("standing-waiting-soon"));
    }
    let amount = if let Standing::ToPay { amount, .. } = standing { words::money(tr, *amount) } else { String::new() };
    let until = if let Standing::ToPay { until, .. } = standing {
        words::moment(tr, *until)
    } else if let Standing::Waiting { until: Some(until) } = standing {
        words::date(tr, words::local(*until, &state.zone).date())
    } else {
        String::new()
    };
    let place = if let Standing::Referred(place) = standing { tr.text(place).to_owned() } else { String::new() };
    let text = tr.with(
        &format!("standing-{key}-text"),
        &[("phone", &ctx.frame.phone), ("amount", &amount), ("until", &until), ("place", &place)],
    );
    (key, text)
}

fn steps(state: &AppState, ctx: &Ctx, status: &PublicStatus) -> Vec<StepView> {
    let ended = matches!(
        status.standing,
        Standing::Referred(_)
            | Standing::Refused
            | Standing::Cancelled
            | Standing::Expired
            | Standing::Refunded
            | Standing::Destroyed
    );
    let all = [
        (Step::Sent, "step-sent"),
        (Step::Review, "step-review"),
        (Step::Payment, "step-payment"),
        (Step::Making, "step-making"),
        (Step::Collection, "step-collection"),
    ];
    let view = |(step, key): (Step, &str)| {
        let moment = status.done.iter().find(|(done, _)| *done == step).map(|(_, at)| *at);
        let passed = moment.is_some() || step < status.step || status.standing == Standing::Released;
        let class = if passed {
            "done"
        } else if step == status.step && !ended {
            "now"
        } else {
            ""
        };
        let note = match moment {
            Some(at) => Some(words::instant(ctx.tr, at, &state.zone)),
            None if step == Step::Collection && !passed && !ended => {
                status.promised.map(|at| ctx.tr.t1("promised", "when", words::moment(ctx.tr, at)))
            }
            None => None,
        };
        StepView { class, name: ctx.tr.t(key), note }
    };
    all.into_iter().map(view).collect()
}
