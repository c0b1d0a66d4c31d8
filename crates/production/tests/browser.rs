//! What stands on a disc, in a real browser from `file://`: the viewer decodes as others do, and nothing that stands in a
//! tag does anything.

mod common;

use common::neighbour;
use common::production::{CD_80, Workshop, facts, plan_options};
use filmdesk_fileset::MediaProfile;
use filmdesk_fileset::profile::{STD_GEN_CD, STD_GEN_DVD_J2K, STD_GEN_DVD_JPEG};
use filmdesk_instance::{InProcess, Source, read_header};
use filmdesk_production::{Silent, make_disc, plan};
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE, uid};
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
    discs_of(shop, files, &STD_GEN_CD)
}

fn discs_of(shop: &Workshop, files: Vec<PathBuf>, profile: &'static MediaProfile) -> Option<Vec<PathBuf>> {
    let goods = shop.gather_under(profile, files.into_iter().map(Source::file).collect(), CD_80, true);
    let (sets, _) = goods.by_patient();
    let mut folders = Vec::new();
    for (goods, number) in sets.iter().zip(1..) {
        let mut options = plan_options(CD_80, true);
        options.volume_prefix = format!("FD{number}");
        options.profile = profile;
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

/// Compressed pictures of every kind into a folder, by OpenJPEG, GDCM and DCMTK; and pydicom's own.
fn compressed(shop: &Workshop, syntaxes: &[&str]) -> Option<Vec<PathBuf>> {
    let pydicom = filmdesk_testkit::pydicom::data()?;
    let made = shop.at("compressed");
    std::fs::create_dir_all(&made).expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/compress.py");
    let python = filmdesk_testkit::pydicom::python().expect("pydicom (`make test` installs it)");
    let arguments = [script.to_str().expect("a path"), made.to_str().expect("a path")];
    let done = neighbour(python.to_str().expect("a path"), &arguments)?;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let of_these = |file: &PathBuf| {
        // A code stream that holds what looks like the end of a sequence, and a scan header no decoder of pydicom's takes.
        let odd =
            ["JPEG2000-embedded-sequence-delimiter.dcm", "JPEG-lossy.dcm"].iter().any(|name| file.ends_with(name));
        !odd && read_header(&Source::file(file)).is_ok_and(|header| syntaxes.contains(&header.transfer_syntax.as_str()))
    };
    Some([below(&made), below(&pydicom)].concat().into_iter().filter(of_these).collect())
}

/// Discs of this profile with those files: the viewer decodes what stands on them, still compressed, as pydicom and DCMTK
/// do. Gives what it saw, and what others found.
fn decodes_compressed(
    profile: &'static MediaProfile,
    syntaxes: &[&str],
) -> Option<(Value, Vec<Value>, PathBuf, Workshop)> {
    let shop = Workshop::empty();
    let files = compressed(&shop, syntaxes)?;
    let folders = discs_of(&shop, files.clone(), profile)?;
    let objects: Vec<PathBuf> = folders.iter().flat_map(|folder| below(&folder.join("DICOM"))).collect();
    assert_eq!(objects.len(), files.len());
    let expected = decoded_by_others(&shop, &objects);
    assert!(expected.iter().all(|line| line["error"].is_null()), "others read all of them: {expected:#?}");
    let viewer = folders[0].join("VIEWER/VIEWER.HTM");
    let seen = in_browser(&shop, "decode.mjs", json!({ "viewer": viewer, "expected": expected }))?;
    println!("{}: {seen:#}", profile.id);
    assert_eq!((&seen["wrong"], seen["files"].as_u64()), (&json!([]), Some(files.len() as u64)));
    Some((seen, expected, viewer, shop))
}

/// JPEG 2000 as it stands on a disc, lossless to the last bit: 8 to 16 bits, signed and not, grey and colour, in tiles,
/// layers and frames, and where object and code stream differ about the sign.
#[test]
fn the_viewer_decodes_jpeg_2000() {
    const LOSSLESS: &str = "1.2.840.10008.1.2.4.90";
    const LOSSY: &str = "1.2.840.10008.1.2.4.91";
    let Some((seen, expected, viewer, shop)) = decodes_compressed(&STD_GEN_DVD_J2K, &[LOSSLESS, LOSSY]) else { return };
    let n = |key: &str| seen[key].as_u64().expect("a number");
    assert!(seen["syntaxes"][LOSSLESS].as_u64() > Some(18) && seen["syntaxes"][LOSSY].as_u64() > Some(14), "{seen:#}");
    assert!(n("pictures") == n("files") && n("near") > 14 && n("nearWorst") <= 1, "{seen:#}");

    // One changed hash and, in a lossy picture, samples two levels away are seen; the disc of another profile carries no
    // decoder and says so.
    let with_near =
        |near: bool| expected.iter().find(|line| line["near"].is_array() == near).expect("a picture").clone();
    let (mut hashed, mut lossy) = (with_near(false), with_near(true));
    hashed["hash"][0] = json!("00");
    let path = lossy["near"][0].as_str().expect("a path").to_owned();
    let mut samples = std::fs::read(&path).expect("samples");
    samples[0] ^= 2;
    std::fs::write(&path, samples).expect("samples");
    lossy["hash"][0] = json!("00");
    let again = json!({ "viewer": viewer, "expected": [hashed, lossy] });
    let negative = in_browser(&shop, "decode.mjs", again).expect("node");
    assert_eq!(negative["wrong"].as_array().map(Vec::len), Some(2), "{negative:#}");
    let other = Workshop::empty();
    let plain = picture_of("PLAIN", 1, "CT", &[], (80, 80)).part10(EXPLICIT_LE);
    std::fs::write(other.at("in").join("1"), plain).expect("an object");
    let cd = discs(&other, below(&other.at("in"))).expect("a disc");
    let without = json!({ "viewer": cd[0].join("VIEWER/VIEWER.HTM"), "expected": [expected[0]] });
    let negative = in_browser(&shop, "decode.mjs", without).expect("node");
    assert!(negative["wrong"].to_string().contains("needsWorkstation JPEG 2000"), "{negative:#}");
}

/// JPEG of twelve bits within one of 4096 levels of what pydicom and DCMTK make of it; lossless JPEG to the last bit.
#[test]
fn the_viewer_decodes_jpeg_of_twelve_bits() {
    const EXTENDED: &str = "1.2.840.10008.1.2.4.51";
    let syntaxes = [EXTENDED, "1.2.840.10008.1.2.4.70"];
    let Some((seen, expected, viewer, shop)) = decodes_compressed(&STD_GEN_DVD_JPEG, &syntaxes) else { return };
    assert!(seen["near"].as_u64() > Some(3) && seen["nearWorst"].as_u64() <= Some(1), "{seen:#}");
    assert!(seen["equal"] == seen["pictures"] && seen["equal"].as_u64() > Some(0), "{seen:#}");

    // Two levels away in one sample are seen, in either one's opinion.
    let lossy =
        expected.iter().find(|line| line["near"].as_array().is_some_and(|near| near.len() == 2)).expect("a picture");
    for other in 0..2 {
        let path = lossy["near"][other].as_str().expect("a path");
        let samples = std::fs::read(path).expect("samples");
        let mut changed = samples.clone();
        changed[0] ^= 4;
        std::fs::write(path, changed).expect("samples");
        let again = json!({ "viewer": viewer, "expected": [lossy] });
        let negative = in_browser(&shop, "decode.mjs", again).expect("node");
        assert_eq!(negative["wrong"].as_array().map(Vec::len), Some(1), "{negative:#}");
        std::fs::write(path, samples).expect("samples");
    }
}

/// Thousands of damaged code streams: each ends in a picture or in words of the viewer, soon, in bounded memory; what is
/// cut is no picture; a decoder that never ends is ended, and the page stays awake meanwhile.
#[test]
fn damaged_code_streams_end_in_words() {
    let shop = Workshop::empty();
    let syntaxes = ["1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"];
    let Some(files) = compressed(&shop, &syntaxes) else { return };
    let Some(folders) = discs_of(&shop, files, &STD_GEN_DVD_J2K) else { return };
    let names =
        ["grey-16-signed-lossless", "grey-8-unsigned-lossy", "colour-lossy", "tiles-12", "twelve-90", "lossless"];
    let files: Vec<PathBuf> = names.iter().map(|name| shop.at("compressed").join(name)).collect();
    let rounds = if common::soaking() { 5000 } else { 500 };
    let plan = json!({ "viewer": folders[0].join("VIEWER/VIEWER.HTM"), "files": files, "rounds": rounds });
    let Some(seen) = in_browser(&shop, "streams.mjs", plan) else { return };
    println!("{seen:#}");
    assert_eq!(seen["wrong"], json!([]));
    let n = |key: &str| seen[key].as_u64().expect("a number");
    assert!(n("streams") > 3000 && n("whole") == 6 && n("pictures") > 6 && n("most") <= n("allowed"), "{seen:#}");
    let refused = seen["refused"].as_object().expect("keys");
    assert!(refused.values().filter_map(Value::as_u64).sum::<u64>() > n("streams") / 4, "{seen:#}");
    assert!(["damaged", "truncated", "tooLarge"].iter().all(|key| refused.contains_key(*key)), "{seen:#}");
    assert!(seen["hang"]["said"] == "tooLarge" && seen["hang"]["next"] == true, "{seen:#}");
    assert!(seen["hang"]["awake"].as_u64() > Some(10), "{seen:#}");
    for rule in ["never", "wild", "short", "hungry"] {
        assert!(seen["control"][rule].as_u64() > Some(0), "{rule}: {seen:#}");
    }
}

/// What tags may hold: each becomes many, told apart by its number.
const HOSTILE: &[&str] = &[
    "<script>hit=1;alert(N)</script>",
    "\"><img src=x onerror=alert(N)>",
    "'><svg onload=alert(N)>",
    "<iframe src=\"javascript:alert(N)\"></iframe>",
    "</title><script>alert(N)</script>",
    "</style><script>alert(N)</script>",
    "</script><script>alert(N)</script>",
    "<a href=\"javascript:alert(N)\">x</a>",
    "{{constructor.constructor('alert(N)')()}}",
    "${alert(N)}`alert(N)`",
    "<img src=\"https://evil.invalid/N?alert(N)\">",
    "<link rel=stylesheet href=//evil.invalid/N>alert(N)",
    "<meta http-equiv=refresh content='0;url=https://evil.invalid/N'>alert(N)",
    "<form action=https://evil.invalid/N><button>alert(N)",
    "<object data=https://evil.invalid/N>alert(N)",
    "<base href=https://evil.invalid/N/>alert(N)",
    "]]><script>alert(N)</script>",
    "--><script>alert(N)</script><!--",
    "\u{202E}<script>alert(N)</script>\u{2066}",
    "＜script＞alert(N)＜/script＞",
    "<svg><animate onbegin=alert(N) attribute=x dur=1s>",
    "<details open ontoggle=alert(N)>x",
    "<video src=https://evil.invalid/N onerror=alert(N)>",
    "javascript:alert(N)",
    "data:text/html,<script>alert(N)</script>",
    "' onmouseover='alert(N)' autofocus onfocus='alert(N)",
    "\" style=\"background:url(https://evil.invalid/N)\" alert(N)",
    "&lt;script&gt;alert(N)&lt;/script&gt;",
    "&#60;script&#62;alert(N)&#60;/script&#62;",
    "%3Cscript%3Ealert(N)%3C/script%3E",
    "<style>@import 'https://evil.invalid/N';</style>alert(N)",
    "<math href=javascript:alert(N)>x</math>",
    "../../../../etc/passwd%00alert(N)",
    "許功蓋<b>王</b>\r\nalert(N)",
];

/// Strings that are all different, counted.
struct Payloads(usize);

impl Payloads {
    fn next(&mut self) -> String {
        self.0 += 1;
        HOSTILE[self.0 % HOSTILE.len()].replace('N', &self.0.to_string())
    }
}

fn coded(payloads: &mut Payloads) -> Vec<DataSet> {
    let mut code = DataSet::new();
    code.text((8, 0x100), "SH", "T-1").text((8, 0x102), "SH", "99TEST").text((8, 0x104), "LO", &payloads.next());
    vec![code]
}

/// A made object of one patient, with hostile text wherever text may stand.
fn hostile_object(number: usize, payloads: &mut Payloads) -> DataSet {
    let kind = number % 3;
    let class = ["1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.104.1"][kind];
    let unique = |what: &str| uid(&["hostile", what, &number.to_string()]);
    let mut d = DataSet::new();
    d.text((8, 5), "CS", "ISO_IR 192").text((8, 0x16), "UI", class).text((8, 0x18), "UI", &unique("instance"));
    d.text((8, 0x20), "DA", "20261102").text((8, 0x30), "TM", "083000").text(
        (8, 0x60),
        "CS",
        ["OT", "SR", "DOC"][kind],
    );
    d.text((8, 0x23), "DA", "20261102").text((8, 0x33), "TM", "083000");
    for tag in [(8, 0x50), (8, 0x70), (8, 0x80), (8, 0x1010), (8, 0x1030), (8, 0x103E), (0x18, 0x1030)] {
        d.text(tag, "LO", &payloads.next());
    }
    d.text((0x10, 0x10), "PN", &format!("TEST^{}", HOSTILE[0])).text(
        (0x10, 0x20),
        "LO",
        "T<img src=x onerror=alert(0)>",
    );
    d.text((0x10, 0x30), "DA", "19700315").text((0x10, 0x40), "CS", "O").text((0x10, 0x4000), "LT", &payloads.next());
    d.text((0x20, 0xD), "UI", &unique("study")).text((0x20, 0xE), "UI", &unique("series"));
    d.text((0x20, 0x10), "SH", &number.to_string()).text((0x20, 0x11), "IS", "1").text((0x20, 0x13), "IS", "1");
    d.text((0x20, 0x4000), "LT", &payloads.next());
    match kind {
        0 => {
            d.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[64]).us((0x28, 0x11), &[64]);
            d.us((0x28, 0x100), &[8]).us((0x28, 0x101), &[8]).us((0x28, 0x102), &[7]).us((0x28, 0x103), &[0]);
            d.text((0x28, 0x1050), "DS", "128").text((0x28, 0x1051), "DS", "256").text(
                (0x28, 0x1055),
                "LO",
                &payloads.next(),
            );
            let ramp: Vec<u8> = (0..64 * 64).map(|i| (i % 64 * 4) as u8).collect();
            d.pixels("OB", ramp.into());
        }
        1 => {
            let mut item = |value_type: &str| {
                let mut item = DataSet::new();
                item.text((0x40, 0xA010), "CS", "CONTAINS").text((0x40, 0xA040), "CS", value_type);
                item.items((0x40, 0xA043), coded(payloads));
                match value_type {
                    "TEXT" => item.text((0x40, 0xA160), "UT", &payloads.next()),
                    "PNAME" => item.text((0x40, 0xA123), "PN", &payloads.next()),
                    _ => item.items((0x40, 0xA168), coded(payloads)),
                };
                item
            };
            let mut container = item("CONTAINER");
            container.items((0x40, 0xA730), vec![item("TEXT"), item("CODE"), item("PNAME")]);
            let content = vec![item("TEXT"), item("PNAME"), item("CODE"), container];
            d.text((0x40, 0xA040), "CS", "CONTAINER").items((0x40, 0xA043), coded(payloads));
            d.text((0x40, 0xA491), "CS", "COMPLETE")
                .text((0x40, 0xA493), "CS", "UNVERIFIED")
                .items((0x40, 0xA730), content);
        }
        _ => {
            d.items((0x40, 0xA043), coded(payloads)).text((0x42, 0x10), "ST", &payloads.next());
            // A page that calls itself a PDF, and a PDF that hides one.
            let page = format!("<html><script>hit=1;alert({number})</script></html>");
            let bytes = if number.is_multiple_of(2) { page.clone() } else { format!("%PDF-1.4\n{page}\n%%EOF\n") };
            d.text((0x42, 0x12), "LO", "text/html").bytes((0x42, 0x11), "OB", bytes.into_bytes());
        }
    }
    d
}

/// Hundreds of strings made to run: no page of the disc and no part of the viewer runs one, asks anything of anybody or
/// goes elsewhere, with script and without, on a phone, in both languages; every link fits to the letter.
#[test]
fn hostile_text_does_nothing() {
    let shop = Workshop::empty();
    let mut payloads = Payloads(0);
    let n = 48;
    for number in 0..n {
        let bytes = hostile_object(number, &mut payloads).part10(EXPLICIT_LE);
        std::fs::write(shop.at("in").join(format!("{number:06}.dcm")), bytes).expect("an object");
    }
    assert!(payloads.0 >= 500, "{} strings", payloads.0);
    let Some(folders) = discs(&shop, below(&shop.at("in"))) else { return };
    assert_eq!(folders.len(), 1);
    let control = shop.at("CONTROL.HTM");
    let page = "<img src=https://evil.invalid/1><script>hit=1;alert(1)</script>";
    std::fs::write(&control, page).expect("a page");
    let Some(seen) = in_browser(&shop, "hostile.mjs", json!({ "folder": folders[0], "control": control })) else {
        return;
    };
    println!("{} strings: {seen:#}", payloads.0);
    assert_eq!(seen["wrong"], json!([]));
    // Index, page for the hospital, one page a series, one a report; each visited three times.
    let reports = n / 3;
    assert_eq!(seen["pages"], json!(3 * (2 + n + reports)));
    assert_eq!(seen["series"], json!(3 * n));
    assert_eq!(seen["shown"], seen["series"], "the strings are shown as what they are");
    let did = seen["control"].to_string();
    for deed in ["dialog: 1", "request: https://evil.invalid/1", "script ran"] {
        assert!(did.contains(deed), "{did}");
    }
}

/// An image of 100 columns and 80 rows with a light corner, of a made patient.
fn picture_of(
    description: &str,
    number: u32,
    modality: &str,
    spacing: &[((u16, u16), &str)],
    size: (u16, u16),
) -> DataSet {
    let unique = |what: &str, more: &str| uid(&["viewer", what, description, more]);
    let mut d = DataSet::new();
    d.text((8, 5), "CS", "ISO_IR 192").text((8, 0x16), "UI", "1.2.840.10008.5.1.4.1.1.7");
    d.text((8, 0x18), "UI", &unique("instance", &number.to_string())).text((8, 0x20), "DA", "20261102");
    d.text((8, 0x30), "TM", "083000").text((8, 0x60), "CS", modality).text((8, 0x1030), "LO", "TEST STUDY");
    d.text((8, 0x103E), "LO", description).text((0x10, 0x10), "PN", "TEST^VIEWER=王^測試").text(
        (0x10, 0x20),
        "LO",
        "T1234567",
    );
    d.text((0x10, 0x30), "DA", "19700315").text((0x10, 0x40), "CS", "O");
    d.text((0x20, 0xD), "UI", &uid(&["viewer", "study"])).text((0x20, 0xE), "UI", &unique("series", ""));
    d.text((0x20, 0x10), "SH", "1").text((0x20, 0x11), "IS", &description.len().to_string());
    d.text((0x20, 0x13), "IS", &number.to_string()).text((0x20, 0x20), "CS", "L\\F");
    for (tag, value) in spacing {
        d.text(*tag, "DS", value);
    }
    let (columns, rows) = size;
    d.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[rows]).us((0x28, 0x11), &[columns]);
    d.us((0x28, 0x100), &[8]).us((0x28, 0x101), &[8]).us((0x28, 0x102), &[7]).us((0x28, 0x103), &[0]);
    let shade = |at: usize| {
        if at % usize::from(columns) < 20 && at / usize::from(columns) < 16 { 250 } else { 60 + number as u8 * 9 }
    };
    d.pixels("OB", (0..usize::from(columns) * usize::from(rows)).map(shade).collect::<Vec<u8>>().into());
    d
}

/// A disc with images of every kind of scale, a stack and a report.
fn disc_for_hands(shop: &Workshop) -> Option<PathBuf> {
    let (at_patient, at_detector) = ((0x28, 0x30), (0x18, 0x1164));
    let mut objects = vec![
        picture_of("MEASURED", 1, "MR", &[(at_patient, "0.5\\0.25")], (100, 80)),
        picture_of("UNKNOWN", 1, "OT", &[], (100, 80)),
        picture_of("DETECTOR", 1, "DX", &[(at_detector, "0.2\\0.2")], (100, 80)),
    ];
    objects.extend((1..=12).map(|number| picture_of("STACK", number, "CT", &[(at_patient, "1\\1")], (80, 80))));
    let mut report = hostile_object(1, &mut Payloads(0));
    report.text((8, 0x103E), "LO", "REPORT").text((0x10, 0x10), "PN", "TEST^VIEWER=王^測試");
    report.text((0x10, 0x20), "LO", "T1234567").text((0x20, 0xD), "UI", &uid(&["viewer", "study"]));
    objects.push(report);
    for (n, object) in objects.into_iter().enumerate() {
        std::fs::write(shop.at("in").join(n.to_string()), object.part10(EXPLICIT_LE)).expect("an object");
    }
    let folders = discs(shop, below(&shop.at("in")))?;
    assert_eq!(folders.len(), 1);
    Some(folders[0].clone())
}

/// A disc with two radiographs of 12 MB in one series, told apart by their shade, and the same without the list of pictures.
fn discs_with_large_images(shop: &Workshop) -> Option<[PathBuf; 2]> {
    for number in [1, 12] {
        let mut image = picture_of("LARGE", number, "DX", &[], (4000, 3000));
        image.text((0x28, 0x1050), "DS", "128").text((0x28, 0x1051), "DS", "256");
        std::fs::write(shop.at("in").join(number.to_string()), image.part10(EXPLICIT_LE)).expect("an object");
    }
    let disc = discs(shop, below(&shop.at("in")))?.remove(0);
    let list = std::fs::read_to_string(disc.join("IHE_PDI/PICTURES.TXT")).expect("a list");
    assert_eq!(list.lines().count(), 2, "{list}");
    for line in list.lines() {
        let [file_id, frame, picture] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert!(disc.join(file_id).is_file() && frame == "1" && disc.join(picture).is_file(), "{line}");
    }
    let bare = shop.at("bare");
    neighbour("cp", &["-r", disc.to_str().expect("a path"), bare.to_str().expect("a path")])?;
    std::fs::remove_file(bare.join("IHE_PDI/PICTURES.TXT")).expect("a list");
    Some([disc, bare])
}

/// While a large image is read from a slow drive, the disc's own picture of that image stands there, named as a preview in
/// both languages, and the image takes its place; without the list of pictures nothing stands there until it is read.
fn previews_come_first(seen: &Value) {
    for how in ["large", "phone"] {
        let said = &seen[how];
        let ms = |key: &str| said[key].as_u64().unwrap_or_else(|| panic!("{key}: {said:#}"));
        println!("{how}: a preview after {} ms, the image of 12 MB after {} ms", ms("preview"), ms("picture"));
        assert!(ms("whose") < ms("preview") && ms("preview") < ms("picture"), "{said:#}");
        assert!(said["unmarked"] == 0 && said["after"] == false, "{said:#}");
        let shades: Vec<[f64; 2]> = serde_json::from_value(said["shades"].clone()).expect("shades");
        assert!(shades.iter().all(|[preview, image]| (preview - image).abs() < 4.0), "{said:#}");
        assert!((shades[0][0] - shades[1][0]).abs() > 50.0, "each image has its own: {said:#}");
    }
    let bare = &seen["bare"];
    assert!(bare["preview"].is_null() && bare["picture"].as_u64() > Some(3000), "{bare:#}");
}

/// The viewer in people's hands: lines are as long as they are, however the picture is turned; fingers and keys do what the
/// mouse does; on a slow drive whose picture it is stands there at once, and then how much of it is read; and axe finds
/// no serious fault in any page of the disc or state of the viewer, in either language, at a desk or on a phone.
#[test]
fn the_viewer_is_used_by_mouse_finger_and_key_and_by_everybody() {
    let shop = Workshop::empty();
    let Some(folder) = disc_for_hands(&shop) else { return };
    let slow = shop.at("slow");
    std::fs::create_dir(&slow).expect("a folder");
    let large = picture_of("LARGE", 1, "DX", &[], (4000, 3000)).part10(EXPLICIT_LE);
    std::fs::write(slow.join("IM1"), large).expect("an object");
    let control = shop.at("CONTROL.HTM");
    std::fs::write(&control, "<title>x</title><img src=x><button></button><p style='color:#ccc'>pale").expect("a page");
    let other = Workshop::empty();
    let Some([large, bare]) = discs_with_large_images(&other) else { return };
    let plan = json!({ "folder": folder, "slow": slow, "large": large, "bare": bare, "control": control, "axe": project().join("ui/node_modules/axe-core/axe.min.js") });
    let Some(seen) = in_browser(&shop, "viewer.mjs", plan) else { return };
    println!("{seen:#}");
    assert_eq!(seen["wrong"], json!([]));
    // 40 columns of 0.25 mm and 30 rows of 0.5 mm; pixels; 50 pixels of 0.2 mm at the detector.
    let close = |text: &Value, to: f64, unit: &str| {
        let text = text.as_str().expect("a length");
        let number: f64 = text.split(' ').next().expect("a number").parse().expect("a number");
        assert!(
            (number - to).abs() <= 0.2 * to / 10.0 && text[text.find(' ').expect("a unit")..].starts_with(unit),
            "{text}"
        );
    };
    close(&seen["mouse"]["lengths"]["MEASURED"], 18.0, " mm");
    close(&seen["mouse"]["lengths"]["UNKNOWN"], 50.0, " px");
    close(&seen["mouse"]["lengths"]["DETECTOR"], 10.0, " mm (at the detector)");
    close(&seen["touch"]["length"], 18.0, " mm");
    // Letters clockwise from the right, and where the image's first corner is.
    for (how, sides) in [
        ("as it is", "LFRH top left"),
        ("flipped", "RFLH top right"),
        ("turned", "HLFR top right"),
        ("turned twice", "RHLF bottom right"),
        ("turned, then flipped", "FLHR top left"),
        ("flipped, then turned", "HRFL bottom right"),
    ] {
        let text = seen["mouse"]["turned"][how].as_str().expect("a line");
        assert!(text.ends_with(sides), "{how}: {text}");
        close(&seen["mouse"]["turned"][how], 18.0, " mm");
    }
    assert_eq!(seen["mouse"]["turned"]["reset"], json!("true,1,true → false,0,false,1"));
    assert_eq!(seen["keys"]["stack"], json!([1, 11, 0]));
    assert!(seen["keys"]["pane"] == true && seen["keys"]["tool"] == "measure", "{seen:#}");
    assert!(seen["touch"]["scrolled"].as_u64() > Some(0) && seen["touch"]["zoom"].as_f64() > Some(1.5), "{seen:#}");
    let progress = &seen["progress"];
    let ms = |key: &str| progress[key].as_u64().unwrap_or_else(|| panic!("{key}: {progress:#}"));
    assert!(ms("whose") < 1000 && ms("percent") < 1000 && ms("picture") > 2000, "{progress:#}");
    assert!(progress["rising"] == true && progress["percents"].as_array().is_some_and(|p| p.len() > 8), "{progress:#}");
    // A disc's first picture, through its index, from the same drive.
    assert!(seen["disc"]["picture"].as_u64().is_some_and(|ms| ms < 2000), "{:#}", seen["disc"]);
    previews_come_first(&seen);
    assert_eq!((&seen["axe"]["serious"], &seen["axe"]["moderate"]), (&json!([]), &json!([])));
    assert!(seen["axe"]["pages"].as_u64() > Some(40) && seen["axe"]["control"].as_u64() > Some(1), "{seen:#}");
}
