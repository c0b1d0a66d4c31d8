//! One application, from the form to the disc, step by step as `ARCHITECTURE.md` tells it, through the real pages of both
//! listeners, with the real worker on the sample archive.

mod desk;

use desk::browser::{Browser, Site, apply, pay_make_release, sign_in, verify_and_tick};
use desk::{TestDesk, said};
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn from_the_form_to_the_disc() {
    let site = Site::open(TestDesk::new(), &[], None);
    let desk = &site.desk;
    let mut applicant = Browser::at_home(&site);
    let (number, code) = apply(&mut applicant).await;
    let status = applicant.post("/status", &[("number", &number), ("code", &code)]).await;
    assert!(status.contains("status-steps") && !status.contains("CT CHEST"), "{status}");

    let mut counter = sign_in(&site, "clerk").await;
    let path = format!("/applications/{number}");
    verify_and_tick(&mut counter, &path).await;
    let image = pay_make_release(&mut counter, &path, &number).await;

    let file = desk.state().with_file_name("disc.iso");
    std::fs::write(&file, image).expect("written");
    let check = desk.run(&["check", &file.display().to_string()]);
    assert!(check.status.success(), "{}", said(&check));

    let log = desk.log();
    assert!(log.contains("job done"), "the log is the one that was looked at");
    for private in ["王測試", "9000001", "A123456789", "WangCeShi", "19700315", "1970-03-15", "0900000000"] {
        assert!(!log.contains(private), "{private} is in the log");
    }
}

/// What stands on the image's top level, as `isoinfo` reads it.
fn top_level(image: &std::path::Path) -> Vec<String> {
    let output = Command::new("isoinfo").args(["-f", "-i"]).arg(image).output().expect("isoinfo (genisoimage)");
    assert!(output.status.success(), "{}", said(&output));
    let names = said(&output);
    let mut top: Vec<String> =
        names.lines().filter_map(|line| line.trim_start_matches('/').split('/').next()).map(str::to_owned).collect();
    top.sort();
    top.dedup();
    top
}

/// A hospital may want no viewer on its discs, or DICOM alone: the disc holds no more than that, and its label says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_without_viewer_or_web_pages_gets_discs_and_labels_without_them() {
    let dicom = ["DICOM", "DICOMDIR.;1", "README.TXT;1", "SHA256.SUM;1"];
    let web = ["DICOM", "DICOMDIR.;1", "IHE_PDI", "INDEX.HTM;1", "README.TXT;1", "SHA256.SUM;1"];
    for (pages, expected, content) in [("true", web.as_slice(), "DICOM PLUS WEB"), ("false", &dicom, "DICOM ONLY")] {
        let desk = TestDesk::new().with("FILMDESK_WORKER_VIEWER", "false").with("FILMDESK_WORKER_WEB_PAGES", pages);
        let site = Site::open(desk, &[], None);
        let (number, _) = apply(&mut Browser::at_home(&site)).await;
        let mut counter = sign_in(&site, "clerk").await;
        let path = format!("/applications/{number}");
        verify_and_tick(&mut counter, &path).await;
        let image = pay_make_release(&mut counter, &path, &number).await;
        let file = site.desk.state().with_file_name("disc.iso");
        std::fs::write(&file, image).expect("written");
        assert_eq!(top_level(&file), expected, "web pages {pages}");
        let check = site.desk.run(&["check", &file.display().to_string()]);
        assert!(check.status.success(), "{}", said(&check));
        let label = file.with_file_name("label.pdf");
        std::fs::write(&label, counter.bytes(&format!("{path}/parcels/1/discs/1/label.pdf")).await).expect("written");
        let text = Command::new("pdftotext").arg(&label).arg("-").output().expect("pdftotext (poppler-utils)");
        assert!(said(&text).lines().any(|line| line == content), "{}", said(&text));
    }
}
