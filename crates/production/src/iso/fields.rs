//! The fields volume descriptors and directories are made of: ECMA-119 §7 (numbers), §7.4 (characters), §8.4.26 (time).

/// A 16-bit number in both byte orders, §7.2.3.
pub(super) fn both16(value: u16) -> [u8; 4] {
    let (l, b) = (value.to_le_bytes(), value.to_be_bytes());
    [l[0], l[1], b[0], b[1]]
}

/// A 32-bit number in both byte orders, §7.3.3.
pub(super) fn both32(value: u32) -> [u8; 8] {
    let (l, b) = (value.to_le_bytes(), value.to_be_bytes());
    [l[0], l[1], l[2], l[3], b[0], b[1], b[2], b[3]]
}

/// Reads [`both32`]; `None` when the two halves disagree.
pub(super) fn read_both32(bytes: &[u8]) -> Option<u32> {
    let l = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    let b = u32::from_be_bytes(bytes.get(4..8)?.try_into().ok()?);
    (l == b).then_some(l)
}

/// Text as characters of ISO 646, filled with spaces.
pub(super) fn ascii_field(text: &str, width: usize) -> Vec<u8> {
    let mut field: Vec<u8> = text.bytes().take(width).collect();
    field.resize(width, b' ');
    field
}

/// Text as big-endian UCS-2 (Joliet), filled with spaces; an odd last byte is zero.
pub(super) fn ucs2_field(text: &str, width: usize) -> Vec<u8> {
    let mut field: Vec<u8> = text.encode_utf16().take(width / 2).flat_map(u16::to_be_bytes).collect();
    while field.len() + 1 < width {
        field.extend([0, b' ']);
    }
    field.resize(width, 0);
    field
}

/// A descriptor's date field that says "not given", §8.4.26.1.
pub(super) const NO_MOMENT: [u8; 17] = *b"0000000000000000\0";
