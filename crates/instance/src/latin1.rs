//! Bytes as a string of the same number of characters: how raw values and paths cross JSON.

/// One character for each byte.
pub(crate) fn to_string(bytes: &[u8]) -> String {
    if bytes.is_ascii() {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        bytes.iter().map(|b| char::from(*b)).collect()
    }
}

/// The bytes again; `None` when a character is none of ours.
pub(crate) fn to_bytes(text: &str) -> Option<Vec<u8>> {
    if text.is_ascii() {
        return Some(text.as_bytes().to_vec());
    }
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}
