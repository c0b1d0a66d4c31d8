//! Protocol data units, PS3.8 §9.3: those that open and end an association. P-DATA-TF is read in place by the wire.
//!
//! Decoding takes a complete PDU body (its length was limited before it was read) and never indexes past a checked
//! length; encoding builds the whole PDU, so that it leaves in one write.

use crate::error::DimseError;
use std::fmt;

/// PDU types, PS3.8 §9.3.1.
pub(crate) mod kind {
    pub const ASSOCIATE_RQ: u8 = 1;
    pub const ASSOCIATE_AC: u8 = 2;
    pub const ASSOCIATE_RJ: u8 = 3;
    pub const P_DATA: u8 = 4;
    pub const RELEASE_RQ: u8 = 5;
    pub const RELEASE_RP: u8 = 6;
    pub const ABORT: u8 = 7;
}

/// An application entity title, PS3.5 §6.2 (VR AE): 1 to 16 characters of the default repertoire, no backslash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AeTitle(String);

impl AeTitle {
    /// Reads a title, spaces around it being insignificant.
    ///
    /// # Errors
    /// [`DimseError::AeTitle`] when it is empty, too long, or holds a backslash or a character outside ASCII.
    pub fn new(text: &str) -> Result<AeTitle, DimseError> {
        let title = text.trim_matches([' ', '\0']);
        let fits = (1..=16).contains(&title.len()) && title.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'\\');
        if fits { Ok(AeTitle(title.to_owned())) } else { Err(DimseError::AeTitle(text.chars().take(32).collect())) }
    }
    /// The title without padding.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    fn padded(&self) -> [u8; 16] {
        let mut field = [b' '; 16];
        field[..self.0.len()].copy_from_slice(self.0.as_bytes());
        field
    }
}

impl fmt::Display for AeTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A presentation context as proposed, PS3.8 §9.3.2.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedContext {
    /// Odd, 1 to 255.
    pub id: u8,
    /// SOP Class UID.
    pub abstract_syntax: String,
    /// Transfer Syntax UIDs, in order of preference.
    pub transfer_syntaxes: Vec<String>,
}

/// The answer to one proposed context, PS3.8 §9.3.3.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextResult {
    /// Of the proposed context.
    pub id: u8,
    /// 0 acceptance, 1 user rejection, 2 no reason, 3 abstract syntax, 4 transfer syntaxes not supported.
    pub result: u8,
    /// The one chosen; meaningless unless accepted.
    pub transfer_syntax: String,
}

/// SCP/SCU role selection, PS3.7 §D.3.3.4: what the requestor proposes to be for a SOP Class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSelection {
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// The requestor takes the SCU role.
    pub scu: bool,
    /// The requestor takes the SCP role: what receiving by C-GET needs.
    pub scp: bool,
}

/// SOP Class extended negotiation, PS3.7 §D.3.3.5: what the requestor proposes to use of a service beyond its baseline, and
/// what of it the acceptor agrees to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedNegotiation {
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// Service class application information; its meaning is the service's, such as [`RELATIONAL`].
    pub information: Vec<u8>,
}

/// Service class application information of the query and retrieval services (PS3.4 §C.5.1.1, §C.5.2.1, §C.5.3.1): relational
/// queries or retrievals, that is, without the keys of the levels above.
pub const RELATIONAL: [u8; 1] = [1];

/// Who the user is, PS3.7 §D.3.3.7. `Debug` tells the kind only.
#[derive(Clone, PartialEq, Eq)]
pub struct UserIdentity {
    /// 1 user name, 2 user name and passcode, 3 Kerberos service ticket, 4 SAML assertion, 5 JSON web token.
    pub kind: u8,
    /// The acceptor is asked to confirm in its answer.
    pub confirm: bool,
    /// User name (UTF-8), ticket, assertion or token.
    pub primary: Vec<u8>,
    /// Passcode (UTF-8), with kind 2 only.
    pub secondary: Vec<u8>,
}

impl UserIdentity {
    /// Longest primary and secondary field together that we send, in bytes.
    pub const MAX: usize = 32 * 1024;

    /// A user by name alone, or by name and passcode; the acceptor is asked to confirm.
    ///
    /// # Errors
    /// [`DimseError::TooLarge`] when they are longer than [`UserIdentity::MAX`].
    pub fn user(name: &str, passcode: Option<&str>) -> Result<UserIdentity, DimseError> {
        let secondary = passcode.unwrap_or_default().as_bytes().to_vec();
        let kind = if passcode.is_some() { 2 } else { 1 };
        let size = name.len() + secondary.len();
        if size > UserIdentity::MAX {
            let limit = UserIdentity::MAX as u64;
            return Err(DimseError::TooLarge { what: "user identity (ours)", size: size as u64, limit });
        }
        Ok(UserIdentity { kind, confirm: true, primary: name.as_bytes().to_vec(), secondary })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.kind, u8::from(self.confirm)]);
        item_field(out, &self.primary);
        item_field(out, &self.secondary);
    }

    fn decode(body: &[u8]) -> Result<UserIdentity, DimseError> {
        let &[kind, confirm] = body.first_chunk::<2>().ok_or(TRUNCATED)?;
        let (primary, rest) = counted(&body[2..])?;
        let (secondary, _) = counted(rest)?;
        Ok(UserIdentity { kind, confirm: confirm == 1, primary: primary.to_vec(), secondary: secondary.to_vec() })
    }
}

impl fmt::Debug for UserIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserIdentity(kind {}, ‹secret›)", self.kind)
    }
}

/// User information, PS3.7 §D.3.3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserInformation {
    /// Largest PDU body the sender receives; 0: no limit said.
    pub max_pdu: u32,
    /// (Implementation Class UID).
    pub implementation_class_uid: String,
    /// (Implementation Version Name), up to 16 characters.
    pub implementation_version_name: String,
    /// Roles proposed or accepted.
    pub roles: Vec<RoleSelection>,
    /// Extended negotiation, proposed or accepted.
    pub extended: Vec<ExtendedNegotiation>,
    /// Who the user is: in a request.
    pub identity: Option<UserIdentity>,
    /// What the acceptor says to the identity it confirms: in an acceptance, when it was asked. Empty for user names.
    pub identity_answer: Option<Vec<u8>>,
}

/// A-ASSOCIATE-RQ (contexts proposed) or -AC (contexts answered).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Associate<C> {
    pub called: String,
    pub calling: String,
    pub application_context: String,
    pub contexts: Vec<C>,
    pub user: UserInformation,
}

/// A-ASSOCIATE-RJ, PS3.8 §9.3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    /// 1 permanent, 2 transient.
    pub result: u8,
    /// 1 user, 2 provider (ACSE), 3 provider (presentation).
    pub source: u8,
    /// Depends on the source.
    pub reason: u8,
}

impl Reject {
    /// The called AE title is not the archive's.
    pub const CALLED_AE: Reject = Reject { result: 1, source: 1, reason: 7 };
    /// The archive does not know our AE title.
    pub const CALLING_AE: Reject = Reject { result: 1, source: 1, reason: 3 };
    /// Too many associations at the moment.
    pub const CONGESTION: Reject = Reject { result: 2, source: 3, reason: 1 };

    /// Whether the peer says that a later try may succeed.
    pub fn is_transient(&self) -> bool {
        self.result == 2
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match (self.source, self.reason) {
            (1, 2) => "the application context is not supported",
            (1, 3) => "the peer does not know our (calling) AE title",
            (1, 7) => "the peer does not answer to the called AE title",
            (2, 2) => "the protocol version is not supported",
            (3, 1) => "temporary congestion at the peer",
            (3, 2) => "the peer has no more associations to give",
            _ => "no reason given",
        };
        let lasting = if self.is_transient() { "for now" } else { "permanently" };
        write!(f, "{words} ({lasting}; source {}, reason {})", self.source, self.reason)
    }
}

/// One context item of an A-ASSOCIATE PDU: what differs between request and acceptance.
pub(crate) trait ContextItem: Sized {
    const PDU: u8;
    const ITEM: u8;
    fn encode(&self, out: &mut Vec<u8>);
    fn decode(body: &[u8]) -> Result<Self, DimseError>;
}

impl ContextItem for ProposedContext {
    const PDU: u8 = kind::ASSOCIATE_RQ;
    const ITEM: u8 = 0x20;
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.id, 0, 0, 0]);
        item(out, 0x30, self.abstract_syntax.as_bytes());
        for syntax in &self.transfer_syntaxes {
            item(out, 0x40, syntax.as_bytes());
        }
    }
    fn decode(body: &[u8]) -> Result<Self, DimseError> {
        let (&id, rest) = body.split_first().ok_or(TRUNCATED)?;
        let mut context = ProposedContext { id, abstract_syntax: String::new(), transfer_syntaxes: Vec::new() };
        for found in items(rest.get(3..).ok_or(TRUNCATED)?) {
            match found? {
                (0x30, uid) => context.abstract_syntax = text(uid),
                (0x40, uid) => context.transfer_syntaxes.push(text(uid)),
                _ => {}
            }
        }
        Ok(context)
    }
}

impl ContextItem for ContextResult {
    const PDU: u8 = kind::ASSOCIATE_AC;
    const ITEM: u8 = 0x21;
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.id, 0, self.result, 0]);
        item(out, 0x40, self.transfer_syntax.as_bytes());
    }
    fn decode(body: &[u8]) -> Result<Self, DimseError> {
        let &[id, _, result, _] = body.get(..4).and_then(|head| <&[u8; 4]>::try_from(head).ok()).ok_or(TRUNCATED)?;
        let mut context = ContextResult { id, result, transfer_syntax: String::new() };
        for found in items(&body[4..]) {
            if let (0x40, uid) = found? {
                context.transfer_syntax = text(uid);
            }
        }
        Ok(context)
    }
}

impl<C: ContextItem> Associate<C> {
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(4096);
        body.extend_from_slice(&[0, 1, 0, 0]);
        body.extend_from_slice(&fixed_title(&self.called));
        body.extend_from_slice(&fixed_title(&self.calling));
        body.extend_from_slice(&[0; 32]);
        item(&mut body, 0x10, self.application_context.as_bytes());
        for context in &self.contexts {
            nested(&mut body, C::ITEM, |out| context.encode(out));
        }
        nested(&mut body, 0x50, |out| self.user.encode(out));
        pdu(C::PDU, &body)
    }

    pub fn decode(body: &[u8]) -> Result<Self, DimseError> {
        if body.len() < 68 {
            return Err(TRUNCATED);
        }
        if body[1] & 1 == 0 {
            return Err(DimseError::Protocol("protocol version 1 is not among the peer's"));
        }
        let mut associate = Associate {
            called: text(&body[4..20]),
            calling: text(&body[20..36]),
            application_context: String::new(),
            contexts: Vec::new(),
            user: UserInformation::default(),
        };
        for found in items(&body[68..]) {
            match found? {
                (0x10, name) => associate.application_context = text(name),
                (0x50, user) => associate.user = UserInformation::decode(user)?,
                (kind, context) if kind == C::ITEM => {
                    if associate.contexts.len() == 128 {
                        return Err(DimseError::Protocol("more than 128 presentation contexts"));
                    }
                    associate.contexts.push(C::decode(context)?);
                }
                _ => {}
            }
        }
        Ok(associate)
    }
}

impl UserInformation {
    fn encode(&self, out: &mut Vec<u8>) {
        item(out, 0x51, &self.max_pdu.to_be_bytes());
        item(out, 0x52, self.implementation_class_uid.as_bytes());
        for role in &self.roles {
            nested(out, 0x54, |out| {
                item_field(out, role.sop_class_uid.as_bytes());
                out.extend_from_slice(&[u8::from(role.scu), u8::from(role.scp)]);
            });
        }
        if !self.implementation_version_name.is_empty() {
            item(out, 0x55, self.implementation_version_name.as_bytes());
        }
        for extended in &self.extended {
            nested(out, 0x56, |out| {
                item_field(out, extended.sop_class_uid.as_bytes());
                out.extend_from_slice(&extended.information);
            });
        }
        if let Some(identity) = &self.identity {
            nested(out, 0x58, |out| identity.encode(out));
        }
        if let Some(answer) = &self.identity_answer {
            nested(out, 0x59, |out| item_field(out, answer));
        }
    }

    fn decode(body: &[u8]) -> Result<Self, DimseError> {
        let mut user = UserInformation::default();
        for found in items(body) {
            match found? {
                (0x51, value) => user.max_pdu = u32::from_be_bytes(value.try_into().map_err(|_| TRUNCATED)?),
                (0x52, value) => user.implementation_class_uid = text(value),
                (0x54, value) => {
                    let (uid, rest) = counted(value)?;
                    let &[scu, scp] = rest.first_chunk::<2>().ok_or(TRUNCATED)?;
                    let role = RoleSelection { sop_class_uid: text(uid), scu: scu == 1, scp: scp == 1 };
                    few(&mut user.roles, role)?;
                }
                (0x55, value) => user.implementation_version_name = text(value),
                (0x56, value) => {
                    let (uid, rest) = counted(value)?;
                    let found = ExtendedNegotiation { sop_class_uid: text(uid), information: rest.to_vec() };
                    few(&mut user.extended, found)?;
                }
                (0x58, value) => user.identity = Some(UserIdentity::decode(value)?),
                (0x59, value) => user.identity_answer = Some(counted(value)?.0.to_vec()),
                _ => {}
            }
        }
        Ok(user)
    }
}

const TRUNCATED: DimseError = DimseError::Protocol("an association PDU ends inside an item");

/// A whole PDU: type, reserved byte, length, body.
pub(crate) fn pdu(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(6 + body.len());
    out.extend_from_slice(&[kind, 0]);
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
    out
}

/// A-RELEASE-RQ or -RP.
pub(crate) fn release(kind: u8) -> Vec<u8> {
    pdu(kind, &[0; 4])
}

/// A-ABORT by the service user (source 0) or provider (source 2).
pub(crate) fn abort(source: u8, reason: u8) -> Vec<u8> {
    pdu(kind::ABORT, &[0, 0, source, reason])
}

/// A-ASSOCIATE-RJ.
pub(crate) fn reject(reject: Reject) -> Vec<u8> {
    pdu(kind::ASSOCIATE_RJ, &[0, reject.result, reject.source, reject.reason])
}

fn item(out: &mut Vec<u8>, kind: u8, body: &[u8]) {
    out.extend_from_slice(&[kind, 0]);
    out.extend_from_slice(&(body.len() as u16).to_be_bytes());
    out.extend_from_slice(body);
}

/// A field behind its length of 16 bits.
fn item_field(out: &mut Vec<u8>, field: &[u8]) {
    out.extend_from_slice(&(field.len() as u16).to_be_bytes());
    out.extend_from_slice(field);
}

/// Reads a field behind its length of 16 bits, and what follows it.
fn counted(bytes: &[u8]) -> Result<(&[u8], &[u8]), DimseError> {
    let &length = bytes.first_chunk::<2>().ok_or(TRUNCATED)?;
    bytes[2..].split_at_checked(usize::from(u16::from_be_bytes(length))).ok_or(TRUNCATED)
}

/// One sub-item more, unless there are already more than an association has contexts.
fn few<T>(found: &mut Vec<T>, one: T) -> Result<(), DimseError> {
    if found.len() == 128 {
        return Err(DimseError::Protocol("more than 128 sub-items of one kind"));
    }
    found.push(one);
    Ok(())
}

fn nested(out: &mut Vec<u8>, kind: u8, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    fill(&mut body);
    item(out, kind, &body);
}

/// The (type, body) items of a PDU or of another item.
fn items(mut rest: &[u8]) -> impl Iterator<Item = Result<(u8, &[u8]), DimseError>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let taken = rest.get(..4).and_then(|head| {
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            rest.get(4..4 + length).map(|body| (head[0], body))
        });
        match taken {
            Some((kind, body)) => {
                rest = &rest[4 + body.len()..];
                Some(Ok((kind, body)))
            }
            None => {
                rest = &[];
                Some(Err(TRUNCATED))
            }
        }
    })
}

/// Text of a UID or title field: padding removed, anything outside ASCII replaced (it will match nothing).
fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim_matches([' ', '\0']).to_owned()
}

fn fixed_title(title: &str) -> [u8; 16] {
    // An acceptor echoes titles as it received them, so they need not be valid ones.
    AeTitle::new(title).map_or([b' '; 16], |title| title.padded())
}

#[cfg(test)]
mod tests;
