//! Papers: seen, missing, or the wrong place. After the papers, the patient's number in the archive, typed twice.

use super::application::{Desk, patient, request};
use super::posted::Posted;
use crate::AppState;
use crate::errors::PageError;
use crate::form::{Fields, Form, Problems, normalise};
use crate::i18n::Tr;
use crate::page::Page;
use crate::words::{self, PaperView};
use askama::Template;
use axum::response::Response;
use filmdesk_desk::{Action, Application, ArchivePatient, DocumentReview, PresentedDocument, Private, State};
use filmdesk_policy::{RequiredDocument, answer};
use filmdesk_store::JobKind;

#[derive(Template)]
#[template(path = "counter/panel_verify.html")]
struct VerifyPanel {
    p: Page,
    f: Fields,
    path: String,
    version: i64,
    papers: Vec<PaperView>,
}

#[derive(Template)]
#[template(path = "counter/panel_returned.html")]
struct ReturnedPanel {
    p: Page,
    path: String,
    version: i64,
    missing: Vec<String>,
    note: String,
}

#[derive(Template)]
#[template(path = "counter/panel_closed.html")]
struct ClosedPanel {
    heading: String,
    lines: Vec<String>,
}

/// The papers the rules ask of this application now.
async fn required(state: &AppState, application: &Application) -> Result<Vec<RequiredDocument>, PageError> {
    let Some(request) = request(application) else { return Ok(Vec::new()) };
    let overlay = state.store.overlay().await.map_err(PageError::internal)?;
    let mut situation = request.situation.clone();
    situation.at = state.local_now();
    Ok(answer(&state.rules, &overlay, &situation).papers)
}

/// Submitted: the papers on the table.
pub async fn panel(desk: &Desk<'_>) -> Result<String, PageError> {
    let papers = required(desk.state, desk.application).await?;
    let panel = VerifyPanel {
        p: desk.page(),
        f: desk.f.clone(),
        path: desk.path(),
        version: desk.application.version,
        papers: words::papers(desk.ctx.tr, &papers),
    };
    panel.render().map_err(PageError::internal)
}

/// Returned: what is missing.
pub fn returned(desk: &Desk<'_>) -> Result<String, PageError> {
    let (missing, note) = if let State::Returned { missing, note, .. } = &desk.application.state {
        (missing.clone(), note.reveal().to_owned())
    } else {
        (Vec::new(), String::new())
    };
    let panel = ReturnedPanel { p: desk.page(), path: desk.path(), version: desk.application.version, missing, note };
    panel.render().map_err(PageError::internal)
}

/// Closed: how it ended.
pub fn closed(desk: &Desk<'_>) -> Result<String, PageError> {
    let tr = desk.ctx.tr;
    let said = |by: &filmdesk_desk::By, what: &str| {
        let when = words::instant(tr, by.at, &desk.state.zone);
        vec![tr.t2("closed-by", "who", &by.staff.0, "when", when), what.to_owned()]
    };
    let lines = match &desk.application.state {
        State::Refunded { by, reason, .. } | State::Refused { by, reason, .. } => said(by, reason.reveal()),
        State::Referred { by, place, .. } => said(by, tr.text(place)),
        State::Cancelled { by, at, .. } => {
            let who = by.as_ref().map_or_else(|| tr.t("about-applicant"), |staff| staff.0.clone());
            vec![tr.t2("closed-by", "who", who, "when", words::instant(tr, *at, &desk.state.zone))]
        }
        State::Expired { at, .. } => vec![words::instant(tr, *at, &desk.state.zone)],
        State::Draft
        | State::Submitted(_)
        | State::Returned { .. }
        | State::Verified(_)
        | State::Weighed(_)
        | State::Stalled { .. }
        | State::Paid(_) => Vec::new(),
    };
    let heading = tr.t(&format!("stage-{}", desk.application.stage().name()));
    let panel = ClosedPanel { heading, lines };
    panel.render().map_err(PageError::internal)
}

/// `POST …/verify`
pub async fn verify(posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Verify)?;
    let papers = required(&posted.state, &posted.application).await?;
    let (problems, archive_patient) = judge(posted.ctx.tr, &posted.application, &posted.typed, &papers);
    let Some(archive_patient) = archive_patient.filter(|_| problems.is_empty()) else {
        return posted.again(problems).await;
    };
    let review = DocumentReview {
        by: posted.by(),
        presented: papers
            .iter()
            .map(|paper| PresentedDocument {
                id: paper.id.clone(),
                seen: posted.typed.ticked(&format!("seen_{}", paper.id)),
                kind: posted.typed.get(&format!("kind_{}", paper.id)).to_owned(),
                last_four: Private::new(words::last_four(&normalise(posted.typed.get(&format!("last4_{}", paper.id))))),
            })
            .collect(),
    };
    let seen: Vec<&str> = papers.iter().map(|paper| paper.id.as_str()).collect();
    let act = act.detail(format!("papers {}", seen.join(" "))).cancel_jobs().job(JobKind::Find);
    posted.carry_out(act, |application, _| application.verify(review, archive_patient)).await
}

fn judge(
    tr: Tr,
    application: &Application,
    typed: &Form,
    papers: &[RequiredDocument],
) -> (Problems, Option<ArchivePatient>) {
    let mut problems = Problems::default();
    for paper in papers {
        let field = format!("seen_{}", paper.id);
        if !typed.ticked(&field) {
            problems.add(&field, tr.t1("e-unseen", "what", tr.text(&paper.text)));
        }
    }
    let id = typed.get("patient_id");
    if id.is_empty() {
        problems.add("patient_id", tr.t("e-patient-id"));
    } else if id.contains(['*', '?', '\\']) {
        problems.add("patient_id", tr.t("e-patient-id-exact"));
    } else if id != typed.get("patient_id_again") {
        problems.add("patient_id_again", tr.t("e-patient-id-again"));
    }
    let Some(patient) = patient(application) else { return (problems, None) };
    let born = words::parse_date(typed.get("born_again"));
    if born != Some(patient.born) {
        problems.add("born_again", tr.t("e-born-again"));
    }
    let archive_patient = ArchivePatient {
        patient_id: Private::new(id),
        issuer: Some(typed.get("issuer")).filter(|issuer| !issuer.is_empty()).map(Private::new),
        born: patient.born,
        sex: patient.sex,
    };
    (problems, Some(archive_patient))
}

/// `POST …/return`: the papers not ticked are the missing ones.
pub async fn give_back(posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Return)?;
    let papers = required(&posted.state, &posted.application).await?;
    let unseen: Vec<&RequiredDocument> =
        papers.iter().filter(|paper| !posted.typed.ticked(&format!("seen_{}", paper.id))).collect();
    let missing: Vec<String> = unseen.iter().map(|paper| posted.ctx.tr.text(&paper.text).to_owned()).collect();
    let note = Private::new(posted.typed.get("note"));
    if missing.is_empty() && note.reveal().is_empty() {
        let mut problems = Problems::default();
        problems.add("return-note", posted.ctx.tr.t("e-return"));
        return posted.again(problems).await;
    }
    let ids: Vec<&str> = unseen.iter().map(|paper| paper.id.as_str()).collect();
    let by = posted.by();
    let act = act.detail(format!("missing {}", ids.join(" ")));
    posted.carry_out(act, |application, _| application.return_for(by, missing, note)).await
}

/// `POST …/resubmit`: the papers came; the form stands as it was sent.
pub async fn resubmit(posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Resubmit)?;
    let request = request(&posted.application).cloned().ok_or(PageError::NotFound)?;
    let at = posted.state.clock.now();
    posted.carry_out(act, |application, _| application.resubmit(request, at)).await
}

/// `POST …/refer`
pub async fn refer(posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Refer)?;
    let venue = posted.state.rules.hospital().venues.iter().find(|venue| venue.id == posted.typed.get("venue"));
    let place = venue.ok_or(PageError::NotFound)?.name.clone();
    let by = posted.by();
    let act = act.detail(posted.typed.get("venue")).cancel_jobs().job(JobKind::Wipe);
    posted.carry_out(act, |application, _| application.refer(by, place)).await
}

/// `POST …/refuse`
pub async fn refuse(posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Refuse)?;
    let reason = Private::new(posted.typed.get("reason"));
    let by = posted.by();
    let act = act.cancel_jobs().job(JobKind::Wipe);
    posted.carry_out(act, |application, _| application.refuse(by, reason)).await
}

/// `POST …/cancel`
pub async fn cancel(posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Cancel)?;
    let by = posted.by();
    let act = act.cancel_jobs().job(JobKind::Wipe);
    posted.carry_out(act, |application, _| application.cancel(Some(by.staff), by.at)).await
}
