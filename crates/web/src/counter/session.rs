//! Who is signed in: a random cookie, its hash in the store, fifteen idle minutes, twelve hours at most.

use crate::AppState;
use crate::errors::PageError;
use crate::form::{Fields, Form, Problems};
use crate::page::{Ctx, Page, cookie, go, show_as};
use crate::password;
use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use filmdesk_desk::{Action, By, Role, StaffId};
use filmdesk_store::{Actor, AuditEntry};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

const COOKIE: &str = "__Host-desk";

/// Counter machines stand where people walk by.
const IDLE: SignedDuration = SignedDuration::from_mins(15);

/// A shift with its overtime.
const ABSOLUTE: SignedDuration = SignedDuration::from_hours(12);

/// A signed-in member of staff.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Login.
    pub id: StaffId,
    /// Name on the pages.
    pub display: String,
    /// What they may do.
    pub role: Role,
}

impl Staff {
    /// Who, and now.
    pub fn by(&self, state: &AppState) -> By {
        By { staff: self.id.clone(), at: state.clock.now() }
    }

    /// Refuses what their role may not do.
    pub fn need(&self, action: Action) -> Result<(), PageError> {
        if self.role.may(action) { Ok(()) } else { Err(PageError::Forbidden) }
    }

    /// A page with their name on it.
    pub fn page(&self, ctx: &Ctx, title: String) -> Page {
        Page { staff: Some(self.display.clone()), ..ctx.titled(title) }
    }
}

/// Nobody is signed in: to the sign-in page, or for a part of a page just the word.
pub struct SignInFirst {
    part: bool,
}

impl IntoResponse for SignInFirst {
    fn into_response(self) -> Response {
        if self.part { StatusCode::UNAUTHORIZED.into_response() } else { go("/sign-in") }
    }
}

/// Why a page cannot know who is there.
pub enum NoStaff {
    /// Nobody is signed in.
    SignIn(SignInFirst),
    /// The store failed.
    Failed(PageError),
}

impl IntoResponse for NoStaff {
    fn into_response(self) -> Response {
        match self {
            NoStaff::SignIn(first) => first.into_response(),
            NoStaff::Failed(error) => error.into_response(),
        }
    }
}

impl FromRequestParts<AppState> for Staff {
    type Rejection = NoStaff;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        // The page's own polling is no sign of a person and must not keep a session alive.
        let part = parts.uri.path().ends_with("/progress");
        let nobody = || NoStaff::SignIn(SignInFirst { part });
        let failed = |error: filmdesk_store::StoreError| NoStaff::Failed(PageError::internal(error));
        let token = cookie(parts, COOKIE).ok_or_else(nobody)?;
        let hash = hash_of(&token);
        let session = state.store.session(&hash).await.map_err(failed)?.ok_or_else(nobody)?;
        let now = state.clock.now();
        let old = now.duration_since(session.created_at) > ABSOLUTE || now.duration_since(session.seen_at) > IDLE;
        if old {
            state.store.end_session(&hash).await.map_err(failed)?;
            return Err(nobody());
        }
        if !part {
            state.store.touch_session(&hash, &session, now).await.map_err(failed)?;
        }
        let user = session.user;
        Ok(Staff { id: user.login, display: user.display, role: user.role })
    }
}

fn hash_of(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[derive(Template)]
#[template(path = "counter/sign_in.html")]
struct SignInPage {
    p: Page,
    f: Fields,
}

/// `GET /sign-in`
pub async fn ask(ctx: Ctx) -> Result<Response, PageError> {
    page(&ctx, Form::default(), Problems::default())
}

fn page(ctx: &Ctx, form: Form, problems: Problems) -> Result<Response, PageError> {
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let p = ctx.page("signin-title").with_problem(!problems.is_empty());
    show_as(status, &SignInPage { p, f: Fields { tr: ctx.tr, form, problems } })
}

/// `POST /sign-in`: a new session with a new cookie each time.
pub async fn sign_in(State(state): State<AppState>, ctx: Ctx, typed: Form) -> Result<Response, PageError> {
    let login = typed.get("login").to_lowercase();
    // The password as typed: blanks may belong to it.
    let password = typed.0.get("password").cloned().unwrap_or_default();
    let mut shown = Form::default();
    shown.0.insert("login".into(), login.clone());
    let of_login = format!("login {login}");
    if !state.sign_ins.take(&ctx.peer) || !state.sign_ins.take(&of_login) {
        return Err(PageError::TooMany);
    }
    let user = state.store.user_by_login(&login).await.map_err(PageError::internal)?.filter(|user| !user.disabled);
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let right = password::verify(password, stored).await.map_err(PageError::internal)?;
    let Some(user) = user.filter(|_| right) else {
        let mut problems = Problems::default();
        problems.add("login", ctx.tr.t("e-signin"));
        return page(&ctx, shown, problems);
    };
    state.sign_ins.give_back(&ctx.peer);
    state.sign_ins.give_back(&of_login);
    let token = hex::encode(rand::random::<[u8; 32]>());
    let at = state.clock.now();
    state.store.create_session(&hash_of(&token), &user.login, at).await.map_err(PageError::internal)?;
    let entry = AuditEntry::new(at, Actor::Staff(user.login.clone()), "sign-in");
    state.store.audit(&entry).await.map_err(PageError::internal)?;
    let mut response = go("/");
    let cookie = format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict");
    response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(PageError::internal)?);
    Ok(response)
}

/// `POST /sign-out`
pub async fn sign_out(State(state): State<AppState>, request: axum::extract::Request) -> Result<Response, PageError> {
    let (parts, _) = request.into_parts();
    if let Some(token) = cookie(&parts, COOKIE) {
        state.store.end_session(&hash_of(&token)).await.map_err(PageError::internal)?;
    }
    let mut response = go("/sign-in");
    let forget = HeaderValue::from_static("__Host-desk=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    response.headers_mut().append(header::SET_COOKIE, forget);
    Ok(response)
}
