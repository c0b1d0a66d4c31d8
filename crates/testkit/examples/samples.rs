//! Writes the sample archive, or one patient of any size:
//! `cargo run -p filmdesk-testkit --example samples -- FOLDER [YYYY-MM-DD | CT MR DX US]`.

use filmdesk_testkit::{samples, studies};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [folder, today] => {
            for patient in samples::write_sample_archive(Path::new(folder), today.parse()?)? {
                println!("{}: {} studies, {}", patient.patient_id, patient.studies.len(), patient.shows);
            }
        }
        [folder, ct, mr, dx, us] => {
            let spec = studies::Spec {
                ct: ct.parse()?,
                mr: mr.parse()?,
                dx: dx.parse()?,
                us: us.parse()?,
                ..Default::default()
            };
            let made = studies::make(Path::new(folder), &spec)?;
            println!("{} instances, {} bytes", made.n_instances, made.size_bytes);
        }
        _ => return Err("usage: samples FOLDER YYYY-MM-DD | FOLDER CT MR DX US".into()),
    }
    Ok(())
}
