//! What passes between the desk and a process that inspects: frames of a length (32 bits, little endian) and JSON.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Header, Refusal, Report, Source};

/// A question about one object.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ask {
    /// Read the header.
    Header { source: Source },
    /// Rewrite in Explicit VR Little Endian. Both are whole files.
    Transcode { from: Source, to: Source },
    /// Render one frame.
    Preview { source: Source, frame: u32, max_side: u32 },
    /// Read what a person reads.
    Document { source: Source },
}

impl Ask {
    pub(super) fn transcode(from: impl Into<PathBuf>, to: impl Into<PathBuf>) -> Ask {
        Ask::Transcode { from: Source::file(from), to: Source::file(to) }
    }
}

/// The answer to one question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// Said once, when the process is ready.
    Ready,
    /// What the object says (or the rewritten one).
    Header(Box<Header>),
    /// A picture, or a PDF: the next frame is its bytes.
    Picture,
    /// The content of a report.
    Report(Box<Report>),
    /// Why not.
    Refused(Refusal),
}

/// No frame is longer: the attributes kept of one object, several times over.
const LONGEST: u32 = 128 << 20;

pub(super) fn write_json(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    write_bytes(to, &serde_json::to_vec(message)?)
}

pub(super) fn write_bytes(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let len = u32::try_from(bytes.len()).ok().filter(|len| *len <= LONGEST).ok_or(io::ErrorKind::InvalidData)?;
    to.write_all(&len.to_le_bytes())?;
    to.write_all(bytes)
}

/// The next frame; `None` at the end of the stream.
pub(super) fn read_bytes(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut len = [0; 4];
    match from.read_exact(&mut len) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let len = u32::from_le_bytes(len);
    if len > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    from.take(u64::from(len)).read_to_end(&mut bytes)?;
    if bytes.len() < len as usize { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(Some(bytes)) }
}

pub(super) fn read_json<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    match read_bytes(from)? {
        Some(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        None => Ok(None),
    }
}
