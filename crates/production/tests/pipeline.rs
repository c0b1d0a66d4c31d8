//! From a folder of objects to disc images that were read back.

mod common;

use common::said;
use filmdesk_fileset::profile::STD_GEN_CD;
use filmdesk_instance::{InProcess, Source};
use filmdesk_production::{
    Bilingual, DiscFacts, DiscTexts, GatherOptions, Goods, PlanOptions, Silent, examine, gather, make_disc, plan,
};
use filmdesk_testkit::studies::{Spec, make};
use std::path::{Path, PathBuf};

/// A CD of 80 minutes.
const CD_80: u64 = 359_847;

/// All files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn gathered(folder: &Path, spool: &Path, capacity_sectors: u64, previews: bool) -> Goods {
    std::fs::create_dir_all(spool).unwrap();
    let sources = files(folder).into_iter().map(Source::file).collect();
    let options = GatherOptions { profile: &STD_GEN_CD, capacity_sectors, spool, previews };
    gather(sources, &InProcess, &options, &Silent).unwrap()
}

fn options(capacity_sectors: u64, web: bool) -> PlanOptions {
    let texts = DiscTexts {
        institution: Some(Bilingual::new("範例醫院", "Example Hospital")),
        contact: vec![Bilingual::new("電話 02-0000-0000", "Telephone 02-0000-0000")],
        program: "Filmdesk test".into(),
    };
    PlanOptions { volume_prefix: "FD2345".into(), capacity_sectors, profile: &STD_GEN_CD, web, texts }
}

fn facts(code: &str) -> DiscFacts {
    let created_at = "2026-11-24T10:00:00+08:00[Asia/Taipei]".parse().unwrap();
    DiscFacts { created_at, code: code.into(), expected: None }
}

#[test]
fn one_patient_on_one_disc() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    make(&at("in"), &Spec { ct: 30, mr: 20, dx: 1, us: 3, ..Spec::default() }).unwrap();
    let goods = gathered(&at("in"), &at("spool"), CD_80, true);
    assert_eq!((goods.goods.len(), goods.left_out.len()), (54, 0));
    let plan = plan(&goods, &options(CD_80, true)).unwrap();
    assert_eq!(plan.discs.len(), 1);
    std::fs::create_dir(at("out")).unwrap();
    let disc = make_disc(&plan, 1, &facts("K7Q2-M9PX"), &at("out"), &InProcess, &Silent).unwrap();
    assert_eq!(files(&at("out")), [at("out/FD2345_1.iso")], "one file, nothing else");
    assert_eq!(std::fs::metadata(&disc.path).unwrap().len(), plan.discs[0].size_bytes);

    let verdict = examine(&disc.path, &InProcess, Some(&STD_GEN_CD), None).unwrap();
    assert!(verdict.report.is_good(), "{:#?}", verdict.report.findings);
    assert_eq!(verdict.sha256.as_deref(), Some(disc.sha256.as_str()));
    if said(
        "xorriso",
        &["-osirrox", "on", "-indev", disc.path.to_str().unwrap(), "-extract", "/", at("x").to_str().unwrap()],
    )
    .is_some()
    {
        let sums = std::process::Command::new("sha256sum")
            .args(["-c", "--quiet", "--strict", "SHA256.SUM"])
            .current_dir(at("x"))
            .output()
            .unwrap();
        assert!(sums.status.success(), "{sums:?}");
    }
}
