//! Lists of a patient's studies, asked for while other studies are still being brought.

use crate::error::ArchiveError;
use crate::find::{InstanceListing, PatientKey};
use crate::{Archive, Backend};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

type Listed = Result<Vec<InstanceListing>, ArchiveError>;

/// The lists of several studies of one patient, each handed out once. Dropped, it asks for nothing more.
pub struct Listings {
    archive: Archive,
    patient: PatientKey,
    asked: JoinSet<(String, Listed)>,
    come: BTreeMap<String, Vec<InstanceListing>>,
}

impl Archive {
    /// The lists of `studies`, in the order in which they will be wanted: asked for ahead, where the archive allows it.
    pub fn listings(&self, patient: &PatientKey, studies: &[String]) -> Listings {
        let mut asked = JoinSet::new();
        let at_a_time = self.backend.lists_ahead();
        if at_a_time > 0 {
            let turn = Arc::new(Semaphore::new(at_a_time));
            for study_uid in studies.iter().cloned() {
                let (archive, patient, turn) = (self.clone(), patient.clone(), turn.clone());
                asked.spawn(async move {
                    let _turn = turn.acquire_owned().await;
                    let listed = archive.list(&patient, &study_uid).await;
                    (study_uid, listed)
                });
            }
        }
        Listings { archive: self.clone(), patient: patient.clone(), asked, come: BTreeMap::new() }
    }
}

impl Backend {
    /// Lists that may be asked for at a time while a study comes. A server of DICOMweb composes a list nearly as long as it
    /// sends the study (half a millisecond an instance), so two; over DIMSE a list is one more association, so one where the
    /// archive takes several at all.
    fn lists_ahead(&self) -> usize {
        match self {
            Backend::DicomWeb(_) => 2,
            Backend::Dimse(dimse) => usize::from(dimse.takes_several_associations()),
            Backend::Folder(_) => 0,
        }
    }
}

impl Listings {
    /// What is in a study, instance by instance.
    ///
    /// # Errors
    /// As [`Archive::list`].
    pub async fn of(&mut self, study_uid: &str) -> Listed {
        loop {
            if let Some(listed) = self.come.remove(study_uid) {
                return Ok(listed);
            }
            match self.asked.join_next().await {
                Some(Ok((study_uid, Ok(listed)))) => drop(self.come.insert(study_uid, listed)),
                // Asked too much at a time, it may have refused: it is asked again when the list is wanted.
                Some(Ok((_, Err(_)))) => {}
                Some(Err(panic)) => return Err(ArchiveError::Spool(io::Error::other(panic))),
                None => return self.archive.list(&self.patient, study_uid).await,
            }
        }
    }
}
