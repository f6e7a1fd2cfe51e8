//! What `set` takes, line by line, and what is shown of it: nothing panics,
//! settings stay legal, and nothing deceptive is left on the screen.
#![no_main]

use fusebox::BreakerSettings;
use fusebox_cli::{
    alerts::{Rule, rules},
    changes::{Change, apply, list},
    escape::{escape, is_deceptive},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    assert!(!escape(text).chars().any(is_deceptive));
    let alerts: Result<Vec<Rule>, _> = text.split('\n').map(str::parse).collect();
    if let Ok(alerts) = alerts {
        let _ = rules(&alerts);
    }
    let changes: Result<Vec<Change>, _> = text.split('\n').map(str::parse).collect();
    match changes {
        Ok(changes) => {
            if let Ok(settings) = apply(&changes, BreakerSettings::default()) {
                let shown = list(settings).map(|(key, value)| format!("{key}={value}"));
                let again: Vec<Change> =
                    shown.iter().map(|it| it.parse().expect("it is shown so")).collect();
                assert_eq!(apply(&again, BreakerSettings::default()), Ok(settings));
            }
        }
        Err(error) => assert!(!error.to_string().chars().any(is_deceptive)),
    }
});
