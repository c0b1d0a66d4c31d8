//! A form of an application's page as it comes in.

use crate::AppState;
use crate::act::{Act, ActError};
use crate::counter::session::Staff;
use crate::counter::{application, load, path_of};
use crate::errors::PageError;
use crate::form::{Form, Problems};
use crate::page::{Ctx, go};
use crate::words;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::{IntoResponse, Response};
use filmdesk_desk::{Action, Application, By, TransitionError};
use filmdesk_store::Numbers;
use std::collections::BTreeMap;

/// Who sent a form, what they typed, and the application it is about as it is now.
pub struct Posted {
    pub state: AppState,
    pub ctx: Ctx,
    pub staff: Staff,
    pub application: Application,
    pub typed: Form,
}

impl FromRequest<AppState> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let staff = Staff::from_request_parts(&mut parts, state).await.map_err(IntoResponse::into_response)?;
        let ctx = Ctx::from_request_parts(&mut parts, state).await.map_err(IntoResponse::into_response)?;
        let address = Path::<BTreeMap<String, String>>::from_request_parts(&mut parts, state).await;
        let Path(address) = address.map_err(IntoResponse::into_response)?;
        let number = address.get("number").map(String::as_str).unwrap_or_default();
        let application = load(state, number).await.map_err(IntoResponse::into_response)?;
        let typed = Form::from_request(Request::from_parts(parts, body), state).await;
        let typed = typed.map_err(IntoResponse::into_response)?;
        Ok(Posted { state: state.clone(), ctx, staff, application, typed })
    }
}

impl Posted {
    /// Starts an act of this member of staff, if their role may do it.
    pub fn act(&self, action: Action) -> Result<Act, PageError> {
        self.staff.need(action)?;
        Ok(Act::by_staff(&self.staff.id, action))
    }

    /// Who acts, and when.
    pub fn by(&self) -> By {
        self.staff.by(&self.state)
    }

    /// The page again, with what was typed and what is wrong with it.
    pub async fn again(self, problems: Problems) -> Result<Response, PageError> {
        application::page(&self.state, &self.ctx, &self.staff, self.application, self.typed, problems, None).await
    }

    /// The page as it is now: the application had moved on before this form came.
    pub fn moved_on(&self) -> Response {
        go(&format!("{}?changed=1", path_of(&self.application)))
    }

    /// Carries one act out and shows the application again: the new state, or why nothing changed.
    pub async fn carry_out<F>(self, act: Act, transition: F) -> Result<Response, PageError>
    where
        F: FnOnce(Application, &mut Numbers) -> Result<Application, TransitionError> + Send,
    {
        // The version the form was shown with.
        let act = act.on_version(self.typed.get("version").parse().ok());
        match act.carry_out(&self.state, self.application.id, transition).await {
            Ok(_) => Ok(go(&path_of(&self.application))),
            // Most often a second click: the page shows what the first one did.
            Err(ActError::Stale) => Ok(self.moved_on()),
            Err(ActError::Transition(error)) => {
                let Posted { state, ctx, staff, application, typed } = self;
                let stop = words::refusal(ctx.tr, &error.why);
                application::page(&state, &ctx, &staff, application, typed, Problems::default(), Some(stop)).await
            }
            Err(ActError::Failed(error)) => Err(PageError::internal(error)),
        }
    }
}
