//! The keys of each directory record: PS3.3 Annex F.5 as tables, and what profiles add (PS3.11).
//!
//! A key of type 1 must have a value in the record, although the attribute may be empty in the image (Study ID, dates,
//! numbers). Each such key names its fallback here; what it gives goes into the record only, and is listed.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::element::Tag;
use crate::profile::ExtraKeys;
use crate::record_type::RecordType;

/// One key of a directory record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub tag: Tag,
    pub vr: &'static [u8; 2],
    pub keyword: &'static str,
    pub need: Need,
}

/// How much a record needs a key (PS3.5 §7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Type 1: never empty, so what to write when the instance says nothing.
    One(Fallback),
    /// Type 2: there, maybe empty.
    Two,
    /// Type 1C, required when the instance has a value.
    IfPresent,
    /// Type 3: we write it when the instance has a value; others need not.
    Optional,
    /// Content Sequence (0040,A730): the items that modify the title, and no other, when there are any (F.5.25).
    ConceptModifiers,
    /// Verification DateTime (0040,A030): the latest of the Verifying Observer Sequence, when the document is verified (F.5.25).
    VerificationDateTime,
}

/// What stands in for a missing value of a type 1 key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// The best other date the instance has: series, acquisition, content, creation; 19000101 when it has none.
    Date,
    /// The time that belongs to that date; 000000 when there is none.
    Time,
    /// Date and time of creation in one value.
    Moment,
    /// The place among its siblings, counted from 1.
    Ordinal,
    /// The name of the folder the study is in.
    FolderName,
    /// `UNKNOWN` and a number: no identifier was given to this person.
    PatientId,
    /// These characters.
    Fixed(&'static str),
    /// The number 1.
    Count,
    /// The number 0.
    Zero,
    /// The code (121144, DCM, "Document Title").
    DocumentTitle,
    /// The code (113000, DCM, "Of Interest").
    OfInterest,
    /// The media type that goes with the SOP Class.
    MimeType,
    /// Nothing can stand in: the key is written empty.
    None,
}

impl Key {
    const fn new(vr: &'static [u8; 2], group: u16, element: u16, keyword: &'static str, need: Need) -> Key {
        Key { tag: Tag(group, element), vr, keyword, need }
    }
}

/// The keys of a record of this type under a profile, in ascending order of tags.
pub(crate) fn keys_of(record_type: RecordType, extra: ExtraKeys) -> &'static [Key] {
    static ALL: LazyLock<HashMap<(RecordType, ExtraKeys), Vec<Key>>> = LazyLock::new(|| {
        let profiles = [ExtraKeys::None, ExtraKeys::GeneralCompressed, ExtraKeys::CtMr];
        let all = profiles.into_iter().flat_map(|extra| RecordType::all().map(move |of| (of, extra)));
        all.map(|(of, extra)| ((of, extra), merged(of, extra))).collect()
    });
    &ALL[&(record_type, extra)]
}

fn merged(record_type: RecordType, extra: ExtraKeys) -> Vec<Key> {
    // A key of both is the profile's, which may ask for more.
    let mut keys = [beyond(record_type, extra), annex_f(record_type)].concat();
    keys.sort_by_key(|key| key.tag);
    keys.dedup_by_key(|key| key.tag);
    keys
}

/// The value representation of an attribute that is a key of some record.
pub(crate) fn vr_of_key(tag: Tag) -> Option<&'static [u8; 2]> {
    static ALL: LazyLock<HashMap<Tag, &'static [u8; 2]>> = LazyLock::new(|| {
        let under = |extra| RecordType::all().flat_map(move |record_type| keys_of(record_type, extra));
        under(ExtraKeys::GeneralCompressed).chain(under(ExtraKeys::CtMr)).map(|key| (key.tag, key.vr)).collect()
    });
    ALL.get(&tag).copied()
}

fn beyond(record_type: RecordType, extra: ExtraKeys) -> &'static [Key] {
    match (extra, record_type) {
        (ExtraKeys::GeneralCompressed, RecordType::Series) => PROFILE_SERIES,
        (ExtraKeys::GeneralCompressed, RecordType::Image) => PROFILE_IMAGE,
        (ExtraKeys::CtMr, RecordType::Image) => CTMR_IMAGE,
        (ExtraKeys::None | ExtraKeys::GeneralCompressed | ExtraKeys::CtMr, _) => &[],
    }
}

fn annex_f(record_type: RecordType) -> &'static [Key] {
    match record_type {
        RecordType::Patient => PATIENT,
        RecordType::Study => STUDY,
        RecordType::Series => SERIES,
        RecordType::Image => IMAGE,
        RecordType::RtDose => RT_DOSE,
        RecordType::RtStructureSet => RT_STRUCTURE_SET,
        RecordType::RtPlan => RT_PLAN,
        RecordType::RtTreatRecord => RT_TREAT_RECORD,
        RecordType::Presentation | RecordType::WaveformPresentation => PRESENTATION,
        RecordType::Waveform => WAVEFORM,
        RecordType::SrDocument => SR_DOCUMENT,
        RecordType::KeyObjectDoc => KEY_OBJECT_DOC,
        RecordType::Spectroscopy => SPECTROSCOPY,
        RecordType::RawData => RAW_DATA,
        RecordType::Registration
        | RecordType::Fiducial
        | RecordType::ValueMap
        | RecordType::Measurement
        | RecordType::Surface
        | RecordType::Tract
        | RecordType::Annotation => CONTENT_IDENTIFIED,
        RecordType::HangingProtocol => HANGING_PROTOCOL,
        RecordType::EncapDoc => ENCAP_DOC,
        RecordType::Palette => PALETTE,
        RecordType::Implant => IMPLANT,
        RecordType::ImplantAssy => IMPLANT_ASSY,
        RecordType::ImplantGroup => IMPLANT_GROUP,
        RecordType::SurfaceScan => SURFACE_SCAN,
        RecordType::Assessment => ASSESSMENT,
        RecordType::Radiotherapy => RADIOTHERAPY,
        RecordType::Stereometric | RecordType::Plan | RecordType::Inventory => NO_KEYS,
    }
}

/// F.5.1. Birth date and sex are type 3 here: what a reader lists a patient with.
#[rustfmt::skip]
const PATIENT: &[Key] = &[
    Key::new(b"PN", 0x0010, 0x0010, "PatientName", Need::Two),
    Key::new(b"LO", 0x0010, 0x0020, "PatientID", Need::One(Fallback::PatientId)),
    Key::new(b"DA", 0x0010, 0x0030, "PatientBirthDate", Need::Optional),
    Key::new(b"CS", 0x0010, 0x0040, "PatientSex", Need::Optional),
];

/// F.5.2.
#[rustfmt::skip]
const STUDY: &[Key] = &[
    Key::new(b"DA", 0x0008, 0x0020, "StudyDate", Need::One(Fallback::Date)),
    Key::new(b"TM", 0x0008, 0x0030, "StudyTime", Need::One(Fallback::Time)),
    Key::new(b"SH", 0x0008, 0x0050, "AccessionNumber", Need::Two),
    Key::new(b"LO", 0x0008, 0x1030, "StudyDescription", Need::Two),
    Key::new(b"UI", 0x0020, 0x000D, "StudyInstanceUID", Need::IfPresent),
    Key::new(b"SH", 0x0020, 0x0010, "StudyID", Need::One(Fallback::FolderName)),
];

/// F.5.3. The description is type 3: what a reader lists a series with.
#[rustfmt::skip]
const SERIES: &[Key] = &[
    Key::new(b"CS", 0x0008, 0x0060, "Modality", Need::One(Fallback::Fixed("OT"))),
    Key::new(b"LO", 0x0008, 0x103E, "SeriesDescription", Need::Optional),
    Key::new(b"UI", 0x0020, 0x000E, "SeriesInstanceUID", Need::One(Fallback::None)),
    Key::new(b"IS", 0x0020, 0x0011, "SeriesNumber", Need::One(Fallback::Ordinal)),
];

/// F.5.4.
#[rustfmt::skip]
const IMAGE: &[Key] = &[
    Key::new(b"CS", 0x0008, 0x0008, "ImageType", Need::Optional),
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
];

/// F.5.19.
#[rustfmt::skip]
const RT_DOSE: &[Key] = &[
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
    Key::new(b"CS", 0x3004, 0x000A, "DoseSummationType", Need::One(Fallback::Fixed("PLAN"))),
];

/// F.5.20.
#[rustfmt::skip]
const RT_STRUCTURE_SET: &[Key] = &[
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
    Key::new(b"SH", 0x3006, 0x0002, "StructureSetLabel", Need::One(Fallback::Fixed("UNNAMED"))),
    Key::new(b"DA", 0x3006, 0x0008, "StructureSetDate", Need::Two),
    Key::new(b"TM", 0x3006, 0x0009, "StructureSetTime", Need::Two),
];

/// F.5.21.
#[rustfmt::skip]
const RT_PLAN: &[Key] = &[
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
    Key::new(b"SH", 0x300A, 0x0002, "RTPlanLabel", Need::One(Fallback::Fixed("UNNAMED"))),
    Key::new(b"DA", 0x300A, 0x0006, "RTPlanDate", Need::Two),
    Key::new(b"TM", 0x300A, 0x0007, "RTPlanTime", Need::Two),
];

/// F.5.22.
#[rustfmt::skip]
const RT_TREAT_RECORD: &[Key] = &[
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
    Key::new(b"DA", 0x3008, 0x0250, "TreatmentDate", Need::Two),
    Key::new(b"TM", 0x3008, 0x0251, "TreatmentTime", Need::Two),
];

/// F.5.23, F.5.49.
#[rustfmt::skip]
const PRESENTATION: &[Key] = &[
    Key::new(b"SQ", 0x0008, 0x1115, "ReferencedSeriesSequence", Need::IfPresent),
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
    Key::new(b"CS", 0x0070, 0x0080, "ContentLabel", Need::One(Fallback::Fixed("UNNAMED"))),
    Key::new(b"LO", 0x0070, 0x0081, "ContentDescription", Need::Two),
    Key::new(b"DA", 0x0070, 0x0082, "PresentationCreationDate", Need::One(Fallback::Date)),
    Key::new(b"TM", 0x0070, 0x0083, "PresentationCreationTime", Need::One(Fallback::Time)),
    Key::new(b"PN", 0x0070, 0x0084, "ContentCreatorName", Need::Two),
    Key::new(b"SQ", 0x0070, 0x0402, "BlendingSequence", Need::IfPresent),
];

/// F.5.24.
#[rustfmt::skip]
const WAVEFORM: &[Key] = &[
    Key::new(b"DA", 0x0008, 0x0023, "ContentDate", Need::One(Fallback::Date)),
    Key::new(b"TM", 0x0008, 0x0033, "ContentTime", Need::One(Fallback::Time)),
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
];

/// F.5.25.
#[rustfmt::skip]
const SR_DOCUMENT: &[Key] = &[
    Key::new(b"DA", 0x0008, 0x0023, "ContentDate", Need::One(Fallback::Date)),
    Key::new(b"TM", 0x0008, 0x0033, "ContentTime", Need::One(Fallback::Time)),
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
    Key::new(b"DT", 0x0040, 0xA030, "VerificationDateTime", Need::VerificationDateTime),
    Key::new(b"SQ", 0x0040, 0xA043, "ConceptNameCodeSequence", Need::One(Fallback::DocumentTitle)),
    Key::new(b"CS", 0x0040, 0xA491, "CompletionFlag", Need::One(Fallback::Fixed("PARTIAL"))),
    Key::new(b"CS", 0x0040, 0xA493, "VerificationFlag", Need::One(Fallback::Fixed("UNVERIFIED"))),
    Key::new(b"SQ", 0x0040, 0xA730, "ContentSequence", Need::ConceptModifiers),
];

/// F.5.26.
#[rustfmt::skip]
const KEY_OBJECT_DOC: &[Key] = &[
    Key::new(b"DA", 0x0008, 0x0023, "ContentDate", Need::One(Fallback::Date)),
    Key::new(b"TM", 0x0008, 0x0033, "ContentTime", Need::One(Fallback::Time)),
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
    Key::new(b"SQ", 0x0040, 0xA043, "ConceptNameCodeSequence", Need::One(Fallback::OfInterest)),
    Key::new(b"SQ", 0x0040, 0xA730, "ContentSequence", Need::ConceptModifiers),
];

/// F.5.27.
#[rustfmt::skip]
const SPECTROSCOPY: &[Key] = &[
    Key::new(b"CS", 0x0008, 0x0008, "ImageType", Need::One(Fallback::Fixed("ORIGINAL\\PRIMARY"))),
    Key::new(b"DA", 0x0008, 0x0023, "ContentDate", Need::One(Fallback::Date)),
    Key::new(b"TM", 0x0008, 0x0033, "ContentTime", Need::One(Fallback::Time)),
    Key::new(b"SQ", 0x0008, 0x9092, "ReferencedImageEvidenceSequence", Need::IfPresent),
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
    Key::new(b"IS", 0x0028, 0x0008, "NumberOfFrames", Need::One(Fallback::Fixed("1"))),
    Key::new(b"US", 0x0028, 0x0010, "Rows", Need::One(Fallback::Count)),
    Key::new(b"US", 0x0028, 0x0011, "Columns", Need::One(Fallback::Count)),
    Key::new(b"UL", 0x0028, 0x9001, "DataPointRows", Need::One(Fallback::Count)),
    Key::new(b"UL", 0x0028, 0x9002, "DataPointColumns", Need::One(Fallback::Count)),
];

/// F.5.28.
#[rustfmt::skip]
const RAW_DATA: &[Key] = &[
    Key::new(b"DA", 0x0008, 0x0023, "ContentDate", Need::One(Fallback::Date)),
    Key::new(b"TM", 0x0008, 0x0033, "ContentTime", Need::One(Fallback::Time)),
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::Two),
];

/// F.5.29, F.5.30, F.5.34, F.5.41, F.5.42, F.5.44, F.5.47. Registration, fiducials, value maps, measurements, surfaces, tracts, annotations: the Content Identification Macro (PS3.3 Table 10-12) and when it was made.
#[rustfmt::skip]
const CONTENT_IDENTIFIED: &[Key] = &[
    Key::new(b"DA", 0x0008, 0x0023, "ContentDate", Need::One(Fallback::Date)),
    Key::new(b"TM", 0x0008, 0x0033, "ContentTime", Need::One(Fallback::Time)),
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
    Key::new(b"CS", 0x0070, 0x0080, "ContentLabel", Need::One(Fallback::Fixed("UNNAMED"))),
    Key::new(b"LO", 0x0070, 0x0081, "ContentDescription", Need::Two),
    Key::new(b"PN", 0x0070, 0x0084, "ContentCreatorName", Need::Two),
];

/// F.5.31.
#[rustfmt::skip]
const HANGING_PROTOCOL: &[Key] = &[
    Key::new(b"LO", 0x0072, 0x0008, "HangingProtocolCreator", Need::One(Fallback::Fixed("UNKNOWN"))),
    Key::new(b"DT", 0x0072, 0x000A, "HangingProtocolCreationDateTime", Need::One(Fallback::Moment)),
    Key::new(b"SQ", 0x0072, 0x000C, "HangingProtocolDefinitionSequence", Need::One(Fallback::None)),
    Key::new(b"SQ", 0x0072, 0x000E, "HangingProtocolUserIdentificationCodeSequence", Need::Two),
    Key::new(b"US", 0x0072, 0x0014, "NumberOfPriorsReferenced", Need::One(Fallback::Zero)),
];

/// F.5.32.
#[rustfmt::skip]
const ENCAP_DOC: &[Key] = &[
    Key::new(b"DA", 0x0008, 0x0023, "ContentDate", Need::Two),
    Key::new(b"TM", 0x0008, 0x0033, "ContentTime", Need::Two),
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
    Key::new(b"SQ", 0x0040, 0xA043, "ConceptNameCodeSequence", Need::Two),
    Key::new(b"ST", 0x0040, 0xE001, "HL7InstanceIdentifier", Need::IfPresent),
    Key::new(b"ST", 0x0042, 0x0010, "DocumentTitle", Need::Two),
    Key::new(b"LO", 0x0042, 0x0012, "MIMETypeOfEncapsulatedDocument", Need::One(Fallback::MimeType)),
];

/// F.5.36.
#[rustfmt::skip]
const PALETTE: &[Key] = &[
    Key::new(b"CS", 0x0070, 0x0080, "ContentLabel", Need::One(Fallback::Fixed("UNNAMED"))),
    Key::new(b"LO", 0x0070, 0x0081, "ContentDescription", Need::Two),
];

/// F.5.37.
#[rustfmt::skip]
const IMPLANT: &[Key] = &[
    Key::new(b"LO", 0x0008, 0x0070, "Manufacturer", Need::One(Fallback::Fixed("UNKNOWN"))),
    Key::new(b"LO", 0x0022, 0x1095, "ImplantName", Need::One(Fallback::Fixed("UNNAMED"))),
    Key::new(b"LO", 0x0022, 0x1097, "ImplantPartNumber", Need::One(Fallback::Fixed("UNKNOWN"))),
    Key::new(b"LO", 0x0068, 0x6210, "ImplantSize", Need::IfPresent),
];

/// F.5.38.
#[rustfmt::skip]
const IMPLANT_ASSY: &[Key] = &[
    Key::new(b"LO", 0x0008, 0x0070, "Manufacturer", Need::One(Fallback::Fixed("UNKNOWN"))),
    Key::new(b"LO", 0x0076, 0x0001, "ImplantAssemblyTemplateName", Need::One(Fallback::Fixed("UNNAMED"))),
    Key::new(b"SQ", 0x0076, 0x0020, "ProcedureTypeCodeSequence", Need::One(Fallback::None)),
];

/// F.5.39.
#[rustfmt::skip]
const IMPLANT_GROUP: &[Key] = &[
    Key::new(b"LO", 0x0078, 0x0001, "ImplantTemplateGroupName", Need::One(Fallback::Fixed("UNNAMED"))),
    Key::new(b"LO", 0x0078, 0x0010, "ImplantTemplateGroupIssuer", Need::One(Fallback::Fixed("UNKNOWN"))),
];

/// F.5.43.
#[rustfmt::skip]
const SURFACE_SCAN: &[Key] = &[
    Key::new(b"DA", 0x0008, 0x0023, "ContentDate", Need::One(Fallback::Date)),
    Key::new(b"TM", 0x0008, 0x0033, "ContentTime", Need::One(Fallback::Time)),
];

/// F.5.45.
#[rustfmt::skip]
const ASSESSMENT: &[Key] = &[
    Key::new(b"DA", 0x0008, 0x0012, "InstanceCreationDate", Need::One(Fallback::Date)),
    Key::new(b"TM", 0x0008, 0x0013, "InstanceCreationTime", Need::Two),
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
];

/// F.5.46.
#[rustfmt::skip]
const RADIOTHERAPY: &[Key] = &[
    Key::new(b"IS", 0x0020, 0x0013, "InstanceNumber", Need::One(Fallback::Ordinal)),
    Key::new(b"LO", 0x0070, 0x0081, "ContentDescription", Need::Two),
    Key::new(b"PN", 0x0070, 0x0084, "ContentCreatorName", Need::Two),
    Key::new(b"SH", 0x3010, 0x0033, "UserContentLabel", Need::IfPresent),
    Key::new(b"LO", 0x3010, 0x0034, "UserContentLongLabel", Need::IfPresent),
];

/// F.5.35, F.5.40, F.5.48. Stereometric relationships, plans and inventories: Annex F asks for no key of type 1 or 2 that an instance of a patient carries.
#[rustfmt::skip]
const NO_KEYS: &[Key] = &[
];

/// PS3.11 Table H.3-2.
#[rustfmt::skip]
const PROFILE_SERIES: &[Key] = &[
    Key::new(b"LO", 0x0008, 0x0080, "InstitutionName", Need::IfPresent),
    Key::new(b"ST", 0x0008, 0x0081, "InstitutionAddress", Need::IfPresent),
    Key::new(b"PN", 0x0008, 0x1050, "PerformingPhysicianName", Need::IfPresent),
];

/// PS3.11 Table H.3-2.
#[rustfmt::skip]
const PROFILE_IMAGE: &[Key] = &[
    Key::new(b"DT", 0x0008, 0x002A, "AcquisitionDateTime", Need::IfPresent),
    Key::new(b"SQ", 0x0008, 0x1140, "ReferencedImageSequence", Need::IfPresent),
    Key::new(b"DS", 0x0020, 0x0032, "ImagePositionPatient", Need::IfPresent),
    Key::new(b"DS", 0x0020, 0x0037, "ImageOrientationPatient", Need::IfPresent),
    Key::new(b"UI", 0x0020, 0x0052, "FrameOfReferenceUID", Need::IfPresent),
    Key::new(b"IS", 0x0028, 0x0008, "NumberOfFrames", Need::IfPresent),
    Key::new(b"US", 0x0028, 0x0010, "Rows", Need::IfPresent),
    Key::new(b"US", 0x0028, 0x0011, "Columns", Need::IfPresent),
    Key::new(b"DS", 0x0028, 0x0030, "PixelSpacing", Need::IfPresent),
    Key::new(b"DS", 0x0028, 0x2112, "LossyImageCompressionRatio", Need::IfPresent),
];

/// PS3.11 Table E.3-2.
#[rustfmt::skip]
const CTMR_IMAGE: &[Key] = &[
    Key::new(b"SQ", 0x0008, 0x1140, "ReferencedImageSequence", Need::IfPresent),
    Key::new(b"DS", 0x0020, 0x0032, "ImagePositionPatient", Need::IfPresent),
    Key::new(b"DS", 0x0020, 0x0037, "ImageOrientationPatient", Need::IfPresent),
    Key::new(b"UI", 0x0020, 0x0052, "FrameOfReferenceUID", Need::IfPresent),
    Key::new(b"US", 0x0028, 0x0010, "Rows", Need::IfPresent),
    Key::new(b"US", 0x0028, 0x0011, "Columns", Need::IfPresent),
    Key::new(b"DS", 0x0028, 0x0030, "PixelSpacing", Need::IfPresent),
];
