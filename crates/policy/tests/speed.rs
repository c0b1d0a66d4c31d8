//! How long an answer takes. The limit here is generous, for a busy machine and a debug build; the figure is printed.

mod common;

use filmdesk_policy::{ItemAsked, Overlay, Situation, answer};
use jiff::civil::date;
use std::hint::black_box;
use std::time::Instant;

#[test]
fn an_answer_takes_microseconds() {
    let rules = common::rules("ntuh");
    let items = vec![ItemAsked::on_disc("ct"), ItemAsked::on_disc("general-x-ray"), ItemAsked::on_disc("mri")];
    let asked = Situation::new(date(2026, 12, 24).at(17, 30, 0, 0), items);
    let overlay = Overlay::default();
    let rounds = 20_000u32;
    let start = Instant::now();
    for _ in 0..rounds {
        black_box(answer(black_box(&rules), &overlay, black_box(&asked)));
    }
    let each = start.elapsed() / rounds;
    println!("one answer: {each:?}");
    assert!(each.as_micros() < 500, "one answer takes {each:?}");
}
