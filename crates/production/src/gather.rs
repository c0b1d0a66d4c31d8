//! Goods: objects read, checked and brought into the form the medium takes, with what had to be left out and why.

use crate::failure::{Failure, FailureCode, Journal, Stage};
use crate::parallel::in_parallel;
use crate::pictures::{Picture, make_pictures};
use crate::plan::sectors_beside_one;
use crate::rejected::leave_out_rejected;
use crate::volume::SECTOR;
use filmdesk_desk::WhoCanFix;
use filmdesk_fileset::{MediaProfile, NotAdmitted};
use filmdesk_instance::{
    EXPLICIT_VR_LITTLE_ENDIAN, Header, Inspector, PersonName, Refusal, Sharing, Source, data_set_sha256, file_meta,
    tags,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

/// Objects read at once; between two batches somebody may cancel.
const BATCH: usize = 256;

/// One object that will be on a medium.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Good {
    /// What it says, in the transfer syntax it has on the medium.
    pub header: Header,
    /// Where its bytes are: the file as it came, or the rewritten one in the spool.
    pub source: Source,
    /// SHA-256 of its data set as it goes on the medium; `None` after [`gather_to_make_at_once`].
    #[serde(with = "as_hex")]
    pub data_set_sha256: Option<[u8; 32]>,
    /// Its number among the sources given to [`gather`].
    pub given: usize,
}

impl Good {
    /// What precedes its data set on the medium: preamble and file meta information of ours.
    pub fn file_meta(&self) -> Vec<u8> {
        let header = &self.header;
        file_meta(&header.sop_class_uid, &header.sop_instance_uid, &header.transfer_syntax)
    }

    /// Bytes of its file on the medium.
    pub fn file_len(&self) -> u64 {
        self.file_meta().len() as u64 + self.header.dataset_len()
    }

    /// The patient it says it is of.
    pub fn patient(&self) -> PatientKey {
        PatientKey::of(&self.header)
    }
}

/// What tells patients apart: ID and issuer; where there is no ID, name and birthday. Never shown, never logged.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PatientKey(String);

impl fmt::Debug for PatientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientKey(…)")
    }
}

impl PatientKey {
    fn of(header: &Header) -> PatientKey {
        let issuer = header.text(tags::ISSUER_OF_PATIENT_ID).unwrap_or_default();
        match header.text(tags::PATIENT_ID) {
            Some(id) => PatientKey(format!("1\n{id}\n{issuer}")),
            None => {
                let birthday = header.text(tags::PATIENT_BIRTH_DATE).unwrap_or_default();
                PatientKey(format!("0\n{}\n{birthday}", whole_name(header)))
            }
        }
    }

    /// The objects carry a Patient ID.
    pub fn has_id(&self) -> bool {
        self.0.starts_with('1')
    }
}

/// A name with its three component groups, as the standard writes them.
pub(crate) fn whole_name(header: &Header) -> String {
    let PersonName { alphabetic, ideographic, phonetic } = header.person_name(tags::PATIENT_NAME);
    [alphabetic, ideographic, phonetic].join("=").trim_end_matches('=').to_owned()
}

/// An object that is not on the medium, named with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its number among the sources given to [`gather`].
    pub given: usize,
    /// SOP Instance UID; empty when it could not be read.
    pub sop_instance_uid: String,
    /// Stable code: a refusal's, a profile's, or [`LeftOut::SAME_AGAIN`], `duplicate-instance`, `no-study-uid`,
    /// `no-series-uid`, `series-of-two-studies`, `instance-oversized`, `instance-over-4-gib`, `rejected-113001` (…037, …038, …039),
    /// `rejection-note`.
    pub code: String,
    /// Why, for a clerk.
    pub reason: String,
    /// The patient it says it is of; `None` when it could not be read.
    #[serde(default)]
    pub patient: Option<PatientKey>,
}

impl LeftOut {
    /// The code of an object that is on the medium already, byte for byte.
    pub const SAME_AGAIN: &str = "same-object-again";

    /// The code of an object that is too large for a file of ISO 9660 (ECMA-119 §6.5.1) or of FAT32; UDF takes it.
    pub const OVER_4_GIB: &str = "instance-over-4-gib";

    /// Nothing is missing from the medium: the same object, byte for byte, is on it.
    pub fn is_delivered(&self) -> bool {
        self.code == LeftOut::SAME_AGAIN
    }

    pub(crate) fn new(given: usize, header: Option<&Header>, code: &str, reason: impl Into<String>) -> LeftOut {
        let sop_instance_uid = header.map(|h| h.sop_instance_uid.clone()).unwrap_or_default();
        let patient = header.map(PatientKey::of);
        LeftOut { given, sop_instance_uid, code: code.to_owned(), reason: reason.into(), patient }
    }
}

impl From<&LeftOut> for filmdesk_desk::LeftOut {
    fn from(left: &LeftOut) -> Self {
        let told = left.told();
        let LeftOut { sop_instance_uid, code, reason, .. } = left.clone();
        filmdesk_desk::LeftOut { sop_instance_uid, code, reason, zh: Some(told.zh), en: Some(told.en) }
    }
}

/// Everything gathered for one order: what will be on its media, and what will not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goods {
    /// On a medium, in the order given.
    pub goods: Vec<Good>,
    /// Pictures of them for the pages.
    pub pictures: Vec<Picture>,
    /// Not on a medium.
    pub left_out: Vec<LeftOut>,
}

/// What the medium takes.
#[derive(Clone, Debug)]
pub struct GatherOptions<'a> {
    /// Its profile: other transfer syntaxes are decoded to Explicit VR Little Endian.
    pub profile: &'static MediaProfile,
    /// Sectors of 2048 bytes of one medium: a larger instance is left out.
    pub capacity_sectors: u64,
    /// Folder of this job for rewritten objects and pictures.
    pub spool: &'a Path,
    /// Pictures for the pages are wanted.
    pub previews: bool,
}

/// Reads objects, checks each against the profile, rewrites those the profile wants otherwise, settles duplicates (W6) and
/// hashes what remains. Every source is in [`Goods::goods`] or in [`Goods::left_out`].
///
/// # Errors
/// What is nobody's object's fault: a full disk, an unreadable source, a cancellation.
pub fn gather(
    sources: Vec<Source>,
    inspector: &dyn Inspector,
    options: &GatherOptions<'_>,
    journal: &dyn Journal,
) -> Result<Goods, Failure> {
    gather_hashing(sources, inspector, options, journal, true)
}

/// As [`gather`], for goods that are made at once and never priced: what is not given twice is not hashed beforehand, which
/// saves reading everything once. The making hashes each file while it writes it, and again when it reads it back.
///
/// # Errors
/// As [`gather`].
pub fn gather_to_make_at_once(
    sources: Vec<Source>,
    inspector: &dyn Inspector,
    options: &GatherOptions<'_>,
    journal: &dyn Journal,
) -> Result<Goods, Failure> {
    gather_hashing(sources, inspector, options, journal, false)
}

fn gather_hashing(
    sources: Vec<Source>,
    inspector: &dyn Inspector,
    options: &GatherOptions<'_>,
    journal: &dyn Journal,
    hash_all: bool,
) -> Result<Goods, Failure> {
    let n_given = sources.len();
    let mut goods = Goods::default();
    read_all(sources, inspector, options, journal, &mut goods)?;
    leave_out_rejected(&mut goods);
    rewrite(&mut goods, inspector, options, journal)?;
    hash(&mut goods.goods, journal, hash_all)?;
    settle_duplicates(&mut goods);
    leave_out_oversized(&mut goods, options);
    goods.left_out.sort_by_key(|left| left.given);
    assert_eq!(goods.goods.len() + goods.left_out.len(), n_given, "every object is on a medium or named");
    if options.previews {
        goods.pictures = make_pictures(&goods.goods, inspector, options.spool, journal)?;
    }
    Ok(goods)
}

fn read_all(
    sources: Vec<Source>,
    inspector: &dyn Inspector,
    options: &GatherOptions<'_>,
    journal: &dyn Journal,
    to: &mut Goods,
) -> Result<(), Failure> {
    let total = sources.len();
    to.goods.reserve_exact(total);
    let mut study_of_series: HashMap<String, String> = HashMap::new();
    let mut sharing = Sharing::default();
    let mut given = 0;
    let mut sources = sources.into_iter();
    loop {
        let batch: Vec<Source> = sources.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        stop_if_cancelled(journal)?;
        let answers = inspector.inspect(&batch);
        for (source, answer) in batch.into_iter().zip(answers) {
            match answer {
                Ok(mut header) => match place(&header, options.profile, &mut study_of_series) {
                    Ok(()) => {
                        sharing.share(&mut header);
                        to.goods.push(Good { header, source, data_set_sha256: None, given });
                    }
                    Err((code, reason)) => to.left_out.push(LeftOut::new(given, Some(&header), code, reason)),
                },
                Err(refusal) => to.left_out.push(refused(given, None, &refusal)?),
            }
            given += 1;
        }
        journal.progress(Stage::Reading, given as u64, total as u64);
    }
}

/// Whether an object has a place on the medium, its transfer syntax apart.
fn place(
    header: &Header,
    profile: &MediaProfile,
    study_of_series: &mut HashMap<String, String>,
) -> Result<(), (&'static str, String)> {
    let record_type = match profile.admit(header, EXPLICIT_VR_LITTLE_ENDIAN) {
        Ok(record_type) => record_type,
        Err(reason) => return Err((reason.code(), reason.to_string())),
    };
    if record_type.is_at_root() {
        return Ok(());
    }
    if header.study_uid.is_empty() {
        return Err(("no-study-uid", "the object does not say which study it is of".into()));
    }
    if header.series_uid.is_empty() {
        return Err(("no-series-uid", "the object does not say which series it is of".into()));
    }
    let patient = PatientKey::of(header).0;
    let study = format!("{}\n{patient}", header.study_uid);
    let series = format!("{}\n{patient}", header.series_uid);
    if *study_of_series.entry(series).or_insert_with(|| study.clone()) != study {
        return Err(("series-of-two-studies", "its series is of another study in an object read before".into()));
    }
    Ok(())
}

/// A refusal names an object, unless it is our own machine that failed.
fn refused(given: usize, header: Option<&Header>, refusal: &Refusal) -> Result<LeftOut, Failure> {
    if let Refusal::CannotWrite { message } = refusal {
        let full = message.to_lowercase().contains("space") || message.contains("quota");
        let error = io::Error::from(if full { io::ErrorKind::StorageFull } else { io::ErrorKind::Other });
        return Err(Failure::writing("a rewritten object", &error));
    }
    if let Refusal::InspectorUnavailable { .. } = refusal {
        return Err(Failure {
            retry: true,
            ..Failure::new(
                FailureCode::ProcessingFailure,
                WhoCanFix::Operator,
                format!("{refusal}."),
                "See that this program may start itself again and has memory left.",
            )
        });
    }
    Ok(LeftOut::new(given, header, refusal.code(), refusal.to_string()))
}

/// Brings what the profile does not take as it is to Explicit VR Little Endian, both cores at work.
fn rewrite(
    goods: &mut Goods,
    inspector: &dyn Inspector,
    options: &GatherOptions<'_>,
    journal: &dyn Journal,
) -> Result<(), Failure> {
    let allowed = |good: &Good| {
        let header = &good.header;
        !matches!(options.profile.admit(header, &header.transfer_syntax), Err(NotAdmitted::TransferSyntax { .. }))
    };
    let to_do: Vec<&Good> = goods.goods.iter().filter(|good| !allowed(good)).collect();
    let total = to_do.len() as u64;
    let answers = in_parallel(&to_do, |n, good| {
        stop_if_cancelled(journal)?;
        let to = options.spool.join(format!("T{n:07}"));
        let answer = inspector.transcode(&good.source.path, &to);
        journal.progress(Stage::Transcoding, n as u64 + 1, total);
        match answer {
            Ok(header) => Ok((good.given, Ok((Source::file(to), header)))),
            Err(refusal) => Ok((good.given, Err(refused(good.given, Some(&good.header), &refusal)?))),
        }
    })?;
    let mut answers: HashMap<usize, _> = answers.into_iter().collect();
    let mut sharing = Sharing::default();
    goods.goods.retain_mut(|good| match answers.remove(&good.given) {
        None => true,
        Some(Ok((source, header))) => {
            (good.source, good.header) = (source, header);
            sharing.share(&mut good.header);
            true
        }
        Some(Err(left)) => {
            goods.left_out.push(left);
            false
        }
    });
    Ok(())
}

/// Hashes all, or only those whose SOP Instance UID is given more than once.
fn hash(goods: &mut [Good], journal: &dyn Journal, all: bool) -> Result<(), Failure> {
    let times = times_given(goods);
    let hashes = in_parallel(goods, |_, good| {
        stop_if_cancelled(journal)?;
        if !all && times[good.header.sop_instance_uid.as_str()] == 1 {
            return Ok(None);
        }
        let hash = data_set_sha256(&good.source, &good.header);
        hash.map(Some).map_err(|error| unreadable(&good.header, &error))
    })?;
    drop(times);
    for (good, hash) in goods.iter_mut().zip(hashes) {
        good.data_set_sha256 = hash;
    }
    Ok(())
}

/// How often each SOP Instance UID is among the objects.
fn times_given(goods: &[Good]) -> HashMap<&str, usize> {
    let mut times: HashMap<&str, usize> = HashMap::with_capacity(goods.len());
    for good in goods {
        *times.entry(&good.header.sop_instance_uid).or_default() += 1;
    }
    times
}

pub(crate) fn unreadable(header: &Header, error: &io::Error) -> Failure {
    let what = format!("The object {} can no longer be read: {error}.", header.sop_instance_uid);
    let next = "Fetch the studies again.";
    Failure { retry: true, ..Failure::new(FailureCode::SourceUnreadable, WhoCanFix::Operator, what, next) }
}

/// W6: the same object twice is delivered once; one SOP Instance UID with two contents is delivered not at all.
fn settle_duplicates(goods: &mut Goods) {
    let times = times_given(&goods.goods);
    let mut contents: HashMap<String, Vec<Option<[u8; 32]>>> = HashMap::new();
    for good in goods.goods.iter().filter(|good| times[good.header.sop_instance_uid.as_str()] > 1) {
        contents.entry(good.header.sop_instance_uid.clone()).or_default().push(good.data_set_sha256);
    }
    let mut seen: HashSet<String> = HashSet::new();
    goods.goods.retain(|good| {
        let uid = &good.header.sop_instance_uid;
        let Some(hashes) = contents.get(uid) else { return true };
        let (code, reason) = if hashes.iter().any(|hash| *hash != hashes[0]) {
            let reason = "another object has the same SOP Instance UID and other contents: neither is delivered";
            (FailureCode::DuplicateInstance.as_str(), reason)
        } else if !seen.insert(uid.clone()) {
            (LeftOut::SAME_AGAIN, "the same object, byte for byte, is on the medium already")
        } else {
            return true;
        };
        goods.left_out.push(LeftOut::new(good.given, Some(&good.header), code, reason));
        false
    });
}

/// What alone is larger than a medium with what it must hold beside it, or than a file of its file system can be.
fn leave_out_oversized(goods: &mut Goods, options: &GatherOptions<'_>) {
    let most = options.capacity_sectors.saturating_sub(sectors_beside_one(options.profile)) * SECTOR;
    let largest = options.profile.format.largest_file();
    goods.goods.retain(|good| {
        let (code, reason) = if good.file_len() > largest {
            let reason = "this object alone has 4 GiB or more: no file of a CD, a DVD or a stick can be so large; choose a \
                          Blu-ray disc";
            (LeftOut::OVER_4_GIB, reason)
        } else if good.file_len() > most {
            let code = FailureCode::InstanceOversized.as_str();
            (code, "this object alone is larger than the medium: choose a DVD, a USB stick or a Blu-ray disc")
        } else {
            return true;
        };
        goods.left_out.push(LeftOut::new(good.given, Some(&good.header), code, reason));
        false
    });
}

pub(crate) fn stop_if_cancelled(journal: &dyn Journal) -> Result<(), Failure> {
    if journal.cancelled() { Err(Failure::cancelled()) } else { Ok(()) }
}

/// One line of a stored [`Goods`].
#[derive(Serialize, Deserialize)]
enum Line {
    LeftOut(LeftOut),
    Good(Box<Good>),
    Picture(Picture),
}

impl Goods {
    /// SHA-256 over the sorted list of SOP Instance UIDs and data set hashes (of those that have one): the goods that are
    /// priced, whatever order they came in.
    pub fn hash(&self) -> String {
        let mut lines: Vec<String> = self
            .goods
            .iter()
            .map(|good| {
                let hash = good.data_set_sha256.map(hex::encode).unwrap_or_default();
                format!("{} {hash}\n", good.header.sop_instance_uid)
            })
            .collect();
        lines.sort_unstable();
        hex::encode(Sha256::digest(lines.concat()))
    }

    /// Names what was left out unread by what it was sent as. `announced` holds Study and SOP Instance UID of each source
    /// given to [`gather`], in that order.
    pub fn name_left_out(&mut self, announced: &[(&str, &str)]) {
        for left in self.left_out.iter_mut().filter(|left| left.sop_instance_uid.is_empty()) {
            if let Some((_, uid)) = announced.get(left.given) {
                left.sop_instance_uid = (*uid).to_owned();
            }
        }
    }

    /// One [`Goods`] per patient, in the order they first appear, each with what was left out of that patient's; what could
    /// not be read, or is of a patient of whom nothing is delivered, is returned beside them.
    pub fn by_patient(self) -> (Vec<Goods>, Vec<LeftOut>) {
        let mut number: BTreeMap<PatientKey, usize> = BTreeMap::new();
        let set_of: Vec<usize> = self
            .goods
            .iter()
            .map(|good| {
                let next = number.len();
                *number.entry(good.patient()).or_insert(next)
            })
            .collect();
        let mut sets = vec![Goods::default(); number.len()];
        let mut moved: Vec<(usize, usize)> = Vec::with_capacity(self.goods.len());
        for (good, set) in self.goods.into_iter().zip(set_of) {
            moved.push((set, sets[set].goods.len()));
            sets[set].goods.push(good);
        }
        for picture in self.pictures {
            let (set, good) = moved[picture.good];
            sets[set].pictures.push(Picture { good, ..picture });
        }
        let (mut told, mut nobody) = (vec![Vec::new(); sets.len()], Vec::new());
        for left in self.left_out {
            match left.patient.as_ref().and_then(|patient| number.get(patient)) {
                Some(set) => told[*set].push(left),
                None => nobody.push(left),
            }
        }
        for (set, left_out) in sets.iter_mut().zip(told) {
            set.left_out = left_out;
        }
        (sets, nobody)
    }

    /// Keeps the list beside the spool, so that a worker started again need not read everything anew.
    ///
    /// # Errors
    /// The disk is full or the folder cannot be written.
    pub fn save(&self, to: &Path) -> Result<(), Failure> {
        let write = || -> io::Result<()> {
            let part = to.with_extension("part");
            let mut file = BufWriter::new(std::fs::File::create(&part)?);
            let left_out = self.left_out.iter().cloned().map(Line::LeftOut);
            let goods = self.goods.iter().cloned().map(|good| Line::Good(Box::new(good)));
            for line in left_out.chain(goods).chain(self.pictures.iter().cloned().map(Line::Picture)) {
                serde_json::to_writer(&mut file, &line)?;
                file.write_all(b"\n")?;
            }
            file.into_inner()?.sync_all()?;
            std::fs::rename(part, to)
        };
        write().map_err(|error| Failure::writing("the list of the spool", &error))
    }

    /// Reads [`Goods::save`] back.
    ///
    /// # Errors
    /// It is not there or not whole: gather again.
    pub fn load(from: &Path) -> io::Result<Goods> {
        let (mut goods, mut sharing) = (Goods::default(), Sharing::default());
        for line in BufReader::new(std::fs::File::open(from)?).lines() {
            match serde_json::from_str(&line?)? {
                Line::LeftOut(left) => goods.left_out.push(left),
                Line::Good(mut good) => {
                    sharing.share(&mut good.header);
                    goods.goods.push(*good);
                }
                Line::Picture(picture) => goods.pictures.push(picture),
            }
        }
        Ok(goods)
    }
}

/// A hash as 64 digits, so that the list of a spool can be compared by eye and by `sha256sum`.
mod as_hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(hash: &Option<[u8; 32]>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hash.map(hex::encode).unwrap_or_default())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<[u8; 32]>, D::Error> {
        let digits = String::deserialize(from)?;
        if digits.is_empty() {
            return Ok(None);
        }
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash).map_err(D::Error::custom)?;
        Ok(Some(hash))
    }
}
