//! One application, from the form to the disc, step by step as `ARCHITECTURE.md` tells it, through the real pages of both
//! listeners, with the real worker on the sample archive.

mod desk;

use desk::{TestDesk, said};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What a browser does here: keeps cookies, follows redirects, sends the origin.
struct Browser {
    client: reqwest::Client,
    origin: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn at(origin: &str) -> Browser {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("client");
        Browser { client, origin: origin.to_owned(), cookies: BTreeMap::new() }
    }

    async fn get(&mut self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.origin));
        self.send(path, request).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> String {
        let encoded: Vec<String> = fields.iter().map(|(k, v)| format!("{}={}", percent(k), percent(v))).collect();
        let request = self
            .client
            .post(format!("{}{path}", self.origin))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", &self.origin)
            .body(encoded.join("&"));
        self.send(path, request).await
    }

    async fn send(&mut self, path: &str, request: reqwest::RequestBuilder) -> String {
        let jar: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let answer = request.header("cookie", jar.join("; ")).send().await.expect("an answer");
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("text").split(';').next().unwrap_or_default().to_owned();
            let (name, value) = cookie.split_once('=').expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        if answer.status().is_redirection() {
            let next = answer.headers()["location"].to_str().expect("text").to_owned();
            return Box::pin(self.get(&next)).await;
        }
        let status = answer.status();
        let text = String::from_utf8_lossy(&answer.bytes().await.expect("a body")).into_owned();
        // 422: the page again, with what is wrong.
        assert!(status.is_success() || status.as_u16() == 422, "{path}: {status}\n{text}");
        text
    }

    async fn bytes(&mut self, path: &str) -> Vec<u8> {
        let jar: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let request = self.client.get(format!("{}{path}", self.origin)).header("cookie", jar.join("; "));
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.bytes().await.expect("a body").to_vec()
    }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// The value of an attribute after a marker, such as `id="stage"` … `data-stage="`.
fn after<'a>(page: &'a str, marker: &str, attribute: &str) -> Option<&'a str> {
    let rest = &page[page.find(marker)?..];
    let rest = &rest[rest.find(&format!("{attribute}=\""))? + attribute.len() + 2..];
    rest.split('"').next()
}

/// The text of the element with this id.
fn text_of(page: &str, id: &str) -> String {
    let rest = &page[page.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in\n{page}"))..];
    let inner = rest.split_once('>').map_or("", |(_, inner)| inner);
    inner.split('<').next().unwrap_or_default().trim().to_owned()
}

fn stage(page: &str) -> String {
    after(page, "id=\"stage\"", "data-stage").unwrap_or_default().to_owned()
}

/// Looks at the application until it stands at `wanted`.
async fn until(counter: &mut Browser, path: &str, wanted: &str) -> String {
    let started = Instant::now();
    loop {
        let page = counter.get(path).await;
        if stage(&page) == wanted {
            return page;
        }
        assert!(!stage(&page).starts_with("stalled"), "it stalled: {}", text_of(&page, "stalled-what"));
        assert!(started.elapsed() < Duration::from_secs(120), "waited for {wanted}, it is {}", stage(&page));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Steps 1 to 4: the form, the papers and the estimate, and the number.
async fn apply(applicant: &mut Browser) -> (String, String) {
    let start = applicant.get("/").await;
    assert!(start.contains("demo-banner"), "a demonstration says so");
    applicant.post("/apply", &[]).await;
    applicant
        .post(
            "/apply/items",
            &[("item_ct", "yes"), ("count_ct", "1"), ("item_general-x-ray", "yes"), ("count_general-x-ray", "1")],
        )
        .await;
    applicant.post("/apply/exams", &[]).await;
    applicant.post("/apply/who", &[("capacity", "patient"), ("agent", "no")]).await;
    let people = [
        ("patient_name", "王測試"),
        ("patient_identity", "a123 456 789"),
        ("patient_born", "民國59年3月15日"),
        ("phone", "0900-000-000"),
    ];
    applicant.post("/apply/people", &people).await;
    let papers = applicant.post("/apply/collect", &[("collection", "counter"), ("purpose", "other-hospital")]).await;
    assert!(papers.contains("id=\"papers\"") && papers.contains("400"), "the estimate and its papers:\n{papers}");
    let review = applicant.get("/apply/review").await;
    assert!(review.contains("id=\"send\""), "{review}");
    let sent = applicant.post("/apply/review", &[]).await;
    (text_of(&sent, "application-number"), text_of(&sent, "status-code"))
}

async fn sign_in(desk: &TestDesk, staff: &str, login: &str) -> Browser {
    let passwords = std::fs::read_to_string(desk.state().join("sign-in.txt")).expect("sign-in");
    let line = passwords.lines().find(|line| line.starts_with(login)).expect("account");
    let password = line.split_whitespace().last().expect("password");
    let mut counter = Browser::at(staff);
    let queue = counter.post("/sign-in", &[("login", login), ("password", password)]).await;
    assert!(queue.contains("id=\"queue\""), "{queue}");
    counter
}

/// Step 5: originals seen, the patient's number typed twice, the studies found and ticked.
async fn verify_and_tick(counter: &mut Browser, path: &str) {
    let page = counter.get(path).await;
    let version = after(&page, "name=\"version\"", "value").expect("version").to_owned();
    let fields = [
        ("version", version.as_str()),
        ("seen_D1", "yes"),
        ("kind_D1", "national ID"),
        ("last4_D1", "6789"),
        ("patient_id", "9000001"),
        ("patient_id_again", "9000001"),
        ("born_again", "1970-03-15"),
        ("issuer", ""),
    ];
    counter.post(&format!("{path}/verify"), &fields).await;
    let page = until(counter, path, "ticking").await;
    let version = after(&page, "id=\"order-form\"", "value").expect("version").to_owned();
    let mut fields = vec![("version".to_owned(), version)];
    for row in page.split("data-uid=\"").skip(1) {
        let key = after(row, "id=\"tick_", "name").expect("a box").trim_start_matches("tick_").to_owned();
        let kind = if row.split("data-uid").next().is_some_and(|row| row.contains("CT CHEST")) {
            "ct"
        } else {
            "general-x-ray"
        };
        fields.push((format!("tick_{key}"), "yes".to_owned()));
        fields.push((format!("kind_{key}"), kind.to_owned()));
    }
    assert_eq!(fields.len(), 5, "two studies");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    counter.post(&format!("{path}/order"), &fields).await;
}

/// Steps 6 to 9: weighed, paid, made, handed over.
async fn pay_make_release(counter: &mut Browser, path: &str, number: &str) -> Vec<u8> {
    let page = until(counter, path, "weighed").await;
    assert!(text_of(&page, "quote-total").contains("400"), "{}", text_of(&page, "quote-total"));
    let version = after(&page, "id=\"pay-form\"", "value").expect("version").to_owned();
    let pay = [("version", version.as_str()), ("means", "cash")];
    counter.post(&format!("{path}/pay"), &pay).await;
    // A second click is answered like the first and takes nothing.
    counter.post(&format!("{path}/pay"), &pay).await;
    let page = until(counter, path, "ready").await;
    let image = counter.bytes(&format!("{path}/parcels/1/discs/1/image")).await;
    let store_code = page.split("disc-code\"").nth(1).map(|rest| rest.split(['>', '<']).nth(1).unwrap_or_default());
    let code = store_code.map(str::to_owned).unwrap_or_else(|| panic!("no code in\n{page}"));
    let version = after(&page, "class=\"release\"", "value")
        .or_else(|| after(&page, "name=\"version\"", "value"))
        .expect("version");
    let fields = [
        ("version", version),
        ("slip_number", number),
        ("codes", code.as_str()),
        ("collector", "王測試"),
        ("identity_seen", "national-id"),
        ("last_four", "6789"),
    ];
    let wrong: Vec<(&str, &str)> =
        fields.iter().map(|(k, v)| (*k, if *k == "codes" { "AAAA-AAAA" } else { *v })).collect();
    let refused = counter.post(&format!("{path}/parcels/1/release"), &wrong).await;
    assert!(stage(&refused) == "ready" && refused.contains("id=\"stop\""), "a wrong code was accepted:\n{refused}");
    let released = counter.post(&format!("{path}/parcels/1/release"), &fields).await;
    assert_eq!(stage(&released), "released", "{released}");
    image
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_form_to_the_disc() {
    let desk = TestDesk::new();
    let served = desk.serve(&[]);
    let mut applicant = Browser::at(&served.public);
    let (number, code) = apply(&mut applicant).await;
    let status = applicant.post("/status", &[("number", &number), ("code", &code)]).await;
    assert!(status.contains("status-steps") && !status.contains("CT CHEST"), "{status}");

    let mut counter = sign_in(&desk, &served.staff, "clerk").await;
    let path = format!("/applications/{number}");
    verify_and_tick(&mut counter, &path).await;
    let image = pay_make_release(&mut counter, &path, &number).await;

    let file = desk.state().with_file_name("disc.iso");
    std::fs::write(&file, image).expect("written");
    let check = desk.run(&["check", &file.display().to_string()]);
    assert!(check.status.success(), "{}", said(&check));

    let log = desk.log();
    assert!(log.contains("job done"), "the log is the one that was looked at");
    for private in ["王測試", "9000001", "A123456789", "WangCeShi", "19700315", "1970-03-15", "0900000000"] {
        assert!(!log.contains(private), "{private} is in the log");
    }
}
