//! The make job: one parcel's discs, each proven by reading it back, into the store's blobs.

use crate::worker::beat::Pulse;
use crate::worker::fetch::source_changed;
use crate::worker::stopped::{Stopped, disk_full, failed, spool_failed};
use crate::worker::weigh::{Medium, fresh, goods_file};
use crate::worker::{Worker, blocking, parcel_state};
use filmdesk_desk::{Application, FinishedDisc, Order, Paid, ParcelId, ParcelState, State, WhoCanFix};
use filmdesk_desk::{PlannedDiscSummary, WeighedMedium};
use filmdesk_production::{DiscFacts, ExpectedPatient, Goods, MadeDisc, PlanOptions, make_disc, plan};
use filmdesk_store::{Change, Job, StoreError};
use jiff::{Timestamp, Zoned};
use std::path::PathBuf;
use std::sync::Arc;

/// Whether the parcel waits for this job.
pub(super) fn is_under_way(application: &Application, parcel: ParcelId) -> bool {
    matches!(parcel_state(application, parcel), Some(ParcelState::InProduction { .. }))
}

impl Worker {
    pub(super) async fn make(&self, job: &Job, parcel: ParcelId, pulse: &Pulse) -> Result<(), Stopped> {
        let application = self.start(job, parcel).await?;
        let State::Paid(paid) = &application.state else { return Err(Stopped::Nothing) };
        let studies = application.parcel(parcel).map(|p| p.studies.clone()).unwrap_or_default();
        let order = paid.weighed.verified.order.as_ref().ok_or(Stopped::Nothing)?;
        let medium = self.medium()?;
        let remake = application.parcel(parcel).is_some_and(|p| p.remake_of.is_some());
        if let Some(planned_for) = &paid.weighed.weighing.medium {
            let check = if remake { check_remake } else { check_medium };
            check(planned_for, &medium.weighed())?;
        }
        // A part of what was ordered was not planned by itself.
        let planned = (!remake && studies.len() == order.studies.len()).then(|| paid.weighed.weighing.discs.clone());
        self.check_unchanged(application.id, order, &studies, pulse).await?;
        let goods = self.weighed_goods(&application, paid, order, &medium, pulse).await?;
        let goods = of_studies(&goods, &studies);
        let number = application.number.compact();
        // The first parcel's discs are the ones that were planned when the price was made.
        let prefix = if parcel.0 == 1 { number.to_owned() } else { format!("{number}P{}", parcel.0) };
        let folder = self.spool.folder(application.id).join(format!("made-{}", parcel.0));
        let made_at = self.clock.now();
        let to_make = ToMake { made_at, goods, options: self.plan_options(prefix, &medium), planned };
        let made = self.discs(paid, to_make, folder.clone(), pulse).await?;
        let mut discs = Vec::new();
        for disc in made {
            let blob = format!("disc/{}.iso", disc.volume_id);
            pulse.check()?;
            self.store.blobs().put_file(&blob, &disc.path).await.map_err(store_failed)?;
            discs.push(finished(disc, made_at, blob));
        }
        let (at, n) = (self.clock.now(), discs.len());
        let entry = self.entry("finish").detail(format!("parcel {}: {n} discs", parcel.0));
        let change = |application: Application, _: &mut _| {
            Ok(Change::new(application.finish(parcel, discs, at)?, entry).finish(&job.lease))
        };
        self.store.change(job.application, None, change).await?;
        // The sweep removes the rest once every parcel is made.
        blocking(move || std::fs::remove_dir_all(folder)).await.map_err(|e| spool_failed("The made images' folder", &e))
    }

    /// Waiting → InProduction; one that was taken up before stays so.
    async fn start(&self, job: &Job, parcel: ParcelId) -> Result<Application, Stopped> {
        let application = self.application(job).await?;
        if is_under_way(&application, parcel) {
            return Ok(application);
        }
        let (at, entry) = (self.clock.now(), self.entry("start").detail(format!("parcel {}", parcel.0)));
        let change = |application: Application, _: &mut _| Ok(Change::new(application.start(parcel, at)?, entry));
        Ok(self.store.change(job.application, None, change).await?)
    }

    /// The goods that were priced: as the spool has them, or fetched again, and then the same to the last byte.
    async fn weighed_goods(
        &self,
        application: &Application,
        paid: &Paid,
        order: &Order,
        medium: &Medium,
        pulse: &Pulse,
    ) -> Result<Arc<Goods>, Stopped> {
        let wanted = &paid.weighed.weighing.goods_hash;
        let list = goods_file(self.spool.folder(application.id));
        // A list that is not there or not whole means: gather again.
        if let Ok(goods) = blocking(move || Goods::load(&list)).await
            && goods.hash() == *wanted
            && goods.goods.iter().all(|good| good.source.path.is_file())
        {
            return Ok(Arc::new(goods));
        }
        let goods = self.gather_order(application.id, order, medium, pulse).await?;
        if goods.hash() != *wanted {
            return Err(source_changed("The archive has other images now than when the order was weighed and paid."));
        }
        Ok(goods)
    }

    async fn discs(
        &self,
        paid: &Paid,
        ToMake { made_at, goods, options, planned }: ToMake,
        folder: PathBuf,
        pulse: &Pulse,
    ) -> Result<Vec<MadeDisc>, Stopped> {
        let patient = paid.weighed.verified.order.as_ref().map(|order| ExpectedPatient::from(&order.patient));
        let created_at = made_at.to_zoned(self.zone.clone());
        let (inspector, journal) = (Arc::clone(&self.inspector), pulse.clone());
        let room: u64 = goods.goods.iter().map(|good| good.file_len()).sum();
        self.spool.room_for(room)?;
        let made = blocking(move || {
            fresh(&folder).map_err(|e| spool_failed("The folder of the images could not be prepared", &e))?;
            let plan = plan(&goods, &options)?;
            if let Some(planned) = planned {
                check_plan(&planned, &plan.summary())?;
            }
            let make = |number: u32| {
                let facts = facts(created_at.clone(), patient.clone());
                make_disc(&plan, number, &facts, &folder, inspector.as_ref(), &journal)
            };
            plan.discs.iter().map(|disc| Ok(make(disc.number)?)).collect::<Result<Vec<_>, Stopped>>()
        })
        .await;
        made.map_err(|stopped| pulse.check().err().unwrap_or(stopped))
    }
}

/// What discs are made of, and how.
struct ToMake {
    /// What its pages, its image and its label say.
    made_at: Timestamp,
    goods: Goods,
    options: PlanOptions,
    /// The discs the fee was asked for; `None` where nobody planned and paid for just these.
    planned: Option<Vec<PlannedDiscSummary>>,
}

/// The plan that set the fee is the plan that is made, to the sector.
fn check_plan(planned: &[PlannedDiscSummary], now: &[PlannedDiscSummary]) -> Result<(), Stopped> {
    if planned == now {
        return Ok(());
    }
    let told = |discs: &[PlannedDiscSummary]| {
        let each = discs.iter().map(|d| format!("{}: {} objects, {} bytes", d.volume_id, d.n_instances, d.size_bytes));
        format!("{} discs ({})", discs.len(), each.collect::<Vec<_>>().join("; "))
    };
    let what = format!("Planned and paid for: {}. It would be now: {}.", told(planned), told(now));
    let next = "Put back what the discs hold beside the images ([worker] web_pages and viewer, the hospital's name and \
                telephone, this program's version) and try again; or refund, and weigh it anew.";
    Err(failed("plan-changed", WhoCanFix::Operator, what, next, false))
}

/// The discs that were paid for are the discs that were planned: another type of disc is another plan.
fn check_medium(planned_for: &WeighedMedium, now: &WeighedMedium) -> Result<(), Stopped> {
    if planned_for == now {
        return Ok(());
    }
    let told = |m: &WeighedMedium| format!("{} ({}, {} sectors)", m.disc_type, m.profile, m.capacity_sectors);
    let what =
        format!("It was weighed and paid for discs of type {}; the rules issue {} now.", told(planned_for), told(now));
    let next = "Put the disc type back in hospital.toml and try again; or refund, and weigh it anew.";
    Err(failed("disc-type-changed", WhoCanFix::Operator, what, next, false))
}

/// A remake costs nothing and may come on another disc; but its images were prepared for a profile, and another takes others.
fn check_remake(planned_for: &WeighedMedium, now: &WeighedMedium) -> Result<(), Stopped> {
    if planned_for.profile == now.profile {
        return Ok(());
    }
    let what = format!(
        "The images were checked and prepared for the profile {}; the rules issue discs of {} now.",
        planned_for.profile, now.profile
    );
    let next = "Put a disc type of that profile back in hospital.toml and try again; or have it applied for anew.";
    Err(failed("remake-other-profile", WhoCanFix::Operator, what, next, false))
}

/// A full disk under the store is a person's work, anything else may pass.
fn store_failed(error: StoreError) -> Stopped {
    if let StoreError::File { source, .. } = &error
        && source.kind() == std::io::ErrorKind::StorageFull
    {
        return disk_full("The disk is full: the finished image could not be kept. Nothing incomplete was kept.");
    }
    error.into()
}

fn facts(created_at: Zoned, expected: Option<ExpectedPatient>) -> DiscFacts {
    // The characters of an application number: none of them is mistaken for another on a label.
    const CHARACTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut code: String = (0..8).map(|_| CHARACTERS[rand::random_range(0..32)] as char).collect();
    code.insert(4, '-');
    DiscFacts { created_at, code, expected }
}

/// The part of the goods that is of these studies; all of them, when the parcel is all there is.
fn of_studies(goods: &Goods, studies: &[String]) -> Goods {
    let mut part = Goods { left_out: goods.left_out.clone(), ..Goods::default() };
    let mut moved = std::collections::HashMap::new();
    for (at, good) in goods.goods.iter().enumerate() {
        if studies.iter().any(|study| good.header.study_uid == study.as_str()) {
            moved.insert(at, part.goods.len());
            part.goods.push(good.clone());
        }
    }
    for picture in &goods.pictures {
        if let Some(good) = moved.get(&picture.good) {
            part.pictures.push(filmdesk_production::Picture { good: *good, ..picture.clone() });
        }
    }
    part
}

fn finished(disc: MadeDisc, made_at: Timestamp, blob: String) -> FinishedDisc {
    FinishedDisc {
        volume_id: disc.volume_id,
        file_set_uid: disc.file_set_uid,
        number: disc.number,
        of: disc.of,
        code: disc.code,
        size_bytes: disc.size_bytes,
        sha256: disc.sha256,
        n_instances: disc.n_instances,
        web: Some(disc.web),
        made: Some(made_at),
        blob,
    }
}
