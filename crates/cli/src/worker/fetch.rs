//! Bringing the ticked studies into the spool, once: what a worker that died had brought is used again.

use crate::worker::beat::Pulse;
use crate::worker::find::patient_key;
use crate::worker::stopped::{Stopped, failed, spool_failed};
use crate::worker::{Worker, blocking};
use filmdesk_archive::{ArchiveError, Fetched, InstanceListing, Listings};
use filmdesk_desk::{ApplicationId, FoundStudy, Order, WhoCanFix};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Mutex;

/// What is assumed of an instance whose size the archive does not tell, for the quota.
const INSTANCE_BYTES: u64 = 512 * 1024;

/// How much of an order: as it came, or as the archive's counts let expect.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Amount {
    bytes: u64,
    instances: u64,
}

impl Worker {
    /// Every study of the order, complete, in the spool.
    pub(super) async fn fetch_order(
        &self,
        id: ApplicationId,
        order: &Order,
        pulse: &Pulse,
    ) -> Result<Vec<Fetched>, Stopped> {
        let studies = || order.studies.iter().map(|ticked| &ticked.study);
        let total = Amount {
            bytes: studies().map(expected_bytes).sum(),
            instances: studies().map(|study| u64::from(study.n_instances)).sum(),
        };
        self.spool.room_for(total.bytes)?;
        let mut fetched = Vec::new();
        let mut before = Amount::default();
        let key = patient_key(&order.patient);
        let mut listings = BTreeMap::new();
        for ticked in &order.studies {
            let study = &ticked.study;
            let listings = match listings.entry(study.archive.as_str()) {
                Entry::Occupied(of_archive) => of_archive.into_mut(),
                Entry::Vacant(none) => {
                    let here = order.studies.iter().filter(|other| other.study.archive == study.archive);
                    let uids: Vec<String> = here.map(|ticked| ticked.study.study_uid.clone()).collect();
                    none.insert(self.archive(&study.archive)?.listings(&key, &uids))
                }
            };
            let study = self.fetch_study(id, study, listings, pulse, (before, total)).await?;
            before.bytes += study.received.iter().map(|r| r.len).sum::<u64>();
            before.instances += study.received.len() as u64;
            fetched.push(study);
        }
        Ok(fetched)
    }

    /// Asks the archives again before anything is fetched: a study must still have the series and instances it had when it
    /// was found and ticked.
    pub(super) async fn check_as_found(&self, order: &Order, pulse: &Pulse) -> Result<(), Stopped> {
        let key = patient_key(&order.patient);
        for study in order.studies.iter().map(|ticked| &ticked.study) {
            pulse.check()?;
            let archive = self.archive(&study.archive)?;
            let found = (study.n_series, study.n_instances);
            let confirmed = pulse.or(archive.confirm_found(&key, &study.study_uid, found)).await?;
            confirmed.map_err(|error| Stopped::archive(archive.name(), error))?;
        }
        Ok(())
    }

    /// Asks the archives again before anything is made of `studies`: what was weighed and paid must be what they have now
    /// (W7). Studies that this spool does not hold are not looked at: they are fetched and compared anyway.
    pub(super) async fn check_unchanged(
        &self,
        id: ApplicationId,
        order: &Order,
        studies: &[String],
        pulse: &Pulse,
    ) -> Result<(), Stopped> {
        let key = patient_key(&order.patient);
        for study in order.studies.iter().map(|ticked| &ticked.study).filter(|s| studies.contains(&s.study_uid)) {
            pulse.check()?;
            let archive = self.archive(&study.archive)?;
            let Some(weighed) = self.spool.study(id, &study.archive, &study.study_uid).complete() else { continue };
            match pulse.or(archive.confirm(&key, &study.study_uid, &weighed.listed)).await? {
                Ok(()) => {}
                Err(
                    change @ (ArchiveError::StudyChanged { .. }
                    | ArchiveError::PatientChanged { .. }
                    | ArchiveError::StudyNotListed { .. }
                    | ArchiveError::StudyEmpty { .. }),
                ) => return Err(source_changed(format!("Archive {}: {change}.", archive.name()))),
                Err(error) => return Err(Stopped::archive(archive.name(), error)),
            }
        }
        Ok(())
    }

    /// One study of the patient whose `listings` these are; `before` was brought before it, of `total`, the whole order.
    pub(super) async fn fetch_study(
        &self,
        id: ApplicationId,
        study: &FoundStudy,
        listings: &mut Listings,
        pulse: &Pulse,
        (before, total): (Amount, Amount),
    ) -> Result<Fetched, Stopped> {
        pulse.check()?;
        let archive = self.archive(&study.archive)?;
        let place = self.spool.study(id, &study.archive, &study.study_uid);
        let named = |error: ArchiveError| Stopped::archive(archive.name(), error);
        let listing = match place.complete() {
            None => None,
            Some(here) => {
                let listed = pulse.or(listings.of(&study.study_uid)).await?.map_err(named)?;
                // What a killed worker brought counts only as long as the archive still says the same.
                if same_list(&listed, &here.listed) {
                    return Ok(here);
                }
                Some(listed)
            }
        };
        let listing = async {
            match listing {
                Some(listed) => Ok(listed),
                // Why it is to stop, the pulse knows.
                None => pulse.or(listings.of(&study.study_uid)).await.unwrap_or(Err(ArchiveError::Cancelled)),
            }
        };
        place.prepare().map_err(|e| spool_failed("The spool could not be prepared", &e))?;
        let full: Mutex<Option<Stopped>> = Mutex::new(None);
        let result = archive
            .bring(&study.study_uid, listing, &place.folder, &|progress| {
                let (bytes, n) = (before.bytes + progress.bytes, before.instances + progress.n_received);
                let of_instances = total.instances.max(before.instances + progress.n_listed).max(n);
                pulse.show("fetching", bytes, total.bytes.max(bytes), "bytes", (n, of_instances));
                if let Err(stopped) = self.spool.free_for(0) {
                    full.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert(stopped);
                    return ControlFlow::Break(());
                }
                pulse.flow()
            })
            .await;
        if let Some(stopped) = full.into_inner().unwrap_or_else(|e| e.into_inner()) {
            place.clear().map_err(|e| spool_failed("The spool could not be cleared", &e))?;
            return Err(stopped);
        }
        // The same will be asked for again: by the next try, or by the worker after this one.
        let again =
            result.as_ref().is_err_and(ArchiveError::retryable) || matches!(pulse.check(), Err(Stopped::Stopping));
        if result.is_err() && again {
            place.keep().map_err(|e| spool_failed("The spool's list could not be written", &e))?;
        }
        // Cancelled by the counter, by losing the lease, or by stopping: the pulse knows which.
        if let Err(ArchiveError::Cancelled) = &result {
            pulse.check()?;
        }
        let fetched = result.map_err(named)?;
        let marked = blocking(move || place.mark_complete(&fetched).map(|()| fetched)).await;
        marked.map_err(|e| spool_failed("The spool's list could not be written", &e))
    }
}

fn expected_bytes(study: &FoundStudy) -> u64 {
    study.size_bytes.unwrap_or(u64::from(study.n_instances).saturating_mul(INSTANCE_BYTES))
}

fn same_list(a: &[InstanceListing], b: &[InstanceListing]) -> bool {
    let uids = |list: &[InstanceListing]| list.iter().map(|i| i.sop_instance_uid.clone()).collect::<BTreeSet<_>>();
    uids(a) == uids(b)
}

/// The archive has something else than what was paid: a person decides.
pub(super) fn source_changed(what: impl Into<String>) -> Stopped {
    let next = "A supervisor compares the study with the archive's administrator: once it is as it was, try again; otherwise \
                refund, and apply anew.";
    failed("source-changed", WhoCanFix::ArchiveAdministrator, what, next, false)
}
