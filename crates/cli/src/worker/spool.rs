//! Where fetched studies lie between weighing and making: one folder an application, with a quota.
//!
//! ```text
//! SPOOL/worker-id                  who this spool belongs to
//! SPOOL/lock                       held by the worker that uses it
//! SPOOL/a123/3f2a…/000001.dcm      a study of application 123, as it came
//! SPOOL/a123/3f2a….json            … complete: what the archive listed, what arrived
//! SPOOL/a123/3f2a….kept            … or what a try that failed leaves for the next
//! SPOOL/a123/gathered/             what gathering and making write
//! ```

use crate::config::SpoolConfig;
use crate::exit::Failed;
use crate::worker::stopped::{Stopped, disk_full, spool_failed};
use filmdesk_archive::{Fetched, InstanceListing, Received};
use filmdesk_desk::ApplicationId;
use rustix::fs::{FlockOperation, flock, statvfs, syncfs};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The spool of one worker.
pub struct Spool {
    config: SpoolConfig,
    /// Stable id of the worker that owns it.
    pub worker: String,
    _lock: File,
}

impl Spool {
    /// Opens the spool, for this process alone.
    pub fn open(config: SpoolConfig) -> Result<Spool, Failed> {
        let place = config.folder.display().to_string();
        let problem = |error: io::Error| Failed::new(format!("the spool {place}: {error}; check `[spool] folder`"));
        fs::create_dir_all(&config.folder).map_err(problem)?;
        let lock = File::create(config.folder.join("lock")).map_err(problem)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            Failed::new(format!("another worker uses the spool {place}; give each worker a [spool] folder of its own"))
        })?;
        let id_file = config.folder.join("worker-id");
        let known = fs::read_to_string(&id_file).map(|id| id.trim().to_owned()).unwrap_or_default();
        let worker = if known.is_empty() { format!("w{:08x}", rand::random::<u32>()) } else { known };
        fs::write(&id_file, &worker).map_err(problem)?;
        Ok(Spool { config, worker, _lock: lock })
    }

    /// The folder of an application.
    pub fn folder(&self, id: ApplicationId) -> PathBuf {
        self.config.folder.join(format!("a{}", id.0))
    }

    /// The applications that have something here.
    pub fn applications(&self) -> io::Result<Vec<ApplicationId>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.config.folder)? {
            let name = entry?.file_name();
            found.extend(name.to_str().and_then(|n| n.strip_prefix('a')?.parse().ok()).map(ApplicationId));
        }
        Ok(found)
    }

    /// Whether `more` bytes may still come: the quota, and what must stay free on the disk.
    pub fn room_for(&self, more: u64) -> Result<(), Stopped> {
        let folder = &self.config.folder;
        let used = size_of(folder).map_err(|e| spool_failed("The spool could not be measured", &e))?;
        if used.saturating_add(more) > self.config.quota_bytes {
            return Err(disk_full(format!(
                "The spool's quota is used up ({used} of {} bytes).",
                self.config.quota_bytes
            )));
        }
        self.free_for(more)
    }

    /// The disk's part of [`Spool::room_for`]: quick enough to be asked while bytes arrive.
    pub fn free_for(&self, more: u64) -> Result<(), Stopped> {
        let disk = statvfs(&self.config.folder)
            .map_err(|e| spool_failed("The spool's disk could not be measured", &e.into()))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < self.config.keep_free_bytes.saturating_add(more) {
            return Err(disk_full(format!("Only {free} bytes are free on the spool's disk, too few for this order.")));
        }
        Ok(())
    }

    /// The folder and the marker of a study.
    pub fn study(&self, id: ApplicationId, archive: &str, study_uid: &str) -> Study {
        let digest = hex::encode(Sha256::digest(format!("{archive}\n{study_uid}")));
        let folder = self.folder(id).join(&digest[..16]);
        Study { marker: folder.with_extension("json"), kept: folder.with_extension("kept"), folder }
    }
}

fn size_of(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        // A file that goes away while the spool is measured counts nothing.
        sum += if kind.is_dir() { size_of(&entry.path())? } else { entry.metadata().map_or(0, |m| m.len()) };
    }
    Ok(sum)
}

/// A study in the spool.
pub struct Study {
    /// Where its files are.
    pub folder: PathBuf,
    marker: PathBuf,
    /// Names the files of a fetch that failed, for the next try.
    kept: PathBuf,
}

impl Study {
    /// What is here, if it is complete: the marker is there and every file has its length.
    pub fn complete(&self) -> Option<Fetched> {
        let marker: Value = serde_json::from_slice(&fs::read(&self.marker).ok()?).ok()?;
        let fetched = read_marker(&marker, &self.folder)?;
        let whole = |r: &Received| fs::metadata(&r.path).is_ok_and(|m| m.len() == r.len);
        fetched.received.iter().all(whole).then_some(fetched)
    }

    /// Makes ready for a fetch: what an earlier try kept stays, and nothing else.
    pub fn prepare(&self) -> io::Result<()> {
        let Some(kept) = self.kept_files() else { return self.clear() };
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if kept.get(&name) != Some(&entry.metadata()?.len()) {
                fs::remove_file(entry.path())?;
            }
        }
        fs::remove_file(&self.kept)
    }

    fn kept_files(&self) -> Option<BTreeMap<String, u64>> {
        let kept = serde_json::from_slice(&fs::read(&self.kept).ok()?).ok()?;
        self.folder.is_dir().then_some(kept)
    }

    /// Notes which files a fetch that failed leaves complete, once they are on the disk, so that the next try need not
    /// bring them again.
    pub fn keep(&self) -> io::Result<()> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|extension| extension == "dcm") {
                files.insert(entry.file_name().to_string_lossy().into_owned(), entry.metadata()?.len());
            }
        }
        syncfs(File::open(&self.folder)?)?;
        fs::write(&self.kept, serde_json::to_vec(&files)?)
    }

    /// Makes room for a new fetch.
    pub fn clear(&self) -> io::Result<()> {
        for result in [fs::remove_file(&self.marker), fs::remove_file(&self.kept), fs::remove_dir_all(&self.folder)] {
            match result {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        fs::create_dir_all(&self.folder)
    }

    /// Notes that everything is here, once it is on the disk: after a power cut the marker must not stand alone.
    pub fn mark_complete(&self, fetched: &Fetched) -> io::Result<()> {
        syncfs(File::open(&self.folder)?)?;
        let temporary = self.marker.with_extension("json-new");
        fs::write(&temporary, write_marker(fetched).to_string())?;
        fs::rename(&temporary, &self.marker)
    }
}

fn write_marker(fetched: &Fetched) -> Value {
    let listed = fetched.listed.iter().map(|i| json!([i.sop_instance_uid, i.sop_class_uid, i.series_uid]));
    let received = fetched.received.iter().map(|r| {
        let file = r.path.file_name().unwrap_or_default().to_string_lossy();
        json!([file, r.sop_instance_uid, r.sop_class_uid, r.transfer_syntax, r.len])
    });
    json!({ "listed": listed.collect::<Vec<_>>(), "received": received.collect::<Vec<_>>(), "unexpected": fetched.unexpected })
}

fn read_marker(marker: &Value, folder: &Path) -> Option<Fetched> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let listed = marker["listed"].as_array()?.iter().map(|row| {
        Some(InstanceListing {
            sop_instance_uid: text(&row[0])?,
            sop_class_uid: text(&row[1])?,
            series_uid: text(&row[2])?,
        })
    });
    let received = marker["received"].as_array()?.iter().map(|row| {
        Some(Received {
            path: folder.join(row[0].as_str()?),
            sop_instance_uid: text(&row[1])?,
            sop_class_uid: text(&row[2])?,
            transfer_syntax: text(&row[3])?,
            len: row[4].as_u64()?,
        })
    });
    let unexpected = marker["unexpected"].as_array()?.iter().map(text);
    Some(Fetched {
        listed: listed.collect::<Option<_>>()?,
        received: received.collect::<Option<_>>()?,
        unexpected: unexpected.collect::<Option<_>>()?,
    })
}
