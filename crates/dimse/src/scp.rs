//! The Storage service provider: what a C-MOVE delivers to. It takes what its handler admits and nothing else.

use crate::channel::{AcceptedContext, Channel, Message, Received};
use crate::client::usable_pdu;
use crate::command::{CommandSet, element, field};
use crate::error::DimseError;
use crate::pdu::{
    self, AeTitle, Associate, ContextResult, ProposedContext, Reject, UserIdentity, UserInformation, kind,
};
use crate::receive::StoreReceiver;
use crate::wire::{self, Wire};
use crate::{Implementation, Limits, Timeouts, uid};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// The application entity that called us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// The AE title it gives itself.
    pub calling: String,
    /// The AE title it calls us by.
    pub called: String,
    /// Who its user is, when it says so.
    pub identity: Option<UserIdentity>,
}

/// Decides who may store, and takes what they store.
pub trait StoreHandler: Send + Sync + 'static {
    /// Whether an association with this peer is wanted at all.
    ///
    /// # Errors
    /// The rejection to answer with.
    fn admit(&self, peer: &Peer) -> Result<(), Reject>;
    /// What to say to the identity of an admitted peer that asks for it to be confirmed; `None`: we did not look at it.
    fn confirm_identity(&self, peer: &Peer) -> Option<Vec<u8>> {
        let _ = peer;
        None
    }
    /// Takes the objects of one association.
    fn receiver(&self, peer: &Peer) -> Box<dyn StoreReceiver>;
}

/// How the provider behaves.
#[derive(Clone)]
pub struct ScpOptions {
    /// Sizes to insist on.
    pub limits: Limits,
    /// Times to insist on.
    pub timeouts: Timeouts,
    /// Who we say made us.
    pub implementation: Implementation,
    /// TLS, if the peers use it.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

/// A listening Storage SCP. Dropping it closes the port; associations in progress end with their peers.
pub struct StoreScp {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl StoreScp {
    /// Listens on `address`.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn bind(
        address: SocketAddr,
        options: ScpOptions,
        handler: Arc<dyn StoreHandler>,
    ) -> io::Result<StoreScp> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(listener, options, handler));
        Ok(StoreScp { address, accepting })
    }
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for StoreScp {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, options: ScpOptions, handler: Arc<dyn StoreHandler>) {
    let places = Arc::new(Semaphore::new(options.limits.max_associations));
    loop {
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles, or the peer gave up: wait for a better moment.
                tracing::warn!(%error, "Storage SCP: a connection could not be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                continue;
            }
        };
        let place = places.clone().try_acquire_owned().ok();
        let (options, handler) = (options.clone(), handler.clone());
        let Ok(stream) = stream.into_std() else { continue };
        // A receiver writes to disk, so each association has a thread that may block, and serves its own socket.
        tokio::task::spawn_blocking(move || {
            let congested = place.is_none();
            let served =
                Builder::new_current_thread().enable_all().build().map_err(DimseError::Io).and_then(|runtime| {
                    runtime.block_on(async {
                        let stream = TcpStream::from_std(stream).map_err(DimseError::Io)?;
                        serve(stream, from, &options, handler.as_ref(), congested).await
                    })
                });
            if let Err(error) = served {
                tracing::warn!(peer = %from.ip(), %error, "Storage SCP: an association ended early");
            }
            drop(place);
        });
    }
}

async fn serve(
    stream: TcpStream,
    from: SocketAddr,
    options: &ScpOptions,
    handler: &dyn StoreHandler,
    congested: bool,
) -> Result<(), DimseError> {
    wire::prepare(&stream).map_err(DimseError::Io)?;
    meet(secure(stream, from, options).await?, from, options, handler, congested).await
}

/// Answers the association request on a connection that is made, and the requests after it.
pub(crate) async fn meet(
    stream: Box<dyn wire::Stream>,
    from: SocketAddr,
    options: &ScpOptions,
    handler: &dyn StoreHandler,
    congested: bool,
) -> Result<(), DimseError> {
    let mut wire = Wire::new(stream, &options.limits, options.timeouts);
    let (found, body) = wire.read_associate(options.timeouts.associate).await?;
    if found != kind::ASSOCIATE_RQ {
        wire.abort().await;
        return Err(DimseError::Protocol("the first PDU is no association request"));
    }
    let request = Associate::<ProposedContext>::decode(&body)?;
    let peer = Peer {
        address: from.ip(),
        calling: request.calling.clone(),
        called: request.called.clone(),
        identity: request.user.identity,
    };
    let admitted = if congested { Err(Reject::CONGESTION) } else { titles(&peer).and_then(|()| handler.admit(&peer)) };
    if let Err(reject) = admitted {
        wire.write(&pdu::reject(reject)).await?;
        wire.close().await;
        return Err(DimseError::Rejected(reject));
    }
    wire.peer_max_pdu = usable_pdu(request.user.max_pdu);
    let (results, contexts) = negotiate(&request.contexts);
    let acceptance = Associate {
        called: request.called,
        calling: request.calling,
        application_context: uid::APPLICATION_CONTEXT.to_owned(),
        contexts: results,
        user: UserInformation {
            max_pdu: options.limits.max_pdu,
            implementation_class_uid: options.implementation.class_uid.clone(),
            implementation_version_name: options.implementation.version_name.clone(),
            identity_answer: if peer.identity.as_ref().is_some_and(|identity| identity.confirm) {
                handler.confirm_identity(&peer)
            } else {
                None
            },
            ..UserInformation::default()
        },
    };
    wire.write(&acceptance.encode()).await?;
    let mut channel = Channel { wire, contexts, limits: options.limits.clone(), deadline: None };
    let mut receiver = handler.receiver(&peer);
    let ended = converse(&mut channel, receiver.as_mut()).await;
    if ended.is_err() {
        channel.wire.abort().await;
    }
    ended
}

async fn secure(
    stream: TcpStream,
    from: SocketAddr,
    options: &ScpOptions,
) -> Result<Box<dyn wire::Stream>, DimseError> {
    let Some(tls) = &options.tls else { return Ok(Box::new(stream)) };
    let after = options.timeouts.associate;
    let handshake = tokio_rustls::TlsAcceptor::from(tls.clone()).accept(stream);
    match tokio::time::timeout(after, handshake).await {
        Ok(done) => Ok(Box::new(done.map_err(|source| DimseError::Tls { peer: from.ip().to_string(), source })?)),
        Err(_) => Err(DimseError::TimedOut { awaited: "TLS handshake", after }),
    }
}

fn titles(peer: &Peer) -> Result<(), Reject> {
    AeTitle::new(&peer.calling).map_err(|_| Reject::CALLING_AE)?;
    AeTitle::new(&peer.called).map_err(|_| Reject::CALLED_AE)?;
    Ok(())
}

/// Storage classes and Verification, in the first syntax offered that is not deflated: a copy desk stores what it
/// cannot decode.
fn negotiate(proposed: &[ProposedContext]) -> (Vec<ContextResult>, Vec<AcceptedContext>) {
    let mut accepted = Vec::new();
    let answer = |context: &ProposedContext| {
        let known = context.abstract_syntax == uid::VERIFICATION || uid::is_storage_class(&context.abstract_syntax);
        let usable = |syntax: &&String| uid::is_uid(syntax) && syntax.as_str() != uid::DEFLATED_EXPLICIT_VR_LE;
        let (result, transfer_syntax) = match context.transfer_syntaxes.iter().find(usable) {
            _ if !known => (3, uid::IMPLICIT_VR_LE.to_owned()),
            None => (4, uid::IMPLICIT_VR_LE.to_owned()),
            Some(syntax) => (0, syntax.clone()),
        };
        if result == 0 {
            accepted.push(AcceptedContext {
                id: context.id,
                abstract_syntax: context.abstract_syntax.clone(),
                transfer_syntax: transfer_syntax.clone(),
            });
        }
        ContextResult { id: context.id, result, transfer_syntax }
    };
    let results = proposed.iter().map(answer).collect();
    (results, accepted)
}

async fn converse(channel: &mut Channel, receiver: &mut dyn StoreReceiver) -> Result<(), DimseError> {
    loop {
        let message = match channel.receive("the next request").await? {
            Received::Message(message) => message,
            Received::Release => {
                channel.agree_to_release().await;
                return Ok(());
            }
        };
        match message.command.command_field() {
            field::C_STORE_RQ => channel.serve_store(message, receiver).await?,
            field::C_ECHO_RQ => echo(channel, &message).await?,
            _ => return Err(DimseError::Protocol("a request other than C-STORE and C-ECHO")),
        }
        if receiver.proceed(crate::SubOperations::default()).is_break() {
            return Err(DimseError::Cancelled);
        }
    }
}

async fn echo(channel: &mut Channel, message: &Message) -> Result<(), DimseError> {
    let answer = CommandSet::new(field::C_ECHO_RSP, false)
        .uid(element::AFFECTED_SOP_CLASS_UID, uid::VERIFICATION)
        .number(element::RESPONDED_TO, message.command.get_number(element::MESSAGE_ID).unwrap_or(0))
        .number(element::STATUS, 0);
    channel.send(message.context, &answer, None).await
}
