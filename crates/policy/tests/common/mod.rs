//! What the tests of `policy` share: the rule folders of the repository.
#![allow(dead_code)] // each test file uses its part

use filmdesk_policy::{RULE_FILE_NAMES, RuleFault, RuleFiles, Rules};
use std::fs;
use std::path::PathBuf;

pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../rules").join(name)
}

pub fn rule_files(name: &str) -> RuleFiles {
    let text = |n: &str| fs::read_to_string(folder(name).join(n)).unwrap_or_else(|e| panic!("{n}: {e}"));
    RuleFiles::from_folder_texts(RULE_FILE_NAMES.map(|n| (n, text(n))))
}

pub fn rules(name: &str) -> Rules {
    Rules::load(&rule_files(name)).unwrap_or_else(|faults| panic!("{}", lines(&faults)))
}

pub fn lines(faults: &[RuleFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<String>>().join("\n")
}

/// (file name, text) of each case file, sorted.
pub fn case_files(name: &str) -> Vec<(String, String)> {
    let dir = folder(name).join("cases");
    let mut paths: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    let read = |p: &PathBuf| (p.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(p).unwrap());
    paths.iter().map(read).collect()
}
