//! Reading a finished image back (W8): what is really there, against the goods and the plan.

use crate::contents::{Bytes, Contents, DiscFacts, MANIFEST};
use crate::failure::{Failure, FailureCode, Journal, Stage};
use crate::gather::{Good, Goods, stop_if_cancelled, unreadable};
use crate::make::source_changed;
use crate::manifest::parse_manifest;
use crate::parallel::in_parallel;
use crate::patient::{ExpectedPatient, check_header};
use crate::plan::PlanOptions;
use crate::volume::{FileSystem, Image, WrittenImage};
use filmdesk_desk::WhoCanFix;
use filmdesk_fileset::{CheckOptions, Severity, check};
use filmdesk_instance::{Inspector, Source};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Objects inspected at once.
const BATCH: usize = 256;

/// What the image must hold.
pub(crate) struct Expected<'a> {
    pub contents: &'a Contents,
    pub goods: &'a Goods,
    pub image: &'a WrittenImage,
    pub facts: &'a DiscFacts,
    pub options: &'a PlanOptions,
}

/// Proves the image: its layout byte for byte, each data set against the goods, each other file against what was written,
/// the manifest, the index against every object, and the patient of every object. Layout and files together are every byte
/// of the image, so the hash of the whole that was taken while writing is proven with them.
pub(crate) fn read_back(
    part: &Path,
    expected: &Expected<'_>,
    inspector: &dyn Inspector,
    journal: &dyn Journal,
) -> Result<(), Failure> {
    let image = Image::open(part).map_err(|fault| differs(&fault.to_string()))?;
    image.check_own_layout().map_err(|fault| differs(&fault.to_string()))?;
    let names = expected.contents.files.iter().map(|file| (&file.path, file.size));
    let there = image.files().iter().map(|(path, size)| (path, *size));
    if image.volume_id() != expected.contents.file_set.id().as_str()
        || image.file_system() != FileSystem::of(expected.options.profile)
        || image.code() != expected.facts.code
        || !names.eq(there)
    {
        return Err(differs("its names, sizes or identifiers are not the planned ones"));
    }
    compare_files(&image, expected, journal)?;
    compare_manifest(&image, expected)?;
    if let Some(patient) = &expected.facts.expected {
        check_patient_again(&image, patient, expected, inspector, journal)?;
    }
    compare_index(&image, expected, inspector)
}

fn differs(what: &str) -> Failure {
    let what = format!("The image read back is not what was planned: {what}. It was thrown away.");
    let next = "Try again; if it stays so, look at the disk and the memory of this machine.";
    let stall = Failure::new(FailureCode::ReadBackMismatch, WhoCanFix::Operator, what, next);
    Failure { retry: true, ..stall }
}

/// Each object against what was weighed, or, when it was not, against its source byte for byte; every other file against
/// the hash it was written with.
fn compare_files(image: &Image, expected: &Expected<'_>, journal: &dyn Journal) -> Result<(), Failure> {
    let done = AtomicU64::new(0);
    in_parallel(&expected.contents.files, |index, file| {
        stop_if_cancelled(journal)?;
        match &file.bytes {
            Bytes::Good(good) => compare_good(image, &file.path, &expected.goods.goods[*good])?,
            Bytes::Picture(_) | Bytes::Text(_) | Bytes::Manifest => {
                let mut hash = Sha256::new();
                let read = image.for_each_piece(&file.path, &mut |piece| hash.update(piece));
                read.map_err(|error| differs(&error.to_string()))?;
                if <[u8; 32]>::from(hash.finalize()) != expected.image.files[index] {
                    return Err(differs(&format!("{} has other contents", file.path)));
                }
            }
        }
        let done = done.fetch_add(file.size, Ordering::Relaxed) + file.size;
        journal.progress(Stage::ReadingBack, done, image.len());
        Ok(())
    })?;
    journal.progress(Stage::ReadingBack, image.len(), image.len());
    Ok(())
}

/// What precedes the data set is ours, and the data set is the one that was weighed, or is still its source's.
fn compare_good(image: &Image, path: &str, good: &Good) -> Result<(), Failure> {
    let meta = good.file_meta();
    let mut data_set = match good.data_set_sha256 {
        Some(expected) => DataSetCheck::Hash(Box::new(Sha256::new()), expected),
        None => {
            let source = good.source.reader(good.header.dataset_offset);
            DataSetCheck::Source(Box::new(source.map_err(|error| unreadable(&good.header, &error))?))
        }
    };
    let (mut before, mut ours, mut same) = (0, true, true);
    let read = image.for_each_piece(path, &mut |piece| {
        let of_meta = piece.len().min(meta.len() - before);
        ours &= piece[..of_meta] == meta[before..before + of_meta];
        before += of_meta;
        same = same && data_set.take(&piece[of_meta..]);
    });
    read.map_err(|error| differs(&error.to_string()))?;
    if !ours {
        return Err(differs(&format!("{path} does not begin as it should")));
    }
    if same && data_set.holds() { Ok(()) } else { Err(source_changed(&good.header.sop_instance_uid)) }
}

/// How a data set on the image is proven.
enum DataSetCheck {
    /// It has the hash it was weighed with.
    Hash(Box<Sha256>, [u8; 32]),
    /// It is what its source still gives.
    Source(Box<dyn Read>),
}

impl DataSetCheck {
    /// The next bytes on the image; whether they may be the right ones.
    fn take(&mut self, piece: &[u8]) -> bool {
        match self {
            DataSetCheck::Hash(hash, _) => {
                hash.update(piece);
                true
            }
            DataSetCheck::Source(source) => SOURCE.with_borrow_mut(|buffer| {
                buffer.resize(piece.len().max(buffer.len()), 0);
                source.read_exact(&mut buffer[..piece.len()]).is_ok() && buffer[..piece.len()] == *piece
            }),
        }
    }

    /// At the end.
    fn holds(self) -> bool {
        match self {
            DataSetCheck::Hash(hash, expected) => <[u8; 32]>::from(hash.finalize()) == expected,
            DataSetCheck::Source(mut source) => matches!(source.read(&mut [0]), Ok(0)),
        }
    }
}

thread_local! {
    /// Where a source is read beside the image.
    static SOURCE: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

fn compare_manifest(image: &Image, expected: &Expected<'_>) -> Result<(), Failure> {
    let bytes = image.read(MANIFEST, 1 << 30).map_err(|error| differs(&error.to_string()))?;
    let manifest = parse_manifest(&bytes).ok_or_else(|| differs("its manifest cannot be read"))?;
    let files = &expected.contents.files;
    let listed = files.iter().zip(&expected.image.files).filter(|(file, _)| file.path != MANIFEST);
    let whole = manifest.len() + 1 == files.len()
        && listed.into_iter().all(|(file, hash)| manifest.get(&file.path) == Some(hash));
    if whole { Ok(()) } else { Err(differs("its manifest lists something else")) }
}

/// The objects say on the disc what they said before, and whose they are (W5 again).
fn check_patient_again(
    image: &Image,
    patient: &ExpectedPatient,
    expected: &Expected<'_>,
    inspector: &dyn Inspector,
    journal: &dyn Journal,
) -> Result<(), Failure> {
    let objects: Vec<(&str, &Good)> = expected
        .contents
        .files
        .iter()
        .filter_map(|file| match file.bytes {
            Bytes::Good(good) => Some((file.path.as_str(), &expected.goods.goods[good])),
            Bytes::Picture(_) | Bytes::Text(_) | Bytes::Manifest => None,
        })
        .collect();
    for batch in objects.chunks(BATCH) {
        stop_if_cancelled(journal)?;
        let sources: Vec<Source> = batch
            .iter()
            .filter_map(|(path, _)| image.extent(path))
            .map(|(at, size)| Source::slice(image.path(), at, size))
            .collect();
        if sources.len() != batch.len() {
            return Err(differs("an object is not there"));
        }
        for ((path, good), answer) in batch.iter().zip(inspector.inspect(&sources)) {
            let header = answer.map_err(|refusal| differs(&format!("{path}: {refusal}")))?;
            if header.sop_instance_uid != good.header.sop_instance_uid || header.attributes != good.header.attributes {
                return Err(differs(&format!("{path} is another object")));
            }
            check_header(patient, &header)?;
        }
    }
    Ok(())
}

/// The index against every object, by the checker that judges everybody's discs.
fn compare_index(image: &Image, expected: &Expected<'_>, inspector: &dyn Inspector) -> Result<(), Failure> {
    let options = CheckOptions { profile: Some(expected.options.profile), ..CheckOptions::default() };
    let report = check(image, inspector, &options);
    match report.findings.iter().find(|finding| finding.severity == Severity::Error) {
        None => Ok(()),
        Some(finding) => Err(differs(&format!("{} ({})", finding.message, finding.code))),
    }
}
