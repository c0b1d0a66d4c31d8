//! The counter: the queue, and one page per application whose next step is obvious.
//!
//! Each form carries the version of the application it was shown with; a second click, or a second clerk, finds
//! another version and changes nothing.

mod application;
mod live;
mod make;
mod order;
mod pay;
mod posted;
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
use crate::errors::PageError;
use axum::Router;
use axum::routing::{get, post};
use filmdesk_desk::{Application, ApplicationNumber};

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
