//! Archive facts → catalogue item: rows of data, and what staff decided wins.

mod common;

use common::{case_files, rules};
use filmdesk_policy::cases::{parse_studies, run_study};
use filmdesk_policy::{Overlay, RecordKindId, StudyFacts};

fn facts(modalities: &str, description: &str, body_part: &str, department: &str) -> StudyFacts {
    StudyFacts {
        modalities: modalities.split('\\').map(str::to_owned).collect(),
        description: description.to_owned(),
        body_part: body_part.to_owned(),
        station: String::new(),
        department: department.to_owned(),
    }
}

/// Every study of every case file of a folder, classified; how many there were.
fn check(folder: &str) -> usize {
    let (rules, mut wrong, mut n) = (rules(folder), Vec::new(), 0);
    for (file, text) in case_files(folder) {
        let studies = parse_studies(&file, &text).unwrap_or_else(|faults| panic!("{}", common::lines(&faults)));
        n += studies.len();
        wrong.extend(studies.iter().filter_map(|study| run_study(&rules, study)));
    }
    assert!(wrong.is_empty(), "{} of {n} studies:\n{}", wrong.len(), wrong.join("\n"));
    n
}

#[test]
fn studies_find_their_item() {
    assert!(check("ntuh") >= 65);
    assert!(check("example") >= 6);
}

#[test]
fn a_study_case_that_is_wrong_is_told() {
    let rules = rules("ntuh");
    let ask = |text: &str| parse_studies("studies.toml", text).expect("a study");
    let wrong = ask("[[study]]\nis = { modalities = [\"CT\"] }\nkind = \"mri\"\n");
    assert_eq!(run_study(&rules, &wrong[0]).as_deref(), Some("studies.toml:2: expected mri, found ct"));
    let unknown =
        parse_studies("studies.toml", "[[study]]\nis = { modality = \"CT\" }\nkind = \"ct\"\n").expect_err("modality");
    assert_eq!((unknown[0].line, unknown[0].remedy.is_empty()), (2, false));
}

#[test]
fn what_staff_decided_is_remembered_and_wins() {
    let rules = rules("ntuh");
    let decided = (facts("OT", "Scanned paper", "", ""), RecordKindId("general-x-ray".to_owned()));
    let corrected = (facts("ct", " chest ct ", "", ""), RecordKindId("pet-ct".to_owned()));
    let overlay = Overlay { classifications: vec![decided, corrected], ..Overlay::default() };
    let kind = |f: StudyFacts| rules.classify(&overlay, &f).map(|k| k.0);
    assert_eq!(kind(facts("OT", "scanned PAPER", "", "")).as_deref(), Some("general-x-ray"));
    assert_eq!(kind(facts("CT", "Chest CT", "", "")).as_deref(), Some("pet-ct"));
    assert_eq!(kind(facts("CT", "Chest CT", "CHEST", "")).as_deref(), Some("ct"));
}

#[test]
fn departments_name_the_performing_unit() {
    let rules = rules("ntuh");
    let unit = |d: &str| rules.performing_unit(&facts("XA", "", "", d)).map(str::to_owned);
    assert_eq!(unit("心血管中心").as_deref(), Some("cardiovascular-center"));
    assert_eq!(unit("Department of DENTISTRY").as_deref(), Some("dentistry"));
    assert_eq!(unit("Nuclear Med").as_deref(), Some("nuclear-medicine"));
    assert_eq!(unit(""), None);
}
