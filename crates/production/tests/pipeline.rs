//! From a folder of objects to disc images that were read back: complete, in order, or a failure that leaves nothing.

mod common;

use common::production::{BD_25, CD_80, Workshop, facts, plan_options};
use common::{neighbour, said};
use filmdesk_desk::{Private, Sex};
use filmdesk_fileset::profile::{STD_GEN_BD_JPEG, STD_GEN_CD, STD_GEN_USB_JPEG};
use filmdesk_instance::{InProcess, Source};
use filmdesk_production::volume::{CountingSink, Image};
use filmdesk_production::{
    DiscFacts, DiscSetPlan, ExpectedPatient, Failure, GatherOptions, Goods, Journal, LeftOut, PlanOptions, Silent,
    Stage, check_complete, check_patient, examine, gather_to_make_at_once, make_disc, plan, write_disc,
};
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE};
use filmdesk_testkit::studies::Spec;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

fn spec(ct: u32, mr: u32) -> Spec {
    Spec { ct, mr, dx: 0, us: 0, ..Spec::default() }
}

#[test]
fn one_patient_on_one_disc() {
    let shop = Workshop::with(&Spec { ct: 30, mr: 20, dx: 1, us: 3, ..Spec::default() });
    let goods = shop.gather(CD_80, true);
    assert_eq!((goods.goods.len(), goods.left_out.len()), (54, 0));
    let plan = plan(&goods, &plan_options(CD_80, true)).unwrap();
    let disc = make_disc(&plan, 1, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent).unwrap();
    assert_eq!(shop.files("out"), ["FD2345_1.iso"], "one file, nothing else");
    assert_eq!(std::fs::metadata(&disc.path).unwrap().len(), plan.discs[0].size_bytes, "planned size");

    let verdict = examine(&disc.path, &InProcess, Some(&STD_GEN_CD), None).unwrap();
    assert!(verdict.report.is_good(), "{:#?}", verdict.report.findings);
    assert_eq!(verdict.sha256.as_deref(), Some(disc.sha256.as_str()));
    assert_eq!(verdict.report.n_instances, 54);
    judged_by_others(&disc.path, &shop.at("x"), 54);
}

/// What independent readers say of a disc.
fn judged_by_others(image: &Path, out: &Path, n_instances: usize) {
    let iso = image.to_str().unwrap();
    if let Some(verdict) = said("isovfy", &[iso]) {
        assert!(verdict.contains("No errors found"), "{verdict}");
    }
    if said("xorriso", &["-osirrox", "on", "-indev", iso, "-extract", "/", out.to_str().unwrap()]).is_none() {
        return;
    }
    let at = |name: &str| out.join(name).to_str().unwrap().to_owned();
    let sums = Command::new("sha256sum").args(["-c", "--quiet", "--strict", "SHA256.SUM"]).current_dir(out).output();
    assert!(sums.as_ref().is_ok_and(|sums| sums.status.success()), "{sums:?}");
    if let Some(tree) = neighbour("dcdirdmp", &["-paths", &at("DICOMDIR")]) {
        let text = String::from_utf8_lossy(&tree.stdout).into_owned() + &String::from_utf8_lossy(&tree.stderr);
        assert_eq!(text.lines().filter(|line| line.contains("DICOM")).count(), n_instances, "{text}");
    }
    if let Some(verdict) = said("dcmftest", &[&at("DICOMDIR"), &at("DICOM/ST000001/SE000001/IM000001")]) {
        assert_eq!(verdict.matches("yes:").count(), 2, "{verdict}");
    }
}

/// The same goods, clock and code give the same bytes; a spool read again from its list gives the same plan.
#[test]
fn a_disc_can_be_made_again() {
    let shop = Workshop::with(&spec(12, 3));
    let goods = shop.gather(CD_80, true);
    goods.save(&shop.at("goods.list")).unwrap();
    let again = Goods::load(&shop.at("goods.list")).unwrap();
    assert_eq!(again, goods);
    assert_eq!(again.hash(), shop.gather(CD_80, false).hash(), "pictures are no goods");
    let hash = |goods: &Goods, code: &str| {
        let plan = plan(goods, &plan_options(CD_80, true)).unwrap();
        let disc = make_disc(&plan, 1, &facts(code), &shop.at("out"), &InProcess, &Silent).unwrap();
        (disc.sha256, disc.file_set_uid)
    };
    let first = hash(&goods, "K7Q2-M9PX");
    assert_eq!(first, hash(&again, "K7Q2-M9PX"));
    let remade = hash(&goods, "AAAA-BBBB");
    assert!(first.0 != remade.0 && first.1 != remade.1, "a remake is a new File-set");
}

/// Discs of 3 MB: studies are divided between series, series between instances, and nothing is lost.
#[test]
fn more_than_one_disc() {
    const SMALL: u64 = 1500;
    let shop = Workshop::with(&spec(11, 40));
    let goods = shop.gather(SMALL, true);
    assert_eq!(goods.goods.len(), 51);
    let plan = plan(&goods, &plan_options(SMALL, true)).unwrap();
    assert!(plan.proven && plan.discs.len() > 3, "{}", plan.discs.len());
    let mut delivered: Vec<usize> = plan.discs.iter().flat_map(|disc| disc.goods.clone()).collect();
    delivered.sort_unstable();
    assert_eq!(delivered, (0..51).collect::<Vec<_>>());
    for disc in &plan.discs {
        assert!(disc.size_bytes <= SMALL * 2048);
        let made = make_disc(&plan, disc.number, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent).unwrap();
        assert_eq!((made.size_bytes, made.of), (disc.size_bytes, plan.discs.len() as u32));
        let verdict = examine(&made.path, &InProcess, Some(&STD_GEN_CD), None).unwrap();
        assert!(verdict.report.is_good(), "{:#?}", verdict.report.findings);
    }
    // Pictures never cost a disc.
    let bare = shop.gather(SMALL, false);
    assert_eq!(filmdesk_production::plan(&bare, &plan_options(SMALL, true)).unwrap().discs.len(), plan.discs.len());
}

fn expected() -> ExpectedPatient {
    ExpectedPatient { patient_id: Private::new("T1234567"), issuer: None, born: None, sex: None }
}

#[test]
fn an_object_of_somebody_else_stops_everything() {
    let shop = Workshop::with(&spec(3, 0));
    let goods = shop.gather(CD_80, false);
    check_patient(&expected(), &goods).unwrap();
    let others = [
        ExpectedPatient { patient_id: Private::new("T1234568"), ..expected() },
        ExpectedPatient { patient_id: Private::new("T123456"), ..expected() },
        ExpectedPatient { born: Some(jiff::civil::date(1901, 1, 1)), ..expected() },
        ExpectedPatient { sex: Some(Sex::Other), ..expected() },
    ];
    let plan = plan(&goods, &plan_options(CD_80, false)).unwrap();
    for other in others {
        let failure = check_patient(&other, &goods).unwrap_err();
        assert_eq!((failure.stall.code.as_str(), failure.retry), ("wrong-patient", false));
        assert!(!failure.to_string().contains("T1234567"), "a failure names no patient: {failure}");
        let facts = DiscFacts { expected: Some(other), ..facts("K7Q2-M9PX") };
        let made = make_disc(&plan, 1, &facts, &shop.at("out"), &InProcess, &Silent);
        assert_eq!(made.unwrap_err().stall.code, "wrong-patient");
    }
    assert!(shop.files("out").is_empty());
}

#[test]
fn what_arrived_is_what_was_listed() {
    check_complete(["1.1", "1.2"], ["1.2", "1.1"]).unwrap();
    let code = |listed: &[&str], received: &[&str]| {
        check_complete(listed.iter().copied(), received.iter().copied()).unwrap_err().stall.code
    };
    assert_eq!(code(&["1.1", "1.2"], &["1.1"]), "no-instance");
    assert_eq!(code(&["1.1"], &["1.1", "1.2"]), "source-changed");
}

/// W6: once when the bytes are the same, not at all when they differ.
#[test]
fn duplicates_are_settled() {
    let shop = Workshop::with(&spec(3, 0));
    let copy = |from: &str, to: &str| std::fs::copy(shop.at("in").join(from), shop.at("in").join(to)).unwrap();
    copy("000000.dcm", "000010.dcm");
    copy("000001.dcm", "000011.dcm");
    let path = shop.at("in").join("000011.dcm");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    std::fs::write(shop.at("in").join("NOTES.TXT"), "no image").unwrap();
    let goods = shop.gather(CD_80, false);
    let codes: Vec<(usize, &str)> = goods.left_out.iter().map(|left| (left.given, left.code.as_str())).collect();
    let twice = "duplicate-instance";
    assert_eq!(codes, [(1, twice), (3, LeftOut::SAME_AGAIN), (4, twice), (5, "not-dicom")]);
    assert_eq!(goods.goods.len(), 2);
}

#[test]
fn a_spool_that_changed_makes_no_disc() {
    let shop = Workshop::with(&spec(4, 0));
    let goods = shop.gather(CD_80, false);
    let plan = plan(&goods, &plan_options(CD_80, false)).unwrap();
    let path = shop.at("in").join("000002.dcm");
    let whole = std::fs::read(&path).unwrap();
    let make = || make_disc(&plan, 1, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent);
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let changes: [(&[u8], &str); 3] = [
        (&flipped, "source-changed"),
        (&whole[..middle], "source-changed"),
        (&[&whole[..], b"x"].concat(), "source-changed"),
    ];
    for (bytes, code) in changes {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(make().unwrap_err().stall.code, code);
        assert!(shop.files("out").is_empty());
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(make().unwrap_err().stall.code, "source-unreadable");
    std::fs::write(&path, whole).unwrap();
    make().unwrap();
}

/// Cancels at the nth question.
struct CancelAt(AtomicUsize);

impl Journal for CancelAt {
    fn progress(&self, _: Stage, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_sub(1, Ordering::Relaxed) == 1
    }
}

#[test]
fn cancelling_leaves_nothing() {
    let shop = Workshop::with(&spec(8, 0));
    let goods = shop.gather(CD_80, false);
    let plan = plan(&goods, &plan_options(CD_80, true)).unwrap();
    for at in [1, 5, 14, 20, 26] {
        let journal = CancelAt(AtomicUsize::new(at));
        let made = make_disc(&plan, 1, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &journal);
        assert_eq!(made.unwrap_err().stall.code, "cancelled", "at question {at}");
        assert!(shop.files("out").is_empty());
    }
}

/// A disk of two megabytes that is really full.
#[test]
fn a_full_disk_leaves_no_half_disc() {
    let shop = Workshop::with(&spec(8, 0));
    let goods = shop.gather(CD_80, false);
    let plan = plan(&goods, &plan_options(CD_80, false)).unwrap();
    let out = shop.at("out");
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&out).status();
    if !mount.is_ok_and(|status| status.success()) {
        eprintln!("no small disk can be mounted here: not tried");
        return;
    }
    let failure: Failure = make_disc(&plan, 1, &facts("K7Q2-M9PX"), &out, &InProcess, &Silent).unwrap_err();
    let left = shop.files("out");
    assert!(Command::new("umount").arg(&out).status().unwrap().success());
    assert_eq!(failure.stall.code, "disk-full", "{failure}");
    assert!(left.is_empty(), "{left:?}");
    make_disc(&plan, 1, &facts("K7Q2-M9PX"), &out, &InProcess, &Silent).unwrap();
}

/// While one worker writes a disc another cannot; what a dead one left is overwritten.
#[test]
fn one_worker_a_disc() {
    let shop = Workshop::with(&spec(2, 0));
    let goods = shop.gather(CD_80, false);
    let plan = plan(&goods, &plan_options(CD_80, false)).unwrap();
    let part = shop.at("out").join(".FD2345_1.part");
    std::fs::write(&part, vec![7; 5 << 20]).unwrap();
    let held = std::fs::File::open(&part).unwrap();
    held.lock().unwrap();
    let make = || make_disc(&plan, 1, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent);
    let failure = make().unwrap_err();
    assert_eq!((failure.stall.code.as_str(), failure.retry), ("device-busy", true));
    drop(held);
    make().unwrap();
    assert_eq!(shop.files("out"), ["FD2345_1.iso"]);
}

/// Text in tags is text on the pages.
#[test]
fn hostile_text_stays_text() {
    let shop = Workshop::with(&Spec {
        name: "TEST^<script>alert(1)</script>=\"><img src=x onerror=alert(1)>\u{202E}^王".into(),
        ..spec(1, 0)
    });
    let goods = shop.gather(CD_80, true);
    let plan = plan(&goods, &plan_options(CD_80, true)).unwrap();
    let disc = make_disc(&plan, 1, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent).unwrap();
    let image = Image::open(&disc.path).unwrap();
    for page in ["INDEX.HTM", "IHE_PDI/S0000001.HTM"] {
        let text = String::from_utf8(image.read(page, 1 << 20).unwrap()).unwrap();
        assert!(text.contains("&lt;script&gt;alert(1)"), "the name is shown, escaped");
        assert!(!text.contains("<script") && !text.contains("<img src=x") && !text.contains('\u{202E}'));
        assert!(text.contains("default-src 'none'"));
    }
}

/// Every file pydicom ships, good, odd or broken, is on a disc or named; one set a patient.
#[test]
fn every_file_of_pydicom_is_delivered_or_named() {
    let Some(folder) = filmdesk_testkit::pydicom::data() else { return };
    let shop = Workshop::empty();
    let mut sources = Vec::new();
    let mut ahead = vec![folder];
    while let Some(path) = ahead.pop() {
        if path.is_dir() {
            ahead.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            sources.push(Source::file(path));
        }
    }
    let n = sources.len();
    let goods = shop.gather_these(sources, CD_80, true);
    assert_eq!(goods.goods.len() + goods.left_out.len(), n);
    assert!(goods.goods.len() > 120, "{} delivered", goods.goods.len());
    let (sets, _) = goods.by_patient();
    for (goods, number) in sets.iter().zip(1..) {
        let mut options = plan_options(CD_80, true);
        options.volume_prefix = format!("FD{number}");
        let plan = plan(goods, &options).unwrap();
        for disc in &plan.discs {
            let made = make_disc(&plan, disc.number, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent);
            let made = made.unwrap_or_else(|failure| panic!("set {number}: {failure}"));
            let verdict = examine(&made.path, &InProcess, Some(&STD_GEN_CD), None).unwrap();
            assert!(verdict.report.is_good(), "set {number}: {:#?}", verdict.report.findings);
        }
    }
}

/// Of nearly five gigabytes, in two fragments: a file that neither ISO 9660 nor a stick's file system can hold. It takes no
/// room: what lies between its ends was never written.
fn over_4_gib(to: &Path) {
    use filmdesk_testkit::dicom_file::{DataSet, uid};
    use std::io::{Seek, SeekFrom, Write};
    let mut d = DataSet::new();
    d.text((8, 0x16), "UI", "1.2.840.10008.5.1.4.1.1.7").text((8, 0x18), "UI", &uid(&["large"]));
    d.text((8, 0x60), "CS", "OT").text((0x10, 0x10), "PN", "TEST^LARGE").text((0x10, 0x20), "LO", "T1234567");
    d.text((0x20, 0xD), "UI", &uid(&["large study"])).text((0x20, 0xE), "UI", &uid(&["large series"]));
    d.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").text((0x28, 8), "IS", "2");
    d.us((0x28, 0x10), &[512]).us((0x28, 0x11), &[512]).us((0x28, 0x100), &[8]).us((0x28, 0x101), &[8]);
    d.us((0x28, 0x102), &[7]).us((0x28, 0x103), &[0]);
    let mut file = std::fs::File::create(to).unwrap();
    file.write_all(&d.part10("1.2.840.10008.1.2.4.50")).unwrap();
    file.write_all(b"\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\0\0\0\0").unwrap();
    for _ in 0..2 {
        let fragment: u32 = 2_400_000_000;
        file.write_all(b"\xFE\xFF\x00\xE0").unwrap();
        file.write_all(&fragment.to_le_bytes()).unwrap();
        file.seek(SeekFrom::Current(i64::from(fragment))).unwrap();
    }
    file.write_all(b"\xFE\xFF\xDD\xE0\0\0\0\0").unwrap();
}

#[test]
fn a_file_of_four_gib_is_named_with_what_can_be_done() {
    let shop = Workshop::with(&spec(2, 0));
    over_4_gib(&shop.at("in").join("large"));
    let sources = shop.files("in").into_iter().map(|name| Source::file(shop.at("in").join(name))).collect();
    let spool = shop.at("spool");
    let options =
        GatherOptions { profile: &STD_GEN_USB_JPEG, capacity_sectors: 7_000_000, spool: &spool, previews: false };
    let goods = gather_to_make_at_once(sources, &InProcess, &options, &Silent).unwrap();
    assert_eq!((goods.goods.len(), goods.left_out.len()), (2, 1));
    let left = &goods.left_out[0];
    assert_eq!((left.code.as_str(), left.is_delivered()), (LeftOut::OVER_4_GIB, false), "{}", left.reason);
    assert!(left.reason.contains("4 GiB") && left.what().zh.contains("4 GiB") && left.instead().zh.contains("網路"));
    let instead = left.instead();
    assert!(instead.en.contains("over the network") && instead.en.contains("Blu-ray"), "{instead:?}");
    assert!(instead.zh.contains("藍光"), "{instead:?}");
    // It is named on the medium.
    let plan = plan(&goods, &PlanOptions { profile: &STD_GEN_USB_JPEG, ..plan_options(7_000_000, true) }).unwrap();
    let made = make_disc(&plan, 1, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent).unwrap();
    let readme = Image::open(&made.path).unwrap().read("README.TXT", 1 << 20).unwrap();
    let readme = String::from_utf8(readme).unwrap();
    assert!(readme.contains("4 GiB 以上") && readme.contains("4 GiB or more"), "{readme}");
}

/// The way out that is named: on Blu-ray the same file is delivered, planned to the byte.
#[test]
fn a_file_of_four_gib_is_delivered_on_blu_ray() {
    let shop = Workshop::with(&spec(2, 0));
    over_4_gib(&shop.at("in").join("large"));
    let sources = shop.files("in").into_iter().map(|name| Source::file(shop.at("in").join(name))).collect();
    let (spool, capacity_sectors, profile) = (shop.at("spool"), BD_25, &STD_GEN_BD_JPEG);
    let options = GatherOptions { profile, capacity_sectors, spool: &spool, previews: false };
    let goods = gather_to_make_at_once(sources, &InProcess, &options, &Silent).unwrap();
    assert_eq!((goods.goods.len(), goods.left_out.len()), (3, 0));
    let plan = plan(&goods, &PlanOptions { profile, ..plan_options(BD_25, false) }).unwrap();
    let (size, sink) = write_disc(&plan, 1, &facts("K7Q2-M9PX"), CountingSink::default(), &Silent).unwrap();
    assert_eq!((plan.discs.len(), size, sink.bytes), (1, plan.discs[0].size_bytes, plan.discs[0].size_bytes));
    assert!(size > 4_800_000_000, "{size}");
}

/// A small image; `study_id` may be empty, as many are.
fn small(number: u32, study_id: &str) -> DataSet {
    let mut d = DataSet::new();
    d.text((8, 0x16), "UI", "1.2.840.10008.5.1.4.1.1.2").text((8, 0x18), "UI", &format!("2.25.9.1.{number}"));
    d.text((8, 0x20), "DA", "20260101").text((8, 0x30), "TM", "093000").text((8, 0x50), "SH", "A1");
    d.text((8, 0x60), "CS", "CT").text((0x10, 0x10), "PN", "TEST^KEYS").text((0x10, 0x20), "LO", "T0000009");
    d.text((0x20, 0x0D), "UI", "2.25.9").text((0x20, 0x0E), "UI", "2.25.9.1").text((0x20, 0x10), "SH", study_id);
    d.text((0x20, 0x11), "IS", "1").text((0x20, 0x13), "IS", &number.to_string());
    d.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[2]).us((0x28, 0x11), &[2]);
    d.us((0x28, 0x100), &[16]).us((0x28, 0x101), &[12]).us((0x28, 0x102), &[11]).us((0x28, 0x103), &[0]);
    d.bytes((0x7FE0, 0x10), "OW", vec![7; 8]);
    d
}

/// Keys that stand in the directory only are given back, and told to the receiving hospital.
#[test]
fn what_stands_in_the_index_only_is_listed_on_the_disc_and_given_back() {
    for (study_id, wanted) in [("", vec!["STUDY DICOM/ST000001 StudyID=ST000001"]), ("7", vec![])] {
        let shop = Workshop::empty();
        for number in 1..=3 {
            let bytes = small(number, study_id).part10(EXPLICIT_LE);
            std::fs::write(shop.at("in").join(format!("{number}")), bytes).unwrap();
        }
        let goods = shop.gather(CD_80, false);
        let plan = plan(&goods, &plan_options(CD_80, true)).unwrap();
        let made = make_disc(&plan, 1, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent).unwrap();
        assert_eq!(made.size_bytes, plan.discs[0].size_bytes, "planned size");
        let told = made.synthesised.iter().map(|s| format!("{} {} {}={}", s.record_type, s.place, s.keyword, s.value));
        assert_eq!(told.collect::<Vec<_>>(), wanted);
        let page = Image::open(&made.path).unwrap().read("IHE_PDI/HOSPITAL.HTM", 1 << 20).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert_eq!(page.contains("<td>STUDY</td><td>StudyID</td><td>1</td>"), !wanted.is_empty(), "{page}");
        assert_eq!(page.contains("只在索引中的欄位"), !wanted.is_empty());
    }
}

/// Pictures are a courtesy: where the images fit and the pictures do not, the order is made without them.
#[test]
fn pictures_that_have_no_room_fail_no_order() {
    let shop = Workshop::with(&spec(1, 0));
    let goods = shop.gather(CD_80, true);
    assert!(!goods.pictures.is_empty());
    let options = plan_options(CD_80, true);
    let sectors = |plan: &DiscSetPlan<'_>| plan.discs[0].size_bytes / 2048;
    let with = plan(&goods, &options).unwrap();
    assert!(with.pictures, "the control: there is room");
    let bare = Goods { pictures: Vec::new(), ..goods.clone() };
    let without = sectors(&plan(&bare, &options).unwrap());
    // As many sectors as it takes without pictures, and a few for a disc's number of more digits.
    let tight = PlanOptions { capacity_sectors: without + 2, ..options.clone() };
    assert!(tight.capacity_sectors < sectors(&with));
    let planned = plan(&goods, &tight).unwrap();
    assert!(!planned.pictures && planned.discs.len() == 1);
    make_disc(&planned, 1, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent).unwrap();
    // Without room for the image itself it is still said so.
    let small = PlanOptions { capacity_sectors: without / 2, ..options };
    assert_eq!(plan(&goods, &small).err().map(|failure| failure.stall.code), Some("instance-oversized".into()));
}

/// What gathering lets through because it fits alone does fit alone, with pages and viewer; the rest is named.
#[test]
fn the_largest_object_that_is_gathered_can_be_planned() {
    let shop = Workshop::with(&spec(1, 0));
    let (mut kept, mut refused) = (CD_80, 1);
    while refused + 1 < kept {
        let middle = u64::midpoint(kept, refused);
        if shop.gather(middle, false).goods.is_empty() { refused = middle } else { kept = middle }
    }
    let goods = shop.gather(kept, true);
    assert_eq!(plan(&goods, &plan_options(kept, true)).unwrap().discs.len(), 1);
    assert_eq!(shop.gather(kept - 1, true).left_out[0].code, "instance-oversized");
}
