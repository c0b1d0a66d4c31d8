//! What must hold for any bytes whatever: the bodies of the fuzz targets (`fuzz/`), built for these and for the tests, which
//! call them on their seeds and some thousand mutants.

use crate::command::CommandSet;
use crate::pdu::{Associate, ContextItem, ContextResult, ProposedContext};
use crate::{
    AeTitle, Association, AssociationOptions, Contexts, DimseError, Identifier, Implementation, Limits, Normalized,
    Peer, Reject, ScpOptions, StoreHandler, StoreReceiver, StoreRequest, StoreStatus, Timeouts, scp, uid, wire,
};
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Association PDUs, command sets and identifiers: what is read is written and read again the same.
pub fn messages(bytes: &[u8]) {
    associate::<ProposedContext>(bytes);
    associate::<ContextResult>(bytes);
    if let Ok(command) = CommandSet::decode(bytes) {
        let written = command.encode();
        assert!(written.len() <= bytes.len() + 12, "no more than was there and a group length");
        assert_eq!(CommandSet::decode(&written).expect("ours"), command);
        assert_eq!(command.get_number(crate::command::element::COMMAND_FIELD).unwrap_or(0), command.command_field());
    }
    for syntax in [uid::EXPLICIT_VR_LE, uid::IMPLICIT_VR_LE] {
        if let Ok(identifier) = Identifier::decode(bytes, syntax) {
            assert!(identifier.iter().map(|(_, value)| value.len()).sum::<usize>() <= bytes.len());
            let again = Identifier::decode(&identifier.encode(syntax), syntax).expect("ours");
            assert!(again == identifier, "{again:?} was {identifier:?}");
        }
    }
}

fn associate<C: ContextItem + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let Ok(found) = Associate::<C>::decode(bytes) else { return };
    // Text that is no ASCII is replaced when it is read, and what is longer than 64 KiB is nothing we write.
    if bytes.is_ascii() && bytes.len() < 32 * 1024 {
        let written = found.encode();
        let again = Associate::<C>::decode(&written[6..]).expect("ours");
        assert_eq!((again.contexts, again.user), (found.contexts, found.user));
    }
}

/// What a peer says to an association of ours: the first byte chooses what we ask for, and in which pieces it comes.
pub fn requester(bytes: &[u8]) {
    let _ = asked(bytes);
}

fn asked(bytes: &[u8]) -> Result<(), DimseError> {
    let Some((&choice, said)) = bytes.split_first() else { return Ok(()) };
    let title = |text: &str| AeTitle::new(text).expect("a title");
    let contexts = [uid::STUDY_ROOT_FIND, uid::STUDY_ROOT_GET, uid::STUDY_ROOT_MOVE, uid::VERIFICATION];
    let contexts = contexts.iter().fold(Contexts::new(), |contexts, service| contexts.service(service));
    let contexts = contexts.receive(CT, &[uid::EXPLICIT_VR_LE]);
    let options = AssociationOptions {
        limits: limits(),
        ..AssociationOptions::new("peer", 104, title("PACS"), title("DESK"), contexts)
    };
    let (stream, written) = Said::new(said, choice);
    let mut kept = Kept { bytes: 0 };
    let ended = on_this_thread(async {
        let mut association = Association::negotiate(Box::new(stream), &options).await?;
        ask(&mut association, choice, &mut kept).await?;
        association.release().await
    });
    assert!(kept.bytes <= said.len(), "no more is kept than was sent");
    bounded(&ended, said, &written);
    ended
}

async fn ask(association: &mut Association, choice: u8, kept: &mut Kept) -> Result<(), DimseError> {
    let study = Identifier::new().key((8, 0x52), b"CS", "STUDY").key((0x20, 0xD), b"UI", "2.25.1");
    match choice % 8 {
        0 => association.c_echo().await,
        1 => association.c_find(uid::STUDY_ROOT_FIND, &study, |_| ControlFlow::Continue(())).await,
        2 => association.c_find(uid::STUDY_ROOT_FIND, &study, |_| ControlFlow::Break(())).await,
        3 => association.c_get(uid::STUDY_ROOT_GET, &study, kept).await.map(drop),
        4 => {
            let us = AeTitle::new("DESK")?;
            association.c_move(uid::STUDY_ROOT_MOVE, &study, &us, |_| ControlFlow::Continue(())).await.map(drop)
        }
        5 => association.c_store(CT, "1.2.3", uid::EXPLICIT_VR_LE, &[0; 64]).await.map(drop),
        6 => {
            let get = Normalized::Get { instance: "1.2.3", attributes: &[(8, 0x18)] };
            association.normalized(uid::VERIFICATION, uid::VERIFICATION, get, None).await.map(drop)
        }
        _ => association.next_event().await.map(drop),
    }
}

/// What a peer says to our Storage SCP, the first byte choosing in which pieces it comes.
pub fn provider(bytes: &[u8]) {
    let _ = served(bytes);
}

fn served(bytes: &[u8]) -> Result<(), DimseError> {
    let Some((&choice, said)) = bytes.split_first() else { return Ok(()) };
    let options = ScpOptions {
        limits: limits(),
        timeouts: Timeouts::default(),
        implementation: Implementation::default(),
        tls: None,
    };
    let (stream, written) = Said::new(said, choice);
    let from = SocketAddr::from(([127, 0, 0, 1], 104));
    let ended = on_this_thread(scp::meet(Box::new(stream), from, &options, &Door, false));
    bounded(&ended, said, &written);
    ended
}

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

fn limits() -> Limits {
    Limits { max_pdu: 16 * 1024, max_identifier: 64 * 1024, max_answers: 100, ..Limits::default() }
}

/// Our answers are small: the shortest command of a peer's is some 40 bytes, the longest of ours some 300, in PDUs of 64.
fn bounded(ended: &Result<(), DimseError>, said: &[u8], written: &AtomicUsize) {
    if let Err(error) = ended {
        assert!(!error.to_string().is_empty());
        assert!(!matches!(error, DimseError::TimedOut { .. }), "nobody had to wait, and yet: {error}");
    }
    let written = written.load(Ordering::Relaxed);
    assert!(written <= 64 * 1024 + 40 * said.len(), "{written} bytes to {}", said.len());
}

fn on_this_thread<T>(what: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(what))
}

/// A peer that has said everything beforehand, and hangs up.
struct Said {
    bytes: Vec<u8>,
    at: usize,
    piece: usize,
    written: Arc<AtomicUsize>,
}

impl Said {
    fn new(bytes: &[u8], choice: u8) -> (Said, Arc<AtomicUsize>) {
        let piece = [usize::MAX, 1, 7, 64][usize::from(choice >> 6)];
        let written = Arc::new(AtomicUsize::new(0));
        (Said { bytes: bytes.to_vec(), at: 0, piece, written: written.clone() }, written)
    }
}

impl AsyncRead for Said {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let said = self.get_mut();
        let n = into.remaining().min(said.piece).min(said.bytes.len() - said.at);
        into.put_slice(&said.bytes[said.at..said.at + n]);
        said.at += n;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Said {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.written.fetch_add(bytes.len(), Ordering::Relaxed);
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl wire::Stream for Said {
    fn tcp(&self) -> Option<&TcpStream> {
        None
    }
}

/// Counts what it is given.
struct Kept {
    bytes: usize,
}

impl StoreReceiver for Kept {
    fn begin(&mut self, request: &StoreRequest) -> Result<(), StoreStatus> {
        assert!(uid::is_uid(&request.sop_instance_uid) && uid::is_uid(&request.sop_class_uid));
        Ok(())
    }
    fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len();
        Ok(())
    }
    fn end(&mut self) -> io::Result<StoreStatus> {
        Ok(StoreStatus::SUCCESS)
    }
}

/// Lets everybody in.
struct Door;

impl StoreHandler for Door {
    fn admit(&self, _: &Peer) -> Result<(), Reject> {
        Ok(())
    }
    fn receiver(&self, _: &Peer) -> Box<dyn StoreReceiver> {
        Box::new(Kept { bytes: 0 })
    }
}

#[cfg(test)]
mod tests;
