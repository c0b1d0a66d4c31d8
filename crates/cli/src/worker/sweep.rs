//! What nobody asks for: spools of applications that ended, quotes and drafts that ran out, parcels whose wait is over.

use crate::supervise::told;
use crate::worker::Worker;
use crate::worker::stopped::{Stopped, spool_failed};
use filmdesk_desk::{Application, ApplicationId, ParcelState, State};
use filmdesk_store::{Change, ChangeError, JobKind, JobProgress, JobState, NewJob, StoreError};
use jiff::ToSpan;
use std::sync::Arc;
use std::time::Duration;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(15);

/// Looks until the worker stops.
pub(super) async fn run(worker: Arc<Worker>) {
    let mut stopping = worker.stopping.clone();
    while !*stopping.borrow() {
        if let Err(error) = worker.sweep().await {
            tracing::warn!(?error, "the sweep did not finish; it goes on at the next");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = told(&mut stopping) => {}
        }
    }
}

impl Worker {
    async fn sweep(&self) -> Result<(), Stopped> {
        for id in self.spool.applications().map_err(|e| spool_failed("The spool could not be read", &e))? {
            let application = self.store.application(id).await?;
            if !application.is_some_and(|application| self.needs_spool(&application)) {
                self.wipe_spool(id).await?;
                tracing::info!(application = id.0, "spool wiped");
            }
        }
        self.expire().await?;
        Ok(self.start_due_parcels().await?)
    }

    /// Whether what was fetched for it may still be made.
    fn needs_spool(&self, application: &Application) -> bool {
        match &application.state {
            State::Verified(_) | State::Stalled { .. } => true,
            State::Weighed(weighed) => weighed.quote.expires >= self.local_now(),
            State::Paid(_) => application.parcels().iter().any(|parcel| match &parcel.state {
                ParcelState::Waiting { .. } | ParcelState::InProduction { .. } | ParcelState::Stalled { .. } => true,
                ParcelState::Ready { .. } | ParcelState::Released { .. } | ParcelState::Destroyed { .. } => false,
            }),
            State::Draft
            | State::Submitted(_)
            | State::Returned { .. }
            | State::Refunded { .. }
            | State::Referred { .. }
            | State::Refused { .. }
            | State::Cancelled { .. }
            | State::Expired { .. } => false,
        }
    }

    pub(super) async fn wipe_spool(&self, id: ApplicationId) -> Result<(), Stopped> {
        let folder = self.spool.folder(id);
        let removed = super::blocking(move || match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other,
        });
        removed.await.map_err(|e| spool_failed("The spool could not be wiped", &e))
    }

    /// Drafts and returned applications after their day counts (A11).
    async fn expire(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let rules = self.rules.get();
        let local = now.to_zoned(self.zone.clone());
        let periods = rules.periods(local.date());
        let shortest = periods.draft_days.min(periods.incomplete_papers_days);
        let before = local.saturating_sub(i64::from(shortest).days()).timestamp();
        for id in self.store.lying_since(before).await? {
            let entry = self.entry("expire");
            let expired = self.store.change(id, None, move |application, _| {
                let days = if matches!(application.state, State::Draft) {
                    periods.draft_days
                } else {
                    periods.incomplete_papers_days
                };
                Ok(Change::new(application.expire(now, i64::from(days))?, entry))
            });
            moved_on(expired.await)?;
        }
        Ok(())
    }

    /// Parcels whose waiting period is over are made.
    async fn start_due_parcels(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        for id in self.store.parcels_due(now).await? {
            let open = |job: &JobProgress| matches!(job.state, JobState::Queued | JobState::Running);
            let making = |job: &JobProgress| open(job) && matches!(job.kind, JobKind::Make { .. });
            if self.store.progress(id).await?.iter().any(making) {
                continue;
            }
            let entry = self.entry("parcel-due");
            let started = self.store.change(id, None, move |application, _| {
                let due = application.parcels().iter().filter_map(|parcel| match &parcel.state {
                    ParcelState::Waiting { until: Some(until), .. } if *until <= now => Some(parcel.id),
                    ParcelState::Waiting { .. }
                    | ParcelState::InProduction { .. }
                    | ParcelState::Ready { .. }
                    | ParcelState::Stalled { .. }
                    | ParcelState::Released { .. }
                    | ParcelState::Destroyed { .. } => None,
                });
                let jobs: Vec<NewJob> = due.map(|parcel| NewJob::new(JobKind::Make { parcel })).collect();
                Ok(Change { jobs, ..Change::new(application, entry) })
            });
            moved_on(started.await)?;
        }
        Ok(())
    }
}

/// Somebody was quicker: there is nothing to sweep.
fn moved_on(result: Result<Application, ChangeError>) -> Result<(), StoreError> {
    match result {
        Err(ChangeError::Store(error)) => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}
