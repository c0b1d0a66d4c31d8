//! HTTPS by certificate files, forwarded addresses from named proxies, and no plain HTTP on a network: with a real client.

mod desk;

use desk::{TestDesk, said};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Makes a self-signed certificate for 127.0.0.1, valid from `begins` to `ends` (`YYYYMMDDHHMMSSZ`), and its key.
fn certificate(folder: &Path, name: &str, [begins, ends]: [&str; 2]) -> (PathBuf, PathBuf) {
    let file = |ending: &str| folder.join(format!("{name}.{ending}"));
    let settings = "[ca]\ndefault_ca=a\n[a]\ndatabase=index\nrand_serial=yes\nnew_certs_dir=.\ndefault_md=sha256\n\
        policy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=IP:127.0.0.1\n";
    std::fs::write(file("cnf"), settings).expect("written");
    std::fs::write(folder.join("index"), "").expect("written");
    let openssl = |arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl is installed");
        assert!(done.status.success(), "{}", said(&done));
    };
    let [key, request, made, cnf] = ["key", "csr", "pem", "cnf"].map(|ending| format!("{name}.{ending}"));
    let asked = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=desk"];
    openssl(&[&asked[..], &["-keyout", &key, "-out", &request]].concat());
    let signed = ["ca", "-batch", "-notext", "-selfsign", "-config", &cnf, "-keyfile", &key, "-in", &request];
    openssl(&[&signed[..], &["-out", &made, "-startdate", begins, "-enddate", ends]].concat());
    (file("pem"), file("key"))
}

/// Dates that hold as long as anybody runs this.
const VALID: [&str; 2] = ["20260101000000Z", "20991231235959Z"];

fn curl(arguments: &[&str]) -> Output {
    let common = ["--silent", "--show-error", "--noproxy", "*", "--max-time", "20"];
    Command::new("curl").args(common).args(arguments).output().expect("curl is installed")
}

fn https(certificate: &Path, key: &Path) -> TestDesk {
    let mut desk = TestDesk::new();
    for listener in ["PUBLIC", "STAFF"] {
        desk = desk
            .with(&format!("FILMDESK_{listener}_CERTIFICATE"), certificate.display().to_string())
            .with(&format!("FILMDESK_{listener}_KEY"), key.display().to_string());
    }
    desk
}

#[test]
fn a_clerk_signs_in_over_https_by_certificate_files() {
    let folder = tempfile::tempdir().expect("folder");
    let (certificate, key) = certificate(folder.path(), "desk", VALID);
    let desk = https(&certificate, &key);
    let served = desk.serve(&["--no-worker"]);
    assert!(served.public.starts_with("https://") && served.staff.starts_with("https://"), "{}", served.staff);
    let ca = certificate.to_str().expect("text");
    let page = curl(&["--cacert", ca, "--include", &served.public]);
    let text = said(&page).to_lowercase();
    assert!(page.status.success() && text.contains("strict-transport-security: max-age="), "{text}");
    let health =
        curl(&["--cacert", ca, "--http2", "--write-out", "%{http_version}", &format!("{}/health/live", served.staff)]);
    assert!(said(&health).ends_with('2'), "HTTP/2 is spoken: {}", said(&health));

    let passwords = std::fs::read_to_string(desk.state().join("sign-in.txt")).expect("sign-in");
    let password = passwords.lines().find_map(|line| line.strip_prefix("clerk")).expect("a clerk").trim().to_owned();
    let jar = folder.path().join("jar").display().to_string();
    let origin = format!("Origin: {}", served.staff);
    let form =
        ["--data-urlencode", "login=clerk", "--data-urlencode", &format!("password={password}")].map(str::to_owned);
    let form: Vec<&str> = form.iter().map(String::as_str).collect();
    let sign_in = format!("{}/sign-in", served.staff);
    let mut post = vec!["--cacert", ca, "--cookie-jar", &jar, "--header", &origin, "--include"];
    post.extend(form);
    post.push(&sign_in);
    let signed_in = said(&curl(&post)).to_lowercase();
    assert!(signed_in.contains("set-cookie: __host-desk=") && signed_in.contains("secure; httponly"), "{signed_in}");
    let queue = curl(&["--cacert", ca, "--cookie", &jar, &format!("{}/", served.staff)]);
    assert!(said(&queue).contains("id=\"signed-in\""), "{}", said(&queue));

    // Negative controls: a client that does not know the certificate, one without a session, and plain HTTP.
    assert_eq!(curl(&[&served.public]).status.code(), Some(60), "an unknown certificate is refused");
    assert!(!said(&curl(&["--cacert", ca, &format!("{}/", served.staff)])).contains("id=\"signed-in\""));
    assert!(!curl(&[&served.public.replace("https://", "http://")]).status.success(), "plain HTTP on the same port");
    assert!(said(&desk.run(&["doctor", "--demo"])).contains("certificate of [staff]: valid until"));
    assert!(served.process.terminate().success());
}

#[test]
fn certificate_files_that_cannot_be_used_are_named_with_what_to_do() {
    let folder = tempfile::tempdir().expect("folder");
    let path = |name: &str| folder.path().join(name);
    let (good, key) = certificate(folder.path(), "good", VALID);
    let (_, other_key) = certificate(folder.path(), "other", VALID);
    let (ended, ended_key) = certificate(folder.path(), "ended", ["20200101000000Z", "20200201000000Z"]);
    let (early, early_key) = certificate(folder.path(), "early", ["20980101000000Z", "20991231235959Z"]);
    std::fs::write(path("text.pem"), "this is no certificate\n").expect("written");
    // A folder cannot be read as a file, by root neither.
    std::fs::create_dir(path("folder.key")).expect("folder");
    for (certificate, key, file, what, remedy) in [
        (path("nowhere.pem"), key.clone(), "nowhere.pem", "cannot be read", "check the path"),
        (good.clone(), path("folder.key"), "folder.key", "cannot be read", "may read the file"),
        (path("text.pem"), key.clone(), "text.pem", "no certificate in it", "give it as PEM"),
        (good.clone(), good.clone(), "good.pem", "no private key in it", "give it as PEM"),
        (good.clone(), other_key, "other.key", "not the key of the certificate", "give the key"),
        (ended, ended_key, "ended.pem", "the certificate ended on 2020-02-01", "renew it"),
        (early, early_key, "early.pem", "the certificate begins on 2098-01-01", "check this machine's clock"),
    ] {
        let desk = https(&certificate, &key);
        for command in [&["serve", "--demo", "--no-worker"][..], &["doctor", "--demo"]] {
            let output = desk.run(command);
            let text = said(&output);
            assert!(text.contains(file) && text.contains(what) && text.contains(remedy), "{command:?}: {text}");
            assert!(matches!(output.status.code(), Some(2 | 3)), "{command:?}: {text}");
        }
    }
}

#[test]
fn plain_http_on_a_network_is_refused() {
    for listener in ["PUBLIC", "STAFF"] {
        let desk = TestDesk::new().with(&format!("FILMDESK_{listener}_LISTEN"), "0.0.0.0:0");
        let output = desk.run(&["serve", "--demo", "--no-worker"]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        let text = said(&output);
        assert!(text.contains("plain HTTP on 0.0.0.0:0") && text.contains("trusted_proxies"), "{text}");
    }
}

/// Seven sign-ins with seven logins and seven forwarded addresses: from a named proxy they are seven people's, from anybody
/// else one person's, who is slowed down.
#[test]
fn forwarded_addresses_are_believed_from_named_proxies_only() {
    let desk = TestDesk::new().with("FILMDESK_TRUSTED_PROXIES", "127.0.0.2");
    let served = desk.serve(&["--no-worker"]);
    let sign_in = format!("{}/sign-in", served.staff);
    let origin = format!("Origin: {}", served.staff);
    let tries = |from: &str| -> Vec<String> {
        let one = |n: u32| {
            let forwarded = format!("X-Forwarded-For: 10.1.{n}.1, 10.0.0.{n}");
            let data = format!("login=nobody-{}-{n}&password=wrong", from.replace('.', "-"));
            let asked = ["--interface", from, "--header", &origin, "--header", &forwarded, "--data", &data];
            let told = ["--output", "/dev/null", "--write-out", "%{http_code}", &sign_in];
            said(&curl(&[&asked[..], &told].concat()))
        };
        (1..=7).map(one).collect()
    };
    assert_eq!(tries("127.0.0.2"), vec!["422"; 7], "a named proxy speaks for seven people");
    let stranger = tries("127.0.0.3");
    assert_eq!(stranger.iter().filter(|code| *code == "422").count(), 5, "{stranger:?}");
    assert_eq!(stranger.last().map(String::as_str), Some("429"), "{stranger:?}");
    assert!(served.process.terminate().success());
}
