//! What `tune` remembers, read from any bytes: nothing panics, and what is read is written and
//! read again as the same.
#![no_main]

use fusebox::tune::{Tuner, TunerConfig};
use fusebox_cli::tuned::{parse, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(memory) = parse(bytes) else { return };
    assert_eq!(parse(text(&memory).as_bytes()).as_ref(), Ok(&memory));
    let tuner = Tuner::new(TunerConfig::new().build());
    for seen in memory.values() {
        let findings = tuner.look(seen);
        let (before, after) = (findings.before(), findings.after());
        assert!(after == before || tuner.allows(seen.configured(), after));
    }
});
