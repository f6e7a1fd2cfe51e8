//! A storm runs, under rules: a simulation of discrete events.

mod attempts;
mod callers;
mod events;
mod requests;
mod service;
mod serving;
mod slab;
mod tally;
mod warming;
mod weather;

use fusebox::{Backoff, Priority, RetryConfig, RetrySettings};

pub use self::tally::{Counts, Refusal, Tally};
use self::{
    callers::Callers,
    events::{Event, Events},
    service::Service,
    slab::Slab,
    tally::Whose,
    weather::Weather,
};
use crate::{
    random::Random,
    rules::{End, Rule, Ticket},
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
    priorities: Random,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    caller: u32,
    whose: Whose,
    number: u32,
    backoff: Option<Backoff>,
}

impl Request {
    const fn priority(&self) -> Priority {
        if self.whose.critical { Priority::CRITICAL } else { Priority::DEFAULT }
    }
}

/// An attempt that was made.
#[derive(Debug, Clone, Copy)]
struct Made {
    request: u32,
    whose: Whose,
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
            tally: Tally::new(storm, guards.bin, phases),
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
                priorities: chance(6),
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
                self.tally.count(self.now, Whose::UNKNOWN, |it| it.requests += 1);
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
        let was_out = self.weather.is_outage();
        if !self.weather.turn(self.now) {
            return;
        }
        if was_out && !self.weather.is_outage() {
            self.services[0].restarts();
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
