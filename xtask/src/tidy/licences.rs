//! What is linked: how many packages, under which licences.

use super::{Limits, Offence, offence};
use std::path::Path;
use std::process::Command;

/// Licence families that are never linked.
const REFUSED: [&str; 6] = ["AGPL", "GPL", "LGPL", "SSPL", "BUSL", "CC-BY-NC"];

pub(super) fn locked(root: &Path) -> Result<usize, String> {
    let text = std::fs::read_to_string(root.join("Cargo.lock")).map_err(|e| format!("Cargo.lock: {e}"))?;
    Ok(text.lines().filter(|line| *line == "[[package]]").count())
}

pub(super) fn count(root: &Path, limits: &Limits) -> Result<Vec<Offence>, String> {
    let n = locked(root)?;
    let max = limits.max_locked_packages;
    let message = format!("{n} packages, {max} are allowed: do without, or raise the ceiling with its reason");
    Ok(if n > max { vec![offence("Cargo.lock", message)] } else { Vec::new() })
}

pub(super) fn look(root: &Path) -> Result<Vec<Offence>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Packages of other systems are not downloaded, and not linked either.
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host()?])
        .current_dir(root)
        .output()
        .map_err(|e| format!("cargo metadata: {e}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo metadata: {e}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    Ok(packages.iter().filter_map(check).collect())
}

fn host() -> Result<String, String> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|e| format!("rustc: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc -vV names no host".to_owned())
}

fn check(package: &serde_json::Value) -> Option<Offence> {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    let place = format!("{} {}", text("name"), text("version"));
    if package["license"].is_null() && package["license_file"].is_null() {
        return Some(offence(place, "names no licence"));
    }
    let licence = text("license");
    (!acceptable(licence)).then(|| offence(place, format!("licence {licence:?} may not be linked")))
}

/// One alternative of an `OR` suffices; every part of an `AND` must do.
pub(super) fn acceptable(expression: &str) -> bool {
    let normal = expression.replace('/', " OR ").replace(['(', ')'], " ");
    normal.split(" OR ").any(|alternative| {
        alternative.split(" AND ").all(|licence| !REFUSED.iter().any(|refused| licence.trim().starts_with(refused)))
    })
}

#[cfg(test)]
mod tests {
    use super::acceptable;

    #[test]
    fn one_permissive_alternative_suffices_and_gpl_alone_does_not() {
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "Apache-2.0 OR LGPL-2.1-or-later OR MIT",
            "(MIT OR GPL-3.0) AND ISC",
        ] {
            assert!(acceptable(good), "{good}");
        }
        for bad in ["GPL-3.0-only", "AGPL-3.0", "MIT AND GPL-2.0", "LGPL-3.0"] {
            assert!(!acceptable(bad), "{bad}");
        }
    }
}
