use std::hint::black_box;

use fusebox::{BreakerConfig, CallError, CircuitBreaker};

use super::{Answer, FAILURES_IN_A_ROW, LONG, Peer, Work};

/// This crate, on its default clock.
pub struct Fusebox(CircuitBreaker);

impl Peer for Fusebox {
    const NAME: &'static str = "fusebox";
    const SETUP: &'static str = "`CircuitBreaker::named(..)` and `call`; threshold above the failures in a row, else defaults; the default clock (coarse)";
    type Caller<'a> = &'a CircuitBreaker;

    fn closed() -> Self {
        let settings = BreakerConfig::new()
            .failure_threshold(FAILURES_IN_A_ROW + 1)
            .recovery_timeout(LONG)
            .build();
        Self(CircuitBreaker::named("peer", settings))
    }

    fn open() -> Self {
        let breaker = Self::closed();
        for _ in 0..=FAILURES_IN_A_ROW {
            breaker.0.try_acquire().expect("still closed").failure();
        }
        breaker
    }

    #[inline]
    fn caller(&self) -> &CircuitBreaker {
        &self.0
    }

    #[inline]
    fn call(caller: &mut &CircuitBreaker, work: Work) -> Answer {
        match caller.call(|| black_box(work)) {
            Ok(value) => Answer::Value(value),
            Err(CallError::Failed(_)) => Answer::Failed,
            Err(CallError::Rejected(_)) => Answer::Rejected,
            Err(_) => unreachable!("a call is rejected or fails"),
        }
    }
}
