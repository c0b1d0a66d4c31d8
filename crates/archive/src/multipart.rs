//! multipart/related (RFC 2387) as it streams in: parts out, nothing kept but what a boundary may hide in.

use crate::error::ArchiveError;

/// Longest header block of a part.
const MAX_HEADERS: usize = 16 * 1024;

/// What the stream holds next.
pub(crate) trait Parts {
    /// A part starts.
    fn start(&mut self) -> Result<(), ArchiveError>;
    /// Some of it.
    fn data(&mut self, bytes: &[u8]) -> Result<(), ArchiveError>;
    /// It is complete.
    fn end(&mut self) -> Result<(), ArchiveError>;
}

/// Takes the stream apart.
pub(crate) struct Multipart {
    /// `\r\n--boundary`
    delimiter: Vec<u8>,
    pending: Vec<u8>,
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the first boundary.
    Preamble,
    /// In the headers of a part.
    Headers,
    /// In a part's body; bytes still to come when its length was given.
    Body(Option<u64>),
    /// After the last boundary.
    Epilogue,
}

impl Multipart {
    /// For the boundary of a Content-Type header.
    pub fn new(content_type: &str) -> Result<Multipart, ArchiveError> {
        let lower = content_type.to_ascii_lowercase();
        if !lower.trim_start().starts_with("multipart/related") {
            return Err(ArchiveError::Answer("it is not multipart/related"));
        }
        let at = lower.find("boundary=").ok_or(ArchiveError::Answer("multipart/related without a boundary"))?;
        let rest = &content_type[at + "boundary=".len()..];
        let boundary = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => rest.split([';', ' ']).next(),
        };
        let boundary = boundary.filter(|b| (1..=70).contains(&b.len()));
        let boundary = boundary.ok_or(ArchiveError::Answer("multipart/related with a boundary of a wrong length"))?;
        // The first delimiter may stand at the very start: as if a line had ended before it.
        Ok(Multipart {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            pending: b"\r\n".to_vec(),
            at: At::Preamble,
        })
    }

    /// Takes some of the stream.
    pub fn feed(&mut self, bytes: &[u8], parts: &mut dyn Parts) -> Result<(), ArchiveError> {
        let mut bytes = bytes;
        // Most of a stream is the inside of parts of known length: those bytes pass through untouched.
        if let (At::Body(Some(left)), true) = (self.at, self.pending.is_empty()) {
            let n = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            parts.data(&bytes[..n])?;
            self.at = At::Body(Some(left - n as u64));
            bytes = &bytes[n..];
        }
        if !bytes.is_empty() {
            self.pending.extend_from_slice(bytes);
            while self.step(parts)? {}
        }
        Ok(())
    }

    /// The stream has ended.
    pub fn finish(&self) -> Result<(), ArchiveError> {
        if self.at == At::Epilogue {
            Ok(())
        } else {
            Err(ArchiveError::Answer("a multipart stream that ends before its end"))
        }
    }

    /// One step; false: more bytes are needed.
    fn step(&mut self, parts: &mut dyn Parts) -> Result<bool, ArchiveError> {
        match self.at {
            At::Epilogue => {
                self.pending.clear();
                Ok(false)
            }
            At::Headers => self.headers(parts),
            At::Preamble => match find(&self.pending, &self.delimiter) {
                Some(start) => self.after_delimiter(start, None),
                None if self.pending.len() > MAX_HEADERS => {
                    Err(ArchiveError::Answer("a multipart stream without its boundary"))
                }
                None => Ok(false),
            },
            At::Body(Some(left)) if left > 0 => {
                let n = usize::try_from(left).unwrap_or(usize::MAX).min(self.pending.len());
                parts.data(&self.pending[..n])?;
                self.pending.drain(..n);
                self.at = At::Body(Some(left - n as u64));
                Ok(n > 0 && !self.pending.is_empty())
            }
            At::Body(Some(_)) => {
                let seen = self.pending.len().min(self.delimiter.len());
                if self.pending[..seen] != self.delimiter[..seen] {
                    return Err(ArchiveError::Answer("a part that is longer than its Content-Length"));
                }
                if seen < self.delimiter.len() { Ok(false) } else { self.after_delimiter(0, Some(parts)) }
            }
            At::Body(None) => match find(&self.pending, &self.delimiter) {
                Some(start) => {
                    parts.data(&self.pending[..start])?;
                    self.after_delimiter(start, Some(parts))
                }
                None => {
                    // Keep what may be the start of a delimiter.
                    let safe = self.pending.len().saturating_sub(self.delimiter.len() - 1);
                    parts.data(&self.pending[..safe])?;
                    self.pending.drain(..safe);
                    Ok(false)
                }
            },
        }
    }

    fn headers(&mut self, parts: &mut dyn Parts) -> Result<bool, ArchiveError> {
        // The line of the boundary itself ends in CRLF; a part without headers has an empty line right after it.
        let Some(end) = find(&self.pending, b"\r\n\r\n") else {
            if self.pending.len() > MAX_HEADERS {
                return Err(ArchiveError::Answer("a part with endless headers"));
            }
            return Ok(false);
        };
        let headers = String::from_utf8_lossy(&self.pending[..end]).to_ascii_lowercase();
        let length = headers.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        self.pending.drain(..end + 4);
        self.at = At::Body(length);
        parts.start()?;
        Ok(true)
    }

    /// Past a delimiter: a part, or the end. `parts` is there when a part has just ended.
    fn after_delimiter(&mut self, start: usize, parts: Option<&mut dyn Parts>) -> Result<bool, ArchiveError> {
        let after = start + self.delimiter.len();
        let Some(mark) = self.pending.get(after..after + 2) else {
            self.pending.drain(..start);
            // With the delimiter found and its mark to come, the part's bytes are all told.
            if let At::Body(None) = self.at {
                self.at = At::Body(Some(0));
            }
            return Ok(false);
        };
        let last = mark == b"--";
        if let Some(parts) = parts {
            parts.end()?;
        }
        self.pending.drain(..after);
        self.at = if last { At::Epilogue } else { At::Headers };
        Ok(true)
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|b| *b == wanted[0]) {
        if bytes[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests;
