//! `SHA256.SUM`: read strictly, compared with what lies on the medium.

use std::collections::BTreeMap;

/// Reads a manifest as `sha256sum` writes it: 64 lower-case digits, two spaces, the path, a line feed. `None` when a line
/// is anything else or a path appears twice.
pub fn parse_manifest(bytes: &[u8]) -> Option<BTreeMap<String, [u8; 32]>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut entries = BTreeMap::new();
    for line in text.strip_suffix('\n')?.split('\n') {
        let (digits, path) = line.split_at_checked(64)?;
        let path = path.strip_prefix("  ")?;
        if path.is_empty() || digits.bytes().any(|b| b.is_ascii_uppercase()) {
            return None;
        }
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash).ok()?;
        if entries.insert(path.to_owned(), hash).is_some() {
            return None;
        }
    }
    Some(entries)
}
