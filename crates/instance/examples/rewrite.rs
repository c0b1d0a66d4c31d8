//! Rewrites objects in Explicit VR Little Endian: `cargo run --example rewrite -- OUT-DIR FILE…`.

use std::path::PathBuf;

use filmdesk_instance::{Source, preview, transcode_to_explicit_le};

fn main() {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(out) = args.next() else { return };
    for path in args {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match transcode_to_explicit_le(&path, &out.join(&name)) {
            Ok(header) => println!("{name}\tok\t{:?}", header.notes),
            Err(refusal) => println!("{name}\t{}\t{refusal}", refusal.code()),
        }
        match preview(&Source::file(&path), 0, 256) {
            Ok(jpeg) => std::fs::write(out.join(format!("{name}.jpg")), jpeg).unwrap_or_default(),
            Err(refusal) => println!("{name}\tno preview: {}\t{refusal}", refusal.code()),
        }
    }
}
