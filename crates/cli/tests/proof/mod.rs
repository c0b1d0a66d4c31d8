//! A disc image is proved with tools that are not ours, and with our own checker.

use super::desk::{filmdesk, said};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python")
}

/// The folder of DICOM files that pydicom ships.
pub fn pydicom_files() -> PathBuf {
    let script = "import pydicom, pathlib; print(pathlib.Path(pydicom.__file__).parent / 'data' / 'test_files')";
    PathBuf::from(tool(Command::new(python()).args(["-c", script])).trim())
}

fn tool(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}; `make test` installs it"));
    assert!(output.status.success(), "{command:?}:\n{}", said(&output));
    said(&output)
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    tool(Command::new(program).args(arguments).current_dir(folder))
}

/// Asserts that `isoinfo`, `isovfy`, `xorriso`, `sha256sum`, `dcmftest`, `dcdirdmp`, `dcmmkdir`, pydicom and
/// `filmdesk check` all accept the image, and count `n_instances` on it.
pub fn prove(image: &Path, volume: &str, n_instances: usize) {
    let folder = image.parent().expect("a folder");
    let file = image.to_str().expect("a path");
    let described = run("isoinfo", &["-d", "-i", file], folder);
    assert!(described.contains(&format!("Volume id: {volume}\n")), "{described}");
    let listed = run("isoinfo", &["-f", "-i", file], folder);
    let dicom: BTreeSet<&str> = listed.lines().filter(|line| line.starts_with("/DICOM/")).collect();
    let files = dicom.iter().filter(|line| line.ends_with(".;1")).count();
    assert_eq!(files, n_instances, "level 1 names with `.;1`:\n{listed}");
    assert!(run("isovfy", &[file], folder).contains("No errors found"));

    let tree = folder.join(format!("{volume}-tree"));
    run("xorriso", &["-osirrox", "on", "-indev", file, "-extract", "/", tree.to_str().expect("path")], folder);
    tool(Command::new("chmod").args(["-R", "u+w"]).arg(&tree));
    run("sha256sum", &["--quiet", "-c", "SHA256.SUM"], &tree);
    let members = files_of(&tree.join("DICOM"));
    assert_eq!(members.len(), n_instances);
    for member in &members {
        assert!(tool(Command::new("dcmftest").arg(member)).starts_with("yes:"), "{}", member.display());
    }
    // dicom3tools prints the tree on standard error.
    let dumped = run("dcdirdmp", &["-paths", "DICOMDIR"], &tree);
    assert_eq!(dumped.matches("DICOM").count(), n_instances, "{dumped}");
    run("dcmmkdir", &["-nb", "+r", "+D", "../again", "DICOM"], &tree);
    let again = run("dcmdump", &["../again"], &tree);
    assert_eq!(again.matches("(0004,1500)").count(), n_instances, "DCMTK indexes as many");
    let script = "import sys; from pydicom.fileset import FileSet; print(len(FileSet(sys.argv[1])))";
    let counted = tool(Command::new(python()).args(["-W", "ignore", "-c", script]).arg(tree.join("DICOMDIR")));
    assert_eq!(counted.trim(), n_instances.to_string(), "pydicom reads as many");
    tool(filmdesk().args(["check", file]));
    for path in files_of(&tree) {
        let name = path.strip_prefix(&tree).expect("below").to_str().expect("ASCII").to_owned();
        assert!(name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "_./".contains(c)), "{name}");
    }
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    super::desk::files_below(folder)
}
