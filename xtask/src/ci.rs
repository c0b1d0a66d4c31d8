//! Everything the project checks, in the order that fails soonest; tidy is one of the tests.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

const STEPS: [(&str, &[&str]); 3] = [
    ("format", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    ("tests", &["test", "--workspace", "--locked"]),
];

/// Runs every step and says how long each took.
///
/// # Errors
/// The step that failed.
pub fn command(root: &Path) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    for (name, arguments) in STEPS {
        println!("── {name}: cargo {}", arguments.join(" "));
        let started = Instant::now();
        let status = Command::new(&cargo)
            .args(arguments)
            .current_dir(root)
            .status()
            .map_err(|error| format!("cargo could not be started: {error}"))?;
        println!("── {name}: {} s", started.elapsed().as_secs());
        if !status.success() {
            return Err(format!("{name} failed"));
        }
    }
    Ok(())
}
