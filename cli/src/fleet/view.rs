//! What all instances of a fleet say, by breaker.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use fusebox::{Name, State};
use fusebox_fleet::{Beat, FleetConfig, News, Opinion, Register, Report};

use crate::{escape::escape, names};

/// What all instances of a fleet say.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Those that are alive, by their names.
    pub instances: Vec<Instance>,
    /// How many others the store remembers.
    pub silent: usize,
    /// How many things in the store are no reports.
    pub garbage: usize,
    /// The breakers that are not well anywhere, by their names.
    pub breakers: Vec<Breaker>,
}

/// What one instance says.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Its name, escaped.
    pub label: String,
    /// Its group, escaped; empty where it has none.
    pub group: String,
    /// How old its last word is.
    pub age: Duration,
    /// Its breakers that are not well.
    pub registers: Vec<Register>,
}

/// What all say of one breaker.
#[derive(Debug, Clone)]
pub struct Breaker {
    /// Its name.
    pub name: Name,
    /// Its name, escaped.
    pub label: String,
    /// On how many instances it is open, and so on.
    pub open: usize,
    /// Likewise.
    pub half_open: usize,
    /// Likewise.
    pub forced: usize,
    /// Likewise.
    pub disabled: usize,
    /// On how many its next failure opens it.
    pub primed: usize,
    /// What all have seen together, each instance's up to the cap.
    pub failures: u32,
    /// The longest time until an instance probes.
    pub left: Option<Duration>,
    /// The groups of instances that say something of it.
    pub groups: Vec<String>,
}

impl View {
    /// Of what the store has: the last words, and who is alive without one.
    #[must_use]
    pub fn of(news: &[News], beats: &[Beat], config: &FleetConfig) -> Self {
        let mut view = Self::default();
        // Two names may look the same once they are cut: the younger word counts.
        let mut alive: HashMap<String, Instance> = HashMap::new();
        let mut silent = BTreeSet::new();
        for it in news {
            let Ok(report) = Report::decode(&it.bytes) else {
                view.garbage += 1;
                continue;
            };
            let label = escape(&it.instance);
            if it.age > config.lives() {
                silent.insert(label);
                continue;
            }
            if alive.get(&label).is_some_and(|other| other.age <= it.age) {
                continue;
            }
            let group = escape(&report.group);
            let mut registers = report.registers;
            let mut seen = BTreeSet::new();
            registers.retain(|it| seen.insert(it.name.as_str().to_owned()));
            for register in &mut registers {
                register.left = register.left.saturating_sub(it.age);
            }
            let name = it.instance.clone();
            alive.insert(label.clone(), Instance { name, label, group, age: it.age, registers });
        }
        // Whoever is well says nothing.
        for it in beats {
            let label = escape(&it.instance);
            if it.age > config.lives() {
                silent.insert(label);
                continue;
            }
            let well = || Instance {
                name: it.instance.clone(),
                label: label.clone(),
                group: escape(&it.group),
                age: it.age,
                registers: Vec::new(),
            };
            let instance = alive.entry(label.clone()).or_insert_with(well);
            instance.age = instance.age.min(it.age);
        }
        view.silent = silent.iter().filter(|it| !alive.contains_key(*it)).count();
        view.instances = alive.into_values().collect();
        view.instances.sort_by(|one, other| one.label.cmp(&other.label));
        view.breakers = breakers(&view.instances, config);
        view
    }

    /// What each instance says of a breaker, where it says something.
    pub fn sayings(&self, name: Name) -> impl Iterator<Item = (&Instance, &Register)> {
        self.instances.iter().filter_map(move |instance| {
            Some((instance, instance.registers.iter().find(|it| it.name == name)?))
        })
    }

    /// How many instances are in each group.
    #[must_use]
    pub fn groups(&self) -> BTreeMap<&str, u32> {
        let mut groups = BTreeMap::new();
        for instance in &self.instances {
            *groups.entry(instance.group.as_str()).or_default() += 1;
        }
        groups
    }
}

impl Breaker {
    /// On how many instances it turns calls away.
    #[must_use]
    pub const fn turned_away(&self) -> usize {
        self.open + self.half_open + self.forced
    }
}

/// Whether an instance's breaker turns calls away.
#[must_use]
pub const fn turns_away(state: State) -> bool {
    matches!(state, State::Open | State::HalfOpen | State::ForcedOpen)
}

fn breakers(instances: &[Instance], config: &FleetConfig) -> Vec<Breaker> {
    let mut alive: HashMap<&str, u32> = HashMap::new();
    let mut said: BTreeMap<&str, Vec<(&str, &Register)>> = BTreeMap::new();
    for instance in instances {
        *alive.entry(&instance.group).or_default() += 1;
        for register in &instance.registers {
            said.entry(register.name.as_str()).or_default().push((&instance.group, register));
        }
    }
    said.into_values().map(|said| breaker(&said, &alive, config)).collect()
}

/// Of at least one saying.
fn breaker(
    said: &[(&str, &Register)],
    alive: &HashMap<&str, u32>,
    config: &FleetConfig,
) -> Breaker {
    let count = |state| said.iter().filter(|(_, it)| it.state == state).count();
    let groups: BTreeSet<&str> = said.iter().map(|(group, _)| *group).collect();
    let (mut failures, mut primed) = (0, 0);
    for group in &groups {
        let own: Vec<_> = said.iter().filter(|it| it.0 == *group).map(|it| it.1).collect();
        let seen = own.iter().map(|it| config.capped(it.failures));
        let opinion = Opinion {
            instances: count_of(seen.clone().filter(|it| *it > 0).count()),
            failures: seen.sum(),
            open: 0,
        };
        failures += opinion.failures;
        let alive = alive.get(group).copied().unwrap_or_default();
        if config.have_seen_enough(opinion, alive) {
            let closed = |it: &&&Register| it.state == State::Closed;
            let others = count_of(own.len());
            primed += alive.saturating_sub(others) as usize + own.iter().filter(closed).count();
        }
    }
    let name = said[0].1.name;
    let waits = said.iter().filter(|(_, it)| it.state == State::Open);
    Breaker {
        name,
        label: names::label(Some(name)),
        open: count(State::Open),
        half_open: count(State::HalfOpen),
        forced: count(State::ForcedOpen),
        disabled: count(State::Disabled),
        primed,
        failures,
        left: waits.map(|(_, it)| it.left).max(),
        groups: groups.into_iter().filter(|it| !it.is_empty()).map(String::from).collect(),
    }
}

fn count_of(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(name: &str, state: State, failures: u8, left: u64) -> Register {
        let left = Duration::from_secs(left);
        Register { name: Name::new(name), state, generation: 1, failures, left }
    }

    fn news(instance: &str, group: &str, registers: Vec<Register>, age: u64) -> News {
        let report = Report { beat: 1, group: group.into(), registers };
        let (bytes, age) = (report.encode(), Duration::from_millis(age));
        News { instance: instance.into(), bytes, age }
    }

    #[test]
    fn breakers_are_counted_by_what_is_said_of_them() {
        let open = || register("shop", State::Open, 255, 30);
        let all = [
            news("a", "eu", vec![open()], 500),
            news("b", "eu", vec![register("shop", State::HalfOpen, 255, 0)], 0),
            news("c", "eu", vec![register("shop", State::Closed, 1, 0)], 0),
            news("d", "eu", vec![], 0),
            news("e", "us", vec![register("bank", State::Closed, 1, 0)], 0),
            news("gone", "eu", vec![open()], 3_001),
            News { instance: "noise".into(), bytes: b"noise".to_vec(), age: Duration::ZERO },
        ];
        let config = FleetConfig::new("reader").enough(5).build().unwrap();
        let view = View::of(&all, &[], &config);
        assert_eq!((view.instances.len(), view.silent, view.garbage), (5, 1, 1));
        assert_eq!(view.groups(), BTreeMap::from([("eu", 4), ("us", 1)]));
        let [bank, shop] = &view.breakers[..] else { panic!("{view:?}") };
        assert_eq!((bank.label.as_str(), bank.failures, bank.primed), ("bank", 1, 0));
        assert_eq!((shop.open, shop.half_open, shop.turned_away()), (1, 1, 2));
        // Five failures of three are enough, of four instances: the closed one and the
        // one that says nothing.
        assert_eq!((shop.failures, shop.primed), (5, 2));
        assert_eq!(shop.left, Some(Duration::from_millis(29_500)));
        assert_eq!(shop.groups, ["eu"]);
        assert_eq!(view.sayings(Name::new("shop")).count(), 3);
    }

    /// Those that are well say nothing: the store knows that they are alive.
    #[test]
    fn who_is_alive_is_well_unless_it_says_otherwise() {
        let beat = |instance: &str, age| Beat {
            instance: instance.into(),
            group: "eu".into(),
            age: Duration::from_millis(age),
        };
        let open = vec![register("shop", State::Open, 255, 30)];
        let all = [
            news("a", "eu", open, 800),
            news("well-again", "eu", vec![], 9_000),
            news("gone", "eu", vec![], 9_000),
            news("long-gone", "eu", vec![], 90_000),
        ];
        let beats = [beat("a", 300), beat("well-again", 0), beat("b", 3_000), beat("gone", 3_001)];
        let view = View::of(&all, &beats, &FleetConfig::new("reader").build().unwrap());
        let seen: Vec<_> = view
            .instances
            .iter()
            .map(|it| (it.name.as_str(), it.age.as_millis(), it.registers.len()))
            .collect();
        assert_eq!(seen, [("a", 300, 1), ("b", 3_000, 0), ("well-again", 0, 0)]);
        assert_eq!((view.silent, view.groups()["eu"]), (2, 3));
    }

    #[test]
    fn of_nothing_there_is_nothing() {
        let view = View::of(&[], &[], &FleetConfig::new("reader").build().unwrap());
        assert!(view.instances.is_empty() && view.breakers.is_empty());
    }
}
