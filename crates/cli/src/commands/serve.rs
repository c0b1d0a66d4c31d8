//! `filmdesk serve`: the pages, and one worker beside them.

use crate::clock::RealClock;
use crate::config::{Config, ListenerConfig};
use crate::desk::{self, private_folder, store_config};
use crate::exit::Failed;
use crate::hospital::{self, InForce};
use crate::{demo, supervise};
use clap::Args;
use filmdesk_desk::Clock;
use filmdesk_store::{Store, StoreError};
use filmdesk_web::{Listener, RulesInForce, ServeError, Server, TlsFiles, WebConfig};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

/// How to serve.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// A demonstration desk: invented patients, a clock on an open Tuesday morning, a banner on every page
    #[arg(long)]
    demo: bool,
    /// Start no worker: one runs elsewhere
    #[arg(long)]
    no_worker: bool,
}

/// Serves until SIGTERM or Ctrl-C.
pub async fn run(mut config: Config, file: Option<PathBuf>, args: &ServeArgs) -> Result<(), Failed> {
    if args.demo {
        demo::configure(&mut config);
    }
    let rules = Arc::new(hospital::rules(&config)?);
    let in_force = InForce::new(Arc::clone(&rules));
    let zone = desk::zone(&rules)?;
    private_folder(&config.state)?;
    let store = open_store(&config).await?;
    let _only_server = store.lock_server().await?;
    let mut background = tokio::task::JoinSet::new();
    let clock: Arc<dyn Clock> = if args.demo {
        let clock = demo::start_clock(&store, &rules).await?;
        demo::write_samples(&config, &clock, &zone).await?;
        demo::make_accounts(&config, &store, &clock).await?;
        background.spawn(demo::write_clock_down(store.clone(), clock.clone()));
        Arc::new(clock)
    } else {
        if desk::demo_offset(&store).await?.is_some() {
            return Err(Failed::usage(
                "this store belongs to a demonstration desk: serve it with --demo, or give another `state`",
            ));
        }
        Arc::new(RealClock)
    };
    check_certificates(&config)?;
    let web = WebConfig {
        store: store.clone(),
        rules,
        clock,
        demo: args.demo,
        public: listener(&config.public),
        staff: listener(&config.staff),
        trusted_proxies: config.trusted_proxies.clone(),
    };
    let server = Server::bind(web).await.map_err(|e| Failed::new(e.to_string()))?;
    let stop = supervise::stop_signal();
    let reload = supervise::reload_signal();
    let worker = (!args.no_worker).then(|| supervise::worker(file, args.demo, stop.clone(), reload.clone()));
    background.spawn(read_rules_again(config.clone(), in_force, server.rules(), reload));
    announce(&config, &server, args, store.users().await?.is_empty());
    let mut stopped = stop.clone();
    server.run(async move { supervise::told(&mut stopped).await }).await;
    println!("Stopping: what a worker was doing goes on at the next start.");
    if let Some(worker) = worker {
        worker.await.map_err(|e| Failed::new(format!("the worker's supervisor: {e}")))?;
    }
    store.close().await;
    Ok(())
}

/// At each SIGHUP: good rules are taken up, bad ones are told in the log and at the counter, and the old ones stay.
async fn read_rules_again(config: Config, rules: InForce, sites: RulesInForce, mut reload: watch::Receiver<u64>) {
    while reload.changed().await.is_ok() {
        let taken_up = rules.read_again(&config).and_then(|new| {
            sites.take_up(&new).map_err(|e| Failed::usage(e.to_string()))?;
            Ok(new)
        });
        match taken_up {
            Ok(new) => tracing::info!(rules = &new.hash()[..12], "the rules were read again and hold from now on"),
            Err(mistakes) => {
                tracing::error!(%mistakes, "the rules were read again and refused; the old ones stay in force");
                sites.refuse(&mistakes.to_string());
            }
        }
    }
}

/// Opens the store; an SQLite file that is not there yet is made.
async fn open_store(config: &Config) -> Result<Store, Failed> {
    let at = store_config(config)?;
    match Store::open(&at).await {
        Err(StoreError::NeedsMigration { found: 0, .. }) if at.url.starts_with("sqlite:") => {
            Store::migrate(&at).await?;
            Ok(Store::open(&at).await?)
        }
        other => Ok(other?),
    }
}

/// Names what is wrong with a listener's certificate before anybody is told an address.
fn check_certificates(config: &Config) -> Result<(), Failed> {
    for (table, ends) in certificates(config) {
        let ends = ends.map_err(|error| Failed::usage(format!("[{table}]: {error}")))?;
        let days = ends.duration_since(RealClock.now()).as_hours() / 24;
        if days < 30 {
            tracing::warn!(listener = table, days, "the certificate ends soon: renew it");
        }
    }
    Ok(())
}

/// The listeners with HTTPS of their own: until when their certificate is valid, or what is wrong with it.
pub fn certificates(config: &Config) -> Vec<(&'static str, Result<Timestamp, ServeError>)> {
    let tables = [("public", listener(&config.public)), ("staff", listener(&config.staff))];
    let check = |(table, listener): (_, Listener)| Some((table, listener.tls?.check(RealClock.now())));
    tables.into_iter().filter_map(check).collect()
}

fn listener(config: &ListenerConfig) -> Listener {
    let tls = config.has_tls().then(|| TlsFiles { certificate: config.certificate.clone(), key: config.key.clone() });
    Listener { address: config.listen, tls }
}

fn announce(config: &Config, server: &Server, args: &ServeArgs, nobody_can_sign_in: bool) {
    let what =
        if args.demo { "Filmdesk, a demonstration desk with invented patients, is open." } else { "Filmdesk is open." };
    println!("\n{what}\n  applicants  {}\n  counter     {}", server.public_url(), server.staff_url());
    if args.demo {
        let file = demo::sign_in_file(config);
        println!("  sign in as  (also in {})", shown(&file));
        for line in std::fs::read_to_string(&file).unwrap_or_default().lines() {
            println!("              {line}");
        }
    } else if nobody_can_sign_in {
        println!("  nobody can sign in yet: `filmdesk user add LOGIN --role supervisor`");
    }
    if args.no_worker {
        println!("  no worker was started here: `filmdesk work` elsewhere finds, weighs and makes");
    }
    println!("Ctrl-C stops it; everything is in {}.", shown(&config.state));
}

fn shown(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
