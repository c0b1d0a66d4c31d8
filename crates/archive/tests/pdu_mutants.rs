//! PDU streams with bytes changed, cut, doubled and lengths made huge, at our Storage SCP and at our own associations: each
//! ends within two seconds, the provider goes on answering, and memory does not grow. `FILMDESK_SOAK=1` makes it a million.

use filmdesk_dimse::{
    AeTitle, Association, AssociationOptions, Contexts, DimseError, Identifier, Implementation, Limits, Peer, Reject,
    ScpOptions, StoreHandler, StoreReceiver, StoreRequest, StoreScp, StoreStatus, Timeouts, uid,
};
use filmdesk_testkit::liar::Liar;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
/// A mutant that waits is given this long between messages.
const IDLE: Duration = Duration::from_millis(300);
const MOST: Duration = Duration::from_secs(2);
/// Resident memory may grow by this much over a run.
const MOST_BYTES: u64 = 96 << 20;

struct Sink;

impl StoreReceiver for Sink {
    fn begin(&mut self, _: &StoreRequest) -> Result<(), StoreStatus> {
        Ok(())
    }
    fn data(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
    fn end(&mut self) -> io::Result<StoreStatus> {
        Ok(StoreStatus::SUCCESS)
    }
}

impl StoreHandler for Sink {
    fn admit(&self, _: &Peer) -> Result<(), Reject> {
        Ok(())
    }
    fn receiver(&self, _: &Peer) -> Box<dyn StoreReceiver> {
        Box::new(Sink)
    }
}

fn timeouts() -> Timeouts {
    Timeouts { connect: IDLE, associate: IDLE, idle: IDLE }
}

async fn provider() -> StoreScp {
    let (implementation, limits) = (Implementation::default(), Limits::default());
    let options = ScpOptions { limits, timeouts: timeouts(), implementation, tls: None };
    StoreScp::bind("127.0.0.1:0".parse().unwrap(), options, Arc::new(Sink)).await.unwrap()
}

async fn call(port: u16, contexts: Contexts, timeouts: Timeouts) -> Result<Association, DimseError> {
    let title = |text: &str| AeTitle::new(text).unwrap();
    let options = AssociationOptions::new("127.0.0.1", port, title("PACS"), title("DESK"), contexts);
    Association::open(&AssociationOptions { timeouts, ..options }).await
}

/// Everything both sides said on the one connection made through it.
fn tap(port: u16) -> (u16, Arc<Mutex<[Vec<u8>; 2]>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let said = Arc::new(Mutex::new([Vec::new(), Vec::new()]));
    let heard = said.clone();
    std::thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let pairs = [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)];
        for (side, (mut from, mut to)) in pairs.into_iter().enumerate() {
            let heard = heard.clone();
            std::thread::spawn(move || {
                let mut buffer = [0; 16 * 1024];
                while let Ok(n @ 1..) = from.read(&mut buffer) {
                    heard.lock().unwrap()[side].extend_from_slice(&buffer[..n]);
                    let _ = to.write_all(&buffer[..n]);
                }
                let _ = to.shutdown(Shutdown::Write);
            });
        }
    });
    (own, said)
}

/// A query and a retrieval; how they end is not the point.
async fn find_and_get(port: u16, timeouts: Timeouts) -> Result<(), DimseError> {
    let contexts = Contexts::new().service(uid::STUDY_ROOT_FIND).service(uid::STUDY_ROOT_GET);
    let mut association = call(port, contexts.receive(CT, &[uid::EXPLICIT_VR_LE]), timeouts).await?;
    let study = Identifier::new().key((8, 0x52), b"CS", "STUDY").key((0x20, 0x0D), b"UI", "2.25.1001");
    association.c_find(uid::STUDY_ROOT_FIND, &study, |_| ControlFlow::Continue(())).await?;
    association.c_get(uid::STUDY_ROOT_GET, &study, &mut Sink).await?;
    association.release().await
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

fn mutant(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(bytes.len());
        let near = bytes.len().min(at + 1 + dice.roll(40));
        match dice.roll(6) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << dice.roll(8),
            2 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][dice.roll(6)],
            3 => bytes[at..near].fill(0xFF),
            4 => {
                let piece = bytes[at..near].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                bytes.drain(at..near);
            }
        }
        if bytes.is_empty() {
            bytes.push(4);
        }
    }
    bytes
}

fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap() * 4096
}

#[allow(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]
fn rounds() -> usize {
    if std::env::var_os("FILMDESK_SOAK").is_some() { 1_000_000 } else { 2_000 }
}

/// What a soak leaves behind beside its success.
fn note(what: &str, seed: u64, n: usize, longest: Duration, grown: u64) {
    let line = format!("soak: {what}: seed {seed}, {n} mutants, longest {longest:?}, memory grew {} KiB", grown >> 10);
    println!("{line}");
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{what}.txt"));
    std::fs::write(file, line + "\n").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_mutated_requests_do_not_end_our_storage_scp() {
    const SEED: u64 = 20_261_122;
    let scp = provider().await;
    let port = scp.address().port();
    let (through, said) = tap(port);
    let contexts = Contexts::new().context(CT, &[uid::EXPLICIT_VR_LE]).service(uid::VERIFICATION);
    let mut honest = call(through, contexts.clone(), Timeouts::default()).await.unwrap();
    honest.c_echo().await.unwrap();
    assert_eq!(honest.c_store(CT, "1.2.3", uid::EXPLICIT_VR_LE, &[7; 600]).await.unwrap(), StoreStatus::SUCCESS);
    honest.release().await.unwrap();
    let seed = said.lock().unwrap()[0].clone();
    let (mut dice, mut longest) = (Dice(SEED), Duration::ZERO);
    let mut before = 0;
    for round in 0..rounds() {
        if round == 500 {
            before = resident();
        }
        let bytes = mutant(&seed, &mut dice);
        let begun = Instant::now();
        let told = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.set_read_timeout(Some(2 * MOST)).unwrap();
            // It may hang up on us in the middle.
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            answer.len()
        });
        assert!(told.await.unwrap() < 1 << 20);
        longest = longest.max(begun.elapsed());
        assert!(begun.elapsed() < MOST, "round {round}: {:?}", begun.elapsed());
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < MOST_BYTES, "{grown} bytes more");
    let mut honest = call(port, contexts, Timeouts::default()).await.unwrap();
    honest.c_echo().await.unwrap();
    note("pdu-mutants-provider", SEED, rounds(), longest, grown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_mutated_answers_do_not_end_our_associations() {
    const SEED: u64 = 20_261_123;
    let archive = Liar::start(&[]).unwrap();
    let (through, said) = tap(archive.port);
    find_and_get(through, Timeouts::default()).await.unwrap();
    let seed = said.lock().unwrap()[1].clone();
    assert!(seed.len() > 2_000, "four images and their answers");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (mut dice, mut longest, mut before, mut refused) = (Dice(SEED), Duration::ZERO, 0, 0);
    for round in 0..rounds() {
        if round == 500 {
            before = resident();
        }
        let bytes = mutant(&seed, &mut dice);
        let begun = Instant::now();
        let answer = async {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        };
        let (ended, ()) = tokio::join!(find_and_get(port, timeouts()), answer);
        refused += usize::from(ended.is_err());
        longest = longest.max(begun.elapsed());
        assert!(begun.elapsed() < MOST, "round {round}: {:?}", begun.elapsed());
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < MOST_BYTES, "{grown} bytes more");
    assert!(refused > rounds() / 4, "mutants are noticed: {refused}");
    note("pdu-mutants-user", SEED, rounds(), longest, grown);
}
