//! A File-set as one ZIP: read by everybody, the same bytes again, and nothing changed unseen.

mod common;

use common::production::{CD_80, Workshop, facts, plan_options};
use common::{neighbour, said, soaking};
use filmdesk_fileset::profile::STD_GEN_CD;
use filmdesk_instance::InProcess;
use filmdesk_production::{Examination, ExamineError, MadeDisc, Silent, examine, make_disc, plan, zip};
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE, uid};
use filmdesk_testkit::studies::Spec;
use std::path::{Path, PathBuf};

/// A ZIP of a made patient's disc.
fn zipped(shop: &Workshop, out: &str, web: bool) -> MadeDisc {
    std::fs::create_dir_all(shop.at(out)).unwrap();
    let goods = shop.gather(CD_80, web);
    let plan = plan(&goods, &plan_options(CD_80, web)).unwrap();
    let mut made = make_disc(&plan, 1, &facts("K7Q2-M9PX"), &shop.at(out), &InProcess, &Silent).unwrap();
    zip(&mut made, &facts("K7Q2-M9PX").created_at, &STD_GEN_CD, &InProcess).unwrap();
    assert_eq!(shop.files(out), ["FD2345_1.zip"], "one file, nothing else");
    made
}

fn examined(path: &Path) -> Result<Examination, ExamineError> {
    examine(path, &InProcess, Some(&STD_GEN_CD), None)
}

fn is_good(path: &Path) -> bool {
    examined(path).is_ok_and(|verdict| verdict.report.is_good())
}

/// What Python's zipfile says: files, whether all are stored, their times, the first that is broken.
const PYTHON: &str = "import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
i = z.infolist()
print(len(i), {x.compress_type for x in i}, {x.date_time for x in i}, z.testzip())";

fn python(zip: &Path) -> Option<String> {
    said("python3", &["-c", PYTHON, zip.to_str().unwrap()])
}

#[test]
fn a_zip_holds_the_disc_and_everybody_reads_it() {
    let shop = Workshop::with(&Spec { ct: 12, mr: 6, dx: 1, us: 2, ..Spec::default() });
    let made = zipped(&shop, "out", true);
    let verdict = examined(&made.path).unwrap();
    assert!(verdict.report.is_good(), "{:#?}", verdict.report.findings);
    assert_eq!((verdict.report.n_instances, verdict.size_bytes), (21, made.size_bytes));
    assert_eq!(verdict.sha256.as_deref(), Some(made.sha256.as_str()));
    assert_eq!(std::fs::metadata(&made.path).unwrap().len(), made.size_bytes);

    let (path, out) = (made.path.to_str().unwrap(), shop.at("unzipped"));
    let Some(test) = said("unzip", &["-t", path]) else { return };
    assert!(test.contains("No errors detected"), "{test}");
    said("unzip", &["-q", path, "-d", out.to_str().unwrap()]);
    let sums = std::process::Command::new("sha256sum")
        .args(["-c", "--quiet", "--strict", "SHA256.SUM"])
        .current_dir(&out)
        .status();
    assert!(sums.is_ok_and(|status| status.success()));
    assert!(is_good(&out), "unpacked it is a medium as well");
    let n_files = verdict.n_manifest_equal + 1;
    assert_eq!(python(&made.path).unwrap().trim(), format!("{n_files} {{0}} {{(2026, 11, 24, 10, 0, 0)}} None"));
}

#[test]
fn the_same_disc_gives_the_same_zip() {
    let shop = Workshop::with(&Spec { ct: 3, mr: 0, dx: 0, us: 0, ..Spec::default() });
    let [a, b] = ["a", "b"].map(|out| zipped(&shop, out, false));
    assert_eq!(std::fs::read(&a.path).unwrap(), std::fs::read(&b.path).unwrap());
    assert_eq!(a.sha256, b.sha256);
}

/// Every changed byte of a file in it is found by the ZIP's checksum; what is not a stored tree of names is no medium.
#[test]
fn a_changed_zip_is_not_good_and_an_odd_one_is_named() {
    let shop = Workshop::with(&Spec { ct: 2, mr: 0, dx: 0, us: 0, ..Spec::default() });
    let made = zipped(&shop, "out", false);
    let bytes = std::fs::read(&made.path).unwrap();
    let other = shop.at("other.zip");
    let mut seen = 0;
    for at in (100..bytes.len() - 4000).step_by(bytes.len() / 50) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        std::fs::write(&other, changed).unwrap();
        assert!(!is_good(&other), "byte {at}");
        seen += 1;
    }
    assert!(seen > 40);
    std::fs::write(&other, &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(examined(&other), Err(ExamineError::Zip(_))), "half of it");
    std::fs::write(&other, &bytes).unwrap();
    assert!(is_good(&other), "the control: as it was");

    let script = "import sys, zipfile
for n, name in enumerate(['../DICOMDIR', '/DICOMDIR', 'A/../B', 'DICOMDIR', 'DICOMDIR']):
    z = zipfile.ZipFile(f'{sys.argv[1]}/odd{n}.zip', 'w', zipfile.ZIP_DEFLATED if n == 3 else zipfile.ZIP_STORED)
    z.writestr(name, 'x' * 999)
    if n == 4: z.writestr('dicomdir', 'y')
    z.close()";
    let folder = shop.at("out");
    if said("python3", &["-W", "ignore", "-c", script, folder.to_str().unwrap()]).is_none() {
        return;
    }
    for (n, said) in
        ["no medium has", "no medium has", "no medium has", "is compressed", "no medium has"].iter().enumerate()
    {
        let odd: PathBuf = folder.join(format!("odd{n}.zip"));
        let error = examined(&odd).expect_err("no medium").to_string();
        assert!(error.contains(said), "{n}: {error}");
    }
}

/// A picture of four pixels.
fn tiny(number: usize) -> Vec<u8> {
    let mut d = DataSet::new();
    d.text((8, 0x16), "UI", "1.2.840.10008.5.1.4.1.1.7").text((8, 0x18), "UI", &uid(&["tiny", &number.to_string()]));
    d.text((8, 0x20), "DA", "20261102").text((8, 0x30), "TM", "083000").text((8, 0x60), "CS", "OT");
    d.text((0x10, 0x10), "PN", "TEST^TINY").text((0x10, 0x20), "LO", "T1").text(
        (0x20, 0xD),
        "UI",
        &uid(&["tiny study"]),
    );
    d.text((0x20, 0xE), "UI", &uid(&["tiny series", &(number / 1000).to_string()])).text((0x20, 0x10), "SH", "1");
    d.text((0x20, 0x11), "IS", &(number / 1000).to_string()).text((0x20, 0x13), "IS", &number.to_string());
    d.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[2]).us((0x28, 0x11), &[2]);
    d.us((0x28, 0x100), &[8]).us((0x28, 0x101), &[8]).us((0x28, 0x102), &[7]).us((0x28, 0x103), &[0]);
    d.pixels("OB", vec![0, 80, 160, 240].into());
    d.part10(EXPLICIT_LE)
}

/// More files than a ZIP of the old kind can count: ZIP64, which everybody reads as well.
#[test]
fn soak_a_zip_of_seventy_thousand_files() {
    if !soaking() {
        return;
    }
    let shop = Workshop::empty();
    for number in 0..70_000 {
        std::fs::write(shop.at("in").join(format!("{number:06}")), tiny(number)).unwrap();
    }
    let made = zipped(&shop, "out", false);
    let test = neighbour("unzip", &["-tq", made.path.to_str().unwrap()]).expect("unzip");
    assert!(test.status.success(), "{}", String::from_utf8_lossy(&test.stdout));
    let said = python(&made.path).unwrap();
    assert!(said.starts_with("7") && said.trim().ends_with("None"), "{said}");
    println!("soak: a ZIP of {}", said.split(' ').next().unwrap_or_default());
}
