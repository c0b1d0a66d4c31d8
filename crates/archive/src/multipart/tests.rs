use super::*;

#[derive(Default)]
struct Collected(Vec<Vec<u8>>, usize);

impl Parts for Collected {
    fn start(&mut self) -> Result<(), ArchiveError> {
        self.0.push(Vec::new());
        Ok(())
    }
    fn data(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.0.last_mut().expect("data inside a part").extend_from_slice(bytes);
        Ok(())
    }
    fn end(&mut self) -> Result<(), ArchiveError> {
        self.1 += 1;
        Ok(())
    }
}

const TYPE: &str = "multipart/related; type=\"application/dicom\"; boundary=\"b-1\"";

fn body(with_lengths: bool) -> Vec<u8> {
    let mut out = b"--b-1".to_vec();
    for part in [&b"one\r\n--b-\r\r\n"[..], b"", b"\r\n\r\n"] {
        out.extend_from_slice(b"\r\nContent-Type: application/dicom\r\n");
        if with_lengths {
            out.extend_from_slice(format!("Content-Length: {}\r\n", part.len()).as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n--b-1");
    }
    out.extend_from_slice(b"--\r\nepilogue");
    out
}

#[test]
fn parts_come_out_whole_however_the_stream_is_cut() {
    for with_lengths in [true, false] {
        let body = body(with_lengths);
        for cut in 1..body.len() {
            let (mut parser, mut parts) = (Multipart::new(TYPE).unwrap(), Collected::default());
            for chunk in body.chunks(cut) {
                parser.feed(chunk, &mut parts).unwrap();
            }
            parser.finish().unwrap();
            assert_eq!(parts.0, [&b"one\r\n--b-\r\r\n"[..], b"", b"\r\n\r\n"], "{cut} {with_lengths}");
            assert_eq!(parts.1, 3);
        }
    }
}

#[test]
fn a_stream_that_ends_early_or_lies_about_a_length_is_a_fault() {
    let whole = body(true);
    for end in 0..whole.len() - 12 {
        let (mut parser, mut parts) = (Multipart::new(TYPE).unwrap(), Collected::default());
        parser.feed(&whole[..end], &mut parts).unwrap();
        assert!(parser.finish().is_err(), "{end}");
    }
    let lie = String::from_utf8(whole).unwrap().replacen("Content-Length: 12", "Content-Length: 10", 1);
    assert!(Multipart::new(TYPE).unwrap().feed(lie.as_bytes(), &mut Collected::default()).is_err());
    for bad in ["text/html", "multipart/related", "multipart/related; boundary=\"\""] {
        assert!(Multipart::new(bad).is_err());
    }
}
