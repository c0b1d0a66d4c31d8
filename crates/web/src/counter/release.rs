//! Handing over: slip, discs and person must match (W10). A wrong one is a red stop, and is written down.

use super::posted::Posted;
use crate::errors::PageError;
use crate::form::{Problems, normalise};
use axum::extract::Path;
use axum::response::Response;
use filmdesk_desk::{Action, ApplicationNumber, ParcelId, Private, Release, Scan, State};
use filmdesk_policy::Collection;

/// Identity documents a collector may show, by the values of the form.
pub const IDENTITIES: [&str; 6] =
    ["national-id", "health-card", "residence-card", "passport", "driving-licence", "other"];

/// `POST …/parcels/{parcel}/release`
pub async fn release(Path((_, parcel)): Path<(String, u32)>, posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Release)?;
    let post = matches!(
        &posted.application.state,
        State::Paid(paid)
            if paid.weighed.verified.submitted.request.collection() == Collection::ByPostInTaiwan
    );
    let mut problems = Problems::default();
    let slip = ApplicationNumber::parse(posted.typed.get("slip_number"));
    if slip.is_err() {
        problems.add("slip_number", posted.ctx.tr.t("e-number"));
    }
    let codes: Vec<String> = posted
        .typed
        .get("codes")
        .split([' ', ',', '\n', '、', '，'])
        .filter(|c| !c.is_empty())
        .map(str::to_owned)
        .collect();
    if codes.is_empty() {
        problems.add("codes", posted.ctx.tr.t("e-codes"));
    }
    let needed: &[&str] = if post { &["tracking"] } else { &["collector", "identity_seen", "last_four"] };
    for field in needed.iter().filter(|field| posted.typed.get(field).is_empty()) {
        problems.add(field, posted.ctx.tr.t(&format!("e-{field}")));
    }
    let Some(slip) = slip.ok().filter(|_| problems.is_empty()) else {
        return posted.again(problems).await;
    };
    let by = posted.by();
    let release = if post {
        Release::ByPost { by, tracking: Private::new(posted.typed.get("tracking")) }
    } else {
        Release::AtCounter {
            by,
            collector: Private::new(posted.typed.get("collector")),
            identity_seen: posted.typed.get("identity_seen").to_owned(),
            last_four: Private::new(normalise(posted.typed.get("last_four"))),
        }
    };
    let scan = Scan { slip, codes };
    let act = act.detail(format!("parcel {parcel}"));
    posted.carry_out(act, |application, _| application.release(ParcelId(parcel), release, &scan)).await
}
