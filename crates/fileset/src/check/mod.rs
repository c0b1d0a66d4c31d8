//! Checking a finished medium: its directory against its files, its profile, and what it was made from.
//!
//! No tool in use does this: `dcmmkdir` succeeds while leaving files out, `dciodvfy` passes a directory of wrong record
//! types. So the points are our own, each with codes:
//!
//! 1. the files on the medium are those the directory refers to, one to one;
//! 2. each record says what its file says, or stands in for what the file lacks;
//! 3. the record type is the one Annex F gives to the SOP Class;
//! 4. every offset lands on a record, and every record is reached once;
//! 5. the transfer syntaxes are the profile's;
//! 6. names are the same to the last component group, whatever character set each is written in;
//! 7. with the sources at hand: all of them are there, and nothing else;
//! 8. and their data sets are unchanged, or decoded to the same values;
//! 9. all of it is of one patient: the one expected.

mod compare;
mod report;
mod sources;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use filmdesk_instance::{Header, Inspector, Note, Refusal, Source, tags};

use crate::dicomdir_reader::{Dicomdir, DicomdirNote, DirectoryRecord, read_dicomdir};
use crate::file_tree::{FileTree, Oddity};
use crate::profile::{ExtraKeys, MediaProfile, NotAdmitted};
use crate::record_type::RecordType;
use compare::Held;
pub use report::{CheckReport, Finding, Severity};

const DICOMDIR: &str = "DICOMDIR";
/// Files inspected at a time: enough to keep a pool busy, few enough to be held in memory.
const BATCH: usize = 1024;

/// What a medium is held against, beside itself.
#[derive(Clone, Copy, Default)]
pub struct CheckOptions<'a> {
    /// The profile it claims; inferred from its transfer syntaxes when absent.
    pub profile: Option<&'a MediaProfile>,
    /// What it was made from: points 7 and 8.
    pub sources: Option<&'a [SourceObject]>,
    /// A folder in which sources may be decoded again, to compare with what was decoded for the medium. Without it,
    /// a data set in another transfer syntax than its source is reported as not compared.
    pub scratch: Option<&'a Path>,
    /// Whose it must be: point 9.
    pub patient: Option<&'a ExpectedPatient>,
    /// Whether the medium may hold several patients, as teaching collections do.
    pub many_patients: bool,
}

/// One object a medium was made from.
#[derive(Clone, Debug)]
pub struct SourceObject {
    /// Where its bytes are.
    pub source: Source,
    /// What it says.
    pub header: Header,
}

/// The patient a medium must be of.
#[derive(Clone)]
pub struct ExpectedPatient {
    /// Patient ID (0010,0020).
    pub patient_id: String,
    /// Issuer of Patient ID (0010,0021), where one is known.
    pub issuer: Option<String>,
}

/// Checks the medium in `tree`, reading its instances through `inspector`.
///
/// Whatever is wrong is a [`Finding`]; there is no error, because a medium that cannot be read at all is found to be so.
pub fn check(tree: &dyn FileTree, inspector: &dyn Inspector, options: &CheckOptions) -> CheckReport {
    let mut report = CheckReport { n_files: tree.files().len(), ..CheckReport::default() };
    report_oddities(tree, &mut report);
    if let Some(directory) = directory(tree, &mut report) {
        let mut check = Check { tree, inspector, options, directory: &directory, report };
        check.run();
        report = check.report;
    }
    report.sort();
    report
}

fn report_oddities(tree: &dyn FileTree, report: &mut CheckReport) {
    for oddity in tree.oddities() {
        match oddity {
            Oddity::Link(path) => {
                report.error("link", path, "a symbolic link is no file of a medium; it is not followed")
            }
            Oddity::EmptyFolder(path) => report.warn("empty-folder", path, "an empty folder (PS3.11 allows none)"),
            Oddity::Special(path) => report.error("special-file", path, "neither a file nor a folder"),
            Oddity::SameName(path) => report.error("same-name", path, "two names differ in case only"),
        }
    }
}

/// Point 4, and the index itself.
fn directory(tree: &dyn FileTree, report: &mut CheckReport) -> Option<Dicomdir> {
    for (path, _) in tree.files().iter().filter(|(path, _)| path.ends_with("/DICOMDIR")) {
        report.error("dicomdir-not-in-root", path, "a File-set has one DICOMDIR, in its root (PS3.10 §8.6)");
    }
    if !tree.files().iter().any(|(path, _)| path == DICOMDIR) {
        report.error("dicomdir-missing", "", "there is no DICOMDIR, so this is no File-set (PS3.10 §8.6)");
        return None;
    }
    let read = tree.read(DICOMDIR).map_err(|error| ("dicomdir-unreadable", error.to_string()));
    let read = read.and_then(|bytes| read_dicomdir(&bytes).map_err(|error| (error.code(), error.to_string())));
    match read {
        Err((code, message)) => {
            report.error(code, DICOMDIR, message);
            None
        }
        Ok(directory) => {
            report_notes(&directory, report);
            if let Some(volume_id) = tree.volume_id().filter(|id| *id != directory.file_set_id) {
                let message =
                    format!("the volume is {volume_id:?}, the File-set {:?} (PS3.12 F)", directory.file_set_id);
                report.error("volume-id", DICOMDIR, message);
            }
            Some(directory)
        }
    }
}

fn report_notes(directory: &Dicomdir, report: &mut CheckReport) {
    for note in &directory.notes {
        let severity = match note {
            DicomdirNote::NotInUse { .. } | DicomdirNote::PreambleNotEmpty => Severity::Warning,
            DicomdirNote::TransferSyntax(_)
            | DicomdirNote::FileSetId
            | DicomdirNote::Inconsistent(_)
            | DicomdirNote::OffsetsLeftOut { .. }
            | DicomdirNote::LastRootOffset
            | DicomdirNote::Unreachable { .. }
            | DicomdirNote::UnknownRecordType { .. }
            | DicomdirNote::Misplaced { .. }
            | DicomdirNote::FileId { .. } => Severity::Error,
        };
        report.add(severity, note.code(), DICOMDIR, note.to_string());
    }
}

/// The check of a medium whose directory could be read.
struct Check<'a> {
    tree: &'a dyn FileTree,
    inspector: &'a dyn Inspector,
    options: &'a CheckOptions<'a>,
    directory: &'a Dicomdir,
    report: CheckReport,
}

impl Check<'_> {
    fn run(&mut self) {
        self.count();
        self.uniqueness();
        let leaves = self.match_files();
        let profile = self.profile();
        let extra = profile.map_or(ExtraKeys::None, |profile| profile.extra_keys);
        let mut held: Vec<Option<Held>> =
            self.directory.records.iter().map(|record| Held::new(record, extra)).collect();
        let mut seen = HashSet::new();
        let mut sources = self.options.sources.map(|objects| sources::Expected::new(objects, self.options.scratch));
        for batch in leaves.chunks(BATCH) {
            let of_files: Vec<Source> = batch.iter().map(|leaf| leaf.source.clone()).collect();
            let answers = self.inspector.inspect(&of_files);
            for (leaf, answer) in batch.iter().zip(answers) {
                match answer {
                    Err(refusal) => self.refused(leaf, &refusal),
                    Ok(header) => {
                        self.instance(leaf, &header, profile, &mut seen);
                        self.meet(leaf.record, &header, &mut held);
                        if let Some(expected) = &mut sources {
                            expected.meet(leaf, &header, self.inspector, &mut self.report);
                        }
                    }
                }
            }
        }
        held.iter().flatten().for_each(|held| held.report(&mut self.report));
        if let Some(expected) = sources {
            expected.report_missing(&mut self.report);
        }
    }

    fn count(&mut self) {
        let records = &self.directory.records;
        let of = |record_type| records.iter().filter(|record| record.record_type == Some(record_type)).count();
        self.report.file_set_id.clone_from(&self.directory.file_set_id);
        self.report.file_set_uid.clone_from(&self.directory.file_set_uid);
        self.report.n_records = records.len();
        self.report.n_instances = records.iter().filter(|record| record.file.is_some()).count();
        self.report.n_patients = of(RecordType::Patient);
        self.report.n_studies = of(RecordType::Study);
        self.report.n_series = of(RecordType::Series);
        if self.report.n_patients > 1 && !self.options.many_patients {
            let message = format!("the medium holds {} patients", self.report.n_patients);
            self.report.error("more-than-one-patient", "", message);
        }
    }

    /// One record for each patient, study and series (PS3.3 F.5.1, F.5.2, F.5.3).
    fn uniqueness(&mut self) {
        let levels = [
            (RecordType::Patient, tags::PATIENT_ID, "patient-twice"),
            (RecordType::Study, tags::STUDY_INSTANCE_UID, "study-twice"),
            (RecordType::Series, tags::SERIES_INSTANCE_UID, "series-twice"),
        ];
        let mut seen = HashSet::new();
        for record in &self.directory.records {
            let Some((of, tag, code)) = levels.iter().find(|(of, ..)| record.record_type == Some(*of)) else {
                continue;
            };
            if record.text(*tag).is_some_and(|value| !seen.insert((*of, value))) {
                let place = format!("{of} record at byte {}", record.offset);
                self.report.error(code, place, format!("there is a record for it already (PS3.3 {})", of.clause()));
            }
        }
    }

    /// Point 1: files and references, one to one.
    fn match_files(&mut self) -> Vec<Leaf> {
        let on_medium: HashSet<&str> = self.tree.files().iter().map(|(path, _)| path.as_str()).collect();
        let mut referenced = HashMap::new();
        let mut leaves = Vec::new();
        for (at, record) in self.directory.records.iter().enumerate() {
            let Some(file) = record.file.as_deref() else {
                if record.record_type.is_some_and(RecordType::is_leaf) {
                    let place = format!("{} record at byte {}", record.type_value, record.offset);
                    self.report.error(
                        "record-without-file",
                        place,
                        "a record of this type refers to a file (PS3.3 F.4)",
                    );
                }
                continue;
            };
            let path = file.to_ascii_uppercase();
            if referenced.insert(path.clone(), at).is_some() {
                self.report.error("file-referenced-twice", file, "two records refer to this file");
                continue;
            }
            match self.tree.source(&path) {
                Some(source) if on_medium.contains(path.as_str()) => leaves.push(Leaf { record: at, path, source }),
                Some(_) | None => {
                    self.report.error("file-missing", file, "the directory refers to this file, and it is not there");
                }
            }
        }
        self.report_orphans(&referenced);
        leaves
    }

    /// Files no record refers to: every file in a folder of instances, and whatever else begins like a DICOM file.
    fn report_orphans(&mut self, referenced: &HashMap<String, usize>) {
        let folders: HashSet<&str> =
            referenced.keys().filter_map(|path| path.split_once('/')).map(|(top, _)| top).collect();
        for (path, _) in self.tree.files() {
            if path == DICOMDIR || path.ends_with("/DICOMDIR") || referenced.contains_key(path) {
                continue;
            }
            let beside_instances = path.split_once('/').is_some_and(|(top, _)| folders.contains(top));
            if beside_instances || self.tree.source(path).is_some_and(|source| begins_like_dicom(&source)) {
                let message = "no record refers to this file (PS3.11: every DICOM file is referenced)";
                self.report.error("file-not-referenced", path, message);
            }
        }
    }

    /// Point 5: the profile, declared or inferred from what the records claim.
    fn profile(&mut self) -> Option<&'static MediaProfile> {
        let claimed: Vec<String> = self
            .directory
            .records
            .iter()
            .filter_map(|record| record.text(tags::REFERENCED_TRANSFER_SYNTAX_UID_IN_FILE))
            .collect();
        let profile = match self.options.profile {
            Some(profile) => MediaProfile::by_id(profile.id),
            None => MediaProfile::inferred(claimed.iter().map(String::as_str)),
        };
        if profile.is_none() {
            let message = "no profile of PS3.11 known here allows all the transfer syntaxes the directory names";
            self.report.error("no-profile", DICOMDIR, message);
        }
        self.report.profile = profile.map(|profile| profile.id);
        profile
    }

    fn refused(&mut self, leaf: &Leaf, refusal: &Refusal) {
        self.report.error("file-unreadable", &*leaf.path, format!("{} ({})", refusal, refusal.code()));
    }

    /// Points 2, 3 and 5 for one file and the fixed part of its record; point 9 for its patient.
    fn instance(&mut self, leaf: &Leaf, header: &Header, profile: Option<&MediaProfile>, seen: &mut HashSet<String>) {
        let record = &self.directory.records[leaf.record];
        let fixed = [
            (tags::REFERENCED_SOP_CLASS_UID_IN_FILE, header.sop_class_uid.as_str(), "sop-class-differs"),
            (tags::REFERENCED_SOP_INSTANCE_UID_IN_FILE, header.sop_instance_uid.as_str(), "sop-instance-differs"),
            (tags::REFERENCED_TRANSFER_SYNTAX_UID_IN_FILE, header.transfer_syntax.as_str(), "transfer-syntax-differs"),
        ];
        for (tag, found, code) in fixed {
            let said = record.text(tag).unwrap_or_default();
            if said != *found {
                self.report.error(code, &*leaf.path, format!("the record says {said:?}, the file {found:?}"));
            }
        }
        if !seen.insert(header.sop_instance_uid.clone()) {
            self.report.error("instance-twice", &*leaf.path, "its SOP Instance UID is on the medium already");
        }
        self.record_type(leaf, record, header);
        let admitted = profile.map(|profile| profile.admit(header, &header.transfer_syntax));
        match admitted {
            Some(Err(reason @ (NotAdmitted::SopClass { .. } | NotAdmitted::TransferSyntax { .. }))) => {
                self.report.error(reason.code(), &*leaf.path, reason.to_string());
            }
            // A class without a record type is told by `record_type`.
            Some(Err(NotAdmitted::NoRecordType { .. } | NotAdmitted::NoUid { .. }) | Ok(_)) | None => {}
        }
        self.file_notes(leaf, header);
        self.patient(leaf, header);
    }

    fn record_type(&mut self, leaf: &Leaf, record: &DirectoryRecord, header: &Header) {
        match (RecordType::of_sop_class(&header.sop_class_uid), record.record_type) {
            (Some(wanted), found) if found != Some(wanted) => {
                let said = &record.type_value;
                let message =
                    format!("the record is {said:?}; its SOP Class belongs under {wanted} ({})", wanted.clause());
                self.report.error("record-type-wrong", &*leaf.path, message);
            }
            (None, _) => {
                let message = format!("PS3.3 Annex F has no record for SOP Class {}", header.sop_class_uid);
                self.report.warn("no-record-type", &*leaf.path, message);
            }
            (Some(_), _) => {}
        }
    }

    fn file_notes(&mut self, leaf: &Leaf, header: &Header) {
        for note in &header.notes {
            let wrong =
                matches!(note, Note::MetaDisagrees | Note::NoPreamble | Note::NoFileMeta | Note::NoTransferSyntax);
            let severity = if wrong { Severity::Error } else { Severity::Note };
            self.report.add(severity, note.code(), &*leaf.path, format!("in the file: {}", note.code()));
        }
    }

    fn patient(&mut self, leaf: &Leaf, header: &Header) {
        let Some(expected) = self.options.patient else { return };
        let id = header.text(tags::PATIENT_ID).unwrap_or_default();
        let issuer = header.text(tags::ISSUER_OF_PATIENT_ID);
        let other_issuer = matches!((&issuer, &expected.issuer), (Some(found), Some(wanted)) if found != wanted);
        if id != expected.patient_id || other_issuer {
            self.report.error(
                "wrong-patient",
                &*leaf.path,
                "this instance is of another patient than the one expected",
            );
        }
    }

    /// Hands the file to its record and to every record above it.
    fn meet(&mut self, leaf: usize, header: &Header, held: &mut [Option<Held>]) {
        let mut at = Some(leaf);
        while let Some(record) = at {
            if let Some(held) = &mut held[record] {
                held.meet(header);
            }
            at = self.directory.records[record].parent;
        }
    }
}

/// A record that refers to a file that is there.
struct Leaf {
    record: usize,
    path: String,
    source: Source,
}

fn begins_like_dicom(source: &Source) -> bool {
    use std::io::Read;
    let mut head = [0; 132];
    source.reader(0).is_ok_and(|mut reader| reader.read_exact(&mut head).is_ok()) && &head[128..] == b"DICM"
}
