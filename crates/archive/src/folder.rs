//! A folder of DICOM files as an archive: every file below it is looked at once, by its header only.
//!
//! The index is renewed before each answer: the tree is walked, files whose size and time of change are as remembered
//! are left alone, and only the others are inspected. It may be kept in a file, so that a second start is as quick as
//! walking the tree. That file holds patients' names and is made readable for its owner only.

use crate::echo::EchoReport;
use crate::error::ArchiveError;
use crate::find::{Answer, InstanceListing, PatientKey, instances_of, tag};
use crate::spool::{NotTaken, Spool};
use filmdesk_dimse::Tag;
use filmdesk_instance::{Header, Inspector, Refusal, Source};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Files inspected in one go.
const BATCH: usize = 512;
/// Of the index file: another number is another shape, and the index is made anew.
const INDEX_VERSION: u32 = 3;

/// A folder as configured.
pub(crate) struct Folder {
    shared: Arc<Shared>,
}

struct Shared {
    root: PathBuf,
    inspector: Arc<dyn Inspector>,
    index_file: Option<PathBuf>,
    index: Mutex<Option<Index>>,
}

/// What is known of the tree.
#[derive(Clone, Serialize, Deserialize)]
struct Index {
    version: u32,
    root: PathBuf,
    studies: Vec<Study>,
    series: Vec<Series>,
    files: BTreeMap<PathBuf, Known>,
}

/// A study of one patient, as the first of its objects says.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Study {
    uid: String,
    patient_id: String,
    issuer: String,
    values: Vec<(Tag, Vec<String>)>,
    /// Texts as they read, and as their label says where that is something else.
    texts: Vec<(Tag, String, Option<String>)>,
}

/// A series of a study, as one or more of its objects say: objects that disagree are of two.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Series {
    study: usize,
    uid: String,
    modality: String,
    body_part: String,
    station: String,
    department: String,
}

/// Size and time of change (seconds, nanoseconds): what tells whether a file is still the one we saw.
type Stamp = (u64, (i64, i64));

/// A file as it was when it was looked at.
#[derive(Clone, Serialize, Deserialize)]
struct Known {
    size: u64,
    changed: (i64, i64),
    what: What,
}

#[derive(Clone, Serialize, Deserialize)]
enum What {
    /// An object of `series[series]`.
    Object { series: usize, sop: String, class: String, syntax: String, offset: u64 },
    /// Nothing we take, by the refusal's code.
    Refused(String),
}

impl Folder {
    pub fn new(root: PathBuf, inspector: Arc<dyn Inspector>, index_file: Option<PathBuf>) -> Folder {
        Folder { shared: Arc::new(Shared { root, inspector, index_file, index: Mutex::new(None) }) }
    }

    pub async fn echo(&self, name: &str) -> Result<EchoReport, ArchiveError> {
        let started = Instant::now();
        let counts = self.with_index(|index| {
            let refused = index.files.values().filter(|known| matches!(known.what, What::Refused(_))).count();
            (index.files.len() - refused, index.studies.len(), refused)
        });
        let (objects, studies, refused) = counts.await?;
        Ok(EchoReport {
            archive: name.to_owned(),
            reached: format!("folder with {objects} objects in {studies} studies, and {refused} other files"),
            implementation: None,
            took: started.elapsed(),
            offers: Vec::new(),
        })
    }

    pub async fn studies(
        &self,
        patient: Option<&PatientKey>,
        study_uid: Option<&str>,
    ) -> Result<Vec<Answer>, ArchiveError> {
        let patient = patient.map(|patient| patient.patient_id.trim().to_owned());
        let study = study_uid.map(str::to_owned);
        self.with_index(move |index| index.answers(patient.as_deref(), study.as_deref())).await
    }

    /// Whoever they say they are of: an object of another patient inside the study must be met, not overlooked.
    pub async fn instances(&self, study_uid: &str) -> Result<Vec<InstanceListing>, ArchiveError> {
        let wanted = study_uid.to_owned();
        self.with_index(move |index| instances_of(index.objects(&wanted).map(|(_, object)| object).collect())).await
    }

    pub async fn retrieve(
        &self,
        study_uid: &str,
        missing: &[InstanceListing],
        spool: &Spool,
    ) -> Result<(), ArchiveError> {
        let wanted: BTreeSet<&str> = missing.iter().map(|listing| listing.sop_instance_uid.as_str()).collect();
        let index = self.shared.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(index) = index else { return Ok(()) };
        for (path, known) in &index.files {
            let What::Object { series, sop, class, syntax, offset } = &known.what else { continue };
            if index.study_of(*series).uid != study_uid || !wanted.contains(sop.as_str()) {
                continue;
            }
            if spool.is_over() {
                break;
            }
            match spool.begin(class, sop, syntax) {
                Ok(mut object) => {
                    let mut file = self.shared.open(path, known, *offset)?;
                    object.copy(&mut file).map_err(ArchiveError::Spool)?;
                    object.end().map_err(ArchiveError::Spool)?;
                }
                Err(NotTaken::Unexpected) => {}
                Err(NotTaken::Fatal) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Renews the index on a thread that may block, then looks into it.
    async fn with_index<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Index) -> T + Send + 'static,
    ) -> Result<T, ArchiveError> {
        let shared = self.shared.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let mut index = shared.index.lock().unwrap_or_else(PoisonError::into_inner);
            let before = index.take().or_else(|| shared.remembered());
            Ok(look(index.insert(shared.renewed(before)?)))
        });
        looked.await.map_err(|panic| ArchiveError::Inspection(panic.to_string()))?
    }
}

impl Index {
    fn study_of(&self, series: usize) -> &Study {
        &self.studies[self.series[series].study]
    }

    fn objects(&self, study_uid: &str) -> impl Iterator<Item = (&Known, Answer)> {
        self.files.values().filter_map(move |known| match &known.what {
            What::Object { series, sop, class, .. } if self.study_of(*series).uid == study_uid => {
                let mut answer = Answer::default();
                answer.set(tag::SERIES, vec![self.series[*series].uid.clone()]);
                answer.set(tag::SOP_INSTANCE, vec![sop.clone()]);
                answer.set(tag::SOP_CLASS, vec![class.clone()]);
                Some((known, answer))
            }
            What::Object { .. } | What::Refused(_) => None,
        })
    }

    fn answers(&self, patient_id: Option<&str>, study_uid: Option<&str>) -> Vec<Answer> {
        #[derive(Default)]
        struct Sums<'a> {
            series: BTreeSet<&'a Series>,
            instances: BTreeSet<&'a str>,
            bytes: u64,
        }
        let mut sums: BTreeMap<usize, Sums> = BTreeMap::new();
        for known in self.files.values() {
            let What::Object { series, sop, .. } = &known.what else { continue };
            let of = self.study_of(*series);
            if patient_id.is_none_or(|id| of.patient_id == id) && study_uid.is_none_or(|uid| of.uid == uid) {
                let sum = sums.entry(self.series[*series].study).or_default();
                sum.series.insert(&self.series[*series]);
                if sum.instances.insert(sop) {
                    sum.bytes += known.size;
                }
            }
        }
        let answer = |(study, sum): (usize, Sums)| {
            let mut answer = Answer::default();
            for (tag, values) in &self.studies[study].values {
                answer.set(*tag, values.clone());
            }
            for (tag, text, as_read) in &self.studies[study].texts {
                answer.set_text(*tag, text.clone(), as_read.clone());
            }
            let each = |value: fn(&Series) -> &String| -> Vec<String> {
                sum.series.iter().map(|series| value(series).clone()).collect::<BTreeSet<_>>().into_iter().collect()
            };
            answer.set(tag::MODALITIES, each(|series| &series.modality));
            answer.set(tag::BODY_PART, each(|series| &series.body_part));
            answer.set(tag::STATION, each(|series| &series.station));
            answer.set(tag::DEPARTMENT, each(|series| &series.department));
            answer.set(tag::N_SERIES, vec![each(|series| &series.uid).len().to_string()]);
            answer.set(tag::N_INSTANCES, vec![sum.instances.len().to_string()]);
            answer.size_bytes = Some(sum.bytes);
            answer
        };
        sums.into_iter().map(answer).collect()
    }
}

impl Shared {
    fn failed(&self, path: &Path) -> impl Fn(io::Error) -> ArchiveError + use<> {
        let path = path.to_owned();
        move |source| ArchiveError::Folder { path: path.clone(), source }
    }

    /// The file, at its data set, if it is still the one that was inspected.
    fn open(&self, path: &Path, known: &Known, offset: u64) -> Result<File, ArchiveError> {
        let path = self.root.join(path);
        let open = || -> io::Result<File> {
            let mut file = File::open(&path)?;
            let found = file.metadata()?;
            if (found.len(), (found.mtime(), found.mtime_nsec())) != (known.size, known.changed) {
                return Err(io::Error::other("the file has changed since it was inspected"));
            }
            file.seek(SeekFrom::Start(offset))?;
            Ok(file)
        };
        open().map_err(self.failed(&path))
    }

    /// What an earlier run kept. An index that cannot be read is made anew: it is only a memory.
    fn remembered(&self) -> Option<Index> {
        let file = File::open(self.index_file.as_ref()?).ok()?;
        let index: Index = serde_json::from_reader(BufReader::with_capacity(1 << 20, file)).ok()?;
        let whole = index.series.iter().all(|series| series.study < index.studies.len())
            && index.files.values().all(|known| match &known.what {
                What::Object { series, .. } => *series < index.series.len(),
                What::Refused(_) => true,
            });
        (whole && index.version == INDEX_VERSION && index.root == self.root).then_some(index)
    }

    fn renewed(&self, before: Option<Index>) -> Result<Index, ArchiveError> {
        let mut index = before.unwrap_or_else(|| Index {
            version: INDEX_VERSION,
            root: self.root.clone(),
            studies: Vec::new(),
            series: Vec::new(),
            files: BTreeMap::new(),
        });
        let found = self.walk()?;
        let n_known = index.files.len();
        index.files.retain(|path, known| found.get(path).is_some_and(|now| *now == (known.size, known.changed)));
        let mut changed = index.files.len() != n_known;
        let new: Vec<_> = found.into_iter().filter(|(path, _)| !index.files.contains_key(path)).collect();
        let mut places = Places::of(&index);
        for batch in new.chunks(BATCH) {
            let sources: Vec<Source> = batch.iter().map(|(path, _)| Source::file(self.root.join(path))).collect();
            for ((path, (size, time)), inspected) in batch.iter().zip(self.inspector.inspect(&sources)) {
                let what = match inspected {
                    Ok(header) => object(&header, &mut index, &mut places),
                    // A file we cannot look at may belong to any study, so no study could be called complete.
                    Err(refusal) if refusal.is_about_the_machine() => {
                        return Err(self.failed(&self.root.join(path))(io::Error::other(refusal.to_string())));
                    }
                    Err(refusal) => What::Refused(refused(&refusal)),
                };
                index.files.insert(path.clone(), Known { size: *size, changed: *time, what });
                changed = true;
            }
        }
        if changed {
            self.remember(&index);
        }
        Ok(index)
    }

    /// Keeps the index for the next start. Not being able to costs that start some time and nothing else.
    fn remember(&self, index: &Index) {
        let Some(file) = &self.index_file else { return };
        let write = || -> io::Result<()> {
            let part = file.with_extension("part");
            let out = File::options().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
            let mut out = BufWriter::with_capacity(1 << 20, out);
            serde_json::to_writer(&mut out, index)?;
            out.flush()?;
            fs::rename(&part, file)
        };
        if let Err(error) = write() {
            tracing::warn!(%error, "the index of a folder archive could not be kept");
        }
    }

    /// Every file below the root: path from the root, size, time of change. Links to folders are not followed, so the
    /// walk ends.
    fn walk(&self) -> Result<BTreeMap<PathBuf, Stamp>, ArchiveError> {
        let mut found = BTreeMap::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let here = self.root.join(&folder);
            for entry in fs::read_dir(&here).map_err(self.failed(&here))? {
                let entry = entry.map_err(self.failed(&here))?;
                let path = folder.join(entry.file_name());
                let kind = entry.file_type().map_err(self.failed(&here))?;
                if kind.is_dir() {
                    folders.push(path);
                    continue;
                }
                match fs::metadata(entry.path()) {
                    Ok(facts) if facts.is_file() => {
                        found.insert(path, (facts.len(), (facts.mtime(), facts.mtime_nsec())));
                    }
                    Ok(_) => {}
                    // Gone while we walked, or a link to nothing.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(self.failed(&entry.path())(error)),
                }
            }
        }
        Ok(found)
    }
}

type StudyKey = (String, String, String);

impl Study {
    fn key(&self) -> StudyKey {
        (self.uid.clone(), self.patient_id.clone(), self.issuer.clone())
    }
}

/// Where in the index a study and a series are.
struct Places {
    studies: BTreeMap<StudyKey, usize>,
    series: BTreeMap<Series, usize>,
}

impl Places {
    fn of(index: &Index) -> Places {
        Places {
            studies: index.studies.iter().enumerate().map(|(i, study)| (study.key(), i)).collect(),
            series: index.series.iter().cloned().zip(0..).collect(),
        }
    }
}

fn refused(refusal: &Refusal) -> String {
    refusal.code().to_owned()
}

fn object(header: &Header, index: &mut Index, places: &mut Places) -> What {
    let text = |tag: Tag| header.text(filmdesk_instance::Tag(tag.0, tag.1)).unwrap_or_default();
    let key = (header.study_uid.to_string(), text(tag::PATIENT_ID), text(tag::ISSUER));
    let study = *places.studies.entry(key).or_insert_with_key(|(uid, patient_id, issuer)| {
        let plain = [tag::STUDY_DATE, tag::STUDY_TIME, tag::ACCESSION, tag::PATIENT_ID, tag::ISSUER];
        let plain = plain.into_iter().chain([tag::BIRTH_DATE, tag::SEX]);
        let mut values: Vec<(Tag, Vec<String>)> = plain.map(|tag| (tag, vec![text(tag)])).collect();
        values.push((tag::STUDY, vec![uid.clone()]));
        let (mut shown, characters) = (Answer::default(), header.character_set());
        let texts = [tag::NAME, tag::DESCRIPTION].map(|tag| {
            let raw = header.raw(filmdesk_instance::Tag(tag.0, tag.1)).unwrap_or_default();
            shown.set_raw_text(tag, &characters, raw);
            let text = shown.first(tag).unwrap_or_default().to_owned();
            (tag, text, shown.as_read(tag).map(str::to_owned))
        });
        let (uid, patient_id, issuer) = (uid.clone(), patient_id.clone(), issuer.clone());
        index.studies.push(Study { uid, patient_id, issuer, values, texts: texts.into() });
        index.studies.len() - 1
    });
    let series = Series {
        study,
        uid: header.series_uid.to_string(),
        modality: text(tag::MODALITY),
        body_part: text(tag::BODY_PART),
        station: text(tag::STATION),
        department: text(tag::DEPARTMENT),
    };
    let series = *places.series.entry(series).or_insert_with_key(|series| {
        index.series.push(series.clone());
        index.series.len() - 1
    });
    What::Object {
        series,
        sop: header.sop_instance_uid.clone(),
        class: header.sop_class_uid.to_string(),
        syntax: header.transfer_syntax.to_string(),
        offset: header.dataset_offset,
    }
}
