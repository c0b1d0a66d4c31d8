//! The audit trail: every change of any row behind the store's back is found.

mod common;
use common::journey::{self, at, private};
use common::{Ground, entry, step};
use filmdesk_desk::Action;
use filmdesk_store::{AuditHead, AuditVerdict, Change, Store};

/// A trail of a few rows on two applications.
async fn trail(ground: &Ground) -> (Store, AuditHead) {
    let store = ground.store().await;
    let submitted = ground.submitted(&store).await;
    step(&store, &submitted, Action::Verify, |a| a.verify(journey::review(), journey::archive_patient())).await;
    ground.submitted(&store).await;
    store.audit(&entry("sign-in")).await.unwrap();
    match store.verify_audit().await.unwrap() {
        AuditVerdict::Whole(head) => {
            assert_eq!(head.seq, 6);
            (store, head)
        }
        AuditVerdict::Broken { seq, what } => panic!("near {seq}: {what}"),
    }
}

async fn found(store: &Store) -> (i64, String) {
    match store.verify_audit().await.unwrap() {
        AuditVerdict::Broken { seq, what } => (seq, what),
        AuditVerdict::Whole(_) => panic!("the change was not found"),
    }
}

/// The database's owner can lift what keeps rows from changing; the chain still tells.
const LIFT: &str = "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;";
const LIFT_PG: &str = "DROP TRIGGER audit_no_change ON audit;";

async fn lift(ground: &Ground) {
    ground.tamper(if ground.is_sqlite() { LIFT } else { LIFT_PG }).await;
}

on_both!(every_change_has_its_row, async |ground: Ground| {
    let store = ground.store().await;
    let submitted = ground.submitted(&store).await;
    let rows = store.audit_of(submitted.id).await.unwrap();
    let told: Vec<(&str, &str)> = rows.iter().map(|row| (row.actor.as_str(), row.action.as_str())).collect();
    assert_eq!(told, [("applicant", "draft"), ("staff:chen", "submit")]);
    assert_eq!(rows[0].at, at(0));
    let detailed = store.change(submitted.id, None, |a, _| Ok(Change::new(a, entry("note").detail("papers D1 D3"))));
    detailed.await.unwrap();
    assert_eq!(store.audit_of(submitted.id).await.unwrap()[2].detail, "papers D1 D3");
});

on_both!(the_database_itself_refuses_to_change_a_row, async |ground: Ground| {
    let (_store, _) = trail(&ground).await;
    let refused = tokio::spawn(async move { ground.tamper("UPDATE audit SET actor = 'staff:li' WHERE seq = 2").await });
    assert!(refused.await.is_err());
});

on_both!(an_edited_row_is_found, async |ground: Ground| {
    let (store, _) = trail(&ground).await;
    lift(&ground).await;
    ground.tamper("UPDATE audit SET actor = 'staff:li' WHERE seq = 3").await;
    assert_eq!(found(&store).await, (3, "the row is not what was written".into()));
});

on_both!(a_removed_row_is_found, async |ground: Ground| {
    let (store, _) = trail(&ground).await;
    lift(&ground).await;
    ground.tamper("DELETE FROM audit WHERE seq = 4").await;
    assert_eq!(found(&store).await.0, 3);
});

on_both!(exchanged_rows_are_found, async |ground: Ground| {
    let (store, _) = trail(&ground).await;
    lift(&ground).await;
    ground.tamper("UPDATE audit SET seq = 100 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 100").await;
    assert_eq!(found(&store).await.0, 4);
});

on_both!(a_cut_end_is_found, async |ground: Ground| {
    let (store, _) = trail(&ground).await;
    lift(&ground).await;
    ground.tamper("DELETE FROM audit WHERE seq = 6").await;
    assert!(found(&store).await.1.contains("rows are missing"));
});

on_both!(an_end_cut_with_its_head_is_found_by_an_exported_head, async |ground: Ground| {
    let (store, head) = trail(&ground).await;
    lift(&ground).await;
    let cut = "DELETE FROM audit WHERE seq = 6; UPDATE audit_head SET seq = 5, \
               hash = (SELECT hash FROM audit WHERE seq = 5)";
    ground.tamper(cut).await;
    assert!(matches!(store.verify_audit().await.unwrap(), AuditVerdict::Whole(_)), "the trail alone cannot tell");
    let verdict = store.verify_audit_since(Some(&head)).await.unwrap();
    assert!(matches!(verdict, AuditVerdict::Broken { seq: 5, .. }), "{verdict:?}");
    store.audit(&entry("sign-in")).await.unwrap();
    let verdict = store.verify_audit_since(Some(&head)).await.unwrap();
    assert!(matches!(verdict, AuditVerdict::Broken { seq: 6, .. }), "another row in its place: {verdict:?}");
});

on_both!(an_application_edited_behind_the_desk_is_found, async |ground: Ground| {
    let (store, _) = trail(&ground).await;
    ground.tamper("UPDATE application SET document = replace(document, 'T0012345', 'T0099999')").await;
    let (seq, what) = found(&store).await;
    assert!(seq > 0 && what.contains("is not as this row left it"), "{what}");
    assert!(!what.contains("T00"), "a finding names no person");
});

on_both!(an_application_removed_behind_the_desk_is_found, async |ground: Ground| {
    let (store, _) = trail(&ground).await;
    ground.tamper("DELETE FROM application WHERE state = 'verified'").await;
    assert!(found(&store).await.1.contains("is gone"));
});

on_both!(writers_on_two_connections_make_one_chain, async |ground: Ground| {
    let store = ground.store().await;
    let other = Store::open(&ground.config).await.unwrap();
    let (one, _) = ground.draft(&store).await;
    let (two, _) = ground.draft(&other).await;
    let write = |store: Store, id| {
        tokio::spawn(async move {
            for n in 0..40 {
                let fields = [(format!("f{n}"), private("x"))];
                let saved =
                    store.change(id, None, |a, _| Ok(Change::new(a.save_form(fields.into())?, entry("save-form"))));
                saved.await.unwrap();
            }
        })
    };
    let writers = [write(store.clone(), one.id), write(other.clone(), two.id), write(other, one.id)];
    for writer in writers {
        writer.await.unwrap();
    }
    let AuditVerdict::Whole(head) = store.verify_audit().await.unwrap() else { panic!("broken") };
    assert_eq!(head.seq, 2 + 3 * 40);
    assert_eq!(store.application(one.id).await.unwrap().unwrap().version, 1 + 80);
});
