//! `filmdesk pacs`: the archives of the configuration, by hand. Is it there, what has it of this patient, may we have it.

use crate::exit::Failed;
use clap::{Args, Subcommand, ValueEnum};
use filmdesk_archive::{
    Archive, ArchiveConfig, ArchiveError, ArchiveKind, EchoReport, FetchProgress, Fetched, PatientKey, StudyListing,
    Via, Who,
};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::future::Future;
use std::io::{IsTerminal, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Ask an archive, or fetch from it.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = JSON_HELP)]
pub struct PacsArgs {
    #[command(subcommand)]
    action: Action,
}

/// What `--json` prints; `tests/pacs.rs` holds the output against it, so members are added and never renamed.
const JSON_HELP: &str = "\
With --json, on standard output:
  echo   {archive, reached, implementation, took_ms, sufficient, offers: [{service, offered, needed, advice}]}
  find   [{archive, study_uid, date, time, modalities, body_parts, stations, departments, description,
         description_as_read, accession, patient_name, name_as_read, issuer, birth_date, sex, n_series, n_instances,
         size_bytes}]
  fetch  {archive, studies: [{study_uid, folder, n_instances, size_bytes, seconds, refused}]}
  each   {error: {code, message, next, who, retryable, missing}} when it failed
What an archive does not say is null. A text that is not in the character set it is labelled with is given repaired, and under
its _as_read name as the label says.";

#[derive(Clone, Debug, Subcommand)]
enum Action {
    /// Whether an archive answers, what it offers us, and what to configure at its side
    Echo(EchoArgs),
    /// The studies an archive has of a patient
    Find(FindArgs),
    /// Bring a study, or all of a patient's, into a folder: complete, or a failure that says what is missing
    Fetch(FetchArgs),
}

/// Which archive, and how to answer.
#[derive(Clone, Debug, Args)]
struct Which {
    /// Name of the archive in the configuration [default: the only one]
    #[arg(long, value_name = "NAME")]
    pacs: Option<String>,
    /// The answer as JSON
    #[arg(long)]
    json: bool,
}

/// Whose studies.
#[derive(Clone, Debug, Args)]
struct Whose {
    /// Patient ID as the archive has it; `-` reads it from standard input, so that it is in no process list
    #[arg(long, value_name = "ID")]
    patient: Option<String>,
    /// Issuer of the Patient ID, where the archive keeps several
    #[arg(long, requires = "patient")]
    issuer: Option<String>,
}

#[derive(Clone, Debug, Args)]
struct EchoArgs {
    #[command(flatten)]
    which: Which,
}

#[derive(Clone, Debug, Args)]
struct FindArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Clone, Debug, Args)]
struct FetchArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    whose: Whose,
    /// Study Instance UID [default: every study of --patient]
    #[arg(long, value_name = "UID")]
    study: Option<String>,
    /// Folder to fetch into; new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// By which service [default: as configured]
    #[arg(long, value_enum)]
    via: Option<ViaArg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ViaArg {
    /// C-GET
    Get,
    /// C-MOVE to our store port
    Move,
    /// WADO-RS
    Wado,
}

/// Does what was asked, on a runtime of its own: not to be called from within one.
///
/// # Errors
/// Wrong use, or what the archive failed at, with who can fix it and what next.
pub fn run(archives: &[ArchiveConfig], args: &PacsArgs) -> Result<(), Failed> {
    match &args.action {
        Action::Echo(args) => echo(archives, args),
        Action::Find(args) => find(archives, args),
        Action::Fetch(args) => fetch(archives, args),
    }
}

fn echo(archives: &[ArchiveConfig], args: &EchoArgs) -> Result<(), Failed> {
    let archive = open(chosen(archives, &args.which)?, &args.which)?;
    let report = block_on(archive.echo())?.map_err(|error| failed(&error, &args.which))?;
    if args.which.json {
        println!("{}", echo_json(&report));
    } else {
        print!("{}", echo_text(&report));
    }
    match report.is_sufficient() {
        true => Ok(()),
        false => Err(Failed::partly(format!("{} answers, but does not offer all this desk needs", report.archive))),
    }
}

/// The answer of an archive, for people; `doctor` prints it too.
pub fn echo_text(report: &EchoReport) -> String {
    let mut text = format!("{}: {} answered in {} ms\n", report.archive, report.reached, report.took.as_millis());
    if let Some(implementation) = &report.implementation {
        text += &format!("  it says it is {implementation}\n");
    }
    for offer in &report.offers {
        let offered = if offer.offered { "offered" } else { "not offered" };
        let needed = if offer.needed { "" } else { " (not needed as configured)" };
        text += &format!("  {:8} {offered}{needed}\n", offer.service);
        if let Some(advice) = &offer.advice {
            text += &format!("           {advice}\n");
        }
    }
    text
}

fn echo_json(report: &EchoReport) -> Value {
    let offers: Vec<Value> = report
        .offers
        .iter()
        .map(|o| json!({ "service": o.service, "offered": o.offered, "needed": o.needed, "advice": o.advice }))
        .collect();
    json!({
        "archive": report.archive, "reached": report.reached, "implementation": report.implementation,
        "took_ms": report.took.as_millis() as u64, "sufficient": report.is_sufficient(), "offers": offers
    })
}

fn find(archives: &[ArchiveConfig], args: &FindArgs) -> Result<(), Failed> {
    let patient = args.whose.key()?.ok_or_else(|| Failed::usage("say whose studies: --patient ID"))?;
    let archive = open(chosen(archives, &args.which)?, &args.which)?;
    let studies = block_on(archive.find(&patient))?.map_err(|error| failed(&error, &args.which))?;
    if args.which.json {
        println!("{}", Value::Array(studies.iter().map(study_json).collect()));
        return Ok(());
    }
    if studies.is_empty() {
        println!("{} has no studies of this patient.", archive.name());
    }
    for study in &studies {
        let date = study.date.map_or_else(|| "no date   ".to_owned(), |date| date.to_string());
        let size = study.size_bytes.map(|bytes| format!("  {}", HumanBytes(bytes))).unwrap_or_default();
        println!(
            "{date} {:5}  {:8} {:5} images in {:3} series{size}  {}  {}",
            study.time,
            study.modalities.join("/"),
            study.n_instances,
            study.n_series,
            study.description.reveal(),
            study.patient_name.reveal(),
        );
        println!("           {}", study.study_uid);
    }
    Ok(())
}

fn study_json(study: &StudyListing) -> Value {
    json!({
        "archive": study.archive, "study_uid": study.study_uid, "date": study.date.map(|d| d.to_string()),
        "time": study.time, "modalities": study.modalities, "description": study.description.reveal(),
        "body_parts": study.made.body_parts, "stations": study.made.stations, "departments": study.made.departments,
        "accession": study.accession.reveal(), "patient_name": study.patient_name.reveal(),
        "name_as_read": study.name_as_read.as_ref().map(|text| text.reveal()),
        "description_as_read": study.description_as_read.as_ref().map(|text| text.reveal()),
        "issuer": study.issuer.as_ref().map(|issuer| issuer.reveal()), "birth_date": study.birth_date.map(|d| d.to_string()),
        "sex": study.sex, "n_series": study.n_series, "n_instances": study.n_instances, "size_bytes": study.size_bytes
    })
}

fn fetch(archives: &[ArchiveConfig], args: &FetchArgs) -> Result<(), Failed> {
    let patient = args.whose.key()?;
    let config = via(chosen(archives, &args.which)?, args.via)?;
    let archive = open(config, &args.which)?;
    empty_folder(&args.out)?;
    let stop = AtomicBool::new(false);
    let done = block_on(async {
        let work = fetch_all(&archive, patient.as_ref(), args, &stop);
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => done,
            _ = tokio::signal::ctrl_c() => {
                stop.store(true, Ordering::Relaxed);
                work.await
            }
        }
    })?;
    let done = done.map_err(|error| failed(&error, &args.which))?;
    if args.which.json {
        println!(
            "{}",
            json!({ "archive": archive.name(), "studies": done.iter().map(Done::json).collect::<Vec<_>>() })
        );
    } else {
        done.iter().for_each(|done| println!("{}", done.text()));
    }
    Ok(())
}

/// One study that was fetched.
struct Done {
    study_uid: String,
    folder: PathBuf,
    fetched: Fetched,
    took: Duration,
}

impl Done {
    fn bytes(&self) -> u64 {
        self.fetched.received.iter().map(|received| received.len).sum()
    }
    fn text(&self) -> String {
        let seconds = self.took.as_secs_f64();
        let rate = HumanBytes((self.bytes() as f64 / seconds.max(0.001)) as u64);
        let (n, size, folder) = (self.fetched.received.len(), HumanBytes(self.bytes()), self.folder.display());
        let unexpected = match self.fetched.unexpected.len() {
            0 => String::new(),
            n => format!("\n  {n} objects that were not listed were refused"),
        };
        format!("{}: {n} of {n} instances, {size} in {seconds:.1} s ({rate}/s) to {folder}{unexpected}", self.study_uid)
    }
    fn json(&self) -> Value {
        json!({
            "study_uid": self.study_uid, "folder": self.folder, "n_instances": self.fetched.received.len(),
            "size_bytes": self.bytes(), "seconds": self.took.as_secs_f64(), "refused": self.fetched.unexpected
        })
    }
}

async fn fetch_all(
    archive: &Archive,
    patient: Option<&PatientKey>,
    args: &FetchArgs,
    stop: &AtomicBool,
) -> Result<Vec<Done>, ArchiveError> {
    let studies: Vec<(String, PathBuf)> = match (&args.study, patient) {
        (Some(study), _) => vec![(study.clone(), args.out.clone())],
        (None, Some(patient)) => {
            let found = archive.find(patient).await?.into_iter();
            found
                .enumerate()
                .map(|(n, study)| (study.study_uid, args.out.join(format!("study-{:02}", n + 1))))
                .collect()
        }
        (None, None) => {
            return Err(ArchiveError::Configuration("say what to fetch: --study UID, --patient ID or both".into()));
        }
    };
    let uids: Vec<String> = studies.iter().map(|(study_uid, _)| study_uid.clone()).collect();
    let mut listings = patient.map(|patient| archive.listings(patient, &uids));
    let mut done = Vec::new();
    for (study_uid, folder) in studies {
        let started = Instant::now();
        let shown = Shown::new(args.which.json);
        let tell = |progress: FetchProgress| {
            shown.tell(progress);
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let fetched = match &mut listings {
            Some(listings) => archive.bring(&study_uid, listings.of(&study_uid), &folder, &tell).await,
            None => archive.fetch_whosever(&study_uid, &folder, &tell).await,
        };
        shown.clear();
        done.push(Done { study_uid, folder, fetched: fetched?, took: started.elapsed() });
    }
    Ok(done)
}

/// Progress: a bar on a terminal, a line every few seconds elsewhere, nothing for programs.
struct Shown {
    bar: Option<ProgressBar>,
    lines: Option<Mutex<Instant>>,
    started: Instant,
}

const LINE_EVERY: Duration = Duration::from_secs(3);

impl Shown {
    fn new(quiet: bool) -> Shown {
        let started = Instant::now();
        let terminal = std::io::stderr().is_terminal();
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} instances  {msg}  {eta} left");
        let bar = (terminal && !quiet)
            .then(|| ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())));
        Shown { bar, lines: (!terminal && !quiet).then(|| Mutex::new(started)), started }
    }

    fn tell(&self, progress: FetchProgress) {
        let seconds = self.started.elapsed().as_secs_f64();
        let rate = HumanBytes((progress.bytes as f64 / seconds.max(0.001)) as u64);
        if let Some(bar) = &self.bar {
            bar.set_length(progress.n_listed);
            bar.set_position(progress.n_received);
            bar.set_message(format!("{}  {rate}/s", HumanBytes(progress.bytes)));
        }
        let mut last = match &self.lines {
            Some(last) => last.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
            None => return,
        };
        if last.elapsed() >= LINE_EVERY {
            *last = Instant::now();
            let FetchProgress { n_received, n_listed, bytes } = progress;
            let of = if n_listed == 0 { String::new() } else { format!(" of {n_listed}") };
            eprintln!("{n_received}{of} instances, {}, {rate}/s", HumanBytes(bytes));
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Whose {
    fn key(&self) -> Result<Option<PatientKey>, Failed> {
        let Some(typed) = &self.patient else { return Ok(None) };
        let patient_id = if typed == "-" {
            let mut text = String::new();
            let read = std::io::stdin().take(1_024).read_to_string(&mut text);
            read.map_err(|error| {
                Failed::usage(format!("the Patient ID could not be read from standard input: {error}"))
            })?;
            text.trim().to_owned()
        } else {
            typed.clone()
        };
        Ok(Some(PatientKey { patient_id, issuer: self.issuer.clone() }))
    }
}

fn chosen(archives: &[ArchiveConfig], which: &Which) -> Result<ArchiveConfig, Failed> {
    let names = || archives.iter().map(|archive| archive.name.as_str()).collect::<Vec<_>>().join(", ");
    match (&which.pacs, archives) {
        (_, []) => Err(Failed::usage("no archive is configured: add an [[archive]] to the configuration")),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(Failed::usage(format!("say which archive: --pacs NAME, one of {}", names()))),
        (Some(name), _) => {
            let found = archives.iter().find(|archive| &archive.name == name).cloned();
            found.ok_or_else(|| Failed::usage(format!("no archive is called {name}; there is {}", names())))
        }
    }
}

fn via(config: ArchiveConfig, via: Option<ViaArg>) -> Result<ArchiveConfig, Failed> {
    let is_web = matches!(config.kind, ArchiveKind::DicomWeb(_));
    match via {
        None => Ok(config),
        Some(ViaArg::Wado) if is_web => Ok(config),
        Some(ViaArg::Wado) => {
            Err(Failed::usage(format!("{} is not reached by DICOMweb: --via wado cannot be had", config.name)))
        }
        Some(ViaArg::Get) => config.via(Via::Get).map_err(|error| Failed::usage(error.to_string())),
        Some(ViaArg::Move) => config.via(Via::Move).map_err(|error| Failed::usage(error.to_string())),
    }
}

fn open(config: ArchiveConfig, which: &Which) -> Result<Archive, Failed> {
    Archive::new(config).map_err(|error| failed(&error, which))
}

fn empty_folder(folder: &Path) -> Result<(), Failed> {
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failed::usage(format!("{} is not empty", folder.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failed::usage(format!("{}: {error}", folder.display()))),
    }
}

/// A failure of the archive: the sentence, who can fix it, what next; for programs on standard output as well.
fn failed(error: &ArchiveError, which: &Which) -> Failed {
    let who = match error.who() {
        Who::Clerk => "clerk",
        Who::Operator => "operator",
        Who::ArchiveAdministrator => "archive administrator",
    };
    if which.json {
        let missing = if let ArchiveError::Incomplete { missing, .. } = error { missing.as_slice() } else { &[] };
        let error = json!({
            "code": error.code(), "message": error.to_string(), "next": error.next(), "who": who,
            "retryable": error.retryable(), "missing": missing
        });
        println!("{}", json!({ "error": error }));
    }
    Failed::new(format!("{error}\n  {} ({who}; {})", error.next(), error.code()))
}

fn block_on<F: Future>(work: F) -> Result<F::Output, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failed::new(format!("no threads can be had: {error}")))?;
    Ok(runtime.block_on(work))
}
