//! The UIDs this crate speaks of, and what a UID may look like.

/// DICOM Application Context Name, PS3.7 Annex A.
pub const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
/// Verification SOP Class, PS3.4 Annex A.
pub const VERIFICATION: &str = "1.2.840.10008.1.1";
/// Patient Root Query/Retrieve – FIND, PS3.4 C.6.1.
pub const PATIENT_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.1.1";
/// Study Root Query/Retrieve – FIND, PS3.4 C.6.2.
pub const STUDY_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
/// Study Root Query/Retrieve – MOVE, PS3.4 C.6.2.
pub const STUDY_ROOT_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
/// Study Root Query/Retrieve – GET, PS3.4 C.6.2.
pub const STUDY_ROOT_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";

/// Implicit VR Little Endian, PS3.5 A.1.
pub const IMPLICIT_VR_LE: &str = "1.2.840.10008.1.2";
/// Explicit VR Little Endian, PS3.5 A.2.
pub const EXPLICIT_VR_LE: &str = "1.2.840.10008.1.2.1";
/// Deflated Explicit VR Little Endian, PS3.5 A.5: never proposed and never accepted by us (it can be a bomb).
pub const DEFLATED_EXPLICIT_VR_LE: &str = "1.2.840.10008.1.2.1.99";

/// The transfer syntaxes a copy desk asks to receive, in order of preference: as stored, whatever that is. A data set
/// is written to disk as it comes, so one we cannot decode is received all the same.
pub const STORED_SYNTAXES: &[&str] = &[
    EXPLICIT_VR_LE,
    IMPLICIT_VR_LE,
    "1.2.840.10008.1.2.4.70",  // JPEG Lossless, SV1
    "1.2.840.10008.1.2.4.57",  // JPEG Lossless, process 14
    "1.2.840.10008.1.2.4.50",  // JPEG Baseline
    "1.2.840.10008.1.2.4.51",  // JPEG Extended
    "1.2.840.10008.1.2.4.80",  // JPEG-LS Lossless
    "1.2.840.10008.1.2.4.81",  // JPEG-LS Near-Lossless
    "1.2.840.10008.1.2.4.90",  // JPEG 2000 Lossless
    "1.2.840.10008.1.2.4.91",  // JPEG 2000
    "1.2.840.10008.1.2.5",     // RLE Lossless
    "1.2.840.10008.1.2.2",     // Explicit VR Big Endian (retired, still stored)
    "1.2.840.10008.1.2.4.100", // MPEG2 MP@ML
    "1.2.840.10008.1.2.4.102", // MPEG-4 AVC/H.264 HP@4.1
    "1.2.840.10008.1.2.4.201", // HTJ2K Lossless
    "1.2.840.10008.1.2.4.202", // HTJ2K Lossless RPCL
    "1.2.840.10008.1.2.4.203", // HTJ2K
];

/// Whether `text` is safe and well formed as a UID: 1 to 64 digits and dots, no empty component, PS3.5 §9.1. A leading
/// zero in a component is wrong by the standard and common in the field; it is accepted.
pub fn is_uid(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.split('.').all(|component| !component.is_empty())
}

/// Whether a UID names a Storage SOP Class (PS3.4 Annex B, GG and the private-looking relatives that archives store):
/// what our Storage SCP accepts a presentation context for.
pub fn is_storage_class(uid: &str) -> bool {
    const STORAGE: &[&str] = &[
        "1.2.840.10008.5.1.4.1.1.",
        "1.2.840.10008.5.1.4.34.7",
        "1.2.840.10008.5.1.4.43.1",
        "1.2.840.10008.5.1.4.44.1",
        "1.2.840.10008.5.1.4.45.1",
    ];
    const STANDARD: &str = "1.2.840.10008.";
    is_uid(uid) && (STORAGE.iter().any(|prefix| uid.starts_with(prefix)) || !uid.starts_with(STANDARD))
}
