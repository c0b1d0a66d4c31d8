//! What must hold for any bytes whatever: the bodies of the fuzz targets (`fuzz/`), built for these and for the tests, which
//! call them on their seeds and some thousand mutants.

use crate::dicom_web;
use crate::error::ArchiveError;
use crate::find::{Answer, InstanceListing, PatientKey, StudyListing, has_study, instances_of, studies_of};
use crate::gates::Gates;
use crate::multipart::{Multipart, Parts};
use crate::part10;
use filmdesk_dimse::{Identifier, uid};

/// Inputs up to this length are read the same however they are cut; the limits that end longer ones depend on the cut.
const SHORT: usize = 12 * 1024;

/// A WADO-RS answer: the first line is its Content-Type, the byte after it says in which pieces the rest comes. Parts come
/// out the same whole or in pieces, and hold no more than was sent.
pub fn wado(bytes: &[u8]) {
    let Some(line) = bytes.iter().position(|byte| *byte == b'\n') else { return };
    let (content_type, rest) = (String::from_utf8_lossy(&bytes[..line]).into_owned(), &bytes[line + 1..]);
    let Some((&piece, stream)) = rest.split_first() else { return };
    let whole = parts(&content_type, stream, usize::MAX);
    let pieces = parts(&content_type, stream, 1 + usize::from(piece));
    if stream.len() <= SHORT {
        assert_eq!(whole.is_ok(), pieces.is_ok(), "cutting changes whether it is a stream");
        if let (Ok(whole), Ok(pieces)) = (&whole, &pieces) {
            assert!(whole == pieces, "cutting changes what is in it");
        }
    }
    for found in [whole, pieces] {
        match found {
            Ok(parts) => assert!(parts.iter().map(Vec::len).sum::<usize>() <= stream.len()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

fn parts(content_type: &str, stream: &[u8], piece: usize) -> Result<Vec<Vec<u8>>, ArchiveError> {
    let (mut parser, mut parts) = (Multipart::new(content_type)?, Collected::default());
    for bytes in stream.chunks(piece) {
        parser.feed(bytes, &mut parts)?;
    }
    parser.finish()?;
    assert!(!parts.open, "a part has no end");
    Ok(parts.done)
}

/// The parts, and whether one is open: data come in parts only.
#[derive(Default)]
struct Collected {
    done: Vec<Vec<u8>>,
    open: bool,
}

impl Parts for Collected {
    fn start(&mut self) -> Result<(), ArchiveError> {
        assert!(!std::mem::replace(&mut self.open, true), "a part in a part");
        self.done.push(Vec::new());
        Ok(())
    }
    fn data(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        assert!(self.open, "data outside a part");
        self.done.last_mut().expect("a part was started").extend_from_slice(bytes);
        Ok(())
    }
    fn end(&mut self) -> Result<(), ArchiveError> {
        assert!(std::mem::replace(&mut self.open, false), "an end without a part");
        Ok(())
    }
}

/// The head of a Part 10 stream as it arrives: more bytes never change what it said.
pub fn head(bytes: &[u8]) {
    let whole = part10::head(bytes);
    if let Ok(Some(meta)) = &whole {
        assert!(meta.data_set <= bytes.len());
        assert!([&meta.sop_class_uid, &meta.sop_instance_uid, &meta.transfer_syntax].iter().all(|u| uid::is_uid(u)));
    }
    // Every cut of a short one; of a long one some.
    for end in (0..bytes.len()).step_by(1 + bytes.len() / 64) {
        match (part10::head(&bytes[..end]), &whole) {
            (Ok(None), _) | (Err(_), Err(_)) => {}
            (Ok(Some(early)), Ok(Some(late))) => assert_eq!(&early, late),
            (early, late) => panic!("{early:?} of {end} bytes, {late:?} of all"),
        }
    }
}

/// A QIDO-RS answer, or that of a C-FIND: studies are only ever the patient's, and UIDs are UIDs.
pub fn answers(bytes: &[u8]) {
    let found = match dicom_web::answers(bytes) {
        Ok(found) => found,
        Err(_) => [uid::EXPLICIT_VR_LE, uid::IMPLICIT_VR_LE]
            .iter()
            .filter_map(|syntax| Identifier::decode(bytes, syntax).ok())
            .map(|identifier| Answer::from_identifier(&identifier))
            .collect(),
    };
    let patient = PatientKey { patient_id: "T0001".into(), issuer: None };
    if let Ok(mut studies) = studies_of("fuzz", &patient, &found, Gates::default()) {
        assert!(studies.len() <= found.len());
        for study in &mut studies {
            study.learn(&found);
            listed(study);
            assert!(has_study(&found, &study.study_uid));
        }
    }
    let instances = instances_of(found);
    assert!(instances.windows(2).all(|two| two[0].sop_instance_uid < two[1].sop_instance_uid), "each once");
    for InstanceListing { sop_instance_uid, series_uid, .. } in &instances {
        assert!(uid::is_uid(sop_instance_uid) && uid::is_uid(series_uid));
    }
}

fn listed(study: &StudyListing) {
    assert!(uid::is_uid(&study.study_uid));
    assert!(study.time.is_empty() || study.time.len() == 5, "{:?}", study.time);
    let name = study.patient_name.reveal();
    assert!(name.is_empty() || !format!("{study:?}").contains(&format!("{name:?}")), "a name in a log");
}

#[cfg(test)]
mod tests;
