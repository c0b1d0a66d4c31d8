//! The house is tidy, and each check can fail.

use std::path::Path;
use xtask::tidy::{Offence, look, look_at_licences};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

fn listed(found: &[Offence]) -> String {
    found.iter().map(|o| format!("{}: {}\n", o.place, o.message)).collect()
}

#[test]
fn the_house_is_tidy() {
    let found = look(root()).expect("the tree can be read");
    assert!(found.is_empty(), "\n{}", listed(&found));
}

#[test]
fn nothing_linked_is_under_a_licence_we_cannot_keep() {
    let found = look_at_licences(root()).expect("cargo metadata answers");
    assert!(found.is_empty(), "\n{}", listed(&found));
}

const LIMITS: &str = r#"
max_locked_packages = 1
max_file_lines = 40
max_function_lines = 5
[long_functions]
"crates/a/src/lib.rs::gone" = "was long once"
[edges]
a = []
[max_dependencies]
a = 1
[forbidden]
"FIXME" = "unfinished"
[forbidden_in_code]
"SystemTime::now" = "time is an argument"
"#;

/// A small tree that breaks every rule once, and what is found in it.
fn offences_of_a_bad_tree() -> String {
    let tree = tempfile::tempdir().expect("temporary folder");
    let long = "fn short() { let _ = \"} // {\"; }\nfn long<'a>(x: &'a str, c: char) -> bool {\n    if c == '{' {\n        return true;\n    }\n    // }\n    let y = 1;\n    x.len() == y\n}\n";
    let code = format!(
        "{long}// FIXME\nfn time() {{ std::time::SystemTime::now(); }}\nfn pay() {{ Twd::restore(200); }}\n{}",
        "\n".repeat(40)
    );
    let files = [
        ("xtask/tidy.toml", LIMITS.to_owned()),
        ("Cargo.lock", "[[package]]\n[[package]]\n".to_owned()),
        (
            "crates/a/Cargo.toml",
            "[dependencies]\nfilmdesk-b = \"1\"\nc = \"1\"\n[dev-dependencies]\nfilmdesk-d = \"1\"\n".to_owned(),
        ),
        ("crates/b/Cargo.toml", "[package]\n".to_owned()),
        ("crates/a/src/lib.rs", code),
        ("README.md", "see `crates/a/src/lib.rs` and `crates/a/src/nowhere.rs`; make run\n".to_owned()),
    ];
    for (path, text) in files {
        let path = tree.path().join(path);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        std::fs::write(path, text).expect("file");
    }
    listed(&look(tree.path()).expect("the tree can be read"))
}

#[test]
fn every_check_can_fail() {
    let found = offences_of_a_bad_tree();
    for expected in [
        "a must not depend on b",
        "the tests of a must not depend on d",
        "2 dependencies, 1 are allowed",
        "crates/b/Cargo.toml: this crate is not in [edges]",
        "crates/a/src/lib.rs: 52 lines, 40 are allowed",
        "crates/a/src/lib.rs:2: fn long has 8 lines",
        "crates/a/src/lib.rs::gone is short now",
        "crates/a/src/lib.rs:10: \"FIXME\"",
        "crates/a/src/lib.rs:11: \"SystemTime::now\"",
        "crates/a/src/lib.rs:12: an amount in Rust",
        "README.md:1: `crates/a/src/nowhere.rs` does not exist",
        "README.md: does not name `make test`",
        "GLOSSARY.md: is missing",
        "Cargo.lock: 2 packages, 1 are allowed",
    ] {
        assert!(found.contains(expected), "not found: {expected}\n{found}");
    }
    for quiet in ["fn short", "README.md:1: `crates/a/src/lib.rs`"] {
        assert!(!found.contains(quiet), "{quiet}\n{found}");
    }
}
