//! Orders by the thousand, generated from seeds: complete, on as few discs as can be, of exactly the planned size, and
//! never two patients on one disc. `make test` takes a share, `make soak` all ten thousand.

mod common;

use common::production::{Numbers, Workshop, facts, plan_options};
use common::soaking;
use filmdesk_fileset::profile::{STD_GEN_BD_JPEG, STD_GEN_CD};
use filmdesk_fileset::{MediaProfile, SourceObject};
use filmdesk_instance::{Header, InProcess, Sharing, Source, read_header};
use filmdesk_production::volume::CountingSink;
use filmdesk_production::{
    DiscSetPlan, Failure, Good, Goods, PlanOptions, Silent, examine, make_disc, plan, write_disc,
};
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// A medium of these orders: so small that an order is quickly written and still needs several.
#[derive(Clone, Copy)]
struct Medium {
    profile: &'static MediaProfile,
    sectors: u64,
}

/// A CD of 3 MB.
const CD: Medium = Medium { profile: &STD_GEN_CD, sectors: 1500 };
/// A Blu-ray disc with as much room, once the two ends of a UDF volume are on it.
const BD: Medium = Medium { profile: &STD_GEN_BD_JPEG, sectors: 1500 + 800 };

impl Medium {
    /// One order in four goes on Blu-ray.
    fn of(seed: u64) -> Medium {
        if seed.is_multiple_of(4) { BD } else { CD }
    }

    fn plan(self, goods: &Goods) -> Result<DiscSetPlan<'_>, Failure> {
        plan(goods, &PlanOptions { profile: self.profile, ..plan_options(self.sectors, false) })
    }
}

/// Studies of a patient that can be drawn, series of a study, instances of a series.
const DRAWN: (usize, usize, usize) = (18, 3, 6);

/// A small image; `side` sets its size.
fn object(patient: usize, study: usize, series: usize, number: usize, side: u16) -> DataSet {
    let mut d = DataSet::new();
    d.text((8, 5), "CS", "ISO_IR 192").text((8, 8), "CS", "ORIGINAL\\PRIMARY");
    d.text((8, 0x16), "UI", "1.2.840.10008.5.1.4.1.1.2");
    d.text((8, 0x18), "UI", &format!("2.25.{patient}{study:02}.{series}.{number}"));
    d.text((8, 0x20), "DA", &format!("202601{:02}", study + 1)).text((8, 0x30), "TM", "093000");
    d.text((8, 0x50), "SH", &format!("A{study}")).text((8, 0x60), "CS", "CT").text((8, 0x1030), "LO", "合成");
    d.text((0x10, 0x10), "PN", "TEST^ORDERS=王^測試").text((0x10, 0x20), "LO", &format!("T{patient:07}"));
    d.text((0x10, 0x30), "DA", "19700101").text((0x10, 0x40), "CS", "O");
    d.text((0x20, 0x0D), "UI", &format!("2.25.{patient}{study:02}"));
    d.text((0x20, 0x0E), "UI", &format!("2.25.{patient}{study:02}.{series}"));
    d.text((0x20, 0x10), "SH", "1").text((0x20, 0x11), "IS", &series.to_string());
    d.text((0x20, 0x13), "IS", &number.to_string());
    d.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[side]).us((0x28, 0x11), &[side]);
    d.us((0x28, 0x100), &[16]).us((0x28, 0x101), &[12]).us((0x28, 0x102), &[11]).us((0x28, 0x103), &[0]);
    d.bytes((0x7FE0, 0x10), "OW", vec![7; usize::from(side) * usize::from(side) * 2]);
    d
}

/// Headers of two patients' objects, read once; an order draws from them and gives each a size of its own.
struct Archive {
    headers: HashMap<(usize, usize, usize, usize), Header>,
    bytes: PathBuf,
}

/// The largest object of an order: nearly a disc.
const LARGEST: u64 = 2 << 20;

impl Archive {
    fn new(shop: &Workshop) -> Archive {
        let path = shop.at("in").join("object");
        let (mut headers, mut sharing) = (HashMap::new(), Sharing::default());
        for patient in 0..2 {
            for study in 0..DRAWN.0 {
                for series in 1..=DRAWN.1 {
                    for number in 1..=DRAWN.2 {
                        std::fs::write(&path, object(patient, study, series, number, 2).part10(EXPLICIT_LE)).unwrap();
                        let mut header = read_header(&Source::file(&path)).unwrap();
                        sharing.share(&mut header);
                        headers.insert((patient, study, series, number), header);
                    }
                }
            }
        }
        let bytes = shop.at("in").join("bytes");
        std::fs::write(&bytes, vec![3; LARGEST as usize]).unwrap();
        Archive { headers, bytes }
    }

    /// An order of some studies, and sometimes of a second patient whose objects came along.
    fn order(&self, numbers: &mut Numbers) -> Goods {
        let mut goods = Goods::default();
        let n_studies = 1 + numbers.below(DRAWN.0 as u64) as usize;
        // Orders of large and of small studies, so that some need one disc and some ten.
        let scale = 4_000 << numbers.below(8);
        for patient in 0..=usize::from(numbers.below(5) == 0) {
            for study in 0..n_studies {
                let (n_series, n_instances) = (1 + numbers.below(3) as usize, 1 + numbers.below(6) as usize);
                for (series, number) in (1..=n_series).flat_map(|s| (1..=n_instances).map(move |n| (s, n))) {
                    let mut header = self.headers[&(patient, study, series, number)].clone();
                    header.file_len = (header.dataset_offset + 100 + numbers.below(scale)).min(LARGEST);
                    let source = Source::slice(&self.bytes, 0, header.file_len);
                    goods.goods.push(Good { header, source, data_set_sha256: None, given: goods.goods.len() });
                }
            }
        }
        goods
    }
}

/// The goods of these studies only.
fn part(goods: &Goods, studies: &[&str]) -> Goods {
    let of = |good: &&Good| studies.contains(&good.header.study_uid.as_str());
    Goods { goods: goods.goods.iter().filter(of).cloned().collect(), ..Goods::default() }
}

fn n_discs(medium: Medium, goods: &Goods) -> usize {
    medium.plan(goods).unwrap().discs.len()
}

/// A disc for each study that does not fit the last one, in their order: what one would do by hand. Each fits one alone.
fn next_fit(medium: Medium, goods: &Goods, studies: &[&str]) -> usize {
    let (mut full, mut open): (usize, Vec<&str>) = (0, Vec::new());
    for study in studies {
        open.push(study);
        if open.len() > 1 && n_discs(medium, &part(goods, &open)) > 1 {
            full += 1;
            open = vec![study];
        }
    }
    full + 1
}

#[derive(Default)]
struct Figures {
    orders: usize,
    sets: usize,
    discs: usize,
    on_blu_ray: usize,
    objects: usize,
    bytes: u64,
    proven: usize,
    of_several: usize,
    next_fit: usize,
    planned_where_compared: usize,
}

/// What is wrong with a plan: an object missing or on two discs, two patients on one, a disc that does not fit or is written
/// with another size than planned.
fn faults(medium: Medium, plan: &DiscSetPlan<'_>) -> Vec<&'static str> {
    let mut faults = Vec::new();
    let mut fault = |is: bool, what| {
        if is {
            faults.push(what)
        }
    };
    let goods = &plan.goods.goods;
    let mut on_discs: Vec<usize> = plan.discs.iter().flat_map(|disc| disc.goods.iter().copied()).collect();
    on_discs.sort_unstable();
    fault(!on_discs.into_iter().eq(0..goods.len()), "not every object on one disc, once");
    for disc in &plan.discs {
        let patients: BTreeSet<_> = disc.goods.iter().map(|good| goods[*good].patient()).collect();
        fault(patients.len() != 1, "two patients on a disc");
        let (size, sink) =
            write_disc(plan, disc.number, &facts("K7Q2-M9PX"), CountingSink::default(), &Silent).unwrap();
        fault((sink.bytes, size) != (disc.size_bytes, disc.size_bytes), "another size than planned");
        fault(size > medium.sectors * 2048, "larger than its medium");
    }
    faults
}

/// The judge can find fault: with an object taken off a disc, with one on two, and with two patients planned as one.
#[test]
fn a_wrong_plan_is_found_out() {
    let shop = Workshop::empty();
    let archive = Archive::new(&shop);
    let orders = (1..).map(|seed| archive.order(&mut Numbers::new(seed)));
    let mixed = orders.take(100).find(|order| order.clone().by_patient().0.len() == 2).unwrap();
    let (sets, _) = mixed.clone().by_patient();
    for medium in [CD, BD] {
        let right = || medium.plan(&sets[0]).unwrap();
        assert_eq!(faults(medium, &right()), [""; 0]);
        let mut less = right();
        less.discs[0].goods.pop();
        let found = faults(medium, &less);
        assert_eq!(found[0], "not every object on one disc, once");
        let mut larger = right();
        larger.discs[0].size_bytes += 2048;
        assert_eq!(faults(medium, &larger), ["another size than planned"]);
        let mixed = medium.plan(&mixed).unwrap();
        assert!(faults(medium, &mixed).contains(&"two patients on a disc"));
    }
}

fn run(archive: &Archive, seed: u64, figures: &mut Figures) {
    let mut numbers = Numbers::new(seed);
    let goods = archive.order(&mut numbers);
    let (n_goods, medium) = (goods.goods.len(), Medium::of(seed));
    let (sets, nobodys) = goods.by_patient();
    assert!(nobodys.is_empty());
    assert_eq!(sets.iter().map(|set| set.goods.len()).sum::<usize>(), n_goods, "seed {seed}");
    figures.orders += 1;
    for set in &sets {
        let plan = medium.plan(set).unwrap();
        assert_eq!(faults(medium, &plan), [""; 0], "seed {seed}");
        figures.bytes += plan.discs.iter().map(|disc| disc.size_bytes).sum::<u64>();
        let mut studies: Vec<&str> = set.goods.iter().map(|good| good.header.study_uid.as_str()).collect();
        studies.dedup();
        let files: u64 = set.goods.iter().map(|good| good.file_len().div_ceil(2048)).sum();
        let bound = files.div_ceil(medium.sectors) as usize;
        assert!(plan.discs.len() >= bound, "seed {seed}");
        let divided: BTreeMap<&str, usize> = studies.iter().map(|s| (*s, n_discs(medium, &part(set, &[s])))).collect();
        // Where no study is divided, studies are the units: up to twelve are proven, and nobody packs them worse by hand.
        if divided.values().all(|n| *n == 1) {
            assert!(plan.proven || studies.len() > 12, "seed {seed}: {} studies", studies.len());
            let by_hand = next_fit(medium, set, &studies);
            assert!(plan.discs.len() <= by_hand, "seed {seed}: {} by hand", by_hand);
            figures.next_fit += by_hand;
            figures.planned_where_compared += plan.discs.len();
            for study in &studies {
                let holds = plan
                    .discs
                    .iter()
                    .filter(|disc| disc.goods.iter().any(|good| set.goods[*good].header.study_uid == *study));
                assert_eq!(holds.count(), 1, "seed {seed}: a study that fits a disc is not divided");
            }
        }
        figures.sets += 1;
        figures.on_blu_ray += if medium.profile == BD.profile { plan.discs.len() } else { 0 };
        figures.discs += plan.discs.len();
        figures.objects += set.goods.len();
        figures.proven += usize::from(plan.proven);
        figures.of_several += usize::from(plan.discs.len() > 1);
    }
}

#[test]
fn soak_orders_are_complete_as_few_discs_as_can_be_and_of_the_planned_size() {
    let n: u64 = if soaking() { 10_000 } else { 300 };
    let shop = Workshop::empty();
    let archive = Archive::new(&shop);
    let all = std::thread::scope(|scope| {
        let archive = &archive;
        let threads = [0, 1].map(|half| {
            scope.spawn(move || {
                let mut figures = Figures::default();
                (1..=n).filter(|seed| seed % 2 == half).for_each(|seed| run(archive, seed, &mut figures));
                figures
            })
        });
        threads.map(|thread| thread.join().unwrap())
    });
    let sum = |of: fn(&Figures) -> usize| all.iter().map(of).sum::<usize>();
    println!(
        "soak: orders of the seeds 1 to {}: {} patients' sets, {} discs ({} of Blu-ray), {} objects, {:.1} GB written; {} plans proven the fewest, {} of several \
         discs; where studies are whole: {} discs, {} by next-fit",
        sum(|f| f.orders),
        sum(|f| f.sets),
        sum(|f| f.discs),
        sum(|f| f.on_blu_ray),
        sum(|f| f.objects),
        all.iter().map(|f| f.bytes).sum::<u64>() as f64 / 1e9,
        sum(|f| f.proven),
        sum(|f| f.of_several),
        sum(|f| f.planned_where_compared),
        sum(|f| f.next_fit),
    );
    assert!(sum(|f| f.on_blu_ray) > n as usize / 4, "Blu-ray discs are in the mix");
    assert!(sum(|f| f.of_several) > n as usize / 4 && sum(|f| f.sets) > n as usize);
    assert!(sum(|f| f.planned_where_compared) < sum(|f| f.next_fit), "packing saves discs");
}

/// Twenty of them as real objects and real files: every disc is examined with the sources beside it.
#[test]
fn twenty_orders_as_files() {
    for seed in 1..=20 {
        let shop = Workshop::empty();
        let mut numbers = Numbers::new(seed * 7919);
        let mut paths: Vec<PathBuf> = Vec::new();
        for study in 0..1 + numbers.below(6) as usize {
            for (series, number) in [(1, 1), (1, 2), (2, 1)] {
                let path = shop.at("in").join(paths.len().to_string());
                let side = 8 + numbers.below(700) as u16;
                std::fs::write(&path, object(1, study, series, number, side).part10(EXPLICIT_LE)).unwrap();
                paths.push(path);
            }
        }
        let medium = Medium::of(seed);
        let goods = shop.gather_for(medium.profile, medium.sectors, false);
        assert_eq!((goods.goods.len(), goods.left_out.len()), (paths.len(), 0), "seed {seed}");
        let plan = medium.plan(&goods).unwrap();
        let mut delivered = BTreeSet::new();
        for disc in &plan.discs {
            let made =
                make_disc(&plan, disc.number, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent).unwrap();
            assert_eq!(std::fs::metadata(&made.path).unwrap().len(), disc.size_bytes, "seed {seed}");
            let sources: Vec<SourceObject> = disc.goods.iter().map(|good| source(&goods.goods[*good])).collect();
            let judged = examine(&made.path, &InProcess, Some(medium.profile), Some((&sources, Path::new("/nowhere"))));
            let judged = judged.unwrap();
            assert!(judged.report.is_good(), "seed {seed}: {:#?}", judged.report.findings);
            assert_eq!(judged.report.n_proven_equal, disc.goods.len(), "seed {seed}");
            delivered.extend(judged.instances);
        }
        assert_eq!(delivered.len(), paths.len(), "seed {seed}");
    }
}

fn source(good: &Good) -> SourceObject {
    SourceObject { source: good.source.clone(), header: good.header.clone() }
}
