//! Somebody who plays the worker through the store's own doors: finds three synthetic studies, weighs them as one disc,
//! makes a disc image of a few bytes.

use super::TestDesk;
use filmdesk_desk::{
    Application, Clock, FinishedDisc, Found, FoundStudy, PlannedDiscSummary, Private, Quote, StallReason, State,
    Weighing, WhoCanFix,
};
use filmdesk_policy::{RecordKindId, Rules, WeighedGoods, answer};
use filmdesk_store::{Actor, AuditEntry, Change, Job, JobKind, Lane, NewJob, Store};
use jiff::civil::date;
use std::path::Path;
use std::sync::Arc;

/// The volume that is planned and made.
pub const VOLUME: &str = "FDTEST01";
/// The code on its label.
pub const CODE: &str = "K7M2P9QX";
/// Its content.
pub const IMAGE: &[u8] = b"synthetic disc image\n";

/// Everything the worker has.
#[derive(Clone)]
pub struct Worker {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub rules: Arc<Rules>,
    pub folder: std::path::PathBuf,
}

impl TestDesk {
    pub fn worker(&self) -> Worker {
        let folder = self.folder.path().to_owned();
        Worker { store: self.store.clone(), clock: self.clock.clone(), rules: self.rules.clone(), folder }
    }
}

impl Worker {
    /// Does every job there is; how many.
    pub async fn work(&self) -> usize {
        let mut done = 0;
        for lane in [Lane::Quick, Lane::Making] {
            while let Some(job) = self.store.claim(lane, "test-worker").await.expect("a store") {
                self.one(&job).await;
                done += 1;
            }
        }
        done
    }

    pub async fn one(&self, job: &Job) {
        match &job.kind {
            JobKind::Find => self.find(job).await,
            JobKind::Weigh => self.weigh(job).await,
            JobKind::Make { parcel } => self.make(job, *parcel).await,
            JobKind::Preview { .. } | JobKind::Wipe => self.store.finish_job(&job.lease).await.expect("a lease"),
        }
    }

    fn entry(&self, action: &str) -> AuditEntry {
        AuditEntry::new(self.clock.now(), Actor::Worker("test-worker".into()), action)
    }

    async fn find(&self, job: &Job) {
        let found = Found { at: self.clock.now(), studies: studies() };
        let entry = self.entry("find");
        let change =
            self.store.change(job.application, None, |a, _| Ok(Change::new(a.found(found)?, entry).finish(&job.lease)));
        change.await.expect("found");
    }

    async fn weigh(&self, job: &Job) {
        let application = self.store.application(job.application).await.expect("a store").expect("an application");
        let (weighing, quote) = self.goods(&application);
        let entry = self.entry("weigh");
        let change = self
            .store
            .change(job.application, None, |a, _| Ok(Change::new(a.weigh(weighing, quote)?, entry).finish(&job.lease)));
        change.await.expect("weighed");
    }

    fn goods(&self, application: &Application) -> (Weighing, Quote) {
        let State::Verified(verified) = &application.state else { panic!("not verified") };
        let zone = jiff::tz::TimeZone::get("Asia/Taipei").expect("a zone");
        let local = self.clock.now().to_zoned(zone).datetime();
        let mut situation = verified.submitted.request.situation.clone();
        situation.at = local;
        situation.weighed = Some(WeighedGoods { discs: 1, making_minutes: 3 });
        let answer = answer(&self.rules, &self.rules_overlay(), &situation);
        let weighing = Weighing {
            at: self.clock.now(),
            discs: vec![PlannedDiscSummary { volume_id: VOLUME.into(), n_instances: 152, size_bytes: 81_000_000 }],
            n_instances: 152,
            left_out: Vec::new(),
            goods_hash: "00".repeat(32),
            worker: "test-worker".into(),
            medium: None,
            other_names: Some(Vec::new()),
        };
        let expires = local.checked_add(jiff::Span::new().days(7)).expect("a moment");
        (weighing, Quote { answer, at: self.clock.now(), expires })
    }

    fn rules_overlay(&self) -> filmdesk_policy::Overlay {
        filmdesk_policy::Overlay::default()
    }

    async fn make(&self, job: &Job, parcel: filmdesk_desk::ParcelId) {
        let at = self.clock.now();
        let entry = self.entry("start");
        let start = self.store.change(job.application, None, |a, _| Ok(Change::new(a.start(parcel, at)?, entry)));
        start.await.expect("started");
        let file = self.folder.join(format!("{VOLUME}.iso"));
        std::fs::write(&file, IMAGE).expect("a file");
        let blob = format!("disc/{VOLUME}-{}.iso", parcel.0);
        self.store.blobs().put_file(&blob, Path::new(&file)).await.expect("a blob");
        let discs = vec![FinishedDisc {
            volume_id: if parcel.0 == 1 { VOLUME.into() } else { format!("FDTEST0{}", parcel.0) },
            file_set_uid: "2.25.1".into(),
            number: 1,
            of: 1,
            code: if parcel.0 == 1 { CODE.into() } else { format!("{}{}", &CODE[..7], parcel.0) },
            size_bytes: IMAGE.len() as u64,
            sha256: "00".repeat(32),
            n_instances: 152,
            web: Some(true),
            made: Some(at),
            blob,
        }];
        let entry = self.entry("finish");
        let change = self.store.change(job.application, None, |a, _| {
            Ok(Change::new(a.finish(parcel, discs, at)?, entry).finish(&job.lease))
        });
        change.await.expect("finished");
    }

    /// Stalls the next quick job instead of doing it.
    pub async fn stall(&self, code: &str) {
        let job = self.store.claim(Lane::Quick, "test-worker").await.expect("a store").expect("a job");
        let reason = StallReason {
            code: code.into(),
            what: "no answer from PACS-TEST:11112".into(),
            next: "check the connection".into(),
            who: WhoCanFix::ArchiveAdministrator,
        };
        let (entry, at) = (self.entry("stall"), self.clock.now());
        let change = self
            .store
            .change(job.application, None, |a, _| Ok(Change::new(a.stall(reason, at)?, entry).finish(&job.lease)));
        change.await.expect("stalled");
    }
}

/// Nothing here is anybody's.
pub fn studies() -> Vec<FoundStudy> {
    let study = |n: u32, day, modality: &str, description: &str, kind: Option<&str>, instances| FoundStudy {
        archive: "sample".into(),
        study_uid: format!("2.25.100{n}"),
        date: Some(day),
        time: "09:30".into(),
        modalities: vec![modality.into()],
        description: Private::new(description),
        body_part: None,
        station: None,
        department: None,
        accession: Private::new(format!("TEST{n:04}")),
        patient_name: Private::new("TEST^ONE=王測試"),
        name_as_read: None,
        description_as_read: None,
        n_series: 2,
        n_instances: instances,
        size_bytes: Some(u64::from(instances) * 527_000),
        kind: kind.map(|kind| RecordKindId(kind.into())),
    };
    vec![
        study(1, date(2026, 11, 3), "CT", "胸部電腦斷層 Chest CT", Some("ct"), 150),
        study(2, date(2026, 10, 20), "DX", "Chest PA", Some("general-x-ray"), 2),
        study(3, date(2026, 3, 9), "OT", "Unnamed examination", None, 1),
    ]
}

/// A job with nothing behind it, so that a page shows it waiting.
pub fn idle() -> NewJob {
    NewJob::new(JobKind::Find)
}
