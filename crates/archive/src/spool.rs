//! Where objects land: numbered Part 10 files, each complete under its name or not there at all.
//!
//! A file's name is a number of ours; nothing an archive says becomes part of a path. What precedes the data set (128
//! zero bytes, `DICM`, the file meta group) is ours too; the data set's bytes are written as they come.

use crate::error::ArchiveError;
use crate::find::InstanceListing;
use crate::gates::{Gate, Gates};
use crate::part10;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// An object that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The file, in the folder given to the fetch.
    pub path: PathBuf,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// What its data set is written in.
    pub transfer_syntax: String,
    /// Bytes of the file.
    pub len: u64,
}

impl Received {
    /// A file of ours as it lies there, and where its data set begins; `None` when it is not one that we ended.
    fn read(path: &Path) -> io::Result<Option<(Received, u64)>> {
        let mut bytes = Vec::new();
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        file.take(LONGEST_HEAD).read_to_end(&mut bytes)?;
        let complete = path.extension().is_some_and(|extension| extension == "dcm");
        let Ok(Some(meta)) = part10::head(&bytes) else { return Ok(None) };
        let part10::Meta { sop_class_uid, sop_instance_uid, transfer_syntax, data_set } = meta;
        let received = Received { path: path.to_owned(), sop_instance_uid, sop_class_uid, transfer_syntax, len };
        Ok(complete.then_some((received, data_set as u64)))
    }
}

/// More than the head we write.
const LONGEST_HEAD: u64 = 4 * 1024;

/// The number of a file of ours, complete or not; `None` for anything else, such as what is put away.
fn number_of(path: &Path) -> Option<u64> {
    let extension = path.extension()?.to_str()?;
    let ours = matches!(extension, "dcm" | "part");
    ours.then(|| path.file_stem()?.to_str()?.parse().ok()).flatten()
}

/// The spool of one fetch, shared by whatever brings its objects.
#[derive(Clone)]
pub(crate) struct Spool {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    gates: Gates,
    state: Mutex<State>,
    bytes: AtomicU64,
    instances: AtomicU64,
    cancel: CancellationToken,
    runtime: Handle,
}

struct State {
    /// What is listed; `None` while the list is still to come.
    wanted: Option<BTreeMap<String, InstanceListing>>,
    received: BTreeMap<String, Received>,
    unexpected: BTreeSet<String>,
    next: u64,
    /// Why nothing of this fetch can be used, once that is so.
    fatal: Option<ArchiveError>,
}

/// Why an object is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// It is not among those listed.
    Unexpected,
    /// It contradicts what is known of it, or there is no room: the fetch is over.
    Fatal,
}

impl Spool {
    /// In a folder that exists or can be made; objects of an earlier fetch that are complete in it are received. Without a
    /// list, what comes is held until there is one ([`Spool::learn`]). To be called on the runtime that outlives the fetch.
    pub fn new(
        folder: &Path,
        wanted: Option<&[InstanceListing]>,
        cancel: CancellationToken,
        gates: Gates,
    ) -> Result<Spool, ArchiveError> {
        fs::create_dir_all(folder).map_err(ArchiveError::Spool)?;
        let wanted = wanted.map(by_uid);
        let state = State { wanted, received: BTreeMap::new(), unexpected: BTreeSet::new(), next: 1, fatal: None };
        let (bytes, instances) = (AtomicU64::new(0), AtomicU64::new(0));
        let spool = Spool {
            shared: Arc::new(Shared {
                folder: folder.to_owned(),
                gates,
                state: Mutex::new(state),
                bytes,
                instances,
                cancel,
                runtime: Handle::current(),
            }),
        };
        spool.take_over().map_err(ArchiveError::Spool)?;
        Ok(spool)
    }

    /// What an earlier fetch left complete in the folder counts as received, as far as it is listed; the rest of it goes.
    fn take_over(&self) -> io::Result<()> {
        let mut state = self.state();
        for entry in fs::read_dir(&self.shared.folder)? {
            let path = entry?.path();
            let Some(number) = number_of(&path) else { continue };
            state.next = state.next.max(number + 1);
            let Some((received, data_set)) = Received::read(&path)? else {
                fs::remove_file(&path)?;
                continue;
            };
            let listed = state.wanted.as_ref().and_then(|wanted| wanted.get(&received.sop_instance_uid));
            let fits = listed.is_some_and(|l| l.sop_class_uid.is_empty() || l.sop_class_uid == received.sop_class_uid);
            if !fits || state.received.contains_key(&received.sop_instance_uid) {
                fs::remove_file(&path)?;
                continue;
            }
            self.shared.instances.fetch_add(1, Ordering::Relaxed);
            self.shared.bytes.fetch_add(received.len - data_set, Ordering::Relaxed);
            state.received.insert(received.sop_instance_uid.clone(), received);
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is changed in single steps, so it is whole even after a panic elsewhere.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the fetch is to stop.
    pub fn is_over(&self) -> bool {
        self.shared.cancel.is_cancelled() || self.state().fatal.is_some()
    }
    /// Cancelled when the caller of the fetch asks for it or goes away.
    pub fn cancel(&self) -> &CancellationToken {
        &self.shared.cancel
    }
    /// Where to run what may outlive this fetch.
    pub fn runtime(&self) -> &Handle {
        &self.shared.runtime
    }
    /// Whether an instance is listed for this fetch.
    pub fn wants(&self, sop_instance_uid: &str) -> bool {
        let listed = |state: &State| state.wanted.as_ref().is_some_and(|wanted| wanted.contains_key(sop_instance_uid));
        !self.shared.gates.hold(Gate::W4) || listed(&self.state())
    }
    /// Instances and bytes so far.
    pub fn counts(&self) -> (u64, u64) {
        (self.shared.instances.load(Ordering::Relaxed), self.shared.bytes.load(Ordering::Relaxed))
    }
    /// How many are listed; none while the list is still to come.
    pub fn n_listed(&self) -> usize {
        self.state().wanted.as_ref().map_or(0, BTreeMap::len)
    }
    /// What is listed and has not arrived.
    pub fn missing(&self) -> Vec<InstanceListing> {
        let state = self.state();
        state
            .wanted
            .iter()
            .flat_map(BTreeMap::values)
            .filter(|w| !state.received.contains_key(&w.sop_instance_uid))
            .cloned()
            .collect()
    }
    /// What came without being listed.
    pub fn unexpected(&self) -> Vec<String> {
        self.state().unexpected.iter().cloned().collect()
    }
    /// The reason the fetch cannot go on, if there is one; it is handed out once.
    pub fn take_fatal(&self) -> Option<ArchiveError> {
        self.state().fatal.take()
    }
    /// What arrived, in the order of its numbers.
    pub fn received(&self) -> Vec<Received> {
        let mut received: Vec<Received> = self.state().received.values().cloned().collect();
        received.sort_by(|a, b| a.path.cmp(&b.path));
        received
    }

    /// The list has come: what arrived before it and is not on it goes.
    pub fn learn(&self, listed: &[InstanceListing]) -> io::Result<()> {
        let mut state = self.state();
        state.wanted = Some(by_uid(listed));
        for (uid, received) in std::mem::take(&mut state.received) {
            if let Err(NotTaken::Unexpected) = state.judge(self.shared.gates, &received.sop_class_uid, &uid) {
                fs::remove_file(&received.path)?;
                self.shared.instances.fetch_sub(1, Ordering::Relaxed);
            } else {
                state.received.insert(uid, received);
            }
        }
        Ok(())
    }

    /// Starts an object.
    pub fn begin(
        &self,
        sop_class_uid: &str,
        sop_instance_uid: &str,
        transfer_syntax: &str,
    ) -> Result<Object, NotTaken> {
        let mut state = self.state();
        state.judge(self.shared.gates, sop_class_uid, sop_instance_uid)?;
        let path = self.shared.folder.join(format!("{:06}.dcm", state.next));
        state.next += 1;
        drop(state);
        let head = filmdesk_instance::file_meta(sop_class_uid, sop_instance_uid, transfer_syntax);
        let received = Received {
            path,
            sop_instance_uid: sop_instance_uid.to_owned(),
            sop_class_uid: sop_class_uid.to_owned(),
            transfer_syntax: transfer_syntax.to_owned(),
            len: 0,
        };
        match Object::create(self.clone(), received, &head) {
            Ok(object) => Ok(object),
            Err(error) => {
                self.state().fatal = Some(ArchiveError::Spool(error));
                Err(NotTaken::Fatal)
            }
        }
    }

    fn failed(&self, error: &io::Error) {
        let mut state = self.state();
        state.fatal.get_or_insert_with(|| ArchiveError::Spool(io::Error::new(error.kind(), error.to_string())));
    }
}

fn by_uid(listed: &[InstanceListing]) -> BTreeMap<String, InstanceListing> {
    listed.iter().map(|listing| (listing.sop_instance_uid.clone(), listing.clone())).collect()
}

impl State {
    /// Whether an object is one of this fetch (W4), as far as the list is known, and of the class it is listed with.
    fn judge(&mut self, gates: Gates, sop_class_uid: &str, sop_instance_uid: &str) -> Result<(), NotTaken> {
        if self.fatal.is_some() {
            return Err(NotTaken::Fatal);
        }
        let Some(wanted) = &self.wanted else { return Ok(()) };
        let listed = match wanted.get(sop_instance_uid) {
            Some(listing) => listing.sop_class_uid.clone(),
            None if !gates.hold(Gate::W4) => return Ok(()),
            None => {
                // Bounded: an archive that pours strangers into us is told off, not remembered.
                if self.unexpected.len() < 1_000 {
                    self.unexpected.insert(sop_instance_uid.to_owned());
                }
                return Err(NotTaken::Unexpected);
            }
        };
        if !listed.is_empty() && listed != sop_class_uid {
            let (sop_instance_uid, received) = (sop_instance_uid.to_owned(), sop_class_uid.to_owned());
            self.fatal = Some(ArchiveError::Contradiction { sop_instance_uid, listed, received });
            return Err(NotTaken::Fatal);
        }
        Ok(())
    }
}

/// An object that is being written; dropped before its end, its file is removed.
pub(crate) struct Object {
    spool: Spool,
    received: Received,
    part: PathBuf,
    file: BufWriter<File>,
    finished: bool,
}

/// Smaller pieces than this are written together.
const PIECE: usize = 64 * 1024;

impl Object {
    fn create(spool: Spool, mut received: Received, head: &[u8]) -> io::Result<Object> {
        let part = received.path.with_extension("part");
        let file = File::options().read(true).write(true).create_new(true).open(&part)?;
        // DICOMweb comes in small pieces; what DIMSE sends is larger than the buffer and goes past it.
        let mut file = BufWriter::with_capacity(PIECE, file);
        file.write_all(head)?;
        received.len = head.len() as u64;
        Ok(Object { spool, received, part, file, finished: false })
    }

    /// Some of the data set, as it came.
    pub fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).inspect_err(|error| self.spool.failed(error))?;
        self.received.len += bytes.len() as u64;
        self.spool.shared.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// All of a data set out of another file, copied by the kernel where it can.
    pub fn copy(&mut self, from: &mut File) -> io::Result<()> {
        self.file.flush()?;
        let n = io::copy(from, self.file.get_mut()).inspect_err(|error| self.spool.failed(error))?;
        self.received.len += n;
        self.spool.shared.bytes.fetch_add(n, Ordering::Relaxed);
        Ok(())
    }

    /// It is complete. The same object again is dropped; another one of the same UID ends the fetch, and both are put
    /// away under names that nothing takes for an object's, for the archive's administrator to look at (W6).
    pub fn end(mut self) -> io::Result<()> {
        let spool = self.spool.clone();
        self.file.flush().inspect_err(|error| spool.failed(error))?;
        let mut state = spool.state();
        // The list may have come while the object did.
        let (class, uid) = (&self.received.sop_class_uid, &self.received.sop_instance_uid);
        if state.judge(spool.shared.gates, class, uid).is_err() {
            return Ok(());
        }
        if let Some(first) = state.received.get(&self.received.sop_instance_uid) {
            let same = first.len == self.received.len && same_contents(self.file.get_mut(), &first.path)?;
            if same {
                return Ok(());
            }
            if !spool.shared.gates.hold(Gate::W6) {
                fs::rename(&self.part, &first.path)?;
                self.finished = true;
                return Ok(());
            }
            let sop_instance_uid = self.received.sop_instance_uid.clone();
            fs::rename(&first.path, first.path.with_extension("quarantine"))?;
            fs::rename(&self.part, self.received.path.with_extension("quarantine"))?;
            self.finished = true;
            state.received.remove(&sop_instance_uid);
            state.fatal.get_or_insert(ArchiveError::Conflict { sop_instance_uid });
            return Ok(());
        }
        fs::rename(&self.part, &self.received.path)?;
        self.finished = true;
        spool.shared.instances.fetch_add(1, Ordering::Relaxed);
        state.received.insert(self.received.sop_instance_uid.clone(), self.received.clone());
        Ok(())
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if !self.finished {
            // It has no final name, so nothing can take it for an object; the spool's wipe takes what is left.
            let _ = fs::remove_file(&self.part);
        }
    }
}

fn same_contents(a: &mut File, b: &Path) -> io::Result<bool> {
    let mut b = File::open(b)?;
    a.seek(SeekFrom::Start(0))?;
    let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let n = a.read(&mut left)?;
        if n == 0 {
            return Ok(b.read(&mut right)? == 0);
        }
        if b.read_exact(&mut right[..n]).is_err() || left[..n] != right[..n] {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests;
