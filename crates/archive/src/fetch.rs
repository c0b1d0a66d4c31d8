//! Fetching a study: list it, bring it, count what came against the list, ask again for what is missing.
//!
//! Where a request names a study and no more (WADO-RS), the study comes while its list is still being composed, which takes a
//! server longer than sending the study: what came and is not on the list is thrown away when the list is there.
//!
//! What an archive says about its own success is never believed. A fetch ends well when the set of SOP Instance UIDs
//! received equals the set listed at instance level, and in no other way.

use crate::Backend;
use crate::error::ArchiveError;
use crate::find::InstanceListing;
use crate::gates::Gates;
use crate::spool::{Received, Spool};
use filmdesk_dimse::DimseError;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// How far a fetch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchProgress {
    /// Instances complete in the spool.
    pub n_received: u64,
    /// Instances listed; 0 while the list is still to come.
    pub n_listed: u64,
    /// Bytes of data sets written, those of objects in flight included.
    pub bytes: u64,
}

/// A study that arrived complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The archive's list at instance level.
    pub listed: Vec<InstanceListing>,
    /// One file for each of them.
    pub received: Vec<Received>,
    /// SOP Instance UIDs the archive sent beyond its list; they were not kept.
    pub unexpected: Vec<String>,
}

/// How often progress is told.
const TICK: Duration = Duration::from_millis(200);
/// Tries before what is missing is called missing: the study as a whole, then what did not come.
const MAX_ROUNDS: u32 = 4;

/// What one round asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The study as a whole.
    Study,
    /// Series that are missing whole, and lists of instances.
    Missing,
    /// One instance at a time: one bad object ends a request at some archives.
    Singly,
}

/// Brings what `listing` will name into `into`, telling `progress`.
pub(crate) async fn fetch(
    (backend, gates): (Arc<Backend>, Gates),
    study_uid: &str,
    listing: impl Future<Output = Result<Vec<InstanceListing>, ArchiveError>>,
    into: &Path,
    progress: &(dyn Fn(FetchProgress) -> ControlFlow<()> + Sync),
) -> Result<Fetched, ArchiveError> {
    let cancel = CancellationToken::new();
    // Whoever drops this future wants nothing more of it.
    let _abandoned = cancel.clone().drop_guard();
    let mut listing = std::pin::pin!(listing);
    let mut listed = match backend.sends_unlisted() && is_empty(into) {
        true => None,
        false => Some((&mut listing).await?),
    };
    let spool = Spool::new(into, listed.as_deref(), cancel.clone(), gates)?;
    let (list_is_here, list) = oneshot::channel();
    let mut list_is_here = Some(list_is_here);
    let mut work = {
        let (spool, study_uid, list) = (spool.clone(), study_uid.to_owned(), listed.is_none().then_some(list));
        // Objects are written to disk as they arrive, so this needs a thread that may block; with its sockets served by
        // that thread too, nothing is handed from one to another for each piece that comes.
        tokio::task::spawn_blocking(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ArchiveError::Spool)?;
            // As a task of its own, not as what the runtime blocks on: an HTTP body of unknown length comes from its
            // connection's task in pieces of 8 KB, and the poller is asked only when no task is ready, not for each.
            let rounds = runtime.spawn(async move { rounds(&backend, &study_uid, &spool, list).await });
            runtime.block_on(rounds).unwrap_or_else(|panic| Err(ArchiveError::Spool(std::io::Error::other(panic))))
        })
    };
    let mut tick = tokio::time::interval(TICK);
    let tell = |n_listed: Option<usize>| {
        let (n_received, bytes) = spool.counts();
        progress(FetchProgress { n_received, n_listed: n_listed.unwrap_or(0) as u64, bytes })
    };
    let ended = loop {
        tokio::select! {
            ended = &mut work => break ended,
            list = &mut listing, if listed.is_none() => {
                let list = list?;
                spool.learn(&list).map_err(ArchiveError::Spool)?;
                listed = Some(list);
                // Whoever waits for it may have ended; then that is the next to be heard of.
                list_is_here.take().map(|here| here.send(()));
            }
            _ = tick.tick() => if tell(listed.as_ref().map(Vec::len)).is_break() { cancel.cancel() },
        }
    };
    ended.map_err(|panic| ArchiveError::Spool(std::io::Error::other(panic)))??;
    let listed = listed.unwrap_or_default();
    // The last word is a full count; nobody can cancel what is done.
    let _ = tell(Some(listed.len()));
    Ok(Fetched { listed, received: spool.received(), unexpected: spool.unexpected() })
}

/// Whether nothing of an earlier fetch is there.
fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

/// Asks for the study, then for what is missing, at last singly. Without a list (`list` says when it is there) the study is
/// asked for at once.
async fn rounds(
    backend: &Backend,
    study_uid: &str,
    spool: &Spool,
    mut list: Option<oneshot::Receiver<()>>,
) -> Result<(), ArchiveError> {
    // Where some of it is here, an earlier fetch brought it: what is missing is asked for, and not the study.
    let first = match spool.missing().len() {
        _ if list.is_some() => 0,
        0 => return Ok(()),
        n if n < spool.n_listed() => 1,
        _ => 0,
    };
    for round in first..MAX_ROUNDS {
        let missing = spool.missing();
        let ask = match round {
            0 => Ask::Study,
            1 => Ask::Missing,
            _ => Ask::Singly,
        };
        let asked = tokio::select! {
            asked = backend.retrieve(study_uid, &missing, ask, spool) => asked,
            () = spool.cancel().cancelled() => return Err(ArchiveError::Cancelled),
        };
        let mut n_asked = missing.len();
        if let Some(list) = list.take() {
            // Without a list there is nothing to fetch; whoever asked for it knows why there is none.
            let come = tokio::select! {
                come = list => come.is_ok(),
                () = spool.cancel().cancelled() => false,
            };
            if !come {
                return Err(ArchiveError::Cancelled);
            }
            n_asked = spool.n_listed();
        }
        let n_listed = spool.n_listed();
        if let Some(fatal) = spool.take_fatal() {
            return Err(fatal);
        }
        let left = spool.missing();
        if left.is_empty() {
            return Ok(());
        }
        // A backend that was told to stop returns early; what it left is not missing.
        if spool.cancel().is_cancelled() {
            return Err(ArchiveError::Cancelled);
        }
        let last = match asked {
            Ok(()) => None,
            // Nobody there, or nobody who will talk to us: asking for less will not change it.
            Err(error) if left.len() == n_asked && !is_about_objects(&error) => return Err(error),
            Err(error) => Some(Box::new(error)),
        };
        let stuck = ask == Ask::Singly && left.len() == n_asked;
        if stuck || round + 1 == MAX_ROUNDS {
            let missing = left.into_iter().map(|listing| listing.sop_instance_uid).collect();
            return Err(ArchiveError::Incomplete { missing, n_listed, last });
        }
        tracing::info!(
            missing = left.len(),
            n_listed,
            "{} of {n_listed} instances did not arrive: asking again",
            left.len()
        );
    }
    Ok(())
}

/// Whether asking for less may bring more: the archive was there, and choked on something it was to send.
fn is_about_objects(error: &ArchiveError) -> bool {
    const MOVE_DESTINATION_UNKNOWN: u16 = 0xA801;
    let unknown = matches!(error, ArchiveError::Dimse(DimseError::Status { status: MOVE_DESTINATION_UNKNOWN, .. }));
    let ended = matches!(
        error,
        ArchiveError::Dimse(
            DimseError::Status { .. } | DimseError::Aborted { .. } | DimseError::Closed { .. } | DimseError::Io(_)
        )
    );
    let not_there = matches!(error, ArchiveError::Dimse(DimseError::Closed { awaited: DimseError::ASSOCIATION }));
    (ended && !unknown && !not_there) || matches!(error, ArchiveError::Http { status: 500.., .. })
}
