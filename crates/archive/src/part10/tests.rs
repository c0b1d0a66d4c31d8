use super::*;

fn file() -> Vec<u8> {
    let mut bytes = filmdesk_instance::file_meta("1.2.840.10008.5.1.4.1.1.2", "1.2.3", uid::EXPLICIT_VR_LE);
    bytes.extend([8, 0, 5, 0, b'C', b'S', 2, 0, b'A', b'B']);
    bytes
}

#[test]
fn the_head_is_read_as_soon_as_it_is_there_and_not_before() {
    let bytes = file();
    let whole = head(&bytes).unwrap().unwrap();
    assert_eq!(whole.sop_instance_uid, "1.2.3");
    assert_eq!(whole.data_set, bytes.len() - 10);
    for end in 0..whole.data_set + 8 {
        assert_eq!(head(&bytes[..end]).unwrap(), None, "{end}");
    }
}

#[test]
fn what_is_no_file_is_refused() {
    assert!(head(&[0; 200]).is_err());
    let mut traversal = file();
    let at = traversal.windows(5).position(|w| w == b"1.2.3").unwrap();
    traversal[at..at + 5].copy_from_slice(b"../.x");
    assert!(head(&traversal).is_err());
}
