//! What must hold of every situation, however odd.

mod common;

use filmdesk_policy::cases::{answer_to_json, situation_from_json, situation_to_json};
use filmdesk_policy::*;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};
use proptest::prelude::*;
use std::sync::LazyLock;

static RULES: LazyLock<Rules> = LazyLock::new(|| common::rules("ntuh"));

fn moment() -> impl Strategy<Value = DateTime> {
    (0..1095i64, 0..86_400i64).prop_map(|(day, second)| {
        date(2025, 1, 1).at(0, 0, 0, 0).checked_add(day.days()).and_then(|d| d.checked_add(second.seconds())).unwrap()
    })
}

fn kind() -> impl Strategy<Value = RecordKindId> {
    let mut ids: Vec<String> = RULES.record_kinds().iter().map(|k| k.id.0.clone()).collect();
    ids.push("no-such-kind".to_owned());
    proptest::sample::select(ids).prop_map(RecordKindId)
}

prop_compose! {
    fn media()(disc in any::<bool>(), film_sheets in 0..4u32, hard_copy_sheets in 0..3u32) -> MediaAsked {
        MediaAsked { disc, film_sheets, hard_copy_sheets }
    }
}

prop_compose! {
    fn item()(
        kind in kind(),
        media in media(),
        exam_end in proptest::option::of(moment()),
        report_sent in proptest::option::of(moment()),
        unit in proptest::option::of(proptest::sample::select(vec!["medical-imaging", "dentistry", "cardiovascular-center", "?"])),
        flags in any::<[bool; 3]>(),
        dental_upload_confirmed in any::<Option<bool>>(),
        receivable in proptest::option::of((0..9u32, 0..9u32)),
    ) -> ItemAsked {
        ItemAsked {
            kind, media, exam_end, report_sent,
            performing_unit: unit.map(str::to_owned),
            psychiatry: flags[0], post_processing: flags[1], imported: flags[2],
            dental_upload_confirmed, receivable,
        }
    }
}

fn people() -> impl Strategy<Value = People> {
    use Kinship as K;
    let capacity = proptest::sample::select(vec![Capacity::Patient, Capacity::LegalRepresentative, Capacity::Heir]);
    let kin = vec![K::Spouse, K::Descendant, K::Parent, K::Sibling, K::Grandparent, K::Other];
    let born = (1880..2028i16, 1..=12i8, 1..=28i8).prop_map(|(y, m, d)| Date::new(y, m, d).unwrap());
    let kinship = proptest::option::of(proptest::sample::select(kin));
    (capacity, proptest::option::of(born), any::<[bool; 8]>(), kinship, any::<Option<bool>>()).prop_map(
        |(capacity, patient_born, b, kinship, earlier_heir_lives)| People {
            capacity,
            agent: b[0],
            patient_born,
            patient_under_guardianship: b[1],
            patient_deceased: b[2],
            patient_foreign: b[3],
            without_residence: b[4],
            applicant_foreign: b[5],
            agent_foreign: b[6],
            kinship,
            earlier_heir_lives,
            inpatient: b[7],
        },
    )
}

fn situation() -> impl Strategy<Value = Situation> {
    let collections = vec![Collection::AtCounter, Collection::ByPostInTaiwan, Collection::ByPostAbroad];
    let weighed = (0..7u32, 0..120u32).prop_map(|(discs, making_minutes)| WeighedGoods { discs, making_minutes });
    let companions = (kind(), moment(), proptest::option::of(moment()))
        .prop_map(|(kind, exam_end, report_sent)| Companion { kind, exam_end, report_sent });
    (
        (moment(), proptest::option::of(0..200_000i64), proptest::option::of(moment())),
        proptest::collection::vec(item(), 0..6),
        proptest::collection::vec(companions, 0..2),
        people(),
        proptest::sample::select(collections),
        (0..3u32, any::<bool>(), proptest::option::of(weighed)),
    )
        .prop_map(
            |((at, pays, agreed_time), items, companions, people, collection, (extra_sets, split, weighed))| {
                Situation {
                    paid_at: pays.map(|s| at.checked_add(s.seconds()).unwrap()),
                    companions,
                    people,
                    collection,
                    extra_sets,
                    split,
                    weighed,
                    agreed_time,
                    ..Situation::new(at, items)
                }
            },
        )
}

fn overlay() -> impl Strategy<Value = Overlay> {
    let day = || (0..1095i64).prop_map(|d| date(2025, 1, 1).checked_add(d.days()).unwrap());
    (proptest::collection::vec(day(), 0..3), proptest::collection::vec(day(), 0..3)).prop_map(|(closed, openings)| {
        let closures = closed.into_iter().map(|d| (d, "typhoon".to_owned())).collect();
        Overlay { closures, openings, classifications: Vec::new() }
    })
}

fn has_a_source(reason: &Reason) -> bool {
    let said = match &reason.cite {
        Cite::Page(s) | Cite::Law(s) | Cite::Proposal(s) => !s.is_empty(),
    };
    said && !reason.rule.is_empty() && !reason.text.zh.contains('{') && !reason.text.en.contains('{')
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(4_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn totals_are_the_sum_of_their_lines_and_lines_name_their_rows(s in situation(), o in overlay()) {
        let a = answer(&RULES, &o, &s);
        prop_assert_eq!(a.total.dollars(), a.lines.iter().map(|l| l.amount.dollars()).sum::<i64>());
        for line in &a.lines {
            prop_assert!(line.quantity > 0 && line.amount.dollars() > 0, "{:?}", line);
            prop_assert!(RULES.fees_on(s.at.date()).iter().any(|f| f.id == line.rule), "{:?}", line);
        }
    }

    #[test]
    fn ready_times_come_after_the_request_on_an_open_day_within_hours(s in situation(), o in overlay()) {
        let a = answer(&RULES, &o, &s);
        for ready in &a.ready {
            let why = match ready {
                ReadyTime::At { at, why } => {
                    prop_assert!(*at > s.at && *at > s.paid_at.unwrap_or(s.at), "{} for {}", at, s.at);
                    prop_assert!(RULES.is_open(&o, at.date()), "{} is closed", at);
                    let hours = RULES.windows();
                    prop_assert!(hours.iter().any(|w| w.from <= at.time() && at.time() < w.until), "{}", at);
                    why
                }
                ReadyTime::ToBeAgreed { why } | ReadyTime::Unknown { why } => why,
            };
            prop_assert!(!why.is_empty() && why.iter().all(has_a_source), "{:?}", why);
        }
        if let Payable::From { at: Some(at), why } = &a.payable {
            prop_assert!(*at > s.at && RULES.is_open(&o, at.date()) && why.iter().all(has_a_source), "{:?}", a.payable);
        }
    }

    #[test]
    fn one_more_item_never_costs_less(s in situation(), extra in item(), o in overlay()) {
        let mut more = s.clone();
        more.items.push(extra);
        // An item that waits moves the day of the others, and with it post and parts: compared collected together,
        // at the counter.
        let (mut less, mut more) = (s, more);
        (less.collection, less.split) = (Collection::AtCounter, false);
        (more.collection, more.split) = (Collection::AtCounter, false);
        prop_assert!(answer(&RULES, &o, &less).total <= answer(&RULES, &o, &more).total);
    }

    #[test]
    fn the_same_situation_gives_the_same_bytes_and_survives_its_text(s in situation(), o in overlay()) {
        let once = answer_to_json(&answer(&RULES, &o, &s)).to_string();
        prop_assert_eq!(&once, &answer_to_json(&answer(&RULES, &o, &s)).to_string());
        let text = situation_to_json(&s).to_string();
        let read = situation_from_json(&RULES, &text, s.at);
        prop_assert_eq!(read.as_ref(), Ok(&s));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused_with_a_reason(text in "\\PC{0,200}") {
        let at = date(2026, 12, 1).at(10, 0, 0, 0);
        for read in [situation_from_json(&RULES, &text, at), cases::situation_from_toml(&RULES, &text, at)] {
            if let Err(faults) = read {
                prop_assert!(!faults.is_empty() && faults.iter().all(|f| !f.text.zh.is_empty() && !f.text.en.is_empty()));
            }
        }
        let _ = taiwan::parse_date(&text);
        let _ = taiwan::parse_moment(&text);
        let _ = taiwan::check_identity(&text);
        let _ = taiwan::mask_name(&text);
        let _ = taiwan::Address::read(&text);
    }
}

#[test]
fn ten_megabytes_of_json_are_refused_unread() {
    let text = format!("{{\"items\": [{}\"ct\"]}}", "\"ct\",".repeat(2_000_000));
    let faults = situation_from_json(&RULES, &text, date(2026, 12, 1).at(10, 0, 0, 0)).expect_err("too long");
    assert_eq!(faults[0].code, "too-long");
    let deep = format!("{{\"items\": {}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(situation_from_json(&RULES, &deep, DateTime::ZERO).expect_err("too deep")[0].code, "not-read");
}
