#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| filmdesk_fileset::fuzzing::dicomdir(bytes));
