//! A PACS behind a line that goes bad in the middle of a fetch, and comes back: the job waits with growing pauses, the counter
//! says why in both languages, what came is not fetched again, and the order ends complete.

mod desk;

use desk::browser::{Browser, Site, sign_in};
use desk::{Hands, TestDesk, files_below};
use filmdesk_testkit::orthanc::{AE_TITLE, DESK_AE_TITLE, Orthanc};
use filmdesk_testkit::proxy::{Fault, Proxy};
use filmdesk_testkit::studies::{Spec, make};
use jiff::Timestamp;
use jiff::civil::date;
use std::fs;
use std::time::{Duration, Instant};

const PATIENT: &str = "T1234567";
const N_IMAGES: u32 = 24;
/// Bytes a second, so that the fault comes while images do.
const SLOW: u64 = 1_000_000;
/// What has come when the fault comes.
const BEFORE: u64 = 5_000_000;
/// What may be lost of what came: an object in flight, the lists asked for again at each try.
const LOST: u64 = 2_000_000;

/// A desk whose only archive is Orthanc, at the end of a line.
struct Place {
    site: std::sync::Arc<Site>,
    orthanc: Orthanc,
    line: Proxy,
    /// Bytes of the study's files.
    size: u64,
}

impl Place {
    fn new(web: bool) -> Place {
        let orthanc = Orthanc::start().expect("Orthanc");
        // One try: what an archive that is away costs is no try.
        let desk = TestDesk::new().with("FILMDESK_WORKER_ATTEMPTS", "1");
        let files = desk.state().with_file_name("files");
        let spec = Spec { ct: N_IMAGES, mr: 0, dx: 0, us: 0, date: date(2026, 10, 5), ..Spec::default() };
        make(&files, &spec).expect("CT");
        assert_eq!(orthanc.store_folder(&files).expect("stored"), N_IMAGES as usize);
        let size = files_below(&files).iter().map(|file| file.metadata().expect("a file").len()).sum();
        let line = Proxy::start(if web { orthanc.http_port } else { orthanc.dicom_port }).expect("a line");
        let entry = match web {
            true => format!("kind = \"dicom-web\"\nurl = \"http://127.0.0.1:{}/dicom-web\"\n", line.port),
            false => format!(
                "kind = \"dimse\"\nhost = \"127.0.0.1\"\nport = {}\ncalled_ae = \"{AE_TITLE}\"\ncalling_ae = \"{DESK_AE_TITLE}\"\n\
                 associations = 1\n",
                line.port
            ),
        };
        let config = format!("[[archive]]\nname = \"faraway\"\n{entry}connect_seconds = 1\nidle_seconds = 2\n");
        fs::write(desk.state().with_file_name("filmdesk.toml"), config).expect("configuration");
        Place { site: Site::open(desk, &[], None), orthanc, line, size }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.orthanc.process_id() as i32).expect("a process");
        rustix::process::kill_process(pid, signal).expect("it is there");
    }

    /// When the weigh job was taken up, try by try.
    fn tries(&self) -> Vec<Timestamp> {
        let log = self.site.desk.log();
        let taken = log.lines().filter(|line| line.contains("job taken up") && line.contains("weigh"));
        let when = |line: &str| line.split_whitespace().find_map(|word| word.parse::<Timestamp>().ok());
        taken.map(|line| when(line).unwrap_or_else(|| panic!("no time in {line}"))).collect()
    }
}

/// Looks at the page in both languages until it says the words, or for a minute.
async fn says(counter: &mut Browser, path: &str, words: [&str; 2]) {
    let begun = Instant::now();
    for (lang, words) in ["zh", "en"].into_iter().zip(words) {
        loop {
            let page = counter.get(&format!("{path}?lang={lang}")).await;
            let live = page.split("id=\"live\"").nth(1).unwrap_or_default();
            let live = live.split("</form>").next().unwrap_or_default();
            if live.contains(words) {
                break;
            }
            let late = begun.elapsed() > Duration::from_secs(60);
            assert!(!late && !page.contains("id=\"stalled-what\""), "{lang}: no {words:?} in\n{page}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn wait_for(what: &str, ready: impl Fn() -> bool) {
    let begun = Instant::now();
    while !ready() {
        assert!(begun.elapsed() < Duration::from_secs(90), "waited for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Weighs an order while `fault` befalls the line, or the archive itself, after some of it came; `words` are what the counter
/// says of it.
async fn goes_bad(web: bool, fault: Option<Fault>, words: [&str; 2]) {
    let place = Place::new(web);
    let hands = Hands::at(&place.site.desk).await;
    let mut counter = sign_in(&place.site, "clerk").await;
    let id = hands.verified((PATIENT, date(1970, 3, 15))).await;
    let path = format!("/applications/{}", hands.store.application(id).await.expect("store").expect("there").number);
    desk::browser::until(&mut counter, &path, "ticking").await;
    place.line.set(Fault::Rate(SLOW));
    hands.ticked(id).await;
    // Slow, it says how far it is: stage, bytes, instances, rate, time left.
    says(&mut counter, &path, ["取回影像 · ", "fetching · "]).await;
    says(&mut counter, &path, [&format!(" / {N_IMAGES} 個影像物件"), &format!(" of {N_IMAGES} objects")]).await;
    says(&mut counter, &path, ["每秒 ", " a second"]).await;
    says(&mut counter, &path, ["約剩 ", " left"]).await;
    wait_for("some of it", || place.line.passed() > BEFORE).await;
    match fault {
        Some(fault) => place.line.set(fault),
        None => {
            place.line.set(Fault::None);
            place.signal(rustix::process::Signal::STOP);
        }
    }
    says(&mut counter, &path, words).await;
    wait_for("the fourth try", || place.tries().len() >= 4).await;
    place.line.set(Fault::None);
    if fault.is_none() {
        place.signal(rustix::process::Signal::CONT);
    }
    let weighed = hands.weighed(id).await;
    assert_eq!(weighed.weighing.n_instances, N_IMAGES);
    let tries = place.tries();
    let pauses: Vec<i64> =
        tries.windows(2).map(|two| (two[1].as_millisecond() - two[0].as_millisecond()).max(0)).collect();
    assert!(pauses[2] > pauses[1] + 500, "the pauses grow: {pauses:?} ms");
    let passed = place.line.passed();
    assert!(passed >= place.size && passed < place.size + LOST, "{passed} bytes came for {}", place.size);
}

const UNREACHABLE: [&str; 2] = ["連不上影像系統（faraway", "The archive cannot be reached."];
const NO_ANSWER: [&str; 2] = ["影像系統逾時未回覆（faraway", "The archive did not answer in time."];
const LOST_LINE: [&str; 2] = ["與影像系統的連線中斷（faraway", "The connection to the archive was lost."];

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_down_and_comes_back() {
    goes_bad(false, Some(Fault::Down), UNREACHABLE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_a_black_hole_and_comes_back() {
    goes_bad(false, Some(Fault::BlackHole(0)), NO_ANSWER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_cuts_everything_and_comes_back() {
    goes_bad(false, Some(Fault::Cut(0)), LOST_LINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_half_closed_and_comes_back() {
    goes_bad(false, Some(Fault::HalfClose(0)), LOST_LINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_stopped_and_goes_on() {
    goes_bad(false, None, NO_ANSWER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_to_dicomweb_that_is_down_and_comes_back() {
    goes_bad(true, Some(Fault::Down), UNREACHABLE).await;
}
