//! Handing over: slip, discs and person must match (W10). A wrong one is a red stop, and is written down.

use super::{Staff, act, application, carry_out, load};
use crate::AppState;
use crate::errors::PageError;
use crate::form::{Form, Problems, normalise};
use crate::page::Ctx;
use axum::extract::{Path, State as Use};
use axum::response::Response;
use filmdesk_desk::{Action, ApplicationNumber, ParcelId, Private, Release, Scan, State};
use filmdesk_policy::Collection;

/// Identity documents a collector may show, by the values of the form.
pub const IDENTITIES: [&str; 6] =
    ["national-id", "health-card", "residence-card", "passport", "driving-licence", "other"];

/// `POST …/parcels/{parcel}/release`
pub async fn release(
    Use(state): Use<AppState>,
    ctx: Ctx,
    staff: Staff,
    Path((number, parcel)): Path<(String, u32)>,
    typed: Form,
) -> Result<Response, PageError> {
    let act = act(&staff, Action::Release)?;
    let application = load(&state, &number).await?;
    let post = matches!(
        &application.state,
        State::Paid(paid)
            if paid.weighed.verified.submitted.request.collection() == Collection::ByPostInTaiwan
    );
    let mut problems = Problems::default();
    let slip = ApplicationNumber::parse(typed.get("slip_number"));
    if slip.is_err() {
        problems.add("slip_number", ctx.tr.t("e-number"));
    }
    let codes: Vec<String> =
        typed.get("codes").split([' ', ',', '\n', '、', '，']).filter(|c| !c.is_empty()).map(str::to_owned).collect();
    if codes.is_empty() {
        problems.add("codes", ctx.tr.t("e-codes"));
    }
    let needed: &[&str] = if post { &["tracking"] } else { &["collector", "identity_seen", "last_four"] };
    for field in needed.iter().filter(|field| typed.get(field).is_empty()) {
        problems.add(field, ctx.tr.t(&format!("e-{field}")));
    }
    let Some(slip) = slip.ok().filter(|_| problems.is_empty()) else {
        return application::page(&state, &ctx, &staff, application, typed, problems, None).await;
    };
    let by = staff.by(&state);
    let release = if post {
        Release::ByPost { by, tracking: Private::new(typed.get("tracking")) }
    } else {
        Release::AtCounter {
            by,
            collector: Private::new(typed.get("collector")),
            identity_seen: typed.get("identity_seen").to_owned(),
            last_four: Private::new(normalise(typed.get("last_four"))),
        }
    };
    let scan = Scan { slip, codes };
    let act = act.detail(format!("parcel {parcel}"));
    carry_out(&state, &ctx, &staff, application, typed, act, |application, _| {
        application.release(ParcelId(parcel), release, &scan)
    })
    .await
}
