//! What the others have said, pooled.

use std::{collections::HashMap, time::Duration};

use fusebox::{Name, State};

use crate::{config::FleetConfig, register::Register, report::Report};

/// What the others think of one service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Opinion {
    /// Instances that have evidence against it.
    pub instances: u32,
    /// The failures that they have seen, each instance's up to the cap.
    pub failures: u32,
    /// Instances whose breakers are open.
    pub open: u32,
}

/// What the others have said, pooled, and forgotten after three heartbeats of silence. It
/// keeps so many instances and breakers, and no more.
#[derive(Debug)]
pub struct Peers {
    config: FleetConfig,
    known: HashMap<String, Peer>,
    pools: HashMap<Name, Pool>,
    /// Breakers that a peer has found well again.
    recovered: Vec<Name>,
}

#[derive(Debug)]
struct Peer {
    heard: Duration,
    beat: u32,
    registers: Vec<Register>,
}

#[derive(Debug, Default)]
struct Pool {
    opinion: Opinion,
    /// A slow mean of the failures, in 256ths.
    usual: u32,
}

/// Instances that are remembered, at most.
const MOST_PEERS: usize = 4_096;
/// Breakers that are remembered, at most.
const MOST_POOLS: usize = 4_096;
/// A mean over so many heartbeats.
const USUAL: u32 = 64;

impl Peers {
    /// Nobody has said anything.
    #[must_use]
    pub fn new(config: FleetConfig) -> Self {
        Self { config, known: HashMap::new(), pools: HashMap::new(), recovered: Vec::new() }
    }

    /// How many there are.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // few thousand
    pub fn alive(&self) -> u32 {
        self.known.len() as u32
    }

    /// An instance has said something, `age` ago; now is so long after the beginning. What
    /// is older than what it said last, by its own count, changes nothing: messages may
    /// come twice, or late.
    pub fn hear(&mut self, instance: &str, report: Report, now: Duration, age: Duration) {
        let is_peer = instance != self.config.instance() && report.group == self.config.own_group();
        if !is_peer || age > self.config.lives() {
            return;
        }
        let heard = now.saturating_sub(age);
        if let Some(peer) = self.known.get(instance) {
            // It wraps; and an instance that begins anew counts from 0.
            let newer = report.beat.wrapping_sub(peer.beat).cast_signed() > 0;
            let anew = report.beat < 8 && heard > peer.heard + self.config.beat();
            if !newer && !anew {
                return;
            }
        } else if self.known.len() >= MOST_PEERS {
            let oldest = self.known.iter().min_by_key(|(_, peer)| peer.heard);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.forget(&oldest);
            }
        }
        let before = self.forget(instance);
        for register in &before {
            let is_gone = !report.registers.iter().any(|it| it.name == register.name);
            if is_gone && is_open(register) && self.recovered.len() < MOST_POOLS {
                self.recovered.push(register.name);
            }
        }
        for register in &report.registers {
            self.count(register, true);
        }
        let peer = Peer { heard, beat: report.beat, registers: report.registers };
        self.known.insert(instance.to_owned(), peer);
    }

    /// Forgets who has been silent for three heartbeats.
    pub fn forget_the_silent(&mut self, now: Duration) {
        let lives = self.config.lives();
        let silent: Vec<_> = self
            .known
            .iter()
            .filter(|(_, peer)| now.saturating_sub(peer.heard) > lives)
            .map(|(name, _)| name.clone())
            .collect();
        for name in &silent {
            self.forget(name);
        }
        for pool in self.pools.values_mut() {
            let failures = (pool.opinion.failures << 8).cast_signed();
            let step = (failures - pool.usual.cast_signed()) / USUAL.cast_signed();
            // An outage is not usual: it moves the mean by one failure a beat at most.
            pool.usual = pool.usual.saturating_add_signed(step.min(256 / USUAL.cast_signed()));
        }
        self.pools.retain(|_, pool| pool.opinion != Opinion::default() || pool.usual > 0);
    }

    /// What the others think of a service.
    #[must_use]
    pub fn opinion(&self, breaker: &Name) -> Opinion {
        self.pools.get(breaker).map_or_else(Opinion::default, |pool| pool.opinion)
    }

    /// Whether the fleet has seen enough of it, with what this instance says itself.
    #[must_use]
    pub fn have_seen_enough(&self, breaker: &Name, own: Option<&Register>) -> bool {
        let Some(pool) = self.pools.get(breaker) else { return false };
        let own = own.map_or(0, |it| self.config.capped(it.failures));
        let instances = pool.opinion.instances + u32::from(own > 0);
        let failures = pool.opinion.failures + own;
        self.config.is_enough(instances, failures, self.alive() + 1, pool.usual >> 8)
    }

    /// The breakers that peers have found well again since the last time.
    pub fn recovered(&mut self) -> Vec<Name> {
        std::mem::take(&mut self.recovered)
    }

    fn forget(&mut self, instance: &str) -> Vec<Register> {
        let Some(peer) = self.known.remove(instance) else { return Vec::new() };
        for register in &peer.registers {
            self.count(register, false);
        }
        peer.registers
    }

    fn count(&mut self, register: &Register, add: bool) {
        if !self.pools.contains_key(&register.name) && self.pools.len() >= MOST_POOLS {
            return;
        }
        let failures = self.config.capped(register.failures);
        let opinion = &mut self.pools.entry(register.name).or_default().opinion;
        let apply = |number: &mut u32, by: u32| {
            *number = if add { *number + by } else { number.saturating_sub(by) };
        };
        apply(&mut opinion.instances, u32::from(failures > 0));
        apply(&mut opinion.failures, failures);
        apply(&mut opinion.open, u32::from(is_open(register)));
    }
}

fn is_open(register: &Register) -> bool {
    matches!(register.state, State::Open | State::HalfOpen)
}
