//! Jobs: what workers do, leased by the database's clock, with a fencing number and progress.

use crate::audit::{append, clean, instant, take_head};
use crate::db::{Tx, read, within};
use crate::{Actor, AuditEntry, LeaseError, Store, StoreError};
use filmdesk_desk::{ApplicationId, ParcelId};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a worker can be asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// Ask the archives for the patient's studies.
    Find,
    /// Make a first picture of one study for the clerk.
    Preview {
        /// Study Instance UID.
        study_uid: String,
    },
    /// Fetch, check, plan.
    Weigh,
    /// Make one parcel.
    Make {
        /// Which.
        parcel: ParcelId,
    },
    /// Remove what was fetched for the application.
    Wipe,
}

/// Which queue a job stands in, so that weighing never waits behind making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Find, preview, weigh, wipe.
    Quick,
    /// Make.
    Making,
}

impl JobKind {
    /// Its lane.
    pub fn lane(&self) -> Lane {
        match self {
            JobKind::Find | JobKind::Preview { .. } | JobKind::Weigh | JobKind::Wipe => Lane::Quick,
            JobKind::Make { .. } => Lane::Making,
        }
    }

    /// Stable name: `find`, `preview`, `weigh`, `make`, `wipe`.
    pub fn name(&self) -> &'static str {
        match self {
            JobKind::Find => "find",
            JobKind::Preview { .. } => "preview",
            JobKind::Weigh => "weigh",
            JobKind::Make { .. } => "make",
            JobKind::Wipe => "wipe",
        }
    }

    fn argument(&self) -> String {
        match self {
            JobKind::Find | JobKind::Weigh | JobKind::Wipe => String::new(),
            JobKind::Preview { study_uid } => study_uid.clone(),
            JobKind::Make { parcel } => parcel.0.to_string(),
        }
    }

    /// Somebody waits at the counter for a find; nobody waits for a wipe.
    fn priority(&self) -> i64 {
        match self {
            JobKind::Find => 0,
            JobKind::Preview { .. } => 1,
            JobKind::Weigh | JobKind::Make { .. } => 2,
            JobKind::Wipe => 3,
        }
    }

    fn read(kind: &str, argument: &str) -> Option<JobKind> {
        match kind {
            "find" => Some(JobKind::Find),
            "preview" => Some(JobKind::Preview { study_uid: argument.to_owned() }),
            "weigh" => Some(JobKind::Weigh),
            "make" => argument.parse().ok().map(|id| JobKind::Make { parcel: ParcelId(id) }),
            "wipe" => Some(JobKind::Wipe),
            _ => None,
        }
    }
}

impl Lane {
    fn name(self) -> &'static str {
        match self {
            Lane::Quick => "quick",
            Lane::Making => "making",
        }
    }
}

/// A job to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// What.
    pub kind: JobKind,
    /// Only for this worker (a wipe of its own spool); `None`: for any.
    pub worker: Option<String>,
    /// Not before so many seconds from now.
    pub after_seconds: u32,
    /// How often it may be taken up before it is handed out as used up.
    pub max_attempts: u32,
}

impl NewJob {
    /// For any worker, at once, five attempts.
    pub fn new(kind: JobKind) -> Self {
        NewJob { kind, worker: None, after_seconds: 0, max_attempts: 5 }
    }
}

/// A job taken up.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: i64,
    /// What to do.
    pub kind: JobKind,
    /// For which application.
    pub application: ApplicationId,
    /// How often it was taken up, this time included; what only met an archive that was away is not counted.
    pub attempts: u32,
    /// How often it was put back because an archive was away.
    pub waits: u32,
    /// It was taken up too often already (it failed, or killed its worker): do not run it, stall what it was for.
    pub used_up: bool,
    /// Why the last attempt stopped, if it said so.
    pub last_reason: String,
    /// The right to work on it.
    pub lease: Lease,
}

/// The right to work on a job, until another takes it up.
#[derive(Clone, Debug)]
pub struct Lease {
    job: i64,
    fence: i64,
    last_beat: Arc<Mutex<Option<Instant>>>,
}

impl Lease {
    /// The job's id: a name for its own working folder.
    pub fn job(&self) -> i64 {
        self.job
    }

    /// Its fencing number: one more each time the job is taken up.
    pub fn fence(&self) -> i64 {
        self.fence
    }

    /// Whether the last beat is so recent that another need not be written.
    fn beat_recently(&self) -> bool {
        let last = *self.last_beat.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() < BEAT)
    }

    fn beat_now(&self) {
        *self.last_beat.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// Progress is written at most this often for each job.
const BEAT: Duration = Duration::from_secs(1);

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, as a stable code.
    pub stage: String,
    /// So much …
    pub done: u64,
    /// … of so much; 0: not known.
    pub total: u64,
    /// Of what: `bytes`, `instances`.
    pub unit: String,
    /// So many instances …
    pub n_instances: u64,
    /// … of so many; 0: not known.
    pub of_instances: u64,
    /// So much of the unit a second; 0: not known.
    pub rate: u64,
    /// Seconds to the end of the stage; 0: not known.
    pub seconds_left: u64,
    /// A remark for the counter.
    pub note: String,
}

/// What a heartbeat learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// The job was cancelled: stop, and leave nothing.
    pub cancelled: bool,
}

/// What became of a job so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Waits for a worker, or for its next attempt.
    Queued,
    /// A worker has it.
    Running,
    /// Done.
    Done,
    /// Cancelled.
    Cancelled,
}

impl JobState {
    /// Stable name: `queued`, `running`, `done`, `cancelled`.
    pub fn name(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Cancelled => "cancelled",
        }
    }
}

/// A job as the counter sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobProgress {
    /// Its id.
    pub id: i64,
    /// What.
    pub kind: JobKind,
    /// What became of it.
    pub state: JobState,
    /// How often it was taken up.
    pub attempts: u32,
    /// How far it is; its note says, too, why the last attempt stopped.
    pub progress: Progress,
}

/// What may be taken up now: `$1` worker, `$2` lane.
const CLAIMABLE: &str = "lane = $2 AND (worker = '' OR worker = $1) AND \
    ((state = 'queued' AND run_at_ms <= (SELECT now_ms FROM db_clock)) OR \
     (state = 'running' AND lease_until_ms < (SELECT now_ms FROM db_clock)))";

/// id, application_id, kind, argument, attempts, waits, max_attempts, fence, note
type Claimed = (i64, i64, String, String, i64, i64, i64, i64, String);

/// id, kind, argument, state, attempts, stage, done, total, unit, n_instances, of_instances, rate, seconds_left, note
type ProgressRow = (i64, String, String, String, i64, String, i64, i64, String, i64, i64, i64, i64, String);

impl Store {
    /// Takes up the next job of a lane, or one whose worker was silent for longer than its lease.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim(&self, lane: Lane, worker: &str) -> Result<Option<Job>, StoreError> {
        // Most of the time there is nothing: looking first takes no lock.
        let look = format!("SELECT id FROM job WHERE {CLAIMABLE} LIMIT 1");
        let any: Option<(i64,)> = read!(self.db(), pool => sqlx::query_as(sqlx::AssertSqlSafe(look.as_str()))
            .bind(worker).bind(lane.name()).fetch_optional(pool).await?);
        if any.is_none() {
            return Ok(None);
        }
        let claim = format!(
            "UPDATE job SET state = 'running', attempts = attempts + 1, owner = $1, fence = fence + 1, \
             lease_until_ms = (SELECT now_ms FROM db_clock) + $3, stage = '', done = 0, total = 0, unit = '', \
             n_instances = 0, of_instances = 0, rate = 0, seconds_left = 0 WHERE id = (SELECT id FROM job WHERE {CLAIMABLE} ORDER BY priority, run_at_ms, id LIMIT 1 {}) \
             RETURNING id, application_id, kind, argument, attempts, waits, max_attempts, fence, note",
            self.db().skip_locked()
        );
        let mut tx = self.db().begin().await?;
        let row: Option<Claimed> = within!(&mut tx, c => sqlx::query_as(sqlx::AssertSqlSafe(claim.as_str()))
            .bind(worker).bind(lane.name()).bind(self.lease_ms()).fetch_optional(c).await)?;
        tx.commit().await?;
        let Some((id, application, kind, argument, attempts, waits, max_attempts, fence, note)) = row else {
            return Ok(None);
        };
        let kind = JobKind::read(&kind, &argument).ok_or_else(|| unreadable(id, "a kind"))?;
        Ok(Some(Job {
            id,
            kind,
            application: ApplicationId(application),
            attempts: small(attempts),
            waits: small(waits),
            used_up: attempts > max_attempts,
            last_reason: note,
            lease: Lease { job: id, fence, last_beat: Arc::default() },
        }))
    }

    /// Renews the lease and shows progress. Call it as often as is convenient: it writes at most once a second for each lease.
    ///
    /// # Errors
    /// [`LeaseError::Lost`]: another worker has the job, or it is finished; stop at once.
    pub async fn heartbeat(&self, lease: &Lease, progress: Option<&Progress>) -> Result<Beat, LeaseError> {
        if lease.beat_recently() {
            return Ok(Beat { cancelled: false });
        }
        let mut tx = self.db().begin().await?;
        let renew = "UPDATE job SET lease_until_ms = (SELECT now_ms FROM db_clock) + $3 \
                     WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id";
        let renewed: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(renew).bind(lease.job).bind(lease.fence)
            .bind(self.lease_ms()).fetch_optional(c).await)?;
        if renewed.is_none() {
            let select = "SELECT id FROM job WHERE id = $1 AND fence = $2 AND state = 'cancelled'";
            let cancelled: Option<(i64,)> = within!(&mut tx, c =>
                sqlx::query_as(select).bind(lease.job).bind(lease.fence).fetch_optional(c).await)?;
            return cancelled.map(|_| Beat { cancelled: true }).ok_or(LeaseError::Lost);
        }
        if let Some(progress) = progress {
            let show = "UPDATE job SET stage = $2, done = $3, total = $4, unit = $5, note = $6, n_instances = $7, \
                        of_instances = $8, rate = $9, seconds_left = $10 WHERE id = $1";
            within!(&mut tx, c => sqlx::query(show).bind(lease.job).bind(clean(&progress.stage))
                .bind(large(progress.done)).bind(large(progress.total)).bind(clean(&progress.unit))
                .bind(clean(&progress.note)).bind(large(progress.n_instances)).bind(large(progress.of_instances))
                .bind(large(progress.rate)).bind(large(progress.seconds_left)).execute(c).await.map(drop))?;
        }
        tx.commit().await?;
        lease.beat_now();
        Ok(Beat { cancelled: false })
    }

    /// Lets the job go, to be taken up again after so many seconds, with the reason for the counter.
    ///
    /// # Errors
    /// [`LeaseError::Lost`]: it is no longer this worker's (or was cancelled).
    pub async fn retry_job(&self, lease: &Lease, after_seconds: u32, reason: &str) -> Result<(), LeaseError> {
        let update = "UPDATE job SET state = 'queued', run_at_ms = (SELECT now_ms FROM db_clock) + $3, note = $4 \
                      WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id";
        self.put_back(update, lease, after_seconds, reason).await
    }

    /// As [`Store::retry_job`], because an archive was away: this was no attempt, it is counted as a wait.
    ///
    /// # Errors
    /// [`LeaseError::Lost`]: it is no longer this worker's (or was cancelled).
    pub async fn wait_job(&self, lease: &Lease, after_seconds: u32, reason: &str) -> Result<(), LeaseError> {
        let update = "UPDATE job SET state = 'queued', attempts = attempts - 1, waits = waits + 1, \
                      run_at_ms = (SELECT now_ms FROM db_clock) + $3, note = $4 \
                      WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id";
        self.put_back(update, lease, after_seconds, reason).await
    }

    async fn put_back(
        &self,
        update: &'static str,
        lease: &Lease,
        after_seconds: u32,
        reason: &str,
    ) -> Result<(), LeaseError> {
        let mut tx = self.db().begin().await?;
        let row: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(update).bind(lease.job).bind(lease.fence)
            .bind(i64::from(after_seconds) * 1000).bind(clean(reason)).fetch_optional(c).await)?;
        tx.commit().await?;
        row.map(|_| ()).ok_or(LeaseError::Lost)
    }

    /// Lets the job go because its worker was told to stop: it may be taken up at once, and this was no attempt.
    ///
    /// # Errors
    /// [`LeaseError::Lost`]: it is no longer this worker's (or was cancelled).
    pub async fn give_back(&self, lease: &Lease) -> Result<(), LeaseError> {
        let update = "UPDATE job SET state = 'queued', attempts = attempts - 1, \
                      run_at_ms = (SELECT now_ms FROM db_clock) \
                      WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id";
        let mut tx = self.db().begin().await?;
        let row: Option<(i64,)> = within!(&mut tx, c =>
            sqlx::query_as(update).bind(lease.job).bind(lease.fence).fetch_optional(c).await)?;
        tx.commit().await?;
        row.map(|_| ()).ok_or(LeaseError::Lost)
    }

    /// Ends the leases of a worker that is known to be dead, so that its jobs need not wait for them to run out; how many.
    /// Its attempts count: a job that kills its worker is handed out as used up in the end. Should the worker live after
    /// all, nothing is lost: it either renews its lease or, once another has the job, finds its fencing number outdated.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_leases_of(&self, dead_worker: &str) -> Result<u64, StoreError> {
        let update = "UPDATE job SET lease_until_ms = 0 WHERE owner = $1 AND state = 'running' AND lease_until_ms > 0";
        let mut tx = self.db().begin().await?;
        let ended = within!(&mut tx, c => sqlx::query(update).bind(dead_worker).execute(c).await
            .map(|done| done.rows_affected()))?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends a job whose result is no change of its application (a preview, a wipe).
    ///
    /// # Errors
    /// [`LeaseError::Lost`]: it is no longer this worker's.
    pub async fn finish_job(&self, lease: &Lease) -> Result<(), LeaseError> {
        let mut tx = self.db().begin().await?;
        let finished = finish(&mut tx, lease).await?;
        tx.commit().await?;
        if finished { Ok(()) } else { Err(LeaseError::Lost) }
    }

    /// Adds a job that goes with no change of the application, such as a preview.
    ///
    /// # Errors
    /// The database failed, or there is no such application.
    pub async fn add_job(&self, id: ApplicationId, job: &NewJob, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db().begin().await?;
        insert(&mut tx, id, job, at).await?;
        Ok(tx.commit().await?)
    }

    /// The latest job of each kind for an application, newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn progress(&self, id: ApplicationId) -> Result<Vec<JobProgress>, StoreError> {
        let select = "SELECT id, kind, argument, state, attempts, stage, done, total, unit, n_instances, of_instances, \
                      rate, seconds_left, note FROM job WHERE id IN (SELECT MAX(id) FROM job WHERE application_id = $1 GROUP BY kind, argument) \
                      ORDER BY id DESC";
        let rows: Vec<ProgressRow> = read!(self.db(), pool => sqlx::query_as(select).bind(id.0).fetch_all(pool).await?);
        rows.into_iter().map(read_progress).collect()
    }

    /// Cancels what waits or runs for an application (wiping excepted), with its audit row. A running worker learns it at its
    /// next heartbeat and its result is refused from now on.
    ///
    /// # Errors
    /// The database failed, or there is no such application.
    pub async fn cancel_jobs(&self, id: ApplicationId, actor: Actor, at: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.db().begin().await?;
        let head = take_head(&mut tx).await?;
        let select = "SELECT document FROM application WHERE id = $1";
        let row: Option<(String,)> = within!(&mut tx, c => sqlx::query_as(select).bind(id.0).fetch_optional(c).await)?;
        let (document,) = row.ok_or_else(|| StoreError::Missing(format!("application {}", id.0)))?;
        let cancelled = cancel_all(&mut tx, id).await?;
        let entry = AuditEntry::new(at, actor, "cancel-jobs").detail(format!("{cancelled} jobs"));
        let written = append(&mut tx, head, &entry, Some((id, &document))).await?;
        crate::audit::commit(self.db(), tx, &written).await?;
        Ok(cancelled)
    }

    /// How many jobs wait or run, by lane: for readiness and metrics.
    ///
    /// # Errors
    /// The database failed.
    pub async fn jobs_open(&self, lane: Lane) -> Result<i64, StoreError> {
        let select = "SELECT COUNT(*) FROM job WHERE lane = $1 AND state IN ('queued', 'running')";
        let (count,): (i64,) =
            read!(self.db(), pool => sqlx::query_as(select).bind(lane.name()).fetch_one(pool).await?);
        Ok(count)
    }

    fn lease_ms(&self) -> i64 {
        i64::try_from(self.inner.lease.as_millis()).unwrap_or(i64::MAX / 2)
    }
}

pub(crate) async fn insert(tx: &mut Tx, id: ApplicationId, job: &NewJob, at: Timestamp) -> Result<(), sqlx::Error> {
    let insert = "INSERT INTO job (application_id, lane, kind, argument, priority, worker, state, attempts, max_attempts, \
                  owner, fence, run_at_ms, lease_until_ms, stage, done, total, unit, note, queued_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, $7, '', 0, (SELECT now_ms FROM db_clock) + $8, 0, \
                  '', 0, 0, '', '', $9) ON CONFLICT DO NOTHING";
    within!(tx, c => sqlx::query(insert).bind(id.0).bind(job.kind.lane().name()).bind(job.kind.name())
        .bind(job.kind.argument()).bind(job.kind.priority()).bind(job.worker.as_deref().unwrap_or(""))
        .bind(i64::from(job.max_attempts)).bind(i64::from(job.after_seconds) * 1000).bind(instant(at))
        .execute(c).await.map(drop))
}

/// Whether the job was still this lease's, and is now done.
pub(crate) async fn finish(tx: &mut Tx, lease: &Lease) -> Result<bool, sqlx::Error> {
    let update = "UPDATE job SET state = 'done' WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id";
    let row: Option<(i64,)> =
        within!(tx, c => sqlx::query_as(update).bind(lease.job).bind(lease.fence).fetch_optional(c).await)?;
    Ok(row.is_some())
}

pub(crate) async fn cancel_all(tx: &mut Tx, id: ApplicationId) -> Result<u64, sqlx::Error> {
    let update = "UPDATE job SET state = 'cancelled' \
                  WHERE application_id = $1 AND state IN ('queued', 'running') AND kind <> 'wipe'";
    within!(tx, c => sqlx::query(update).bind(id.0).execute(c).await.map(|done| done.rows_affected()))
}

fn read_progress(row: ProgressRow) -> Result<JobProgress, StoreError> {
    let (id, kind, argument, state, attempts, stage, done, total, unit, n_instances, of_instances, rate, left, note) =
        row;
    let states = [JobState::Queued, JobState::Running, JobState::Done, JobState::Cancelled];
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    let progress = Progress {
        stage,
        done: count(done),
        total: count(total),
        unit,
        n_instances: count(n_instances),
        of_instances: count(of_instances),
        rate: count(rate),
        seconds_left: count(left),
        note,
    };
    Ok(JobProgress {
        id,
        kind: JobKind::read(&kind, &argument).ok_or_else(|| unreadable(id, "a kind"))?,
        state: states.into_iter().find(|known| known.name() == state).ok_or_else(|| unreadable(id, "a state"))?,
        attempts: small(attempts),
        progress,
    })
}

fn unreadable(id: i64, expected: &str) -> StoreError {
    StoreError::Unreadable { what: format!("job {id}"), path: "row".into(), expected: expected.into() }
}

fn small(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn large(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
