//! What the tests of this crate share: synthetic objects of every record type, and a medium laid out in a folder.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::process::Command;

use filmdesk_fileset::{FileSet, FileSetId, MediaProfile, Member, RecordType, profile};
use filmdesk_instance::{Header, InProcess, Inspector, Source, file_meta};
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE};
use tempfile::TempDir;

pub const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
pub const SR: &str = "1.2.840.10008.5.1.4.1.1.88.22";
pub const KO: &str = "1.2.840.10008.5.1.4.1.1.88.59";
pub const PR: &str = "1.2.840.10008.5.1.4.1.1.11.1";
pub const PDF: &str = "1.2.840.10008.5.1.4.1.1.104.1";
pub const MR: &str = "1.2.840.10008.5.1.4.1.1.4";

/// An object of `class` with a name in Chinese and everything the directory asks for, and a picture of four pixels
/// where its record is IMAGE.
pub fn object(class: &str, modality: &str, study: u32, series: u32, number: u32) -> DataSet {
    let mut d = DataSet::new();
    d.text((8, 5), "CS", "ISO_IR 192").text((8, 8), "CS", "ORIGINAL\\PRIMARY");
    d.text((8, 0x16), "UI", class).text((8, 0x18), "UI", &format!("2.25.7{study}.{series}.{number}"));
    for (tag, day) in [((8, 0x20), 1), ((8, 0x21), 2), ((8, 0x23), 3)] {
        d.text(tag, "DA", &format!("202603{:02}", day + study));
    }
    for tag in [(8, 0x30), (8, 0x31), (8, 0x33)] {
        d.text(tag, "TM", "093000");
    }
    d.text((8, 0x50), "SH", &format!("ACC{study}")).text((8, 0x60), "CS", modality);
    d.text((8, 0x1030), "LO", "胸部電腦斷層").text((8, 0x103E), "LO", &format!("系列 {series}"));
    d.text((0x10, 0x10), "PN", "TEST^FILESET=王^測試").text((0x10, 0x20), "LO", "TEST-0001");
    d.text((0x10, 0x30), "DA", "19700101").text((0x10, 0x40), "CS", "O");
    d.text((0x20, 0x0D), "UI", &format!("2.25.7{study}")).text((0x20, 0x0E), "UI", &format!("2.25.7{study}.{series}"));
    d.text((0x20, 0x10), "SH", &format!("S{study}")).text((0x20, 0x11), "IS", &series.to_string());
    d.text((0x20, 0x13), "IS", &number.to_string());
    if RecordType::of_sop_class(class) == Some(RecordType::Image) {
        picture(&mut d);
    }
    d
}

fn picture(d: &mut DataSet) {
    d.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[2]).us((0x28, 0x11), &[2]);
    d.us((0x28, 0x100), &[16]).us((0x28, 0x101), &[12]).us((0x28, 0x102), &[11]).us((0x28, 0x103), &[0]);
    d.bytes((0x7FE0, 0x10), "OW", vec![1, 0, 2, 0, 3, 0, 4, 0]);
}

/// A coded concept.
pub fn code(value: &str, scheme: &str, meaning: &str) -> DataSet {
    let mut d = DataSet::new();
    d.text((8, 0x100), "SH", value).text((8, 0x102), "SH", scheme).text((8, 0x104), "LO", meaning);
    d
}

/// A report with a title, a modifier of the title that belongs in the directory, and content that does not.
pub fn report(class: &str, study: u32, series: u32, number: u32) -> DataSet {
    let mut d = object(class, if class == KO { "KO" } else { "SR" }, study, series, number);
    d.items((0x40, 0xA043), vec![code("18782-3", "LN", "放射報告")]);
    d.text((0x40, 0xA491), "CS", "COMPLETE").text((0x40, 0xA493), "CS", "VERIFIED");
    let mut observer = DataSet::new();
    observer.text((0x40, 0xA030), "DT", "20260304101112").text((0x40, 0xA075), "PN", "TEST^OBSERVER");
    d.items((0x40, 0xA073), vec![observer]);
    let mut modifier = DataSet::new();
    modifier.text((0x40, 0xA010), "CS", "HAS CONCEPT MOD").text((0x40, 0xA040), "CS", "CODE");
    modifier.items((0x40, 0xA043), vec![code("121049", "DCM", "Language of Content Item and Descendants")]);
    modifier.items((0x40, 0xA168), vec![code("zh-TW", "RFC5646", "正體中文")]);
    let mut finding = DataSet::new();
    finding.text((0x40, 0xA010), "CS", "CONTAINS").text((0x40, 0xA040), "CS", "TEXT");
    finding.text((0x40, 0xA160), "UT", "nothing of this may be in a directory record");
    d.items((0x40, 0xA730), vec![modifier, finding]);
    d
}

/// A presentation state that refers to one image.
pub fn presentation(study: u32, series: u32, number: u32) -> DataSet {
    let mut d = object(PR, "PR", study, series, number);
    d.text((0x70, 0x80), "CS", "REVIEWED").text((0x70, 0x81), "LO", "已閱").text((0x70, 0x84), "PN", "TEST^READER");
    d.text((0x70, 0x82), "DA", "20260305").text((0x70, 0x83), "TM", "120000");
    let mut image = DataSet::new();
    image.text((8, 0x1150), "UI", CT).text((8, 0x1155), "UI", "2.25.71.1.1");
    let mut of_series = DataSet::new();
    of_series.items((8, 0x1140), vec![image]).text((0x20, 0x0E), "UI", "2.25.71.1");
    d.items((8, 0x1115), vec![of_series]);
    d
}

/// An encapsulated PDF.
pub fn pdf(study: u32, series: u32, number: u32) -> DataSet {
    let mut d = object(PDF, "DOC", study, series, number);
    d.text((0x42, 0x10), "ST", "檢查報告").text((0x42, 0x12), "LO", "application/pdf");
    d.items((0x40, 0xA043), vec![]).bytes((0x42, 0x11), "OB", b"%PDF-1.4 (synthetic)".to_vec());
    d
}

/// One object for each SOP Class that has a record, all of one patient.
pub fn one_of_each() -> Vec<DataSet> {
    let classes = filmdesk_fileset::record_type::sop_classes();
    let objects = classes.iter().zip(1..).map(|(&(class, record_type, _), number)| {
        if [RecordType::SrDocument, RecordType::KeyObjectDoc].contains(&record_type) {
            return report(class, 2, 1, number);
        }
        let mut d =
            if record_type == RecordType::EncapDoc { pdf(3, 1, number) } else { object(class, "OT", 1, 1, number) };
        if [RecordType::HangingProtocol, RecordType::ImplantAssy].contains(&record_type) {
            // Nothing could stand in for what these two define.
            for tag in [(0x72, 0x0C), (0x76, 0x20)] {
                d.items(tag, vec![code("1", "99TEST", "test")]);
            }
        }
        d.text((8, 0x16), "UI", class);
        d
    });
    objects.collect()
}

/// A medium in a folder, with the sources it was made from beside it.
pub struct Medium {
    pub folder: TempDir,
    pub file_set: FileSet,
    pub sources: Vec<(Source, Header)>,
}

impl Medium {
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("disc")
    }

    pub fn dicomdir(&self) -> PathBuf {
        self.root().join("DICOMDIR")
    }

    pub fn path_of(&self, file: &str) -> PathBuf {
        self.root().join(file)
    }
}

/// Writes the objects down as sources, lays out a File-set under STD-GEN-CD, and writes it into a folder.
pub fn make(objects: &[DataSet]) -> Medium {
    make_with(objects, &profile::STD_GEN_CD)
}

pub fn make_with(objects: &[DataSet], profile: &MediaProfile) -> Medium {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("sources");
    std::fs::create_dir(&from).unwrap();
    let paths = objects.iter().enumerate().map(|(number, object)| {
        let path = from.join(number.to_string());
        std::fs::write(&path, object.part10(EXPLICIT_LE)).unwrap();
        path
    });
    let paths: Vec<PathBuf> = paths.collect();
    make_of_files(folder, &paths, profile)
}

/// The same from files already there; each must be in a transfer syntax of the profile.
pub fn make_of_files(folder: TempDir, paths: &[PathBuf], profile: &MediaProfile) -> Medium {
    let sources: Vec<Source> = paths.iter().map(Source::file).collect();
    let headers = InProcess.inspect(&sources).into_iter().map(|header| header.expect("a good object"));
    let sources: Vec<(Source, Header)> = sources.clone().into_iter().zip(headers).collect();
    let members = sources.iter().enumerate().map(|(source_index, (_, header))| Member {
        header,
        transfer_syntax: &header.transfer_syntax,
        source_index,
    });
    let id = FileSetId::new("TEST_SET").unwrap();
    let file_set = FileSet::build(id, "2.25.1234567890".into(), members.collect(), profile).unwrap();
    write(&file_set, &sources, &folder.path().join("disc"));
    Medium { folder, file_set, sources }
}

/// Preamble and file meta information of our own, then the data set as it came.
pub fn write(file_set: &FileSet, sources: &[(Source, Header)], root: &Path) {
    for (file_id, at) in file_set.files() {
        let (source, header) = &sources[at];
        let mut bytes = file_meta(&header.sop_class_uid, &header.sop_instance_uid, &header.transfer_syntax);
        let object = std::fs::read(&source.path).unwrap();
        bytes.extend_from_slice(&object[header.dataset_offset as usize..]);
        let path = root.join(file_id.as_path());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    std::fs::write(root.join("DICOMDIR"), file_set.dicomdir()).unwrap();
}

/// Runs a neighbour and gives what it printed on both streams; fails when it is not installed or does not succeed.
pub fn run(program: impl AsRef<std::ffi::OsStr>, args: &[&str], at: &Path) -> String {
    let program = program.as_ref();
    let output = Command::new(program).args(args).current_dir(at).output();
    let output = output.unwrap_or_else(|error| panic!("{program:?}: {error}: `make neighbours` installs it"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program:?} {args:?} failed:\n{text}");
    text
}
