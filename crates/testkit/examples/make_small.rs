//! Writes many small objects of one patient, for timing an index: `make_small OUT N`. 500 objects to a series, four series
//! to a study; each image has 32 × 32 pixels.

use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE};
use std::path::Path;

/// UIDs as long as those of real archives.
const ROOT: &str = "2.25.77000000000000000000000000000000007";

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, n] = arguments.as_slice() else { return Err(std::io::Error::other("usage: make_small OUT N")) };
    let n: usize = n.parse().map_err(std::io::Error::other)?;
    for number in 0..n {
        let (series, study) = (number / 500, number / 2000);
        let folder = Path::new(out).join(format!("S{series:07}"));
        if number % 500 == 0 {
            std::fs::create_dir_all(&folder)?;
        }
        std::fs::write(folder.join(format!("I{number:07}")), object(study, series, number).part10(EXPLICIT_LE))?;
    }
    Ok(())
}

fn object(study: usize, series: usize, number: usize) -> DataSet {
    let mut d = DataSet::new();
    d.text((8, 5), "CS", "ISO_IR 192").text((8, 8), "CS", "ORIGINAL\\PRIMARY\\AXIAL");
    d.text((8, 0x16), "UI", "1.2.840.10008.5.1.4.1.1.2").text(
        (8, 0x18),
        "UI",
        &format!("{ROOT}.{study}.{series}.{number}"),
    );
    for tag in [(8, 0x20), (8, 0x21), (8, 0x22), (8, 0x23)] {
        d.text(tag, "DA", "20260302");
    }
    for tag in [(8, 0x30), (8, 0x31), (8, 0x32), (8, 0x33)] {
        d.text(tag, "TM", "093000");
    }
    d.text((8, 0x50), "SH", &format!("A{study}")).text((8, 0x60), "CS", "CT").text((8, 0x70), "LO", "SYNTHETIC");
    d.text((8, 0x80), "LO", "Example Hospital").text((8, 0x90), "PN", "TEST^REFERRING");
    d.text((8, 0x1030), "LO", "synthetic").text((8, 0x103E), "LO", &format!("series {series}"));
    d.text((0x10, 0x10), "PN", "TEST^SMALL=王^測試").text((0x10, 0x20), "LO", "T7654321");
    d.text((0x10, 0x30), "DA", "19700101").text((0x10, 0x40), "CS", "O").text((0x18, 0x50), "DS", "1.25");
    d.text((0x20, 0x0D), "UI", &format!("{ROOT}.{study}")).text(
        (0x20, 0x0E),
        "UI",
        &format!("{ROOT}.{study}.{series}"),
    );
    d.text((0x20, 0x10), "SH", &study.to_string()).text((0x20, 0x11), "IS", &series.to_string());
    d.text((0x20, 0x13), "IS", &number.to_string()).text((0x20, 0x32), "DS", &format!("-160\\-160\\{number}.5"));
    d.text((0x20, 0x37), "DS", "1\\0\\0\\0\\1\\0").text((0x20, 0x52), "UI", &format!("2.25.78{study}"));
    d.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[32]).us((0x28, 0x11), &[32]);
    d.text((0x28, 0x30), "DS", "0.625\\0.625");
    d.us((0x28, 0x100), &[16]).us((0x28, 0x101), &[12]).us((0x28, 0x102), &[11]).us((0x28, 0x103), &[0]);
    d.text((0x28, 0x1050), "DS", "40").text((0x28, 0x1051), "DS", "400");
    d.text((0x28, 0x1052), "DS", "-1024").text((0x28, 0x1053), "DS", "1");
    d.bytes((0x7FE0, 0x10), "OW", vec![7; 2048]);
    d
}
