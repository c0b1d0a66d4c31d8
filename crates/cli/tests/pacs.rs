//! `filmdesk pacs` for programs: the members of its JSON are those its help names; and what `doctor` tells the archive's side.

mod desk;

use desk::{TestDesk, filmdesk, said};
use filmdesk_testkit::orthanc::{AE_TITLE, DESK_AE_TITLE, Orthanc};
use filmdesk_testkit::studies::{Spec, make};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

fn members(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().cloned().collect()
}

/// The members that the help names between the first such pair of braces or brackets after `of`.
fn documented(help: &str, of: &str) -> BTreeSet<String> {
    let (_, text) = help.split_once(of).unwrap_or_else(|| panic!("the help says nothing of {of}:\n{help}"));
    let inner: String = text.chars().skip(1).take_while(|c| !"{}[]".contains(*c)).collect();
    let names = inner.split(',').filter_map(|name| name.split(':').next()).map(str::trim);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_json_of_echo_find_and_fetch_is_what_the_help_says() {
    let help = filmdesk().args(["pacs", "--help"]).output().expect("starts");
    // Wrapped to the terminal's width.
    let help: String = said(&help).split_whitespace().collect::<Vec<_>>().join(" ");
    let help = help.split_once("With --json").expect("what it prints").1.to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    let made = make(folder.path(), &Spec { ct: 3, mr: 0, dx: 1, us: 0, ..Spec::default() }).expect("studies");
    let orthanc = Orthanc::start().expect("Orthanc");
    orthanc.store_folder(folder.path()).expect("stored");
    let entry = format!(
        "[[archive]]\nname = \"pacs\"\nkind = \"dimse\"\nhost = \"127.0.0.1\"\nport = {}\ncalled_ae = \"{AE_TITLE}\"\n\
         calling_ae = \"{DESK_AE_TITLE}\"\n",
        orthanc.dicom_port
    );
    let config = folder.path().join("filmdesk.toml");
    fs::write(&config, entry).expect("written");
    let pacs = |arguments: &[&str]| {
        let head = ["--config", config.to_str().expect("text"), "pacs"];
        let output = filmdesk().args(head).args(arguments).arg("--json").output().expect("starts");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(&output)));
        (output.status.code(), answer)
    };
    let (code, echo) = pacs(&["echo"]);
    assert_eq!((code, &echo["sufficient"]), (Some(0), &Value::Bool(true)), "{echo}");
    assert_eq!(members(&echo), documented(&help, "echo "));
    assert_eq!(members(&echo["offers"][0]), documented(&help, "offers: ["));

    let (code, found) = pacs(&["find", "--patient", "T1234567"]);
    assert_eq!((code, found.as_array().map(Vec::len)), (Some(0), Some(2)), "{found}");
    assert_eq!(members(&found[0]), documented(&help, "find ["));
    assert_eq!(found[0]["patient_name"], "TEST^WangShiYan=王^試驗");

    let out = folder.path().join("out");
    let out = out.to_str().expect("text");
    let study = ["fetch", "--patient", "T1234567", "--study", &made.studies[0], "--out", out];
    let (code, fetched) = pacs(&study);
    assert_eq!((code, &fetched["studies"][0]["n_instances"]), (Some(0), &Value::from(3)), "{fetched}");
    assert_eq!(members(&fetched), documented(&help, "fetch "));
    assert_eq!(members(&fetched["studies"][0]), documented(&help, "studies: ["));

    let (code, failed) = pacs(&["find", "--patient", "T*"]);
    assert_eq!(code, Some(1), "{failed}");
    assert_eq!(members(&failed["error"]), documented(&help, "error: "));
    assert_eq!(failed["error"]["code"], "patient-key-not-exact");
}

#[test]
fn doctor_says_what_the_archives_side_must_know_of_us() {
    let orthanc = Orthanc::start().expect("Orthanc");
    let desk = TestDesk::new();
    let head = format!(
        "kind = \"dimse\"\nhost = \"127.0.0.1\"\nport = {}\ncalled_ae = \"{AE_TITLE}\"\ncalling_ae = \"{DESK_AE_TITLE}\"\n",
        orthanc.dicom_port
    );
    let port = orthanc.store_port;
    let config = format!(
        "[[archive]]\nname = \"get\"\n{head}[[archive]]\nname = \"move\"\n{head}via = \"move\"\nstore_port = {port}\n\
         [[archive]]\nname = \"misnamed\"\n{}",
        head.replace(AE_TITLE, "NOBODY")
    );
    fs::write(desk.state().with_file_name("filmdesk.toml"), config).expect("configuration");
    let told = said(&desk.run(&["doctor"]));
    let line =
        |name: &str| told.lines().find(|line| line.contains(&format!("archive {name}:"))).unwrap_or(&told).to_owned();
    let route =
        format!("At {AE_TITLE}, register AE title {DESK_AE_TITLE} with host 127.0.0.1 and port {port}, without TLS.");
    assert!(line("move").starts_with("ok") && line("move").contains(&route), "{told}");
    assert!(line("get").starts_with("ok") && !line("get").contains("register"), "{told}");
    assert!(line("misnamed").starts_with("NOT OK") && line("misnamed").contains("called AE title"), "{told}");
    assert!(line("misnamed").contains("have ours registered"), "{told}");
}
