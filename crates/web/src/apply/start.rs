//! The start page: what it costs, how long it takes, what to bring, other ways. No amount is written here: the rules
//! are asked about the plainest application.

use super::{DRAFT_COOKIE, Group, MaybeDraft, groups};
use crate::AppState;
use crate::errors::PageError;
use crate::page::{Ctx, Page, go, show};
use crate::words::{self, AnswerView, PlaceView};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use filmdesk_policy::{ItemAsked, Situation, answer};

#[derive(Template)]
#[template(path = "apply/start.html")]
struct StartPage {
    p: Page,
    cost: String,
    ready: String,
    resume: bool,
    catalogue: Vec<Group>,
    place: Option<PlaceView>,
}

/// `GET /`
pub async fn start(
    State(state): State<AppState>,
    ctx: Ctx,
    MaybeDraft(draft): MaybeDraft,
) -> Result<Response, PageError> {
    let plainest = state.rules.record_kinds_on(state.today()).find(|kind| kind.disc && !kind.nuclear_medicine);
    let items = plainest.iter().map(|kind| ItemAsked::on_disc(&kind.id.0)).collect();
    let situation = Situation::new(state.local_now(), items);
    let overlay = state.store.overlay().await.map_err(PageError::internal)?;
    let answer = answer(&state.rules, &overlay, &situation);
    let view = AnswerView::new(ctx.tr, &answer, &[]);
    show(&StartPage {
        p: ctx.page("start-title"),
        cost: ctx.tr.t1("start-cost-from", "amount", words::money(ctx.tr, answer.total)),
        ready: view.ready.into_iter().map(|ready| ready.text).next().unwrap_or_default(),
        resume: draft.is_some_and(|draft| draft.open()),
        catalogue: groups(&state, &ctx),
        place: view.place,
    })
}

/// `POST /apply`: opens a draft, or goes on with the one this browser has.
pub async fn begin(
    State(state): State<AppState>,
    ctx: Ctx,
    MaybeDraft(draft): MaybeDraft,
) -> Result<Response, PageError> {
    if draft.is_some_and(|draft| draft.open()) {
        return Ok(go("/apply/items"));
    }
    if !state.drafts.take(&ctx.peer) {
        return Err(PageError::TooMany);
    }
    let at = state.clock.now();
    // The generator is this thread's: it is done with before the first await.
    let opening = {
        let mut rng = rand::rng();
        state.store.open_draft(ctx.tr.lang, at, &mut rng)
    };
    let opened = opening.await.map_err(PageError::internal)?;
    let mut response = go("/apply/items");
    let cookie = format!("{DRAFT_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=7776000", opened.token);
    let cookie = HeaderValue::from_str(&cookie).map_err(PageError::internal)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `GET /apply`: goes on with the draft.
pub async fn resume(MaybeDraft(draft): MaybeDraft) -> Response {
    match draft {
        Some(draft) if draft.open() => go("/apply/items"),
        Some(_) => go("/apply/sent"),
        None => go("/"),
    }
}

/// `POST /apply/new`: this browser forgets its draft (it expires by itself).
pub async fn anew() -> Response {
    let mut response = go("/");
    let forget = format!("{DRAFT_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    if let Ok(value) = HeaderValue::from_str(&forget) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

#[derive(Template)]
#[template(path = "apply/privacy.html")]
struct PrivacyPage {
    p: Page,
    text: String,
}

/// `GET /privacy`
pub async fn privacy(ctx: Ctx) -> Result<Response, PageError> {
    let text = privacy_notice(&ctx);
    show(&PrivacyPage { p: ctx.page("privacy-link"), text })
}

/// The six things the law wants said, with the hospital's name and telephone.
pub fn privacy_notice(ctx: &Ctx) -> String {
    ctx.tr.t2("privacy-text", "hospital", &ctx.frame.hospital, "phone", &ctx.frame.phone)
}
