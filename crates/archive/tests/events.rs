//! Events of another maker's provider: DCMTK's printer sends none, pynetdicom's does as it is told.

use filmdesk_dimse::{AeTitle, Association, AssociationOptions, Contexts, Normalized, uid};
use filmdesk_testkit::orthanc::free_ports;
use filmdesk_testkit::pydicom;
use std::io::Read;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PRINT_MANAGEMENT: &str = "1.2.840.10008.5.1.1.9";
const PRINTER: &str = "1.2.840.10008.5.1.1.16";
const THE_PRINTER: &str = "1.2.840.10008.5.1.1.17";

struct Provider(Child);

impl Provider {
    fn start(port: u16) -> Provider {
        let python = pydicom::python().expect("`make neighbours` installs pynetdicom");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/events.py");
        let mut command = Command::new(python);
        command.args([script, &port.to_string()]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut provider = Provider(command.spawn().unwrap());
        let patience = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let late = Instant::now() > patience || provider.0.try_wait().unwrap().is_some();
            assert!(!late, "pynetdicom does not answer (`make neighbours` installs it): {:?}", provider.said());
            std::thread::sleep(Duration::from_millis(50));
        }
        provider
    }

    /// Stops it, and gives what it printed on both streams.
    fn said(&mut self) -> String {
        let _ = self.0.kill();
        let mut said = String::new();
        let _ = self.0.stdout.take().unwrap().read_to_string(&mut said);
        let _ = self.0.stderr.take().unwrap().read_to_string(&mut said);
        said
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn events_of_pynetdicom_are_taken_and_answered_to_its_satisfaction() {
    let [port] = free_ports().unwrap();
    let mut provider = Provider::start(port);
    let title = |text: &str| AeTitle::new(text).unwrap();
    let contexts = Contexts::new().context(PRINT_MANAGEMENT, &[uid::EXPLICIT_VR_LE]);
    let options = AssociationOptions::new("127.0.0.1", port, title("PRINTER"), title("DESK"), contexts);
    let mut association = Association::open(&options).await.unwrap();
    for expected in [1, 2] {
        let event = association.next_event().await.unwrap();
        assert_eq!((event.event, event.sop_class_uid.as_str()), (expected, PRINTER));
        assert_eq!(event.sop_instance_uid, THE_PRINTER);
        assert!(event.information.windows(10).any(|window| window == b"SUPPLY LOW"), "Printer Status Info");
    }
    // It answers this when it has said what it got for its events.
    let get = Normalized::Get { instance: THE_PRINTER, attributes: &[] };
    let status = association.normalized(PRINT_MANAGEMENT, PRINTER, get, None).await.unwrap();
    assert!(status.attributes.windows(6).any(|window| window == b"NORMAL"));
    association.release().await.unwrap();
    let said = provider.said();
    assert!(said.contains("answered 1 0\nanswered 2 0\n"), "{said}");
}
