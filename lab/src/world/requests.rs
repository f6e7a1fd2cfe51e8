//! Requests: they begin, end, or are tried again.

use super::{Request, World, events::Event, tally::Whose};
use crate::{storm::Arrivals, time::Time};

impl World<'_, '_, '_> {
    pub(super) fn request_is_due(&mut self) {
        let rate = self.storm.clients.per_second * self.weather.load();
        let gap = match self.storm.clients.arrivals {
            Arrivals::Even => 1.0 / rate,
            _ => self.chance.arrivals.exponential(1.0 / rate),
        };
        self.events.add(self.now + Time::from_secs_f64(gap), Event::Request);
    }

    /// How long a caller of a closed loop waits before its next request.
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    pub(super) fn think(&mut self) -> Time {
        let each = self.storm.clients.per_second * self.weather.load();
        let mean = f64::from(self.callers.count()) / each;
        self.now + Time::from_secs_f64(self.chance.arrivals.exponential(mean))
    }

    pub(super) fn request_comes(&mut self) {
        self.tally.count(self.now, Whose::UNKNOWN, |it| it.requests += 1);
        if self.callers.are_workers() {
            self.callers.wait(self.now);
            self.take_up();
        } else {
            #[allow(clippy::cast_possible_truncation)] // an index
            let caller = self.chance.arrivals.below(self.callers.count() as usize) as u32;
            self.request_begins(caller);
        }
    }

    /// Idle workers take up what waits, one request after another: whose is refused is
    /// idle again at once.
    fn take_up(&mut self) {
        if std::mem::replace(&mut self.taking_up, true) {
            return;
        }
        let oldest = self.now.since(self.storm.clients.forgotten_after);
        let forgotten = self.callers.forget(oldest);
        if forgotten > 0 {
            self.tally.count(self.now, Whose::UNKNOWN, |it| it.forgotten += forgotten);
        }
        while let Some(caller) = self.callers.takes_up() {
            self.request_begins(caller);
        }
        self.taking_up = false;
    }

    #[allow(clippy::cast_possible_truncation)] // there are 1000 services at most
    pub(super) fn request_begins(&mut self, caller: u32) {
        let services = self.services.len();
        let service = if services == 1 { 0 } else { self.chance.arrivals.below(services) } as u16;
        let critical = self.chance.priorities.chance(self.storm.clients.critical.get());
        let whose = Whose { service, critical };
        let request = Request { caller, whose, number: 1, backoff: None };
        let request = self.requests.add(request).place;
        let now = self.now;
        if critical {
            self.tally.count_critical(now, |it| it.requests += 1);
        }
        self.rule(caller, service).request(now);
        self.attempt(request);
    }

    pub(super) fn request_ends(&mut self, place: u32, answered: bool) {
        let Request { caller, whose, .. } = *self.requests.at(place);
        self.requests.remove(place);
        self.tally.count(
            self.now,
            whose,
            |it| {
                if answered { it.answered += 1 } else { it.lost += 1 }
            },
        );
        if self.callers.are_workers() {
            self.callers.is_idle(caller);
            self.take_up();
        } else if self.storm.clients.arrivals == Arrivals::Closed {
            let next = self.think();
            self.events.add(next, Event::Caller(caller));
        }
    }

    pub(super) fn tries_again(&mut self, place: u32) {
        let (now, settings) = (self.now, self.retry);
        let request = self.requests.at_mut(place);
        request.number += 1;
        let chance = &mut self.chance.retries;
        let backoff = request.backoff.get_or_insert_with(|| settings.backoff().seed(chance.bits()));
        let delay = backoff.next().unwrap_or_default();
        self.events.add(now + delay.into(), Event::Attempt(place));
    }
}
