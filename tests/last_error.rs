//! B21: the text of the last error, where somebody keeps it, and who tells it.

mod common;

use std::{fmt, sync::Mutex};

use common::{Bench, config, fail};
use fusebox::{
    BreakerConfig, CircuitBreaker, DefaultObserver, Event, LastError, ManualClock, Observer,
};
use proptest::prelude::*;

fn text(breaker: &common::Breaker<'_>) -> Option<String> {
    Some(breaker.last_error()?.to_string())
}

#[test]
fn b21_nothing_is_kept_unless_somebody_asks() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    assert!(breaker.call(|| Err::<(), _>("down")).is_err());
    assert_eq!(breaker.last_error(), None);
    assert!(breaker.call(|| Err::<(), _>("down").inspect_err(|e| breaker.note_error(e))).is_err());
    assert_eq!(text(&breaker).unwrap(), "down");
    assert_eq!(breaker.reading().last_error.unwrap().as_str(), "down");
    breaker.note_error("");
    assert_eq!(text(&breaker).unwrap(), "", "the last one said nothing");
    breaker.close();
    assert!(text(&breaker).is_some());
    breaker.reset();
    assert_eq!(text(&breaker), None, "as new");
}

#[test]
fn b21_rejections_and_changes_of_state_tell_it() {
    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);
    impl Observer for Lines {
        fn on_event(&self, event: &Event<'_>) {
            self.0.lock().unwrap().push(match event {
                Event::Transition(it) => {
                    format!("{} for {:?}: {:?}", it.to, it.wait, it.last_error)
                }
                Event::Rejection(it) => format!("{it}"),
                _ => return,
            });
        }
    }
    let (clock, lines) = (ManualClock::new(), Lines::default());
    let settings = BreakerConfig::new().failure_threshold(1).doublings(1).build();
    let shop = CircuitBreaker::with(None, settings, &clock, &lines);
    let ask = || Err::<(), _>("connection refused").inspect_err(|error| shop.note_error(error));
    shop.call(ask).unwrap_err();
    shop.call(ask).unwrap_err();
    clock.advance(settings.recovery_timeout());
    shop.call(ask).unwrap_err();
    shop.close();
    shop.trip_for(common::millis(1_500)).unwrap();
    shop.force_open();
    assert_eq!(
        lines.0.into_inner().unwrap(),
        [
            "open for Some(60s): Some(\"connection refused\")",
            "circuit breaker is open, retry after 60s; the last error was: connection refused",
            "half-open for None: Some(\"connection refused\")",
            "open for Some(120s): Some(\"connection refused\")",
            "closed for None: Some(\"connection refused\")",
            "open for Some(1.5s): Some(\"connection refused\")",
            "forced open for None: Some(\"connection refused\")",
        ]
    );
}

#[test]
fn b21_a_text_is_one_line_and_is_cut_between_characters() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let kept = |error: &str| {
        breaker.note_error(error);
        text(&breaker).unwrap()
    };
    let [fits, longer] = [48, 49].map(|len| "x".repeat(len));
    assert_eq!(kept(&fits), fits);
    assert_eq!(kept(&longer), format!("{}…", &fits[..45]));
    let umlauts = "ü".repeat(40);
    assert_eq!(kept(&umlauts), format!("{}…", "ü".repeat(22)));
    assert_eq!(kept("a\r\nb\tc\0d"), "a  b c d");
    assert_eq!(kept("short"), "short", "nothing of the one before is left");
}

#[test]
fn b21_an_error_that_cannot_write_its_text_does_no_harm() {
    struct Rude;
    impl fmt::Display for Rude {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half a ")?;
            Err(fmt::Error)
        }
    }
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    breaker.note_error(Rude);
    assert_eq!(text(&breaker).unwrap(), "half a ");
    fail(&breaker);
}

#[test]
fn b21_a_breaker_of_a_static_keeps_it_for_every_thread() {
    static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    std::thread::spawn(|| SHOP.note_error("down")).join().unwrap();
    assert_eq!(SHOP.last_error().unwrap().as_str(), "down");
    let _ = DefaultObserver;
}

proptest! {
    #[test]
    fn b21_any_text_is_kept_as_a_short_line(error in r"(?s).{0,80}") {
        let bench = Bench::new();
        let breaker = bench.breaker(config());
        breaker.note_error(&error);
        let kept = text(&breaker).unwrap();
        prop_assert!(kept.len() <= LastError::MAX_LEN);
        prop_assert!(!kept.contains(['\n', '\r', '\0']));
        let whole: String =
            error.chars().map(|c| if c.is_ascii_control() { ' ' } else { c }).collect();
        match kept.strip_suffix('…') {
            _ if error.len() <= LastError::MAX_LEN => prop_assert_eq!(kept, whole),
            Some(begun) => prop_assert!(whole.starts_with(begun)),
            None => prop_assert!(false, "{}", kept),
        }
    }
}
