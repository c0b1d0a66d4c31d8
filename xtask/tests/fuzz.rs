//! The fuzz targets do not rot unseen: `make test` does not build them, so their text is held against the code they call.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const CRATES: [&str; 5] = ["instance", "dimse", "fileset", "archive", "production"];

/// Every public function of a `fuzzing` module is a target of its name, and every target but the control is such a function,
/// has its entry in the manifest, and is called by a test.
#[test]
fn every_body_is_a_target_and_a_test() {
    let manifest = read("fuzz/Cargo.toml");
    let mut bodies = BTreeSet::from(["planted".to_owned()]);
    for name in CRATES {
        let (code, tests) =
            (read(&format!("crates/{name}/src/fuzzing.rs")), read(&format!("crates/{name}/src/fuzzing/tests.rs")));
        for line in code.lines().filter_map(|line| line.strip_prefix("pub fn ")) {
            let body = line.split('(').next().expect("a name");
            let target = read(&format!("fuzz/fuzz_targets/{body}.rs"));
            assert!(target.contains(&format!("filmdesk_{name}::fuzzing::{body}(bytes")), "{body}:\n{target}");
            assert_eq!(target.contains("scratch()"), line.contains("folder: &Path"), "{body}");
            assert!(tests.contains(&format!("run(\"{body}\", ")), "no test runs {body}");
            assert!(manifest.contains(&format!("name = \"{body}\"\n")), "fuzz/Cargo.toml does not list {body}");
            bodies.insert(body.to_owned());
        }
    }
    let files = std::fs::read_dir(root().join("fuzz/fuzz_targets")).expect("targets");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(files.map(name).collect::<BTreeSet<String>>(), bodies);
    assert_eq!(manifest.matches("[[bin]]").count(), bodies.len());
}

/// What is fuzzed is what is shipped: a package of both lock files is of the same version in both.
#[test]
fn the_fuzzers_are_locked_as_the_product_is() {
    let product = locked("Cargo.lock");
    let fuzzers = locked("fuzz/Cargo.lock");
    assert!(fuzzers.contains_key("libfuzzer-sys") && fuzzers.contains_key("filmdesk-instance"));
    for (name, versions) in fuzzers {
        if let Some(ours) = product.get(&name) {
            assert!(versions.is_subset(ours), "{name}: {versions:?}, and the product has {ours:?}");
        }
    }
}

fn locked(path: &str) -> BTreeMap<String, BTreeSet<String>> {
    let lock: toml::Table = toml::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut found = BTreeMap::<_, BTreeSet<_>>::new();
    for package in lock["package"].as_array().expect("packages") {
        let text = |key: &str| package[key].as_str().expect("text").to_owned();
        found.entry(text("name")).or_default().insert(text("version"));
    }
    found
}
