//! Where an object's bytes are, and the window through which they are read.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use flate2::read::DeflateDecoder;
use serde::{Deserialize, Serialize};

use crate::{Limits, Refusal};

/// One object's bytes: a whole file, or a slice of a bigger one (a file inside a disc image).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The file.
    #[serde(with = "path_as_latin1")]
    pub path: PathBuf,
    /// Where the object begins in it, in bytes.
    pub offset: u64,
    /// How long the object is, in bytes; to the end of the file when absent.
    pub len: Option<u64>,
}

impl Source {
    /// A whole file.
    pub fn file(path: impl Into<PathBuf>) -> Source {
        Source { path: path.into(), offset: 0, len: None }
    }

    /// `len` bytes of a file from `offset` on.
    pub fn slice(path: impl Into<PathBuf>, offset: u64, len: u64) -> Source {
        Source { path: path.into(), offset, len: Some(len) }
    }

    /// Opens the file and gives its bytes with their number. Anything but a regular file is refused: a named pipe
    /// would wait for ever.
    pub(crate) fn open(&self) -> Result<Bytes, Refusal> {
        if !std::fs::metadata(&self.path)?.is_file() {
            return Err(Refusal::Unreadable { message: "not a regular file".into() });
        }
        let file = File::open(&self.path)?;
        let there = file.metadata()?.len().saturating_sub(self.offset);
        let len = match self.len {
            Some(len) if len > there => {
                return Err(Refusal::Truncated { at: 0, needed: len, length: there });
            }
            Some(len) => len,
            None => there,
        };
        Ok(Bytes { file, base: self.offset, len })
    }

    /// A reader over the object's bytes from `from` (counted from the object's beginning) to its end.
    ///
    /// # Errors
    /// The operating system's, and `InvalidInput` for anything but a regular file.
    pub fn reader(&self, from: u64) -> io::Result<impl Read + use<>> {
        let bytes = self.open().map_err(|refusal| io::Error::new(io::ErrorKind::InvalidInput, refusal))?;
        Ok(bytes.reader(from))
    }
}

/// An open object: a file, and the part of it that counts.
#[derive(Debug)]
pub(crate) struct Bytes {
    file: File,
    base: u64,
    pub(crate) len: u64,
}

impl Bytes {
    pub(crate) fn reader(self, from: u64) -> BytesReader {
        BytesReader { at: from.min(self.len), bytes: self }
    }

    pub(crate) fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let left = self.len.saturating_sub(at);
        let n = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        loop {
            match self.file.read_at(&mut buffer[..n], self.base + at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        let mut done = 0;
        while done < buffer.len() {
            match self.read_at(&mut buffer[done..], at + done as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => done += n,
            }
        }
        Ok(())
    }
}

/// [`Read`] over a [`Bytes`].
#[derive(Debug)]
pub(crate) struct BytesReader {
    bytes: Bytes,
    at: u64,
}

impl Read for BytesReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read_at(buffer, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

const FIRST_READ: usize = 8 * 1024;
const NEXT_READ: usize = 4 * 1024;
const WINDOW: usize = 64 * 1024;

/// A forward window over bytes: look at the next few, or skip any number without reading them.
pub(crate) struct Input {
    kind: Kind,
    window: Vec<u8>,
    start: usize,
    /// Position of `window[start]`, from the beginning of these bytes.
    pos: u64,
    /// How many bytes there are in all.
    len: u64,
    first: bool,
}

enum Kind {
    File(Bytes),
    Inflated(Box<DeflateDecoder<BytesReader>>),
}

impl Input {
    pub(crate) fn file(bytes: Bytes) -> Input {
        let len = bytes.len;
        Input { kind: Kind::File(bytes), window: Vec::new(), start: 0, pos: 0, len, first: true }
    }

    /// The inflated data set that begins at `from` (PS3.5 A.5). It is inflated once through a counter to learn its
    /// length, nothing being kept, so a bomb costs time up to the limit and no memory.
    pub(crate) fn inflated(source: &Source, from: u64) -> Result<Input, Refusal> {
        let bytes = source.open()?;
        let packed = bytes.len.saturating_sub(from);
        let limit = Limits::MAX_INFLATED_BYTES.min(packed.saturating_mul(Limits::MAX_INFLATE_RATIO)).max(64 * 1024);
        let mut counter = DeflateDecoder::new(bytes.reader(from));
        let mut buffer = vec![0; WINDOW];
        let mut len = 0u64;
        loop {
            match counter.read(&mut buffer).map_err(|_| Refusal::BadDeflate)? {
                0 => break,
                n => len += n as u64,
            }
            if len > limit {
                return Err(Refusal::InflatesTooLarge { limit });
            }
        }
        let decoder = Box::new(DeflateDecoder::new(source.open()?.reader(from)));
        Ok(Input { kind: Kind::Inflated(decoder), window: Vec::new(), start: 0, pos: 0, len, first: true })
    }

    pub(crate) fn pos(&self) -> u64 {
        self.pos
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The next `n` bytes (at most a window), without moving on.
    pub(crate) fn peek(&mut self, n: usize) -> Result<&[u8], Refusal> {
        debug_assert!(n <= WINDOW);
        if self.window.len() - self.start < n {
            self.fill(n)?;
        }
        Ok(&self.window[self.start..self.start + n])
    }

    /// Moves on by `n` bytes that are in the window (after a `peek` of at least `n`).
    pub(crate) fn advance(&mut self, n: usize) {
        debug_assert!(self.window.len() - self.start >= n);
        self.start += n;
        self.pos += n as u64;
    }

    /// Moves on by any number of bytes; those not in the window are not read when the bytes are a file's.
    pub(crate) fn skip(&mut self, n: u64) -> Result<(), Refusal> {
        if n > self.len - self.pos {
            return Err(self.truncated(n));
        }
        let here = (self.window.len() - self.start) as u64;
        if n <= here {
            self.start += n as usize;
            self.pos += n;
            return Ok(());
        }
        self.window.clear();
        self.start = 0;
        let beyond = n - here;
        match &mut self.kind {
            Kind::File(_) => {}
            Kind::Inflated(decoder) => {
                let passed =
                    io::copy(&mut decoder.by_ref().take(beyond), &mut io::sink()).map_err(|_| Refusal::BadDeflate)?;
                if passed < beyond {
                    return Err(Refusal::BadDeflate);
                }
            }
        }
        self.pos += n;
        Ok(())
    }

    /// Hands the next `n` bytes to `sink` in pieces, and moves on.
    pub(crate) fn stream(
        &mut self,
        mut n: u64,
        mut sink: impl FnMut(&[u8]) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        while n > 0 {
            let here = self.window.len() - self.start;
            let take = usize::try_from(n).unwrap_or(usize::MAX);
            let take = if here > 0 { take.min(here) } else { take.min(WINDOW) };
            sink(self.peek(take)?)?;
            self.advance(take);
            n -= take as u64;
        }
        Ok(())
    }

    pub(crate) fn truncated(&self, needed: u64) -> Refusal {
        Refusal::Truncated { at: self.pos, needed, length: self.len }
    }

    fn fill(&mut self, n: usize) -> Result<(), Refusal> {
        if n as u64 > self.len - self.pos {
            return Err(self.truncated(n as u64));
        }
        self.window.drain(..self.start);
        self.start = 0;
        let have = self.window.len();
        let want = if self.first { FIRST_READ } else { NEXT_READ }.max(n);
        self.first = false;
        let left = usize::try_from(self.len - self.pos).unwrap_or(usize::MAX);
        self.window.resize(want.min(left).max(have), 0);
        let mut filled = have;
        while filled < n {
            let at = self.pos + filled as u64;
            let got = match &mut self.kind {
                Kind::File(bytes) => bytes.read_at(&mut self.window[filled..], at)?,
                Kind::Inflated(decoder) => decoder.read(&mut self.window[filled..]).map_err(|_| Refusal::BadDeflate)?,
            };
            if got == 0 {
                self.window.truncate(filled);
                return Err(self.truncated(n as u64));
            }
            filled += got;
        }
        self.window.truncate(filled);
        Ok(())
    }
}

/// Paths are bytes: a folder of an old disc may carry Big5 names. One character for each byte crosses JSON unharmed.
mod path_as_latin1 {
    use super::*;
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(path: &std::path::Path, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&crate::latin1::to_string(path.as_os_str().as_bytes()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = crate::latin1::to_bytes(&text).ok_or_else(|| serde::de::Error::custom("not a path"))?;
        Ok(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
    }
}
