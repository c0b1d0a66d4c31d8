//! pydicom, as `make neighbours` installs it: its reader, and the test files it ships.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Python with pydicom, numpy and pylibjpeg; `None` when it is not installed.
pub fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    python.exists().then_some(python)
}

/// The folder of the files pydicom ships (`test_files`, `charset_files`): where `FILMDESK_PYDICOM_DATA` says, or what
/// [`python`] answers; `None` when there is neither.
#[allow(clippy::disallowed_methods, reason = "a test's neighbour, not the product's configuration")]
pub fn data() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("FILMDESK_PYDICOM_DATA") {
        return Some(PathBuf::from(folder));
    }
    const WHERE: &str = "import os, pydicom; print(os.path.join(os.path.dirname(pydicom.__file__), 'data'))";
    let said = Command::new(python()?).args(["-c", WHERE]).output().ok()?;
    let folder = PathBuf::from(String::from_utf8(said.stdout).ok()?.trim());
    folder.is_dir().then_some(folder)
}
