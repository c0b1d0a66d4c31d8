//! A backup taken while the desk works, restored to an empty place.

mod common;
use common::journey::{self, private};
use common::{Ground, enqueue, entry, step};
use filmdesk_desk::{Action, Role};
use filmdesk_store::{Actor, AuditVerdict, Change, JobKind, Lane, NewJob, Store, StoreError};
use std::fs;

async fn busy_desk(ground: &Ground) -> (Store, filmdesk_desk::Application) {
    let store = ground.store().await;
    let weighed = ground.weighed(&store).await;
    let paid = store.change(weighed.id, None, |a, numbers| {
        let payment = filmdesk_desk::Payment { receipt_number: numbers.next_receipt(), ..journey::payment() };
        Ok(Change::new(a.pay(payment, journey::local(30))?, entry("pay")))
    });
    let paid = enqueue(&store, &paid.await.unwrap(), NewJob::new(JobKind::Make { parcel: journey::PARCEL })).await;
    store.create_user("chen", "$argon2id$x", Role::Clerk, "陳範例", Actor::Desk, journey::at(0)).await.unwrap();
    store.create_session("c1", &filmdesk_desk::StaffId("chen".into()), journey::at(0)).await.unwrap();
    store
        .add_closure(jiff::civil::date(2026, 11, 25), "颱風 \\ \"x\"", &journey::by("chen", journey::at(1)))
        .await
        .unwrap();
    store.put_setting("demo-clock", "7").await.unwrap();
    store.blobs().put_bytes("disc/FDTEST01.iso", vec![5; 3_000_000]).await.unwrap();
    (store, paid)
}

on_both!(everything_comes_back, async |ground: Ground| {
    let (store, paid) = busy_desk(&ground).await;
    let made = store.backup(&ground.path("backup")).await.unwrap();
    assert_eq!((made.n_files, made.schema), (2, filmdesk_store::SCHEMA_VERSION));

    let new = ground.another();
    let restored = Store::restore(&ground.path("backup"), &new.config).await.unwrap();
    assert_eq!(restored, made);
    let again = Store::open(&new.config).await.unwrap();
    assert_eq!(again.application(paid.id).await.unwrap(), Some(paid.clone()));
    assert_eq!(again.status_code(&paid.number), store.status_code(&paid.number), "slips stay good");
    assert_eq!(again.audit_of(paid.id).await.unwrap(), store.audit_of(paid.id).await.unwrap());
    assert_eq!(again.overlay().await.unwrap(), store.overlay().await.unwrap());
    assert_eq!(again.get_setting("demo-clock").await.unwrap().as_deref(), Some("7"));
    assert_eq!(again.users().await.unwrap(), store.users().await.unwrap());
    assert!(again.session("c1").await.unwrap().is_none(), "everybody signs in again");
    assert_eq!(again.blobs().open("disc/FDTEST01.iso").await.unwrap().len, 3_000_000);
    assert!(matches!(again.verify_audit().await.unwrap(), AuditVerdict::Whole(head) if head == made.head));

    // And it works on: the job waits, the next numbers follow.
    let job = again.claim(Lane::Making, "w1").await.unwrap().unwrap();
    assert_eq!(job.application, paid.id);
    enqueue(&again, &paid, NewJob::new(JobKind::Wipe)).await;
    let weighed = ground.weighed(&again).await;
    let next = again.change(weighed.id, None, |a, numbers| {
        assert_eq!(numbers.next_receipt(), 2);
        Ok(Change::new(a, entry("count")))
    });
    next.await.unwrap();
});

on_both!(a_backup_beside_writers_is_one_moment, async |ground: Ground| {
    let store = ground.store().await;
    let (draft, _) = ground.draft(&store).await;
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..60 {
                let key = format!("preview/{n}.jpg");
                store.blobs().put_bytes(&key, vec![1; 1000]).await.unwrap();
                let fields = [("last".to_owned(), private(&key))];
                let saved = store
                    .change(draft.id, None, |a, _| Ok(Change::new(a.save_form(fields.into())?, entry("save-form"))));
                saved.await.unwrap();
            }
        })
    };
    let mut backups = Vec::new();
    for n in 0..4 {
        let to = ground.path(&format!("backup{n}"));
        store.backup(&to).await.unwrap();
        backups.push(to);
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    writer.await.unwrap();
    for backup in backups {
        let new = ground.another();
        Store::restore(&backup, &new.config).await.unwrap();
        let store = Store::open(&new.config).await.unwrap();
        let restored = store.application(draft.id).await.unwrap().unwrap();
        if let Some(key) = restored.form.get("last") {
            assert!(store.blobs().contains(key.reveal()).await.unwrap(), "a file that is named is there");
        }
    }
});

on_both!(a_backup_or_a_restore_never_overwrites, async |ground: Ground| {
    let (store, _) = busy_desk(&ground).await;
    let to = ground.path("backup");
    store.backup(&to).await.unwrap();
    assert!(matches!(store.backup(&to).await, Err(StoreError::BadBackup(_))));
    let full = Store::restore(&to, &ground.config).await.err().unwrap();
    assert!(matches!(full, StoreError::BadBackup(_)), "{full}");
    let new = ground.another();
    let mut mixed = new.config.clone();
    mixed.blobs = ground.config.blobs.clone();
    assert!(matches!(Store::restore(&to, &mixed).await, Err(StoreError::BadBackup(_))));
    new.store().await.close().await;
    assert!(matches!(Store::restore(&to, &new.config).await, Err(StoreError::BadBackup(_))));
});

on_both!(a_damaged_backup_is_refused_before_anything_is_written, async |ground: Ground| {
    let (store, _) = busy_desk(&ground).await;
    let database = if ground.is_sqlite() { "desk.sqlite" } else { "tables.jsonl" };
    for (n, damaged) in [database, "blobs/disc/FDTEST01.iso", "backup.json"].into_iter().enumerate() {
        let to = ground.path(&format!("backup{n}"));
        store.backup(&to).await.unwrap();
        let mut bytes = fs::read(to.join(damaged)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes.truncate(bytes.len() - n);
        fs::write(to.join(damaged), bytes).unwrap();
        let new = ground.another();
        let refused = Store::restore(&to, &new.config).await.err().unwrap_or_else(|| panic!("{damaged}"));
        assert!(matches!(refused, StoreError::BadBackup(_)), "{damaged}: {refused}");
        assert!(!new.config.blobs.join("disc").exists());
        assert!(matches!(Store::open(&new.config).await, Err(StoreError::NeedsMigration { found: 0, .. })));
    }
});

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_fits_its_own_kind_of_database() {
    let ground = Ground::sqlite();
    let (store, weighed) = busy_desk(&ground).await;
    step(&store, &weighed, Action::Start, |a| a.start(journey::PARCEL, journey::at(31))).await;
    store.backup(&ground.path("backup")).await.unwrap();
    let other = Ground::postgres();
    let refused = Store::restore(&ground.path("backup"), &other.config).await.err().unwrap();
    assert!(refused.to_string().contains("sqlite"), "{refused}");
}
