//! What one disc holds, file by file: the same for the plan, which needs sizes, and for the making, which needs bytes.

use crate::failure::{Failure, FailureCode};
use crate::gather::Goods;
use crate::pages::{self, DiscView, SeriesView};
use crate::patient::ExpectedPatient;
use crate::plan::PlanOptions;
use crate::volume::{FileSpec, FileSystem, Layout, VolumeSpec};
use filmdesk_desk::WhoCanFix;
use filmdesk_fileset::{BuildError, FileSet, FileSetId, Member};
use filmdesk_instance::Header;
use jiff::Zoned;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The manifest: SHA-256 and path of every other file, as `sha256sum -c` reads it.
pub const MANIFEST: &str = "SHA256.SUM";
/// Bytes of a line beside the path: 64 digits, two spaces, the line's end.
const MANIFEST_LINE: u64 = 64 + 2 + 1;

/// What is decided when a disc is made, and not before.
#[derive(Clone, Debug)]
pub struct DiscFacts {
    /// When it is made.
    pub created_at: Zoned,
    /// The disc's own random code, printed on its label and scanned when it is handed over: `XXXX-XXXX`.
    pub code: String,
    /// Whose images must be on it; checked before and after it is written.
    pub expected: Option<ExpectedPatient>,
}

impl DiscFacts {
    /// Characters of a code.
    pub const CODE_LEN: usize = 9;

    /// Facts of the right lengths, for sizes.
    pub(crate) fn placeholder() -> DiscFacts {
        let created_at = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
        DiscFacts { created_at, code: "0000-0000".into(), expected: None }
    }
}

/// What is known of a disc before it is made.
pub(crate) struct Standing<'a> {
    pub goods: &'a Goods,
    pub chosen: &'a [usize],
    pub options: &'a PlanOptions,
    pub pictures: bool,
    pub volume_id: String,
    pub number: u32,
    pub of: u32,
}

/// Where a file's bytes come from.
#[derive(Debug)]
pub(crate) enum Bytes {
    /// An object of the goods.
    Good(usize),
    /// A picture of the goods.
    Picture(usize),
    /// Written here.
    Text(Vec<u8>),
    /// Known only when all others are written.
    Manifest,
}

/// One file of the disc.
#[derive(Debug)]
pub(crate) struct ContentFile {
    pub path: String,
    pub size: u64,
    pub bytes: Bytes,
}

/// All files of one disc, in the order they are written.
pub(crate) struct Contents {
    pub file_set: FileSet,
    pub files: Vec<ContentFile>,
    volume_id: String,
    volume_set_id: String,
    file_system: FileSystem,
}

impl Contents {
    /// Lays out the File-set and writes the pages.
    pub fn of(standing: &Standing<'_>, facts: &DiscFacts) -> Result<Contents, Failure> {
        let file_set = file_set(standing, facts)?;
        let mut files = Vec::new();
        let text = |path: &str, bytes: Vec<u8>| ContentFile {
            path: path.to_owned(),
            size: bytes.len() as u64,
            bytes: Bytes::Text(bytes),
        };
        files.push(text("DICOMDIR", file_set.dicomdir()));
        let view = disc_view(standing, facts, &file_set);
        files.push(text("README.TXT", pages::readme(&view)));
        if standing.options.web {
            files.push(text("INDEX.HTM", pages::index(&view)));
            files.push(text("IHE_PDI/STYLE.CSS", pages::style()));
            files.push(text(pages::HOSPITAL, pages::hospital(&view)));
            for series in &view.series {
                files.push(text(&series.page, pages::series(&view, series)));
            }
            for (path, picture) in view.series.iter().flat_map(|series| &series.pictures) {
                let size = standing.goods.pictures[*picture].size;
                files.push(ContentFile { path: path.clone(), size, bytes: Bytes::Picture(*picture) });
            }
            let file_ids = file_set.files().map(|(file_id, good)| (good, file_id.as_path().to_owned())).collect();
            let list = pages::picture_list(&view, &file_ids);
            if standing.options.viewer && !list.is_empty() {
                files.push(text(pages::PICTURES, list));
            }
        }
        if standing.options.viewer {
            files.push(text(pages::VIEWER, pages::viewer(standing.options.profile).to_vec()));
        }
        for (file_id, good) in file_set.files() {
            let size = standing.goods.goods[good].file_len();
            files.push(ContentFile { path: file_id.as_path().to_owned(), size, bytes: Bytes::Good(good) });
        }
        let size = files.iter().map(|file| file.path.len() as u64 + MANIFEST_LINE).sum();
        files.push(ContentFile { path: MANIFEST.to_owned(), size, bytes: Bytes::Manifest });
        let volume_set_id = standing.options.volume_prefix.clone();
        let file_system = FileSystem::of(standing.options.profile);
        Ok(Contents { file_set, files, volume_id: standing.volume_id.clone(), volume_set_id, file_system })
    }

    /// Where each file lies on the disc.
    pub fn layout(&self, facts: &DiscFacts) -> Result<Layout, Failure> {
        let spec = VolumeSpec {
            volume_id: self.volume_id.clone(),
            volume_set_id: self.volume_set_id.clone(),
            code: facts.code.clone(),
            created_at: facts.created_at.clone(),
            files: self.files.iter().map(|f| FileSpec { path: f.path.clone(), size: f.size }).collect(),
        };
        Layout::new(self.file_system, &spec).map_err(|fault| {
            let what = format!("The disc cannot be laid out: {fault}.");
            Failure::new(FailureCode::ProcessingFailure, WhoCanFix::Operator, what, "Report this with the message.")
        })
    }
}

/// The text of the manifest.
pub(crate) fn manifest<'a>(entries: impl Iterator<Item = (&'a str, [u8; 32])>) -> Vec<u8> {
    entries.map(|(path, hash)| format!("{}  {path}\n", hex::encode(hash))).collect::<String>().into_bytes()
}

fn file_set(standing: &Standing<'_>, facts: &DiscFacts) -> Result<FileSet, Failure> {
    let members = standing
        .chosen
        .iter()
        .map(|good| {
            let header = &standing.goods.goods[*good].header;
            Member { header, transfer_syntax: &header.transfer_syntax, source_index: *good }
        })
        .collect();
    let id = FileSetId::new(&standing.volume_id).map_err(|error| {
        let what = format!("The disc cannot be named: {error}.");
        Failure::new(FailureCode::ProcessingFailure, WhoCanFix::Operator, what, "Choose another volume prefix.")
    })?;
    FileSet::build(id, file_set_uid(standing, facts), members, standing.options.profile)
        .map_err(|error| directory_failure(&error, standing.goods))
}

/// The index cannot be built: named by UID, since a number means nothing to a clerk.
fn directory_failure(error: &BuildError, goods: &Goods) -> Failure {
    let uid = |good: &usize| goods.goods.get(*good).map_or("?", |g| g.header.sop_instance_uid.as_str());
    let named = match error {
        BuildError::NotAdmitted { source_index, .. } => format!(" ({})", uid(source_index)),
        BuildError::DuplicateInstance { first, second }
        | BuildError::StudyOfTwoPatients { first, second }
        | BuildError::SeriesOfTwoStudies { first, second }
        | BuildError::PatientIdOfTwoIssuers { first, second } => format!(" ({}, {})", uid(first), uid(second)),
        BuildError::TooMany | BuildError::DicomdirTooLarge => String::new(),
    };
    let next = "The archive's administrator settles the contradiction between these objects; then weigh again.";
    let what = format!("The index of the disc cannot be built: {error}{named}.");
    Failure::new(FailureCode::DirectoryProcessing, WhoCanFix::ArchiveAdministrator, what, next)
}

/// A UUID-derived UID (PS3.5 B.2) from what makes this disc this disc. Its first bit is set, so that it always has the
/// same number of digits and the plan's sizes hold.
fn file_set_uid(standing: &Standing<'_>, facts: &DiscFacts) -> String {
    let mut hash = Sha256::new();
    hash.update(b"File-set UID\n");
    hash.update(format!("{}\n{}\n{}\n", standing.volume_id, facts.code, facts.created_at.timestamp()));
    for good in standing.chosen {
        hash.update(format!("{}\n", standing.goods.goods[*good].header.sop_instance_uid));
    }
    let hash: [u8; 32] = hash.finalize().into();
    let mut uuid = u128::from_be_bytes(*hash.first_chunk().expect("sixteen of thirty-two bytes"));
    uuid |= 1 << 127;
    // Version 8 and the variant of RFC 9562.
    uuid = uuid & !(0xF << 76) | 8 << 76;
    uuid = uuid & !(3 << 62) | 2 << 62;
    format!("2.25.{uuid}")
}

/// What the pages show.
fn disc_view<'a>(standing: &'a Standing<'_>, facts: &DiscFacts, file_set: &FileSet) -> DiscView<'a> {
    let mut pictures_of: HashMap<usize, Vec<usize>> = HashMap::new();
    if standing.pictures {
        for (index, picture) in standing.goods.pictures.iter().enumerate() {
            pictures_of.entry(picture.good).or_default().push(index);
        }
    }
    let mut all_series: Vec<SeriesView<'a>> = Vec::new();
    for (file_id, good) in file_set.files() {
        let header: &'a Header = &standing.goods.goods[good].header;
        if header.series_uid.is_empty() {
            continue;
        }
        if all_series.last().is_none_or(|last| last.first.series_uid != header.series_uid) {
            let folder = file_id.as_path().rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
            let number = all_series.len() + 1;
            let page = format!("IHE_PDI/S{number:07}.HTM");
            all_series.push(SeriesView {
                page,
                folder,
                first: header,
                n_instances: 0,
                n_frames: 0,
                pictures: Vec::new(),
            });
        }
        let number = all_series.len();
        let Some(series) = all_series.last_mut() else { continue };
        series.n_instances += 1;
        series.n_frames += header.pixels.as_ref().map_or(0, |pixels| u64::from(pixels.frames));
        for picture in pictures_of.remove(&good).unwrap_or_default() {
            let (letter, extension) = standing.goods.pictures[picture].kind.named();
            let path = format!("IHE_PDI/S{number:07}/{letter}{:07}.{extension}", series.pictures.len() + 1);
            series.pictures.push((path, picture));
        }
    }
    DiscView {
        goods: standing.goods,
        chosen: standing.chosen,
        texts: &standing.options.texts,
        profile: standing.options.profile.id,
        format: standing.options.profile.format,
        web: standing.options.web,
        viewer: standing.options.viewer,
        volume_id: standing.volume_id.clone(),
        file_set_uid: file_set.uid().to_owned(),
        number: standing.number,
        of: standing.of,
        n_instances: standing.chosen.len(),
        created_at: facts.created_at.strftime("%Y-%m-%d %H:%M %:z").to_string(),
        code: facts.code.clone(),
        series: all_series,
        stood_in: pages::stood_in(file_set.synthesised()),
    }
}
