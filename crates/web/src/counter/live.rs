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
        (tr.t("finding-title"), tr.t("finding-hint"), Some(tr.t("stop-finding")))
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
    let (tr, far) = (ctx.tr, &job.progress);
    let mut said = Vec::new();
    if !far.stage.is_empty() {
        said.push(tr.maybe(&format!("jobstage-{}", far.stage)).unwrap_or_else(|| far.stage.clone()));
    }
    let amount = |n: u64| if far.unit == "bytes" { words::size(n) } else { n.to_string() };
    match (job.state, far.total) {
        (JobState::Queued, _) => said.push(tr.t("job-queued")),
        (_, 0) if far.done == 0 => {}
        (_, 0) => said.push(amount(far.done)),
        (_, total) => said.push(format!("{} / {}", amount(far.done), amount(total))),
    }
    if job.state == JobState::Running {
        if far.of_instances > 0 {
            said.push(tr.t2("job-instances", "n", far.n_instances, "of", far.of_instances));
        }
        if far.rate > 0 {
            said.push(tr.t1("job-rate", "amount", amount(far.rate)));
        }
        if far.seconds_left > 0 {
            let (key, n) = if far.seconds_left < 90 {
                ("job-seconds-left", far.seconds_left)
            } else {
                ("job-minutes-left", far.seconds_left.div_ceil(60))
            };
            said.push(tr.t1(key, "n", n));
        }
    }
    // Why the last attempt stopped: its code, and what the worker wrote.
    let note = match far.note.split_once(": ") {
        Some((code, written)) => words::stalled(tr, code, written, archives),
        None => String::new(),
    };
    let name = tr.t(&format!("job-{}", job.kind.name()));
    let total = (far.total > 0).then_some(far.total);
    JobView { name, text: said.join(" · "), done: far.done.min(far.total), total, note }
}
