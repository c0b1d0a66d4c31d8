//! A PACS over DIMSE: C-FIND to look, C-GET or C-MOVE to bring.

use crate::config::{DimseConfig, Via};
use crate::dicom_web::secret;
use crate::echo::{EchoReport, Offer};
use crate::error::ArchiveError;
use crate::fetch::Ask;
use crate::find::{Answer, InstanceListing, PatientKey, SERIES_FIELDS, STUDY_FIELDS, instances_of, tag};
use crate::spool::{NotTaken, Object, Spool};
use crate::store_port::{self, Caller};
use crate::tls::Tls;
use filmdesk_dimse::{
    AeTitle, Association, AssociationOptions, Contexts, DimseError, Identifier, Limits, StoreReceiver, StoreRequest,
    StoreStatus, SubOperations, Timeouts, UserIdentity, uid,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Storage classes that fit one association with every transfer syntax, beside the service itself.
const CLASSES_AT_ONCE: usize = (Contexts::MAX - 1) / uid::STORED_SYNTAXES.len();
/// Instances named in one request: identifiers stay small, and one that cannot be sent spoils few others.
const INSTANCES_AT_ONCE: usize = 50;
/// More studies than this are nobody's.
const MAX_STUDIES: u64 = 10_000;
/// Fewer instances than this are fetched before another association is open.
const WORTH_AN_ASSOCIATION: usize = 50;
/// What to be ready for when an archive does not say what classes its instances are of.
const LIKELY_CLASSES: &[&str] = &[
    "1.2.840.10008.5.1.4.1.1.2",     // CT
    "1.2.840.10008.5.1.4.1.1.4",     // MR
    "1.2.840.10008.5.1.4.1.1.1.1",   // DX
    "1.2.840.10008.5.1.4.1.1.1",     // CR
    "1.2.840.10008.5.1.4.1.1.7",     // Secondary Capture
    "1.2.840.10008.5.1.4.1.1.6.1",   // US
    "1.2.840.10008.5.1.4.1.1.88.22", // Enhanced SR
    "1.2.840.10008.5.1.4.1.1.1.2",   // MG
    "1.2.840.10008.5.1.4.1.1.20",    // NM
    "1.2.840.10008.5.1.4.1.1.128",   // PET
    "1.2.840.10008.5.1.4.1.1.3.1",   // US multi-frame
    "1.2.840.10008.5.1.4.1.1.12.1",  // XA
    "1.2.840.10008.5.1.4.1.1.11.1",  // GSPS
    "1.2.840.10008.5.1.4.1.1.104.1", // Encapsulated PDF
];

const UNNAMED: &str = "the archive stores objects without naming the C-MOVE they belong to; if that is how it is, set \
     store_without_originator = true for it";

/// A PACS as configured.
pub(crate) struct Dimse {
    config: DimseConfig,
    called: AeTitle,
    calling: AeTitle,
    tls: Option<Tls>,
    identity: Option<UserIdentity>,
}

impl Dimse {
    pub fn new(config: DimseConfig) -> Result<Dimse, ArchiveError> {
        let title = |text: &str| AeTitle::new(text).map_err(|e| ArchiveError::Configuration(e.to_string()));
        for ae in &config.store_from_ae {
            title(ae)?;
        }
        let tls = config.tls.as_ref().map(|tls| Tls::read(tls, &config.host)).transpose()?;
        if config.via == Via::Move && tls.as_ref().is_some_and(|tls| tls.server.is_none()) {
            let what = "tls: our Storage SCP (via = \"move\") needs certificate_file and key_file";
            return Err(ArchiveError::Configuration(what.to_owned()));
        }
        let identity = match (&config.user, &config.passcode_file) {
            (None, None) => None,
            (Some(user), file) => {
                let passcode = file.as_deref().map(secret).transpose()?;
                Some(UserIdentity::user(user, passcode.as_deref())?)
            }
            (None, Some(_)) => return Err(ArchiveError::Configuration("give user with passcode_file".to_owned())),
        };
        let (called, calling) = (title(&config.called_ae)?, title(&config.calling_ae)?);
        Ok(Dimse { called, calling, config, tls, identity })
    }

    async fn open(&self, contexts: Contexts) -> Result<Association, ArchiveError> {
        self.open_within(self.limits(), contexts).await
    }

    async fn open_within(&self, limits: Limits, contexts: Contexts) -> Result<Association, ArchiveError> {
        let config = &self.config;
        let options = AssociationOptions {
            timeouts: Timeouts {
                connect: Duration::from_secs(config.connect_seconds),
                associate: Duration::from_secs(config.connect_seconds),
                idle: Duration::from_secs(config.idle_seconds),
            },
            limits,
            tls: self.tls.as_ref().map(|tls| tls.client.clone()),
            identity: self.identity.clone(),
            ..AssociationOptions::new(&config.host, config.port, self.called.clone(), self.calling.clone(), contexts)
        };
        Ok(Association::open(&options).await?)
    }

    fn limits(&self) -> Limits {
        Limits { max_stall: Duration::from_secs(self.config.stall_seconds), ..Limits::default() }
    }

    pub async fn echo(&self, name: &str) -> Result<EchoReport, ArchiveError> {
        let started = Instant::now();
        let services = [uid::VERIFICATION, uid::STUDY_ROOT_FIND, uid::STUDY_ROOT_GET, uid::STUDY_ROOT_MOVE];
        let contexts = services.iter().fold(Contexts::new(), |contexts, service| contexts.service(service));
        let mut association = self.open(contexts).await?;
        association.c_echo().await?;
        let took = started.elapsed();
        let offered = |service: &str| association.contexts().iter().any(|c| c.abstract_syntax == service);
        let (get, move_) = (self.config.via == Via::Get, self.config.via == Via::Move);
        let allow =
            |service: &str| Some(format!("Allow {service} for the AE title {} at {}.", self.calling, self.called));
        let here = association.local_address().map_or_else(|| "this machine's address".to_owned(), |ip| ip.to_string());
        let secure = match self.tls {
            Some(_) => ", over TLS, trusting the authority of our certificate_file and with a certificate of ca_file's",
            None => ", without TLS",
        };
        let route = format!(
            "At {}, register AE title {} with host {here} and port {}{secure}.",
            self.called, self.calling, self.config.store_port
        );
        let offers = [
            ("C-FIND", offered(uid::STUDY_ROOT_FIND), true, allow("Study Root C-FIND")),
            ("C-GET", offered(uid::STUDY_ROOT_GET), get, allow("Study Root C-GET")),
            ("C-MOVE", offered(uid::STUDY_ROOT_MOVE), move_, if move_ { Some(route) } else { None }),
        ];
        let offers = offers.into_iter().map(|(service, offered, needed, advice)| {
            let advice = advice.filter(|_| service == "C-MOVE" || (needed && !offered));
            Offer { service, offered, needed, advice }
        });
        let peer = association.peer();
        let implementation = (!peer.version_name.is_empty()).then(|| peer.version_name.clone());
        let report = EchoReport {
            archive: name.to_owned(),
            reached: format!("DIMSE {} at {}:{}", self.called, self.config.host, self.config.port),
            implementation,
            took,
            offers: offers.collect(),
        };
        leave(association).await;
        Ok(report)
    }

    pub async fn studies(
        &self,
        patient: Option<&PatientKey>,
        study_uid: Option<&str>,
    ) -> Result<Vec<Answer>, ArchiveError> {
        let mut keys = query("STUDY");
        for (tag, vr, _) in STUDY_FIELDS {
            keys = keys.key(*tag, vr, "");
        }
        // The issuer is asked for and compared here: archives that keep none would answer nothing to it.
        keys = keys.key(tag::PATIENT_ID, b"LO", patient.map_or("", |patient| patient.patient_id.trim()));
        keys = keys.key(tag::STUDY, b"UI", study_uid.unwrap_or_default());
        let limits = Limits { max_answers: MAX_STUDIES, ..self.limits() };
        let mut association = self.open_within(limits, Contexts::new().service(uid::STUDY_ROOT_FIND)).await?;
        let answers = ask(&mut association, &keys).await?;
        leave(association).await;
        Ok(answers)
    }

    /// What the series of these studies say of where they were made and of what. An archive that refuses the question has
    /// nothing to say: studies are then classified by what it tells of the study.
    pub async fn series(&self, studies: &[&str]) -> Result<Vec<Answer>, ArchiveError> {
        let mut found = Vec::new();
        if studies.is_empty() {
            return Ok(found);
        }
        let mut association = self.open(Contexts::new().service(uid::STUDY_ROOT_FIND)).await?;
        for study_uid in studies {
            let mut keys = query("SERIES").key(tag::STUDY, b"UI", study_uid).key(tag::SERIES, b"UI", "");
            for (tag, vr, _) in SERIES_FIELDS {
                keys = keys.key(*tag, vr, "");
            }
            match ask(&mut association, &keys).await {
                Ok(answers) => found.extend(answers.into_iter().filter_map(|answer| answer.of_study(study_uid))),
                Err(ArchiveError::Dimse(error @ DimseError::Status { .. })) => {
                    tracing::warn!(%error, "the archive does not say where series were made; they are classified without");
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        leave(association).await;
        Ok(found)
    }

    /// Whether it may be asked something while it sends.
    pub fn takes_several_associations(&self) -> bool {
        self.config.associations > 1
    }

    /// Series by series: the hierarchical model needs the keys of the levels above (PS3.4 §C.4.1.2.1).
    pub async fn instances(&self, study_uid: &str) -> Result<Vec<InstanceListing>, ArchiveError> {
        let mut association = self.open(Contexts::new().service(uid::STUDY_ROOT_FIND)).await?;
        let keys =
            query("SERIES").key(tag::STUDY, b"UI", study_uid).key(tag::SERIES, b"UI", "").key(tag::MODALITY, b"CS", "");
        let series: BTreeSet<String> = ask(&mut association, &keys)
            .await?
            .iter()
            .filter(|answer| answer.first(tag::STUDY).is_none_or(|study| study == study_uid))
            .filter_map(|answer| answer.first(tag::SERIES).filter(|text| uid::is_uid(text)).map(str::to_owned))
            .collect();
        let mut found = Vec::new();
        for series_uid in series {
            let keys = query("IMAGE")
                .key(tag::STUDY, b"UI", study_uid)
                .key(tag::SERIES, b"UI", &series_uid)
                .key(tag::SOP_INSTANCE, b"UI", "")
                .key(tag::SOP_CLASS, b"UI", "");
            for mut answer in ask(&mut association, &keys).await? {
                let elsewhere = answer.first(tag::STUDY).is_some_and(|study| study != study_uid)
                    || answer.first(tag::SERIES).is_some_and(|series| series != series_uid);
                if !elsewhere {
                    answer.set(tag::SERIES, vec![series_uid.clone()]);
                    found.push(answer);
                }
            }
        }
        leave(association).await;
        Ok(instances_of(found))
    }

    pub async fn retrieve(
        &self,
        study_uid: &str,
        missing: &[InstanceListing],
        ask: Ask,
        spool: &Spool,
    ) -> Result<(), ArchiveError> {
        match self.config.via {
            Via::Get => self.get(study_uid, missing, ask, spool).await,
            Via::Move => self.bring(study_uid, missing, ask, spool).await,
        }
    }

    /// C-GET, in as many associations as the study's classes need, and several at once where there are several series.
    async fn get(
        &self,
        study_uid: &str,
        missing: &[InstanceListing],
        ask: Ask,
        spool: &Spool,
    ) -> Result<(), ArchiveError> {
        let batches = batches(missing);
        let mut last = Ok(());
        for classes in &batches {
            let of_batch = |listing: &&InstanceListing| classes.contains(listing.sop_class_uid.as_str());
            let unsaid = missing.iter().all(|listing| listing.sop_class_uid.is_empty());
            let mine: Vec<&InstanceListing> = missing.iter().filter(|listing| unsaid || of_batch(listing)).collect();
            let at_once = usize::from(self.config.associations.max(1)).min(mine.len() / WORTH_AN_ASSOCIATION);
            let together = ask == Ask::Study && at_once < 2;
            let keys = requests(study_uid, &mine, ask, batches.len() == 1 && together);
            let at_once = if together { 1 } else { at_once.clamp(1, keys.len().max(1)) };
            let keys = Mutex::new(keys.into_iter().collect::<VecDeque<_>>());
            let contexts = Contexts::new().service(uid::STUDY_ROOT_GET);
            let contexts = classes.iter().fold(contexts, |all, class| all.receive(class, uid::STORED_SYNTAXES));
            let first = self.get_of(contexts.clone(), &keys, spool);
            let others = (1..at_once).map(|_| self.get_of(contexts.clone(), &keys, spool));
            let mut ended = futures::future::join_all(std::iter::once(first).chain(others)).await.into_iter();
            last = ended.next().unwrap_or(Ok(())).and(last);
            for other in ended {
                match other {
                    // Not more at once than the archive grants: the first brings what is left.
                    Err(ArchiveError::Dimse(DimseError::Rejected(reject))) => {
                        tracing::info!(%reject, "the archive grants no further association");
                    }
                    other => last = other.and(last),
                }
            }
            last = match last {
                Err(ArchiveError::Dimse(DimseError::Status { .. })) | Ok(()) => last,
                Err(error) => return Err(error),
            };
        }
        last
    }

    /// Sends one request after another over an association of its own, until there are none.
    async fn get_of(
        &self,
        contexts: Contexts,
        keys: &Mutex<VecDeque<Identifier>>,
        spool: &Spool,
    ) -> Result<(), ArchiveError> {
        let mut last = Ok(());
        let mut association = self.open(contexts).await?;
        let mut receiver = Receiver { spool: spool.clone(), open: None };
        let next = || keys.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        while let Some(keys) = next() {
            let ended = association.c_get(uid::STUDY_ROOT_GET, &keys, &mut receiver).await?.check();
            // Some of it may have come all the same, and the rest may come when it is asked for singly.
            if let Err(error) = ended {
                last = Err(error.into());
            }
        }
        leave(association).await;
        last
    }

    /// C-MOVE to our own Storage SCP, which takes from this archive and for this move only.
    async fn bring(
        &self,
        study_uid: &str,
        missing: &[InstanceListing],
        ask: Ask,
        spool: &Spool,
    ) -> Result<(), ArchiveError> {
        let caller = Caller::of(&self.config, &self.called, &self.calling).await?;
        let expected = store_port::expect(&self.config, self.tls.as_ref(), caller, spool.clone()).await?;
        let mut association = self.open(Contexts::new().service(uid::STUDY_ROOT_MOVE)).await?;
        association.number_messages_from(store_port::message_number());
        let mine: Vec<&InstanceListing> = missing.iter().collect();
        let mut last = Ok(());
        for keys in requests(study_uid, &mine, ask, true) {
            expected.originates_from(association.upcoming_message_id());
            let proceed =
                |_: SubOperations| if spool.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            let ended = association.c_move(uid::STUDY_ROOT_MOVE, &keys, &self.calling, proceed).await?.check();
            if expected.unnamed() {
                last = Err(ArchiveError::Configuration(UNNAMED.to_owned()));
                break;
            }
            if let Err(error) = ended {
                let hopeless = matches!(error, DimseError::Status { status: 0xA801, .. });
                last = Err(error.into());
                if hopeless {
                    break;
                }
            }
        }
        leave(association).await;
        last
    }
}

/// Takes C-GET's objects into the spool.
pub(crate) struct Receiver {
    pub spool: Spool,
    pub open: Option<Object>,
}

impl StoreReceiver for Receiver {
    fn begin(&mut self, request: &StoreRequest) -> Result<(), StoreStatus> {
        let begun = self.spool.begin(&request.sop_class_uid, &request.sop_instance_uid, &request.transfer_syntax);
        self.open = Some(begun.map_err(|not_taken| match not_taken {
            NotTaken::Unexpected => StoreStatus::NOT_AUTHORISED,
            NotTaken::Fatal => StoreStatus::CANNOT_UNDERSTAND,
        })?);
        Ok(())
    }
    fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), |object| object.data(bytes))
    }
    fn end(&mut self) -> io::Result<StoreStatus> {
        self.open.take().map_or(Ok(()), Object::end)?;
        Ok(StoreStatus::SUCCESS)
    }
    fn proceed(&mut self, _: SubOperations) -> ControlFlow<()> {
        if self.spool.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn query(level: &str) -> Identifier {
    Identifier::new().key(tag::CHARACTER_SET, b"CS", "ISO_IR 192").key(tag::LEVEL, b"CS", level)
}

async fn ask(association: &mut Association, keys: &Identifier) -> Result<Vec<Answer>, ArchiveError> {
    let mut answers = Vec::new();
    let take = |identifier: Identifier| {
        answers.push(Answer::from_identifier(&identifier));
        ControlFlow::Continue(())
    };
    association.c_find(uid::STUDY_ROOT_FIND, keys, take).await?;
    Ok(answers)
}

/// What was asked for is here; how the archive takes the goodbye changes nothing.
async fn leave(association: Association) {
    if let Err(error) = association.release().await {
        tracing::debug!(%error, "an association was not released in good order");
    }
}

/// The classes of these instances, as many at a time as an association can be ready for.
fn batches(instances: &[InstanceListing]) -> Vec<BTreeSet<&str>> {
    let mut classes: BTreeSet<&str> = instances.iter().map(|i| i.sop_class_uid.as_str()).collect();
    if classes.remove("") {
        classes.extend(LIKELY_CLASSES);
    }
    let classes: Vec<&str> = classes.into_iter().collect();
    classes.chunks(CLASSES_AT_ONCE).map(|chunk| chunk.iter().copied().collect()).collect()
}

/// The identifiers to send, at the level that fits what is asked for.
fn requests(study_uid: &str, instances: &[&InstanceListing], ask: Ask, whole: bool) -> Vec<Identifier> {
    let at = |level: &str| Identifier::new().key(tag::LEVEL, b"CS", level).key(tag::STUDY, b"UI", study_uid);
    let mut by_series: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for listing in instances {
        by_series.entry(&listing.series_uid).or_default().push(&listing.sop_instance_uid);
    }
    let chunk = match ask {
        Ask::Study if whole => return vec![at("STUDY")],
        Ask::Study => return by_series.keys().map(|series| at("SERIES").key(tag::SERIES, b"UI", series)).collect(),
        Ask::Missing => INSTANCES_AT_ONCE,
        Ask::Singly => 1,
    };
    let lists =
        by_series.iter().flat_map(|(series, uids)| uids.chunks(chunk).map(move |uids| (series, uids.join("\\"))));
    lists
        .map(|(series, list)| at("IMAGE").key(tag::SERIES, b"UI", series).key(tag::SOP_INSTANCE, b"UI", &list))
        .collect()
}

#[cfg(test)]
mod tests;
