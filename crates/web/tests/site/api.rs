//! The API as a program meets it: answers, and a problem document for everything that is none.

use crate::common::{Page, TestDesk};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;

const QUOTES: &str = "/api/v1/quotes";
const JSON: Option<&str> = Some("application/json");

async fn ask(desk: &TestDesk, method: Method, path: &str, kind: Option<&str>, body: Body) -> Page {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "desk.test");
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    let router = filmdesk_web::router_public(desk.state.clone());
    let response = router.oneshot(request.body(body).expect("a request")).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body").to_vec();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Page { status: parts.status, headers: parts.headers, bytes, body }
}

async fn post(desk: &TestDesk, body: &str) -> Page {
    ask(desk, Method::POST, QUOTES, JSON, Body::from(body.to_owned())).await
}

/// A problem document of this status and type; its JSON.
fn problem(page: &Page, status: u16, kind: &str) -> Value {
    assert_eq!(page.status.as_u16(), status, "{}", page.body);
    assert_eq!(page.headers[header::CONTENT_TYPE], "application/problem+json", "{}", page.body);
    let problem: Value = serde_json::from_str(&page.body).expect("JSON");
    assert_eq!(problem["type"], format!("urn:filmdesk:problem:{kind}"));
    assert_eq!(problem["status"], status);
    for member in ["title", "detail"] {
        assert!(problem[member].as_str().is_some_and(|t| t.len() > 10), "{member}: {problem}");
    }
    problem
}

#[tokio::test]
async fn a_situation_is_answered_in_the_format_of_the_cases() {
    let desk = TestDesk::open().await;
    let page = post(&desk, r#"{"items": ["ct", "general-x-ray"]}"#).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let answer: Value = serde_json::from_str(&page.body).expect("JSON");
    assert_eq!((&answer["total_twd"], &answer["binding"]), (&Value::from(400), &Value::from(false)));
    let toml =
        ask(&desk, Method::POST, QUOTES, Some("application/toml"), Body::from("items = [\"ct\", \"general-x-ray\"]"));
    assert_eq!(serde_json::from_str::<Value>(&toml.await.body).expect("JSON"), answer);
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_field_and_what_is_allowed() {
    let desk = TestDesk::open().await;
    let cannot = "cannot-be-done-as-asked";
    let unread = "situation-not-read";
    for (body, kind, field, allowed) in [
        (r#"{"items": ["soup"]}"#, cannot, "items[0].kind", "the items are general-x-ray"),
        (r#"{"items": [{"kind": "bone-scan", "film_sheets": 1}]}"#, cannot, "items[0].media.film_sheets", "disc"),
        (r#"{"items": [{"kind": "ct", "exam_end": "2026-02-30"}]}"#, unread, "items[0].exam_end", "no such day"),
        (r#"{"items": ["ct"], "people": {"patient_born": "1850-01-01"}}"#, cannot, "people.patient_born", "130"),
        (r#"{"items": [{"kind": "ct", "film_sheets": -1}]}"#, unread, "items[0].film_sheets", "whole number from 0"),
        (r#"{"items": ["ct"], "colour": "red"}"#, unread, "colour", "the fields are"),
        (r#"{"items": ["ct"], "people": {"capacity": "neighbour"}}"#, unread, "people.capacity", "heir"),
        ("{", unread, "", "JSON"),
        ("", unread, "", "JSON"),
    ] {
        let page = post(&desk, body).await;
        let problem = problem(&page, 422, kind);
        let first = &problem["violations"][0];
        assert_eq!(first["field"], field, "{body}");
        assert!(first["text"]["en"].as_str().is_some_and(|t| t.contains(allowed)), "{body}: {first}");
        assert!(first["text"]["zh"].as_str().is_some_and(|t| !t.is_empty()), "{body}: {first}");
        assert_eq!(problem.get("answer").is_some(), kind == cannot, "{body}");
    }
    // A CT on a closed Sunday is answered with the Monday, and why.
    let sunday = post(&desk, r#"{"at": "2026-12-06T10:00", "items": ["ct"]}"#).await;
    let answer: Value = serde_json::from_str(&sunday.body).expect("JSON");
    assert_eq!(answer["payable"]["at"], "2026-12-07T08:00:00");
    assert!(answer["payable"]["why"][0]["text"]["en"].as_str().is_some_and(|t| t.contains("closed")), "{answer}");
}

#[tokio::test]
async fn what_is_no_question_is_a_problem_document_too() {
    let desk = TestDesk::open().await;
    problem(&ask(&desk, Method::GET, "/api/v1/soup", None, Body::empty()).await, 404, "no-such-address");
    problem(&ask(&desk, Method::GET, "/api/", None, Body::empty()).await, 404, "no-such-address");
    let get = ask(&desk, Method::GET, QUOTES, None, Body::empty()).await;
    problem(&get, 405, "method-not-allowed");
    assert_eq!(get.headers[header::ALLOW], "POST");
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let page = ask(&desk, Method::POST, QUOTES, kind, Body::from("{}")).await;
        problem(&page, 415, "unsupported-media-type");
    }
    problem(&ask(&desk, Method::POST, QUOTES, JSON, Body::from(vec![b'"', 0xff, b'"'])).await, 400, "not-text");
    problem(&post(&desk, &format!("{{\"items\": [{}]}}", "\"ct\",".repeat(2_000_000))).await, 413, "too-large");
    // Bytes whose number nobody announced are counted as they come.
    let pieces = futures::stream::iter((0..200).map(|_| Ok::<_, std::io::Error>(" ".repeat(1024))));
    problem(&ask(&desk, Method::POST, QUOTES, JSON, Body::from_stream(pieces)).await, 413, "too-large");
    // A page still explains itself to people.
    let page = ask(&desk, Method::GET, "/soup", None, Body::empty()).await;
    assert!(page.status == StatusCode::NOT_FOUND && page.body.contains("<html"), "{}", page.body);
}

#[tokio::test]
async fn the_description_is_openapi_and_names_both_addresses() {
    let desk = TestDesk::open().await;
    let page = ask(&desk, Method::GET, "/api/v1/openapi.json", None, Body::empty()).await;
    let description: Value = serde_json::from_str(&page.body).expect("JSON");
    assert!(description["openapi"].as_str().is_some_and(|v| v.starts_with("3.1")));
    assert!(description["paths"]["/api/v1/quotes"]["post"].is_object());
}
