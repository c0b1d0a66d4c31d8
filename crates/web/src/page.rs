//! What every page needs: the language, the size of the text, the banner, the way back to this page.

use crate::AppState;
use crate::errors::PageError;
use crate::i18n::{Tr, preferred};
use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::{StatusCode, header, request::Parts};
use axum::response::{Html, IntoResponse, Response};
use filmdesk_policy::Lang;

/// Which of the two sites a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// For applicants.
    Public,
    /// For staff.
    Counter,
}

/// The circumstances of one request, found before the handler runs.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Language and messages.
    pub tr: Tr,
    /// Large text is on.
    pub large: bool,
    /// Which site.
    pub site: Site,
    /// Path and query of this page without the two switches.
    pub here: String,
    /// Hospital, telephone, banner: as the pages show them.
    pub frame: Frame,
    /// Who asked, for rate limits only; never logged.
    pub peer: String,
}

/// What the frame of every page shows.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Name of the hospital.
    pub hospital: String,
    /// Service line.
    pub phone: String,
    /// The desk's clock, when this is a demonstration.
    pub demo_clock: Option<String>,
    /// At the counter: mistakes of rules that were read again and refused.
    pub refused_rules: Option<String>,
}

/// The part of a template's context that the layout uses.
#[derive(Clone, Debug)]
pub struct Page {
    /// Language and messages.
    pub tr: Tr,
    /// Title of the page.
    pub title: String,
    /// The page shows an error summary.
    pub wrong: bool,
    /// Large text is on.
    pub large: bool,
    /// Which site.
    pub site: Site,
    /// Path and query of this page.
    pub here: String,
    /// Hospital, telephone, banner.
    pub frame: Frame,
    /// Name of the member of staff who is signed in.
    pub staff: Option<String>,
}

impl Ctx {
    /// A page titled by the message `key`.
    pub fn page(&self, key: &str) -> Page {
        self.titled(self.tr.t(key))
    }

    /// A page with a title of its own.
    pub fn titled(&self, title: String) -> Page {
        Page {
            tr: self.tr,
            title,
            wrong: false,
            large: self.large,
            site: self.site,
            here: self.here.clone(),
            frame: self.frame.clone(),
            staff: None,
        }
    }
}

impl Page {
    /// The message `key`.
    pub fn t(&self, key: &str) -> String {
        self.tr.t(key)
    }

    /// The message `key` with one argument.
    pub fn t1(&self, key: &str, name: &'static str, value: impl std::fmt::Display) -> String {
        self.tr.t1(key, name, value)
    }

    /// The language's tag.
    pub fn lang_tag(&self) -> &'static str {
        self.tr.lang.tag()
    }

    /// Whether the page is in Chinese.
    pub fn zh(&self) -> bool {
        self.tr.lang == Lang::ZhTw
    }

    /// Whether this is the staff's site.
    pub fn counter(&self) -> bool {
        self.site == Site::Counter
    }

    /// This page with one switch changed, such as `lang=en`.
    pub fn switch(&self, switch: &str) -> String {
        let mark = if self.here.contains('?') { '&' } else { '?' };
        format!("{}{mark}{switch}", self.here)
    }

    /// The same page with the error mark in its title.
    pub fn with_problem(mut self, wrong: bool) -> Page {
        self.wrong = wrong;
        self
    }
}

impl FromRequestParts<AppState> for Ctx {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _state: &AppState) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Ctx>().cloned().ok_or_else(|| PageError::internal("the frame layer did not run"))
    }
}

/// The language and text size this request asks for, and the cookies that remember a change.
pub fn switches(parts: &Parts) -> (Lang, bool, Vec<String>) {
    let query = parts.uri.query().unwrap_or_default();
    let mut remember = Vec::new();
    let lang = match value(query, "lang") {
        Some(asked) => {
            let lang = if asked.starts_with("en") { Lang::En } else { Lang::ZhTw };
            remember.push(setting("lang", if lang == Lang::En { "en" } else { "zh" }));
            lang
        }
        None => match cookie(parts, "__Host-lang").as_deref() {
            Some("en") => Lang::En,
            Some("zh") => Lang::ZhTw,
            Some(_) | None => {
                preferred(parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default())
            }
        },
    };
    let large = match value(query, "text") {
        Some(asked) => {
            let large = asked == "large";
            remember.push(setting("text", if large { "large" } else { "normal" }));
            large
        }
        None => cookie(parts, "__Host-text").as_deref() == Some("large"),
    };
    (lang, large, remember)
}

/// Path and query without the switches.
pub fn here(parts: &Parts) -> String {
    let kept: Vec<&str> = parts
        .uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("lang=") && !pair.starts_with("text="))
        .collect();
    if kept.is_empty() { parts.uri.path().to_owned() } else { format!("{}?{}", parts.uri.path(), kept.join("&")) }
}

fn value(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// One cookie of the request.
pub fn cookie(parts: &Parts, name: &str) -> Option<String> {
    parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|all| all.split(';'))
        .find_map(|one| one.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

fn setting(name: &str, value: &str) -> String {
    format!("__Host-{name}={value}; Path=/; Secure; SameSite=Lax; Max-Age=31536000")
}

/// A rendered page.
pub fn show(template: &impl Template) -> Result<Response, PageError> {
    show_as(StatusCode::OK, template)
}

/// A rendered page with a status of its own.
pub fn show_as(status: StatusCode, template: &impl Template) -> Result<Response, PageError> {
    let text = template.render().map_err(PageError::internal)?;
    Ok((status, Html(text)).into_response())
}

/// To another page, by GET.
pub fn go(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path.to_owned())]).into_response()
}
