//! One application from the form to the disc, as `ARCHITECTURE.md` tells it: real pages in a real browser, in both
//! languages, against the sample archive, against a real PACS over DIMSE and over DICOMweb, and on PostgreSQL. The disc
//! that comes out is proved with tools that are not ours.

mod desk;
mod proof;

use desk::{TestDesk, said};
use filmdesk_testkit::orthanc::Orthanc;
use filmdesk_testkit::studies::{Spec, make};
use jiff::civil::date;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whose journey, asking for what.
struct Traveller {
    lang: &'static str,
    name: &'static str,
    identity: &'static str,
    born: &'static str,
    number: &'static str,
    kinds: &'static [&'static str],
    n_studies: usize,
    n_instances: usize,
    total: &'static str,
}

/// One CT and one chest X-ray of the sample archive.
const SAMPLE: Traveller = Traveller {
    lang: "zh-TW",
    name: "王測試",
    identity: "A123456789",
    born: "59/3/15",
    number: "9000001",
    kinds: &["ct", "general-x-ray"],
    n_studies: 2,
    n_instances: 152,
    total: "400",
};

/// What [`load`] stores in a PACS.
const STORED: Traveller = Traveller {
    lang: "en",
    name: "TEST WANG",
    identity: "F130000005",
    born: "1970-03-15",
    number: "T1234567",
    kinds: &["ct", "general-x-ray"],
    n_studies: 2,
    n_instances: 42,
    total: "400",
};

/// What axe must find in the page that has faults.
const FAULTS: [&str; 3] = ["button-name", "html-has-lang", "image-alt"];

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Walks the journey in a browser and gives what the last line of the script says.
fn walk(desk: &TestDesk, public: &str, staff: &str, traveller: &Traveller) -> Value {
    let sign_in = fs::read_to_string(desk.state().join("sign-in.txt")).expect("the sign-in file");
    let password = sign_in.lines().find_map(|line| line.strip_prefix("clerk")).expect("a clerk").trim();
    let out = desk.state().with_file_name(format!("handed-out-{}", traveller.lang));
    fs::create_dir_all(&out).expect("folder");
    let kinds: Vec<Value> = traveller.kinds.iter().map(|id| json!({ "id": id })).collect();
    // On the sample archive every page is judged by axe as well.
    let axe = (traveller.number == SAMPLE.number).then(|| project().join("ui/node_modules/axe-core/axe.min.js"));
    let plan = json!({
        "axe": axe, "public": public.trim_end_matches('/'), "staff": staff.trim_end_matches('/'), "login": "clerk",
        "password": password, "lang": traveller.lang, "kinds": kinds, "otherwise": "general-x-ray", "out": out,
        "patient": {
            "name": traveller.name, "identity": traveller.identity, "born": traveller.born, "number": traveller.number,
        },
        "pictures": std::env::var_os("FILMDESK_PICTURES").map(PathBuf::from),
        "playwright": project().join("ui/package.json"), "chromium": "/usr/bin/chromium",
    });
    let file = desk.state().with_file_name(format!("plan-{}.json", traveller.lang));
    fs::write(&file, plan.to_string()).expect("plan");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proof/journey.mjs");
    let output = Command::new("node").arg(script).arg(&file).output().expect("node is installed");
    assert!(output.status.success(), "{}\n--- log ---\n{}", said(&output), desk.log());
    let line = String::from_utf8(output.stdout).expect("text");
    serde_json::from_str(line.lines().last().expect("a result")).expect("JSON")
}

/// Walks, and proves what was handed out.
fn walk_and_prove(desk: &TestDesk, public: &str, staff: &str, traveller: &Traveller) {
    let walked = walk(desk, public, staff, traveller);
    assert!(walked["quote"].as_str().expect("a quote").contains(traveller.total), "{walked}");
    assert_eq!(walked["studies"], json!(traveller.n_studies), "{walked}");
    if traveller.number == SAMPLE.number {
        assert_eq!((&walked["serious"], &walked["control"]), (&json!([]), &json!(FAULTS)), "{walked}");
        assert!(walked["judged"].as_u64() > Some(50), "{walked}");
    }
    let discs = walked["discs"].as_array().expect("discs");
    assert_eq!(discs.len(), 1, "{walked}");
    let image = Path::new(discs[0]["file"].as_str().expect("a file"));
    let volume = discs[0]["volume"].as_str().expect("a volume");
    assert_eq!(image.file_name().and_then(|name| name.to_str()), Some(format!("{volume}.iso").as_str()));
    proof::prove(image, volume, traveller.n_instances);
    no_patient_in_the_log(desk, traveller);
}

/// Invariant: no name, number or birthday of a patient in a log line.
fn no_patient_in_the_log(desk: &TestDesk, traveller: &Traveller) {
    let log = desk.log();
    assert!(log.contains("INFO") || log.contains("\"level\""), "the log is on: {log}");
    for private in
        [traveller.name, traveller.identity, traveller.number, traveller.born, "1970", "WangCeShi", "WangShiYan"]
    {
        assert!(!log.contains(private), "{private} is in the log:\n{log}");
    }
}

#[test]
fn the_journey_in_both_languages_on_the_sample_archive() {
    let desk = TestDesk::new();
    let served = desk.serve(&[]);
    walk_and_prove(&desk, &served.public, &served.staff, &SAMPLE);
    walk_and_prove(&desk, &served.public, &served.staff, &Traveller { lang: "en", ..SAMPLE });
    assert!(served.process.terminate().success());
}

/// An archive with one patient of ours among the odd ones pydicom ships.
fn load(orthanc: &Orthanc, scratch: &Path) {
    let ours = scratch.join("ours");
    let spec = |ct, dx, seed, on| Spec { ct, mr: 0, dx, us: 0, seed, date: on, ..Spec::default() };
    make(&ours.join("ct"), &spec(40, 0, 7, date(2026, 10, 5))).expect("CT");
    make(&ours.join("dx"), &spec(0, 2, 8, date(2026, 10, 12))).expect("DX");
    assert_eq!(orthanc.store_folder(&ours).expect("stored"), 42);
    let others = proof::pydicom_files();
    assert!(orthanc.store_folder(&others).expect("stored") > 50, "pydicom's files are in the archive too");
}

fn on_a_pacs(configuration: impl Fn(&Orthanc) -> String, environment: &[(&str, String)]) {
    let orthanc = Orthanc::start().expect("Orthanc");
    let mut desk = TestDesk::new();
    for (variable, value) in environment {
        desk = desk.with(variable, value.clone());
    }
    load(&orthanc, desk.state().parent().expect("folder"));
    fs::write(desk.state().with_file_name("filmdesk.toml"), configuration(&orthanc)).expect("configuration");
    let served = desk.serve(&[]);
    walk_and_prove(&desk, &served.public, &served.staff, &STORED);
    assert!(served.process.terminate().success());
}

fn dimse(orthanc: &Orthanc) -> String {
    format!(
        "[[archive]]\nname = \"pacs\"\nkind = \"dimse\"\nhost = \"127.0.0.1\"\nport = {}\ncalled_ae = \"{}\"\n\
         calling_ae = \"{}\"\nvia = \"get\"\n",
        orthanc.dicom_port,
        filmdesk_testkit::orthanc::AE_TITLE,
        filmdesk_testkit::orthanc::DESK_AE_TITLE,
    )
}

#[test]
fn the_journey_with_a_pacs_over_dimse() {
    on_a_pacs(dimse, &[]);
}

#[test]
fn the_journey_with_a_pacs_over_dicomweb() {
    on_a_pacs(
        |orthanc| format!("[[archive]]\nname = \"web\"\nkind = \"dicom-web\"\nurl = \"{}\"\n", orthanc.dicom_web_url()),
        &[],
    );
}

#[test]
fn the_journey_on_postgresql() {
    let desk = TestDesk::new().with("FILMDESK_DATABASE", filmdesk_testkit::postgres::Postgres::shared().database());
    let migrated = desk.run(&["migrate"]);
    assert!(migrated.status.success(), "{}", said(&migrated));
    let served = desk.serve(&[]);
    walk_and_prove(&desk, &served.public, &served.staff, &SAMPLE);
    assert!(served.process.terminate().success());
}
