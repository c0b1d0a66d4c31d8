//! The one pass that writes an image: file after file, hashed on the way, never going back.

use super::{Layout, PADDING_SECTORS, SECTOR};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Bytes handed to the sink and to the hashing thread at once.
const CHUNK: usize = 1 << 20;

/// Chunks between the two threads: what the writer may be ahead.
const CHUNKS: usize = 6;

/// What went wrong while an image was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// A source could not be read.
    #[error("{path}: {error}")]
    Source {
        /// Path on the medium.
        path: String,
        /// As the system says it.
        error: io::Error,
    },
    /// A source is longer or shorter than planned.
    #[error("{path}: its size is not the planned {planned} bytes")]
    Size {
        /// Path on the medium.
        path: String,
        /// Bytes planned.
        planned: u64,
    },
    /// The image could not be written.
    #[error("the image could not be written: {0}")]
    Sink(#[from] io::Error),
    /// A file too many, or too few.
    #[error("{given} files were given for a layout of {planned}")]
    Count {
        /// Given so far.
        given: usize,
        /// In the layout.
        planned: usize,
    },
}

/// A finished image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenImage {
    /// SHA-256 over all its bytes.
    pub sha256: [u8; 32],
    /// Its bytes: what the layout promised.
    pub size_bytes: u64,
}

/// Writes one image. Each file must be given in the order of the layout; [`ImageWriter::finish`] pads and returns the
/// hash of the whole, computed on a second thread.
pub struct ImageWriter<'l, W: Write> {
    layout: &'l Layout,
    sink: W,
    buffer: Vec<u8>,
    written: u64,
    next: usize,
    hashing: Hashing,
}

impl<'l, W: Write> ImageWriter<'l, W> {
    /// Starts an image with everything before its first file.
    pub fn new(layout: &'l Layout, sink: W) -> Result<Self, WriteFault> {
        let hashing = Hashing::start()?;
        let buffer = Vec::with_capacity(CHUNK);
        let mut writer = ImageWriter { layout, sink, buffer, written: 0, next: 0, hashing };
        writer.put(&layout.head())?;
        Ok(writer)
    }

    /// Writes the next file and returns its SHA-256. The source must give exactly the planned bytes.
    pub fn file(&mut self, source: &mut dyn Read) -> Result<[u8; 32], WriteFault> {
        let planned = self.layout.extents().len();
        let extent = self.layout.extents().get(self.next).ok_or(WriteFault::Count { given: self.next + 1, planned })?;
        self.next += 1;
        let size_fault = || WriteFault::Size { path: extent.path.clone(), planned: extent.size };
        let mut hash = Sha256::new();
        let mut left = extent.size;
        while left > 0 {
            let from = self.buffer.len();
            let n = (CHUNK - from).min(usize::try_from(left).unwrap_or(usize::MAX));
            self.buffer.resize(from + n, 0);
            let got = read_some(source, &mut self.buffer[from..])
                .map_err(|error| WriteFault::Source { path: extent.path.clone(), error })?;
            if got == 0 {
                return Err(size_fault());
            }
            self.buffer.truncate(from + got);
            hash.update(&self.buffer[from..]);
            left -= got as u64;
            self.pass_on_when_full()?;
        }
        let more =
            read_some(source, &mut [0]).map_err(|error| WriteFault::Source { path: extent.path.clone(), error })?;
        if more != 0 {
            return Err(size_fault());
        }
        let slack = (extent.size.next_multiple_of(SECTOR) - extent.size) as usize;
        self.put(&[0; SECTOR as usize][..slack])?;
        Ok(hash.finalize().into())
    }

    /// Pads, passes the last chunk on, and returns the sink with what was written.
    pub fn finish(mut self) -> Result<(W, WrittenImage), WriteFault> {
        let planned = self.layout.extents().len();
        if self.next != planned {
            return Err(WriteFault::Count { given: self.next, planned });
        }
        for _ in 0..PADDING_SECTORS {
            self.put(&[0; SECTOR as usize])?;
        }
        self.pass_on()?;
        self.sink.flush()?;
        let sha256 = self.hashing.finish()?;
        assert_eq!(self.written, self.layout.size_bytes(), "an image has the size its layout promised");
        Ok((self.sink, WrittenImage { sha256, size_bytes: self.written }))
    }

    fn put(&mut self, mut bytes: &[u8]) -> Result<(), WriteFault> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            self.pass_on_when_full()?;
        }
        Ok(())
    }

    fn pass_on_when_full(&mut self) -> Result<(), WriteFault> {
        if self.buffer.len() == CHUNK { self.pass_on() } else { Ok(()) }
    }

    /// One chunk to the sink and to the hashing thread.
    fn pass_on(&mut self) -> Result<(), WriteFault> {
        let chunk = Arc::new(std::mem::take(&mut self.buffer));
        self.hashing.update(Arc::clone(&chunk))?;
        self.sink.write_all(&chunk)?;
        self.written += chunk.len() as u64;
        self.buffer = self.hashing.empty_buffer(chunk);
        Ok(())
    }
}

/// Reads until something came, the end, or a real error.
fn read_some(source: &mut dyn Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// SHA-256 of everything, on a thread of its own.
struct Hashing {
    send: SyncSender<Arc<Vec<u8>>>,
    spent: Receiver<Arc<Vec<u8>>>,
    thread: JoinHandle<[u8; 32]>,
}

impl Hashing {
    fn start() -> io::Result<Hashing> {
        let (send, receive) = sync_channel::<Arc<Vec<u8>>>(CHUNKS);
        let (give_back, spent) = sync_channel(2 * CHUNKS);
        let thread = std::thread::Builder::new().name("image-hash".into()).spawn(move || {
            let mut hash = Sha256::new();
            for chunk in receive {
                hash.update(chunk.as_slice());
                // A full return channel only means one allocation more.
                drop(give_back.try_send(chunk));
            }
            hash.finalize().into()
        })?;
        Ok(Hashing { send, spent, thread })
    }

    fn update(&self, chunk: Arc<Vec<u8>>) -> io::Result<()> {
        self.send.send(chunk).map_err(|_| io::Error::other("the hashing thread ended early"))
    }

    /// A buffer nobody uses any more: one that came back, or a new one.
    fn empty_buffer(&self, last: Arc<Vec<u8>>) -> Vec<u8> {
        drop(last);
        let mut buffer = self.spent.try_recv().ok().and_then(Arc::into_inner).unwrap_or_default();
        buffer.clear();
        buffer.reserve_exact(CHUNK);
        buffer
    }

    fn finish(self) -> io::Result<[u8; 32]> {
        drop(self.send);
        self.thread.join().map_err(|_| io::Error::other("the hashing thread ended early"))
    }
}
