//! The counter: the queue, and one page per application whose next step is obvious.
//!
//! Each form carries the version of the application it was shown with; a second click, or a second clerk, finds
//! another version and changes nothing.

mod application;
mod live;
mod make;
mod order;
mod pay;
mod queue;
mod release;
mod session;
mod supervise;
mod verify;

pub use application::{patient as patient_of, request as request_of};
pub use make::disc_of;
pub use pay::MEANS;
pub use session::Staff;

use crate::AppState;
use crate::act::{Act, ActError};
use crate::errors::PageError;
use crate::form::{Form, Problems};
use crate::page::{Ctx, go};
use crate::words;
use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use filmdesk_desk::{Action, Application, ApplicationNumber, TransitionError};
use filmdesk_store::Numbers;

/// The pages of the counter.
pub fn routes() -> Router<AppState> {
    let one = Router::new()
        .route("/", get(application::show_page))
        .route("/progress", get(live::progress))
        .route("/verify", post(verify::verify))
        .route("/return", post(verify::give_back))
        .route("/resubmit", post(verify::resubmit))
        .route("/refer", post(verify::refer))
        .route("/refuse", post(verify::refuse))
        .route("/cancel", post(verify::cancel))
        .route("/order", post(order::tick))
        .route("/find-again", post(order::find_again))
        .route("/stop", post(order::stop))
        .route("/retry", post(order::retry))
        .route("/amend", post(order::amend))
        .route("/pay", post(pay::pay))
        .route("/refund", post(pay::refund))
        .route("/parcels/{parcel}/retry", post(make::retry))
        .route("/parcels/{parcel}/remake", post(make::remake))
        .route("/parcels/{parcel}/release", post(release::release))
        .route("/parcels/{parcel}/discs/{disc}/image", get(make::image))
        .route("/audit", get(supervise::audit));
    Router::new()
        .route("/", get(queue::queue))
        .route("/scan", post(queue::scan))
        .route("/sign-in", get(session::ask).post(session::sign_in))
        .route("/sign-out", post(session::sign_out))
        .route("/calendar", get(supervise::calendar).post(supervise::declare))
        .nest("/applications/{number}", one)
        .merge(crate::print::staff_routes())
}

/// The application of the number in the address.
pub async fn load(state: &AppState, number: &str) -> Result<Application, PageError> {
    let number = ApplicationNumber::parse(number).map_err(|_| PageError::NotFound)?;
    state.store.application_by_number(&number).await.map_err(PageError::internal)?.ok_or(PageError::NotFound)
}

/// Where an application's page is.
pub fn path_of(application: &Application) -> String {
    format!("/applications/{}", application.number)
}

/// The version a form was shown with.
pub fn version_of(form: &Form) -> Option<i64> {
    form.get("version").parse().ok()
}

/// Carries one act of a member of staff out and shows the application again: the new state, or why nothing changed.
pub async fn carry_out<F>(
    state: &AppState,
    ctx: &Ctx,
    staff: &Staff,
    application: Application,
    typed: Form,
    act: Act,
    transition: F,
) -> Result<Response, PageError>
where
    F: FnOnce(Application, &mut Numbers) -> Result<Application, TransitionError> + Send,
{
    let path = path_of(&application);
    let act = act.on_version(version_of(&typed));
    match act.carry_out(state, application.id, transition).await {
        Ok(_) => Ok(go(&path)),
        // Most often a second click: the page shows what the first one did.
        Err(ActError::Stale) => Ok(go(&format!("{path}?changed=1"))),
        Err(ActError::Transition(error)) => {
            let stop = words::refusal(ctx.tr, &error.why);
            application::page(state, ctx, staff, application, typed, Problems::default(), Some(stop)).await
        }
        Err(ActError::Failed(error)) => Err(PageError::internal(error)),
    }
}

/// Starts an act of this member of staff, if their role may do it.
pub fn act(staff: &Staff, action: Action) -> Result<Act, PageError> {
    staff.need(action)?;
    Ok(Act::by_staff(&staff.id, action))
}
