//! An archive that lies, one switch per lie, each alone and in pairs, from the first question to the finished disc: no
//! lie reaches a disc, and each is named with what to do. Then every gate is taken away, and one gets through.

use filmdesk_archive::{Archive, ArchiveConfig, ArchiveError, FetchProgress, Fetched, Gate, PatientKey};
use filmdesk_desk::{Private, Sex};
use filmdesk_fileset::profile::STD_GEN_CD;
use filmdesk_instance::{InProcess, Source};
use filmdesk_production::{
    DiscFacts, DiscTexts, ExpectedPatient, Failure, GatherOptions, PlanOptions, Silent, check_announced,
    check_complete, check_patient, examine, gather, make_disc, plan,
};
use filmdesk_testkit::liar::{Liar, Lie, PATIENT, STRANGER, Stored};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

const STUDY: &str = "2.25.1001";

/// What is done otherwise than the desk does it; nothing, but where a gate is taken away.
#[derive(Clone, Default)]
struct Off {
    /// A gate of the archive's.
    gate: Option<Gate>,
    /// W1: the number as somebody mistyped it, with nothing to compare it with.
    mistyped: Option<&'static str>,
    /// W3: every study found is ticked.
    all_ticked: bool,
    /// W5: objects are not compared with the patient.
    patient: bool,
    issuer: Option<&'static str>,
}

/// A disc that was made.
#[derive(Debug)]
struct Delivered {
    /// SHA-256 of each data set on it, by SOP Instance UID.
    on_disc: BTreeMap<String, [u8; 32]>,
    /// Left out, as `UID code`.
    left_out: Vec<String>,
    /// Refused because nobody asked for it.
    refused: Vec<String>,
}

/// Why there is no disc.
#[derive(Debug)]
struct Stalled {
    code: String,
    what: String,
    next: String,
}

impl From<ArchiveError> for Stalled {
    fn from(error: ArchiveError) -> Stalled {
        Stalled { code: error.code().to_owned(), what: error.to_string(), next: error.next().to_owned() }
    }
}

impl From<Failure> for Stalled {
    fn from(failure: Failure) -> Stalled {
        Stalled { code: failure.stall.code, what: failure.stall.what, next: failure.stall.next }
    }
}

/// Finds, ticks, fetches, inspects, asks again and makes, as a worker does.
async fn deliver(liar: &Liar, off: &Off) -> Result<Delivered, Stalled> {
    let entry = format!(
        "name = 'liar'\nkind = 'dimse'\nhost = '127.0.0.1'\nport = {}\ncalled_ae = 'PACS'\ncalling_ae = 'DESK'\n\
         idle_seconds = 2\nstall_seconds = 1\n",
        liar.port
    );
    let config: ArchiveConfig = toml::from_str(&entry).expect("an entry");
    let mut archive = Archive::new(config).expect("an archive");
    if let Some(gate) = off.gate {
        archive = archive.without_gate(gate);
    }
    let patient_id = off.mistyped.unwrap_or(PATIENT).to_owned();
    let key = PatientKey { patient_id: patient_id.clone(), issuer: off.issuer.map(str::to_owned) };
    let found = archive.find(&key).await?;
    let ticked: Vec<_> = found.iter().filter(|study| off.all_ticked || study.study_uid == STUDY).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let mut fetched: Vec<(String, Fetched)> = Vec::new();
    for study in &ticked {
        archive.confirm_found(&key, &study.study_uid, (study.n_series, study.n_instances)).await?;
        let into = folder.path().join(fetched.len().to_string());
        let go_on = |_: FetchProgress| ControlFlow::Continue(());
        fetched.push((study.study_uid.clone(), archive.fetch(&key, &study.study_uid, &into, &go_on).await?));
    }
    let mistyped = off.mistyped.is_some();
    let expected = ExpectedPatient {
        patient_id: Private::new(patient_id),
        issuer: off.issuer.map(Private::new),
        born: (!mistyped).then(|| jiff::civil::date(1970, 3, 15)),
        sex: (!mistyped).then_some(Sex::Male),
    };
    let (off, lists) = (off.clone(), fetched.clone());
    let made = tokio::task::spawn_blocking(move || make(&lists, expected, &off, folder)).await.expect("no panic")?;
    for (study_uid, fetched) in &fetched {
        archive.confirm(&key, study_uid, &fetched.listed).await?;
    }
    Ok(made)
}

fn make(
    fetched: &[(String, Fetched)],
    expected: ExpectedPatient,
    off: &Off,
    folder: tempfile::TempDir,
) -> Result<Delivered, Stalled> {
    let only_listed = off.gate != Some(Gate::W4);
    for (_, fetched) in fetched.iter().filter(|_| only_listed) {
        let listed = fetched.listed.iter().map(|i| i.sop_instance_uid.as_str());
        check_complete(listed, fetched.received.iter().map(|r| r.sop_instance_uid.as_str()))?;
    }
    let all = || fetched.iter().flat_map(|(study, f)| f.received.iter().map(move |r| (study.as_str(), r)));
    let sources = all().map(|(_, r)| Source::file(&r.path)).collect();
    let (spool, out) = (folder.path().join("spool"), folder.path().join("out"));
    std::fs::create_dir(&spool).expect("a folder");
    std::fs::create_dir(&out).expect("a folder");
    let options = GatherOptions { profile: &STD_GEN_CD, capacity_sectors: 359_840, spool: &spool, previews: false };
    let mut goods = gather(sources, &InProcess, &options, &Silent)?;
    if !off.patient {
        check_patient(&expected, &goods)?;
    }
    let announced: Vec<(&str, &str)> = all().map(|(study, r)| (study, r.sop_instance_uid.as_str())).collect();
    goods.name_left_out(&announced);
    if only_listed {
        check_announced(&announced, &goods)?;
    }
    let texts = DiscTexts { program: "Filmdesk test".into(), ..DiscTexts::default() };
    let (volume_prefix, capacity_sectors) = ("FDLIAR".into(), 359_840);
    let options =
        PlanOptions { volume_prefix, capacity_sectors, profile: &STD_GEN_CD, web: false, viewer: false, texts };
    let plan = plan(&goods, &options)?;
    let created_at = "2026-11-24T10:00:00+08:00[Asia/Taipei]".parse().expect("a moment");
    let facts = DiscFacts { created_at, code: "K7Q2-M9PX".into(), expected: (!off.patient).then_some(expected) };
    let disc = make_disc(&plan, 1, &facts, &out, &InProcess, &Silent)?;
    let examination = examine(&disc.path, &InProcess, Some(&STD_GEN_CD), None).expect("a disc");
    let on_disc: BTreeMap<String, [u8; 32]> = goods
        .goods
        .iter()
        .map(|good| (good.header.sop_instance_uid.clone(), good.data_set_sha256.expect("a hash")))
        .collect();
    assert_eq!(examination.instances, on_disc.keys().cloned().collect::<BTreeSet<_>>());
    Ok(Delivered {
        on_disc,
        left_out: goods.left_out.iter().map(|left| format!("{} {}", left.sop_instance_uid, left.code)).collect(),
        refused: fetched.iter().flat_map(|(_, f)| f.unexpected.clone()).collect(),
    })
}

fn sha256(object: &Stored) -> [u8; 32] {
    Sha256::digest(&object.data_set).into()
}

/// What is on the disc and is not, byte for byte, of the study that was asked for and still stands.
fn lies_on(disc: &Delivered, liar: &Liar, lies: &[Lie]) -> Vec<String> {
    let rejected = lies.contains(&Lie::Rejected).then(|| liar.truth.study[0].uid.clone());
    let true_ones = liar.truth.study.iter().filter(|o| Some(&o.uid) != rejected.as_ref());
    let truth: BTreeMap<&str, [u8; 32]> = true_ones.map(|o| (o.uid.as_str(), sha256(o))).collect();
    disc.on_disc
        .iter()
        .filter(|(uid, hash)| truth.get(uid.as_str()) != Some(*hash))
        .map(|(uid, _)| uid.clone())
        .collect()
}

async fn told(lies: &[Lie]) -> (Liar, Result<Delivered, Stalled>) {
    let liar = Liar::start(lies).expect("a port");
    let end = tokio::time::timeout(Duration::from_secs(60), deliver(&liar, &Off::default())).await;
    let end = end.unwrap_or_else(|_| panic!("{lies:?}: no end within a minute"));
    match &end {
        Ok(disc) => {
            assert_eq!(lies_on(disc, &liar, lies), Vec::<String>::new(), "{lies:?} reached a disc: {disc:?}");
            let named = |o: &&Stored| disc.left_out.iter().any(|left| left.starts_with(&o.uid));
            let complete = liar.truth.study.iter().all(|o| disc.on_disc.contains_key(&o.uid) || named(&o));
            assert!(complete, "{lies:?}: something is neither on the disc nor named: {disc:?}");
        }
        Err(stalled) => assert!(!stalled.what.is_empty() && !stalled.next.is_empty(), "{lies:?}: {stalled:?}"),
    }
    (liar, end)
}

/// How each lie alone must end: the code, or for a disc that is made what is said beside it; and the object it names.
fn verdict(lie: Lie, liar: &Liar) -> (&'static str, Option<String>) {
    let object = |n: usize| Some(liar.truth.study[n].uid.clone());
    match lie {
        Lie::WrongPatient => ("wrong-patient", object(1)),
        Lie::WrongStudy => ("wrong-patient", None),
        Lie::ExtraStudy => ("refused", Some(liar.truth.other[0].uid.clone())),
        Lie::MissingObject => ("instances-missing", object(3)),
        Lie::NothingSent | Lie::ClosesMidObject => ("instances-missing", None),
        Lie::WrongCounts => ("whole", None),
        Lie::OtherBytes => ("instance-conflict", object(0)),
        Lie::TruncatedPixels => ("left out", object(2)),
        Lie::OtherSyntax => ("left out", None),
        Lie::Disguised => ("not-as-announced", object(1)),
        Lie::Changed => ("study-changed", None),
        Lie::ChangedLater => ("study-changed", Some(liar.note_uid())),
        Lie::EndlessAnswers | Lie::HugePdu => ("archive-answer", None),
        Lie::EndlessPending | Lie::NeverAnswers => ("archive-timed-out", None),
        Lie::IgnoresKeys => ("refused", Some(liar.truth.stranger[0].uid.clone())),
        Lie::Rejected => ("left out", object(0)),
        Lie::MergedPatient => ("patient-changed", Some(STUDY.to_owned())),
        Lie::OtherIssuer => ("patient-issuer-needed", None),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_archive_is_delivered_whole() {
    let (liar, end) = told(&[]).await;
    let disc = end.expect("a disc");
    assert_eq!((disc.on_disc.len(), disc.left_out.len(), disc.refused.len()), (liar.truth.study.len(), 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_lie_alone_is_named_and_reaches_no_disc() {
    for lie in Lie::ALL {
        let (liar, end) = told(&[lie]).await;
        let (code, object) = verdict(lie, &liar);
        let (said, where_) = match &end {
            Err(stalled) => (stalled.code.clone(), stalled.what.clone()),
            Ok(disc) if !disc.left_out.is_empty() => ("left out".to_owned(), disc.left_out.join(" ")),
            Ok(disc) if !disc.refused.is_empty() => ("refused".to_owned(), disc.refused.join(" ")),
            Ok(_) => ("whole".to_owned(), String::new()),
        };
        assert_eq!(said, code, "{lie:?}: {end:?}");
        assert!(object.is_none_or(|uid| where_.contains(&uid)), "{lie:?} does not name its object: {where_}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_pair_of_lies_reaches_a_disc() {
    let pairs = Lie::ALL.iter().enumerate().flat_map(|(n, a)| Lie::ALL[n + 1..].iter().map(move |b| [*a, *b]));
    let pairs: Vec<[Lie; 2]> = pairs.collect();
    assert_eq!(pairs.len(), 210);
    for batch in pairs.chunks(12) {
        let running: Vec<_> = batch.iter().map(|pair| tokio::spawn(told_pair(*pair))).collect();
        for one in running {
            one.await.expect("no lie got through");
        }
    }
}

async fn told_pair(pair: [Lie; 2]) {
    drop(told(&pair).await);
}

/// With a gate taken away a lie gets through that was stopped with it; `lets` is what is on the disc then.
async fn only_this_gate_stops(lie: Lie, held: Off, off: Off) {
    let liar = Liar::start(&[lie]).expect("a port");
    let with = deliver(&liar, &held).await;
    assert!(with.is_err() || lies_on(&with.unwrap(), &liar, &[lie]).is_empty(), "{lie:?} passes with every gate");
    let liar = Liar::start(&[lie]).expect("a port");
    let without = deliver(&liar, &off).await.unwrap_or_else(|stalled| panic!("{lie:?}: {stalled:?}"));
    let rejected_later = lie == Lie::ChangedLater && without.on_disc.contains_key(&liar.truth.study[0].uid);
    assert!(rejected_later || !lies_on(&without, &liar, &[lie]).is_empty(), "{lie:?} needs no gate: {without:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_gate_taken_away_lets_a_lie_through() {
    let off = Off::default;
    // W1: without the second typing a wrong number is somebody else's.
    only_this_gate_stops(Lie::WrongCounts, off(), Off { mistyped: Some(STRANGER), all_ticked: true, ..off() }).await;
    // W2: without the issuer another hospital's patient of that number is this one.
    let here = Off { issuer: Some("HERE"), all_ticked: true, ..off() };
    only_this_gate_stops(
        Lie::OtherIssuer,
        Off { all_ticked: false, ..here.clone() },
        Off { gate: Some(Gate::W2), ..here },
    )
    .await;
    // W3: without named studies everything of the patient goes out.
    only_this_gate_stops(Lie::WrongCounts, off(), Off { all_ticked: true, ..off() }).await;
    // W4: without the list whatever is sent is taken.
    only_this_gate_stops(Lie::ExtraStudy, off(), Off { gate: Some(Gate::W4), ..off() }).await;
    only_this_gate_stops(Lie::Disguised, off(), Off { gate: Some(Gate::W4), ..off() }).await;
    // W5: without comparing each object another patient's is on the disc.
    only_this_gate_stops(Lie::WrongStudy, off(), Off { patient: true, ..off() }).await;
    // W6: without settling twins the later one wins.
    only_this_gate_stops(Lie::OtherBytes, off(), Off { gate: Some(Gate::W6), ..off() }).await;
    // W7: without asking again a rejected image goes out.
    only_this_gate_stops(Lie::ChangedLater, off(), Off { gate: Some(Gate::W7), ..off() }).await;
}

/// No configuration reaches a gate: it is a type without a reader, and only these tests name the door to it.
#[test]
fn no_configuration_takes_a_gate_away() {
    for entry in ["gates = []", "without_gate = 'W5'", "[gates]\nW5 = false"] {
        let text = format!("name = 'x'\nkind = 'dimse'\nhost = 'h'\ncalled_ae = 'A'\ncalling_ae = 'B'\n{entry}\n");
        assert!(toml::from_str::<ArchiveConfig>(&text).is_err(), "{entry}");
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if !path.ends_with("tests") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| e == "rs") {
                let n = std::fs::read_to_string(&path).expect("a file").matches("without_gate").count();
                let allowed = usize::from(path.ends_with("archive/src/lib.rs"))
                    + usize::from(path.ends_with("archive/src/gates.rs"));
                assert!(n <= allowed, "{} takes a gate away", path.display());
            }
        }
    }
}
