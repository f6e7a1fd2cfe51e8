//! A world in virtual time: instances with their own clocks, real breakers and real
//! members, and between them a store and a network that lose, delay and repeat. What
//! happens follows from a seed alone.
#![allow(dead_code, unreachable_pub)] // Each test uses a part of it.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
    time::Duration,
};

use fusebox::{
    BreakerConfig, BreakerSettings, CircuitBreaker, DefaultObserver, ManualClock, Name, State, Tick,
};
use fusebox_fleet::{FleetConfig, Member, News, Opinion, Register};

pub type Breaker = CircuitBreaker<&'static ManualClock>;

/// Five failures in a row open, for a minute.
pub const FIVE: BreakerSettings = BreakerConfig::new().failure_threshold(5).build();
/// A heartbeat, in milliseconds.
pub const BEAT: u64 = 1_000;
/// An instance's task looks so often for news, in milliseconds.
const LOOKS: u64 = 10;

/// Each has begun so long ago that its clock can step back, in milliseconds.
const LONG: u64 = 1 << 32;

/// Numbers that look random.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// What the network does to each message on its way from the store to one reader.
#[derive(Debug, Clone, Copy)]
pub struct Net {
    /// From so many milliseconds to so many: where they differ, messages pass each other.
    pub delay: (u64, u64),
    pub lost: u64,
    pub twice: u64,
    /// The halves of the fleet do not hear each other.
    pub halves: bool,
    /// Nobody hears this one, but it hears all.
    pub mute: Option<usize>,
    /// This one hears nobody, but all hear it.
    pub deaf: Option<usize>,
}

impl Net {
    pub const fn good(delay: u64) -> Self {
        Self { delay: (delay, delay), lost: 0, twice: 0, halves: false, mute: None, deaf: None }
    }
}

struct Said {
    instance: String,
    at: u64,
    bytes: Vec<u8>,
}

/// What somebody said, on its way to one, or to all.
type Letter = (Option<usize>, Rc<Said>);

pub struct Instance {
    pub name: String,
    pub member: Member,
    pub breakers: Vec<Breaker>,
    pub clock: &'static ManualClock,
    /// Its clock is so far ahead of the world's.
    ahead: u64,
    /// Its clock's time when it began.
    began: u64,
    /// Its task begins then, by the world's time.
    awake: u64,
}

impl Instance {
    fn now(&self) -> Duration {
        use fusebox::Clock;
        Duration::from_millis(self.clock.now().as_millis() + LONG - self.began)
    }

    pub fn is_open(&self) -> bool {
        self.breakers[0].state() == State::Open
    }
}

pub struct World {
    pub now: u64,
    pub net: Net,
    pub dice: Dice,
    pub all: Vec<Instance>,
    /// Only the first so many hear the others; all speak.
    pub listeners: usize,
    names: Vec<String>,
    settings: BreakerSettings,
    letters: BTreeMap<u64, Vec<Letter>>,
    /// The last words of each instance, the newest last.
    words: HashMap<String, Vec<Rc<Said>>>,
}

fn config(name: &str) -> FleetConfig {
    FleetConfig::new(name).build().unwrap()
}

impl World {
    /// So many instances, each with these breakers.
    pub fn new(count: usize, names: &[&str], seed: u64) -> Self {
        Self::with(count, names, seed, FIVE, config)
    }

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
            names: names.iter().map(|&name| name.into()).collect(),
            settings,
            letters: BTreeMap::new(),
            words: HashMap::new(),
        };
        for number in 0..count {
            let ahead = LONG + world.dice.below(LONG);
            let mut instance = world.instance(&config(&format!("host-{number}")), ahead);
            instance.awake = world.dice.below(BEAT);
            world.all.push(instance);
        }
        world
    }

    fn instance(&self, config: &FleetConfig, ahead: u64) -> Instance {
        let clock: &_ = Box::leak(Box::new(ManualClock::new()));
        let began = self.now + ahead;
        clock.set(Tick::from_millis(began));
        let breaker = |name: &String| {
            Breaker::with(Some(Name::new(name)), self.settings, clock, DefaultObserver)
        };
        Instance {
            name: config.instance().into(),
            member: Member::new(config.clone()),
            breakers: self.names.iter().map(breaker).collect(),
            clock,
            ahead,
            began,
            awake: self.now,
        }
    }

    /// A process ends, and another begins in its place. Where it may, it reads the store.
    pub fn restart(&mut self, number: usize, with_store: bool) {
        let config = self.all[number].member.config().clone();
        // The host began anew as well: its clock says something else.
        let ahead = LONG + self.dice.below(LONG);
        let mut instance = self.instance(&config, ahead);
        for said in self.words.values().filter_map(|words| words.last()).filter(|_| with_store) {
            let (news, now) = (news(said, self.now), instance.now());
            if said.instance == instance.name {
                instance.member.resume(&instance.breakers, &news).unwrap();
            }
            instance.member.hear(&news, now).unwrap();
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
    }

    /// A replica takes over, that has not heard of the last second.
    pub fn fail_over(&mut self) {
        let known = self.now.saturating_sub(1_000);
        self.words.values_mut().for_each(|words| words.retain(|said| said.at <= known));
    }

    /// A call of an instance, by one of its breakers. True where it was admitted.
    pub fn call(&mut self, number: usize, breaker: usize, succeeds: bool) -> bool {
        self.set_clock(number);
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

    fn set_clock(&self, number: usize) {
        let Instance { clock, ahead, .. } = self.all[number];
        clock.set(Tick::from_millis(self.now + ahead));
    }

    /// A millisecond passes.
    pub fn step(&mut self) {
        self.now += 1;
        for (to, said) in self.letters.remove(&self.now).unwrap_or_default() {
            let news = news(&said, self.now);
            let readers = to.map_or(0..self.listeners, |to| to..to + 1);
            for reader in readers {
                self.set_clock(reader);
                let reader = &mut self.all[reader];
                reader.member.hear(&news, reader.now()).unwrap();
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

    /// An instance's task does its part.
    fn look(&mut self, number: usize) {
        self.set_clock(number);
        let now = self.all[number].now();
        let Instance { member, breakers, name, .. } = &mut self.all[number];
        if number < self.listeners {
            member.heed(&*breakers, now);
        }
        let Some(report) = member.report(breakers.iter().map(Breaker::reading), now) else {
            return;
        };
        let said = Rc::new(Said { instance: name.clone(), at: self.now, bytes: report.encode() });
        let words = self.words.entry(name.clone()).or_default();
        words.push(said.clone());
        // So many as a failover may lose.
        words.drain(..words.len().saturating_sub(16));
        self.send(number, &said);
    }

    fn send(&mut self, from: usize, said: &Rc<Said>) {
        let Net { delay, lost, twice, halves, mute, deaf } = self.net;
        let is_plain = delay.0 == delay.1 && lost == 0 && twice == 0 && !halves;
        if is_plain && mute.is_none() && deaf.is_none() {
            let letters = self.letters.entry(self.now + delay.0).or_default();
            return letters.push((None, said.clone()));
        }
        let half = self.all.len() / 2;
        for to in 0..self.listeners {
            let is_cut = halves && (from < half) != (to < half);
            if is_cut || mute == Some(from) || deaf == Some(to) || self.dice.percent(lost) {
                continue;
            }
            for _ in 0..=u64::from(self.dice.percent(twice)) {
                let at = self.now + delay.0 + self.dice.below(delay.1 - delay.0 + 1);
                self.letters.entry(at).or_default().push((Some(to), said.clone()));
            }
        }
    }

    /// So many milliseconds pass; before each, `act` does something.
    pub fn run(&mut self, millis: u64, mut act: impl FnMut(&mut Self)) {
        for _ in 0..millis {
            act(self);
            self.step();
        }
        (0..self.all.len()).for_each(|number| self.set_clock(number));
    }

    pub fn rest(&mut self, millis: u64) {
        self.run(millis, |_| ());
    }

    /// What an instance would think if it knew what all others really say, of one breaker.
    pub fn truth(&self, number: usize, breaker: usize) -> Opinion {
        let others = self.all.iter().enumerate().filter(|(other, _)| *other != number);
        let registers = others.filter_map(|(_, it)| Register::of(&it.breakers[breaker].reading()));
        registers.fold(Opinion::default(), |sum, it| Opinion {
            instances: sum.instances + u32::from(it.failures > 0),
            failures: sum.failures + u32::from(it.failures.min(2)),
            open: sum.open + u32::from(matches!(it.state, State::Open | State::HalfOpen)),
        })
    }

    pub fn opinion(&self, number: usize, breaker: usize) -> Opinion {
        self.all[number].member.peers().opinion(&Name::new(&self.names[breaker]))
    }

    pub fn has_seen_enough(&self, number: usize) -> bool {
        let Instance { member, breakers, .. } = &self.all[number];
        let own = Register::of(&breakers[0].reading());
        member.peers().have_seen_enough(&Name::new(&self.names[0]), own.as_ref())
    }
}

fn news(said: &Said, now: u64) -> News {
    News {
        instance: said.instance.clone(),
        bytes: said.bytes.clone(),
        age: Duration::from_millis(now - said.at),
    }
}
