//! A bad line: passes connections on to a neighbour on loopback and spoils them as told, while they run.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the line does. Byte counts are of one connection, from the neighbour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is wrong.
    #[default]
    None,
    /// Nobody listens, and every connection is closed.
    Down,
    /// Each piece comes so much later.
    Delay(Duration),
    /// So many bytes a second.
    Rate(u64),
    /// After so many bytes nothing comes any more, and nothing ends.
    BlackHole(u64),
    /// Both directions are closed after so many bytes.
    Cut(u64),
    /// The neighbour's direction is closed after so many bytes, ours stays open.
    HalfClose(u64),
}

/// Longest conversation that is remembered.
const MOST_SAID: usize = 1 << 20;
/// Pieces that are passed on at once.
const PIECE: usize = 16 * 1024;
const LOOK: Duration = Duration::from_millis(10);

/// The line. It ends, with every connection on it, on drop.
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    line: Arc<Line>,
}

struct Line {
    to: u16,
    fault: Mutex<Fault>,
    /// What the side that calls has said.
    said: Mutex<Vec<u8>>,
    passed: AtomicU64,
    calls: AtomicUsize,
    over: AtomicBool,
}

impl Proxy {
    /// A good line to a port on loopback.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(to: u16) -> io::Result<Proxy> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let line = Arc::new(Line {
            to,
            fault: Mutex::default(),
            said: Mutex::default(),
            passed: AtomicU64::new(0),
            calls: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let own = Arc::clone(&line);
        std::thread::spawn(move || own.listen(listener, port));
        Ok(Proxy { port, line })
    }

    /// Changes the line from now on, for the connections on it too.
    pub fn set(&self, fault: Fault) {
        *self.line.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Bytes passed on from the neighbour so far.
    pub fn passed(&self) -> u64 {
        self.line.passed.load(Ordering::Relaxed)
    }

    /// Connections made so far.
    pub fn calls(&self) -> usize {
        self.line.calls.load(Ordering::Relaxed)
    }

    /// What the side that calls has said on all connections, its first MiB.
    pub fn said(&self) -> Vec<u8> {
        self.line.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.line.over.store(true, Ordering::Relaxed);
    }
}

impl Line {
    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn listen(self: Arc<Self>, listener: TcpListener, port: u16) {
        let mut listener = Some(listener);
        while !self.over() {
            if self.fault() == Fault::Down {
                listener = None;
            } else if listener.is_none() {
                listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
            }
            let accepted = listener.as_ref().and_then(|listener| {
                listener.set_nonblocking(true).ok()?;
                listener.accept().ok()
            });
            let Some((caller, _)) = accepted else {
                std::thread::sleep(LOOK);
                continue;
            };
            let Ok(neighbour) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.to)) else { continue };
            self.calls.fetch_add(1, Ordering::Relaxed);
            for (from, to, answers) in [(&caller, &neighbour, false), (&neighbour, &caller, true)] {
                let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { continue };
                let line = Arc::clone(&self);
                // How a bad line ends is the point of it.
                std::thread::spawn(move || drop(line.pass(from, to, answers)));
            }
        }
    }

    /// One direction of one connection, until it ends.
    fn pass(&self, mut from: TcpStream, mut to: TcpStream, answers: bool) -> io::Result<()> {
        from.set_nonblocking(false)?;
        from.set_read_timeout(Some(LOOK))?;
        to.set_nodelay(true)?;
        let (mut buffer, mut here) = (vec![0; PIECE], 0u64);
        while !self.over() {
            let fault = self.fault();
            let (both, ours) = match fault {
                Fault::Down => (true, false),
                Fault::Cut(after) => (answers && here >= after, false),
                Fault::HalfClose(after) => (false, answers && here >= after),
                Fault::None | Fault::Delay(_) | Fault::Rate(_) | Fault::BlackHole(_) => (false, false),
            };
            if both {
                from.shutdown(Shutdown::Both)?;
                return to.shutdown(Shutdown::Both);
            }
            if ours {
                to.shutdown(Shutdown::Write)?;
                return Ok(());
            }
            if matches!(fault, Fault::BlackHole(after) if here >= after || !answers) {
                std::thread::sleep(LOOK);
                continue;
            }
            let n = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => continue,
                Err(error) => return Err(error),
            };
            match fault {
                Fault::Delay(by) => std::thread::sleep(by),
                Fault::Rate(a_second) => std::thread::sleep(Duration::from_secs_f64(n as f64 / a_second as f64)),
                Fault::None | Fault::Down | Fault::BlackHole(_) | Fault::Cut(_) | Fault::HalfClose(_) => {}
            }
            if answers {
                here += n as u64;
                self.passed.fetch_add(n as u64, Ordering::Relaxed);
            } else {
                let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
                let room = MOST_SAID.saturating_sub(said.len()).min(n);
                said.extend_from_slice(&buffer[..room]);
            }
            to.write_all(&buffer[..n])?;
        }
        to.shutdown(Shutdown::Write)
    }
}
