//! The weigh job: fetch exactly the ticked studies, check that they are complete and this patient's, plan the discs, and
//! ask the rules for the exact price.

use crate::worker::beat::Pulse;
use crate::worker::find::verified;
use crate::worker::stopped::{Stopped, failed, spool_failed};
use crate::worker::{Worker, blocking};
use filmdesk_archive::Fetched;
use filmdesk_desk::{
    Application, ApplicationId, Order, Quote, StudyNames, TickedStudy, Verified, WeighedMedium, Weighing, WhoCanFix,
};
use filmdesk_fileset::MediaProfile;
use filmdesk_instance::Source;
use filmdesk_policy::{Companion, DiscTypeRule, ItemAsked, RecordKindId, Situation, WeighedGoods, answer};
use filmdesk_production::{Bilingual, DiscTexts, ExpectedPatient, GatherOptions, Goods, PlanOptions};
use filmdesk_production::{check_announced, check_complete, check_patient, gather, names, plan};
use filmdesk_store::{Change, Job};
use jiff::ToSpan;
use jiff::civil::{DateTime, time};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Worker {
    pub(super) async fn weigh(&self, job: &Job, pulse: &Pulse) -> Result<(), Stopped> {
        let application = self.application(job).await?;
        let verified = verified(&application)?;
        let order = verified.order.clone().ok_or(Stopped::Nothing)?;
        self.check_as_found(&order, pulse).await?;
        let medium = self.medium()?;
        let goods = self.gather_order(application.id, &order, &medium, pulse).await?;
        let options = self.plan_options(application.number.compact().to_owned(), &medium);
        let discs = plan(&goods, &options)?.summary();
        let weighing = Weighing {
            at: self.clock.now(),
            n_instances: goods.goods.len() as u32,
            left_out: goods.left_out.iter().filter(|left| !left.is_delivered()).map(Into::into).collect(),
            goods_hash: goods.hash(),
            worker: self.spool.worker.clone(),
            medium: Some(medium.weighed()),
            other_names: Some(StudyNames::other_than(&verified.submitted.request.patient.name, names(&goods))),
            discs,
        };
        let quote = self.quote(verified, &order, &weighing).await?;
        let detail = format!("{} instances on {} discs", weighing.n_instances, weighing.discs.len());
        let entry = self.entry("weigh").detail(detail);
        let ticked = order.clone();
        let weighed = self.store.change(job.application, None, move |application: Application, _| {
            // The order may have been amended and ticked anew while this one was fetched.
            let same = verified_order(&application).is_some_and(|order| *order == ticked);
            if !same {
                return Err(moved_on(&application));
            }
            Ok(Change::new(application.weigh(weighing, quote)?, entry).finish(&job.lease))
        });
        weighed.await?;
        Ok(())
    }

    /// Everything of an order, in the spool, read, checked, in the form the medium takes; kept beside the spool.
    pub(super) async fn gather_order(
        &self,
        id: ApplicationId,
        order: &Order,
        medium: &Medium,
        pulse: &Pulse,
    ) -> Result<Arc<Goods>, Stopped> {
        let fetched = self.fetch_order(id, order, pulse).await?;
        check_listed(&fetched)?;
        let sources: Vec<Source> =
            fetched.iter().flat_map(|f| &f.received).map(|r| Source::file(r.path.clone())).collect();
        let announced: Vec<(String, String)> = order
            .studies
            .iter()
            .zip(&fetched)
            .flat_map(|(ticked, f)| {
                f.received.iter().map(|r| (ticked.study.study_uid.clone(), r.sop_instance_uid.clone()))
            })
            .collect();
        let (profile, capacity_sectors) = (medium.profile, medium.disc.capacity_sectors);
        let previews = self.config.web_pages;
        let folder = self.spool.folder(id);
        let work = folder.join("gathered");
        let expected = ExpectedPatient::from(&order.patient);
        let (inspector, journal) = (Arc::clone(&self.inspector), pulse.clone());
        let files: Vec<PathBuf> = fetched.iter().flat_map(|f| &f.received).map(|r| r.path.clone()).collect();
        let gathered = blocking(move || {
            fresh(&work).map_err(|e| spool_failed("The working folder could not be prepared", &e))?;
            let options = GatherOptions { profile, capacity_sectors, spool: &work, previews };
            let mut goods = gather(sources, inspector.as_ref(), &options, &journal)?;
            put_away_hostile(&goods, &files, &announced, &folder)?;
            check_patient(&expected, &goods)?;
            let announced: Vec<(&str, &str)> =
                announced.iter().map(|(study, sop)| (study.as_str(), sop.as_str())).collect();
            check_announced(&announced, &goods)?;
            goods.name_left_out(&announced);
            goods.save(&goods_file(folder))?;
            Ok::<Goods, Stopped>(goods)
        })
        .await;
        match gathered {
            Ok(goods) => Ok(Arc::new(goods)),
            // The journal only knows that it is to stop; the pulse knows why.
            Err(stopped) => Err(pulse.check().err().unwrap_or(stopped)),
        }
    }

    /// The disc this hospital issues, with its profile.
    pub(super) fn medium(&self) -> Result<Medium, Stopped> {
        let disc = self.rules.get().default_disc_type().clone();
        let profile = MediaProfile::named(&disc.profile).map_err(|why| {
            let what = format!("The rules name a media profile that cannot be used: {why}.");
            failed("rules", WhoCanFix::Operator, what, "Correct the disc type in hospital.toml.", false)
        })?;
        Ok(Medium { disc, profile })
    }

    /// How discs are planned; the same when priced and when made.
    pub(super) fn plan_options(&self, volume_prefix: String, medium: &Medium) -> PlanOptions {
        let rules = self.rules.get();
        let hospital = rules.hospital();
        let both = |text: &filmdesk_policy::Text| Bilingual::new(&text.zh, &text.en);
        PlanOptions {
            volume_prefix,
            capacity_sectors: medium.disc.capacity_sectors,
            profile: medium.profile,
            web: self.config.web_pages,
            viewer: self.config.viewer,
            texts: DiscTexts {
                institution: Some(both(&hospital.name)),
                contact: vec![both(&hospital.service), Bilingual::new(&hospital.phone, &hospital.phone)],
                program: concat!("Filmdesk ", env!("CARGO_PKG_VERSION")).to_owned(),
            },
        }
    }

    async fn quote(&self, verified: &Verified, order: &Order, weighing: &Weighing) -> Result<Quote, Stopped> {
        let overlay = self.store.overlay().await?;
        let discs = weighing.discs.len() as u32;
        let making_minutes = discs.saturating_mul(self.config.making_minutes_per_disc);
        let now = self.local_now();
        let situation = weighed_situation(verified, order, now, WeighedGoods { discs, making_minutes });
        let rules = self.rules.get();
        let days = i64::from(rules.periods(now.date()).quote_days);
        let expires = now.date().saturating_add(days.days()).to_datetime(time(23, 59, 59, 0));
        Ok(Quote { answer: answer(&rules, &overlay, &situation), at: weighing.at, expires })
    }
}

/// A disc type of the rules, with its profile.
pub(super) struct Medium {
    disc: DiscTypeRule,
    profile: &'static MediaProfile,
}

impl Medium {
    /// What is kept of it with the order.
    pub(super) fn weighed(&self) -> WeighedMedium {
        WeighedMedium {
            disc_type: self.disc.id.clone(),
            capacity_sectors: self.disc.capacity_sectors,
            profile: self.disc.profile.clone(),
        }
    }
}

/// Where the list of gathered goods is kept.
pub(super) fn goods_file(folder: PathBuf) -> PathBuf {
    folder.join("goods.list")
}

/// An empty folder.
pub(super) fn fresh(folder: &std::path::Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    std::fs::create_dir_all(folder)
}

/// Codes of objects that no reader should meet again: made to exhaust or to break one, or fit to.
const HOSTILE: [&str; 6] =
    ["too-deep", "bad-length", "header-too-large", "inflates-too-large", "inspector-died", "inspector-timed-out"];

/// An object that is hostile, or looks it, goes onto no disc, and no disc is made without it as if nothing were: it is put
/// away under a name of ours, in the application's folder of the spool, and a person decides.
fn put_away_hostile(
    goods: &Goods,
    files: &[PathBuf],
    announced: &[(String, String)],
    folder: &Path,
) -> Result<(), Stopped> {
    let hostile: Vec<_> = goods.left_out.iter().filter(|left| HOSTILE.contains(&left.code.as_str())).collect();
    let Some(first) = hostile.first() else { return Ok(()) };
    let quarantine = folder.join("quarantine");
    for left in &hostile {
        let named = quarantine.join(format!("{:06}.quarantine", left.given + 1));
        fs::create_dir_all(&quarantine)
            .and_then(|()| fs::rename(&files[left.given], named))
            .map_err(|e| spool_failed("A hostile object could not be put away", &e))?;
    }
    let (study, object) = &announced[first.given];
    let what = format!(
        "The object {object} of study {study} must not be read ({}: {}); {} such objects were put away.",
        first.code,
        first.reason,
        hostile.len()
    );
    let next =
        "The archive's administrator looks at the object. Leave its study out, or try again once it is repaired.";
    Err(failed("hostile-object", WhoCanFix::ArchiveAdministrator, what, next, false))
}

fn check_listed(fetched: &[Fetched]) -> Result<(), Stopped> {
    for study in fetched {
        let listed = study.listed.iter().map(|i| i.sop_instance_uid.as_str());
        check_complete(listed, study.received.iter().map(|r| r.sop_instance_uid.as_str()))?;
    }
    Ok(())
}

fn verified_order(application: &Application) -> Option<&Order> {
    if let filmdesk_desk::State::Verified(verified) = &application.state { verified.order.as_ref() } else { None }
}

fn moved_on(application: &Application) -> filmdesk_desk::TransitionError {
    let why = filmdesk_desk::Refusal::OrderChanged;
    filmdesk_desk::TransitionError { from: application.state.name(), action: "weigh", parcel: None, why }
}

/// The form's situation with what is really copied: one item a ticked study, with what the form said of an item of its
/// kind, and the examinations left unticked as companions (A30).
fn weighed_situation(verified: &Verified, order: &Order, at: DateTime, goods: WeighedGoods) -> Situation {
    let asked = &verified.submitted.request.situation;
    let mut unused: Vec<&ItemAsked> = asked.items.iter().collect();
    let items = order.studies.iter().map(|ticked| item(ticked, &mut unused)).collect();
    let found = verified.found.iter().flat_map(|found| &found.studies);
    let unticked = found.filter(|study| !order.studies.iter().any(|ticked| ticked.study.study_uid == study.study_uid));
    let companions = unticked
        .filter_map(|study| {
            let (kind, exam_end) = (study.kind.clone()?, exam_end(study)?);
            Some(Companion { kind, exam_end, report_sent: None })
        })
        .collect();
    Situation { at, paid_at: None, items, companions, weighed: Some(goods), ..asked.clone() }
}

fn item(ticked: &TickedStudy, unused: &mut Vec<&ItemAsked>) -> ItemAsked {
    let end = exam_end(&ticked.study);
    let of_kind = |item: &&ItemAsked| item.kind == ticked.kind;
    let same_day = |item: &&ItemAsked| of_kind(item) && item.exam_end.map(|e| e.date()) == end.map(|e| e.date());
    let position = unused.iter().position(same_day).or_else(|| unused.iter().position(of_kind));
    let RecordKindId(kind) = &ticked.kind;
    let from_form = position.map_or_else(|| ItemAsked::on_disc(kind), |at| unused.remove(at).clone());
    ItemAsked { exam_end: end.or(from_form.exam_end), ..from_form }
}

fn exam_end(study: &filmdesk_desk::FoundStudy) -> Option<DateTime> {
    let hour_minute = study.time.split_once(':').and_then(|(h, m)| Some((h.parse().ok()?, m.get(..2)?.parse().ok()?)));
    let (hour, minute) = hour_minute.unwrap_or((0, 0));
    study.date.and_then(|date| DateTime::new(date.year(), date.month(), date.day(), hour, minute, 0, 0).ok())
}
