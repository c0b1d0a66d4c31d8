//! `filmdesk disc` on folders as people have them: good, odd and broken files, folders nobody may read, runs that were killed.

mod desk;

use desk::{files_below, filmdesk, said};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// What Debian's `python3-pydicom` installs.
const DEBIANS: &str = "/usr/lib/python3/dist-packages/pydicom/data";

/// Where Debian's files are; a missing neighbour fails the test.
fn debians(folder: &str) -> PathBuf {
    let folder = Path::new(DEBIANS).join(folder);
    assert!(folder.is_dir(), "{} is missing: make neighbours (python3-pydicom)", folder.display());
    folder
}

fn make(source: &Path, out: &Path) -> (Output, Value) {
    let (source, out) = (source.to_str().expect("text"), out.to_str().expect("text"));
    let output = filmdesk().args(["disc", source, "--out", out, "--json"]).output().expect("starts");
    let result = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(&output)));
    (output, result)
}

/// Delivered and named are exactly the files given; gives (given, delivered, named, sets).
fn accounted(source: &Path, result: &Value) -> Result<[usize; 4], String> {
    let given = files_below(source);
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let (sets, left_out) = (list(&result["sets"]), list(&result["left_out"]));
    let delivered: u64 = sets.iter().map(|set| set["n_instances"].as_u64().expect("a count")).sum();
    let mut named = BTreeSet::new();
    for left in &left_out {
        let text = |key: &str| left[key].as_str().unwrap_or_default().to_owned();
        if text("reason").is_empty() || text("code").is_empty() {
            return Err(format!("without a reason: {left}"));
        }
        let path = PathBuf::from(text("path"));
        if !given.contains(&path) || !named.insert(path) {
            return Err(format!("not given, or named twice: {left}"));
        }
    }
    let counts = [given.len(), usize::try_from(delivered).expect("a count"), named.len(), sets.len()];
    if counts[1] + counts[2] != counts[0] || result["n_files"] != counts[0] {
        return Err(format!("given, delivered, named, sets: {counts:?}"));
    }
    Ok(counts)
}

fn every_file_is_on_a_disc_or_named(source: &Path, expected: [usize; 4]) {
    let out = tempfile::tempdir().expect("folder");
    let (output, result) = make(source, out.path());
    let counts = accounted(source, &result).unwrap_or_else(|wrong| panic!("{}: {wrong}", source.display()));
    assert_eq!(counts, expected, "given, delivered, named, sets: {result:#}");
    let missing = result["left_out"].as_array().expect("a list").iter().any(|left| left["missing"] == true);
    assert_eq!(output.status.code(), Some(if missing { 3 } else { 0 }), "{}", String::from_utf8_lossy(&output.stderr));
    let images: Vec<PathBuf> =
        files_below(out.path()).into_iter().filter(|path| path.extension().is_some_and(|e| e == "iso")).collect();
    assert_eq!(images.len(), counts[3], "each patient's fit one disc");
    for image in &images {
        let check = filmdesk().arg("check").arg(image).output().expect("starts");
        assert!(check.status.success(), "{}", said(&check));
        // It fits its blank, to the sector; and a smaller one is noticed.
        let sectors = std::fs::metadata(image).expect("an image").len() / 2048;
        for (medium, fits) in
            [("cd-80".to_owned(), true), (sectors.to_string(), true), ((sectors - 1).to_string(), false)]
        {
            let check = filmdesk().arg("check").arg(image).args(["--medium", &medium]).output().expect("starts");
            assert_eq!(check.status.success(), fits, "{}", said(&check));
            assert_eq!(said(&check).contains("larger-than-medium"), !fits, "{}", said(&check));
        }
    }
    println!("{}: {counts:?}", source.display());
    // Negative control: a file that nobody accounted for is noticed.
    let mut short = result.clone();
    assert!(short["left_out"].as_array_mut().expect("a list").pop().is_some());
    assert!(accounted(source, &short).is_err());
}

#[test]
fn every_file_of_dicomdirtests_is_on_a_disc_or_named() {
    every_file_is_on_a_disc_or_named(&debians("test_files/dicomdirtests"), [91, 81, 10, 3]);
}

#[test]
fn every_test_file_of_debians_pydicom_is_on_a_disc_or_named() {
    every_file_is_on_a_disc_or_named(&debians("test_files"), [165, 107, 58, 15]);
}

#[test]
fn every_character_set_file_of_debians_pydicom_is_on_a_disc_or_named() {
    every_file_is_on_a_disc_or_named(&debians("charset_files"), [18, 11, 7, 11]);
}

/// Blu-ray: a UDF image of the medium's profile, or of another that is for it; judged in place, and a changed byte is seen.
#[test]
fn a_blu_ray_disc_is_a_udf_image() {
    let folder = tempfile::tempdir().expect("folder");
    let source = debians("test_files").join("JPEG2000.dcm");
    for (arguments, profile) in [
        (["--medium", "bd"], "STD-GEN-BD-JPEG"),
        (["--medium", "bd-25"], "STD-GEN-BD-JPEG"),
        (["--profile", "std-gen-bd"], "STD-GEN-BD"),
        (["--profile", "STD-GEN-BD-J2K"], "STD-GEN-BD-J2K"),
    ] {
        let out = folder.path().join(profile);
        let making =
            filmdesk().arg("disc").arg(&source).arg("--out").arg(&out).args(arguments).output().expect("starts");
        assert!(making.status.success(), "{}", said(&making));
        let image = files_below(&out).into_iter().find(|path| path.extension().is_some_and(|e| e == "iso"));
        let image = image.expect("an image");
        let check = || filmdesk().arg("check").arg(&image).args(["--profile", profile]).output().expect("starts");
        assert!(check().status.success(), "{}", said(&check()));
        let mut bytes = fs::read(&image).expect("read");
        assert_eq!(&bytes[17 * 2048 + 1..17 * 2048 + 6], b"NSR03", "UDF");
        // The copy of the metadata, which no reader asks while the first is whole.
        let at = bytes.len() - (288 + 2 * 32) * 2048 + 20;
        bytes[at] ^= 1;
        fs::write(&image, bytes).expect("written");
        assert_eq!(check().status.code(), Some(3), "{}", said(&check()));
    }
}

/// Media whose file system is not written here are known and refused with the reason.
#[test]
fn a_dvd_ram_is_refused_with_what_to_choose_instead() {
    let source = debians("test_files").join("CT_small.dcm");
    let ask = |arguments: &[&str]| {
        let output = filmdesk().arg("disc").arg(&source).arg("--plan-only").args(arguments).output().expect("starts");
        (output.status.code(), said(&output))
    };
    let (code, text) = ask(&["--profile", "STD-GEN-DVD-RAM"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("UDF 1.5") && text.contains("choose STD-GEN-DVD-JPEG or STD-GEN-BD-JPEG"), "{text}");
    let (code, text) = ask(&["--medium", "bd", "--profile", "STD-GEN-DVD-JPEG"]);
    assert!(code == Some(2) && text.contains("for it there are STD-GEN-BD-JPEG, STD-GEN-BD-J2K"), "{text}");
    let (code, text) = ask(&["--profile", "STD-GEN-FLOPPY"]);
    assert!(code == Some(2) && text.contains("known are STD-GEN-CD"), "{text}");
    assert_eq!(ask(&["--medium", "dvd"]).0, Some(0), "the control: a DVD is planned");
}

#[test]
fn an_empty_folder_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("out");
    let empty = folder.path().join("empty");
    fs::create_dir_all(empty.join("below")).expect("folder");
    let arguments = ["disc", empty.to_str().expect("text"), "--out", out.to_str().expect("text")];
    let output = filmdesk().args(arguments).output().expect("starts");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("no files in the sources"), "{}", said(&output));
    assert!(files_below(&out).is_empty());
}

/// As somebody who may not read it: root may read everything, so as root it is somebody else's run.
#[test]
fn a_folder_that_cannot_be_read_is_named_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name);
    let [source, out, program] = [at("source"), at("out"), at("filmdesk")];
    fs::create_dir_all(source.join("closed")).expect("folder");
    fs::create_dir_all(&out).expect("folder");
    fs::copy(debians("test_files").join("CT_small.dcm"), source.join("CT_small.dcm")).expect("copied");
    let built = Path::new(env!("CARGO_BIN_EXE_filmdesk"));
    fs::hard_link(built, &program).or_else(|_| fs::copy(built, &program).map(drop)).expect("the program");
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    mode(folder.path(), 0o755);
    mode(&out, 0o777);
    let run = || {
        let root = rustix::process::geteuid().is_root();
        let mut command = if root { Command::new("setpriv") } else { Command::new(&program) };
        if root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
        }
        command.arg("disc").arg(&source).arg("--out").arg(&out).current_dir("/").output().expect("starts")
    };
    mode(&source.join("closed"), 0o000);
    let output = run();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("closed cannot be read") && said(&output).contains("give access"),
        "{}",
        said(&output)
    );
    assert!(files_below(&out).is_empty(), "something was made of a part");
    // Negative control: with access the same run makes a disc.
    mode(&source.join("closed"), 0o755);
    let output = run();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(files_below(&out).iter().any(|path| path.extension().is_some_and(|e| e == "iso")));
}

#[test]
fn what_a_killed_run_left_is_removed_at_the_next_and_nothing_else() {
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("out");
    let work = |name: &str| out.join(name);
    for name in [".work-mine", ".work-busy"] {
        fs::create_dir_all(work(name)).expect("folder");
        fs::write(work(name).join("file"), "kept").expect("written");
    }
    // Somebody who lives holds its lock; a folder without one is nobody's of ours.
    let busy = File::create(work(".work-busy.lock")).expect("lock");
    busy.lock().expect("locked");
    let source = debians("test_files");
    let mut killed = filmdesk();
    killed.arg("disc").arg(&source).arg("--out").arg(&out).stdout(std::process::Stdio::null());
    let mut killed = desk::Running(killed.spawn().expect("starts"));
    let leftovers = || -> Vec<PathBuf> {
        let all = files_below(&out).into_iter();
        let others = [".work-mine", ".work-busy", ".work-busy.lock"].map(work);
        all.filter(|path| !others.iter().any(|other| path.starts_with(other))).collect()
    };
    let started = Instant::now();
    while leftovers().len() < 3 {
        assert!(started.elapsed() < Duration::from_secs(60), "it never worked");
        std::thread::sleep(Duration::from_millis(1));
    }
    killed.kill();
    assert!(leftovers().iter().any(|path| path.extension().is_some_and(|e| e == "lock")), "{:?}", leftovers());
    // A run killed between its lock and its folder.
    fs::write(work(".work-early.lock"), "").expect("lock");
    let again =
        filmdesk().arg("disc").arg(source.join("CT_small.dcm")).arg("--out").arg(&out).output().expect("starts");
    assert!(again.status.success(), "{}", said(&again));
    let hidden: BTreeSet<String> = fs::read_dir(&out)
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("text"))
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(hidden, [".work-busy", ".work-busy.lock", ".work-mine"].map(str::to_owned).into(), "{hidden:?}");
    assert!(work(".work-busy").join("file").is_file() && work(".work-mine").join("file").is_file());
}
