//! Every case file of every rules folder, run through the answer.

mod common;

use common::{case_files, rules};
use filmdesk_policy::cases::{case_changes, parse_cases, run_case};

/// Runs every case of a folder and returns how many there were.
fn check(folder: &str) -> usize {
    let rules = rules(folder);
    let mut failed = Vec::new();
    let mut n = 0;
    for (file, text) in case_files(folder) {
        let cases = parse_cases(&file, &text).unwrap_or_else(|faults| panic!("{}", common::lines(&faults)));
        for case in &cases {
            n += 1;
            let outcome = run_case(&rules, case);
            let name = format!("{}:{}: {}", case.file, case.line, case.name);
            failed.extend(outcome.differences.iter().map(|d| format!("{name}\n    {d}")));
        }
    }
    assert!(failed.is_empty(), "{} differences in {n} cases:\n{}", failed.len(), failed.join("\n"));
    n
}

#[test]
fn every_case_of_the_hospital_holds() {
    assert!(check("ntuh") >= 500);
}

#[test]
fn the_days_that_other_rooms_keep() {
    let rules = rules("ntuh");
    let p = rules.periods();
    assert_eq!((p.incomplete_papers_days, p.draft_days, p.quote_days, p.remake_days), (30, 30, 30, 30));
    assert_eq!((p.unclaimed_remind_days.as_slice(), p.unclaimed_close_days), ([7, 14, 25].as_slice(), 30));
    let disc = rules.default_disc_type();
    assert_eq!((disc.id.as_str(), disc.capacity_sectors, disc.enabled), ("cd-80", 359_840, true));
}

/// Every case of every file, by name.
fn case_names(folder: &str) -> Vec<String> {
    let parse = |(file, text): (String, String)| parse_cases(&file, &text).expect("cases");
    case_files(folder).into_iter().flat_map(parse).map(|c| c.name).collect()
}

#[test]
fn every_line_of_the_page_has_its_rules_and_its_cases() {
    let rules = rules("ntuh");
    let names = case_names("ntuh");
    assert_eq!(rules.page().len(), 43);
    for line in rules.page() {
        for case in &line.cases {
            let found = names.iter().any(|n| n.starts_with(case.as_str()));
            assert!(found, "page line {}: no case begins with {case:?}", line.n);
        }
    }
}

#[test]
fn every_reading_with_a_switch_is_pinned_by_a_case() {
    let rules = rules("ntuh");
    let parse = |(file, text): (String, String)| parse_cases(&file, &text).expect("cases");
    let pins: Vec<String> = case_files("ntuh").into_iter().flat_map(parse).flat_map(|c| c.pins).collect();
    for reading in rules.readings().iter().filter(|r| r.choices.len() > 1) {
        assert!(pins.contains(&reading.id), "no case pins {}", reading.id);
    }
    for pin in &pins {
        assert!(rules.reading(pin).is_some(), "a case pins {pin}, which does not exist");
    }
}

#[test]
fn every_choice_of_every_reading_changes_some_case() {
    let rules = rules("ntuh");
    let parse = |(file, text): (String, String)| parse_cases(&file, &text).expect("cases");
    let cases: Vec<_> = case_files("ntuh").into_iter().flat_map(parse).collect();
    for reading in rules.readings() {
        for choice in reading.choices.iter().filter(|c| c.id != reading.chosen) {
            let other = rules.with_choices(&[(&reading.id, &choice.id)]).expect("a choice");
            let changes = case_changes(&rules, &other, &cases);
            assert!(!changes.is_empty(), "{} = {} changes nothing", reading.id, choice.id);
            assert_ne!(rules.hash(), other.hash());
        }
    }
    assert_eq!(case_changes(&rules, &rules, &cases), []);
    assert!(rules.with_choices(&[("A08", "free")]).is_err() && rules.with_choices(&[("A99", "x")]).is_err());
}

#[test]
fn every_case_of_the_second_hospital_holds() {
    assert!(check("example") >= 20);
}
