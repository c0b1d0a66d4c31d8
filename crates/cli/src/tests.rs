//! What can be told without starting a desk: the configuration, and the demonstration's clock.

use crate::clock::demo_start;
use crate::config::{Config, DEFAULTS};
use crate::hospital;
use filmdesk_archive::ArchiveKind;
use filmdesk_policy::{Overlay, Rules};
use jiff::Timestamp;
use std::path::Path;

fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("filmdesk.toml");
    std::fs::write(&file, text).expect("file");
    let environment: Vec<_> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let place = folder.path().display().to_string();
    Config::load(Some(&file), &environment).map_err(|fault| fault.to_string().replace(&place, ""))
}

#[test]
fn the_printed_file_is_the_defaults() {
    let (printed, none) = (read(DEFAULTS, &[]).expect("the printed file"), read("", &[]).expect("an empty file"));
    let shown = |config: &Config| format!("{:?} {:?} {:?}", config.public, config.worker, config.log);
    assert_eq!(shown(&printed), shown(&none));
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let text = "[public]\nlisten = \"127.0.0.1:1111\"\n[staff]\nlisten = \"127.0.0.1:2222\"\n";
    let environment = [("FILMDESK_STAFF_LISTEN", "127.0.0.1:3333"), ("FILMDESK_WORKER_INSPECTORS", "7"), ("HOME", "x")];
    let config = read(text, &environment).expect("right");
    assert_eq!(config.public.listen.port(), 1111);
    assert_eq!(config.staff.listen.port(), 3333);
    assert_eq!(config.worker.inspectors, 7);
    assert_eq!(config.spool.quota_bytes, 40 << 30);
}

#[test]
fn a_mistake_is_named_with_its_line_and_a_remedy() {
    let cases = [
        ("[public]\nlisten = \"somewhere\"\n", "/filmdesk.toml:2:10: invalid socket address"),
        ("state = \"s\"\nstaet = \"s\"\n", "/filmdesk.toml:2:1: unknown field `staet`"),
        ("[worker]\ninspectors = \"two\"\n", "/filmdesk.toml:2:14: invalid type"),
        ("[log]\nformat = \"xml\"\n", "/filmdesk.toml:2:10: unknown variant `xml`"),
        ("state = \n", "/filmdesk.toml:1:9"),
        ("[public]\nlisten = \"0.0.0.0:80\"\n", "[public]: plain HTTP on 0.0.0.0:80"),
        ("[public]\ncertificate = \"a.pem\"\n", "[public]: a certificate needs its key"),
        ("[staff]\nlisten = \"127.0.0.1:8700\"\n", "both listen on 127.0.0.1:8700"),
        ("[worker]\nattempts = 0\n", "must be at least 1"),
        ("[[archive]]\nname = \"a\"\nkind = \"tape\"\n", "unknown variant `tape`"),
        (
            "[[archive]]\nname = \"a\"\nkind = \"folder\"\npath = \"x\"\n[[archive]]\nname = \"a\"\nkind = \"folder\"\npath = \"y\"\n",
            "two archives are called \"a\"",
        ),
    ];
    for (text, expected) in cases {
        let fault = read(text, &[]).map(drop).expect_err(text);
        assert!(fault.contains(expected) && fault.contains("remedy:"), "{text}\n{fault}");
    }
}

#[test]
fn a_mistake_in_the_environment_names_the_variable() {
    for (variable, value, expected) in [
        ("FILMDESK_PUBLIC_LISTEN", "here", "the environment, FILMDESK_PUBLIC_LISTEN: invalid socket address"),
        ("FILMDESK_PUBLIC_LISTN", "x", "the environment, FILMDESK_PUBLIC_LISTN: there is no such setting"),
        ("FILMDESK_WORKER_ATTEMPTS", "many", "the environment, FILMDESK_WORKER_ATTEMPTS"),
    ] {
        let fault = read("", &[(variable, value)]).map(drop).expect_err(variable);
        assert!(fault.contains(expected), "{fault}");
    }
}

#[test]
fn plain_http_leaves_the_machine_only_behind_a_named_proxy() {
    let text = "trusted_proxies = [\"10.0.0.7\"]\n[public]\nlisten = \"0.0.0.0:80\"\n";
    assert!(read(text, &[]).is_ok());
}

#[test]
fn relative_paths_start_at_the_file() {
    let config = Config::load(None, &[("FILMDESK_STATE".to_owned(), "/srv/desk".to_owned())]).expect("right");
    assert_eq!(config.spool.folder, Path::new("/srv/desk/spool"));
    assert_eq!(config.database_url().expect("url"), "sqlite:///srv/desk/filmdesk.db");
}

#[test]
fn secrets_and_certificates_of_a_pacs_are_beside_the_file_that_names_them() {
    let text = "[[archive]]\nname = \"p\"\nkind = \"dimse\"\nhost = \"h\"\ncalled_ae = \"A\"\ncalling_ae = \"B\"\nuser = \"u\"\n\
                passcode_file = \"code\"\n[archive.tls]\nca_file = \"ca.pem\"\ncertificate_file = \"/etc/c.pem\"\nkey_file = \"k.pem\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("filmdesk.toml");
    std::fs::write(&file, text).expect("written");
    let config = Config::load(Some(&file), &[]).expect("right");
    let ArchiveKind::Dimse(pacs) = &config.archive[0].kind else { panic!("another kind") };
    let tls = pacs.tls.as_ref().expect("TLS");
    let home = folder.path();
    assert_eq!(pacs.passcode_file, Some(home.join("code")));
    assert_eq!((&tls.ca_file, &tls.key_file), (&home.join("ca.pem"), &Some(home.join("k.pem"))));
    assert_eq!(tls.certificate_file.as_deref(), Some(Path::new("/etc/c.pem")), "an absolute path stays");
}

fn rules() -> Rules {
    let config = Config::load(None, &[]).expect("the defaults");
    hospital::rules(&config).map_err(|e| e.to_string()).expect("the rules built in")
}

fn starts(last: Option<&str>, real: &str) -> String {
    let moment = |text: &str| text.parse::<Timestamp>().expect("a moment");
    let start = demo_start(&rules(), &Overlay::default(), last.map(moment), moment(real)).expect("an open Tuesday");
    start.to_zoned(jiff::tz::TimeZone::get("Asia/Taipei").expect("zone")).strftime("%a %F %T").to_string()
}

#[test]
fn a_demonstration_starts_on_an_open_tuesday_at_ten() {
    // A Sunday evening; and a Tuesday after ten, which waits for the next.
    assert_eq!(starts(None, "2026-11-22T15:00:00Z"), "Tue 2026-11-24 10:00:00");
    assert_eq!(starts(None, "2026-11-24T02:00:01Z"), "Tue 2026-12-01 10:00:00");
    // 2027-02-09 is a Tuesday of the Lunar New Year.
    assert_eq!(starts(None, "2027-02-03T00:00:00Z"), "Tue 2027-02-16 10:00:00");
}

#[test]
fn a_restart_before_fifteen_hours_goes_on_with_the_same_day() {
    assert_eq!(starts(Some("2026-11-24T05:00:00Z"), "2026-11-23T00:00:00Z"), "Tue 2026-11-24 13:00:10");
}

#[test]
fn a_later_restart_opens_on_the_next_tuesday_and_never_goes_back() {
    assert_eq!(starts(Some("2026-11-24T07:00:00Z"), "2026-11-23T00:00:00Z"), "Tue 2026-12-01 10:00:00");
    assert_eq!(starts(Some("2026-11-24T15:59:55Z"), "2030-01-01T00:00:00Z"), "Tue 2026-12-01 10:00:00");
}
