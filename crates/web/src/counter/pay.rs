//! The quote, exact and binding, and the money: taken once, with a receipt number given in the same transaction.

use super::application::Desk;
use super::{Staff, act, application, carry_out, load, path_of};
use crate::AppState;
use crate::errors::PageError;
use crate::form::{Fields, Form, Problems};
use crate::page::{Ctx, Page};
use crate::words::{self, AnswerView};
use askama::Template;
use axum::Form as Posted;
use axum::extract::{Path, State as Use};
use axum::response::Response;
use filmdesk_desk::{Action, Application, Payment, PaymentMeans, Private, State, Weighed};
use filmdesk_policy::{Payable, WeighedGoods, answer};
use filmdesk_store::JobKind;

#[derive(Template)]
#[template(path = "counter/panel_pay.html")]
struct PayPanel {
    p: Page,
    f: Fields,
    path: String,
    version: i64,
    a: AnswerView,
    expires: String,
    discs: Vec<(String, String)>,
    left_out: Vec<String>,
    not_payable: Option<String>,
    supervisor: bool,
    means: Vec<&'static str>,
    pay_button: String,
}

/// How money comes, by the values of the form.
pub const MEANS: [(&str, PaymentMeans); 4] = [
    ("cash", PaymentMeans::Cash),
    ("stored-value", PaymentMeans::StoredValueCard),
    ("card", PaymentMeans::Card),
    ("mobile", PaymentMeans::Mobile),
];

/// Whether money may be taken at this moment, by the rules: the hours of the counter and the waiting periods.
async fn payable(state: &AppState, weighed: &Weighed) -> Result<Payable, PageError> {
    let overlay = state.store.overlay().await.map_err(PageError::internal)?;
    let situation = situation(state, weighed);
    Ok(answer(&state.rules, &overlay, &situation).payable)
}

/// The question to the rules for a weighed order, asked now.
pub fn situation(state: &AppState, weighed: &Weighed) -> filmdesk_policy::Situation {
    let mut situation = weighed.verified.submitted.request.situation.clone();
    situation.at = state.local_now();
    situation.paid_at = None;
    let discs = u32::try_from(weighed.weighing.discs.len()).unwrap_or(u32::MAX);
    situation.weighed = Some(WeighedGoods { discs, making_minutes: 0 });
    situation
}

/// Weighed.
pub async fn panel(desk: &Desk<'_>) -> Result<String, PageError> {
    let State::Weighed(weighed) = &desk.application.state else {
        return Err(PageError::internal("nothing is weighed"));
    };
    let tr = desk.ctx.tr;
    let payable = payable(desk.state, weighed).await?;
    let a = AnswerView::new(tr, &weighed.quote.answer, &[]);
    let disc = |disc: &filmdesk_desk::PlannedDiscSummary| {
        let text = tr.t2("disc-size", "n", disc.n_instances, "size", words::size(disc.size_bytes));
        (disc.volume_id.clone(), text)
    };
    let left_out = weighed.weighing.left_out.iter();
    let panel = PayPanel {
        p: desk.page(),
        f: desk.f.clone(),
        path: desk.path(),
        version: desk.application.version,
        expires: tr.t1("quote-until", "when", words::moment(tr, weighed.quote.expires)),
        discs: weighed.weighing.discs.iter().map(disc).collect(),
        left_out: left_out.map(|one| format!("{} — {} ({})", one.sop_instance_uid, one.reason, one.code)).collect(),
        not_payable: words::not_payable(tr, &payable),
        supervisor: desk.staff.role.may(Action::PayOutOfHours),
        means: MEANS.iter().map(|(value, _)| *value).collect(),
        pay_button: tr.t1("pay-do", "amount", &a.total),
        a,
    };
    panel.render().map_err(PageError::internal)
}

/// `POST …/pay`
pub async fn pay(
    Use(state): Use<AppState>,
    ctx: Ctx,
    staff: Staff,
    Path(number): Path<String>,
    Posted(pairs): Posted<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let application = load(&state, &number).await?;
    let typed = Form::from_pairs(pairs);
    let State::Weighed(weighed) = &application.state else {
        return Ok(crate::page::go(&format!("{}?changed=1", path_of(&application))));
    };
    let open = matches!(payable(&state, weighed).await?, Payable::Now);
    let act = act(&staff, if open { Action::Pay } else { Action::PayOutOfHours })?;
    let mut problems = Problems::default();
    let means = MEANS.iter().find(|(value, _)| typed.is("means", value)).map(|(_, means)| *means);
    if means.is_none() {
        problems.add_at("means", "means-cash", ctx.tr.t("e-means"));
    }
    if !open && typed.get("out_of_hours").is_empty() {
        problems.add("out_of_hours", ctx.tr.t("e-out_of_hours"));
    }
    let Some(means) = means.filter(|_| problems.is_empty()) else {
        return application::page(&state, &ctx, &staff, application, typed, problems, None).await;
    };
    let out_of_hours = (!open).then(|| Private::new(typed.get("out_of_hours")));
    let (by, amount, local) = (staff.by(&state), weighed.quote.answer.total, state.local_now());
    let first = JobKind::Make { parcel: filmdesk_desk::ParcelId(1) };
    carry_out(&state, &ctx, &staff, application, typed, act.job(first), |application, numbers| {
        let receipt_number = numbers.next_receipt();
        application.pay(Payment { by, amount, means, receipt_number, out_of_hours }, local)
    })
    .await
}

/// `POST …/refund`
pub async fn refund(
    Use(state): Use<AppState>,
    ctx: Ctx,
    staff: Staff,
    Path(number): Path<String>,
    Posted(pairs): Posted<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let act = act(&staff, Action::Refund)?;
    let application: Application = load(&state, &number).await?;
    let typed = Form::from_pairs(pairs);
    let reason = Private::new(typed.get("reason"));
    let by = staff.by(&state);
    let act = act.cancel_jobs().job(JobKind::Wipe);
    carry_out(&state, &ctx, &staff, application, typed, act, |application, _| application.refund(by, reason)).await
}
