//! Makes a picture of each frame of each file of a folder on two threads, for timing: `previews FOLDER OUT`.

use filmdesk_instance::{Source, preview, read_header};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out] = arguments.as_slice() else { return Err(std::io::Error::other("usage: previews FOLDER OUT")) };
    let mut wanted: Vec<(PathBuf, u32)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let file = entry?.path();
        let header = read_header(&Source::file(&file)).map_err(std::io::Error::other)?;
        let frames = header.pixels.map_or(0, |pixels| pixels.frames);
        wanted.extend((0..frames).map(|frame| (file.clone(), frame)));
    }
    std::fs::create_dir_all(out)?;
    let next = AtomicUsize::new(0);
    let work = || -> std::io::Result<()> {
        while let Some((file, frame)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let jpeg = preview(&Source::file(file), *frame, 640).map_err(std::io::Error::other)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            std::fs::write(PathBuf::from(out).join(format!("{name}.{frame}.JPG")), jpeg)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let second = scope.spawn(work);
        work()?;
        second.join().map_err(|_| std::io::Error::other("a thread ended early"))?
    })
}
