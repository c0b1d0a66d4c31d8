//! A PACS that holds an object made to break whoever reads it: the order stalls with its name, the object is put away under
//! a name of ours, the worker lives on and makes other orders; and a name written otherwise is confirmed before money is taken.

mod desk;

use desk::browser::{Site, after, sign_in, until};
use desk::{Hands, TestDesk, files_below};
use filmdesk_testkit::dcmqrscp::Dcmqrscp;
use filmdesk_testkit::dicom_file::{DataSet, EXPLICIT_LE};
use filmdesk_testkit::orthanc::{AE_TITLE, DESK_AE_TITLE};
use jiff::civil::date;
use std::fs;

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const HARMLESS: &str = "T0000501";
const HOSTILE: &str = "T0000502";

/// A CT of two pixels; `depth` sequences within each other.
fn object(patient: &str, name: &str, n: u32, depth: usize) -> Vec<u8> {
    let mut d = DataSet::new();
    let uid = |what: u32| format!("2.25.77{}{what}{n}", &patient[4..]);
    d.text((8, 5), "CS", "ISO_IR 192").text((8, 0x16), "UI", CT).text((8, 0x18), "UI", &uid(3));
    d.text((8, 0x20), "DA", "20261102").text((8, 0x30), "TM", "083000").text((8, 0x60), "CS", "CT");
    d.text((8, 0x1030), "LO", "CT TEST").text((0x10, 0x10), "PN", name).text((0x10, 0x20), "LO", patient);
    d.text((0x10, 0x30), "DA", "19700315").text((0x10, 0x40), "CS", "M");
    d.text((0x20, 0x0D), "UI", &format!("2.25.77{}1", &patient[4..])).text(
        (0x20, 0x0E),
        "UI",
        &format!("2.25.77{}2", &patient[4..]),
    );
    d.text((0x20, 0x10), "SH", "1").text((0x20, 0x11), "IS", "1").text((0x20, 0x13), "IS", &n.to_string());
    d.us((0x28, 2), &[1]).text((0x28, 4), "CS", "MONOCHROME2").us((0x28, 0x10), &[1]).us((0x28, 0x11), &[2]);
    d.us((0x28, 0x100), &[16]).us((0x28, 0x101), &[12]).us((0x28, 0x102), &[11]).us((0x28, 0x103), &[0]);
    d.bytes((0x7FE0, 0x10), "OW", vec![1, 0, 2, 0]);
    let nest = (0..depth).fold(DataSet::new(), |inner, _| {
        let mut outer = DataSet::new();
        outer.items((0x40, 0xA730), vec![inner]);
        outer
    });
    if depth > 0 {
        d.items((0x40, 0xA730), vec![nest]);
    }
    d.part10(EXPLICIT_LE)
}

/// A desk with DCMTK's dcmqrscp as its archive, which holds these objects. (Debian's Orthanc dies of the hostile one.)
fn place(via: &str, objects: &[Vec<u8>]) -> (std::sync::Arc<Site>, Dcmqrscp) {
    let desk = TestDesk::new();
    let files = desk.state().with_file_name("files");
    fs::create_dir_all(&files).expect("a folder");
    for (n, object) in objects.iter().enumerate() {
        fs::write(files.join(format!("{n}.dcm")), object).expect("written");
    }
    let pacs = Dcmqrscp::start(&files).expect("dcmqrscp");
    let entry = format!(
        "kind = \"dimse\"\nhost = \"127.0.0.1\"\nport = {}\ncalled_ae = \"{AE_TITLE}\"\ncalling_ae = \"{DESK_AE_TITLE}\"\n\
         via = \"{via}\"\nstore_port = {}\n",
        pacs.dicom_port, pacs.store_port
    );
    let config = format!("[[archive]]\nname = \"pacs\"\n{entry}");
    fs::write(desk.state().with_file_name("filmdesk.toml"), config).expect("configuration");
    (Site::open(desk, &[], None), pacs)
}

async fn hostile(via: &str) {
    let name = "TEST^MADE";
    let objects = [
        object(HARMLESS, name, 1, 0),
        object(HARMLESS, name, 2, 60),
        object(HOSTILE, name, 1, 0),
        object(HOSTILE, name, 2, 90),
    ];
    let (site, _pacs) = place(via, &objects);
    let hands = Hands::at(&site.desk).await;
    let id = hands.verified((HOSTILE, date(1970, 3, 15))).await;
    hands.ticked(id).await;
    let reason = hands.stalled(id).await;
    assert_eq!(reason.code, "hostile-object", "{}", reason.what);
    let hostile = "2.25.77050232";
    assert!(reason.what.contains(hostile) && reason.what.contains("too-deep"), "{}", reason.what);
    let put_away: Vec<_> = files_below(&site.desk.state())
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| e == "quarantine"))
        .collect();
    let [put_away] = put_away.as_slice() else { panic!("{put_away:?}") };
    assert!(fs::read(put_away).expect("read").windows(hostile.len()).any(|w| w == hostile.as_bytes()));
    // The page says so in both languages, with the object, whose UID is made of a UUID.
    let mut counter = sign_in(&site, "clerk").await;
    let path = format!("/applications/{}", hands.store.application(id).await.expect("store").expect("there").number);
    for (lang, words) in [("zh", "已隔離"), ("en", "put away")] {
        let page = counter.get(&format!("{path}?lang={lang}")).await;
        assert!(page.contains(words) && page.contains(hostile), "{lang}: {page}");
    }
    // The control, at the same worker: deep, and not too deep.
    let id = hands.verified((HARMLESS, date(1970, 3, 15))).await;
    hands.ticked(id).await;
    assert_eq!(hands.weighed(id).await.weighing.n_instances, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_object_by_c_get_is_put_away_and_stalls_its_order() {
    hostile("get").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_object_by_c_move_is_put_away_and_stalls_its_order() {
    hostile("move").await;
}

/// W5: the clerk sees both names whole and says that they are one person's, before money is taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_written_otherwise_is_confirmed_at_the_counter() {
    let (site, _pacs) = place("get", &[object(HARMLESS, "OTHER^NAME=別^名", 1, 0)]);
    let hands = Hands::at(&site.desk).await;
    let mut counter = sign_in(&site, "clerk").await;
    let id = hands.verified((HARMLESS, date(1970, 3, 15))).await;
    hands.ticked(id).await;
    let weighed = hands.weighed(id).await;
    let others = weighed.weighing.other_names.expect("kept");
    assert_eq!(others.len(), 1);
    let path = format!("/applications/{}", hands.store.application(id).await.expect("store").expect("there").number);
    let page = until(&mut counter, &path, "weighed").await;
    assert!(page.contains("id=\"other-names\"") && page.contains("OTHER NAME / 別 名"), "{page}");
    let form = weighed.verified.submitted.request.patient.name.reveal().to_owned();
    assert!(page.contains(&form), "the name on the form is beside it");
    let field = format!("name_{}", others[0].study_uid);
    let asked = vec![("version", after(&page, "id=\"pay-form\"", "value").expect("a version")), ("means", "cash")];
    let refused = counter.post(&format!("{path}/pay"), &asked).await;
    assert!(refused.contains("id=\"other-names\"") && refused.contains(&format!("#{field}")), "{refused}");
    let still = hands.store.application(id).await.expect("store").expect("there");
    assert!(matches!(still.state, filmdesk_desk::State::Weighed(_)), "no money was taken");
    counter.post(&format!("{path}/pay"), &[asked, vec![(field.as_str(), "yes")]].concat()).await;
    let paid = hands.store.application(id).await.expect("store").expect("there");
    let filmdesk_desk::State::Paid(paid) = paid.state else { panic!("not paid: {:?}", paid.state.name()) };
    assert_eq!(paid.payment.names_confirmed.as_deref(), Some(&[others[0].study_uid.clone()][..]));
}
