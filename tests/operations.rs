//! The presets of the kinds of operation.

use std::{cell::Cell, time::Duration};

use fusebox::{
    CircuitBreaker, DefaultObserver, ManualClock, Pipeline, Priority, Retry, RetryConfig,
    presets::Operation,
};

/// The one that matters most first.
const ALL: [Operation; 4] =
    [Operation::CRITICAL, Operation::STANDARD, Operation::SHEDDABLE, Operation::BACKGROUND];

#[test]
fn each_kind_has_the_values_of_the_table() {
    let rows = ALL.map(|Operation { priority, retry, breaker, .. }| {
        (
            priority.to_string(),
            retry,
            (breaker.recovery_timeout(), breaker.max_recovery_timeout()),
            (breaker.ramp_up(), breaker.ramp_from()),
            breaker.max_shed(),
        )
    });
    let secs = Duration::from_secs;
    let retry = |attempts, first| {
        RetryConfig::new().max_attempts(attempts).base_delay(Duration::from_millis(first))
    };
    // Above 511 ms a ramp keeps 9 bits of its time, rounded up.
    let ramp = |at: usize, expected: u64| {
        let (time, wanted) = (rows[at].3.0, secs(expected));
        assert!(time >= wanted && time <= wanted + wanted / 256, "{at}: {time:?}");
        time
    };
    let expected = [
        (
            "critical",
            retry(4, 100).max_elapsed(secs(10)).build(),
            (secs(2), secs(2)),
            (ramp(0, 2), 50),
            0,
        ),
        (
            "default",
            retry(3, 200).max_elapsed(secs(5)).build(),
            (secs(5), secs(5)),
            (ramp(1, 5), 10),
            50,
        ),
        (
            "sheddable",
            retry(2, 200).max_elapsed(secs(2)).build(),
            (secs(10), secs(10)),
            (ramp(2, 10), 10),
            90,
        ),
        ("background", retry(1, 1_000).build(), (secs(30), secs(480)), (ramp(3, 60), 5), 99),
    ];
    for (row, expected) in rows.iter().zip(expected) {
        assert_eq!((&*row.0, row.1, row.2, row.3, row.4), expected);
    }
}

#[test]
fn the_less_it_matters_the_sooner_it_gives_way() {
    for [more, less] in ALL.array_windows() {
        assert!(more.priority > less.priority);
        assert!(more.priority.class() > less.priority.class(), "they are told apart");
        assert!(more.retry.max_attempts() > less.retry.max_attempts());
        assert!(more.breaker.max_shed() < less.breaker.max_shed());
        assert!(more.breaker.recovery_timeout() < less.breaker.recovery_timeout());
        assert!(more.breaker.ramp_up() < less.breaker.ramp_up());
        assert!(more.breaker.ramp_from() >= less.breaker.ramp_from());
    }
    assert_eq!(Operation::STANDARD.priority, Priority::default());
    assert_eq!(Operation::CRITICAL.breaker.max_shed(), 0, "it sheds nothing by choice");
}

#[test]
fn a_fifth_of_failures_opens_none_but_that_of_the_background() {
    for Operation { breaker, .. } in &ALL[..3] {
        let promise = breaker.promise();
        assert_eq!(promise.mean_calls(1.0).unwrap().round(), 21.0);
        assert!(promise.mean_calls(0.2).unwrap() >= 1e9);
    }
    let background = Operation::BACKGROUND.breaker.promise();
    assert_eq!(background.mean_calls(1.0).unwrap().round(), 3.0);
}

#[test]
fn they_fit_into_one_pipeline() {
    for Operation { priority, retry, breaker, .. } in ALL {
        let clock = ManualClock::new();
        let breaker = CircuitBreaker::with(None, breaker, &clock, DefaultObserver);
        let settings = retry;
        let retry = Retry::with(settings, &clock, &clock, DefaultObserver);
        let pipeline = Pipeline::new().priority(priority).breaker(&breaker).retry(retry);
        let attempts = Cell::new(0);
        let answer = pipeline.call(&(), |()| {
            attempts.set(attempts.get() + 1);
            assert_eq!(Priority::current(), priority);
            Err::<(), _>("down")
        });
        assert!(answer.is_err());
        assert_eq!(attempts.get(), settings.max_attempts(), "{priority}");
        assert!(breaker.snapshot().score > 0, "one failure");
    }
}
