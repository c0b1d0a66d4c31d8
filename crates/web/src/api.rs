//! The desk for programs: `POST /api/v1/quotes` takes a situation and answers it by the rules, in the format of the case
//! files; `GET /api/v1/openapi.json` describes it. It holds no names, keeps nothing, and needs no sign-in.
//!
//! What is not an answer is a problem document (RFC 9457): `type`, `title`, `status`, `detail`, and for each thing wrong
//! the field, what is allowed, and the rule. A situation that can be read but not carried out as asked is a problem too,
//! with the whole answer in it.

use crate::AppState;
use crate::errors::PageError;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use filmdesk_policy::cases::{answer_to_json, situation_from_json, situation_from_toml, violation_to_json};
use filmdesk_policy::{Violation, answer};
use serde_json::{Map, Value, json};

/// Every address of the API begins so: what goes wrong there is told as a problem document.
pub const PREFIX: &str = "/api/";

const OPENAPI: &str = include_str!("../assets/openapi.json");

/// The addresses.
pub fn routes() -> Router<AppState> {
    Router::new().route("/api/v1/quotes", post(quote)).route("/api/v1/openapi.json", get(description))
}

async fn description() -> Response {
    ([(header::CONTENT_TYPE, "application/openapi+json"), (header::CACHE_CONTROL, "public, max-age=300")], OPENAPI)
        .into_response()
}

/// In which language the situation is written.
#[derive(Clone, Copy)]
enum Written {
    Json,
    Toml,
}

fn written(headers: &HeaderMap) -> Option<Written> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => Some(Written::Json),
        "application/toml" => Some(Written::Toml),
        _ => None,
    }
}

async fn quote(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, PageError> {
    let body = match body {
        Ok(body) => body,
        Err(rejected) => return Ok(rejected.status().into_response()),
    };
    let Some(written) = written(&headers) else {
        return Ok(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    };
    let Ok(text) = std::str::from_utf8(&body) else {
        let detail = "The body is not UTF-8 text.";
        return Ok(problem(StatusCode::BAD_REQUEST, "not-text", detail, Map::new()));
    };
    let at = state.local_now();
    let read = match written {
        Written::Json => situation_from_json(&state.rules, text, at),
        Written::Toml => situation_from_toml(&state.rules, text, at),
    };
    let situation = match read {
        Ok(situation) => situation,
        Err(faults) => return Ok(wrong("situation-not-read", &faults, None)),
    };
    let overlay = state.store.overlay().await.map_err(PageError::internal)?;
    let answer = answer(&state.rules, &overlay, &situation);
    if !answer.violations.is_empty() {
        let violations = answer.violations.clone();
        return Ok(wrong("cannot-be-done-as-asked", &violations, Some(answer_to_json(&answer))));
    }
    Ok(document(StatusCode::OK, "application/json", &answer_to_json(&answer)))
}

/// A problem with what was asked: every field that is wrong, and the answer to the rest, if there is one.
fn wrong(kind: &str, violations: &[Violation], answer: Option<Value>) -> Response {
    let detail = violations.iter().map(|v| v.text.en.as_str()).collect::<Vec<_>>().join(" ");
    let mut more = Map::new();
    more.insert("violations".to_owned(), violations.iter().map(violation_to_json).collect());
    more.extend(answer.map(|answer| ("answer".to_owned(), answer)));
    problem(StatusCode::UNPROCESSABLE_ENTITY, kind, &detail, more)
}

fn problem(status: StatusCode, kind: &str, detail: &str, more: Map<String, Value>) -> Response {
    let mut problem = Map::new();
    problem.insert("type".to_owned(), json!(format!("urn:filmdesk:problem:{kind}")));
    problem.insert("title".to_owned(), json!(title(kind)));
    problem.insert("status".to_owned(), json!(status.as_u16()));
    problem.insert("detail".to_owned(), json!(detail));
    problem.extend(more);
    document(status, "application/problem+json", &Value::Object(problem))
}

fn title(kind: &str) -> &'static str {
    match kind {
        "situation-not-read" => "The situation cannot be read",
        "cannot-be-done-as-asked" => "The rules do not allow it as asked",
        "not-text" => "The body is not text",
        "no-such-address" => "There is nothing at this address",
        "method-not-allowed" => "This address takes another method",
        "too-large" => "The request is too large",
        "unsupported-media-type" => "The body is in a format that is not read here",
        "time-out" => "It took too long",
        "bad-request" => "The request is malformed",
        _ => "The desk failed",
    }
}

/// A bare error of the API as a problem document; problem documents and answers pass.
pub fn dress(response: Response) -> Response {
    let status = response.status();
    let said = response.headers().get(header::CONTENT_TYPE).and_then(|t| t.to_str().ok()).unwrap_or_default();
    if !(status.is_client_error() || status.is_server_error()) || said.starts_with("application/") {
        return response;
    }
    let (kind, detail) = match status {
        StatusCode::NOT_FOUND => ("no-such-address", "The API is described at /api/v1/openapi.json."),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method-not-allowed", "The header Allow names what is; the API is described at /api/v1/openapi.json.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "A situation has at most 65,536 bytes."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("unsupported-media-type", "Send the situation as application/json or application/toml (Content-Type).")
        }
        StatusCode::REQUEST_TIMEOUT => ("time-out", "Send the request again."),
        other if other.is_client_error() => ("bad-request", "The request cannot be understood as HTTP."),
        _ => ("internal", "It is ours to repair, and it is in the log. Try again, or call the service line."),
    };
    let mut dressed = problem(status, kind, detail, Map::new());
    if let Some(allow) = response.headers().get(header::ALLOW) {
        dressed.headers_mut().insert(header::ALLOW, allow.clone());
    }
    dressed
}

fn document(status: StatusCode, kind: &'static str, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, kind)], format!("{value:#}\n")).into_response()
}
