//! What stands on a disc, in a real browser from `file://`: the viewer decodes as others do.

mod common;

use common::neighbour;
use common::production::{CD_80, Workshop, facts, plan_options};
use filmdesk_instance::{InProcess, Source};
use filmdesk_production::{Silent, make_disc, plan};
use filmdesk_testkit::samples::write_sample_archive;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files below a folder, in order.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut ahead = vec![folder.to_path_buf()];
    let mut found = Vec::new();
    while let Some(path) = ahead.pop() {
        if path.is_dir() {
            ahead.extend(std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Makes discs of these files, one set a patient, and unpacks each image; `None` where a neighbour is left out.
fn discs(shop: &Workshop, files: Vec<PathBuf>) -> Option<Vec<PathBuf>> {
    let goods = shop.gather_these(files.into_iter().map(Source::file).collect(), CD_80, true);
    let (sets, _) = goods.by_patient();
    let mut folders = Vec::new();
    for (goods, number) in sets.iter().zip(1..) {
        let mut options = plan_options(CD_80, true);
        options.volume_prefix = format!("FD{number}");
        let plan = plan(goods, &options).expect("a plan");
        for disc in &plan.discs {
            let made = make_disc(&plan, disc.number, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent);
            let image = made.expect("a disc").path;
            let folder = image.with_extension("");
            let paths = [image.to_str().expect("a path"), folder.to_str().expect("a path")];
            let unpacked = neighbour("xorriso", &["-osirrox", "on", "-indev", paths[0], "-extract", "/", paths[1]])?;
            assert!(unpacked.status.success());
            neighbour("chmod", &["-R", "u+w", paths[1]])?;
            folders.push(folder);
        }
    }
    Some(folders)
}

/// Runs a script of `tests/browser` with a plan and gives its last line.
fn in_browser(shop: &Workshop, script: &str, mut plan: Value) -> Option<Value> {
    plan["playwright"] = json!(project().join("ui/package.json"));
    plan["chromium"] = json!("/usr/bin/chromium");
    #[allow(clippy::disallowed_methods, reason = "the switch of the test run")]
    let pictures = std::env::var_os("FILMDESK_PICTURES").map(PathBuf::from);
    plan["pictures"] = json!(pictures);
    let file = shop.at("plan.json");
    std::fs::write(&file, plan.to_string()).expect("a plan");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser").join(script);
    let output = neighbour("node", &[script.to_str().expect("a path"), file.to_str().expect("a path")])?;
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{error}");
    Some(serde_json::from_str(said.lines().last().unwrap_or_default()).expect("a line of JSON"))
}

/// What pydicom and DCMTK make of these files.
fn decoded_by_others(shop: &Workshop, files: &[PathBuf]) -> Vec<Value> {
    let folder = shop.at("grey");
    std::fs::create_dir_all(&folder).expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/decode.py");
    let mut child = Command::new(project().join(".venv/bin/python"))
        .args([script, folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pydicom (`make test` installs it)");
    let mut input = child.stdin.take().expect("a pipe");
    let paths: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
    let writer = std::thread::spawn(move || input.write_all(paths.as_bytes()));
    let output = child.wait_with_output().expect("pydicom");
    writer.join().expect("a writer").expect("a pipe");
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Every picture of every disc made of pydicom's files and of the sample archive: the samples of the viewer are those of
/// pydicom to the last bit, its grey is that of DCMTK within one of 256 shades, its names are pydicom's.
#[test]
fn the_viewer_decodes_as_others_do() {
    let Some(pydicom) = filmdesk_testkit::pydicom::data() else { return };
    let shop = Workshop::empty();
    write_sample_archive(&shop.at("in"), jiff::civil::date(2026, 11, 24)).expect("samples");
    let files = [below(&pydicom), below(&shop.at("in"))].concat();
    let Some(folders) = discs(&shop, files) else { return };
    let objects: Vec<PathBuf> = folders.iter().flat_map(|folder| below(&folder.join("DICOM"))).collect();
    let expected = decoded_by_others(&shop, &objects);
    assert!(expected.iter().all(|line| line["error"].is_null()), "pydicom reads all of them");
    let viewer = folders[0].join("VIEWER/VIEWER.HTM");
    let Some(seen) = in_browser(&shop, "decode.mjs", json!({ "viewer": viewer, "expected": expected })) else { return };
    println!("{seen:#}");
    assert_eq!(seen["wrong"], json!([]));
    let n = |key: &str| seen[key].as_u64().expect("a number");
    assert_eq!(n("files"), objects.len() as u64);
    assert!(n("pictures") > 500 && n("grey") > 450, "{seen}");
    assert_eq!(n("equal"), n("pictures"));
    assert!(n("greyWorst") <= 1 && n("names") + n("unnamed") == n("files"), "{seen}");

    // The same comparison sees one changed hash, one changed shade and one changed name.
    let grey = expected.iter().find(|line| line["grey"].is_string()).expect("a grey picture").clone();
    let path = grey["grey"].as_str().expect("a path");
    let mut pgm = std::fs::read(path).expect("a picture");
    *pgm.last_mut().expect("a pixel") ^= 0x80;
    std::fs::write(path, pgm).expect("a picture");
    let mut other = grey.clone();
    (other["hash"][0], other["name"]) = (json!("00"), json!("TEST^Nobody"));
    let negative =
        in_browser(&shop, "decode.mjs", json!({ "viewer": viewer, "expected": [grey, other] })).expect("node");
    assert_eq!(negative["wrong"].as_array().map(Vec::len), Some(4), "{negative:#}");
}
