//! What a status page shows: steps and moments, and nothing of the person.

mod common;
use common::*;
use std::fmt::Write;

#[test]
fn every_state_as_the_public_sees_it() {
    let mut shown = String::new();
    for (name, application) in every_state() {
        let status = application.status();
        writeln!(shown, "{name}: {:?}, {:?} since {}", status.step, status.standing, status.since).unwrap();
        for (step, at) in status.done {
            writeln!(shown, "    {step:?} {at}").unwrap();
        }
    }
    for secret in ["王測試", "A123456789", "T0012345", "CHEST", "CT", "TEST^WANG", "林範例"] {
        assert!(!shown.contains(secret), "{secret}");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn no_debug_of_an_application_names_a_person() {
    for (_, application) in every_state() {
        let debug = format!("{application:?}");
        for secret in ["王測試", "A123456789", "T0012345", "CHEST", "TEST^WANG", "林範例", "B223456786", "轉診"]
        {
            assert!(!debug.contains(secret), "{secret} in {debug}");
        }
    }
}
