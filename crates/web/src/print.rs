//! The papers: facts for `filmdesk_paper`, and the PDFs it makes of them.

use crate::AppState;
use crate::apply::{MaybeDraft, estimate_of};
use crate::counter::{MEANS, Staff, disc_of, load, path_of, patient_of, request_of};
use crate::errors::PageError;
use crate::guard::file;
use crate::i18n::Tr;
use crate::page::{Ctx, go};
use crate::words::{self, AnswerView};
use axum::Router;
use axum::extract::{Path, Query, State as Use};
use axum::response::Response;
use axum::routing::get;
use filmdesk_desk::{Application, ParcelState, Request, State};
use filmdesk_paper::{ConsentFacts, LabelFacts, LabelPrinter, PaperError, ReceiptFacts, Row, SlipFacts};
use filmdesk_policy::{Lang, taiwan};
use jiff::Timestamp;
use serde::Deserialize;

/// What applicants print.
pub fn public_routes() -> Router<AppState> {
    Router::new()
        .route("/consent-form.pdf", get(blank_consent))
        .route("/consent-form-psychiatry.pdf", get(blank_sealed_consent))
        .route("/apply/consent-form.pdf", get(filled_consent))
        .route("/apply/slip.pdf", get(own_slip))
}

/// What the counter prints.
pub fn staff_routes() -> Router<AppState> {
    Router::new()
        .route("/applications/{number}/slip.pdf", get(slip))
        .route("/applications/{number}/receipt.pdf", get(receipt))
        .route("/applications/{number}/parcels/{parcel}/discs/{disc}/label.pdf", get(label))
}

/// Prints away from the request threads. A character no font has is said, with what to do about it.
async fn print(
    name: String,
    back: &str,
    work: impl FnOnce() -> Result<Vec<u8>, PaperError> + Send + 'static,
) -> Result<Response, PageError> {
    match tokio::task::spawn_blocking(work).await.map_err(PageError::internal)? {
        Ok(pdf) => Ok(file("application/pdf", &name, true, pdf)),
        Err(PaperError::MissingGlyph { character, code }) => {
            let character = format!("{character} (U+{code:04X})");
            Err(PageError::CannotPrint { character, back: back.to_owned() })
        }
        Err(error) => Err(PageError::internal(error)),
    }
}

fn row(label: impl Into<String>, value: impl Into<String>) -> Row {
    Row { label: label.into(), value: value.into() }
}

async fn blank_consent(Use(state): Use<AppState>, ctx: Ctx) -> Result<Response, PageError> {
    let facts = consent_facts(&state, ctx.tr, None);
    print("consent-form.pdf".into(), "/", move || filmdesk_paper::consent_form(&facts)).await
}

/// Psychiatry's, which must be signed and sealed.
async fn blank_sealed_consent(Use(state): Use<AppState>, ctx: Ctx) -> Result<Response, PageError> {
    let facts = ConsentFacts { sealed: true, ..consent_facts(&state, ctx.tr, None) };
    print("consent-form-psychiatry.pdf".into(), "/", move || filmdesk_paper::consent_form(&facts)).await
}

async fn filled_consent(
    Use(state): Use<AppState>,
    ctx: Ctx,
    MaybeDraft(draft): MaybeDraft,
) -> Result<Response, PageError> {
    let Some(draft) = draft else { return Ok(go("/consent-form.pdf")) };
    let facts = consent_facts(&state, ctx.tr, request_of(&draft.application));
    print("consent-form.pdf".into(), "/apply/sent", move || filmdesk_paper::consent_form(&facts)).await
}

/// The signer is the person whose right it is: the patient, or the representative or heir (A44, A45). The paper is in both
/// languages, whichever the pages are in.
fn consent_facts(state: &AppState, tr: Tr, request: Option<&Request>) -> ConsentFacts {
    let hospital = state.rules.hospital();
    let label = |key: &str| format!("{} {}", Tr::new(Lang::ZhTw).t(key), Tr::new(Lang::En).t(key));
    let value = |read: fn(&Request) -> String| request.map(read).unwrap_or_default();
    let agent = |read: fn(&filmdesk_desk::Person) -> &str| {
        request.and_then(|r| r.applicant.agent.as_ref()).map(|agent| read(agent).to_owned()).unwrap_or_default()
    };
    let scope: Vec<String> = request
        .map(|request| request.situation.items.iter().map(|item| item_words(state, tr, item)).collect())
        .unwrap_or_default();
    let born = request.map(|request| words::date_both(tr, request.patient.born)).unwrap_or_default();
    let mut rows = vec![
        row(label("f-patient_name"), value(|r| r.patient.name.reveal().to_owned())),
        row(label("f-patient_identity"), value(|r| r.patient.identity.reveal().to_owned())),
        row(label("f-patient_born"), born),
    ];
    if let Some(signer) = request.and_then(|r| r.applicant.person.as_ref()) {
        rows.push(row(label("consent-signer"), signer.name.reveal().to_owned()));
        rows.push(row(label("f-person_identity"), signer.identity.reveal().to_owned()));
    }
    rows.extend([
        row(label("f-agent_name"), agent(|a| a.name.reveal())),
        row(label("f-agent_identity"), agent(|a| a.identity.reveal())),
        row(label("f-purpose"), value(|r| r.purpose.reveal().to_owned())),
        row(label("consent-scope"), scope.join(&tr.t("list-semicolon"))),
    ]);
    ConsentFacts {
        hospital: (hospital.name.zh.clone(), hospital.name.en.clone()),
        phone: hospital.phone.clone(),
        rows,
        sealed: request.is_some_and(|request| request.situation.items.iter().any(|item| item.psychiatry)),
    }
}

fn item_words(state: &AppState, tr: Tr, item: &filmdesk_policy::ItemAsked) -> String {
    let name = state.rules.record_kind(&item.kind).map(|kind| tr.text(&kind.name).to_owned()).unwrap_or_default();
    match item.exam_end {
        Some(end) => format!("{name} {}", end.date()),
        None => name,
    }
}

async fn own_slip(Use(state): Use<AppState>, ctx: Ctx, MaybeDraft(draft): MaybeDraft) -> Result<Response, PageError> {
    let Some(draft) = draft else { return Ok(go("/status")) };
    if request_of(&draft.application).is_none() {
        return Ok(go("/apply/review"));
    }
    print_slip(&state, ctx.tr, &draft.application, "/apply/sent").await
}

async fn slip(Use(state): Use<AppState>, _staff: Staff, Path(number): Path<String>) -> Result<Response, PageError> {
    let application = load(&state, &number).await?;
    // In the applicant's language: it is theirs.
    print_slip(&state, Tr::new(application.lang), &application, &path_of(&application)).await
}

async fn print_slip(state: &AppState, tr: Tr, application: &Application, back: &str) -> Result<Response, PageError> {
    let request = request_of(application).ok_or(PageError::NotFound)?;
    let answer = estimate_of(state, request).await?;
    let view = AnswerView::new(tr, &answer, &[]);
    let mut facts: Vec<Row> = view.ready.iter().map(|ready| row(tr.t("slip-ready"), &ready.text)).collect();
    if let Some(place) = &view.place {
        facts.push(row(tr.t("place"), tr.t2("with-paren", "what", &place.name, "more", &place.address)));
        facts.push(row(tr.t("hours"), &place.hours));
        facts.push(row(tr.t("phone"), &place.phone));
    }
    let facts = SlipFacts {
        lang: tr.lang,
        hospital: tr.text(&state.rules.hospital().name).to_owned(),
        number: application.number.to_string(),
        code: state.store.status_code(&application.number),
        patient_masked: words::masked(request.patient.name.reveal()),
        papers: view.papers.iter().map(|paper| paper.text.clone()).collect(),
        lines: view.lines.iter().map(|line| row(&line.text, &line.amount)).collect(),
        total: view.total,
        facts,
    };
    let name = format!("slip-{}.pdf", application.number);
    print(name, back, move || filmdesk_paper::slip(&facts)).await
}

async fn receipt(Use(state): Use<AppState>, _staff: Staff, Path(number): Path<String>) -> Result<Response, PageError> {
    let application = load(&state, &number).await?;
    let paid = if let State::Paid(paid) | State::Refunded { paid, .. } = &application.state {
        paid
    } else {
        return Err(PageError::NotFound);
    };
    let tr = Tr::new(application.lang);
    let payment = &paid.payment;
    let view = AnswerView::new(tr, &paid.weighed.quote.answer, &[]);
    let means = MEANS.iter().find(|(_, means)| *means == payment.means).map(|(value, _)| *value).unwrap_or_default();
    let mut facts = vec![
        row(tr.t("receipt-at"), words::instant(tr, payment.by.at, &state.zone)),
        row(tr.t("f-means"), tr.t(&format!("f-means-{means}"))),
        row(tr.t("receipt-clerk"), &payment.by.staff.0),
    ];
    facts.extend(view.ready.iter().map(|ready| row(tr.t("slip-ready"), &ready.text)));
    let receipt_number = format!("{:08}", payment.receipt_number);
    let facts = ReceiptFacts {
        lang: tr.lang,
        hospital: tr.text(&state.rules.hospital().name).to_owned(),
        receipt_number: receipt_number.clone(),
        number: application.number.to_string(),
        patient_masked: patient_of(&application).map(|p| words::masked(p.name.reveal())).unwrap_or_default(),
        lines: view.lines.iter().map(|line| row(format!("{} {}", line.text, line.cite), &line.amount)).collect(),
        total: view.total,
        total_words: match tr.lang {
            Lang::ZhTw => format!("新臺幣{}", taiwan::amount_in_words(payment.amount)),
            Lang::En => taiwan::amount_in_words(payment.amount),
        },
        facts,
        reprint: false,
    };
    let name = format!("receipt-{receipt_number}.pdf");
    print(name, &path_of(&application), move || filmdesk_paper::receipt(&facts)).await
}

/// What prints a label.
#[derive(Deserialize)]
struct With {
    printer: Option<String>,
}

async fn label(
    Use(state): Use<AppState>,
    _staff: Staff,
    Path((number, parcel, disc)): Path<(String, u32, u32)>,
    Query(with): Query<With>,
) -> Result<Response, PageError> {
    let application = load(&state, &number).await?;
    let disc = disc_of(&application, parcel, disc)?;
    let printer = match with.printer.as_deref().map(LabelPrinter::named) {
        None => LabelPrinter::default(),
        Some(named) => named.ok_or(PageError::NotFound)?,
    };
    let parcel = application.parcels().iter().find(|p| p.id.0 == parcel);
    let made = disc.made.or_else(|| parcel.and_then(|p| ready_since(&p.state)));
    let facts = LabelFacts {
        printer,
        hospital: state.rules.hospital().name.zh.clone(),
        patient_masked: patient_of(&application).map(|p| words::masked(p.name.reveal())).unwrap_or_default(),
        number: application.number.to_string(),
        date: made.map(|at| words::local(at, &state.zone).date().to_string()).unwrap_or_default(),
        disc: (disc.number, disc.of),
        code: disc.code.clone(),
        web: disc.web,
    };
    let name = format!("label-{}.pdf", disc.volume_id);
    print(name, &path_of(&application), move || filmdesk_paper::disc_label(&facts)).await
}

/// When a disc was made whose record does not say, while that is known: once it is released, only that day is.
fn ready_since(parcel: &ParcelState) -> Option<Timestamp> {
    if let ParcelState::Ready { since, .. } = parcel { Some(*since) } else { None }
}
