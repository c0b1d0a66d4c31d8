//! What must hold for any bytes whatever: the bodies of the fuzz targets (`fuzz/`), built for these and for the tests, which
//! call them on their seeds and some thousand mutants.

use std::path::Path;

use dicom_core::VR;

use crate::text::{CharacterSet, PersonName, Reading};
use crate::{Document, Header, Refusal, Source, data_set_sha256, document, preview, read_header, tags};

/// Larger images are decoded in the soak only, whose children are held to a memory and a time: here a hundred a second count.
const MOST_DECODED: u64 = 4 << 20;

/// An object on the way the inspecting child takes it: the gate and the header, then report, picture and rewriting.
pub fn object(bytes: &[u8], folder: &Path) {
    let (path, to) = (folder.join("object"), folder.join("rewritten"));
    std::fs::write(&path, bytes).expect("a scratch folder");
    let source = Source::file(&path);
    let header = match read_header(&source) {
        Ok(header) => header,
        Err(refusal) => return explained(&refusal),
    };
    assert_eq!(header.file_len, bytes.len() as u64);
    assert!(header.dataset_offset <= header.file_len);
    // A worker gets it from the child as JSON, and must get the same.
    let json = serde_json::to_vec(&header).expect("a header is JSON");
    assert_eq!(serde_json::from_slice::<Header>(&json).expect("and is read back"), header);
    data_set_sha256(&source, &header).expect("what was read once is read again");
    shown(&header);
    match document(&source) {
        Ok(Document::Report(report)) => drop(format!("{report:?}")),
        Ok(Document::Pdf(pdf)) => assert!(pdf.len() <= bytes.len()),
        Err(refusal) => explained(&refusal),
    }
    if header.pixels.as_ref().is_some_and(|facts| facts.native_len() > MOST_DECODED) {
        return;
    }
    match preview(&source, 0, 64) {
        Ok(picture) => assert!(picture.starts_with(&[0xFF, 0xD8]), "a picture is a JPEG"),
        Err(refusal) => explained(&refusal),
    }
    rewritten(&header, &path, &to);
}

/// What an admitted object says, to whoever shows it.
fn shown(header: &Header) {
    for note in &header.notes {
        assert!(!note.code().is_empty());
    }
    for (tag, _, _) in header.attributes.values() {
        drop(header.texts(tag));
    }
    drop((header.person_name(tags::PATIENT_NAME).display(), header.number(tags::INSTANCE_NUMBER)));
}

/// Rewriting gives a whole object that says the same, or a refusal and no file.
fn rewritten(header: &Header, path: &Path, to: &Path) {
    match crate::transcode_to_explicit_le(path, to) {
        Ok(new) => {
            assert_eq!(new.transfer_syntax.as_str(), crate::EXPLICIT_VR_LITTLE_ENDIAN);
            assert_eq!(new.sop_instance_uid, header.sop_instance_uid);
            assert_eq!((&new.study_uid, &new.series_uid), (&header.study_uid, &header.series_uid));
            for tag in [tags::PATIENT_ID, tags::PATIENT_NAME, tags::PATIENT_BIRTH_DATE] {
                assert_eq!(new.raw(tag), header.raw(tag), "{tag}");
            }
            std::fs::remove_file(to).expect("the file it wrote");
        }
        Err(refusal) => {
            explained(&refusal);
            assert!(!to.exists(), "an unfinished file was left");
        }
    }
}

fn explained(refusal: &Refusal) {
    assert!(!refusal.code().is_empty() && !refusal.to_string().is_empty());
    assert!(!refusal.is_about_the_machine(), "{refusal}");
}

/// Text: the first byte is the length of the declared character set, which comes next.
pub fn text(bytes: &[u8]) {
    let Some((&n, rest)) = bytes.split_first() else { return };
    let (declared, raw) = rest.split_at(rest.len().min(usize::from(n % 64)));
    let set = CharacterSet::declared(declared);
    let (text, reading) = set.decode(raw);
    // One byte gives at most one replacement character of three bytes.
    assert!(text.len() <= 3 * raw.len(), "{} bytes from {}", text.len(), raw.len());
    let as_declared = set.decode_as_declared(raw);
    assert!(as_declared.len() <= 3 * raw.len());
    if raw.is_ascii() && !raw.contains(&0x1B) {
        assert_eq!((text.as_bytes(), reading), (raw, Reading::AsDeclared));
    }
    for vr in [VR::PN, VR::LO, VR::UT, VR::CS] {
        let values = set.decode_values(vr, raw);
        assert!(values.len() <= 1 + raw.len());
    }
    let name = set.decode_person_name(raw);
    assert_eq!(PersonName::parse(&name.to_dicom()), name, "a name is read as it is written");
    assert!(name.display().len() <= text.len() + as_declared.len());
    if let Some(repaired) = CharacterSet::repaired(&text) {
        assert!(repaired.len() <= 3 * text.len());
    }
}

#[cfg(test)]
mod tests;
