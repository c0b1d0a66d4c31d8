//! The side of the desk: a few child processes, and what happens when one dies.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::Inspector;
use super::wire::{Answer, Ask, read_bytes, read_json, write_json};
use crate::{Document, Header, Refusal, Report, Source};

/// Inspects in child processes. A child that dies or takes too long is replaced; the object it was reading is refused
/// ([`Refusal::InspectorDied`], [`Refusal::InspectorTimedOut`]) and no other.
pub struct ChildPool {
    command: Vec<OsString>,
    time_outs: TimeOuts,
    size: usize,
    idle: Mutex<Idle>,
    returned: Condvar,
}

/// How long one object may take.
#[derive(Debug, Clone, Copy)]
pub struct TimeOuts {
    /// Reading a header.
    pub header: Duration,
    /// Rendering a frame.
    pub preview: Duration,
    /// Rewriting an object.
    pub transcode: Duration,
    /// A child getting ready.
    pub start: Duration,
}

impl Default for TimeOuts {
    fn default() -> TimeOuts {
        TimeOuts {
            header: Duration::from_secs(20),
            preview: Duration::from_secs(60),
            transcode: Duration::from_secs(900),
            start: Duration::from_secs(20),
        }
    }
}

struct Idle {
    workers: Vec<Worker>,
    started: usize,
}

/// Questions sent ahead of their answers, so that a child never waits. Their bytes stay well under what a pipe holds,
/// so that neither side can block the other.
const AHEAD: usize = 32;
const AHEAD_BYTES: usize = 32 << 10;
/// Objects handed to one child at a time.
const SHARE: usize = 128;

impl ChildPool {
    /// A pool of up to `n` children of `command` (program and arguments), each of which calls [`crate::serve_inspect`]
    /// on its standard input and output. Children start when first needed.
    pub fn new(command: Vec<OsString>, n: usize) -> ChildPool {
        ChildPool {
            command,
            time_outs: TimeOuts::default(),
            size: n.max(1),
            idle: Mutex::new(Idle { workers: Vec::new(), started: 0 }),
            returned: Condvar::new(),
        }
    }

    /// The same with other time-outs.
    pub fn with_time_outs(self, time_outs: TimeOuts) -> ChildPool {
        ChildPool { time_outs, ..self }
    }

    fn with_worker<T>(&self, work: impl FnOnce(&mut Worker) -> T) -> T {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut worker = loop {
            if let Some(worker) = idle.workers.pop() {
                break worker;
            }
            if idle.started < self.size {
                idle.started += 1;
                break Worker { running: None };
            }
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        };
        drop(idle);
        let result = work(&mut worker);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).workers.push(worker);
        self.returned.notify_one();
        result
    }

    fn ask_all(&self, asks: &[Ask]) -> Vec<Result<Reply, Refusal>> {
        self.with_worker(|worker| worker.ask_all(self, asks))
    }

    fn ask_one(&self, ask: Ask) -> Result<Reply, Refusal> {
        self.ask_all(&[ask]).pop().unwrap_or(Err(Refusal::InspectorDied))
    }
}

impl Inspector for ChildPool {
    fn inspect(&self, sources: &[Source]) -> Vec<Result<Header, Refusal>> {
        let shares: Vec<&[Source]> = sources.chunks(SHARE).collect();
        let next = AtomicUsize::new(0);
        let answers: Vec<Mutex<Vec<Result<Header, Refusal>>>> = shares.iter().map(|_| Mutex::default()).collect();
        let work = || {
            while let Some((share, answer)) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                shares.get(at).zip(answers.get(at))
            } {
                let asks: Vec<Ask> = share.iter().map(|source| Ask::Header { source: source.clone() }).collect();
                let headers = self.ask_all(&asks).into_iter().map(|reply| reply.and_then(Reply::header)).collect();
                *answer.lock().unwrap_or_else(PoisonError::into_inner) = headers;
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.size.min(shares.len()) {
                scope.spawn(work);
            }
            work();
        });
        answers.into_iter().flat_map(|answer| answer.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    fn transcode(&self, from: &Path, to: &Path) -> Result<Header, Refusal> {
        let outcome = self.ask_one(Ask::transcode(from, to)).and_then(Reply::header);
        if matches!(outcome, Err(Refusal::InspectorDied | Refusal::InspectorTimedOut { .. })) {
            // What a dead child left half written is nobody's; a child that had not begun left nothing.
            match std::fs::remove_file(to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                Ok(()) | Err(_) => {}
            }
        }
        outcome
    }

    fn preview(&self, source: &Source, frame: u32, max_side: u32) -> Result<Vec<u8>, Refusal> {
        match self.ask_one(Ask::Preview { source: source.clone(), frame, max_side })? {
            Reply::Picture(bytes) => Ok(bytes),
            Reply::Header(_) | Reply::Report(_) => Err(Refusal::InspectorDied),
        }
    }

    fn document(&self, source: &Source) -> Result<Document, Refusal> {
        match self.ask_one(Ask::Document { source: source.clone() })? {
            Reply::Picture(bytes) => Ok(Document::Pdf(bytes)),
            Reply::Report(report) => Ok(Document::Report(*report)),
            Reply::Header(_) => Err(Refusal::InspectorDied),
        }
    }
}

enum Reply {
    Header(Box<Header>),
    Picture(Vec<u8>),
    Report(Box<Report>),
}

impl Reply {
    fn header(self) -> Result<Header, Refusal> {
        match self {
            Reply::Header(header) => Ok(*header),
            Reply::Picture(_) | Reply::Report(_) => Err(Refusal::InspectorDied),
        }
    }
}

/// A place in the pool: a child process, or room for one.
struct Worker {
    running: Option<Running>,
}

struct Running {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<Result<Reply, Refusal>>,
}

/// Why a child gave no answer.
enum Lost {
    Died,
    TimedOut(Duration),
}

impl Worker {
    fn ask_all(&mut self, pool: &ChildPool, asks: &[Ask]) -> Vec<Result<Reply, Refusal>> {
        let mut replies = Vec::with_capacity(asks.len());
        // After a death the questions that were open are asked one by one, so that the right object is blamed.
        let mut one_by_one_until = 0;
        while replies.len() < asks.len() {
            let running = match self.running(pool) {
                Ok(running) => running,
                Err(refusal) => {
                    replies.extend((replies.len()..asks.len()).map(|_| Err(refusal.clone())));
                    return replies;
                }
            };
            let from = replies.len();
            let to = if from < one_by_one_until { from + 1 } else { asks.len() };
            let (lost, open) = running.run(&pool.time_outs, &asks[from..to], &mut replies);
            match lost {
                None => continue,
                Some(Lost::TimedOut(limit)) if open <= 1 => {
                    replies.push(Err(Refusal::InspectorTimedOut { seconds: limit.as_secs() }));
                }
                Some(Lost::Died) if open <= 1 => replies.push(Err(Refusal::InspectorDied)),
                // Answers may have been on their way: which question it was shows when each is asked alone.
                Some(Lost::Died | Lost::TimedOut(_)) => one_by_one_until = replies.len() + open,
            }
            self.running = None;
        }
        replies
    }

    fn running(&mut self, pool: &ChildPool) -> Result<&mut Running, Refusal> {
        let running = match self.running.take() {
            Some(running) => running,
            None => Running::start(&pool.command, pool.time_outs.start)?,
        };
        Ok(self.running.insert(running))
    }
}

impl Running {
    fn start(command: &[OsString], time_out: Duration) -> Result<Running, Refusal> {
        let unavailable = |message: String| Refusal::InspectorUnavailable { message };
        let (program, arguments) = command.split_first().ok_or_else(|| unavailable("no command".to_owned()))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| unavailable(error.to_string()))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(unavailable("no pipes".to_owned()));
        };
        let (to, answers) = sync_channel(2 * AHEAD);
        let (ready_to, ready) = sync_channel(1);
        std::thread::spawn(move || listen(BufReader::with_capacity(64 << 10, stdout), &ready_to, &to));
        let running = Running { child, stdin, answers };
        match ready.recv_timeout(time_out) {
            Ok(()) => Ok(running),
            Err(RecvTimeoutError::Timeout) => Err(unavailable("it does not get ready".to_owned())),
            Err(RecvTimeoutError::Disconnected) => Err(unavailable("it ended at once".to_owned())),
        }
    }

    /// Asks with questions sent ahead; stops at the first one without an answer and says how many were open.
    fn run(
        &mut self,
        time_outs: &TimeOuts,
        asks: &[Ask],
        replies: &mut Vec<Result<Reply, Refusal>>,
    ) -> (Option<Lost>, usize) {
        let mut open: VecDeque<(usize, Duration)> = VecDeque::new();
        let mut open_bytes = 0;
        let mut asks = asks.iter().peekable();
        loop {
            while open.len() < AHEAD && (open.is_empty() || open_bytes < AHEAD_BYTES) {
                let Some(ask) = asks.next() else { break };
                let mut frame = Vec::with_capacity(256);
                let sent = write_json(&mut frame, ask).and_then(|()| self.stdin.write_all(&frame));
                open.push_back((frame.len(), time_outs.of(ask)));
                open_bytes += frame.len();
                if sent.is_err() {
                    return (Some(Lost::Died), open.len());
                }
            }
            let Some((bytes, limit)) = open.front().copied() else { return (None, 0) };
            match self.answers.recv_timeout(limit) {
                Ok(reply) => {
                    open.pop_front();
                    open_bytes -= bytes;
                    replies.push(reply);
                }
                Err(RecvTimeoutError::Timeout) => return (Some(Lost::TimedOut(limit)), open.len()),
                Err(RecvTimeoutError::Disconnected) => return (Some(Lost::Died), open.len()),
            }
        }
    }
}

impl TimeOuts {
    fn of(&self, ask: &Ask) -> Duration {
        match ask {
            Ask::Header { .. } => self.header,
            Ask::Preview { .. } | Ask::Document { .. } => self.preview,
            Ask::Transcode { .. } => self.transcode,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; either way it is waited for, so that none stays behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes answers on until the child's output ends or makes no sense; then the channel closes.
fn listen(mut stdout: impl io::Read, ready: &SyncSender<()>, to: &SyncSender<Result<Reply, Refusal>>) {
    while let Ok(Some(answer)) = read_json::<Answer>(&mut stdout) {
        let reply = match answer {
            Answer::Ready => {
                if ready.send(()).is_err() {
                    return;
                }
                continue;
            }
            Answer::Header(header) => Ok(Reply::Header(header)),
            Answer::Report(report) => Ok(Reply::Report(report)),
            Answer::Refused(refusal) => Err(refusal),
            Answer::Picture => match read_bytes(&mut stdout) {
                Ok(Some(bytes)) => Ok(Reply::Picture(bytes)),
                Ok(None) | Err(_) => return,
            },
        };
        if to.send(reply).is_err() {
            return;
        }
    }
}
