//! A private Orthanc with DICOMweb, on free loopback ports, from a temporary folder: the archive that tests fetch from.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// AE title of every Orthanc started here.
pub const AE_TITLE: &str = "PACS";
/// The AE title it knows our Storage SCP by, at [`Orthanc::store_port`].
pub const DESK_AE_TITLE: &str = "DESK";

const PLUGINS: &[&str] =
    &["/usr/share/orthanc/plugins/libOrthancDicomWeb.so", "/usr/lib/orthanc/libOrthancDicomWeb.so"];
const PROGRAMS: &[&str] = &["/usr/sbin/Orthanc", "/usr/bin/Orthanc", "/usr/local/sbin/Orthanc"];

/// A running Orthanc. It is stopped, and everything it stored removed, on drop.
pub struct Orthanc {
    child: Child,
    folder: TempDir,
    /// Where it speaks HTTP.
    pub http_port: u16,
    /// Where it speaks DICOM.
    pub dicom_port: u16,
    /// Where it believes [`DESK_AE_TITLE`] listens; free at start.
    pub store_port: u16,
}

impl Orthanc {
    /// Starts one and waits until it answers.
    ///
    /// # Errors
    /// When the program or its DICOMweb plugin is not installed (Debian: `orthanc`, `orthanc-dicomweb`), or it does not
    /// answer within 30 s.
    pub fn start() -> io::Result<Orthanc> {
        Orthanc::start_with(serde_json::json!({}))
    }

    /// Starts one with some of Orthanc's own settings replaced.
    ///
    /// # Errors
    /// As [`Orthanc::start`].
    pub fn start_with(settings: serde_json::Value) -> io::Result<Orthanc> {
        let program = existing(PROGRAMS, "Orthanc (Debian package orthanc)")?;
        let plugin = existing(PLUGINS, "Orthanc's DICOMweb plugin (Debian package orthanc-dicomweb)")?;
        let folder = tempfile::tempdir()?;
        let [http_port, dicom_port, store_port] = free_ports()?;
        let mut configuration = serde_json::json!({
            "Name": "TEST", "StorageDirectory": folder.path().join("db"), "IndexDirectory": folder.path().join("db"),
            "DicomAet": AE_TITLE, "DicomPort": dicom_port, "DicomCheckCalledAet": true,
            "HttpPort": http_port, "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
            // Its C-FIND answers are written in this; in its own default, Latin 1, Chinese names come out empty.
            "DefaultEncoding": "Utf8",
            "OverwriteInstances": false, "SaveJobs": false, "Plugins": [plugin],
            "DicomModalities": { "desk": [DESK_AE_TITLE, "127.0.0.1", store_port] },
            "DicomAlwaysAllowEcho": true, "DicomAlwaysAllowFind": true, "DicomAlwaysAllowGet": true,
            "DicomAlwaysAllowMove": true
        });
        if let (Some(all), Some(some)) = (configuration.as_object_mut(), settings.as_object()) {
            all.extend(some.clone());
        }
        let file = folder.path().join("orthanc.json");
        std::fs::write(&file, configuration.to_string())?;
        let log = File::create(folder.path().join("orthanc.log"))?;
        let child =
            Command::new(program).arg(&file).stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).spawn()?;
        let mut orthanc = Orthanc { child, folder, http_port, dicom_port, store_port };
        orthanc.wait_until_it_answers()?;
        Ok(orthanc)
    }

    fn wait_until_it_answers(&mut self) -> io::Result<()> {
        let patience = Instant::now() + Duration::from_secs(30);
        while Instant::now() < patience {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("Orthanc ended at once ({status}): {}", self.log())));
            }
            if self.get("/system").is_ok() && TcpStream::connect(("127.0.0.1", self.dicom_port)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("Orthanc does not answer: {}", self.log())))
    }

    /// Its process, for tests that stop and continue it.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory and the like are none of our business; its log may be, when a test fails.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("orthanc.log")).unwrap_or_default()
    }

    /// Root of its DICOMweb services.
    pub fn dicom_web_url(&self) -> String {
        format!("http://127.0.0.1:{}/dicom-web", self.http_port)
    }

    /// Stores every file below the folder; returns how many it took. What it refuses (no DICOM) is not counted.
    ///
    /// # Errors
    /// When the folder cannot be read or Orthanc does not answer.
    pub fn store_folder(&self, folder: &Path) -> io::Result<usize> {
        let mut files = Vec::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        self.store(&files)
    }

    /// Stores these files; returns how many it took.
    ///
    /// # Errors
    /// As [`Orthanc::store_folder`].
    pub fn store(&self, files: &[PathBuf]) -> io::Result<usize> {
        let next = AtomicUsize::new(0);
        let work = || -> io::Result<usize> {
            let mut connection = None;
            let mut taken = 0;
            while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (status, _) = self.request(&mut connection, "POST", "/instances", &std::fs::read(path)?)?;
                taken += usize::from(status == 200);
            }
            Ok(taken)
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(|w| w.join().unwrap_or_else(|_| Err(io::Error::other("a worker ended")))).sum()
        })
    }

    /// A document of its REST interface.
    ///
    /// # Errors
    /// When it does not answer 200.
    pub fn get(&self, path: &str) -> io::Result<Vec<u8>> {
        match self.request(&mut None, "GET", path, &[])? {
            (200, body) => Ok(body),
            (status, _) => Err(io::Error::other(format!("HTTP {status}"))),
        }
    }

    /// Removes an object by its SOP Instance UID; whether it was there.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn delete(&self, sop_instance_uid: &str) -> io::Result<bool> {
        let instances: Vec<serde_json::Value> = serde_json::from_slice(&self.get("/instances?expand")?)?;
        let wanted = |i: &&serde_json::Value| i["MainDicomTags"]["SOPInstanceUID"].as_str() == Some(sop_instance_uid);
        let Some(id) = instances.iter().find(wanted).and_then(|instance| instance["ID"].as_str()) else {
            return Ok(false);
        };
        let (status, _) = self.request(&mut None, "DELETE", &format!("/instances/{id}"), &[])?;
        Ok(status == 200)
    }

    /// The bytes of every object it stores, by SOP Instance UID: what a fetch is compared with.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn stored(&self) -> io::Result<std::collections::BTreeMap<String, Vec<u8>>> {
        let ids: Vec<serde_json::Value> = serde_json::from_slice(&self.get("/instances?expand")?)?;
        let mut connection = None;
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let mut fetch = |instance: &serde_json::Value| {
            let path = format!("/instances/{}/file", text(&instance["ID"]));
            let (_, body) = self.request(&mut connection, "GET", &path, &[])?;
            Ok((text(&instance["MainDicomTags"]["SOPInstanceUID"]), body))
        };
        ids.iter().map(&mut fetch).collect()
    }

    fn request(
        &self,
        connection: &mut Option<TcpStream>,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> io::Result<(u16, Vec<u8>)> {
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => TcpStream::connect(("127.0.0.1", self.http_port))?,
        };
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut message = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\nExpect:\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        message.extend_from_slice(body);
        stream.write_all(&message)?;
        let answer = read_answer(&mut stream)?;
        *connection = Some(stream);
        Ok(answer)
    }
}

impl Drop for Orthanc {
    fn drop(&mut self) {
        // Nothing of it is kept, so it need not shut down in good order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn existing<'a>(places: &[&'a str], what: &str) -> io::Result<&'a str> {
    let found = places.iter().copied().find(|place| Path::new(place).exists());
    found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("{what} is not installed")))
}

/// Loopback ports that were free a moment ago, below the range the kernel gives to outgoing connections, so that nobody
/// takes them by accident.
///
/// # Errors
/// When there are none.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    const FIRST: u16 = 20_000;
    const SPAN: u16 = 12_000;
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // Processes start apart, so that tests of several crates at once seldom meet.
    let start = std::process::id() as usize * 61;
    let mut ports = [0; N];
    for port in &mut ports {
        let mut tries = (0..SPAN).map(|_| {
            let at = start + NEXT.fetch_add(1, Ordering::Relaxed);
            FIRST + (at % usize::from(SPAN)) as u16
        });
        *port = tries
            .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
            .ok_or_else(|| io::Error::other("no free port on loopback"))?;
    }
    Ok(ports)
}

/// One HTTP/1.1 answer with a Content-Length, which is how Orthanc answers.
fn read_answer(stream: &mut TcpStream) -> io::Result<(u16, Vec<u8>)> {
    let bad = || io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer");
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => bytes.extend_from_slice(&buffer[..n]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(bad)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let length = length.ok_or_else(bad)?;
    while bytes.len() < head_end + length {
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => bytes.extend_from_slice(&buffer[..n]),
        }
    }
    Ok((status, bytes.split_off(head_end)))
}
