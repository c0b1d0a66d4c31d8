//! The plan: which object goes on which disc, and the exact bytes of each disc before one is written.
//!
//! The plan that sets the fee is the plan that is made: [`make_disc`](crate::make_disc) lays out the same contents and
//! refuses to write anything of another size.

use crate::contents::{Contents, DiscFacts, Standing};
use crate::failure::{Failure, FailureCode};
use crate::gather::Goods;
use crate::pack::pack;
use crate::volume::{FileSystem, SECTOR, sectors};
use filmdesk_desk::{PlannedDiscSummary, WhoCanFix};
use filmdesk_fileset::MediaProfile;
use filmdesk_instance::tags;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Sectors of a disc with one object that are not that object's, at most: what no disc is without, the viewer (whether it
/// goes on or not is not known where this is asked), and an allowance for the directory, the pages without pictures, the
/// README with the longest list of what is left out, and the manifest.
pub(crate) fn sectors_beside_one(profile: &MediaProfile) -> u64 {
    const PAGES: u64 = 128;
    FileSystem::of(profile).always_sectors() + sectors(crate::pages::viewer(profile).len() as u64) + PAGES
}

/// A text in the two languages every page and paper has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bilingual {
    /// 正體中文.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Bilingual {
    /// Both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Bilingual {
        Bilingual { zh: zh.into(), en: en.into() }
    }
}

/// What the pages and the README say about who made the disc. The plan's sizes count on it: it is the same when the disc
/// is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscTexts {
    /// The institution; `None` when the disc is made outside a hospital's desk.
    pub institution: Option<Bilingual>,
    /// How to reach it: one line each.
    pub contact: Vec<Bilingual>,
    /// Name and version of the program.
    pub program: String,
}

/// How discs are planned.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// Beginning of every File-set ID: up to 12 of `A–Z 0–9 _`. The disc's number follows: `FD2345_1`.
    pub volume_prefix: String,
    /// Sectors of 2048 bytes of one medium.
    pub capacity_sectors: u64,
    /// The medium's profile.
    pub profile: &'static MediaProfile,
    /// `INDEX.HTM` and `IHE_PDI/`.
    pub web: bool,
    /// `VIEWER/`, the page with script that opens the DICOM files.
    pub viewer: bool,
    /// Who makes it.
    pub texts: DiscTexts,
}

/// One disc of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscPlan {
    /// File-set ID = Volume Identifier.
    pub volume_id: String,
    /// Disc k, from 1.
    pub number: u32,
    /// Of n.
    pub of: u32,
    /// Indices of its objects among the goods.
    pub goods: Vec<usize>,
    /// Exact bytes of its image.
    pub size_bytes: u64,
}

/// All discs of one patient's goods.
pub struct DiscSetPlan<'g> {
    /// What they are made of.
    pub goods: &'g Goods,
    /// How they were planned.
    pub options: PlanOptions,
    /// The discs.
    pub discs: Vec<DiscPlan>,
    /// Pictures are on them; they are left away when they would cost a disc.
    pub pictures: bool,
    /// No plan with fewer discs exists.
    pub proven: bool,
}

/// Plans the discs: fewest first, then studies in their order. A study is divided only when it alone exceeds a disc, then
/// between series; a series only between instances.
///
/// # Errors
/// There is nothing to deliver, or the objects cannot be one File-set.
pub fn plan<'g>(goods: &'g Goods, options: &PlanOptions) -> Result<DiscSetPlan<'g>, Failure> {
    if goods.goods.is_empty() {
        return Err(Failure::new(
            FailureCode::NothingToDeliver,
            WhoCanFix::Clerk,
            "None of the objects can be put on this medium.",
            "Look at the reasons listed for each object; choose other studies or another medium.",
        ));
    }
    let want = options.web && !goods.pictures.is_empty();
    let with = Planner { goods, options, pictures: want }.plan();
    if !want || with.as_ref().is_ok_and(|with| with.discs.len() == 1) {
        return with;
    }
    // Pictures are a courtesy: they must not cost anybody a disc, and where they have no room they fail no order.
    let without = Planner { goods, options, pictures: false }.plan()?;
    Ok(with.ok().filter(|with| with.discs.len() <= without.discs.len()).unwrap_or(without))
}

impl DiscSetPlan<'_> {
    /// What a desk keeps of the plan.
    pub fn summary(&self) -> Vec<PlannedDiscSummary> {
        let disc = |disc: &DiscPlan| PlannedDiscSummary {
            volume_id: disc.volume_id.clone(),
            n_instances: disc.goods.len() as u32,
            size_bytes: disc.size_bytes,
        };
        self.discs.iter().map(disc).collect()
    }

    /// Disc `number`, counted from 1.
    pub fn disc(&self, number: u32) -> Option<&DiscPlan> {
        self.discs.iter().find(|disc| disc.number == number)
    }

    /// The File-set tree of disc `number`. It names the patient: for those who may see the images.
    ///
    /// # Errors
    /// There is no such disc, or its File-set cannot be built.
    pub fn tree(&self, number: u32) -> Result<String, Failure> {
        let disc = self.disc(number).ok_or_else(|| no_such_disc(number))?;
        Ok(Contents::of(&self.standing(disc), &DiscFacts::placeholder())?.file_set.tree())
    }

    /// What stands about a disc before it is made.
    pub(crate) fn standing<'a>(&'a self, disc: &'a DiscPlan) -> Standing<'a> {
        Standing {
            goods: self.goods,
            chosen: &disc.goods,
            options: &self.options,
            pictures: self.pictures,
            volume_id: disc.volume_id.clone(),
            number: disc.number,
            of: disc.of,
        }
    }
}

pub(crate) fn no_such_disc(number: u32) -> Failure {
    let what = format!("The plan has no disc {number}.");
    Failure::new(FailureCode::ProcessingFailure, WhoCanFix::Operator, what, "Weigh the order again.")
}

/// Planning with or without pictures.
struct Planner<'g, 'o> {
    goods: &'g Goods,
    options: &'o PlanOptions,
    pictures: bool,
}

/// Objects that stay together.
struct Unit {
    goods: Vec<usize>,
    /// Sectors of its files alone.
    least: u64,
    /// Sectors it takes at most in any company.
    most: u64,
}

impl<'g> Planner<'g, '_> {
    fn plan(&self) -> Result<DiscSetPlan<'g>, Failure> {
        let capacity = self.options.capacity_sectors;
        let room = capacity.saturating_sub(self.file_system().always_sectors());
        let units = self.units()?;
        let least: Vec<u64> = units.iter().map(|unit| unit.least).collect();
        let mut failure = None;
        let packing = pack(&least, room, &mut |set| {
            if set.iter().map(|unit| units[*unit].most).sum::<u64>() <= room {
                return true;
            }
            if set.iter().map(|unit| units[*unit].least).sum::<u64>() > room {
                return false;
            }
            // Only here, at the edge, is it laid out to see.
            self.size(&merged(&units, set)).map_or_else(
                |error| {
                    failure = Some(error);
                    false
                },
                |size| size <= capacity,
            )
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        let of = packing.bins.len() as u32;
        let mut discs = Vec::with_capacity(packing.bins.len());
        for (bin, number) in packing.bins.iter().zip(1..) {
            let goods = merged(&units, bin);
            let volume_id = volume_id(&self.options.volume_prefix, number);
            let contents = self.contents(&goods, volume_id.clone(), number, of)?;
            let size_bytes = contents.layout(&DiscFacts::placeholder())?.size_bytes();
            if sectors(size_bytes) > capacity {
                let what = format!("Disc {number} of {of} came out larger than its medium.");
                let next = "Choose a larger medium, or weigh fewer studies at once.";
                return Err(Failure::new(FailureCode::SetOversized, WhoCanFix::Operator, what, next));
            }
            discs.push(DiscPlan { volume_id, number, of, goods, size_bytes });
        }
        let (goods, options, pictures, proven) = (self.goods, self.options.clone(), self.pictures, packing.proven);
        Ok(DiscSetPlan { goods, options, discs, pictures, proven })
    }

    /// Whole studies, by date; of a study that exceeds a disc its series; of such a series runs of instances.
    fn units(&self) -> Result<Vec<Unit>, Failure> {
        let headers = |good: usize| &self.goods.goods[good].header;
        let mut when: HashMap<&str, String> = HashMap::new();
        let mut studies: BTreeMap<(String, &str), Vec<usize>> = BTreeMap::new();
        for good in 0..self.goods.goods.len() {
            let header = headers(good);
            // A study whose objects disagree about its date stays one study: the first date seen counts.
            let when = when.entry(&header.study_uid).or_insert_with(|| {
                let part = |tag| header.text(tag).unwrap_or_default();
                part(tags::STUDY_DATE) + &part(tags::STUDY_TIME)
            });
            studies.entry((when.clone(), &header.study_uid)).or_default().push(good);
        }
        let mut units = Vec::new();
        for goods in studies.into_values() {
            if self.fits(&goods)? {
                units.push(self.unit(goods)?);
                continue;
            }
            let mut all_series: BTreeMap<(i64, &str), Vec<usize>> = BTreeMap::new();
            for good in goods {
                let number = headers(good).number(tags::SERIES_NUMBER).unwrap_or(0.0) as i64;
                all_series.entry((number, &headers(good).series_uid)).or_default().push(good);
            }
            for goods in all_series.into_values() {
                if self.fits(&goods)? {
                    units.push(self.unit(goods)?);
                } else {
                    self.runs(goods, &mut units)?;
                }
            }
        }
        Ok(units)
    }

    /// A series that alone exceeds a disc: runs of instances, each as long as fits.
    fn runs(&self, mut goods: Vec<usize>, units: &mut Vec<Unit>) -> Result<(), Failure> {
        let number = |good: &usize| self.goods.goods[*good].header.number(tags::INSTANCE_NUMBER).unwrap_or(0.0) as i64;
        goods.sort_by_key(|good| (number(good), *good));
        let mut rest = goods.as_slice();
        while !rest.is_empty() {
            let (mut fits, mut too_many) = (0, rest.len() + 1);
            while fits + 1 < too_many {
                let middle = usize::midpoint(fits, too_many);
                if self.fits(&rest[..middle])? {
                    fits = middle;
                } else {
                    too_many = middle;
                }
            }
            if fits == 0 {
                let uid = &self.goods.goods[rest[0]].header.sop_instance_uid;
                let what = format!("The object {uid} with what a disc must hold is larger than the medium.");
                let next = "Choose a larger medium, such as a DVD or a Blu-ray disc.";
                return Err(Failure::new(FailureCode::InstanceOversized, WhoCanFix::Clerk, what, next));
            }
            let (run, later) = rest.split_at(fits);
            units.push(self.unit(run.to_vec())?);
            rest = later;
        }
        Ok(())
    }

    fn unit(&self, goods: Vec<usize>) -> Result<Unit, Failure> {
        let least = self.file_sectors(&goods);
        let most = self.size(&goods)?.saturating_sub(self.file_system().always_sectors());
        Ok(Unit { goods, least, most })
    }

    fn file_sectors(&self, goods: &[usize]) -> u64 {
        goods.iter().map(|good| self.file_system().file_sectors(self.goods.goods[*good].file_len())).sum()
    }

    fn file_system(&self) -> FileSystem {
        FileSystem::of(self.options.profile)
    }

    fn fits(&self, goods: &[usize]) -> Result<bool, Failure> {
        let capacity = self.options.capacity_sectors;
        let least = self.file_sectors(goods) + self.file_system().always_sectors();
        Ok(least <= capacity && self.size(goods)? <= capacity)
    }

    /// Exact sectors of a disc with these objects, its number and count as long as they can get.
    fn size(&self, goods: &[usize]) -> Result<u64, Failure> {
        let volume_id = volume_id(&self.options.volume_prefix, 999);
        let contents = self.contents(goods, volume_id, 999, 999)?;
        Ok(contents.layout(&DiscFacts::placeholder())?.size_bytes() / SECTOR)
    }

    fn contents(&self, goods: &[usize], volume_id: String, number: u32, of: u32) -> Result<Contents, Failure> {
        let (options, pictures) = (self.options, self.pictures);
        let standing = Standing { goods: self.goods, chosen: goods, options, pictures, volume_id, number, of };
        Contents::of(&standing, &DiscFacts::placeholder())
    }
}

fn volume_id(prefix: &str, number: u32) -> String {
    format!("{prefix}_{number}")
}

fn merged(units: &[Unit], set: &[usize]) -> Vec<usize> {
    let mut goods: Vec<usize> = set.iter().flat_map(|unit| units[*unit].goods.iter().copied()).collect();
    goods.sort_unstable();
    goods
}
