//! What the fuzz targets share. What each of them holds true of any bytes is in its crate's `fuzzing` module.

use std::path::Path;
use std::sync::LazyLock;

static SCRATCH: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    // In memory where the machine has such a folder: every input is a file for a moment.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a folder for scratch files")
});

/// A folder of this process's own.
pub fn scratch() -> &'static Path {
    SCRATCH.path()
}
