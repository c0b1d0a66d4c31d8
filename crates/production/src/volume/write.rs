//! The one pass that writes an image: file after file, hashed on the way, never going back.

use super::{Layout, SECTOR};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

/// Bytes handed to the sink and to the hashing threads at once.
const CHUNK: usize = 1 << 20;

/// Chunks a hashing thread may be behind.
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
    /// SHA-256 of each file, in the order of the layout.
    pub files: Vec<[u8; 32]>,
    /// Its bytes: what the layout promised.
    pub size_bytes: u64,
}

/// Writes one image. Each file must be given in the order of the layout. The calling thread only moves bytes; one thread
/// hashes the image and another the files.
pub struct ImageWriter<'l, W: Write> {
    layout: &'l Layout,
    sink: W,
    buffer: Vec<u8>,
    /// Which parts of `buffer` are files' bytes.
    parts: Vec<Part>,
    written: u64,
    next: usize,
    hashing: Hashing,
}

impl<'l, W: Write> ImageWriter<'l, W> {
    /// Starts an image with everything before its first file.
    pub fn new(layout: &'l Layout, sink: W) -> Result<Self, WriteFault> {
        let hashing = Hashing::start()?;
        let buffer = Vec::with_capacity(CHUNK);
        let mut writer = ImageWriter { layout, sink, buffer, parts: Vec::new(), written: 0, next: 0, hashing };
        layout.head(&mut |bytes| writer.put(bytes))?;
        Ok(writer)
    }

    /// Writes the next file. The source must give exactly the planned bytes.
    pub fn file(&mut self, source: &mut dyn Read) -> Result<(), WriteFault> {
        let planned = self.layout.extents().len();
        let extent = self.layout.extents().get(self.next).ok_or(WriteFault::Count { given: self.next + 1, planned })?;
        self.next += 1;
        let size_fault = || WriteFault::Size { path: extent.path.clone(), planned: extent.size };
        let source_fault = |error| WriteFault::Source { path: extent.path.clone(), error };
        let mut left = extent.size;
        while left > 0 {
            let from = self.buffer.len();
            let n = (CHUNK - from).min(usize::try_from(left).unwrap_or(usize::MAX));
            self.buffer.resize(from + n, 0);
            let got = read_some(source, &mut self.buffer[from..]).map_err(source_fault)?;
            if got == 0 {
                return Err(size_fault());
            }
            self.buffer.truncate(from + got);
            left -= got as u64;
            self.parts.push(Part { from, to: from + got, last: left == 0 });
            self.pass_on_when_full()?;
        }
        if read_some(source, &mut [0]).map_err(source_fault)? != 0 {
            return Err(size_fault());
        }
        let slack = (extent.size.next_multiple_of(SECTOR) - extent.size) as usize;
        Ok(self.put(&[0; SECTOR as usize][..slack])?)
    }

    /// SHA-256 of each file written so far: waits until the hashing has caught up. The manifest, which is the last file,
    /// is made of them.
    pub fn hashes(&mut self) -> Result<&[[u8; 32]], WriteFault> {
        self.pass_on()?;
        self.hashing.files_up_to(self.next)?;
        Ok(&self.hashing.files)
    }

    /// Writes the tail, passes the last chunk on, and returns the sink with what was written.
    pub fn finish(mut self) -> Result<(W, WrittenImage), WriteFault> {
        let planned = self.layout.extents().len();
        if self.next != planned {
            return Err(WriteFault::Count { given: self.next, planned });
        }
        let layout = self.layout;
        layout.tail(&mut |bytes| self.put(bytes))?;
        self.pass_on()?;
        self.sink.flush()?;
        self.hashing.files_up_to(planned)?;
        let (sha256, files) = self.hashing.finish()?;
        assert_eq!(self.written, self.layout.size_bytes(), "an image has the size its layout promised");
        Ok((self.sink, WrittenImage { sha256, files, size_bytes: self.written }))
    }

    fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            self.pass_on_when_full()?;
        }
        Ok(())
    }

    fn pass_on_when_full(&mut self) -> io::Result<()> {
        if self.buffer.len() == CHUNK { self.pass_on() } else { Ok(()) }
    }

    /// One chunk to the hashing threads and to the sink.
    fn pass_on(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.buffer);
        let chunk = Arc::new(Chunk { bytes, parts: std::mem::take(&mut self.parts) });
        self.hashing.update(&chunk)?;
        self.sink.write_all(&chunk.bytes)?;
        self.written += chunk.bytes.len() as u64;
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

/// Bytes of the image on their way, with the parts that are files'.
struct Chunk {
    bytes: Vec<u8>,
    parts: Vec<Part>,
}

/// Bytes of a file within a chunk.
struct Part {
    from: usize,
    to: usize,
    /// The file ends here.
    last: bool,
}

/// SHA-256 of everything on one thread, and of each file on another.
struct Hashing {
    send: [SyncSender<Arc<Chunk>>; 2],
    spent: Receiver<Arc<Chunk>>,
    done: Receiver<[u8; 32]>,
    files: Vec<[u8; 32]>,
    image: JoinHandle<[u8; 32]>,
}

/// What a hashing thread that is gone looks like from here.
fn ended() -> io::Error {
    io::Error::other("a hashing thread ended early")
}

impl Hashing {
    fn start() -> io::Result<Hashing> {
        let (to_image, chunks_of_image) = sync_channel::<Arc<Chunk>>(CHUNKS);
        let (to_files, chunks_of_files) = sync_channel::<Arc<Chunk>>(CHUNKS);
        let (give_back, spent) = sync_channel(4 * CHUNKS);
        let (file_done, done) = channel();
        let back = give_back.clone();
        let image = std::thread::Builder::new().name("image-hash".into()).spawn(move || {
            let mut hash = Sha256::new();
            for chunk in chunks_of_image {
                hash.update(&chunk.bytes);
                // A full return channel only means one allocation more.
                drop(back.try_send(chunk));
            }
            hash.finalize().into()
        })?;
        std::thread::Builder::new().name("file-hash".into()).spawn(move || {
            let mut hash = Sha256::new();
            for chunk in chunks_of_files {
                for part in &chunk.parts {
                    hash.update(&chunk.bytes[part.from..part.to]);
                    if part.last && file_done.send(hash.finalize_reset().into()).is_err() {
                        return;
                    }
                }
                drop(give_back.try_send(chunk));
            }
        })?;
        Ok(Hashing { send: [to_image, to_files], spent, done, files: Vec::new(), image })
    }

    fn update(&self, chunk: &Arc<Chunk>) -> io::Result<()> {
        self.send.iter().try_for_each(|send| send.send(Arc::clone(chunk)).map_err(|_| ended()))
    }

    /// A buffer nobody uses any more: one that came back as the last of its copies, or a new one.
    fn empty_buffer(&self, last: Arc<Chunk>) -> Vec<u8> {
        drop(last);
        let mut buffer = self.spent.try_iter().find_map(Arc::into_inner).map(|chunk| chunk.bytes).unwrap_or_default();
        buffer.clear();
        buffer.reserve_exact(CHUNK);
        buffer
    }

    /// Waits for the hashes of the first `n` files.
    fn files_up_to(&mut self, n: usize) -> io::Result<()> {
        while self.files.len() < n {
            self.files.push(self.done.recv().map_err(|_| ended())?);
        }
        Ok(())
    }

    fn finish(self) -> io::Result<([u8; 32], Vec<[u8; 32]>)> {
        drop(self.send);
        Ok((self.image.join().map_err(|_| ended())?, self.files))
    }
}
