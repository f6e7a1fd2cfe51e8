//! Which instance probes a service: the one that has the store's lease.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use fusebox::{Advice, CircuitBreaker, Clock, Name, Observer, State};

use crate::transport::{Store, StoreError};

/// So long before a probe is due it is asked who makes it, or a quarter of the wait.
const AHEAD: Duration = Duration::from_millis(500);
/// A shorter wait than this ends before anybody could ask.
const SHORTEST: Duration = Duration::from_millis(400);

/// So many waits are left to others at least, though none of them may probe.
const PATIENCE: u64 = 8;

/// Which instance probes a service: the one that has the store's lease. A lease ends
/// before the wait of those who were refused does, so that each wait has one.
///
/// Who only ever is refused loses patience, each at another time: a lease that never
/// ends, by whoever wrote it, keeps no service from being found well.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    /// Nobody asks for these before then.
    settled: HashMap<Name, Duration>,
    /// How often one may be refused yet.
    patience: HashMap<Name, u64>,
}

impl Probes {
    /// Asks for the probes that are soon due.
    pub(crate) fn ask<C: Clock, O: Observer>(
        &mut self,
        breakers: &[&CircuitBreaker<C, O>],
        store: &mut dyn Store,
        alive: u32,
        now: Duration,
    ) -> Result<(), StoreError> {
        self.settled.retain(|_, until| *until > now);
        for breaker in breakers.iter().filter(|it| it.state() == State::Open) {
            let reading = breaker.reading();
            let (Some(name), Some(left)) = (reading.name, reading.time_left) else { continue };
            let wait = reading.settings.recovery_timeout();
            let ahead = AHEAD.min(wait / 4);
            if wait < SHORTEST || left >= ahead || self.settled.contains_key(&name) {
                continue;
            }
            let lasts = wait.saturating_sub(ahead);
            if store.lease(name.as_str(), lasts)? || !self.is_patient(name, alive) {
                self.patience.remove(&name);
                leave_no_probe(breaker);
            } else {
                breaker.advise(Some(elsewhere(wait)));
            }
            self.settled.insert(name, now + lasts);
        }
        Ok(())
    }

    /// Whether one that was refused waits once more.
    fn is_patient(&mut self, name: Name, alive: u32) -> bool {
        let drawn = || PATIENCE + RandomState::new().build_hasher().finish() % span(alive);
        let left = self.patience.entry(name).or_insert_with(drawn);
        *left = left.saturating_sub(1);
        *left > 0
    }

    /// A peer found the service well again: each finds out for itself.
    pub(crate) fn end<C: Clock, O: Observer>(
        &mut self,
        breaker: &CircuitBreaker<C, O>,
        name: Name,
        now: Duration,
    ) {
        leave_no_probe(breaker);
        self.patience.remove(&name);
        self.settled.insert(name, now + breaker.settings().recovery_timeout());
    }
}

/// Patience is drawn over so many waits, so that few lose it in one.
fn span(alive: u32) -> u64 {
    PATIENCE * u64::from(alive.max(1))
}

fn elsewhere(lasts: Duration) -> Advice {
    Advice { primed: false, probed_elsewhere: true, instances: 0, failures: 0, lasts }
}

/// The breaker makes its own probes.
fn leave_no_probe<C: Clock, O: Observer>(breaker: &CircuitBreaker<C, O>) {
    if breaker.advice().is_some_and(|advice| advice.probed_elsewhere) {
        breaker.advise(None);
    }
}

#[cfg(test)]
mod tests {
    use fusebox::{BreakerConfig, DefaultObserver, ManualClock};

    use super::*;
    use crate::Simulated;

    const WAIT: Duration = Duration::from_secs(4);

    fn breaker(clock: &ManualClock) -> CircuitBreaker<&ManualClock> {
        let settings = BreakerConfig::new().recovery_timeout(WAIT).build();
        let name = Name::try_new("shop").unwrap();
        let breaker = CircuitBreaker::with(Some(name), settings, clock, DefaultObserver);
        breaker.trip();
        breaker
    }

    #[test]
    fn one_of_eight_probes_in_each_wait_while_the_service_is_down() {
        let (clock, store) = (ManualClock::new(), Simulated::new());
        let mut fleet: Vec<_> =
            (0..8).map(|i| (breaker(&clock), store.of(i.to_string()), Probes::default())).collect();
        let mut probes = Vec::new();
        let mut now = Duration::ZERO;
        while now < WAIT * 6 {
            let step = Duration::from_millis(50);
            now += step;
            clock.advance(step);
            store.advance(step);
            for (breaker, store, asks) in &mut fleet {
                asks.ask(&[breaker], store, 8, now).unwrap();
                if breaker.call(|| Err::<(), _>("down")).is_err_and(|it| it.as_failed().is_some()) {
                    probes.push(now);
                }
            }
        }
        assert!((4..=9).contains(&probes.len()), "{probes:?}");
        let most = probes
            .iter()
            .map(|at| probes.iter().filter(|it| (*at..*at + WAIT).contains(it)).count());
        assert!(most.max() <= Some(3), "{probes:?}");
    }

    #[test]
    fn without_a_store_each_probes_for_itself_and_after_a_recovery_too() {
        let (clock, store) = (ManualClock::new(), Simulated::new());
        let [one, other] = [breaker(&clock), breaker(&clock)];
        let (mut ones, mut others) = (Probes::default(), Probes::default());
        clock.advance(WAIT);
        ones.ask(&[&one], &mut store.of("one"), 8, Duration::ZERO).unwrap();
        others.ask(&[&other], &mut store.of("other"), 8, Duration::ZERO).unwrap();
        assert!(one.try_acquire().is_ok() && other.try_acquire().is_err());

        // A peer found it well: the other asks nobody.
        others.end(&other, other.name().unwrap(), Duration::ZERO);
        others.ask(&[&other], &mut store.of("other"), 8, Duration::ZERO).unwrap();
        assert!(other.try_acquire().is_ok());

        store.set_down(true);
        let third = breaker(&clock);
        clock.advance(WAIT);
        assert!(
            Probes::default().ask(&[&third], &mut store.of("third"), 8, Duration::ZERO).is_err()
        );
        assert!(third.try_acquire().is_ok());
    }

    /// Somebody else's key of that name, which never ends.
    #[test]
    fn a_lease_that_never_ends_is_outwaited() {
        let (clock, store) = (ManualClock::new(), Simulated::new());
        assert!(store.of("stranger").lease("shop", Duration::MAX / 2).unwrap());
        let (shop, mut asks, mut now) = (breaker(&clock), Probes::default(), Duration::ZERO);
        let mut waits = 0;
        while shop.try_acquire().is_err() {
            waits += 1;
            assert!(waits <= PATIENCE + span(1) + 1, "it waits for ever");
            clock.advance(WAIT);
            now += WAIT;
            asks.ask(&[&shop], &mut store.of("one"), 1, now).unwrap();
        }
        assert!(waits >= PATIENCE, "{waits}");
    }
}
