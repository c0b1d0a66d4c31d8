//! One change of an application: the transition, its jobs and its audit row, in one transaction of the store.

use crate::AppState;
use crate::errors::PageError;
use filmdesk_desk::{Action, Application, ApplicationId, StaffId, TransitionError};
use filmdesk_store::{Actor, AuditEntry, Change, ChangeError, JobKind, NewJob, Numbers};

/// Who does what, and what is to be done because of it.
#[derive(Clone, Debug)]
pub struct Act {
    actor: Actor,
    action: &'static str,
    detail: String,
    jobs: Vec<NewJob>,
    cancel_jobs: bool,
    expected: Option<i64>,
}

impl Act {
    /// Something the applicant does on the public pages.
    pub fn by_applicant(action: Action) -> Act {
        Act::new(Actor::Applicant, action)
    }

    /// Something a member of staff does.
    pub fn by_staff(staff: &StaffId, action: Action) -> Act {
        Act::new(Actor::Staff(staff.clone()), action)
    }

    fn new(actor: Actor, action: Action) -> Act {
        let detail = String::new();
        Act { actor, action: action.name(), detail, jobs: Vec::new(), cancel_jobs: false, expected: None }
    }

    /// What else to write down: our own ids, codes and field names, never a person's data.
    pub fn detail(self, detail: impl Into<String>) -> Act {
        Act { detail: detail.into(), ..self }
    }

    /// Leaves a job for a worker.
    pub fn job(mut self, kind: JobKind) -> Act {
        self.jobs.push(NewJob::new(kind));
        self
    }

    /// What waits or runs for the application is cancelled first.
    pub fn cancel_jobs(self) -> Act {
        Act { cancel_jobs: true, ..self }
    }

    /// Only if nobody changed the application since this version.
    pub fn on_version(self, version: Option<i64>) -> Act {
        Act { expected: version, ..self }
    }

    /// Does it.
    pub async fn carry_out<F>(self, state: &AppState, id: ApplicationId, f: F) -> Result<Application, ActError>
    where
        F: FnOnce(Application, &mut Numbers) -> Result<Application, TransitionError> + Send,
    {
        let entry = AuditEntry::new(state.clock.now(), self.actor, self.action).detail(self.detail);
        let (jobs, cancel_jobs, action) = (self.jobs, self.cancel_jobs, self.action);
        let change = |application: Application, numbers: &mut Numbers| {
            let mut change = Change::new(f(application, numbers)?, entry);
            change.jobs = jobs;
            change.cancel_jobs = cancel_jobs;
            Ok(change)
        };
        let application = state.store.change(id, self.expected, change).await?;
        tracing::info!(application = application.id.0, action, state = application.state.name(), "changed");
        Ok(application)
    }
}

/// Why nothing was changed.
#[derive(Debug)]
pub enum ActError {
    /// Somebody else was faster.
    Stale,
    /// The state does not allow it.
    Transition(TransitionError),
    /// The store failed.
    Failed(String),
}

impl From<ChangeError> for ActError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Stale { .. } => ActError::Stale,
            ChangeError::Transition(error) => ActError::Transition(error),
            other @ (ChangeError::NotFound(_) | ChangeError::LeaseLost | ChangeError::Store(_) | _) => {
                ActError::Failed(other.to_string())
            }
        }
    }
}

impl ActError {
    /// As a page, with the way back.
    pub fn page(self, back: &str) -> PageError {
        match self {
            ActError::Stale => PageError::Changed { back: back.to_owned() },
            ActError::Transition(error) => PageError::NotNow { why: error.why, back: back.to_owned() },
            ActError::Failed(error) => PageError::internal(error),
        }
    }
}
