//! What the others have said, pooled.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use fusebox::{Name, State};

use crate::{
    config::FleetConfig,
    register::{Register, say_the_same},
    report::Report,
};

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

/// What the others have said, pooled, and forgotten after three heartbeats of silence; and
/// how many are alive, of whom most have nothing to say. It keeps so many instances, breakers
/// and registers, and no more: newcomers are left out, and counted, until there is room.
#[derive(Debug)]
pub struct Peers {
    config: FleetConfig,
    known: HashMap<String, Peer>,
    pools: HashMap<Name, Pool>,
    /// Breakers that a peer has found well again.
    recovered: Vec<Name>,
    /// How many peers the store counted, and when: most of them have nothing to say.
    counted: (u32, Duration),
    /// How many peers there were at the last heartbeat.
    met: u32,
    /// Heartbeats since it began to know what is usual.
    beats: u32,
    /// How many registers are kept, of all peers.
    kept: usize,
    left_out: u64,
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

impl Pool {
    /// Moves what is usual by one heartbeat, the last of so many.
    fn learn(&mut self, config: &FleetConfig, alive: u32, beats: u32) {
        let Opinion { instances, failures, .. } = self.opinion;
        let is_outage = config.is_enough(instances, failures, alive, self.usual >> 8);
        let step = ((failures << 8).cast_signed() - self.usual.cast_signed())
            .div_euclid(beats.cast_signed());
        // An outage is not usual, unless it is all that was ever seen.
        let most = if is_outage && beats > 1 { 256 / USUAL } else { u32::MAX >> 1 };
        self.usual = self.usual.saturating_add_signed(step.min(most.cast_signed()));
    }
}

/// Instances that are remembered, at most.
const MOST_PEERS: usize = 4_096;
/// Breakers that are remembered, at most.
const MOST_POOLS: usize = 4_096;
/// Registers that are remembered, at most, of all peers together: 12 MiB of them.
const MOST_REGISTERS: usize = 131_072;
/// A mean over so many heartbeats.
const USUAL: u32 = 64;

impl Peers {
    /// Nobody has said anything.
    #[must_use]
    pub fn new(config: FleetConfig) -> Self {
        Self {
            config,
            known: HashMap::new(),
            pools: HashMap::new(),
            recovered: Vec::new(),
            counted: (0, Duration::ZERO),
            met: 0,
            beats: 0,
            kept: 0,
            left_out: 0,
        }
    }

    /// How many there are: as many as the store counted, or as were heard if those are more.
    #[must_use]
    pub fn alive(&self) -> u32 {
        self.counted.0.max(number_of(self.known.len()))
    }

    /// The store has counted so many others that are alive. Anybody may have written that:
    /// more than are remembered are not believed.
    pub fn meet(&mut self, others: u32, now: Duration) {
        self.counted = (others.min(number_of(MOST_PEERS)), now);
    }

    /// The reports of instances, and registers of breakers, for which there was no room.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// An instance has said something, `age` ago; now is so long after the beginning. What
    /// is older than what it said last, by its own count, changes nothing: messages may
    /// come twice, or late. After a heartbeat of silence any count will do, as an instance
    /// that begins anew counts from 0.
    ///
    /// Of two instances with one name, the one that counts higher is heard.
    pub fn hear(&mut self, instance: &str, report: Report, now: Duration, age: Duration) {
        let is_peer = instance != self.config.instance() && report.group == self.config.own_group();
        if !is_peer || age > self.config.lives() {
            return;
        }
        let heard = now.saturating_sub(age);
        let mut is_later = true;
        if let Some(peer) = self.known.get_mut(instance) {
            // It wraps.
            is_later = report.beat.wrapping_sub(peer.beat).cast_signed() > 0;
            if !is_later && heard < peer.heard + self.config.beat() {
                return;
            }
            if say_the_same(&report.registers, &peer.registers) {
                (peer.heard, peer.beat) = (heard, report.beat);
                return;
            }
        } else if self.known.len() >= MOST_PEERS {
            self.left_out += 1;
            return;
        }
        let before = self.forget(instance);
        // Whoever begins anew, or has too much to say, has found nothing well.
        if is_later && report.registers.len() < Report::MOST {
            let is_well = |name| {
                let now = report.registers.iter().find(|it| it.name == name);
                now.is_none_or(|it| it.state == State::Closed)
            };
            let well = before.iter().filter(|it| is_open(it) && is_well(it.name));
            self.recovered.extend(well.map(|it| it.name));
            self.recovered.truncate(MOST_POOLS);
        }
        // Each breaker once, and only what was counted is ever taken back.
        let mut names = HashSet::new();
        let mut registers = report.registers;
        registers.retain(|it| names.insert(it.name) && self.count(it));
        registers.shrink_to_fit();
        let peer = Peer { heard, beat: report.beat, registers };
        self.known.insert(instance.to_owned(), peer);
    }

    /// Forgets who has been silent for three heartbeats.
    pub fn forget_the_silent(&mut self, now: Duration) {
        let lives = self.config.lives();
        // A clock that stepped back makes nobody immortal.
        for peer in self.known.values_mut() {
            peer.heard = peer.heard.min(now);
        }
        let silent: Vec<_> = self
            .known
            .iter()
            .filter(|(_, peer)| now.saturating_sub(peer.heard) > lives)
            .map(|(name, _)| name.clone())
            .collect();
        for name in &silent {
            self.forget(name);
        }
        self.counted.1 = self.counted.1.min(now);
        if now.saturating_sub(self.counted.1) > lives {
            self.counted.0 = 0;
        }
        let alive = self.alive();
        if !self.knows_them() {
            self.beats = 0;
        }
        self.met = alive;
        self.beats = (self.beats + 1).min(USUAL);
        for pool in self.pools.values_mut() {
            pool.learn(&self.config, alive + 1, self.beats);
        }
        self.pools.retain(|_, pool| pool.opinion != Opinion::default() || pool.usual > 0);
    }

    /// What the others think of a service.
    #[must_use]
    pub fn opinion(&self, breaker: &Name) -> Opinion {
        self.pools.get(breaker).map_or_else(Opinion::default, |pool| pool.opinion)
    }

    /// Whether the fleet has seen enough of it, with what this instance says itself. Not
    /// while it only gets to know the others: whoever is in trouble is heard first.
    #[must_use]
    pub fn have_seen_enough(&self, breaker: &Name, own: Option<&Register>) -> bool {
        let Some(pool) = self.pools.get(breaker) else { return false };
        if !self.knows_them() {
            return false;
        }
        let own = own.map_or(0, |it| self.config.capped(it.failures));
        let instances = pool.opinion.instances + u32::from(own > 0);
        let failures = pool.opinion.failures + own;
        self.config.is_enough(instances, failures, self.alive() + 1, pool.usual >> 8)
    }

    /// The breakers that peers have found well again since the last time.
    pub fn recovered(&mut self) -> Vec<Name> {
        std::mem::take(&mut self.recovered)
    }

    /// Whether it met about as many at the last heartbeat.
    fn knows_them(&self) -> bool {
        self.alive() <= 2 * self.met.max(1)
    }

    fn forget(&mut self, instance: &str) -> Vec<Register> {
        let Some(peer) = self.known.remove(instance) else { return Vec::new() };
        self.kept -= peer.registers.len();
        for register in &peer.registers {
            let Some(pool) = self.pools.get_mut(&register.name) else { continue };
            let part = opinion_of(&self.config, register);
            pool.opinion.instances -= part.instances;
            pool.opinion.failures -= part.failures;
            pool.opinion.open -= part.open;
        }
        peer.registers
    }

    /// False where there is no room for it.
    fn count(&mut self, register: &Register) -> bool {
        let is_new = !self.pools.contains_key(&register.name);
        if self.kept >= MOST_REGISTERS || is_new && self.pools.len() >= MOST_POOLS {
            self.left_out += 1;
            return false;
        }
        self.kept += 1;
        let opinion = &mut self.pools.entry(register.name).or_default().opinion;
        let part = opinion_of(&self.config, register);
        opinion.instances += part.instances;
        opinion.failures += part.failures;
        opinion.open += part.open;
        true
    }
}

/// Of thousands at most.
fn number_of(instances: usize) -> u32 {
    u32::try_from(instances).unwrap_or(u32::MAX)
}

/// What one register adds to an opinion.
fn opinion_of(config: &FleetConfig, register: &Register) -> Opinion {
    let failures = config.capped(register.failures);
    let open = u32::from(is_open(register));
    Opinion { instances: u32::from(failures > 0), failures, open }
}

fn is_open(register: &Register) -> bool {
    matches!(register.state, State::Open | State::HalfOpen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_kept_up_to_a_number_and_there_is_room_again() {
        let config = FleetConfig::new("this").build().unwrap();
        let mut peers = Peers::new(config);
        let register = |i: usize| Register {
            name: Name::try_new(&i.to_string()).unwrap(),
            state: State::Open,
            generation: 1,
            failures: 1,
            left: Duration::ZERO,
        };
        let report = || Report {
            beat: 1,
            group: String::new(),
            registers: (0..Report::MOST).map(register).collect(),
        };
        for instance in 0..130 {
            peers.hear(&instance.to_string(), report(), Duration::ZERO, Duration::ZERO);
        }
        assert_eq!((peers.kept, peers.left_out()), (MOST_REGISTERS, 2 * 1_024));
        assert_eq!(peers.opinion(&register(0).name).open, 128);
        peers.forget_the_silent(Duration::from_mins(1));
        assert_eq!((peers.kept, peers.alive()), (0, 0));
        assert_eq!(peers.opinion(&register(0).name), Opinion::default());
    }
}
