//! Writing a DICOMDIR: records depth first, every offset known before a byte is written (PS3.3 F.3, PS3.10 §8.6).

use filmdesk_instance::{file_meta, tags, uids};

use crate::element::{Element, encode, encoded_len, item_head};
use crate::file_set::{FileSet, Node};
use crate::profile::EXPLICIT_VR_LE;
use crate::record_type::RecordType;

/// Record In-use Flag (0004,1410): in use. Others are retired (PS3.3 F.3.2.2).
const IN_USE: u16 = 0xFFFF;
/// File-set Consistency Flag (0004,1212): no known inconsistencies. `FFFF` shall never be present (PS3.3 F.3.2.2).
const CONSISTENT: u16 = 0x0000;
/// Tag, `SQ`, two reserved bytes and a 32-bit length.
const SEQUENCE_HEADER: usize = 12;
/// Item tag and 32-bit length.
const ITEM_HEADER: usize = 8;
/// Where in a record the two offsets of [`link_elements`] stand: behind the 8 bytes that head each, and 12 and 10 of the
/// elements before the second.
const NEXT_AT: usize = 8;
const LOWER_AT: usize = 12 + 10 + 8;

impl FileSet {
    /// The DICOMDIR, in Explicit VR Little Endian. The same File-set gives the same bytes.
    pub fn dicomdir(&self) -> Vec<u8> {
        let links = Links::of(&self.nodes);
        let meta = file_meta(uids::MEDIA_STORAGE_DIRECTORY_STORAGE, &self.uid, EXPLICIT_VR_LE);
        let head_len = encoded_len(&self.head(0, 0));
        let mut offsets = Vec::with_capacity(self.nodes.len());
        let mut at = meta.len() + head_len + SEQUENCE_HEADER;
        for node in &self.nodes {
            offsets.push(at as u32);
            at += ITEM_HEADER + node.bytes.len();
        }
        let offset = |node: Option<usize>| node.map_or(0, |node| offsets[node]);

        let mut out = Vec::with_capacity(at);
        out.extend_from_slice(&meta);
        encode(&self.head(offset(links.first_root), offset(links.last_root)), &mut out);
        let items_len = at - meta.len() - head_len - SEQUENCE_HEADER;
        out.extend_from_slice(&[0x04, 0x00, 0x20, 0x12, b'S', b'Q', 0, 0]);
        out.extend_from_slice(&(items_len as u32).to_le_bytes());
        for (number, node) in self.nodes.iter().enumerate() {
            let start = out.len();
            assert_eq!(start, offsets[number] as usize, "a record is where its offset says");
            out.extend_from_slice(&item_head(node.bytes.len()));
            out.extend_from_slice(&node.bytes);
            let record = &mut out[start + ITEM_HEADER..];
            record[NEXT_AT..NEXT_AT + 4].copy_from_slice(&offset(links.next[number]).to_le_bytes());
            record[LOWER_AT..LOWER_AT + 4].copy_from_slice(&offset(links.first_child[number]).to_le_bytes());
        }
        assert_eq!(out.len(), at, "the DICOMDIR is as long as planned");
        out
    }

    /// How many bytes [`FileSet::dicomdir`] gives, without making them.
    pub fn dicomdir_len(&self) -> u64 {
        let meta = file_meta(uids::MEDIA_STORAGE_DIRECTORY_STORAGE, &self.uid, EXPLICIT_VR_LE).len();
        let records = self.nodes.iter().map(|node| (ITEM_HEADER + node.bytes.len()) as u64);
        (meta + encoded_len(&self.head(0, 0)) + SEQUENCE_HEADER) as u64 + records.sum::<u64>()
    }

    /// What stands before the records (PS3.3 Table F.3-2, F.3-3).
    fn head(&self, first_root: u32, last_root: u32) -> [Element; 4] {
        [
            Element::text(tags::FILE_SET_ID, b"CS", self.id.as_str()),
            Element::ul(tags::OFFSET_OF_THE_FIRST_DIRECTORY_RECORD_OF_THE_ROOT_DIRECTORY_ENTITY, first_root),
            Element::ul(tags::OFFSET_OF_THE_LAST_DIRECTORY_RECORD_OF_THE_ROOT_DIRECTORY_ENTITY, last_root),
            Element::us(tags::FILE_SET_CONSISTENCY_FLAG, CONSISTENT),
        ]
    }
}

/// What every record begins with, both offsets still zero: they have a fixed width and place.
pub(crate) fn link_elements(record_type: RecordType) -> Vec<Element> {
    vec![
        Element::ul(tags::OFFSET_OF_THE_NEXT_DIRECTORY_RECORD, 0),
        Element::us(tags::RECORD_IN_USE_FLAG, IN_USE),
        Element::ul(tags::OFFSET_OF_REFERENCED_LOWER_LEVEL_DIRECTORY_ENTITY, 0),
        Element::text(tags::DIRECTORY_RECORD_TYPE, b"CS", record_type.value()),
    ]
}

/// Who is next to and below whom, found in one pass over the records in depth-first order.
struct Links {
    next: Vec<Option<usize>>,
    first_child: Vec<Option<usize>>,
    first_root: Option<usize>,
    last_root: Option<usize>,
}

impl Links {
    fn of(nodes: &[Node]) -> Links {
        let mut links = Links {
            next: vec![None; nodes.len()],
            first_child: vec![None; nodes.len()],
            first_root: None,
            last_root: None,
        };
        // The last record met at each depth, of those still open.
        let mut open: Vec<usize> = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            if let Some(&before) = open.get(node.depth) {
                links.next[before] = Some(at);
            } else if let Some(above) = node.depth.checked_sub(1) {
                links.first_child[open[above]] = Some(at);
            }
            if node.depth == 0 {
                links.first_root.get_or_insert(at);
                links.last_root = Some(at);
            }
            open.truncate(node.depth);
            open.push(at);
        }
        links
    }
}
