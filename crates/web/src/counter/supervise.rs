//! What a supervisor sees and declares: the trail of an application, and a day on which the counter is closed.

use super::{Staff, load};
use crate::AppState;
use crate::errors::PageError;
use crate::form::{Fields, Form, Problems};
use crate::page::{Ctx, Page, go, show, show_as};
use crate::words;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use filmdesk_desk::Action;

/// A row of the trail.
#[derive(Clone, Debug)]
struct Row {
    seq: i64,
    at: String,
    actor: String,
    action: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "counter/audit.html")]
struct AuditPage {
    p: Page,
    path: String,
    number: String,
    rows: Vec<Row>,
}

/// `GET …/audit`
pub async fn audit(
    State(state): State<AppState>,
    ctx: Ctx,
    staff: Staff,
    Path(number): Path<String>,
) -> Result<Response, PageError> {
    staff.need(Action::ReadAudit)?;
    let application = load(&state, &number).await?;
    let trail = state.store.audit_of(application.id).await.map_err(PageError::internal)?;
    let rows = trail
        .into_iter()
        .map(|row| Row {
            seq: row.seq,
            at: words::instant(ctx.tr, row.at, &state.zone),
            actor: row.actor,
            action: row.action,
            detail: row.detail,
        })
        .collect();
    let number = application.number.to_string();
    let p = staff.page(&ctx, ctx.tr.t1("audit-title", "number", &number));
    show(&AuditPage { p, path: number.clone(), number, rows })
}

#[derive(Template)]
#[template(path = "counter/calendar.html")]
struct CalendarPage {
    p: Page,
    f: Fields,
    today: String,
    closures: Vec<(String, String)>,
}

/// `GET /calendar`
pub async fn calendar(State(state): State<AppState>, ctx: Ctx, staff: Staff) -> Result<Response, PageError> {
    staff.need(Action::ChangeCalendar)?;
    let mut form = Form::default();
    form.0.insert("day".into(), state.today().to_string());
    page(&state, &ctx, &staff, form, Problems::default()).await
}

/// `POST /calendar`: the counter is closed that day; promises move at once.
pub async fn declare(
    State(state): State<AppState>,
    ctx: Ctx,
    staff: Staff,
    typed: Form,
) -> Result<Response, PageError> {
    staff.need(Action::ChangeCalendar)?;
    let mut problems = Problems::default();
    let day = words::parse_date(typed.get("day"));
    match day {
        None => problems.add("day", ctx.tr.t("e-date")),
        Some(day) if day < state.today() => problems.add("day", ctx.tr.t("e-closure-past")),
        Some(_) => {}
    }
    if typed.get("reason").is_empty() {
        problems.add("reason", ctx.tr.t("e-closure-reason"));
    }
    let Some(day) = day.filter(|_| problems.is_empty()) else {
        return page(&state, &ctx, &staff, typed, problems).await;
    };
    state.store.add_closure(day, typed.get("reason"), &staff.by(&state)).await.map_err(PageError::internal)?;
    Ok(go("/calendar"))
}

async fn page(
    state: &AppState,
    ctx: &Ctx,
    staff: &Staff,
    form: Form,
    problems: Problems,
) -> Result<Response, PageError> {
    let overlay = state.store.overlay().await.map_err(PageError::internal)?;
    let today = state.today();
    let open = state.rules.is_open(&overlay, today);
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let key = if open { "today-open" } else { "today-closed" };
    let closures = overlay.closures.iter().map(|(day, reason)| (words::date(ctx.tr, *day), reason.clone()));
    show_as(
        status,
        &CalendarPage {
            p: staff.page(ctx, ctx.tr.t("calendar-title")).with_problem(!problems.is_empty()),
            today: ctx.tr.t1(key, "date", words::date(ctx.tr, today)),
            closures: closures.collect(),
            f: Fields { tr: ctx.tr, form, problems },
        },
    )
}
