//! Judging a finished medium, ours or another's: a disc image (ISO 9660 or UDF), a ZIP or a folder.
//!
//! The File-set is judged by [`filmdesk_fileset::check`]; added here is what an image and a manifest can prove. On an image
//! of ours nothing can change unseen: the layout determines every byte outside the files, the manifest every file, and a
//! change of the manifest shows against the files.

use crate::contents::MANIFEST;
use crate::make::MadeDisc;
use crate::manifest::parse_manifest;
use crate::parallel::in_parallel;
use crate::volume::{Image, ImageFault};
use crate::zipped::{ZipFault, ZipTree};
use filmdesk_fileset::SourceObject;
use filmdesk_fileset::{CheckOptions, CheckReport, FileTree, Finding, FolderTree, MediaProfile, Severity, check};
use filmdesk_instance::{Inspector, Source};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A manifest is read whole up to this size.
const MOST_MANIFEST: u64 = 256 << 20;
/// 64 digits and a file name.
const MOST_KEPT_HASH: u64 = 4096;

/// What was found about a medium.
#[derive(Clone, Debug, Default)]
pub struct Examination {
    /// The File-set's findings with ours among them, the worst first.
    pub report: CheckReport,
    /// Volume Identifier, when it is an image.
    pub volume_id: Option<String>,
    /// The disc's code, when it is an image of ours.
    pub code: Option<String>,
    /// Bytes of the image or ZIP; 0 for a folder.
    pub size_bytes: u64,
    /// SHA-256 of the image or ZIP.
    pub sha256: Option<String>,
    /// The SHA-256 kept beside it was found, and is its.
    pub kept_hash_equal: bool,
    /// Files whose manifest entry was compared and found equal.
    pub n_manifest_equal: usize,
    /// SOP Instance UIDs on it.
    pub instances: BTreeSet<String>,
}

/// Why nothing can be said about a medium.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// It cannot be read at all.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is a file, but no image.
    #[error("{0}")]
    Image(#[from] ImageFault),
    /// It is a ZIP, but no medium.
    #[error("{0}")]
    Zip(#[from] ZipFault),
}

/// Examines a disc image, a ZIP or a folder. `sources` are the objects it was made from, when they are at hand; `scratch` is a
/// folder in which some may be decoded for comparison.
///
/// # Errors
/// It cannot be opened as a medium. Everything else is a finding.
pub fn examine(
    path: &Path,
    inspector: &dyn Inspector,
    profile: Option<&MediaProfile>,
    sources: Option<(&[SourceObject], &Path)>,
) -> Result<Examination, ExamineError> {
    let mut findings = Vec::new();
    let mut examination = Examination::default();
    let tree: Box<dyn FileTree + Sync> = if path.is_dir() {
        Box::new(FolderTree::open(path)?)
    } else if ZipTree::is_zip(path)? {
        let zip = ZipTree::open(path)?;
        examination.size_bytes = zip.len();
        judge_hash(path, &mut examination, &mut findings)?;
        Box::new(zip)
    } else {
        let image = Image::open(path)?;
        judge_image(&image, &mut examination, &mut findings)?;
        Box::new(image)
    };
    judge_manifest(&*tree, &mut examination, &mut findings)?;
    let options = CheckOptions {
        profile,
        sources: sources.map(|(objects, _)| objects),
        scratch: sources.map(|(_, scratch)| scratch),
        ..CheckOptions::default()
    };
    examination.report = check(&*tree, inspector, &options);
    examination.instances = instances(&*tree, inspector);
    examination.report.findings.extend(findings);
    examination.report.findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
    Ok(examination)
}

fn finding(severity: Severity, code: &'static str, place: &str, message: impl Into<String>) -> Finding {
    Finding { severity, code, place: place.to_owned(), message: message.into() }
}

fn judge_image(image: &Image, to: &mut Examination, findings: &mut Vec<Finding>) -> Result<(), ExamineError> {
    to.volume_id = Some(image.volume_id().to_owned());
    to.size_bytes = image.len();
    judge_hash(image.path(), to, findings)?;
    if !image.is_ours() {
        return Ok(());
    }
    to.code = Some(image.code().to_owned());
    if let Err(fault) = image.check_own_layout() {
        findings.push(finding(Severity::Error, "image-changed", "", fault.to_string()));
    }
    if !image.files().iter().any(|(path, _)| path == MANIFEST) {
        let message = "the manifest every image of this program has is not there";
        findings.push(finding(Severity::Error, "manifest-missing", MANIFEST, message));
    }
    Ok(())
}

/// The hash of a medium that is one file, and the one kept beside it.
fn judge_hash(path: &Path, to: &mut Examination, findings: &mut Vec<Finding>) -> io::Result<()> {
    let sha256 = hex::encode(hash(&Source::file(path))?);
    match kept_hash(path)? {
        None => {}
        Some(Some(kept)) if kept == sha256 => to.kept_hash_equal = true,
        Some(Some(_)) => {
            let message = "its SHA-256 is not the one kept beside it: the image changed since it was made";
            findings.push(finding(Severity::Error, "image-hash-mismatch", "", message));
        }
        Some(None) => {
            let message = "the file beside it that should hold its SHA-256 is not as `sha256sum` writes one";
            findings.push(finding(Severity::Error, "image-hash-unreadable", "", message));
        }
    }
    to.sha256 = Some(sha256);
    Ok(())
}

/// Where the SHA-256 of an image is kept: `VOLUME-ID.iso.sha256`.
fn beside(image: &Path) -> PathBuf {
    let mut name = image.as_os_str().to_owned();
    name.push(".sha256");
    PathBuf::from(name)
}

/// Keeps the hash of a finished image beside it, as `sha256sum -c` reads it. On the image itself every byte of ours is
/// accounted for; beside it the hash speaks for images of any maker, and shows that one image was put in place of another.
///
/// # Errors
/// What writing a file meets.
pub fn keep_hash(disc: &MadeDisc) -> io::Result<PathBuf> {
    let path = beside(&disc.path);
    let name = disc.path.file_name().unwrap_or_default().to_string_lossy();
    std::fs::write(&path, format!("{}  {name}\n", disc.sha256))?;
    Ok(path)
}

/// The hash kept beside an image: `None` when there is none, `Some(None)` when it cannot be understood.
fn kept_hash(image: &Path) -> io::Result<Option<Option<String>>> {
    let file = match std::fs::File::open(beside(image)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MOST_KEPT_HASH).read_to_end(&mut bytes)?;
    let digits = bytes.get(..64).map(|digits| String::from_utf8_lossy(digits).to_ascii_lowercase());
    Ok(Some(digits.filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()))))
}

/// Every file against the manifest, both ways.
fn judge_manifest(
    tree: &(dyn FileTree + Sync),
    to: &mut Examination,
    findings: &mut Vec<Finding>,
) -> Result<(), ExamineError> {
    let Some((_, size)) = tree.files().iter().find(|(path, _)| path == MANIFEST) else { return Ok(()) };
    let mut error = |code, place: &str, message: &str| findings.push(finding(Severity::Error, code, place, message));
    let listed: BTreeMap<String, [u8; 32]> =
        match parse_manifest(&if *size <= MOST_MANIFEST { tree.read(MANIFEST)? } else { Vec::new() }) {
            Some(listed) => listed,
            None => {
                error("manifest-damaged", MANIFEST, "the manifest is not as `sha256sum` writes one");
                return Ok(());
            }
        };
    let files: Vec<&str> =
        tree.files().iter().map(|(path, _)| path.as_str()).filter(|path| *path != MANIFEST).collect();
    let hashes = in_parallel(&files, |_, path| {
        let source = tree.source(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok::<_, io::Error>(hash(&source).ok())
    })?;
    for (path, hash) in files.iter().zip(hashes) {
        match (listed.get(*path), hash) {
            (None, _) => error("manifest-unlisted", path, "this file is not in the manifest"),
            (Some(_), None) => error("file-unreadable", path, "this file cannot be read"),
            (Some(expected), Some(found)) if *expected != found => {
                error("manifest-mismatch", path, "its SHA-256 is not the one in the manifest");
            }
            (Some(_), Some(_)) => to.n_manifest_equal += 1,
        }
    }
    let there: BTreeSet<&str> = files.into_iter().collect();
    for path in listed.keys().filter(|path| !there.contains(path.as_str())) {
        error("manifest-file-missing", path, "the manifest lists this file, and it is not there");
    }
    Ok(())
}

/// SOP Instance UIDs of the DICOM files, however they are indexed.
fn instances(tree: &dyn FileTree, inspector: &dyn Inspector) -> BTreeSet<String> {
    let sources: Vec<Source> = tree
        .files()
        .iter()
        .filter(|(path, _)| path != "DICOMDIR" && !path.contains('.'))
        .filter_map(|(path, _)| tree.source(path))
        .collect();
    let mut found = BTreeSet::new();
    for batch in sources.chunks(1024) {
        found.extend(inspector.inspect(batch).into_iter().flatten().map(|header| header.sop_instance_uid));
    }
    found
}

fn hash(source: &Source) -> io::Result<[u8; 32]> {
    let mut reader = source.reader(0)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            n => hash.update(&buffer[..n]),
        }
    }
}
