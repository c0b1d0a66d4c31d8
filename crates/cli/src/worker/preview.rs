//! The preview job: a first picture of one study for the clerk.

use crate::worker::beat::Pulse;
use crate::worker::find::{patient_key, verified};
use crate::worker::stopped::{Stopped, failed};
use crate::worker::{Worker, blocking};
use filmdesk_desk::WhoCanFix;
use filmdesk_instance::Source;
use filmdesk_store::Job;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Longer side of the picture, pixels.
const MAX_SIDE: u32 = 640;

impl Worker {
    /// Fetches the study into the spool, where weighing finds it again, and renders the middle of it as the blob
    /// `preview/APPLICATION-DIGEST.jpg`.
    pub(super) async fn preview(&self, job: &Job, study_uid: &str, pulse: &Pulse) -> Result<(), Stopped> {
        let application = self.application(job).await?;
        let verified = verified(&application)?;
        let listed = verified.found.iter().flat_map(|found| &found.studies);
        let study = listed.into_iter().find(|study| study.study_uid == study_uid).ok_or(Stopped::Nothing)?;
        let key = patient_key(&verified.patient);
        let mut listings = self.archive(&study.archive)?.listings(&key, std::slice::from_ref(&study.study_uid));
        let fetched = self.fetch_study(application.id, study, &mut listings, pulse, Default::default()).await?;
        let sources: Vec<Source> = fetched.received.iter().map(|r| Source::file(r.path.clone())).collect();
        let inspector = Arc::clone(&self.inspector);
        let picture = blocking(move || {
            let half = sources.len() / 2;
            let (before, after) = sources.split_at(half);
            let from_middle = after.iter().chain(before.iter().rev());
            from_middle.take(8).find_map(|source| inspector.preview(source, 0, MAX_SIDE).ok())
        });
        let picture = picture.await.ok_or_else(|| {
            let what = "None of the study's objects can be shown as a picture.";
            failed("no-picture", WhoCanFix::Clerk, what, "Go by the description, date and number of images.", false)
        })?;
        self.store.blobs().put_bytes(&preview_key(application.id.0, study_uid), picture).await?;
        self.store.finish_job(&job.lease).await.map_err(|_| Stopped::Lost)
    }
}

/// The blob of a study's picture.
fn preview_key(application: i64, study_uid: &str) -> String {
    format!("preview/{application}-{}.jpg", &hex::encode(Sha256::digest(study_uid))[..16])
}
