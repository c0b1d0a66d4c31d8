//! Both sites in a real browser (`ui/walk.mjs`): both languages, desktop and phone, with what each page must not do.
//! Needs Node, Chromium and `npm ci --prefix ui`, which `make test` installs.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Cargo builds a package's examples before it runs its tests, into the folder beside theirs.
fn showcase() -> PathBuf {
    let test = std::env::current_exe().expect("this test's path");
    test.ancestors().nth(2).expect("the target folder").join("examples/showcase")
}

#[test]
fn both_sites_walked_in_a_browser() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let showcase = showcase();
    assert!(showcase.exists(), "{} is missing: cargo build -p filmdesk-web --example showcase", showcase.display());
    let walk = Command::new("node").arg(root.join("ui/walk.mjs")).arg(&showcase).output().expect("node runs");
    let said = String::from_utf8_lossy(&walk.stderr);
    assert!(walk.status.success(), "{said}");
}
