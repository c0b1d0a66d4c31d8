//! What the archive lists, what the clerk ticks, and what to do when finding or weighing stopped.

use super::application::{Desk, request};
use super::posted::Posted;
use crate::errors::PageError;
use crate::form::{Fields, Problems};
use crate::page::Page;
use crate::words;
use askama::Template;
use axum::response::Response;
use filmdesk_desk::{Action, Application, FoundStudy, Order, StallReason, State, TickedStudy, Verified, WhoCanFix};
use filmdesk_policy::RecordKindId;
use filmdesk_store::JobKind;

/// A study as the clerk sees it (W3: masked patient, date, modality, description, counts).
#[derive(Clone, Debug)]
struct StudyView {
    key: String,
    uid: String,
    date: String,
    modalities: String,
    description: String,
    patient: String,
    /// Name and description as their label says, when they were read otherwise.
    as_read: Option<String>,
    counts: String,
    archive: String,
    kind: String,
    unclassified: bool,
    asked: bool,
}

#[derive(Template)]
#[template(path = "counter/panel_tick.html")]
struct TickPanel {
    p: Page,
    f: Fields,
    path: String,
    version: i64,
    found_at: String,
    studies: Vec<StudyView>,
    kinds: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "counter/panel_stalled.html")]
struct StalledPanel {
    p: Page,
    path: String,
    version: i64,
    what: String,
    who: String,
    next: String,
    code: String,
    since: String,
    can_amend: bool,
}

/// The name of a study's controls: bound to the study itself, never to its place in the list.
fn key(study: &FoundStudy) -> String {
    format!("{}@{}", study.study_uid, study.archive)
}

/// Ticking.
pub fn panel(desk: &Desk<'_>) -> Result<String, PageError> {
    let State::Verified(Verified { found: Some(found), .. }) = &desk.application.state else {
        return Err(PageError::internal("nothing was found to tick"));
    };
    let tr = desk.ctx.tr;
    let panel = TickPanel {
        p: desk.page(),
        f: desk.f.clone(),
        path: desk.path(),
        version: desk.application.version,
        found_at: tr.t1("found-at", "when", words::instant(tr, found.at, &desk.state.zone)),
        studies: found.studies.iter().map(|study| study_view(desk, study)).collect(),
        kinds: desk
            .state
            .rules
            .record_kinds_on(desk.state.today())
            .map(|kind| (kind.id.0.clone(), tr.text(&kind.name).to_owned()))
            .collect(),
    };
    panel.render().map_err(PageError::internal)
}

fn study_view(desk: &Desk<'_>, study: &FoundStudy) -> StudyView {
    let tr = desk.ctx.tr;
    let typed = desk.f.form.get(&format!("kind_{}", key(study))).to_owned();
    let classified = study.kind.as_ref().map(|kind| kind.0.clone()).unwrap_or_default();
    let items = request(desk.application).map(|request| request.situation.items.as_slice()).unwrap_or_default();
    let same_day = |item: &filmdesk_policy::ItemAsked| {
        item.exam_end.is_some_and(|end| Some(end.date()) == study.date)
            && (study.kind.is_none() || study.kind.as_ref() == Some(&item.kind))
    };
    let date = study.date.map(|date| words::date(tr, date)).unwrap_or_else(|| tr.t("not-given"));
    let mut counts = tr.t2("study-counts", "series", study.n_series, "instances", study.n_instances);
    if let Some(bytes) = study.size_bytes {
        counts = format!("{counts} · {}", words::size(bytes));
    }
    StudyView {
        key: key(study),
        uid: study.study_uid.clone(),
        date: if study.time.is_empty() { date } else { format!("{date} {}", study.time) },
        modalities: study.modalities.join(" "),
        description: study.description.reveal().to_owned(),
        patient: masked_dicom(study.patient_name.reveal()),
        as_read: as_read(desk, study),
        counts,
        archive: study.archive.clone(),
        unclassified: study.kind.is_none(),
        asked: items.iter().any(same_day),
        kind: if typed.is_empty() { classified } else { typed },
    }
}

/// That a text is not in the character set it is labelled with, what it reads as by its label, and that nothing is changed.
fn as_read(desk: &Desk<'_>, study: &FoundStudy) -> Option<String> {
    let name = study.name_as_read.as_ref().map(|name| masked_dicom(name.reveal()));
    let description = study.description_as_read.as_ref().map(|text| text.reveal().to_owned());
    let texts: Vec<String> = name.into_iter().chain(description).collect();
    (!texts.is_empty()).then(|| desk.ctx.tr.t1("tick-as-read", "text", texts.join(" · ")))
}

/// A DICOM name holds up to three spellings, each with carets: all are shown, masked.
fn masked_dicom(name: &str) -> String {
    let spellings = name.split('=').map(|spelling| spelling.trim_matches(['^', ' '])).filter(|s| !s.is_empty());
    spellings.map(words::masked).collect::<Vec<_>>().join(" / ")
}

/// `POST …/order`: exactly these studies, counted as these items; weighing starts.
pub async fn tick(posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Tick)?;
    let State::Verified(Verified { found: Some(found), patient, order: None, .. }) = &posted.application.state else {
        return Ok(posted.moved_on());
    };
    let mut problems = Problems::default();
    let mut ticked = Vec::new();
    for study in found.studies.iter().filter(|study| posted.typed.ticked(&format!("tick_{}", key(study)))) {
        let field = format!("kind_{}", key(study));
        let kind = RecordKindId(posted.typed.get(&field).to_owned());
        match posted.state.rules.record_kind_on(&kind, posted.state.today()) {
            Some(row) if row.elsewhere => {
                let tr = posted.ctx.tr;
                problems.add(&field, tr.t1("e-kind-elsewhere", "what", tr.text(&row.name)));
            }
            Some(_) => ticked.push(TickedStudy { study: study.clone(), kind }),
            None => problems.add(&field, posted.ctx.tr.t1("e-kind", "what", study.description.reveal())),
        }
    }
    if ticked.is_empty() && problems.is_empty() {
        let first = found.studies.first().map(|study| format!("tick_{}", key(study))).unwrap_or_default();
        problems.add_at("tick", &first, posted.ctx.tr.t("e-tick"));
    }
    if !problems.is_empty() {
        return posted.again(problems).await;
    }
    for study in ticked.iter().filter(|t| posted.typed.ticked(&format!("remember_{}", key(&t.study)))) {
        let (facts, by) = (study.study.facts(), posted.by());
        posted.state.store.remember_classification(&facts, &study.kind, &by).await.map_err(PageError::internal)?;
    }
    let order = Order { patient: patient.clone(), studies: ticked, by: posted.by() };
    let uids: Vec<&str> = order.studies.iter().map(|ticked| ticked.study.study_uid.as_str()).collect();
    let act = act.detail(uids.join(" ")).cancel_jobs().job(JobKind::Weigh);
    posted.carry_out(act, |application, _| application.tick(order)).await
}

/// `POST …/find-again`: the archive is asked once more.
pub async fn find_again(posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Verify)?;
    let State::Verified(verified) = &posted.application.state else {
        return Ok(crate::page::go(&super::path_of(&posted.application)));
    };
    let (review, patient) = (verified.review.clone(), verified.patient.clone());
    let act = act.detail("find again").cancel_jobs().job(JobKind::Find);
    posted.carry_out(act, |application, _| application.verify(review, patient)).await
}

/// `POST …/stop`: weighing is cancelled and nothing stays ticked.
pub async fn stop(posted: Posted) -> Result<Response, PageError> {
    let finding = matches!(&posted.application.state, State::Verified(Verified { found: None, order: None, .. }));
    if !finding {
        return amend_with(posted, "weighing stopped").await;
    }
    let act = posted.act(Action::Amend)?.detail("finding stopped").cancel_jobs();
    let at = posted.by().at;
    posted.carry_out(act, |application, _| application.stall(StallReason::cancelled(), at)).await
}

/// `POST …/amend`: tick again; what was fetched is wiped.
pub async fn amend(posted: Posted) -> Result<Response, PageError> {
    amend_with(posted, "").await
}

async fn amend_with(posted: Posted, detail: &str) -> Result<Response, PageError> {
    let act = posted.act(Action::Amend)?;
    let by = posted.by();
    let act = act.detail(detail).cancel_jobs().job(JobKind::Wipe);
    posted.carry_out(act, |application, _| application.amend(by)).await
}

/// `POST …/retry`: what stopped is tried again.
pub async fn retry(posted: Posted) -> Result<Response, PageError> {
    let act = posted.act(Action::Retry)?;
    let weighing = matches!(&posted.application.state, State::Stalled { verified, .. } if verified.order.is_some());
    let act = act.cancel_jobs().job(if weighing { JobKind::Weigh } else { JobKind::Find });
    let by = posted.by();
    posted.carry_out(act, |application, _| application.retry(by)).await
}

/// Finding or weighing stopped.
pub fn stalled(desk: &Desk<'_>) -> Result<String, PageError> {
    let State::Stalled { verified, reason, at } = &desk.application.state else {
        return Err(PageError::internal("nothing is stalled"));
    };
    let view = StallView::new(desk, reason);
    let panel = StalledPanel {
        p: desk.page(),
        path: desk.path(),
        version: desk.application.version,
        what: view.what,
        who: view.who,
        next: view.next,
        code: view.code,
        since: words::instant(desk.ctx.tr, *at, &desk.state.zone),
        can_amend: verified.order.is_some(),
    };
    panel.render().map_err(PageError::internal)
}

/// Why something stopped.
#[derive(Clone, Debug)]
pub struct StallView {
    /// What happened.
    pub what: String,
    /// Who can do something about it.
    pub who: String,
    /// What to do.
    pub next: String,
    /// Stable code.
    pub code: String,
}

impl StallView {
    /// In the page's language, from its code.
    pub fn new(desk: &Desk<'_>, reason: &StallReason) -> StallView {
        let tr = desk.ctx.tr;
        let who = match reason.who {
            WhoCanFix::Clerk => "who-clerk",
            WhoCanFix::ArchiveAdministrator => "who-archive",
            WhoCanFix::Operator => "who-operator",
        };
        let archives = found_archives(desk.application);
        StallView {
            what: words::stalled(tr, &reason.code, &reason.what, &archives),
            who: tr.t(who),
            next: match tr.maybe(&format!("stall-{}-next", reason.code)) {
                Some(sentence) => sentence,
                None => tr.t("stall-other-next"),
            },
            code: reason.code.clone(),
        }
    }
}

/// The archives this application's studies come from.
pub fn found_archives(application: &Application) -> Vec<String> {
    let verified = match &application.state {
        State::Verified(verified) | State::Stalled { verified, .. } => verified,
        State::Weighed(weighed) => &weighed.verified,
        State::Paid(paid) | State::Refunded { paid, .. } => &paid.weighed.verified,
        State::Draft
        | State::Submitted(_)
        | State::Returned { .. }
        | State::Referred { .. }
        | State::Refused { .. }
        | State::Cancelled { .. }
        | State::Expired { .. } => return Vec::new(),
    };
    let mut names: Vec<String> =
        verified.found.iter().flat_map(|found| &found.studies).map(|study| study.archive.clone()).collect();
    names.sort();
    names.dedup();
    names
}
