//! Parcels: how far they are made, their discs and labels, and what to do with a faulty one.

use super::application::Desk;
use super::order::StallView;
use super::posted::Posted;
use super::release::IDENTITIES;
use super::{Staff, live, load};
use crate::AppState;
use crate::errors::PageError;
use crate::form::Fields;
use crate::page::Page;
use crate::words;
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, State as Use};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use filmdesk_desk::{Action, Application, FinishedDisc, Paid, Parcel, ParcelId, ParcelState, Release, State};
use filmdesk_policy::Collection;
use filmdesk_store::{JobKind, StoreError};
use futures::{TryStreamExt, stream};
use tokio::io::AsyncReadExt;

/// A finished disc.
#[derive(Clone, Debug)]
struct DiscView {
    volume: String,
    number: u32,
    code: String,
    text: String,
}

/// A parcel.
#[derive(Clone, Debug)]
struct ParcelView {
    id: u32,
    heading: String,
    state: String,
    state_id: &'static str,
    look: &'static str,
    note: Option<String>,
    live: bool,
    ready: bool,
    by_post: bool,
    can_remake: bool,
    stalled: Option<StallView>,
    discs: Vec<DiscView>,
}

#[derive(Template)]
#[template(path = "counter/panel_parcels.html")]
struct ParcelsPanel {
    p: Page,
    f: Fields,
    path: String,
    version: i64,
    live: String,
    parcels: Vec<ParcelView>,
    identities: Vec<(&'static str, String)>,
    can_refund: bool,
}

/// Paid.
pub async fn panel(desk: &Desk<'_>) -> Result<String, PageError> {
    let State::Paid(paid) = &desk.application.state else { return Err(PageError::internal("nothing is paid")) };
    let tr = desk.ctx.tr;
    let untouched = |parcel: &Parcel| matches!(parcel.state, ParcelState::Waiting { .. } | ParcelState::Stalled { .. });
    let live = live::fragment(desk.state, desk.ctx, desk.page(), desk.application).await?;
    let mut parcels: Vec<ParcelView> = paid.parcels.iter().map(|parcel| view(desk, paid, parcel)).collect();
    // One part of a page is fetched again: the first that moves.
    let mut moving = parcels.iter_mut().filter(|parcel| parcel.live).skip(1);
    moving.by_ref().for_each(|parcel| parcel.live = false);
    let panel = ParcelsPanel {
        p: desk.page(),
        f: desk.f.clone(),
        path: desk.path(),
        version: desk.application.version,
        live,
        parcels,
        identities: IDENTITIES.iter().map(|id| (*id, tr.t(&format!("identity-{id}")))).collect(),
        can_refund: paid.parcels.iter().all(untouched) && desk.staff.role.may(Action::Refund),
    };
    panel.render().map_err(PageError::internal)
}

fn view(desk: &Desk<'_>, paid: &Paid, parcel: &Parcel) -> ParcelView {
    let tr = desk.ctx.tr;
    let instant = |at| words::instant(tr, at, &desk.state.zone);
    let (look, note) = match &parcel.state {
        ParcelState::Waiting { until: Some(until), .. } => {
            ("wait", Some(tr.t1("parcel-until", "when", instant(*until))))
        }
        ParcelState::Waiting { until: None, .. } => ("wait", Some(tr.t("parcel-queued"))),
        ParcelState::InProduction { .. } => ("wait", Some(tr.t("parcel-making"))),
        ParcelState::Ready { since, .. } => ("good", Some(tr.t1("parcel-ready", "when", instant(*since)))),
        ParcelState::Stalled { since, .. } => ("bad", Some(tr.t1("parcel-stalled", "when", instant(*since)))),
        ParcelState::Released { release, .. } => ("good", Some(released(desk, release))),
        ParcelState::Destroyed { by, witness } => {
            let who = format!("{}, {}", by.staff.0, witness.0);
            ("", Some(tr.t2("parcel-destroyed", "when", instant(by.at), "who", who)))
        }
    };
    let stalled =
        if let ParcelState::Stalled { reason, .. } = &parcel.state { Some(StallView::new(desk, reason)) } else { None };
    let made = matches!(parcel.state, ParcelState::Ready { .. } | ParcelState::Released { .. });
    let remade = paid.remade(parcel.id);
    ParcelView {
        id: parcel.id.0,
        heading: match (parcel.remake_of, paid.parcels.len()) {
            (Some(of), _) => tr.t2("parcel-remake", "n", parcel.id.0, "of", of.0),
            (None, 1) => tr.t("parcel-only"),
            (None, _) => tr.t1("parcel-n", "n", parcel.id.0),
        },
        state: tr.t(&format!("parcel-state-{}", parcel.state.name())),
        state_id: parcel.state.name(),
        look,
        note,
        live: matches!(parcel.state, ParcelState::Waiting { .. } | ParcelState::InProduction { .. }),
        ready: matches!(parcel.state, ParcelState::Ready { .. }) && !remade,
        by_post: by_post(paid),
        can_remake: made && !remade && desk.staff.role.may(Action::Remake),
        stalled,
        discs: parcel.discs().iter().map(|disc| disc_view(desk, disc)).collect(),
    }
}

fn released(desk: &Desk<'_>, release: &Release) -> String {
    let tr = desk.ctx.tr;
    let when = words::instant(tr, release.by().at, &desk.state.zone);
    match release {
        Release::AtCounter { by, collector, identity_seen, last_four } => {
            let seen = tr.maybe(&format!("identity-{identity_seen}")).unwrap_or_else(|| identity_seen.clone());
            let more = format!("{seen} …{}", last_four.reveal());
            let whom = tr.t2("with-paren", "what", words::masked(collector.reveal()), "more", more);
            tr.with("parcel-released", &[("when", &when), ("who", &by.staff.0), ("whom", &whom)])
        }
        Release::ByPost { by, tracking } => {
            tr.with("parcel-posted", &[("when", &when), ("who", &by.staff.0), ("tracking", &tracking.reveal())])
        }
    }
}

fn by_post(paid: &Paid) -> bool {
    paid.weighed.verified.submitted.request.collection() == Collection::ByPostInTaiwan
}

fn disc_view(desk: &Desk<'_>, disc: &FinishedDisc) -> DiscView {
    let size = desk.ctx.tr.t2("disc-size", "n", disc.n_instances, "size", words::size(disc.size_bytes));
    DiscView {
        volume: disc.volume_id.clone(),
        number: disc.number,
        code: disc.code.clone(),
        text: format!("{} / {} · {size}", disc.number, disc.of),
    }
}

/// The disc of that place in that parcel.
pub fn disc_of(application: &Application, parcel: u32, number: u32) -> Result<&FinishedDisc, PageError> {
    let parcel = application.parcel(ParcelId(parcel)).ok_or(PageError::NotFound)?;
    parcel.discs().iter().find(|disc| disc.number == number).ok_or(PageError::NotFound)
}

/// `POST …/parcels/{parcel}/retry`
pub async fn retry(Path((_, parcel)): Path<(String, u32)>, posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::RetryParcel)?;
    let (by, parcel) = (posted.by(), ParcelId(parcel));
    let act = act.detail(format!("parcel {}", parcel.0)).job(JobKind::Make { parcel });
    posted.carry_out(act, |application, _| application.retry_parcel(parcel, by)).await
}

/// `POST …/parcels/{parcel}/remake`: free, for a faulty disc.
pub async fn remake(Path((_, parcel)): Path<(String, u32)>, posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Remake)?;
    let by = posted.by();
    let next = posted.application.parcels().iter().map(|parcel| parcel.id.0).max().unwrap_or(0) + 1;
    let days = i64::from(posted.state.rules.periods(posted.state.today()).remake_days);
    let act = act.detail(format!("parcel {parcel}")).job(JobKind::Make { parcel: ParcelId(next) });
    posted.carry_out(act, |application, _| application.remake(ParcelId(parcel), by, days)).await
}

/// `GET …/image`: the disc image, streamed; its file name is its volume id.
pub async fn image(
    Use(state): Use<AppState>,
    staff: Staff,
    Path((number, parcel, disc)): Path<(String, u32, u32)>,
) -> Result<Response, PageError> {
    staff.need(Action::Release)?;
    let application = load(&state, &number).await?;
    let disc = disc_of(&application, parcel, disc)?;
    let blob = match state.store.blobs().open(&disc.blob).await {
        Ok(blob) => blob,
        Err(StoreError::NoBlob(_)) => return Err(PageError::NotFound),
        Err(error) => return Err(PageError::internal(error)),
    };
    tracing::info!(application = application.id.0, volume = %disc.volume_id, staff = %staff.id.0, "disc image taken");
    let name = format!("attachment; filename=\"{}.iso\"", disc.volume_id);
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.efi.iso".to_owned()),
        (header::CONTENT_LENGTH, blob.len.to_string()),
        (header::CONTENT_DISPOSITION, name),
    ];
    let chunks = stream::try_unfold(blob.file, |mut file| async move {
        let mut chunk = Vec::with_capacity(256 * 1024);
        let read = (&mut file).take(256 * 1024).read_to_end(&mut chunk).await?;
        Ok::<_, std::io::Error>((read > 0).then_some((chunk, file)))
    });
    Ok((headers, Body::from_stream(chunks.into_stream())).into_response())
}
