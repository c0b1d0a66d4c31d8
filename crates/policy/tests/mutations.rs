//! Each number and each row of the tariff, papers, schedule, calendar and routing is held by a case: change it, and
//! some case fails (or the folder does not load any more).

mod common;

use common::{case_files, rule_files};
use filmdesk_policy::cases::{Case, StudyCase, parse_cases, parse_studies, run_case, run_study};
use filmdesk_policy::{RuleFiles, Rules};

/// A changed folder, and what was changed.
struct Mutation {
    what: String,
    files: RuleFiles,
}

fn cases() -> Vec<Case> {
    let parsed = case_files("ntuh").into_iter().map(|(file, text)| parse_cases(&file, &text).expect("cases"));
    parsed.flatten().collect()
}

fn studies() -> Vec<StudyCase> {
    let parsed = case_files("ntuh").into_iter().map(|(file, text)| parse_studies(&file, &text).expect("studies"));
    parsed.flatten().collect()
}

/// Runs every mutation and names those that no case notices.
fn check(mutations: Vec<Mutation>, at_least: usize) {
    assert!(mutations.len() >= at_least, "only {} mutations", mutations.len());
    let (cases, studies) = (cases(), studies());
    let unnoticed = |m: &Mutation| match Rules::load(&m.files) {
        Err(_) => false,
        Ok(rules) => {
            studies.iter().all(|s| run_study(&rules, s).is_none())
                && cases.iter().all(|c| run_case(&rules, c).differences.is_empty())
        }
    };
    let refused = mutations.iter().filter(|m| Rules::load(&m.files).is_err()).count();
    println!("{} mutations: {refused} do not load, the rest fail a case", mutations.len());
    let survivors: Vec<String> = mutations.into_iter().filter(unnoticed).map(|m| m.what).collect();
    assert!(survivors.is_empty(), "no case notices:\n{}", survivors.join("\n"));
}

#[test]
#[should_panic(expected = "no case notices")]
fn a_change_that_changes_nothing_would_be_told() {
    check(vec![replaced("fees.toml", 0..0, "# the same\n", "a comment".to_owned())], 1);
}

#[test]
fn every_kind_of_representative_and_every_place_of_an_heir() {
    let mut mutations = values("documents.toml", "represents", |r| Some((r == "false").to_string()));
    mutations.extend(rows("documents.toml", "representative"));
    mutations.extend(rows("documents.toml", "inheritance"));
    check(mutations, 30);
}

fn replaced(file: &str, range: std::ops::Range<usize>, with: &str, what: String) -> Mutation {
    let mut files = rule_files("ntuh");
    files.files.get_mut(file).expect("a rule file").replace_range(range, with);
    Mutation { what: format!("{file}: {what}"), files }
}

/// Every occurrence of `key = ` with its value up to a delimiter, changed.
fn values(file: &str, key: &str, change: fn(&str) -> Option<String>) -> Vec<Mutation> {
    let text = rule_files("ntuh").files[file].clone();
    let key = format!("{key} = ");
    let own_key = |at: usize| {
        let line = &text[text[..at].rfind('\n').map_or(0, |i| i + 1)..at];
        !line.contains('#') && !line.ends_with(|c: char| c.is_alphanumeric() || c == '_')
    };
    let found = text.match_indices(&key).filter(|(at, _)| own_key(*at)).filter_map(|(at, _)| {
        let start = at + key.len();
        let end = start + text[start..].find([',', '}', '\n', '#']).unwrap_or(text.len() - start);
        let with = change(text[start..end].trim())?;
        let line = text[..at].matches('\n').count() + 1;
        Some(replaced(file, start..end, &format!("{with} "), format!("line {line}: {key}{with}")))
    });
    found.collect()
}

/// Every `[[table]]` of a file, dropped.
fn rows(file: &str, table: &str) -> Vec<Mutation> {
    let text = rule_files("ntuh").files[file].clone();
    let head = format!("[[{table}]]");
    let found = text.match_indices(&head).map(|(start, _)| {
        let end = text[start + 2..].find("\n[").map_or(text.len(), |e| start + 2 + e + 1);
        let line = text[..start].matches('\n').count() + 1;
        replaced(file, start..end, "", format!("{head} of line {line} dropped"))
    });
    found.collect()
}

fn more(value: &str) -> Option<String> {
    value.parse::<i64>().ok().map(|n| (n + 1).to_string())
}

fn later(value: &str) -> Option<String> {
    let hour: u32 = value.trim_matches('"').split(':').next()?.parse().ok()?;
    Some(format!("\"{:02}:01\"", hour))
}

#[test]
fn every_amount() {
    check(values("fees.toml", "twd", more), 10);
    check(rows("fees.toml", "fee"), 8);
}

#[test]
fn every_hour_day_and_threshold() {
    let mut mutations = Vec::new();
    for key in ["opens", "closes", "next_open_day_at", "ready_at"] {
        mutations.extend(values("schedule.toml", key, later));
    }
    for key in ["after_minutes", "plus_minutes", "days", "over_minutes", "over_discs"] {
        mutations.extend(values("schedule.toml", key, more));
    }
    mutations.extend(values("schedule.toml", "holds", |h| {
        Some(if h == "\"making\"" { "\"payment\"" } else { "\"making\"" }.to_owned())
    }));
    mutations.extend(values("schedule.toml", "flagged", |_| Some("false".to_owned())));
    mutations.extend(values("documents.toml", "years", more));
    mutations.extend(rows("schedule.toml", "window"));
    mutations.extend(rows("schedule.toml", "clearance"));
    check(mutations, 15);
}

#[test]
fn every_closure() {
    check(rows("calendar.toml", "closure"), 45);
}

#[test]
fn every_kind_and_route() {
    let mut mutations = rows("record-kinds.toml", "kind");
    mutations.extend(rows("record-kinds.toml", "route"));
    mutations.extend(values("record-kinds.toml", "class", |c| {
        Some(if c == "\"general\"" { "\"special\"" } else { "\"general\"" }.to_owned())
    }));
    mutations.extend(values("record-kinds.toml", "clearance", |_| Some("\"clearance.post-processing\"".to_owned())));
    mutations.extend(values("record-kinds.toml", "refers", |r| {
        Some(if r == "\"item\"" { "\"rest\"" } else { "\"item\"" }.to_owned())
    }));
    // The two kinds that are never copied here have no fee, and so no class that could be seen.
    mutations.retain(|m| !["dental-ct", "cardiovascular"].iter().any(|k| elsewhere(m, k)));
    check(mutations, 55);
}

#[test]
fn every_row_that_classifies() {
    let file = "record-kinds.toml";
    let mut mutations = rows(file, "classify");
    let text = rule_files("ntuh").files[file].clone();
    let classify = text.find("[[classify]]").expect("a row");
    // Without what narrows it, and without each part of the body.
    for key in ["unit = ", "body_part = ", "without = "] {
        for (at, _) in text[classify..].match_indices(&format!("\n{key}")).map(|(at, key)| (classify + at + 1, key)) {
            let end = at + text[at..].find('\n').expect("a line");
            let line = text[..at].matches('\n').count() + 1;
            mutations.push(replaced(file, at..end, "", format!("line {line}: {} dropped", &text[at..end])));
        }
    }
    for (at, _) in text[classify..].match_indices("body_part = [") {
        let start = classify + at + "body_part = [".len();
        let end = start + text[start..].find(']').expect("a list");
        let parts: Vec<&str> = text[start..end].split(", ").collect();
        for dropped in parts.iter().filter(|_| parts.len() > 1) {
            let kept: Vec<&str> = parts.iter().filter(|part| *part != dropped).copied().collect();
            mutations.push(replaced(file, start..end, &kept.join(", "), format!("{dropped} of {parts:?}")));
        }
    }
    check(mutations, 55);
}

/// Whether a mutation changes the class of a kind that is copied elsewhere.
fn elsewhere(m: &Mutation, kind: &str) -> bool {
    let text = &m.files.files["record-kinds.toml"];
    let row = text.split("[[kind]]").find(|row| row.contains(&format!("id = \"{kind}\"")));
    m.what.contains("class = ") && row.is_some_and(|row| row.contains("class = \"general\""))
}

#[test]
fn every_paper_of_every_applicant() {
    let text = rule_files("ntuh").files["documents.toml"].clone();
    let mut mutations = Vec::new();
    for (at, _) in text.match_indices("documents = [") {
        let start = at + "documents = [".len();
        let end = start + text[start..].find(']').expect("a list");
        let papers: Vec<&str> = text[start..end].split(", ").collect();
        for dropped in &papers {
            let kept: Vec<&str> = papers.iter().filter(|p| *p != dropped).copied().collect();
            mutations.push(replaced(
                "documents.toml",
                start..end,
                &kept.join(", "),
                format!("{dropped} of {papers:?}"),
            ));
        }
    }
    for (at, _) in text.match_indices("{ when = ").chain(text.match_indices("{ switch = ")) {
        let end = at + text[at..].find('}').expect("a swap") + 1;
        let comma = if text[end..].starts_with(", ") { 2 } else { 0 };
        let swap = text[at..end].to_owned();
        mutations.push(replaced("documents.toml", at..end + comma, "", format!("swap {swap} dropped")));
    }
    mutations.extend(rows("documents.toml", "heir"));
    mutations.extend(values("documents.toml", "order", |o| Some(if o > "1" { "1" } else { "2" }.to_owned())));
    mutations.extend(values("documents.toml", "of", |of| {
        Some(if of == "\"patient\"" { "\"agent\"" } else { "\"patient\"" }.to_owned())
    }));
    // Whose paper it is shows only in papers that nationality swaps.
    mutations.retain(|m| !m.what.contains("of = ") || swapped_by_nationality(m));
    check(mutations, 45);
}

fn swapped_by_nationality(m: &Mutation) -> bool {
    let line: usize = m.what.split("line ").nth(1).and_then(|l| l.split(':').next()?.parse().ok()).expect("a line");
    let text = &m.files.files["documents.toml"];
    let row: Vec<&str> = text.lines().skip(line).take_while(|l| !l.starts_with("[[")).collect();
    row.iter().any(|l| l.contains("when = \"foreign\""))
}
