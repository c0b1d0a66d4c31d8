//! Inspecting in children: the same answers, and one object's death is that object's alone.

mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use filmdesk_instance::{ChildPool, Header, InProcess, Inspector, Refusal, Sharing, Source, TimeOuts, tags};
use support::*;

/// The small inspecting process beside the tests (`examples/inspect.rs`).
fn command(arguments: &[&str]) -> Vec<OsString> {
    let tests = std::env::current_exe().unwrap();
    let program: PathBuf = tests.parent().and_then(Path::parent).unwrap().join("examples/inspect");
    assert!(program.exists(), "build the examples first: cargo test builds them unless told to run one test file");
    std::iter::once(program.into_os_string()).chain(arguments.iter().map(OsString::from)).collect()
}

/// A folder of `n` objects and some that are none.
fn folder(n: usize) -> (tempfile::TempDir, Vec<Source>) {
    let folder = tempfile::tempdir().unwrap();
    let sources = (0..n).map(|k| {
        let path = folder.path().join(format!("object-{k}-end"));
        let bytes = if k % 7 == 3 { b"not an object".to_vec() } else { ct().part10(ELE) };
        std::fs::write(&path, bytes).unwrap();
        Source::file(path)
    });
    let sources = sources.collect();
    (folder, sources)
}

#[test]
fn children_say_what_this_process_says_in_the_same_order() {
    let (_folder, sources) = folder(700);
    let pool = ChildPool::new(command(&[]), 2);
    assert_eq!(pool.inspect(&sources), InProcess.inspect(&sources));
    assert_eq!(pool.inspect(&[]), []);
}

#[test]
fn a_child_rewrites_and_renders() {
    let (folder, sources) = folder(1);
    let pool = ChildPool::new(command(&[]), 1);
    let to = folder.path().join("new");
    let new = pool.transcode(&sources[0].path, &to).unwrap();
    assert_eq!(new, InProcess.inspect(&[Source::file(&to)]).pop().unwrap().unwrap());
    assert_eq!(pool.preview(&sources[0], 0, 32), InProcess.preview(&sources[0], 0, 32));
    assert_eq!(pool.preview(&sources[0], 1, 32), Err(Refusal::NoSuchFrame { frame: 1, frames: 1 }));
}

#[test]
fn a_death_blames_one_object_and_the_rest_is_read() {
    let (_folder, sources) = folder(300);
    let expected = InProcess.inspect(&sources);
    let pool = ChildPool::new(command(&["die-on", "object-150-end"]), 2);
    let answers = pool.inspect(&sources);
    for (k, (answer, expected)) in answers.iter().zip(&expected).enumerate() {
        let expected = if k == 150 { &Err(Refusal::InspectorDied) } else { expected };
        assert_eq!(answer, expected, "{k}");
    }
}

#[test]
fn one_that_takes_too_long_is_set_aside() {
    let (_folder, sources) = folder(40);
    let expected = InProcess.inspect(&sources);
    let header = Duration::from_secs(1);
    let pool = ChildPool::new(command(&["hang-on", "object-20-end"]), 1)
        .with_time_outs(TimeOuts { header, ..TimeOuts::default() });
    let answers = pool.inspect(&sources);
    let refused: Vec<usize> = (0..40).filter(|k| answers[*k] != expected[*k]).collect();
    assert_eq!(refused, [20]);
    assert_eq!(answers[20], Err(Refusal::InspectorTimedOut { seconds: 1 }));
}

#[test]
fn a_command_that_is_none_is_the_machines_fault() {
    let (_folder, sources) = folder(2);
    for command in [vec![], vec![OsString::from("/nonexistent")], vec![OsString::from("true")]] {
        let answers = ChildPool::new(command, 1).inspect(&sources);
        assert_eq!(answers.len(), 2);
        for answer in answers {
            let refusal = answer.unwrap_err();
            assert_eq!((refusal.code(), refusal.is_about_the_machine()), ("inspector-unavailable", true));
        }
    }
}

/// What the objects of a series say alike is held once, and nobody can tell: by no value, by no comparison, over no wire.
#[test]
fn sharing_changes_nothing_that_is_said() {
    let changed = |n: usize| {
        let mut object = ct();
        match n {
            0 | 1 => object.text((8, 0x18), "UI", &format!("2.25.3{n}")).text((0x20, 0x13), "IS", &n.to_string()),
            2 => object.text((0x10, 0x10), "PN", "TEST^TWO"),
            3 => object.text((0x20, 0xE), "UI", "2.25.22"),
            4 => object.text((8, 0x70), "LO", "ANOTHER MAKER"),
            _ => object.text((0x20, 0x13), "IS", ""),
        };
        read(&object.part10(ELE)).unwrap()
    };
    let alone: Vec<Header> = (0..6).map(changed).collect();
    let mut sharing = Sharing::default();
    let mut together = alone.clone();
    together.iter_mut().for_each(|header| sharing.share(header));
    assert_eq!(together, alone);
    together.iter_mut().for_each(|header| sharing.share(header));
    for (shared, header) in together.iter().zip(&alone) {
        assert_eq!(shared, header);
        for (tag, vr, raw) in header.attributes.values() {
            assert_eq!((shared.raw(tag), shared.attributes.vr(tag)), (Some(raw), Some(vr)));
        }
        assert_eq!(shared.attributes.values().count(), header.attributes.values().count());
        let over_the_wire: Header = serde_json::from_str(&serde_json::to_string(shared).unwrap()).unwrap();
        assert_eq!(over_the_wire, *header);
    }
    // The comparison can tell: no two of them are equal, and the third keeps its own name.
    assert!((1..6).all(|n| together[n] != together[n - 1]));
    assert_eq!(together[2].person_name(tags::PATIENT_NAME).alphabetic, "TEST^TWO");
    assert_eq!(together[1].person_name(tags::PATIENT_NAME).alphabetic, "TEST^ONE");
}
