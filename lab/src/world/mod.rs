//! A storm runs, under rules: a simulation of discrete events.

mod callers;
mod events;
mod service;
mod slab;
mod tally;
mod weather;

use fusebox::{Backoff, RetryConfig, RetrySettings};

pub use self::tally::{Counts, Refusal, Tally};
use self::{
    callers::Callers,
    events::{Attempted, Event, Events},
    service::Service,
    slab::Slab,
    weather::Weather,
};
use crate::{
    random::Random,
    rules::{Attempt, End, Ended, Rule, Ticket},
    storm::{Arrivals, Storm},
    time::Time,
};

/// How the rules of a storm are laid out, and what they need to know of its time.
pub(crate) struct Guards<'r, 'b> {
    /// One for each caller that has its own and each service, callers first.
    pub(crate) rules: &'r mut [Box<dyn Rule + 'b>],
    /// How many callers have their own; 1 where all share.
    pub(crate) owners: usize,
    /// Told of each new time.
    pub(crate) time: &'r dyn Fn(Time),
    /// The length of a bin of the tally.
    pub(crate) bin: Time,
}

/// Runs a storm to its end.
pub(crate) fn run(storm: &Storm, guards: Guards<'_, '_>) -> Tally {
    let mut world = World::new(storm, guards);
    let lasts = storm.lasts();
    world.begin();
    while let Some((at, event)) = world.events.next() {
        if at >= lasts {
            break;
        }
        if at != world.now {
            world.now = at;
            (world.guards.time)(at);
        }
        world.happens(event);
    }
    world.tally.events = world.events.count();
    world.tally.writes = world.guards.rules.iter().map(|rule| rule.writes()).sum();
    world.tally
}

struct World<'s, 'r, 'b> {
    storm: &'s Storm,
    guards: Guards<'r, 'b>,
    now: Time,
    events: Events,
    weather: Weather,
    services: Vec<Service>,
    callers: Callers,
    requests: Slab<Request>,
    attempts: Slab<Made>,
    tally: Tally,
    retry: RetrySettings,
    /// Whether the first service's calls are being refused, by owner.
    refusing: Vec<bool>,
    period: Option<Time>,
    /// Whether workers are being given what waits.
    taking_up: bool,
    chance: Chances,
}

/// Each kind of chance has a sequence of its own, so that two rules meet the same storm.
struct Chances {
    arrivals: Random,
    services: Random,
    network: Random,
    rules: Random,
    retries: Random,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    caller: u32,
    service: u16,
    number: u32,
    backoff: Option<Backoff>,
}

/// An attempt that was made.
#[derive(Debug, Clone, Copy)]
struct Made {
    request: u32,
    service: u16,
    ticket: Ticket,
    began: Time,
    end: End,
    /// Whether its caller still waits.
    awaited: bool,
    /// Whether it waits in its service's line.
    waits: bool,
    /// Whether it is with its service, waiting or served, or on its way.
    pending: bool,
}

impl<'s, 'r, 'b> World<'s, 'r, 'b> {
    fn new(storm: &'s Storm, guards: Guards<'r, 'b>) -> Self {
        let mut phases = Vec::new();
        let mut at = Time::ZERO;
        for phase in &storm.phases {
            phases.push((at, phase.lasts));
            at += phase.lasts;
        }
        let chance = |stream| Random::new(storm.seed, stream);
        let period = guards.rules.iter().find_map(|rule| rule.period());
        Self {
            tally: Tally::new(storm.lasts(), guards.bin, phases),
            refusing: vec![false; guards.owners],
            period,
            taking_up: false,
            guards,
            now: Time::ZERO,
            events: Events::default(),
            weather: Weather::of(storm),
            services: (0..storm.service.count).map(|at| Service::of(storm, at)).collect(),
            callers: Callers::of(storm),
            requests: Slab::default(),
            attempts: Slab::default(),
            retry: retries(storm),
            chance: Chances {
                arrivals: chance(1),
                services: chance(2),
                network: chance(3),
                rules: chance(4),
                retries: chance(5),
            },
            storm,
        }
    }

    fn begin(&mut self) {
        self.events.add(self.weather.lasts(), Event::Phase);
        self.phase_begins();
        if let Some(period) = self.period {
            self.events.add(period, Event::Update);
        }
        if self.storm.clients.arrivals == Arrivals::Closed {
            for caller in 0..self.callers.count() {
                let think = self.think();
                self.events.add(think, Event::Caller(caller));
            }
        } else {
            self.request_is_due();
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Phase => self.turn(),
            Event::Request => {
                self.request_comes();
                self.request_is_due();
            }
            Event::Caller(caller) => {
                self.tally.count(self.now, u16::MAX, |it| it.requests += 1);
                self.request_begins(caller);
            }
            Event::Attempt(request) => self.attempt(request),
            Event::Reaches(attempt) => self.reaches(attempt),
            Event::Served(attempt) => self.served(attempt),
            Event::LeavesLine(attempt) => self.leaves_line(attempt),
            Event::Ends(attempt) => {
                if let Some(made) = self.attempts.get(attempt).copied()
                    && made.awaited
                {
                    self.ends(attempt, made.end);
                }
            }
            Event::GivesUp(attempt) => {
                if self.attempts.get(attempt).is_some_and(|made| made.awaited) {
                    self.ends(attempt, End::Timeout);
                }
            }
            Event::Update => {
                for rule in self.guards.rules.iter_mut() {
                    rule.update(self.now);
                }
                if let Some(period) = self.period {
                    self.events.add(self.now + period, Event::Update);
                }
            }
        }
    }

    fn turn(&mut self) {
        let stalled = self.weather.stalled();
        if !self.weather.turn(self.now) {
            return;
        }
        self.events.add(self.now + self.weather.lasts(), Event::Phase);
        if stalled && !self.weather.stalled() {
            self.services[0].cool();
            while self.serves_next(0) {}
        }
        self.phase_begins();
    }

    fn phase_begins(&mut self) {
        match self.weather.added_to_one() {
            Some(by) => self.services[0].slow_one_down(by, &mut self.chance.services),
            None => self.services[0].heal(),
        }
    }

    // Requests.

    fn request_is_due(&mut self) {
        let rate = self.storm.clients.per_second * self.weather.load();
        let gap = match self.storm.clients.arrivals {
            Arrivals::Even => 1.0 / rate,
            _ => self.chance.arrivals.exponential(1.0 / rate),
        };
        self.events.add(self.now + Time::from_secs_f64(gap), Event::Request);
    }

    /// How long a caller of a closed loop waits before its next request.
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    fn think(&mut self) -> Time {
        let each = self.storm.clients.per_second * self.weather.load();
        let mean = f64::from(self.callers.count()) / each;
        self.now + Time::from_secs_f64(self.chance.arrivals.exponential(mean))
    }

    fn request_comes(&mut self) {
        self.tally.count(self.now, u16::MAX, |it| it.requests += 1);
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
            self.tally.count(self.now, u16::MAX, |it| it.forgotten += forgotten);
        }
        while let Some(caller) = self.callers.takes_up() {
            self.request_begins(caller);
        }
        self.taking_up = false;
    }

    #[allow(clippy::cast_possible_truncation)] // there are 1000 services at most
    fn request_begins(&mut self, caller: u32) {
        let services = self.services.len();
        let service = if services == 1 { 0 } else { self.chance.arrivals.below(services) } as u16;
        let request =
            self.requests.add(Request { caller, service, number: 1, backoff: None }).place;
        let now = self.now;
        self.rule(caller, service).request(now);
        self.attempt(request);
    }

    fn request_ends(&mut self, place: u32, answered: bool) {
        let Request { caller, service, .. } = *self.requests.at(place);
        self.requests.remove(place);
        self.tally.count(
            self.now,
            service,
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

    // Attempts.

    fn rule(&mut self, caller: u32, service: u16) -> &mut Box<dyn Rule + 'b> {
        let owner = caller as usize % self.guards.owners;
        &mut self.guards.rules[owner * self.services.len() + usize::from(service)]
    }

    fn attempt(&mut self, place: u32) {
        let Request { caller, service, number, .. } = *self.requests.at(place);
        let owner = caller as usize % self.guards.owners;
        let at = owner * self.services.len() + usize::from(service);
        let attempt = Attempt { now: self.now, number };
        let Some(ticket) = self.guards.rules[at].admit(attempt, &mut self.chance.rules) else {
            self.tally.count(self.now, service, |it| it.refused += 1);
            if service == 0 && !std::mem::replace(&mut self.refusing[owner], true) {
                let (ended, failures) = self.tally.ended;
                self.tally.refusals.push(Refusal { at: self.now, failures, ended });
            }
            self.request_ends(place, false);
            return;
        };
        let probe = service == 0 && self.refusing[owner];
        self.tally.count(self.now, service, |it| {
            it.attempts += 1;
            it.probes += u64::from(probe);
            it.retries += u64::from(number > 1);
        });
        let made = Made {
            request: place,
            service,
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

    /// What a call takes that is served now, and how it ends; `None` if it never does.
    fn work(&mut self, number: u16, at: Time) -> Option<(Time, End)> {
        let service = &mut self.services[usize::from(number)];
        let random = &mut self.chance.services;
        let (mut takes, to_one) = service.takes(random);
        let mut errors = self.storm.service.errors;
        if number == 0 {
            if random.chance(self.weather.hang().get()) {
                return None;
            }
            if let Some(slower) = self.weather.slower() {
                takes = Time::from_secs_f64(takes.as_secs_f64() * slower);
            }
            takes += self.weather.added(at);
            takes += to_one;
            errors = self.weather.errors(at);
        }
        if random.chance(errors.get()) {
            let part = self.storm.service.errors_take.get();
            return Some((Time::from_secs_f64(takes.as_secs_f64() * part), End::Failure));
        }
        Some((takes, End::Success))
    }

    /// An attempt comes to a service that serves so many at a time.
    fn reaches(&mut self, attempt: Attempted) {
        let made = *self.attempts.at(attempt);
        if !made.awaited && !self.storm.service.dead_work {
            self.attempts.remove(attempt);
            return;
        }
        let service = &mut self.services[usize::from(made.service)];
        let stalled = made.service == 0 && self.weather.stalled();
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
            self.returns(attempt, End::Failure);
        }
    }

    fn leaves_line(&mut self, attempt: Attempted) {
        if let Some(made) = self.attempts.get(attempt).copied()
            && made.waits
        {
            self.services[usize::from(made.service)].waiting -= 1;
            self.attempts.at_mut(attempt).waits = false;
            self.returns(attempt, End::Failure);
        }
    }

    /// A server begins with an attempt.
    fn is_served(&mut self, attempt: Attempted) {
        let made = *self.attempts.at(attempt);
        if !made.awaited {
            self.tally.count(self.now, made.service, |it| it.dead_work += 1);
        }
        // A call that hangs keeps its server for as long as its caller would wait.
        let (takes, end) =
            self.work(made.service, self.now).unwrap_or((self.storm.clients.timeout, End::Timeout));
        self.attempts.at_mut(attempt).end = end;
        self.events.add(self.now + takes, Event::Served(attempt));
    }

    fn served(&mut self, attempt: Attempted) {
        let made = *self.attempts.at(attempt);
        self.services[usize::from(made.service)].busy -= 1;
        if made.end == End::Timeout {
            self.forget_attempt(attempt);
        } else {
            self.returns(attempt, made.end);
        }
        self.serves_next(usize::from(made.service));
    }

    /// A free server takes the next one of the line.
    fn serves_next(&mut self, number: usize) -> bool {
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

    /// A caller hears how its attempt ended, or gives up.
    fn ends(&mut self, attempt: Attempted, end: End) {
        let made = self.attempts.at_mut(attempt);
        made.awaited = false;
        let made = *made;
        if !made.pending {
            self.attempts.remove(attempt);
        }
        let Request { caller, service, number, .. } = *self.requests.at(made.request);
        let took = self.now - made.began;
        self.tally.count(self.now, service, |it| match end {
            End::Success => {
                it.successes += 1;
                it.took += took;
            }
            End::Failure => it.failures += 1,
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

    fn tries_again(&mut self, place: u32) {
        let (now, settings) = (self.now, self.retry);
        let request = self.requests.at_mut(place);
        request.number += 1;
        let chance = &mut self.chance.retries;
        let backoff = request.backoff.get_or_insert_with(|| settings.backoff().seed(chance.bits()));
        let delay = backoff.next().unwrap_or_default();
        self.events.add(now + delay.into(), Event::Attempt(place));
    }
}

/// The storm's retries, in fusebox's words.
fn retries(storm: &Storm) -> RetrySettings {
    let retry = &storm.retry;
    let jitter = if retry.jitter { fusebox::Jitter::default() } else { fusebox::Jitter::None };
    RetryConfig::new()
        .max_attempts(retry.attempts)
        .base_delay(retry.delay.into())
        .max_delay(retry.most.into())
        .jitter(jitter)
        .build()
}
