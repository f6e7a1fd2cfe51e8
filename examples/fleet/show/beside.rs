//! The comparison: callers of one healthy service, as often as they can, while Redis is
//! well, while it is dead, and after it came back.

use std::{thread, time::Duration};

use fusebox::{Clock, PreciseClock, Tick};
use serde::{Deserialize, Serialize};

use crate::show::{
    Failure,
    caller::{Plan, Tally},
    crew::{Crew, Job},
    progress::Progress,
    published::{self, Waits},
    redis::Redis,
    service::Service,
    stopped,
};

/// How the callers' breakers share what they know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// fusebox-fleet.
    Fusebox,
    /// Lock, read, call, write, unlock, as published.
    Published,
    /// The same, and who waits for the lock asks for it every millisecond.
    Eager,
    /// The same, and nobody else wants the lock.
    OneCaller,
}

impl Design {
    pub const ALL: [Self; 4] = [Self::Fusebox, Self::Published, Self::Eager, Self::OneCaller];

    pub fn name(self) -> &'static str {
        match self {
            Self::Fusebox => "fusebox",
            Self::Published => "published",
            Self::Eager => "eager",
            Self::OneCaller => "one caller",
        }
    }

    /// How its callers wait for the lock, where there is one.
    pub fn waits(self) -> Option<Waits> {
        match self {
            Self::Fusebox => None,
            Self::Published | Self::OneCaller => Some(Waits::PUBLISHED),
            Self::Eager => Some(Waits::EAGER),
        }
    }
}

/// What came of one design.
#[derive(Debug, Serialize)]
pub struct Beside {
    pub design: Design,
    pub callers: u16,
    /// Answers a second, of all callers, while all is well.
    pub calls_per_s: f64,
    /// Calls that the service answered while all was well.
    pub made: u64,
    /// Those that the breakers, or the store, have counted.
    pub counted: u64,
    pub well: Answers,
    pub redis_dead: Answers,
    /// Redis is back, and empty.
    pub redis_back: Answers,
}

/// What callers of a healthy service got.
#[derive(Debug, Serialize)]
pub struct Answers {
    pub asked: u64,
    pub errors: u64,
    pub first_error: Option<String>,
}

impl Answers {
    fn of(tallies: &[Tally]) -> Self {
        Self {
            asked: sum(tallies, |it| it.asked),
            errors: sum(tallies, |it| it.errors),
            first_error: tallies.iter().find_map(|it| it.first_error.clone()),
        }
    }

    /// Of 100.
    pub fn percent_of_errors(&self) -> f64 {
        self.errors as f64 * 100.0 / self.asked.max(1) as f64
    }
}

impl Beside {
    pub fn lost(&self) -> u64 {
        self.made.saturating_sub(self.counted)
    }

    pub fn errors(&self) -> usize {
        [&self.well, &self.redis_dead, &self.redis_back].map(|it| it.errors as usize).iter().sum()
    }
}

/// So long in each of the three, in milliseconds.
fn lengths(quick: bool) -> [u64; 3] {
    if quick { [400, 100, 100] } else { [3_000, 700, 700] }
}

pub fn measure(
    design: Design,
    quick: bool,
    processes: u16,
    redis: &mut Redis,
) -> Result<Beside, Failure> {
    let callers = if design == Design::OneCaller { 1 } else { processes };
    let [well, dead, back] = lengths(quick);
    let progress = Progress::new(design.name(), well + dead + back);
    let service = Service::start()?;
    let plan = |number| Plan {
        number,
        processes: callers,
        port: service.port,
        redis: redis.url.clone(),
        design,
    };
    let mut crew = Crew::begin((0..callers).map(|number| Job::Caller(plan(number))))?;

    let mut step = |from, length, said: &str| call_for(&mut crew, from, length, said, &progress);
    let all_well = step(0, well, "all is well")?;
    let counted = match design {
        Design::Fusebox => sum(&all_well, |it| it.counted),
        _ => published::counted(&mut redis.connect()?, design.name())?,
    };
    // Between two calls of each caller, and never while one waits for the lock: there it
    // would go on waiting for seconds.
    redis.kill()?;
    let while_dead = step(well, dead, "Redis is dead")?;
    redis.revive()?;
    let after = step(well + dead, back, "Redis is back")?;
    progress.finish();
    Ok(Beside {
        design,
        callers,
        calls_per_s: sum(&all_well, |it| it.in_time) as f64 * 1_000.0 / well as f64,
        made: sum(&all_well, |it| it.made),
        counted,
        well: Answers::of(&all_well),
        redis_dead: Answers::of(&while_dead),
        redis_back: Answers::of(&after),
    })
}

/// All callers call for a while.
fn call_for(
    crew: &mut Crew,
    from: u64,
    length: u64,
    said: &str,
    progress: &Progress,
) -> Result<Vec<Tally>, Failure> {
    let start = PreciseClock.now();
    let until = Tick::from_millis(start.as_millis() + length);
    crew.tell(&until.as_millis().to_string())?;
    while PreciseClock.now() < until && !stopped() {
        let now = PreciseClock.now().since(start).as_millis() as u64;
        progress.at(from + now, said);
        thread::sleep(Duration::from_millis(10));
    }
    if stopped() {
        return Err("interrupted".into());
    }
    crew.answers()
}

fn sum(tallies: &[Tally], of: impl Fn(&Tally) -> u64) -> u64 {
    tallies.iter().map(of).sum()
}
