//! Writing a DICOMDIR: records depth first, every offset known before a byte is written (PS3.3 F.3, PS3.10 §8.6).

use filmdesk_instance::{file_meta, tags, uids};

use crate::element::{Element, encode, encoded_len};
use crate::file_set::{FileSet, Node};
use crate::profile::EXPLICIT_VR_LE;

/// Record In-use Flag (0004,1410): in use. Others are retired (PS3.3 F.3.2.2).
const IN_USE: u16 = 0xFFFF;
/// File-set Consistency Flag (0004,1212): no known inconsistencies. `FFFF` shall never be present (PS3.3 F.3.2.2).
const CONSISTENT: u16 = 0x0000;
/// Tag, `SQ`, two reserved bytes and a 32-bit length.
const SEQUENCE_HEADER: usize = 12;
/// Item tag and 32-bit length.
const ITEM_HEADER: usize = 8;

impl FileSet {
    /// The DICOMDIR, in Explicit VR Little Endian. The same File-set gives the same bytes.
    pub fn dicomdir(&self) -> Vec<u8> {
        let links = Links::of(&self.nodes);
        let meta = file_meta(uids::MEDIA_STORAGE_DIRECTORY_STORAGE, &self.uid, EXPLICIT_VR_LE);
        let records: Vec<Vec<Element>> = self.nodes.iter().map(own_elements).collect();
        let lens: Vec<usize> = records.iter().map(|record| encoded_len(record)).collect();
        let head_len = encoded_len(&self.head(0, 0));
        let mut offsets = Vec::with_capacity(lens.len());
        let mut at = meta.len() + head_len + SEQUENCE_HEADER;
        for len in &lens {
            offsets.push(at as u32);
            at += ITEM_HEADER + len;
        }
        let offset = |node: Option<usize>| node.map_or(0, |node| offsets[node]);

        let mut out = Vec::with_capacity(at);
        out.extend_from_slice(&meta);
        encode(&self.head(offset(links.first_root), offset(links.last_root)), &mut out);
        let items_len = at - meta.len() - head_len - SEQUENCE_HEADER;
        out.extend_from_slice(&[0x04, 0x00, 0x20, 0x12, b'S', b'Q', 0, 0]);
        out.extend_from_slice(&(items_len as u32).to_le_bytes());
        for (node, mut record) in records.into_iter().enumerate() {
            assert_eq!(out.len(), offsets[node] as usize, "a record is where its offset says");
            record[0] = Element::ul(tags::OFFSET_OF_THE_NEXT_DIRECTORY_RECORD, offset(links.next[node]));
            record[2] =
                Element::ul(tags::OFFSET_OF_REFERENCED_LOWER_LEVEL_DIRECTORY_ENTITY, offset(links.first_child[node]));
            crate::element::encode_item(&record, &mut out);
        }
        assert_eq!(out.len(), at, "the DICOMDIR is as long as planned");
        out
    }

    /// How many bytes [`FileSet::dicomdir`] gives, without making them.
    pub fn dicomdir_len(&self) -> u64 {
        let meta = file_meta(uids::MEDIA_STORAGE_DIRECTORY_STORAGE, &self.uid, EXPLICIT_VR_LE).len();
        let records = self.nodes.iter().map(|node| (ITEM_HEADER + encoded_len(&own_elements(node))) as u64);
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

/// A record's elements with both offsets still zero: they have a fixed width, so the length is final.
fn own_elements(node: &Node) -> Vec<Element> {
    let mut elements = vec![
        Element::ul(tags::OFFSET_OF_THE_NEXT_DIRECTORY_RECORD, 0),
        Element::us(tags::RECORD_IN_USE_FLAG, IN_USE),
        Element::ul(tags::OFFSET_OF_REFERENCED_LOWER_LEVEL_DIRECTORY_ENTITY, 0),
        Element::text(tags::DIRECTORY_RECORD_TYPE, b"CS", node.record_type.value()),
    ];
    if let Some(file) = &node.file {
        elements.extend([
            Element::text(tags::REFERENCED_FILE_ID, b"CS", &file.file_id.as_value()),
            Element::text(tags::REFERENCED_SOP_CLASS_UID_IN_FILE, b"UI", &file.sop_class_uid),
            Element::text(tags::REFERENCED_SOP_INSTANCE_UID_IN_FILE, b"UI", &file.sop_instance_uid),
            Element::text(tags::REFERENCED_TRANSFER_SYNTAX_UID_IN_FILE, b"UI", &file.transfer_syntax),
        ]);
    }
    elements.extend(node.keys.iter().cloned());
    elements
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
