//! One run: a region dies, and comes back.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use fusebox::Priority;

use super::{Caller, Ended, Outside, REGIONS, world::What};
use crate::{random::Random, time::Time};

/// When a region dies, when it is back, and when the run ends.
pub const DIES: Time = Time::secs(20);
/// When it is back.
pub const BACK: Time = Time::secs(80);
/// When the run ends.
pub const ENDS: Time = Time::secs(120);
/// So many processes have one home.
const PROCESSES: usize = 10;
/// A region does so many calls a second.
const CAPACITY: f64 = 1_000.0;

/// The calls of one part of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// All of them.
    pub calls: u64,
    /// Those that were made and not answered.
    pub failed: u64,
    /// Those that were not made.
    pub refused: u64,
}

impl Part {
    fn count(&mut self, ended: Ended) {
        self.calls += 1;
        self.failed += u64::from(ended == Ended::Failed);
        self.refused += u64::from(ended == Ended::Refused);
    }
}

/// Of how many calls each class has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Classes {
    /// All calls are alike.
    One,
    /// A tenth is critical, a half default, a fifth sheddable, a fifth background.
    Four,
}

/// The classes, and the share of calls up to which each reaches.
const FOUR: [(Priority, f64); 4] = [
    (Priority::CRITICAL, 0.1),
    (Priority::DEFAULT, 0.6),
    (Priority::SHEDDABLE, 0.8),
    (Priority::BACKGROUND, 1.0),
];

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    /// All calls.
    pub whole: Part,
    /// Before the region dies; in its first two seconds; for the rest of its time; in the
    /// twenty seconds after; and after that.
    pub parts: [Part; 5],
    /// Of the group whose home dies, while it is dead, by class from critical down.
    pub classes: [Part; 4],
    /// How many of the others fell: in some second, less than half of what was asked of it
    /// was answered.
    pub fell: usize,
    /// For each second, the share of all calls that were answered.
    pub answered: Vec<(u64, u64)>,
}

const fn part_of(at: Time) -> usize {
    let secs = at.as_micros() / 1_000_000;
    match secs {
        0..20 => 0,
        20..22 => 1,
        22..80 => 2,
        80..100 => 3,
        _ => 4,
    }
}

/// A call under way.
struct Going<'w> {
    future: Pin<Box<dyn Future<Output = Ended> + 'w>>,
    begun: Time,
    home: usize,
    class: usize,
}

/// Runs it: each group calls so much, in parts of what a region can do, at times by chance.
/// Region 0 is the one that dies.
pub fn run<'w, C: Caller>(
    outside: &'w Outside,
    callers: &'w [Vec<C>; REGIONS],
    load: f64,
    classes: Classes,
    seed: u64,
) -> Run {
    let mut random = Random::new(seed, 2);
    let mut calls: Vec<Option<Going<'w>>> = Vec::new();
    let mut run = Run::default();
    let mut context = Context::from_waker(Waker::noop());
    let mut go_on = |calls: &mut Vec<Option<Going<'w>>>, call: usize| {
        let Some(going) = &mut calls[call] else { return };
        let _scope = FOUR[going.class].0.enter();
        let Poll::Ready(ended) = going.future.as_mut().poll(&mut context) else { return };
        let Going { begun, home, class, .. } = *going;
        calls[call] = None;
        run.whole.count(ended);
        let part = part_of(begun);
        run.parts[part].count(ended);
        if home == 0 && (part == 1 || part == 2) {
            run.classes[class].count(ended);
        }
        let second = usize::try_from(begun.as_micros() / 1_000_000).unwrap_or(usize::MAX);
        if run.answered.len() <= second {
            run.answered.resize(second + 1, (0, 0));
        }
        run.answered[second].0 += u64::from(ended == Ended::Answered);
        run.answered[second].1 += 1;
    };
    for home in 0..REGIONS {
        outside.at(Time::ZERO, What::Call(home));
    }
    outside.at(DIES, What::Dies);
    outside.at(BACK, What::Back);
    while let Some(what) = outside.next() {
        match what {
            What::Call(home) if outside.now() < ENDS => {
                let between = random.exponential(1.0 / (CAPACITY * load));
                outside.at(outside.now() + Time::from_secs_f64(between), What::Call(home));
                let share = random.share();
                let class = match classes {
                    Classes::One => 1,
                    Classes::Four => FOUR.iter().position(|it| share < it.1).unwrap_or(3),
                };
                let call = calls.len();
                let future = callers[home][random.below(PROCESSES)].call(outside, call);
                calls.push(Some(Going { future, begun: outside.now(), home, class }));
                go_on(&mut calls, call);
            }
            What::Call(_) => {}
            What::Served { region, lives, attempt } => {
                if let Some(call) = outside.served(region, lives, attempt) {
                    go_on(&mut calls, call);
                }
            }
            What::GivenUp(attempt) | What::Refused(attempt) => {
                if let Some(call) = outside.end(attempt, false) {
                    go_on(&mut calls, call);
                }
            }
            What::Dies => {
                for call in outside.die(0) {
                    go_on(&mut calls, call);
                }
            }
            What::Back => outside.come_back(0),
        }
    }
    let falls =
        |region| outside.seconds(region).iter().any(|(all, good)| *all > 20 && good * 2 < *all);
    run.fell = (1..REGIONS).filter(|region| falls(*region)).count();
    run
}

impl Run {
    /// So many processes of each home.
    pub fn processes<C>(make: impl Fn(usize) -> C) -> [Vec<C>; REGIONS] {
        std::array::from_fn(|home| (0..PROCESSES).map(|_| make(home)).collect())
    }
}
