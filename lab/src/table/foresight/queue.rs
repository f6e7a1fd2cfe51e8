//! A service of ten workers and one line, whose load or whose calls grow until it has too
//! much to do.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::rules::Rule;
use crate::{limits::Micros, random::Random};

const WORKERS: usize = 10;
/// What a call takes a worker, in microseconds, on average (exponential).
const MICROS: f64 = 50_000.0;
/// So long callers wait, in microseconds; what they gave up on is done even so.
pub(super) const PATIENCE: u64 = 1_000_000;
const SECOND: f64 = 1e6;

/// How the load comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    /// What a table calls it.
    pub name: &'static str,
    /// The calls in parts of what the service can do, at first.
    pub from: f64,
    /// The same when it has grown.
    pub to: f64,
    /// By how much calls take longer then.
    pub slower: f64,
    /// Over so many seconds it grows; 0 is a step.
    pub grows: f64,
}

/// The calm before it, in seconds: what is usual is learned.
const CALM: f64 = 120.0;
/// So many seconds are looked at after it began to grow.
const AFTER: f64 = 120.0;

/// The courses to an overload.
pub const COURSES: [Course; 4] = [
    Course { name: "60 to 130 % in 60 s", from: 0.6, to: 1.3, slower: 1.0, grows: 60.0 },
    Course { name: "60 to 130 % in 20 s", from: 0.6, to: 1.3, slower: 1.0, grows: 20.0 },
    Course { name: "a step from 60 to 115 %", from: 0.6, to: 1.15, slower: 1.0, grows: 0.0 },
    Course {
        name: "75 %, calls slower by half in 60 s",
        from: 0.75,
        to: 0.75,
        slower: 1.5,
        grows: 60.0,
    },
];

impl Course {
    /// How far it has grown at this moment, in seconds.
    fn grown(self, at: f64) -> f64 {
        if at < CALM {
            0.0
        } else if self.grows == 0.0 {
            1.0
        } else {
            ((at - CALM) / self.grows).min(1.0)
        }
    }

    /// The calls in a second.
    fn rate(self, at: f64) -> f64 {
        #[allow(clippy::cast_precision_loss)] // ten
        let whole = WORKERS as f64 * SECOND / MICROS;
        whole * (self.from + (self.to - self.from) * self.grown(at))
    }

    fn micros(self, at: f64) -> f64 {
        MICROS * (1.0 + (self.slower - 1.0) * self.grown(at))
    }
}

/// What a rule made of a course: moments in seconds since it began to grow.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Seen {
    /// When the first caller gave up.
    pub timeout: Option<f64>,
    /// When the rule first cried, from the growth on.
    pub cried: Option<f64>,
    /// How often it cried before.
    pub too_early: u64,
    /// The calls that came.
    pub calls: u64,
}

/// A call's end: when it is, when the call began, which it is, and whether it was answered.
type End = Reverse<(u64, u64, usize, bool)>;

/// What a rule makes of a course.
pub(super) fn meet<R: Rule>(rule: &mut R, clock: &Micros, course: Course, seed: u64) -> Seen {
    run(rule, clock, course, CALM + AFTER, CALM, seed)
}

/// What it makes of a load that stays, for so many seconds after the calm: its cries are
/// counted from there on.
pub(super) fn steady<R: Rule>(
    rule: &mut R,
    clock: &Micros,
    (load, seconds): (f64, f64),
    seed: u64,
) -> Seen {
    let course = Course { name: "steady", from: load, to: load, slower: 1.0, grows: 0.0 };
    run(rule, clock, course, CALM + seconds, f64::INFINITY, seed)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // microseconds of minutes
#[allow(clippy::cast_precision_loss)]
fn run<R: Rule>(
    rule: &mut R,
    clock: &Micros,
    course: Course,
    lasts: f64,
    grows: f64,
    seed: u64,
) -> Seen {
    let (mut arrivals, mut work) = (Random::new(seed, 1), Random::new(seed, 2));
    let (mut free, mut ends) = ([0_u64; WORKERS], BinaryHeap::<End>::new());
    let (mut at, mut found, mut was) = (0.0, Seen::default(), false);
    let mut look = |rule: &R, micros: u64, found: &mut Seen| {
        let (cries, seconds) = (rule.cries(), micros as f64 / SECOND);
        if cries && !was {
            if seconds >= grows {
                found.cried.get_or_insert(seconds - grows);
            } else if seconds >= CALM || grows.is_finite() {
                found.too_early += 1;
            }
        }
        was = cries;
    };
    // The time of the ramp is counted; of a steady load that after the calm.
    while at < lasts {
        at += arrivals.exponential(1.0 / course.rate(at));
        let now = (at * SECOND) as u64;
        while let Some(&Reverse((ended, began, id, answered))) = ends.peek()
            && ended <= now
        {
            ends.pop();
            clock.set(ended);
            if !answered && ended as f64 / SECOND >= grows {
                found.timeout.get_or_insert(ended as f64 / SECOND - grows);
            }
            rule.ended(id, ended - began, answered);
            look(rule, ended, &mut found);
        }
        clock.set(now);
        let id = rule.begins();
        look(rule, now, &mut found);
        if at >= CALM {
            found.calls += 1;
        }
        let worker = (0..WORKERS).min_by_key(|worker| free[*worker]).unwrap_or(0);
        let starts = free[worker].max(now);
        free[worker] = starts + work.exponential(course.micros(at)) as u64;
        let (done, patience) = (free[worker], now + PATIENCE);
        ends.push(Reverse((done.min(patience), now, id, done <= patience)));
    }
    while let Some(Reverse((ended, began, id, answered))) = ends.pop() {
        clock.set(ended);
        rule.ended(id, ended - began, answered);
    }
    found
}
