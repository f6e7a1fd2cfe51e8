//! What `set` takes, line by line, and what is shown of it: nothing panics,
//! settings stay legal, and nothing deceptive is left on the screen. And settings
//! as data: what can be read can be written, and is the same then.
#![no_main]

use fusebox::{BreakerConfig, BreakerSettings, health::AlertConfig};
use fusebox_cli::{
    alerts::rules,
    changes::{apply, list, parse},
    escape::{escape, is_deceptive},
    given::Given,
    limits::{Change, Wanted},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    assert!(!escape(text).chars().any(is_deceptive));
    let given = |line| Given::parse(line, AlertConfig::TABLE);
    if let Ok(alerts) = text.split('\n').map(given).collect::<Result<Vec<_>, _>>() {
        let _ = rules(&alerts);
    }
    let limits = text.split('\n').filter_map(Change::parse);
    match limits.collect::<Result<Vec<_>, _>>() {
        Ok(changes) => match Wanted::default().with(&changes) {
            Ok(wanted) => {
                let said = wanted.list().into_iter().map(|(key, value)| format!("{key}={value}"));
                let again: Vec<Change> = said
                    .map(|it| Change::parse(&it).expect("a key").expect("it is shown so"))
                    .collect();
                // A share is shown to a millionth, as it is taken.
                assert_eq!(Wanted::default().with(&again), Ok(wanted));
            }
            Err(error) => assert!(!error.chars().any(is_deceptive)),
        },
        Err(error) => assert!(!error.to_string().chars().any(is_deceptive)),
    }
    match text.split('\n').map(parse).collect::<Result<Vec<_>, _>>() {
        Ok(changes) => {
            if let Ok(settings) = apply(&changes, BreakerSettings::default()) {
                let shown = list(settings).map(|(key, value)| format!("{key}={value}"));
                let again: Vec<Given> =
                    shown.map(|it| parse(&it).expect("it is shown so")).collect();
                assert_eq!(apply(&again, BreakerSettings::default()), Ok(settings));
            }
        }
        Err(error) => assert!(!error.to_string().chars().any(is_deceptive)),
    }
    if let Ok(config) = serde_json::from_str::<BreakerConfig>(text) {
        let written = serde_json::to_string(&config).expect("it is in range");
        assert_eq!(serde_json::from_str::<BreakerConfig>(&written).ok(), Some(config));
    }
});
