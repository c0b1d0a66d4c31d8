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
    progress: Mutex<Progress>,
    stop: AtomicU8,
}

const GOES_ON: u8 = 0;
const CANCELLED: u8 = 1;
const LOST: u8 = 2;
const STOPPING: u8 = 3;

impl Pulse {
    /// Shows `done` of `total` of a stage.
    pub fn show(&self, stage: &str, done: u64, total: u64, unit: &str) {
        let mut progress = self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.stage != stage {
            stage.clone_into(&mut progress.stage);
            unit.clone_into(&mut progress.unit);
        }
        (progress.done, progress.total) = (done, total);
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
        self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Journal for Pulse {
    fn progress(&self, stage: Stage, done: u64, total: u64) {
        self.show(stage.as_str(), done, total, stage.unit());
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
