//! One application: on the left the next step, on the right what is known.

use super::queue::look;
use super::{Staff, live, load, make, order, path_of, pay, verify};
use crate::AppState;
use crate::errors::PageError;
use crate::form::{Fields, Form, Problems};
use crate::page::{Ctx, Page, show_as};
use crate::words;
use askama::Template;
use axum::extract::{Path, Query, State as Use};
use axum::http::StatusCode;
use axum::response::Response;
use filmdesk_desk::{Action, Application, Patient, Request, Stage, State, Submitted};
use filmdesk_policy::{Capacity, Collection};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "counter/application.html")]
struct ApplicationPage {
    p: Page,
    f: Fields,
    path: String,
    number: String,
    version: i64,
    stage: String,
    stage_id: &'static str,
    look: &'static str,
    note: Option<String>,
    stop: Option<String>,
    panel: String,
    facts: Vec<(String, String)>,
    asked: Vec<(String, String)>,
    venues: Vec<(String, String)>,
    open: bool,
    may_refuse: bool,
    receipt: bool,
    audit: bool,
}

/// What each panel is made from.
pub struct Desk<'a> {
    /// Everything.
    pub state: &'a AppState,
    /// Language.
    pub ctx: &'a Ctx,
    /// Who looks.
    pub staff: &'a Staff,
    /// At what.
    pub application: &'a Application,
    /// What was typed.
    pub f: &'a Fields,
}

impl Desk<'_> {
    /// The part of a template's context that all panels share.
    pub fn page(&self) -> Page {
        self.staff.page(self.ctx, self.application.number.to_string())
    }

    /// Number in the address.
    pub fn path(&self) -> String {
        self.application.number.to_string()
    }
}

/// What the address may add.
#[derive(Deserialize)]
pub struct Which {
    changed: Option<String>,
}

/// `GET /applications/{number}`
pub async fn show_page(
    Use(state): Use<AppState>,
    ctx: Ctx,
    staff: Staff,
    Path(number): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, PageError> {
    let application = load(&state, &number).await?;
    let here = path_of(&application);
    let ctx = Ctx { here, ..ctx };
    let mut form = Form::default();
    if which.changed.is_some() {
        form.0.insert("changed".into(), "yes".into());
    }
    page(&state, &ctx, &staff, application, form, Problems::default(), None).await
}

/// The page, after a post with what was typed and what is wrong.
pub async fn page(
    state: &AppState,
    ctx: &Ctx,
    staff: &Staff,
    application: Application,
    form: Form,
    problems: Problems,
    stop: Option<String>,
) -> Result<Response, PageError> {
    let status = if problems.is_empty() && stop.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let ctx = &Ctx { here: path_of(&application), ..ctx.clone() };
    let note = form.ticked("changed").then(|| ctx.tr.t("oops-changed-text"));
    let f = Fields { tr: ctx.tr, form, problems };
    let desk = Desk { state, ctx, staff, application: &application, f: &f };
    let panel = panel(&desk).await?;
    let stage = application.stage();
    let p = desk.page().with_problem(status != StatusCode::OK);
    let hospital = state.rules.hospital();
    let venues = hospital.venues.iter().filter(|venue| venue.id != hospital.default_venue);
    show_as(
        status,
        &ApplicationPage {
            path: application.number.to_string(),
            number: application.number.to_string(),
            version: application.version,
            stage: ctx.tr.t(&format!("stage-{}", stage.name())),
            stage_id: stage.name(),
            look: look(stage),
            note,
            stop,
            panel,
            facts: facts(state, ctx, &application),
            asked: asked(state, ctx, &application),
            venues: venues.map(|venue| (venue.id.clone(), ctx.tr.text(&venue.name).to_owned())).collect(),
            open: !stage.is_closed() && !matches!(application.state, State::Paid(_)),
            may_refuse: staff.role.may(Action::Refuse),
            receipt: matches!(application.state, State::Paid(_) | State::Refunded { .. }),
            audit: staff.role.may(Action::ReadAudit),
            p,
            f,
        },
    )
}

/// The next step.
async fn panel(desk: &Desk<'_>) -> Result<String, PageError> {
    match desk.application.stage() {
        Stage::Submitted => verify::panel(desk).await,
        Stage::Returned => verify::returned(desk),
        Stage::Finding | Stage::Weighing => live::panel(desk).await,
        Stage::Ticking => order::panel(desk),
        Stage::Weighed => pay::panel(desk).await,
        Stage::Stalled if matches!(desk.application.state, State::Stalled { .. }) => order::stalled(desk),
        Stage::Stalled | Stage::Waiting | Stage::InProduction | Stage::Ready | Stage::Released => {
            make::panel(desk).await
        }
        Stage::Draft | Stage::Refunded | Stage::Referred | Stage::Refused | Stage::Cancelled | Stage::Expired => {
            verify::closed(desk)
        }
    }
}

/// What was submitted, at whatever state it stands.
pub fn submitted(state: &State) -> Option<&Submitted> {
    match state {
        State::Draft => None,
        State::Submitted(submitted) | State::Returned { submitted, .. } => Some(submitted),
        State::Verified(verified) | State::Stalled { verified, .. } => Some(&verified.submitted),
        State::Weighed(weighed) => Some(&weighed.verified.submitted),
        State::Paid(paid) | State::Refunded { paid, .. } => Some(&paid.weighed.verified.submitted),
        State::Referred { before, .. }
        | State::Refused { before, .. }
        | State::Cancelled { before, .. }
        | State::Expired { before, .. } => submitted(before),
    }
}

/// The form, read.
pub fn request(application: &Application) -> Option<&Request> {
    submitted(&application.state).map(|submitted| &submitted.request)
}

/// The person the records show.
pub fn patient(application: &Application) -> Option<&Patient> {
    request(application).map(|request| &request.patient)
}

fn facts(state: &AppState, ctx: &Ctx, application: &Application) -> Vec<(String, String)> {
    let tr = ctx.tr;
    let Some(submitted) = submitted(&application.state) else { return Vec::new() };
    let request = &submitted.request;
    let patient = &request.patient;
    let mut rows = vec![
        (tr.t("col-patient"), words::masked(patient.name.reveal())),
        (tr.t("about-identity"), format!("…{}", words::last_four(patient.identity.reveal()))),
        (tr.t("about-born"), words::date_both(tr, patient.born)),
    ];
    if let Some(number) = &patient.record_number {
        rows.push((tr.t("about-record"), number.reveal().to_owned()));
    }
    let capacity = match request.situation.people.capacity {
        Capacity::Patient => "f-capacity-patient",
        Capacity::LegalRepresentative => "f-capacity-representative",
        Capacity::Heir => "f-capacity-heir",
    };
    rows.push((tr.t("f-capacity"), tr.t(capacity)));
    let people = [("about-applicant", &request.applicant.person), ("people-agent", &request.applicant.agent)];
    for (key, person) in people {
        if let Some(person) = person {
            let four = words::last_four(person.identity.reveal());
            rows.push((tr.t(key), format!("{} …{four}", words::masked(person.name.reveal()))));
        }
    }
    rows.push((tr.t("f-phone"), request.applicant.phone.reveal().to_owned()));
    let collection = match request.collection() {
        Collection::AtCounter => "f-collection-counter",
        Collection::ByPostInTaiwan => "f-collection-post",
        Collection::ByPostAbroad => "f-collection-abroad",
    };
    rows.push((tr.t("f-collection"), tr.t(collection)));
    if let Some(address) = &request.address {
        rows.push((tr.t("f-address"), address.reveal().to_owned()));
    }
    rows.push((tr.t("f-purpose"), request.purpose.reveal().to_owned()));
    rows.push((tr.t("about-sent"), words::instant(tr, submitted.at, &state.zone)));
    if let Some(at) = application.promised() {
        rows.push((tr.t("col-promised"), words::moment(tr, at)));
    }
    rows
}

fn asked(state: &AppState, ctx: &Ctx, application: &Application) -> Vec<(String, String)> {
    let Some(request) = request(application) else { return Vec::new() };
    let items = request.situation.items.iter().enumerate();
    let row = |(i, item): (usize, &filmdesk_policy::ItemAsked)| {
        let name = state.rules.record_kind(&item.kind).map(|kind| ctx.tr.text(&kind.name).to_owned());
        let mut about = Vec::new();
        about.extend(item.exam_end.map(|end| words::date(ctx.tr, end.date())));
        about.extend(request.descriptions.get(i).map(|d| d.reveal().to_owned()).filter(|d| !d.is_empty()));
        if item.media.film_sheets > 0 {
            about.push(ctx.tr.t1("n-films", "n", item.media.film_sheets));
        }
        if item.media.hard_copy_sheets > 0 {
            about.push(ctx.tr.t1("n-papers", "n", item.media.hard_copy_sheets));
        }
        if item.psychiatry {
            about.push(ctx.tr.t("f-psy"));
        }
        (name.unwrap_or_else(|| item.kind.0.clone()), about.join(&ctx.tr.t("list-semicolon")))
    };
    items.map(row).collect()
}
