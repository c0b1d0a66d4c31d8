use super::*;

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const LE: &str = "1.2.840.10008.1.2.1";

fn listing(uid: &str, class: &str) -> InstanceListing {
    InstanceListing { sop_instance_uid: uid.into(), sop_class_uid: class.into(), series_uid: "1.2.9".into() }
}

fn object(spool: &Spool, uid: &str) -> Object {
    let mut object = spool.begin(CT, uid, LE).expect("taken");
    object.data(b"\x08\x00\x18\x00UI").expect("written");
    object
}

fn names(folder: &Path) -> Vec<String> {
    let names =
        fs::read_dir(folder).expect("a folder").map(|e| e.expect("entry").file_name().into_string().expect("text"));
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn uids(spool: &Spool) -> Vec<String> {
    spool.received().into_iter().map(|received| received.sop_instance_uid).collect()
}

/// What comes before its list is held; of it, and of what is on its way when the list comes, nothing stays that is not on it.
#[tokio::test]
async fn what_came_before_its_list_and_is_not_on_it_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    for (gates, stay) in [
        (Gates::default(), vec!["1.2.1", "1.2.3"]),
        (Gates::all_but(Gate::W4), vec!["1.2.1", "1.2.2", "1.2.3", "1.2.4"]),
    ] {
        let into = folder.path().join(stay.len().to_string());
        let spool = Spool::new(&into, None, CancellationToken::new(), gates).expect("a spool");
        for uid in ["1.2.1", "1.2.2"] {
            object(&spool, uid).end().expect("complete");
        }
        assert_eq!((spool.n_listed(), spool.missing(), uids(&spool).len()), (0, vec![], 2));
        let (listed, stranger) = (object(&spool, "1.2.3"), object(&spool, "1.2.4"));
        let list = ["1.2.1", "1.2.3", "1.2.5"].map(|uid| listing(uid, CT));
        spool.learn(&list).expect("learned");
        listed.end().expect("complete");
        stranger.end().expect("dropped, or kept without the gate");
        assert_eq!(uids(&spool), stay);
        assert_eq!((names(&into).len(), spool.counts().0), (stay.len(), stay.len() as u64));
        assert_eq!(spool.missing(), [listing("1.2.5", CT)]);
        let unexpected = if stay.len() == 2 { vec!["1.2.2", "1.2.4"] } else { vec![] };
        assert_eq!(spool.unexpected(), unexpected);
        assert!(spool.take_fatal().is_none());
    }
}

#[tokio::test]
async fn what_came_before_its_list_is_of_the_class_it_is_listed_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = Spool::new(folder.path(), None, CancellationToken::new(), Gates::default()).expect("a spool");
    object(&spool, "1.2.1").end().expect("complete");
    spool.learn(&[listing("1.2.1", "1.2.840.10008.5.1.4.1.1.4")]).expect("learned");
    assert!(matches!(spool.take_fatal(), Some(ArchiveError::Contradiction { .. })));
}
