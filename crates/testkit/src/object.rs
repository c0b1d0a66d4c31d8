//! The attributes every synthetic object carries: patient, study, series, instance, pixels.

use crate::dicom_file::{DataSet, uid};
use jiff::civil::Date;
use std::sync::Arc;

/// Who the objects say they show.
#[derive(Clone, Debug)]
pub struct PatientAttributes {
    /// PatientID (0010,0020).
    pub id: String,
    /// PatientName (0010,0010) as the bytes that stand in the file.
    pub name: Vec<u8>,
    /// SpecificCharacterSet (0008,0005); `None`: not declared.
    pub charset: Option<&'static str>,
    /// PatientBirthDate (0010,0030).
    pub born: Date,
    /// PatientSex (0010,0040).
    pub sex: &'static str,
}

/// One study.
#[derive(Clone, Debug)]
pub struct StudyAttributes {
    /// StudyInstanceUID (0020,000D).
    pub uid: String,
    /// StudyDate (0008,0020).
    pub date: Date,
    /// StudyTime (0008,0030), `HHMMSS`.
    pub time: &'static str,
    /// AccessionNumber (0008,0050).
    pub accession: String,
    /// StudyDescription (0008,1030).
    pub description: String,
    /// InstitutionalDepartmentName (0008,1040).
    pub department: &'static str,
    /// RequestingService (0032,1033).
    pub requesting_service: &'static str,
}

/// One series.
#[derive(Clone, Debug)]
pub struct SeriesAttributes {
    /// Modality (0008,0060).
    pub modality: &'static str,
    /// SOPClassUID (0008,0016).
    pub sop_class: &'static str,
    /// SeriesNumber (0020,0011).
    pub number: u32,
    /// SeriesDescription (0008,103E).
    pub description: &'static str,
    /// BodyPartExamined (0018,0015).
    pub body_part: &'static str,
}

/// `YYYYMMDD`.
pub fn da(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// Everything but pixels and what a modality adds.
pub fn object(patient: &PatientAttributes, study: &StudyAttributes, series: &SeriesAttributes, number: u32) -> DataSet {
    let mut d = DataSet::new();
    if let Some(charset) = patient.charset {
        d.text((8, 5), "CS", charset);
    }
    let (series_number, instance_number) = (series.number.to_string(), number.to_string());
    let date = da(study.date);
    d.text((8, 0x16), "UI", series.sop_class);
    d.text((8, 0x18), "UI", &uid(&[&study.uid, &series_number, &instance_number]));
    for tag in [(8, 0x20), (8, 0x21), (8, 0x22), (8, 0x23)] {
        d.text(tag, "DA", &date);
    }
    for tag in [(8, 0x30), (8, 0x31), (8, 0x33)] {
        d.text(tag, "TM", study.time);
    }
    d.text((8, 0x50), "SH", &study.accession).text((8, 0x60), "CS", series.modality);
    d.text((8, 0x70), "LO", "Synthetic").text((8, 0x80), "LO", "Example Hospital (synthetic)");
    d.text((8, 0x90), "PN", "").text((8, 0x1010), "SH", "TESTSTATION");
    d.text((8, 0x1030), "LO", &study.description).text((8, 0x103E), "LO", series.description);
    d.text((8, 0x1040), "LO", study.department).text((8, 0x1090), "LO", "Phantom 1");
    d.bytes((0x10, 0x10), "PN", patient.name.clone()).text((0x10, 0x20), "LO", &patient.id);
    d.text((0x10, 0x30), "DA", &da(patient.born)).text((0x10, 0x40), "CS", patient.sex);
    d.text((0x18, 0x15), "CS", series.body_part);
    d.text((0x20, 0x0D), "UI", &study.uid).text((0x20, 0x0E), "UI", &uid(&[&study.uid, "series", &series_number]));
    d.text((0x20, 0x10), "SH", "1").text((0x20, 0x11), "IS", &series_number).text((0x20, 0x13), "IS", &instance_number);
    d.text((0x20, 0x20), "CS", "L\\F").text((0x32, 0x1033), "LO", study.requesting_service);
    d
}

/// Grey 16-bit pixels, `bits` of them used, with a window.
pub fn grey16(d: &mut DataSet, size: (usize, usize), bits: u16, window: (i32, i32), pixels: impl Into<Arc<[u8]>>) {
    image(d, size, 1, "MONOCHROME2", (16, bits));
    d.text((0x28, 0x1050), "DS", &window.0.to_string()).text((0x28, 0x1051), "DS", &window.1.to_string());
    d.pixels("OW", pixels.into());
}

/// 8-bit pixels: grey (one sample) or RGB (three, by pixel).
pub fn samples8(d: &mut DataSet, size: (usize, usize), samples: u16, pixels: impl Into<Arc<[u8]>>) {
    describe8(d, size, samples);
    d.pixels("OB", pixels.into());
}

/// The Image Pixel attributes of 8-bit pixels, without the pixels.
pub fn describe8(d: &mut DataSet, size: (usize, usize), samples: u16) {
    image(d, size, samples, if samples == 3 { "RGB" } else { "MONOCHROME2" }, (8, 8));
    if samples == 3 {
        d.us((0x28, 6), &[0]);
    }
}

fn image(d: &mut DataSet, size: (usize, usize), samples: u16, photometric: &str, bits: (u16, u16)) {
    d.us((0x28, 2), &[samples]).text((0x28, 4), "CS", photometric);
    d.us((0x28, 0x10), &[size.0 as u16]).us((0x28, 0x11), &[size.1 as u16]);
    d.us((0x28, 0x100), &[bits.0]).us((0x28, 0x101), &[bits.1]).us((0x28, 0x102), &[bits.1 - 1]);
    d.us((0x28, 0x103), &[0]);
}

/// Where a slice lies: thickness, position, orientation, frame of reference, pixel spacing.
pub fn slice_geometry(d: &mut DataSet, frame_of_reference: &str, spacing: &str, z: f32) {
    d.text((0x18, 0x50), "DS", "1").text((0x20, 0x32), "DS", &format!("0\\0\\{z}"));
    d.text((0x20, 0x37), "DS", "1\\0\\0\\0\\1\\0").text((0x20, 0x52), "UI", frame_of_reference);
    d.text((0x20, 0x1040), "LO", "").text((0x28, 0x30), "DS", &format!("{spacing}\\{spacing}"));
}
