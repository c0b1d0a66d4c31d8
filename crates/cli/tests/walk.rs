//! One application, from the form to the disc, step by step as `ARCHITECTURE.md` tells it, through the real pages of both
//! listeners, with the real worker on the sample archive.

mod desk;

use desk::browser::{Browser, Site, apply, pay_make_release, sign_in, verify_and_tick};
use desk::{TestDesk, said};

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
