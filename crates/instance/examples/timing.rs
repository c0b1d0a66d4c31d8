//! How long reading and rendering take: `cargo run --example timing -- FILE…` reads each file's header 200 times and
//! renders it 5 times, and prints microseconds each.

use std::time::Instant;

use filmdesk_instance::{Source, preview, read_header};

fn main() {
    for path in std::env::args_os().skip(1) {
        let source = Source::file(&path);
        let name = std::path::Path::new(&path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let header = micros(200, || read_header(&source).is_ok());
        let picture = micros(5, || preview(&source, 0, 512).is_ok());
        println!("{name}: header {header:.1} µs, preview {picture:.0} µs");
    }
}

fn micros(n: u32, mut work: impl FnMut() -> bool) -> f64 {
    work();
    let begun = Instant::now();
    for _ in 0..n {
        std::hint::black_box(work());
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(n)
}
