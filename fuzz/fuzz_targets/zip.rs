#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| filmdesk_production::fuzzing::zip(bytes, filmdesk_fuzz::scratch()));
