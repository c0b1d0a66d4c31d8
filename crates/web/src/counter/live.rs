//! While a worker finds, weighs or makes: how far it is, fetched again each second, and a button that stops it.

use super::application::Desk;
use super::order::found_archives;
use super::{Staff, load};
use crate::AppState;
use crate::errors::PageError;
use crate::page::{Ctx, Page};
use crate::words;
use askama::Template;
use axum::extract::{Path, State as Use};
use axum::http::HeaderValue;
use axum::response::{Html, IntoResponse, Response};
use filmdesk_desk::{Application, Stage};
use filmdesk_store::{JobKind, JobProgress, JobState};

/// A job's line.
#[derive(Clone, Debug)]
struct JobView {
    name: String,
    text: String,
    done: u64,
    total: Option<u64>,
    note: String,
}

#[derive(Template)]
#[template(path = "counter/live.html")]
struct Live {
    p: Page,
    jobs: Vec<JobView>,
    updated: String,
}

#[derive(Template)]
#[template(path = "counter/panel_live.html")]
struct LivePanel {
    p: Page,
    path: String,
    version: i64,
    heading: String,
    hint: String,
    live: String,
    stop: Option<String>,
}

/// Finding or weighing.
pub async fn panel(desk: &Desk<'_>) -> Result<String, PageError> {
    let tr = desk.ctx.tr;
    let (heading, hint, stop) = if desk.application.stage() == Stage::Weighing {
        (tr.t("weighing-title"), tr.t("weighing-hint"), Some(tr.t("stop-weighing")))
    } else {
        (tr.t("finding-title"), tr.t("finding-hint"), None)
    };
    let live = fragment(desk.state, desk.ctx, desk.page(), desk.application).await?;
    let (path, version) = (desk.path(), desk.application.version);
    let panel = LivePanel { p: desk.page(), path, version, heading, hint, live, stop };
    panel.render().map_err(PageError::internal)
}

/// `GET …/progress`: the changing part alone. `x-version` is the application's version: another one than shown means
/// that the page has another next step.
pub async fn progress(
    Use(state): Use<AppState>,
    ctx: Ctx,
    staff: Staff,
    Path(number): Path<String>,
) -> Result<Response, PageError> {
    let application = load(&state, &number).await?;
    let page = staff.page(&ctx, String::new());
    let text = fragment(&state, &ctx, page, &application).await?;
    let mut response = Html(text).into_response();
    response.headers_mut().insert("x-version", HeaderValue::from(application.version));
    Ok(response)
}

/// The lines of the jobs that wait or run.
pub async fn fragment(state: &AppState, ctx: &Ctx, p: Page, application: &Application) -> Result<String, PageError> {
    let jobs = state.store.progress(application.id).await.map_err(PageError::internal)?;
    let archives = found_archives(application);
    let jobs = jobs
        .iter()
        .filter(|job| matches!(job.state, JobState::Queued | JobState::Running))
        .filter(|job| !matches!(job.kind, JobKind::Wipe))
        .map(|job| view(ctx, job, &archives))
        .collect();
    let updated = ctx.tr.t1("status-updated", "when", words::moment(ctx.tr, state.local_now()));
    Live { p, jobs, updated }.render().map_err(PageError::internal)
}

fn view(ctx: &Ctx, job: &JobProgress, archives: &[String]) -> JobView {
    let tr = ctx.tr;
    let stage = match job.stage.as_str() {
        "" => String::new(),
        code => tr.maybe(&format!("jobstage-{code}")).unwrap_or_else(|| code.to_owned()),
    };
    let amount = |n: u64| if job.unit == "bytes" { words::size(n) } else { n.to_string() };
    let far = match (job.state, job.total) {
        (JobState::Queued, _) => tr.t("job-queued"),
        (_, 0) if job.done == 0 => String::new(),
        (_, 0) => amount(job.done),
        (_, total) => format!("{} / {}", amount(job.done), amount(total)),
    };
    let name = tr.t(&format!("job-{}", job.kind.name()));
    let text = [stage, far].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let total = (job.total > 0).then_some(job.total);
    // Why the last attempt stopped: its code, and what the worker wrote.
    let note = match job.note.split_once(": ") {
        Some((code, written)) => words::stalled(tr, code, written, archives),
        None => String::new(),
    };
    JobView { name, text, done: job.done.min(job.total), total, note }
}
