#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| filmdesk_instance::fuzzing::object(bytes, filmdesk_fuzz::scratch()));
