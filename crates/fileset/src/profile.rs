//! Media storage application profiles (PS3.11) as data: what each allows on a disc and what its DICOMDIR must say.

use crate::record_type::{RecordType, sop_class_name, sop_classes_without_record};
use filmdesk_instance::Header;

/// Implicit VR Little Endian is in no profile; this is the one syntax every profile has.
pub const EXPLICIT_VR_LE: &str = "1.2.840.10008.1.2.1";
const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
const JPEG_EXTENDED: &str = "1.2.840.10008.1.2.4.51";
const JPEG_LOSSLESS_SV1: &str = "1.2.840.10008.1.2.4.70";
const J2K_LOSSLESS: &str = "1.2.840.10008.1.2.4.90";
const J2K: &str = "1.2.840.10008.1.2.4.91";

const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
const MR_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.4";
const SC_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.7";

/// A media storage application profile.
#[derive(Debug, PartialEq, Eq)]
pub struct MediaProfile {
    /// Its identifier in PS3.11, for example `STD-GEN-CD`.
    pub id: &'static str,
    /// The annex of PS3.11 that defines it.
    pub clause: &'static str,
    /// What it is written on, for people.
    pub media: &'static str,
    /// The file system PS3.12 gives that medium.
    pub format: MediaFormat,
    /// UIDs of the transfer syntaxes it allows. The first is the one everything decodable can be brought to.
    pub transfer_syntaxes: &'static [&'static str],
    /// SOP Classes it allows, where it does not allow all that have a directory record.
    pub(crate) only_sop_classes: Option<&'static [&'static str]>,
    /// What its DICOMDIR says beyond Annex F of PS3.3.
    pub(crate) extra_keys: ExtraKeys,
}

/// The file system of a medium, which bounds a file's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaFormat {
    /// ISO 9660: CD (PS3.12 F.2.2), and DVD, which may be UDF as well (P.2).
    Iso9660,
    /// FAT32 at most: sticks.
    Fat,
    /// UDF 2.50 or 2.60: Blu-ray (PS3.12 X.2.1).
    Udf,
}

impl MediaFormat {
    /// The most bytes one file can have: 4 GiB − 1 where a length has 32 bits (ECMA-119 §6.5.1, FAT32), and on UDF more than
    /// any disc holds.
    pub fn largest_file(self) -> u64 {
        match self {
            MediaFormat::Iso9660 | MediaFormat::Fat => u64::from(u32::MAX),
            MediaFormat::Udf => u64::MAX,
        }
    }
}

/// Which keys a profile asks for beyond PS3.3 Annex F.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ExtraKeys {
    /// None (PS3.11 Table D.3-2).
    None,
    /// PS3.11 Table H.3-2, which Annexes J, M and N take over.
    GeneralCompressed,
    /// PS3.11 Table E.3-2: geometry of CT and MR.
    CtMr,
}

/// General purpose CD-R: uncompressed, readable by everybody; the base of IHE PDI. The default.
pub const STD_GEN_CD: MediaProfile = MediaProfile {
    id: "STD-GEN-CD",
    clause: "PS3.11 Annex D",
    media: "CD-R",
    format: MediaFormat::Iso9660,
    transfer_syntaxes: &[EXPLICIT_VR_LE],
    only_sop_classes: None,
    extra_keys: ExtraKeys::None,
};

/// General purpose DVD with JPEG.
pub const STD_GEN_DVD_JPEG: MediaProfile = MediaProfile {
    id: "STD-GEN-DVD-JPEG",
    clause: "PS3.11 Annex H",
    media: "DVD",
    format: MediaFormat::Iso9660,
    transfer_syntaxes: &[EXPLICIT_VR_LE, JPEG_LOSSLESS_SV1, JPEG_BASELINE, JPEG_EXTENDED],
    only_sop_classes: None,
    extra_keys: ExtraKeys::GeneralCompressed,
};

/// General purpose DVD with JPEG 2000.
pub const STD_GEN_DVD_J2K: MediaProfile = MediaProfile {
    id: "STD-GEN-DVD-J2K",
    clause: "PS3.11 Annex H",
    media: "DVD",
    format: MediaFormat::Iso9660,
    transfer_syntaxes: &[EXPLICIT_VR_LE, J2K_LOSSLESS, J2K],
    only_sop_classes: None,
    extra_keys: ExtraKeys::GeneralCompressed,
};

/// General purpose USB memory with JPEG.
pub const STD_GEN_USB_JPEG: MediaProfile = MediaProfile {
    id: "STD-GEN-USB-JPEG",
    clause: "PS3.11 Annex J",
    media: "USB",
    format: MediaFormat::Fat,
    transfer_syntaxes: &[EXPLICIT_VR_LE, JPEG_LOSSLESS_SV1, JPEG_BASELINE, JPEG_EXTENDED],
    only_sop_classes: None,
    extra_keys: ExtraKeys::GeneralCompressed,
};

/// General purpose USB memory with JPEG 2000.
pub const STD_GEN_USB_J2K: MediaProfile = MediaProfile {
    id: "STD-GEN-USB-J2K",
    clause: "PS3.11 Annex J",
    media: "USB",
    format: MediaFormat::Fat,
    transfer_syntaxes: &[EXPLICIT_VR_LE, J2K_LOSSLESS, J2K],
    only_sop_classes: None,
    extra_keys: ExtraKeys::GeneralCompressed,
};

/// CT and MR on CD-R, lossless JPEG allowed; nothing but CT, MR and grey secondary captures.
pub const STD_CTMR_CD: MediaProfile = MediaProfile {
    id: "STD-CTMR-CD",
    clause: "PS3.11 Annex E",
    media: "CD-R",
    format: MediaFormat::Iso9660,
    transfer_syntaxes: &[EXPLICIT_VR_LE, JPEG_LOSSLESS_SV1],
    only_sop_classes: Some(&[CT_IMAGE, MR_IMAGE, SC_IMAGE]),
    extra_keys: ExtraKeys::CtMr,
};

/// A profile for Blu-ray: PS3.11 Annex M or N, or D for the plain one.
const fn blu_ray(
    id: &'static str,
    clause: &'static str,
    transfer_syntaxes: &'static [&'static str],
    extra_keys: ExtraKeys,
) -> MediaProfile {
    let (media, format) = ("BD", MediaFormat::Udf);
    MediaProfile { id, clause, media, format, transfer_syntaxes, only_sop_classes: None, extra_keys }
}

const ANNEX_M: &str = "PS3.11 Annex M";
const ANNEX_N: &str = "PS3.11 Annex N";

/// General purpose Blu-ray, uncompressed.
pub const STD_GEN_BD: MediaProfile = blu_ray("STD-GEN-BD", "PS3.11 Annex D", &[EXPLICIT_VR_LE], ExtraKeys::None);

/// General purpose Blu-ray with JPEG.
pub const STD_GEN_BD_JPEG: MediaProfile = blu_ray(
    "STD-GEN-BD-JPEG",
    ANNEX_M,
    &[EXPLICIT_VR_LE, JPEG_LOSSLESS_SV1, JPEG_BASELINE, JPEG_EXTENDED],
    ExtraKeys::GeneralCompressed,
);

/// General purpose Blu-ray with JPEG 2000.
pub const STD_GEN_BD_J2K: MediaProfile =
    blu_ray("STD-GEN-BD-J2K", ANNEX_M, &[EXPLICIT_VR_LE, J2K_LOSSLESS, J2K], ExtraKeys::GeneralCompressed);

/// A Blu-ray profile for one kind of video.
const fn video(id: &'static str, clause: &'static str, transfer_syntaxes: &'static [&'static str]) -> MediaProfile {
    blu_ray(id, clause, transfer_syntaxes, ExtraKeys::GeneralCompressed)
}

/// Blu-ray with video, a profile for each kind: MPEG-2 of main and of high level; MPEG-4 AVC/H.264 of level 4.1, the same
/// as Blu-ray players take it, of level 4.2 in two and in three dimensions, and stereo.
static VIDEO: [MediaProfile; 7] = [
    video("STD-GEN-BD-MPEG2-MPML", ANNEX_M, &[EXPLICIT_VR_LE, "1.2.840.10008.1.2.4.100"]),
    video("STD-GEN-BD-MPEG2-MPHL", ANNEX_M, &[EXPLICIT_VR_LE, "1.2.840.10008.1.2.4.101"]),
    video("STD-GEN-BD-MPEG4-HPLV41", ANNEX_M, &[EXPLICIT_VR_LE, "1.2.840.10008.1.2.4.102"]),
    video("STD-GEN-BD-MPEG4-HPLV41BD", ANNEX_M, &[EXPLICIT_VR_LE, "1.2.840.10008.1.2.4.103"]),
    video("STD-GEN-BD-MPEG4-HPLV42-2D", ANNEX_N, &[EXPLICIT_VR_LE, "1.2.840.10008.1.2.4.104"]),
    video("STD-GEN-BD-MPEG4-HPLV42-3D", ANNEX_N, &[EXPLICIT_VR_LE, "1.2.840.10008.1.2.4.105"]),
    video("STD-GEN-BD-MPEG4-SHPLV42", ANNEX_N, &[EXPLICIT_VR_LE, "1.2.840.10008.1.2.4.106"]),
];

/// Every profile known here, the default first.
pub static PROFILES: &[&MediaProfile] = &[
    &STD_GEN_CD,
    &STD_GEN_DVD_JPEG,
    &STD_GEN_DVD_J2K,
    &STD_GEN_USB_JPEG,
    &STD_GEN_USB_J2K,
    &STD_CTMR_CD,
    &STD_GEN_BD_JPEG,
    &STD_GEN_BD_J2K,
    &STD_GEN_BD,
    &VIDEO[0],
    &VIDEO[1],
    &VIDEO[2],
    &VIDEO[3],
    &VIDEO[4],
    &VIDEO[5],
    &VIDEO[6],
];

/// Profiles of media whose file system is not written here: how their identifiers begin, and why.
const NOT_MADE: &[(&str, &str)] = &[(
    "STD-GEN-DVD-RAM",
    "a DVD-RAM is UDF 1.5 (PS3.12 J.2.1), which is not written here; choose STD-GEN-DVD-JPEG or STD-GEN-BD-JPEG",
)];

/// Why there is no profile of an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProfile {
    /// Nobody knows it.
    #[error("there is no profile {id}; known are {}", known())]
    Unknown {
        /// What was asked for.
        id: String,
    },
    /// PS3.11 has it, and its medium is not made here.
    #[error("{id} is not made: {why}")]
    NotMade {
        /// What was asked for.
        id: String,
        /// Why, and what instead.
        why: &'static str,
    },
}

fn known() -> String {
    PROFILES.iter().map(|profile| profile.id).collect::<Vec<&str>>().join(", ")
}

/// Why an instance has no place on a medium of a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// PS3.3 Annex F has no directory record for the SOP Class: it is private, or retired, or not part of a patient's record.
    #[error("{} {}, so it cannot be on {profile}", named(.sop_class_uid), no_place(.sop_class_uid))]
    NoRecordType {
        /// The SOP Class.
        sop_class_uid: String,
        /// The profile asked for.
        profile: &'static str,
    },
    /// It says of no study, or of no series, that it belongs there.
    #[error("it has no {attribute}, so it has no place in the tree of a File-set")]
    NoUid {
        /// `Study Instance UID` or `Series Instance UID`.
        attribute: &'static str,
    },
    /// The profile is for other kinds of object.
    #[error("{profile} takes CT, MR and grey secondary captures only, not {}", named(.sop_class_uid))]
    SopClass {
        /// The SOP Class.
        sop_class_uid: String,
        /// The profile asked for.
        profile: &'static str,
    },
    /// The transfer syntax is not in the profile: decode it, or choose a medium that allows it.
    #[error("transfer syntax {transfer_syntax} is not allowed by {profile}")]
    TransferSyntax {
        /// The transfer syntax.
        transfer_syntax: String,
        /// The profile asked for.
        profile: &'static str,
    },
}

fn named(sop_class_uid: &str) -> String {
    match sop_class_name(sop_class_uid) {
        Some(name) => format!("{name} ({sop_class_uid})"),
        None => format!("SOP Class {sop_class_uid}"),
    }
}

fn no_place(sop_class_uid: &str) -> &'static str {
    let known = sop_classes_without_record().iter().find(|(uid, ..)| *uid == sop_class_uid);
    known.map_or("has no directory record in PS3.3 Annex F", |(_, why, _)| why.reason())
}

/// Of what Annex F leaves out it is known what it is; anything else may hold images.
fn without_record(sop_class_uid: &str) -> &'static str {
    /// The root of the standard's own UIDs (PS3.5 §9.1, PS3.6).
    const STANDARD: &str = "1.2.840.10008.";
    let known = sop_classes_without_record().iter().any(|(uid, ..)| *uid == sop_class_uid);
    match (known, sop_class_uid.starts_with(STANDARD)) {
        (true, _) => "no-record-type",
        (false, true) => "unknown-sop-class",
        (false, false) => "private-sop-class",
    }
}

impl NotAdmitted {
    /// A stable code: `no-record-type` (Annex F has none for it), `private-sop-class`, `unknown-sop-class`, `no-study-or-series-uid`,
    /// `sop-class-not-in-profile`, `transfer-syntax-not-in-profile`.
    pub fn code(&self) -> &'static str {
        match self {
            NotAdmitted::NoRecordType { sop_class_uid, .. } => without_record(sop_class_uid),
            NotAdmitted::NoUid { .. } => "no-study-or-series-uid",
            NotAdmitted::SopClass { .. } => "sop-class-not-in-profile",
            NotAdmitted::TransferSyntax { .. } => "transfer-syntax-not-in-profile",
        }
    }
}

impl MediaProfile {
    /// The profile with this identifier, in capitals or not.
    pub fn by_id(id: &str) -> Option<&'static MediaProfile> {
        PROFILES.iter().copied().find(|profile| profile.id.eq_ignore_ascii_case(id))
    }

    /// The same, with the reason when there is none.
    ///
    /// # Errors
    /// [`NoProfile`]: it is unknown, or known and not made.
    pub fn named(id: &str) -> Result<&'static MediaProfile, NoProfile> {
        let begins = |start: &str| id.get(..start.len()).is_some_and(|first| first.eq_ignore_ascii_case(start));
        let none = || match NOT_MADE.iter().find(|(start, _)| begins(start)) {
            Some((_, why)) => NoProfile::NotMade { id: id.to_ascii_uppercase(), why },
            None => NoProfile::Unknown { id: id.to_owned() },
        };
        MediaProfile::by_id(id).ok_or_else(none)
    }

    /// Whether files in this transfer syntax may be on the medium.
    pub fn allows_transfer_syntax(&self, uid: &str) -> bool {
        self.transfer_syntaxes.contains(&uid)
    }

    /// The record type under which `header`'s object goes on the medium in `transfer_syntax`.
    ///
    /// # Errors
    /// Says why it has no place there; [`NotAdmitted::TransferSyntax`] is the one that decoding can cure, and is
    /// reported last.
    pub fn admit(&self, header: &Header, transfer_syntax: &str) -> Result<RecordType, NotAdmitted> {
        let sop_class_uid = header.sop_class_uid.to_string();
        let Some(record_type) = RecordType::of_sop_class(&sop_class_uid) else {
            return Err(NotAdmitted::NoRecordType { sop_class_uid, profile: self.id });
        };
        if !record_type.is_at_root() {
            for (uid, attribute) in
                [(&header.study_uid, "Study Instance UID"), (&header.series_uid, "Series Instance UID")]
            {
                if uid.is_empty() {
                    return Err(NotAdmitted::NoUid { attribute });
                }
            }
        }
        if let Some(only) = self.only_sop_classes {
            let grey = header.pixels.as_ref().is_some_and(|pixels| pixels.photometric.starts_with("MONOCHROME"));
            if !only.contains(&sop_class_uid.as_str()) || !grey {
                return Err(NotAdmitted::SopClass { sop_class_uid, profile: self.id });
            }
        }
        if !self.allows_transfer_syntax(transfer_syntax) {
            return Err(NotAdmitted::TransferSyntax { transfer_syntax: transfer_syntax.to_owned(), profile: self.id });
        }
        Ok(record_type)
    }

    /// The first profile that allows every one of these transfer syntaxes: what an undeclared medium may claim to be.
    pub fn inferred<'a>(transfer_syntaxes: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'static MediaProfile> {
        PROFILES
            .iter()
            .copied()
            .filter(|profile| profile.only_sop_classes.is_none())
            .find(|profile| transfer_syntaxes.clone().into_iter().all(|uid| profile.allows_transfer_syntax(uid)))
    }
}
