//! What `dimse` says on the wire beyond finding and fetching: cancelling at once, who the user is, and film printing.

mod support;

use filmdesk_dimse::{
    AeTitle, Association, AssociationOptions, Contexts, DimseError, Identifier, Implementation, Limits, Normalized,
    Peer, Reject, ScpOptions, StoreHandler, StoreReceiver, StoreRequest, StoreScp, StoreStatus, SubOperations,
    Timeouts, UserIdentity, uid,
};
use filmdesk_testkit::dcmqrscp::Dcmqrscp;
use filmdesk_testkit::dicom_file::DataSet;
use filmdesk_testkit::liar::{Liar, Lie};
use filmdesk_testkit::orthanc::Orthanc;
use filmdesk_testkit::printer::{self, Printer};
use filmdesk_testkit::proxy::Proxy;
use std::io;
use std::ops::ControlFlow;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{PATIENT, archive, dimse_entry, dimse_entry_at, patient_files, stocked};

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const MR: &str = "1.2.840.10008.5.1.4.1.1.4";

fn options(port: u16, called: &str, contexts: Contexts) -> AssociationOptions {
    let title = |text: &str| AeTitle::new(text).unwrap();
    AssociationOptions::new("127.0.0.1", port, title(called), title("DESK"), contexts)
}

fn study(uid: &str) -> Identifier {
    Identifier::new().key((8, 0x52), b"CS", "STUDY").key((0x20, 0x0D), b"UI", uid)
}

/// Takes objects, until it has `most` of them and breaks.
struct Until {
    most: usize,
    have: usize,
    broke: Option<Instant>,
}

impl Until {
    fn have(most: usize) -> Until {
        Until { most, have: 0, broke: None }
    }
}

impl StoreReceiver for Until {
    fn begin(&mut self, _: &StoreRequest) -> Result<(), StoreStatus> {
        Ok(())
    }
    fn data(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
    fn end(&mut self) -> io::Result<StoreStatus> {
        self.have += 1;
        Ok(StoreStatus::SUCCESS)
    }
    fn proceed(&mut self, _: SubOperations) -> ControlFlow<()> {
        if self.have < self.most {
            return ControlFlow::Continue(());
        }
        self.broke = Some(Instant::now());
        ControlFlow::Break(())
    }
}

/// Whether a C-CANCEL-RQ was said, and how the association was ended after it: A-RELEASE-RQ or A-ABORT.
fn cancelled(said: &[u8]) -> Option<&'static str> {
    let command = [0, 0, 0, 1, 2, 0, 0, 0, 0xFF, 0x0F];
    let at = said.windows(command.len()).position(|window| window == command)?;
    let ends = |kind: u8| said[at..].windows(6).any(|window| window == [kind, 0, 0, 0, 0, 4]);
    if ends(5) { Some("released") } else { ends(7).then_some("aborted") }
}

/// Breaks each operation at its first answer. It ends within a second of that, and the peer was told: `ends` is how.
async fn cancel_all(port: u16, study_uid: &str, operations: &[&str], ends: &[&str]) {
    let contexts = Contexts::new().receive(CT, uid::STORED_SYNTAXES).receive(MR, uid::STORED_SYNTAXES);
    let services = [uid::STUDY_ROOT_FIND, uid::STUDY_ROOT_GET, uid::STUDY_ROOT_MOVE];
    let contexts = services.iter().fold(contexts, |contexts, service| contexts.service(service));
    for operation in operations {
        let line = Proxy::start(port).unwrap();
        let mut association = Association::open(&options(line.port, "PACS", contexts.clone())).await.unwrap();
        let mut at_once = Until::have(0);
        let ended = match *operation {
            "C-FIND" => {
                let all = Identifier::new().key((8, 0x52), b"CS", "STUDY").key((0x20, 0x0D), b"UI", "");
                let take = |_| at_once.proceed(SubOperations::default());
                association.c_find(uid::STUDY_ROOT_FIND, &all, take).await
            }
            "C-GET" => association.c_get(uid::STUDY_ROOT_GET, &study(study_uid), &mut at_once).await.map(drop),
            _ => {
                let (model, us) = (uid::STUDY_ROOT_MOVE, AeTitle::new("DESK").unwrap());
                association.c_move(model, &study(study_uid), &us, |counts| at_once.proceed(counts)).await.map(drop)
            }
        };
        let took = at_once.broke.unwrap().elapsed();
        assert!(matches!(ended, Err(DimseError::Cancelled)), "{operation}: {ended:?}");
        assert!(took < Duration::from_secs(1), "{operation}: {took:?}");
        drop(association);
        std::thread::sleep(Duration::from_millis(50));
        let end = cancelled(&line.said());
        assert!(end.is_some_and(|end| ends.contains(&end)), "{operation}: {end:?}");
    }
}

#[tokio::test]
async fn cancelling_says_so_and_ends_the_association_within_a_second() {
    let source = tempfile::tempdir().unwrap();
    let made = patient_files(source.path());
    // DCMTK's provider hears a cancel; a liar goes on being pending, and is hung up on.
    let dcmqrscp = Dcmqrscp::start(source.path()).unwrap();
    let scp =
        StoreScp::bind(([127, 0, 0, 1], dcmqrscp.store_port).into(), scp_options(), Arc::new(Door)).await.unwrap();
    // Released, unless this machine is too busy for it to answer at once.
    let operations = ["C-FIND", "C-GET", "C-MOVE"];
    cancel_all(dcmqrscp.dicom_port, &made.studies[0], &operations, &["released", "aborted"]).await;
    drop(scp);
    let liar = Liar::start(&[Lie::EndlessPending, Lie::EndlessAnswers]).unwrap();
    cancel_all(liar.port, &liar.truth.study[0].study, &operations[..2], &["aborted"]).await;
    // The check can fail: who asks for everything and gets it says nothing of cancelling.
    let line = Proxy::start(dcmqrscp.dicom_port).unwrap();
    let contexts = Contexts::new().service(uid::STUDY_ROOT_GET).receive(CT, uid::STORED_SYNTAXES);
    let mut association = Association::open(&options(line.port, "PACS", contexts)).await.unwrap();
    let mut receiver = Until::have(usize::MAX);
    association.c_get(uid::STUDY_ROOT_GET, &study(&made.studies[0]), &mut receiver).await.unwrap();
    association.release().await.unwrap();
    assert!(receiver.have > 1);
    assert_eq!(cancelled(&line.said()), None);
}

#[tokio::test]
async fn orthanc_is_left_within_a_second_of_a_cancel() {
    let (_source, made, orthanc) = stocked();
    let line = Proxy::start(orthanc.dicom_port).unwrap();
    let contexts = Contexts::new().service(uid::STUDY_ROOT_GET).receive(CT, uid::STORED_SYNTAXES);
    let mut association = Association::open(&options(line.port, "PACS", contexts)).await.unwrap();
    let mut receiver = Until::have(1);
    let ended = association.c_get(uid::STUDY_ROOT_GET, &study(&made.studies[0]), &mut receiver).await;
    assert!(matches!(ended, Err(DimseError::Cancelled)), "{ended:?}");
    let took = receiver.broke.unwrap().elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    std::thread::sleep(Duration::from_millis(50));
    assert!(cancelled(&line.said()).is_some());
}

fn scp_options() -> ScpOptions {
    let (limits, timeouts) = (Limits::default(), Timeouts::default());
    ScpOptions { limits, timeouts, implementation: Implementation::default(), tls: None }
}

/// Lets in whoever is `desk` with the right passcode, or whoever says nothing.
struct Door;

impl StoreHandler for Door {
    fn admit(&self, peer: &Peer) -> Result<(), Reject> {
        let right = UserIdentity::user("desk", Some("right")).unwrap();
        match &peer.identity {
            Some(identity) if *identity != right => Err(Reject { result: 1, source: 1, reason: 1 }),
            Some(_) | None => Ok(()),
        }
    }
    fn confirm_identity(&self, _: &Peer) -> Option<Vec<u8>> {
        Some(Vec::new())
    }
    fn receiver(&self, _: &Peer) -> Box<dyn StoreReceiver> {
        Box::new(Until::have(usize::MAX))
    }
}

#[tokio::test]
async fn a_user_is_let_in_with_the_right_passcode_only() {
    let scp = StoreScp::bind(([127, 0, 0, 1], 0).into(), scp_options(), Arc::new(Door)).await.unwrap();
    let call = async |identity: Option<UserIdentity>| {
        let options = options(scp.address().port(), "PACS", Contexts::new().service(uid::VERIFICATION));
        Association::open(&AssociationOptions { identity, ..options }).await
    };
    let mut known = call(Some(UserIdentity::user("desk", Some("right")).unwrap())).await.unwrap();
    assert_eq!(known.peer().identity_answer, Some(Vec::new()), "it was confirmed");
    known.c_echo().await.unwrap();
    known.release().await.unwrap();
    let unnamed = call(None).await.unwrap();
    assert_eq!(unnamed.peer().identity_answer, None, "nobody asked");
    unnamed.release().await.unwrap();
    for wrong in [UserIdentity::user("desk", Some("wrong")), UserIdentity::user("desk", None)] {
        let refused = call(Some(wrong.unwrap())).await.err().unwrap();
        assert!(matches!(refused, DimseError::Rejected(_)), "{refused}");
        assert!(!refused.to_string().contains("wrong") && !format!("{refused:?}").contains("wrong"), "{refused}");
    }
}

#[tokio::test]
async fn archives_that_know_no_users_answer_all_the_same() {
    let source = tempfile::tempdir().unwrap();
    patient_files(source.path());
    let (orthanc, dcmqrscp) = (Orthanc::start().unwrap(), Dcmqrscp::start(source.path()).unwrap());
    orthanc.store_folder(source.path()).unwrap();
    let passcode = source.path().with_extension("passcode");
    std::fs::write(&passcode, "secret of a test\n").unwrap();
    for entry in [dimse_entry(&orthanc, "get"), dimse_entry_at(dcmqrscp.dicom_port, dcmqrscp.store_port, "get")] {
        let named = format!("{entry}user = 'desk'\npasscode_file = '{}'\n", passcode.display());
        assert!(archive(&named).echo().await.unwrap().is_sufficient());
        assert_eq!(archive(&named).find(&support::key(PATIENT)).await.unwrap().len(), 4);
    }
    // A passcode without a user, or one that is not there, is the configuration's fault, and is not shown.
    let entry = dimse_entry(&orthanc, "get");
    for wrong in ["passcode_file = '/nonexistent'\n".to_owned(), format!("passcode_file = '{}'\n", passcode.display())]
    {
        let config = toml::from_str(&format!("{entry}{wrong}")).unwrap();
        let error = filmdesk_archive::Archive::new(config).err().unwrap();
        assert_eq!(error.code(), "archive-configuration");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    std::fs::remove_file(passcode).unwrap();
}

// ---- film ---------------------------------------------------------------------------------------------------------

const PRINT_MANAGEMENT: &str = "1.2.840.10008.5.1.1.9";
const FILM_SESSION: &str = "1.2.840.10008.5.1.1.1";
const FILM_BOX: &str = "1.2.840.10008.5.1.1.2";
const IMAGE_BOX: &str = "1.2.840.10008.5.1.1.4";
const PRINTER_CLASS: &str = "1.2.840.10008.5.1.1.16";
const THE_PRINTER: &str = "1.2.840.10008.5.1.1.17";

/// The UID after (0008,1155) in a sequence of Referenced Image Boxes, Implicit or Explicit VR Little Endian.
fn referenced(attributes: &[u8]) -> String {
    let sequence = attributes.windows(4).position(|w| w == [0x10, 0x20, 0x10, 0x05]).expect("image boxes");
    let at = sequence + attributes[sequence..].windows(4).position(|w| w == [8, 0, 0x55, 0x11]).expect("a UID") + 4;
    let explicit = &attributes[at..at + 2] == b"UI";
    let length = u16::from_le_bytes([
        attributes[at + 2 * usize::from(explicit)],
        attributes[at + 1 + 2 * usize::from(explicit)],
    ]);
    let value = &attributes[at + 4..at + 4 + usize::from(length)];
    std::str::from_utf8(value).unwrap().trim_end_matches('\0').to_owned()
}

/// Basic Grayscale Print Management (PS3.4 Annex H) with DCMTK's printer: a session, a film of one image, printed.
#[tokio::test]
async fn a_film_is_printed_by_dcmtks_printer() {
    let printer = Printer::start().unwrap();
    let contexts = Contexts::new().service(PRINT_MANAGEMENT);
    let mut association = Association::open(&options(printer.port, printer::AE_TITLE, contexts)).await.unwrap();
    let explicit = association.contexts()[0].transfer_syntax == uid::EXPLICIT_VR_LE;
    let encoded = |fill: &dyn Fn(&mut DataSet)| {
        let mut data_set = DataSet::new();
        fill(&mut data_set);
        data_set.encode(explicit)
    };
    let status = Normalized::Get { instance: THE_PRINTER, attributes: &[(0x2110, 0x10)] };
    let status = association.normalized(PRINT_MANAGEMENT, PRINTER_CLASS, status, None).await.unwrap();
    assert!(status.attributes.windows(6).any(|window| window == b"NORMAL"), "the printer is well");

    let create = Normalized::Create { instance: None };
    let session = encoded(&|d| {
        d.text((0x2000, 0x10), "IS", "1");
    });
    let session = association.normalized(PRINT_MANAGEMENT, FILM_SESSION, create, Some(&session)).await.unwrap();
    let session = session.sop_instance_uid.expect("the printer names the session");
    let film = encoded(&|d| {
        let mut reference = DataSet::new();
        reference.text((8, 0x1150), "UI", FILM_SESSION).text((8, 0x1155), "UI", &session);
        d.text((0x2010, 0x10), "ST", "STANDARD\\1,1").text((0x2010, 0x40), "CS", "PORTRAIT");
        d.text((0x2010, 0x50), "CS", "14INX17IN").items((0x2010, 0x500), vec![reference]);
    });
    let film = association.normalized(PRINT_MANAGEMENT, FILM_BOX, create, Some(&film)).await;
    let film = film.unwrap_or_else(|error| panic!("{error}: {}", printer.log()));
    let image_box = referenced(&film.attributes);
    let film = film.sop_instance_uid.expect("the printer names the film");
    let image = encoded(&|d| {
        let mut image = DataSet::new();
        image.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[64]).us((0x28, 0x11), &[64]);
        image.us((0x28, 0x100), &[8]).us((0x28, 0x101), &[8]).us((0x28, 0x102), &[7]).us((0x28, 0x103), &[0]);
        image.bytes((0x7FE0, 0x10), "OW", (0..64 * 64).map(|n: u32| (n % 64 * 4) as u8).collect::<Vec<u8>>());
        d.us((0x2020, 0x10), &[1]).items((0x2020, 0x110), vec![image]);
    });
    let set = Normalized::Set { instance: &image_box };
    association.normalized(PRINT_MANAGEMENT, IMAGE_BOX, set, Some(&image)).await.unwrap();
    assert_eq!(
        printer.printed().unwrap().len(),
        1,
        "the image is there, and nothing is printed yet: {}",
        printer.log()
    );
    let print = Normalized::Action { instance: &film, action: 1 };
    association.normalized(PRINT_MANAGEMENT, FILM_BOX, print, None).await.unwrap();
    // What is not there cannot be printed: the printer's refusal is an error with its status.
    let wrong =
        association.normalized(PRINT_MANAGEMENT, FILM_BOX, Normalized::Delete { instance: "1.2.3" }, None).await;
    assert!(matches!(wrong, Err(DimseError::Status { operation: "N-DELETE", status: 0x0112 })), "{wrong:?}");
    for (class, instance) in [(FILM_BOX, film.as_str()), (FILM_SESSION, session.as_str())] {
        let gone = Normalized::Delete { instance };
        association.normalized(PRINT_MANAGEMENT, class, gone, None).await.unwrap_or_else(|e| panic!("{class}: {e}"));
    }
    association.release().await.unwrap();
    let printed = printer.printed().unwrap();
    let dumps: Vec<String> = printed
        .iter()
        .map(|path| String::from_utf8_lossy(&Command::new("dcmdump").arg(path).output().unwrap().stdout).into_owned())
        .collect();
    let is = |dump: &str, class: &str| dump.lines().any(|line| line.contains("(0002,0002)") && line.contains(class));
    let of = |class: &str| dumps.iter().filter(|dump| is(dump, class)).count();
    assert_eq!((of("HardcopyGrayscaleImageStorage"), of("StoredPrintStorage")), (1, 1), "{}", printer.log());
}
