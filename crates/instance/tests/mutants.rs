//! Damage by the thousand: mutated objects at inspecting children that may hold little memory, write nothing and take two
//! seconds each. `FILMDESK_SOAK=1` makes it a million.

mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use filmdesk_instance::{ChildPool, Inspector, Refusal, Source, TimeOuts};
use support::*;

/// One mutant, from the question to the answer.
const MOST: Duration = Duration::from_secs(2);
/// Address space of a child: half of what a worker gives its own.
const MOST_BYTES: u64 = 1 << 30;
/// Mutants on disk at a time.
const BATCH: usize = 512;

/// A child of `example` (`examples/inspect.rs`) that ends when it holds more than its share.
fn confined(arguments: &[&str]) -> Vec<OsString> {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().and_then(Path::parent).unwrap().join("examples/inspect");
    assert!(program.exists(), "build the examples first: cargo test builds them unless told to run one test file");
    let mut command: Vec<OsString> = ["prlimit".into(), format!("--as={MOST_BYTES}").into(), "--core=0".into()].into();
    command.push(program.into_os_string());
    command.extend(arguments.iter().map(OsString::from));
    command
}

fn pool(arguments: &[&str]) -> ChildPool {
    let time_outs = TimeOuts { header: MOST, preview: MOST, transcode: MOST, ..TimeOuts::default() };
    ChildPool::new(confined(arguments), 2).with_time_outs(time_outs)
}

/// Whether the child itself failed, and not the object.
fn ended(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::InspectorDied | Refusal::InspectorTimedOut { .. }) || refusal.is_about_the_machine()
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![ct().part10(ELE), ct().part10(IMPLICIT), ct().encode(true)];
    if let Some(data) = filmdesk_testkit::pydicom::data() {
        let small = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|meta| meta.len() < 60_000);
        let files = files_below(&data.join("test_files")).into_iter().filter(small);
        seeds.extend(files.map(|path| std::fs::read(path).unwrap()));
    }
    seeds
}

/// Bytes changed, cut, doubled and lengths made huge: every mutant is read, and one in sixteen shown and rewritten, and
/// no child ends, takes long, or leaves a file of its own.
#[test]
fn soak_mutants_end_no_child() {
    let seeds = seeds();
    let rounds = if soaking() { 1_000_000 } else { 6_000 };
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(&[]);
    let (seed, begun, mut longest, mut accepted) = (20_261_103, Instant::now(), Duration::ZERO, 0);
    let mut dice = Dice(seed);
    let paths: Vec<PathBuf> = (0..BATCH).map(|n| folder.path().join(format!("mutant-{n:03}"))).collect();
    let to = folder.path().join("new");
    for batch in 0..rounds / BATCH + 1 {
        for path in &paths {
            std::fs::write(path, mutant(&seeds[dice.roll(seeds.len())], &mut dice)).unwrap();
        }
        let sources: Vec<Source> = paths.iter().map(Source::file).collect();
        for (n, answer) in pool.inspect(&sources).into_iter().enumerate() {
            match answer {
                Ok(header) => {
                    assert!(header.dataset_offset <= header.file_len, "batch {batch}, mutant {n}");
                    accepted += 1;
                }
                Err(refusal) => assert!(!ended(&refusal), "batch {batch}, mutant {n}: {refusal}"),
            }
            if n % 16 == 0 {
                let one = Instant::now();
                let shown = pool.preview(&sources[n], 0, 64).err();
                let rewritten = pool.transcode(&paths[n], &to).err();
                for refusal in [shown, rewritten].iter().flatten() {
                    assert!(!ended(refusal), "batch {batch}, mutant {n}: {refusal}");
                }
                longest = longest.max(one.elapsed());
            }
        }
        let others = files_below(folder.path()).into_iter().filter(|path| *path != to && !paths.contains(path));
        assert_eq!(others.collect::<Vec<_>>(), Vec::<PathBuf>::new(), "batch {batch}");
    }
    let (n, seconds) = ((rounds / BATCH + 1) * BATCH, begun.elapsed().as_secs());
    assert!(accepted > n / 50 && accepted < n, "{accepted} of {n} are still objects");
    println!(
        "soak: mutants of objects: seed {seed}, {n} mutants of {} objects in {seconds} s, {accepted} still objects, no \
         child ended, longest showing and rewriting {longest:?}",
        seeds.len()
    );
}

/// The test above sees a child that ends, one that takes long, and one that holds too much.
#[test]
fn a_child_that_ends_is_noticed() {
    let good = on_disk(&ct().part10(ELE));
    let source = [Source::file(&good.path)];
    assert!(pool(&[]).inspect(&source)[0].is_ok());
    for how in ["die-on", "hang-on"] {
        let answer = pool(&[how, "object"]).inspect(&source).pop().unwrap();
        assert!(answer.is_err_and(|refusal| ended(&refusal)), "{how}");
    }
    let mut starved = confined(&[]);
    starved[1] = format!("--as={}", 1 << 20).into();
    let answer = ChildPool::new(starved, 1).inspect(&source).pop().unwrap();
    assert!(answer.is_err_and(|refusal| ended(&refusal)));
}

#[allow(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]
fn soaking() -> bool {
    std::env::var_os("FILMDESK_SOAK").is_some()
}

fn mutant(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(bytes.len());
        match dice.roll(6) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << dice.roll(8),
            2 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][dice.roll(6)],
            3 => {
                let n = bytes.len().min(at + 4);
                bytes[at..n].fill(0xFF);
            }
            4 => {
                let piece = bytes[at..bytes.len().min(at + 40)].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                bytes.drain(at..bytes.len().min(at + 7));
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}
