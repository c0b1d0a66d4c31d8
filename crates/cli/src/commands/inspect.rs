//! `filmdesk inspect`: the child that reads DICOM from outside, under limits, and can die alone.

use crate::exit::Failed;
use clap::Args;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io;

/// Limits of the child; the worker gives them.
#[derive(Clone, Debug, Args)]
pub struct InspectArgs {
    /// Address space, bytes
    #[arg(long, default_value_t = 2 << 30)]
    memory_bytes: u64,
    /// Processor time, seconds
    #[arg(long, default_value_t = 360_000)]
    cpu_seconds: u64,
    /// Open files
    #[arg(long, default_value_t = 64)]
    open_files: u64,
}

/// Sets the limits, then answers requests on the standard streams until they end.
pub fn run(args: &InspectArgs) -> Result<(), Failed> {
    let limits = [
        (Resource::As, args.memory_bytes),
        (Resource::Cpu, args.cpu_seconds),
        (Resource::Nofile, args.open_files),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, limit).map_err(|e| Failed::new(format!("a limit could not be set: {e}")))?;
    }
    filmdesk_instance::serve_inspect(io::stdin().lock(), io::stdout().lock())
        .map_err(|e| Failed::new(format!("the worker went away: {e}")))
}
