//! What happens when the process's registry is full: nothing in silence. A
//! process of its own, as it fills the one that all share.

mod common;

use common::Buffer;
use fusebox::{BreakerConfig, GlobalBreaker, RegistryError, State, global};

#[test]
fn protection_is_never_off_in_silence() {
    static LATE: GlobalBreaker = GlobalBreaker::new("late", Some(SETTINGS));
    const SETTINGS: fusebox::BreakerSettings = BreakerConfig::new().failure_threshold(1).build();
    for number in 0..global().capacity() {
        global().get_or_default(&*format!("slot {number}")).unwrap();
    }
    assert_eq!(
        global().get_or_default("one more").unwrap_err(),
        RegistryError::Full { capacity: 256 }
    );

    let buffer = Buffer::default();
    let writer = buffer.clone();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let own = LATE.get();
        assert!(own.call(|| Err::<(), _>("down")).is_err());
        assert_eq!(own.state(), State::Open, "it has the settings that were asked for");
        assert!(std::ptr::eq(own, LATE.get()));
    });
    let text = buffer.text();
    let errors: Vec<&str> = text.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 1, "{text}");
    assert!(errors[0].contains("subject=\"late\"") && errors[0].contains("256"), "{text}");
}
