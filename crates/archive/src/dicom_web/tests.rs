use super::*;

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
