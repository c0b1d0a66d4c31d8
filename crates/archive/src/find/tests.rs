use super::*;

fn key(id: &str) -> PatientKey {
    PatientKey { patient_id: id.into(), issuer: None }
}

fn answer(id: &str, issuer: &str, study: &str) -> Answer {
    let mut answer = Answer::default();
    answer.set(tag::PATIENT_ID, vec![id.into()]);
    answer.set(tag::ISSUER, vec![issuer.into()]);
    answer.set(tag::STUDY, vec![study.into()]);
    answer
}

#[test]
fn a_key_that_matches_more_than_one_patient_is_refused() {
    for widening in ["", "   ", "*", "T*", "T?", "T1\\T2", "T\u{0}1", &"9".repeat(65)] {
        assert!(key(widening).check().is_err(), "{widening:?}");
    }
    assert!(key("T0000001").check().is_ok());
}

#[test]
fn what_the_archive_answers_beyond_the_question_is_dropped() {
    let answers =
        [answer("T1", "", "1.1"), answer("T10", "", "1.2"), answer("t1", "", "1.3"), answer("T1", "", "../x")];
    let studies = studies_of("test", &key("T1"), &answers, Gates::default()).unwrap();
    assert_eq!(studies.iter().map(|s| s.study_uid.as_str()).collect::<Vec<_>>(), ["1.1"]);
}

#[test]
fn the_same_number_from_two_issuers_is_not_one_patient() {
    let answers = [answer("T1", "A", "1.1"), answer("T1", "B", "1.2")];
    assert!(matches!(studies_of("test", &key("T1"), &answers, Gates::default()), Err(ArchiveError::SeveralIssuers(2))));
    let of_a = PatientKey { issuer: Some("A".into()), ..key("T1") };
    assert_eq!(studies_of("test", &of_a, &answers, Gates::default()).unwrap().len(), 1);
}

#[test]
fn dates_and_times_of_every_age() {
    assert_eq!(date("20261102"), Some(jiff::civil::date(2026, 11, 2)));
    assert_eq!(date("1998.01.31"), Some(jiff::civil::date(1998, 1, 31)));
    assert_eq!((date("20261301"), date("2026"), date("２０２６1102")), (None, None, None));
    assert_eq!(hours_minutes("083000.123").as_deref(), Some("08:30"));
    assert_eq!(hours_minutes("8"), None);
}
