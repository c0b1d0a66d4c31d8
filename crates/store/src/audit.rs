//! The audit trail: append-only, each row chained to the one before it.

use crate::db::{Db, PATIENCE, Tx, read, within};
use crate::secret::sha256_hex;
use crate::{Store, StoreError};
use filmdesk_desk::{ApplicationId, StaffId};
use futures::TryStreamExt;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The applicant, on the public pages.
    Applicant,
    /// A member of staff.
    Staff(StaffId),
    /// A worker, by its id.
    Worker(String),
    /// The desk itself: a sweep, a command.
    Desk,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Actor::Applicant => f.write_str("applicant"),
            Actor::Staff(StaffId(id)) => write!(f, "staff:{id}"),
            Actor::Worker(id) => write!(f, "worker:{id}"),
            Actor::Desk => f.write_str("desk"),
        }
    }
}

/// What is to be written beside a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When, by the desk's clock.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The verb: `Action::name()`, or one of the same kind.
    pub action: String,
    /// What else, by our own ids, field *names* and codes: never a person's data.
    pub detail: String,
}

impl AuditEntry {
    /// An entry without detail.
    pub fn new(at: Timestamp, actor: Actor, action: impl Into<String>) -> Self {
        AuditEntry { at, actor, action: action.into(), detail: String::new() }
    }

    /// With this detail.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        AuditEntry { detail: detail.into(), ..self }
    }
}

/// A row of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, counted from 1 without gaps.
    pub seq: i64,
    /// When, by the desk's clock.
    pub at: Timestamp,
    /// Who: `applicant`, `staff:…`, `worker:…`, `desk`.
    pub actor: String,
    /// The verb.
    pub action: String,
    /// What else.
    pub detail: String,
}

/// The end of a trail: what is exported, printed or signed so that a cut or a rolled-back trail is noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// Number of the last row.
    pub seq: i64,
    /// Its hash, hexadecimal.
    pub hash: String,
}

/// What the verifier found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Every row is as it was written, in order, and every application is as its last row says.
    Whole(AuditHead),
    /// It is not.
    Broken {
        /// Near which row.
        seq: i64,
        /// What does not fit.
        what: String,
    },
}

type StoredRow = (i64, String, i64, String, String, Option<i64>, String, String, String);

const TRAIL: &str = "SELECT seq, at, recorded_ms, actor, action, application_id, detail, document_sha256, hash \
                     FROM audit ORDER BY seq";

/// Takes the head of the trail: the first statement of every transaction that writes an audit row, so that they follow
/// one another on both databases.
pub(crate) async fn take_head(tx: &mut Tx) -> Result<AuditHead, sqlx::Error> {
    let take = "UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq - 1, hash";
    let (seq, hash): (i64, String) = within!(tx, c => sqlx::query_as(take).fetch_one(c).await)?;
    Ok(AuditHead { seq, hash })
}

/// Commits. When the answer to the commit is lost with the connection, the trail says whether it happened: the row `written`
/// is there or it is not. So a change is never reported as failed and yet done.
pub(crate) async fn commit(db: &Db, tx: Tx, written: &AuditHead) -> Result<(), sqlx::Error> {
    let lost = match tx.commit().await {
        Err(error) if matches!(db, Db::Postgres(_)) && is_lost(&error) => error,
        known => return known,
    };
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match is_written(db, written).await {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(lost),
            // The server is away, or our lost transaction still holds the head until the server notices: asked again.
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
    Err(lost)
}

/// Whether the connection ended with the outcome open: broken, or closed by a server that stops.
fn is_lost(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_)) || code.is_some_and(|code| code.starts_with("57P"))
}

/// Waits for whoever holds the head, so that nothing can be committed any more by the one that was lost.
async fn is_written(db: &Db, written: &AuditHead) -> Result<bool, sqlx::Error> {
    let mut tx = db.begin().await?;
    within!(&mut tx, c => sqlx::query("SET LOCAL lock_timeout = '5s'").execute(c).await.map(drop))?;
    take_head(&mut tx).await?;
    let select = "SELECT hash FROM audit WHERE seq = $1";
    let row: Option<(String,)> =
        within!(&mut tx, c => sqlx::query_as(select).bind(written.seq).fetch_optional(c).await)?;
    Ok(row.is_some_and(|(hash,)| hash == written.hash))
}

/// Appends the row and moves the head that was taken; gives the new head.
pub(crate) async fn append(
    tx: &mut Tx,
    head: AuditHead,
    entry: &AuditEntry,
    document: Option<(ApplicationId, &str)>,
) -> Result<AuditHead, sqlx::Error> {
    let (now,): (i64,) = within!(tx, c => sqlx::query_as("SELECT now_ms FROM db_clock").fetch_one(c).await)?;
    let document_sha256 = document.map(|(_, document)| sha256_hex(document.as_bytes())).unwrap_or_default();
    let mut row: StoredRow = (
        head.seq + 1,
        instant(entry.at),
        now,
        entry.actor.to_string(),
        entry.action.clone(),
        document.map(|(id, _)| id.0),
        clean(&entry.detail),
        document_sha256,
        String::new(),
    );
    row.8 = chained(&head.hash, &row);
    let insert = "INSERT INTO audit (seq, at, recorded_ms, actor, action, application_id, detail, document_sha256, hash) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    within!(tx, c => sqlx::query(insert).bind(row.0).bind(&row.1).bind(row.2).bind(&row.3).bind(&row.4).bind(row.5)
        .bind(&row.6).bind(&row.7).bind(&row.8).execute(c).await.map(drop))?;
    let advance = "UPDATE audit_head SET hash = $1 WHERE id = 1";
    within!(tx, c => sqlx::query(advance).bind(&row.8).execute(c).await.map(drop))?;
    Ok(AuditHead { seq: row.0, hash: row.8 })
}

/// SHA-256 over the hash before and every member, each with its length before it, so that nothing can move between members.
fn chained(before: &str, row: &StoredRow) -> String {
    let (seq, at, recorded_ms, actor, action, application, detail, document, _) = row;
    let application = application.map(|id| id.to_string()).unwrap_or_default();
    let (seq, recorded) = (seq.to_string(), recorded_ms.to_string());
    let members = [before, &seq, at, &recorded, actor, action, &application, detail, document];
    let hash = members.iter().fold(Sha256::new(), |hash, member| {
        hash.chain_update((member.len() as u64).to_le_bytes()).chain_update(member.as_bytes())
    });
    hex::encode(hash.finalize())
}

/// The fixed-width text of an instant, as columns hold it.
pub(crate) fn instant(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// PostgreSQL's text holds no NUL.
pub(crate) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

pub(crate) fn read_instant(what: &str, text: &str) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|_| StoreError::Unreadable {
        what: what.into(),
        path: "at".into(),
        expected: "an instant".into(),
    })
}

impl Store {
    /// Writes an audit row that belongs to no change of an application: a sign-in, a command.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut tx = self.db().begin().await?;
        let head = take_head(&mut tx).await?;
        let written = append(&mut tx, head, entry, None).await?;
        Ok(commit(self.db(), tx, &written).await?)
    }

    /// What was done with one application, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_of(&self, id: ApplicationId) -> Result<Vec<AuditRow>, StoreError> {
        let select = "SELECT seq, at, actor, action, detail FROM audit WHERE application_id = $1 ORDER BY seq";
        let rows: Vec<(i64, String, String, String, String)> =
            read!(self.db(), pool => sqlx::query_as(select).bind(id.0).fetch_all(pool).await?);
        let row = |(seq, at, actor, action, detail): (i64, String, String, String, String)| {
            Ok(AuditRow { seq, at: read_instant("audit row", &at)?, actor, action, detail })
        };
        rows.into_iter().map(row).collect()
    }

    /// Reads the whole trail and every application, and says whether they are as they were written.
    ///
    /// # Errors
    /// The database failed; a broken trail is an answer, not an error.
    pub async fn verify_audit(&self) -> Result<AuditVerdict, StoreError> {
        self.verify_audit_since(None).await
    }

    /// [`Store::verify_audit`], and the trail must contain `exported`, a head it had earlier: that finds a trail cut short or
    /// rolled back as a whole.
    ///
    /// # Errors
    /// The database failed.
    pub async fn verify_audit_since(&self, exported: Option<&AuditHead>) -> Result<AuditVerdict, StoreError> {
        let mut tx = self.db().begin_snapshot().await?;
        let mut walk = Walk::new(exported.cloned());
        within!(&mut tx, c => {
            let mut rows = sqlx::query_as::<_, StoredRow>(TRAIL).fetch(c);
            while let Some(row) = rows.try_next().await? {
                if let Some(broken) = walk.step(&row) {
                    return Ok(broken);
                }
            }
        });
        let select = "SELECT seq, hash FROM audit_head WHERE id = 1";
        let head: Option<(i64, String)> = within!(&mut tx, c => sqlx::query_as(select).fetch_optional(c).await)?;
        let head = head.map(|(seq, hash)| AuditHead { seq, hash });
        if let Some(broken) = walk.end(head) {
            return Ok(broken);
        }
        within!(&mut tx, c => {
            let mut rows = sqlx::query_as::<_, (i64, String)>("SELECT id, document FROM application").fetch(c);
            while let Some((id, document)) = rows.try_next().await? {
                if let Some(broken) = walk.application(id, &document) {
                    return Ok(broken);
                }
            }
        });
        Ok(walk.verdict())
    }
}

/// The verifier's walk along the trail.
struct Walk {
    head: AuditHead,
    exported: Option<AuditHead>,
    documents: BTreeMap<i64, (i64, String)>,
}

impl Walk {
    fn new(exported: Option<AuditHead>) -> Self {
        Walk { head: AuditHead { seq: 0, hash: String::new() }, exported, documents: BTreeMap::new() }
    }

    fn broken(&self, what: &str) -> Option<AuditVerdict> {
        Some(AuditVerdict::Broken { seq: self.head.seq, what: what.to_owned() })
    }

    fn step(&mut self, row: &StoredRow) -> Option<AuditVerdict> {
        if row.0 != self.head.seq + 1 {
            return self.broken("the next row is missing or out of order");
        }
        let chained = chained(&self.head.hash, row);
        self.head = AuditHead { seq: row.0, hash: chained };
        if self.head.hash != row.8 {
            return self.broken("the row is not what was written");
        }
        if let Some(id) = row.5 {
            self.documents.insert(id, (row.0, row.7.clone()));
        }
        if self.exported.as_ref().is_some_and(|exported| exported.seq == row.0 && exported.hash != row.8) {
            return self.broken("the trail is not the one exported earlier");
        }
        None
    }

    fn end(&self, stored: Option<AuditHead>) -> Option<AuditVerdict> {
        if self.exported.as_ref().is_some_and(|exported| exported.seq > self.head.seq) {
            return self.broken("the trail ends before the head exported earlier");
        }
        if stored.as_ref() == Some(&self.head) {
            None
        } else {
            self.broken("the last row is not the head: rows are missing")
        }
    }

    fn application(&mut self, id: i64, document: &str) -> Option<AuditVerdict> {
        match self.documents.remove(&id) {
            Some((_, hash)) if hash == sha256_hex(document.as_bytes()) => None,
            Some((seq, _)) => {
                Some(AuditVerdict::Broken { seq, what: format!("application {id} is not as this row left it") })
            }
            None => self.broken(&format!("application {id} is in no row")),
        }
    }

    fn verdict(self) -> AuditVerdict {
        match self.documents.iter().next() {
            Some((id, (seq, _))) => {
                AuditVerdict::Broken { seq: *seq, what: format!("application {id} of this row is gone") }
            }
            None => AuditVerdict::Whole(self.head),
        }
    }
}
