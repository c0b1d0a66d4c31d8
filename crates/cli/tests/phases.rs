//! kill -9 and SIGTERM of the worker at every phase of weighing and of making, as the files it leaves show them.

mod desk;

use desk::{Hands, PLAIN, TestDesk, files_below};
use filmdesk_desk::ApplicationId;
use filmdesk_store::{JobKind, JobState};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What is on the disk of an application: its spool, and the finished images.
struct Seen {
    spool: Vec<PathBuf>,
    spool_folder: PathBuf,
    blobs: Vec<PathBuf>,
}

impl Seen {
    fn now(desk: &TestDesk, id: ApplicationId) -> Seen {
        let spool_folder = desk.state().join("spool").join(format!("a{}", id.0));
        let blobs = files_below(&desk.state().join("blobs"));
        Seen { spool: files_below(&spool_folder), spool_folder, blobs }
    }

    fn spooled(&self, extension: &str) -> usize {
        let below = |path: &&PathBuf| path.extension().is_some_and(|e| e == extension);
        self.spool.iter().filter(below).count()
    }

    fn has(&self, name: &str) -> bool {
        self.spool_folder.join(name).exists()
    }

    /// Bytes below a folder of the spool.
    fn bytes_in(&self, name: &str) -> u64 {
        let folder = self.spool_folder.join(name);
        let inside = self.spool.iter().filter(|path| path.starts_with(&folder));
        inside.filter_map(|path| path.metadata().ok()).map(|m| m.len()).sum()
    }
}

/// A phase: its name, whether it is of making, and how it is seen; `usize`: images that were there before.
struct Phase(&'static str, bool, fn(&Seen, usize) -> bool);

const PHASES: [Phase; 11] = [
    Phase("the first file arrives", false, |seen, _| !seen.spool.is_empty()),
    Phase("half of the files arrived", false, |seen, _| seen.spool.len() > 76),
    Phase("one study is complete", false, |seen, _| seen.spooled("json") >= 1),
    Phase("both studies are complete", false, |seen, _| seen.spooled("json") == 2),
    Phase("gathering", false, |seen, _| seen.has("gathered")),
    Phase("the list of goods is written", false, |seen, _| seen.has("goods.list")),
    Phase("making begins", true, |seen, _| seen.has("made-1")),
    Phase("some of the image is written", true, |seen, before| made(seen, before, 1_000_000)),
    Phase("most of the image is written", true, |seen, before| made(seen, before, 60_000_000)),
    Phase("the image has its name", true, |seen, before| seen.spooled("iso") == 1 || made(seen, before, u64::MAX)),
    Phase("the image is handed over", true, |seen, before| made(seen, before, u64::MAX)),
];

/// So many bytes of the image are written, or all of it is past that.
fn made(seen: &Seen, before: usize, bytes: u64) -> bool {
    seen.bytes_in("made-1") > bytes || images(&seen.blobs).len() > before
}

fn images(files: &[PathBuf]) -> Vec<&Path> {
    files.iter().filter(|path| path.extension().is_some_and(|e| e == "iso")).map(PathBuf::as_path).collect()
}

fn image_count(desk: &TestDesk) -> usize {
    images(&files_below(&desk.state().join("blobs"))).len()
}

/// Waits until a phase is seen.
fn until_seen(desk: &TestDesk, id: ApplicationId, phase: &Phase, before: usize) {
    let started = Instant::now();
    while !phase.2(&Seen::now(desk, id), before) {
        assert!(started.elapsed() < Duration::from_secs(120), "never seen: {}", phase.0);
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_at_every_phase_loses_nothing_and_makes_nothing_twice() {
    let desk = TestDesk::new();
    let _served = desk.serve(&["--no-worker"]);
    let hands = Hands::at(&desk).await;
    let mut killed = Vec::new();
    for phase in &PHASES {
        let before = image_count(&desk);
        let id = hands.verified(PLAIN).await;
        let mut worker = desk.work();
        hands.ticked(id).await;
        if phase.1 {
            hands.weighed(id).await;
            hands.paid(id).await;
        }
        until_seen(&desk, id, phase, before);
        worker.kill();
        let job = if phase.1 { "make" } else { "weigh" };
        let state = hands.store.progress(id).await.expect("jobs").into_iter().find(|j| j.kind.name() == job);
        killed.push(format!("{} ({})", phase.0, state.map_or("no job", |j| j.state.name())));
        // The next one takes it up at once: it knows that its predecessor is dead.
        let worker = desk.work();
        let weighed = if phase.1 { None } else { Some(hands.weighed(id).await) };
        if let Some(weighed) = weighed {
            assert_eq!(weighed.weighing.n_instances, 152, "{}", phase.0);
            hands.paid(id).await;
        }
        let discs = hands.made(id).await;
        assert_eq!(discs.len(), 1, "{}", phase.0);
        assert_eq!(image_count(&desk), before + 1, "{}", phase.0);
        let image = std::fs::read(desk.state().join("blobs").join(&discs[0].blob)).expect("the image");
        assert_eq!(hex::encode(Sha256::digest(image)), discs[0].sha256, "{}", phase.0);
        let trail = hands.store.audit_of(id).await.expect("the trail");
        desk::fire::each_once(&trail, &["find", "tick", "weigh", "pay", "start", "finish"])
            .unwrap_or_else(|twice| panic!("{}: {twice}", phase.0));
        assert!(worker.terminate().success());
    }
    let running = killed.iter().filter(|k| k.ends_with("(running)")).count();
    assert!(running >= 8, "the worker was killed too late too often: {killed:#?}");
    println!("soak: the worker was killed at {} phases: {}", killed.len(), killed.join(", "));
}

/// The one child of a process.
fn child_of(parent: u32) -> Option<rustix::process::Pid> {
    let is_child = |status: &str| status.lines().any(|line| line == format!("PPid:\t{parent}"));
    let entries = std::fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    let mut children = entries.filter_map(|entry| {
        let id: i32 = entry.file_name().to_str()?.parse().ok()?;
        is_child(&std::fs::read_to_string(entry.path().join("status")).ok()?).then_some(id)
    });
    children.next().and_then(rustix::process::Pid::from_raw)
}

/// A lease lasts 30 seconds; a worker that dies under its server is replaced and its job taken up long before.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_under_its_server_is_replaced_and_its_job_goes_on_at_once() {
    let desk = TestDesk::new();
    let served = desk.serve(&[]);
    let hands = Hands::at(&desk).await;
    let id = hands.verified(PLAIN).await;
    hands.ticked(id).await;
    until_seen(&desk, id, &PHASES[0], 0);
    let worker = child_of(served.process.0.id()).expect("a worker");
    rustix::process::kill_process(worker, rustix::process::Signal::KILL).expect("killed");
    let killed = Instant::now();
    hands.weighed(id).await;
    let waited = killed.elapsed();
    let weigh = hands.store.progress(id).await.expect("jobs").into_iter().find(|job| job.kind == JobKind::Weigh);
    let weigh = weigh.expect("the job");
    assert_eq!((weigh.state, weigh.attempts), (JobState::Done, 2), "it was killed while it weighed");
    assert!(desk.log().contains("a worker died here"), "{}", desk.log());
    assert!(waited < Duration::from_secs(25), "it waited for the lease: {waited:?}");
    assert!(served.process.terminate().success());
}

/// Stopped seven times while it weighs: more often than a job may fail, and no attempt is counted.
#[tokio::test(flavor = "multi_thread")]
async fn stopping_a_worker_is_no_failed_attempt() {
    let desk = TestDesk::new();
    let served = desk.serve(&["--no-worker"]);
    let hands = Hands::at(&desk).await;
    let id = hands.verified(PLAIN).await;
    let worker = desk.work();
    let found = |a: &filmdesk_desk::Application| {
        if let filmdesk_desk::State::Verified(verified) = &a.state { verified.found.clone() } else { None }
    };
    hands.wait(id, "the find", found).await;
    assert!(worker.terminate().success());
    hands.ticked(id).await;
    let taken_up = || desk.log().lines().filter(|l| l.contains("job taken up") && l.contains("weigh")).count();
    for stopped in 1..=7 {
        let before = taken_up();
        let worker = desk.work();
        let started = Instant::now();
        while taken_up() == before {
            assert!(started.elapsed() < Duration::from_secs(60), "nothing was taken up:\n{}", desk.log());
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(worker.terminate().success(), "a worker that is told to stop ends well");
        let jobs = hands.store.progress(id).await.expect("jobs");
        let weigh = jobs.iter().find(|job| job.kind == JobKind::Weigh).expect("the job");
        assert_eq!((weigh.state, weigh.attempts), (JobState::Queued, 0), "after {stopped} stops:\n{}", desk.log());
    }
    let worker = desk.work();
    assert_eq!(hands.weighed(id).await.weighing.n_instances, 152);
    assert!(worker.terminate().success());
    assert!(served.process.terminate().success());
}
