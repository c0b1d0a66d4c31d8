//! Where images come from: find a patient's studies and fetch them, from a PACS over DIMSE, a server of DICOMweb, or a
//! folder.
//!
//! One [`Archive`] is one entry of the configuration. It answers four questions: is it there ([`Archive::echo`]), what
//! has it of this patient ([`Archive::find`]), what exactly is in this study ([`Archive::list`]), and may we have it
//! ([`Archive::fetch`]). Three rules hold whatever is behind it:
//!
//! - **Only this patient's.** A query carries an exact identifier, never a wildcard and never an empty key, and every
//!   answer is filtered again here: archives ignore keys.
//! - **Complete or not at all.** The set of instances received must equal the set listed at instance level. Counts and
//!   final statuses are not believed; what is missing is asked for again, at last singly.
//! - **As it came.** A data set's bytes are written as they arrive, behind 128 zero bytes and a file meta group of ours,
//!   under a number for a name.
//!
//! ```no_run
//! # async fn run() -> Result<(), filmdesk_archive::ArchiveError> {
//! use filmdesk_archive::{Archive, ArchiveConfig, ArchiveKind, PatientKey};
//! use std::{ops::ControlFlow, path::Path};
//!
//! let config = ArchiveConfig { name: "old".into(), kind: ArchiveKind::Folder { path: "archive".into() } };
//! let archive = Archive::new(config)?;
//! let patient = PatientKey { patient_id: "T0000001".into(), issuer: None };
//! for study in archive.find(&patient).await? {
//!     let into = Path::new("spool").join(study.study_uid.len().to_string());
//!     archive.fetch(&patient, &study.study_uid, &into, &|_| ControlFlow::Continue(())).await?;
//! }
//! # Ok(())
//! # }
//! ```

mod config;
mod dicom_web;
mod dimse;
mod echo;
mod error;
mod fetch;
mod find;
mod folder;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod gates;
mod listings;
mod multipart;
mod part10;
mod spool;
mod store_port;
mod tls;

pub use config::{ArchiveConfig, ArchiveKind, DicomWebConfig, DimseConfig, TlsConfig, Via};
pub use echo::{EchoReport, Offer};
pub use error::{ArchiveError, Who};
pub use fetch::{FetchProgress, Fetched};
pub use find::{InstanceListing, Made, PatientKey, Private, StudyListing};
pub use gates::Gate;
pub use listings::Listings;
pub use spool::Received;

use filmdesk_instance::{InProcess, Inspector};
use gates::Gates;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An archive of the configuration. Clones share what is behind it.
#[derive(Clone)]
pub struct Archive {
    name: String,
    backend: Arc<Backend>,
    gates: Gates,
}

/// What brings a study, by kind of archive.
pub(crate) enum Backend {
    Folder(folder::Folder),
    Dimse(dimse::Dimse),
    DicomWeb(dicom_web::DicomWeb),
}

impl Archive {
    /// An archive as configured; nothing is connected yet. A folder's files are inspected in this process and its index
    /// is kept in memory; a worker gives [`Archive::open`] its inspector and a place for the index instead.
    ///
    /// # Errors
    /// [`ArchiveError::Configuration`] when an AE title, URL or secret file cannot be used.
    pub fn new(config: ArchiveConfig) -> Result<Archive, ArchiveError> {
        Archive::open(config, Arc::new(InProcess), None)
    }

    /// As [`Archive::new`], with what inspects a folder's files and the file that remembers what it found.
    ///
    /// # Errors
    /// As [`Archive::new`].
    pub fn open(
        config: ArchiveConfig,
        inspector: Arc<dyn Inspector>,
        index_file: Option<PathBuf>,
    ) -> Result<Archive, ArchiveError> {
        let name = config.name;
        let backend = match config.kind {
            ArchiveKind::Folder { path } => Backend::Folder(folder::Folder::new(path, inspector, index_file)),
            ArchiveKind::Dimse(dimse) => Backend::Dimse(dimse::Dimse::new(dimse)?),
            ArchiveKind::DicomWeb(web) => Backend::DicomWeb(dicom_web::DicomWeb::new(web)?),
        };
        Ok(Archive { name, backend: Arc::new(backend), gates: Gates::default() })
    }

    /// The same archive with one gate taken away: for the tests that show that each is needed.
    #[doc(hidden)]
    #[must_use]
    pub fn without_gate(self, gate: Gate) -> Archive {
        Archive { gates: Gates::all_but(gate), ..self }
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is there and what it offers us, in words for whoever sets it up.
    ///
    /// # Errors
    /// When it is not there, or does not talk to us.
    pub async fn echo(&self) -> Result<EchoReport, ArchiveError> {
        match self.backend.as_ref() {
            Backend::Folder(folder) => folder.echo(&self.name).await,
            Backend::Dimse(dimse) => dimse.echo(&self.name).await,
            Backend::DicomWeb(web) => web.echo(&self.name).await,
        }
    }

    /// The patient's studies, newest first.
    ///
    /// # Errors
    /// A key that is not exact, an identifier of several issuers, or a failure of the archive.
    pub async fn find(&self, patient: &PatientKey) -> Result<Vec<StudyListing>, ArchiveError> {
        patient.check()?;
        let answers = self.backend.studies(Some(patient), None).await?;
        let mut studies = find::studies_of(&self.name, patient, &answers, self.gates)?;
        let uids: Vec<&str> = studies.iter().map(|study| study.study_uid.as_str()).collect();
        let series = self.backend.series(&uids).await?;
        studies.iter_mut().for_each(|study| study.learn(&series));
        Ok(studies)
    }

    /// What is in one of the patient's studies, instance by instance.
    ///
    /// # Errors
    /// As [`Archive::find`]; and when the study is not this patient's, or has no instances.
    pub async fn list(&self, patient: &PatientKey, study_uid: &str) -> Result<Vec<InstanceListing>, ArchiveError> {
        patient.check()?;
        find::check_uid(study_uid)?;
        let answers = self.backend.studies(Some(patient), Some(study_uid)).await?;
        let studies = find::studies_of(&self.name, patient, &answers, self.gates)?;
        let Some(study) = studies.iter().find(|study| study.study_uid == study_uid) else {
            return Err(self.not_listed(study_uid).await?);
        };
        let listed = self.backend.instances(study_uid, study.n_instances).await?;
        if listed.is_empty() {
            return Err(ArchiveError::StudyEmpty { study_uid: study_uid.to_owned() });
        }
        Ok(listed)
    }

    /// Asks again, before a disc is made, what is in a study, and compares it with what was listed when it was fetched
    /// (W7): nothing may have been added (a rejection note is an instance too), taken away, or given to another patient.
    ///
    /// # Errors
    /// [`ArchiveError::StudyChanged`], [`ArchiveError::PatientChanged`]; and as [`Archive::list`].
    pub async fn confirm(
        &self,
        patient: &PatientKey,
        study_uid: &str,
        listed: &[InstanceListing],
    ) -> Result<(), ArchiveError> {
        if !self.gates.hold(Gate::W7) {
            return Ok(());
        }
        find::unchanged(study_uid, listed, &self.list(patient, study_uid).await?)
    }

    /// Asks again, when a study is fetched, whether the archive still describes it as when it was found and ticked:
    /// `found` are its numbers of series and instances then. They are compared with what the same archive says now, not
    /// believed.
    ///
    /// # Errors
    /// [`ArchiveError::StudyChanged`], [`ArchiveError::PatientChanged`]; and as [`Archive::find`].
    pub async fn confirm_found(
        &self,
        patient: &PatientKey,
        study_uid: &str,
        found: (u32, u32),
    ) -> Result<(), ArchiveError> {
        patient.check()?;
        find::check_uid(study_uid)?;
        let answers = self.backend.studies(Some(patient), Some(study_uid)).await?;
        let studies = find::studies_of(&self.name, patient, &answers, self.gates)?;
        let Some(now) = studies.iter().find(|study| study.study_uid == study_uid) else {
            return Err(self.not_listed(study_uid).await?);
        };
        if !self.gates.hold(Gate::W7) || found == (now.n_series, now.n_instances) {
            return Ok(());
        }
        let what = format!(
            "it had {} series and {} instances when it was found, and has {} and {} now",
            found.0, found.1, now.n_series, now.n_instances
        );
        Err(ArchiveError::StudyChanged { study_uid: study_uid.to_owned(), what })
    }

    /// Why a study is not among the patient's: it is filed under somebody else's identifier, or nowhere.
    async fn not_listed(&self, study_uid: &str) -> Result<ArchiveError, ArchiveError> {
        let study_uid = study_uid.to_owned();
        let anybodys = self.backend.studies(None, Some(&study_uid)).await?;
        Ok(match find::has_study(&anybodys, &study_uid) {
            true => ArchiveError::PatientChanged { study_uid },
            false => ArchiveError::StudyNotListed { study_uid },
        })
    }

    /// Brings one of the patient's studies into the folder `into`, complete. `progress` is told several times a second;
    /// `Break` cancels at once. What had arrived by then stays in the folder, for the caller to wipe, or to fetch into again:
    /// listed objects that lie complete in the folder are not brought a second time.
    ///
    /// # Errors
    /// As [`Archive::list`]; and when instances are missing in the end, contradict the list or each other, or cannot be
    /// written.
    pub async fn fetch(
        &self,
        patient: &PatientKey,
        study_uid: &str,
        into: &Path,
        progress: &(dyn Fn(FetchProgress) -> ControlFlow<()> + Sync),
    ) -> Result<Fetched, ArchiveError> {
        self.bring(study_uid, self.list(patient, study_uid), into, progress).await
    }

    /// As [`Archive::fetch`], with a list asked for elsewhere, such as ahead ([`Archive::listings`]). An archive that sends a
    /// study on its UID alone is asked for it at once; of what came, nothing stays that is not on the list.
    ///
    /// # Errors
    /// As [`Archive::fetch`].
    pub async fn bring(
        &self,
        study_uid: &str,
        listed: impl Future<Output = Result<Vec<InstanceListing>, ArchiveError>>,
        into: &Path,
        progress: &(dyn Fn(FetchProgress) -> ControlFlow<()> + Sync),
    ) -> Result<Fetched, ArchiveError> {
        fetch::fetch((self.backend.clone(), self.gates), study_uid, listed, into, progress).await
    }

    /// Brings a study by its UID alone, whoever's it is: for the administrator's command line, never for an application.
    ///
    /// # Errors
    /// As [`Archive::fetch`], but for whose the study is.
    pub async fn fetch_whosever(
        &self,
        study_uid: &str,
        into: &Path,
        progress: &(dyn Fn(FetchProgress) -> ControlFlow<()> + Sync),
    ) -> Result<Fetched, ArchiveError> {
        find::check_uid(study_uid)?;
        let listed = self.backend.instances(study_uid, 0).await?;
        if listed.is_empty() {
            return Err(ArchiveError::StudyNotListed { study_uid: study_uid.to_owned() });
        }
        self.bring(study_uid, std::future::ready(Ok(listed)), into, progress).await
    }
}

impl Backend {
    /// Whether a study can be asked for by its UID alone. Over DIMSE the classes of its instances are negotiated first.
    fn sends_unlisted(&self) -> bool {
        match self {
            Backend::DicomWeb(_) => true,
            Backend::Folder(_) | Backend::Dimse(_) => false,
        }
    }

    /// Of a patient, or (for a study that is not where it was) one study whosever it is.
    async fn studies(
        &self,
        patient: Option<&PatientKey>,
        study_uid: Option<&str>,
    ) -> Result<Vec<find::Answer>, ArchiveError> {
        match self {
            Backend::Folder(folder) => folder.studies(patient, study_uid).await,
            Backend::Dimse(dimse) => dimse.studies(patient, study_uid).await,
            Backend::DicomWeb(web) => web.studies(patient, study_uid).await,
        }
    }

    /// What the series of these studies say, each answer with its study; a folder has said it of the study.
    async fn series(&self, studies: &[&str]) -> Result<Vec<find::Answer>, ArchiveError> {
        match self {
            Backend::Folder(_) => Ok(Vec::new()),
            Backend::Dimse(dimse) => dimse.series(studies).await,
            Backend::DicomWeb(web) => web.series(studies).await,
        }
    }

    /// `n_told` is how many the archive says there are; 0: unknown.
    async fn instances(&self, study_uid: &str, n_told: u32) -> Result<Vec<InstanceListing>, ArchiveError> {
        match self {
            Backend::Folder(folder) => folder.instances(study_uid).await,
            Backend::Dimse(dimse) => dimse.instances(study_uid).await,
            Backend::DicomWeb(web) => web.instances(study_uid, n_told).await,
        }
    }

    async fn retrieve(
        &self,
        study_uid: &str,
        missing: &[InstanceListing],
        ask: fetch::Ask,
        spool: &spool::Spool,
    ) -> Result<(), ArchiveError> {
        match self {
            Backend::Folder(folder) => folder.retrieve(study_uid, missing, spool).await,
            Backend::Dimse(dimse) => dimse.retrieve(study_uid, missing, ask, spool).await,
            Backend::DicomWeb(web) => web.retrieve(study_uid, missing, ask, spool).await,
        }
    }
}
