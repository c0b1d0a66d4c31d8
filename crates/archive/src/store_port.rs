//! Our Storage SCP: open while a fetch by C-MOVE waits for objects, and only for those.
//!
//! An association is admitted when an open fetch expects this AE title from this address; an object is taken when that
//! fetch's list holds it and, where the archive names the move it belongs to, the move is ours. Everything else is
//! refused with its reason.

use crate::config::DimseConfig;
use crate::dimse::Receiver;
use crate::error::ArchiveError;
use crate::spool::Spool;
use crate::tls::Tls;
use filmdesk_dimse::{
    AeTitle, Implementation, Limits, Peer, Reject, ScpOptions, StoreHandler, StoreReceiver, StoreRequest, StoreScp,
    StoreStatus, SubOperations, Timeouts,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Which archive may call, and as whom.
pub(crate) struct Caller {
    addresses: BTreeSet<IpAddr>,
    calling: BTreeSet<String>,
    called: AeTitle,
}

impl Caller {
    pub async fn of(config: &DimseConfig, archive: &AeTitle, us: &AeTitle) -> Result<Caller, ArchiveError> {
        let mut addresses = BTreeSet::new();
        for host in std::iter::once(&config.host).chain(&config.store_from_host) {
            let resolved = tokio::net::lookup_host((host.as_str(), 0)).await;
            let resolved =
                resolved.map_err(|source| filmdesk_dimse::DimseError::Resolve { host: host.clone(), source })?;
            addresses.extend(resolved.map(|address| address.ip().to_canonical()));
        }
        let calling = std::iter::once(archive.as_str()).chain(config.store_from_ae.iter().map(|ae| ae.trim()));
        Ok(Caller { addresses, calling: calling.map(str::to_owned).collect(), called: us.clone() })
    }
}

/// One open fetch.
struct Expected {
    caller: Caller,
    /// Message ID of the C-MOVE in progress.
    originator: AtomicU16,
    /// Whether an object need not name it.
    anonymous: bool,
    /// One came that did not, and had to.
    unnamed: AtomicBool,
    spool: Spool,
}

impl Expected {
    /// PS3.8 rejection reasons in the order a peer would want to know them.
    fn admits(&self, peer: &Peer) -> Result<(), Reject> {
        if peer.called != self.caller.called.as_str() {
            return Err(Reject::CALLED_AE);
        }
        let known =
            self.caller.calling.contains(&peer.calling) && self.caller.addresses.contains(&peer.address.to_canonical());
        if known { Ok(()) } else { Err(Reject::CALLING_AE) }
    }

    fn takes(&self, request: &StoreRequest) -> bool {
        let wanted = self.spool.wants(&request.sop_instance_uid);
        let moved_by_us = match &request.move_originator {
            Some((ae, id)) => ae == self.caller.called.as_str() && *id == self.originator.load(Ordering::Relaxed),
            None => {
                self.unnamed.fetch_or(wanted && !self.anonymous, Ordering::Relaxed);
                self.anonymous
            }
        };
        moved_by_us && wanted
    }
}

/// A listening port and the fetches that wait at it.
struct Port {
    open: Arc<Mutex<Vec<Arc<Expected>>>>,
    _scp: StoreScp,
    secure: bool,
}

/// Keeps a fetch expected, and the port open, until it is dropped.
pub(crate) struct Expecting {
    port: Arc<Port>,
    expected: Arc<Expected>,
}

impl Expecting {
    /// Names the C-MOVE whose sub-operations are awaited.
    pub fn originates_from(&self, message_id: u16) {
        self.expected.originator.store(message_id, Ordering::Relaxed);
    }
}

impl Expecting {
    /// Whether objects we wait for were refused because they named no C-MOVE.
    pub fn unnamed(&self) -> bool {
        self.expected.unnamed.load(Ordering::Relaxed)
    }
}

impl Drop for Expecting {
    fn drop(&mut self) {
        lock(&self.port.open).retain(|expected| !Arc::ptr_eq(expected, &self.expected));
    }
}

/// Ports in use in this process: two archives may share one.
static PORTS: tokio::sync::Mutex<BTreeMap<SocketAddr, Weak<Port>>> = tokio::sync::Mutex::const_new(BTreeMap::new());

/// Opens the port, if it is not open, and expects the spool's instances there.
pub(crate) async fn expect(
    config: &DimseConfig,
    tls: Option<&Tls>,
    caller: Caller,
    spool: Spool,
) -> Result<Expecting, ArchiveError> {
    let everywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let local = caller.addresses.iter().all(IpAddr::is_loopback);
    let address = config.store_address.unwrap_or(if local { Ipv4Addr::LOCALHOST.into() } else { everywhere });
    let address = SocketAddr::new(address, config.store_port);
    let secure = tls.is_some();
    let mut ports = PORTS.lock().await;
    let port = match ports.get(&address).and_then(Weak::upgrade) {
        Some(port) if port.secure == secure => port,
        Some(_) => {
            let source = io::Error::new(io::ErrorKind::AddrInUse, "archives with and without TLS cannot share it");
            return Err(ArchiveError::StorePort { port: config.store_port, source });
        }
        None => {
            let open = Arc::new(Mutex::new(Vec::new()));
            let options = ScpOptions {
                limits: Limits::default(),
                timeouts: Timeouts { idle: Duration::from_secs(config.idle_seconds), ..Timeouts::default() },
                implementation: Implementation::default(),
                tls: tls.and_then(|tls| tls.server.clone()),
            };
            // The port may serve another fetch after this one, so it does not live on this one's thread.
            let door = Arc::new(Door { open: open.clone() });
            let bound = spool.runtime().spawn(StoreScp::bind(address, options, door)).await;
            let scp = bound.unwrap_or_else(|ended| Err(io::Error::other(ended)));
            let scp = scp.map_err(|source| ArchiveError::StorePort { port: config.store_port, source })?;
            let port = Arc::new(Port { open, _scp: scp, secure });
            ports.insert(address, Arc::downgrade(&port));
            port
        }
    };
    let (originator, unnamed) = (AtomicU16::new(0), AtomicBool::new(false));
    let anonymous = config.store_without_originator;
    let expected = Arc::new(Expected { caller, originator, anonymous, unnamed, spool });
    lock(&port.open).push(expected.clone());
    Ok(Expecting { port, expected })
}

/// Where an association starts to number its messages, so that two moves are not confused.
pub(crate) fn message_number() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0x100);
    NEXT.fetch_add(0x0101, Ordering::Relaxed)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Decides who comes in.
struct Door {
    open: Arc<Mutex<Vec<Arc<Expected>>>>,
}

impl StoreHandler for Door {
    fn admit(&self, peer: &Peer) -> Result<(), Reject> {
        let open = lock(&self.open);
        let mut refused = Reject::CALLING_AE;
        for expected in open.iter() {
            match expected.admits(peer) {
                Ok(()) => return Ok(()),
                Err(reject) => refused = reject,
            }
        }
        Err(refused)
    }

    fn receiver(&self, peer: &Peer) -> Box<dyn StoreReceiver> {
        let here = lock(&self.open).iter().filter(|expected| expected.admits(peer).is_ok()).cloned().collect();
        Box::new(Sorter { here, into: None, refused: 0 })
    }
}

/// Takes each object into the spool that expects it.
struct Sorter {
    here: Vec<Arc<Expected>>,
    into: Option<Receiver>,
    refused: u32,
}

/// After so many objects nobody asked for the association is not worth reading.
const PATIENCE: u32 = 100;

impl StoreReceiver for Sorter {
    fn begin(&mut self, request: &StoreRequest) -> Result<(), StoreStatus> {
        self.into = None;
        let Some(expected) = self.here.iter().find(|expected| expected.takes(request)) else {
            self.refused += 1;
            tracing::warn!(refused = self.refused, "Storage SCP: refused an object that no open fetch expects");
            return Err(StoreStatus::NOT_AUTHORISED);
        };
        let receiver = self.into.insert(Receiver { spool: expected.spool.clone(), open: None });
        receiver.begin(request)
    }
    fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.into.as_mut().map_or(Ok(()), |receiver| receiver.data(bytes))
    }
    fn end(&mut self) -> io::Result<StoreStatus> {
        self.into.as_mut().map_or(Ok(StoreStatus::NOT_AUTHORISED), |receiver| receiver.end())
    }
    fn proceed(&mut self, _: SubOperations) -> ControlFlow<()> {
        let over = self.here.iter().all(|expected| expected.spool.is_over());
        if over || self.refused > PATIENCE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[cfg(test)]
mod tests;
