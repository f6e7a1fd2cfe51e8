//! A service: how long it takes, who is served, and who waits.

use std::collections::VecDeque;

use crate::{
    random::Random,
    storm::{Latencies, Storm},
    time::Time,
    world::{events::Attempted, warming::Warming},
};

/// One service.
#[derive(Debug)]
pub(super) struct Service {
    latencies: Latencies,
    /// What single endpoints take longer.
    added_to: Vec<Time>,
    /// How many are served at a time.
    servers: usize,
    pub(super) busy: usize,
    /// Who waits, and who has left the line since.
    pub(super) line: VecDeque<Attempted>,
    /// How many of them wait.
    pub(super) waiting: usize,
    /// How many may wait.
    pub(super) room: usize,
    /// Calls served since the caches were cold.
    warm: u32,
    cold: Option<(f64, u32)>,
    pub(super) warming: Option<Warming>,
    /// What its servers have yet to do for calls that were refused.
    pub(super) owed: Time,
}

impl Service {
    pub(super) fn of(storm: &Storm, number: usize) -> Self {
        let latencies = Latencies::of(&storm.service.latency, storm.seed, number);
        Self {
            added_to: vec![Time::ZERO; latencies.endpoints()],
            latencies,
            servers: storm.service.servers.unwrap_or(usize::MAX),
            busy: 0,
            line: VecDeque::new(),
            waiting: 0,
            room: storm.service.queue.unwrap_or(usize::MAX),
            warm: u32::MAX,
            cold: storm.service.cold.as_ref().map(|cold| (cold.times, cold.calls)),
            warming: storm.service.warm_up.as_ref().map(|it| Warming::of(it, storm.usual())),
            owed: Time::ZERO,
        }
    }

    pub(super) const fn has_limit(&self) -> bool {
        self.servers != usize::MAX
    }

    pub(super) const fn has_free_server(&self) -> bool {
        self.busy < self.servers
    }

    /// How long one call takes, before anything of the storm is added. The second part
    /// is what its endpoint has been made slower by.
    pub(super) fn takes(&mut self, random: &mut Random) -> (Time, Time) {
        let endpoints = self.latencies.endpoints();
        let endpoint = if endpoints == 1 { 0 } else { random.below(endpoints) };
        let takes = self.latencies.draw(endpoint, random);
        (self.while_cold(takes), self.added_to[endpoint])
    }

    fn while_cold(&mut self, takes: Time) -> Time {
        let Some((times, calls)) = self.cold else { return takes };
        if self.warm >= calls {
            return takes;
        }
        let left = 1.0 - f64::from(self.warm) / f64::from(calls);
        self.warm += 1;
        Time::from_secs_f64(takes.as_secs_f64() * (1.0 + (times - 1.0) * left))
    }

    /// Its caches are cold.
    pub(super) const fn cool(&mut self) {
        self.warm = 0;
    }

    /// It is back after an outage, and has to be warmed up, if it is of that kind.
    pub(super) const fn restarts(&mut self) {
        if let Some(warming) = &mut self.warming {
            warming.restarts();
        }
    }

    /// One endpoint, drawn now, becomes slower by this.
    pub(super) fn slow_one_down(&mut self, by: Time, random: &mut Random) {
        let endpoint = random.below(self.added_to.len());
        self.added_to[endpoint] = by;
    }

    /// All endpoints are as they were.
    pub(super) fn heal(&mut self) {
        self.added_to.fill(Time::ZERO);
    }
}
