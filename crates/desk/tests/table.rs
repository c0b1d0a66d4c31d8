//! The whole table: every state by every action, what it leads to. What is not listed under a state is refused there.

mod common;
use common::*;
use filmdesk_desk::*;
use std::fmt::Write;

/// Does `action` with arguments that fit the fixtures; `None` for what moves no application.
fn act(application: Application, action: Action) -> Option<Result<Application, TransitionError>> {
    let code = scan(&application, &["K7Q1M"]);
    Some(match action {
        Action::SaveForm => application.save_form([("name".to_owned(), private("王測試"))].into()),
        Action::Submit => application.submit(request(), at(70)),
        Action::Return => application.return_for(by("chen", at(70)), vec!["D3".into()], private("")),
        Action::Resubmit => application.resubmit(request(), at(70)),
        Action::Verify => application.verify(review(), archive_patient()),
        Action::Find => application.found(found()),
        Action::Tick => application.tick(order()),
        Action::Weigh => application.weigh(weighing(), quote()),
        Action::Stall => application.stall(stall_reason(), at(70)),
        Action::Retry => application.retry(by("chen", at(70))),
        Action::Amend => application.amend(by("chen", at(70))),
        Action::Pay => application.pay(payment(), local(70)),
        Action::Refund => application.refund(by("li", at(70)), private("不做了")),
        Action::Refer => application.refer(by("chen", at(70)), place()),
        Action::Refuse => application.refuse(by("li", at(70)), private("無權申請")),
        Action::Cancel => application.cancel(None, at(70)),
        Action::Expire => application.expire(days(40), 30),
        Action::Start => application.start(PARCEL, at(70)),
        Action::Finish => application.finish(PARCEL, vec![disc(1, 1)], at(70)),
        Action::StallParcel => application.stall_parcel(PARCEL, stall_reason(), at(70)),
        Action::RetryParcel => application.retry_parcel(PARCEL, by("chen", at(70))),
        Action::Release => application.release(PARCEL, at_counter("6789"), &code),
        Action::Remake => application.remake(PARCEL, by("li", at(70)), 30),
        Action::Destroy => application.destroy(PARCEL, by("chen", days(40)), StaffId("li".into()), 30),
        Action::PayOutOfHours
        | Action::ChangeCalendar
        | Action::RememberClassification
        | Action::ReadAudit
        | Action::ManageStaff => return None,
    })
}

fn told(application: &Application) -> String {
    let parcels: Vec<&str> = application.parcels().iter().map(|parcel| parcel.state.name()).collect();
    let stage = application.stage().name();
    format!("{} ({stage}) {}", application.state.name(), parcels.join(" + ")).trim_end().to_owned()
}

#[test]
fn every_state_by_every_action() {
    let mut table = String::new();
    for (name, application) in every_state() {
        writeln!(table, "{name}").unwrap();
        let mut refused = Vec::new();
        for action in Action::ALL {
            match act(application.clone(), action) {
                Some(Ok(next)) => writeln!(table, "  {:<13} → {}", action.name(), told(&next)).unwrap(),
                Some(Err(error)) => {
                    assert_eq!(error.action, action.name());
                    assert!(Refusal::CODES.contains(&error.why.code()));
                    refused.push(action.name());
                }
                None => {}
            }
        }
        writeln!(table, "  refused: {}", refused.join(", ")).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_refused_action_says_what_is_missing() {
    let mut sentences = String::new();
    for (name, action) in [
        ("draft", Action::Verify),
        ("submitted", Action::Submit),
        ("verified, finding", Action::Tick),
        ("verified, ticking", Action::Weigh),
        ("verified, weighing", Action::Pay),
        ("weighed", Action::Verify),
        ("paid, waiting", Action::Pay),
        ("paid, waiting", Action::Release),
        ("paid, in-production", Action::Refund),
        ("paid, released", Action::Release),
        ("refunded", Action::Pay),
        ("cancelled", Action::Refuse),
    ] {
        let error = act(in_state(name), action).unwrap().unwrap_err();
        writeln!(sentences, "{error}").unwrap();
    }
    insta::assert_snapshot!(sentences);
}

#[test]
fn who_may_do_what() {
    let mut table = String::new();
    for action in Action::ALL {
        writeln!(table, "{:<24}{:?}", action.name(), required_role(action)).unwrap();
        assert!(!Role::Clerk.may(action) || Role::Supervisor.may(action), "a supervisor may what a clerk may");
    }
    insta::assert_snapshot!(table);
}
