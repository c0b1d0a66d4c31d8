//! One case table, four doors: the library, the command line, the HTTP API, and the page in a browser. Every case of both
//! hospitals is asked at each, and the answers are the same, word for word. Needs Node, Chromium and jsonschema, which
//! `make test` installs.

mod desk;

use desk::{filmdesk, said};
use filmdesk_desk::{By, Clock, StaffId};
use filmdesk_policy::cases::{Case, Setting, answer_to_json, parse_cases, violation_to_json};
use filmdesk_policy::{RULE_FILE_NAMES, RuleFiles, Rules};
use filmdesk_store::{Store, StoreConfig};
use filmdesk_web::{Listener, Server, WebConfig};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

const HOSPITALS: [&str; 2] = ["ntuh", "example"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn folder(hospital: &str) -> PathBuf {
    root().join("rules").join(hospital)
}

fn rules(hospital: &str) -> Rules {
    let text = |name: &str| fs::read_to_string(folder(hospital).join(name)).expect("a rules file");
    Rules::load(&RuleFiles::from_folder_texts(RULE_FILE_NAMES.map(|n| (n, text(n))))).expect("rules that load")
}

fn cases(hospital: &str) -> Vec<Case> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder(hospital).join("cases")).expect("cases").map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    let read = |path: &PathBuf| parse_cases(&path.display().to_string(), &fs::read_to_string(path).expect("text"));
    paths.iter().flat_map(|path| read(path).expect("cases")).collect()
}

/// A case as it is asked at a door, and what the library says.
struct Asked {
    name: String,
    question: Value,
    expected: Value,
    /// The situation can be read, so there is an answer.
    readable: bool,
}

/// Where a case is asked: a hospital whose desk has made these choices and declared these days.
type Desks = BTreeMap<(&'static str, Setting), Vec<Asked>>;

/// Every case by the desk it is asked at, answered by the library; and how many ask for a choice that no reading has,
/// so that there is no such desk.
fn table() -> (Desks, usize) {
    let mut desks = Desks::new();
    let mut without_desk = 0;
    for hospital in HOSPITALS {
        let rules = rules(hospital);
        for case in cases(hospital) {
            let Ok(setting) = case.setting(&rules) else {
                without_desk += 1;
                continue;
            };
            let answer = case.answer(&rules);
            let readable = answer.is_ok();
            let expected = match answer {
                Ok(answer) => answer_to_json(&answer),
                Err(faults) => json!({ "violations": faults.iter().map(violation_to_json).collect::<Vec<_>>() }),
            };
            let asked = Asked { name: case.name.clone(), question: case.question(), expected, readable };
            desks.entry((hospital, setting)).or_default().push(asked);
        }
    }
    (desks, without_desk)
}

/// `filmdesk quote` at a desk.
fn quote(hospital: &str, setting: &Setting, more: &[&str], input: &str) -> Output {
    let mut command = filmdesk();
    command.env("FILMDESK_RULES", folder(hospital)).args(["quote", "--json", "--situation", "-"]).args(more);
    for (reading, choice) in &setting.set {
        command.arg("--set").arg(format!("{reading}={choice}"));
    }
    for (day, reason) in &setting.closures {
        command.arg("--closed").arg(format!("{day} {reason}"));
    }
    for day in &setting.openings {
        command.arg("--open").arg(day.to_string());
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("standard input");
    let text = input.to_owned();
    let writing = std::thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
    let output = child.wait_with_output().expect("an end");
    writing.join().expect("written");
    output
}

#[test]
fn the_command_line_answers_as_the_library() {
    let (desks, without_desk) = table();
    let (mut asked, mut alone) = (0, 0);
    for ((hospital, setting), cases) in &desks {
        let input: String = cases.iter().map(|case| format!("{}\n", case.question)).collect();
        let output = quote(hospital, setting, &["--lines"], &input);
        let lines: Vec<Value> =
            String::from_utf8_lossy(&output.stdout).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
        assert_eq!(lines.len(), cases.len(), "{hospital} {setting:?}: {}", said(&output));
        let all_read = cases.iter().all(|case| case.readable);
        assert_eq!(output.status.code(), Some(if all_read { 0 } else { 3 }), "{}", said(&output));
        for (case, line) in cases.iter().zip(&lines) {
            assert_eq!(*line, case.expected, "{hospital}: {}", case.name);
            asked += 1;
        }
        // And one process a question, for some.
        for case in cases.iter().step_by(17) {
            let output = quote(hospital, setting, &[], &case.question.to_string());
            let said_here: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            assert_eq!(said_here, case.expected, "{}", case.name);
            assert_eq!(output.status.code(), Some(if case.readable { 0 } else { 2 }), "{}", said(&output));
            alone += 1;
        }
    }
    println!("{asked} cases in one process a desk, {alone} in a process each; {} desks", desks.len());
    assert!(asked >= 590 && alone > 40 && without_desk == 1);
    let none = Setting { set: vec![("A08".to_owned(), "free".to_owned())], ..Setting::default() };
    let refused = quote("ntuh", &none, &[], "{\"items\": [\"ct\"]}");
    assert!(refused.status.code() == Some(2) && said(&refused).contains("full-tariff"), "{}", said(&refused));
    // Another question is another answer: the comparison can fail.
    let other = quote("ntuh", &Setting::default(), &[], "{\"at\": \"2026-12-01T10:00\", \"items\": [\"ct\", \"mri\"]}");
    let first = &desks[&("ntuh", Setting::default())][0];
    assert_ne!(serde_json::from_slice::<Value>(&other.stdout).expect("JSON"), first.expected);
}

/// Always Tuesday 2026-12-01, 10:00 in Taipei.
struct Tuesday;

impl Clock for Tuesday {
    fn now(&self) -> Timestamp {
        "2026-12-01T10:00:00+08:00".parse().expect("a moment")
    }
}

/// A desk's public site on a free port, in this process.
async fn site(hospital: &str, setting: &Setting, state: &Path) -> String {
    fs::create_dir_all(state).expect("a folder");
    let config = StoreConfig { url: format!("sqlite://{}/desk.db", state.display()), blobs: state.join("blobs") };
    Store::migrate(&config).await.expect("a schema");
    let store = Store::open(&config).await.expect("a store");
    let by = By { staff: StaffId("chief".to_owned()), at: Tuesday.now() };
    for day in &setting.openings {
        store.add_opening(*day, &by).await.expect("declared open");
    }
    for (day, reason) in &setting.closures {
        store.add_closure(*day, reason, &by).await.expect("declared closed");
    }
    let set: Vec<(&str, &str)> = setting.set.iter().map(|(id, choice)| (id.as_str(), choice.as_str())).collect();
    let mut rules = rules(hospital);
    if !set.is_empty() {
        rules = rules.with_choices(&set).expect("choices");
    }
    let free = || Listener { address: ([127, 0, 0, 1], 0).into(), tls: None };
    let web = WebConfig {
        store,
        rules: Arc::new(rules),
        clock: Arc::new(Tuesday),
        demo: true,
        public: free(),
        staff: free(),
        trusted_proxies: Vec::new(),
    };
    let server = Server::bind(web).await.expect("free ports");
    let url = server.public_url();
    tokio::spawn(server.run(std::future::pending()));
    url
}

/// Runs a checker on what was collected, and gives what it printed.
fn checked(program: &Path, arguments: &[&Path]) -> String {
    let output = Command::new(program).args(arguments).output().expect("the checker starts");
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_and_the_page_in_a_browser_answer_as_the_library() {
    let (desks, _) = table();
    let state = tempfile::tempdir().expect("a folder");
    // Both are plain HTTP on loopback; a client wants a provider all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let (mut exchanges, mut questions) = (Vec::new(), Vec::new());
    let mut description = Value::Null;
    for (n, ((hospital, setting), cases)) in desks.iter().enumerate() {
        let url = site(hospital, setting, &state.path().join(n.to_string())).await;
        let text = client.get(format!("{url}/api/v1/openapi.json")).send().await.expect("an answer").text().await;
        description = serde_json::from_str(&text.expect("text")).expect("JSON");
        for case in cases {
            let request = client.post(format!("{url}/api/v1/quotes")).header("content-type", "application/json");
            let response = request.body(case.question.to_string()).send().await.expect("an answer");
            let status = response.status().as_u16();
            let body: Value = serde_json::from_str(&response.text().await.expect("text")).expect("JSON");
            let answer = match (case.readable, status) {
                (true, 200) => body.clone(),
                (true, _) => body["answer"].clone(),
                (false, _) => json!({ "violations": body["violations"] }),
            };
            assert_eq!(answer, case.expected, "{hospital}: {}", case.name);
            let wrong = case.expected["violations"].as_array().is_some_and(|v| !v.is_empty());
            assert_eq!(status, if wrong { 422 } else { 200 }, "{hospital}: {}", case.name);
            exchanges.push(json!({
                "name": case.name, "request": case.question, "readable": case.readable, "status": status, "body": body,
            }));
            questions.push(json!({
                "site": url, "name": case.name, "question": case.question, "expected": case.expected,
            }));
        }
    }
    println!("{} cases over HTTP, {} desks", exchanges.len(), desks.len());
    assert!(exchanges.len() >= 590);
    let collected = state.path().join("exchanges.json");
    let all = json!({ "description": description, "exchanges": exchanges });
    fs::write(&collected, all.to_string()).expect("written");
    let python = root().join(".venv/bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proof/openapi.py");
    print!("{}", tokio::task::spawn_blocking(move || checked(&python, &[&script, &collected])).await.expect("checked"));

    let asked = state.path().join("questions.json");
    let n = questions.len();
    fs::write(&asked, Value::from(questions).to_string()).expect("written");
    let script = root().join("ui/quote.mjs");
    let told = tokio::task::spawn_blocking(move || checked(Path::new("node"), &[&script, &asked])).await;
    let told = told.expect("walked");
    print!("{told}");
    assert!(told.contains(&format!("{n} of {n} cases")), "{told}");
}

#[test]
fn bad_input_is_told_on_the_command_line() {
    let ten_megabytes = format!("{{\"items\": [{}\"ct\"]}}", "\"ct\",".repeat(2_000_000));
    for (input, field, allowed) in [
        (r#"{"items": ["soup"]}"#, "items[0].kind", "the items are"),
        (r#"{"items": [{"kind": "bone-scan", "film_sheets": 1}]}"#, "items[0].media.film_sheets", "it can be had on"),
        (r#"{"items": [{"kind": "ct", "exam_end": "2026-02-30"}]}"#, "items[0].exam_end", "there is no such day"),
        (r#"{"items": ["ct"], "people": {"patient_born": "1850-01-01"}}"#, "people.patient_born", "more than 130"),
        (r#"{"at": "2026-12-06T10:00", "items": ["ct"]}"#, "2026-12-07T08:00", "closed"),
        (r#"{"items": [{"kind": "ct", "film_sheets": -1}]}"#, "items[0].film_sheets", "a whole number from 0"),
        (ten_megabytes.as_str(), "too-long", "65536"),
        ("items = [\"ct\"\n", "not-read", "TOML"),
    ] {
        let mut command = filmdesk();
        command.args(["quote", "--situation", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let mut stdin = child.stdin.take().expect("standard input");
        let text = input.to_owned();
        // The end of ten megabytes is never read: the pipe breaks, and that is right.
        let writing = std::thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
        let output = child.wait_with_output().expect("an end");
        writing.join().expect("written");
        let told = said(&output);
        let shown: String = input.chars().take(80).collect();
        assert!(told.contains(field) && told.contains(allowed), "{shown}: {told}");
        assert!(told.len() < 4_000, "{shown}: too much is said");
    }
}
