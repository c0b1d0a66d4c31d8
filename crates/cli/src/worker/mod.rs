//! `filmdesk work`: takes up jobs from the store and does them with the archives and the disc makers.
//!
//! Two lanes run beside each other, so that weighing never queues behind making. A job's result and its end are one
//! transaction with the change of the application ([`Store::change`] with [`Change::finish`]); a worker that dies leaves a
//! lease that its successor on the same spool ends (or that runs out), and whoever takes the job up again finds in the spool
//! what had arrived. Nothing is made twice: a
//! result whose lease was lost is refused.

mod beat;
mod fetch;
mod find;
mod make;
mod preview;
mod spool;
mod stopped;
mod sweep;
mod weigh;

pub use spool::Spool;

use crate::config::WorkerConfig;
use crate::hospital::InForce;
use crate::supervise::told;
use beat::Pulse;
use filmdesk_archive::Archive;
use filmdesk_desk::{Application, Clock, ParcelId, StallReason, WhoCanFix};
use filmdesk_instance::Inspector;
use filmdesk_store::{Actor, AuditEntry, Change, ChangeError, Job, JobKind, Lane, Store};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::Duration;
use stopped::{Again, Stopped, failed};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What a worker works with.
pub struct Worker {
    /// Where jobs come from and results go.
    pub store: Store,
    /// The hospital's rules, as they are now.
    pub rules: InForce,
    /// The hospital's time zone.
    pub zone: TimeZone,
    /// The desk's clock.
    pub clock: Arc<dyn Clock>,
    /// Every archive of the configuration.
    pub archives: Vec<Archive>,
    /// Reads untrusted objects.
    pub inspector: Arc<dyn Inspector>,
    /// Where fetched studies lie.
    pub spool: Spool,
    /// Limits and habits.
    pub config: WorkerConfig,
    /// Turns true when the worker is to stop.
    pub stopping: watch::Receiver<bool>,
}

/// How often an idle lane looks for a job.
const LOOK: Duration = Duration::from_millis(200);
/// How often the database is asked again after it failed.
const AFTER_TROUBLE: Duration = Duration::from_secs(3);

/// Works until told to stop.
pub async fn run(worker: Worker) {
    let worker = Arc::new(worker);
    worker.end_leases_of_the_dead().await;
    let mut tasks = JoinSet::new();
    for _ in 0..worker.config.quick_jobs {
        tasks.spawn(Arc::clone(&worker).lane(Lane::Quick));
    }
    for _ in 0..worker.config.making_jobs {
        tasks.spawn(Arc::clone(&worker).lane(Lane::Making));
    }
    tasks.spawn(sweep::run(Arc::clone(&worker)));
    while let Some(ended) = tasks.join_next().await {
        // A panic in one lane must not leave a worker that looks alive.
        if let Err(error) = ended {
            tracing::error!(%error, "a lane of the worker died");
            std::process::exit(1);
        }
    }
}

impl Worker {
    /// This process holds the lock of its spool, so whoever worked under its id before is dead: what that one had in hand is
    /// taken up at once instead of after its lease.
    async fn end_leases_of_the_dead(&self) {
        match self.store.end_leases_of(&self.spool.worker).await {
            Ok(0) => {}
            Ok(jobs) => tracing::warn!(jobs, "a worker died here; its jobs are taken up again"),
            Err(error) => tracing::warn!(%error, "the leases of a worker that died run out by themselves"),
        }
    }

    async fn lane(self: Arc<Self>, lane: Lane) {
        let mut stopping = self.stopping.clone();
        while !*stopping.borrow() {
            let pause = match self.store.claim(lane, &self.spool.worker).await {
                Ok(Some(job)) => {
                    self.work(job).await;
                    continue;
                }
                Ok(None) => LOOK,
                Err(error) => {
                    tracing::error!(%error, "no job could be taken up");
                    AFTER_TROUBLE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = told(&mut stopping) => {}
            }
        }
    }

    async fn work(&self, job: Job) {
        let (id, kind, application) = (job.id, job.kind.name(), job.application.0);
        tracing::info!(job = id, kind, application, attempt = job.attempts, "job taken up");
        let pulse = Pulse::default();
        let beating = beat::keep(self.store.clone(), job.lease.clone(), pulse.clone(), self.stopping.clone());
        let result = match &job.kind {
            _ if job.used_up => Err(used_up(&job)),
            JobKind::Find => pulse.or(self.find(&job)).await.unwrap_or_else(Err),
            JobKind::Preview { study_uid } => self.preview(&job, study_uid, &pulse).await,
            JobKind::Weigh => self.weigh(&job, &pulse).await,
            JobKind::Make { parcel } => self.make(&job, *parcel, &pulse).await,
            JobKind::Wipe => self.wipe(&job).await,
        };
        drop(beating);
        // What fails because it was told to stop has not failed.
        let result = match result {
            Err(Stopped::Failed { .. }) if pulse.check().is_err() && !job.used_up => pulse.check(),
            other => other,
        };
        match result {
            Ok(()) => tracing::info!(job = id, kind, application, "job done"),
            Err(stopped) => self.conclude(&job, stopped).await,
        }
    }

    /// What becomes of a job that has no result.
    async fn conclude(&self, job: &Job, stopped: Stopped) {
        let (id, kind, application) = (job.id, job.kind.name(), job.application.0);
        let ended = match stopped {
            Stopped::Failed { reason, again } => {
                tracing::warn!(job = id, kind, application, code = reason.code, what = reason.what, "job failed");
                // The code first: pages word it in their language.
                let note = format!("{}: {}", reason.code, reason.what);
                let (waits, attempts) = (job.waits < self.config.waits, job.attempts < self.config.attempts);
                match again {
                    Again::Wait if waits && !job.used_up => {
                        let pause = self.pause_after(job.waits + 1);
                        self.store.wait_job(&job.lease, pause, &note).await.map_err(|e| e.to_string())
                    }
                    Again::Retry if attempts && !job.used_up => {
                        let pause = self.pause_after(job.attempts);
                        self.store.retry_job(&job.lease, pause, &note).await.map_err(|e| e.to_string())
                    }
                    Again::Wait | Again::Retry | Again::No => self.stall(job, reason).await,
                }
            }
            Stopped::Cancelled => {
                tracing::info!(job = id, kind, application, "job cancelled");
                self.cancelled(job).await
            }
            Stopped::Lost => {
                tracing::warn!(job = id, kind, application, "job taken up elsewhere; its result is dropped");
                Ok(())
            }
            Stopped::Stopping => self.store.give_back(&job.lease).await.map_err(|e| e.to_string()),
            Stopped::Nothing => self.store.finish_job(&job.lease).await.map_err(|e| e.to_string()),
        };
        // The lease runs out, and the job is taken up again.
        if let Err(error) = ended {
            tracing::warn!(job = id, kind, application, error, "the end of a job could not be written");
        }
    }

    /// The pause after so many tries: doubling, a little different for every worker.
    fn pause_after(&self, attempts: u32) -> u32 {
        let doubled = self.config.first_pause_seconds.saturating_mul(1 << attempts.saturating_sub(1).min(10));
        let doubled = doubled.min(self.config.longest_pause_seconds);
        doubled + rand::random_range(0..=doubled / 4)
    }

    /// A person must decide: the application, or its parcel, says why.
    async fn stall(&self, job: &Job, reason: StallReason) -> Result<(), String> {
        let at = self.clock.now();
        let entry = self.entry("stall").detail(reason.code.clone());
        let lease = &job.lease;
        let kind = &job.kind;
        let stalled = self.store.change(job.application, None, move |application, _| {
            let application = match kind {
                JobKind::Find | JobKind::Weigh => application.stall(reason, at)?,
                JobKind::Make { parcel } => application.stall_parcel(*parcel, reason, at)?,
                JobKind::Preview { .. } | JobKind::Wipe => application,
            };
            Ok(Change::new(application, entry).finish(lease))
        });
        match stalled.await {
            Ok(_) => Ok(()),
            // It moved on meanwhile: nobody waits for this job any more.
            Err(ChangeError::Transition(_)) => self.store.finish_job(lease).await.map_err(|e| e.to_string()),
            Err(ChangeError::LeaseLost) => Ok(()),
            Err(other) => Err(other.to_string()),
        }
    }

    /// Somebody cancelled the job itself, and not the application: say so where it would otherwise wait for ever.
    async fn cancelled(&self, job: &Job) -> Result<(), String> {
        let still_waits = |application: &Application| match &job.kind {
            JobKind::Find | JobKind::Weigh => find::is_under_way(application, &job.kind),
            JobKind::Make { parcel } => make::is_under_way(application, *parcel),
            JobKind::Preview { .. } | JobKind::Wipe => false,
        };
        let open = self.store.progress(job.application).await.map_err(|e| e.to_string())?;
        let replaced = open.iter().any(|other| other.id > job.id && other.kind == job.kind);
        let Some(application) = self.store.application(job.application).await.map_err(|e| e.to_string())? else {
            return Ok(());
        };
        if replaced || !still_waits(&application) {
            return Ok(());
        }
        let reason = StallReason::cancelled();
        let (at, entry, kind) = (self.clock.now(), self.entry("stall").detail("cancelled"), &job.kind);
        let stalled = self.store.change(job.application, Some(application.version), move |application, _| {
            let application = match kind {
                JobKind::Make { parcel } => application.stall_parcel(*parcel, reason, at)?,
                JobKind::Find | JobKind::Weigh | JobKind::Preview { .. } | JobKind::Wipe => {
                    application.stall(reason, at)?
                }
            };
            Ok(Change::new(application, entry))
        });
        match stalled.await {
            Ok(_) | Err(ChangeError::Stale { .. } | ChangeError::Transition(_)) => Ok(()),
            Err(other) => Err(other.to_string()),
        }
    }

    async fn wipe(&self, job: &Job) -> Result<(), Stopped> {
        self.wipe_spool(job.application).await?;
        self.store.finish_job(&job.lease).await.map_err(|_| Stopped::Lost)
    }

    /// An audit row by this worker, now.
    fn entry(&self, action: &str) -> AuditEntry {
        AuditEntry::new(self.clock.now(), Actor::Worker(self.spool.worker.clone()), action)
    }

    /// The moment, in hospital time.
    fn local_now(&self) -> DateTime {
        self.clock.now().to_zoned(self.zone.clone()).datetime()
    }

    /// The application of a job.
    async fn application(&self, job: &Job) -> Result<Application, Stopped> {
        self.store.application(job.application).await?.ok_or(Stopped::Nothing)
    }

    fn archive(&self, name: &str) -> Result<&Archive, Stopped> {
        self.archives.iter().find(|archive| archive.name() == name).ok_or_else(|| {
            let what = format!("The configuration of this worker has no archive {name}.");
            failed("archive-configuration", WhoCanFix::Operator, what, "Name it in the configuration again.", false)
        })
    }
}

/// It was taken up too often: it killed its worker, or a worker was killed again and again.
fn used_up(job: &Job) -> Stopped {
    let last = job.last_reason.split_once(": ").map_or("The worker ended each time.", |(_code, what)| what);
    let what = format!("{} was tried {} times without an end. {last}", job.kind.name(), job.attempts.saturating_sub(1));
    failed("tried-too-often", WhoCanFix::Operator, what, "Look at the log, then try again.", false)
}

/// Runs what blocks beside the tasks that must not.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

/// The parcel of an application, if it is there.
fn parcel_state(application: &Application, id: ParcelId) -> Option<&filmdesk_desk::ParcelState> {
    application.parcel(id).map(|parcel| &parcel.state)
}
