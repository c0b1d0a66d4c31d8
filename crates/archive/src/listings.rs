//! Lists of a patient's studies, asked for while other studies are still being brought.

use crate::error::ArchiveError;
use crate::find::{InstanceListing, PatientKey};
use crate::{Archive, Backend};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Lists asked for at a time. A server of DICOMweb composes a list nearly as long as it sends the study (half a
/// millisecond an instance), so a second one is asked for while the first study comes; more would only slow both.
const AT_A_TIME: usize = 2;

type Listed = Result<Vec<InstanceListing>, ArchiveError>;

/// The lists of several studies of one patient, each handed out once. Dropped, it asks for nothing more.
pub struct Listings {
    archive: Archive,
    patient: PatientKey,
    asked: JoinSet<(String, Listed)>,
    come: BTreeMap<String, Listed>,
}

impl Archive {
    /// The lists of `studies`, in the order in which they will be wanted. An archive whose lists cost it much is asked
    /// ahead; the others (over DIMSE each list would be one more association) when a list is wanted.
    pub fn listings(&self, patient: &PatientKey, studies: &[String]) -> Listings {
        let mut asked = JoinSet::new();
        if let Backend::DicomWeb(_) = self.backend.as_ref() {
            let turn = Arc::new(Semaphore::new(AT_A_TIME));
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

impl Listings {
    /// What is in a study, instance by instance.
    ///
    /// # Errors
    /// As [`Archive::list`].
    pub async fn of(&mut self, study_uid: &str) -> Listed {
        loop {
            if let Some(listed) = self.come.remove(study_uid) {
                return listed;
            }
            match self.asked.join_next().await {
                Some(Ok((study_uid, listed))) => self.come.insert(study_uid, listed),
                Some(Err(panic)) => return Err(ArchiveError::Spool(io::Error::other(panic))),
                None => return self.archive.list(&self.patient, study_uid).await,
            };
        }
    }
}
