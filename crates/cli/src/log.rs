//! Structured logs, on the standard error stream; only our own identifiers are ever logged.

use crate::config::{LogConfig, LogFormat};
use crate::exit::Failed;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging as configured.
pub fn start(config: &LogConfig) -> Result<(), Failed> {
    let filter = EnvFilter::try_new(&config.level)
        .map_err(|e| Failed::usage(format!("[log] level {:?}: {e}; use for example \"info\"", config.level)))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    match config.format {
        LogFormat::Text => log.compact().init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
