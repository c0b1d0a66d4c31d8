//! Applications: opened, read, and changed by one transition in one transaction.

use crate::audit::{append, instant, take_head};
use crate::db::{Tx, read, within};
use crate::document::{Document, Unreadable, member};
use crate::jobs::{Lease, NewJob};
use crate::secret::sha256_hex;
use crate::{Actor, AuditEntry, ChangeError, Store, StoreError};
use filmdesk_desk::{Application, ApplicationId, ApplicationNumber, ParcelState, Stage, State, TransitionError};
use filmdesk_policy::Lang;
use jiff::{Timestamp, civil::DateTime};
use serde_json::{Map, Value};

/// A new draft and what opens it.
#[derive(Clone, Debug)]
pub struct OpenedDraft {
    /// The application.
    pub application: Application,
    /// 128 random bits, hexadecimal, for the applicant's cookie. Only its hash is stored: this is the one time it is seen.
    pub token: String,
}

/// Which applications a queue shows.
#[derive(Clone, Debug, Default)]
pub struct QueueFilter {
    /// Only these stages; empty: all.
    pub stages: Vec<Stage>,
    /// Part of a name, or a whole identity, record or application number; empty: all.
    pub search: String,
    /// At most so many; 0: 500.
    pub limit: usize,
}

/// What a transition asks to be written, all of it in one transaction.
#[derive(Clone, Debug)]
pub struct Change {
    /// The application as it is to be.
    pub application: Application,
    /// Jobs to do because of it. One of the same kind and argument that waits or runs already is not doubled.
    pub jobs: Vec<NewJob>,
    /// Who did what.
    pub audit: AuditEntry,
    /// The job whose result this is: finished with it, or the change is refused if the job was lost.
    pub finish: Option<Lease>,
    /// Whether jobs of this application that wait or run are cancelled (wiping excepted) before `jobs` are added.
    pub cancel_jobs: bool,
}

impl Change {
    /// A change of the application alone.
    pub fn new(application: Application, audit: AuditEntry) -> Self {
        Change { application, jobs: Vec::new(), audit, finish: None, cancel_jobs: false }
    }

    /// And this job is to be done.
    pub fn job(mut self, job: NewJob) -> Self {
        self.jobs.push(job);
        self
    }

    /// And it is the result of this job.
    pub fn finish(self, lease: &Lease) -> Self {
        Change { finish: Some(lease.clone()), ..self }
    }

    /// And what waits or runs for the application is cancelled.
    pub fn cancel_jobs(self) -> Self {
        Change { cancel_jobs: true, ..self }
    }
}

/// Numbers that are given inside a change and only count if it is committed.
#[derive(Debug)]
pub struct Numbers {
    last_receipt: i64,
}

impl Numbers {
    /// The next receipt number: unique and without gaps.
    pub fn next_receipt(&mut self) -> i64 {
        self.last_receipt += 1;
        self.last_receipt
    }
}

/// id, number, version, opened_at, document, stage, stage_at
type Row = (i64, String, i64, String, String, String, String);

impl Store {
    /// Opens a draft with a fresh number, id and token. `rng` is used before the first await, so that a thread's own generator
    /// will do.
    ///
    /// # Errors
    /// The database failed.
    pub fn open_draft<'a>(
        &'a self,
        lang: Lang,
        at: Timestamp,
        rng: &mut dyn rand::CryptoRng,
    ) -> impl Future<Output = Result<OpenedDraft, StoreError>> + Send + use<'a> {
        // A number may be taken (one in 2³⁵ for each application there is): a few are drawn.
        let mut draws = [[0_u8; 15]; 4];
        draws.iter_mut().for_each(|draw| rng.fill_bytes(draw));
        let mut token = [0_u8; 16];
        rng.fill_bytes(&mut token);
        async move { self.insert_draft(lang, at, draws, hex::encode(token)).await }
    }

    async fn insert_draft(
        &self,
        lang: Lang,
        at: Timestamp,
        draws: [[u8; 15]; 4],
        token: String,
    ) -> Result<OpenedDraft, StoreError> {
        let mut tx = self.db().begin().await?;
        let head = take_head(&mut tx).await?;
        for draw in draws {
            let (id, symbols) = draw.split_at(8);
            let id = i64::from_le_bytes(std::array::from_fn(|i| id[i])) & i64::MAX;
            let number = ApplicationNumber::generate(std::array::from_fn(|i| symbols[i]));
            let mut application = Application::draft(ApplicationId(id.max(1)), number, lang, at);
            application.version = 1;
            let document = write_document(&application);
            let insert = "INSERT INTO application (id, number, version, state, stage, document, token_hash, opened_at, \
                          changed_at, stage_at) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $7, $7) \
                          ON CONFLICT DO NOTHING RETURNING id";
            let inserted: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(insert)
                .bind(application.id.0).bind(application.number.compact()).bind(application.state.name())
                .bind(application.stage().name()).bind(&document).bind(sha256_hex(token.as_bytes())).bind(instant(at))
                .fetch_optional(c).await)?;
            if inserted.is_some() {
                let entry = AuditEntry::new(at, Actor::Applicant, "draft");
                let written = append(&mut tx, head, &entry, Some((application.id, &document))).await?;
                crate::audit::commit(self.db(), tx, &written).await?;
                return Ok(OpenedDraft { application, token });
            }
        }
        Err(StoreError::Exists("every number drawn".into()))
    }

    /// The application an applicant's token opens.
    ///
    /// # Errors
    /// The database failed, or the row cannot be read.
    pub async fn application_by_token(&self, token: &str) -> Result<Option<Application>, StoreError> {
        let select = "SELECT id, number, version, opened_at, document, stage, stage_at FROM application \
                      WHERE token_hash = $1";
        let row: Option<Row> = read!(self.db(), pool =>
            sqlx::query_as(select).bind(sha256_hex(token.as_bytes())).fetch_optional(pool).await?);
        row.map(read_row).transpose()
    }

    /// The application of that id.
    ///
    /// # Errors
    /// The database failed, or the row cannot be read.
    pub async fn application(&self, id: ApplicationId) -> Result<Option<Application>, StoreError> {
        let select = "SELECT id, number, version, opened_at, document, stage, stage_at FROM application WHERE id = $1";
        let row: Option<Row> = read!(self.db(), pool => sqlx::query_as(select).bind(id.0).fetch_optional(pool).await?);
        row.map(read_row).transpose()
    }

    /// The application of that number.
    ///
    /// # Errors
    /// The database failed, or the row cannot be read.
    pub async fn application_by_number(&self, number: &ApplicationNumber) -> Result<Option<Application>, StoreError> {
        let select =
            "SELECT id, number, version, opened_at, document, stage, stage_at FROM application WHERE number = $1";
        let row: Option<Row> =
            read!(self.db(), pool => sqlx::query_as(select).bind(number.compact()).fetch_optional(pool).await?);
        row.map(read_row).transpose()
    }

    /// The applications a queue shows: what is promised first comes first, then what was opened first.
    ///
    /// # Errors
    /// The database failed, or a row cannot be read.
    pub async fn queue(&self, filter: QueueFilter) -> Result<Vec<Application>, StoreError> {
        if let Ok(number) = ApplicationNumber::parse(&filter.search) {
            let found = self.application_by_number(&number).await?;
            let wanted = |a: &Application| filter.stages.is_empty() || filter.stages.contains(&a.stage());
            return Ok(found.into_iter().filter(wanted).collect());
        }
        let limit = if filter.limit == 0 { 500 } else { filter.limit };
        let stages = if filter.stages.is_empty() { &Stage::ALL[..] } else { &filter.stages };
        // One text of all names, so that the statement does not depend on how many there are.
        let stages = stages.iter().fold(" ".to_owned(), |names, stage| names + stage.name() + " ");
        let select = "SELECT id, number, version, opened_at, document, stage, stage_at FROM application \
                      WHERE $1 LIKE '% ' || stage || ' %' ORDER BY COALESCE(promised, '9'), opened_at, id";
        let mut tx = self.db().begin_snapshot().await?;
        let mut queue = Vec::new();
        within!(&mut tx, c => {
            use futures::TryStreamExt;
            let mut rows = sqlx::query_as::<_, Row>(select).bind(&stages).fetch(c);
            while let Some(row) = rows.try_next().await? {
                let application = read_row(row)?;
                if matches_search(&application, &filter.search) {
                    queue.push(application);
                }
                if queue.len() == limit {
                    break;
                }
            }
        });
        Ok(queue)
    }

    /// How many applications stand at each stage that has any.
    ///
    /// # Errors
    /// The database failed.
    pub async fn stage_counts(&self) -> Result<Vec<(Stage, i64)>, StoreError> {
        let select = "SELECT stage, COUNT(*) FROM application GROUP BY stage";
        let rows: Vec<(String, i64)> = read!(self.db(), pool => sqlx::query_as(select).fetch_all(pool).await?);
        let mut counts: Vec<(Stage, i64)> =
            rows.into_iter().filter_map(|(name, count)| Some((Stage::from_name(&name)?, count))).collect();
        counts.sort();
        Ok(counts)
    }

    /// **The** write. In one transaction: loads the row, compares `expected` with its version if given, runs the pure
    /// transition, saves what it returns, finishes its job, cancels and adds jobs, and appends the audit row.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing was changed then. A commit whose answer is lost with the connection is looked up before this
    /// says anything; only if the database stays away for longer than its patience is it not known.
    pub async fn change<F>(
        &self,
        id: ApplicationId,
        expected: Option<i64>,
        transition: F,
    ) -> Result<Application, ChangeError>
    where
        F: FnOnce(Application, &mut Numbers) -> Result<Change, TransitionError> + Send,
    {
        let mut tx = self.db().begin().await?;
        let head = take_head(&mut tx).await?;
        let select = "SELECT id, number, version, opened_at, document, stage, stage_at FROM application WHERE id = $1";
        let row: Option<Row> = within!(&mut tx, c => sqlx::query_as(select).bind(id.0).fetch_optional(c).await)?;
        let row = row.ok_or(ChangeError::NotFound(id))?;
        let (stage_before, stage_at) = (row.5.clone(), row.6.clone());
        let loaded = read_row(row)?;
        if let Some(expected) = expected.filter(|expected| *expected != loaded.version) {
            return Err(ChangeError::Stale { expected, found: loaded.version });
        }
        let (identity, version) = ((loaded.id, loaded.number.clone(), loaded.opened_at), loaded.version);
        let receipts = "SELECT value FROM counter WHERE name = 'receipt'";
        let (given,): (i64,) = within!(&mut tx, c => sqlx::query_as(receipts).fetch_one(c).await)?;
        let mut numbers = Numbers { last_receipt: given };

        let Change { mut application, jobs, audit, finish, cancel_jobs } = transition(loaded, &mut numbers)?;
        application.version = version + 1;
        if (application.id, application.number.clone(), application.opened_at) != identity {
            return Err(StoreError::Exists("another application under this id".into()).into());
        }
        if numbers.last_receipt != given {
            let update = "UPDATE counter SET value = $1 WHERE name = 'receipt'";
            within!(&mut tx, c => sqlx::query(update).bind(numbers.last_receipt).execute(c).await.map(drop))?;
        }
        let stage_at = if stage_before == application.stage().name() { stage_at } else { instant(audit.at) };
        let document = save(&mut tx, &application, audit.at, &stage_at).await?;
        if let Some(lease) = &finish
            && !crate::jobs::finish(&mut tx, lease).await?
        {
            return Err(ChangeError::LeaseLost);
        }
        if cancel_jobs {
            crate::jobs::cancel_all(&mut tx, id).await?;
        }
        for job in &jobs {
            crate::jobs::insert(&mut tx, id, job, audit.at).await?;
        }
        let written = append(&mut tx, head, &audit, Some((id, &document))).await?;
        crate::audit::commit(self.db(), tx, &written).await?;
        Ok(application)
    }

    /// Drafts opened, and applications returned, before `before`: what a sweep may expire.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lying_since(&self, before: Timestamp) -> Result<Vec<ApplicationId>, StoreError> {
        let select =
            "SELECT id FROM application WHERE stage IN ('draft', 'returned') AND stage_at <= $1 ORDER BY stage_at";
        self.ids(select, instant(before)).await
    }

    /// Weighed applications whose quote could last be paid before `local`, hospital time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn quotes_expired(&self, local: DateTime) -> Result<Vec<ApplicationId>, StoreError> {
        let select = "SELECT id FROM application WHERE quote_expires < $1 ORDER BY quote_expires";
        self.ids(select, local_text(local)).await
    }

    /// Paid applications with a parcel whose waiting period was over at `at`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn parcels_due(&self, at: Timestamp) -> Result<Vec<ApplicationId>, StoreError> {
        let select = "SELECT id FROM application WHERE parcel_due_at <= $1 ORDER BY parcel_due_at";
        self.ids(select, instant(at)).await
    }

    async fn ids(&self, select: &'static str, until: String) -> Result<Vec<ApplicationId>, StoreError> {
        let rows: Vec<(i64,)> = read!(self.db(), pool => sqlx::query_as(select).bind(&until).fetch_all(pool).await?);
        Ok(rows.into_iter().map(|(id,)| ApplicationId(id)).collect())
    }
}

async fn save(tx: &mut Tx, application: &Application, at: Timestamp, stage_at: &str) -> Result<String, sqlx::Error> {
    let document = write_document(application);
    let expires = if let State::Weighed(weighed) = &application.state { Some(weighed.quote.expires) } else { None };
    let due = application.parcels().iter().filter_map(|parcel| match &parcel.state {
        ParcelState::Waiting { until, .. } => *until,
        ParcelState::InProduction { .. }
        | ParcelState::Ready { .. }
        | ParcelState::Stalled { .. }
        | ParcelState::Released { .. }
        | ParcelState::Destroyed { .. } => None,
    });
    let update = "UPDATE application SET version = $2, state = $3, stage = $4, document = $5, changed_at = $6, \
                  stage_at = $7, promised = $8, quote_expires = $9, parcel_due_at = $10 WHERE id = $1";
    within!(tx, c => sqlx::query(update).bind(application.id.0).bind(application.version)
        .bind(application.state.name()).bind(application.stage().name()).bind(&document).bind(instant(at))
        .bind(stage_at).bind(application.promised().map(local_text)).bind(expires.map(local_text))
        .bind(due.min().map(instant)).execute(c).await.map(drop))?;
    Ok(document)
}

/// Hospital time in fixed width, so that text order is time order.
fn local_text(local: DateTime) -> String {
    local.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn write_document(application: &Application) -> String {
    // Everything but what has a column of its own; taken apart, so that a new member does not get lost.
    let Application { id: _, number: _, version: _, form, lang, opened_at: _, state } = application;
    let mut members = Map::new();
    members.insert("form".into(), form.write());
    members.insert("lang".into(), lang.write());
    members.insert("state".into(), state.write());
    Value::Object(members).to_string()
}

fn read_row((id, number, version, opened_at, document, _, _): Row) -> Result<Application, StoreError> {
    let unreadable = |error: Unreadable| StoreError::Unreadable {
        what: format!("application {id}"),
        path: error.path,
        expected: error.expected.to_owned(),
    };
    let document: Map<String, Value> =
        serde_json::from_str(&document).map_err(|_| unreadable(Unreadable::expected("an object")))?;
    Ok(Application {
        id: ApplicationId(id),
        number: ApplicationNumber::parse(&number).map_err(|_| unreadable(Unreadable::expected("a number")))?,
        version,
        form: member(&document, "form").map_err(unreadable)?,
        lang: member(&document, "lang").map_err(unreadable)?,
        opened_at: opened_at.parse().map_err(|_| unreadable(Unreadable::expected("an instant")))?,
        state: member(&document, "state").map_err(unreadable)?,
    })
}

/// A part of a name, or a whole number of a person, as the form has them. Typed by staff; compared here, because names are
/// inside documents and a search of today's queue is small.
fn matches_search(application: &Application, search: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
    let wanted = plain(search);
    if wanted.is_empty() {
        return true;
    }
    let Some(request) = request_of(&application.state) else { return false };
    let applicant = &request.applicant;
    let people = applicant.person.iter().chain(&applicant.agent);
    let names = people.clone().map(|person| &person.name).chain([&request.patient.name]);
    let numbers = people.map(|person| &person.identity).chain([&request.patient.identity]);
    let numbers = numbers.chain(&request.patient.record_number).chain([&applicant.phone]);
    names.into_iter().any(|name| plain(name.reveal()).contains(&wanted))
        || numbers.into_iter().any(|number| plain(number.reveal()) == wanted)
}

fn request_of(state: &State) -> Option<&filmdesk_desk::Request> {
    match state {
        State::Draft => None,
        State::Submitted(submitted) | State::Returned { submitted, .. } => Some(&submitted.request),
        State::Verified(verified) | State::Stalled { verified, .. } => Some(&verified.submitted.request),
        State::Weighed(weighed) => Some(&weighed.verified.submitted.request),
        State::Paid(paid) | State::Refunded { paid, .. } => Some(&paid.weighed.verified.submitted.request),
        State::Referred { before, .. }
        | State::Refused { before, .. }
        | State::Cancelled { before, .. }
        | State::Expired { before, .. } => request_of(before),
    }
}
