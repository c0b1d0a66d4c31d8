//! What a browser does here: it keeps cookies, follows redirects and sends the origin; and the steps of one application's
//! journey through the real pages, as `ARCHITECTURE.md` tells it.

use super::fire::Fire;
use super::{Served, TestDesk};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A desk that answers: a server that was killed comes back elsewhere, and the browsers find it there.
pub struct Site {
    /// The desk.
    pub desk: TestDesk,
    /// What befalls the server at every post.
    pub fire: Option<Fire>,
    arguments: Vec<&'static str>,
    served: Mutex<Option<Served>>,
}

impl Site {
    /// Serves the desk.
    pub fn open(desk: TestDesk, arguments: &[&'static str], fire: Option<Fire>) -> Arc<Site> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let served = Mutex::new(Some(desk.serve(arguments)));
        Arc::new(Site { desk, fire, arguments: arguments.to_vec(), served })
    }

    /// kill -9 of the server.
    pub fn kill(&self) {
        let killed = self.served.lock().unwrap_or_else(PoisonError::into_inner).take();
        killed.expect("a server").process.kill();
    }

    /// SIGHUP to the server: the rules are to be read again.
    pub fn hang_up(&self) {
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = rustix::process::Pid::from_child(&served.as_ref().expect("a server").process.0);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).expect("the server is there");
    }

    /// Starts it again.
    pub fn restart(&self) {
        let served = self.desk.serve(&self.arguments);
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = Some(served);
    }

    fn address(&self, counter: bool) -> String {
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let served = served.as_ref().expect("a server");
        if counter { served.staff.clone() } else { served.public.clone() }
    }
}

/// An answer, before any redirect is followed.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Where it leads, without what is asked there.
    pub place: Option<String>,
    next: Option<String>,
    text: String,
}

/// A browser at one of the two sites.
pub struct Browser {
    /// Where it looks.
    pub site: Arc<Site>,
    counter: bool,
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// An applicant's.
    pub fn at_home(site: &Arc<Site>) -> Browser {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("client");
        Browser { site: Arc::clone(site), counter: false, client, cookies: BTreeMap::new() }
    }

    /// A clerk's.
    pub fn at_counter(site: &Arc<Site>) -> Browser {
        Browser { counter: true, ..Browser::at_home(site) }
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.site.address(self.counter)));
        let answer = self.send(request).await.unwrap_or_else(|e| panic!("{path}: {e}"));
        self.shown(path, answer).await
    }

    /// Sends a form; under fire, the server dies of it and the form is sent again.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> String {
        let site = Arc::clone(&self.site);
        let answer = match &site.fire {
            None => self.attempt(path, fields).await.unwrap_or_else(|e| panic!("{path}: {e}")),
            Some(fire) => fire.post(self, path, fields).await,
        };
        self.shown(path, answer).await
    }

    /// A form on its way whose answer nobody waits for.
    pub fn fling(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> tokio::task::JoinHandle<reqwest::Result<reqwest::Response>> {
        tokio::spawn(self.form(path, fields).header("cookie", self.jar()).send())
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let encoded: Vec<String> = fields.iter().map(|(k, v)| format!("{}={}", percent(k), percent(v))).collect();
        let origin = self.site.address(self.counter);
        let request = self.client.post(format!("{origin}{path}")).header("origin", origin);
        request.header("content-type", "application/x-www-form-urlencoded").body(encoded.join("&"))
    }

    /// Sends a form once.
    pub async fn attempt(&mut self, path: &str, fields: &[(&str, &str)]) -> reqwest::Result<Answer> {
        let request = self.form(path, fields);
        self.send(request).await
    }

    fn jar(&self) -> String {
        self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("; ")
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        let answer = request.header("cookie", self.jar()).send().await?;
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("text").split(';').next().unwrap_or_default().to_owned();
            let (name, value) = cookie.split_once('=').expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let next = answer.headers().get("location").map(|next| next.to_str().expect("text").to_owned());
        let place = next.as_ref().and_then(|next| next.split('?').next()).map(str::to_owned);
        let status = answer.status().as_u16();
        Ok(Answer { status, place, next, text: String::from_utf8_lossy(&answer.bytes().await?).into_owned() })
    }

    async fn shown(&mut self, path: &str, answer: Answer) -> String {
        if let Some(next) = &answer.next {
            return Box::pin(self.get(next)).await;
        }
        // 422: the page again, with what is wrong.
        assert!(matches!(answer.status, 200 | 422), "{path}: {}\n{}", answer.status, answer.text);
        answer.text
    }

    /// A file.
    pub async fn bytes(&mut self, path: &str) -> Vec<u8> {
        let request = self.client.get(format!("{}{path}", self.site.address(self.counter)));
        let answer = request.header("cookie", self.jar()).send().await.expect("an answer");
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
pub fn after<'a>(page: &'a str, marker: &str, attribute: &str) -> Option<&'a str> {
    let rest = &page[page.find(marker)?..];
    let rest = &rest[rest.find(&format!("{attribute}=\""))? + attribute.len() + 2..];
    rest.split('"').next()
}

/// The text of the element with this id.
pub fn text_of(page: &str, id: &str) -> String {
    let rest = &page[page.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in\n{page}"))..];
    let inner = rest.split_once('>').map_or("", |(_, inner)| inner);
    inner.split('<').next().unwrap_or_default().trim().to_owned()
}

/// The stage an application's page shows.
pub fn stage(page: &str) -> String {
    after(page, "id=\"stage\"", "data-stage").unwrap_or_default().to_owned()
}

/// Looks at the application until it stands at `wanted`.
pub async fn until(counter: &mut Browser, path: &str, wanted: &str) -> String {
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
pub async fn apply(applicant: &mut Browser) -> (String, String) {
    apply_at(applicant, "400").await
}

/// The same under a tariff by which the two examinations cost `estimate`.
pub async fn apply_at(applicant: &mut Browser, estimate: &str) -> (String, String) {
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
    assert!(papers.contains("id=\"papers\"") && papers.contains(estimate), "the estimate and its papers:\n{papers}");
    let review = applicant.get("/apply/review").await;
    assert!(review.contains("id=\"send\""), "{review}");
    let sent = applicant.post("/apply/review", &[]).await;
    (text_of(&sent, "application-number"), text_of(&sent, "status-code"))
}

/// A member of staff at the counter.
pub async fn sign_in(site: &Arc<Site>, login: &str) -> Browser {
    let passwords = std::fs::read_to_string(site.desk.state().join("sign-in.txt")).expect("sign-in");
    let line = passwords.lines().find(|line| line.starts_with(login)).expect("account");
    let password = line.split_whitespace().last().expect("password");
    let mut counter = Browser::at_counter(site);
    let queue = counter.post("/sign-in", &[("login", login), ("password", password)]).await;
    assert!(queue.contains("id=\"signed-in\""), "{queue}");
    counter
}

/// Step 5: originals seen, the patient's number typed twice, the studies found and ticked.
pub async fn verify_and_tick(counter: &mut Browser, path: &str) {
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
pub async fn pay_make_release(counter: &mut Browser, path: &str, number: &str) -> Vec<u8> {
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
