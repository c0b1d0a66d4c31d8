//! Which crate may use which.

use super::{Limits, Offence, offence};
use std::path::Path;

pub(super) fn look(root: &Path, limits: &Limits) -> Result<Vec<Offence>, String> {
    let mut found = Vec::new();
    let folders = std::fs::read_dir(root.join("crates")).map_err(|e| format!("crates: {e}"))?;
    for folder in folders {
        let folder = folder.map_err(|e| e.to_string())?;
        let name = folder.file_name().to_string_lossy().into_owned();
        let manifest = folder.path().join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&manifest).map_err(|e| format!("{}: {e}", manifest.display()))?;
        let manifest: toml::Table = toml::from_str(&text).map_err(|e| format!("{name}/Cargo.toml: {e}"))?;
        found.extend(check(&name, &manifest, limits));
    }
    Ok(found)
}

fn check(name: &str, manifest: &toml::Table, limits: &Limits) -> Vec<Offence> {
    let mut found = Vec::new();
    let place = format!("crates/{name}/Cargo.toml");
    let Some(allowed) = limits.edges.get(name) else {
        return vec![offence(place, "this crate is not in [edges] of xtask/tidy.toml")];
    };
    let names = |table: &str| -> Vec<String> {
        manifest.get(table).and_then(|t| t.as_table()).map(|t| t.keys().cloned().collect()).unwrap_or_default()
    };
    let ours = |table: &str| -> Vec<String> {
        names(table).iter().filter_map(|d| d.strip_prefix("filmdesk-")).map(str::to_owned).collect()
    };
    for edge in ours("dependencies").iter().filter(|edge| !allowed.contains(edge)) {
        found
            .push(offence(&place, format!("{name} must not depend on {edge}: see the crate graph in ARCHITECTURE.md")));
    }
    for edge in ours("dev-dependencies") {
        if edge != "testkit" && !allowed.contains(&edge) {
            found.push(offence(&place, format!("the tests of {name} must not depend on {edge}")));
        }
    }
    let n = names("dependencies").len();
    if let Some(max) = limits.max_dependencies.get(name).filter(|max| n > **max) {
        found.push(offence(&place, format!("{n} dependencies, {max} are allowed: it is to stay small and pure")));
    }
    found
}
