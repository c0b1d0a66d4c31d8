//! What cannot be shown, said in both languages: what happened, who can help, what to do next.

use crate::page::{Ctx, Page};
use crate::words;
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use filmdesk_desk::Refusal;
use std::fmt::Display;
use std::sync::Arc;

/// Why a handler shows no page of its own.
#[derive(Clone, Debug)]
pub enum PageError {
    /// No such page, application or file.
    NotFound,
    /// The person may not do this: the action needs another role.
    Forbidden,
    /// The request did not come from one of our own pages.
    ForeignOrigin,
    /// Too many attempts.
    TooMany,
    /// Somebody changed the application in the meantime.
    Changed {
        /// Where to look again.
        back: String,
    },
    /// The application is in a state that does not allow it.
    NotNow {
        /// What was missing, for staff.
        why: Refusal,
        /// Where to look again.
        back: String,
    },
    /// A paper needs a character that no font has.
    CannotPrint {
        /// The character and its code point.
        character: String,
        /// Where to go on.
        back: String,
    },
    /// Ours to repair. The text is for the log, never for the page.
    Internal(Arc<str>),
}

impl PageError {
    /// A fault of ours, with its chain for the log.
    pub fn internal(cause: impl Display) -> PageError {
        PageError::Internal(Arc::from(cause.to_string()))
    }

    fn status(&self) -> StatusCode {
        match self {
            PageError::NotFound => StatusCode::NOT_FOUND,
            PageError::Forbidden | PageError::ForeignOrigin => StatusCode::FORBIDDEN,
            PageError::TooMany => StatusCode::TOO_MANY_REQUESTS,
            PageError::Changed { .. } | PageError::NotNow { .. } | PageError::CannotPrint { .. } => {
                StatusCode::CONFLICT
            }
            PageError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let PageError::Internal(cause) = &self {
            tracing::error!(%cause, "a page failed");
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct Message {
    pub p: Page,
    pub heading: String,
    pub text: String,
    pub detail: Option<String>,
    pub back: Option<String>,
}

/// Replaces a bare error by a page that explains it. Pages and problem documents pass through.
pub fn dress(ctx: &Ctx, response: Response) -> Response {
    let status = response.status();
    let bare = !response.headers().get(header::CONTENT_TYPE).is_some_and(|t| {
        let t = t.to_str().unwrap_or_default();
        t.starts_with("text/html") || t.starts_with("application/")
    });
    if !(status.is_client_error() || status.is_server_error()) || !bare {
        return response;
    }
    let error = response.extensions().get::<PageError>().cloned();
    let (parts, _) = response.into_parts();
    let (key, detail, back) = match (&error, status) {
        (Some(PageError::Changed { back }), _) => ("changed", None, Some(back.clone())),
        (Some(PageError::NotNow { why, back }), _) => {
            ("not-now", Some(words::refusal(ctx.tr, why)), Some(back.clone()))
        }
        (Some(PageError::CannotPrint { character, back }), _) => {
            ("no-print", Some(ctx.tr.t1("oops-no-print-detail", "character", character)), Some(back.clone()))
        }
        (Some(PageError::ForeignOrigin), _) => ("foreign-origin", None, None),
        (_, StatusCode::NOT_FOUND) => ("not-found", None, None),
        (_, StatusCode::METHOD_NOT_ALLOWED) => ("method", None, None),
        (_, StatusCode::FORBIDDEN) => ("forbidden", None, None),
        (_, StatusCode::TOO_MANY_REQUESTS) => ("too-many", None, None),
        (_, StatusCode::PAYLOAD_TOO_LARGE) => ("too-large", None, None),
        (_, StatusCode::REQUEST_TIMEOUT) => ("time-out", None, None),
        (_, other) if other.is_client_error() => ("bad-request", None, None),
        _ => ("internal", None, None),
    };
    let heading = ctx.tr.t(&format!("oops-{key}"));
    let text = ctx.tr.t1(&format!("oops-{key}-text"), "phone", &ctx.frame.phone);
    let message = Message { p: ctx.titled(heading.clone()), heading, text, detail, back };
    let body = message.render().unwrap_or_else(|_| status.to_string());
    let mut dressed = (status, Html(body)).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            dressed.headers_mut().insert(name, value.clone());
        }
    }
    dressed
}
