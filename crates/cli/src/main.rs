//! The one binary: `serve` is where people meet the desk, `work` fetches and makes, the rest are commands.
//!
//! Only this crate reads the environment and joins the others. [`config`] says what can be set, [`clock`] is the one
//! place that reads the time, [`worker`] is what a worker does, and [`commands`] holds one module a command.

mod clock;
mod commands;
mod config;
mod demo;
mod desk;
mod exit;
mod hospital;
mod log;
mod supervise;
#[cfg(test)]
mod tests;
mod worker;

use clap::{Parser, Subcommand};
use commands::{check, disc, doctor, inspect, keep, pacs, quote, rules, serve, user, work};
use config::Config;
use exit::{EXIT_CODES, Failed};
use filmdesk_desk::Clock;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The desk where copies of medical images are handed out: form, counter, fee, fetch, disc, hand-over.
#[derive(Debug, Parser)]
#[command(name = "filmdesk", version, after_help = EXIT_CODES)]
struct Cli {
    /// The configuration [default: filmdesk.toml in this folder, if it is there]
    #[arg(long, global = true, env = "FILMDESK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the pages, with one worker beside them
    Serve(serve::ServeArgs),
    /// Find, weigh and make: a worker by itself
    Work(work::WorkArgs),
    /// Read DICOM objects under limits, for a worker
    #[command(hide = true)]
    Inspect(inspect::InspectArgs),
    /// What it costs, which papers, where and when, with reasons
    Quote(quote::QuoteArgs),
    /// Make disc images from folders of DICOM files, with no desk at all
    Disc(disc::DiscArgs),
    /// Check a disc image, a ZIP or a folder, ours or anybody's
    Check(check::CheckArgs),
    /// Ask an archive of the configuration, or fetch from it
    Pacs(pacs::PacsArgs),
    /// Check the hospital's rules
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    /// The accounts of the counter
    #[command(subcommand)]
    User(user::UserCommand),
    /// Bring the database to this version of the program
    Migrate,
    /// Back up the store while the desk runs
    Backup(keep::BackupArgs),
    /// Bring a backup back into an empty store
    Restore(keep::RestoreArgs),
    /// Look whether everything is in order, and say what to do
    Doctor(doctor::DoctorArgs),
    /// Print the configuration file with every setting and its default
    Config,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => failed.report(),
    }
}

fn run(cli: Cli) -> Result<(), Failed> {
    // The child that reads hostile bytes has no use for a configuration, a log or a key store.
    if let Command::Inspect(args) = &cli.command {
        return inspect::run(args);
    }
    if let Command::Config = &cli.command {
        print!("{}", config::DEFAULTS);
        return Ok(());
    }
    let file = cli.config.or_else(|| Some(PathBuf::from("filmdesk.toml")).filter(|path| path.is_file()));
    let config = load(file.as_deref())?;
    log::start(&config.log)?;
    let installed = rustls::crypto::ring::default_provider().install_default();
    debug_assert!(installed.is_ok(), "one TLS provider, installed once");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failed::new(format!("no threads could be started: {e}")))?;
    match cli.command {
        Command::Serve(args) => runtime.block_on(serve::run(config, file, &args)),
        Command::Work(args) => runtime.block_on(work::run(config, &args)),
        Command::Quote(args) => quote::run(&config, &args),
        Command::Disc(args) => make_discs(&config, &args),
        Command::Check(args) => check::run(&config, &args),
        Command::Pacs(args) => pacs::run(&config.archive, &args),
        Command::Rules(command) => rules::run(&config, &command),
        Command::User(command) => runtime.block_on(user::run(&config, &command)),
        Command::Migrate => runtime.block_on(keep::migrate(&config)),
        Command::Backup(args) => runtime.block_on(keep::backup(&config, &args)),
        Command::Restore(args) => runtime.block_on(keep::restore(&config, &args)),
        Command::Doctor(args) => runtime.block_on(doctor::run(config, &args)),
        Command::Inspect(_) | Command::Config => Ok(()),
    }
}

fn make_discs(config: &Config, args: &disc::DiscArgs) -> Result<(), Failed> {
    let rules = hospital::rules(config)?;
    let now = clock::RealClock.now().to_zoned(desk::zone(&rules)?);
    let inspector = work::inspector(config);
    let context = disc::DiscContext { disc_types: rules.disc_types(), inspector: inspector.as_ref(), now };
    disc::run(&context, args)
}

fn load(file: Option<&Path>) -> Result<Config, Failed> {
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Ok(Config::load(file, &environment)?)
}
