//! `POST /api/v1/quotes`: a situation in, the rules' answer out, in the format of the case files. It holds no names, keeps
//! nothing, and needs no sign-in.

use crate::AppState;
use crate::errors::PageError;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use filmdesk_policy::{answer, cases};
use serde_json::{Value, json};

/// The one address.
pub fn routes() -> Router<AppState> {
    Router::new().route("/api/v1/quotes", post(quote))
}

async fn quote(State(state): State<AppState>, body: String) -> Result<Response, PageError> {
    let situation = match cases::situation_from_json(&state.rules, &body, state.local_now()) {
        Ok(situation) => situation,
        Err(faults) => {
            let violations: Vec<Value> = faults.iter().map(cases::violation_to_json).collect();
            let problem = json!({
                "title": "the situation could not be read",
                "status": StatusCode::UNPROCESSABLE_ENTITY.as_u16(),
                "violations": violations,
            });
            return Ok(document(StatusCode::UNPROCESSABLE_ENTITY, "application/problem+json", &problem));
        }
    };
    let overlay = state.store.overlay().await.map_err(PageError::internal)?;
    let answer = answer(&state.rules, &overlay, &situation);
    Ok(document(StatusCode::OK, "application/json", &cases::answer_to_json(&answer)))
}

fn document(status: StatusCode, kind: &'static str, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, kind)], format!("{value:#}\n")).into_response()
}
