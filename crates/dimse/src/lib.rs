//! What DICOM says on the wire: associations (PS3.8) and the services of PS3.7 on them, for a program that fetches.
//!
//! The crate knows the protocol and nothing else. It parses command sets and flat identifiers; the data sets of stored
//! objects go past it as bytes, straight from the socket's buffer to a [`StoreReceiver`]. Everything a peer says is
//! held against [`Limits`] and [`Timeouts`] before it is believed, and no error's text repeats what a data set held.
//!
//! # Reading order
//! [`Association`] (the user's side: [`Association::c_echo`], [`Association::c_find`], [`Association::c_get`],
//! [`Association::c_move`], [`Association::c_store`], and [`Association::normalized`] for the N-services) and [`StoreScp`] (the provider a C-MOVE delivers to) speak through
//! one message layer, which cuts command sets and data sets out of presentation data values however the peer spread
//! them over PDUs, over one wire, which keeps the socket from ever waiting for an acknowledgement timer.
//!
//! # Finding and getting a study
//! ```no_run
//! # async fn get(receiver: &mut dyn filmdesk_dimse::StoreReceiver) -> Result<(), filmdesk_dimse::DimseError> {
//! use filmdesk_dimse::{AeTitle, Association, AssociationOptions, Contexts, Identifier, uid};
//!
//! let contexts = Contexts::new()
//!     .service(uid::STUDY_ROOT_GET)
//!     .receive("1.2.840.10008.5.1.4.1.1.2", uid::STORED_SYNTAXES);
//! let options = AssociationOptions::new("pacs.example", 104, AeTitle::new("PACS")?, AeTitle::new("DESK")?, contexts);
//! let mut association = Association::open(&options).await?;
//! let study = Identifier::new().key((0x0008, 0x0052), b"CS", "STUDY").key((0x0020, 0x000D), b"UI", "1.2.3");
//! let reported = association.c_get(uid::STUDY_ROOT_GET, &study, receiver).await?;
//! // `reported` is what the peer says; what counts is what `receiver` got.
//! association.release().await
//! # }
//! ```

mod channel;
mod client;
pub mod command;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod identifier;
mod normalized;
mod pdu;
mod receive;
mod scp;
pub mod tls;
pub mod uid;
mod wire;

pub use channel::AcceptedContext;
pub use client::{Association, AssociationOptions, Contexts, PeerImplementation, Retrieved, TlsClient};
pub use error::{DimseError, status_words};
pub use identifier::{Identifier, Tag};
pub use normalized::{Event, Normalized, NormalizedAnswer};
pub use pdu::{
    AeTitle, ContextResult, ExtendedNegotiation, ProposedContext, RELATIONAL, Reject, RoleSelection, UserIdentity,
    UserInformation,
};
pub use receive::{StoreReceiver, StoreRequest, StoreStatus, SubOperations};
pub use scp::{Peer, ScpOptions, StoreHandler, StoreScp};

use std::time::Duration;

/// Sizes a peer may not exceed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest P-DATA-TF body we receive, in bytes: what we ask the peer to stay under.
    pub max_pdu: u32,
    /// Largest command set, in bytes.
    pub max_command: usize,
    /// Largest identifier (one C-FIND answer), in bytes.
    pub max_identifier: usize,
    /// Most answers to one query.
    pub max_answers: u64,
    /// Largest object, in bytes.
    pub max_object: u64,
    /// Most associations our provider serves at once.
    pub max_associations: usize,
    /// Longest time one service may take, from its request to its final response.
    pub max_service: Duration,
    /// Longest time a retrieval may be pending without a new object.
    pub max_stall: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_pdu: 256 * 1024,
            max_command: 64 * 1024,
            max_identifier: 1024 * 1024,
            max_answers: 200_000,
            max_object: 8 << 30,
            max_associations: 16,
            max_service: Duration::from_secs(4 * 3600),
            max_stall: Duration::from_secs(600),
        }
    }
}

/// Times a peer may not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To resolve the name and connect.
    pub connect: Duration,
    /// To answer the association request (and the TLS handshake).
    pub associate: Duration,
    /// Between the messages of an association: the whole next PDU must have arrived.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts { connect: Duration::from_secs(10), associate: Duration::from_secs(15), idle: Duration::from_secs(60) }
    }
}

/// Who made the software, PS3.7 §D.3.3.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Implementation {
    /// Implementation Class UID.
    pub class_uid: String,
    /// Implementation Version Name, up to 16 characters.
    pub version_name: String,
}

impl Default for Implementation {
    fn default() -> Implementation {
        // A UUID-derived UID, PS3.5 §B.2, made once for this product.
        Implementation {
            class_uid: "2.25.94370532140467826116325961740279561431".to_owned(),
            version_name: concat!("FILMDESK_", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl AssociationOptions {
    /// A plain association with the default limits and times.
    pub fn new(host: &str, port: u16, called: AeTitle, calling: AeTitle, contexts: Contexts) -> AssociationOptions {
        AssociationOptions {
            host: host.to_owned(),
            port,
            called,
            calling,
            contexts,
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            implementation: Implementation::default(),
            tls: None,
            identity: None,
        }
    }
}
