//! fusebox's own rule: the product's code, on a manual clock.

use std::mem::size_of;

use fusebox::{
    CircuitBreaker, Event, Observer, Outcome, Permit, Priority,
    tune::{Seen, Tuner, TunerSettings},
};

use crate::{
    random::Random,
    rules::{Attempt, End, Ended, Rule, Ticket},
    time::Time,
};

/// An observer of breakers that nobody watches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unwatched;

impl Observer for Unwatched {
    fn on_event(&self, _: &Event<'_>) {}

    fn hears_events(&self) -> bool {
        false
    }
}

/// A breaker of a storm.
pub(crate) type Breaker<C> = CircuitBreaker<C, Unwatched>;

/// A breaker, and the permits of its calls in flight.
pub(crate) struct Fusebox<'b, C: fusebox::Clock> {
    breaker: &'b Breaker<C>,
    permits: Vec<Option<Permit<'b, C, Unwatched>>>,
    free: Vec<usize>,
    writes: u64,
    counts_writes: bool,
    tuner: Option<(Tuner, Seen)>,
}

impl<'b, C: fusebox::Clock> Fusebox<'b, C> {
    pub(crate) const fn new(breaker: &'b Breaker<C>, counts_writes: bool) -> Self {
        Self {
            breaker,
            permits: Vec::new(),
            free: Vec::new(),
            writes: 0,
            counts_writes,
            tuner: None,
        }
    }

    /// With a tuner, where there are settings for one.
    pub(crate) fn tuned(mut self, settings: Option<TunerSettings>) -> Self {
        self.tuner = settings.map(|it| (Tuner::new(it), Seen::of(&self.breaker.reading())));
        self
    }

    /// Does something with the breaker, and notes whether its word has changed: that
    /// is the one store that callers share.
    fn noting<T>(&mut self, what: impl FnOnce(&mut Self) -> T) -> T {
        if !self.counts_writes {
            return what(self);
        }
        let before = self.breaker.snapshot();
        let done = what(self);
        self.writes += u64::from(self.breaker.snapshot() != before);
        done
    }
}

impl<C: fusebox::Clock> Rule for Fusebox<'_, C> {
    fn admit(&mut self, attempt: Attempt, _: &mut Random) -> Option<Ticket> {
        let priority = attempt.priority;
        let _scope = (priority != Priority::DEFAULT).then(|| priority.enter());
        let permit = self.noting(|it| it.breaker.try_acquire().ok())?;
        let place = self.free.pop().unwrap_or_else(|| {
            self.permits.push(None);
            self.permits.len() - 1
        });
        self.permits[place] = Some(permit);
        Some(Ticket(place as u64))
    }

    #[allow(clippy::cast_possible_truncation)] // an index
    fn end(&mut self, ticket: Ticket, ended: Ended, _: &mut Random) {
        let place = ticket.0 as usize;
        let Some(permit) = self.permits[place].take() else { return };
        self.free.push(place);
        self.noting(|_| match ended.end {
            End::Success => permit.success(),
            End::Failure => permit.failure(),
            End::Overload | End::Timeout => permit.report(Outcome::Overload),
        });
    }

    fn period(&self) -> Option<Time> {
        self.tuner.is_some().then_some(Time::secs(1))
    }

    fn update(&mut self, _: Time) {
        let Some((tuner, seen)) = &mut self.tuner else { return };
        seen.observe(&self.breaker.reading());
        let findings = tuner.look(seen);
        let applied = tuner.apply(&findings, self.breaker, seen);
        applied.expect("nobody else changes the settings of a storm");
    }

    fn bytes(&self) -> usize {
        size_of::<CircuitBreaker>()
    }

    fn writes(&self) -> u64 {
        self.writes
    }
}
