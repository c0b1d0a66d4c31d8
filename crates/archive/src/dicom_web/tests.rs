use super::*;
use crate::tls::tests::{Office, archive, office};
use crate::{FetchProgress, PatientKey};
use filmdesk_testkit::orthanc::Orthanc;
use filmdesk_testkit::studies::{Spec, make};
use serde_json::json;
use std::ops::ControlFlow;
use std::process::Command;

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
    let object = serde_json::json!({
        "00100010": { "vr": "PN", "Value": [{ "Alphabetic": "TEST^Wang", "Ideographic": "王^試驗" }] },
        "00201208": { "vr": "IS", "Value": [12] },
        "00100020": { "vr": "LO", "Value": ["T1 "] },
        "0010": 3, "zzzzzzzz": {}, "00080020": { "vr": "DA" }
    });
    let answer = answer(&object);
    assert_eq!(answer.first(tag::NAME), Some("TEST^Wang=王^試驗"));
    assert_eq!(answer.first(tag::N_INSTANCES), Some("12"));
    assert_eq!(answer.first(tag::PATIENT_ID), Some("T1"));
    assert_eq!(answer.first(tag::STUDY_DATE), None);
}

const SECRET: &str = "secret-of-a-test";

/// A file of several others: a certificate with its key.
fn together(office: &Office, name: &str) -> String {
    let parts = [".pem", ".key"].map(|end| std::fs::read_to_string(office.at(&format!("{name}{end}"))).unwrap());
    let file = office.at(&format!("{name}.both"));
    std::fs::write(&file, parts.concat()).unwrap();
    file
}

/// An Orthanc that shows this certificate, with one study of two images, sent to it over DIMSE.
fn server(office: &Office, certificate: &str, settings: serde_json::Value) -> Orthanc {
    let mut all =
        json!({ "SslEnabled": true, "SslCertificate": together(office, certificate), "DicomAlwaysAllowStore": true });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let orthanc = Orthanc::start_with(all).unwrap();
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &Spec { ct: 2, mr: 0, dx: 0, us: 0, ..Spec::default() }).unwrap();
    let port = orthanc.dicom_port.to_string();
    let mut storescu = Command::new("storescu");
    storescu.args(["-aec", "PACS", "+sd", "+r", "127.0.0.1", &port]).arg(folder.path());
    assert!(storescu.status().unwrap().success());
    orthanc
}

fn entry(orthanc: &Orthanc, lines: &[String]) -> String {
    let port = orthanc.http_port;
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
async fn refused(orthanc: &Orthanc, lines: &[String], code: &str, said: &str) {
    let error = fetched(&entry(orthanc, lines)).await.unwrap_err();
    let text = format!("{error} {}", error.next());
    assert_eq!((error.code(), error.retryable()), (code, false), "{lines:?}: {text}");
    assert!(text.contains(said), "{lines:?}: {text}");
    assert!(code != "archive-tls" || text.contains(&format!("127.0.0.1:{}", orthanc.http_port)), "{text}");
    for secret in [SECRET, "wrong", "T1234567"] {
        assert!(!text.contains(secret) && !format!("{error:?}").contains(secret), "{text}");
    }
}

#[tokio::test]
async fn certificates_of_both_sides_and_a_password_are_needed() {
    let office = office();
    let settings = json!({
        "SslVerifyPeers": true, "SslTrustedClientCertificates": office.at("ca.pem"),
        "AuthenticationEnabled": true, "RegisteredUsers": { "desk": SECRET }
    });
    let orthanc = server(&office, "pacs", settings.clone());
    let file = |name: &str, text: &str| {
        std::fs::write(office.at(name), text).unwrap();
        office.at(name)
    };
    let ca = |name: &str| format!("ca_file = '{}'", office.at(&format!("{name}.pem")));
    let ours = |name: &str| format!("identity_file = '{}'", together(&office, name));
    let login = |password: String| format!("user = 'desk'\npassword_file = '{password}'");
    let right = login(file("right", SECRET));
    assert_eq!(fetched(&entry(&orthanc, &[ca("ca"), ours("desk"), right.clone()])).await.unwrap(), 2);

    let no_password = [ca("ca"), ours("desk")];
    refused(&orthanc, &no_password, "archive-not-authorised", "401").await;
    let wrong = login(file("mistyped", "wrong"));
    refused(&orthanc, &[ca("ca"), ours("desk"), wrong], "archive-not-authorised", "401").await;
    refused(&orthanc, &[ca("other-ca"), ours("desk"), right.clone()], "archive-tls", "not of an authority we trust")
        .await;
    refused(&orthanc, &[ours("desk"), right.clone()], "archive-tls", "not of an authority we trust").await;
    for (certificate, said) in [("elsewhere", "another name"), ("expired", "expired on 2021-01-31")] {
        let orthanc = server(&office, certificate, settings.clone());
        refused(&orthanc, &[ca("ca"), ours("desk"), right.clone()], "archive-tls", said).await;
    }
    for stranger in [&[ca("ca"), right.clone()][..], &[ca("ca"), ours("stranger"), right.clone()]] {
        let error = fetched(&entry(&orthanc, stranger)).await.unwrap_err();
        assert!(error.to_string().contains("127.0.0.1:"), "{error}");
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
}

#[tokio::test]
async fn a_token_is_needed_where_it_is_asked_for() {
    let office = office();
    let filter = format!(
        "function IncomingHttpRequestFilter(method, uri, ip, username, headers)\n\
         return headers['authorization'] == 'Bearer {SECRET}'\nend\n"
    );
    std::fs::write(office.at("filter.lua"), filter).unwrap();
    let orthanc = server(&office, "pacs", json!({ "LuaScripts": [office.at("filter.lua")] }));
    let ca = format!("ca_file = '{}'", office.at("ca.pem"));
    let token = |text: &str| {
        let file = office.at(&format!("{text}.token"));
        std::fs::write(&file, format!("{text}\n")).unwrap();
        format!("token_file = '{file}'")
    };
    assert_eq!(fetched(&entry(&orthanc, &[ca.clone(), token(SECRET)])).await.unwrap(), 2);
    refused(&orthanc, &[ca.clone(), token("wrong")], "archive-not-authorised", "403").await;
    refused(&orthanc, &[ca], "archive-not-authorised", "403").await;
}
