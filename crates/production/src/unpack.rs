//! A File-set as a folder, for a USB stick: unpacked from its image, which was proven, and proven again by its manifest.

use crate::contents::MANIFEST;
use crate::examine::{Examination, examine};
use crate::failure::{Failure, FailureCode};
use crate::make::MadeDisc;
use crate::volume::Image;
use filmdesk_desk::WhoCanFix;
use filmdesk_fileset::MediaProfile;
use filmdesk_instance::Inspector;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// What is made, for people.
const FILES: &str = "the files for the stick";

/// Puts the files of a finished image into a folder beside it, called `VOLUME-ID`, reads them back (every hash of the
/// manifest, the index against every object, nothing more and nothing less), and removes the image.
///
/// A failure leaves the image and no folder of that name.
///
/// # Errors
/// The disk is full, what was read back differs, or a folder of that name is there already.
pub fn unpack(disc: &MadeDisc, profile: &MediaProfile, inspector: &dyn Inspector) -> Result<PathBuf, Failure> {
    let writing = |error: io::Error| Failure::writing(FILES, &error);
    let folder = disc.path.with_extension("");
    if folder.exists() {
        let what = format!("There is a folder {} already.", disc.volume_id);
        let next = "Move it away, then try again.";
        return Err(Failure::new(FailureCode::ProcessingFailure, WhoCanFix::Operator, what, next));
    }
    let part = disc.path.with_file_name(format!(".{}.files", disc.volume_id));
    let fresh = if part.exists() { std::fs::remove_dir_all(&part) } else { Ok(()) };
    fresh.map_err(writing)?;
    let _temporary = Temporary(part.clone());
    let image = Image::open(&disc.path).map_err(|fault| differs(FILES, &fault.to_string()))?;
    for (path, _) in image.files() {
        copy(&image, path, &part.join(path)).map_err(writing)?;
    }
    let verdict = examine(&part, inspector, Some(profile), None).map_err(|error| differs(FILES, &error.to_string()))?;
    proven(FILES, &verdict, &image)?;
    std::fs::rename(&part, &folder).map_err(writing)?;
    std::fs::remove_file(&disc.path).map_err(writing)?;
    Ok(folder)
}

fn copy(image: &Image, path: &str, to: &Path) -> io::Result<()> {
    if let Some(above) = to.parent() {
        std::fs::create_dir_all(above)?;
    }
    let mut file = File::create(to)?;
    image.copy(path, &mut file)?;
    file.sync_data()
}

/// What was made of an image is whole and as it should be: `made` names it to people.
pub(crate) fn proven(made: &str, verdict: &Examination, image: &Image) -> Result<(), Failure> {
    let whole = image.files().iter().filter(|(path, _)| path != MANIFEST).count();
    if let Some(finding) = verdict.report.findings.iter().find(|_| !verdict.report.is_good()) {
        return Err(differs(made, &format!("{} ({})", finding.message, finding.code)));
    }
    if verdict.n_manifest_equal != whole {
        return Err(differs(made, "files are missing from it"));
    }
    Ok(())
}

pub(crate) fn differs(made: &str, what: &str) -> Failure {
    let what = format!("What was read back of {made} is not the image: {what}. It was thrown away.");
    let next = "Try again; if it stays so, look at the disk and the memory of this machine.";
    let stall = Failure::new(FailureCode::ReadBackMismatch, WhoCanFix::Operator, what, next);
    Failure { retry: true, ..stall }
}

/// Removes unfinished files when the unpacking ends early.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // After success the folder has another name, and there is nothing to remove.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
