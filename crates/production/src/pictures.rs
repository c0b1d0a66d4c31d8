//! What the pages show: JPEG previews of evenly spaced images of each series, reports as pages of text, and copies of
//! encapsulated PDFs; made once and kept in the spool.

use crate::failure::{Failure, Journal, Stage};
use crate::gather::{Good, stop_if_cancelled};
use crate::pages;
use crate::parallel::in_parallel;
use filmdesk_instance::{Document, Inspector, tags};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Pictures of one series: enough to see what it is. All images are in `DICOM/`, and the page says so.
pub const PICTURES_PER_SERIES: usize = 24;

/// Longest side of a picture, in pixels.
const LONGEST_SIDE: u32 = 640;

/// What a file beside the pages is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PictureKind {
    /// A JPEG of one frame.
    #[default]
    Image,
    /// A structured report as a page.
    Report,
    /// An encapsulated PDF.
    Pdf,
}

impl PictureKind {
    /// First letter and extension of its name.
    pub(crate) fn named(self) -> (char, &'static str) {
        match self {
            PictureKind::Image => ('P', "JPG"),
            PictureKind::Report => ('R', "HTM"),
            PictureKind::Pdf => ('D', "PDF"),
        }
    }
}

/// A JPEG of one frame, or a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// What it is.
    #[serde(default)]
    pub kind: PictureKind,
    /// Index of the object among the goods.
    pub good: usize,
    /// Frame, from 0.
    pub frame: u32,
    /// The file in the spool.
    pub path: PathBuf,
    /// Its bytes.
    pub size: u64,
}

/// Makes the pictures of all series. An object that cannot be rendered has none, and its page says so; what the system
/// refuses ends it.
pub(crate) fn make_pictures(
    goods: &[Good],
    inspector: &dyn Inspector,
    spool: &Path,
    journal: &dyn Journal,
) -> Result<Vec<Picture>, Failure> {
    let chosen = choose(goods);
    let total = chosen.len() as u64;
    let made = in_parallel(&chosen, |n, &(good, frame)| {
        stop_if_cancelled(journal)?;
        journal.progress(Stage::Previewing, n as u64, total);
        let Ok(jpeg) = inspector.preview(&goods[good].source, frame, LONGEST_SIDE) else { return Ok(None) };
        let path = spool.join(format!("P{n:07}.JPG"));
        std::fs::write(&path, &jpeg).map_err(|error| Failure::writing("a preview picture", &error))?;
        Ok(Some(Picture { kind: PictureKind::Image, good, frame, path, size: jpeg.len() as u64 }))
    })?;
    let documents = make_documents(goods, inspector, spool, journal)?;
    journal.progress(Stage::Previewing, total, total);
    Ok(made.into_iter().chain(documents).flatten().collect())
}

/// Reports and PDFs. An object that cannot be read as one has none, and its page says so.
fn make_documents(
    goods: &[Good],
    inspector: &dyn Inspector,
    spool: &Path,
    journal: &dyn Journal,
) -> Result<Vec<Option<Picture>>, Failure> {
    let to_read: Vec<usize> = (0..goods.len()).filter(|good| is_document(&goods[*good])).collect();
    in_parallel(&to_read, |n, &good| {
        stop_if_cancelled(journal)?;
        let (kind, bytes) = match inspector.document(&goods[good].source) {
            Ok(Document::Report(report)) => (PictureKind::Report, pages::report(&goods[good].header, &report)),
            Ok(Document::Pdf(bytes)) => (PictureKind::Pdf, bytes),
            Err(_) => return Ok(None),
        };
        let path = spool.join(format!("D{n:07}.{}", kind.named().1));
        std::fs::write(&path, &bytes).map_err(|error| Failure::writing("a document", &error))?;
        Ok(Some(Picture { kind, good, frame: 0, path, size: bytes.len() as u64 }))
    })
}

fn is_document(good: &Good) -> bool {
    let attributes = &good.header.attributes;
    let carried = attributes.contains(tags::MIME_TYPE_OF_ENCAPSULATED_DOCUMENT);
    good.header.pixels.is_none() && (carried || attributes.contains(tags::CONTENT_SEQUENCE))
}

/// Which frames of which objects, evenly over each series in the order of Instance Number. Frames are counted, not
/// listed: an object may claim millions.
fn choose(goods: &[Good]) -> Vec<(usize, u32)> {
    let mut of_series: BTreeMap<&str, Vec<(usize, u64)>> = BTreeMap::new();
    let mut by_number: Vec<usize> = (0..goods.len()).collect();
    by_number.sort_by_key(|good| {
        let number = goods[*good].header.number(tags::INSTANCE_NUMBER).unwrap_or(0.0);
        (number as i64, *good)
    });
    for good in by_number {
        let Some(pixels) = &goods[good].header.pixels else { continue };
        of_series.entry(&goods[good].header.series_uid).or_default().push((good, u64::from(pixels.frames.max(1))));
    }
    of_series.into_values().flat_map(evenly).collect()
}

fn evenly(objects: Vec<(usize, u64)>) -> Vec<(usize, u32)> {
    let total: u64 = objects.iter().map(|(_, frames)| frames).sum();
    let n = total.min(PICTURES_PER_SERIES as u64);
    let mut wanted = (0..n).map(|i| i * total / n).peekable();
    let mut chosen = Vec::new();
    let mut before = 0;
    for (good, frames) in objects {
        while let Some(position) = wanted.next_if(|position| *position < before + frames) {
            chosen.push((good, (position - before) as u32));
        }
        before += frames;
    }
    chosen
}
