//! Breakers alone: no failover, or one without a budget.

use std::{future::Future, pin::Pin};

use fusebox::{CircuitBreaker, DefaultObserver};

use super::{Attempt, Caller, Ended, Outside, REGIONS};
use crate::field;

/// A breaker for each region that it may call: the first that admits a call takes it.
#[derive(Debug)]
pub struct Plain<'w> {
    home: usize,
    breakers: Vec<CircuitBreaker<&'w Outside>>,
}

impl<'w> Plain<'w> {
    /// Without a failover: the home alone.
    #[must_use]
    pub fn alone(outside: &'w Outside, home: usize) -> Self {
        Self::of(outside, home, 1)
    }

    /// With one to whichever region admits the call.
    #[must_use]
    pub fn naive(outside: &'w Outside, home: usize) -> Self {
        Self::of(outside, home, REGIONS)
    }

    fn of(outside: &'w Outside, home: usize, regions: usize) -> Self {
        let breaker = |_| CircuitBreaker::with(None, field::OURS, outside, DefaultObserver);
        Self { home, breakers: (0..regions).map(breaker).collect() }
    }
}

impl Caller for Plain<'_> {
    fn call<'c>(
        &'c self,
        outside: &'c Outside,
        call: usize,
    ) -> Pin<Box<dyn Future<Output = Ended> + 'c>> {
        Box::pin(async move {
            for (next, breaker) in self.breakers.iter().enumerate() {
                let Ok(permit) = breaker.try_acquire() else { continue };
                let answer = Attempt::new(outside, (self.home + next) % REGIONS, call).await;
                return if answer.is_ok() {
                    permit.success();
                    Ended::Answered
                } else {
                    permit.failure();
                    Ended::Failed
                };
            }
            Ended::Refused
        })
    }
}
