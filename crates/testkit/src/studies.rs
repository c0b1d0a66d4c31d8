//! One patient of any size: CT, MR, DX and US studies of a realistic shape, for loads, faults and benchmarks.

use crate::dicom_file::{EXPLICIT_LE, Pending, uid, write_all};
use crate::object::{PatientAttributes, SeriesAttributes, StudyAttributes, grey16, object, samples8, slice_geometry};
use crate::phantom::{Canvas, chest, ct_slice, mr_slice, ultrasound};
use jiff::civil::{Date, date};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// What to make: numbers of instances by modality, and whose they say they are.
#[derive(Clone, Debug)]
pub struct Spec {
    /// CT slices, 512 × 512, 200 to a series.
    pub ct: u32,
    /// MR slices, 256 × 256, 150 to a series.
    pub mr: u32,
    /// Radiographs, 2500 × 3000.
    pub dx: u32,
    /// Ultrasound pictures, 600 × 800 RGB.
    pub us: u32,
    /// Same seed, same bytes.
    pub seed: u64,
    /// PatientID.
    pub patient: String,
    /// PatientName, `ISO_IR 192`.
    pub name: String,
    /// StudyDate of every study.
    pub date: Date,
}

impl Default for Spec {
    fn default() -> Self {
        Spec {
            ct: 400,
            mr: 600,
            dx: 2,
            us: 20,
            seed: 7,
            patient: "T1234567".to_owned(),
            name: "TEST^WangShiYan=王^試驗".to_owned(),
            date: date(2026, 11, 2),
        }
    }
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Files written.
    pub n_instances: usize,
    /// Their bytes.
    pub size_bytes: u64,
    /// Study Instance UIDs, in the order CT, MR, DX, US.
    pub studies: Vec<String>,
}

struct Shape {
    modality: &'static str,
    sop_class: &'static str,
    part: &'static str,
    per_series: u32,
    size: (usize, usize),
}

/// Writes the patient as `OUT/000000.dcm`, `000001.dcm`, … Four pictures are drawn for a modality, and each instance
/// is one of them a little brighter or not, so that the making is quick and the pixels still do not compress to nothing.
///
/// # Errors
/// What writing a file met.
pub fn make(out: &Path, spec: &Spec) -> io::Result<Made> {
    let shapes = [
        (
            spec.ct,
            Shape {
                modality: "CT",
                sop_class: "1.2.840.10008.5.1.4.1.1.2",
                part: "CHEST",
                per_series: 200,
                size: (512, 512),
            },
        ),
        (
            spec.mr,
            Shape {
                modality: "MR",
                sop_class: "1.2.840.10008.5.1.4.1.1.4",
                part: "BRAIN",
                per_series: 150,
                size: (256, 256),
            },
        ),
        (
            spec.dx,
            Shape {
                modality: "DX",
                sop_class: "1.2.840.10008.5.1.4.1.1.1.1",
                part: "CHEST",
                per_series: 200,
                size: (2500, 3000),
            },
        ),
        (
            spec.us,
            Shape {
                modality: "US",
                sop_class: "1.2.840.10008.5.1.4.1.1.6.1",
                part: "HEART",
                per_series: 200,
                size: (600, 800),
            },
        ),
    ];
    let mut files: Vec<Pending> = Vec::new();
    let mut studies = Vec::new();
    for (n, shape) in shapes {
        if n > 0 {
            studies.push(study(out, spec, n, shape, &mut files));
        }
    }
    let n_instances = files.len();
    Ok(Made { n_instances, size_bytes: write_all(files)?, studies })
}

fn study(out: &Path, spec: &Spec, n: u32, shape: Shape, files: &mut Vec<Pending>) -> String {
    let patient = PatientAttributes {
        id: spec.patient.clone(),
        name: spec.name.clone().into_bytes(),
        charset: Some("ISO_IR 192"),
        born: date(1970, 3, 15),
        sex: "M",
    };
    let seed = spec.seed.to_string();
    let study = StudyAttributes {
        uid: uid(&["study", &seed, &spec.patient, shape.modality]),
        date: spec.date,
        time: "083000",
        accession: format!("{}{}{:02}", shape.modality, spec.date.strftime("%Y%m%d"), spec.seed % 100),
        description: format!("{} {}", shape.modality, shape.part),
        department: "Medical Imaging",
        requesting_service: "Internal Medicine",
    };
    let for_uid = uid(&[&study.uid, "frame of reference"]);
    let pictures: Arc<Vec<Canvas>> =
        Arc::new((0..4).map(|k| picture(shape.modality, shape.size, k, spec.seed)).collect());
    for i in 0..n {
        let (series_index, j) = (i / shape.per_series, i % shape.per_series);
        let series = SeriesAttributes {
            modality: shape.modality,
            sop_class: shape.sop_class,
            number: series_index + 1,
            description: "Synthetic series",
            body_part: shape.part,
        };
        let (patient, study, pictures, for_uid) =
            (patient.clone(), study.clone(), Arc::clone(&pictures), for_uid.clone());
        let size = shape.size;
        let make = move || {
            let mut d = object(&patient, &study, &series, j + 1);
            let (canvas, brighter) = (&pictures[i as usize % 4], (i / 4 % 3) as f32);
            let axial = matches!(series.modality, "CT" | "MR");
            d.text((8, 8), "CS", if axial { "ORIGINAL\\PRIMARY\\AXIAL" } else { "ORIGINAL\\PRIMARY" });
            if axial {
                slice_geometry(&mut d, &for_uid, "0.7", j as f32);
            }
            if series.modality == "US" {
                samples8(&mut d, size, 3, canvas.rgb([1.0, 1.0, 1.0 - brighter / 50.0]));
            } else {
                let intercept = if series.modality == "CT" { "-1024" } else { "0" };
                d.text((0x28, 0x1052), "DS", intercept).text((0x28, 0x1053), "DS", "1");
                let window = if series.modality == "CT" { (40, 400) } else { (1064, 2000) };
                grey16(&mut d, size, 12, window, canvas.samples16(12, brighter));
            }
            d.part10(EXPLICIT_LE)
        };
        files.push((out.join(format!("{:06}.dcm", files.len())), Box::new(make)));
    }
    study.uid
}

fn picture(modality: &str, size: (usize, usize), k: u64, seed: u64) -> Canvas {
    let t = 0.2 + 0.2 * k as f32;
    match modality {
        "CT" => ct_slice(size.0, t, seed + k),
        "MR" => mr_slice(size.0, t, seed + k),
        "DX" => chest(size.0, size.1, k % 2 == 1, seed + k),
        _ => ultrasound(size.0, size.1, t, seed + k),
    }
}
