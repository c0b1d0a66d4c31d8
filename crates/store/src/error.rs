//! What can go wrong with the store, in words for the person who can fix it.

use filmdesk_desk::{ApplicationId, TransitionError};
use std::path::PathBuf;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The schema is older than this program, or there is none.
    #[error("the database has schema version {found}, this program needs {wanted}: run `filmdesk migrate`")]
    NeedsMigration {
        /// What is there; 0: nothing.
        found: i64,
        /// What is needed.
        wanted: i64,
    },
    /// The schema is newer than this program.
    #[error("the database has schema version {found}, this program knows up to {known}: run the newer program")]
    Newer {
        /// What is there.
        found: i64,
        /// What this program knows.
        known: i64,
    },
    /// A second server on one SQLite file.
    #[error("another server uses {0}: stop it first, or give this one a database of its own")]
    AnotherServer(PathBuf),
    /// The address of the database cannot be used.
    #[error("the database address must be sqlite:///path/to/file or postgres://…: {0}")]
    BadUrl(String),
    /// The SQLite library is one with a known fault.
    #[error("SQLite {0} is linked, 3.51.3 or later is needed: build with the bundled one")]
    OldSqlite(String),
    /// The database refused or did not answer.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A file of the store could not be read or written.
    #[error("{what} {path}: {source}")]
    File {
        /// What was being done.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A stored row is not as this program writes it.
    #[error("the stored {what} cannot be read: {expected} is expected at {path}")]
    Unreadable {
        /// Which row.
        what: String,
        /// Where in it.
        path: String,
        /// What is expected there.
        expected: String,
    },
    /// A blob key that could leave its folder or name a person.
    #[error("‘{0}’ is no blob key: use letters, digits, dots, dashes and slashes")]
    BadKey(String),
    /// No such blob.
    #[error("there is no stored file {0}")]
    NoBlob(String),
    /// A row of this name exists already.
    #[error("{0} exists already")]
    Exists(String),
    /// No row of this name exists.
    #[error("there is no {0}")]
    Missing(String),
    /// A backup that is not whole, or does not fit this store.
    #[error("this backup cannot be used: {0}")]
    BadBackup(String),
}

impl StoreError {
    pub(crate) fn file(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> StoreError {
        let path = path.into();
        move |source| StoreError::File { what, path, source }
    }

    /// Whether the database was busy or away, so that the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        let StoreError::Database(error) = self else { return false };
        if matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) {
            return true;
        }
        // SQLite: busy, locked. PostgreSQL: serialisation failure, deadlock, shutting down, starting up.
        let code = error.as_database_error().and_then(|error| error.code());
        code.is_some_and(|code| ["5", "6", "517", "40001", "40P01", "57P01", "57P03"].contains(&code.as_ref()))
    }
}

/// Why [`crate::Store::change`] changed nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// No such application.
    #[error("there is no application {}", .0.0)]
    NotFound(ApplicationId),
    /// Somebody else changed it in between.
    #[error("it was changed in between: version {found} is stored, version {expected} was shown")]
    Stale {
        /// What the caller had seen.
        expected: i64,
        /// What is stored.
        found: i64,
    },
    /// The state does not allow it.
    #[error(transparent)]
    Transition(#[from] TransitionError),
    /// The job was taken up by another worker, cancelled or finished: its result is refused.
    #[error("the job is no longer this worker's")]
    LeaseLost,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a job's row did not change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// The job was taken up by another worker, cancelled or finished.
    #[error("the job is no longer this worker's")]
    Lost,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        ChangeError::Store(error.into())
    }
}

impl From<sqlx::Error> for LeaseError {
    fn from(error: sqlx::Error) -> Self {
        LeaseError::Store(error.into())
    }
}
