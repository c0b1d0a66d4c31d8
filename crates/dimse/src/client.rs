//! The service user's side: open an association, then echo, find, get, move, store.

use crate::channel::{AcceptedContext, Channel, Message};
use crate::command::{CommandSet, element, field};
use crate::error::DimseError;
use crate::identifier::Identifier;
use crate::pdu::{
    self, AeTitle, Associate, ContextResult, ExtendedNegotiation, ProposedContext, Reject, RoleSelection, UserIdentity,
    UserInformation, kind,
};
use crate::receive::{StoreReceiver, StoreRequest, StoreStatus, SubOperations};
use crate::wire::{self, Incoming, Wire};
use crate::{Implementation, Limits, Timeouts, tls, uid};
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// TLS for the association: the configuration (trust, our certificate) and the name the peer's certificate must bear.
#[derive(Clone)]
pub struct TlsClient {
    /// rustls' own configuration.
    pub config: Arc<rustls::ClientConfig>,
    /// The peer's name.
    pub server_name: rustls_pki_types::ServerName<'static>,
}

/// Whom to call, as whom, for what.
#[derive(Clone)]
pub struct AssociationOptions {
    /// Host name or address of the peer.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The peer's AE title.
    pub called: AeTitle,
    /// Ours.
    pub calling: AeTitle,
    /// What to propose; at most 128 contexts (PS3.8: odd IDs of one byte).
    pub contexts: Contexts,
    /// Sizes to insist on.
    pub limits: Limits,
    /// Times to insist on.
    pub timeouts: Timeouts,
    /// Who we say made us.
    pub implementation: Implementation,
    /// TLS, if the peer wants it.
    pub tls: Option<TlsClient>,
    /// Who the user is, if the peer asks. Without TLS it travels in the clear.
    pub identity: Option<UserIdentity>,
}

/// Presentation contexts and roles to propose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contexts {
    proposed: Vec<(String, Vec<String>)>,
    roles: Vec<RoleSelection>,
    extended: Vec<ExtendedNegotiation>,
}

impl Contexts {
    /// The most one association can propose.
    pub const MAX: usize = 128;

    /// None yet.
    pub fn new() -> Contexts {
        Contexts::default()
    }
    /// A service with the two uncompressed little endian syntaxes.
    #[must_use]
    pub fn service(self, sop_class: &str) -> Contexts {
        self.context(sop_class, &[uid::EXPLICIT_VR_LE, uid::IMPLICIT_VR_LE])
    }
    /// One context.
    #[must_use]
    pub fn context(mut self, abstract_syntax: &str, transfer_syntaxes: &[&str]) -> Contexts {
        self.proposed.push((abstract_syntax.to_owned(), transfer_syntaxes.iter().map(|&s| s.to_owned()).collect()));
        self
    }
    /// A storage class we want to receive by C-GET: one context per transfer syntax (in one context the provider would
    /// settle for a single syntax for the whole class) and the SCP role.
    #[must_use]
    pub fn receive(mut self, sop_class: &str, transfer_syntaxes: &[&str]) -> Contexts {
        for syntax in transfer_syntaxes {
            self.proposed.push((sop_class.to_owned(), vec![(*syntax).to_owned()]));
        }
        self.roles.push(RoleSelection { sop_class_uid: sop_class.to_owned(), scu: false, scp: true });
        self
    }
    /// Proposes to use a service beyond its baseline, such as with [`crate::RELATIONAL`] queries.
    #[must_use]
    pub fn extended(mut self, sop_class: &str, information: &[u8]) -> Contexts {
        let (sop_class_uid, information) = (sop_class.to_owned(), information.to_vec());
        self.extended.push(ExtendedNegotiation { sop_class_uid, information });
        self
    }
    /// How many contexts there are.
    pub fn len(&self) -> usize {
        self.proposed.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.proposed.is_empty()
    }
    fn numbered(&self) -> Result<Vec<ProposedContext>, DimseError> {
        if self.proposed.len() > Contexts::MAX {
            let size = self.proposed.len() as u64;
            return Err(DimseError::TooLarge { what: "list of presentation contexts (ours)", size, limit: 128 });
        }
        let ids = (0..self.proposed.len()).map(|i| (2 * i + 1) as u8);
        let proposed = ids.zip(&self.proposed).map(|(id, (abstract_syntax, transfer_syntaxes))| ProposedContext {
            id,
            abstract_syntax: abstract_syntax.clone(),
            transfer_syntaxes: transfer_syntaxes.clone(),
        });
        Ok(proposed.collect())
    }
}

/// Who the peer says it is, in its acceptance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerImplementation {
    /// Implementation Class UID.
    pub class_uid: String,
    /// Implementation Version Name.
    pub version_name: String,
    /// Largest PDU it receives; 0: any.
    pub max_pdu: u32,
    /// What it said to our user identity. `None`: it did not confirm, and may not have looked.
    pub identity_answer: Option<Vec<u8>>,
    /// The extended negotiation it agreed to.
    pub extended: Vec<ExtendedNegotiation>,
}

impl PeerImplementation {
    /// Whether it agreed to relational queries or retrievals of this service.
    pub fn is_relational(&self, sop_class: &str) -> bool {
        self.extended.iter().any(|e| e.sop_class_uid == sop_class && e.information.first() == Some(&1))
    }
}

/// How a retrieval ended, as the peer says: to be compared with what arrived, never believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retrieved {
    /// C-GET or C-MOVE.
    pub operation: &'static str,
    /// Final status.
    pub status: u16,
    /// Final counts.
    pub counts: SubOperations,
}

impl Retrieved {
    /// The final status as an error, unless it is success or a warning (B000H: some sub-operations failed).
    ///
    /// # Errors
    /// [`DimseError::Status`].
    pub fn check(self) -> Result<Retrieved, DimseError> {
        match self.status {
            0x0000 | 0xB000..=0xBFFF => Ok(self),
            status => Err(DimseError::Status { operation: self.operation, status }),
        }
    }
}

/// An open association on which we are the service user.
pub struct Association {
    pub(crate) channel: Channel,
    next_message_id: u16,
    peer: PeerImplementation,
}

impl Association {
    /// Connects and negotiates.
    ///
    /// # Errors
    /// Every way in which a peer can fail to be there or refuse us; the text says which.
    pub async fn open(options: &AssociationOptions) -> Result<Association, DimseError> {
        // Contexts that cannot be proposed are said before anybody is called.
        options.contexts.numbered()?;
        Self::negotiate(connect(options).await?, options).await
    }

    /// Asks for the association on a connection that is made.
    pub(crate) async fn negotiate(
        stream: Box<dyn wire::Stream>,
        options: &AssociationOptions,
    ) -> Result<Association, DimseError> {
        let proposed = options.contexts.numbered()?;
        let mut wire = Wire::new(stream, &options.limits, options.timeouts);
        let request = Associate {
            called: options.called.as_str().to_owned(),
            calling: options.calling.as_str().to_owned(),
            application_context: uid::APPLICATION_CONTEXT.to_owned(),
            contexts: proposed.clone(),
            user: UserInformation {
                max_pdu: options.limits.max_pdu,
                implementation_class_uid: options.implementation.class_uid.clone(),
                implementation_version_name: options.implementation.version_name.clone(),
                roles: options.contexts.roles.clone(),
                extended: options.contexts.extended.clone(),
                identity: options.identity.clone(),
                identity_answer: None,
            },
        };
        let asked = async {
            wire.write(&request.encode()).await?;
            wire.read_associate(options.timeouts.associate).await
        };
        let (found, body) = asked.await.map_err(|error| named(options, error))?;
        match found {
            kind::ASSOCIATE_AC => Self::accepted(wire, options, &proposed, &body),
            kind::ASSOCIATE_RJ => {
                let &[_, result, source, reason] =
                    body.first_chunk::<4>().ok_or(DimseError::Protocol("a rejection without a reason"))?;
                Err(DimseError::Rejected(Reject { result, source, reason }))
            }
            kind::ABORT => {
                let field = |i: usize| body.get(i).copied().unwrap_or(0);
                Err(DimseError::Aborted { by: field(2), reason: field(3) })
            }
            _ => Err(DimseError::Protocol("neither an acceptance nor a rejection")),
        }
    }

    fn accepted(
        mut wire: Wire,
        options: &AssociationOptions,
        proposed: &[ProposedContext],
        body: &[u8],
    ) -> Result<Association, DimseError> {
        let answer = Associate::<ContextResult>::decode(body)?;
        wire.peer_max_pdu = usable_pdu(answer.user.max_pdu);
        let contexts = answer.contexts.into_iter().filter(|context| context.result == 0).filter_map(|context| {
            // An answer to what was never asked, or with a syntax that was not offered, is no agreement.
            let asked = proposed.iter().find(|p| p.id == context.id)?;
            asked.transfer_syntaxes.contains(&context.transfer_syntax).then(|| AcceptedContext {
                id: context.id,
                abstract_syntax: asked.abstract_syntax.clone(),
                transfer_syntax: context.transfer_syntax,
            })
        });
        let contexts = contexts.collect();
        Ok(Association {
            channel: Channel { wire, contexts, limits: options.limits.clone(), deadline: None },
            next_message_id: 0,
            peer: PeerImplementation {
                class_uid: answer.user.implementation_class_uid,
                version_name: answer.user.implementation_version_name,
                max_pdu: answer.user.max_pdu,
                identity_answer: answer.user.identity_answer,
                extended: answer.user.extended,
            },
        })
    }

    /// What the peer says it is.
    pub fn peer(&self) -> &PeerImplementation {
        &self.peer
    }
    /// The contexts agreed on.
    pub fn contexts(&self) -> &[AcceptedContext] {
        &self.channel.contexts
    }
    /// Our address towards the peer.
    pub fn local_address(&self) -> Option<std::net::IpAddr> {
        self.channel.wire.local_address()
    }
    /// Bytes received since the connection was made.
    pub fn received_bytes(&self) -> u64 {
        self.channel.wire.received
    }

    /// Verification, PS3.4 Annex A.
    ///
    /// # Errors
    /// When the service is not offered, or anything but success comes back.
    pub async fn c_echo(&mut self) -> Result<(), DimseError> {
        let (context, _) = self.offered(uid::VERIFICATION)?;
        let id = self.begin();
        let request = request(field::C_ECHO_RQ, false, uid::VERIFICATION, id);
        self.channel.send(context, &request, None).await?;
        let answer = self.channel.receive_message("C-ECHO response").await?;
        expect_answer(&answer, field::C_ECHO_RSP, id)?;
        match answer.command.get_number(element::STATUS) {
            Some(0) => Ok(()),
            status => Err(DimseError::Status { operation: "C-ECHO", status: status.unwrap_or(0x0110) }),
        }
    }

    /// Query, PS3.4 §C.4.1. Each answer goes to `take`; `Break` cancels the query and ends the association.
    ///
    /// # Errors
    /// A failure status, too many answers, or a failure of the association.
    pub async fn c_find(
        &mut self,
        model: &str,
        keys: &Identifier,
        mut take: impl FnMut(Identifier) -> ControlFlow<()>,
    ) -> Result<(), DimseError> {
        let (context, syntax) = self.offered(model)?;
        let id = self.begin();
        let request = request(field::C_FIND_RQ, true, model, id).number(element::PRIORITY, 0);
        self.channel.send(context, &request, Some(&keys.encode(&syntax))).await?;
        let limit = self.channel.limits.max_answers;
        for answers in 0.. {
            let answer = self.channel.receive_message("C-FIND response").await?;
            expect_answer(&answer, field::C_FIND_RSP, id)?;
            let identifier = match answer.command.has_data_set() {
                true => Some(self.channel.receive_identifier(answer.context).await?),
                false => None,
            };
            match answer.command.get_number(element::STATUS) {
                Some(0x0000) => break,
                Some(0xFF00 | 0xFF01) if answers >= limit => {
                    self.channel.wire.abort().await;
                    return Err(DimseError::TooLarge { what: "number of answers", size: answers, limit });
                }
                Some(0xFF00 | 0xFF01) => {
                    let bytes =
                        identifier.ok_or(DimseError::Protocol("a pending C-FIND response without an answer"))?;
                    if take(Identifier::decode(&bytes, &syntax)?).is_break() {
                        return Err(self.cancel(context, id).await);
                    }
                }
                status => return Err(DimseError::Status { operation: "C-FIND", status: status.unwrap_or(0x0110) }),
            }
        }
        Ok(())
    }

    /// Retrieval on this association, PS3.4 §C.4.3: objects go to `receiver` as they arrive.
    ///
    /// # Errors
    /// A failure of the association or of the receiver. A final status, whatever it is, is returned in [`Retrieved`].
    pub async fn c_get(
        &mut self,
        model: &str,
        keys: &Identifier,
        receiver: &mut dyn StoreReceiver,
    ) -> Result<Retrieved, DimseError> {
        let (context, syntax) = self.offered(model)?;
        let id = self.begin();
        let request = request(field::C_GET_RQ, true, model, id).number(element::PRIORITY, 0);
        self.channel.send(context, &request, Some(&keys.encode(&syntax))).await?;
        let mut stall = Stall::begin(&self.channel.limits);
        loop {
            let message = self.channel.receive_message("C-GET response or object").await?;
            let reported = if message.command.command_field() == field::C_STORE_RQ {
                self.channel.serve_store(message, receiver).await?;
                stall.moved();
                SubOperations::default()
            } else {
                match self.retrieval_answer(message, field::C_GET_RSP, "C-GET", id).await? {
                    Progress::Pending(counts) => self.unless_stalled(&stall, counts).await?,
                    Progress::Final(retrieved) => return Ok(retrieved),
                }
            };
            if receiver.proceed(reported).is_break() {
                return Err(self.cancel(context, id).await);
            }
        }
    }

    /// Retrieval to a Storage SCP, PS3.4 §C.4.2: `destination` is an AE title the peer knows the address of.
    ///
    /// # Errors
    /// A failure of the association. A final status, whatever it is, is returned in [`Retrieved`].
    pub async fn c_move(
        &mut self,
        model: &str,
        keys: &Identifier,
        destination: &AeTitle,
        mut proceed: impl FnMut(SubOperations) -> ControlFlow<()>,
    ) -> Result<Retrieved, DimseError> {
        let (context, syntax) = self.offered(model)?;
        let id = self.begin();
        let request = request(field::C_MOVE_RQ, true, model, id)
            .number(element::PRIORITY, 0)
            .text(element::MOVE_DESTINATION, destination.as_str());
        self.channel.send(context, &request, Some(&keys.encode(&syntax))).await?;
        let (mut stall, mut before) = (Stall::begin(&self.channel.limits), SubOperations::default());
        loop {
            let message = self.channel.receive_message("C-MOVE response").await?;
            match self.retrieval_answer(message, field::C_MOVE_RSP, "C-MOVE", id).await? {
                Progress::Final(retrieved) => return Ok(retrieved),
                Progress::Pending(counts) => {
                    if counts != before {
                        stall.moved();
                        before = counts;
                    }
                    self.unless_stalled(&stall, counts).await?;
                    if proceed(counts).is_break() {
                        return Err(self.cancel(context, id).await);
                    }
                }
            }
        }
    }

    /// The message ID the next request will carry: what a C-MOVE's sub-operations name as their originator's.
    pub fn upcoming_message_id(&self) -> u16 {
        next_id(self.next_message_id)
    }
    /// Starts the numbering elsewhere, so that moves on several associations can be told apart.
    pub fn number_messages_from(&mut self, id: u16) {
        self.next_message_id = id;
    }

    /// Stores one object, PS3.4 Annex B, in a context of exactly its transfer syntax.
    ///
    /// # Errors
    /// When no such context was accepted, or the association fails.
    pub async fn c_store(
        &mut self,
        sop_class_uid: &str,
        sop_instance_uid: &str,
        transfer_syntax: &str,
        data_set: &[u8],
    ) -> Result<StoreStatus, DimseError> {
        let accepted = self.contexts().iter();
        let fits = |c: &&AcceptedContext| c.abstract_syntax == sop_class_uid && c.transfer_syntax == transfer_syntax;
        let context =
            accepted.clone().find(fits).ok_or_else(|| DimseError::NotOffered { service: sop_class_uid.to_owned() })?.id;
        let id = self.begin();
        let request = request(field::C_STORE_RQ, true, sop_class_uid, id)
            .number(element::PRIORITY, 0)
            .uid(element::AFFECTED_SOP_INSTANCE_UID, sop_instance_uid);
        self.channel.send(context, &request, Some(data_set)).await?;
        let answer = self.channel.receive_message("C-STORE response").await?;
        expect_answer(&answer, field::C_STORE_RSP, id)?;
        Ok(StoreStatus(answer.command.get_number(element::STATUS).unwrap_or(0x0110)))
    }

    /// Ends the association in good order.
    ///
    /// # Errors
    /// When the peer does not agree in time; the connection is closed all the same.
    pub async fn release(mut self) -> Result<(), DimseError> {
        self.say_goodbye().await
    }

    async fn say_goodbye(&mut self) -> Result<(), DimseError> {
        self.channel.deadline = None;
        self.channel.wire.write(&pdu::release(kind::RELEASE_RQ)).await?;
        let agreed = match self.channel.wire.next("release reply").await {
            Ok(Incoming::ReleaseRp) => Ok(()),
            // Both asked at once, PS3.8 §9.2: as good as a reply.
            Ok(Incoming::ReleaseRq) => Ok(()),
            Ok(Incoming::Pdv(_)) => Err(DimseError::Protocol("a message after the release request")),
            Err(error) => Err(error),
        };
        self.channel.wire.close().await;
        agreed
    }

    /// Ends the association at once.
    pub async fn abort(mut self) {
        self.channel.wire.abort().await;
    }

    /// C-CANCEL (PS3.7 §9.3.2.3) and the end of the association: in good order when the peer is done at once, else aborted.
    async fn cancel(&mut self, context: u8, id: u16) -> DimseError {
        if !matches!(timeout(CANCEL_PATIENCE, self.cancelled(context, id)).await, Ok(Ok(()))) {
            self.channel.wire.abort().await;
        }
        DimseError::Cancelled
    }

    async fn cancelled(&mut self, context: u8, id: u16) -> Result<(), DimseError> {
        let request = CommandSet::new(field::C_CANCEL_RQ, false).number(element::RESPONDED_TO, id);
        self.channel.send(context, &request, None).await?;
        loop {
            let message = self.channel.receive_message("end of what was cancelled").await?;
            if message.command.command_field() == field::C_STORE_RQ {
                // On its way when we cancelled.
                self.channel.serve_store(message, &mut Declined).await?;
                continue;
            }
            if message.command.has_data_set() {
                self.channel.receive_identifier(message.context).await?;
            }
            if !matches!(message.command.get_number(element::STATUS), Some(0xFF00 | 0xFF01)) {
                return self.say_goodbye().await;
            }
        }
    }

    pub(crate) fn begin(&mut self) -> u16 {
        self.next_message_id = next_id(self.next_message_id);
        self.channel.deadline = Some(Instant::now() + self.channel.limits.max_service);
        self.next_message_id
    }

    pub(crate) fn offered(&self, sop_class: &str) -> Result<(u8, String), DimseError> {
        let context = self.contexts().iter().find(|c| c.abstract_syntax == sop_class);
        context
            .map(|c| (c.id, c.transfer_syntax.clone()))
            .ok_or_else(|| DimseError::NotOffered { service: service_name(sop_class).to_owned() })
    }

    /// A peer that is pending and sends nothing is as idle as one that is silent.
    async fn unless_stalled(&mut self, stall: &Stall, counts: SubOperations) -> Result<SubOperations, DimseError> {
        if stall.since.elapsed() < stall.limit {
            return Ok(counts);
        }
        self.channel.wire.abort().await;
        Err(DimseError::TimedOut { awaited: "object, while the peer said it was pending,", after: stall.limit })
    }

    async fn retrieval_answer(
        &mut self,
        message: Message,
        answer: u16,
        operation: &'static str,
        id: u16,
    ) -> Result<Progress, DimseError> {
        expect_answer(&message, answer, id)?;
        if message.command.has_data_set() {
            // The list of failed instances: we reconcile with what arrived instead.
            self.channel.receive_identifier(message.context).await?;
        }
        let count = |number| message.command.get_number(number);
        let counts = SubOperations {
            remaining: count(element::REMAINING),
            completed: count(element::COMPLETED),
            failed: count(element::FAILED),
            warning: count(element::WARNING),
        };
        match count(element::STATUS).ok_or(DimseError::Protocol("a response without a status"))? {
            0xFF00 | 0xFF01 => Ok(Progress::Pending(counts)),
            status => Ok(Progress::Final(Retrieved { operation, status, counts })),
        }
    }
}

/// How long a peer may take to end what was cancelled.
const CANCEL_PATIENCE: Duration = Duration::from_millis(400);

/// Takes nothing any more.
struct Declined;

impl StoreReceiver for Declined {
    fn begin(&mut self, _: &StoreRequest) -> Result<(), StoreStatus> {
        Err(StoreStatus::OUT_OF_RESOURCES)
    }
    fn data(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
    fn end(&mut self) -> io::Result<StoreStatus> {
        Ok(StoreStatus::OUT_OF_RESOURCES)
    }
}

/// Since when a retrieval brings nothing.
struct Stall {
    since: Instant,
    limit: Duration,
}

impl Stall {
    fn begin(limits: &Limits) -> Stall {
        Stall { since: Instant::now(), limit: limits.max_stall }
    }
    fn moved(&mut self) {
        self.since = Instant::now();
    }
}

enum Progress {
    Pending(SubOperations),
    Final(Retrieved),
}

async fn connect(options: &AssociationOptions) -> Result<Box<dyn wire::Stream>, DimseError> {
    let after = options.timeouts.connect;
    let late = |_| DimseError::TimedOut { awaited: "connection", after };
    let resolved =
        timeout(after, tokio::net::lookup_host((options.host.as_str(), options.port))).await.map_err(late)?;
    let addresses: Vec<SocketAddr> =
        resolved.map_err(|source| DimseError::Resolve { host: options.host.clone(), source })?.collect();
    let mut last = DimseError::Resolve { host: options.host.clone(), source: io::ErrorKind::NotFound.into() };
    for address in addresses {
        match timeout(after, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                wire::prepare(&stream).map_err(DimseError::Io)?;
                return secure(stream, options).await;
            }
            Ok(Err(source)) => last = DimseError::Connect { address, source },
            Err(elapsed) => last = late(elapsed),
        }
    }
    Err(last)
}

async fn secure(stream: TcpStream, options: &AssociationOptions) -> Result<Box<dyn wire::Stream>, DimseError> {
    let Some(tls) = &options.tls else { return Ok(Box::new(stream)) };
    let after = options.timeouts.associate;
    let handshake = tokio_rustls::TlsConnector::from(tls.config.clone()).connect(tls.server_name.clone(), stream);
    match timeout(after, handshake).await {
        Ok(done) => Ok(Box::new(done.map_err(|source| DimseError::Tls { peer: peer_of(options), source })?)),
        Err(_) => Err(DimseError::TimedOut { awaited: "TLS handshake", after }),
    }
}

/// With TLS 1.3 a refused certificate shows only at the first read or write after the handshake: said as what it is.
fn named(options: &AssociationOptions, error: DimseError) -> DimseError {
    if let DimseError::Io(source) = error {
        if tls::is_tls(&source) { DimseError::Tls { peer: peer_of(options), source } } else { DimseError::Io(source) }
    } else {
        error
    }
}

fn peer_of(options: &AssociationOptions) -> String {
    format!("{}:{}", options.host, options.port)
}

/// What we send at most: the peer's limit, or 1 MiB when it names none.
pub(crate) fn usable_pdu(said: u32) -> u32 {
    if said == 0 { 1 << 20 } else { said.clamp(64, 1 << 20) }
}

fn next_id(id: u16) -> u16 {
    id.checked_add(1).unwrap_or(1)
}

fn request(command_field: u16, with_data_set: bool, sop_class: &str, id: u16) -> CommandSet {
    CommandSet::new(command_field, with_data_set)
        .uid(element::AFFECTED_SOP_CLASS_UID, sop_class)
        .number(element::MESSAGE_ID, id)
}

pub(crate) fn expect_answer(message: &Message, answer: u16, id: u16) -> Result<(), DimseError> {
    if message.command.command_field() != answer {
        return Err(DimseError::Protocol("a response of another kind than the request"));
    }
    if message.command.get_number(element::RESPONDED_TO) != Some(id) {
        return Err(DimseError::Protocol("a response to another message"));
    }
    Ok(())
}

fn service_name(sop_class: &str) -> &str {
    match sop_class {
        uid::VERIFICATION => "Verification (C-ECHO)",
        uid::STUDY_ROOT_FIND => "Study Root C-FIND",
        uid::STUDY_ROOT_GET => "Study Root C-GET",
        uid::STUDY_ROOT_MOVE => "Study Root C-MOVE",
        other => other,
    }
}
