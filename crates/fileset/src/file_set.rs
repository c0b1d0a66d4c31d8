//! A File-set as a tree, built once: patients, studies, series and what they hold, in the order they are written.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use filmdesk_instance::{Header, tags};

use crate::dicomdir_writer::link_elements;
use crate::element::{Element, Tag, encode, encoded_len};
use crate::file_id::{FileId, FileSetId};
use crate::profile::{MediaProfile, NotAdmitted};
use crate::record::{Place, StoodIn, printable, record_keys};
use crate::record_type::RecordType;

/// The folder every DICOM file is in: other content stays outside (IHE RAD TF-3 §4.47).
const FOLDER: &str = "DICOM";
/// Two letters and six digits make a component of eight characters.
const MAX_COUNT: usize = 999_999;

/// One instance to be put on a medium.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// What the instance says.
    pub header: &'a Header,
    /// The transfer syntax of its file on the medium (not always that of the source).
    pub transfer_syntax: &'a str,
    /// The caller's number for it, handed back by [`FileSet::files`].
    pub source_index: usize,
}

/// A key of type 1 that had no value in the instances, and what stands in the directory record instead. Never in the
/// instance itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synthesised {
    /// Which record.
    pub record_type: RecordType,
    /// The folder or file the record stands for; empty for a patient.
    pub place: String,
    /// The attribute (group, element).
    pub tag: (u16, u16),
    /// Its keyword in PS3.6.
    pub keyword: &'static str,
    /// What was written.
    pub value: String,
}

/// A record of the directory, in the order of the DICOMDIR.
#[derive(Debug)]
pub(crate) struct Node {
    pub record_type: RecordType,
    /// 0 in the root directory entity, 3 below a series.
    pub depth: usize,
    /// Its elements as they are written, both offsets still zero: as small as a hundred thousand of them must be.
    pub bytes: Box<[u8]>,
    kind: NodeKind,
}

#[derive(Debug)]
enum NodeKind {
    /// What the printed tree shows of a patient, a study or a series.
    Branch(String),
    /// The file a leaf refers to, and the number of the member it holds.
    Leaf(FileId, usize),
}

/// A File-set: instances in a tree of directory records, each with its File ID.
#[derive(Debug)]
pub struct FileSet {
    pub(crate) id: FileSetId,
    pub(crate) uid: String,
    pub(crate) nodes: Vec<Node>,
    synthesised: Vec<Synthesised>,
    profile: &'static str,
}

/// Why instances cannot be one File-set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// An instance has no place under the profile.
    #[error("object {source_index}: {reason}")]
    NotAdmitted {
        /// The member's number.
        source_index: usize,
        /// The reason.
        reason: NotAdmitted,
    },
    /// Two members are the same instance: settle which one before.
    #[error("objects {first} and {second} have the same SOP Instance UID")]
    DuplicateInstance {
        /// The member met first.
        first: usize,
        /// The other one.
        second: usize,
    },
    /// A study would have to be under two patients, which PS3.3 F.5.2 forbids.
    #[error("objects {first} and {second} are of one study and name two patients")]
    StudyOfTwoPatients {
        /// A member of the study.
        first: usize,
        /// Another, with another Patient ID.
        second: usize,
    },
    /// A series would have to be in two studies, which PS3.3 F.5.3 forbids.
    #[error("objects {first} and {second} are of one series and name two studies")]
    SeriesOfTwoStudies {
        /// A member of the series.
        first: usize,
        /// Another, with another Study Instance UID.
        second: usize,
    },
    /// One Patient ID issued by two: PS3.3 F.5.1 wants it unique in a File-set. Make two.
    #[error("objects {first} and {second} have one Patient ID from two issuers: they belong in two File-sets")]
    PatientIdOfTwoIssuers {
        /// A member of the patient.
        first: usize,
        /// Another, with another Issuer of Patient ID.
        second: usize,
    },
    /// More studies, series or instances than six digits count.
    #[error("more than {MAX_COUNT} names would be needed in one folder")]
    TooMany,
    /// Offsets in a DICOMDIR have 32 bits.
    #[error("the DICOMDIR would be larger than 4 GiB: use more than one medium")]
    DicomdirTooLarge,
}

/// A branch of the tree while it is gathered: what it is called, and what is below it, by number.
struct Branch {
    uid: String,
    above: usize,
    below: Vec<usize>,
    /// Leaves it holds, in order.
    first_member: usize,
}

/// Members sorted into patients, studies and series, each by number.
#[derive(Default)]
struct Gathered {
    patients: Vec<Branch>,
    studies: Vec<Branch>,
    all_series: Vec<Branch>,
    at_root: Vec<usize>,
}

impl FileSet {
    /// Lays out a File-set called `id`, whose DICOMDIR has the SOP Instance UID `uid`, for a medium of `profile`.
    ///
    /// The order is the same for the same members, in whatever order they come: patients by ID, studies by date and
    /// time, series and instances by number, then by UID.
    ///
    /// # Errors
    /// [`BuildError`] names the members that cannot be in one File-set; nothing is left out silently.
    pub fn build(
        id: FileSetId,
        uid: String,
        members: Vec<Member<'_>>,
        profile: &MediaProfile,
    ) -> Result<FileSet, BuildError> {
        let record_types = admit_all(&members, profile)?;
        let gathered = Gathered::from(&members, &record_types)?;
        let mut layout = Layout {
            members: &members,
            record_types: &record_types,
            profile,
            nodes: Vec::with_capacity(members.len() + 16),
            synthesised: Vec::new(),
        };
        layout.run(gathered)?;
        let (nodes, synthesised) = (layout.nodes, layout.synthesised);
        let file_set = FileSet { id, uid, nodes, synthesised, profile: profile.id };
        if file_set.dicomdir_len() > u64::from(u32::MAX) {
            return Err(BuildError::DicomdirTooLarge);
        }
        Ok(file_set)
    }

    /// File-set ID, which is the volume identifier as well.
    pub fn id(&self) -> &FileSetId {
        &self.id
    }

    /// File-set UID: the SOP Instance UID of the DICOMDIR.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The profile it was laid out for.
    pub fn profile(&self) -> &'static str {
        self.profile
    }

    /// Each file with the number of the member it holds, in the order of the DICOMDIR: write them in this order, and a
    /// reader that follows the directory reads straight on.
    pub fn files(&self) -> impl Iterator<Item = (&FileId, usize)> {
        self.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Leaf(file_id, source_index) => Some((file_id, *source_index)),
            NodeKind::Branch(_) => None,
        })
    }

    /// Number of directory records.
    pub fn n_records(&self) -> usize {
        self.nodes.len()
    }

    /// Keys that stand in the directory without being in an instance.
    pub fn synthesised(&self) -> &[Synthesised] {
        &self.synthesised
    }

    /// The tree for people to read: one line for each patient, study and series, and one for each kind of object.
    /// It names the patient: show it to those who may see the images, never to a log.
    pub fn tree(&self) -> String {
        let mut out = format!("File-set {} ({}), UID {}\n", self.id, self.profile, self.uid);
        let mut leaves: Vec<(RecordType, usize, &FileId, &FileId)> = Vec::new();
        for node in &self.nodes {
            match &node.kind {
                NodeKind::Leaf(file_id, _) => {
                    match leaves.iter_mut().find(|(record_type, ..)| *record_type == node.record_type) {
                        Some((_, n, _, last)) => (*n, *last) = (*n + 1, file_id),
                        None => leaves.push((node.record_type, 1, file_id, file_id)),
                    }
                }
                NodeKind::Branch(told) => {
                    write_leaves(&mut out, &mut leaves);
                    let _ = writeln!(out, "{}{}: {told}", "  ".repeat(node.depth), node.record_type);
                }
            }
        }
        write_leaves(&mut out, &mut leaves);
        out
    }
}

fn write_leaves(out: &mut String, leaves: &mut Vec<(RecordType, usize, &FileId, &FileId)>) {
    for (record_type, n, first, last) in leaves.drain(..) {
        let indent = if record_type.is_at_root() { "" } else { "      " };
        let files = if n == 1 { first.to_string() } else { format!("{first} … {last}") };
        let _ = writeln!(out, "{indent}{record_type}: {n} × {files}");
    }
}

/// The keys of a branch the printed tree shows.
fn is_told(record_type: RecordType, tag: Tag) -> bool {
    let told: &[Tag] = if record_type == RecordType::Patient {
        &[tags::PATIENT_NAME, tags::PATIENT_ID]
    } else if record_type == RecordType::Study {
        &[tags::STUDY_DATE, tags::STUDY_ID, tags::ACCESSION_NUMBER, tags::STUDY_DESCRIPTION]
    } else {
        &[tags::MODALITY, tags::SERIES_NUMBER, tags::SERIES_DESCRIPTION]
    };
    told.contains(&tag)
}

fn admit_all(members: &[Member<'_>], profile: &MediaProfile) -> Result<Vec<RecordType>, BuildError> {
    members
        .iter()
        .map(|member| {
            profile
                .admit(member.header, member.transfer_syntax)
                .map_err(|reason| BuildError::NotAdmitted { source_index: member.source_index, reason })
        })
        .collect()
}

/// Finds or makes the branch under `key`; says which, and whether it is new.
fn branch(
    branches: &mut Vec<Branch>,
    by_key: &mut HashMap<String, usize>,
    key: String,
    above: usize,
    member: usize,
) -> (usize, bool) {
    match by_key.entry(key) {
        Entry::Occupied(entry) => (*entry.get(), false),
        Entry::Vacant(entry) => {
            let uid = entry.key().clone();
            branches.push(Branch { uid, above, below: Vec::new(), first_member: member });
            (*entry.insert(branches.len() - 1), true)
        }
    }
}

impl Gathered {
    fn from(members: &[Member<'_>], record_types: &[RecordType]) -> Result<Gathered, BuildError> {
        let mut gathered = Gathered::default();
        let mut seen = HashMap::new();
        let (mut patients, mut studies, mut all_series) = (HashMap::new(), HashMap::new(), HashMap::new());
        for (at, member) in members.iter().enumerate() {
            let header = member.header;
            if let Some(before) = seen.insert(header.sop_instance_uid.as_str(), at) {
                return Err(pair(members, before, at, |first, second| BuildError::DuplicateInstance { first, second }));
            }
            if record_types[at].is_at_root() {
                gathered.at_root.push(at);
                continue;
            }
            let (patient, _) = branch(&mut gathered.patients, &mut patients, patient_key(header), 0, at);
            one_issuer(members, gathered.patients[patient].first_member, at)?;
            let (study, new) = branch(&mut gathered.studies, &mut studies, header.study_uid.to_string(), patient, at);
            let known = &gathered.studies[study];
            if known.above != patient {
                let error = |first, second| BuildError::StudyOfTwoPatients { first, second };
                return Err(pair(members, known.first_member, at, error));
            }
            if new {
                gathered.patients[patient].below.push(study);
            }
            let (series, new) =
                branch(&mut gathered.all_series, &mut all_series, header.series_uid.to_string(), study, at);
            let known = &gathered.all_series[series];
            if known.above != study {
                let error = |first, second| BuildError::SeriesOfTwoStudies { first, second };
                return Err(pair(members, known.first_member, at, error));
            }
            if new {
                gathered.studies[study].below.push(series);
            }
            gathered.all_series[series].below.push(at);
        }
        Ok(gathered)
    }
}

fn pair(members: &[Member<'_>], a: usize, b: usize, error: impl Fn(usize, usize) -> BuildError) -> BuildError {
    error(members[a].source_index, members[b].source_index)
}

/// What makes two instances one patient's: the Patient ID, and where there is none, name and birth date.
fn patient_key(header: &Header) -> String {
    match header.text(tags::PATIENT_ID) {
        Some(id) => format!("ID {id}"),
        None => {
            let name = crate::record::name_value(&header.person_name(tags::PATIENT_NAME));
            format!("NO {name} {}", header.text(tags::PATIENT_BIRTH_DATE).unwrap_or_default())
        }
    }
}

fn one_issuer(members: &[Member<'_>], before: usize, at: usize) -> Result<(), BuildError> {
    let issuer = |at: usize| members[at].header.text(tags::ISSUER_OF_PATIENT_ID);
    match (issuer(before), issuer(at)) {
        (Some(a), Some(b)) if a != b => {
            Err(pair(members, before, at, |first, second| BuildError::PatientIdOfTwoIssuers { first, second }))
        }
        _ => Ok(()),
    }
}

/// The walk that turns gathered members into records, top down, each level sorted.
struct Layout<'a> {
    members: &'a [Member<'a>],
    record_types: &'a [RecordType],
    profile: &'a MediaProfile,
    nodes: Vec<Node>,
    synthesised: Vec<Synthesised>,
}

impl Layout<'_> {
    fn run(&mut self, mut gathered: Gathered) -> Result<(), BuildError> {
        for series in &mut gathered.all_series {
            series.below.sort_by_cached_key(|&at| self.number_and_uid(at, tags::INSTANCE_NUMBER));
        }
        let Gathered { patients, studies, all_series, at_root } = gathered;
        let mut patients = patients;
        patients.sort_by(|a, b| a.uid.cmp(&b.uid));
        let mut n_studies = 0;
        let named: HashSet<String> = patients.iter().map(|patient| patient.uid.clone()).collect();
        // Patient ID is unique in a File-set (PS3.3 F.5.1), so a number somebody really has is passed over.
        let mut unknown = (1..).filter(|n| !named.contains(&format!("ID UNKNOWN{n}")));
        for mut patient in patients {
            let leaves_of = |study: &Branch| -> Vec<usize> {
                study.below.iter().flat_map(|&series| all_series[series].below.iter().copied()).collect()
            };
            patient.below.sort_by_cached_key(|&study| self.study_order(&studies[study], &leaves_of(&studies[study])));
            let all: Vec<usize> = patient.below.iter().flat_map(|&study| leaves_of(&studies[study])).collect();
            let ordinal = if patient.uid.starts_with("NO ") { unknown.next().unwrap_or_default() } else { 0 };
            self.branch_record(RecordType::Patient, &all, ordinal, "");
            for &study in &patient.below {
                n_studies += 1;
                let folder = name("ST", n_studies)?;
                self.study(&studies[study], &leaves_of(&studies[study]), &all_series, n_studies, &folder)?;
            }
        }
        self.root_leaves(at_root)
    }

    fn study(
        &mut self,
        study: &Branch,
        leaves: &[usize],
        all_series: &[Branch],
        ordinal: usize,
        folder: &str,
    ) -> Result<(), BuildError> {
        self.branch_record(RecordType::Study, leaves, ordinal, folder);
        let mut below = study.below.clone();
        below.sort_by_cached_key(|&series| {
            let series = &all_series[series];
            (self.number(series.below[0], tags::SERIES_NUMBER), series.uid.clone())
        });
        for (at, series) in below.into_iter().enumerate() {
            let folder = format!("{folder}/{}", name("SE", at + 1)?);
            let leaves = &all_series[series].below;
            self.branch_record(RecordType::Series, leaves, at + 1, &folder);
            for (at, &leaf) in leaves.iter().enumerate() {
                self.leaf(leaf, at + 1, &format!("{FOLDER}/{folder}"))?;
            }
        }
        Ok(())
    }

    fn root_leaves(&mut self, mut at_root: Vec<usize>) -> Result<(), BuildError> {
        at_root.sort_by_cached_key(|&at| (self.record_types[at], self.members[at].header.sop_instance_uid.clone()));
        for (at, leaf) in at_root.into_iter().enumerate() {
            self.leaf(leaf, at + 1, FOLDER)?;
        }
        Ok(())
    }

    fn leaf(&mut self, at: usize, ordinal: usize, folder: &str) -> Result<(), BuildError> {
        let record_type = self.record_types[at];
        let member = &self.members[at];
        let path = format!("{folder}/{}", name(record_type.file_prefix(), ordinal)?);
        // The path is made of counted components, at most four: it is a File ID by construction.
        let file_id = FileId::parse(&path).map_err(|_| BuildError::TooMany)?;
        let mut elements = link_elements(record_type);
        elements.extend([
            Element::text(tags::REFERENCED_FILE_ID, b"CS", &file_id.as_value()),
            Element::text(tags::REFERENCED_SOP_CLASS_UID_IN_FILE, b"UI", &member.header.sop_class_uid),
            Element::text(tags::REFERENCED_SOP_INSTANCE_UID_IN_FILE, b"UI", &member.header.sop_instance_uid),
            Element::text(tags::REFERENCED_TRANSFER_SYNTAX_UID_IN_FILE, b"UI", member.transfer_syntax),
        ]);
        let kind = NodeKind::Leaf(file_id, member.source_index);
        elements.extend(self.keys(record_type, &[at], ordinal, &path));
        self.push(record_type, &elements, kind);
        Ok(())
    }

    fn branch_record(&mut self, record_type: RecordType, below: &[usize], ordinal: usize, place: &str) {
        let keys = self.keys(record_type, below, ordinal, place);
        let told = keys.iter().filter(|key| is_told(record_type, key.tag)).map(printable);
        let told: Vec<String> = told.filter(|value| !value.is_empty()).collect();
        let mut elements = link_elements(record_type);
        elements.extend(keys);
        self.push(record_type, &elements, NodeKind::Branch(told.join(" · ")));
    }

    fn push(&mut self, record_type: RecordType, elements: &[Element], kind: NodeKind) {
        let mut bytes = Vec::with_capacity(encoded_len(elements));
        encode(elements, &mut bytes);
        self.nodes.push(Node { record_type, depth: record_type.depth(), bytes: bytes.into_boxed_slice(), kind });
    }

    /// The keys of a record, those that were stood in for listed.
    fn keys(&mut self, record_type: RecordType, below: &[usize], ordinal: usize, place: &str) -> Vec<Element> {
        let headers: Vec<&Header> = below.iter().map(|&at| self.members[at].header).collect();
        let folder = place.rsplit('/').next().unwrap_or_default();
        let at = Place { record_type, extra: self.profile.extra_keys, ordinal, folder };
        let (keys, stood_in) = record_keys(&at, &headers);
        let place = if record_type.is_leaf() || place.is_empty() { place.into() } else { format!("{FOLDER}/{place}") };
        for StoodIn { key, value } in stood_in {
            let (tag, place) = ((key.tag.0, key.tag.1), place.clone());
            self.synthesised.push(Synthesised { record_type, place, tag, keyword: key.keyword, value });
        }
        keys
    }

    fn study_order(&self, study: &Branch, leaves: &[usize]) -> (String, String, String) {
        let first = |tag| leaves.iter().find_map(|&at| self.members[at].header.text(tag)).unwrap_or_default();
        (first(tags::STUDY_DATE), first(tags::STUDY_TIME), study.uid.clone())
    }

    fn number(&self, at: usize, tag: Tag) -> i64 {
        // Numbers are IS: 32 bits. What has none comes last.
        self.members[at].header.number(tag).map_or(i64::MAX, |number| number as i64)
    }

    fn number_and_uid(&self, at: usize, tag: Tag) -> (i64, String) {
        (self.number(at, tag), self.members[at].header.sop_instance_uid.clone())
    }
}

/// A component counted from 1: two letters and six digits.
fn name(prefix: &str, count: usize) -> Result<String, BuildError> {
    if count > MAX_COUNT {
        return Err(BuildError::TooMany);
    }
    Ok(format!("{prefix}{count:06}"))
}
