//! Names in every character set (`character_sets.py`: pydicom's files and made ones, and text under a wrong label), from the
//! archive to the disc: finding by command line, the counter's page and the disc's index and pages show the same right name.

mod desk;

use desk::browser::{Browser, Site, sign_in, until};
use desk::{Hands, TestDesk, files_below, filmdesk, said};
use filmdesk_policy::taiwan::mask_name;
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE};
use filmdesk_testkit::orthanc::{AE_TITLE, DESK_AE_TITLE, Orthanc};
use filmdesk_testkit::pydicom;
use jiff::civil::date;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

/// One set, as the script gives it.
struct Set {
    id: String,
    declared: Option<String>,
    name: Vec<u8>,
    description: Vec<u8>,
    /// What the name says, its groups joined by `=`.
    says: String,
    described: String,
    /// In another encoding than its label's.
    mislabelled: bool,
}

impl Set {
    fn patient(number: usize) -> String {
        format!("T{number:07}")
    }

    fn study(number: usize) -> String {
        format!("2.25.4100{number:03}")
    }

    /// A small CT of this patient, Part 10.
    fn object(&self, number: usize) -> Vec<u8> {
        let mut d = DataSet::new();
        if let Some(declared) = &self.declared {
            d.text((8, 5), "CS", declared);
        }
        d.text((8, 0x16), "UI", CT).text((8, 0x18), "UI", &format!("2.25.4300{number:03}"));
        d.text((8, 0x20), "DA", "20261102").text((8, 0x30), "TM", "083000").text((8, 0x60), "CS", "CT");
        d.text((8, 0x50), "SH", &format!("A{number}")).bytes((8, 0x1030), "LO", self.description.clone());
        d.bytes((0x10, 0x10), "PN", self.name.clone()).text((0x10, 0x20), "LO", &Set::patient(number));
        d.text((0x10, 0x30), "DA", "19700315").text((0x10, 0x40), "CS", "O");
        d.text((0x20, 0x0D), "UI", &Set::study(number)).text((0x20, 0x0E), "UI", &format!("2.25.4200{number:03}"));
        d.text((0x20, 0x10), "SH", "1").text((0x20, 0x11), "IS", "1").text((0x20, 0x13), "IS", "1");
        d.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[8]).us((0x28, 0x11), &[8]);
        d.us((0x28, 0x100), &[16]).us((0x28, 0x101), &[12]).us((0x28, 0x102), &[11]).us((0x28, 0x103), &[0]);
        d.bytes((0x7FE0, 0x10), "OW", (0..64u16).flat_map(|n| (n * 60).to_le_bytes()).collect::<Vec<u8>>());
        d.part10(EXPLICIT_LE)
    }

    /// What the counter shows of the name (W3).
    fn masked(&self) -> String {
        self.says.split('=').filter(|group| !group.is_empty()).map(mask_name).collect::<Vec<_>>().join(" / ")
    }
}

fn python(arguments: &[&str]) -> Vec<u8> {
    let python = pydicom::python().expect("`make neighbours` installs pydicom");
    let output = Command::new(python).args(["-W", "ignore"]).args(arguments).output().expect("starts");
    assert!(output.status.success(), "{}", said(&output));
    output.stdout
}

fn sets() -> Vec<Set> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/character_sets.py");
    let files = pydicom::data().expect("pydicom's files").join("charset_files");
    let listed: Vec<Value> = serde_json::from_slice(&python(&[script, files.to_str().expect("text")])).expect("JSON");
    let text = |set: &Value, key: &str| set[key].as_str().map(str::to_owned);
    let bytes = |set: &Value, key: &str| hex::decode(text(set, key).expect("bytes")).expect("hexadecimal");
    let read = |set: &Value| Set {
        id: text(set, "id").expect("an id"),
        declared: text(set, "declared"),
        name: bytes(set, "name"),
        description: bytes(set, "description"),
        says: text(set, "says").expect("a text"),
        described: text(set, "described").expect("a text"),
        mislabelled: set["mislabelled"] == true,
    };
    listed.iter().map(read).collect()
}

fn write(folder: &Path, sets: &[Set]) {
    fs::create_dir_all(folder).expect("a folder");
    for (number, set) in sets.iter().enumerate() {
        fs::write(folder.join(format!("{number:03}.dcm")), set.object(number)).expect("written");
    }
}

fn archives(folder: &Path, orthanc: &Orthanc) -> String {
    format!(
        "[[archive]]\nname = \"folder\"\nkind = \"folder\"\npath = \"{}\"\n[[archive]]\nname = \"pacs\"\nkind = \"dimse\"\n\
         host = \"127.0.0.1\"\nport = {}\ncalled_ae = \"{AE_TITLE}\"\ncalling_ae = \"{DESK_AE_TITLE}\"\n\
         [[archive]]\nname = \"web\"\nkind = \"dicom-web\"\nurl = \"{}\"\n",
        folder.display(),
        orthanc.dicom_port,
        orthanc.dicom_web_url()
    )
}

/// What Orthanc, which converts text before it answers, loses of a text: it is not to be had from its answers, only from the
/// objects: bytes that are no UTF-8 where it takes the text for UTF-8, escape sequences where it knows one set only, and the
/// set it does not know.
fn lost_in_orthanc(set: &Set) -> bool {
    const LOST: [&str; 8] = [
        "big5-as-None",
        "big5-as-ISO_IR 192",
        "big5-as-BIG5",
        "iso-ir-203",
        "ir-13-87",
        "resets",
        "chrH32.dcm",
        "chrJapMultiExplicitIR6.dcm",
    ];
    LOST.contains(&set.id.as_str())
}

#[test]
fn finding_shows_the_right_name_from_every_archive() {
    let (sets, folder) = (sets(), tempfile::tempdir().expect("a folder"));
    let (files, config) = (folder.path().join("files"), folder.path().join("filmdesk.toml"));
    write(&files, &sets);
    let orthanc = Orthanc::start().expect("Orthanc");
    assert_eq!(orthanc.store_folder(&files).expect("stored"), sets.len());
    fs::write(&config, archives(&files, &orthanc)).expect("written");
    let config = config.to_str().expect("text");
    let mut wrong = Vec::new();
    for (number, set) in sets.iter().enumerate() {
        for pacs in ["folder", "pacs", "web"] {
            let patient = Set::patient(number);
            let find = ["--config", config, "pacs", "find", "--pacs", pacs, "--patient", &patient, "--json"];
            let output = filmdesk().args(find).output().expect("starts");
            let found: Value =
                serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(&output)));
            let study = &found[0];
            let shown = (&study["patient_name"], &study["description"]);
            let lost = pacs != "folder" && lost_in_orthanc(set);
            if (shown != (&set.says.as_str().into(), &set.described.as_str().into())) != lost {
                wrong.push(format!("{} in {pacs}: {shown:?}", set.id));
            }
            // A repaired text is shown as it was read, too; any other is not.
            let repaired = set.mislabelled && !(pacs != "folder" && set.id == "utf8-as-nothing");
            if lost {
                continue;
            }
            if study["name_as_read"].is_string() != repaired || study["description_as_read"].is_string() != repaired {
                wrong.push(format!("{} in {pacs}: as read {:?}", set.id, study["name_as_read"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The text of an HTML page, unescaped as far as these names need it.
fn plain(page: &str) -> String {
    page.replace("&#39;", "'").replace("&amp;", "&").replace("&quot;", "\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counter_shows_the_right_name_and_what_was_repaired() {
    let (sets, folder) = (sets(), tempfile::tempdir().expect("a folder"));
    let orthanc = Orthanc::start().expect("Orthanc");
    write(folder.path(), &sets);
    assert_eq!(orthanc.store_folder(folder.path()).expect("stored"), sets.len());
    let desk = TestDesk::new();
    fs::write(desk.state().with_file_name("filmdesk.toml"), archives(folder.path(), &orthanc)).expect("configuration");
    let site = Site::open(desk, &[], None);
    let hands = Hands::at(&site.desk).await;
    let mut counter = sign_in(&site, "clerk").await;
    let mut wrong = Vec::new();
    for (number, set) in sets.iter().enumerate() {
        let id = hands.verified((&Set::patient(number), date(1970, 3, 15))).await;
        let number = hands.store.application(id).await.expect("store").expect("application").number;
        let path = format!("/applications/{number}");
        let page = plain(&until(&mut counter, &path, "ticking").await);
        let rows: Vec<&str> = page.split("data-uid=\"").skip(1).collect();
        assert_eq!(rows.len(), 3, "{}: one study in three archives", set.id);
        for (archive, row) in ["folder", "pacs", "web"].iter().filter_map(|archive| {
            let row = rows.iter().find(|row| row.contains(&format!("· {archive}</span>")))?;
            Some((archive, row))
        }) {
            let lost = *archive != "folder" && lost_in_orthanc(set);
            let right = row.contains(&format!("· {}</label>", set.described))
                && row.contains(&format!("<span class=\"why\">{} ·", set.masked()));
            if right == lost {
                wrong.push(format!("{} in {archive}: {}", set.id, row.chars().take(500).collect::<String>()));
            }
        }
        let repaired = rows.iter().filter(|row| row.contains("as-read")).count();
        if (repaired > 0) != set.mislabelled && !lost_in_orthanc(set) {
            wrong.push(format!("{}: {repaired} rows say that the text was repaired", set.id));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    repaired_in_both_languages(&mut counter, &hands, &sets).await;
}

/// Big5 under ISO_IR 100: as read and as repaired, masked both times, in both languages.
async fn repaired_in_both_languages(counter: &mut Browser, hands: &Hands, sets: &[Set]) {
    let number = sets.iter().position(|set| set.id == "big5-alone").expect("the set");
    let id = hands.verified((&Set::patient(number), date(1970, 3, 15))).await;
    let path = format!("/applications/{}", hands.store.application(id).await.expect("store").expect("there").number);
    until(counter, &path, "ticking").await;
    for (lang, words) in
        [("zh", "文字編碼與標示不符：照標示讀作「"), ("en", "Not in the character set it is labelled with")]
    {
        let page = plain(&counter.get(&format!("{path}?lang={lang}")).await);
        let row = page.split("data-uid=\"").find(|row| row.contains("· folder</span>")).expect("the folder's row");
        assert!(row.contains(words) && row.contains("許○蓋") && row.contains("³"), "{lang}: {row}");
        assert!(!row.contains("<span class=\"why\">許功蓋"), "the name is masked: {row}");
    }
    counter.get(&format!("{path}?lang=zh")).await;
}

#[test]
fn the_disc_shows_the_right_name_in_its_index_and_on_its_pages() {
    const SCRIPT: &str = "
import json, sys, pydicom
found = {}
for path in sys.argv[1:]:
    for record in pydicom.dcmread(path).DirectoryRecordSequence:
        if record.DirectoryRecordType == 'PATIENT':
            patient = record.PatientID
            found[patient] = [str(record.PatientName), '']
        if record.DirectoryRecordType == 'STUDY':
            found[patient][1] = str(record.get('StudyDescription', ''))
print(json.dumps(found))
";
    let (sets, folder) = (sets(), tempfile::tempdir().expect("a folder"));
    let (files, out) = (folder.path().join("files"), folder.path().join("out"));
    write(&files, &sets);
    let arguments = ["disc", files.to_str().expect("text"), "--out", out.to_str().expect("text"), "--medium", "usb"];
    let output = filmdesk().args(arguments).args(["--no-viewer", "--no-previews"]).output().expect("starts");
    assert!(output.status.success(), "{}", said(&output));
    let all = files_below(&out);
    let named = |name: &str| all.iter().filter(|path| path.ends_with(name)).cloned().collect::<Vec<PathBuf>>();
    let indexes = named("DICOMDIR");
    assert_eq!(indexes.len(), sets.len(), "a patient each");
    let paths: Vec<&str> = indexes.iter().map(|path| path.to_str().expect("text")).collect();
    let found = python(&[&["-c", SCRIPT][..], &paths].concat());
    let found: BTreeMap<String, [String; 2]> = serde_json::from_slice(&found).expect("JSON");
    let pages: Vec<String> =
        named("INDEX.HTM").iter().map(|p| plain(&fs::read_to_string(p).expect("a page"))).collect();
    let mut wrong = Vec::new();
    for (number, set) in sets.iter().enumerate() {
        let patient = Set::patient(number);
        let expected = [set.says.clone(), set.described.clone()];
        if found.get(&patient) != Some(&expected) {
            wrong.push(format!("{}: DICOMDIR {:?}", set.id, found.get(&patient)));
        }
        let page = pages.iter().find(|page| page.contains(&patient)).expect("a page of the patient");
        // Ideographs first; the words of a name stand apart, but for East Asian ones.
        for part in set.says.split('=').take(2).flat_map(|group| group.split('^')) {
            if !page.contains(part) {
                wrong.push(format!("{}: {part} is not on the page", set.id));
            }
        }
        if !page.contains(&set.described) {
            wrong.push(format!("{}: {} is not on the page", set.id, set.described));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let jerome = sets.iter().position(|set| set.id == "iso-ir-100").expect("the set");
    let page = pages.iter().find(|page| page.contains(&Set::patient(jerome))).expect("a page");
    assert!(page.contains("Buc Jérôme"), "two words are two");
}
