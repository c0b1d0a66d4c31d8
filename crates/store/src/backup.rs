//! Backup while running, and restore to an empty place.
//!
//! A backup is a folder: `backup.json` (what it is, and the size and SHA-256 of every file), the database at one moment
//! (`desk.sqlite`, or `tables.jsonl` with one row a line from PostgreSQL), and `blobs/`. It gets its name when it is whole.

use crate::blobs::{blocking, list, sync_folder};
use crate::db::{Db, SCHEMA_VERSION, Tx, migrate_to, sqlite_path, within};
use crate::{AuditHead, AuditVerdict, Blobs, Store, StoreConfig, StoreError};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const FORMAT: &str = "filmdesk-backup-1";
const MANIFEST: &str = "backup.json";
const SQLITE_FILE: &str = "desk.sqlite";
const POSTGRES_FILE: &str = "tables.jsonl";

/// Every table but `session`, in an order in which rows can be inserted. A restored desk signs everybody out.
const TABLES: [&str; 9] =
    ["secret", "counter", "application", "job", "audit", "audit_head", "staff", "setting", "rule_overlay"];

/// What was backed up or restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Schema version of the database in it.
    pub schema: i64,
    /// End of the audit trail in it.
    pub head: AuditHead,
    /// Files in it, the database included.
    pub n_files: usize,
    /// Their bytes.
    pub size_bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: String,
    database: String,
    schema: i64,
    audit_seq: i64,
    audit_hash: String,
    files: Vec<ManifestFile>,
}

#[derive(Serialize, Deserialize)]
struct ManifestFile {
    name: String,
    size_bytes: u64,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct DumpedRow {
    table: String,
    row: serde_json::Value,
}

impl Manifest {
    fn summary(&self) -> Backup {
        Backup {
            schema: self.schema,
            head: AuditHead { seq: self.audit_seq, hash: self.audit_hash.clone() },
            n_files: self.files.len(),
            size_bytes: self.files.iter().map(|file| file.size_bytes).sum(),
        }
    }
}

impl Store {
    /// Writes a backup to the folder `to`, which must not exist. The desk goes on meanwhile: the database is that of one
    /// moment, and every file it names is in the backup.
    ///
    /// # Errors
    /// `to` exists, or something cannot be read or written; there is no folder `to` then.
    pub async fn backup(&self, to: &Path) -> Result<Backup, StoreError> {
        if to.exists() {
            return Err(StoreError::BadBackup(format!("{} exists already", to.display())));
        }
        let partial = to.with_added_extension("partial");
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(StoreError::file("could not remove", &partial))?;
        }
        fs::create_dir_all(partial.join("blobs")).map_err(StoreError::file("could not make the folder", &partial))?;
        let mut files = Vec::new();
        // A file is stored before a row names it, so what the snapshot names is there before or right after it; what is
        // removed in between was copied before.
        files.extend(self.copy_blobs(&partial).await?);
        let (name, database, head) = match self.db() {
            Db::Sqlite { path, .. } => (SQLITE_FILE, "sqlite", vacuum_into(path, &partial.join(SQLITE_FILE)).await?),
            Db::Postgres(_) => (POSTGRES_FILE, "postgres", dump(self.db(), &partial.join(POSTGRES_FILE)).await?),
        };
        files.extend(self.copy_blobs(&partial).await?);
        let (folder, target) = (partial.clone(), to.to_owned());
        blocking(move || {
            files.push(described(&folder, name)?);
            let manifest = Manifest {
                format: FORMAT.into(),
                database: database.into(),
                schema: SCHEMA_VERSION,
                audit_seq: head.seq,
                audit_hash: head.hash,
                files,
            };
            write_manifest(&folder, &manifest)?;
            fs::rename(&folder, &target).map_err(StoreError::file("could not rename to", &target))?;
            sync_folder(target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
            Ok(manifest.summary())
        })
        .await
    }

    /// Copies the blobs that are not in the backup yet; one that is removed meanwhile is left out.
    async fn copy_blobs(&self, partial: &Path) -> Result<Vec<ManifestFile>, StoreError> {
        let (blobs, partial) = (self.blobs().clone(), partial.to_owned());
        blocking(move || {
            let mut files = Vec::new();
            for key in list(blobs.root())? {
                let (from, name) = (blobs.path(&key)?, format!("blobs/{key}"));
                let to = partial.join(&name);
                if to.exists() {
                    continue;
                }
                match File::open(&from) {
                    Ok(file) => files.push(copy_described(file, &to, name)?),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(StoreError::file("could not open", &from)(error)),
                }
            }
            Ok(files)
        })
        .await
    }

    /// Restores a backup to an empty place: no database file (or an empty PostgreSQL database) and no blobs. Every file is
    /// compared with its checksum first, and the audit trail is verified at the end.
    ///
    /// # Errors
    /// [`StoreError::BadBackup`] says what does not fit; the backup itself is never changed.
    pub async fn restore(from: &Path, config: &StoreConfig) -> Result<Backup, StoreError> {
        let (folder, blobs) = (from.to_owned(), config.blobs.clone());
        let manifest = blocking(move || {
            let manifest = read_manifest(&folder)?;
            if blobs.exists() && !list(&blobs)?.is_empty() {
                return Err(StoreError::BadBackup(format!("{} already holds files", blobs.display())));
            }
            Ok(manifest)
        })
        .await?;
        let sqlite = sqlite_path(&config.url)?;
        match (&sqlite, manifest.database.as_str()) {
            (Some(_), "sqlite") | (None, "postgres") => {}
            (_, other) => {
                return Err(StoreError::BadBackup(format!("it is of a {other} database, this desk's is not")));
            }
        }
        if sqlite.as_ref().is_some_and(|path| path.exists()) {
            return Err(StoreError::BadBackup("there is a database already: restore to an empty place".into()));
        }
        let db = if sqlite.is_none() { Some(empty_postgres(config).await?) } else { None };
        restore_blobs(from, &config.blobs, &manifest).await?;
        match (sqlite, db) {
            (Some(path), _) => {
                let file = from.join(SQLITE_FILE);
                blocking(move || put_sqlite(&file, &path)).await?;
            }
            (None, Some(db)) => load(&db, &from.join(POSTGRES_FILE), manifest.schema).await?,
            (None, None) => {}
        }
        Store::migrate(config).await?;
        let store = Store::open(config).await?;
        store.sign_everybody_out().await?;
        let verdict = store.verify_audit_since(Some(&manifest.summary().head)).await?;
        store.close().await;
        match verdict {
            AuditVerdict::Whole(_) => Ok(manifest.summary()),
            AuditVerdict::Broken { seq, what } => {
                Err(StoreError::BadBackup(format!("its audit trail is broken near row {seq}: {what}")))
            }
        }
    }

    async fn sign_everybody_out(&self) -> Result<(), StoreError> {
        let mut tx = self.db().begin().await?;
        within!(&mut tx, c => sqlx::query("DELETE FROM session").execute(c).await.map(drop))?;
        Ok(tx.commit().await?)
    }
}

const HEAD: &str = "SELECT seq, hash FROM audit_head WHERE id = 1";

/// One consistent file, written by SQLite itself beside its writers.
async fn vacuum_into(path: &Path, to: &Path) -> Result<AuditHead, StoreError> {
    let mut connection =
        SqliteConnection::connect_with(&sqlx::sqlite::SqliteConnectOptions::new().filename(path)).await?;
    sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy()).execute(&mut connection).await?;
    connection.close().await?;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(to).read_only(true);
    let mut copy = SqliteConnection::connect_with(&options).await?;
    let (whole,): (String,) = sqlx::query_as("PRAGMA integrity_check").fetch_one(&mut copy).await?;
    let (seq, hash): (i64, String) = sqlx::query_as(HEAD).fetch_one(&mut copy).await?;
    copy.close().await?;
    if whole != "ok" {
        return Err(StoreError::BadBackup(format!("the database is damaged: {whole}")));
    }
    Ok(AuditHead { seq, hash })
}

/// Every row of one moment, a line each.
async fn dump(db: &Db, to: &Path) -> Result<AuditHead, StoreError> {
    let mut tx = db.begin_snapshot().await?;
    let failed = || StoreError::file("could not write", to);
    let mut file = BufWriter::new(File::create_new(to).map_err(failed())?);
    for table in TABLES {
        let rows = format!("SELECT row_to_json(t)::text FROM (SELECT * FROM {table} ORDER BY 1) t");
        within!(&mut tx, c => {
            let mut rows = sqlx::query_as::<_, (String,)>(AssertSqlSafe(rows.as_str())).fetch(c);
            while let Some((row,)) = rows.try_next().await? {
                writeln!(file, r#"{{"table":"{table}","row":{row}}}"#).map_err(failed())?;
            }
        });
    }
    let file = file.into_inner().map_err(|error| failed()(error.into_error()))?;
    file.sync_all().map_err(failed())?;
    let (seq, hash): (i64, String) = within!(&mut tx, c => sqlx::query_as(HEAD).fetch_one(c).await)?;
    Ok(AuditHead { seq, hash })
}

/// Connects to a PostgreSQL database and makes sure that there is no desk in it.
async fn empty_postgres(config: &StoreConfig) -> Result<Db, StoreError> {
    let db = Db::connect(config).await?;
    match db.schema_version().await? {
        0 => Ok(db),
        _ => Err(StoreError::BadBackup("there is a desk in the database already: restore to an empty one".into())),
    }
}

/// Puts every row back in one transaction, under the schema it was written with.
async fn load(db: &Db, from: &Path, schema: i64) -> Result<(), StoreError> {
    migrate_to(db, schema).await?;
    let failed = || StoreError::file("could not read", from);
    let bad = |line: usize| StoreError::BadBackup(format!("line {line} of {POSTGRES_FILE} is no row"));
    let mut tx = db.begin().await?;
    for table in ["audit_head", "counter", "secret"] {
        // The rows a new schema starts with.
        execute(&mut tx, format!("DELETE FROM {table}")).await?;
    }
    for (number, line) in BufReader::new(File::open(from).map_err(failed())?).lines().enumerate() {
        let line = line.map_err(failed())?;
        let row: DumpedRow = serde_json::from_str(&line).map_err(|_| bad(number + 1))?;
        let table = TABLES.into_iter().find(|table| *table == row.table).ok_or_else(|| bad(number + 1))?;
        let insert = format!("INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, $1::json)");
        let row = row.row.to_string();
        within!(&mut tx, c => sqlx::query(AssertSqlSafe(insert.as_str())).bind(&row).execute(c).await.map(drop))?;
    }
    for table in ["job", "rule_overlay"] {
        let next = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), COALESCE((SELECT MAX(id) FROM {table}), 0) + 1, false)"
        );
        execute(&mut tx, next).await?;
    }
    tx.commit().await?;
    db.close().await;
    Ok(())
}

async fn execute(tx: &mut Tx, statement: String) -> Result<(), sqlx::Error> {
    within!(tx, c => sqlx::query(AssertSqlSafe(statement.as_str())).execute(c).await.map(drop))
}

async fn restore_blobs(from: &Path, blobs: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    let blobs = Blobs::at(blobs).await?;
    for file in &manifest.files {
        if let Some(key) = file.name.strip_prefix("blobs/") {
            blobs.put_copy(key, &from.join(&file.name)).await?;
        }
    }
    Ok(())
}

/// The file appears under its name when it is whole.
fn put_sqlite(from: &Path, path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(StoreError::file("could not make the folder", folder))?;
    let partial = path.with_added_extension("restoring");
    let file = File::open(from).map_err(StoreError::file("could not open", from))?;
    drop(fs::remove_file(&partial));
    crate::blobs::copy(&file, &partial).map_err(StoreError::file("could not write", &partial))?;
    fs::rename(&partial, path).map_err(StoreError::file("could not rename to", path))?;
    sync_folder(folder)
}

fn write_manifest(folder: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    let path = folder.join(MANIFEST);
    let write = || {
        let mut file = File::create_new(&path)?;
        serde_json::to_writer_pretty(&mut file, manifest)?;
        file.sync_all()
    };
    write().map_err(StoreError::file("could not write", &path))?;
    sync_folder(folder)
}

/// Reads what the backup says of itself and compares every file with it.
fn read_manifest(folder: &Path) -> Result<Manifest, StoreError> {
    let bad = |what: String| Err(StoreError::BadBackup(what));
    let path = folder.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(StoreError::file("could not read", &path))?;
    let Ok(manifest) = serde_json::from_str::<Manifest>(&text) else {
        return bad(format!("{MANIFEST} cannot be read"));
    };
    if manifest.format != FORMAT {
        return bad(format!("{MANIFEST} is of the format {}, not {FORMAT}", manifest.format));
    }
    if !(1..=SCHEMA_VERSION).contains(&manifest.schema) {
        return Err(StoreError::Newer { found: manifest.schema, known: SCHEMA_VERSION });
    }
    let database = if manifest.database == "sqlite" { SQLITE_FILE } else { POSTGRES_FILE };
    if !manifest.files.iter().any(|file| file.name == database) {
        return bad(format!("{database} is missing from {MANIFEST}"));
    }
    for file in &manifest.files {
        let known = file.name.strip_prefix("blobs/").is_some_and(|key| !key.is_empty()) || file.name == database;
        if !known || file.name.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
            return bad(format!("{} is no file of a backup", file.name));
        }
        let found = described(folder, &file.name)?;
        if (found.size_bytes, &found.sha256) != (file.size_bytes, &file.sha256) {
            return bad(format!("{} is damaged", file.name));
        }
    }
    Ok(manifest)
}

fn described(folder: &Path, name: &str) -> Result<ManifestFile, StoreError> {
    let path = folder.join(name);
    let open = || File::open(&path);
    hashed(open().map_err(StoreError::file("could not open", &path))?, io::sink(), name.to_owned())
        .map_err(StoreError::file("could not read", &path))
}

fn copy_described(from: File, to: &PathBuf, name: String) -> Result<ManifestFile, StoreError> {
    let copy = || {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        let file = File::create_new(to)?;
        let described = hashed(from, &file, name)?;
        file.sync_all()?;
        Ok(described)
    };
    copy().map_err(StoreError::file("could not write", to))
}

fn hashed(mut from: impl Read, mut to: impl Write, name: String) -> io::Result<ManifestFile> {
    let (mut hash, mut size_bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let n = from.read(&mut buffer)?;
        if n == 0 {
            return Ok(ManifestFile { name, size_bytes, sha256: hex::encode(hash.finalize()) });
        }
        hash.update(&buffer[..n]);
        to.write_all(&buffer[..n])?;
        size_bytes += n as u64;
    }
}
