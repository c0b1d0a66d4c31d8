//! Both languages have the same messages, and every message a page asks for exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
}

fn read_all(folder: &str, extension: &str) -> String {
    let mut found = Vec::new();
    files(&Path::new(ROOT).join(folder), extension, &mut found);
    assert!(!found.is_empty(), "no .{extension} in {folder}");
    found.iter().map(|path| std::fs::read_to_string(path).expect("text") + "\n").collect()
}

/// Keys with the names of their arguments.
fn messages(lang: &str) -> BTreeSet<(String, Vec<String>)> {
    let mut all = BTreeSet::new();
    for line in read_all(&format!("locales/{lang}"), "ftl").lines() {
        let Some((key, text)) = line.split_once(" = ") else { continue };
        if !key.starts_with(|c: char| c.is_ascii_lowercase()) {
            continue;
        }
        let mut arguments: Vec<String> =
            text.split("{ $").skip(1).filter_map(|rest| rest.split([' ', '}']).next()).map(str::to_owned).collect();
        arguments.sort();
        arguments.dedup();
        assert!(all.insert((key.to_owned(), arguments)), "{lang}: {key} is there twice");
    }
    all
}

#[test]
fn both_languages_have_the_same_messages_with_the_same_arguments() {
    let (zh, en) = (messages("zh-TW"), messages("en"));
    let only_zh: Vec<_> = zh.difference(&en).collect();
    let only_en: Vec<_> = en.difference(&zh).collect();
    // An argument that only one language needs is listed here with its reason.
    let excused = |entry: &&&(String, Vec<String>)| !["oops-forbidden-text"].contains(&entry.0.as_str());
    let only_zh: Vec<_> = only_zh.iter().filter(excused).collect();
    let only_en: Vec<_> = only_en.iter().filter(excused).collect();
    assert!(only_zh.is_empty() && only_en.is_empty(), "zh-TW: {only_zh:?}\nen: {only_en:?}");
    assert!(zh.len() > 300);
}

/// Keys written out in templates and source. Those put together at run time are caught by the page tests: a missing
/// message is visible there.
#[test]
fn every_message_asked_for_by_name_exists() {
    let known: BTreeSet<String> = messages("en").into_iter().map(|(key, _)| key).collect();
    let text = read_all("templates", "html") + &read_all("src", "rs");
    let mut asked = BTreeSet::new();
    for opener in [".t(\"", ".t1(\"", ".t2(\"", ".with(\"", "ctx.page(\""] {
        for rest in text.split(opener).skip(1) {
            asked.extend(rest.split('"').next().map(str::to_owned));
        }
    }
    for control in ["f.text(\"", "f.tick(\""] {
        for rest in text.split(control).skip(1) {
            asked.extend(rest.split('"').next().map(|name| format!("f-{name}")));
        }
    }
    let missing: Vec<&String> = asked.iter().filter(|key| !known.contains(*key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(asked.len() > 200, "only {}", asked.len());
}

/// Chinese in Chinese punctuation; no typed gap between Han and Latin beside a sentence mark.
#[test]
fn chinese_messages_are_set_as_in_taiwan() {
    let han = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
    for line in read_all("locales/zh-TW", "ftl").lines() {
        let Some((key, text)) = line.split_once(" = ") else { continue };
        let chars: Vec<char> = text.chars().collect();
        for pair in chars.windows(2) {
            assert!(!(han(pair[0]) && matches!(pair[1], ',' | ';' | ':' | '?' | '!' | '(')), "{key}: {text}");
        }
        assert!(!text.contains('台') || text.contains("櫃台"), "{key}: 臺, not 台: {text}");
    }
}

/// Every code of the desk's refusals, of what stops a job and of what leaves an object out has its sentence; the codes are read
/// where they are given.
#[test]
fn every_code_is_worded() {
    let known = messages("zh-TW");
    let has = |key: &str| known.iter().any(|(known, _)| known == key);
    for code in filmdesk_desk::Refusal::CODES {
        assert!(has(&format!("refused-{code}")), "refused-{code}");
    }
    let codes = |file: &str, from: &str, before: &str| -> Vec<String> {
        let text = std::fs::read_to_string(Path::new(ROOT).join("..").join(file)).expect("source");
        let part = text.split_once(from).unwrap_or_else(|| panic!("{file} has no {from}")).1;
        let part = part.split_once("\n    }\n").map_or(part, |(part, _)| part);
        part.split(before).skip(1).filter_map(|rest| rest.split_once('"')).map(|(code, _)| code.to_owned()).collect()
    };
    let mut stalls = codes("archive/src/error.rs", "pub fn code(", "=> \"");
    stalls.extend(codes("archive/src/error.rs", "fn dimse_code(", "=> \"").into_iter().take(12));
    stalls.extend(codes("production/src/failure.rs", "pub fn as_str(", "=> \""));
    for file in ["make", "mod", "find", "weigh", "preview", "stopped", "fetch", "spool"] {
        let text =
            std::fs::read_to_string(Path::new(ROOT).join(format!("../cli/src/worker/{file}.rs"))).expect("source");
        let given = text.split("failed(\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(code, _)| code);
        stalls.extend(given.filter(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '-')).map(str::to_owned));
    }
    for code in &stalls {
        assert!(has(&format!("stall-{code}-what")) && has(&format!("stall-{code}-next")), "stall-{code}");
    }
    let mut left_out = codes("instance/src/refusal.rs", "pub fn code(", "=> \"");
    left_out.extend(codes("fileset/src/profile.rs", "pub fn code(", "=> \""));
    left_out.extend(codes("fileset/src/profile.rs", "fn without_record(", "=> \"").into_iter().take(3));
    let gather = std::fs::read_to_string(Path::new(ROOT).join("../production/src/gather.rs")).expect("source");
    left_out.extend(gather.split("Err((\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    for code in &left_out {
        assert!(has(&format!("left-out-{code}")), "left-out-{code}");
    }
    let mut stages = codes("production/src/failure.rs", "impl Stage {", "=> \"");
    let fetching = std::fs::read_to_string(Path::new(ROOT).join("../cli/src/worker/fetch.rs")).expect("source");
    stages.extend(fetching.split("pulse.show(\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    for code in &stages {
        assert!(has(&format!("jobstage-{code}")), "jobstage-{code}");
    }
    assert_eq!(stages.len(), 6, "{stages:?}");
    assert!(stalls.len() > 45 && left_out.len() > 30, "{} and {} codes", stalls.len(), left_out.len());
    assert!(!has("refused-nothing-of-the-kind"), "a code without a sentence would be noticed");
}
