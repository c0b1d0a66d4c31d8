//! What must hold when something dies, is not there, or is full.

mod desk;

use desk::{Hands, PLAIN, TestDesk, files_below};
use filmdesk_store::AuditVerdict;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

/// kill -9 of the worker at random moments of weighing and of making: after each restart the job goes on, and in the end
/// there is one quote, one receipt, one set of discs, and an audit trail that is whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_loses_nothing_and_makes_nothing_twice() {
    let desk = TestDesk::new();
    let served = desk.serve(&["--no-worker"]);
    let hands = Hands::at(&desk).await;
    let id = hands.verified(PLAIN).await;
    let mut worker = desk.work();
    assert_eq!(hands.ticked(id).await, 2);
    tokio::time::sleep(Duration::from_millis(rand::random_range(150..900))).await;
    worker.kill();
    let mut worker = desk.work();
    let weighed = hands.weighed(id).await;
    assert_eq!(weighed.weighing.n_instances, 152);
    assert_eq!(weighed.weighing.discs.len(), 1);

    hands.paid(id).await;
    tokio::time::sleep(Duration::from_millis(rand::random_range(100..700))).await;
    worker.kill();
    assert!(images(&desk).is_empty() || hands.store.application(id).await.is_ok());
    let worker = desk.work();
    let discs = hands.made(id).await;
    assert_eq!(discs.len(), 1);
    assert_eq!(discs[0].size_bytes, weighed.weighing.discs[0].size_bytes, "the disc that was priced");
    let images = images(&desk);
    assert_eq!(images.len(), 1, "{images:?}");
    assert_eq!(hex::encode(Sha256::digest(std::fs::read(&images[0]).expect("image"))), discs[0].sha256);

    let trail = hands.store.audit_of(id).await.expect("the trail");
    for action in ["weigh", "pay", "start", "finish"] {
        assert_eq!(trail.iter().filter(|row| row.action == action).count(), 1, "{action}: {trail:?}");
    }
    assert!(matches!(hands.store.verify_audit().await.expect("read"), AuditVerdict::Whole(_)));
    assert!(worker.terminate().success(), "a worker that is told to stop ends well");
    assert!(served.process.terminate().success());
    let log = desk.log();
    for private in ["王測試", "9000001", "A123456789", "WangCeShi", "1970"] {
        assert!(!log.contains(private), "{private} is in the log:\n{log}");
    }
}

fn images(desk: &TestDesk) -> Vec<std::path::PathBuf> {
    let mut files = files_below(&desk.state().join("blobs"));
    files.retain(|path| path.extension().is_some_and(|extension| extension == "iso"));
    files
}

/// An archive that is not there: tried again by itself, then a person is asked, and who is named.
#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_not_there_stalls_with_its_name() {
    let desk = TestDesk::new().with("FILMDESK_WORKER_WAITS", "1");
    let _served = desk.serve(&["--no-worker"]);
    let config = "[[archive]]\nname = \"faraway\"\nkind = \"dimse\"\nhost = \"127.0.0.1\"\nport = 9\ncalled_ae = \"PACS\"\ncalling_ae = \"FILMDESK\"\n";
    std::fs::write(desk.state().with_file_name("filmdesk.toml"), config).expect("configuration");
    let _worker = desk.work();
    let hands = Hands::at(&desk).await;
    let id = hands.verified(PLAIN).await;
    let reason = hands.stalled(id).await;
    assert_eq!(reason.code, "archive-unreachable");
    assert!(reason.what.contains("faraway"), "{}", reason.what);
    let doctor = desk.run(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(3), "{}", desk::said(&doctor));
    assert!(desk::said(&doctor).contains("NOT OK  archive faraway"), "{}", desk::said(&doctor));
}

/// A number typed wrongly that is somebody else's: their studies are not shown.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_number_stalls_before_anything_is_shown() {
    let desk = TestDesk::new();
    let _served = desk.serve(&[]);
    let hands = Hands::at(&desk).await;
    let id = hands.verified(("9000002", PLAIN.1)).await;
    assert_eq!(hands.stalled(id).await.code, "wrong-patient");
}

/// A full spool, and a disk that is full when the image is written: a clear message, and no half disc.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stalls_and_leaves_no_half_disc() {
    let desk = TestDesk::new().with("FILMDESK_SPOOL_QUOTA_BYTES", "1000000");
    let served = desk.serve(&[]);
    let hands = Hands::at(&desk).await;
    let id = hands.verified(PLAIN).await;
    hands.ticked(id).await;
    let reason = hands.stalled(id).await;
    assert_eq!(reason.code, "disk-full", "{}", reason.what);
    assert!(images(&desk).is_empty());
    let spooled: u64 =
        files_below(&desk.state().join("spool")).iter().filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum();
    assert!(spooled < 1_000_000, "{spooled} bytes were left in the spool");
    drop(served);
}

/// A small disk of its own; unmounted when the test ends.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(at: &std::path::Path, megabytes: u32) -> SmallDisk {
        std::fs::create_dir_all(at).expect("folder");
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status();
        assert!(mounted.is_ok_and(|status| status.success()), "mounting a tmpfs needs root");
        SmallDisk(at.to_owned())
    }

    fn grow(&self, megabytes: u32) {
        let size = format!("remount,size={megabytes}m");
        assert!(Command::new("mount").args(["-o", &size]).arg(&self.0).status().expect("mount").success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The disk under the finished images is full: the parcel stalls and says so, no half disc is there, nothing that was
/// entered or paid is lost; with more room a retry finishes.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_under_the_images_stalls_and_a_retry_finishes() {
    let desk = TestDesk::new();
    let disk = SmallDisk::mount(&desk.state().join("blobs"), 40);
    let served = desk.serve(&[]);
    let hands = Hands::at(&desk).await;
    let id = hands.verified(PLAIN).await;
    hands.ticked(id).await;
    hands.weighed(id).await;
    hands.paid(id).await;
    let reason = hands.stalled(id).await;
    assert_eq!(reason.code, "disk-full", "{}", reason.what);
    assert!(images(&desk).is_empty(), "a half disc is there");
    disk.grow(400);
    hands.retried(id).await;
    assert_eq!(hands.made(id).await.len(), 1);
    assert_eq!(images(&desk).len(), 1);
    drop(served);
}

/// Two servers on one SQLite file: the second refuses to start. A real server does not open a demonstration's store.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_refuses_to_start() {
    let desk = TestDesk::new();
    let served = desk.serve(&["--no-worker"]);
    let second = desk.run(&["serve", "--demo", "--no-worker"]);
    assert_eq!(second.status.code(), Some(1), "{}", desk::said(&second));
    assert!(desk::said(&second).contains("another server"), "{}", desk::said(&second));
    assert!(served.process.terminate().success());
    let real = desk.run(&["serve", "--no-worker"]);
    assert_eq!(real.status.code(), Some(2), "{}", desk::said(&real));
    assert!(desk::said(&real).contains("demonstration"), "{}", desk::said(&real));
}

/// kill -9 of the server: everything sent is there again, the clock does not go back, and the accounts are the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_comes_back_with_everything() {
    let desk = TestDesk::new();
    let mut served = desk.serve(&["--no-worker"]);
    let before = Hands::at(&desk).await;
    let id = before.verified(PLAIN).await;
    let sign_in = std::fs::read(desk.state().join("sign-in.txt")).expect("sign-in");
    served.process.kill();
    let _served = desk.serve(&["--no-worker"]);
    let after = Hands::at(&desk).await;
    assert!(after.now > before.now, "the clock went back");
    assert_eq!(after.store.application(id).await.expect("store").expect("application").state.name(), "verified");
    assert_eq!(std::fs::read(desk.state().join("sign-in.txt")).expect("sign-in"), sign_in);
}

/// What a client that sends all before it reads gets for a form.
fn posted(address: &str, path: &str, form: &str) -> std::io::Result<String> {
    let host = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let kind = "application/x-www-form-urlencoded";
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {address}\r\nContent-Type: {kind}\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        form.len()
    )?;
    stream.write_all(form.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Who posts far too much to a form reads why, in either language, and the desk goes on: over a real connection, where a
/// server that closes before all was sent is only gone.
#[test]
fn ten_megabytes_posted_to_a_form_are_refused_in_words() {
    let desk = TestDesk::new();
    let served = desk.serve(&["--no-worker"]);
    let ten_megabytes = "x".repeat(10_000_000);
    for (lang, told) in
        [("en", ["What was sent is too large", "at most 64 KB"]), ("zh-TW", ["送出的內容太大", "至多 64 KB"])]
    {
        for field in ["situation", "kind_1", "exam_1"] {
            let form = format!("{field}={ten_megabytes}");
            let page = posted(&served.public, &format!("/quote?lang={lang}"), &form).expect("an answer");
            assert!(page.starts_with("HTTP/1.1 413 "), "{field}: {page}");
            assert!(told.iter().all(|words| page.contains(words)) && page.len() < 20_000, "{field}: {page}");
        }
    }
    let small = posted(&served.public, "/quote", "at=2026-12-01T10:00&kind_1=ct&disc_1=yes").expect("an answer");
    assert!(small.starts_with("HTTP/1.1 200 ") && small.contains("200"), "the desk goes on: {small}");
}
