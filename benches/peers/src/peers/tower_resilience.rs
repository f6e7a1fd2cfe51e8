use std::{
    future::{Future, Ready, ready},
    hint::{black_box, spin_loop},
    pin::pin,
    task::{Context, Poll, Waker},
};

use tower::{Service, ServiceBuilder};
use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerError, CircuitBreakerLayer, DefaultClassifier,
};

use super::{Answer, FAILURES_IN_A_ROW, Failure, LONG, Peer, Work};

/// The cheapest service: it returns what it is asked for.
#[derive(Clone)]
pub struct Backend;

impl Service<Work> for Backend {
    type Response = u32;
    type Error = Failure;
    type Future = Ready<Work>;

    #[inline]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, work: Work) -> Self::Future {
        ready(black_box(work))
    }
}

type Guarded = CircuitBreaker<Backend, DefaultClassifier>;

/// `tower-resilience`'s breaker, around a service.
pub struct TowerResilience(Guarded);

impl TowerResilience {
    fn with_run(failures: u32) -> Self {
        let layer = CircuitBreakerLayer::builder()
            .consecutive_failures(failures as usize)
            .wait_duration_in_open(LONG)
            .build()
            .expect("its settings are in range");
        Self(ServiceBuilder::new().layer(layer).service(Backend))
    }
}

impl Peer for TowerResilience {
    const NAME: &'static str = "tower-resilience";
    const SETUP: &'static str = "`CircuitBreakerLayer::builder().consecutive_failures(..)` around a service that is always ready, polled in place without a runtime, a clone for each thread; its only clock, `Instant`";
    type Caller<'a> = Guarded;

    fn closed() -> Self {
        Self::with_run(FAILURES_IN_A_ROW + 1)
    }

    fn open() -> Self {
        let breaker = Self::with_run(1);
        assert_eq!(Self::call(&mut breaker.caller(), Err(Failure)), Answer::Failed);
        breaker
    }

    fn caller(&self) -> Guarded {
        self.0.clone()
    }

    #[inline]
    fn call(caller: &mut Guarded, work: Work) -> Answer {
        let mut cx = Context::from_waker(Waker::noop());
        while caller.poll_ready(&mut cx).is_pending() {
            spin_loop();
        }
        let mut call = pin!(caller.call(work));
        loop {
            // Another thread may hold its lock for a moment.
            match call.as_mut().poll(&mut cx) {
                Poll::Ready(Ok(value)) => return Answer::Value(value),
                Poll::Ready(Err(CircuitBreakerError::Inner(_))) => return Answer::Failed,
                Poll::Ready(Err(_)) => return Answer::Rejected,
                Poll::Pending => spin_loop(),
            }
        }
    }
}
