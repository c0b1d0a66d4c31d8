//! How things are read and written for people: dates in both calendars, money, masked names, reasons.

use crate::i18n::Tr;
use filmdesk_desk::{Refusal, Sex};
use filmdesk_policy::{
    Answer, Cite, FeeLine, Lang, Payable, Place, Reading, ReadyTime, Reason, Referral, RequiredDocument, Rules, Twd,
    Violation, taiwan,
};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use std::fmt::Display;

/// `NT$1,200` or `新臺幣1,200元`.
pub fn money(tr: Tr, amount: Twd) -> String {
    let digits = amount.dollars().unsigned_abs().to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if amount.dollars() < 0 { "−" } else { "" };
    tr.t1("money", "amount", format!("{sign}{grouped}"))
}

/// The moment in hospital time.
pub fn local(at: Timestamp, zone: &TimeZone) -> DateTime {
    at.to_zoned(zone.clone()).datetime()
}

/// `2026年12月1日（二）` or `Tue 1 Dec 2026`.
pub fn date(tr: Tr, date: Date) -> String {
    let day = tr.t(match date.weekday() {
        Weekday::Monday => "day-1",
        Weekday::Tuesday => "day-2",
        Weekday::Wednesday => "day-3",
        Weekday::Thursday => "day-4",
        Weekday::Friday => "day-5",
        Weekday::Saturday => "day-6",
        Weekday::Sunday => "day-7",
    });
    match tr.lang {
        Lang::ZhTw => format!("{}年{}月{}日（{day}）", date.year(), date.month(), date.day()),
        Lang::En => format!("{day} {} {} {}", date.day(), month(tr, date), date.year()),
    }
}

/// A date as it stands on papers: in both calendars.
pub fn date_both(tr: Tr, date: Date) -> String {
    tr.text(&taiwan::both_calendars(date)).to_owned()
}

fn month(tr: Tr, date: Date) -> String {
    tr.t(&format!("month-{}", date.month()))
}

/// Date and time of day.
pub fn moment(tr: Tr, at: DateTime) -> String {
    tr.t2("moment", "date", date(tr, at.date()), "time", time(at))
}

/// `11:00`.
pub fn time(at: DateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// An instant, in hospital time.
pub fn instant(tr: Tr, at: Timestamp, zone: &TimeZone) -> String {
    moment(tr, local(at, zone))
}

/// Bytes as people say them.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// 王○明.
pub fn masked(name: &str) -> String {
    taiwan::mask_name(name)
}

/// Why the desk does not do something.
pub fn refusal(tr: Tr, why: &Refusal) -> String {
    let arguments = why.arguments();
    let arguments: Vec<(&'static str, &dyn Display)> =
        arguments.iter().map(|(name, value)| (*name, value as &dyn Display)).collect();
    tr.with(&format!("refused-{}", why.code()), &arguments)
}

/// What stopped a job: the sentence of its code. What the worker wrote is English; on a page in another language only what
/// needs no translation is taken from it: the archive's name and UIDs.
pub fn stalled(tr: Tr, code: &str, written: &str, archives: &[String]) -> String {
    let sentence = tr.maybe(&format!("stall-{code}-what")).unwrap_or_else(|| tr.t("stall-other-what"));
    if tr.lang == Lang::En && !written.is_empty() {
        return format!("{sentence} {written}");
    }
    let mut about: Vec<&str> = Vec::new();
    for word in written.split(|c: char| c.is_whitespace() || ",:;()".contains(c)) {
        let word = word.trim_end_matches('.');
        if (is_uid(word) || archives.iter().any(|name| name == word)) && !about.contains(&word) {
            about.push(word);
        }
    }
    if about.is_empty() {
        return sentence;
    }
    tr.t2("stall-about", "what", sentence.trim_end_matches('。'), "about", about.join(&tr.t("list-comma")))
}

fn is_uid(word: &str) -> bool {
    // An address has four numbers, too; a UID made of a UUID is 2.25 and one number (PS3.5 B.2).
    (word.split('.').count() > 4 || word.starts_with("2.25."))
        && word.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Why an object is on no disc, and what could be done instead. A record older than these words has the code's only.
pub fn left_out(tr: Tr, one: &filmdesk_desk::LeftOut) -> String {
    match (tr.lang, &one.zh, &one.en) {
        (Lang::ZhTw, Some(told), _) => told.clone(),
        (Lang::ZhTw, None, _) => tr.maybe(&format!("left-out-{}", one.code)).unwrap_or_else(|| tr.t("left-out-other")),
        // The particulars are written in English.
        (Lang::En, _, Some(told)) => format!("{told} [{}]", one.reason),
        (Lang::En, _, None) => one.reason.clone(),
    }
}

/// The last four characters of a number.
pub fn last_four(number: &str) -> String {
    let all: Vec<char> = number.chars().collect();
    all[all.len().saturating_sub(4)..].iter().collect()
}

/// A date in any of the forms people write: ROC or ISO.
pub fn parse_date(typed: &str) -> Option<Date> {
    let typed = typed.trim();
    if typed.is_empty() { None } else { taiwan::parse_date(typed).ok() }
}

/// The message that says what is wrong with an identity number, or nothing.
pub fn identity_fault(number: &str) -> Option<&'static str> {
    match taiwan::check_identity(number) {
        Ok(_) => None,
        Err(_) if number.len() != 10 => Some("e-identity-shape"),
        Err(_) => Some("e-identity-check"),
    }
}

/// The sex a national or resident number codes.
pub fn sex_of(number: &str) -> Option<Sex> {
    match number.chars().nth(1)? {
        '1' | '8' | 'A' | 'C' => Some(Sex::Male),
        '2' | '9' | 'B' | 'D' => Some(Sex::Female),
        _ => None,
    }
}

/// Where a rule comes from, as a page says it.
pub fn cite(tr: Tr, cite: &Cite) -> String {
    match cite {
        Cite::Page(heading) => tr.t1("cite-page", "what", heading),
        Cite::Law(law) => tr.t1("cite-law", "what", law),
        Cite::Proposal(id) => tr.t1("cite-proposal", "what", id),
    }
}

/// A reason.
#[derive(Clone, Debug)]
pub struct ReasonView {
    /// In words.
    pub text: String,
    /// Its source.
    pub cite: String,
    /// The reading that decided it.
    pub reading: Option<String>,
}

impl ReasonView {
    fn new(tr: Tr, reason: &Reason) -> ReasonView {
        ReasonView {
            text: tr.text(&reason.text).to_owned(),
            cite: cite(tr, &reason.cite),
            reading: reason.reading.clone(),
        }
    }
}

/// A reading in use, in words.
#[derive(Clone, Debug)]
pub struct ReadingView {
    /// `A05`.
    pub id: String,
    /// The choice in use.
    pub text: String,
    /// Why this one.
    pub reason: String,
}

/// The readings behind an answer, each with the choice in use and why.
pub fn readings(tr: Tr, rules: &Rules, used: &[String]) -> Vec<ReadingView> {
    let view = |reading: &Reading| ReadingView {
        id: reading.id.clone(),
        text: tr.text(reading.text()).to_owned(),
        reason: tr.text(&reading.reason).to_owned(),
    };
    used.iter().filter_map(|id| rules.reading(id)).map(view).collect()
}

/// One fee line.
#[derive(Clone, Debug)]
pub struct LineView {
    /// Its row of the tariff.
    pub rule: String,
    /// How many.
    pub quantity: u32,
    /// Whole dollars.
    pub twd: i64,
    /// In words.
    pub text: String,
    /// Formatted.
    pub amount: String,
    /// Its source.
    pub cite: String,
}

/// One paper.
#[derive(Clone, Debug)]
pub struct PaperView {
    /// `D1`…
    pub id: String,
    /// In words.
    pub text: String,
    /// What may stand in, joined.
    pub alternatives: String,
    /// Each of them.
    pub options: Vec<String>,
    /// Why.
    pub why: ReasonView,
}

/// When it is ready.
#[derive(Clone, Debug)]
pub struct ReadyView {
    /// The moment as the answer has it, or what is in its place.
    pub at: String,
    /// In words.
    pub text: String,
    /// What moved it.
    pub why: Vec<ReasonView>,
}

/// A place.
#[derive(Clone, Debug)]
pub struct PlaceView {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Its hours.
    pub hours: String,
    /// Telephone.
    pub phone: String,
}

impl PlaceView {
    /// A place in one language.
    pub fn new(tr: Tr, place: &Place) -> PlaceView {
        PlaceView {
            name: tr.text(&place.name).to_owned(),
            address: tr.text(&place.address).to_owned(),
            hours: tr.text(&place.hours).to_owned(),
            phone: place.phone.clone(),
        }
    }
}

/// What is applied for elsewhere.
#[derive(Clone, Debug)]
pub struct ReferralView {
    /// Which item.
    pub heading: String,
    /// Where, in order.
    pub places: Vec<PlaceView>,
    /// Why.
    pub why: ReasonView,
}

/// Something that cannot be done as asked.
#[derive(Clone, Debug)]
pub struct ViolationView {
    /// Stable code.
    pub code: String,
    /// What is wrong, what is allowed.
    pub text: String,
    /// Its source.
    pub cite: Option<String>,
    /// The page that changes it.
    pub change: String,
}

/// An answer of the rules in one language.
#[derive(Clone, Debug)]
pub struct AnswerView {
    /// A quote.
    pub binding: bool,
    /// Its lines.
    pub lines: Vec<LineView>,
    /// Their sum.
    pub total: String,
    /// In what right the applicant applies.
    pub standing: Vec<ReasonView>,
    /// Papers to bring.
    pub papers: Vec<PaperView>,
    /// Where.
    pub place: Option<PlaceView>,
    /// What is elsewhere.
    pub referrals: Vec<ReferralView>,
    /// When.
    pub ready: Vec<ReadyView>,
    /// When payment is possible, if not now.
    pub not_payable: Option<String>,
    /// What cannot be done.
    pub violations: Vec<ViolationView>,
    /// What an estimate assumes.
    pub assumptions: Vec<String>,
}

impl AnswerView {
    /// `items` are the names of the situation's items, for the referrals.
    pub fn new(tr: Tr, answer: &Answer, items: &[String]) -> AnswerView {
        AnswerView {
            binding: answer.binding,
            lines: answer.lines.iter().map(|line| line_view(tr, line)).collect(),
            total: money(tr, answer.total),
            standing: answer.standing.iter().map(|reason| ReasonView::new(tr, reason)).collect(),
            papers: papers(tr, &answer.papers),
            place: answer.place.as_ref().map(|place| PlaceView::new(tr, place)),
            referrals: answer.referrals.iter().map(|one| referral(tr, one, items)).collect(),
            ready: answer.ready.iter().map(|ready| ready_view(tr, ready)).collect(),
            not_payable: not_payable(tr, &answer.payable),
            violations: answer.violations.iter().map(|one| violation(tr, one)).collect(),
            assumptions: answer.assumptions.iter().map(|text| tr.text(text).to_owned()).collect(),
        }
    }
}

/// The papers of an answer.
pub fn papers(tr: Tr, papers: &[RequiredDocument]) -> Vec<PaperView> {
    let view = |paper: &RequiredDocument| {
        let options: Vec<String> = paper.alternatives.iter().map(|text| tr.text(text).to_owned()).collect();
        PaperView {
            id: paper.id.clone(),
            text: tr.text(&paper.text).to_owned(),
            alternatives: options.join(&tr.t("list-comma")),
            options,
            why: ReasonView::new(tr, &paper.why),
        }
    };
    papers.iter().map(view).collect()
}

fn line_view(tr: Tr, line: &FeeLine) -> LineView {
    LineView {
        rule: line.rule.clone(),
        quantity: line.quantity,
        twd: line.amount.dollars(),
        text: tr.text(&line.text).to_owned(),
        amount: money(tr, line.amount),
        cite: cite(tr, &line.cite),
    }
}

fn referral(tr: Tr, one: &Referral, items: &[String]) -> ReferralView {
    let heading = match one.item.and_then(|i| items.get(i)) {
        Some(item) => tr.t1("referral-item", "what", item),
        None => tr.t("referral-all"),
    };
    let places = one.places.iter().map(|place| PlaceView::new(tr, place)).collect();
    ReferralView { heading, places, why: ReasonView::new(tr, &one.why) }
}

fn ready_view(tr: Tr, ready: &ReadyTime) -> ReadyView {
    let (text, at, why) = match ready {
        ReadyTime::At { at, why } => (tr.t1("ready-at", "when", moment(tr, *at)), at.to_string(), why),
        ReadyTime::ToBeAgreed { why } => (tr.t("ready-agreed"), "to-be-agreed".to_owned(), why),
        ReadyTime::Unknown { why } => (tr.t("ready-unknown"), "unknown".to_owned(), why),
    };
    ReadyView { at, text, why: why.iter().map(|reason| ReasonView::new(tr, reason)).collect() }
}

/// Why money may not be taken now, and from when.
pub fn not_payable(tr: Tr, payable: &Payable) -> Option<String> {
    match payable {
        Payable::Now => None,
        Payable::From { at, why } => {
            let why: Vec<&str> = why.iter().map(|reason| tr.text(&reason.text)).collect();
            Some(match at {
                Some(at) => tr.t2("payable-from", "when", moment(tr, *at), "why", why.join(" ")),
                None => tr.t1("payable-unknown", "why", why.join(" ")),
            })
        }
    }
}

fn violation(tr: Tr, one: &Violation) -> ViolationView {
    let change = if one.field.starts_with("items") {
        "/apply/items"
    } else if one.field.contains("collection") || one.field.contains("extra") || one.field.contains("address") {
        "/apply/collect"
    } else if one.field.contains("born") {
        "/apply/people"
    } else {
        "/apply/who"
    };
    ViolationView {
        code: one.code.clone(),
        text: tr.text(&one.text).to_owned(),
        cite: one.cite.as_ref().map(|source| cite(tr, source)),
        change: change.to_owned(),
    }
}
