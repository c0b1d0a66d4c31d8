//! A private DCMTK `dcmqrscp`: the second archive that tests fetch from. Old, strict about query levels, and with the
//! socket habits of most of the field.

use crate::orthanc::{AE_TITLE, DESK_AE_TITLE, free_ports};
use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running dcmqrscp. It is stopped, and everything it stored removed, on drop.
pub struct Dcmqrscp {
    child: Child,
    folder: TempDir,
    /// Where it speaks DICOM, as [`AE_TITLE`].
    pub dicom_port: u16,
    /// Where it believes [`DESK_AE_TITLE`] listens; free at start.
    pub store_port: u16,
}

impl Dcmqrscp {
    /// Starts one that holds the files of a folder.
    ///
    /// # Errors
    /// When DCMTK is not installed (Debian: `dcmtk`), or it does not answer within 10 s.
    pub fn start(files: &Path) -> io::Result<Dcmqrscp> {
        let folder = tempfile::tempdir()?;
        let database = folder.path().join("db");
        std::fs::create_dir(&database)?;
        let mut index = Command::new("dcmqridx");
        index.arg(&database);
        for entry in std::fs::read_dir(files)? {
            let entry = entry?;
            let copy = database.join(entry.file_name());
            std::fs::copy(entry.path(), &copy)?;
            index.arg(copy);
        }
        if !index.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success() {
            return Err(io::Error::other("dcmqridx could not index the files"));
        }
        let [dicom_port, store_port] = free_ports()?;
        let configuration = folder.path().join("dcmqrscp.cfg");
        let text = format!(
            "NetworkTCPPort = {dicom_port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n\
             HostTable BEGIN\ndesk = ({DESK_AE_TITLE}, localhost, {store_port})\nHostTable END\n\
             VendorTable BEGIN\nVendorTable END\n\
             AETable BEGIN\n{AE_TITLE} {} RW (500, 4096mb) ANY\nAETable END\n",
            database.display()
        );
        std::fs::write(&configuration, text)?;
        let log = File::create(folder.path().join("dcmqrscp.log"))?;
        let mut program = Command::new("dcmqrscp");
        program.arg("-c").arg(&configuration).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let archive = Dcmqrscp { child: program.spawn()?, folder, dicom_port, store_port };
        let patience = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", dicom_port)).is_err() {
            if Instant::now() > patience {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("dcmqrscp does not answer: {}", archive.log()),
                ));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(archive)
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("dcmqrscp.log")).unwrap_or_default()
    }
}

impl Drop for Dcmqrscp {
    fn drop(&mut self) {
        // Nothing of it is kept, so it need not shut down in good order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
