//! What errors say, and what they keep.

mod common;

use std::{error::Error, io};

use common::{Bench, config, rejection};
use fusebox::{CallError, CircuitBreaker, Rejected, State};

#[derive(Debug)]
enum Own {
    Unavailable(Rejected),
    Io(io::Error),
}

impl From<Rejected> for Own {
    fn from(rejected: Rejected) -> Self {
        Self::Unavailable(rejected)
    }
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "refused")
}

#[test]
fn a_callers_own_error_comes_back_as_it_was() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    let error = breaker.call(|| Err::<(), _>(refused())).unwrap_err();
    assert_eq!(error.to_string(), "refused");
    assert!(error.as_rejected().is_none());
    assert_eq!(error.into_failed().unwrap().kind(), io::ErrorKind::ConnectionRefused);
    let own = breaker.call(|| Err::<(), _>(Own::Io(refused()))).unwrap_err().into_own();
    assert!(matches!(own, Own::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused));
}

#[test]
fn a_rejection_becomes_the_callers_own_error() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    let own = breaker.call(|| Ok::<(), Own>(())).unwrap_err().into_own();
    assert!(matches!(own, Own::Unavailable(rejected) if rejected.state() == State::Open));
}

#[test]
fn an_error_stands_in_a_chain_once() {
    let rejected = rejection(&Bench::new().opened(config()));
    let error: CallError<io::Error> = rejected.into();
    assert!(error.source().is_none());
    assert_eq!(error.to_string(), rejected.to_string());
    assert_eq!(error.as_rejected(), Some(&rejected));
}

#[test]
fn without_a_name_the_text_does_without() {
    let breaker = CircuitBreaker::new(config().build());
    breaker.force_open();
    let rejected = breaker.try_acquire().map(drop).unwrap_err();
    assert_eq!(rejected.name(), None);
    assert_eq!(rejected.to_string(), "circuit breaker is forced open");
}

#[test]
fn a_rejection_outlives_its_breaker() {
    let rejected = rejection(&Bench::new().opened(config()));
    assert_eq!(rejected.name(), Some("tested"));
}
