//! Words that do not belong here.

use super::rust::{blank, is_test};
use super::{Limits, Offence, Tracked, offence};

pub(super) fn look(files: &[Tracked], limits: &Limits) -> Vec<Offence> {
    let mut found = Vec::new();
    // The list itself, and the tests that show that it works, name the words.
    for file in files.iter().filter(|file| !file.path.starts_with("xtask/") && file.path != "Cargo.lock") {
        find(file, &file.text, limits.forbidden.iter(), &mut found);
        let is_code = file.path.ends_with(".rs") && !is_test(&file.path);
        // The real clock is the one place that reads it.
        if is_code && file.path != "crates/cli/src/clock.rs" {
            find(file, &blank(&file.text), limits.forbidden_in_code.iter(), &mut found);
        }
    }
    found
}

fn find<'a>(
    file: &Tracked,
    text: &str,
    words: impl Iterator<Item = (&'a String, &'a String)>,
    found: &mut Vec<Offence>,
) {
    for (word, why) in words {
        for (n, _) in text.lines().enumerate().filter(|(_, line)| line.contains(word.as_str())) {
            found.push(offence(format!("{}:{}", file.path, n + 1), format!("{word:?}: {why}")));
        }
    }
}
