//! Indexes a folder of DICOM files on two threads, for timing: `index FOLDER DICOMDIR`.

use filmdesk_fileset::{FileSet, FileSetId, Member, profile::STD_GEN_CD};
use filmdesk_instance::{Header, Sharing, Source, read_header};
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out] = arguments.as_slice() else { return Err("usage: index FOLDER DICOMDIR".into()) };
    let files = files_below(Path::new(folder))?;
    let (first, second) = files.split_at(files.len() / 2);
    let headers = std::thread::scope(|scope| {
        let other = scope.spawn(|| read(second));
        let mut headers = read(first)?;
        headers.extend(other.join().map_err(|_| "a thread ended early")??);
        Ok::<_, String>(headers)
    })?;
    drop(files);
    let members = headers.iter().enumerate().map(member).collect();
    let file_set = FileSet::build(FileSetId::new("BENCH")?, "2.25.1".into(), members, &STD_GEN_CD)?;
    std::fs::write(out, file_set.dicomdir())?;
    println!("{} records", file_set.n_records());
    Ok(())
}

fn member((source_index, header): (usize, &Header)) -> Member<'_> {
    Member { transfer_syntax: &header.transfer_syntax, header, source_index }
}

fn read(files: &[PathBuf]) -> Result<Vec<Header>, String> {
    let mut headers = Vec::with_capacity(files.len());
    let mut sharing = Sharing::default();
    for file in files {
        let mut header = read_header(&Source::file(file)).map_err(|refusal| refusal.to_string())?;
        sharing.share(&mut header);
        headers.push(header);
    }
    Ok(headers)
}

fn files_below(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (mut files, mut ahead) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = ahead.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() { ahead.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    Ok(files)
}
