//! The house's own checks, run as a test.
//!
//! What must hold is written in `xtask/tidy.toml` (limits, crate edges, words, exceptions with their reasons); this
//! module only looks. Each check returns [`Offence`]s; none stops at the first.

mod documents;
mod edges;
mod licences;
mod rust;
mod words;

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `xtask/tidy.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    max_locked_packages: usize,
    max_file_lines: usize,
    max_function_lines: usize,
    long_functions: BTreeMap<String, String>,
    edges: BTreeMap<String, Vec<String>>,
    max_dependencies: BTreeMap<String, usize>,
    forbidden: BTreeMap<String, String>,
    forbidden_in_code: BTreeMap<String, String>,
}

/// Something that does not hold: where, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offence {
    /// `crates/web/src/page.rs:12`, or a crate, or a file.
    pub place: String,
    /// What does not hold, and why it should.
    pub message: String,
}

fn offence(place: impl Into<String>, message: impl Into<String>) -> Offence {
    Offence { place: place.into(), message: message.into() }
}

/// A tracked file of the tree.
pub(crate) struct Tracked {
    /// Relative to the root, with `/`.
    path: String,
    text: String,
}

/// Looks at the tree below `root`.
///
/// # Errors
/// The tree cannot be read: no `xtask/tidy.toml`, or a file that is not there.
pub fn look(root: &Path) -> Result<Vec<Offence>, String> {
    let limits = std::fs::read_to_string(root.join("xtask/tidy.toml")).map_err(|e| format!("xtask/tidy.toml: {e}"))?;
    let limits: Limits = toml::from_str(&limits).map_err(|e| format!("xtask/tidy.toml: {e}"))?;
    let files = tracked(root)?;
    let mut found = edges::look(root, &limits)?;
    found.extend(rust::look(&files, &limits));
    found.extend(documents::look(root, &files));
    found.extend(words::look(&files, &limits));
    found.extend(licences::count(root, &limits)?);
    Ok(found)
}

/// The command: prints what does not hold, and the package count.
///
/// # Errors
/// When something does not hold.
pub fn command(root: &Path) -> Result<(), String> {
    let mut found = look(root)?;
    found.extend(licences::look(root)?);
    for Offence { place, message } in &found {
        eprintln!("{place}: {message}");
    }
    println!("{} locked packages", licences::locked(root)?);
    if found.is_empty() { Ok(()) } else { Err(format!("tidy: {} offences", found.len())) }
}

/// The licences of every linked package, from `cargo metadata` without the network.
///
/// # Errors
/// Cargo could not tell.
pub fn look_at_licences(root: &Path) -> Result<Vec<Offence>, String> {
    licences::look(root)
}

/// The text files git knows, or, where there is no git, every file below the root.
fn tracked(root: &Path) -> Result<Vec<Tracked>, String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    let paths: Vec<PathBuf> = match listed {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8(output.stdout).map_err(|e| format!("git ls-files: {e}"))?;
            text.split_terminator('\0').map(PathBuf::from).collect()
        }
        Ok(_) | Err(_) => walk(root, Path::new(""))?,
    };
    let mut files = Vec::new();
    for path in paths {
        let full = root.join(&path);
        if !full.is_file() {
            continue;
        }
        let bytes = std::fs::read(&full).map_err(|e| format!("{}: {e}", path.display()))?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(Tracked { path: path.to_string_lossy().replace('\\', "/"), text });
        }
    }
    Ok(files)
}

fn walk(root: &Path, below: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(root.join(below)).map_err(|e| format!("{}: {e}", below.display()))?;
    for entry in entries {
        let name = below.join(entry.map_err(|e| e.to_string())?.file_name());
        let hidden = ["target", "node_modules", ".git", ".venv"].iter().any(|skip| name.ends_with(skip));
        match root.join(&name).is_dir() {
            true if !hidden => found.extend(walk(root, &name)?),
            true => {}
            false => found.push(name),
        }
    }
    Ok(found)
}
