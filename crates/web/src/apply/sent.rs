//! After sending: the number, the code, what to bring and what happens next. A bookmark of it works later.

use super::{MaybeDraft, exam_names};
use crate::AppState;
use crate::counter::request_of;
use crate::errors::PageError;
use crate::page::{Ctx, Page, go, show};
use crate::words::AnswerView;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use filmdesk_desk::Request;
use filmdesk_policy::{Answer, answer};

#[derive(Template)]
#[template(path = "apply/sent.html")]
struct SentPage {
    p: Page,
    number: String,
    code: String,
    a: AnswerView,
    consent: bool,
}

/// `GET /apply/sent`
pub async fn sent(
    State(state): State<AppState>,
    ctx: Ctx,
    MaybeDraft(draft): MaybeDraft,
) -> Result<Response, PageError> {
    let Some(draft) = draft else { return Ok(go("/status")) };
    if draft.open() {
        return Ok(go("/apply/review"));
    }
    let application = &draft.application;
    let request = request_of(application).ok_or(PageError::NotFound)?;
    let names: Vec<String> = exam_names(&state, &ctx, &draft.form()).into_iter().map(|(_, name)| name).collect();
    let a = AnswerView::new(ctx.tr, &estimate_of(&state, request).await?, &names);
    show(&SentPage {
        p: ctx.page("sent-title"),
        number: application.number.to_string(),
        code: state.store.status_code(&application.number),
        consent: request.situation.people.agent,
        a,
    })
}

/// The rules' answer to what was sent, at this moment.
pub async fn estimate_of(state: &AppState, request: &Request) -> Result<Answer, PageError> {
    let overlay = state.store.overlay().await.map_err(PageError::internal)?;
    let mut situation = request.situation.clone();
    situation.at = state.local_now();
    Ok(answer(&state.rules, &overlay, &situation))
}
