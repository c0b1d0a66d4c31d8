//! What precedes a data set on a medium, and the check sum of what follows.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use crate::{Header, Source};

/// Our Implementation Class UID (PS3.7 D.3.3.2), made from a random UUID (PS3.5 B.2).
pub const IMPLEMENTATION_CLASS_UID: &str = "2.25.12877088399299787194430461182730185604";
/// Our Implementation Version Name.
pub const IMPLEMENTATION_VERSION_NAME: &str = concat!("FILMDESK_", env!("CARGO_PKG_VERSION"));

/// Preamble (128 zero bytes), prefix and our own file meta information (PS3.10 §7.1): what stands before the data set
/// in every file we write.
pub fn file_meta(sop_class_uid: &str, sop_instance_uid: &str, transfer_syntax: &str) -> Vec<u8> {
    let mut group = Vec::with_capacity(256);
    element(&mut group, 0x0001, b"OB", &[0, 1]);
    element(&mut group, 0x0002, b"UI", sop_class_uid.as_bytes());
    element(&mut group, 0x0003, b"UI", sop_instance_uid.as_bytes());
    element(&mut group, 0x0010, b"UI", transfer_syntax.as_bytes());
    element(&mut group, 0x0012, b"UI", IMPLEMENTATION_CLASS_UID.as_bytes());
    element(&mut group, 0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.as_bytes());
    let mut file = vec![0; 128];
    file.extend_from_slice(b"DICM");
    element(&mut file, 0x0000, b"UL", &(group.len() as u32).to_le_bytes());
    file.extend_from_slice(&group);
    file
}

fn element(to: &mut Vec<u8>, number: u16, vr: &[u8; 2], value: &[u8]) {
    let padded = value.len() + value.len() % 2;
    to.extend_from_slice(&0x0002u16.to_le_bytes());
    to.extend_from_slice(&number.to_le_bytes());
    to.extend_from_slice(vr);
    if vr == b"OB" {
        to.extend_from_slice(&[0, 0]);
        to.extend_from_slice(&(padded as u32).to_le_bytes());
    } else {
        to.extend_from_slice(&(padded as u16).to_le_bytes());
    }
    to.extend_from_slice(value);
    if padded > value.len() {
        to.push(if vr == b"UI" { 0 } else { b' ' });
    }
}

/// SHA-256 of the data set as it stands in the file: everything after preamble and file meta information.
///
/// # Errors
/// The operating system's, when the file cannot be read, and `UnexpectedEof` when it has become shorter.
pub fn data_set_sha256(source: &Source, header: &Header) -> io::Result<[u8; 32]> {
    let mut reader = source.reader(header.dataset_offset)?.take(header.dataset_len());
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut done = 0;
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            n => {
                hash.update(&buffer[..n]);
                done += n as u64;
            }
        }
    }
    if done < header.dataset_len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(hash.finalize().into())
}
