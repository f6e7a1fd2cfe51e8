//! Attempts: each sets out if its rule admits it, and ends.

use super::{
    Made, Request, World,
    events::{Attempted, Event},
    tally::Refusal,
};
use crate::{
    rules::{Attempt, End, Ended, Rule},
    time::Time,
};

impl<'b> World<'_, '_, 'b> {
    pub(super) fn rule(&mut self, caller: u32, service: u16) -> &mut Box<dyn Rule + 'b> {
        let owner = caller as usize % self.guards.owners;
        &mut self.guards.rules[owner * self.services.len() + usize::from(service)]
    }

    pub(super) fn attempt(&mut self, place: u32) {
        let request = *self.requests.at(place);
        let Request { caller, whose, number, .. } = request;
        let service = whose.service;
        let owner = caller as usize % self.guards.owners;
        let at = owner * self.services.len() + usize::from(service);
        let attempt = Attempt { now: self.now, number, priority: request.priority() };
        let Some(ticket) = self.guards.rules[at].admit(attempt, &mut self.chance.rules) else {
            self.tally.count(self.now, whose, |it| it.refused += 1);
            if service == 0 && !std::mem::replace(&mut self.refusing[owner], true) {
                let (ended, failures) = self.tally.ended;
                self.tally.refusals.push(Refusal { at: self.now, failures, ended });
            }
            self.request_ends(place, false);
            return;
        };
        let probe = service == 0 && self.refusing[owner];
        self.tally.count(self.now, whose, |it| {
            it.attempts += 1;
            it.probes += u64::from(probe);
            it.retries += u64::from(number > 1);
        });
        let made = Made {
            request: place,
            whose,
            ticket,
            began: self.now,
            end: End::Success,
            awaited: true,
            waits: false,
            pending: false,
        };
        let attempt = self.attempts.add(made);
        self.sets_out(attempt, caller, service);
    }

    /// An attempt is on its way.
    fn sets_out(&mut self, attempt: Attempted, caller: u32, service: u16) {
        let first = service == 0;
        let timeout = self.storm.clients.timeout;
        let loss = if first { self.weather.loss() } else { self.storm.network.loss };
        let parted = first && self.callers.is_parted(caller, self.weather.partition());
        if parted || self.chance.network.chance(loss.get()) {
            self.events.add(self.now + timeout, Event::GivesUp(attempt));
            return;
        }
        let delay = self.storm.network.delay;
        let there = self.now + delay;
        if self.services[usize::from(service)].has_limit() {
            self.events.add(self.now + timeout, Event::GivesUp(attempt));
            self.attempts.at_mut(attempt).pending = true;
            if delay == Time::ZERO {
                self.reaches(attempt);
            } else {
                self.events.add(there, Event::Reaches(attempt));
            }
            return;
        }
        // Nobody waits for anybody: how it ends is known at once.
        match self.work(service, there) {
            Some((takes, end)) if takes + delay + delay <= timeout => {
                self.attempts.at_mut(attempt).end = end;
                self.events.add(there + takes + delay, Event::Ends(attempt));
            }
            _ => self.events.add(self.now + timeout, Event::GivesUp(attempt)),
        }
    }

    /// A caller hears how its attempt ended, or gives up.
    pub(super) fn ends(&mut self, attempt: Attempted, end: End) {
        let made = self.attempts.at_mut(attempt);
        made.awaited = false;
        let made = *made;
        if !made.pending {
            self.attempts.remove(attempt);
        }
        let Request { caller, whose, number, .. } = *self.requests.at(made.request);
        let service = whose.service;
        let took = self.now - made.began;
        self.tally.count(self.now, whose, |it| match end {
            End::Success => {
                it.successes += 1;
                it.took += took;
            }
            End::Failure | End::Overload => it.failures += 1,
            End::Timeout => {
                it.failures += 1;
                it.timeouts += 1;
            }
        });
        if service == 0 {
            self.tally.ended.0 += 1;
            self.tally.ended.1 += u64::from(end != End::Success);
        }
        let owner = caller as usize % self.guards.owners;
        let ended = Ended { now: self.now, began: made.began, number, end };
        let rule = &mut self.guards.rules[owner * self.services.len() + usize::from(service)];
        rule.end(made.ticket, ended, &mut self.chance.rules);
        if end == End::Success {
            if service == 0 {
                self.refusing[owner] = false;
            }
            self.request_ends(made.request, true);
        } else if number < self.retry.max_attempts() && rule.may_retry(self.now) {
            self.tries_again(made.request);
        } else {
            self.request_ends(made.request, false);
        }
    }
}
