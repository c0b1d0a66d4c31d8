//! The sample archive of the demonstration desk: invented patients with one of everything a hospital copies.

use crate::dicom_file::{DataSet, EXPLICIT_LE, IMPLICIT_LE, Pending, RLE_LOSSLESS, rle_frame, uid, write_all};
use crate::object::{
    PatientAttributes, SeriesAttributes, StudyAttributes, da, describe8, grey16, object, samples8, slice_geometry,
};
use crate::phantom;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use std::io;
use std::path::{Path, PathBuf};

/// A patient of the sample archive, with what a form and a counter need to know of them.
#[derive(Clone, Debug)]
pub struct SamplePatient {
    /// PatientID (0010,0020) in the archive: the medical record number the clerk types.
    pub patient_id: &'static str,
    /// Name as a form would have it.
    pub name: &'static str,
    /// Identity number: a published fixture that passes the checksum.
    pub identity: &'static str,
    /// Birthday.
    pub born: Date,
    /// `M`, `F` or `O`.
    pub sex: &'static str,
    /// What this patient is there to show.
    pub shows: &'static str,
    /// The studies in the archive.
    pub studies: Vec<SampleStudy>,
}

/// One study of the sample archive.
#[derive(Clone, Debug)]
pub struct SampleStudy {
    /// Study Instance UID.
    pub study_uid: String,
    /// Study Date.
    pub date: Date,
    /// Modalities in Study.
    pub modalities: Vec<&'static str>,
    /// Study Description.
    pub description: &'static str,
    /// Accession Number.
    pub accession: String,
    /// Instances.
    pub n_instances: u32,
}

/// Writes the archive under `folder` (`P01/S01/000001.dcm`, …), examinations dated relative to `today`.
///
/// The same `today` gives the same bytes.
///
/// # Errors
/// What writing a file met.
pub fn write_sample_archive(folder: &Path, today: Date) -> io::Result<Vec<SamplePatient>> {
    let mut archive = Archive { folder: folder.to_owned(), today, files: Vec::new(), patients: Vec::new() };
    trunk_and_chest(&mut archive);
    breast(&mut archive);
    same_day(&mut archive);
    psychiatry(&mut archive);
    nuclear_medicine(&mut archive);
    child(&mut archive);
    foreign(&mut archive);
    write_all(archive.files)?;
    Ok(archive.patients)
}

struct Archive {
    folder: PathBuf,
    today: Date,
    files: Vec<Pending>,
    patients: Vec<SamplePatient>,
}

/// The study being written.
struct Study<'a> {
    archive: &'a mut Archive,
    patient: PatientAttributes,
    study: StudyAttributes,
    folder: PathBuf,
}

struct Exam {
    days_ago: i32,
    time: &'static str,
    description: &'static str,
    department: &'static str,
    requesting_service: &'static str,
}

impl Default for Exam {
    fn default() -> Self {
        let department = "Medical Imaging";
        Exam { days_ago: 20, time: "083000", description: "", department, requesting_service: "Internal Medicine" }
    }
}

impl Archive {
    fn patient(&mut self, mut patient: SamplePatient) {
        patient.studies = Vec::new();
        self.patients.push(patient);
    }

    /// Starts a study of the patient added last.
    fn study(&mut self, name: &[u8], charset: Option<&'static str>, exam: Exam) -> Study<'_> {
        let (n_patients, today) = (self.patients.len(), self.today);
        let owner = self.patients.last_mut().expect("a patient comes before their studies");
        let n = owner.studies.len() + 1;
        let date = today.saturating_sub(exam.days_ago.days());
        let study = StudyAttributes {
            uid: uid(&["sample archive", owner.patient_id, &n.to_string(), &da(today)]),
            date,
            time: exam.time,
            accession: format!("T{}{:02}{n:02}", date.strftime("%y%m%d"), n_patients),
            description: exam.description.to_owned(),
            department: exam.department,
            requesting_service: exam.requesting_service,
        };
        owner.studies.push(SampleStudy {
            study_uid: study.uid.clone(),
            date,
            modalities: Vec::new(),
            description: exam.description,
            accession: study.accession.clone(),
            n_instances: 0,
        });
        let patient = PatientAttributes {
            id: owner.patient_id.to_owned(),
            name: name.to_vec(),
            charset,
            born: owner.born,
            sex: owner.sex,
        };
        let folder = self.folder.join(format!("P{n_patients:02}")).join(format!("S{n:02}"));
        Study { archive: self, patient, study, folder }
    }
}

impl Study<'_> {
    /// Adds one object; `fill` puts what the modality adds. Runs on whichever core writes the file.
    fn add(
        &mut self,
        series: &SeriesAttributes,
        number: u32,
        transfer_syntax: &'static str,
        fill: impl FnOnce(&mut DataSet) + Send + 'static,
    ) {
        let (patient, study, series) = (self.patient.clone(), self.study.clone(), series.clone());
        let owner = self.archive.patients.last_mut().expect("a study has a patient");
        let listed = owner.studies.last_mut().expect("a study is listed when it starts");
        listed.n_instances += 1;
        if !listed.modalities.contains(&series.modality) {
            listed.modalities.push(series.modality);
        }
        let path = self.folder.join(format!("{:06}.dcm", listed.n_instances));
        let make = move || {
            let mut d = object(&patient, &study, &series, number);
            fill(&mut d);
            d.part10(transfer_syntax)
        };
        self.archive.files.push((path, Box::new(make)));
    }

    fn ct(&mut self, n: u32, part: &'static str, transfer_syntax: &'static str) {
        let sop_class = "1.2.840.10008.5.1.4.1.1.2";
        let series =
            SeriesAttributes { modality: "CT", sop_class, number: 2, description: "Axial 1.0", body_part: part };
        let frame = uid(&[&self.study.uid, "frame of reference"]);
        for i in 0..n {
            let (t, frame) = (i as f32 / n as f32, frame.clone());
            self.add(&series, i + 1, transfer_syntax, move |d| {
                d.text((8, 8), "CS", "ORIGINAL\\PRIMARY\\AXIAL").text((0x18, 0x60), "DS", "120");
                slice_geometry(d, &frame, "0.7", -(i as f32));
                d.text((0x28, 0x1052), "DS", "-1024").text((0x28, 0x1053), "DS", "1");
                grey16(d, (512, 512), 12, (40, 400), phantom::ct_slice(512, t, u64::from(i)).samples16(12, 0.0));
            });
        }
    }

    fn mr(&mut self, number: u32, n: u32, description: &'static str) {
        let sop_class = "1.2.840.10008.5.1.4.1.1.4";
        let series = SeriesAttributes { modality: "MR", sop_class, number, description, body_part: "BRAIN" };
        let frame = uid(&[&self.study.uid, "frame of reference"]);
        for i in 0..n {
            let (t, frame) = (i as f32 / n as f32, frame.clone());
            self.add(&series, i + 1, EXPLICIT_LE, move |d| {
                d.text((8, 8), "CS", "ORIGINAL\\PRIMARY\\AXIAL").text((0x18, 0x20), "CS", "SE");
                d.text((0x18, 0x21), "CS", "NONE").text((0x18, 0x22), "CS", "").text((0x18, 0x23), "CS", "2D");
                slice_geometry(d, &frame, "0.9", 2.0 * i as f32);
                let seed = u64::from(number * 1000 + i);
                grey16(d, (256, 256), 12, (450, 900), phantom::mr_slice(256, t, seed).samples16(12, 0.0));
            });
        }
    }

    fn radiograph(&mut self, number: u32, lateral: bool) {
        let sop_class = "1.2.840.10008.5.1.4.1.1.1.1";
        let description = if lateral { "Lateral" } else { "PA" };
        let series = SeriesAttributes { modality: "DX", sop_class, number, description, body_part: "CHEST" };
        self.add(&series, 1, EXPLICIT_LE, move |d| {
            d.text((8, 8), "CS", "DERIVED\\PRIMARY").text((8, 0x68), "CS", "FOR PRESENTATION");
            d.text((0x18, 0x5101), "CS", if lateral { "LL" } else { "PA" }).text((0x18, 0x1164), "DS", "0.14\\0.14");
            let (rows, columns) = (2500, if lateral { 2000 } else { 2400 });
            let canvas = phantom::chest(rows, columns, lateral, u64::from(number));
            grey16(d, (rows, columns), 12, (2000, 3200), canvas.samples16(12, 0.0));
        });
    }

    fn ultrasound(&mut self, n_frames: u32, compressed: bool, part: &'static str) {
        let sop_class = "1.2.840.10008.5.1.4.1.1.3.1";
        let series = SeriesAttributes { modality: "US", sop_class, number: 1, description: "Clip", body_part: part };
        let transfer_syntax = if compressed { RLE_LOSSLESS } else { EXPLICIT_LE };
        self.add(&series, 1, transfer_syntax, move |d| {
            let (rows, columns) = (480, 640);
            let frames = (0..n_frames).map(|f| {
                let canvas = phantom::ultrasound(rows, columns, f as f32 / n_frames as f32, u64::from(f));
                if compressed { rle_frame(&canvas.rgb([1.0, 0.95, 0.85]), columns, 3) } else { canvas.samples8() }
            });
            d.text((8, 8), "CS", "ORIGINAL\\PRIMARY").text((0x28, 8), "IS", &n_frames.to_string());
            d.text((0x18, 0x1063), "DS", "40").bytes((0x28, 9), "AT", vec![0x18, 0, 0x63, 0x10]);
            if compressed {
                describe8(d, (rows, columns), 3);
                d.fragments(frames.collect());
            } else {
                samples8(d, (rows, columns), 1, frames.collect::<Vec<_>>().concat());
            }
        });
    }
}

/// CT of the trunk and a chest radiograph in two views, long ago: the plain case.
fn trunk_and_chest(archive: &mut Archive) {
    archive.patient(SamplePatient {
        patient_id: "9000001",
        name: "王測試",
        identity: "A123456789",
        born: date(1970, 3, 15),
        sex: "M",
        shows: "one CT and one chest X-ray",
        studies: Vec::new(),
    });
    let name = "TEST^WangCeShi=王^測試".as_bytes();
    let utf8 = Some("ISO_IR 192");
    let ct = Exam { description: "CT CHEST", ..Exam::default() };
    archive.study(name, utf8, ct).ct(150, "CHEST", EXPLICIT_LE);
    let x_ray = Exam { days_ago: 22, time: "141500", description: "CHEST PA AND LATERAL", ..Exam::default() };
    let mut study = archive.study(name, utf8, x_ray);
    study.radiograph(1, false);
    study.radiograph(2, true);
}

/// Mammography with its report as a structured report, and a breast ultrasound with a PDF report.
fn breast(archive: &mut Archive) {
    archive.patient(SamplePatient {
        patient_id: "9000002",
        name: "林範例",
        identity: "A223456781",
        born: date(1985, 11, 2),
        sex: "F",
        shows: "mammography with a structured report, breast ultrasound with a PDF report",
        studies: Vec::new(),
    });
    let name = "TEST^LinFanLi=林^範例".as_bytes();
    let utf8 = Some("ISO_IR 192");
    let exam = Exam { days_ago: 30, description: "MAMMOGRAPHY SCREENING", ..Exam::default() };
    let mut study = archive.study(name, utf8, exam);
    let sop_class = "1.2.840.10008.5.1.4.1.1.1.2";
    let mg = SeriesAttributes { modality: "MG", sop_class, number: 1, description: "CC and MLO", body_part: "BREAST" };
    for (i, (side, view)) in [("L", "CC"), ("R", "CC"), ("L", "MLO"), ("R", "MLO")].into_iter().enumerate() {
        study.add(&mg, i as u32 + 1, EXPLICIT_LE, move |d| {
            d.text((8, 8), "CS", "DERIVED\\PRIMARY").text((8, 0x68), "CS", "FOR PRESENTATION");
            d.text((0x20, 0x62), "CS", side).text((0x18, 0x5101), "CS", view).text((0x18, 0x1164), "DS", "0.1\\0.1");
            let canvas = phantom::mammogram(2294, 1914, side == "L", i as u64 + 1);
            grey16(d, (2294, 1914), 12, (1400, 2800), canvas.samples16(12, 0.0));
        });
    }
    structured_report(&mut study);
    let exam = Exam { days_ago: 30, time: "101000", description: "BREAST ULTRASOUND", ..Exam::default() };
    let mut study = archive.study(name, utf8, exam);
    study.ultrasound(24, false, "BREAST");
    encapsulated_pdf(&mut study);
}

fn code(value: &str, scheme: &str, meaning: &str) -> Vec<DataSet> {
    let mut d = DataSet::new();
    d.text((8, 0x100), "SH", value).text((8, 0x102), "SH", scheme).text((8, 0x104), "LO", meaning);
    vec![d]
}

fn structured_report(study: &mut Study<'_>) {
    let sop_class = "1.2.840.10008.5.1.4.1.1.88.11";
    let series = SeriesAttributes { modality: "SR", sop_class, number: 90, description: "Report", body_part: "BREAST" };
    study.add(&series, 1, EXPLICIT_LE, |d| {
        let mut finding = DataSet::new();
        finding.text((0x40, 0xA010), "CS", "CONTAINS").text((0x40, 0xA040), "CS", "TEXT");
        finding.items((0x40, 0xA043), code("121071", "DCM", "Finding"));
        finding.text((0x40, 0xA160), "UT", "Synthetic report: no finding. 合成報告，無異常。");
        d.items((8, 0x1111), Vec::new()).text((0x40, 0xA040), "CS", "CONTAINER");
        d.items((0x40, 0xA043), code("126000", "DCM", "Imaging Measurement Report"));
        d.text((0x40, 0xA050), "CS", "SEPARATE").items((0x40, 0xA372), Vec::new());
        d.text((0x40, 0xA491), "CS", "COMPLETE").text((0x40, 0xA493), "CS", "UNVERIFIED");
        d.items((0x40, 0xA730), vec![finding]);
    });
}

fn encapsulated_pdf(study: &mut Study<'_>) {
    let sop_class = "1.2.840.10008.5.1.4.1.1.104.1";
    let series =
        SeriesAttributes { modality: "DOC", sop_class, number: 91, description: "Report", body_part: "BREAST" };
    let acquired = format!("{}{}", da(study.study.date), study.study.time);
    study.add(&series, 1, EXPLICIT_LE, move |d| {
        d.text((8, 0x2A), "DT", &acquired).text((8, 0x64), "CS", "WSD").text((0x28, 0x301), "CS", "NO");
        d.items((0x40, 0xA043), code("18748-4", "LN", "Diagnostic imaging report"));
        d.text((0x42, 0x10), "ST", "Ultrasound report (synthetic)").text((0x42, 0x12), "LO", "application/pdf");
        d.bytes((0x42, 0x11), "OB", pdf("Synthetic ultrasound report. This patient does not exist."));
    });
}

/// One page of text as a PDF 1.4 with a right cross-reference table.
fn pdf(line: &str) -> Vec<u8> {
    let stream = format!("BT /F1 16 Tf 60 760 Td ({line}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = "%PDF-1.4\n".to_owned();
    let mut xref = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (i, object) in objects.iter().enumerate() {
        xref.push_str(&format!("{:010} 00000 n \n", out.len()));
        out.push_str(&format!("{} 0 obj\n{object}\nendobj\n", i + 1));
    }
    let start = out.len();
    out.push_str(&xref);
    out.push_str(&format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1));
    out.into_bytes()
}

/// CT and MR on one day, this week; the CT in Implicit VR as old archives keep it.
fn same_day(archive: &mut Archive) {
    archive.patient(SamplePatient {
        patient_id: "9000003",
        name: "陳樣本",
        identity: "F130000005",
        born: date(1962, 7, 30),
        sex: "M",
        shows: "CT and MRI of one day, this week (the report takes seven days)",
        studies: Vec::new(),
    });
    let name = "TEST^ChenYangBen=陳^樣本".as_bytes();
    let utf8 = Some("ISO_IR 192");
    let ct = Exam { days_ago: 4, description: "CT ABDOMEN", ..Exam::default() };
    archive.study(name, utf8, ct).ct(40, "ABDOMEN", IMPLICIT_LE);
    let mr = Exam { days_ago: 4, time: "110500", description: "MRI BRAIN", ..Exam::default() };
    archive.study(name, utf8, mr).mr(1, 60, "T2 axial");
}

/// A brain MRI that Psychiatry ordered: an agent needs a sealed consent form.
fn psychiatry(archive: &mut Archive) {
    archive.patient(SamplePatient {
        patient_id: "9000004",
        name: "張虛構",
        identity: "I100000003",
        born: date(1991, 2, 14),
        sex: "M",
        shows: "MRI ordered by Psychiatry",
        studies: Vec::new(),
    });
    let name = "TEST^ZhangXuGou=張^虛構".as_bytes();
    let exam = Exam { days_ago: 45, description: "MRI BRAIN", requesting_service: "Psychiatry", ..Exam::default() };
    let mut study = archive.study(name, Some("ISO_IR 192"), exam);
    study.mr(1, 60, "T1 axial");
    study.mr(2, 60, "FLAIR axial");
}

/// A bone scan of yesterday, PET and bone densitometry; the name in Big5 that no attribute declares, every character
/// of it ending in the byte of a backslash.
fn nuclear_medicine(archive: &mut Archive) {
    archive.patient(SamplePatient {
        patient_id: "9000005",
        name: "許功蓋",
        identity: "O200000006",
        born: date(1958, 9, 9),
        sex: "F",
        shows: "a bone scan of yesterday (three days to wait), PET, bone densitometry; a name in undeclared Big5",
        studies: Vec::new(),
    });
    let name = b"TEST^\xB3\x5C\xA5\x5C\xBB\x5C";
    let department = "Nuclear Medicine";
    let exam = Exam { days_ago: 1, description: "BONE SCAN WHOLE BODY", department, ..Exam::default() };
    let mut study = archive.study(name, None, exam);
    let sop_class = "1.2.840.10008.5.1.4.1.1.20";
    let nm =
        SeriesAttributes { modality: "NM", sop_class, number: 1, description: "Whole body", body_part: "WHOLEBODY" };
    study.add(&nm, 1, EXPLICIT_LE, |d| {
        let frames = [false, true].map(|posterior| phantom::bone_scan(1024, 256, posterior, 5).samples16(16, 0.0));
        d.text((8, 8), "CS", "ORIGINAL\\PRIMARY\\WHOLE BODY\\EMISSION").text((0x28, 8), "IS", "2");
        d.bytes((0x28, 9), "AT", [0x54, 0, 0x10, 0, 0x54, 0, 0x20, 0].to_vec());
        d.us((0x54, 0x10), &[1, 1]).us((0x54, 0x11), &[1]).us((0x54, 0x20), &[1, 2]).us((0x54, 0x21), &[2]);
        d.text((0x28, 0x30), "DS", "2.2\\2.2");
        grey16(d, (1024, 256), 16, (90, 180), frames.concat());
    });
    pet(archive, name, department);
    let exam = Exam { days_ago: 60, time: "150000", description: "BONE DENSITOMETRY DXA", ..Exam::default() };
    let mut study = archive.study(name, None, exam);
    let sop_class = "1.2.840.10008.5.1.4.1.1.7";
    let dxa = SeriesAttributes { modality: "OT", sop_class, number: 1, description: "L-spine", body_part: "LSPINE" };
    study.add(&dxa, 1, EXPLICIT_LE, |d| {
        d.text((8, 8), "CS", "DERIVED\\SECONDARY").text((8, 0x64), "CS", "WSD");
        samples8(d, (900, 700), 3, phantom::densitometry(900, 700, 3).rgb([0.95, 0.98, 1.0]));
    });
}

fn pet(archive: &mut Archive, name: &[u8], department: &'static str) {
    let exam = Exam { days_ago: 25, time: "093000", description: "PET WHOLE BODY FDG", department, ..Exam::default() };
    let mut study = archive.study(name, None, exam);
    let sop_class = "1.2.840.10008.5.1.4.1.1.128";
    let pt = SeriesAttributes { modality: "PT", sop_class, number: 1, description: "FDG AC", body_part: "WHOLEBODY" };
    let frame = uid(&[&study.study.uid, "frame of reference"]);
    for i in 0..80u32 {
        let frame = frame.clone();
        study.add(&pt, i + 1, EXPLICIT_LE, move |d| {
            d.text((8, 8), "CS", "ORIGINAL\\PRIMARY").text((0x54, 0x1001), "CS", "BQML");
            slice_geometry(d, &frame, "4.0", -3.0 * i as f32);
            d.text((0x28, 0x1052), "DS", "0").text((0x28, 0x1053), "DS", "1");
            let canvas = phantom::pet_slice(168, i as f32 / 80.0, u64::from(i));
            grey16(d, (168, 168), 16, (6000, 12000), canvas.samples16(16, 0.0));
        });
    }
}

/// A child's radiograph: a legal representative applies.
fn child(archive: &mut Archive) {
    let born = archive.today.saturating_sub(8.years()).first_of_month();
    archive.patient(SamplePatient {
        patient_id: "9000006",
        name: "李試用",
        identity: "W150000006",
        born,
        sex: "M",
        shows: "a child: a legal representative applies",
        studies: Vec::new(),
    });
    let exam = Exam { days_ago: 12, description: "CHEST PA", requesting_service: "Pediatrics", ..Exam::default() };
    archive.study("TEST^LiShiYong=李^試用".as_bytes(), Some("ISO_IR 192"), exam).radiograph(1, false);
}

/// A foreign national with an ISO_IR 100 name and a compressed heart ultrasound.
fn foreign(archive: &mut Archive) {
    archive.patient(SamplePatient {
        patient_id: "9000007",
        name: "TEST MÜLLER",
        identity: "A900000016",
        born: date(1979, 5, 21),
        sex: "F",
        shows: "a foreign national; a compressed ultrasound clip",
        studies: Vec::new(),
    });
    let exam =
        Exam { days_ago: 33, description: "ECHOCARDIOGRAPHY", requesting_service: "Cardiology", ..Exam::default() };
    archive.study(b"TEST^M\xDCLLER", Some("ISO_IR 100"), exam).ultrasound(40, true, "HEART");
}
