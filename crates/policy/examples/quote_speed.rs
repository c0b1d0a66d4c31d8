//! How long a quote takes in this process: every case of the hospital that can be read, asked many times over. What
//! `make bench` prints; the aim is under 50 µs, 20,000 a second on one core.
//!
//! ```text
//! cargo run -p filmdesk-policy --example quote_speed [ROUNDS]
//! ```

use filmdesk_policy::cases::{answer_to_json, parse_cases, situation_from_json};
use filmdesk_policy::{Overlay, RULE_FILE_NAMES, RuleFiles, Rules, Situation, answer};
use jiff::civil::date;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

fn main() {
    let rounds: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(200);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/ntuh");
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a rules file");
    let rules = Rules::load(&RuleFiles::from_folder_texts(RULE_FILE_NAMES.map(|n| (n, text(n))))).expect("rules");
    let at = date(2026, 12, 1).at(10, 0, 0, 0);
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder.join("cases")).expect("cases") {
        let path = entry.expect("an entry").path();
        let cases = parse_cases("cases", &std::fs::read_to_string(path).expect("text")).expect("cases");
        texts.extend(cases.iter().map(|case| case.question().to_string()));
    }
    let situations: Vec<Situation> = texts.iter().filter_map(|t| situation_from_json(&rules, t, at).ok()).collect();
    let overlay = Overlay::default();
    let each = |situation: &Situation| drop(black_box(answer(black_box(&rules), &overlay, black_box(situation))));
    report("answer", rounds, &situations, each);
    let from_text = |text: &String| {
        if let Ok(situation) = situation_from_json(&rules, black_box(text), at) {
            black_box(answer_to_json(&answer(&rules, &overlay, &situation)).to_string());
        }
    };
    report("JSON in, answer, JSON out", rounds.div_ceil(10), &texts, from_text);
}

/// Runs everything `rounds` times after a warm-up, one at a time on this core.
fn report<T>(what: &str, rounds: usize, inputs: &[T], run: impl Fn(&T)) {
    inputs.iter().for_each(&run);
    let mut times: Vec<Duration> = Vec::with_capacity(rounds * inputs.len());
    let started = Instant::now();
    for _ in 0..rounds {
        for input in inputs {
            let before = Instant::now();
            run(input);
            times.push(before.elapsed());
        }
    }
    let all = started.elapsed();
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_nanos() as f64 / 1e3;
    println!(
        "{what}: {} cases × {rounds}: p50 {:.1} µs, p99 {:.1} µs, {:.0} a second",
        inputs.len(),
        at(50),
        at(99),
        times.len() as f64 / all.as_secs_f64()
    );
}
