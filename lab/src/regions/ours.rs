//! fusebox's failover set: the product's own code on the world's clock.

use std::{future::Future, pin::Pin};

use fusebox::{
    CircuitBreaker, DefaultObserver, FailoverError, FailoverSet, FailoverSettings, Member,
};

use super::{Attempt, Caller, Ended, Outside, REGIONS};
use crate::field;

/// A set of the three regions, the home first.
#[derive(Debug)]
pub struct Ours<'w> {
    set: FailoverSet<'w, REGIONS, usize, &'w Outside>,
    /// Whether a call that failed is made again at another member.
    again: bool,
}

/// The breakers of a process, which its set borrows.
pub(super) type Breakers<'w> = [CircuitBreaker<&'w Outside>; REGIONS];

impl<'w> Ours<'w> {
    /// Breakers for one.
    #[must_use]
    pub fn breakers(outside: &'w Outside) -> [CircuitBreaker<&'w Outside>; REGIONS] {
        [(); REGIONS].map(|()| CircuitBreaker::with(None, field::OURS, outside, DefaultObserver))
    }

    /// With this home.
    #[must_use]
    pub fn new(
        breakers: &'w Breakers<'w>,
        home: usize,
        settings: FailoverSettings,
        again: bool,
    ) -> Self {
        let [one, two, three] = breakers;
        let at = |next: usize| (home + next) % REGIONS;
        let members = [
            Member::new("home", one).at(at(0)),
            Member::new("next", two).at(at(1)),
            Member::new("last", three).at(at(2)),
        ];
        Self { set: FailoverSet::new(members, settings), again }
    }
}

impl Caller for Ours<'_> {
    fn call<'c>(
        &'c self,
        outside: &'c Outside,
        call: usize,
    ) -> Pin<Box<dyn Future<Output = Ended> + 'c>> {
        let ended = |answer: Result<(), FailoverError<'_, (), REGIONS>>| match answer {
            Ok(()) => Ended::Answered,
            Err(FailoverError::Refused(_)) => Ended::Refused,
            Err(_) => Ended::Failed,
        };
        if self.again {
            let made =
                self.set.call_async_repeatable(move |it| Attempt::new(outside, *it.value(), call));
            Box::pin(async move { ended(made.await) })
        } else {
            let made = self.set.call_async(move |it| Attempt::new(outside, *it.value(), call));
            Box::pin(async move { ended(made.await) })
        }
    }
}
