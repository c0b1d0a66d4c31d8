//! `filmdesk work`: a worker by itself, or the one beside a server.

use crate::config::Config;
use crate::exit::Failed;
use crate::hospital::InForce;
use crate::worker::{self, Spool, Worker};
use crate::{demo, desk, supervise};
use clap::Args;
use filmdesk_archive::Archive;
use filmdesk_instance::{ChildPool, Inspector};
use rustix::process::{Signal, set_parent_process_death_signal};
use std::ffi::OsString;
use std::sync::Arc;
use tokio::sync::watch;

/// How to work.
#[derive(Clone, Debug, Args)]
pub struct WorkArgs {
    /// For a demonstration desk: its sample archive, when no other is configured
    #[arg(long)]
    demo: bool,
    /// End when the server ends (what `serve` starts)
    #[arg(long, hide = true)]
    supervised: bool,
}

/// Works until SIGTERM or Ctrl-C.
pub async fn run(mut config: Config, args: &WorkArgs) -> Result<(), Failed> {
    if args.supervised {
        set_parent_process_death_signal(Some(Signal::TERM)).map_err(|e| Failed::new(e.to_string()))?;
    }
    if args.demo {
        demo::configure(&mut config);
    }
    let stopping = supervise::stop_signal();
    let desk = desk::open(&config).await?;
    let spool = Spool::open(config.spool.clone())?;
    let inspector = inspector(&config);
    let archives = archives(&config, &inspector)?;
    if archives.is_empty() {
        tracing::warn!("no [[archive]] is configured: nothing can be found or fetched");
    }
    tracing::info!(worker = spool.worker, archives = archives.len(), "working");
    let rules = InForce::new(desk.rules);
    let reading = tokio::spawn(read_rules_again(config.clone(), rules.clone(), supervise::reload_signal()));
    let worker = Worker {
        store: desk.store.clone(),
        rules,
        zone: desk.zone,
        clock: desk.clock,
        archives,
        inspector,
        spool,
        config: config.worker,
        stopping,
    };
    worker::run(worker).await;
    reading.abort();
    desk.store.close().await;
    Ok(())
}

/// At each SIGHUP: good rules hold from the next job on, bad ones are told in the log and the old ones stay.
async fn read_rules_again(config: Config, rules: InForce, mut reload: watch::Receiver<u64>) {
    while reload.changed().await.is_ok() {
        match rules.read_again(&config) {
            Ok(new) => tracing::info!(rules = &new.hash()[..12], "the worker read the rules again"),
            Err(mistakes) => tracing::error!(%mistakes, "the worker keeps the old rules"),
        }
    }
}

/// Children of this program that read DICOM from outside.
pub fn inspector(config: &Config) -> Arc<dyn Inspector> {
    let limit = |name: &str, value: u64| OsString::from(format!("--{name}={value}"));
    let worker = &config.worker;
    let command = vec![
        // The program as it was started, also when its file was replaced meanwhile.
        "/proc/self/exe".into(),
        "inspect".into(),
        limit("memory-bytes", worker.inspector_memory_bytes),
        limit("cpu-seconds", worker.inspector_cpu_seconds),
        limit("open-files", worker.inspector_open_files),
    ];
    Arc::new(ChildPool::new(command, worker.inspectors))
}

/// Every archive of the configuration; a folder's index is kept in the state folder.
pub fn archives(config: &Config, inspector: &Arc<dyn Inspector>) -> Result<Vec<Archive>, Failed> {
    let index = |n: usize| config.spool.folder.join(format!("index-{n}"));
    let open = |(n, archive): (usize, &filmdesk_archive::ArchiveConfig)| {
        Archive::open(archive.clone(), Arc::clone(inspector), Some(index(n)))
            .map_err(|e| Failed::usage(format!("[[archive]] {}: {e} {}", archive.name, e.next())))
    };
    config.archive.iter().enumerate().map(open).collect()
}
