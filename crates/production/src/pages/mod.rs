//! What a person finds on the disc: `README.TXT`, `INDEX.HTM` and one page per series, in 正體中文 and English.
//!
//! The pages are plain HTML without script, with a content policy that forbids it: tags hold whatever somebody typed, and
//! every value is escaped and kept from reversing the text around it. They work from `file://` in any browser and link
//! only to each other and to their pictures. What they show is read from the objects; nothing depends on them.

mod hospital;
mod html;
mod readme;
mod report;
mod viewer;

pub(crate) use hospital::{HOSPITAL, StoodInView, hospital, stood_in};
pub(crate) use html::{index, series, style};
pub(crate) use readme::readme;
pub(crate) use report::report;
pub(crate) use viewer::{VIEWER, viewer};

use crate::gather::{Goods, LeftOut};
use crate::pictures::{Picture, PictureKind};
use crate::plan::DiscTexts;
use filmdesk_fileset::MediaFormat;
use filmdesk_instance::{Header, PersonName, Tag, tags};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Path of the list that says which picture is of what.
pub(crate) const PICTURES: &str = "IHE_PDI/PICTURES.TXT";

/// One disc as the pages show it.
pub(crate) struct DiscView<'a> {
    pub goods: &'a Goods,
    /// Indices of the disc's objects among the goods.
    pub chosen: &'a [usize],
    pub texts: &'a DiscTexts,
    pub profile: &'static str,
    pub format: MediaFormat,
    pub web: bool,
    pub viewer: bool,
    pub volume_id: String,
    pub file_set_uid: String,
    pub number: u32,
    pub of: u32,
    pub n_instances: usize,
    pub created_at: String,
    pub code: String,
    pub series: Vec<SeriesView<'a>>,
    /// Keys of the index that are in no object.
    pub stood_in: Vec<StoodInView>,
}

/// One series of the disc, in the order of the DICOMDIR.
pub(crate) struct SeriesView<'a> {
    /// Path of its page.
    pub page: String,
    /// Folder of its files.
    pub folder: String,
    /// Its first object.
    pub first: &'a Header,
    pub n_instances: usize,
    pub n_frames: u64,
    /// Path on the disc, index among the goods' pictures.
    pub pictures: Vec<(String, usize)>,
}

impl DiscView<'_> {
    fn n_studies(&self) -> usize {
        let mut studies: Vec<&str> = self.series.iter().map(|series| series.first.study_uid.as_str()).collect();
        studies.dedup();
        studies.len()
    }

    /// How the medium is written, PS3.12.
    fn file_system(&self) -> &'static str {
        match self.format {
            MediaFormat::Iso9660 => "ISO 9660 Level 1",
            MediaFormat::Fat => "USB",
            MediaFormat::Udf => "UDF 2.60",
        }
    }

    /// What it is to IHE's Portable Data for Imaging, which does not take compressed images on a CD, and no Blu-ray disc.
    fn integration(&self) -> Option<&'static str> {
        match (self.profile, self.web) {
            ("STD-CTMR-CD", _) => None,
            _ if self.format == MediaFormat::Udf => None,
            (_, true) => Some("IHE RAD Portable Data for Imaging (PDI): DICOM and web content"),
            (_, false) => Some("IHE RAD Portable Data for Imaging (PDI): DICOM content"),
        }
    }

    /// Headers of all objects of the disc.
    fn objects(&self) -> impl Iterator<Item = &Header> {
        self.chosen.iter().map(|good| &self.goods.goods[*good].header)
    }

    /// Pictures or documents of a series with their paths.
    fn shown<'v>(
        &'v self,
        series: &'v SeriesView<'_>,
        kind: PictureKind,
    ) -> impl Iterator<Item = (&'v str, &'v Picture)> {
        let all = series.pictures.iter().map(|(path, picture)| (path.as_str(), &self.goods.pictures[*picture]));
        all.filter(move |(_, picture)| picture.kind == kind)
    }

    /// What the recipient should know is missing.
    fn left_out(&self) -> impl Iterator<Item = &LeftOut> {
        self.goods.left_out.iter().filter(|left| !left.is_delivered())
    }
}

/// The list of pictures, for the viewer: File ID, frame from 1, and path of the picture, a line each; empty without any.
pub(crate) fn picture_list(view: &DiscView<'_>, file_ids: &HashMap<usize, String>) -> Vec<u8> {
    let mut out = String::new();
    for series in &view.series {
        for (path, picture) in view.shown(series, PictureKind::Image) {
            if let Some(file_id) = file_ids.get(&picture.good) {
                let _ = writeln!(out, "{file_id} {} {path}", picture.frame + 1);
            }
        }
    }
    out.into_bytes()
}

/// An attribute's text; empty when it has none.
fn text(header: &Header, tag: Tag) -> String {
    header.texts(tag).join(" / ")
}

/// `2026-11-02` from `20261102`; anything else as it stands.
fn date(header: &Header, tag: Tag) -> String {
    let raw = text(header, tag);
    let whole = raw.len() == 8 && raw.bytes().all(|b| b.is_ascii_digit());
    if whole { format!("{}-{}-{}", &raw[..4], &raw[4..6], &raw[6..]) } else { raw }
}

/// A name for people: ideographs first, then letters; `^` separates for machines.
fn name(header: &Header) -> String {
    let PersonName { alphabetic, ideographic, .. } = header.person_name(tags::PATIENT_NAME);
    let groups = [ideographic, alphabetic].map(|group| PersonName::spaced(&group));
    groups.into_iter().filter(|group| !group.is_empty()).collect::<Vec<_>>().join("　")
}
