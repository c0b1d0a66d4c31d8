//! The two databases behind one enum, and their schema.

use crate::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Postgres, Sqlite, Transaction};
use std::path::PathBuf;
use std::time::Duration;

/// The schema version this program writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// For each version: the SQL for SQLite and for PostgreSQL. A released one never changes.
const MIGRATIONS: &[[&str; 2]] = &[
    [include_str!("../migrations/sqlite/0001_desk.sql"), include_str!("../migrations/postgres/0001_desk.sql")],
    [include_str!("../migrations/sqlite/0002_waiting.sql"), include_str!("../migrations/postgres/0002_waiting.sql")],
];

/// How long a writer waits for others before it gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A machine that is cut off in the middle of a transaction must not hold up all others: the server ends it.
const LIMITS: &str = "SET idle_in_transaction_session_timeout = '15s'; SET tcp_user_timeout = '15s'; \
    SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";

/// Where the store is.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// `sqlite:///path/to/file` or `postgres://user:password@host/database`.
    pub url: String,
    /// Folder of the files (disc images, previews, papers).
    pub blobs: PathBuf,
}

/// What a migration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version found; 0: an empty database.
    pub from: i64,
    /// The version now.
    pub to: i64,
}

/// An open database.
pub(crate) enum Db {
    /// One file. Writers of this process queue for one connection, which is fair; SQLite's own lock is between processes.
    Sqlite { path: PathBuf, read: SqlitePool, write: SqlitePool },
    /// A server.
    Postgres(PgPool),
}

/// A transaction; rolled back when dropped.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs one expression on whichever database there is, outside a transaction.
macro_rules! read {
    ($db:expr, $pool:ident => $run:expr) => {
        match $db {
            $crate::db::Db::Sqlite { read: $pool, .. } => $run,
            $crate::db::Db::Postgres($pool) => $run,
        }
    };
}

/// Runs one expression in a transaction.
macro_rules! within {
    ($tx:expr, $connection:ident => $run:expr) => {
        match $tx {
            $crate::db::Tx::Sqlite(tx) => {
                let $connection = &mut **tx;
                $run
            }
            $crate::db::Tx::Postgres(tx) => {
                let $connection = &mut **tx;
                $run
            }
        }
    };
}

pub(crate) use {read, within};

impl Db {
    pub(crate) async fn connect(config: &StoreConfig) -> Result<Db, StoreError> {
        if let Some(path) = sqlite_path(&config.url)? {
            if !path.exists() {
                return Err(StoreError::NeedsMigration { found: 0, wanted: SCHEMA_VERSION });
            }
            return Db::sqlite(path).await;
        }
        let options: PgConnectOptions = config.url.parse().map_err(|_| bad_url(&config.url))?;
        let limited = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(PATIENCE)
            .after_connect(|c, _| Box::pin(async { sqlx::raw_sql(LIMITS).execute(c).await.map(drop) }));
        let pool = limited.connect_with(options).await?;
        Ok(Db::Postgres(pool))
    }

    async fn sqlite(path: PathBuf) -> Result<Db, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .pragma("secure_delete", "on");
        let pool = |n| SqlitePoolOptions::new().max_connections(n).acquire_timeout(PATIENCE);
        let write = pool(1).connect_with(options.clone()).await?;
        let read = pool(8).connect_with(options.pragma("query_only", "on")).await?;
        let (version,): (String,) = sqlx::query_as("SELECT sqlite_version()").fetch_one(&read).await?;
        check_sqlite_version(&version)?;
        Ok(Db::Sqlite { path, read, write })
    }

    /// A transaction that writes: on SQLite it takes the write lock at once.
    pub(crate) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Db::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// A transaction that sees one moment of the database and writes nothing.
    pub(crate) async fn begin_snapshot(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Db::Sqlite { read, .. } => Tx::Sqlite(read.begin_with("BEGIN DEFERRED").await?),
            Db::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    pub(crate) async fn check_schema(&self) -> Result<(), StoreError> {
        let found = self.schema_version().await?;
        match found.cmp(&SCHEMA_VERSION) {
            std::cmp::Ordering::Less => Err(StoreError::NeedsMigration { found, wanted: SCHEMA_VERSION }),
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(StoreError::Newer { found, known: SCHEMA_VERSION }),
        }
    }

    pub(crate) async fn schema_version(&self) -> Result<i64, StoreError> {
        let (present,): (i64,) = match self {
            Db::Sqlite { read, .. } => {
                let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'";
                sqlx::query_as(tables).fetch_one(read).await?
            }
            Db::Postgres(pool) => {
                let tables = "SELECT count(*) FROM pg_catalog.pg_tables \
                              WHERE schemaname = current_schema() AND tablename = 'schema_version'";
                sqlx::query_as(tables).fetch_one(pool).await?
            }
        };
        if present == 0 {
            return Ok(0);
        }
        let highest = "SELECT COALESCE(MAX(version), 0) FROM schema_version";
        let (version,): (i64,) = read!(self, pool => sqlx::query_as(highest).fetch_one(pool).await?);
        Ok(version)
    }

    pub(crate) async fn close(&self) {
        match self {
            Db::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }

    /// What PostgreSQL needs at the end of a claim's inner select; SQLite has one writer at a time anyway.
    pub(crate) fn skip_locked(&self) -> &'static str {
        match self {
            Db::Sqlite { .. } => "",
            Db::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        }
    }
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await,
            Tx::Postgres(tx) => tx.commit().await,
        }
    }
}

/// The file of an SQLite address; `None` for a PostgreSQL one.
pub(crate) fn sqlite_path(url: &str) -> Result<Option<PathBuf>, StoreError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(None);
    }
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).ok_or_else(|| bad_url(url))?;
    if path.is_empty() || path.contains(['?', '#']) || path.starts_with(":memory:") {
        return Err(bad_url(url));
    }
    Ok(Some(PathBuf::from(path)))
}

/// Names the address by its scheme only: it may hold a password.
fn bad_url(url: &str) -> StoreError {
    let scheme = url.split("://").next().filter(|scheme| scheme.len() < url.len()).unwrap_or("no scheme");
    StoreError::BadUrl(format!("{scheme} given"))
}

/// 3.51.3 repaired a fault that could reset a write-ahead log under a reader.
fn check_sqlite_version(version: &str) -> Result<(), StoreError> {
    let numbers: Vec<u32> = version.split('.').filter_map(|n| n.parse().ok()).collect();
    if numbers.as_slice() >= [3, 51, 3].as_slice() { Ok(()) } else { Err(StoreError::OldSqlite(version.to_owned())) }
}

pub(crate) async fn migrate(config: &StoreConfig) -> Result<Migrated, StoreError> {
    let db = match sqlite_path(&config.url)? {
        Some(path) => {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(StoreError::file("could not make the folder", folder))?;
            }
            Db::sqlite(path).await?
        }
        None => Db::connect(config).await?,
    };
    let migrated = migrate_to(&db, SCHEMA_VERSION).await;
    db.close().await;
    migrated
}

/// Each version is one transaction with its row in `schema_version`: killed at any moment, the next run goes on from there.
pub(crate) async fn migrate_to(db: &Db, wanted: i64) -> Result<Migrated, StoreError> {
    let from = db.schema_version().await?;
    if from > SCHEMA_VERSION {
        return Err(StoreError::Newer { found: from, known: SCHEMA_VERSION });
    }
    for (version, statements) in (1..=wanted).zip(MIGRATIONS) {
        let mut tx = db.begin().await?;
        if matches!(tx, Tx::Postgres(_)) {
            // Two programs may migrate one database at the same moment; SQLite's BEGIN IMMEDIATE already waits.
            within!(&mut tx, c => sqlx::query("SELECT pg_advisory_xact_lock(4733001)").execute(c).await.map(drop))?;
        }
        let table = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)";
        within!(&mut tx, c => sqlx::query(table).execute(c).await.map(drop))?;
        let insert = "INSERT INTO schema_version (version) VALUES ($1) ON CONFLICT DO NOTHING RETURNING version";
        let new: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(insert).bind(version).fetch_optional(c).await)?;
        if new.is_some() {
            match &mut tx {
                Tx::Sqlite(tx) => sqlx::raw_sql(statements[0]).execute(&mut **tx).await.map(drop)?,
                Tx::Postgres(tx) => sqlx::raw_sql(statements[1]).execute(&mut **tx).await.map(drop)?,
            }
            tx.commit().await?;
        }
    }
    if wanted == SCHEMA_VERSION {
        crate::secret::Secret::make_if_missing(db).await?;
    }
    Ok(Migrated { from, to: wanted })
}
