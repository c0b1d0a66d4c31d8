//! TLS both ways with DCMTK's tools and with Orthanc, and every wrong certificate failing closed.

use super::*;
use crate::config::{ArchiveConfig, DimseConfig};
use crate::find::InstanceListing;
use crate::gates::Gates;
use crate::spool::Spool;
use crate::store_port::{Caller, expect};
use crate::{Archive, FetchProgress, PatientKey};
use filmdesk_dimse::AeTitle;
use filmdesk_testkit::orthanc::{Orthanc, free_ports};
use filmdesk_testkit::studies::{Spec, make};
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// An authority and what it signed, made by openssl: `NAME.pem` and `NAME.key`.
pub(crate) struct Office(TempDir);

impl Office {
    fn new() -> Office {
        let office = Office(tempfile::tempdir().unwrap());
        for authority in ["ca", "other-ca"] {
            let (key, pem) = (office.at(&format!("{authority}.key")), office.at(&format!("{authority}.pem")));
            let subject = format!("/CN=Test {authority}");
            let new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", &subject];
            office.openssl(&[&new[..], &["-keyout", &key, "-out", &pem]].concat());
            std::fs::write(office.at(&format!("{authority}.index")), "").unwrap();
        }
        office
    }

    pub(crate) fn at(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A certificate for an address or name, valid to the end of `until` (`YYYYMMDD`).
    fn issue(&self, name: &str, authority: &str, san: &str, until: &str) {
        let text = format!(
            "[ca]\ndefault_ca = c\n[c]\ndatabase = {authority}.index\nnew_certs_dir = .\nrand_serial = yes\n\
             default_md = sha256\npolicy = p\ncopy_extensions = copy\nunique_subject = no\n[p]\ncommonName = supplied\n"
        );
        std::fs::write(self.at("ca.cnf"), text).unwrap();
        let (key, csr, pem) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        let (subject, san) = (format!("/CN={name}"), format!("subjectAltName={san}"));
        let new = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", &subject, "-addext", &san];
        self.openssl(&[&new[..], &["-keyout", &key, "-out", &csr]].concat());
        let (signer, signer_key, end) =
            (format!("{authority}.pem"), format!("{authority}.key"), format!("{until}235959Z"));
        let sign = ["ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", &signer, "-keyfile", &signer_key];
        let dates = ["-startdate", "20200101000000Z", "-enddate", &end, "-in", &csr, "-out", &pem];
        self.openssl(&[&sign[..], &dates].concat());
    }

    /// The `[tls]` table of an archive.
    fn table(&self, authority: &str, ours: Option<&str>) -> String {
        let ours = ours.map(|name| {
            format!(
                "certificate_file = '{}'\nkey_file = '{}'\n",
                self.at(&format!("{name}.pem")),
                self.at(&format!("{name}.key"))
            )
        });
        format!("[tls]\nca_file = '{}'\n{}", self.at(&format!("{authority}.pem")), ours.unwrap_or_default())
    }

    /// DCMTK's options for the same.
    fn dcmtk(&self, name: &str, authority: &str) -> Vec<String> {
        let file = |name: &str, end: &str| self.at(&format!("{name}.{end}"));
        vec!["+tls".into(), file(name, "key"), file(name, "pem"), "+cf".into(), file(authority, "pem")]
    }
}

const LONG: &str = "20451231";

pub(crate) fn office() -> Office {
    let office = Office::new();
    office.issue("pacs", "ca", "IP:127.0.0.1", LONG);
    office.issue("desk", "ca", "IP:127.0.0.1", LONG);
    office.issue("elsewhere", "ca", "DNS:elsewhere.example", LONG);
    office.issue("expired", "ca", "IP:127.0.0.1", "20210131");
    office.issue("stranger", "other-ca", "IP:127.0.0.1", LONG);
    office
}

fn entry(port: u16, rest: &str) -> String {
    format!(
        "name = 'secure'\nkind = 'dimse'\nhost = '127.0.0.1'\nport = {port}\ncalled_ae = 'PACS'\ncalling_ae = 'DESK'\n\
         connect_seconds = 5\n{rest}"
    )
}

pub(crate) fn archive(entry: &str) -> Archive {
    let config: ArchiveConfig = toml::from_str(entry).unwrap();
    Archive::new(config).unwrap()
}

/// A program that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// DCMTK's storescp with TLS, asking for a certificate.
fn storescp(office: &Office, name: &str) -> (Running, u16) {
    let [port] = free_ports().unwrap();
    let mut program = Command::new("storescp");
    program.args(office.dcmtk(name, "ca")).args(["-aet", "PACS", "--ignore", &port.to_string()]);
    let running = Running(program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("storescp (dcmtk)"));
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    (running, port)
}

#[tokio::test]
async fn storescp_answers_us_over_tls_and_every_wrong_certificate_fails_closed() {
    let office = office();
    let (_pacs, port) = storescp(&office, "pacs");
    let with = |authority: &str, ours: Option<&str>| archive(&entry(port, &office.table(authority, ours)));
    let report = with("ca", Some("desk")).echo().await.unwrap();
    assert!(report.reached.contains("127.0.0.1"), "{report:?}");
    // Whose certificate, and what of it; and the peer is always named.
    let cases: [(Archive, &str); 4] = [
        (with("other-ca", Some("desk")), "not of an authority we trust"),
        (with("ca", None), ""),
        (with("ca", Some("stranger")), ""),
        (with("ca", Some("expired")), ""),
    ];
    for (archive, says) in cases {
        let error = archive.echo().await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        let named = error.code() == "archive-tls" && error.to_string().contains(&format!("127.0.0.1:{port}"));
        assert!(named || error.code() == "archive-connection-lost", "{}: {error}", error.code());
    }
    for (name, says) in [("expired", "expired on 2021-01-31"), ("elsewhere", "for another name")] {
        let (_pacs, port) = storescp(&office, name);
        let error = archive(&entry(port, &office.table("ca", Some("desk")))).echo().await.unwrap_err();
        assert_eq!(error.code(), "archive-tls", "{error}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
    }
    // Plain words to a TLS port, and TLS to a plain one: neither falls back.
    assert!(archive(&entry(port, "")).echo().await.is_err());
    let plain = Orthanc::start().unwrap();
    let error = archive(&entry(plain.dicom_port, &office.table("ca", Some("desk")))).echo().await.unwrap_err();
    assert!(matches!(error.code(), "archive-tls" | "archive-connection-lost" | "archive-timed-out"), "{error}");
}

#[test]
fn a_configuration_that_cannot_be_used_is_named() {
    let office = office();
    let refused = |rest: &str| {
        let config: ArchiveConfig = toml::from_str(&entry(104, rest)).unwrap();
        Archive::new(config).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refused("[tls]\nca_file = '/nowhere.pem'").contains("/nowhere.pem"));
    let key_alone = format!("{}key_file = '{}'\n", office.table("ca", None), office.at("desk.key"));
    assert!(refused(&key_alone).contains("certificate_file and key_file"));
    assert!(refused(&format!("via = 'move'\n{}", office.table("ca", None))).contains("Storage SCP"));
}

/// Our Storage SCP over TLS, called by DCMTK's echoscu, findscu and storescu.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dcmtk_calls_our_storage_scp_over_tls_with_a_certificate_and_not_without() {
    let office = office();
    let source = tempfile::tempdir().unwrap();
    make(source.path(), &Spec { ct: 1, mr: 0, dx: 0, us: 0, ..Spec::default() }).unwrap();
    let file = source.path().join("000000.dcm");
    let header = filmdesk_instance::read_header(&filmdesk_instance::Source::file(&file)).unwrap();
    let [port] = free_ports().unwrap();
    let text = format!(
        "host = '127.0.0.1'\ncalled_ae = 'PACS'\ncalling_ae = 'DESK'\nvia = 'move'\nstore_port = {port}\n\
         store_without_originator = true\n{}",
        office.table("ca", Some("desk"))
    );
    let config: DimseConfig = toml::from_str(&text).unwrap();
    let tls = Tls::read(config.tls.as_ref().unwrap(), &config.host).unwrap();
    let title = |text: &str| AeTitle::new(text).unwrap();
    let caller = Caller::of(&config, &title("PACS"), &title("DESK")).await.unwrap();
    let listing = InstanceListing {
        sop_instance_uid: header.sop_instance_uid.clone(),
        sop_class_uid: header.sop_class_uid.to_string(),
        series_uid: header.series_uid.to_string(),
    };
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::new(folder.path(), Some(&[listing]), CancellationToken::new(), Gates::default()).unwrap();
    let _expecting = expect(&config, Some(&tls), caller, spool.clone()).await.unwrap();
    let file = file.to_string_lossy().into_owned();
    let run = |program: &'static str, tls: Vec<String>, last: Vec<String>| {
        let titles = ["-aet", "PACS", "-aec", "DESK", "-to", "5", "-v"].map(str::to_owned).to_vec();
        let arguments = [tls, titles, vec!["127.0.0.1".into(), port.to_string()], last].concat();
        tokio::task::spawn_blocking(move || Command::new(program).args(arguments).output().expect("dcmtk"))
    };
    let said = |output: &Output| {
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    for wrong in
        [vec![], office.dcmtk("stranger", "ca"), office.dcmtk("expired", "ca"), office.dcmtk("pacs", "other-ca")]
    {
        let output = run("storescu", wrong, vec![file.clone()]).await.unwrap();
        assert!(!output.status.success(), "{}", said(&output));
        assert_eq!(spool.received().len(), 0);
    }
    let output = run("echoscu", office.dcmtk("pacs", "ca"), vec![]).await.unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let query = ["-k", "0008,0052=STUDY", "-S"].map(str::to_owned).to_vec();
    let output = run("findscu", office.dcmtk("pacs", "ca"), query).await.unwrap();
    assert!(said(&output).contains("No Acceptable Presentation Contexts"), "it queries no desk: {}", said(&output));
    let output = run("storescu", office.dcmtk("pacs", "ca"), vec![file]).await.unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(spool.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_study_comes_from_orthanc_over_tls_by_get_and_by_move() {
    let office = office();
    let source = tempfile::tempdir().unwrap();
    let made = make(source.path(), &Spec { ct: 5, mr: 0, dx: 0, us: 0, ..Spec::default() }).unwrap();
    let [store_port] = free_ports().unwrap();
    let desk = serde_json::json!({ "AET": "DESK", "Host": "127.0.0.1", "Port": store_port, "UseDicomTls": true });
    let orthanc = Orthanc::start_with(serde_json::json!({
        "DicomTlsEnabled": true, "DicomTlsCertificate": office.at("pacs.pem"), "DicomTlsPrivateKey": office.at("pacs.key"),
        "DicomTlsTrustedCertificates": office.at("ca.pem"), "DicomModalities": { "desk": desk }
    }));
    let orthanc = orthanc.unwrap();
    assert_eq!(orthanc.store_folder(source.path()).unwrap(), 5);
    let key = PatientKey { patient_id: "T1234567".into(), issuer: None };
    for via in ["get", "move"] {
        let rest = format!("via = '{via}'\nstore_port = {store_port}\n{}", office.table("ca", Some("desk")));
        let into = tempfile::tempdir().unwrap();
        let go_on = |_: FetchProgress| ControlFlow::Continue(());
        let archive = archive(&entry(orthanc.dicom_port, &rest));
        let fetched = archive.fetch(&key, &made.studies[0], into.path(), &go_on).await;
        assert_eq!(fetched.unwrap_or_else(|e| panic!("{via}: {e}\n{}", orthanc.log())).received.len(), 5);
    }
    let strange = archive(&entry(orthanc.dicom_port, &office.table("ca", Some("stranger"))));
    assert!(strange.find(&key).await.is_err());
}
