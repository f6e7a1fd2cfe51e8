//! The turns of a fleet's task: exchange, heed, and keep the store's faults to itself.

use std::time::{Duration, Instant};

use fusebox::{
    Backoff, BackoffConfig, BreakerConfig, CallError, CircuitBreaker, Clock, Jitter, Observer,
    State,
};

use crate::{
    config::{FleetConfig, Obedience},
    event::FleetEvent,
    link::{Connect, Link, Tell, wall},
    order::What,
    quota::Share,
    status::FleetStatus,
};

/// The delays between two tries to connect: no two instances try in step.
const RECONNECT: Backoff = BackoffConfig::new()
    .base_delay(Duration::from_millis(100))
    .max_delay(Duration::from_secs(5))
    .jitter(Jitter::Full)
    .build();

/// The turns of a fleet's task.
pub(crate) struct Turns {
    link: Link,
    /// Guards the store, as others guard their services.
    guard: CircuitBreaker,
    backoff: Backoff,
    began: Instant,
    /// Unknown before the first try.
    connected: Option<bool>,
    last_error: Option<String>,
}

impl Turns {
    pub(crate) fn new(config: FleetConfig, connect: Connect, tell: Tell) -> Self {
        let settings = BreakerConfig::new()
            .failure_threshold(1)
            .recovery_timeout(Duration::from_millis(1))
            .build();
        Self {
            link: Link::new(config, connect, tell),
            guard: CircuitBreaker::named("fusebox-fleet", settings),
            backoff: RECONNECT,
            began: Instant::now(),
            connected: None,
            last_error: None,
        }
    }

    /// The least time between two turns, so that a busy fleet's news come together; and
    /// the time until the next try to connect, if that is less. A store that answers all at
    /// once brings their turns in step, and tries are not to be.
    pub(crate) fn period(&self) -> Duration {
        let period = self.link.member.config().gap() / 2;
        let left = self.guard.reading().time_left;
        left.map_or(period, |left| left.clamp(Duration::from_millis(1), period))
    }

    /// One turn, with the breakers that take part.
    pub(crate) fn turn<C: Clock, O: Observer>(
        &mut self,
        breakers: &[&CircuitBreaker<C, O>],
        shares: &[&'static dyn Share],
    ) -> FleetStatus {
        let now = self.began.elapsed();
        match self.guard.call(|| self.link.exchange(breakers, shares, now)) {
            Ok(()) => {
                self.backoff = RECONNECT;
                self.found(true, None);
            }
            Err(CallError::Failed(error)) => {
                let delay = self.backoff.next().unwrap_or_default();
                // Of at least a nanosecond, and a few seconds at most: in range.
                let _ = self.guard.trip_for(delay);
                self.found(false, Some(error.to_string()));
            }
            // Its time has not come.
            Err(_) => {}
        }
        // An operator is the stronger one, also while the store is silent.
        self.obey(breakers);
        self.heed(breakers);
        FleetStatus {
            connected: self.connected == Some(true),
            last_error: self.last_error.clone(),
            alive: self.link.member.peers().alive() + 1,
            lag: self.link.lag,
        }
    }

    /// Whether the store answers; it is told where that changes.
    fn found(&mut self, connected: bool, error: Option<String>) {
        if self.connected.replace(connected) != Some(connected) {
            (self.link.tell)(match &error {
                None => FleetEvent::Connected,
                Some(why) => FleetEvent::Lost { why: why.clone() },
            });
        }
        self.last_error = error.or(self.last_error.take());
    }

    fn obey<C: Clock, O: Observer>(&mut self, breakers: &[&CircuitBreaker<C, O>]) {
        let now = self.began.elapsed();
        for event in self.link.orders.apply(breakers.iter().copied(), wall()) {
            let closed = match &event {
                FleetEvent::Obeyed { order } if order.what == What::Close => Some(order.breaker),
                FleetEvent::Ended { order } if order.what == What::Isolate => Some(order.breaker),
                _ => None,
            };
            if let Some(breaker) = closed {
                self.link.member.leave_closed(breaker, now);
            }
            (self.link.tell)(event);
        }
    }

    fn heed<C: Clock, O: Observer>(&mut self, breakers: &[&CircuitBreaker<C, O>]) {
        let now = self.began.elapsed();
        let Link { member, probes, tell, .. } = &mut self.link;
        let before: Vec<_> = breakers.iter().map(|it| (is_primed(it), it.state())).collect();
        let recovered = member.heed(breakers.iter().copied(), now);
        for (it, (was_primed, was)) in breakers.iter().zip(before) {
            let Some(breaker) = it.name() else { continue };
            let opinion = member.peers().opinion(&breaker);
            if recovered.contains(&breaker) && it.state() == State::Open {
                probes.end(it, breaker, now);
                tell(FleetEvent::Recovered { breaker });
            }
            if !was_primed && is_primed(it) {
                tell(FleetEvent::Primed { breaker, opinion });
            }
            let obeys = member.config().obeys(&breaker) == Obedience::Obey;
            if obeys && was == State::Closed && it.state() == State::Open {
                tell(FleetEvent::Decided { breaker, opinion });
            }
        }
    }
}

fn is_primed<C: Clock, O: Observer>(breaker: &CircuitBreaker<C, O>) -> bool {
    breaker.advice().is_some_and(|advice| advice.primed)
}
