//! After sending: the number, the code, what to bring and what happens next. A bookmark of it works later.

use super::{Draft, MaybeDraft, exam_names};
use crate::AppState;
use crate::errors::PageError;
use crate::page::{Ctx, Page, go, show};
use crate::words::AnswerView;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use filmdesk_policy::answer;

#[derive(Template)]
#[template(path = "apply/sent.html")]
struct SentPage {
    p: Page,
    number: String,
    code: String,
    a: AnswerView,
    consent: bool,
    papers: bool,
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
    let a = estimate(&state, &ctx, &draft).await?;
    let application = &draft.application;
    show(&SentPage {
        p: ctx.page("sent-title"),
        number: application.number.to_string(),
        code: state.store.status_code(&application.number),
        consent: draft.form().is("agent", "yes"),
        papers: true,
        a,
    })
}

/// The rules' answer to the form that was sent, at this moment.
pub async fn estimate(state: &AppState, ctx: &Ctx, draft: &Draft) -> Result<AnswerView, PageError> {
    let form = draft.form();
    let overlay = state.store.overlay().await.map_err(PageError::internal)?;
    let situation = super::read::situation(&form, &state.rules, state.local_now());
    let names: Vec<String> = exam_names(state, ctx, &form).into_iter().map(|(_, name)| name).collect();
    Ok(AnswerView::new(ctx.tr, &answer(&state.rules, &overlay, &situation), &names))
}
