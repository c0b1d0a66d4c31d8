//! A server of DICOMweb: QIDO-RS to look, WADO-RS to bring (PS3.18).
//!
//! QIDO-RS puts the patient's identifier into the archive's URL, so no URL is ever logged or put into an error. The
//! server is one fixed origin: redirects are not followed and the environment's proxies are not used.

use crate::config::DicomWebConfig;
use crate::echo::{EchoReport, Offer};
use crate::error::{ArchiveError, http};
use crate::fetch::Ask;
use crate::find::{Answer, InstanceListing, PatientKey, SERIES_FIELDS, STUDY_FIELDS, instances_of, tag};
use crate::multipart::{Multipart, Parts};
use crate::part10;
use crate::spool::{NotTaken, Object, Spool};
use dicom_core::VR;
use filmdesk_dimse::Tag;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

const QIDO: &str = "QIDO-RS";
const WADO: &str = "WADO-RS";
/// As stored, whatever that is: without it a server may transcode to Explicit VR Little Endian (PS3.18 §8.7.3.5.2).
const AS_STORED: &str = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";
/// Largest QIDO-RS answer, all its pages together.
const MAX_JSON: u64 = 64 << 20;
/// Answers on one page of it, and values of one attribute, that are kept at most.
const MAX_ANSWERS: usize = 200_000;
const MAX_VALUES: usize = 64;
/// Bytes of one object, as over DIMSE.
const MAX_OBJECT: u64 = 8 << 30;
/// A server that sends fewer bytes than this in a window does not send: a byte now and then would go on for ever.
const LEAST_BYTES: u64 = 64 << 10;
const WINDOW: Duration = Duration::from_secs(120);
/// Answers asked for at a time.
const PAGE: usize = 2_000;
/// More pages than this are no study.
const MAX_PAGES: usize = 500;

/// A server as configured.
pub(crate) struct DicomWeb {
    config: DicomWebConfig,
    /// For looking; each fetch has one of its own.
    client: Client,
    base: String,
    /// Host and port, for messages.
    place: String,
    login: Login,
}

enum Login {
    None,
    Basic { user: String, password: String },
    Bearer(String),
}

impl DicomWeb {
    pub fn new(config: DicomWebConfig) -> Result<DicomWeb, ArchiveError> {
        let bad = |problem: String| ArchiveError::Configuration(problem);
        let url = reqwest::Url::parse(&config.url).map_err(|e| bad(format!("url is not a URL: {e}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || !url.username().is_empty() {
            return Err(bad("url must be http(s)://host[:port]/path, with no user and no query in it".into()));
        }
        let place = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0));
        let login = match (&config.user, &config.password_file, &config.token_file) {
            (None, None, None) => Login::None,
            (Some(user), Some(file), None) => Login::Basic { user: user.clone(), password: secret(file)? },
            (None, None, Some(file)) => Login::Bearer(secret(file)?),
            _ => return Err(bad("give user and password_file, or token_file, or none of them".into())),
        };
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(DicomWeb { client: client(&config)?, config, base, place, login })
    }

    pub async fn echo(&self, name: &str) -> Result<EchoReport, ArchiveError> {
        let started = Instant::now();
        // An identifier nobody has: what counts is that the server understands the question.
        let response = self.get("/studies?StudyInstanceUID=2.25.0&limit=1", "application/dicom+json").send().await;
        let response = response.map_err(http(QIDO))?;
        let server = response.headers().get("server").and_then(|value| value.to_str().ok()).map(str::to_owned);
        json(response, &mut 0).await?;
        let offer = Offer { service: QIDO, offered: true, needed: true, advice: None };
        Ok(EchoReport {
            archive: name.to_owned(),
            reached: format!("DICOMweb at {}", self.place),
            implementation: server,
            took: started.elapsed(),
            offers: vec![offer],
        })
    }

    pub async fn studies(
        &self,
        patient: Option<&PatientKey>,
        study_uid: Option<&str>,
    ) -> Result<Vec<Answer>, ArchiveError> {
        let patient = patient.map(|patient| format!("PatientID={}", percent(patient.patient_id.trim())));
        let study = study_uid.map(|uid| format!("StudyInstanceUID={uid}"));
        let keys: Vec<String> = patient.into_iter().chain(study).collect();
        let path = format!("/studies?{}{}", keys.join("&"), fields(STUDY_FIELDS));
        self.pages(&path, tag::STUDY, 0).await
    }

    /// What the series of these studies say of where they were made and of what. A server that refuses the question has
    /// nothing to say: studies are then classified by what it tells of the study.
    pub async fn series(&self, studies: &[&str]) -> Result<Vec<Answer>, ArchiveError> {
        let mut found = Vec::new();
        for study_uid in studies {
            let path = format!("/studies/{study_uid}/series?includefield=0020000D{}", fields(SERIES_FIELDS));
            match self.pages(&path, tag::SERIES, 0).await {
                Ok(answers) => found.extend(answers.into_iter().filter_map(|answer| answer.of_study(study_uid))),
                Err(error @ ArchiveError::Http { .. }) => {
                    tracing::warn!(%error, "the archive does not say where series were made; they are classified without");
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    pub async fn instances(&self, study_uid: &str, n_told: u32) -> Result<Vec<InstanceListing>, ArchiveError> {
        let path = format!("/studies/{study_uid}/instances?includefield=00080016&includefield=0020000E");
        let answers = self.pages(&path, tag::SOP_INSTANCE, n_told as usize).await?;
        let here = |answer: &Answer| answer.first(tag::STUDY).is_none_or(|study| study == study_uid);
        Ok(instances_of(answers.into_iter().filter(here).collect()))
    }

    /// All answers, page by page. A server that knows no pages answers the same twice; one that caps a page below what
    /// was asked is asked on from where it stopped. Done is when a page brings nothing new, or when there are as many as the
    /// server itself told (`n_told`; 0: it did not): that saves it composing one more page, and proves nothing.
    async fn pages(&self, path: &str, unique: Tag, n_told: usize) -> Result<Vec<Answer>, ArchiveError> {
        let (mut found, mut read) = (Vec::new(), 0);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..MAX_PAGES {
            let page = format!("{path}&limit={PAGE}&offset={}", found.len());
            let response = self.get(&page, "application/dicom+json").send().await.map_err(http(QIDO))?;
            let answers = json(response, &mut read).await?;
            let before = seen.len();
            for answer in answers {
                if answer.first(unique).is_some_and(|uid| seen.insert(uid.to_owned())) {
                    found.push(answer);
                }
            }
            if seen.len() == before || seen.len() == n_told {
                return Ok(found);
            }
        }
        Err(ArchiveError::Answer("a list that does not end"))
    }

    pub async fn retrieve(
        &self,
        study_uid: &str,
        missing: &[InstanceListing],
        ask: Ask,
        spool: &Spool,
    ) -> Result<(), ArchiveError> {
        // A client of this fetch's own: its connections are served by the thread that writes what they bring.
        let client = client(&self.config)?;
        if ask == Ask::Study {
            return self.bring(&client, &format!("/studies/{study_uid}"), spool).await;
        }
        let mut last = Ok(());
        for InstanceListing { series_uid, sop_instance_uid, .. } in missing {
            let path = format!("/studies/{study_uid}/series/{series_uid}/instances/{sop_instance_uid}");
            match self.bring(&client, &path, spool).await {
                Err(error @ ArchiveError::HttpFailed { .. }) => return Err(error),
                Err(error) => last = Err(error),
                Ok(()) => {}
            }
            if spool.is_over() {
                break;
            }
        }
        last
    }

    async fn bring(&self, client: &Client, path: &str, spool: &Spool) -> Result<(), ArchiveError> {
        let mut response = self.request(client, path, AS_STORED).send().await.map_err(http(WADO))?;
        if response.status() != StatusCode::OK {
            return Err(ArchiveError::Http { service: WADO, status: response.status().as_u16() });
        }
        let content_type =
            response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut multipart = Multipart::new(content_type)?;
        let mut parts = Incoming { spool: spool.clone(), at: Part::Head(Vec::new()), bytes: 0 };
        let mut pace = Pace::new(WADO);
        while let Some(bytes) = response.chunk().await.map_err(http(WADO))? {
            pace.came(bytes.len())?;
            multipart.feed(&bytes, &mut parts)?;
        }
        multipart.finish()
    }

    fn get(&self, path: &str, accept: &str) -> RequestBuilder {
        self.request(&self.client, path, accept)
    }

    fn request(&self, client: &Client, path: &str, accept: &str) -> RequestBuilder {
        let request = client.get(format!("{}{path}", self.base)).header(ACCEPT, accept);
        match &self.login {
            Login::None => request,
            Login::Basic { user, password } => request.basic_auth(user, Some(password)),
            Login::Bearer(token) => request.bearer_auth(token),
        }
    }
}

/// Takes WADO-RS parts into the spool: the file's own head is read and replaced by ours.
struct Incoming {
    spool: Spool,
    at: Part,
    /// Of this part.
    bytes: u64,
}

/// Whether a server sends at all.
struct Pace {
    service: &'static str,
    since: Instant,
    bytes: u64,
}

impl Pace {
    fn new(service: &'static str) -> Pace {
        Pace { service, since: Instant::now(), bytes: 0 }
    }

    fn came(&mut self, bytes: usize) -> Result<(), ArchiveError> {
        self.bytes += bytes as u64;
        if self.since.elapsed() < WINDOW {
            return Ok(());
        }
        if self.bytes < LEAST_BYTES {
            let reason = format!("only {} bytes came in {} s", self.bytes, WINDOW.as_secs());
            return Err(ArchiveError::HttpFailed { service: self.service, reason, transient: true });
        }
        *self = Pace::new(self.service);
        Ok(())
    }
}

enum Part {
    /// The head is not all there yet.
    Head(Vec<u8>),
    /// Its data set is being written.
    Object(Object),
    /// Nobody asked for it.
    Skipped,
}

impl Parts for Incoming {
    fn start(&mut self) -> Result<(), ArchiveError> {
        self.at = Part::Head(Vec::new());
        self.bytes = 0;
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_OBJECT {
            return Err(ArchiveError::AnswerTooLarge { limit: MAX_OBJECT });
        }
        match &mut self.at {
            Part::Object(object) => object.data(bytes).map_err(ArchiveError::Spool),
            Part::Skipped => Ok(()),
            Part::Head(head) => {
                head.extend_from_slice(bytes);
                let Some(meta) = part10::head(head)? else { return Ok(()) };
                let rest = head.split_off(meta.data_set);
                self.at = match self.spool.begin(&meta.sop_class_uid, &meta.sop_instance_uid, &meta.transfer_syntax) {
                    Ok(mut object) => {
                        object.data(&rest).map_err(ArchiveError::Spool)?;
                        Part::Object(object)
                    }
                    Err(NotTaken::Unexpected) => Part::Skipped,
                    Err(NotTaken::Fatal) => return Err(ArchiveError::Cancelled),
                };
                Ok(())
            }
        }
    }

    fn end(&mut self) -> Result<(), ArchiveError> {
        match std::mem::replace(&mut self.at, Part::Skipped) {
            Part::Object(object) => object.end().map_err(ArchiveError::Spool),
            Part::Skipped => Ok(()),
            Part::Head(_) => Err(ArchiveError::Answer("a part that is no DICOM object")),
        }
    }
}

/// Asks for these attributes too.
fn fields(wanted: &[(Tag, &[u8; 2], VR)]) -> String {
    wanted.iter().map(|((group, element), _, _)| format!("&includefield={group:04X}{element:04X}")).collect()
}

fn client(config: &DicomWebConfig) -> Result<Client, ArchiveError> {
    // One provider for the whole program; whoever came first has chosen it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bad = |what: &str, e: reqwest::Error| ArchiveError::Configuration(format!("{what}: {}", e.without_url()));
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(Duration::from_secs(config.connect_seconds))
        .read_timeout(Duration::from_secs(config.idle_seconds));
    if let Some(file) = &config.ca_file {
        let authorities = reqwest::Certificate::from_pem_bundle(&bytes(file)?).map_err(|e| bad("ca_file", e))?;
        builder = builder.tls_certs_only(authorities);
    }
    if let Some(file) = &config.identity_file {
        builder = builder.identity(reqwest::Identity::from_pem(&bytes(file)?).map_err(|e| bad("identity_file", e))?);
    }
    builder.build().map_err(|e| bad("the HTTP client", e))
}

fn bytes(file: &Path) -> Result<Vec<u8>, ArchiveError> {
    std::fs::read(file).map_err(|e| ArchiveError::Configuration(format!("{} cannot be read: {e}", file.display())))
}

pub(crate) fn secret(file: &Path) -> Result<String, ArchiveError> {
    let text = String::from_utf8(bytes(file)?);
    let text = text.map_err(|_| ArchiveError::Configuration(format!("{} is not text", file.display())))?;
    Ok(text.trim().to_owned())
}

/// For a query value: everything but the unreserved characters, RFC 3986 §2.3.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// The answers of a QIDO-RS response: an array of DICOM JSON objects, or nothing (204).
/// `read` counts its bytes with those of the pages before.
async fn json(mut response: Response, read: &mut u64) -> Result<Vec<Answer>, ArchiveError> {
    match response.status() {
        StatusCode::NO_CONTENT => return Ok(Vec::new()),
        StatusCode::OK => {}
        status => return Err(ArchiveError::Http { service: QIDO, status: status.as_u16() }),
    }
    let (mut body, mut pace) = (Vec::new(), Pace::new(QIDO));
    while let Some(bytes) = response.chunk().await.map_err(http(QIDO))? {
        pace.came(bytes.len())?;
        body.extend_from_slice(&bytes);
        *read += bytes.len() as u64;
        if *read > MAX_JSON {
            return Err(ArchiveError::AnswerTooLarge { limit: MAX_JSON });
        }
    }
    answers(&body)
}

/// The answers in the body of a response. What is kept of it is bounded whatever it holds: so many answers, so many values of
/// each attribute.
pub(crate) fn answers(body: &[u8]) -> Result<Vec<Answer>, ArchiveError> {
    let read: Result<Answers, _> = serde_json::from_slice(body);
    let Answers(found) = read.map_err(|_| ArchiveError::Answer("it is not an array of DICOM JSON objects"))?;
    if found.len() > MAX_ANSWERS { Err(ArchiveError::Answer("more answers than any study has")) } else { Ok(found) }
}

fn hex(text: Option<&str>) -> Option<u16> {
    u16::from_str_radix(text?, 16).ok()
}

/// DICOM JSON, PS3.18 Annex F, read as it is parsed.
struct Answers(Vec<Answer>);

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Reads(AnswersOf)).map(Answers)
    }
}

/// What is being read, and what comes of it.
struct Reads<T>(T);
/// An array of objects.
struct AnswersOf;
/// An object: attributes by tag.
struct AnswerOf;
/// An attribute: what is beside its `Value` is passed over.
struct Attribute;
/// The array of its values.
struct Values;
/// One value: a text, a number, or the groups of a name.
struct Single;

macro_rules! read_seed {
    ($($what:ident -> $made:ty),*) => {$(
        impl<'de> DeserializeSeed<'de> for $what {
            type Value = $made;
            fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<$made, D::Error> {
                from.deserialize_any(Reads(self))
            }
        }
    )*};
}
read_seed! { AnswerOf -> Answer, Attribute -> Vec<String>, Values -> Vec<String>, Single -> String }

/// What is none of the expected kinds says nothing.
macro_rules! says_nothing {
    ($made:ty: $($kind:ident),*) => {
        $(says_nothing!(@ $made, $kind);)*
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("DICOM JSON")
        }
    };
    (@ $made:ty, scalar) => {
        fn visit_bool<E>(self, _: bool) -> Result<$made, E> { Ok(Default::default()) }
        fn visit_unit<E>(self) -> Result<$made, E> { Ok(Default::default()) }
    };
    (@ $made:ty, number) => {
        fn visit_u64<E>(self, _: u64) -> Result<$made, E> { Ok(Default::default()) }
        fn visit_i64<E>(self, _: i64) -> Result<$made, E> { Ok(Default::default()) }
        fn visit_f64<E>(self, _: f64) -> Result<$made, E> { Ok(Default::default()) }
        fn visit_str<E>(self, _: &str) -> Result<$made, E> { Ok(Default::default()) }
    };
    (@ $made:ty, seq) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<$made, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Default::default())
        }
    };
    (@ $made:ty, map) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$made, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Default::default())
        }
    };
}

impl<'de> Visitor<'de> for Reads<AnswersOf> {
    type Value = Vec<Answer>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of DICOM JSON objects")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Answer>, A::Error> {
        let mut found = Vec::new();
        while found.len() <= MAX_ANSWERS
            && let Some(answer) = seq.next_element_seed(AnswerOf)?
        {
            found.push(answer);
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

impl<'de> Visitor<'de> for Reads<AnswerOf> {
    type Value = Answer;
    says_nothing!(Answer: scalar, number, seq);
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answer, A::Error> {
        let mut answer = Answer::default();
        while let Some(key) = map.next_key::<String>()? {
            let (Some(group), Some(number)) = (hex(key.get(..4)), hex(key.get(4..8))) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let values = map.next_value_seed(Attribute)?;
            match (group, number) {
                tag @ (tag::NAME | tag::DESCRIPTION) => answer.set_text(tag, values.join("\\"), None),
                tag => answer.set(tag, values),
            }
        }
        Ok(answer)
    }
}

impl<'de> Visitor<'de> for Reads<Attribute> {
    type Value = Vec<String>;
    says_nothing!(Vec<String>: scalar, number, seq);
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
        let mut values = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == "Value" {
                values = map.next_value_seed(Values)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(values)
    }
}

impl<'de> Visitor<'de> for Reads<Values> {
    type Value = Vec<String>;
    says_nothing!(Vec<String>: scalar, number, map);
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<String>, A::Error> {
        let mut values = Vec::new();
        while values.len() < MAX_VALUES
            && let Some(value) = seq.next_element_seed(Single)?
        {
            values.push(value);
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(values)
    }
}

impl<'de> Visitor<'de> for Reads<Single> {
    type Value = String;
    says_nothing!(String: scalar, seq);
    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }
    fn visit_i64<E>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }
    fn visit_f64<E>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }
    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.trim().to_owned())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        let mut groups = [String::new(), String::new(), String::new()];
        while let Some(key) = map.next_key::<String>()? {
            let group = ["Alphabetic", "Ideographic", "Phonetic"].iter().position(|name| *name == key);
            match group {
                Some(group) => {
                    groups[group] = map.next_value_seed(Single)?.trim_end_matches(['^', ' ']).to_owned();
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(groups.join("=").trim_end_matches('=').to_owned())
    }
}

#[cfg(test)]
mod tests;
