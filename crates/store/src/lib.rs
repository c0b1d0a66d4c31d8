//! Where it is kept: applications, jobs, files, staff, the rule overlay and the audit trail, on SQLite or PostgreSQL.
//!
//! This is the only crate with SQL, and it decides nothing: what may happen is decided by a pure transition of
//! `filmdesk-desk`, and [`Store::change`] carries it out. One transaction loads the row, checks its version, runs the
//! transition, and writes the row, its jobs and its audit row; after a crash all of it happened or none of it.
//!
//! ```text
//! web ── change(submitted → verified, job: find) ──► applications, jobs, audit   (one transaction)
//!                                                        │
//! worker ── claim(lane) ◄────────────────────────────────┘
//!        ── heartbeat(lease, progress) ──► progress(application) ──► web
//!        ── change(found, finish: lease) ──► …
//! ```
//!
//! The same statements run on both databases. All writers follow one another: each takes the head of the audit trail
//! first, so that its rows are numbered and chained without gaps. Leases use the database's clock and carry a fencing
//! number, so a worker that slept past its lease cannot finish what another has taken up.
//!
//! Names of people are in documents (JSON columns) only: never in a log line, a blob key or an error of this crate.

mod applications;
mod audit;
mod backup;

mod blobs;
mod db;
mod document;
mod error;
mod jobs;
mod lock;
mod overlay;
mod secret;
mod settings;
mod staff;

pub use applications::*;
pub use audit::*;
pub use backup::Backup;

pub use blobs::*;
pub use db::{Migrated, SCHEMA_VERSION, StoreConfig};
pub use error::*;
pub use jobs::*;
pub use lock::ServerLock;
pub use overlay::OverlayRow;
pub use staff::*;

use filmdesk_desk::ApplicationNumber;
use std::sync::Arc;
use std::time::Duration;

/// The store, open. Cheap to clone; clones share its connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    db: db::Db,
    blobs: Blobs,
    secret: secret::Secret,
    lease: Duration,
}

/// How long a worker may be silent before another takes its job up.
const LEASE: Duration = Duration::from_secs(30);

impl Store {
    /// Opens a migrated store.
    ///
    /// # Errors
    /// [`StoreError::NeedsMigration`] for an older schema or none, [`StoreError::Newer`] for a newer one, and whatever keeps
    /// the database or the folder of blobs from being opened.
    pub async fn open(config: &StoreConfig) -> Result<Store, StoreError> {
        Store::open_with_lease(config, LEASE).await
    }

    /// [`Store::open`] with another lease than 30 seconds.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with_lease(config: &StoreConfig, lease: Duration) -> Result<Store, StoreError> {
        let db = db::Db::connect(config).await?;
        db.check_schema().await?;
        let secret = secret::Secret::load(&db).await?;
        let blobs = Blobs::at(&config.blobs).await?;
        Ok(Store { inner: Arc::new(Inner { db, blobs, secret, lease }) })
    }

    /// Brings the schema to this version, making the database file if there is none.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when a later version of the program was here; nothing is changed then.
    pub async fn migrate(config: &StoreConfig) -> Result<Migrated, StoreError> {
        db::migrate(config).await
    }

    /// Makes this process the one server of an SQLite file, until the lock is dropped. On PostgreSQL servers may share.
    ///
    /// # Errors
    /// [`StoreError::AnotherServer`] when there is one.
    pub async fn lock_server(&self) -> Result<ServerLock, StoreError> {
        lock::lock_server(&self.inner.db)
    }

    /// The files.
    pub fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    /// The four characters beside the number that open the status page: an HMAC of the number with the store's secret.
    pub fn status_code(&self, number: &ApplicationNumber) -> String {
        self.inner.secret.status_code(number)
    }

    /// Whether `typed` is the code of `number`: case, spaces and dashes do not matter. Takes the same time for every answer.
    pub fn is_status_code(&self, number: &ApplicationNumber, typed: &str) -> bool {
        self.inner.secret.is_status_code(number, typed)
    }

    /// Whether the database answers: for readiness.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.inner.db.check_schema().await
    }

    /// Lets every connection go; the store is of no use afterwards.
    pub async fn close(&self) {
        self.inner.db.close().await;
    }

    pub(crate) fn db(&self) -> &db::Db {
        &self.inner.db
    }
}
