use std::hint::black_box;

use failsafe::{
    CircuitBreaker as _, Config, Error, StateMachine,
    backoff::{self, Constant},
    failure_policy::{self, ConsecutiveFailures},
};

use super::{Answer, FAILURES_IN_A_ROW, Failure, LONG, Peer, Work};

/// `failsafe`, counting consecutive failures.
pub struct Failsafe(StateMachine<ConsecutiveFailures<Constant>, ()>);

impl Failsafe {
    fn with_threshold(failures: u32) -> Self {
        let policy = failure_policy::consecutive_failures(failures, backoff::constant(LONG));
        Self(Config::new().failure_policy(policy).build())
    }
}

impl Peer for Failsafe {
    const NAME: &'static str = "failsafe";
    const SETUP: &'static str = "`Config::new().failure_policy(consecutive_failures(..))` and `call`; no instrument; its only clock, `Instant`";
    type Caller<'a> = &'a Self;

    fn closed() -> Self {
        Self::with_threshold(FAILURES_IN_A_ROW + 1)
    }

    fn open() -> Self {
        let breaker = Self::with_threshold(1);
        let failed: Result<u32, _> = breaker.0.call(|| Err(Failure));
        assert!(failed.is_err());
        breaker
    }

    #[inline]
    fn caller(&self) -> &Self {
        self
    }

    #[inline]
    fn call(caller: &mut &Self, work: Work) -> Answer {
        match caller.0.call(|| black_box(work)) {
            Ok(value) => Answer::Value(value),
            Err(Error::Inner(_)) => Answer::Failed,
            Err(Error::Rejected) => Answer::Rejected,
        }
    }
}
