//! A desk for tests: the real program on a temporary state, driven through its store as the pages drive it.
#![allow(dead_code, reason = "each test file uses a part")]

pub mod browser;
pub mod fire;

use filmdesk_desk::{
    Applicant, Application, ApplicationId, ArchivePatient, By, DocumentReview, Order, ParcelId, ParcelState, Patient,
    Payment, PaymentMeans, PresentedDocument, Private, Request, StaffId, State, TickedStudy, TransitionError,
};
use filmdesk_policy::{ItemAsked, Lang, RecordKindId, Situation};
use filmdesk_store::{Actor, AuditEntry, Change, JobKind, NewJob, Store, StoreConfig};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

/// The program under test.
pub fn filmdesk() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_filmdesk"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// What a command said, on both streams.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A process that is killed when the test ends, however it ends.
pub struct Running(pub Child);

impl Running {
    /// SIGKILL, and waits for the end.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// SIGTERM, and waits for the end.
    pub fn terminate(mut self) -> std::process::ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("the process is there");
        self.0.wait().expect("the process ends")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A temporary demonstration desk.
pub struct TestDesk {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// Where a served desk answers.
pub struct Served {
    /// The process.
    pub process: Running,
    /// The applicants' address.
    pub public: String,
    /// The counter's address.
    pub staff: String,
}

impl TestDesk {
    /// Nothing started yet.
    pub fn new() -> TestDesk {
        TestDesk { folder: tempfile::tempdir().expect("temporary folder"), environment: Vec::new() }
    }

    /// The same desk with one more setting.
    pub fn with(mut self, variable: &str, value: impl Into<String>) -> TestDesk {
        self.environment.push((variable.to_owned(), value.into()));
        self
    }

    /// The state folder.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// What the processes logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// A command on this desk.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = filmdesk();
        command.args(arguments).current_dir(self.folder.path()).env("FILMDESK_STATE", self.state());
        for listener in ["FILMDESK_PUBLIC_LISTEN", "FILMDESK_STAFF_LISTEN"] {
            command.env(listener, "127.0.0.1:0");
        }
        command.env("FILMDESK_WORKER_FIRST_PAUSE_SECONDS", "1").envs(self.environment.iter().cloned());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    fn log_file(&self) -> fs::File {
        fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log")).expect("log")
    }

    /// Starts a worker of its own.
    pub fn work(&self) -> Running {
        self.work_with("FILMDESK_WORKER_FIRST_PAUSE_SECONDS", "1")
    }

    /// Starts a worker of its own with one more setting.
    pub fn work_with(&self, variable: &str, value: &str) -> Running {
        let mut command = self.command(&["work", "--demo"]);
        command.env(variable, value).stdout(self.log_file()).stderr(self.log_file());
        Running(command.spawn().expect("the worker starts"))
    }

    /// Serves, and waits until it says where.
    pub fn serve(&self, arguments: &[&str]) -> Served {
        let before = self.log().len();
        let mut command = self.command(&["serve", "--demo"]);
        command.args(arguments).stdout(self.log_file()).stderr(self.log_file());
        let mut process = Running(command.spawn().expect("the server starts"));
        let started = Instant::now();
        loop {
            let log = self.log();
            let said = log[before..].to_owned();
            let after = |word: &str| Some(said.split(word).nth(1)?.split_whitespace().next()?.to_owned());
            if let (Some(public), Some(staff), true) =
                (after("applicants "), after("counter "), said.contains("Ctrl-C stops it"))
            {
                return Served { process, public, staff };
            }
            assert!(process.0.try_wait().expect("status").is_none(), "the server ended:\n{said}");
            assert!(started.elapsed() < Duration::from_secs(60), "the server did not come up:\n{said}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The desk's store, as another process sees it.
    pub async fn store(&self) -> Store {
        let url = format!("sqlite://{}", self.state().join("filmdesk.db").display());
        Store::open(&StoreConfig { url, blobs: self.state().join("blobs") }).await.expect("the store opens")
    }
}

/// The patient of the sample archive with one CT and one chest X-ray.
pub const PLAIN: (&str, Date) = ("9000001", date(1970, 3, 15));

/// An applicant's and a clerk's hands, on the store.
pub struct Hands {
    /// The store.
    pub store: Store,
    /// The desk's time.
    pub now: Timestamp,
}

impl Hands {
    /// At a demonstration desk's hour.
    pub async fn at(desk: &TestDesk) -> Hands {
        let store = desk.store().await;
        let shown = store.get_setting("demo.clock.shown").await.expect("setting").expect("a demonstration clock");
        Hands { store, now: shown.parse().expect("a moment") }
    }

    fn by(&self) -> By {
        By { staff: StaffId("clerk".to_owned()), at: self.now }
    }

    fn entry(&self, action: &str) -> AuditEntry {
        AuditEntry::new(self.now, Actor::Staff(StaffId("clerk".to_owned())), action)
    }

    /// A change by the clerk.
    pub async fn change(
        &self,
        id: ApplicationId,
        action: &str,
        jobs: Vec<NewJob>,
        transition: impl FnOnce(Application) -> Result<Application, TransitionError> + Send,
    ) -> Application {
        let entry = self.entry(action);
        let change = move |application, _: &mut _| Ok(Change { jobs, ..Change::new(transition(application)?, entry) });
        self.store.change(id, None, change).await.unwrap_or_else(|e| panic!("{action}: {e}"))
    }

    /// An application sent and verified, with its find job waiting.
    pub async fn verified(&self, patient: (&str, Date)) -> ApplicationId {
        let draft = self.store.open_draft(Lang::ZhTw, self.now, &mut rand::rng()).await.expect("a draft");
        let id = draft.application.id;
        let local = self.now.to_zoned(TimeZone::get("Asia/Taipei").expect("zone")).datetime();
        let items = vec![ItemAsked::on_disc("ct"), ItemAsked::on_disc("general-x-ray")];
        let request = Request {
            patient: Patient {
                name: Private::new("王測試"),
                identity: Private::new("A123456789"),
                record_number: None,
                born: patient.1,
                sex: None,
            },
            applicant: Applicant { person: None, agent: None, phone: Private::new("0900000000"), email: None },
            situation: Situation::new(local, items),
            descriptions: vec![Private::default(), Private::default()],
            address: None,
            purpose: Private::default(),
            lang: Lang::ZhTw,
        };
        let at = self.now;
        self.change(id, "submit", Vec::new(), move |a| a.submit(request, at)).await;
        let seen = |id: &str| PresentedDocument {
            id: id.to_owned(),
            seen: true,
            kind: "national-id".to_owned(),
            last_four: Private::new("6789"),
        };
        let review = DocumentReview { by: self.by(), presented: vec![seen("D1")] };
        let archive_patient =
            ArchivePatient { patient_id: Private::new(patient.0), issuer: None, born: patient.1, sex: None };
        self.change(id, "verify", vec![NewJob::new(JobKind::Find)], move |a| a.verify(review, archive_patient)).await;
        id
    }

    /// Waits until `ready` gives something; a stall that was not waited for fails the test.
    pub async fn wait<T>(&self, id: ApplicationId, what: &str, ready: impl Fn(&Application) -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            let application = self.store.application(id).await.expect("store").expect("application");
            if let Some(value) = ready(&application) {
                return value;
            }
            if let State::Stalled { reason, .. } = &application.state {
                panic!("waiting for {what}, it stalled: {}: {}", reason.code, reason.what);
            }
            if let Some(ParcelState::Stalled { reason, .. }) = application.parcels().first().map(|p| &p.state) {
                panic!("waiting for {what}, the parcel stalled: {}: {}", reason.code, reason.what);
            }
            assert!(
                started.elapsed() < Duration::from_secs(120),
                "waited two minutes for {what}: {}",
                application.state.name()
            );
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits for the studies and ticks them all; the weigh job waits.
    pub async fn ticked(&self, id: ApplicationId) -> usize {
        let verified = self
            .wait(id, "the find", |a| {
                let State::Verified(verified) = &a.state else { return None };
                verified.found.is_some().then(|| verified.clone())
            })
            .await;
        let kind = |k: &Option<RecordKindId>| k.clone().unwrap_or(RecordKindId("general-x-ray".to_owned()));
        let studies: Vec<TickedStudy> = verified
            .found
            .iter()
            .flat_map(|found| &found.studies)
            .map(|study| TickedStudy { study: study.clone(), kind: kind(&study.kind) })
            .collect();
        let n = studies.len();
        let order = Order { patient: verified.patient.clone(), studies, by: self.by() };
        self.change(id, "tick", vec![NewJob::new(JobKind::Weigh)], move |a| a.tick(order)).await;
        n
    }

    /// Waits for the quote.
    pub async fn weighed(&self, id: ApplicationId) -> filmdesk_desk::Weighed {
        let weighed =
            |a: &Application| if let State::Weighed(weighed) = &a.state { Some(weighed.clone()) } else { None };
        self.wait(id, "the quote", weighed).await
    }

    /// Takes the money; the make job waits.
    pub async fn paid(&self, id: ApplicationId) {
        let by = self.by();
        let local = self.now.to_zoned(TimeZone::get("Asia/Taipei").expect("zone")).datetime();
        let entry = self.entry("pay");
        let change = move |application: Application, numbers: &mut filmdesk_store::Numbers| {
            let State::Weighed(weighed) = &application.state else { panic!("not weighed") };
            let amount = weighed.quote.answer.total;
            let receipt_number = numbers.next_receipt();
            let means = PaymentMeans::Cash;
            let others = weighed.weighing.other_names.iter().flatten();
            let names_confirmed = Some(others.map(|study| study.study_uid.clone()).collect());
            let payment = Payment { by, amount, means, receipt_number, out_of_hours: None, names_confirmed };
            let paid = application.pay(payment, local)?;
            Ok(Change::new(paid, entry).job(NewJob::new(JobKind::Make { parcel: ParcelId(1) })))
        };
        self.store.change(id, None, change).await.expect("paid");
    }

    /// Tries the stalled first parcel again.
    pub async fn retried(&self, id: ApplicationId) {
        let (by, parcel) = (self.by(), ParcelId(1));
        let job = NewJob::new(JobKind::Make { parcel });
        self.change(id, "retry-parcel", vec![job], move |a| a.retry_parcel(parcel, by)).await;
    }

    /// Waits for the discs.
    pub async fn made(&self, id: ApplicationId) -> Vec<filmdesk_desk::FinishedDisc> {
        let ready = |a: &Application| match a.parcels().first().map(|p| &p.state) {
            Some(ParcelState::Ready { discs, .. }) => Some(discs.clone()),
            _ => None,
        };
        self.wait(id, "the discs", ready).await
    }

    /// Waits for a stall, and gives its code.
    pub async fn stalled(&self, id: ApplicationId) -> filmdesk_desk::StallReason {
        let started = Instant::now();
        loop {
            let application = self.store.application(id).await.expect("store").expect("application");
            if let State::Stalled { reason, .. } = &application.state {
                return reason.clone();
            }
            if let Some(ParcelState::Stalled { reason, .. }) = application.parcels().first().map(|p| &p.state) {
                return reason.clone();
            }
            assert!(started.elapsed() < Duration::from_secs(120), "no stall: {}", application.state.name());
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
