//! The side of the process that inspects and may die.

use std::io::{self, BufReader, BufWriter, Read, Write};

use super::wire::{Answer, Ask, read_json, write_bytes, write_json};
use crate::{Document, document, preview, read_header, transcode_to_explicit_le};

/// Answers questions from `stdin` on `stdout` until `stdin` ends. The caller has limited memory, time and files of its
/// process before: what an object does to it must not reach anything else.
///
/// # Errors
/// The operating system's, when a pipe breaks.
pub fn serve_inspect(stdin: impl Read, stdout: impl Write) -> io::Result<()> {
    let mut stdin = BufReader::with_capacity(64 << 10, stdin);
    let mut stdout = BufWriter::with_capacity(64 << 10, stdout);
    write_json(&mut stdout, &Answer::Ready)?;
    stdout.flush()?;
    while let Some(ask) = read_json::<Ask>(&mut stdin)? {
        answer(&ask, &mut stdout)?;
        if stdin.buffer().is_empty() {
            stdout.flush()?;
        }
    }
    stdout.flush()
}

fn answer(ask: &Ask, to: &mut impl Write) -> io::Result<()> {
    let header = |header| Answer::Header(Box::new(header));
    match ask {
        Ask::Header { source } => write_json(to, &read_header(source).map_or_else(Answer::Refused, header)),
        Ask::Transcode { from, to: path } => {
            let outcome = transcode_to_explicit_le(&from.path, &path.path);
            write_json(to, &outcome.map_or_else(Answer::Refused, header))
        }
        Ask::Preview { source, frame, max_side } => match preview(source, *frame, *max_side) {
            Ok(picture) => {
                write_json(to, &Answer::Picture)?;
                write_bytes(to, &picture)
            }
            Err(refusal) => write_json(to, &Answer::Refused(refusal)),
        },
        Ask::Document { source } => match document(source) {
            Ok(Document::Report(report)) => write_json(to, &Answer::Report(Box::new(report))),
            Ok(Document::Pdf(bytes)) => {
                write_json(to, &Answer::Picture)?;
                write_bytes(to, &bytes)
            }
            Err(refusal) => write_json(to, &Answer::Refused(refusal)),
        },
    }
}
