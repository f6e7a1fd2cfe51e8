//! Any bytes as a report: what is read is what would be written, and nothing else is read.
#![no_main]

use fusebox_fleet::Report;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // A fuzzer finds the mark by itself, but need not begin with it.
    let marked = [b"fbx\x01", bytes].concat();
    for bytes in [bytes, &marked] {
        if let Ok(report) = Report::decode(bytes) {
            assert!(report.registers.len() <= Report::MOST && bytes.len() <= Report::LONGEST);
            assert_eq!(report.encode(), bytes);
        }
    }
});
