//! The applicant's way, in both languages.

use super::common::{COLLECT, EXAMS, ITEMS, PEOPLE, TestDesk, WHO, apply};
use axum::http::StatusCode;
use filmdesk_desk::State;

#[tokio::test]
async fn a_form_becomes_an_application_in_both_languages() {
    let desk = TestDesk::open().await;
    for lang in ["zh", "en"] {
        let mut browser = desk.applicant();
        let start = browser.get(&format!("/?lang={lang}")).await;
        assert_eq!(start.status, StatusCode::OK);
        assert!(start.has("200"), "the plainest fee comes from the rules");
        let (number, code) = apply(&mut browser).await;
        assert_eq!((number.len(), code.len()), (9, 4));
        let application = desk.application(&number).await;
        let State::Submitted(submitted) = &application.state else { panic!("{}", application.state.name()) };
        assert_eq!(submitted.request.situation.items.len(), 2);
        assert_eq!(submitted.request.patient.identity.reveal(), "A123456789", "normalised");
        assert_eq!(submitted.request.patient.born, jiff::civil::date(1975, 5, 1), "a two-digit year is ROC");
        // A second post of the review changes nothing.
        let again = browser.post("/apply/review", &[]).await;
        assert_eq!(again.location(), "/apply/sent");
        assert_eq!(desk.application(&number).await.version, application.version);
    }
}

#[tokio::test]
async fn the_estimate_has_lines_papers_place_and_time_with_reasons() {
    let desk = TestDesk::open().await;
    let mut browser = desk.applicant();
    browser.get("/?lang=en").await;
    browser.post("/apply", &[]).await;
    for (page, fields) in [("items", ITEMS), ("exams", EXAMS), ("who", WHO), ("people", PEOPLE), ("collect", COLLECT)] {
        browser.post(&format!("/apply/{page}"), fields).await;
    }
    let papers = browser.get("/apply/papers").await;
    assert_eq!(papers.by_id("total"), "NT$400");
    assert!(papers.has("Application Fees"), "each line says where it comes from");
    assert!(papers.has("Tue 1 Dec 2026, 11:00"), "ready an hour after payment: {}", papers.body);
    assert!(papers.has("Changde"), "the place");
}

#[tokio::test]
async fn what_was_typed_is_kept_before_it_is_judged() {
    let desk = TestDesk::open().await;
    let mut browser = desk.applicant();
    browser.get("/?lang=en").await;
    browser.post("/apply", &[]).await;
    browser.post("/apply/items", ITEMS).await;
    browser.post("/apply/who", WHO).await;
    let wrong = &[("patient_name", "王測試"), ("patient_identity", "A123456788"), ("patient_born", "99/99/99")];
    let page = browser.post("/apply/people", wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("<title>Error: "), "the title says so");
    assert!(page.has("id=\"error-summary\"") && page.has("href=\"#patient_identity\""));
    assert_eq!(page.body.matches("The check digit does not fit").count(), 2, "the same words on top and at the field");
    assert!(page.has("value=\"99/99/99\""), "kept as typed");
    // Another process, the same store: nothing is lost.
    let token = browser.cookie("__Host-draft").expect("a draft").to_owned();
    let mut later = desk.applicant();
    later.set_cookie("__Host-draft", &token);
    let page = later.get("/apply/people").await;
    assert!(page.has("value=\"王測試\"") && page.has("value=\"99/99/99\""));
    assert!(!page.has("id=\"error-summary\""), "a page that is looked at again is not judged");
}

#[tokio::test]
async fn incomplete_pages_lead_back_and_unticked_boxes_are_forgotten() {
    let desk = TestDesk::open().await;
    let mut browser = desk.applicant();
    browser.post("/apply", &[]).await;
    assert_eq!(browser.get("/apply/papers").await.location(), "/apply/items?check=1");
    assert_eq!(browser.get("/apply/exams").await.location(), "/apply/items?check=1");
    browser.post("/apply/items", ITEMS).await;
    let only_ct = &[("item_ct", "yes"), ("count_ct", "2"), ("then", "review")];
    assert_eq!(browser.post("/apply/items", only_ct).await.location(), "/apply/exams?then=review");
    let exams = browser.get("/apply/exams").await;
    assert!(exams.has("date_ct_2") && !exams.has("date_general-x-ray_1"));
    assert_eq!(browser.get("/apply/review").await.location(), "/apply/who?check=1");
    let page = browser.post("/apply/items", &[("item_ct", "yes"), ("count_ct", "many")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn who_cannot_apply_gets_an_answer_not_an_error() {
    let desk = TestDesk::open().await;
    for (who, people, code) in [
        (WHO.to_vec(), vec![("patient_born", "2015-05-01")], "minor-cannot-apply-alone"),
        (vec![("capacity", "heir"), ("kinship", "other"), ("agent", "no")], vec![], "not-an-heir"),
    ] {
        let mut browser = desk.applicant();
        browser.post("/apply", &[]).await;
        browser.post("/apply/items", ITEMS).await;
        browser.post("/apply/exams", EXAMS).await;
        browser.post("/apply/who", &who).await;
        let mut fields = PEOPLE.to_vec();
        fields.extend([("person_name", "林範例"), ("person_identity", "A223456781")]);
        for (name, value) in people {
            fields.retain(|(n, _)| *n != name);
            fields.push((name, value));
        }
        browser.post("/apply/people", &fields).await;
        browser.post("/apply/collect", COLLECT).await;
        let page = browser.get("/apply/papers").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.has("id=\"cannot\"") && page.has(&format!("violation-{code}")), "{}", page.body);
        assert_eq!(browser.get("/apply/review").await.location(), "/apply/papers");
        assert_eq!(browser.post("/apply/review", &[]).await.location(), "/apply/papers");
    }
}

/// Fields of a form, with what is typed.
type Typed = &'static [(&'static str, &'static str)];

/// An heir on the application form, the same heir on the plain full form, and what comes of it.
const HEIRS: [(Typed, Typed, &str); 12] = [
    (&[("kinship", "spouse")], &[("kinship", "spouse")], ""),
    (&[("kinship", "spouse"), ("earlier", "yes")], &[("kinship", "spouse")], ""),
    (&[("kinship", "descendant"), ("line", "child"), ("earlier", "yes")], &[("kinship", "descendant")], ""),
    (
        &[("kinship", "descendant"), ("line", "died"), ("earlier", "yes")],
        &[
            ("kinship", "descendant"),
            ("child_of", "1"),
            ("relative_kinship_1", "descendant"),
            ("relative_fate_1", "died-before"),
            ("relative_kinship_2", "descendant"),
            ("relative_fate_2", "lives"),
        ],
        "",
    ),
    (
        &[("kinship", "descendant"), ("line", "lives")],
        &[
            ("kinship", "descendant"),
            ("child_of", "1"),
            ("relative_kinship_1", "descendant"),
            ("relative_fate_1", "lives"),
        ],
        "nearer-degree-lives",
    ),
    (
        &[("kinship", "descendant"), ("line", "renounced"), ("earlier", "no")],
        &[
            ("kinship", "descendant"),
            ("child_of", "1"),
            ("relative_kinship_1", "descendant"),
            ("relative_fate_1", "renounced"),
        ],
        "",
    ),
    (
        &[("kinship", "descendant"), ("line", "renounced"), ("earlier", "yes")],
        &[
            ("kinship", "descendant"),
            ("child_of", "1"),
            ("relative_kinship_1", "descendant"),
            ("relative_fate_1", "renounced"),
            ("relative_kinship_2", "descendant"),
            ("relative_fate_2", "lives"),
        ],
        "line-renounced",
    ),
    (&[("kinship", "parent"), ("earlier", "no")], &[("kinship", "parent"), ("earlier_heir_lives", "no")], ""),
    (
        &[("kinship", "sibling"), ("earlier", "yes")],
        &[("kinship", "sibling"), ("earlier_heir_lives", "yes")],
        "earlier-heir-lives",
    ),
    (&[("kinship", "sibling"), ("earlier", "unknown")], &[("kinship", "sibling")], ""),
    (&[("kinship", "grandparent"), ("earlier", "no")], &[("kinship", "grandparent"), ("earlier_heir_lives", "no")], ""),
    (&[("kinship", "other")], &[("kinship", "other")], "not-an-heir"),
];

/// The texts between two marks of a page, each once, in order.
fn between(page: &str, from: &str, to: &str) -> std::collections::BTreeSet<String> {
    page.split(from).skip(1).filter_map(|rest| rest.split_once(to)).map(|(text, _)| text.to_owned()).collect()
}

#[tokio::test]
async fn an_heir_states_the_relation_and_nearer_heirs_and_is_answered_as_on_the_full_form() {
    let desk = TestDesk::open().await;
    for (who, full, code) in HEIRS {
        let mut browser = desk.applicant();
        browser.post("/apply", &[]).await;
        browser.post("/apply/items", ITEMS).await;
        browser.post("/apply/exams", EXAMS).await;
        let who = [&[("capacity", "heir"), ("agent", "no")], who].concat();
        browser.post("/apply/who", &who).await;
        let mut people = PEOPLE.to_vec();
        people.extend([("person_name", "林範例"), ("person_identity", "A223456781")]);
        browser.post("/apply/people", &people).await;
        browser.post("/apply/collect", COLLECT).await;
        let page = browser.get("/apply/papers").await;
        assert_eq!(page.status, StatusCode::OK, "{who:?}");
        let born = PEOPLE.iter().find(|(name, _)| *name == "patient_born").expect("a birthday").1;
        let mut asked = vec![("kind_1", "ct"), ("disc_1", "yes"), ("capacity", "heir"), ("born", born)];
        asked.extend([("patient_deceased", "yes"), ("rows_relatives", "2")]);
        asked.extend(full);
        let answer = browser.post("/quote", &asked).await;
        assert_eq!(answer.status, StatusCode::OK, "{full:?}: {}", answer.body);
        let json = answer.body.split_once("id=\"answer-json\"").expect("JSON").1;
        let json = json.split_once('>').and_then(|(_, rest)| rest.split_once("</")).expect("JSON").0;
        let json: serde_json::Value =
            serde_json::from_str(&json.replace("&#34;", "\"").replace("&#39;", "'")).expect("JSON");
        let list = |key: &str, member: &str| -> Vec<String> {
            let all = json[key].as_array().into_iter().flatten();
            all.filter_map(|one| one[member].as_str()).map(str::to_owned).collect()
        };
        let codes: Vec<String> = list("violations", "code");
        assert_eq!(codes, if code.is_empty() { vec![] } else { vec![code.to_owned()] }, "{full:?}");
        let told = between(&page.body, "violation-", "\"");
        assert_eq!(told, codes.into_iter().collect(), "{who:?}");
        // The same papers, by their names in the page's language.
        if code.is_empty() {
            let papers = json["papers"].as_array().expect("papers");
            let names: Vec<&str> = papers.iter().filter_map(|p| p["text"]["zh"].as_str()).collect();
            assert!(!names.is_empty() && names.iter().all(|name| page.has(name)), "{who:?}: {names:?}");
            let proof = names.iter().any(|name| name.starts_with("前順位繼承人"));
            assert_eq!(page.has("前順位繼承人均不存在"), proof, "{who:?}");
        }
    }
}

#[tokio::test]
async fn what_is_not_copied_here_is_referred() {
    let desk = TestDesk::open().await;
    let mut browser = desk.applicant();
    browser.get("/?lang=en").await;
    browser.post("/apply", &[]).await;
    browser.post("/apply/items", &[("item_angiography", "yes"), ("count_angiography", "1")]).await;
    browser.post("/apply/exams", &[("unit_angiography_1", "cardiovascular-center")]).await;
    for (page, fields) in [("who", WHO), ("people", PEOPLE), ("collect", COLLECT)] {
        browser.post(&format!("/apply/{page}"), fields).await;
    }
    let page = browser.get("/apply/papers").await;
    assert!(page.has("id=\"cannot\"") && page.has("Cardiovascular Center"));
    assert!(!page.has("id=\"lines\""), "no fee here");
}

#[tokio::test]
async fn the_status_page_needs_number_and_code_and_shows_no_examination() {
    let desk = TestDesk::open().await;
    let mut browser = desk.applicant();
    let (number, code) = apply(&mut browser).await;
    let mut anybody = desk.applicant();
    anybody.get("/?lang=en").await;
    let page = anybody.post("/status", &[("number", &number.to_lowercase()), ("code", &code.to_lowercase())]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("id=\"status-steps\""));
    for private in ["王", "測試", "A123456789", "CT (", "General X-ray", "Chest", "胸部", "電腦斷層"] {
        assert!(!page.has(private), "{private}");
    }
    let wrong = anybody.post("/status", &[("number", &number), ("code", "2222")]).await;
    let unknown = anybody.post("/status", &[("number", "2222-2222"), ("code", "2222")]).await;
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY));
    let mut refused = 0;
    for _ in 0..20 {
        let page = anybody.post("/status", &[("number", &number), ("code", "2222")]).await;
        refused += usize::from(page.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused >= 10, "guessing is slow: {refused}");
}

#[tokio::test]
async fn papers_to_print_are_pdfs() {
    let desk = TestDesk::open().await;
    let mut browser = desk.applicant();
    let blank = browser.get("/consent-form.pdf").await;
    assert!(blank.bytes.starts_with(b"%PDF"), "{}", blank.status);
    apply(&mut browser).await;
    for path in ["/apply/slip.pdf", "/apply/consent-form.pdf"] {
        let page = browser.get(path).await;
        assert!(page.bytes.starts_with(b"%PDF"), "{path}: {}", page.status);
    }
}

#[tokio::test]
async fn every_public_page_renders_in_both_languages_and_sizes() {
    let desk = TestDesk::open().await;
    let mut browser = desk.applicant();
    apply(&mut browser).await;
    let mut drafting = desk.applicant();
    drafting.post("/apply", &[]).await;
    drafting.post("/apply/items", ITEMS).await;
    for lang in ["zh", "en"] {
        for path in ["/", "/quote", "/privacy", "/status", "/status/2222-2222", "/apply/sent", "/nothing-here"] {
            let page = browser.get(&format!("{path}?lang={lang}&text=large")).await;
            let tag = if lang == "zh" { "zh-Hant-TW" } else { "en" };
            assert!(page.has(&format!("<html lang=\"{tag}\" class=\"large\">")), "{path}");
            assert!(page.has("id=\"demo-banner\""));
        }
        for step in ["items", "exams", "who", "people", "collect"] {
            let page = drafting.get(&format!("/apply/{step}?lang={lang}&check=1")).await;
            assert!(page.status.is_success() || page.status == StatusCode::UNPROCESSABLE_ENTITY, "{step}");
            let fields: Vec<(&str, &str)> = if step == "items" { ITEMS.to_vec() } else { vec![("capacity", "heir")] };
            drafting.post(&format!("/apply/{step}"), &fields).await;
        }
    }
}
