//! Jobs: taken up once, lost with the lease, cancelled, handed out as used up.

mod common;
use common::journey::{self, at};
use common::{Ground, enqueue, entry, step};
use filmdesk_desk::{Action, ParcelId};
use filmdesk_store::{
    Actor, Change, ChangeError, JobKind, JobState, Lane, LeaseError, NewJob, Progress, Store, StoreError,
};
use std::collections::BTreeSet;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(200);

on_both!(eight_workers_take_five_hundred_jobs_once_each, async |ground: Ground| {
    let store = ground.store().await;
    let (draft, _) = ground.draft(&store).await;
    let all = store.change(draft.id, None, |a, _| {
        let make = |n| NewJob::new(JobKind::Make { parcel: ParcelId(n) });
        Ok((0..500).fold(Change::new(a, entry("ask")), |change, n| change.job(make(n))))
    });
    all.await.unwrap();
    let workers: Vec<_> = (0..8)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let (name, mut mine) = (format!("w{n}"), Vec::new());
                while let Some(job) = store.claim(Lane::Making, &name).await.unwrap() {
                    store.finish_job(&job.lease).await.unwrap();
                    mine.push(job.id);
                }
                mine
            })
        })
        .collect();
    let mut taken = Vec::new();
    for worker in workers {
        taken.extend(worker.await.unwrap());
    }
    assert_eq!(taken.len(), 500);
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>().len(), 500);
    assert_eq!(store.jobs_open(Lane::Making).await.unwrap(), 0);
});

on_both!(weighing_never_waits_behind_making_nor_a_find_behind_weighing, async |ground: Ground| {
    let store = ground.store().await;
    let (one, _) = ground.draft(&store).await;
    for kind in [JobKind::Wipe, JobKind::Make { parcel: journey::PARCEL }, JobKind::Weigh, JobKind::Find] {
        enqueue(&store, &one, NewJob::new(kind)).await;
    }
    let mut order = Vec::new();
    while let Some(job) = store.claim(Lane::Quick, "w1").await.unwrap() {
        order.push(job.kind);
    }
    assert_eq!(order, [JobKind::Find, JobKind::Weigh, JobKind::Wipe]);
});

on_both!(the_same_job_is_not_doubled_while_it_waits_or_runs, async |ground: Ground| {
    let store = ground.store().await;
    let (one, _) = ground.draft(&store).await;
    let preview = |uid: &str| NewJob::new(JobKind::Preview { study_uid: uid.into() });
    for uid in ["1.2", "1.2", "1.3"] {
        store.add_job(one.id, &preview(uid), at(1)).await.unwrap();
    }
    assert_eq!(store.jobs_open(Lane::Quick).await.unwrap(), 2);
    let running = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
    store.add_job(one.id, &preview("1.2"), at(2)).await.unwrap();
    assert_eq!(store.jobs_open(Lane::Quick).await.unwrap(), 2);
    store.finish_job(&running.lease).await.unwrap();
    store.add_job(one.id, &preview("1.2"), at(3)).await.unwrap();
    assert_eq!(store.jobs_open(Lane::Quick).await.unwrap(), 2, "once done it may be asked for again");
});

on_both!(a_silent_workers_job_goes_to_another_and_its_result_is_refused, async |ground: Ground| {
    let store = ground.store_with_lease(SHORT).await;
    let submitted = ground.submitted(&store).await;
    let verified =
        step(&store, &submitted, Action::Verify, |a| a.verify(journey::review(), journey::archive_patient()));
    let verified = enqueue(&store, &verified.await, NewJob::new(JobKind::Find)).await;
    let slow = store.claim(Lane::Quick, "slow").await.unwrap().unwrap();
    assert!(store.claim(Lane::Quick, "other").await.unwrap().is_none(), "it is leased");
    tokio::time::sleep(SHORT * 2).await;
    let other = store.claim(Lane::Quick, "other").await.unwrap().expect("the lease is over");
    assert_eq!((other.id, other.attempts), (slow.id, 2));
    assert!(other.lease.fence() > slow.lease.fence());

    let found = |lease| {
        store.change(verified.id, None, move |a, _| {
            Ok(Change::new(a.found(journey::found())?, entry("find")).finish(&lease))
        })
    };
    assert!(matches!(found(slow.lease.clone()).await, Err(ChangeError::LeaseLost)));
    assert_eq!(store.application(verified.id).await.unwrap().unwrap(), verified, "nothing of it is kept");
    assert!(matches!(store.heartbeat(&slow.lease, None).await, Err(LeaseError::Lost)));
    assert!(matches!(store.retry_job(&slow.lease, 0, "").await, Err(LeaseError::Lost)));
    assert!(matches!(store.finish_job(&slow.lease).await, Err(LeaseError::Lost)));
    found(other.lease.clone()).await.unwrap();
    assert!(matches!(found(other.lease).await, Err(ChangeError::LeaseLost)), "and once only");
});

on_both!(a_beating_worker_keeps_its_job, async |ground: Ground| {
    let store = ground.store_with_lease(Duration::from_millis(1500)).await;
    let (one, _) = ground.draft(&store).await;
    enqueue(&store, &one, NewJob::new(JobKind::Weigh)).await;
    let job = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
    let progress = |done| Progress {
        stage: "fetch".into(),
        done,
        total: 9,
        unit: "instances".into(),
        n_instances: 3,
        of_instances: 9,
        rate: 2,
        seconds_left: 4,
        note: "a\0".into(),
    };
    for done in 0..5 {
        assert!(!store.heartbeat(&job.lease, Some(&progress(done))).await.unwrap().cancelled);
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(store.claim(Lane::Quick, "w2").await.unwrap().is_none());
    }
    let shown = store.progress(one.id).await.unwrap().remove(0);
    assert_eq!((shown.kind, shown.state, shown.progress.total), (JobKind::Weigh, JobState::Running, 9));
    assert!((2..5).contains(&shown.progress.done), "written about once a second: {}", shown.progress.done);
    assert_eq!((shown.progress.stage.as_str(), shown.progress.unit.as_str()), ("fetch", "instances"));
});

on_both!(a_cancelled_worker_learns_it_and_its_result_is_refused, async |ground: Ground| {
    let store = ground.store().await;
    let (one, _) = ground.draft(&store).await;
    for kind in [JobKind::Weigh, JobKind::Find, JobKind::Wipe] {
        enqueue(&store, &one, NewJob::new(kind)).await;
    }
    let find = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
    let cancelled = store.cancel_jobs(one.id, Actor::Applicant, at(3)).await.unwrap();
    assert_eq!(cancelled, 2, "a wipe is never cancelled");
    assert!(store.heartbeat(&find.lease, None).await.unwrap().cancelled);
    let late = store.change(one.id, None, |a, _| Ok(Change::new(a, entry("find")).finish(&find.lease))).await;
    assert!(matches!(late, Err(ChangeError::LeaseLost)));
    enqueue(&store, &one, NewJob::new(JobKind::Find)).await;
    let again = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
    assert_eq!(again.kind, JobKind::Find, "it can be asked for again at once");
    assert!(store.audit_of(one.id).await.unwrap().iter().any(|row| row.action == "cancel-jobs"));
});

on_both!(a_change_can_cancel_what_was_under_way_and_ask_anew, async |ground: Ground| {
    let store = ground.store().await;
    let (one, _) = ground.draft(&store).await;
    enqueue(&store, &one, NewJob::new(JobKind::Weigh)).await;
    let first = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
    let amended = store
        .change(one.id, None, |a, _| Ok(Change::new(a, entry("amend")).cancel_jobs().job(NewJob::new(JobKind::Weigh))));
    amended.await.unwrap();
    assert!(store.heartbeat(&first.lease, None).await.unwrap().cancelled);
    let second = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
    assert_ne!(first.id, second.id);
});

on_both!(a_job_that_fails_too_often_is_handed_out_to_be_stalled, async |ground: Ground| {
    let store = ground.store_with_lease(SHORT).await;
    let (one, _) = ground.draft(&store).await;
    enqueue(&store, &one, NewJob { max_attempts: 2, ..NewJob::new(JobKind::Weigh) }).await;
    let first = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
    store.retry_job(&first.lease, 0, "the archive did not answer").await.unwrap();
    let second = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
    assert_eq!((second.attempts, second.used_up), (2, false));
    assert_eq!(second.last_reason, "the archive did not answer");
    // This time the worker dies without a word.
    tokio::time::sleep(SHORT * 2).await;
    let third = store.claim(Lane::Quick, "w2").await.unwrap().unwrap();
    assert!(third.used_up);
    assert_eq!(third.last_reason, "the archive did not answer");
    store.finish_job(&third.lease).await.unwrap();
    assert!(store.claim(Lane::Quick, "w2").await.unwrap().is_none());
});

on_both!(a_stop_is_no_attempt_and_a_death_is_one, async |ground: Ground| {
    let store = ground.store().await;
    let (one, _) = ground.draft(&store).await;
    enqueue(&store, &one, NewJob { max_attempts: 2, ..NewJob::new(JobKind::Weigh) }).await;
    for _ in 0..7 {
        let stopped = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
        assert_eq!((stopped.attempts, stopped.used_up), (1, false), "stopping is no attempt");
        store.give_back(&stopped.lease).await.unwrap();
        assert!(matches!(store.give_back(&stopped.lease).await, Err(LeaseError::Lost)), "it was let go already");
    }
    for attempt in 1..=3 {
        let killed = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
        assert_eq!((killed.attempts, killed.used_up), (attempt, attempt > 2), "dying is one");
        assert!(store.claim(Lane::Quick, "w1").await.unwrap().is_none(), "the lease stands");
        assert_eq!(store.end_leases_of("w2").await.unwrap(), 0, "another's lease is not ended");
        assert_eq!(store.end_leases_of("w1").await.unwrap(), 1);
    }
});

on_both!(a_worker_wrongly_called_dead_goes_on_or_learns_that_it_lost, async |ground: Ground| {
    let store = ground.store().await;
    let (one, _) = ground.draft(&store).await;
    enqueue(&store, &one, NewJob::new(JobKind::Weigh)).await;
    let job = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
    assert_eq!(store.end_leases_of("w1").await.unwrap(), 1);
    store.heartbeat(&job.lease, None).await.unwrap();
    assert!(store.claim(Lane::Quick, "w2").await.unwrap().is_none(), "it renewed its lease in time");
    assert_eq!(store.end_leases_of("w1").await.unwrap(), 1);
    let other = store.claim(Lane::Quick, "w2").await.unwrap().expect("the lease was ended");
    assert!(matches!(store.finish_job(&job.lease).await, Err(LeaseError::Lost)), "its result is refused");
    store.finish_job(&other.lease).await.unwrap();
});

on_both!(a_retry_waits, async |ground: Ground| {
    let store = ground.store().await;
    let (one, _) = ground.draft(&store).await;
    enqueue(&store, &one, NewJob::new(JobKind::Find)).await;
    let job = store.claim(Lane::Quick, "w1").await.unwrap().unwrap();
    store.retry_job(&job.lease, 1, "busy").await.unwrap();
    assert!(store.claim(Lane::Quick, "w1").await.unwrap().is_none());
    let shown = store.progress(one.id).await.unwrap().remove(0);
    assert_eq!((shown.state, shown.progress.note.as_str()), (JobState::Queued, "busy"));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(store.claim(Lane::Quick, "w1").await.unwrap().is_some());
});

on_both!(a_wipe_goes_to_the_worker_that_holds_the_spool, async |ground: Ground| {
    let store = ground.store().await;
    let (one, _) = ground.draft(&store).await;
    enqueue(&store, &one, NewJob { worker: Some("w2".into()), ..NewJob::new(JobKind::Wipe) }).await;
    assert!(store.claim(Lane::Quick, "w1").await.unwrap().is_none());
    assert!(store.claim(Lane::Quick, "w2").await.unwrap().is_some());
});

on_both!(a_job_belongs_to_an_application, async |ground: Ground| {
    let store: Store = ground.store().await;
    let orphan = store.add_job(filmdesk_desk::ApplicationId(5), &NewJob::new(JobKind::Find), at(1)).await;
    assert!(matches!(orphan, Err(StoreError::Database(_))), "{orphan:?}");
});
