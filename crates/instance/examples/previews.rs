//! Makes a picture of each file of a folder on two threads, for timing: `previews FOLDER OUT`.

use filmdesk_instance::{Source, preview};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out] = arguments.as_slice() else { return Err(std::io::Error::other("usage: previews FOLDER OUT")) };
    let files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    std::fs::create_dir_all(out)?;
    let next = AtomicUsize::new(0);
    let work = || -> std::io::Result<()> {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let jpeg = preview(&Source::file(file), 0, 640).map_err(std::io::Error::other)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned() + ".JPG";
            std::fs::write(PathBuf::from(out).join(name), jpeg)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let second = scope.spawn(work);
        work()?;
        second.join().map_err(|_| std::io::Error::other("a thread ended early"))?
    })
}
