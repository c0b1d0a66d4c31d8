//! PostgreSQL's answer to a commit is lost on the way, or the commit itself is: each change has exactly one effect, and what the
//! caller is told is true.

mod common;

use common::journey::{self, local, payment};
use common::{Ground, entry};
use filmdesk_desk::{Application, ParcelId, State};
use filmdesk_store::{AuditVerdict, Change, ChangeError, JobKind, NewJob, Store, StoreConfig};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};

/// What the next commit meets.
const NOTHING: u8 = 0;
const ANSWER_LOST: u8 = 1;
const COMMIT_LOST: u8 = 2;

/// A wire to the database that can be cut at a commit.
struct Wire {
    port: u16,
    next: Arc<AtomicU8>,
}

impl Wire {
    async fn to(socket: PathBuf) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (port, next) = (listener.local_addr().expect("an address").port(), Arc::new(AtomicU8::new(NOTHING)));
        let cut = next.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&socket).await.expect("the database");
                tokio::spawn(carry(client, server, cut.clone()));
            }
        });
        Wire { port, next }
    }

    /// Whether the cut that was asked for happened.
    fn was_cut(&self) -> bool {
        self.next.load(Ordering::SeqCst) == NOTHING
    }
}

/// Carries bytes both ways until a commit that is to be cut comes by; both ends are then closed.
async fn carry(mut client: tokio::net::TcpStream, mut server: UnixStream, cut: Arc<AtomicU8>) {
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            n = client.read(&mut up) => {
                let Ok(n @ 1..) = n else { return };
                let bytes = &up[..n];
                if bytes.windows(6).any(|six| six == b"COMMIT") {
                    match cut.swap(NOTHING, Ordering::SeqCst) {
                        COMMIT_LOST => return,
                        ANSWER_LOST => {
                            server.write_all(bytes).await.expect("the database");
                            // It has answered: it has committed. Nobody hears it.
                            let answered = server.read(&mut down).await.expect("an answer");
                            assert!(answered > 0);
                            return;
                        }
                        _ => {}
                    }
                }
                if server.write_all(bytes).await.is_err() { return }
            }
            n = server.read(&mut down) => {
                let Ok(n @ 1..) = n else { return };
                if client.write_all(&down[..n]).await.is_err() { return }
            }
        }
    }
}

/// A store over the wire, and one beside it.
async fn wired(ground: &Ground) -> (Wire, Store, Store) {
    let direct = ground.store().await;
    let (database, folder) = ground.config.url.split_once("?host=").expect("a socket's folder");
    let wire = Wire::to(PathBuf::from(folder).join(".s.PGSQL.5432")).await;
    let name = database.rsplit('/').next().expect("a name");
    let url = format!("postgres://postgres@127.0.0.1:{}/{name}?sslmode=disable", wire.port);
    let store = Store::open(&StoreConfig { url, blobs: ground.path("other-blobs") }).await.expect("opens");
    (wire, store, direct)
}

async fn pay(store: &Store, application: &Application) -> Result<Application, ChangeError> {
    let change = store.change(application.id, Some(application.version), |a, numbers| {
        let payment = filmdesk_desk::Payment { receipt_number: numbers.next_receipt(), ..payment() };
        let paid = a.pay(payment, local(30))?;
        Ok(Change::new(paid, entry("pay")).job(NewJob::new(JobKind::Make { parcel: ParcelId(1) })))
    });
    change.await
}

/// Paid once, with the receipt number that comes next, one audit row and one job.
async fn paid_once(direct: &Store, before: &Application, receipt: i64) {
    let now = direct.application(before.id).await.unwrap().unwrap();
    let State::Paid(paid) = &now.state else { panic!("it is {}", now.state.name()) };
    assert_eq!((paid.payment.receipt_number, now.version), (receipt, before.version + 1));
    let trail = direct.audit_of(before.id).await.unwrap();
    assert_eq!(trail.iter().filter(|row| row.action == "pay").count(), 1, "{trail:?}");
    assert_eq!(direct.progress(before.id).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_whose_answer_is_lost_is_known_to_have_happened() {
    let ground = Ground::postgres();
    let (wire, store, direct) = wired(&ground).await;
    for receipt in 1..=20 {
        let weighed = ground.weighed(&direct).await;
        wire.next.store(ANSWER_LOST, Ordering::SeqCst);
        let paid = pay(&store, &weighed).await.expect("it was carried out, and is known to be");
        assert!(wire.was_cut(), "the wire was cut");
        assert!(matches!(paid.state, State::Paid(_)));
        paid_once(&direct, &weighed, receipt).await;
        // The same again, as a person or a worker would: nothing happens twice.
        assert!(matches!(pay(&store, &weighed).await, Err(ChangeError::Stale { .. })));
        paid_once(&direct, &weighed, receipt).await;
    }
    assert!(matches!(direct.verify_audit().await.unwrap(), AuditVerdict::Whole(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_is_lost_itself_changed_nothing_and_is_done_once_again() {
    let ground = Ground::postgres();
    let (wire, store, direct) = wired(&ground).await;
    for receipt in 1..=20 {
        let weighed = ground.weighed(&direct).await;
        wire.next.store(COMMIT_LOST, Ordering::SeqCst);
        let error = pay(&store, &weighed).await.expect_err("it did not happen");
        assert!(wire.was_cut(), "the wire was cut");
        assert!(matches!(&error, ChangeError::Store(store) if store.is_transient()), "{error}");
        assert_eq!(direct.application(weighed.id).await.unwrap().unwrap(), weighed, "nothing changed");
        pay(&store, &weighed).await.expect("the second time it is carried out");
        paid_once(&direct, &weighed, receipt).await;
    }
    assert!(matches!(direct.verify_audit().await.unwrap(), AuditVerdict::Whole(_)));
}

/// Negative control: what is not looked up is told as failed and was done, so the wire does what it says.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_looking_it_up_a_lost_answer_is_taken_for_a_failure() {
    let ground = Ground::postgres();
    let (wire, store, direct) = wired(&ground).await;
    let (draft, _) = ground.draft(&direct).await;
    wire.next.store(ANSWER_LOST, Ordering::SeqCst);
    assert!(store.add_job(draft.id, &NewJob::new(JobKind::Find), journey::at(1)).await.is_err());
    assert_eq!(direct.progress(draft.id).await.unwrap().len(), 1, "and yet the job is there");
}
