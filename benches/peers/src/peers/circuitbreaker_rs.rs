use std::hint::black_box;

use circuitbreaker_rs::{BreakerError, CircuitBreaker, DefaultPolicy};

use super::{Answer, Failure, LONG, Peer, Work};

/// `circuitbreaker-rs`, its default policy.
pub struct CircuitBreakerRs(CircuitBreaker<DefaultPolicy, Failure>);

impl Peer for CircuitBreakerRs {
    const NAME: &'static str = "circuitbreaker-rs";
    const SETUP: &'static str = "`CircuitBreaker::builder()`, limits out of reach, no sink, no hooks, and `call`; its only clock, `Instant`";
    type Caller<'a> = &'a CircuitBreaker<DefaultPolicy, Failure>;

    fn closed() -> Self {
        Self(
            CircuitBreaker::<DefaultPolicy, Failure>::builder()
                .failure_threshold(2.0)
                .consecutive_failures(u64::MAX)
                .cooldown(LONG)
                .build(),
        )
    }

    fn open() -> Self {
        let breaker = Self::closed();
        breaker.0.force_open();
        breaker
    }

    #[inline]
    fn caller(&self) -> Self::Caller<'_> {
        &self.0
    }

    #[inline]
    fn call(caller: &mut Self::Caller<'_>, work: Work) -> Answer {
        match caller.call(|| black_box(work)) {
            Ok(value) => Answer::Value(value),
            Err(BreakerError::Open) => Answer::Rejected,
            Err(_) => Answer::Failed,
        }
    }
}
