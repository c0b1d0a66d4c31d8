//! Keeping a lease, showing progress, and learning that a job is to stop.

use crate::supervise::told;
use crate::worker::stopped::Stopped;
use filmdesk_production::{Journal, Stage};
use filmdesk_store::{Lease, LeaseError, Progress, Store};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What a running job shows and hears; cheap to clone.
#[derive(Clone, Default)]
pub struct Pulse {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    shown: Mutex<Shown>,
    stop: AtomicU8,
}

#[derive(Default)]
struct Shown {
    progress: Progress,
    /// When this stage began, and how far it was (of its unit, of instances).
    since: Option<(Instant, (u64, u64))>,
}

/// How soon a job that waits for an answer hears that it is to stop.
const HEAR: Duration = Duration::from_millis(100);

const GOES_ON: u8 = 0;
const CANCELLED: u8 = 1;
const LOST: u8 = 2;
const STOPPING: u8 = 3;

impl Pulse {
    /// Shows `done` of `total` of a stage; `instances` are so many of so many, where the unit is another.
    pub fn show(&self, stage: &str, done: u64, total: u64, unit: &str, instances: (u64, u64)) {
        let mut shown = self.shared.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let Shown { progress, since } = &mut *shown;
        let (now, from) = (Instant::now(), (done, instances.0));
        if progress.stage != stage {
            *progress = Progress { stage: stage.to_owned(), unit: unit.to_owned(), ..Progress::default() };
            *since = None;
        }
        // Less than before: another round of the same.
        let (begun, (done_then, n_then)) = *since.get_or_insert((now, from));
        (progress.done, progress.total) = (done, total);
        (progress.n_instances, progress.of_instances) = instances;
        let seconds = now.duration_since(begun).as_secs_f64();
        if seconds < 1.0 || done < done_then {
            return;
        }
        let rate = (done - done_then) as f64 / seconds;
        // What is left is known best in instances: an archive tells their number, and no sizes.
        let (left, a_second) = match instances {
            (n, of) if of > 0 => (of.saturating_sub(n), n.saturating_sub(n_then) as f64 / seconds),
            _ => (total.saturating_sub(done), rate),
        };
        progress.rate = rate as u64;
        progress.seconds_left = if a_second > 0.0 { (left as f64 / a_second).ceil() as u64 } else { 0 };
    }

    /// What `work` comes to, or why it is to stop before that.
    pub async fn or<T>(&self, work: impl Future<Output = T>) -> Result<T, Stopped> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                () = tokio::time::sleep(HEAR) => self.check()?,
            }
        }
    }

    /// Whether to go on, as an archive asks it.
    pub fn flow(&self) -> ControlFlow<()> {
        if self.check().is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), Stopped> {
        match self.shared.stop.load(Ordering::Relaxed) {
            CANCELLED => Err(Stopped::Cancelled),
            LOST => Err(Stopped::Lost),
            STOPPING => Err(Stopped::Stopping),
            _ => Ok(()),
        }
    }

    fn stop(&self, why: u8) {
        // The first reason stands.
        let _ = self.shared.stop.compare_exchange(GOES_ON, why, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn progress(&self) -> Progress {
        self.shared.shown.lock().unwrap_or_else(PoisonError::into_inner).progress.clone()
    }
}

impl Journal for Pulse {
    fn progress(&self, stage: Stage, done: u64, total: u64) {
        self.show(stage.as_str(), done, total, stage.unit(), (0, 0));
    }

    fn cancelled(&self) -> bool {
        self.check().is_err()
    }
}

/// The task that keeps the lease while a job runs; ends when dropped.
pub struct Beating(JoinHandle<()>);

impl Drop for Beating {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How often a change of progress is written, and how often a beat is sent when nothing changes.
const LOOK: Duration = Duration::from_millis(250);
const AT_LEAST: Duration = Duration::from_secs(5);

/// Starts to keep `lease`.
pub fn keep(store: Store, lease: Lease, pulse: Pulse, mut stopping: watch::Receiver<bool>) -> Beating {
    Beating(tokio::spawn(async move {
        let mut written = Progress::default();
        let mut beaten = Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = told(&mut stopping) => return pulse.stop(STOPPING),
            }
            let progress = pulse.progress();
            let since = beaten.elapsed();
            if since < Duration::from_secs(1) || (progress == written && since < AT_LEAST) {
                continue;
            }
            match store.heartbeat(&lease, Some(&progress)).await {
                Ok(beat) if beat.cancelled => return pulse.stop(CANCELLED),
                Ok(_) => (written, beaten) = (progress, Instant::now()),
                Err(LeaseError::Lost) => return pulse.stop(LOST),
                // The database may be busy; the lease outlives several beats.
                Err(error) => tracing::warn!(job = lease.job(), %error, "heartbeat not written"),
            }
        }
    }))
}
