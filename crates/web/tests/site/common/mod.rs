//! A desk in a temporary folder, with actors: an applicant's browser, a clerk's, and somebody who plays the worker.
#![allow(dead_code)] // each test file uses its part

pub mod worker;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use filmdesk_desk::{Application, ApplicationNumber, Clock, Role};
use filmdesk_policy::{RULE_FILE_NAMES, RuleFiles, Rules};
use filmdesk_store::{Actor, Store, StoreConfig};
use filmdesk_web::{AppState, password, router_public, router_staff};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use tower::ServiceExt;

/// A clock that a test sets.
pub struct SetClock(AtomicI64);

impl SetClock {
    /// Tuesday 2026-12-01, 10:00 in Taipei: an open day.
    pub fn tuesday() -> SetClock {
        let at: Timestamp = "2026-12-01T10:00:00+08:00".parse().expect("a moment");
        SetClock(AtomicI64::new(at.as_second()))
    }

    pub fn forward(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).expect("a moment")
    }
}

/// The hospital's rules as committed.
pub fn rules() -> Arc<Rules> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/ntuh");
    let texts = RULE_FILE_NAMES.map(|n| (n, std::fs::read_to_string(format!("{folder}/{n}")).expect("a rules file")));
    Arc::new(Rules::load(&RuleFiles::from_folder_texts(texts)).expect("rules that load"))
}

/// Both passwords of the tests, hashed once.
pub const PASSWORD: &str = "synthetic password of a test";
static HASH: LazyLock<String> = LazyLock::new(|| password::hash_now(PASSWORD).expect("a hash"));

/// A desk.
pub struct TestDesk {
    pub store: Store,
    pub clock: Arc<SetClock>,
    pub rules: Arc<Rules>,
    pub state: AppState,
    pub folder: TempDir,
}

impl TestDesk {
    pub async fn open() -> TestDesk {
        let folder = tempfile::tempdir().expect("a folder");
        let config = StoreConfig {
            url: format!("sqlite://{}/desk.db", folder.path().display()),
            blobs: folder.path().join("blobs"),
        };
        Store::migrate(&config).await.expect("a schema");
        let store = Store::open(&config).await.expect("a store");
        let clock = Arc::new(SetClock::tuesday());
        let rules = rules();
        let state = AppState::new(store.clone(), rules.clone(), clock.clone(), true).expect("a state");
        for (login, role, name) in
            [("clerk", Role::Clerk, "林櫃檯"), ("clerk2", Role::Clerk, "陳櫃檯"), ("chief", Role::Supervisor, "王主管")]
        {
            store.create_user(login, &HASH, role, name, Actor::Desk, clock.now()).await.expect("an account");
        }
        TestDesk { store, clock, rules, state, folder }
    }

    /// A browser on the public site.
    pub fn applicant(&self) -> Browser {
        Browser::new(router_public(self.state.clone()))
    }

    /// A browser at the counter, signed in.
    pub async fn staff(&self, login: &str) -> Browser {
        let mut browser = Browser::new(router_staff(self.state.clone()));
        let page = browser.post("/sign-in", &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!(page.location(), "/", "signed in: {}", page.body);
        browser
    }

    /// A browser at the counter, not signed in.
    pub fn stranger(&self) -> Browser {
        Browser::new(router_staff(self.state.clone()))
    }

    pub async fn application(&self, number: &str) -> Application {
        let number = ApplicationNumber::parse(number).expect("a number");
        self.store.application_by_number(&number).await.expect("a store").expect("an application")
    }
}

/// A browser without JavaScript: cookies, forms, one language.
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    pub extra: Vec<(&'static str, String)>,
}

/// What came back.
pub struct Page {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub bytes: Vec<u8>,
    pub body: String,
}

impl Page {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The text of the element with that id, up to its end tag.
    pub fn by_id(&self, id: &str) -> &str {
        let from = self.body.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no #{id} in {}", self.body));
        let rest = &self.body[from..];
        let open = rest.find('>').expect("a tag") + 1;
        let close = rest[open..].find('<').expect("an end");
        rest[open..open + close].trim()
    }

    pub fn has(&self, text: &str) -> bool {
        self.body.contains(text)
    }
}

impl Browser {
    fn new(router: Router) -> Browser {
        Browser { router, cookies: BTreeMap::new(), extra: Vec::new() }
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.into(), value.into());
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, None, true).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(Method::POST, path, Some(encode(fields)), true).await
    }

    /// A post that another site made the browser send.
    pub async fn post_from_elsewhere(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(Method::POST, path, Some(encode(fields)), false).await
    }

    pub async fn send(&mut self, method: Method, path: &str, body: Option<String>, own: bool) -> Page {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "desk.test");
        let origin = if own { "https://desk.test" } else { "https://elsewhere.test" };
        request = request.header(header::ORIGIN, origin);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if !self.cookies.is_empty() {
            let all: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, all.join("; "));
        }
        for (name, value) in &self.extra {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body.unwrap_or_default())).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().expect("text");
            assert!(set.contains("Secure") && set.contains("Path=/"), "{set}");
            let (name, value) = set.split(';').next().and_then(|c| c.split_once('=')).expect("a cookie");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        // No page may show a message that does not exist.
        assert!(!body.contains(filmdesk_web::i18n::MISSING), "{path}: {}", missing_keys(&body));
        Page { status: parts.status, headers: parts.headers, bytes, body }
    }
}

fn missing_keys(body: &str) -> String {
    body.split('⟦').skip(1).filter_map(|rest| rest.split('⟧').next()).collect::<Vec<_>>().join(", ")
}

fn encode(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}

/// What a synthetic patient types: one CT and one chest X-ray, in person, at the counter.
pub const ITEMS: &[(&str, &str)] =
    &[("item_ct", "yes"), ("count_ct", "1"), ("item_general-x-ray", "yes"), ("count_general-x-ray", "1")];
pub const EXAMS: &[(&str, &str)] = &[("date_ct_1", "115/11/3"), ("about_ct_1", "胸部"), ("date_general-x-ray_1", "")];
pub const WHO: &[(&str, &str)] = &[("capacity", "patient"), ("agent", "no")];
pub const PEOPLE: &[(&str, &str)] = &[
    ("patient_name", "王測試"),
    ("patient_identity", "a123456789"),
    ("patient_born", "64/5/1"),
    ("patient_record_number", "TEST-0001"),
    ("phone", "0912-345-678"),
];
pub const COLLECT: &[(&str, &str)] = &[("collection", "counter"), ("purpose", "轉診（測試）")];

/// Fills the form and sends it; the number and the code.
pub async fn apply(browser: &mut Browser) -> (String, String) {
    browser.post("/apply", &[]).await;
    let pages = [("items", ITEMS), ("exams", EXAMS), ("who", WHO), ("people", PEOPLE), ("collect", COLLECT)];
    for (page, fields) in pages {
        let shown = browser.get(&format!("/apply/{page}")).await;
        assert_eq!(shown.status, StatusCode::OK, "{page}: {}", shown.body);
        let answer = browser.post(&format!("/apply/{page}"), fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{page}: {}", answer.body);
    }
    assert_eq!(browser.get("/apply/papers").await.status, StatusCode::OK);
    assert_eq!(browser.get("/apply/review").await.status, StatusCode::OK);
    let sent = browser.post("/apply/review", &[]).await;
    assert_eq!(sent.location(), "/apply/sent", "{}", sent.body);
    let page = browser.get("/apply/sent").await;
    (page.by_id("application-number").to_owned(), page.by_id("status-code").to_owned())
}
