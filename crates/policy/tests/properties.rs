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
    let person = (capacity, proptest::option::of(born), any::<[bool; 8]>(), kinship, any::<Option<bool>>());
    (person, family()).prop_map(|((capacity, patient_born, b, kinship, earlier_heir_lives), family)| People {
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
        ..family
    })
}

/// Relatives who may descend from each other, from nobody, or in a circle.
fn family() -> impl Strategy<Value = People> {
    use {Fate as F, Kinship as K, Representation as R};
    let kin =
        proptest::sample::select(vec![K::Spouse, K::Descendant, K::Descendant, K::Parent, K::Sibling, K::Grandparent]);
    let fate = proptest::sample::select(vec![F::Lives, F::DiedBefore, F::LostRight, F::Renounced]);
    let line = || proptest::option::weighted(0.3, 0..4usize);
    let relative = (kin, fate, line()).prop_map(|(kinship, fate, child_of)| Relative { kinship, fate, child_of });
    let rights =
        vec![R::Parent, R::CustodialParent, R::NonCustodialParent, R::Guardian, R::Assistant, R::OtherRelative];
    let right = proptest::option::of(proptest::sample::select(rights));
    (proptest::collection::vec(relative, 0..4), line(), right).prop_map(|(relatives, child_of, representation)| {
        People { relatives, child_of, representation, ..People::default() }
    })
}

/// Half of the situations are such as the desk meets every day: an adult, items of the catalogue on media they have,
/// examinations in the past.
fn plainly(people: &mut People, items: &mut Vec<ItemAsked>, at: DateTime) {
    let (agent, inpatient) = (people.agent, people.inpatient);
    *people = People { agent, inpatient, patient_born: Some(date(1980, 5, 1)), ..People::default() };
    items.retain(|i| RULES.record_kind(&i.kind).is_some());
    if items.is_empty() {
        items.push(ItemAsked::on_disc("ct"));
    }
    for item in items {
        let kind = RULES.record_kind(&item.kind).expect("a kind");
        let m = item.media;
        item.media = MediaAsked {
            disc: m.disc || m.film_sheets == 0 || !kind.film,
            film_sheets: if kind.film { m.film_sheets } else { 0 },
            hard_copy_sheets: if kind.hard_copy { m.hard_copy_sheets } else { 0 },
        };
        item.performing_unit = None;
        item.receivable = None;
        item.imported = false;
        item.dental_upload_confirmed = Some(true);
        let past = |days: i64| at.checked_sub(days.days()).ok();
        item.exam_end = item.exam_end.and_then(|e| past(i64::from(e.day())));
        item.report_sent = item.report_sent.and_then(|r| past(i64::from(r.day()) / 3)).max(item.exam_end);
    }
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
        any::<bool>(),
    )
        .prop_map(
            |((at, pays, agreed_time), items, companions, people, collection, (extra_sets, split, weighed), plain)| {
                let mut people = people;
                let mut items: Vec<ItemAsked> = items;
                if plain {
                    plainly(&mut people, &mut items, at);
                }
                Situation {
                    paid_at: pays.map(|s| at.checked_add(s.seconds()).unwrap()),
                    companions,
                    people,
                    collection,
                    extra_sets,
                    split,
                    weighed,
                    agreed_time: agreed_time.filter(|_| !plain),
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

type Held = Result<(), String>;

fn hold(is_so: bool, what: impl FnOnce() -> String) -> Held {
    if is_so { Ok(()) } else { Err(what()) }
}

/// The total is the sum of the lines, and each line names a row of the tariff of its day.
fn totals_are_sums(s: &Situation, a: &Answer) -> Held {
    let sum = a.lines.iter().map(|l| l.amount.dollars()).sum::<i64>();
    hold(a.total.dollars() == sum, || format!("{} is not the sum {sum}", a.total.dollars()))?;
    let tariff = RULES.fees_on(s.at.date());
    a.lines.iter().try_for_each(|line| {
        let named = tariff.iter().any(|f| f.id == line.rule);
        hold(named && line.quantity > 0 && line.amount.dollars() > 0, || format!("{line:?}"))
    })
}

/// Ready after the request and the payment, on an open day, within hours; each time with its sourced reasons.
fn times_are_right(s: &Situation, o: &Overlay, a: &Answer) -> Held {
    for ready in &a.ready {
        let why = match ready {
            ReadyTime::At { at, why } => {
                hold(*at > s.at && *at > s.paid_at.unwrap_or(s.at), || format!("{at} for {}", s.at))?;
                hold(RULES.is_open(o, at.date()), || format!("{at} is closed"))?;
                let within = RULES.windows(at.date()).iter().any(|w| w.from <= at.time() && at.time() < w.until);
                hold(within, || format!("{at} is out of hours"))?;
                why
            }
            ReadyTime::ToBeAgreed { why } | ReadyTime::Unknown { why } => why,
        };
        hold(!why.is_empty() && why.iter().all(has_a_source), || format!("{why:?}"))?;
    }
    if let Payable::From { at: Some(at), why } = &a.payable {
        let right = *at > s.at && RULES.is_open(o, at.date()) && why.iter().all(has_a_source);
        hold(right, || format!("{:?}", a.payable))?;
    }
    hold(a.standing.iter().all(has_a_source), || format!("{:?}", a.standing))
}

/// What is counted by examinations and sheets; further discs, extra sets and parcels follow from how it is handed over.
fn for_the_examinations(a: &Answer) -> i64 {
    let handed_over = ["disc.additional", "disc.extra-set", "post.parcel"];
    a.lines.iter().filter(|l| !handed_over.contains(&l.rule.as_str())).map(|l| l.amount.dollars()).sum()
}

/// One more item never costs less. An item that waits moves the day of the others, and with it post and parts: the whole
/// total is compared collected together at the counter, and what the examinations themselves cost, always.
fn more_never_costs_less(rules: &Rules, o: &Overlay, less: &Situation, extra: &ItemAsked) -> Held {
    let with = |s: &Situation| {
        let mut more = s.clone();
        more.items.push(extra.clone());
        more
    };
    let (a, b) = (answer(rules, o, less), answer(rules, o, &with(less)));
    hold(for_the_examinations(&a) <= for_the_examinations(&b), || {
        format!("{:?}, with {extra:?} {:?}", a.lines, b.lines)
    })?;
    let together = Situation { collection: Collection::AtCounter, split: false, ..less.clone() };
    let (a, b) = (answer(rules, o, &together), answer(rules, o, &with(&together)));
    hold(a.total <= b.total, || format!("{:?}, with {extra:?} {:?}", a.lines, b.lines))
}

/// The same bytes twice, and the situation survives its own text.
fn same_again(s: &Situation, o: &Overlay, a: &Answer) -> Held {
    let again = answer_to_json(&answer(&RULES, o, s)).to_string();
    let once = answer_to_json(a).to_string();
    hold(once == again, || format!("another answer: {again}"))?;
    let read = situation_from_json(&RULES, &situation_to_json(s).to_string(), s.at);
    hold(read.as_ref() == Ok(s), || format!("{read:?}"))
}

/// How many situations: 100,000 and more in `make soak`, an honest share in every test run.
fn rounds() -> u32 {
    let soak = std::env::var_os("FILMDESK_SOAK").is_some();
    if soak { 120_000 } else { 10_000 }
}

#[test]
fn every_property_holds_of_random_situations_soak() {
    let config = ProptestConfig { cases: rounds(), failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let counts = std::cell::RefCell::new([0u32; 5]);
    let tested = runner.run(&(situation(), item(), overlay()), |(s, extra, o)| {
        let a = answer(&RULES, &o, &s);
        let held = totals_are_sums(&s, &a)
            .and_then(|()| times_are_right(&s, &o, &a))
            .and_then(|()| more_never_costs_less(&RULES, &o, &s, &extra))
            .and_then(|()| same_again(&s, &o, &a));
        let mut n = counts.borrow_mut();
        n[0] += 1;
        n[1] += u32::from(a.total > Twd::ZERO);
        n[2] += u32::from(a.ready.iter().any(|r| matches!(r, ReadyTime::At { .. })));
        n[3] += u32::from(!a.violations.is_empty());
        n[4] += u32::from(!a.referrals.is_empty());
        held.map_err(TestCaseError::fail)
    });
    let [n, fee, time, refused, referred] = *counts.borrow();
    println!("{n} situations: {fee} with a fee, {time} with a time, {refused} with a violation, {referred} referred");
    tested.unwrap_or_else(|e| panic!("{e}"));
    assert!(n >= rounds() && [fee, time, refused, referred].iter().all(|part| *part > n / 50));
}

#[test]
fn each_property_would_tell() {
    let s = Situation::new(date(2026, 12, 1).at(10, 0, 0, 0), vec![ItemAsked::on_disc("ct")]);
    let o = Overlay::default();
    let right = answer(&RULES, &o, &s);
    assert_eq!(
        (totals_are_sums(&s, &right), times_are_right(&s, &o, &right), same_again(&s, &o, &right)),
        (Ok(()), Ok(()), Ok(()))
    );
    let wrong = Answer { total: Twd::restore(201), ..right.clone() };
    assert!(totals_are_sums(&s, &wrong).is_err() && same_again(&s, &o, &wrong).is_err());
    let why = Vec::new();
    for at in ["2026-12-01T09:59", "2026-12-05T11:00", "2026-12-01T19:00", "2026-12-01T11:00"] {
        let ready = vec![ReadyTime::At { at: at.parse().expect("a moment"), why: why.clone() }];
        assert!(times_are_right(&s, &o, &Answer { ready, ..right.clone() }).is_err(), "{at}");
    }
}

/// A tariff that loads, and in which a CT beside a chest X-ray makes the disc cheaper: 200 becomes 150.
#[test]
fn a_tariff_in_which_more_costs_less_is_found() {
    let mut files = common::rule_files("ntuh");
    let fees = files.files.get_mut("fees.toml").expect("the tariff");
    let tiers = "{ items = 1, twd = 200 }, { items = 2, twd = 400 }, { items = 3, or_more = true, twd = 500 }";
    let broken = "{ items = 1, twd = 100 }, { items = 2, twd = 150 }, { items = 3, or_more = true, twd = 500 }";
    assert!(fees.contains(tiers));
    *fees = fees.replace(tiers, broken);
    let broken = Rules::load(&files).expect("rules");
    let config = ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let tested = runner.run(&(situation(), item(), overlay()), |(s, extra, o)| {
        more_never_costs_less(&broken, &o, &s, &extra).map_err(TestCaseError::fail)
    });
    let found = tested.expect_err("random situations find it").to_string();
    assert!(found.contains("disc.general") && found.contains("disc.special"), "{found}");
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
