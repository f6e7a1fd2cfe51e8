//! A fleet in virtual time: instances with their own clocks, real breakers and real
//! members, and between them a store and a network that lose, delay and repeat. What
//! happens follows from a seed alone.
//!
//! For fusebox's own tests and its laboratory. It is no part of what this crate promises.

mod dice;
mod hearts;
mod instance;
mod net;

pub use self::{
    dice::Dice,
    instance::{Breaker, Instance},
    net::Net,
};

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
    time::Duration,
};

use fusebox::{BreakerConfig, BreakerSettings, Name, State};

use self::{hearts::Hearts, instance::LONG};
use crate::{
    config::FleetConfig, member::Member, news::News, peers::Opinion, register::Register,
    simulated::Simulated,
};

/// Five failures in a row open, for a minute.
pub const FIVE: BreakerSettings = BreakerConfig::new().failure_threshold(5).build();
/// A heartbeat, in milliseconds.
pub const BEAT: u64 = 1_000;
/// An instance's task looks so often for news, in milliseconds.
pub const LOOKS: u64 = 10;
/// It asks so often who probes.
const TURNS: u64 = 50;

/// What an instance said.
#[derive(Debug)]
pub struct Said {
    /// The instance's number.
    pub from: usize,
    /// When, by the world's time.
    pub at: u64,
    /// A report.
    pub bytes: Vec<u8>,
    instance: String,
}

/// What is on its way to one, or to all.
#[derive(Debug, Clone)]
enum Letter {
    /// What somebody said.
    Said(Rc<Said>),
    /// How many are alive.
    Alive(u32),
}

/// A fleet, its store, and the way between them.
#[derive(Debug)]
pub struct World {
    /// Milliseconds since it began.
    pub now: u64,
    /// The way from the store to its readers.
    pub net: Net,
    /// What is left to chance.
    pub dice: Dice,
    /// The instances.
    pub all: Vec<Instance>,
    /// Only the first so many hear the others; all speak.
    pub listeners: usize,
    /// The store that gives leases for probes; where there is none, nobody asks for any.
    pub leases: Option<Simulated>,
    /// All that was said, where somebody asked for it.
    pub record: Option<Vec<Rc<Said>>>,
    /// All heartbeats, likewise: whose, and when.
    pub beaten: Option<Vec<(usize, u64)>>,
    names: Vec<Name>,
    settings: BreakerSettings,
    letters: BTreeMap<u64, Vec<(Option<usize>, Letter)>>,
    /// The last words of each instance, the newest last.
    words: HashMap<String, Vec<Rc<Said>>>,
    hearts: Hearts,
}

fn config(name: &str) -> FleetConfig {
    FleetConfig::new(name).build().expect("a name that is in range")
}

impl World {
    /// So many instances, each with these breakers.
    #[must_use]
    pub fn new(count: usize, names: &[&str], seed: u64) -> Self {
        Self::with(count, names, seed, FIVE, config)
    }

    /// The same, with settings of their own.
    pub fn with(
        count: usize,
        names: &[&str],
        seed: u64,
        settings: BreakerSettings,
        config: impl Fn(&str) -> FleetConfig,
    ) -> Self {
        let mut world = Self {
            now: 0,
            net: Net::good(20),
            dice: Dice(seed),
            all: Vec::new(),
            listeners: count,
            leases: None,
            record: None,
            beaten: None,
            names: names.iter().map(|name| Name::new(name)).collect(),
            settings,
            letters: BTreeMap::new(),
            words: HashMap::new(),
            hearts: Hearts::default(),
        };
        for number in 0..count {
            let ahead = LONG + world.dice.below(LONG);
            let mut instance = world.instance(config(&format!("host-{number}")), ahead);
            instance.awake = world.dice.below(BEAT);
            world.all.push(instance);
        }
        world
    }

    fn instance(&self, config: FleetConfig, ahead: u64) -> Instance {
        Instance::new(config, &self.names, self.settings, self.now, ahead)
    }

    /// A process ends, and another begins in its place. Where it may, it reads the store.
    pub fn restart(&mut self, number: usize, with_store: bool) {
        let config = self.all[number].member.config().clone();
        // The host began anew as well: its clock says something else.
        let ahead = LONG + self.dice.below(LONG);
        let mut instance = self.instance(config, ahead);
        for said in self.words.values().filter_map(|words| words.last()).filter(|_| with_store) {
            let (news, now) = (news(said, self.now), instance.now());
            if said.instance == instance.name {
                instance.member.resume(&instance.breakers, &news).expect("a report");
            }
            instance.member.hear(&news, now).expect("a report");
        }
        self.all[number] = instance;
    }

    /// An instance's clock steps, by milliseconds.
    pub fn step_clock(&mut self, number: usize, by: i64) {
        let ahead = &mut self.all[number].ahead;
        *ahead = ahead.saturating_add_signed(by);
    }

    /// Empties the store.
    pub fn flush(&mut self) {
        self.words.clear();
        self.hearts = Hearts::default();
    }

    /// A replica takes over, that has not heard of the last second.
    pub fn fail_over(&mut self) {
        let known = self.now.saturating_sub(1_000);
        self.words.values_mut().for_each(|words| words.retain(|said| said.at <= known));
        self.hearts.forget_after(known);
    }

    /// A call of an instance, by one of its breakers. True where it was admitted.
    pub fn call(&mut self, number: usize, breaker: usize, succeeds: bool) -> bool {
        self.all[number].set_clock(self.now);
        let breaker = &self.all[number].breakers[breaker];
        breaker.try_acquire().is_ok_and(|permit| {
            if succeeds {
                permit.success()
            } else {
                permit.failure()
            };
            true
        })
    }

    /// A millisecond passes.
    pub fn step(&mut self) {
        self.now += 1;
        if let Some(leases) = &self.leases {
            leases.advance(Duration::from_millis(1));
        }
        for (to, letter) in self.letters.remove(&self.now).unwrap_or_default() {
            match letter {
                Letter::Said(said) => {
                    let news = news(&said, self.now);
                    self.tell(to, |it, now| it.hear(&news, now).expect("a report"));
                }
                Letter::Alive(count) => self.tell(to, |it, now| it.meet(count, now)),
            }
        }
        // The tasks do not look all at once.
        for number in 0..self.all.len() {
            let is_awake = self.all[number].awake <= self.now;
            if is_awake && (self.now + number as u64).is_multiple_of(LOOKS) {
                self.look(number);
            }
        }
    }

    /// One of them hears something, or all that listen.
    fn tell(&mut self, to: Option<usize>, hears: impl Fn(&mut Member, Duration)) {
        let readers = to.map_or(0..self.listeners, |to| to..to + 1);
        for reader in self.all[readers].iter_mut().filter(|it| !it.is_deaf) {
            reader.set_clock(self.now);
            let now = reader.now();
            hears(&mut reader.member, now);
        }
    }

    /// An instance's task does its part.
    fn look(&mut self, number: usize) {
        let instance = &mut self.all[number];
        instance.set_clock(self.now);
        if let Some(leases) = &self.leases
            && (self.now + number as u64).is_multiple_of(TURNS)
        {
            instance.ask(leases);
        }
        if number < self.listeners && !instance.is_deaf {
            instance.heed();
        }
        let (is_to_beat, report) = (instance.beats(), instance.report());
        if is_to_beat {
            self.beat(number);
        }
        let instance = &self.all[number];
        let Some(report) = report else { return };
        let instance = instance.name.clone();
        let said = Said { from: number, at: self.now, bytes: report.encode(), instance };
        let said = Rc::new(said);
        let words = self.words.entry(said.instance.clone()).or_default();
        words.push(said.clone());
        // So many as a failover may lose.
        words.drain(..words.len().saturating_sub(16));
        self.send(number, &said);
        self.record.iter_mut().for_each(|record| record.push(said.clone()));
    }

    /// An instance tells the store that it is alive, and asks who else is.
    fn beat(&mut self, number: usize) {
        let Net { delay, lost, halves, mute, deaf, .. } = self.net;
        self.beaten.iter_mut().for_each(|beaten| beaten.push((number, self.now)));
        if mute == Some(number) || self.dice.percent(lost) {
            return;
        }
        let Instance { name, member, .. } = &self.all[number];
        let (group, lives) = (member.config().own_group(), member.config().lives());
        self.hearts.beat(number, name, group, self.now);
        if number >= self.listeners || deaf == Some(number) || self.dice.percent(lost) {
            return;
        }
        let half = self.all.len() / 2;
        let is_heard = |other: usize| !halves || (other < half) == (number < half);
        let since = self.now.saturating_sub(u64::try_from(lives.as_millis()).unwrap_or(u64::MAX));
        let alive = self.hearts.count(group, since, is_heard);
        let at = self.now + delay.0 + self.dice.below(delay.1 - delay.0 + 1);
        self.letters.entry(at).or_default().push((Some(number), Letter::Alive(alive)));
    }

    fn send(&mut self, from: usize, said: &Rc<Said>) {
        let Net { delay, lost, twice, halves, mute, deaf } = self.net;
        let letter = Letter::Said(said.clone());
        if self.net.is_good() {
            let letters = self.letters.entry(self.now + delay.0).or_default();
            return letters.push((None, letter));
        }
        let half = self.all.len() / 2;
        for to in 0..self.listeners {
            let is_cut = halves && (from < half) != (to < half);
            if is_cut || mute == Some(from) || deaf == Some(to) || self.dice.percent(lost) {
                continue;
            }
            for _ in 0..=u64::from(self.dice.percent(twice)) {
                let at = self.now + delay.0 + self.dice.below(delay.1 - delay.0 + 1);
                self.letters.entry(at).or_default().push((Some(to), letter.clone()));
            }
        }
    }

    /// So many milliseconds pass; before each, `act` does something.
    pub fn run(&mut self, millis: u64, mut act: impl FnMut(&mut Self)) {
        for _ in 0..millis {
            act(self);
            self.step();
        }
        self.all.iter().for_each(|it| it.set_clock(self.now));
    }

    /// So many milliseconds pass.
    pub fn rest(&mut self, millis: u64) {
        self.run(millis, |_| ());
    }

    /// What an instance would think if it knew what all others really say, of one breaker.
    #[must_use]
    pub fn truth(&self, number: usize, breaker: usize) -> Opinion {
        let others = self.all.iter().enumerate().filter(|(other, _)| *other != number);
        others.map(|(_, it)| part(it, breaker)).fold(Opinion::default(), sum)
    }

    /// What an instance thinks of one breaker.
    #[must_use]
    pub fn opinion(&self, number: usize, breaker: usize) -> Opinion {
        self.all[number].member.peers().opinion(&self.names[breaker])
    }

    /// How many of those that listen do not hear all others, or think of a breaker something
    /// else than what those really say.
    #[must_use]
    pub fn apart(&self) -> usize {
        let all =
            |breaker| self.all.iter().map(|it| part(it, breaker)).fold(Opinion::default(), sum);
        let all: Vec<_> = (0..self.names.len()).map(all).collect();
        let agrees = |number: &usize| {
            let it = &self.all[*number];
            let is_true = |(breaker, all): (usize, &Opinion)| {
                sum(self.opinion(*number, breaker), part(it, breaker)) == *all
            };
            let hears_all = it.member.peers().alive() as usize + 1 == self.all.len();
            hears_all && all.iter().enumerate().all(is_true)
        };
        self.listeners - (0..self.listeners).filter(agrees).count()
    }

    /// Whether an instance knows that the fleet has seen enough of the first breaker.
    #[must_use]
    pub fn has_seen_enough(&self, number: usize) -> bool {
        let Instance { member, breakers, .. } = &self.all[number];
        let own = Register::of(&breakers[0].reading());
        member.peers().have_seen_enough(&self.names[0], own.as_ref())
    }
}

/// What an instance adds to the opinion of others: two failures at most, as the default is.
fn part(instance: &Instance, breaker: usize) -> Opinion {
    let register = Register::of(&instance.breakers[breaker].reading());
    register.map_or_else(Opinion::default, |it| Opinion {
        instances: u32::from(it.failures > 0),
        failures: u32::from(it.failures.min(2)),
        open: u32::from(matches!(it.state, State::Open | State::HalfOpen)),
    })
}

fn sum(one: Opinion, other: Opinion) -> Opinion {
    Opinion {
        instances: one.instances + other.instances,
        failures: one.failures + other.failures,
        open: one.open + other.open,
    }
}

fn news(said: &Said, now: u64) -> News {
    News {
        instance: said.instance.clone(),
        bytes: said.bytes.clone(),
        age: Duration::from_millis(now - said.at),
    }
}
