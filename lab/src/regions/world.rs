//! The regions: workers with a queue, and a clock that all share.

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use fusebox::{Clock, Tick};

use crate::{random::Random, time::Time};

/// So many regions.
pub const REGIONS: usize = 3;
/// A region does so many calls at a time.
const WORKERS: usize = 20;
/// A call takes so long on average, exponentially distributed, in microseconds: so a region
/// does a thousand calls a second.
const MEAN: f64 = 20_000.0;
/// Its callers wait so long.
const TIMEOUT: Time = Time::secs(1);
/// A region that is dead refuses a connection so soon.
const REFUSES: Time = Time::millis(1);

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// A worker of a region ends an attempt, if the region has not died since it began.
    Served {
        region: usize,
        lives: u32,
        attempt: usize,
    },
    /// The caller of an attempt gives up.
    GivenUp(usize),
    /// A dead region refuses an attempt.
    Refused(usize),
    /// A caller of this group calls.
    Call(usize),
    Dies,
    Back,
}

#[derive(Debug, Default)]
struct Region {
    dead: bool,
    /// How often it has died.
    lives: u32,
    busy: Vec<usize>,
    queue: VecDeque<usize>,
}

/// An attempt of a call at a region.
#[derive(Debug, Clone, Copy)]
struct State {
    call: usize,
    region: usize,
    answered: Option<bool>,
}

/// All that is outside of the callers.
#[derive(Debug)]
pub struct Outside {
    now: Cell<Time>,
    inside: RefCell<Inside>,
}

#[derive(Debug)]
struct Inside {
    events: BinaryHeap<Reverse<(Time, u64, What)>>,
    sequence: u64,
    regions: [Region; REGIONS],
    attempts: Vec<State>,
    random: Random,
    /// For each region and second: attempts that ended there, and those that were answered.
    seconds: [Vec<(u32, u32)>; REGIONS],
}

/// The clock of the callers' breakers.
impl Clock for &Outside {
    fn now(&self) -> Tick {
        Tick::from_millis(self.now.get().as_millis())
    }

    fn elapsed(&self) -> Duration {
        self.now.get().into()
    }
}

impl Outside {
    /// In which nothing is under way.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            now: Cell::new(Time::ZERO),
            inside: RefCell::new(Inside {
                events: BinaryHeap::new(),
                sequence: 0,
                regions: Default::default(),
                attempts: Vec::new(),
                random: Random::new(seed, 1),
                seconds: Default::default(),
            }),
        }
    }

    pub(super) fn at(&self, at: Time, what: What) {
        self.inside.borrow_mut().at(at, what);
    }

    /// Goes on to what happens next, and says what that is; `None` at the end.
    pub(super) fn next(&self) -> Option<What> {
        let Reverse((at, _, what)) = self.inside.borrow_mut().events.pop()?;
        self.now.set(at);
        Some(what)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now.get()
    }

    /// An attempt ends, if it has not: the call that goes on.
    pub(super) fn end(&self, attempt: usize, answered: bool) -> Option<usize> {
        let mut inside = self.inside.borrow_mut();
        inside.end(attempt, answered, self.now())
    }

    /// A worker is done: the call that goes on.
    pub(super) fn served(&self, region: usize, lives: u32, attempt: usize) -> Option<usize> {
        let mut inside = self.inside.borrow_mut();
        if inside.regions[region].lives != lives {
            return None;
        }
        let busy = &mut inside.regions[region].busy;
        let place = busy.iter().position(|it| *it == attempt)?;
        busy.swap_remove(place);
        if let Some(next) = inside.regions[region].queue.pop_front() {
            inside.begin(region, next, self.now());
        }
        inside.end(attempt, true, self.now())
    }

    /// A region dies, and all that it has under way is lost: the calls that go on.
    pub(super) fn die(&self, region: usize) -> Vec<usize> {
        let mut inside = self.inside.borrow_mut();
        let it = &mut inside.regions[region];
        (it.dead, it.lives) = (true, it.lives + 1);
        let lost: Vec<_> = it.busy.drain(..).chain(it.queue.drain(..)).collect();
        lost.into_iter().filter_map(|attempt| inside.end(attempt, false, self.now())).collect()
    }

    pub(super) fn come_back(&self, region: usize) {
        self.inside.borrow_mut().regions[region].dead = false;
    }

    /// Of each second, how many attempts ended at a region, and how many were answered.
    pub(super) fn seconds(&self, region: usize) -> Vec<(u32, u32)> {
        self.inside.borrow().seconds[region].clone()
    }
}

impl Inside {
    fn at(&mut self, at: Time, what: What) {
        self.sequence += 1;
        self.events.push(Reverse((at, self.sequence, what)));
    }

    fn arrive(&mut self, region: usize, call: usize, now: Time) -> usize {
        let attempt = self.attempts.len();
        self.attempts.push(State { call, region, answered: None });
        if self.regions[region].dead {
            self.at(now + REFUSES, What::Refused(attempt));
            return attempt;
        }
        self.at(now + TIMEOUT, What::GivenUp(attempt));
        if self.regions[region].busy.len() < WORKERS {
            self.begin(region, attempt, now);
        } else {
            self.regions[region].queue.push_back(attempt);
        }
        attempt
    }

    /// A worker takes an attempt, though its caller may have given up: it does not know.
    fn begin(&mut self, region: usize, attempt: usize, now: Time) {
        let lives = self.regions[region].lives;
        self.regions[region].busy.push(attempt);
        let takes = Time::from_secs_f64(self.random.exponential(MEAN) / 1e6) + Time::micros(1);
        self.at(now + takes, What::Served { region, lives, attempt });
    }

    fn end(&mut self, attempt: usize, answered: bool, now: Time) -> Option<usize> {
        let State { call, region, answered: before } = self.attempts[attempt];
        if before.is_some() {
            return None;
        }
        self.attempts[attempt].answered = Some(answered);
        let second = usize::try_from(now.as_micros() / 1_000_000).unwrap_or(usize::MAX);
        let seconds = &mut self.seconds[region];
        if seconds.len() <= second {
            seconds.resize(second + 1, (0, 0));
        }
        seconds[second].0 += 1;
        seconds[second].1 += u32::from(answered);
        Some(call)
    }
}

/// A call is made at a region: pending until it is answered, refused, or given up.
#[derive(Debug)]
pub struct Attempt<'w> {
    outside: &'w Outside,
    region: usize,
    call: usize,
    /// Its number, once it has been made.
    made: Option<usize>,
}

impl<'w> Attempt<'w> {
    /// One of this call.
    #[must_use]
    pub const fn new(outside: &'w Outside, region: usize, call: usize) -> Self {
        Self { outside, region, call, made: None }
    }
}

impl Future for Attempt<'_> {
    type Output = Result<(), ()>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let mut inside = self.outside.inside.borrow_mut();
        match self.made {
            None => {
                let attempt = inside.arrive(self.region, self.call, self.outside.now());
                drop(inside);
                self.made = Some(attempt);
                Poll::Pending
            }
            Some(attempt) => match inside.attempts[attempt].answered {
                None => Poll::Pending,
                Some(true) => Poll::Ready(Ok(())),
                Some(false) => Poll::Ready(Err(())),
            },
        }
    }
}
