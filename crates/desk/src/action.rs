//! What can be done, and who may.

use crate::Role;

/// Everything that moves an application or one of its parcels, and what else a member of staff may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Keeps what was typed.
    SaveForm,
    /// Sends the form.
    Submit,
    /// Keeps the application's place while papers are missing.
    Return,
    /// The missing papers came.
    Resubmit,
    /// Originals were seen, the patient's number in the archive is known.
    Verify,
    /// The archive answered.
    Find,
    /// The clerk chose the studies.
    Tick,
    /// Goods fetched, checked, planned and priced.
    Weigh,
    /// Weighing stopped.
    Stall,
    /// Tries again what stopped.
    Retry,
    /// Takes the order apart to tick again.
    Amend,
    /// Takes the money.
    Pay,
    /// Takes the money outside the hours of the counter, with a reason.
    PayOutOfHours,
    /// Pays back in full (A36).
    Refund,
    /// Sends the applicant to the right place.
    Refer,
    /// Refuses, with the reason.
    Refuse,
    /// Withdraws.
    Cancel,
    /// Closes what lay too long.
    Expire,
    /// A worker takes a parcel up.
    Start,
    /// A parcel is made and read back.
    Finish,
    /// Making stopped.
    StallParcel,
    /// Makes a stalled parcel after all.
    RetryParcel,
    /// Hands a parcel over.
    Release,
    /// Makes a faulty parcel again, free (A35).
    Remake,
    /// Destroys an unclaimed or faulty parcel before a witness (A37).
    Destroy,
    /// Declares the counter closed or open on a day.
    ChangeCalendar,
    /// Remembers which item of the catalogue a kind of study is (A21).
    RememberClassification,
    /// Reads the audit trail of an application.
    ReadAudit,
    /// Creates, changes or disables an account of staff.
    ManageStaff,
}

impl Action {
    /// Every action, in the order of the journey.
    pub const ALL: [Action; 29] = [
        Action::SaveForm,
        Action::Submit,
        Action::Return,
        Action::Resubmit,
        Action::Verify,
        Action::Find,
        Action::Tick,
        Action::Weigh,
        Action::Stall,
        Action::Retry,
        Action::Amend,
        Action::Pay,
        Action::PayOutOfHours,
        Action::Refund,
        Action::Refer,
        Action::Refuse,
        Action::Cancel,
        Action::Expire,
        Action::Start,
        Action::Finish,
        Action::StallParcel,
        Action::RetryParcel,
        Action::Release,
        Action::Remake,
        Action::Destroy,
        Action::ChangeCalendar,
        Action::RememberClassification,
        Action::ReadAudit,
        Action::ManageStaff,
    ];

    /// Its verb, stable: the word in the audit trail and in a [`crate::TransitionError`].
    pub fn name(self) -> &'static str {
        match self {
            Action::SaveForm => "save-form",
            Action::Submit => "submit",
            Action::Return => "return",
            Action::Resubmit => "resubmit",
            Action::Verify => "verify",
            Action::Find => "find",
            Action::Tick => "tick",
            Action::Weigh => "weigh",
            Action::Stall => "stall",
            Action::Retry => "retry",
            Action::Amend => "amend",
            Action::Pay => "pay",
            Action::PayOutOfHours => "pay-out-of-hours",
            Action::Refund => "refund",
            Action::Refer => "refer",
            Action::Refuse => "refuse",
            Action::Cancel => "cancel",
            Action::Expire => "expire",
            Action::Start => "start",
            Action::Finish => "finish",
            Action::StallParcel => "stall-parcel",
            Action::RetryParcel => "retry-parcel",
            Action::Release => "release",
            Action::Remake => "remake",
            Action::Destroy => "destroy",
            Action::ChangeCalendar => "change-calendar",
            Action::RememberClassification => "remember-classification",
            Action::ReadAudit => "read-audit",
            Action::ManageStaff => "manage-staff",
        }
    }
}

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whom {
    /// The applicant on the public pages; staff may too.
    Applicant,
    /// A worker or the desk itself: no person does it.
    Machine,
    /// A member of staff of at least this role.
    Staff(Role),
}

/// Who may do `action`.
pub fn required_role(action: Action) -> Whom {
    match action {
        Action::SaveForm | Action::Submit | Action::Cancel => Whom::Applicant,
        Action::Find
        | Action::Weigh
        | Action::Stall
        | Action::Expire
        | Action::Start
        | Action::Finish
        | Action::StallParcel => Whom::Machine,
        Action::Return
        | Action::Resubmit
        | Action::Verify
        | Action::Tick
        | Action::Retry
        | Action::Amend
        | Action::Pay
        | Action::Refer
        | Action::RetryParcel
        | Action::Release
        | Action::RememberClassification => Whom::Staff(Role::Clerk),
        Action::PayOutOfHours
        | Action::Refund
        | Action::Refuse
        | Action::Remake
        | Action::Destroy
        | Action::ChangeCalendar
        | Action::ReadAudit
        | Action::ManageStaff => Whom::Staff(Role::Supervisor),
    }
}

impl Role {
    /// Whether a member of staff of this role may do `action`.
    pub fn may(self, action: Action) -> bool {
        match required_role(action) {
            Whom::Applicant => true,
            Whom::Machine => false,
            Whom::Staff(least) => self >= least,
        }
    }

    /// Stable name: `clerk`, `supervisor`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Clerk => "clerk",
            Role::Supervisor => "supervisor",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        [Role::Clerk, Role::Supervisor].into_iter().find(|role| role.name() == name)
    }
}
