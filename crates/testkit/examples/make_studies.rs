//! Writes one synthetic patient: `make_studies OUT CT MR DX US`, the numbers of instances by modality.

use filmdesk_testkit::studies::{Spec, make};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = |n: usize| arguments.get(n).and_then(|text| text.parse().ok()).unwrap_or(0);
    let out = arguments.first().ok_or_else(|| std::io::Error::other("usage: make_studies OUT CT MR DX US"))?;
    let spec = Spec { ct: count(1), mr: count(2), dx: count(3), us: count(4), ..Spec::default() };
    let made = make(Path::new(out), &spec)?;
    println!("{} instances, {} bytes", made.n_instances, made.size_bytes);
    Ok(())
}
