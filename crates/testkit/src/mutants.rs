//! Damage for what reads bytes of strangers: seeds and thousands of changes to them, the same every time.
//!
//! [`run`] is the share `make test` has of what `make fuzz` does: the body of a fuzz target on its seeds and on mutants of
//! them. The fuzzers begin from the same seeds: with `FILMDESK_FUZZ_SEEDS=FOLDER` they are written down there instead.

use std::path::PathBuf;

/// Mutants of one target in a test run, and in a soak.
const ROUNDS: [u64; 2] = [3_000, 200_000];

/// Numbers that look random and are the same every time (splitmix64).
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// A number below `sides`; 0 when there are none.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }
}

/// One to four changes: cut, bits and bytes changed, lengths made huge, pieces doubled and taken out.
pub fn mutant(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.roll(4) {
        if bytes.is_empty() {
            bytes.push(0);
        }
        let at = dice.roll(bytes.len());
        let near = bytes.len().min(at + 1 + dice.roll(40));
        match dice.roll(7) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << dice.roll(8),
            2 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][dice.roll(6)],
            3 => bytes[at..near].fill(0xFF),
            4 => {
                let piece = bytes[at..near].to_vec();
                bytes.splice(at..at, piece);
            }
            5 => {
                bytes.drain(at..near);
            }
            _ => bytes[at] = dice.roll(256) as u8,
        }
    }
    bytes
}

/// Says which mutant it was when the body panics.
struct Named<'a> {
    target: &'a str,
    round: Option<u64>,
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Named { target, round } = self;
            eprintln!("{target}: it was {}", round.map_or("a seed".to_owned(), |n| format!("mutant {n}")));
        }
    }
}

/// Holds a target's body against its seeds and mutants of them; `FILMDESK_SOAK` makes them many.
///
/// # Panics
/// With the body; and when there are no seeds.
pub fn run(target: &str, seeds: &[Vec<u8>], body: impl Fn(&[u8])) {
    assert!(!seeds.is_empty(), "{target} has seeds");
    if let Some(folder) = switch("FILMDESK_FUZZ_SEEDS") {
        let folder = PathBuf::from(folder).join(target);
        std::fs::create_dir_all(&folder).expect("a folder for seeds");
        for (n, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{n:03}")), seed).expect("a seed");
        }
        return;
    }
    let mut named = Named { target, round: None };
    seeds.iter().for_each(|seed| body(seed));
    let rounds = ROUNDS[usize::from(switch("FILMDESK_SOAK").is_some())];
    let mut dice = Dice::new(20_261_126);
    for round in 0..rounds {
        named.round = Some(round);
        body(&mutant(&seeds[dice.roll(seeds.len())], &mut dice));
    }
    println!("soak: fuzz target {target}: {rounds} mutants of {} seeds", seeds.len());
}

#[allow(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]
fn switch(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

/// Files below pydicom's data of at most `most` bytes, in order of their names: what others write, to begin from. None
/// where pydicom is not installed.
pub fn pydicom_files(most: u64) -> Vec<Vec<u8>> {
    let mut folders: Vec<PathBuf> = crate::pydicom::data().into_iter().collect();
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) if found.len() <= most => paths.push(entry.path()),
                Ok(_) | Err(_) => {}
            }
        }
    }
    paths.sort();
    let is_dicom = |bytes: &Vec<u8>| bytes.get(128..132) == Some(b"DICM");
    paths.iter().filter_map(|path| std::fs::read(path).ok()).filter(is_dicom).collect()
}
