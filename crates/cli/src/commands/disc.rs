//! `filmdesk disc`: disc images from folders of DICOM files, with no desk at all.

use crate::commands::progress::Progress;
use crate::exit::Failed;
use clap::Args;
use filmdesk_fileset::profile::{PROFILES, STD_GEN_USB_JPEG};
use filmdesk_fileset::{MediaProfile, Synthesised};
use filmdesk_instance::{Inspector, Source};
use filmdesk_policy::DiscTypeRule;
use filmdesk_production::{
    Bilingual, DiscFacts, DiscPlan, DiscSetPlan, DiscTexts, Failure, FailureCode, GatherOptions, Goods, LeftOut,
    MadeDisc, PlanOptions, gather_to_make_at_once, keep_hash, make_disc, plan, unpack, zip,
};
use indicatif::HumanBytes;
use jiff::Zoned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The code of a DICOMDIR among the sources: never copied, and nothing is missing without it.
const DICOMDIR: &str = "dicomdir";
/// Characters of a code or a volume name: none is mistaken for another on a label.
const CHARACTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Make disc images from folders of DICOM files.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
One disc set per patient (Patient ID and issuer; without an ID, name and birthday), as few discs as possible. Every file is
on a disc or named with the reason. Each image (ISO 9660, on Blu-ray UDF) is read back before it gets its name, VOLUME-ID.iso;
its SHA-256 is kept beside it. For a USB stick (--medium usb) the result is a folder VOLUME-ID: copy what is in it to the root of the stick.

Exit codes: 0 all delivered · 3 made, but some files were left out and are named · 1 failed · 2 wrong use")]
pub struct DiscArgs {
    /// Files, or folders with everything below them
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<PathBuf>,
    /// Folder for the images
    #[arg(long, value_name = "DIR", required_unless_present = "plan_only")]
    out: Option<PathBuf>,
    /// Disc type of the rules, such as cd-80, or the beginning of its name [default: the one the rules mark]
    #[arg(long, value_name = "TYPE")]
    medium: Option<String>,
    /// Media profile of PS3.11, such as STD-GEN-DVD-JPEG [default: the medium's]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// No web pages (INDEX.HTM, IHE_PDI)
    #[arg(long)]
    no_web: bool,
    /// No viewer (VIEWER)
    #[arg(long)]
    no_viewer: bool,
    /// Web pages without pictures
    #[arg(long)]
    no_previews: bool,
    /// One ZIP per File-set (VOLUME-ID.zip) instead of an image or folder: for a stick, or to be downloaded
    #[arg(long)]
    zip: bool,
    /// Print the plan, make nothing
    #[arg(long)]
    plan_only: bool,
    /// Institution for the README and the pages
    #[arg(long, value_name = "NAME")]
    institution: Option<String>,
    /// The result as JSON
    #[arg(long)]
    json: bool,
}

/// What the command needs from the rest of the program.
pub struct DiscContext<'a> {
    /// Disc types of the rules.
    pub disc_types: &'a [DiscTypeRule],
    /// Reads untrusted objects.
    pub inspector: &'a dyn Inspector,
    /// Now, in the time zone of the place.
    pub now: Zoned,
}

/// Makes the discs.
///
/// # Errors
/// Wrong use; a failure with who can fix it; or that some files were left out, after all were named.
pub fn run(context: &DiscContext<'_>, args: &DiscArgs) -> Result<(), Failed> {
    let job = Job::new(context, args)?;
    let found = walk(&args.sources)?;
    if found.files.is_empty() {
        return Err(Failed::new("there are no files in the sources; name folders that hold DICOM files"));
    }
    let spool = spool(args.out.as_deref())?;
    let progress = Progress::new();
    let options = GatherOptions {
        profile: job.profile,
        capacity_sectors: job.medium.capacity_sectors,
        spool: spool.folder.path(),
        previews: job.web && !args.no_previews,
    };
    let sources = found.files.iter().map(Source::file).collect();
    let goods = gather_to_make_at_once(sources, context.inspector, &options, &progress).map_err(failed)?;
    let (sets, nobodys) = goods.by_patient();
    let left_out = nobodys.into_iter().chain(sets.iter().flat_map(|set| set.left_out.iter().cloned()));
    let mut outcome = Outcome { left_out: found.named(left_out.collect()), ..Outcome::default() };
    for goods in &sets {
        outcome.sets.push(job.one_patient(goods, &progress, &mut outcome.failure));
        if outcome.failure.as_ref().is_some_and(ends_everything) {
            break;
        }
    }
    progress.finish();
    outcome.print(&job, found.files.len())?;
    outcome.verdict()
}

/// What applies to every set.
struct Job<'a> {
    context: &'a DiscContext<'a>,
    args: &'a DiscArgs,
    medium: &'a DiscTypeRule,
    profile: &'static MediaProfile,
    web: bool,
}

/// One patient's discs, planned and (unless only planned) made.
#[derive(Default)]
struct SetOutcome {
    plan: Vec<DiscPlan>,
    made: Vec<MadeDisc>,
    trees: Vec<String>,
    proven: bool,
    n_studies: usize,
    n_instances: usize,
    failure: Option<Failure>,
}

impl<'a> Job<'a> {
    fn new(context: &'a DiscContext<'a>, args: &'a DiscArgs) -> Result<Job<'a>, Failed> {
        let (medium, profile) = choose(context.disc_types, args.medium.as_deref(), args.profile.as_deref())?;
        if let Some(out) = &args.out {
            std::fs::create_dir_all(out)
                .map_err(|error| Failed::new(format!("the folder {} cannot be made: {error}", out.display())))?;
        }
        Ok(Job { context, args, medium, profile, web: !args.no_web })
    }

    fn one_patient(&self, goods: &Goods, progress: &Progress, first_failure: &mut Option<Failure>) -> SetOutcome {
        let mut outcome = SetOutcome { n_instances: goods.goods.len(), ..SetOutcome::default() };
        let mut studies: Vec<&str> = goods.goods.iter().map(|good| good.header.study_uid.as_str()).collect();
        studies.sort_unstable();
        studies.dedup();
        outcome.n_studies = studies.len();
        if let Err(failure) = self.plan_and_make(goods, progress, &mut outcome) {
            first_failure.get_or_insert_with(|| failure.clone());
            outcome.failure = Some(failure);
        }
        outcome
    }

    fn plan_and_make(&self, goods: &Goods, progress: &Progress, outcome: &mut SetOutcome) -> Result<(), Failure> {
        let institution = self.args.institution.as_ref().map(|name| Bilingual::new(name, ""));
        let options = PlanOptions {
            volume_prefix: volume_prefix(&goods.hash()),
            capacity_sectors: self.medium.capacity_sectors,
            profile: self.profile,
            web: self.web,
            viewer: !self.args.no_viewer,
            texts: DiscTexts {
                institution,
                contact: Vec::new(),
                program: concat!("Filmdesk ", env!("CARGO_PKG_VERSION")).to_owned(),
            },
        };
        let plan: DiscSetPlan<'_> = plan(goods, &options)?;
        outcome.plan.clone_from(&plan.discs);
        outcome.proven = plan.proven;
        for disc in &plan.discs {
            outcome.trees.push(plan.tree(disc.number)?);
        }
        let (false, Some(out)) = (self.args.plan_only, &self.args.out) else { return Ok(()) };
        for disc in &plan.discs {
            let facts = DiscFacts { created_at: self.context.now.clone(), code: code(), expected: None };
            let mut made = make_disc(&plan, disc.number, &facts, out, self.context.inspector, progress)?;
            if self.args.zip {
                zip(&mut made, &facts.created_at, self.profile, self.context.inspector)?;
            }
            if self.profile.media == STD_GEN_USB_JPEG.media && !self.args.zip {
                made.path = unpack(&made, self.profile, self.context.inspector)?;
            } else {
                keep_hash(&made).map_err(|error| Failure::writing("the SHA-256 beside the image", &error))?;
            }
            outcome.made.push(made);
        }
        Ok(())
    }
}

/// The medium and its profile. A profile alone chooses a medium it is made for; together they must fit each other.
fn choose<'t>(
    types: &'t [DiscTypeRule],
    medium: Option<&str>,
    profile: Option<&str>,
) -> Result<(&'t DiscTypeRule, &'static MediaProfile), Failed> {
    let of_type = |disc: &DiscTypeRule| {
        let none = |why| Failed::usage(format!("the rules give {} the profile {}: {why}", disc.id, disc.profile));
        MediaProfile::named(&disc.profile).map_err(none)
    };
    let wanted = profile.map(MediaProfile::named).transpose().map_err(|why| Failed::usage(why.to_string()))?;
    let suits = |disc: &&DiscTypeRule| match (wanted, MediaProfile::by_id(&disc.profile)) {
        (Some(wanted), Some(own)) => wanted.media == own.media,
        (Some(_), None) => false,
        (None, _) => true,
    };
    let found = match medium {
        None => types.iter().filter(suits).find(|disc| disc.default).or_else(|| types.iter().find(suits)),
        Some(name) => Some(disc_type(types, name)?),
    };
    let disc = found.ok_or_else(|| no_disc_type(types))?;
    let own = of_type(disc)?;
    match wanted {
        Some(wanted) if wanted.media != own.media => {
            let fitting = PROFILES.iter().filter(|profile| profile.media == own.media);
            let fitting: Vec<&str> = fitting.map(|profile| profile.id).collect();
            Err(Failed::usage(format!(
                "{} is for {}, and {} is {}; for it there are {}",
                wanted.id,
                wanted.media,
                disc.id,
                own.media,
                fitting.join(", ")
            )))
        }
        Some(wanted) => Ok((disc, wanted)),
        None => Ok((disc, own)),
    }
}

/// The disc type of a name, or of the beginning of one.
pub fn disc_type<'t>(types: &'t [DiscTypeRule], name: &str) -> Result<&'t DiscTypeRule, Failed> {
    let whole = types.iter().find(|disc| disc.id.eq_ignore_ascii_case(name));
    let begun = || types.iter().find(|disc| disc.id.starts_with(&name.to_ascii_lowercase()));
    whole.or_else(begun).ok_or_else(|| no_disc_type(types))
}

fn no_disc_type(types: &[DiscTypeRule]) -> Failed {
    let known: Vec<&str> = types.iter().map(|disc| disc.id.as_str()).collect();
    Failed::usage(format!("there is no such disc type; the rules have: {}", known.join(", ")))
}

/// After these nothing else can succeed.
fn ends_everything(failure: &Failure) -> bool {
    [FailureCode::DiskFull, FailureCode::Cancelled].iter().any(|code| failure.stall.code == code.as_str())
}

fn failed(failure: Failure) -> Failed {
    Failed::new(format!("{} {} ({})", failure.stall.what, failure.stall.next, failure.stall.code))
}

/// Files below the sources, in the order of their names, and what is none.
struct Found {
    files: Vec<PathBuf>,
    odd: Vec<Named>,
}

/// A file that is on no disc.
struct Named {
    path: PathBuf,
    code: String,
    reason: String,
    /// What could be done instead.
    instead: Option<Bilingual>,
}

impl Found {
    /// Everything left out, with its file.
    fn named(&self, left_out: Vec<LeftOut>) -> Vec<Named> {
        let odd = self.odd.iter().map(|odd| Named {
            path: odd.path.clone(),
            code: odd.code.clone(),
            reason: odd.reason.clone(),
            instead: None,
        });
        let left_out = left_out.into_iter().map(|left| {
            let instead = (!left.is_delivered() && left.code != DICOMDIR).then(|| left.instead());
            let dicomdir = left.code == DICOMDIR;
            let reason = if dicomdir { "not copied: a new one is written".to_owned() } else { left.reason };
            Named { path: self.files[left.given].clone(), code: left.code, reason, instead }
        });
        let mut all: Vec<Named> = odd.chain(left_out).collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }
}

/// Walks the sources. A folder that cannot be read ends it: nothing could then be promised about what is in it.
fn walk(sources: &[PathBuf]) -> Result<Found, Failed> {
    let unreadable = |path: &Path, error: &io::Error| {
        Failed::new(format!("{} cannot be read: {error}; give access to it, or name other sources", path.display()))
    };
    let mut found = Found { files: Vec::new(), odd: Vec::new() };
    let mut ahead: Vec<PathBuf> = sources.iter().rev().cloned().collect();
    while let Some(path) = ahead.pop() {
        let given = sources.contains(&path);
        let kind = if given { std::fs::metadata(&path) } else { std::fs::symlink_metadata(&path) };
        let kind = kind.map_err(|error| unreadable(&path, &error))?.file_type();
        if kind.is_dir() {
            let entries = std::fs::read_dir(&path).map_err(|error| unreadable(&path, &error))?;
            let mut below: Vec<PathBuf> = entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<io::Result<_>>()
                .map_err(|error| unreadable(&path, &error))?;
            below.sort_unstable_by(|a, b| b.cmp(a));
            ahead.extend(below);
        } else if kind.is_file() {
            found.files.push(path);
        } else {
            let reason = "a link or a special file is not followed: name its target as a source".to_owned();
            found.odd.push(Named { path, code: "not-a-file".into(), reason, instead: None });
        }
    }
    Ok(found)
}

/// A working folder: gone when dropped, and then its lock, which tells a later run that its owner still lives.
struct WorkFolder {
    folder: tempfile::TempDir,
    _lock: Option<NamedTempFile>,
}

/// How a working folder's name begins, and what a file's name ends with that bears the folder's name beside it and that its
/// owner holds locked. A folder without that file is nobody's of ours.
const WORK: &str = ".work-";
const LOCK: &str = ".lock";

/// A working folder beside the images, so that nothing is copied across disks; it is removed at the end. Those of runs that
/// were killed are removed first.
fn spool(out: Option<&Path>) -> Result<WorkFolder, Failed> {
    let failed = |error: io::Error| Failed::new(format!("a working folder cannot be made: {error}; look at the disk"));
    let Some(out) = out else {
        let folder = tempfile::Builder::new().prefix(WORK).tempdir().map_err(failed)?;
        return Ok(WorkFolder { folder, _lock: None });
    };
    sweep(out).map_err(failed)?;
    // The lock comes first: there is no moment in which a folder of ours has none.
    let lock = new_lock(out).map_err(failed)?;
    let name = lock.path().file_stem().unwrap_or_default();
    let folder = tempfile::Builder::new().prefix(name).rand_bytes(0).tempdir_in(out).map_err(failed)?;
    Ok(WorkFolder { folder, _lock: Some(lock) })
}

/// A locked file of a new name. One that another run swept away before it was locked is made again.
fn new_lock(out: &Path) -> io::Result<NamedTempFile> {
    loop {
        let lock = tempfile::Builder::new().prefix(WORK).suffix(LOCK).tempfile_in(out)?;
        lock.as_file().lock()?;
        if lock.as_file().metadata()?.nlink() > 0 {
            return Ok(lock);
        }
    }
}

/// Removes what killed runs left in `out`: only folders whose lock lies beside them and unfinished images, and only if nobody
/// holds them locked.
fn sweep(out: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(out)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let Some(name) = name.to_str() else { continue };
        let image = name.starts_with(".FD") && name.ends_with(".part");
        let lock = name.starts_with(WORK) && name.ends_with(LOCK);
        if !(image || lock) || !entry.file_type()?.is_file() {
            continue;
        }
        // What is not there any more, another run removed, or its owner at the end.
        let Some(held) = unless_gone(File::open(&path))? else { continue };
        if held.try_lock().is_err() {
            continue;
        }
        if lock {
            tracing::info!(lock = %path.display(), "removing what a killed run left");
            unless_gone(std::fs::remove_dir_all(path.with_extension("")))?;
        }
        unless_gone(std::fs::remove_file(&path))?;
    }
    Ok(())
}

fn unless_gone<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A volume name from the goods: the same goods get the same name, and it tells nothing about anybody.
fn volume_prefix(goods_hash: &str) -> String {
    let hash = Sha256::digest(goods_hash);
    let letters = hash.iter().take(8).map(|byte| char::from(CHARACTERS[usize::from(byte % 32)]));
    format!("FD{}", letters.collect::<String>())
}

fn code() -> String {
    let mut code: String = (0..8).map(|_| char::from(CHARACTERS[rand::random_range(0..32)])).collect();
    code.insert(4, '-');
    code
}

/// Everything that came of it.
#[derive(Default)]
struct Outcome {
    sets: Vec<SetOutcome>,
    left_out: Vec<Named>,
    failure: Option<Failure>,
}

impl Outcome {
    fn print(&self, job: &Job<'_>, n_files: usize) -> Result<(), Failed> {
        if job.args.json {
            let text = serde_json::to_string_pretty(&self.json(job, n_files));
            println!("{}", text.map_err(|error| Failed::new(format!("the result cannot be printed: {error}")))?);
            return Ok(());
        }
        for (set, number) in self.sets.iter().zip(1..) {
            set.print(number, job);
        }
        for left in &self.left_out {
            println!("left out: {}: {} ({})", left.path.display(), left.reason, left.code);
            if let Some(instead) = &left.instead {
                println!("          {}; {}", instead.zh, instead.en);
            }
        }
        let delivered: usize = self.sets.iter().filter(|set| set.failure.is_none()).map(|set| set.n_instances).sum();
        let (on, named) = (if job.args.plan_only { "planned" } else { "on disc" }, self.left_out.len());
        println!("{n_files} files: {delivered} objects {on}, {named} named above");
        Ok(())
    }

    fn json(&self, job: &Job<'_>, n_files: usize) -> Value {
        let disc = |set: &SetOutcome, disc: &DiscPlan| {
            let made = set.made.iter().find(|made| made.number == disc.number);
            json!({
                "volume_id": disc.volume_id, "number": disc.number, "of": disc.of,
                "n_instances": disc.goods.len(), "size_bytes": disc.size_bytes,
                "image": made.map(|made| made.path.display().to_string()),
                "sha256": made.map(|made| made.sha256.clone()),
                "file_set_uid": made.map(|made| made.file_set_uid.clone()),
                "code": made.map(|made| made.code.clone()),
                "synthesised": made.map(|made| made.synthesised.iter().map(stood_in).collect::<Vec<_>>()),
            })
        };
        let set = |set: &SetOutcome| {
            json!({
                "n_studies": set.n_studies, "n_instances": set.n_instances, "fewest_proven": set.proven,
                "discs": set.plan.iter().map(|d| disc(set, d)).collect::<Vec<_>>(),
                "failure": set.failure.as_ref().map(|failure| json!({
                    "code": failure.stall.code, "what": failure.stall.what, "next": failure.stall.next,
                })),
            })
        };
        json!({
            "medium": job.medium.id, "profile": job.profile.id, "plan_only": job.args.plan_only, "n_files": n_files,
            "sets": self.sets.iter().map(set).collect::<Vec<_>>(),
            "left_out": self.left_out.iter().map(|left| json!({
                "path": left.path.display().to_string(), "code": left.code, "reason": left.reason,
                "instead": left.instead.as_ref().map(|instead| json!({ "zh": instead.zh, "en": instead.en })),
                "missing": left.is_missing(),
            })).collect::<Vec<_>>(),
        })
    }

    fn verdict(&self) -> Result<(), Failed> {
        if let Some(failure) = &self.failure {
            return Err(failed(failure.clone()));
        }
        match self.left_out.iter().filter(|left| left.is_missing()).count() {
            0 => Ok(()),
            n => Err(Failed::partly(format!("{n} files were left out; each is named above with the reason"))),
        }
    }
}

/// A key of the directory that is in no object.
fn stood_in(key: &Synthesised) -> Value {
    json!({ "file_id": key.place, "record": key.record_type.value(), "key": key.keyword, "value": key.value })
}

impl Named {
    /// Its contents are on no disc. A DICOMDIR is written anew, and an object given twice is there once.
    fn is_missing(&self) -> bool {
        self.code != DICOMDIR && self.code != LeftOut::SAME_AGAIN
    }
}

impl SetOutcome {
    fn print(&self, number: usize, job: &Job<'_>) {
        let of = self.plan.len();
        let fewest = if self.proven && of > 1 { ", the fewest possible" } else { "" };
        println!(
            "Set {number}: {} studies, {} objects, {of} × {}{fewest}",
            self.n_studies, self.n_instances, job.medium.id
        );
        for (disc, tree) in self.plan.iter().zip(&self.trees) {
            let (size, n) = (HumanBytes(disc.size_bytes), disc.goods.len());
            println!("  disc {} of {}: {} · {n} objects · {size}", disc.number, disc.of, disc.volume_id);
            for line in tree.lines().skip(1) {
                println!("      {line}");
            }
            if let Some(made) = self.made.iter().find(|made| made.number == disc.number) {
                println!("      → {}", made.path.display());
                println!("      SHA-256 {}  code {}", made.sha256, made.code);
                if let n @ 1.. = made.synthesised.len() {
                    println!("      {n} keys of its directory are in no object (--json lists them)");
                }
            }
        }
        if let Some(failure) = &self.failure {
            println!("  failed: {} {} ({})", failure.stall.what, failure.stall.next, failure.stall.code);
        }
    }
}
