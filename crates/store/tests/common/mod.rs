//! Every store test runs on both databases, with a folder and a database of its own.
#![allow(dead_code)] // each test takes what it needs

#[path = "../../../desk/tests/common/mod.rs"]
pub mod journey;

use filmdesk_desk::{Action, Application, By, StaffId, TransitionError};
use filmdesk_policy::Lang;
use filmdesk_store::{Actor, AuditEntry, Change, NewJob, Store, StoreConfig};
use filmdesk_testkit::postgres::Postgres;
use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// Where a test works: an empty database and an empty folder.
pub struct Ground {
    pub config: StoreConfig,
    folder: tempfile::TempDir,
    rng: Mutex<StdRng>,
}

/// Both databases, as `sqlite` and `postgres` of a module named like the test.
#[macro_export]
macro_rules! on_both {
    ($(#[$about:meta])* $name:ident, $test:expr) => {
        $(#[$about])*
        mod $name {
            use super::*;
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() {
                ($test)($crate::common::Ground::sqlite()).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                ($test)($crate::common::Ground::postgres()).await;
            }
        }
    };
}

impl Ground {
    pub fn sqlite() -> Ground {
        Ground::new(|folder| format!("sqlite://{}", folder.join("desk.sqlite").display()))
    }

    pub fn postgres() -> Ground {
        Ground::new(|_| Postgres::shared().database())
    }

    fn new(url: impl Fn(&Path) -> String) -> Ground {
        let folder = tempfile::tempdir().expect("a folder");
        let config = StoreConfig { url: url(folder.path()), blobs: folder.path().join("blobs") };
        Ground { config, folder, rng: Mutex::new(StdRng::seed_from_u64(7)) }
    }

    /// Another, empty place of the same kind: to restore into.
    pub fn another(&self) -> Ground {
        if self.is_sqlite() { Ground::sqlite() } else { Ground::postgres() }
    }

    pub fn is_sqlite(&self) -> bool {
        self.config.url.starts_with("sqlite")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub async fn store(&self) -> Store {
        self.store_with_lease(Duration::from_secs(30)).await
    }

    pub async fn store_with_lease(&self, lease: Duration) -> Store {
        Store::migrate(&self.config).await.expect("migrates");
        Store::open_with_lease(&self.config, lease).await.expect("opens")
    }

    /// A draft; its application and token.
    pub async fn draft(&self, store: &Store) -> (Application, String) {
        let opening = {
            let mut rng = self.rng.lock().expect("no test has failed here");
            store.open_draft(Lang::ZhTw, journey::at(0), &mut *rng)
        };
        let opened = opening.await.expect("a draft");
        (opened.application, opened.token)
    }

    /// A submitted application.
    pub async fn submitted(&self, store: &Store) -> Application {
        let (draft, _) = self.draft(store).await;
        step(store, &draft, Action::Submit, |a| a.submit(journey::request(), journey::at(10))).await
    }

    /// An application that has been weighed.
    pub async fn weighed(&self, store: &Store) -> Application {
        let application = self.submitted(store).await;
        step(store, &application, Action::Weigh, |a| {
            let verified = a.verify(journey::review(), journey::archive_patient())?;
            verified.found(journey::found())?.tick(journey::order())?.weigh(journey::weighing(), journey::quote())
        })
        .await
    }

    /// Runs statements on the database behind the store's back.
    pub async fn tamper(&self, statements: &'static str) {
        use sqlx::Connection;
        if let Some(path) = self.config.url.strip_prefix("sqlite://") {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
            let mut connection = sqlx::SqliteConnection::connect_with(&options).await.expect("opens");
            sqlx::raw_sql(statements).execute(&mut connection).await.expect("runs");
            connection.close().await.expect("closes");
        } else {
            let mut connection = sqlx::PgConnection::connect(&self.config.url).await.expect("opens");
            sqlx::raw_sql(statements).execute(&mut connection).await.expect("runs");
            connection.close().await.expect("closes");
        }
    }
}

/// One transition without jobs.
pub async fn step(
    store: &Store,
    application: &Application,
    action: Action,
    transition: impl FnOnce(Application) -> Result<Application, TransitionError> + Send,
) -> Application {
    let changed = store.change(application.id, Some(application.version), |application, _| {
        Ok(Change::new(transition(application)?, entry(action.name())))
    });
    changed.await.expect("a step of the journey")
}

/// One more job.
pub async fn enqueue(store: &Store, application: &Application, job: NewJob) -> Application {
    let changed =
        store.change(application.id, None, |application, _| Ok(Change::new(application, entry("ask")).job(job)));
    changed.await.expect("a job")
}

pub fn entry(action: &str) -> AuditEntry {
    AuditEntry::new(journey::at(1), Actor::Staff(StaffId("chen".into())), action)
}

pub fn chen(at: Timestamp) -> By {
    journey::by("chen", at)
}
