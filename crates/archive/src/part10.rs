//! The head of a Part 10 stream: what comes before the data set, read as it arrives and then replaced by ours.

use crate::error::ArchiveError;
use filmdesk_dimse::uid;

/// More than this before the data set is no file meta group.
const MAX_HEAD: usize = 1 << 20;

/// What the file meta group says, PS3.10 §7.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub transfer_syntax: String,
    /// Where the data set starts.
    pub data_set: usize,
}

/// Reads the head when it is all there; `None`: more bytes are needed.
pub(crate) fn head(bytes: &[u8]) -> Result<Option<Meta>, ArchiveError> {
    if bytes.len() < 132 {
        return Ok(None);
    }
    if &bytes[128..132] != b"DICM" {
        return Err(ArchiveError::Answer("an object that is not in the Part 10 format"));
    }
    let mut meta = Meta {
        sop_class_uid: String::new(),
        sop_instance_uid: String::new(),
        transfer_syntax: String::new(),
        data_set: 132,
    };
    loop {
        let Some(element) = bytes.get(meta.data_set..meta.data_set + 8) else { return more(bytes) };
        if element[..2] != [2, 0] {
            return finish(meta).map(Some);
        }
        let long = matches!(&element[4..6], b"OB" | b"OW" | b"UN" | b"UT" | b"SQ" | b"UR" | b"UC");
        let (start, length) = if long {
            let Some(length) = bytes.get(meta.data_set + 8..meta.data_set + 12) else { return more(bytes) };
            (meta.data_set + 12, u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize)
        } else {
            (meta.data_set + 8, usize::from(u16::from_le_bytes([element[6], element[7]])))
        };
        if length > MAX_HEAD {
            return Err(ArchiveError::Answer("a file meta group that is too long"));
        }
        let Some(value) = bytes.get(start..start + length) else { return more(bytes) };
        let text = || String::from_utf8_lossy(value).trim_matches([' ', '\0']).to_owned();
        match [element[2], element[3]] {
            [0x02, 0] => meta.sop_class_uid = text(),
            [0x03, 0] => meta.sop_instance_uid = text(),
            [0x10, 0] => meta.transfer_syntax = text(),
            _ => {}
        }
        meta.data_set = start + length;
    }
}

fn more(bytes: &[u8]) -> Result<Option<Meta>, ArchiveError> {
    if bytes.len() > MAX_HEAD {
        return Err(ArchiveError::Answer("a file meta group that is too long"));
    }
    Ok(None)
}

fn finish(meta: Meta) -> Result<Meta, ArchiveError> {
    if [&meta.sop_class_uid, &meta.sop_instance_uid, &meta.transfer_syntax].iter().all(|text| uid::is_uid(text)) {
        Ok(meta)
    } else {
        Err(ArchiveError::Answer("a file meta group without the UIDs it must hold"))
    }
}

#[cfg(test)]
mod tests;
