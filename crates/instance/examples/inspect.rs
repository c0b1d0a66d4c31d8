//! The smallest process that inspects: reads questions from standard input. `filmdesk inspect` does the same behind
//! limits of memory and time. With `die-on NAME` it aborts, with `hang-on NAME` it sleeps, when asked about that file:
//! the tests of the pool use it so.

use std::io::Read;

/// Ends or stops the process when the bytes of a question name a file.
struct Trap<R> {
    inner: R,
    name: Vec<u8>,
    seen: Vec<u8>,
    hang: bool,
}

impl<R: Read> Read for Trap<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        // Small reads, so that questions before the trapped one are answered.
        let n = buffer.len().min(64);
        let n = self.inner.read(&mut buffer[..n])?;
        self.seen.extend_from_slice(&buffer[..n]);
        let named = self.seen.windows(self.name.len().max(1)).any(|window| window == self.name);
        if named && self.hang {
            std::thread::sleep(std::time::Duration::from_secs(3600));
        } else if named {
            std::process::abort();
        }
        let keep = self.seen.len().min(self.name.len());
        self.seen.drain(..self.seen.len() - keep);
        Ok(n)
    }
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let stdin = std::io::stdin().lock();
    match arguments.as_slice() {
        [how, name] => {
            let trap = Trap { inner: stdin, name: name.clone().into_bytes(), seen: Vec::new(), hang: how == "hang-on" };
            filmdesk_instance::serve_inspect(trap, std::io::stdout().lock())
        }
        _ => filmdesk_instance::serve_inspect(stdin, std::io::stdout().lock()),
    }
}
