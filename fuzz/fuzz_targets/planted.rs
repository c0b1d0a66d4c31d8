//! The control: faults that are there to be found. If a run finds them, it would have found others.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // One condition inside the other, as parsers have them: only a fuzzer that sees how far it got finds the way in.
    if let [b'D', rest @ ..] = bytes
        && let [b'I', rest @ ..] = rest
        && let [b'C', rest @ ..] = rest
        && let [b'M', rest @ ..] = rest
    {
        match rest {
            [0, ..] => drop(std::hint::black_box(vec![1_u8; 3 << 30])),
            [1, ..] => std::thread::sleep(std::time::Duration::from_secs(3600)),
            [_, ..] => panic!("the planted fault"),
            [] => {}
        }
    }
});
