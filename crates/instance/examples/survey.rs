//! Says what every file named on the command line is, one line each: `cargo run --example survey -- FILE…`.

use filmdesk_instance::{Source, read_header, tags};

fn main() {
    for path in std::env::args_os().skip(1) {
        let name = std::path::Path::new(&path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        match read_header(&Source::file(&path)) {
            Ok(header) => {
                let notes: Vec<_> = header.notes.iter().map(filmdesk_instance::Note::code).collect();
                let pixels = header.pixels.as_ref().map_or("no pixels".to_owned(), |p| {
                    format!("{}x{}x{} {} {}bit", p.columns, p.rows, p.frames, p.photometric, p.bits_stored)
                });
                let modality = header.text(tags::MODALITY).unwrap_or_default();
                println!("{name}\tok\t{}\t{modality}\t{pixels}\t{notes:?}", header.transfer_syntax);
            }
            Err(refusal) => println!("{name}\t{}\t{refusal}", refusal.code()),
        }
    }
}
