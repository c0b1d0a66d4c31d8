//! `filmdesk check`: is this medium what it should be? Our own discs, and anybody's.

use crate::commands::disc::disc_type;
use crate::commands::work;
use crate::config::Config;
use crate::exit::Failed;
use crate::hospital;
use clap::Args;
use filmdesk_fileset::{Finding, MediaProfile, Severity, SourceObject};
use filmdesk_instance::{Inspector, Source};
use filmdesk_production::{Examination, examine};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The finding of a source that is not on one medium; with several media it may be on another.
const NOT_DELIVERED: &str = "instance-not-delivered";
/// Bytes of a sector.
const SECTOR: u64 = 2048;
/// Objects inspected at once.
const BATCH: usize = 1024;

/// Check a disc image, a ZIP or a folder: index against files, profile, checksums, and what it was made from.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
The SHA-256 kept beside an image (IMAGE.iso.sha256, which `filmdesk disc` writes) is compared when it is there.

Exit codes: 0 nothing wrong · 3 something is wrong and named · 1 it could not be checked · 2 wrong use")]
pub struct CheckArgs {
    /// Disc images (.iso, ISO 9660 or UDF), ZIPs or folders; several are one disc set
    #[arg(required = true, value_name = "DISC-OR-FOLDER")]
    media: Vec<PathBuf>,
    /// Folder the medium was made from: nothing missing, nothing more, nothing changed
    #[arg(long, value_name = "DIR")]
    source: Vec<PathBuf>,
    /// Media profile of PS3.11 it must keep to, such as STD-GEN-CD [default: the first its files allow]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// The blank an image must fit: a disc type of the rules, such as cd-80, or its sectors of 2048 bytes
    #[arg(long, value_name = "ID|SECTORS")]
    medium: Option<String>,
    /// The result as JSON
    #[arg(long)]
    json: bool,
}

/// Checks the media.
///
/// # Errors
/// Wrong use, a medium that cannot be opened, or that something is wrong, after it was named.
pub fn run(config: &Config, args: &CheckArgs) -> Result<(), Failed> {
    let inspector = work::inspector(config);
    let inspector = inspector.as_ref();
    let blank = args.medium.as_deref().map(|medium| sectors_of(config, medium)).transpose()?;
    let profile = args.profile.as_deref().map(MediaProfile::named).transpose();
    let profile = profile.map_err(|why| Failed::usage(why.to_string()))?;
    let sources = match args.source.as_slice() {
        [] => None,
        folders => Some(Sources::read(folders, inspector)?),
    };
    let scratch = tempfile::tempdir().map_err(|error| Failed::new(format!("no working folder: {error}")))?;
    let mut examined: Vec<(&Path, Examination)> = Vec::new();
    for medium in &args.media {
        let given = sources.as_ref().map(|sources| (sources.objects.as_slice(), scratch.path()));
        let mut examination = examine(medium, inspector, profile, given)
            .map_err(|error| Failed::new(format!("{}: {error}", medium.display())))?;
        examination.report.findings.extend(blank.and_then(|blank| larger_than(blank, examination.size_bytes)));
        examined.push((medium, examination));
    }
    if let Some(sources) = &sources {
        one_set(&mut examined, sources);
    }
    print(args, &examined, sources.as_ref())?;
    match examined.iter().map(|(_, examination)| examination.report.n_errors()).sum::<usize>() {
        0 => Ok(()),
        n => Err(Failed::partly(format!("{n} things are wrong; each is named above"))),
    }
}

/// Sectors of a blank: a number, or those of a disc type of the rules.
fn sectors_of(config: &Config, medium: &str) -> Result<u64, Failed> {
    match medium.parse() {
        Ok(sectors) => Ok(sectors),
        Err(_) => Ok(disc_type(hospital::rules(config)?.disc_types(), medium)?.capacity_sectors),
    }
}

/// An image that its blank does not hold. A folder has no size of its own: what it takes depends on the stick.
fn larger_than(blank: u64, size_bytes: u64) -> Option<Finding> {
    let sectors = size_bytes.div_ceil(SECTOR);
    (sectors > blank).then(|| Finding {
        severity: Severity::Error,
        code: "larger-than-medium",
        place: String::new(),
        message: format!("the image takes {sectors} sectors, and its medium has {blank}"),
    })
}

/// What the media were made from.
struct Sources {
    objects: Vec<SourceObject>,
    n_unreadable: usize,
}

impl Sources {
    fn read(folders: &[PathBuf], inspector: &dyn Inspector) -> Result<Sources, Failed> {
        let mut files = Vec::new();
        let mut ahead = folders.to_vec();
        while let Some(path) = ahead.pop() {
            let unreadable = |error: std::io::Error| Failed::new(format!("{} cannot be read: {error}", path.display()));
            if std::fs::metadata(&path).map_err(unreadable)?.is_dir() {
                for entry in std::fs::read_dir(&path).map_err(unreadable)? {
                    ahead.push(entry.map_err(unreadable)?.path());
                }
            } else {
                files.push(Source::file(path));
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut sources = Sources { objects: Vec::new(), n_unreadable: 0 };
        for batch in files.chunks(BATCH) {
            for (source, answer) in batch.iter().zip(inspector.inspect(batch)) {
                match answer {
                    Ok(header) => sources.objects.push(SourceObject { source: source.clone(), header }),
                    Err(_) => sources.n_unreadable += 1,
                }
            }
        }
        Ok(sources)
    }
}

/// Several media are one set: what is on any of them is delivered.
fn one_set(examined: &mut [(&Path, Examination)], sources: &Sources) {
    if examined.len() < 2 {
        return;
    }
    let there: BTreeSet<String> =
        examined.iter().flat_map(|(_, examination)| examination.instances.iter().cloned()).collect();
    for (_, examination) in examined.iter_mut() {
        examination.report.findings.retain(|finding| finding.code != NOT_DELIVERED);
    }
    let Some((_, last)) = examined.last_mut() else { return };
    for object in sources.objects.iter().filter(|object| !there.contains(&object.header.sop_instance_uid)) {
        last.report.findings.push(Finding {
            severity: Severity::Error,
            code: NOT_DELIVERED,
            place: String::new(),
            message: format!("source {} is on none of the media", object.header.sop_instance_uid),
        });
    }
}

fn print(args: &CheckArgs, examined: &[(&Path, Examination)], sources: Option<&Sources>) -> Result<(), Failed> {
    if args.json {
        let media: Vec<Value> = examined.iter().map(|(path, examination)| as_json(path, examination)).collect();
        let unreadable = sources.map(|sources| sources.n_unreadable);
        let text = serde_json::to_string_pretty(&json!({ "media": media, "n_sources_unreadable": unreadable }));
        println!("{}", text.map_err(|error| Failed::new(format!("the result cannot be printed: {error}")))?);
        return Ok(());
    }
    for (path, examination) in examined {
        print_one(path, examination);
    }
    if let Some(sources) = sources
        && sources.n_unreadable > 0
    {
        println!("{} source files are not DICOM objects and were not compared", sources.n_unreadable);
    }
    Ok(())
}

fn print_one(path: &Path, examination: &Examination) {
    let report = &examination.report;
    println!("{}", path.display());
    let profile = report.profile.unwrap_or("no profile");
    println!("  File-set {} · {profile} · UID {}", report.file_set_id, report.file_set_uid);
    println!(
        "  {} patients, {} studies, {} series, {} instances in {} files",
        report.n_patients, report.n_studies, report.n_series, report.n_instances, report.n_files
    );
    if let Some(code) = &examination.code {
        println!("  made by Filmdesk, disc code {code}: every byte outside the files is accounted for by its layout");
    }
    if examination.n_manifest_equal > 0 {
        println!("  {} files equal their SHA-256 in the manifest", examination.n_manifest_equal);
    }
    if report.n_proven_equal > 0 {
        println!("  {} instances equal their source", report.n_proven_equal);
    }
    if let Some(sha256) = &examination.sha256 {
        let kept = if examination.kept_hash_equal { ", as kept beside the image" } else { "" };
        println!("  SHA-256 {sha256}{kept}");
    }
    for finding in &report.findings {
        println!("  {finding}");
    }
    println!("  {}", if report.is_good() { "nothing is wrong" } else { "NOT in order" });
}

fn as_json(path: &Path, examination: &Examination) -> Value {
    let report = &examination.report;
    let finding = |finding: &Finding| {
        json!({
            "severity": finding.severity.to_string(), "code": finding.code,
            "place": finding.place, "message": finding.message,
        })
    };
    json!({
        "path": path.display().to_string(), "good": report.is_good(), "volume_id": examination.volume_id,
        "file_set_id": report.file_set_id, "file_set_uid": report.file_set_uid, "profile": report.profile,
        "code": examination.code, "size_bytes": examination.size_bytes, "sha256": examination.sha256,
        "kept_hash_equal": examination.kept_hash_equal,
        "n_files": report.n_files, "n_patients": report.n_patients, "n_studies": report.n_studies,
        "n_series": report.n_series, "n_instances": report.n_instances, "n_synthesised": report.n_synthesised,
        "n_manifest_equal": examination.n_manifest_equal, "n_proven_equal": report.n_proven_equal,
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}
