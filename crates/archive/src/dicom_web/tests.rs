use super::*;
use crate::config::TlsConfig;
use crate::tls::Tls;
use crate::tls::tests::{Office, archive, office};
use crate::{FetchProgress, PatientKey};
use filmdesk_testkit::orthanc::Orthanc;
use filmdesk_testkit::studies::{Spec, make};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::Arc;

fn config(url: &str) -> DicomWebConfig {
    let (user, password_file, token_file, ca_file, identity_file) = (None, None, None, None, None);
    let url = url.to_owned();
    DicomWebConfig { url, user, password_file, token_file, ca_file, identity_file, connect_seconds: 1, idle_seconds: 1 }
}

#[test]
fn query_values_cannot_leave_their_place() {
    assert_eq!(percent("A1&limit=9/../é"), "A1%26limit%3D9%2F..%2F%C3%A9");
}

#[test]
fn a_url_is_an_origin_and_a_path() {
    assert!(DicomWeb::new(config("http://127.0.0.1:8042/dicom-web/")).is_ok());
    for bad in ["pacs", "ftp://pacs/x", "http://user:pw@pacs/x", "http://pacs/x?y=1"] {
        assert!(matches!(DicomWeb::new(config(bad)), Err(ArchiveError::Configuration(_))), "{bad}");
    }
}

#[test]
fn names_numbers_and_rubbish_in_dicom_json() {
    let objects = serde_json::json!([{
        "00100010": { "vr": "PN", "Value": [{ "Alphabetic": "TEST^Wang", "Ideographic": "王^試驗" }] },
        "00201208": { "vr": "IS", "Value": [12] },
        "00100020": { "vr": "LO", "Value": ["T1 "] },
        "0010": 3, "zzzzzzzz": {}, "00080020": { "vr": "DA" }, "00081030": { "Value": [null, ["x"], {}] },
        "00080061": { "Value": "CT" }, "00081010": 7, "00080050": [1]
    }, 7, []]);
    let found = answers(objects.to_string().as_bytes()).unwrap();
    let answer = &found[0];
    assert_eq!((found.len(), answer.first(tag::DESCRIPTION), answer.first(tag::MODALITIES)), (3, None, None));
    assert_eq!(answer.first(tag::NAME), Some("TEST^Wang=王^試驗"));
    assert_eq!(answer.first(tag::N_INSTANCES), Some("12"));
    assert_eq!(answer.first(tag::PATIENT_ID), Some("T1"));
    assert_eq!(answer.first(tag::STUDY_DATE), None);
}

/// What is kept of an answer is bounded, however large it is within its limit.
#[test]
fn a_swollen_answer_is_kept_small() {
    let many = |what: &str, n: usize| format!("[{}]", vec![what; n].join(","));
    let values = format!(r#"[{{"0020000D": {{"Value": {}}}}}]"#, many("1", 1_000_000));
    let found = answers(values.as_bytes()).unwrap();
    assert_eq!((found.len(), found[0].all(tag::STUDY).len()), (1, MAX_VALUES));
    assert_eq!(answers(many("0", MAX_ANSWERS).as_bytes()).unwrap().len(), MAX_ANSWERS);
    assert!(matches!(answers(many("0", MAX_ANSWERS + 1).as_bytes()), Err(ArchiveError::Answer(_))));
    for rubbish in ["{}", "[", "7", "[{]", &"[".repeat(100_000)] {
        assert!(matches!(answers(rubbish.as_bytes()), Err(ArchiveError::Answer(_))), "{}", &rubbish[..1]);
    }
}

/// A server that drips is left after a while; one that sends is not.
#[test]
fn a_server_that_drips_is_left() {
    let long_ago = || Instant::now().checked_sub(WINDOW).expect("the machine is up that long");
    let mut drips = Pace { since: long_ago(), bytes: LEAST_BYTES - 2, service: WADO };
    assert!(matches!(drips.came(1), Err(ArchiveError::HttpFailed { transient: true, .. })));
    let mut sends = Pace { since: long_ago(), bytes: LEAST_BYTES - 1, service: WADO };
    sends.came(1).unwrap();
    assert_eq!(sends.bytes, 0, "a new window");
    Pace::new(WADO).came(0).unwrap();
}

const SECRET: &str = "secret-of-a-test";

/// A file of several others: a certificate with its key.
fn together(office: &Office, name: &str) -> String {
    let parts = [".pem", ".key"].map(|end| std::fs::read_to_string(office.at(&format!("{name}{end}"))).unwrap());
    let file = office.at(&format!("{name}.both"));
    std::fs::write(&file, parts.concat()).unwrap();
    file
}

/// What hospitals put in front of a PACS: TLS with this certificate, asking for one of ours, and an Authorization header that
/// must be this. (Debian's Orthanc ends when it is called over HTTPS.) Answers where it listens.
fn front(office: &Office, certificate: &str, orthanc: &Orthanc, authorization: &str) -> u16 {
    let file = |name: &str| office.at(name).into();
    let tls = TlsConfig {
        ca_file: file("ca.pem"),
        certificate_file: Some(file(&format!("{certificate}.pem"))),
        key_file: Some(file(&format!("{certificate}.key"))),
        name: None,
    };
    let tls = Tls::read(&tls, "127.0.0.1").unwrap().server.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (behind, wanted) = (orthanc.http_port, format!("authorization: {authorization}\r\n"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (tls, wanted) = (tls.clone(), wanted.clone());
            let Ok(stream) = stream else { continue };
            // A handshake that fails is the caller's to tell of.
            std::thread::spawn(move || drop(pass_on(stream, tls, behind, &wanted)));
        }
    });
    port
}

/// One request, and its answer.
fn pass_on(stream: TcpStream, tls: Arc<rustls::ServerConfig>, behind: u16, wanted: &str) -> std::io::Result<()> {
    let connection = rustls::ServerConnection::new(tls).map_err(std::io::Error::other)?;
    let mut caller = rustls::StreamOwned::new(connection, stream);
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        caller.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).map_err(std::io::Error::other)?;
    let mut answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec();
    if head.contains(wanted) {
        let mut orthanc = TcpStream::connect(("127.0.0.1", behind))?;
        orthanc.write_all(head.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes())?;
        answer.clear();
        orthanc.read_to_end(&mut answer)?;
        let line = answer.windows(2).position(|two| two == b"\r\n").unwrap_or(0);
        answer.splice(line..line, *b"\r\nConnection: close");
    }
    caller.write_all(&answer)?;
    caller.conn.send_close_notify();
    caller.flush()
}

fn entry(port: u16, lines: &[String]) -> String {
    let head = format!(
        "name = 'secure'\nkind = 'dicom-web'\nurl = 'https://127.0.0.1:{port}/dicom-web'\nconnect_seconds = 5\n"
    );
    head + &lines.join("\n")
}

async fn fetched(entry: &str) -> Result<usize, ArchiveError> {
    let archive = archive(entry);
    let key = PatientKey { patient_id: "T1234567".into(), issuer: None };
    let found = archive.find(&key).await?;
    let into = tempfile::tempdir().unwrap();
    let go_on = |_: FetchProgress| ControlFlow::Continue(());
    Ok(archive.fetch(&key, &found[0].study_uid, into.path(), &go_on).await?.received.len())
}

/// What is refused says who and why, may not be tried again by itself, and tells no secret.
async fn refused(port: u16, lines: &[String], code: &str, said: &str) {
    let error = fetched(&entry(port, lines)).await.unwrap_err();
    let text = format!("{error} {}", error.next());
    assert_eq!((error.code(), error.retryable()), (code, false), "{lines:?}: {text}");
    assert!(text.contains(said), "{lines:?}: {text}");
    assert!(code != "archive-tls" || text.contains(&format!("127.0.0.1:{port}")), "{text}");
    for secret in [SECRET, "wrong", "T1234567"] {
        assert!(!text.contains(secret) && !format!("{error:?}").contains(secret), "{text}");
    }
}

#[tokio::test]
async fn certificates_of_both_sides_and_a_password_or_a_token_are_needed() {
    let office = office();
    let orthanc = Orthanc::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &Spec { ct: 2, mr: 0, dx: 0, us: 0, ..Spec::default() }).unwrap();
    assert_eq!(orthanc.store_folder(folder.path()).unwrap(), 2);
    let file = |name: &str, text: &str| {
        std::fs::write(office.at(name), text).unwrap();
        office.at(name)
    };
    let ca = |name: &str| format!("ca_file = '{}'", office.at(&format!("{name}.pem")));
    let ours = |name: &str| format!("identity_file = '{}'", together(&office, name));
    let login = |password: String| format!("user = 'desk'\npassword_file = '{password}'");
    let token = |text: &str| format!("token_file = '{}'", file(&format!("{text}.token"), text));
    // base64 of `desk:` and the secret
    let basic = "Basic ZGVzazpzZWNyZXQtb2YtYS10ZXN0";
    let port = front(&office, "pacs", &orthanc, basic);
    let right = login(file("right", SECRET));
    assert_eq!(fetched(&entry(port, &[ca("ca"), ours("desk"), right.clone()])).await.unwrap(), 2);
    let bearer = front(&office, "pacs", &orthanc, &format!("Bearer {SECRET}"));
    assert_eq!(fetched(&entry(bearer, &[ca("ca"), ours("desk"), token(SECRET)])).await.unwrap(), 2);

    let mistyped = login(file("mistyped", "wrong"));
    for (port, wrong) in [(port, vec![]), (port, vec![mistyped]), (bearer, vec![]), (bearer, vec![token("wrong")])] {
        let lines = [vec![ca("ca"), ours("desk")], wrong].concat();
        refused(port, &lines, "archive-not-authorised", "401").await;
    }
    refused(port, &[ca("other-ca"), ours("desk"), right.clone()], "archive-tls", "not of an authority we trust").await;
    refused(port, &[ours("desk"), right.clone()], "archive-tls", "not of an authority we trust").await;
    for (certificate, said) in [("elsewhere", "another name"), ("expired", "expired on 2021-01-31")] {
        let port = front(&office, certificate, &orthanc, basic);
        refused(port, &[ca("ca"), ours("desk"), right.clone()], "archive-tls", said).await;
    }
    for stranger in [&[ca("ca"), right.clone()][..], &[ca("ca"), ours("stranger"), right.clone()]] {
        let error = fetched(&entry(port, stranger)).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&format!("127.0.0.1:{port}")) && !text.contains(SECRET), "{text}");
    }
}
