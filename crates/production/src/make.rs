//! One disc: written under a temporary name, read back, and only then given its name.

use crate::contents::{Bytes, ContentFile, Contents, DiscFacts, manifest};
use crate::failure::{Failure, FailureCode, Journal, Stage};
use crate::gather::{Goods, stop_if_cancelled, unreadable};
use crate::patient::check_header;
use crate::plan::{DiscPlan, DiscSetPlan, no_such_disc};
use crate::read_back::{Expected, read_back};
use crate::volume::{FlushedFile, ImageWriter, Layout, WriteFault, WrittenImage};
use filmdesk_desk::WhoCanFix;
use filmdesk_fileset::Synthesised;
use filmdesk_instance::Inspector;
use std::fs::{File, TryLockError};
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};

/// A finished disc image, proven by reading it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeDisc {
    /// `FOLDER/VOLUME-ID.iso`.
    pub path: PathBuf,
    /// File-set ID = Volume Identifier.
    pub volume_id: String,
    /// File-set UID.
    pub file_set_uid: String,
    /// Disc k, from 1.
    pub number: u32,
    /// Of n.
    pub of: u32,
    /// The disc's own code.
    pub code: String,
    /// Bytes.
    pub size_bytes: u64,
    /// SHA-256 of the image.
    pub sha256: String,
    /// Instances on it.
    pub n_instances: u32,
    /// Web pages on it (`INDEX.HTM`, `IHE_PDI/`).
    pub web: bool,
    /// Keys that stand in its DICOMDIR without being in an object.
    pub synthesised: Vec<Synthesised>,
}

/// Makes disc `number` of the plan in `folder`: writes it in one pass under a name no burner looks for, reads it back
/// (layout, every hash, the index against every object, the patient again), and renames it to `VOLUME-ID.iso`.
///
/// A failure leaves nothing; a process that dies leaves at most `.VOLUME-ID.part`, which the next attempt overwrites.
///
/// # Errors
/// Each says what, what next and who: the disk is full, a source changed or cannot be read, another patient's object,
/// what was read back differs, or somebody cancelled.
pub fn make_disc(
    plan: &DiscSetPlan<'_>,
    number: u32,
    facts: &DiscFacts,
    folder: &Path,
    inspector: &dyn Inspector,
    journal: &dyn Journal,
) -> Result<MadeDisc, Failure> {
    let disc = plan.disc(number).ok_or_else(|| no_such_disc(number))?;
    let contents = prepared(plan, disc, facts)?;
    let layout = contents.layout(facts)?;
    if layout.size_bytes() != disc.size_bytes {
        let what = format!("Disc {} would not have the size it was planned with.", disc.volume_id);
        return Err(Failure::new(FailureCode::SetOversized, WhoCanFix::Clerk, what, "Weigh the order again."));
    }
    let part = folder.join(format!(".{}.part", disc.volume_id));
    let claimed = claim(&part)?;
    // Only who holds the lock may remove the file.
    let _temporary = Temporary(part.clone());
    let sink = FlushedFile::new(claimed).map_err(|error| Failure::writing("the disc image", &error))?;
    let (image, sink) = write(&contents, &layout, plan.goods, sink, journal)?;
    let expected = Expected { contents: &contents, goods: plan.goods, image: &image, facts, options: &plan.options };
    // The last megabytes reach the disk while the first are read back. The file keeps its lock until the disc has a name.
    let (flushed, checked) = std::thread::scope(|scope| {
        let flushing = scope.spawn(|| sink.finish());
        let checked = read_back(&part, &expected, inspector, journal);
        (flushing.join(), checked)
    });
    let _locked = flushed
        .unwrap_or_else(|_| Err(io::Error::other("the flushing thread ended early")))
        .map_err(|error| Failure::writing("the disc image", &error))?;
    checked?;
    stop_if_cancelled(journal)?;
    let path = folder.join(format!("{}.iso", disc.volume_id));
    publish(&part, &path, folder).map_err(|error| Failure::writing("the finished image", &error))?;
    Ok(MadeDisc {
        path,
        volume_id: disc.volume_id.clone(),
        file_set_uid: contents.file_set.uid().to_owned(),
        number: disc.number,
        of: disc.of,
        code: facts.code.clone(),
        size_bytes: image.size_bytes,
        sha256: hex::encode(image.sha256),
        n_instances: disc.goods.len() as u32,
        web: plan.options.web,
        synthesised: contents.file_set.synthesised().to_vec(),
    })
}

/// The contents, after the patient was checked and the code measured.
fn prepared(plan: &DiscSetPlan<'_>, disc: &DiscPlan, facts: &DiscFacts) -> Result<Contents, Failure> {
    if facts.code.len() != DiscFacts::CODE_LEN {
        let what = format!("A disc's code has {} characters, as in `K7Q2-M9PX`.", DiscFacts::CODE_LEN);
        let next = "Report this with the message.";
        return Err(Failure::new(FailureCode::ProcessingFailure, WhoCanFix::Operator, what, next));
    }
    if let Some(expected) = &facts.expected {
        disc.goods.iter().try_for_each(|good| check_header(expected, &plan.goods.goods[*good].header))?;
    }
    Contents::of(&plan.standing(disc), facts)
}

/// Writes the image of disc `number` of the plan into any sink, in one pass and constant memory, without proving it:
/// [`make_disc`] does that. Returns its size, and the sink.
///
/// # Errors
/// As [`make_disc`], read-back apart.
pub fn write_disc<W: Write>(
    plan: &DiscSetPlan<'_>,
    number: u32,
    facts: &DiscFacts,
    sink: W,
    journal: &dyn Journal,
) -> Result<(u64, W), Failure> {
    let disc = plan.disc(number).ok_or_else(|| no_such_disc(number))?;
    let contents = prepared(plan, disc, facts)?;
    let layout = contents.layout(facts)?;
    let (image, sink) = write(&contents, &layout, plan.goods, sink, journal)?;
    Ok((image.size_bytes, sink))
}

/// Writes the image. What it returns may still be on its way to the disk.
fn write<W: Write>(
    contents: &Contents,
    layout: &Layout,
    goods: &Goods,
    sink: W,
    journal: &dyn Journal,
) -> Result<(WrittenImage, W), Failure> {
    let mut writer = ImageWriter::new(layout, sink).map_err(|fault| write_failure(fault, None, goods))?;
    let (mut done, total) = (0, layout.size_bytes());
    for file in &contents.files {
        stop_if_cancelled(journal)?;
        let failed = |fault| write_failure(fault, Some(file), goods);
        if let Bytes::Manifest = file.bytes {
            let paths = contents.files.iter().map(|file| file.path.as_str());
            let text = manifest(paths.zip(writer.hashes().map_err(failed)?.iter().copied()));
            writer.file(&mut text.as_slice()).map_err(failed)?;
        } else {
            writer.file(&mut *open(file, goods)?).map_err(failed)?;
        }
        done += file.size;
        journal.progress(Stage::Writing, done, total);
    }
    let (sink, image) = writer.finish().map_err(|fault| write_failure(fault, None, goods))?;
    journal.progress(Stage::Writing, total, total);
    Ok((image, sink))
}

/// Opens the temporary file and locks it: two workers never write one disc.
fn claim(part: &Path) -> Result<File, Failure> {
    let writing = |error: &io::Error| Failure::writing("the disc image", error);
    let file = File::options().create(true).write(true).truncate(false).open(part).map_err(|error| writing(&error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let what = "This disc is being written already.";
            let next = "Wait until it is finished.";
            let stall = Failure::new(FailureCode::DeviceBusy, WhoCanFix::Operator, what, next);
            return Err(Failure { retry: true, ..stall });
        }
        Err(TryLockError::Error(error)) => return Err(writing(&error)),
    }
    file.set_len(0).map_err(|error| writing(&error))?;
    Ok(file)
}

/// The bytes of one file of the disc but the manifest, which is made of the others' hashes.
fn open<'a>(file: &'a ContentFile, goods: &Goods) -> Result<Box<dyn Read + 'a>, Failure> {
    Ok(match &file.bytes {
        Bytes::Good(good) => {
            let good = &goods.goods[*good];
            let data_set =
                good.source.reader(good.header.dataset_offset).map_err(|error| unreadable(&good.header, &error))?;
            Box::new(Cursor::new(good.file_meta()).chain(data_set))
        }
        Bytes::Picture(picture) => {
            let picture = &goods.pictures[*picture];
            let opened = File::open(&picture.path);
            Box::new(opened.map_err(|error| unreadable(&goods.goods[picture.good].header, &error))?)
        }
        Bytes::Text(bytes) => Box::new(bytes.as_slice()),
        Bytes::Manifest => Box::new(io::empty()),
    })
}

fn write_failure(fault: WriteFault, file: Option<&ContentFile>, goods: &Goods) -> Failure {
    let uid = match file.map(|file| &file.bytes) {
        Some(Bytes::Good(good)) => goods.goods[*good].header.sop_instance_uid.as_str(),
        Some(Bytes::Picture(_) | Bytes::Text(_) | Bytes::Manifest) | None => "a page of the disc",
    };
    match fault {
        WriteFault::Sink(error) => Failure::writing("the disc image", &error),
        WriteFault::Source { error, .. } => {
            let what = format!("A file of the spool can no longer be read ({uid}): {error}.");
            let next = "Fetch the studies again.";
            let stall = Failure::new(FailureCode::SourceUnreadable, WhoCanFix::Operator, what, next);
            Failure { retry: true, ..stall }
        }
        WriteFault::Size { .. } | WriteFault::Count { .. } => source_changed(uid),
    }
}

/// Something in the spool is not what was weighed.
pub(crate) fn source_changed(uid: &str) -> Failure {
    let what = format!("A file of the spool changed since it was weighed ({uid}).");
    let next = "Weigh the order again; the studies are then fetched anew.";
    Failure::new(FailureCode::SourceChanged, WhoCanFix::Operator, what, next)
}

/// The last step, and the only one that makes a disc exist.
fn publish(part: &Path, path: &Path, folder: &Path) -> io::Result<()> {
    std::fs::rename(part, path)?;
    File::open(folder)?.sync_all()
}

/// Removes an unfinished image when its making ends early.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nothing more can be done about a file that cannot be removed; it has no name a burner looks for.
        drop(std::fs::remove_file(&self.0));
    }
}
