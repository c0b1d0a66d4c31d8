//! Pictures for the pages: JPEG previews of evenly spaced images of each series, made once and kept in the spool.

use crate::failure::{Failure, Journal, Stage};
use crate::gather::{Good, stop_if_cancelled};
use crate::parallel::in_parallel;
use filmdesk_instance::Inspector;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Pictures of one series: enough to see what it is. All images are in `DICOM/`, and the page says so.
pub const PICTURES_PER_SERIES: usize = 24;

/// Longest side of a picture, in pixels.
const LONGEST_SIDE: u32 = 640;

/// A JPEG of one frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Index of the object among the goods.
    pub good: usize,
    /// Frame, from 0.
    pub frame: u32,
    /// The JPEG in the spool.
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
        Ok(Some(Picture { good, frame, path, size: jpeg.len() as u64 }))
    })?;
    journal.progress(Stage::Previewing, total, total);
    Ok(made.into_iter().flatten().collect())
}

/// Which frames of which objects, evenly over each series in the order of Instance Number. Frames are counted, not
/// listed: an object may claim millions.
fn choose(goods: &[Good]) -> Vec<(usize, u32)> {
    let mut of_series: BTreeMap<&str, Vec<(usize, u64)>> = BTreeMap::new();
    let mut by_number: Vec<usize> = (0..goods.len()).collect();
    by_number.sort_by_key(|good| {
        let number = goods[*good].header.number(filmdesk_instance::tags::INSTANCE_NUMBER).unwrap_or(0.0);
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
