//! A document that names code is checked by code: paths between back-ticks exist.

use super::{Offence, Tracked, offence};
use std::path::Path;

/// Documents whose paths must exist.
const DOCUMENTS: [&str; 5] = ["README.md", "ARCHITECTURE.md", "GLOSSARY.md", "CONTRIBUTING.md", "rules/README.md"];
/// Endings by which a word between back-ticks is taken for a path.
const ENDINGS: [&str; 7] = [".rs", ".toml", ".md", ".sql", ".ftl", ".html", "/"];

pub(super) fn look(root: &Path, files: &[Tracked]) -> Vec<Offence> {
    let mut found = Vec::new();
    for name in DOCUMENTS {
        let Some(file) = files.iter().find(|file| file.path == name) else {
            found.push(offence(name, "is missing"));
            continue;
        };
        for (n, line) in file.text.lines().enumerate() {
            for path in line.split('`').skip(1).step_by(2).filter(|word| is_path(word)) {
                if !exists(root, name, path) {
                    found.push(offence(format!("{name}:{}", n + 1), format!("`{path}` does not exist")));
                }
            }
        }
    }
    if let Some(readme) = files.iter().find(|file| file.path == "README.md") {
        for command in ["make run", "make test"].into_iter().filter(|command| !readme.text.contains(command)) {
            found.push(offence("README.md", format!("does not name `{command}`")));
        }
    }
    found
}

fn is_path(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    plain && word.contains('/') && !word.starts_with('/') && ENDINGS.iter().any(|ending| word.ends_with(ending))
}

/// From the root, from the document's folder, from `crates/`, or as `CRATE/FILE` short for `crates/CRATE/src/FILE`.
fn exists(root: &Path, document: &str, path: &str) -> bool {
    let beside = Path::new(document).parent().unwrap_or(Path::new("")).join(path);
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let generated = ["state/", "target/", ".venv/"].iter().any(|folder| path.starts_with(folder));
    generated
        || [
            Path::new(path).to_owned(),
            beside,
            Path::new("crates").join(path),
            Path::new("crates").join(first).join("src").join(rest),
        ]
        .iter()
        .any(|candidate| root.join(candidate).exists())
}
