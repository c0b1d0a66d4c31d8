//! Where an image goes: a file that is flushed in steps, or nowhere (planning and tests).

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Bytes between two flushes. Without them the kernel writes hundreds of megabytes at once and the desk's commits wait
/// behind it; in steps of this size they do not.
const FLUSH_EVERY: usize = 4 << 20;

/// Flushes that may be outstanding before the writer waits.
const AHEAD: usize = 4;

/// A file that reaches the disk while it is written: a second thread calls for a data sync each [`FLUSH_EVERY`] bytes.
pub struct FlushedFile {
    file: File,
    since: usize,
    flusher: Option<(SyncSender<()>, JoinHandle<io::Result<()>>)>,
}

impl FlushedFile {
    /// Takes a file opened for writing.
    pub fn new(file: File) -> io::Result<FlushedFile> {
        let second = file.try_clone()?;
        let (send, receive) = sync_channel::<()>(AHEAD);
        let thread = std::thread::Builder::new().name("flush".into()).spawn(move || {
            while receive.recv().is_ok() {
                second.sync_data()?;
            }
            Ok(())
        })?;
        Ok(FlushedFile { file, since: 0, flusher: Some((send, thread)) })
    }

    /// Waits until every byte is on the disk.
    pub fn finish(mut self) -> io::Result<File> {
        self.stop()?;
        self.file.sync_all()?;
        Ok(self.file)
    }

    /// Ends the second thread and hands on what it met.
    fn stop(&mut self) -> io::Result<()> {
        let Some((send, thread)) = self.flusher.take() else { return Ok(()) };
        drop(send);
        thread.join().map_err(|_| io::Error::other("the flushing thread ended early"))?
    }
}

impl Write for FlushedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.since += n;
        if self.since >= FLUSH_EVERY {
            self.since = 0;
            let gone = self.flusher.as_ref().is_none_or(|(send, _)| send.send(()).is_err());
            if gone {
                self.stop()?;
                return Err(io::Error::other("the flushing thread ended early"));
            }
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Counts bytes and keeps none.
#[derive(Default)]
pub struct CountingSink {
    /// Bytes so far.
    pub bytes: u64,
}

impl Write for CountingSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
