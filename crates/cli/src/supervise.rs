//! Stopping on a signal, and keeping one worker alive beside the server.

use rustix::process::{Pid, Signal, kill_process};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Turns true at SIGTERM or SIGINT.
pub fn stop_signal() -> watch::Receiver<bool> {
    let (tell, hear) = watch::channel(false);
    let listen = |kind| signal(kind).expect("signals can be listened to inside the runtime");
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate()), listen(SignalKind::interrupt()));
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        let _ = tell.send(true);
        // A second signal does not wait.
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        std::process::exit(1);
    });
    hear
}

/// Rises with every SIGHUP: the rules are to be read again.
pub fn reload_signal() -> watch::Receiver<u64> {
    let (tell, hear) = watch::channel(0);
    let mut hangup = signal(SignalKind::hangup()).expect("signals can be listened to inside the runtime");
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tell.send_modify(|times| *times += 1);
        }
    });
    hear
}

/// Time a worker has to let its jobs go.
const GRACE: Duration = Duration::from_secs(15);
/// Pauses between two starts of a worker that dies.
const PAUSES: [u64; 5] = [0, 1, 5, 15, 30];
/// A worker that lived so long starts anew without a pause.
const LIVED: Duration = Duration::from_secs(60);

/// Starts a worker, and again when it ends, until `stop`; passes on that the rules are to be read again.
pub fn worker(
    config: Option<PathBuf>,
    demo: bool,
    mut stop: watch::Receiver<bool>,
    mut reload: watch::Receiver<u64>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut deaths = 0;
        while !*stop.borrow() {
            let started = Instant::now();
            let mut child = match command(config.as_ref(), demo).spawn() {
                Ok(child) => child,
                Err(error) => {
                    tracing::error!(%error, "the worker could not be started");
                    return;
                }
            };
            loop {
                tokio::select! {
                    ended = child.wait() => break tracing::warn!(?ended, "the worker ended"),
                    () = told(&mut stop) => return end(child).await,
                    Ok(()) = reload.changed() => send(&child, Signal::HUP),
                }
            }
            deaths = if started.elapsed() > LIVED { 0 } else { deaths + 1 };
            let pause = Duration::from_secs(PAUSES[deaths.min(PAUSES.len() - 1)]);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = told(&mut stop) => return,
            }
        }
    })
}

/// Until `stop` turns true.
pub async fn told(stop: &mut watch::Receiver<bool>) {
    // The sender lives as long as the process; without it, stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn command(config: Option<&PathBuf>, demo: bool) -> Command {
    // The program as it was started, also when its file was replaced meanwhile.
    let mut command = Command::new("/proc/self/exe");
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    command.args(["work", "--supervised"]).stdin(Stdio::null()).kill_on_drop(true);
    if demo {
        command.arg("--demo");
    }
    command
}

fn send(child: &Child, signal: Signal) {
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        let _ = kill_process(pid, signal);
    }
}

async fn end(mut child: Child) {
    send(&child, Signal::TERM);
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        tracing::warn!("the worker did not end in time and is killed; its jobs are taken up again at the next start");
        let _ = child.kill().await;
    }
}
