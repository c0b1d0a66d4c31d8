//! Which directory record refers to an instance: by SOP Class, after PS3.3 Annex F.
//!
//! The table names every Standard storage SOP Class of PS3.6 Table A-1 that Annex F gives a place to, and a second one
//! those that have none, with the reason ([`NoPlace`]). Those and private SOP Classes have no record type:
//! [`RecordType::of_sop_class`] is `None`, and the object cannot be on a medium of a general purpose profile.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// The type of a directory record: (0004,1430) Directory Record Type, PS3.3 Table F.3-3.
///
/// Retired types (OVERLAY, CURVE, FILM BOX, MRDR and their like) are not written and read as unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordType {
    /// PATIENT, F.5.1.
    Patient,
    /// STUDY, F.5.2.
    Study,
    /// SERIES, F.5.3.
    Series,
    /// IMAGE, F.5.4.
    Image,
    /// RT DOSE, F.5.19.
    RtDose,
    /// RT STRUCTURE SET, F.5.20.
    RtStructureSet,
    /// RT PLAN, F.5.21.
    RtPlan,
    /// RT TREAT RECORD, F.5.22.
    RtTreatRecord,
    /// PRESENTATION, F.5.23.
    Presentation,
    /// WAVEFORM, F.5.24.
    Waveform,
    /// SR DOCUMENT, F.5.25.
    SrDocument,
    /// KEY OBJECT DOC, F.5.26.
    KeyObjectDoc,
    /// SPECTROSCOPY, F.5.27.
    Spectroscopy,
    /// RAW DATA, F.5.28.
    RawData,
    /// REGISTRATION, F.5.29.
    Registration,
    /// FIDUCIAL, F.5.30.
    Fiducial,
    /// HANGING PROTOCOL, F.5.31.
    HangingProtocol,
    /// ENCAP DOC, F.5.32.
    EncapDoc,
    /// VALUE MAP, F.5.34.
    ValueMap,
    /// STEREOMETRIC, F.5.35.
    Stereometric,
    /// PALETTE, F.5.36.
    Palette,
    /// IMPLANT, F.5.37.
    Implant,
    /// IMPLANT ASSY, F.5.38.
    ImplantAssy,
    /// IMPLANT GROUP, F.5.39.
    ImplantGroup,
    /// PLAN, F.5.40.
    Plan,
    /// MEASUREMENT, F.5.41.
    Measurement,
    /// SURFACE, F.5.42.
    Surface,
    /// SURFACE SCAN, F.5.43.
    SurfaceScan,
    /// TRACT, F.5.44.
    Tract,
    /// ASSESSMENT, F.5.45.
    Assessment,
    /// RADIOTHERAPY, F.5.46.
    Radiotherapy,
    /// ANNOTATION, F.5.47.
    Annotation,
    /// INVENTORY, F.5.48.
    Inventory,
    /// WF PRESENTATION, F.5.49.
    WaveformPresentation,
}

/// A record type, its value in (0004,1430), the clause of PS3.3 that lists its keys, and two letters that begin the names
/// of the files it refers to (ours: the standard leaves File IDs free).
const TYPES: &[(RecordType, &str, &str, &str)] = &[
    (RecordType::Patient, "PATIENT", "F.5.1", "PT"),
    (RecordType::Study, "STUDY", "F.5.2", "ST"),
    (RecordType::Series, "SERIES", "F.5.3", "SE"),
    (RecordType::Image, "IMAGE", "F.5.4", "IM"),
    (RecordType::RtDose, "RT DOSE", "F.5.19", "RD"),
    (RecordType::RtStructureSet, "RT STRUCTURE SET", "F.5.20", "RS"),
    (RecordType::RtPlan, "RT PLAN", "F.5.21", "RP"),
    (RecordType::RtTreatRecord, "RT TREAT RECORD", "F.5.22", "RX"),
    (RecordType::Presentation, "PRESENTATION", "F.5.23", "PR"),
    (RecordType::Waveform, "WAVEFORM", "F.5.24", "WV"),
    (RecordType::SrDocument, "SR DOCUMENT", "F.5.25", "SR"),
    (RecordType::KeyObjectDoc, "KEY OBJECT DOC", "F.5.26", "KO"),
    (RecordType::Spectroscopy, "SPECTROSCOPY", "F.5.27", "SP"),
    (RecordType::RawData, "RAW DATA", "F.5.28", "RW"),
    (RecordType::Registration, "REGISTRATION", "F.5.29", "RG"),
    (RecordType::Fiducial, "FIDUCIAL", "F.5.30", "FD"),
    (RecordType::HangingProtocol, "HANGING PROTOCOL", "F.5.31", "HG"),
    (RecordType::EncapDoc, "ENCAP DOC", "F.5.32", "ED"),
    (RecordType::ValueMap, "VALUE MAP", "F.5.34", "VM"),
    (RecordType::Stereometric, "STEREOMETRIC", "F.5.35", "SM"),
    (RecordType::Palette, "PALETTE", "F.5.36", "PL"),
    (RecordType::Implant, "IMPLANT", "F.5.37", "MP"),
    (RecordType::ImplantAssy, "IMPLANT ASSY", "F.5.38", "MA"),
    (RecordType::ImplantGroup, "IMPLANT GROUP", "F.5.39", "MG"),
    (RecordType::Plan, "PLAN", "F.5.40", "PN"),
    (RecordType::Measurement, "MEASUREMENT", "F.5.41", "MS"),
    (RecordType::Surface, "SURFACE", "F.5.42", "SU"),
    (RecordType::SurfaceScan, "SURFACE SCAN", "F.5.43", "SC"),
    (RecordType::Tract, "TRACT", "F.5.44", "TR"),
    (RecordType::Assessment, "ASSESSMENT", "F.5.45", "AS"),
    (RecordType::Radiotherapy, "RADIOTHERAPY", "F.5.46", "RT"),
    (RecordType::Annotation, "ANNOTATION", "F.5.47", "AN"),
    (RecordType::Inventory, "INVENTORY", "F.5.48", "IV"),
    (RecordType::WaveformPresentation, "WF PRESENTATION", "F.5.49", "WP"),
];

impl RecordType {
    /// The record type Annex F prescribes for `sop_class_uid`, or `None` where it has none.
    pub fn of_sop_class(sop_class_uid: &str) -> Option<RecordType> {
        BY_SOP_CLASS.get(sop_class_uid).map(|row| row.0)
    }

    /// The record type whose value in (0004,1430) is `value`.
    pub fn of_value(value: &str) -> Option<RecordType> {
        TYPES.iter().find(|row| row.1 == value).map(|row| row.0)
    }

    /// Every record type, in the order of Annex F.
    pub fn all() -> impl Iterator<Item = RecordType> {
        TYPES.iter().map(|row| row.0)
    }

    /// What (0004,1430) Directory Record Type says, for example `SR DOCUMENT`.
    pub fn value(self) -> &'static str {
        self.row().1
    }

    /// The clause of PS3.3 that lists this record's keys, for example `F.5.25`.
    pub fn clause(self) -> &'static str {
        self.row().2
    }

    /// Whether a record of this type refers to a file. Patients, studies and series are branches (Table F.4-1).
    pub fn is_leaf(self) -> bool {
        self != RecordType::Patient && self != RecordType::Study && self != RecordType::Series
    }

    /// Whether a leaf of this type belongs in the root directory entity, beside the patients (Table F.4-1): protocols,
    /// palettes, implant templates and inventories are nobody's examination.
    pub fn is_at_root(self) -> bool {
        self.is_leaf() && self.parent().is_none()
    }

    /// The type of the record above this one; `None` in the root directory entity (Table F.4-1).
    pub fn parent(self) -> Option<RecordType> {
        match self {
            RecordType::Patient
            | RecordType::HangingProtocol
            | RecordType::Palette
            | RecordType::Implant
            | RecordType::ImplantAssy
            | RecordType::ImplantGroup
            | RecordType::Inventory => None,
            RecordType::Study => Some(RecordType::Patient),
            RecordType::Series => Some(RecordType::Study),
            RecordType::Image
            | RecordType::RtDose
            | RecordType::RtStructureSet
            | RecordType::RtPlan
            | RecordType::RtTreatRecord
            | RecordType::Presentation
            | RecordType::Waveform
            | RecordType::SrDocument
            | RecordType::KeyObjectDoc
            | RecordType::Spectroscopy
            | RecordType::RawData
            | RecordType::Registration
            | RecordType::Fiducial
            | RecordType::EncapDoc
            | RecordType::ValueMap
            | RecordType::Stereometric
            | RecordType::Plan
            | RecordType::Measurement
            | RecordType::Surface
            | RecordType::SurfaceScan
            | RecordType::Tract
            | RecordType::Assessment
            | RecordType::Radiotherapy
            | RecordType::Annotation
            | RecordType::WaveformPresentation => Some(RecordType::Series),
        }
    }

    /// How many records are above one of this type: 0 in the root directory entity, 3 below a series.
    pub fn depth(self) -> usize {
        std::iter::successors(self.parent(), |above| above.parent()).count()
    }

    pub(crate) fn file_prefix(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> &'static (RecordType, &'static str, &'static str, &'static str) {
        // The enum and the table list the types in the same order; a test walks both.
        &TYPES[self as usize]
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.value())
    }
}

/// The name PS3.6 gives to a storage SOP Class, whether it has a record type or not.
pub fn sop_class_name(sop_class_uid: &str) -> Option<&'static str> {
    let without = || WITHOUT_RECORD.iter().find(|(uid, ..)| *uid == sop_class_uid).map(|(_, _, name)| *name);
    BY_SOP_CLASS.get(sop_class_uid).map(|row| row.1).or_else(without)
}

/// Why Annex F has no place for objects of a Standard storage SOP Class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoPlace {
    /// Retired with its directory record (OVERLAY, CURVE, MODALITY LUT, VOI LUT, STORED PRINT).
    Retired,
    /// A protocol of a scanner: Table F.4-1 lists none of these.
    Protocol,
    /// Baggage (DICOS) or materials (DICONDE), which use UIDs of PS3.6 and are no record of a patient.
    NotMedical,
    /// The DICOMDIR itself.
    Directory,
}

impl NoPlace {
    /// For a sentence that begins with the object's kind.
    pub fn reason(self) -> &'static str {
        match self {
            NoPlace::Retired => "is retired, and its directory record with it",
            NoPlace::Protocol => "is a protocol of a scanner, for which PS3.3 Annex F has no directory record",
            NoPlace::NotMedical => "is of security screening or material testing and no patient's",
            NoPlace::Directory => "is the index of another medium",
        }
    }
}

/// Every Standard storage SOP Class that has no place in a File-set: UID, why, name. Together with [`sop_classes`] it is
/// all of PS3.6 Table A-1 that is stored.
pub fn sop_classes_without_record() -> &'static [(&'static str, NoPlace, &'static str)] {
    WITHOUT_RECORD
}

/// Every SOP Class that has a place in a File-set: UID, record type, name.
pub fn sop_classes() -> &'static [(&'static str, RecordType, &'static str)] {
    SOP_CLASSES
}

#[rustfmt::skip]
const WITHOUT_RECORD: &[(&str, NoPlace, &str)] = &[
    ("1.2.840.10008.1.3.10", NoPlace::Directory, "Media Storage Directory Storage"),
    ("1.2.840.10008.5.1.1.27", NoPlace::Retired, "Stored Print Storage (retired)"),
    ("1.2.840.10008.5.1.4.1.1.8", NoPlace::Retired, "Standalone Overlay Storage (retired)"),
    ("1.2.840.10008.5.1.4.1.1.9", NoPlace::Retired, "Standalone Curve Storage (retired)"),
    ("1.2.840.10008.5.1.4.1.1.10", NoPlace::Retired, "Standalone Modality LUT Storage (retired)"),
    ("1.2.840.10008.5.1.4.1.1.11", NoPlace::Retired, "Standalone VOI LUT Storage (retired)"),
    ("1.2.840.10008.5.1.4.1.1.129", NoPlace::Retired, "Standalone PET Curve Storage (retired)"),
    ("1.2.840.10008.5.1.4.1.1.200.1", NoPlace::Protocol, "CT Defined Procedure Protocol Storage"),
    ("1.2.840.10008.5.1.4.1.1.200.2", NoPlace::Protocol, "CT Performed Procedure Protocol Storage"),
    ("1.2.840.10008.5.1.4.1.1.200.3", NoPlace::Protocol, "Protocol Approval Storage"),
    ("1.2.840.10008.5.1.4.1.1.200.7", NoPlace::Protocol, "XA Defined Procedure Protocol Storage"),
    ("1.2.840.10008.5.1.4.1.1.200.8", NoPlace::Protocol, "XA Performed Procedure Protocol Storage"),
    ("1.2.840.10008.5.1.4.1.1.501.1", NoPlace::NotMedical, "DICOS CT Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.501.2.1", NoPlace::NotMedical, "DICOS Digital X-Ray Image Storage - For Presentation"),
    ("1.2.840.10008.5.1.4.1.1.501.2.2", NoPlace::NotMedical, "DICOS Digital X-Ray Image Storage - For Processing"),
    ("1.2.840.10008.5.1.4.1.1.501.3", NoPlace::NotMedical, "DICOS Threat Detection Report Storage"),
    ("1.2.840.10008.5.1.4.1.1.501.4", NoPlace::NotMedical, "DICOS 2D AIT Storage"),
    ("1.2.840.10008.5.1.4.1.1.501.5", NoPlace::NotMedical, "DICOS 3D AIT Storage"),
    ("1.2.840.10008.5.1.4.1.1.501.6", NoPlace::NotMedical, "DICOS Quadrupole Resonance (QR) Storage"),
    ("1.2.840.10008.5.1.4.1.1.601.1", NoPlace::NotMedical, "Eddy Current Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.601.2", NoPlace::NotMedical, "Eddy Current Multi-frame Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.601.3", NoPlace::NotMedical, "Thermography Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.601.4", NoPlace::NotMedical, "Thermography Multi-frame Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.601.5", NoPlace::NotMedical, "Ultrasound Waveform Storage"),
];

static BY_SOP_CLASS: LazyLock<HashMap<&'static str, (RecordType, &'static str)>> =
    LazyLock::new(|| SOP_CLASSES.iter().map(|&(uid, record_type, name)| (uid, (record_type, name))).collect());

/// Storage SOP Classes (PS3.6 Table A-1, PS3.4 Table B.5-1 and Annex GG) and their record types (PS3.3 Annex F.4, F.5).
/// Segmentations and parametric maps are images; a *surface* segmentation is not.
#[rustfmt::skip]
const SOP_CLASSES: &[(&str, RecordType, &str)] = &[
    ("1.2.840.10008.5.1.4.1.1.1", RecordType::Image, "Computed Radiography Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.1.1", RecordType::Image, "Digital X-Ray Image Storage - For Presentation"),
    ("1.2.840.10008.5.1.4.1.1.1.1.1", RecordType::Image, "Digital X-Ray Image Storage - For Processing"),
    ("1.2.840.10008.5.1.4.1.1.1.2", RecordType::Image, "Digital Mammography X-Ray Image Storage - For Presentation"),
    ("1.2.840.10008.5.1.4.1.1.1.2.1", RecordType::Image, "Digital Mammography X-Ray Image Storage - For Processing"),
    ("1.2.840.10008.5.1.4.1.1.1.3", RecordType::Image, "Digital Intra-Oral X-Ray Image Storage - For Presentation"),
    ("1.2.840.10008.5.1.4.1.1.1.3.1", RecordType::Image, "Digital Intra-Oral X-Ray Image Storage - For Processing"),
    ("1.2.840.10008.5.1.4.1.1.2", RecordType::Image, "CT Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.2.1", RecordType::Image, "Enhanced CT Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.2.2", RecordType::Image, "Legacy Converted Enhanced CT Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.2.3", RecordType::Image, "CT Image Storage - For Processing"),
    ("1.2.840.10008.5.1.4.1.1.2.4", RecordType::Image, "Enhanced CT Image Storage - For Processing"),
    ("1.2.840.10008.5.1.4.1.1.2.5", RecordType::Image, "Legacy Converted Enhanced CT Image Storage - For Processing"),
    ("1.2.840.10008.5.1.4.1.1.3", RecordType::Image, "Ultrasound Multi-frame Image Storage (retired)"),
    ("1.2.840.10008.5.1.4.1.1.3.1", RecordType::Image, "Ultrasound Multi-frame Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.4", RecordType::Image, "MR Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.4.1", RecordType::Image, "Enhanced MR Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.4.3", RecordType::Image, "Enhanced MR Color Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.4.4", RecordType::Image, "Legacy Converted Enhanced MR Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.5", RecordType::Image, "Nuclear Medicine Image Storage (retired)"),
    ("1.2.840.10008.5.1.4.1.1.6", RecordType::Image, "Ultrasound Image Storage (retired)"),
    ("1.2.840.10008.5.1.4.1.1.6.1", RecordType::Image, "Ultrasound Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.6.2", RecordType::Image, "Enhanced US Volume Storage"),
    ("1.2.840.10008.5.1.4.1.1.6.3", RecordType::Image, "Photoacoustic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.7", RecordType::Image, "Secondary Capture Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.7.1", RecordType::Image, "Multi-frame Single Bit Secondary Capture Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.7.2", RecordType::Image, "Multi-frame Grayscale Byte Secondary Capture Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.7.3", RecordType::Image, "Multi-frame Grayscale Word Secondary Capture Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.7.4", RecordType::Image, "Multi-frame True Color Secondary Capture Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.12.1", RecordType::Image, "X-Ray Angiographic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.12.1.1", RecordType::Image, "Enhanced XA Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.12.2", RecordType::Image, "X-Ray Radiofluoroscopic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.12.2.1", RecordType::Image, "Enhanced XRF Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.12.3", RecordType::Image, "X-Ray Angiographic Bi-Plane Image Storage (retired)"),
    ("1.2.840.10008.5.1.4.1.1.13.1.1", RecordType::Image, "X-Ray 3D Angiographic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.13.1.2", RecordType::Image, "X-Ray 3D Craniofacial Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.13.1.3", RecordType::Image, "Breast Tomosynthesis Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.13.1.4", RecordType::Image, "Breast Projection X-Ray Image Storage - For Presentation"),
    ("1.2.840.10008.5.1.4.1.1.13.1.5", RecordType::Image, "Breast Projection X-Ray Image Storage - For Processing"),
    ("1.2.840.10008.5.1.4.1.1.14.1", RecordType::Image, "Intravascular Optical Coherence Tomography Image Storage - For Presentation"),
    ("1.2.840.10008.5.1.4.1.1.14.2", RecordType::Image, "Intravascular Optical Coherence Tomography Image Storage - For Processing"),
    ("1.2.840.10008.5.1.4.1.1.20", RecordType::Image, "Nuclear Medicine Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.30", RecordType::Image, "Parametric Map Storage"),
    ("1.2.840.10008.5.1.4.1.1.66.4", RecordType::Image, "Segmentation Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1", RecordType::Image, "VL Image Storage - Trial (retired)"),
    ("1.2.840.10008.5.1.4.1.1.77.2", RecordType::Image, "VL Multi-frame Image Storage - Trial (retired)"),
    ("1.2.840.10008.5.1.4.1.1.77.1.1", RecordType::Image, "VL Endoscopic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.1.1", RecordType::Image, "Video Endoscopic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.2", RecordType::Image, "VL Microscopic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.2.1", RecordType::Image, "Video Microscopic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.3", RecordType::Image, "VL Slide-Coordinates Microscopic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.4", RecordType::Image, "VL Photographic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.4.1", RecordType::Image, "Video Photographic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.1", RecordType::Image, "Ophthalmic Photography 8 Bit Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.2", RecordType::Image, "Ophthalmic Photography 16 Bit Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.4", RecordType::Image, "Ophthalmic Tomography Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.5", RecordType::Image, "Wide Field Ophthalmic Photography Stereographic Projection Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.6", RecordType::Image, "Wide Field Ophthalmic Photography 3D Coordinates Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.7", RecordType::Image, "Ophthalmic Optical Coherence Tomography En Face Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.8", RecordType::Image, "Ophthalmic Optical Coherence Tomography B-scan Volume Analysis Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.6", RecordType::Image, "VL Whole Slide Microscopy Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.7", RecordType::Image, "Dermoscopic Photography Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.8", RecordType::Image, "Confocal Microscopy Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.9", RecordType::Image, "Confocal Microscopy Tiled Pyramidal Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.81.1", RecordType::Image, "Ophthalmic Thickness Map Storage"),
    ("1.2.840.10008.5.1.4.1.1.82.1", RecordType::Image, "Corneal Topography Map Storage"),
    ("1.2.840.10008.5.1.4.1.1.128", RecordType::Image, "Positron Emission Tomography Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.128.1", RecordType::Image, "Legacy Converted Enhanced PET Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.130", RecordType::Image, "Enhanced PET Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.1", RecordType::Image, "RT Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.23", RecordType::Image, "Enhanced RT Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.24", RecordType::Image, "Enhanced Continuous RT Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.78.6", RecordType::SrDocument, "Spectacle Prescription Report Storage"),
    ("1.2.840.10008.5.1.4.1.1.79.1", RecordType::SrDocument, "Macular Grid Thickness and Volume Report Storage"),
    ("1.2.840.10008.5.1.4.1.1.66.7", RecordType::Image, "Label Map Segmentation Storage"),
    ("1.2.840.10008.5.1.4.1.1.66.8", RecordType::Image, "Height Map Segmentation Storage"),
    ("1.2.840.10008.5.1.1.29", RecordType::Image, "Hardcopy Grayscale Image Storage (retired)"),
    ("1.2.840.10008.5.1.1.30", RecordType::Image, "Hardcopy Color Image Storage (retired)"),
    ("1.2.840.10008.5.1.4.1.1.88.1", RecordType::SrDocument, "Text SR Storage - Trial (retired)"),
    ("1.2.840.10008.5.1.4.1.1.88.2", RecordType::SrDocument, "Audio SR Storage - Trial (retired)"),
    ("1.2.840.10008.5.1.4.1.1.88.3", RecordType::SrDocument, "Detail SR Storage - Trial (retired)"),
    ("1.2.840.10008.5.1.4.1.1.88.4", RecordType::SrDocument, "Comprehensive SR Storage - Trial (retired)"),
    ("1.2.840.10008.5.1.4.1.1.88.11", RecordType::SrDocument, "Basic Text SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.22", RecordType::SrDocument, "Enhanced SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.33", RecordType::SrDocument, "Comprehensive SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.34", RecordType::SrDocument, "Comprehensive 3D SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.35", RecordType::SrDocument, "Extensible SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.40", RecordType::SrDocument, "Procedure Log Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.50", RecordType::SrDocument, "Mammography CAD SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.65", RecordType::SrDocument, "Chest CAD SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.67", RecordType::SrDocument, "X-Ray Radiation Dose SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.68", RecordType::SrDocument, "Radiopharmaceutical Radiation Dose SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.69", RecordType::SrDocument, "Colon CAD SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.70", RecordType::SrDocument, "Implantation Plan SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.71", RecordType::SrDocument, "Acquisition Context SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.72", RecordType::SrDocument, "Simplified Adult Echo SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.73", RecordType::SrDocument, "Patient Radiation Dose SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.74", RecordType::SrDocument, "Planned Imaging Agent Administration SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.75", RecordType::SrDocument, "Performed Imaging Agent Administration SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.76", RecordType::SrDocument, "Enhanced X-Ray Radiation Dose SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.77", RecordType::SrDocument, "Waveform Annotation SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.59", RecordType::KeyObjectDoc, "Key Object Selection Document Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.1", RecordType::Presentation, "Grayscale Softcopy Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.2", RecordType::Presentation, "Color Softcopy Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.3", RecordType::Presentation, "Pseudo-Color Softcopy Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.4", RecordType::Presentation, "Blending Softcopy Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.5", RecordType::Presentation, "XA/XRF Grayscale Softcopy Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.6", RecordType::Presentation, "Grayscale Planar MPR Volumetric Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.7", RecordType::Presentation, "Compositing Planar MPR Volumetric Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.8", RecordType::Presentation, "Advanced Blending Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.9", RecordType::Presentation, "Volume Rendering Volumetric Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.10", RecordType::Presentation, "Segmented Volume Rendering Volumetric Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.11", RecordType::Presentation, "Multiple Volume Rendering Volumetric Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.12", RecordType::Presentation, "Variable Modality LUT Softcopy Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.131", RecordType::Presentation, "Basic Structured Display Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.1", RecordType::Waveform, "Waveform Storage - Trial (retired)"),
    ("1.2.840.10008.5.1.4.1.1.9.1.1", RecordType::Waveform, "12-lead ECG Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.1.2", RecordType::Waveform, "General ECG Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.1.3", RecordType::Waveform, "Ambulatory ECG Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.1.4", RecordType::Waveform, "General 32-bit ECG Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.2.1", RecordType::Waveform, "Hemodynamic Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.3.1", RecordType::Waveform, "Cardiac Electrophysiology Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.4.1", RecordType::Waveform, "Basic Voice Audio Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.4.2", RecordType::Waveform, "General Audio Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.5.1", RecordType::Waveform, "Arterial Pulse Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.6.1", RecordType::Waveform, "Respiratory Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.6.2", RecordType::Waveform, "Multi-channel Respiratory Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.7.1", RecordType::Waveform, "Routine Scalp Electroencephalogram Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.7.2", RecordType::Waveform, "Electromyogram Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.7.3", RecordType::Waveform, "Electrooculogram Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.7.4", RecordType::Waveform, "Sleep Electroencephalogram Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.8.1", RecordType::Waveform, "Body Position Waveform Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.100.1", RecordType::WaveformPresentation, "Waveform Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.9.100.2", RecordType::WaveformPresentation, "Waveform Acquisition Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.104.1", RecordType::EncapDoc, "Encapsulated PDF Storage"),
    ("1.2.840.10008.5.1.4.1.1.104.2", RecordType::EncapDoc, "Encapsulated CDA Storage"),
    ("1.2.840.10008.5.1.4.1.1.104.3", RecordType::EncapDoc, "Encapsulated STL Storage"),
    ("1.2.840.10008.5.1.4.1.1.104.4", RecordType::EncapDoc, "Encapsulated OBJ Storage"),
    ("1.2.840.10008.5.1.4.1.1.104.5", RecordType::EncapDoc, "Encapsulated MTL Storage"),
    ("1.2.840.10008.5.1.4.1.1.4.2", RecordType::Spectroscopy, "MR Spectroscopy Storage"),
    ("1.2.840.10008.5.1.4.1.1.66", RecordType::RawData, "Raw Data Storage"),
    ("1.2.840.10008.5.1.4.1.1.66.1", RecordType::Registration, "Spatial Registration Storage"),
    ("1.2.840.10008.5.1.4.1.1.66.3", RecordType::Registration, "Deformable Spatial Registration Storage"),
    ("1.2.840.10008.5.1.4.1.1.66.2", RecordType::Fiducial, "Spatial Fiducials Storage"),
    ("1.2.840.10008.5.1.4.1.1.67", RecordType::ValueMap, "Real World Value Mapping Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.3", RecordType::Stereometric, "Stereometric Relationship Storage"),
    ("1.2.840.10008.5.1.4.1.1.78.1", RecordType::Measurement, "Lensometry Measurements Storage"),
    ("1.2.840.10008.5.1.4.1.1.78.2", RecordType::Measurement, "Autorefraction Measurements Storage"),
    ("1.2.840.10008.5.1.4.1.1.78.3", RecordType::Measurement, "Keratometry Measurements Storage"),
    ("1.2.840.10008.5.1.4.1.1.78.4", RecordType::Measurement, "Subjective Refraction Measurements Storage"),
    ("1.2.840.10008.5.1.4.1.1.78.5", RecordType::Measurement, "Visual Acuity Measurements Storage"),
    ("1.2.840.10008.5.1.4.1.1.78.7", RecordType::Measurement, "Ophthalmic Axial Measurements Storage"),
    ("1.2.840.10008.5.1.4.1.1.78.8", RecordType::Measurement, "Intraocular Lens Calculations Storage"),
    ("1.2.840.10008.5.1.4.1.1.80.1", RecordType::Measurement, "Ophthalmic Visual Field Static Perimetry Measurements Storage"),
    ("1.2.840.10008.5.1.4.1.1.66.5", RecordType::Surface, "Surface Segmentation Storage"),
    ("1.2.840.10008.5.1.4.1.1.68.1", RecordType::SurfaceScan, "Surface Scan Mesh Storage"),
    ("1.2.840.10008.5.1.4.1.1.68.2", RecordType::SurfaceScan, "Surface Scan Point Cloud Storage"),
    ("1.2.840.10008.5.1.4.1.1.66.6", RecordType::Tract, "Tractography Results Storage"),
    ("1.2.840.10008.5.1.4.1.1.90.1", RecordType::Assessment, "Content Assessment Results Storage"),
    ("1.2.840.10008.5.1.4.1.1.91.1", RecordType::Annotation, "Microscopy Bulk Simple Annotations Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.2", RecordType::RtDose, "RT Dose Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.3", RecordType::RtStructureSet, "RT Structure Set Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.5", RecordType::RtPlan, "RT Plan Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.8", RecordType::RtPlan, "RT Ion Plan Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.4", RecordType::RtTreatRecord, "RT Beams Treatment Record Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.6", RecordType::RtTreatRecord, "RT Brachy Treatment Record Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.7", RecordType::RtTreatRecord, "RT Treatment Summary Record Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.9", RecordType::RtTreatRecord, "RT Ion Beams Treatment Record Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.10", RecordType::Radiotherapy, "RT Physician Intent Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.11", RecordType::Radiotherapy, "RT Segment Annotation Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.12", RecordType::Radiotherapy, "RT Radiation Set Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.13", RecordType::Radiotherapy, "C-Arm Photon-Electron Radiation Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.14", RecordType::Radiotherapy, "Tomotherapeutic Radiation Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.15", RecordType::Radiotherapy, "Robotic-Arm Radiation Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.16", RecordType::Radiotherapy, "RT Radiation Record Set Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.17", RecordType::Radiotherapy, "RT Radiation Salvage Record Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.18", RecordType::Radiotherapy, "Tomotherapeutic Radiation Record Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.19", RecordType::Radiotherapy, "C-Arm Photon-Electron Radiation Record Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.20", RecordType::Radiotherapy, "Robotic Radiation Record Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.21", RecordType::Radiotherapy, "RT Radiation Set Delivery Instruction Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.22", RecordType::Radiotherapy, "RT Treatment Preparation Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.25", RecordType::Plan, "RT Patient Position Acquisition Instruction Storage"),
    ("1.2.840.10008.5.1.4.34.1", RecordType::Plan, "RT Beams Delivery Instruction Storage - Trial (retired)"),
    ("1.2.840.10008.5.1.4.34.7", RecordType::Plan, "RT Beams Delivery Instruction Storage"),
    ("1.2.840.10008.5.1.4.34.10", RecordType::Plan, "RT Brachy Application Setup Delivery Instruction Storage"),
    ("1.2.840.10008.5.1.4.38.1", RecordType::HangingProtocol, "Hanging Protocol Storage"),
    ("1.2.840.10008.5.1.4.39.1", RecordType::Palette, "Color Palette Storage"),
    ("1.2.840.10008.5.1.4.43.1", RecordType::Implant, "Generic Implant Template Storage"),
    ("1.2.840.10008.5.1.4.44.1", RecordType::ImplantAssy, "Implant Assembly Template Storage"),
    ("1.2.840.10008.5.1.4.45.1", RecordType::ImplantGroup, "Implant Template Group Storage"),
    ("1.2.840.10008.5.1.4.1.1.201.1", RecordType::Inventory, "Inventory Storage"),
];
