//! A private DCMTK `dcmprscp`: a film printer that keeps what it is given as Stored Prints.

use crate::orthanc::free_ports;
use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// AE title of every printer started here.
pub const AE_TITLE: &str = "PRINTER";

/// A running dcmprscp. It is stopped, and everything it printed removed, on drop.
pub struct Printer {
    child: Child,
    folder: TempDir,
    /// Where it speaks DICOM.
    pub port: u16,
}

impl Printer {
    /// Starts one and waits until it answers.
    ///
    /// # Errors
    /// When DCMTK is not installed (Debian: `dcmtk`), or it does not answer within 10 s.
    pub fn start() -> io::Result<Printer> {
        let folder = tempfile::tempdir()?;
        let [port] = free_ports()?;
        for name in ["spool", "db", "log"] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        let at = folder.path().display();
        let text = format!(
            "[[GENERAL]]\n[APPLICATION]\nLogDirectory = {at}/log\n[PRINT]\nDirectory = {at}/spool\n\
             [DATABASE]\nDirectory = {at}/db\n[[COMMUNICATION]]\n[{AE_TITLE}]\nAetitle = {AE_TITLE}\n\
             Description = Test\nDisplayFormat = 1,1\\2,2\nFilmSizeID = 14INX17IN\nHostname = localhost\n\
             MaxPDU = 32768\nPort = {port}\nSupports12Bit = true\nSupportsPresentationLUT = true\nType = LOCALPRINTER\n"
        );
        let configuration = folder.path().join("printer.cfg");
        std::fs::write(&configuration, text)?;
        let log = File::create(folder.path().join("printer.log"))?;
        let mut program = Command::new("dcmprscp");
        program.args(["-v", "-p", AE_TITLE, "-c"]).arg(&configuration);
        program.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let printer = Printer { child: program.spawn()?, folder, port };
        let patience = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > patience {
                let what = format!("dcmprscp does not answer: {}", printer.log());
                return Err(io::Error::new(io::ErrorKind::TimedOut, what));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(printer)
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("printer.log")).unwrap_or_default()
    }

    /// The files it keeps: hardcopy images and Stored Prints.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn printed(&self) -> io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(self.folder.path().join("db"))?;
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
        files.retain(|path| path.extension().is_some_and(|extension| extension == "dcm"));
        files.sort();
        Ok(files)
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        // Nothing of it is kept, so it need not shut down in good order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
