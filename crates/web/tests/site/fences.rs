//! What must not pass: other origins, other roles, old sessions, large bodies, plain HTTP beyond the machine.

use super::common::{PASSWORD, TestDesk, apply};
use axum::http::{Method, StatusCode};
use filmdesk_web::{Listener, ServeError, Server, WebConfig};
use jiff::SignedDuration;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_post_from_elsewhere_does_nothing() {
    let desk = TestDesk::open().await;
    let mut browser = desk.applicant();
    assert_eq!(browser.post_from_elsewhere("/apply", &[]).await.status, StatusCode::FORBIDDEN);
    assert!(browser.cookie("__Host-draft").is_none());
    let mut clerk = desk.staff("clerk").await;
    let (number, _) = apply(&mut desk.applicant()).await;
    let cancel = clerk.post_from_elsewhere(&format!("/applications/{number}/cancel"), &[]).await;
    assert_eq!(cancel.status, StatusCode::FORBIDDEN);
    assert_eq!(desk.application(&number).await.state.name(), "submitted");
    clerk.extra = vec![("sec-fetch-site", "cross-site".into())];
    let cancel = clerk.post(&format!("/applications/{number}/cancel"), &[]).await;
    assert_eq!(cancel.status, StatusCode::FORBIDDEN, "what the browser says counts first");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_nothing_inline() {
    let desk = TestDesk::open().await;
    let mut browser = desk.applicant();
    for path in ["/", "/nothing-here", "/health/live", "/health/ready"] {
        let page = browser.get(path).await;
        let header = |name: &str| page.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        assert!(header("content-security-policy").contains("default-src 'self'"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        for inline in ["<style", "style=\"", "onclick=", "onload=", "<script>", "javascript:"] {
            assert!(!page.has(inline), "{path}: {inline}");
        }
    }
    let css = browser.get("/assets/any/app.css").await;
    assert!(css.headers["cache-control"].to_str().is_ok_and(|v| v.contains("immutable")));
    assert_eq!(browser.get("/assets/any/secret").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn wrong_paths_methods_and_sizes_get_a_page() {
    let desk = TestDesk::open().await;
    let mut browser = desk.applicant();
    assert!(browser.get("/nothing-here?lang=en").await.has("Page not found"));
    let method = browser.send(Method::PUT, "/status", None, true).await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(method.has("cannot be used that way"));
    browser.post("/apply", &[]).await;
    let large = "x".repeat(70_000);
    let page = browser.post("/apply/people", &[("patient_name", &large)]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.has("too large"));
}

#[tokio::test]
async fn the_counter_is_closed_to_strangers() {
    let desk = TestDesk::open().await;
    let (number, _) = apply(&mut desk.applicant()).await;
    let mut stranger = desk.stranger();
    for path in ["/".to_owned(), "/calendar".into(), format!("/applications/{number}")] {
        assert_eq!(stranger.get(&path).await.location(), "/sign-in", "{path}");
    }
    let pdf = stranger.get(&format!("/applications/{number}/slip.pdf")).await;
    assert_eq!(pdf.location(), "/sign-in");
    assert_eq!(stranger.get(&format!("/applications/{number}/progress")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(stranger.post(&format!("/applications/{number}/cancel"), &[]).await.location(), "/sign-in");
    stranger.set_cookie("__Host-desk", &"0".repeat(64));
    assert_eq!(stranger.get("/").await.location(), "/sign-in");
    assert_eq!(desk.application(&number).await.state.name(), "submitted");
}

#[tokio::test]
async fn sessions_end_when_idle_when_signed_out_and_after_a_shift() {
    let desk = TestDesk::open().await;
    let mut clerk = desk.staff("clerk").await;
    let first = clerk.cookie("__Host-desk").expect("a session").to_owned();
    clerk.post("/sign-in", &[("login", "clerk"), ("password", PASSWORD)]).await;
    assert_ne!(clerk.cookie("__Host-desk"), Some(first.as_str()), "a new id at each sign-in");
    desk.clock.forward(SignedDuration::from_mins(14));
    assert_eq!(clerk.get("/").await.status, StatusCode::OK);
    desk.clock.forward(SignedDuration::from_mins(16));
    assert_eq!(clerk.get("/").await.location(), "/sign-in", "idle");
    let mut clerk = desk.staff("clerk").await;
    for _ in 0..72 {
        desk.clock.forward(SignedDuration::from_mins(10));
        clerk.get("/").await;
    }
    desk.clock.forward(SignedDuration::from_mins(10));
    assert_eq!(clerk.get("/").await.location(), "/sign-in", "twelve hours");
    let mut clerk = desk.staff("clerk").await;
    let token = clerk.cookie("__Host-desk").expect("a session").to_owned();
    clerk.post("/sign-out", &[]).await;
    clerk.set_cookie("__Host-desk", &token);
    assert_eq!(clerk.get("/").await.location(), "/sign-in", "signed out");
}

#[tokio::test]
async fn guessing_passwords_is_slow_and_says_nothing() {
    let desk = TestDesk::open().await;
    let mut stranger = desk.stranger();
    stranger.get("/sign-in?lang=en").await;
    let known = stranger.post("/sign-in", &[("login", "clerk"), ("password", "wrong")]).await;
    let unknown = stranger.post("/sign-in", &[("login", "nobody"), ("password", "wrong")]).await;
    assert!(known.has("Login or password is wrong") && unknown.has("Login or password is wrong"));
    let mut refused = 0;
    for _ in 0..6 {
        let page = stranger.post("/sign-in", &[("login", "clerk"), ("password", "wrong")]).await;
        refused += usize::from(page.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused >= 2, "{refused}");
}

#[tokio::test]
async fn it_listens_answers_and_ends() {
    let desk = TestDesk::open().await;
    let config = |public: &str| WebConfig {
        store: desk.store.clone(),
        rules: desk.rules.clone(),
        clock: desk.clock.clone(),
        demo: true,
        public: Listener { address: public.parse().expect("an address"), tls: None },
        staff: Listener { address: "127.0.0.1:0".parse().expect("an address"), tls: None },
        trusted_proxies: Vec::new(),
    };
    assert!(matches!(Server::bind(config("0.0.0.0:0")).await, Err(ServeError::PlainHttp(_))));
    let server = Server::bind(config("127.0.0.1:0")).await.expect("two addresses");
    let address = server.public_url().trim_start_matches("http://").to_owned();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    let mut stream = tokio::net::TcpStream::connect(&address).await.expect("a connection");
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: desk.test\r\n\r\n").await.expect("sent");
    let mut answer = vec![0; 4096];
    let n = stream.read(&mut answer).await.expect("an answer");
    assert!(String::from_utf8_lossy(&answer[..n]).starts_with("HTTP/1.1 200"));
    // The connection is kept alive, and ends all the same.
    stop.send(()).expect("still running");
    tokio::time::timeout(Duration::from_secs(5), running).await.expect("in time").expect("in peace");
}
