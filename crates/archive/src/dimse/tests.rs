use super::*;

fn listing(n: usize, class: &str, series: &str) -> InstanceListing {
    InstanceListing { sop_instance_uid: format!("1.{n}"), sop_class_uid: class.into(), series_uid: series.into() }
}

#[test]
fn an_association_never_needs_more_than_128_contexts() {
    let many: Vec<InstanceListing> = (0..40).map(|n| listing(n, &format!("1.2.{n}"), "1.9")).collect();
    let batches = batches(&many);
    assert_eq!(batches.iter().map(BTreeSet::len).sum::<usize>(), 40);
    for classes in batches {
        let contexts = Contexts::new().service(uid::STUDY_ROOT_GET);
        let contexts = classes.iter().fold(contexts, |all, class| all.receive(class, uid::STORED_SYNTAXES));
        assert!(contexts.len() <= Contexts::MAX);
    }
}

#[test]
fn what_is_missing_is_asked_for_in_lists_and_then_singly() {
    let missing: Vec<InstanceListing> =
        (0..120).map(|n| listing(n, "1.2", if n < 60 { "1.8" } else { "1.9" })).collect();
    let missing: Vec<&InstanceListing> = missing.iter().collect();
    assert_eq!(requests("1.1", &missing, Ask::Study, true).len(), 1);
    assert_eq!(requests("1.1", &missing, Ask::Study, false).len(), 2);
    assert_eq!(requests("1.1", &missing, Ask::Missing, true).len(), 4);
    assert_eq!(requests("1.1", &missing, Ask::Singly, true).len(), 120);
}
