//! The quote, exact and binding, and the money: taken once, with a receipt number given in the same transaction.

use super::application::Desk;
use super::posted::Posted;
use crate::AppState;
use crate::errors::PageError;
use crate::form::{Fields, Problems};
use crate::i18n::Tr;
use crate::page::Page;
use crate::words::{self, AnswerView, ReadingView};
use askama::Template;
use axum::response::Response;
use filmdesk_desk::{
    Action, ParcelId, PartPlan, Payment, PaymentMeans, Private, State, StudyNames, TickedStudy, Weighed,
};
use filmdesk_policy::{ItemAsked, Payable, ReadyTime, Situation, WeighedGoods, answer};
use filmdesk_store::JobKind;
use jiff::civil::{Date, DateTime};

#[derive(Template)]
#[template(path = "counter/panel_pay.html")]
struct PayPanel {
    p: Page,
    f: Fields,
    path: String,
    version: i64,
    a: AnswerView,
    readings: Vec<ReadingView>,
    expires: String,
    discs: Vec<(String, String)>,
    left_out: Vec<String>,
    other_names: Vec<OtherName>,
    not_payable: Option<String>,
    report_unknown: bool,
    supervisor: bool,
    means: Vec<&'static str>,
    pay_button: String,
}

/// A study whose images write the patient's name otherwise than the form does, to be confirmed.
struct OtherName {
    field: String,
    label: String,
    wrong: String,
}

impl OtherName {
    fn field(study_uid: &str) -> String {
        format!("name_{study_uid}")
    }

    /// Whole, not masked: what differs is what must be seen.
    fn new(desk: &Desk<'_>, weighed: &Weighed, study: &StudyNames) -> OtherName {
        let tr = desk.ctx.tr;
        let ticked = weighed.verified.order.iter().flat_map(|order| &order.studies);
        let found = ticked.map(|ticked| &ticked.study).find(|found| found.study_uid == study.study_uid);
        let date = found.and_then(|found| found.date).map_or_else(|| tr.t("not-given"), |date| words::date(tr, date));
        let modalities = found.map(|found| found.modalities.join(" ")).unwrap_or_default();
        let spelling = |name: &Private| match name.reveal() {
            "" => tr.t("no-name"),
            name => name.split('=').filter(|group| !group.is_empty()).collect::<Vec<_>>().join(" / ").replace('^', " "),
        };
        let names = study.names.iter().map(spelling).collect::<Vec<_>>().join(&tr.t("list-comma"));
        let form = weighed.verified.submitted.request.patient.name.reveal();
        let study_text = format!("{date} {modalities}");
        let arguments: [(&str, &dyn std::fmt::Display); 3] =
            [("study", &study_text), ("names", &names), ("form", &form)];
        let field = OtherName::field(&study.study_uid);
        OtherName { label: tr.with("name-confirm", &arguments), wrong: desk.f.wrong(&field), field }
    }
}

/// How money comes, by the values of the form.
pub const MEANS: [(&str, PaymentMeans); 4] = [
    ("cash", PaymentMeans::Cash),
    ("stored-value", PaymentMeans::StoredValueCard),
    ("card", PaymentMeans::Card),
    ("mobile", PaymentMeans::Mobile),
];

/// What the rules say of a weighed order at this moment: whether money may be taken, and from when it may be made.
struct Timing {
    payable: Payable,
    /// Earliest start of making, with the row it comes from.
    waits: Option<(DateTime, String)>,
    /// It depends on the day a report was delivered, which no archive tells: the clerk looks it up.
    report_unknown: bool,
}

/// `report_on`: when the last report of the ordered studies was delivered, as far as known.
async fn timing(state: &AppState, weighed: &Weighed, report_on: Option<Date>) -> Result<Timing, PageError> {
    let overlay = state.store.overlay().await.map_err(PageError::internal)?;
    let answer = answer(&state.rules, &overlay, &situation(state, weighed, report_on));
    let mut timing = Timing { payable: answer.payable, waits: None, report_unknown: false };
    timing.report_unknown = matches!(timing.payable, Payable::From { at: None, .. });
    for ready in &answer.ready {
        match ready {
            ReadyTime::At { at, why } => {
                // A waiting period (A28, A30) moves making itself; hours and large orders only move the collection.
                let period = why.iter().find(|reason| reason.rule.starts_with("clearance."));
                if let Some(period) = period.filter(|_| at.date() > state.today()) {
                    timing.waits = Some((at.date().at(0, 0, 0, 0), period.rule.clone()));
                }
            }
            ReadyTime::Unknown { .. } => timing.report_unknown = true,
            ReadyTime::ToBeAgreed { .. } => {}
        }
    }
    Ok(timing)
}

/// The question to the rules for a weighed order, asked now: what was ticked, not what was written on the form.
fn situation(state: &AppState, weighed: &Weighed, report_on: Option<Date>) -> Situation {
    let mut situation = weighed.verified.submitted.request.situation.clone();
    let sent = report_on.map(|day| day.at(0, 0, 0, 0));
    let item = |ticked: &TickedStudy| {
        let asked = situation.items.iter().find(|item| item.kind == ticked.kind).cloned();
        let mut item = asked.unwrap_or_else(|| ItemAsked::on_disc(&ticked.kind.0));
        item.exam_end = ticked.study.date.map(|day| day.at(0, 0, 0, 0)).or(item.exam_end);
        item.report_sent = sent.or(item.report_sent);
        item
    };
    let ticked = weighed.verified.order.iter().flat_map(|order| &order.studies);
    situation.items = ticked.map(item).collect();
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
    let timing = timing(desk.state, weighed, None).await?;
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
        readings: words::readings(tr, &desk.state.rules, &weighed.quote.answer.readings),
        expires: tr.t1("quote-until", "when", words::moment(tr, weighed.quote.expires)),
        discs: weighed.weighing.discs.iter().map(disc).collect(),
        left_out: left_out.map(|one| left_out_line(tr, one)).collect(),
        other_names: weighed
            .weighing
            .other_names
            .iter()
            .flatten()
            .map(|study| OtherName::new(desk, weighed, study))
            .collect(),
        not_payable: words::not_payable(tr, &timing.payable).filter(|_| !timing.report_unknown),
        report_unknown: timing.report_unknown,
        supervisor: desk.staff.role.may(Action::PayOutOfHours),
        means: MEANS.iter().map(|(value, _)| *value).collect(),
        pay_button: tr.t1("pay-do", "amount", &a.total),
        a,
    };
    panel.render().map_err(PageError::internal)
}

fn left_out_line(tr: Tr, one: &filmdesk_desk::LeftOut) -> String {
    format!("{} — {} ({})", one.sop_instance_uid, words::left_out(tr, one), one.code)
}

/// `POST …/pay`
pub async fn pay(posted: Posted) -> Result<Response, PageError> {
    let State::Weighed(weighed) = &posted.application.state else {
        return Ok(posted.moved_on());
    };
    let mut problems = Problems::default();
    let mut timed = timing(&posted.state, weighed, None).await?;
    if timed.report_unknown {
        if let Some(day) = words::parse_date(posted.typed.get("report_on")).filter(|day| *day <= posted.state.today()) {
            timed = timing(&posted.state, weighed, Some(day)).await?;
        }
        if timed.report_unknown {
            problems.add("report_on", posted.ctx.tr.t("e-report_on"));
        }
    }
    let unknown = timed.report_unknown;
    let open = matches!(timed.payable, Payable::Now);
    let act = posted.act(if open || unknown { Action::Pay } else { Action::PayOutOfHours })?;
    let means = MEANS.iter().find(|(value, _)| posted.typed.is("means", value)).map(|(_, means)| *means);
    if means.is_none() {
        problems.add_at("means", "means-cash", posted.ctx.tr.t("e-means"));
    }
    let mut confirmed = Vec::new();
    for StudyNames { study_uid, names: _ } in weighed.weighing.other_names.iter().flatten() {
        let field = OtherName::field(study_uid);
        if posted.typed.ticked(&field) {
            confirmed.push(study_uid.clone());
        } else {
            problems.add(&field, posted.ctx.tr.t("e-name-unconfirmed"));
        }
    }
    if !open && !unknown && posted.typed.get("out_of_hours").is_empty() {
        let why = words::not_payable(posted.ctx.tr, &timed.payable).unwrap_or_default();
        problems.add("out_of_hours", format!("{} {why}", posted.ctx.tr.t("e-out_of_hours")));
    }
    let Some(means) = means.filter(|_| problems.is_empty()) else {
        return posted.again(problems).await;
    };
    let out_of_hours = (!open).then(|| Private::new(posted.typed.get("out_of_hours")));
    let (by, amount, local) = (posted.by(), weighed.quote.answer.total, posted.state.local_now());
    let part = part(&posted.state, weighed, timed.waits)?;
    // A parcel that waits is taken up when its time has come.
    let act = match part.until {
        None => act.job(JobKind::Make { parcel: ParcelId(1) }),
        Some(until) => {
            act.detail(format!("making waits until {until} ({}, report {})", part.why, posted.typed.get("report_on")))
        }
    };
    posted
        .carry_out(act, |application, numbers| {
            let receipt_number = numbers.next_receipt();
            let names_confirmed = Some(confirmed);
            let payment = Payment { by, amount, means, receipt_number, out_of_hours, names_confirmed };
            application.pay_in_parts(payment, local, vec![part])
        })
        .await
}

/// Everything in one parcel, which may have to wait.
fn part(state: &AppState, weighed: &Weighed, waits: Option<(DateTime, String)>) -> Result<PartPlan, PageError> {
    let ticked = weighed.verified.order.iter().flat_map(|order| &order.studies);
    let studies = ticked.map(|ticked| ticked.study.study_uid.clone()).collect();
    Ok(match waits {
        None => PartPlan { studies, until: None, why: String::new() },
        Some((at, why)) => {
            let until = at.to_zoned(state.zone.clone()).map_err(PageError::internal)?.timestamp();
            PartPlan { studies, until: Some(until), why }
        }
    })
}

/// `POST …/refund`
pub async fn refund(posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Refund)?;
    let reason = Private::new(posted.typed.get("reason"));
    let by = posted.by();
    let act = act.cancel_jobs().job(JobKind::Wipe);
    posted.carry_out(act, |application, _| application.refund(by, reason)).await
}
