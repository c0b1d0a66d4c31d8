//! Flips and cuts of finished images: what `examine` sees on the image alone, and what the hash kept beside it adds.

mod common;

use common::production::{BD_25, CD_80, Numbers, Workshop, facts, plan_options};
use common::{said, soaking};
use filmdesk_fileset::MediaProfile;
use filmdesk_fileset::profile::{STD_GEN_BD_JPEG, STD_GEN_CD};
use filmdesk_instance::InProcess;
use filmdesk_production::volume::Image;
use filmdesk_production::{MANIFEST, PlanOptions, Silent, examine, keep_hash, make_disc, plan};
use filmdesk_testkit::studies::Spec;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// One way an image can go wrong.
#[derive(Clone, Debug)]
enum Damage {
    /// Other bytes from here.
    Bytes(usize, Vec<u8>),
    /// The rest is gone.
    Cut(usize),
    /// Something follows.
    Longer(usize),
}

/// Where in the image, for the figures.
fn region(image: &Image, whole: usize, damage: &Damage) -> &'static str {
    let at = match damage {
        Damage::Bytes(at, _) => *at as u64,
        Damage::Cut(_) | Damage::Longer(_) => return "cut or longer",
    };
    let inside = |path: &str| image.extent(path).is_some_and(|(from, size)| (from..from + size).contains(&at));
    let first = image.files().iter().filter_map(|(path, _)| image.extent(path)).map(|(from, _)| from).min();
    if at < first.unwrap_or(whole as u64) {
        "descriptors, tables, directories"
    } else if inside("DICOMDIR") {
        "DICOMDIR"
    } else if inside(MANIFEST) {
        "manifest"
    } else if image.files().iter().any(|(path, _)| inside(path)) {
        "content"
    } else {
        "between and after the files"
    }
}

/// Damage of every kind, three quarters of it where an image is most easily hurt and least of its bytes are.
fn damage(image: &Image, bytes: &[u8], numbers: &mut Numbers) -> Damage {
    let mut within = |from: u64, size: u64| (from + numbers.below(size.max(1))) as usize;
    let head = image.extent("DICOMDIR").map_or(bytes.len() as u64, |(from, _)| from);
    let at = match within(0, 8) {
        0 | 1 => within(32_768, head - 32_768),
        2 | 3 => image.extent("DICOMDIR").map_or(0, |(from, size)| within(from, size)),
        4 => image.extent(MANIFEST).map_or(0, |(from, size)| within(from, size)),
        5 => within(0, 32_768),
        _ => within(0, bytes.len() as u64),
    };
    match within(0, 16) {
        0 => Damage::Cut(at),
        1 => Damage::Longer(1 + within(0, 4096)),
        2 => {
            // A sector read from elsewhere on the disc.
            let (to, from) = (at / 2048 * 2048, within(0, bytes.len() as u64 / 2048) * 2048);
            Damage::Bytes(to, bytes[from..from + 2048].to_vec())
        }
        3 => Damage::Bytes(at / 2048 * 2048, vec![0; 2048]),
        4 | 5 => {
            let n = (1 + within(0, 64)).min(bytes.len() - at);
            Damage::Bytes(at, (0..n).map(|_| within(0, 256) as u8).collect())
        }
        _ => Damage::Bytes(at, vec![bytes[at] ^ 1 << within(0, 8)]),
    }
}

/// One image, hurt and healed in place.
struct Patient {
    path: PathBuf,
    file: File,
    whole: Vec<u8>,
}

impl Patient {
    fn of(image: &Path, path: PathBuf) -> Patient {
        std::fs::copy(image, &path).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        Patient { path, file, whole }
    }

    /// Does the damage, asks, and puts everything back. `None` when the damage changes nothing.
    fn with<T>(&self, damage: &Damage, ask: impl FnOnce(&Path) -> T) -> Option<T> {
        match damage {
            Damage::Bytes(at, bytes) if self.whole[*at..at + bytes.len()] == **bytes => return None,
            Damage::Bytes(at, bytes) => self.file.write_all_at(bytes, *at as u64).unwrap(),
            Damage::Cut(at) => self.file.set_len(*at as u64).unwrap(),
            Damage::Longer(n) => self.file.write_all_at(&vec![0; *n], self.whole.len() as u64).unwrap(),
        }
        let answer = ask(&self.path);
        match damage {
            Damage::Bytes(at, bytes) => {
                self.file.write_all_at(&self.whole[*at..at + bytes.len()], *at as u64).unwrap();
            }
            Damage::Cut(at) => self.file.write_all_at(&self.whole[*at..], *at as u64).unwrap(),
            Damage::Longer(_) => self.file.set_len(self.whole.len() as u64).unwrap(),
        }
        Some(answer)
    }
}

fn is_good(path: &Path) -> bool {
    examine(path, &InProcess, None, None).is_ok_and(|verdict| verdict.report.is_good())
}

/// Every one of ten thousand flips, cuts and lost sectors is seen on the image alone, wherever it is. `make test` takes a
/// share of them.
#[test]
fn soak_no_damage_stays_unseen() {
    no_damage_stays_unseen(&STD_GEN_CD, CD_80);
}

/// The same on a Blu-ray disc: UDF, its two copies of the directories and of the descriptors.
#[test]
fn soak_no_damage_of_a_blu_ray_disc_stays_unseen() {
    no_damage_stays_unseen(&STD_GEN_BD_JPEG, BD_25);
}

fn no_damage_stays_unseen(profile: &'static MediaProfile, capacity: u64) {
    let rounds = if soaking() { 10_000 } else { 1_000 };
    let shop = Workshop::with(&Spec { ct: 0, mr: 2, dx: 0, us: 0, ..Spec::default() });
    let goods = shop.gather_for(profile, capacity, true);
    let plan = plan(&goods, &PlanOptions { profile, ..plan_options(capacity, true) }).unwrap();
    let disc = make_disc(&plan, 1, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent).unwrap();
    let image = Image::open(&disc.path).unwrap();
    let halves = [0_u64, 1].map(|half| {
        let patient = Patient::of(&disc.path, shop.at(&format!("{half}.iso")));
        (half, patient)
    });
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    std::thread::scope(|scope| {
        let threads = halves.each_ref().map(|(half, patient)| {
            let image = &image;
            scope.spawn(move || {
                let mut numbers = Numbers::new(20_261_122 + half);
                let mut seen = Vec::new();
                while seen.len() < rounds / 2 {
                    let damage = damage(image, &patient.whole, &mut numbers);
                    let Some(good) = patient.with(&damage, is_good) else { continue };
                    assert!(!good, "{damage:?} was not seen");
                    seen.push(region(image, patient.whole.len(), &damage));
                }
                assert!(is_good(&patient.path), "and it is healed, so it was the damage that was seen");
                seen
            })
        });
        for thread in threads {
            thread.join().unwrap().into_iter().for_each(|region| *seen.entry(region).or_default() += 1);
        }
    });
    println!("soak: {}: seen on the image alone: {seen:?}, {rounds} of {rounds}", profile.id);
    assert!(seen.len() >= 5 && seen.values().all(|n| *n >= rounds / 100), "{seen:?}");
}

/// An image another program made accounts for its files alone; with its hash kept beside it, every byte counts.
#[test]
fn soak_with_the_hash_kept_beside_it_every_byte_of_any_image_counts() {
    let rounds = if soaking() { 10_000 } else { 500 };
    let shop = Workshop::with(&Spec { ct: 0, mr: 1, dx: 0, us: 0, ..Spec::default() });
    let goods = shop.gather(CD_80, false);
    let plan = plan(&goods, &plan_options(CD_80, false)).unwrap();
    let made = make_disc(&plan, 1, &facts("K7Q2-M9PX"), &shop.at("out"), &InProcess, &Silent).unwrap();
    let at = |name: &str| shop.at(name).to_str().unwrap().to_owned();
    let arguments = ["-osirrox", "on", "-indev", made.path.to_str().unwrap(), "-extract", "/", &at("tree")];
    let image = at("out/other.iso");
    let others = ["-quiet", "-iso-level", "1", "-V", "FD2345_1", "-o", &image, &at("tree")];
    if said("xorriso", &arguments).is_none() || said("genisoimage", &others).is_none() {
        return;
    }
    let whole = std::fs::read(&image).unwrap();
    let mut disc = made.clone();
    disc.path = PathBuf::from(&image);
    disc.sha256 = hex::encode(common::sha256(&whole));
    let kept = keep_hash(&disc).unwrap();
    assert!(is_good(&disc.path), "another's image with its hash");
    if let Some(text) = said("sh", &["-c", &format!("cd {} && sha256sum -c {}", at("out"), kept.display())]) {
        assert!(text.contains("other.iso: OK"), "{text}");
    }
    let patient = Patient::of(&disc.path, disc.path.clone().with_extension("copy"));
    std::fs::copy(&kept, format!("{}.sha256", patient.path.display())).unwrap();
    let layout = Image::open(&disc.path).unwrap();
    let (mut numbers, mut n, mut alone) = (Numbers::new(7), 0, 0);
    while n < rounds {
        let damage = damage(&layout, &patient.whole, &mut numbers);
        let Some(good) = patient.with(&damage, is_good) else { continue };
        assert!(!good, "{damage:?} was not seen");
        n += 1;
    }
    // The control: without the hash some of the same damage stays unseen.
    std::fs::remove_file(format!("{}.sha256", patient.path.display())).unwrap();
    let mut numbers = Numbers::new(7);
    for _ in 0..200 {
        let damage = damage(&layout, &patient.whole, &mut numbers);
        alone += usize::from(patient.with(&damage, is_good) == Some(false));
    }
    println!("soak: another's image: {n} of {n} seen with its hash beside it, {alone} of 200 without");
    assert!(alone < 200, "the hash adds nothing");
    std::fs::write(format!("{}.sha256", patient.path.display()), "nothing of the kind").unwrap();
    let verdict = examine(&patient.path, &InProcess, None, None).unwrap();
    assert!(verdict.report.has("image-hash-unreadable") && !verdict.kept_hash_equal);
}
