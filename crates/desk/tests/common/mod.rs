//! Synthetic people and goods, and an application in every state. The store's tests use them too.
#![allow(dead_code)] // each test takes what it needs

use filmdesk_desk::*;
use filmdesk_policy::{Answer, Collection, ItemAsked, Lang, Payable, ReadyTime, RecordKindId, Situation, Text, Twd};
use jiff::civil::{DateTime, date};
use jiff::{SignedDuration, Timestamp};

/// The desk's clock so many minutes into the journey, which starts on a Tuesday at 10:00 in Taipei.
pub fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-11-24T02:00:00Z".parse().expect("an instant");
    start + SignedDuration::from_mins(minutes)
}

pub fn days(days: i64) -> Timestamp {
    at(days * 24 * 60)
}

/// Hospital time of the same journey.
pub fn local(minutes: i64) -> DateTime {
    date(2026, 11, 24).at(10, 0, 0, 0) + SignedDuration::from_mins(minutes)
}

pub fn by(staff: &str, at: Timestamp) -> By {
    By { staff: StaffId(staff.into()), at }
}

pub fn private(text: &str) -> Private {
    Private::new(text)
}

pub fn request() -> Request {
    let mut situation = Situation::new(local(1), vec![ItemAsked::on_disc("ct"), ItemAsked::on_disc("general-x-ray")]);
    situation.people.patient_born = Some(date(1970, 1, 2));
    Request {
        patient: Patient {
            name: private("王測試"),
            identity: private("A123456789"),
            record_number: Some(private("T0012345")),
            born: date(1970, 1, 2),
            sex: Some(Sex::Male),
        },
        applicant: Applicant {
            person: None,
            agent: Some(Person { name: private("林範例"), identity: private("B223456786") }),
            phone: private("0900000000"),
            email: None,
        },
        situation,
        descriptions: vec![private("胸部"), private("")],
        address: None,
        purpose: private("轉診"),
        lang: Lang::ZhTw,
    }
}

pub fn posted() -> Request {
    let mut request = request();
    request.situation.collection = Collection::ByPostInTaiwan;
    request.address = Some(private("測試市範例路一號"));
    request
}

pub fn review() -> DocumentReview {
    let presented =
        PresentedDocument { id: "D1".into(), seen: true, kind: "national-id".into(), last_four: private("6789") };
    DocumentReview { by: by("chen", at(20)), presented: vec![presented] }
}

pub fn archive_patient() -> ArchivePatient {
    ArchivePatient { patient_id: private("T0012345"), issuer: None, born: date(1970, 1, 2), sex: None }
}

pub fn study(n: u32) -> FoundStudy {
    FoundStudy {
        archive: "main".into(),
        study_uid: format!("1.2.826.0.1.3680043.2.1143.{n}"),
        date: Some(date(2026, 11, 2)),
        time: "09:30".into(),
        modalities: vec!["CT".into()],
        description: private("CHEST"),
        body_part: Some("LUNG".into()),
        station: None,
        department: Some("Medical Imaging".into()),
        accession: private("A1"),
        patient_name: private("TEST^WANG"),
        name_as_read: None,
        description_as_read: None,
        n_series: 2,
        n_instances: 150,
        size_bytes: Some(80_000_000),
        kind: Some(RecordKindId("ct".into())),
    }
}

pub fn found() -> Found {
    Found { at: at(21), studies: vec![study(1), study(2), study(3)] }
}

pub fn order() -> Order {
    let tick = |n| TickedStudy { study: study(n), kind: RecordKindId("ct".into()) };
    Order { patient: archive_patient(), studies: vec![tick(1), tick(2)], by: by("chen", at(22)) }
}

pub fn weighing() -> Weighing {
    Weighing {
        at: at(25),
        discs: vec![PlannedDiscSummary { volume_id: "FDTEST01".into(), n_instances: 300, size_bytes: 160_000_000 }],
        n_instances: 301,
        left_out: vec![LeftOut {
            sop_instance_uid: "1.2.3".into(),
            code: "no-pixels".into(),
            reason: "空".into(),
            zh: None,
            en: None,
        }],
        goods_hash: "ab".repeat(32),
        worker: "w1".into(),
        medium: Some(WeighedMedium {
            disc_type: "cd-80".into(),
            capacity_sectors: 359_840,
            profile: "STD-GEN-CD".into(),
        }),
        other_names: Some(Vec::new()),
    }
}

pub fn quote() -> Quote {
    let answer = Answer {
        binding: true,
        lines: Vec::new(),
        total: Twd::restore(400),
        papers: Vec::new(),
        standing: Vec::new(),
        place: None,
        referrals: Vec::new(),
        ready: vec![ReadyTime::At { at: local(120), why: Vec::new() }],
        payable: Payable::Now,
        violations: Vec::new(),
        assumptions: Vec::new(),
        readings: vec!["A05".into()],
        rules_hash: "cd".repeat(32),
    };
    Quote { answer, at: at(25), expires: local(6 * 60) }
}

pub fn payment() -> Payment {
    Payment {
        by: by("chen", at(30)),
        amount: Twd::restore(400),
        means: PaymentMeans::Cash,
        receipt_number: 1,
        out_of_hours: None,
        names_confirmed: Some(Vec::new()),
    }
}

pub fn disc(number: u32, of: u32) -> FinishedDisc {
    FinishedDisc {
        volume_id: format!("FDTEST{number:02}"),
        file_set_uid: format!("1.2.826.0.1.3680043.2.1143.9.{number}"),
        number,
        of,
        code: format!("K7Q{number}M"),
        size_bytes: 160_000_000,
        sha256: "ef".repeat(32),
        n_instances: 300,
        web: Some(true),
        made: None,
        blob: format!("disc/FDTEST{number:02}.iso"),
    }
}

pub fn stall_reason() -> StallReason {
    StallReason {
        code: "archive-unreachable".into(),
        what: "the archive main did not answer".into(),
        next: "look whether it runs, then try again".into(),
        who: WhoCanFix::ArchiveAdministrator,
    }
}

pub fn at_counter(last_four: &str) -> Release {
    Release::AtCounter {
        by: by("chen", at(60)),
        collector: private("王測試"),
        identity_seen: "national-id".into(),
        last_four: private(last_four),
    }
}

pub fn scan(application: &Application, codes: &[&str]) -> Scan {
    Scan { slip: application.number.clone(), codes: codes.iter().map(|code| (*code).to_owned()).collect() }
}

pub fn place() -> Text {
    Text { zh: "牙科部".into(), en: "Dentistry".into() }
}

pub const PARCEL: ParcelId = ParcelId(1);

pub fn draft() -> Application {
    let number = ApplicationNumber::generate([1, 2, 3, 4, 5, 6, 7]);
    Application::draft(ApplicationId(7), number, Lang::ZhTw, at(0))
}

/// An application in every state, and for Paid in every state of a parcel, each reached by the transitions themselves.
pub fn every_state() -> Vec<(&'static str, Application)> {
    let ok = |moved: Result<Application, TransitionError>| moved.expect("a step of the journey");
    let submitted = ok(draft().submit(request(), at(10)));
    let returned = ok(submitted.clone().return_for(by("chen", at(12)), vec!["D3".into()], private("")));
    let verified = ok(submitted.clone().verify(review(), archive_patient()));
    let listed = ok(verified.clone().found(found()));
    let ticked = ok(listed.clone().tick(order()));
    let weighed = ok(ticked.clone().weigh(weighing(), quote()));
    let stalled = ok(ticked.clone().stall(stall_reason(), at(26)));
    let paid = ok(weighed.clone().pay(payment(), local(30)));
    let making = ok(paid.clone().start(PARCEL, at(31)));
    let halted = ok(making.clone().stall_parcel(PARCEL, stall_reason(), at(32)));
    let ready = ok(making.clone().finish(PARCEL, vec![disc(1, 1)], at(33)));
    let released = ok(ready.clone().release(PARCEL, at_counter("6789"), &scan(&ready, &["K7Q1M"])));
    let destroyed = ok(ready.clone().destroy(PARCEL, by("chen", days(31)), StaffId("li".into()), 30));
    let refunded = ok(paid.clone().refund(by("li", at(31)), private("不做了")));
    vec![
        ("draft", draft()),
        ("submitted", submitted.clone()),
        ("returned", returned),
        ("verified, finding", verified),
        ("verified, ticking", listed),
        ("verified, weighing", ticked),
        ("weighed", weighed),
        ("stalled", stalled),
        ("paid, waiting", paid),
        ("paid, in-production", making),
        ("paid, stalled", halted),
        ("paid, ready", ready),
        ("paid, released", released),
        ("paid, destroyed", destroyed),
        ("refunded", refunded),
        ("referred", ok(submitted.clone().refer(by("chen", at(13)), place()))),
        ("refused", ok(submitted.clone().refuse(by("li", at(13)), private("無權申請")))),
        ("cancelled", ok(submitted.cancel(None, at(13)))),
        ("expired", ok(draft().expire(days(30), 30))),
    ]
}

/// The application in the state of that name.
pub fn in_state(name: &str) -> Application {
    let found = every_state().into_iter().find(|(state, _)| *state == name);
    found.unwrap_or_else(|| panic!("no state {name}")).1
}
