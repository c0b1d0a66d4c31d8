//! Who reads untrusted objects: this process, or children that may die.

mod pool;
mod serve;
mod wire;

use std::path::Path;

use crate::{Document, Header, Refusal, Source, document, preview, read_header, transcode_to_explicit_le};

pub use pool::{ChildPool, TimeOuts};
pub use serve::serve_inspect;

/// Reads, rewrites and renders untrusted objects.
pub trait Inspector: Send + Sync {
    /// Reads the headers of many objects ([`read_header`]); one answer for each, in the order of the sources.
    fn inspect(&self, sources: &[Source]) -> Vec<Result<Header, Refusal>>;

    /// Rewrites an object in Explicit VR Little Endian ([`transcode_to_explicit_le`]).
    ///
    /// # Errors
    /// The [`Refusal`] that names the reason; `to` does not exist then.
    fn transcode(&self, from: &Path, to: &Path) -> Result<Header, Refusal>;

    /// Renders one frame as a JPEG ([`preview`]).
    ///
    /// # Errors
    /// The [`Refusal`] that names the reason.
    fn preview(&self, source: &Source, frame: u32, max_side: u32) -> Result<Vec<u8>, Refusal>;

    /// What a person reads in a report ([`document`]).
    ///
    /// # Errors
    /// The [`Refusal`] that names the reason.
    fn document(&self, source: &Source) -> Result<Document, Refusal>;
}

/// Reads in this process, with as many threads as the machine has cores: for tests, and for what is trusted.
#[derive(Debug, Clone, Copy, Default)]
pub struct InProcess;

/// Below this many objects threads cost more than they bring.
const WORTH_THREADS: usize = 64;

impl Inspector for InProcess {
    fn inspect(&self, sources: &[Source]) -> Vec<Result<Header, Refusal>> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        if sources.len() < WORTH_THREADS || threads == 1 {
            return sources.iter().map(read_header).collect();
        }
        let share = sources.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let workers: Vec<_> = sources
                .chunks(share)
                .map(|chunk| scope.spawn(move || chunk.iter().map(read_header).collect::<Vec<_>>()))
                .collect();
            let answers = workers.into_iter().zip(sources.chunks(share));
            answers
                .flat_map(|(worker, chunk)| {
                    worker.join().unwrap_or_else(|_| vec![Err(Refusal::InspectorDied); chunk.len()])
                })
                .collect()
        })
    }

    fn transcode(&self, from: &Path, to: &Path) -> Result<Header, Refusal> {
        transcode_to_explicit_le(from, to)
    }

    fn preview(&self, source: &Source, frame: u32, max_side: u32) -> Result<Vec<u8>, Refusal> {
        preview(source, frame, max_side)
    }

    fn document(&self, source: &Source) -> Result<Document, Refusal> {
        document(source)
    }
}
