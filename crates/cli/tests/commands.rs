//! The commands as a person or a program meets them: what they say, and how they end.

mod desk;

use desk::{TestDesk, filmdesk, said};

#[test]
fn help_names_the_exit_codes() {
    let help = filmdesk().arg("--help").output().expect("starts");
    assert!(help.status.success() && said(&help).contains("Exit codes:"), "{}", said(&help));
}

#[test]
fn a_quote_says_what_it_costs_and_why() {
    let ask = ["quote", "--item", "ct", "--item", "general-x-ray", "--at", "2026-12-01T10:00"];
    let text = filmdesk().args(ask).output().expect("starts");
    assert!(said(&text).starts_with("Estimate  NT$400\n"), "{}", said(&text));
    assert!(said(&text).contains("2026-12-01T11:00"), "{}", said(&text));
    let chinese = filmdesk().args(ask).args(["--lang", "zh"]).output().expect("starts");
    assert!(said(&chinese).contains("應備文件"), "{}", said(&chinese));
    let json = filmdesk().args(ask).arg("--json").output().expect("starts");
    let answer: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert!(answer.to_string().contains("400"), "{answer}");
}

#[test]
fn wrong_use_ends_with_two() {
    for wrong in [&["quote"][..], &["quote", "--item", "soup"], &["nonsense"], &["--config", "/nowhere.toml", "doctor"]]
    {
        let output = filmdesk().args(wrong).output().expect("starts");
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", said(&output));
    }
}

#[test]
fn the_rules_and_their_cases_can_be_checked() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/ntuh");
    let cases = format!("{rules}/cases");
    let output = filmdesk().args(["rules", "check", rules, "--cases", &cases]).output().expect("starts");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("cases answer as expected"), "{}", said(&output));
    // The cases beside a folder, and those built in, run without being asked for; every line of the page is proved.
    for arguments in [&["rules", "check"][..], &["rules", "check", rules]] {
        let output = filmdesk().args(arguments).output().expect("starts");
        assert!(output.status.success() && said(&output).contains("43 lines of the page"), "{}", said(&output));
    }
}

#[test]
fn another_reading_shows_which_cases_it_would_change() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules");
    let diff = |arguments: &[&str]| filmdesk().args(["rules", "diff"]).args(arguments).output().expect("starts");
    // The rules built in, their cases built in; the choice as the issue writes it and as the rules do.
    for choice in ["A08=full_tariff", "A08=full-tariff"] {
        let text = diff(&["--set", choice]);
        assert_eq!(text.status.code(), Some(3), "{}", said(&text));
        assert!(said(&text).contains("A08: additional → full-tariff"), "{}", said(&text));
        let told = said(&text);
        let case = told.split("S12 an identical second disc").nth(1).expect("S12 asks for an extra set");
        assert!(case.contains("total_twd: 300 → 400\n"), "{told}");
    }
    // Several at once, as JSON, in a folder of one's own.
    let ntuh = format!("{root}/ntuh");
    let output = diff(&[&ntuh, "--set", "A08=full-tariff", "--set", "A27=always", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let changed = json["changed"].as_array().expect("a list");
    let names = |start: &str| changed.iter().any(|c| c["name"].as_str().is_some_and(|n| n.starts_with(start)));
    assert!(names("S12") && names("S47") && !names("S01"), "{}", said(&output));
    assert_ne!(json["before"], json["after"]);
    // The choice in use changes nothing; another hospital's folder changes much; a wrong choice is named.
    assert_eq!(diff(&["--set", "A08=additional"]).status.code(), Some(0));
    let example = format!("{root}/example");
    assert_eq!(diff(&[&ntuh, "--to", &example]).status.code(), Some(3));
    assert_eq!(diff(&[&ntuh, "--to", &ntuh]).status.code(), Some(0));
    for (wrong, told) in [("A08=free", "full-tariff"), ("A99=x", "no reading A99"), ("A08", "such as A08=full-tariff")]
    {
        let output = diff(&["--set", wrong]);
        assert!(output.status.code() == Some(2) && said(&output).contains(told), "{}", said(&output));
    }
}

#[test]
fn a_mistake_in_the_rules_is_named_with_its_line_and_nothing_starts() {
    let desk = TestDesk::new();
    let folder = desk.state().with_file_name("rules");
    std::fs::create_dir_all(&folder).expect("folder");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/ntuh")).expect("rules") {
        let path = entry.expect("entry").path();
        if path.is_file() {
            std::fs::copy(&path, folder.join(path.file_name().expect("name"))).expect("copied");
        }
    }
    let fees = folder.join("fees.toml");
    let text = std::fs::read_to_string(&fees).expect("fees").replacen("[[fee]]", "[[fee]]\nprice = 7", 1);
    let line = text.lines().position(|line| line == "price = 7").expect("line") + 1;
    std::fs::write(&fees, text).expect("fees");
    let desk = desk.with("FILMDESK_RULES", folder.display().to_string());
    for command in [&["rules", "check"][..], &["serve", "--demo"], &["quote", "--item", "ct"]] {
        let output = desk.run(command);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {}", said(&output));
        assert!(said(&output).contains(&format!("fees.toml:{line}:")), "{command:?}: {}", said(&output));
    }
    // The doctor goes on: it is one thing among those that are not in order.
    let doctor = desk.run(&["doctor", "--json"]);
    assert_eq!(doctor.status.code(), Some(3), "{}", said(&doctor));
    let findings: Vec<serde_json::Value> =
        String::from_utf8_lossy(&doctor.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |subject: &str| findings.iter().find(|f| f["subject"] == subject).expect("a finding");
    let rules = of("rules")["said"].as_str().expect("text");
    assert!(of("rules")["ok"] == false && of("inspectors")["ok"] == true, "{}", said(&doctor));
    assert!(rules.contains(&format!("fees.toml:{line}:")) && rules.contains("correct the spelling"), "{rules}");
}

#[test]
fn a_real_desk_needs_a_user_and_the_doctor_says_so() {
    let desk = TestDesk::new().with("FILMDESK_SPOOL_KEEP_FREE_BYTES", "0");
    let before = desk.run(&["doctor"]);
    assert_eq!(before.status.code(), Some(3), "{}", said(&before));
    assert!(said(&before).contains("filmdesk migrate"), "{}", said(&before));
    assert!(desk.run(&["migrate"]).status.success());
    let doctor = desk.run(&["doctor"]);
    assert!(said(&doctor).contains("NOT OK  staff: nobody can sign in"), "{}", said(&doctor));
    let password = desk.state().join("password");
    std::fs::write(&password, "correct horse battery\n").expect("password");
    let file = password.display().to_string();
    let added = desk.run(&["user", "add", "mei", "--role", "supervisor", "--password-file", &file]);
    assert!(said(&added).contains("mei may sign in as supervisor"), "{}", said(&added));
    assert_eq!(desk.run(&["user", "add", "mei", "--password-file", &file]).status.code(), Some(1));
    std::fs::write(&password, "short\n").expect("password");
    assert_eq!(desk.run(&["user", "password", "mei", "--password-file", &file]).status.code(), Some(2));
    assert!(desk.run(&["user", "disable", "mei"]).status.success());
    assert!(said(&desk.run(&["user", "list"])).contains("disabled"));
}

#[test]
fn a_backup_comes_back_elsewhere_with_what_was_in_it() {
    let desk = TestDesk::new();
    let served = desk.serve(&["--no-worker"]);
    let folder = desk.state().with_file_name("backup").display().to_string();
    let backup = desk.run(&["backup", &folder]);
    assert!(backup.status.success(), "{}", said(&backup));
    let other = TestDesk::new();
    let restored = other.run(&["restore", &folder]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert!(said(&other.run(&["user", "list"])).contains("supervisor"));
    drop(served);
}
