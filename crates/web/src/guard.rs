//! What stands before every page: limits, the origin of a post, security headers, the log line, the dressing of errors.

use crate::AppState;
use crate::api;
use crate::errors::{PageError, dress};
use crate::i18n::Tr;
use crate::page::{Ctx, Frame, Site, here, switches};
use crate::words;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use std::net::SocketAddr;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// The largest form: far above any honest one.
const BODY_BYTES: usize = 64 * 1024;

/// How much of a larger one is taken in and thrown away, so that who sent it reads the refusal: a connection that closes
/// before all was sent shows a browser nothing but that it closed.
const THROWN_AWAY_BYTES: usize = 32 << 20;

/// How long a page may take. A disc image streams on after its head.
const PAGE_TIME: Duration = Duration::from_secs(30);

/// Scripts and styles come from us alone, nothing is inline, and nobody frames the pages.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'";

/// State of the frame layer.
#[derive(Clone)]
pub struct FrameState {
    /// Everything.
    pub state: AppState,
    /// Which site.
    pub site: Site,
}

/// Body limit, time limit, and a page instead of a dropped connection when a handler panics.
pub fn limits(pages: Router<AppState>) -> Router<AppState> {
    pages
        .layer(CatchPanicLayer::custom(|_panic: Box<dyn std::any::Any + Send>| {
            PageError::internal("a handler panicked").into_response()
        }))
        .layer(middleware::from_fn(whole))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PAGE_TIME))
}

/// What was sent, whole and no larger than a form; what is larger is refused.
async fn whole(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut pieces = body.into_data_stream();
    let (mut kept, mut size) = (Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let Ok(piece) = piece else { return StatusCode::BAD_REQUEST.into_response() };
        size += piece.len();
        if size <= BODY_BYTES {
            kept.extend_from_slice(&piece);
        }
        if size > THROWN_AWAY_BYTES {
            break;
        }
    }
    if size > BODY_BYTES {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    next.run(Request::from_parts(parts, Body::from(kept))).await
}

/// Finds the language before the handler and finishes the response after it.
pub async fn frame(State(frame): State<FrameState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let (ctx, remember) = circumstances(&frame, &parts);
    let method = parts.method.clone();
    let route = parts.extensions.get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    parts.extensions.insert(ctx.clone());
    let for_programs = parts.uri.path().starts_with(api::PREFIX);
    let allowed = same_origin(&parts) || for_programs;
    let response = if allowed {
        next.run(Request::from_parts(parts, body)).await
    } else {
        PageError::ForeignOrigin.into_response()
    };
    let mut response = if for_programs { api::dress(response) } else { dress(&ctx, response) };
    for cookie in remember {
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    secure(response.headers_mut(), frame.state.secure);
    // The route, never the address: an address may hold a number, and a log line holds our own ids alone.
    tracing::info!(
        site = ?frame.site,
        %method,
        %route,
        status = response.status().as_u16(),
        ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    response
}

fn circumstances(frame: &FrameState, parts: &Parts) -> (Ctx, Vec<String>) {
    let state = &frame.state;
    let (lang, large, remember) = switches(parts);
    let tr = Tr::new(lang);
    let hospital = state.rules.hospital();
    let ctx = Ctx {
        tr,
        large,
        site: frame.site,
        here: here(parts),
        frame: Frame {
            hospital: tr.text(&hospital.name).to_owned(),
            phone: hospital.phone.clone(),
            refused_rules: match frame.site {
                Site::Public => None,
                Site::Counter => {
                    let said = state.refused_rules.read().unwrap_or_else(PoisonError::into_inner);
                    said.as_ref().map(ToString::to_string)
                }
            },
            demo_clock: state.demo.then(|| words::moment(tr, state.local_now())),
        },
        peer: peer(state, parts),
    };
    (ctx, remember)
}

/// The address that asked; behind a trusted proxy, the one that proxy saw.
fn peer(state: &AppState, parts: &Parts) -> String {
    let Some(ConnectInfo(address)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else { return "local".into() };
    let seen = parts.headers.get("x-forwarded-for").and_then(|v| v.to_str().ok()).and_then(|v| v.rsplit(',').next());
    match seen {
        Some(seen) if state.trusted_proxies.contains(&address.ip()) => seen.trim().to_owned(),
        Some(_) | None => address.ip().to_string(),
    }
}

/// A request that changes something must come from a page of the same origin. Browsers say so in one of two headers;
/// what says neither is no browser of ours.
fn same_origin(parts: &Parts) -> bool {
    if matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let text = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let host = text("host").or(parts.uri.authority().map(|a| a.as_str()));
    let origin = text("origin").and_then(|o| o.split_once("://")).map(|(_, host)| host);
    matches!((origin, host), (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host))
}

fn secure(headers: &mut HeaderMap, https: bool) {
    let fixed = [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
        ("x-frame-options", "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// A body of bytes, for files.
pub fn file(kind: &'static str, name: &str, inline: bool, bytes: Vec<u8>) -> Response {
    let how = if inline { "inline" } else { "attachment" };
    let headers =
        [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, format!("{how}; filename=\"{name}\""))];
    (headers, Body::from(bytes)).into_response()
}
