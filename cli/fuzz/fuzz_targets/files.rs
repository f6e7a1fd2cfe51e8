//! Files of settings and of storms: nothing panics or hangs, what is wrong is said on one
//! line that names the file, and settings are legal.
#![no_main]

use std::path::Path;

use fusebox::BreakerConfig;
use fusebox_cli::{
    escape::is_deceptive,
    toml_file::{parsed, settings, storm},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("a.toml");
    let settings = parsed(path, bytes, settings);
    if let Ok(settings) = settings {
        assert_eq!(BreakerConfig::from(settings).try_build(), Ok(settings));
    }
    let storm = parsed(path, bytes, storm);
    for failure in [settings.err(), storm.err()].into_iter().flatten() {
        let said = failure.to_string();
        assert!(said.starts_with("`a.toml`") && !said.chars().any(is_deceptive), "{said}");
    }
});
