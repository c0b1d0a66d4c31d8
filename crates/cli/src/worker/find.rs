//! The find job: every archive is asked for exactly this patient's studies.

use crate::worker::Worker;
use crate::worker::stopped::{Stopped, failed};
use filmdesk_archive::{PatientKey, StudyListing};
use filmdesk_desk::{Application, ArchivePatient, Found, FoundStudy, Private, State, Verified, WhoCanFix};
use filmdesk_policy::Overlay;
use filmdesk_store::{Change, Job, JobKind};
use std::collections::BTreeSet;

/// Whether the application waits for this job.
pub(super) fn is_under_way(application: &Application, kind: &JobKind) -> bool {
    let State::Verified(verified) = &application.state else { return false };
    match kind {
        JobKind::Find => verified.order.is_none() && verified.found.is_none(),
        JobKind::Weigh => verified.order.is_some(),
        JobKind::Preview { .. } | JobKind::Make { .. } | JobKind::Wipe => false,
    }
}

pub(super) fn verified(application: &Application) -> Result<&Verified, Stopped> {
    if let State::Verified(verified) = &application.state { Ok(verified) } else { Err(Stopped::Nothing) }
}

pub(super) fn patient_key(patient: &ArchivePatient) -> PatientKey {
    PatientKey {
        patient_id: patient.patient_id.reveal().to_owned(),
        issuer: patient.issuer.as_ref().map(|issuer| issuer.reveal().to_owned()),
    }
}

impl Worker {
    pub(super) async fn find(&self, job: &Job) -> Result<(), Stopped> {
        let application = self.application(job).await?;
        let patient = &verified(&application)?.patient;
        if self.archives.is_empty() {
            let what = "No archive is configured.";
            return Err(failed("archive-configuration", WhoCanFix::Operator, what, "Add an [[archive]].", false));
        }
        let key = patient_key(patient);
        let overlay = self.store.overlay().await?;
        let asked = self
            .archives
            .iter()
            .map(|archive| async { archive.find(&key).await.map_err(|error| Stopped::archive(archive.name(), error)) });
        let mut studies = Vec::new();
        for listing in futures::future::try_join_all(asked).await?.into_iter().flatten() {
            check_birthday(&listing, patient)?;
            studies.push(self.found_study(listing, &overlay));
        }
        studies.sort_by(|a: &FoundStudy, b| (b.date, &b.time).cmp(&(a.date, &a.time)));
        let (at, n) = (self.clock.now(), studies.len());
        let entry = self.entry("find").detail(format!("{n} studies in {} archives", self.archives.len()));
        let found = Found { at, studies };
        let change =
            |application: Application, _: &mut _| Ok(Change::new(application.found(found)?, entry).finish(&job.lease));
        self.store.change(job.application, None, change).await?;
        Ok(())
    }

    fn found_study(&self, listing: StudyListing, overlay: &Overlay) -> FoundStudy {
        let private = |text: &filmdesk_archive::Private| Private::new(text.reveal());
        let all = |values: &BTreeSet<String>| {
            (!values.is_empty()).then(|| values.iter().map(String::as_str).collect::<Vec<_>>().join("\\"))
        };
        let mut study = FoundStudy {
            kind: None,
            description: private(&listing.description),
            body_part: all(&listing.made.body_parts),
            station: all(&listing.made.stations),
            department: all(&listing.made.departments),
            accession: private(&listing.accession),
            patient_name: private(&listing.patient_name),
            name_as_read: listing.name_as_read.as_ref().map(private),
            description_as_read: listing.description_as_read.as_ref().map(private),
            archive: listing.archive,
            study_uid: listing.study_uid,
            date: listing.date,
            time: listing.time,
            modalities: listing.modalities,
            n_series: listing.n_series,
            n_instances: listing.n_instances,
            size_bytes: listing.size_bytes,
        };
        study.kind = self.rules.get().classify(overlay, &study.facts());
        study
    }
}

/// A number typed wrongly finds somebody else's studies; they are not shown to the clerk.
fn check_birthday(listing: &StudyListing, patient: &ArchivePatient) -> Result<(), Stopped> {
    if listing.birth_date.is_none_or(|born| born == patient.born) {
        return Ok(());
    }
    let what = format!("Archive {}: the patient of this number has another birthday than the form.", listing.archive);
    let next = "Check the medical record number and the birthday with the applicant's papers.";
    Err(failed("wrong-patient", WhoCanFix::Clerk, what, next, false))
}
