//! Services: an attempt reaches one, waits in its line, and is served.

use super::{
    World,
    events::{Attempted, Event},
};
use crate::{rules::End, time::Time, world::warming::Met};

impl World<'_, '_, '_> {
    /// What a call takes that is served now, and how it ends; `None` if it never does.
    pub(super) fn work(&mut self, number: u16, at: Time) -> Option<(Time, End)> {
        let service = &mut self.services[usize::from(number)];
        let random = &mut self.chance.services;
        let (mut takes, to_one) = service.takes(random);
        let mut errors = self.storm.service.errors;
        let mut down = false;
        if number == 0 {
            if random.chance(self.weather.hang().get()) {
                return None;
            }
            if let Some(warming) = &mut service.warming
                && !self.weather.is_outage()
            {
                let seen = warming.meets(at);
                if seen == Met::Collapses {
                    self.tally.collapses.push(at);
                }
                down = seen != Met::Holds;
            }
            if let Some(slower) = self.weather.slower() {
                takes = Time::from_secs_f64(takes.as_secs_f64() * slower);
            }
            takes += self.weather.added(at);
            takes += to_one;
            errors = self.weather.errors(at);
        }
        if random.chance(errors.get()) || down {
            let part = self.storm.service.errors_take.get();
            return Some((Time::from_secs_f64(takes.as_secs_f64() * part), End::Failure));
        }
        Some((takes, End::Success))
    }

    /// An attempt comes to a service that serves so many at a time.
    pub(super) fn reaches(&mut self, attempt: Attempted) {
        let made = *self.attempts.at(attempt);
        if !made.awaited && !self.storm.service.dead_work {
            self.attempts.remove(attempt);
            return;
        }
        let service = &mut self.services[usize::from(made.whose.service)];
        let stalled = made.whose.service == 0 && self.weather.stalled();
        if service.has_free_server() && !stalled {
            service.busy += 1;
            self.is_served(attempt);
        } else if service.waiting < service.room {
            service.waiting += 1;
            service.line.push_back(attempt);
            self.attempts.at_mut(attempt).waits = true;
            let patience = self.storm.service.queue_timeout;
            self.events.add(self.now + patience, Event::LeavesLine(attempt));
        } else {
            self.refuses(attempt);
        }
    }

    /// A service has no room, and says so. Its servers work off what that costs.
    fn refuses(&mut self, attempt: Attempted) {
        let made = *self.attempts.at(attempt);
        let share = self.storm.service.refusal_takes.get();
        if share > 0.0 {
            let service = &mut self.services[usize::from(made.whose.service)];
            let (takes, _) = service.takes(&mut self.chance.services);
            service.owed += Time::from_secs_f64(takes.as_secs_f64() * share);
        }
        self.returns(attempt, End::Overload);
    }

    pub(super) fn leaves_line(&mut self, attempt: Attempted) {
        if let Some(made) = self.attempts.get(attempt).copied()
            && made.waits
        {
            self.services[usize::from(made.whose.service)].waiting -= 1;
            self.attempts.at_mut(attempt).waits = false;
            self.refuses(attempt);
        }
    }

    /// A server begins with an attempt.
    fn is_served(&mut self, attempt: Attempted) {
        let made = *self.attempts.at(attempt);
        if !made.awaited {
            self.tally.count(self.now, made.whose, |it| it.dead_work += 1);
        }
        // A call that hangs keeps its server for as long as its caller would wait.
        let (takes, end) = self
            .work(made.whose.service, self.now)
            .unwrap_or((self.storm.clients.timeout, End::Timeout));
        self.attempts.at_mut(attempt).end = end;
        let owed = std::mem::take(&mut self.services[usize::from(made.whose.service)].owed);
        self.events.add(self.now + owed + takes, Event::Served(attempt));
    }

    pub(super) fn served(&mut self, attempt: Attempted) {
        let made = *self.attempts.at(attempt);
        self.services[usize::from(made.whose.service)].busy -= 1;
        if made.end == End::Timeout {
            self.forget_attempt(attempt);
        } else {
            self.returns(attempt, made.end);
        }
        self.serves_next(usize::from(made.whose.service));
    }

    /// A free server takes the next one of the line.
    pub(super) fn serves_next(&mut self, number: usize) -> bool {
        if !self.services[number].has_free_server() || number == 0 && self.weather.stalled() {
            return false;
        }
        while let Some(attempt) = self.services[number].line.pop_front() {
            // Who left the line is still in it.
            let Some(made) = self.attempts.get(attempt).copied() else { continue };
            if !made.waits {
                continue;
            }
            self.services[number].waiting -= 1;
            self.attempts.at_mut(attempt).waits = false;
            if !made.awaited && !self.storm.service.dead_work {
                self.attempts.remove(attempt);
                continue;
            }
            self.services[number].busy += 1;
            self.is_served(attempt);
            return true;
        }
        false
    }

    /// A service's answer is on its way back.
    fn returns(&mut self, attempt: Attempted, end: End) {
        let made = self.attempts.at_mut(attempt);
        made.end = end;
        made.pending = false;
        if !made.awaited {
            self.attempts.remove(attempt);
        } else if self.storm.network.delay == Time::ZERO {
            self.ends(attempt, end);
        } else {
            self.events.add(self.now + self.storm.network.delay, Event::Ends(attempt));
        }
    }

    /// A caller that waits no longer is the last who knows of an attempt.
    fn forget_attempt(&mut self, attempt: Attempted) {
        let made = self.attempts.at_mut(attempt);
        made.pending = false;
        if !made.awaited {
            self.attempts.remove(attempt);
        }
    }
}
