//! The socket: whole PDUs in, whole PDUs out, nothing waiting for an acknowledgement timer.
//!
//! Most toolkits write a PDU's header and body separately. With Nagle's algorithm on one side and delayed
//! acknowledgement on the other each message then stalls some 40 ms. Three habits remove the stall whatever the peer
//! does: `TCP_NODELAY`, one write per PDU or message, and on Linux `TCP_QUICKACK`, renewed after each read because
//! the kernel clears it.

use crate::error::DimseError;
use crate::pdu::kind;
use crate::{Limits, Timeouts};
use socket2::SockRef;
use std::io;
use std::ops::Range;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// Association PDUs are small: 128 contexts of a dozen syntaxes are under 64 KiB.
const MAX_ASSOCIATE_PDU: u32 = 256 * 1024;
/// What the kernel may hold for us in each direction.
const SOCKET_BUFFER: usize = 4 * 1024 * 1024;

/// A stream over TCP whose socket options can be set: plain, or under TLS. One without a socket has none to set.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    fn tcp(&self) -> Option<&TcpStream>;
}

impl Stream for TcpStream {
    fn tcp(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl Stream for tokio_rustls::client::TlsStream<TcpStream> {
    fn tcp(&self) -> Option<&TcpStream> {
        Some(self.get_ref().0)
    }
}

impl Stream for tokio_rustls::server::TlsStream<TcpStream> {
    fn tcp(&self) -> Option<&TcpStream> {
        Some(self.get_ref().0)
    }
}

/// Options for a socket before it is used.
pub(crate) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // A hint: the kernel's own limit may be lower, and the default works too.
    let _ = SockRef::from(stream).set_recv_buffer_size(SOCKET_BUFFER);
    quick_ack(stream);
    Ok(())
}

fn quick_ack(stream: &TcpStream) {
    // Only a matter of speed, so a kernel that refuses it is left alone.
    #[cfg(target_os = "linux")]
    let _ = SockRef::from(stream).set_tcp_quickack(true);
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// One presentation data value, PS3.8 §9.3.5.1: where its bytes lie in the wire's buffer.
#[derive(Clone, Debug)]
pub(crate) struct Pdv {
    pub context: u8,
    pub is_command: bool,
    pub is_last: bool,
    pub bytes: Range<usize>,
}

/// What arrived next.
pub(crate) enum Incoming {
    /// Data of a message.
    Pdv(Pdv),
    /// The peer asks to release.
    ReleaseRq,
    /// The peer agrees to release.
    ReleaseRp,
}

/// A connected peer.
pub(crate) struct Wire {
    stream: Box<dyn Stream>,
    /// Bytes read and not yet done with: `buffer[start..end]`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where in the current P-DATA-TF the next PDV starts, and where the PDU ends.
    pdvs: Range<usize>,
    max_pdu: u32,
    timeouts: Timeouts,
    /// Largest PDU body the peer receives.
    pub peer_max_pdu: u32,
    /// Bytes read so far.
    pub received: u64,
}

impl Wire {
    pub fn new(stream: Box<dyn Stream>, limits: &Limits, timeouts: Timeouts) -> Wire {
        Wire {
            stream,
            buffer: vec![0; limits.max_pdu as usize * 2 + 64],
            start: 0,
            end: 0,
            pdvs: 0..0,
            max_pdu: limits.max_pdu,
            timeouts,
            peer_max_pdu: 16 * 1024,
            received: 0,
        }
    }

    /// Where we are reached, as the peer sees it from where it is.
    pub fn local_address(&self) -> Option<std::net::IpAddr> {
        self.stream.tcp()?.local_addr().ok().map(|address| address.ip())
    }

    /// The bytes of a PDV, until the next one is asked for.
    pub fn bytes(&self, pdv: &Pdv) -> &[u8] {
        &self.buffer[pdv.bytes.clone()]
    }

    /// Writes complete PDUs in one go.
    pub async fn write(&mut self, pdus: &[u8]) -> Result<(), DimseError> {
        let after = self.timeouts.idle;
        let all = async {
            self.stream.write_all(pdus).await?;
            self.stream.flush().await
        };
        match tokio::time::timeout(after, all).await {
            Ok(done) => done.map_err(DimseError::Io),
            Err(_) => Err(DimseError::TimedOut { awaited: "room to write", after }),
        }
    }

    /// The next PDU of the association's opening: type and body.
    pub async fn read_associate(&mut self, after: Duration) -> Result<(u8, Vec<u8>), DimseError> {
        let awaited = DimseError::ASSOCIATION;
        let deadline = Instant::now() + after;
        let (kind, length) = self.read_head(awaited, deadline, after).await?;
        let limit = if kind == kind::P_DATA { self.max_pdu } else { MAX_ASSOCIATE_PDU };
        if !(1..=7).contains(&kind) {
            return Err(DimseError::Protocol("what answers there is not DICOM"));
        }
        check_length(length, limit)?;
        self.fill(length as usize, awaited, deadline, after).await?;
        let body = self.buffer[self.start..self.start + length as usize].to_vec();
        self.start += body.len();
        Ok((kind, body))
    }

    /// The next PDV, or the end of the association.
    pub async fn next(&mut self, awaited: &'static str) -> Result<Incoming, DimseError> {
        if self.pdvs.is_empty() {
            let after = self.timeouts.idle;
            let deadline = Instant::now() + after;
            let (kind, length) = self.read_head(awaited, deadline, after).await?;
            check_length(length, if kind == kind::P_DATA { self.max_pdu } else { 64 })?;
            self.fill(length as usize, awaited, deadline, after).await?;
            let body = self.start..self.start + length as usize;
            self.start = body.end;
            match kind {
                kind::P_DATA => self.pdvs = body,
                kind::RELEASE_RQ => return Ok(Incoming::ReleaseRq),
                kind::RELEASE_RP => return Ok(Incoming::ReleaseRp),
                kind::ABORT => {
                    let field = |i: usize| self.buffer[body.clone()].get(i).copied().unwrap_or(0);
                    return Err(DimseError::Aborted { by: field(2), reason: field(3) });
                }
                _ => return Err(DimseError::Protocol("a PDU of a type that has no place in an association")),
            }
        }
        self.next_pdv().map(Incoming::Pdv)
    }

    fn next_pdv(&mut self) -> Result<Pdv, DimseError> {
        const BAD: DimseError = DimseError::Protocol("a presentation data value reaches past its PDU");
        let body = &self.buffer[self.pdvs.clone()];
        let &[a, b, c, d, context, flags] = body.first_chunk::<6>().ok_or(BAD)?;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if length < 2 || length > body.len() - 4 {
            return Err(BAD);
        }
        let bytes = self.pdvs.start + 6..self.pdvs.start + 4 + length;
        self.pdvs.start = bytes.end;
        Ok(Pdv { context, is_command: flags & 1 == 1, is_last: flags & 2 == 2, bytes })
    }

    async fn read_head(
        &mut self,
        awaited: &'static str,
        deadline: Instant,
        after: Duration,
    ) -> Result<(u8, u32), DimseError> {
        self.fill(6, awaited, deadline, after).await?;
        let head = &self.buffer[self.start..self.start + 6];
        let found = (head[0], u32::from_be_bytes([head[2], head[3], head[4], head[5]]));
        self.start += 6;
        Ok(found)
    }

    /// Reads until `wanted` bytes are there. A PDU has `after` to arrive whole: a peer that sends a byte at a time is
    /// as idle as one that sends nothing.
    async fn fill(
        &mut self,
        wanted: usize,
        awaited: &'static str,
        deadline: Instant,
        after: Duration,
    ) -> Result<(), DimseError> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.start + wanted > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if wanted > self.buffer.len() {
                self.buffer.resize(wanted, 0);
            }
        }
        while self.end - self.start < wanted {
            let read = timeout_at(deadline, self.stream.read(&mut self.buffer[self.end..])).await;
            let n = read.map_err(|_| DimseError::TimedOut { awaited, after })?.map_err(DimseError::Io)?;
            self.stream.tcp().into_iter().for_each(quick_ack);
            if n == 0 {
                return Err(DimseError::Closed { awaited });
            }
            self.end += n;
            self.received += n as u64;
        }
        Ok(())
    }

    /// Closes without waiting for anything.
    pub async fn abort(&mut self) {
        let pdu = crate::pdu::abort(0, 0);
        // The association is over whether the peer hears of it or not.
        let _ = tokio::time::timeout(Duration::from_millis(250), self.stream.write_all(&pdu)).await;
        let _ = tokio::time::timeout(Duration::from_millis(250), self.stream.shutdown()).await;
    }

    /// Closes in good order.
    pub async fn close(&mut self) {
        let _ = tokio::time::timeout(Duration::from_millis(500), self.stream.shutdown()).await;
    }
}

fn check_length(length: u32, limit: u32) -> Result<(), DimseError> {
    if length > limit {
        return Err(DimseError::TooLarge { what: "PDU", size: u64::from(length), limit: u64::from(limit) });
    }
    Ok(())
}

/// Cuts a message into P-DATA-TF PDUs of at most `max_pdu` bytes of body, appended to `out`.
pub(crate) fn fragment(out: &mut Vec<u8>, context: u8, is_command: bool, mut bytes: &[u8], max_pdu: u32) {
    let room = (max_pdu as usize).saturating_sub(6).max(2) & !1;
    loop {
        let part;
        (part, bytes) = bytes.split_at(bytes.len().min(room));
        let flags = u8::from(is_command) | if bytes.is_empty() { 2 } else { 0 };
        out.extend_from_slice(&[kind::P_DATA, 0]);
        out.extend_from_slice(&(part.len() as u32 + 6).to_be_bytes());
        out.extend_from_slice(&(part.len() as u32 + 2).to_be_bytes());
        out.extend_from_slice(&[context, flags]);
        out.extend_from_slice(part);
        if bytes.is_empty() {
            return;
        }
    }
}
