//! Plans and writes an order of any size into a sink that counts, and says what it took: `big_order FILE GIGABYTES [bd]`.
//! FILE is one DICOM object; the order holds as many of it as make the size, each of half a megabyte, on DVDs or Blu-ray.

use filmdesk_fileset::profile::{STD_GEN_BD_JPEG, STD_GEN_DVD_JPEG};
use filmdesk_instance::{Source, read_header};
use filmdesk_production::volume::CountingSink;
use filmdesk_production::{DiscFacts, DiscTexts, Good, Goods, PlanOptions, Silent, plan, write_disc};
use std::error::Error;
use std::io::Write;

/// Bytes of each object, and sectors of a DVD and of a Blu-ray disc.
const OBJECT: u64 = 527_000;
const DVD: u64 = 2_298_496;
const BD: u64 = 12_219_392;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (file, gigabytes, profile, capacity_sectors) = match arguments.as_slice() {
        [file, gigabytes] => (file, gigabytes, &STD_GEN_DVD_JPEG, DVD),
        [file, gigabytes, medium] if medium == "bd" => (file, gigabytes, &STD_GEN_BD_JPEG, BD),
        _ => return Err("usage: big_order FILE GIGABYTES [bd]".into()),
    };
    let n = gigabytes.parse::<u64>()? * 1_000_000_000 / OBJECT;
    let model = read_header(&Source::file(file))?;
    let mut bytes = tempfile::NamedTempFile::new()?;
    bytes.write_all(&vec![5; OBJECT as usize])?;
    let mut goods = Goods::default();
    for number in 0..n {
        let mut header = model.clone();
        // 500 to a series, 10 series to a study.
        header.study_uid = format!("2.25.5{}", number / 5000).into();
        header.series_uid = format!("2.25.5{}.{}", number / 5000, number / 500).into();
        header.sop_instance_uid = format!("{}.{number}", header.series_uid);
        header.file_len = OBJECT;
        let source = Source::slice(bytes.path(), 0, OBJECT);
        goods.goods.push(Good { header, source, data_set_sha256: None, given: number as usize });
    }
    let options = PlanOptions {
        volume_prefix: "BIG".into(),
        capacity_sectors,
        profile,
        web: false,
        viewer: false,
        texts: DiscTexts::default(),
    };
    let plan = plan(&goods, &options).map_err(|failure| failure.to_string())?;
    let created_at = "2026-11-24T10:00:00+08:00[Asia/Taipei]".parse()?;
    let facts = DiscFacts { created_at, code: "K7Q2-M9PX".into(), expected: None };
    let mut written = 0;
    for disc in &plan.discs {
        let (size, sink) = write_disc(&plan, disc.number, &facts, CountingSink::default(), &Silent)
            .map_err(|failure| failure.to_string())?;
        if sink.bytes != disc.size_bytes || size != disc.size_bytes {
            return Err("the written size is not the planned one".into());
        }
        written += size;
    }
    println!("{n} objects on {} discs, {:.1} GB written", plan.discs.len(), written as f64 / 1e9);
    Ok(())
}
