//! One instance of a fleet in virtual time.

use std::{sync::Arc, time::Duration};

use fusebox::{
    BreakerSettings, CircuitBreaker, Clock, DefaultObserver, ManualClock, Name, Snapshot, State,
    Tick,
};

use crate::{
    config::FleetConfig, member::Member, probes::Probes, report::Report, simulated::Simulated,
};

/// A breaker of an instance, on that instance's own clock.
pub type Breaker = CircuitBreaker<Arc<ManualClock>>;

/// Each has begun so long ago that its clock can step back, in milliseconds.
pub(super) const LONG: u64 = 1 << 32;

/// One instance: a member, its breakers, and a clock of its own.
#[derive(Debug)]
pub struct Instance {
    /// Its name, which no other has.
    pub name: String,
    /// Its part in the fleet.
    pub member: Member,
    /// Its breakers, in the order of the world's names.
    pub breakers: Vec<Breaker>,
    /// It hears nobody from now on: what others say would change nothing that is asked of
    /// it.
    pub is_deaf: bool,
    clock: Arc<ManualClock>,
    probes: Probes,
    /// What its breakers were when it last said something, and when that was.
    said: Vec<Snapshot>,
    said_at: Duration,
    /// Its clock is so far ahead of the world's.
    pub(super) ahead: u64,
    /// Its clock's time when it began.
    began: u64,
    /// Its task begins then, by the world's time.
    pub(super) awake: u64,
}

impl Instance {
    pub(super) fn new(
        config: FleetConfig,
        names: &[Name],
        settings: BreakerSettings,
        now: u64,
        ahead: u64,
    ) -> Self {
        let clock = Arc::new(ManualClock::new());
        let began = now + ahead;
        clock.set(Tick::from_millis(began));
        let breaker =
            |name: &Name| Breaker::with(Some(*name), settings, clock.clone(), DefaultObserver);
        Self {
            name: config.instance().into(),
            breakers: names.iter().map(breaker).collect(),
            member: Member::new(config),
            is_deaf: false,
            clock,
            probes: Probes::default(),
            said: Vec::new(),
            said_at: Duration::ZERO,
            ahead,
            began,
            awake: now,
        }
    }

    /// Whether its first breaker is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.breakers[0].state() == State::Open
    }

    /// Its clock, where the world's has this time.
    pub(super) fn set_clock(&self, now: u64) {
        self.clock.set(Tick::from_millis(now + self.ahead));
    }

    /// How long ago it began, by its clock.
    pub(super) fn now(&self) -> Duration {
        Duration::from_millis(self.clock.now().as_millis() + LONG - self.began)
    }

    /// Asks for the probes that are soon due, as its task does. A store that is down is no
    /// one's fault.
    pub(super) fn ask(&mut self, leases: &Simulated) {
        let now = self.now();
        let alive = self.member.peers().alive() + 1;
        let breakers: Vec<_> = self.breakers.iter().collect();
        let _ = self.probes.ask(&breakers, &mut leases.of(self.name.as_str()), alive, now);
    }

    /// Applies to its breakers what the others have said.
    pub(super) fn heed(&mut self) {
        let now = self.now();
        let recovered = self.member.heed(&self.breakers, now);
        for breaker in self.breakers.iter().filter(|it| it.state() == State::Open) {
            if let Some(name) = breaker.name().filter(|name| recovered.contains(name)) {
                self.probes.end(breaker, name, now);
            }
        }
    }

    /// Whether it is time to say that it is alive.
    pub(super) fn beats(&mut self) -> bool {
        let now = self.now();
        self.member.beats(now)
    }

    /// What it has to say now.
    pub(super) fn report(&mut self) -> Option<Report> {
        let now = self.now();
        let snapshots = self.breakers.iter().map(Breaker::snapshot);
        // That nothing is new is sooner seen than read. A clock may step back.
        if now >= self.said_at
            && self.member.due().is_none_or(|due| now < due)
            && snapshots.clone().eq(self.said.iter().copied())
        {
            return None;
        }
        let snapshots = snapshots.collect();
        let report = self.member.report(self.breakers.iter().map(Breaker::reading), now)?;
        (self.said, self.said_at) = (snapshots, now);
        Some(report)
    }
}
