use std::hint::black_box;

use circuit_breaker::CircuitBreaker;

use super::{Answer, FAILURES_IN_A_ROW, Failure, LONG, Peer, Work};

/// `circuit_breaker`, a mutex around its state.
pub struct MutexBreaker(CircuitBreaker);

impl Peer for MutexBreaker {
    const NAME: &'static str = "circuit_breaker";
    const SETUP: &'static str =
        "`CircuitBreaker::new(..)` and `execute`, errors boxed by it; its only clock, `Instant`";
    type Caller<'a> = &'a CircuitBreaker;

    fn closed() -> Self {
        // Its count of failures is never set back: out of reach.
        Self(CircuitBreaker::new(u32::MAX, LONG))
    }

    fn open() -> Self {
        let breaker = CircuitBreaker::new(FAILURES_IN_A_ROW, LONG);
        for _ in 0..FAILURES_IN_A_ROW {
            let failed: Result<u32, _> = breaker.execute(|| Err(Failure));
            assert!(failed.is_err());
        }
        Self(breaker)
    }

    #[inline]
    fn caller(&self) -> &CircuitBreaker {
        &self.0
    }

    #[inline]
    fn call(caller: &mut &CircuitBreaker, work: Work) -> Answer {
        match caller.execute(|| black_box(work)) {
            Ok(value) => Answer::Value(value),
            Err(error) if error.is::<Failure>() => Answer::Failed,
            Err(_) => Answer::Rejected,
        }
    }
}
