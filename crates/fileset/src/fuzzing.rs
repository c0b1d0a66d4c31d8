//! What must hold for any bytes whatever: the bodies of the fuzz targets (`fuzz/`), built for these and for the tests, which
//! call them on their seeds and some thousand mutants.

use std::collections::BTreeSet;
use std::path::Path;

use filmdesk_instance::{Header, Source, read_header, tags};

use crate::profile::{EXPLICIT_VR_LE, STD_GEN_CD};
use crate::{FileSet, FileSetId, Member, read_dicomdir};

/// Between two objects of one input of [`index`].
pub const NEXT_OBJECT: &[u8] = b"<<next object>>";
/// Objects of one input of [`index`].
const MOST_OBJECTS: usize = 8;

/// A DICOMDIR as others write it: what is read can be followed, and leads nowhere outside.
pub fn dicomdir(bytes: &[u8]) {
    let read = match read_dicomdir(bytes) {
        Ok(read) => read,
        Err(error) => return assert!(!error.code().is_empty() && !error.to_string().is_empty()),
    };
    let mut offsets = BTreeSet::new();
    for (at, record) in read.records.iter().enumerate() {
        assert!((record.offset as usize) < bytes.len());
        assert!(offsets.insert(record.offset), "a record was reached twice");
        assert!(record.parent.is_none_or(|parent| parent < at), "records come after those they are under");
        for part in record.file.iter().flat_map(|file| file.split('/')) {
            assert!(!part.is_empty() && !part.bytes().all(|byte| byte == b'.'), "{part:?} leads outside");
        }
        assert_eq!(record.record_type.is_none(), crate::RecordType::of_value(&record.type_value).is_none());
        drop((record.text(tags::PATIENT_NAME), record.data_set().items(tags::CONTENT_SEQUENCE).count()));
    }
    for note in &read.notes {
        assert!(!note.code().is_empty() && !note.to_string().is_empty());
    }
}

/// The index of whatever objects the gate admits: it is as long as was said before, reads back without a note, and names each
/// object and its file once.
pub fn index(bytes: &[u8], folder: &Path) {
    let path = folder.join("objects");
    std::fs::write(&path, bytes).expect("a scratch folder");
    let headers: Vec<Header> = pieces(bytes)
        .into_iter()
        .take(MOST_OBJECTS)
        .filter_map(|(at, len)| read_header(&Source::slice(&path, at as u64, len as u64)).ok())
        .collect();
    // As if each had been rewritten: what the profile says of transfer syntaxes is not the point here.
    let member = |(source_index, header)| Member { header, transfer_syntax: EXPLICIT_VR_LE, source_index };
    let members = headers.iter().enumerate().map(member).collect();
    let id = FileSetId::new("FUZZ").expect("an identifier");
    let file_set = match FileSet::build(id, "2.25.1".into(), members, &STD_GEN_CD) {
        Ok(file_set) => file_set,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let written = file_set.dicomdir();
    assert_eq!(written.len() as u64, file_set.dicomdir_len());
    let read = read_dicomdir(&written).expect("what we write can be read");
    assert_eq!(read.notes, []);
    assert_eq!(read.records.len(), file_set.n_records());
    let named = |record: &crate::DirectoryRecord| {
        Some((record.file.clone()?, record.text(tags::REFERENCED_SOP_INSTANCE_UID_IN_FILE)?))
    };
    let read: BTreeSet<_> = read.records.iter().filter_map(named).collect();
    let put = |(file, at): (&crate::FileId, usize)| (file.as_path().to_owned(), headers[at].sop_instance_uid.clone());
    assert_eq!(read, file_set.files().map(put).collect());
}

/// Where the objects of an input begin, and how long they are.
fn pieces(bytes: &[u8]) -> Vec<(usize, usize)> {
    let (mut found, mut start) = (Vec::new(), 0);
    let marks = bytes.windows(NEXT_OBJECT.len()).enumerate().filter(|(_, window)| *window == NEXT_OBJECT);
    for at in marks.map(|(at, _)| at).chain([bytes.len()]) {
        found.push((start, at - start));
        start = at + NEXT_OBJECT.len();
    }
    found
}

#[cfg(test)]
mod tests;
