//! kill -9 of the server at every form post, and the same form sent again by a person who got no answer or looked twice.

use super::TestDesk;
use super::browser::{Answer, Browser};
use filmdesk_desk::Application;
use filmdesk_store::{AuditRow, QueueFilter, Store};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// When the server dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Right after it answered: what it said must be true.
    Answered,
    /// While it works on the form: it may have been carried out or not, and nobody was told.
    Unanswered,
}

/// Every application with its trail.
pub type Kept = Vec<(Application, Vec<AuditRow>)>;

/// Kills the server at every post.
pub struct Fire {
    moment: Moment,
    /// Nothing else changes anything: what is kept must be equal, not only go on.
    alone: bool,
    store: Store,
    posts: Mutex<Vec<String>>,
    carried_out: AtomicUsize,
}

/// Pauses before a server dies that was not to answer, milliseconds: before, during and after the commit.
const PAUSES: [u64; 8] = [4, 0, 9, 2, 18, 6, 40, 12];

impl Fire {
    /// Fire on a desk whose store exists.
    pub async fn on(desk: &TestDesk, moment: Moment, alone: bool) -> Fire {
        let store = desk.store().await;
        Fire { moment, alone, store, posts: Mutex::default(), carried_out: AtomicUsize::new(0) }
    }

    /// The addresses the server died of, in order.
    pub fn posts(&self) -> Vec<String> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many posts nobody was answered had been carried out.
    pub fn carried_out(&self) -> usize {
        self.carried_out.load(Ordering::Relaxed)
    }

    /// What is kept now.
    pub async fn kept(&self) -> Kept {
        let mut kept = Vec::new();
        for application in self.store.queue(QueueFilter::default()).await.expect("the queue") {
            let trail = self.store.audit_of(application.id).await.expect("the trail");
            kept.push((application, trail));
        }
        kept.sort_by_key(|(application, _)| application.id);
        kept
    }

    /// The post, the death, the restart, and the post again; gives the last answer.
    pub async fn post(&self, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
        let number = {
            let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
            posts.push(path.to_owned());
            posts.len()
        };
        let site = browser.site.clone();
        if self.moment == Moment::Unanswered {
            let before = self.kept().await;
            let flung = browser.fling(path, fields);
            tokio::time::sleep(Duration::from_millis(PAUSES[number % PAUSES.len()])).await;
            site.kill();
            // It may have been answered; nobody reads it.
            let _ = flung.await;
            let after = self.kept().await;
            self.carried_out.fetch_add(usize::from(changed_by_person(&before, &after)), Ordering::Relaxed);
            site.restart();
            return browser.attempt(path, fields).await.unwrap_or_else(|e| panic!("{path} again: {e}"));
        }
        let first = browser.attempt(path, fields).await.unwrap_or_else(|e| panic!("{path}: {e}"));
        let before = self.kept().await;
        site.kill();
        site.restart();
        nothing_lost(&before, &self.kept().await, self.alone).unwrap_or_else(|lost| panic!("{path}: {lost}"));
        let again = browser.attempt(path, fields).await.unwrap_or_else(|e| panic!("{path} again: {e}"));
        assert_eq!(
            (first.status, &first.place),
            (again.status, &again.place),
            "{path}: sent again, answered otherwise"
        );
        again
    }
}

/// What the worker does goes on meanwhile; a person's post is another row of a person.
fn changed_by_person(before: &Kept, after: &Kept) -> bool {
    let rows = |kept: &Kept| kept.iter().flat_map(|(_, t)| t).filter(|row| !row.actor.starts_with("worker")).count();
    rows(before) != rows(after)
}

/// Every application is there, what was typed is there, and its trail goes on where it was.
pub fn nothing_lost(before: &Kept, after: &Kept, alone: bool) -> Result<(), String> {
    for (application, trail) in before {
        let number = &application.number;
        let Some((now, rows)) = after.iter().find(|(other, _)| other.id == application.id) else {
            return Err(format!("{number} is gone"));
        };
        if !rows.starts_with(trail) {
            return Err(format!("{number}: the trail was {trail:?} and is {rows:?}"));
        }
        if now.form != application.form || now.version < application.version {
            return Err(format!("{number}: version {} became {}", application.version, now.version));
        }
        if alone && now != application {
            return Err(format!("{number} was {} and is {}", application.state.name(), now.state.name()));
        }
    }
    Ok(())
}

/// Every one of `actions` was done exactly once in the whole trail.
pub fn each_once(trail: &[AuditRow], actions: &[&str]) -> Result<(), String> {
    for action in actions {
        let times = trail.iter().filter(|row| row.action == *action).count();
        if times != 1 {
            return Err(format!("{action} was done {times} times: {trail:?}"));
        }
    }
    Ok(())
}
