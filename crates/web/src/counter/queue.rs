//! The queue: by state, what is promised first on top, and the one box that takes a scan, a number or a name.

use super::Staff;
use crate::AppState;
use crate::errors::PageError;
use crate::form::Form;
use crate::page::{Ctx, Page, go, show};
use crate::words;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use filmdesk_desk::{Action, Application, ApplicationNumber, Stage};
use filmdesk_store::QueueFilter;
use serde::Deserialize;

/// A tab of the queue.
#[derive(Clone, Debug)]
struct Tab {
    id: &'static str,
    name: String,
    count: i64,
    current: bool,
}

/// A row of the queue.
#[derive(Clone, Debug)]
struct Row {
    path: String,
    number: String,
    patient: String,
    stage: String,
    look: &'static str,
    since: String,
    promised: String,
    late: bool,
}

#[derive(Template)]
#[template(path = "counter/queue.html")]
struct QueuePage {
    p: Page,
    typed: String,
    note: Option<String>,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    supervisor: bool,
}

/// The filters: a name, and the stages in it.
const TABS: [(&str, &[Stage]); 7] = [
    (
        "open",
        &[
            Stage::Submitted,
            Stage::Returned,
            Stage::Finding,
            Stage::Ticking,
            Stage::Weighing,
            Stage::Weighed,
            Stage::Stalled,
            Stage::Waiting,
            Stage::InProduction,
            Stage::Ready,
        ],
    ),
    ("submitted", &[Stage::Submitted]),
    ("preparing", &[Stage::Finding, Stage::Ticking, Stage::Weighing]),
    ("weighed", &[Stage::Weighed]),
    ("making", &[Stage::Waiting, Stage::InProduction]),
    ("ready", &[Stage::Ready]),
    ("stalled", &[Stage::Stalled, Stage::Returned]),
];

/// Which tab.
#[derive(Deserialize)]
pub struct Which {
    state: Option<String>,
}

/// `GET /`
pub async fn queue(
    State(state): State<AppState>,
    ctx: Ctx,
    staff: Staff,
    Query(which): Query<Which>,
) -> Result<Response, PageError> {
    let current = TABS.iter().find(|(id, _)| Some(*id) == which.state.as_deref()).unwrap_or(&TABS[0]);
    let filter = QueueFilter { stages: current.1.to_vec(), ..QueueFilter::default() };
    let found = state.store.queue(filter).await.map_err(PageError::internal)?;
    page(&state, &ctx, &staff, Some(current.0), found, String::new(), None).await
}

/// `POST /scan`: a number leads to its application, anything else is looked for. By post, because a name may be typed.
pub async fn scan(State(state): State<AppState>, ctx: Ctx, staff: Staff, typed: Form) -> Result<Response, PageError> {
    let typed = typed.get("scan").to_owned();
    if typed.is_empty() {
        return Ok(go("/"));
    }
    // A page answered to a post has no address of its own: its language switch leads to the queue.
    let ctx = Ctx { here: "/".to_owned(), ..ctx };
    if let Ok(number) = ApplicationNumber::parse(&typed) {
        if state.store.application_by_number(&number).await.map_err(PageError::internal)?.is_some() {
            return Ok(go(&format!("/applications/{number}")));
        }
        let note = ctx.tr.t("scan-unknown");
        return page(&state, &ctx, &staff, None, Vec::new(), typed, Some(note)).await;
    }
    let filter = QueueFilter { search: typed.clone(), ..QueueFilter::default() };
    let found = state.store.queue(filter).await.map_err(PageError::internal)?;
    let note = match found.len() {
        0 => ctx.tr.t("scan-none"),
        n => ctx.tr.t1("scan-found", "n", n),
    };
    page(&state, &ctx, &staff, None, found, typed, Some(note)).await
}

async fn page(
    state: &AppState,
    ctx: &Ctx,
    staff: &Staff,
    current: Option<&str>,
    found: Vec<Application>,
    typed: String,
    note: Option<String>,
) -> Result<Response, PageError> {
    let counts = state.store.stage_counts().await.map_err(PageError::internal)?;
    let tab = |(id, stages): &(&'static str, &[Stage])| Tab {
        id,
        name: ctx.tr.t(&format!("tab-{id}")),
        count: counts.iter().filter(|(stage, _)| stages.contains(stage)).map(|(_, n)| n).sum(),
        current: current == Some(*id),
    };
    let tabs: Vec<Tab> = TABS.iter().map(tab).collect();
    let waiting = tabs.first().map_or(0, |tab| tab.count);
    let rows = found.iter().filter(|a| a.stage() != Stage::Draft).map(|a| row(state, ctx, a)).collect();
    let p = staff.page(ctx, ctx.tr.t1("queue-title", "n", waiting));
    show(&QueuePage { p, typed, note, tabs, rows, supervisor: staff.role.may(Action::ChangeCalendar) })
}

fn row(state: &AppState, ctx: &Ctx, application: &Application) -> Row {
    let stage = application.stage();
    let promised = application.promised();
    Row {
        path: application.number.to_string(),
        number: application.number.to_string(),
        patient: super::application::patient(application).map(|p| words::masked(p.name.reveal())).unwrap_or_default(),
        stage: ctx.tr.t(&format!("stage-{}", stage.name())),
        look: look(stage),
        since: words::instant(ctx.tr, application.status().since, &state.zone),
        promised: promised.map(|at| words::moment(ctx.tr, at)).unwrap_or_default(),
        late: !stage.is_closed() && stage != Stage::Ready && promised.is_some_and(|at| at < state.local_now()),
    }
}

/// The colour of a stage's tag; the words say the same.
pub fn look(stage: Stage) -> &'static str {
    match stage {
        Stage::Submitted | Stage::Ticking | Stage::Weighed => "go",
        Stage::Returned | Stage::Finding | Stage::Weighing | Stage::Waiting | Stage::InProduction => "wait",
        Stage::Stalled => "bad",
        Stage::Ready | Stage::Released => "good",
        Stage::Draft | Stage::Refunded | Stage::Referred | Stage::Refused | Stage::Cancelled | Stage::Expired => "",
    }
}
