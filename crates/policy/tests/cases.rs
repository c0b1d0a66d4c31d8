//! Every case file of every rules folder, run through the answer.

mod common;

use common::{case_files, rules};
use filmdesk_policy::Overlay;
use filmdesk_policy::cases::{Case, case_changes, parse_cases, run_case, unproved_lines};

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
    let p = rules.periods(jiff::civil::date(2026, 12, 1));
    assert_eq!((p.incomplete_papers_days, p.draft_days, p.quote_days, p.remake_days), (30, 30, 30, 30));
    assert_eq!((p.unclaimed_remind_days.as_slice(), p.unclaimed_close_days), ([7, 14, 25].as_slice(), 30));
    let disc = rules.default_disc_type();
    assert_eq!((disc.id.as_str(), disc.capacity_sectors, disc.enabled), ("cd-80", 359_840, true));
}

/// Weekdays closed in 2026 and 2027, month by month, as the hospital's reading of the official calendar has them: these and
/// no others, substitution days and the Lunar New Year's moved ones included.
const CLOSED: [(i16, &str); 2] = [
    (2026, "01-01 02-16 02-17 02-18 02-19 02-20 02-27 04-03 04-06 05-01 06-19 09-25 09-28 10-09 10-26 12-25"),
    (2027, "01-01 02-04 02-05 02-08 02-09 02-10 03-01 04-05 04-06 04-30 06-09 09-15 09-28 10-11 10-25 12-24 12-31"),
];

#[test]
fn the_weekdays_closed_are_exactly_those_of_the_calendar() {
    use jiff::civil::{Date, Weekday};
    let (rules, overlay) = (rules("ntuh"), Overlay::default());
    for (year, closed) in CLOSED {
        let days = Date::new(year, 1, 1).expect("a day").series(jiff::Span::new().days(1));
        let days: Vec<Date> = days.take_while(|d| d.year() == year).collect();
        let weekend = |d: &Date| matches!(d.weekday(), Weekday::Saturday | Weekday::Sunday);
        let found = days.iter().filter(|d| !weekend(d) && !rules.is_open(&overlay, **d));
        let found: Vec<String> = found.map(|d| d.strftime("%m-%d").to_string()).collect();
        assert_eq!(found.join(" "), closed, "{year}");
        assert!(days.iter().filter(|d| weekend(d)).all(|d| !rules.is_open(&overlay, *d)), "{year}: weekends");
    }
    // The last make-up Saturday was closed too (A04), and no promise is made for a year without a calendar.
    assert!(
        !rules.is_open(&overlay, Date::constant(2025, 2, 8)) && !rules.is_open(&overlay, Date::constant(2028, 1, 4))
    );
}

/// Every case of every file.
fn all_cases(folder: &str) -> Vec<Case> {
    let parse = |(file, text): (String, String)| parse_cases(&file, &text).expect("cases");
    case_files(folder).into_iter().flat_map(parse).collect()
}

#[test]
fn every_line_of_the_page_has_its_rules_and_its_cases() {
    let (rules, mut cases, files) = (rules("ntuh"), all_cases("ntuh"), common::rule_files("ntuh").files);
    assert_eq!(rules.page().len(), 43);
    assert!(rules.page().iter().all(|l| !l.rules.is_empty() && !l.cases.is_empty()));
    assert_eq!(unproved_lines(&rules, &files, &cases), []);
    // Without the case of a line, the line is named with its place.
    cases.retain(|c| !c.name.starts_with("S50"));
    let faults = unproved_lines(&rules, &files, &cases);
    assert!(faults.len() == 1 && faults[0].message.starts_with("line 37 of the page"), "{}", common::lines(&faults));
    assert_eq!(files["page.toml"].lines().nth(faults[0].line - 1), Some("n = 37"));
}

#[test]
fn a_choice_is_taken_with_a_hyphen_or_an_underscore() {
    let rules = rules("ntuh");
    let [hyphen, underscore] =
        ["full-tariff", "full_tariff"].map(|c| rules.with_choices(&[("A08", c)]).expect("a choice"));
    assert_eq!(hyphen.hash(), underscore.hash());
    let changes = case_changes(&rules, &underscore, &all_cases("ntuh"));
    let change = changes.iter().find(|c| c.name.starts_with("S12")).expect("S12 asks for an extra set");
    assert!(change.changes.iter().any(|c| c.key == "total_twd" && c.before != c.after), "{change:?}");
}

/// The readings that the page's own words leave open, with what else can be chosen. A reading not named here is decided by
/// rows: a number, a paper, a venue.
const ALTERNATIVES: [(&str, &[&str]); 18] = [
    ("A01", &["closed-end"]),
    ("A02", &["accepted"]),
    ("A03", &["opening-plus-wait"]),
    ("A04", &["weekdays"]),
    ("A05", &["additive", "specials-only"]),
    ("A08", &["full-tariff"]),
    ("A14", &["literal"]),
    ("A16", &["all-consents"]),
    ("A18", &["dentistry"]),
    ("A19", &["modality"]),
    ("A20", &["per-set"]),
    ("A22", &["also-ct"]),
    ("A23", &["page"]),
    ("A25", &["off"]),
    ("A27", &["always"]),
    ("A28", &["working-days"]),
    ("A30", &["making-from-clearance"]),
    ("A43", &["either"]),
];

#[test]
fn the_forty_five_readings_are_there_with_their_alternatives() {
    let rules = rules("ntuh");
    let ids: Vec<String> = (1..=45).map(|n| format!("A{n:02}")).collect();
    assert_eq!(rules.readings().iter().map(|r| r.id.clone()).collect::<Vec<_>>(), ids);
    for reading in rules.readings() {
        let others: Vec<&str> =
            reading.choices.iter().map(|c| c.id.as_str()).filter(|c| *c != reading.chosen).collect();
        let expected = ALTERNATIVES.iter().find(|(id, _)| *id == reading.id).map_or(&[][..], |(_, others)| others);
        assert_eq!(others, expected, "{}", reading.id);
    }
}

#[test]
fn every_reading_with_a_switch_is_pinned_by_a_case() {
    let rules = rules("ntuh");
    let pins: Vec<String> = all_cases("ntuh").into_iter().flat_map(|c| c.pins).collect();
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
    let cases = all_cases("ntuh");
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
