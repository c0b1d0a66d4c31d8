//! Every case file of every rules folder, run through the answer.

mod common;

use common::{case_files, rules};
use filmdesk_policy::cases::{parse_cases, run_case};

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
    assert!(check("ntuh") >= 250);
}
