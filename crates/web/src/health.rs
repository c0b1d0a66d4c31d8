//! Alive, and ready: for whoever watches the program.

use crate::AppState;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// The two addresses.
pub fn routes() -> Router<AppState> {
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}

/// The process answers.
async fn live() -> &'static str {
    "live\n"
}

/// The database answers too, so that a form can be kept.
async fn ready(State(state): State<AppState>) -> Response {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    match state.store.overlay().await {
        Ok(_) => (plain, "ready\n").into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            // A body of our own kind, so that it is not dressed as a page.
            let json = [(header::CONTENT_TYPE, "application/problem+json")];
            (StatusCode::SERVICE_UNAVAILABLE, json, "{\"title\":\"the database does not answer\",\"status\":503}\n")
                .into_response()
        }
    }
}
