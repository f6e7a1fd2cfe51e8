//! Guarded calls that return the caller's own error, and what a retry makes of it.

mod common;

use std::{cell::Cell, error::Error, fmt, io};

use common::{Bench, config, finish, millis};
use fusebox::{DefaultObserver, ManualClock, Pipeline, Rejected, Retry, RetryConfig, Retryable};

type BoxError = Box<dyn Error + Send + Sync>;

/// A program's own error.
#[derive(Debug, PartialEq)]
enum OwnError {
    Unavailable,
    Refused,
}

impl From<Rejected> for OwnError {
    fn from(_: Rejected) -> Self {
        Self::Unavailable
    }
}

/// A failed call, then a rejected one, in every way.
fn both<E>(error: impl Fn() -> E) -> [E; 8]
where
    E: From<Rejected> + fmt::Debug,
{
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let pipeline = Pipeline::new().breaker(&breaker);
    let fail = || Err::<(), E>(error());
    let failed = [
        breaker.call_into(fail).unwrap_err(),
        finish(breaker.call_async_into(async { fail() })).unwrap_err(),
        pipeline.call_into(&(), |()| fail()).unwrap_err(),
    ];
    assert_eq!(breaker.counters().failures, 3);
    breaker.close();
    let other = finish(pipeline.call_async_into(&(), |()| async { fail() })).unwrap_err();
    breaker.force_open();
    let [a, b, c] = failed;
    [
        a,
        b,
        c,
        other,
        breaker.call_into(fail).unwrap_err(),
        finish(breaker.call_async_into(async { fail() })).unwrap_err(),
        pipeline.call_into(&(), |()| fail()).unwrap_err(),
        finish(pipeline.call_async_into(&(), |()| async { fail() })).unwrap_err(),
    ]
}

#[test]
fn an_error_of_ones_own() {
    use OwnError::{Refused, Unavailable};
    let errors = both(|| Refused);
    let expected =
        [Refused, Refused, Refused, Refused, Unavailable, Unavailable, Unavailable, Unavailable];
    assert_eq!(errors, expected);
}

#[test]
fn anyhows_a_box_and_an_io_error() {
    for (at, error) in both(|| anyhow::anyhow!("refused")).iter().enumerate() {
        assert_eq!(error.is::<Rejected>(), at >= 4, "{error}");
    }
    for (at, error) in both(|| BoxError::from("refused")).iter().enumerate() {
        assert_eq!(error.is::<Rejected>(), at >= 4, "{error}");
    }
    for (at, error) in both(|| io::Error::from(io::ErrorKind::NotFound)).iter().enumerate() {
        let rejected = error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<Rejected>);
        assert_eq!(
            (rejected, error.kind()),
            if at < 4 { (false, io::ErrorKind::NotFound) } else { (true, io::ErrorKind::Other) }
        );
    }
}

#[test]
fn a_success_is_what_it_was() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    assert_eq!(breaker.call_into(|| anyhow::Ok(7)).unwrap(), 7);
    assert_eq!(finish(breaker.call_async_into(async { io::Result::Ok(7) })).unwrap(), 7);
}

#[test]
fn r6_a_rejection_is_not_retried_whatever_error_it_became() {
    fn check<E: From<Rejected> + Retryable + fmt::Debug>(other: &E) {
        let bench = Bench::new();
        let breaker = bench.breaker(config());
        breaker.force_open();
        let clock = ManualClock::new();
        let retry = Retry::with(RetryConfig::new().build(), &clock, &clock, DefaultObserver);
        let attempts = Cell::new(0);
        let error = retry
            .call(|| {
                attempts.set(attempts.get() + 1);
                breaker.call_into(|| Ok::<(), E>(()))
            })
            .unwrap_err();
        assert_eq!((attempts.get(), error.is_retryable()), (1, false), "{error:?}");
        assert!(other.is_retryable());
    }
    check::<io::Error>(&io::ErrorKind::TimedOut.into());
    check::<BoxError>(&"down".into());
    check::<Box<dyn Error>>(&"down".into());
    #[cfg(feature = "anyhow")]
    check::<anyhow::Error>(&anyhow::anyhow!("down"));
}

#[cfg(feature = "anyhow")]
#[test]
fn r6_context_around_a_rejection_does_not_hide_it() {
    use anyhow::Context;

    let bench = Bench::new();
    let breaker = bench.breaker(config());
    breaker.force_open();
    let error = breaker.call_into(|| anyhow::Ok(())).context("the shop's price").unwrap_err();
    assert!(!error.is_retryable());
    let boxed: BoxError = error.into();
    assert!(!boxed.is_retryable());
    let again = anyhow::Error::from_boxed(boxed).context("and so on");
    assert!(!again.is_retryable());
}

#[test]
fn an_anyhow_function_asks_with_a_question_mark() {
    fn price(breaker: &common::Breaker<'_>, id: &str) -> anyhow::Result<u32> {
        // An error that is one, by `call`; any other, by `call_into`.
        let number = breaker.call(|| id.parse::<u32>())?;
        let doubled = breaker.call_into(|| anyhow::Ok(number * 2))?;
        Ok(doubled)
    }
    let bench = Bench::new();
    let breaker = bench.breaker(config().recovery_timeout(millis(5)));
    assert_eq!(price(&breaker, "21").unwrap(), 42);
    assert_eq!(price(&breaker, "x").unwrap_err().to_string(), "invalid digit found in string");
    breaker.trip();
    let error = price(&breaker, "21").unwrap_err();
    assert_eq!(error.to_string(), "circuit breaker `tested` is open, retry after 5ms");
}
