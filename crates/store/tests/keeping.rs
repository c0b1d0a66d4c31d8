//! What else is kept: the schema and its version, the one server, staff, overlay, settings, files.

mod common;
use common::journey::at;
use common::{Ground, chen};
use filmdesk_desk::{Role, StaffId};
use filmdesk_policy::{RecordKindId, StudyFacts};
use filmdesk_store::{Actor, Migrated, SCHEMA_VERSION, Store, StoreError};
use jiff::civil::date;
use tokio::io::AsyncReadExt;

on_both!(an_empty_database_wants_a_migration_and_gets_it_once, async |ground: Ground| {
    let early = Store::open(&ground.config).await.err().expect("nothing is there");
    assert!(matches!(early, StoreError::NeedsMigration { found: 0, wanted: SCHEMA_VERSION }), "{early}");
    let migrated = Store::migrate(&ground.config).await.unwrap();
    assert_eq!(migrated, Migrated { from: 0, to: SCHEMA_VERSION });
    let again = Store::migrate(&ground.config).await.unwrap();
    assert_eq!(again, Migrated { from: SCHEMA_VERSION, to: SCHEMA_VERSION });
    Store::open(&ground.config).await.unwrap().ping().await.unwrap();
});

on_both!(two_programs_migrate_at_once, async |ground: Ground| {
    let migrate = || {
        let config = ground.config.clone();
        tokio::spawn(async move { Store::migrate(&config).await })
    };
    let (one, two) = (migrate(), migrate());
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    Store::open(&ground.config).await.unwrap();
});

on_both!(an_older_schema_wants_a_migration, async |ground: Ground| {
    ground.store().await.close().await;
    ground.tamper("DELETE FROM schema_version").await;
    let older = Store::open(&ground.config).await.err().expect("refused");
    assert!(matches!(older, StoreError::NeedsMigration { found: 0, .. }), "{older}");
});

on_both!(a_newer_schema_is_refused_and_left_alone, async |ground: Ground| {
    ground.store().await.close().await;
    ground.tamper("INSERT INTO schema_version (version) VALUES (999)").await;
    let newer =
        |result: Option<StoreError>| matches!(result, Some(StoreError::Newer { found: 999, known: SCHEMA_VERSION }));
    assert!(newer(Store::open(&ground.config).await.err()));
    assert!(newer(Store::migrate(&ground.config).await.err()));
});

#[tokio::test]
async fn one_server_for_each_sqlite_file() {
    let ground = Ground::sqlite();
    let (one, two) = (ground.store().await, ground.store().await);
    let lock = one.lock_server().await.unwrap();
    assert!(matches!(two.lock_server().await, Err(StoreError::AnotherServer(_))));
    two.ping().await.unwrap(); // workers and commands may share the file
    drop(lock);
    two.lock_server().await.unwrap();
}

#[tokio::test]
async fn an_address_is_named_without_its_password() {
    let mut ground = Ground::sqlite();
    for url in ["mysql://me:geheim@host/db", "desk.sqlite", "sqlite://", "sqlite::memory:", "postgres://me:geheim@[/"] {
        ground.config.url = url.into();
        let error = Store::open(&ground.config).await.err().expect("refused");
        assert!(matches!(error, StoreError::BadUrl(_)), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("geheim"));
    }
}

on_both!(a_changed_account_is_signed_out_everywhere, async |ground: Ground| {
    let store = ground.store().await;
    let boss = || Actor::Staff(StaffId("li".into()));
    store.create_user(" Chen ", "$argon2id$x", Role::Clerk, "陳範例", boss(), at(0)).await.unwrap();
    let twice = store.create_user("chen", "$argon2id$y", Role::Clerk, "", boss(), at(0)).await;
    assert!(matches!(twice, Err(StoreError::Exists(_))));
    let user = store.user_by_login("CHEN").await.unwrap().unwrap();
    assert_eq!((user.login.0.as_str(), user.role, user.display.as_str()), ("chen", Role::Clerk, "陳範例"));
    assert!(!format!("{user:?}").contains("argon2"));

    for cookie in ["c1", "c2"] {
        store.create_session(cookie, &user.login, at(0)).await.unwrap();
    }
    let session = store.session("c1").await.unwrap().unwrap();
    assert_eq!((session.user.clone(), session.created_at, session.seen_at), (user.clone(), at(0), at(0)));
    store.touch_session("c1", &session, at(9)).await.unwrap();
    assert_eq!(store.session("c1").await.unwrap().unwrap().seen_at, at(9));
    store.end_session("c1").await.unwrap();
    assert!(store.session("c1").await.unwrap().is_none());

    store.change_user("chen", None, Some(Role::Supervisor), None, boss(), at(10)).await.unwrap();
    assert!(store.session("c2").await.unwrap().is_none(), "a new role signs out");
    store.create_session("c3", &user.login, at(11)).await.unwrap();
    store.change_user("chen", None, None, Some(true), boss(), at(12)).await.unwrap();
    assert!(store.session("c3").await.unwrap().is_none());
    assert!(store.create_session("c4", &user.login, at(13)).await.is_err(), "a disabled account does not sign in");
    assert_eq!(store.user_by_login("chen").await.unwrap().unwrap().role, Role::Supervisor);
    assert!(matches!(store.change_user("who", None, None, None, boss(), at(1)).await, Err(StoreError::Missing(_))));
});

on_both!(old_sessions_are_swept, async |ground: Ground| {
    let store = ground.store().await;
    store.create_user("chen", "$argon2id$x", Role::Clerk, "", Actor::Desk, at(0)).await.unwrap();
    let chen = StaffId("chen".into());
    store.create_session("old", &chen, at(0)).await.unwrap();
    store.create_session("new", &chen, at(100)).await.unwrap();
    store.sweep_sessions(at(1), at(1)).await.unwrap();
    assert!(store.session("old").await.unwrap().is_none());
    assert!(store.session("new").await.unwrap().is_some());
    store.end_sessions_of(&chen).await.unwrap();
    assert!(store.session("new").await.unwrap().is_none());
});

on_both!(the_latest_word_about_a_day_or_a_study_holds, async |ground: Ground| {
    let store = ground.store().await;
    let typhoon = date(2026, 11, 25);
    store.add_closure(typhoon, "颱風", &chen(at(1))).await.unwrap();
    store.add_opening(date(2026, 11, 28), &chen(at(2))).await.unwrap();
    let facts =
        StudyFacts { modalities: vec!["OT".into()], description: "BONE \"DENSITY\"".into(), ..StudyFacts::default() };
    for kind in ["ct", "dxa"] {
        store.remember_classification(&facts, &RecordKindId(kind.into()), &chen(at(3))).await.unwrap();
    }
    let overlay = store.overlay().await.unwrap();
    assert_eq!(overlay.closures, [(typhoon, "颱風".to_owned())]);
    assert_eq!(overlay.openings, [date(2026, 11, 28)]);
    assert_eq!(overlay.classifications, [(facts, RecordKindId("dxa".into()))]);

    store.add_opening(typhoon, &chen(at(4))).await.unwrap();
    let overlay = store.overlay().await.unwrap();
    assert!(overlay.closures.is_empty());
    assert_eq!(overlay.openings.len(), 2);
    let rows = store.overlay_rows().await.unwrap();
    let row = rows.iter().find(|row| row.day == Some(typhoon)).unwrap();
    assert_eq!((row.staff.0.as_str(), row.at, row.kind.as_str()), ("chen", at(4), "open"));
    store.withdraw_overlay(row.id, &chen(at(5))).await.unwrap();
    assert!(store.withdraw_overlay(row.id, &chen(at(5))).await.is_err(), "once");
    assert_eq!(store.overlay().await.unwrap().openings.len(), 1);
});

on_both!(settings_are_replaced, async |ground: Ground| {
    let store = ground.store().await;
    assert_eq!(store.get_setting("demo-clock").await.unwrap(), None);
    for value in ["1", "2"] {
        store.put_setting("demo-clock", value).await.unwrap();
    }
    assert_eq!(store.get_setting("demo-clock").await.unwrap().as_deref(), Some("2"));
});

#[tokio::test]
async fn a_file_is_there_whole_or_not_at_all() {
    let ground = Ground::sqlite();
    let store = ground.store().await;
    let image = ground.path("made.iso");
    std::fs::write(&image, vec![7_u8; 9_000_000]).unwrap();
    let blobs = store.blobs();
    blobs.put_file("disc/FDTEST01.iso", &image).await.unwrap();
    assert!(!image.exists(), "it was taken over");
    let mut blob = blobs.open("disc/FDTEST01.iso").await.unwrap();
    let mut bytes = Vec::new();
    blob.file.read_to_end(&mut bytes).await.unwrap();
    assert_eq!((blob.len, bytes.len()), (9_000_000, 9_000_000));
    blobs.put_bytes("preview/1.2.3.jpg", vec![1, 2, 3]).await.unwrap();
    blobs.put_bytes("preview/1.2.3.jpg", vec![4]).await.unwrap();
    assert_eq!(blobs.keys().await.unwrap(), ["disc/FDTEST01.iso", "preview/1.2.3.jpg"]);
    assert_eq!(blobs.open("preview/1.2.3.jpg").await.unwrap().len, 1);
    blobs.delete("disc/FDTEST01.iso").await.unwrap();
    blobs.delete("disc/FDTEST01.iso").await.unwrap();
    assert!(matches!(blobs.open("disc/FDTEST01.iso").await, Err(StoreError::NoBlob(_))));
    assert!(!blobs.contains("disc/FDTEST01.iso").await.unwrap());
    assert!(blobs.put_file("disc/x.iso", &ground.path("nothing")).await.is_err());
    assert!(!blobs.contains("disc/x.iso").await.unwrap());
}

#[tokio::test]
async fn a_key_stays_in_its_folder_and_names_nobody() {
    let ground = Ground::sqlite();
    let store = ground.store().await;
    for key in
        ["", "/", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".partial/x", "a b", "王測試.iso", "a\\b", "a\0"]
    {
        let put = store.blobs().put_bytes(key, vec![1]).await;
        assert!(matches!(put, Err(StoreError::BadKey(_))), "{key:?}");
    }
}
