//! A server that is asked for more than it can do: what each guard makes of the load.

use fusebox::{
    AdaptiveConfig, AdaptiveLimit, Bulkhead, DefaultObserver, Intake, IntakeConfig, Priority,
};

use crate::{
    intake::{
        Bounded, Came, Codel, Dagor, End, Guard, Limited, Load, Ours, Server, Unguarded, Work,
    },
    limits::Micros,
    plot::{Line, Plot},
    table::{Table, share},
};

/// A guard of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// None.
    Unguarded,
    /// A bounded queue: fusebox's bulkhead.
    Bounded,
    /// Meta's controlled delay.
    Codel,
    /// DAGOR, of `WeChat`.
    Dagor,
    /// The same, when it has had a minute of the overload.
    DagorLater,
    /// fusebox's adaptive limit.
    Adaptive,
    /// fusebox's intake, that hears of answers alone.
    OursByAnswers,
    /// fusebox's intake.
    Ours,
}

const WORKERS: usize = 16;
/// What a call takes a worker on average, and the longest wait of the intake, which is the
/// one that its docs advise.
const MICROS: u64 = 10_000;
/// So many calls in line and at work are as long a wait, of a bounded queue.
const BOUND: u32 = 2 * 16;
/// The share of each level.
const MIX: [f64; 4] = [0.2, 0.3, 0.3, 0.2];
/// The calls in parts of what the server can do.
pub const LOADS: [f64; 7] = [0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 10.0];
/// So long callers wait for an answer, in microseconds: as in DAGOR's trials.
const PATIENCE: u64 = 500_000;
/// So long half of the load comes, and then all of it, in microseconds.
const CALM: u64 = 2_000_000;
const OVERLOAD: u64 = 10_000_000;
const MINUTE: u64 = 60_000_000;
/// What counts as settled is looked at in steps of this.
const STEP: u64 = 200_000;
/// So many seeds; figures are of all their calls together.
pub const SEEDS: u64 = 5;

impl Rule {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Unguarded,
        Self::Bounded,
        Self::Codel,
        Self::Dagor,
        Self::DagorLater,
        Self::Adaptive,
        Self::OursByAnswers,
        Self::Ours,
    ];

    /// What a table calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unguarded => "no guard",
            Self::Bounded => "a bounded queue (bulkhead)",
            Self::Codel => "CoDel (folly)",
            Self::Dagor => "DAGOR",
            Self::DagorLater => "DAGOR, after a minute",
            Self::Adaptive => "fusebox, adaptive limit",
            Self::OursByAnswers => "fusebox, intake, answers alone",
            Self::Ours => "fusebox, intake",
        }
    }

    /// The calls of one seed, at this load after half of the usual one.
    fn calls(self, work: Work, load: f64, seed: u64) -> Vec<Came> {
        let clock = Micros::default();
        let of = (&clock, work, load, seed);
        let workers = u32::try_from(WORKERS).unwrap_or(u32::MAX);
        let wait = core::time::Duration::from_micros(MICROS);
        let settings = IntakeConfig::new().workers(workers).max_wait(wait).build();
        match self {
            Self::Unguarded => run(Unguarded, of),
            Self::Bounded => run(Bounded::new(&Bulkhead::new(BOUND)), of),
            Self::Codel => run(Codel::default(), of),
            Self::Dagor => run(Dagor::default(), of),
            Self::DagorLater => later(run_for(MINUTE + OVERLOAD, Dagor::default(), of)),
            Self::Adaptive => {
                let settings = AdaptiveConfig::new().build();
                let limit = AdaptiveLimit::with(None, settings, &clock, DefaultObserver);
                run(Limited::new(&limit), of)
            }
            Self::OursByAnswers | Self::Ours => {
                let intake = Intake::with(None, settings, &clock, DefaultObserver);
                run(Ours::new(&intake, self == Self::Ours), of)
            }
        }
    }
}

type Of<'c> = (&'c Micros, Work, f64, u64);

fn run<G: Guard>(guard: G, of: Of<'_>) -> Vec<Came> {
    run_for(OVERLOAD, guard, of)
}

fn run_for<G: Guard>(lasts: u64, guard: G, (clock, work, load, seed): Of<'_>) -> Vec<Came> {
    #[allow(clippy::cast_precision_loss)] // a small number
    let demand = Load { workers: WORKERS, micros: MICROS as f64, work, mix: MIX };
    let mut server = Server::new(guard, clock, demand, seed);
    server.run(CALM, 0.5);
    server.run(lasts, load);
    server.all()
}

/// As if the first minute had not been.
fn later(calls: Vec<Came>) -> Vec<Came> {
    let calls = calls.into_iter().filter(|call| call.at >= MINUTE);
    calls.map(|call| Came { at: call.at - MINUTE, ..call }).collect()
}

/// What became of the calls of an overload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// The calls that were answered in time, in parts of what the server can do, or of the
    /// calls where they were fewer.
    pub goodput: f64,
    /// The 99th percentile of the times of calls that were answered, in parts of the one
    /// at half of the load and without a guard.
    pub p99: f64,
    /// The shares of calls of each level that were answered in time.
    pub kept: [f64; 4],
    /// When goodput and p99 were as they should be, from then on, in seconds after the
    /// load has stepped; `None` where they never were.
    pub settled: Option<f64>,
}

/// What should be, of [`Figures`]: the goodput, the p99, and when at the latest.
pub const GOALS: (f64, f64, f64) = (0.9, 2.0, 1.0);
/// And the share of critical calls at twice the load.
pub const CRITICAL: f64 = 0.99;

/// What a guard makes of a load.
#[must_use]
pub fn measure(rule: Rule, work: Work, load: f64) -> Figures {
    let usual = percentile(&mut times(Rule::Unguarded, work, 0.5, CALM));
    let calls: Vec<_> = (1..=SEEDS).flat_map(|seed| rule.calls(work, load, seed)).collect();
    // The calls at the end have had no time.
    let late = CALM + OVERLOAD - PATIENCE;
    let after = |from: u64, to: u64| calls.iter().filter(move |it| it.at >= from && it.at < to);
    let in_time = |it: &&Came| matches!(it.end, Some(End::Answered(after)) if after <= PATIENCE);
    let goodput = |from: u64, to: u64| {
        // By when the answer was there.
        let done = calls.iter().filter(|it| match it.end {
            Some(End::Answered(after)) if after <= PATIENCE => {
                (from..to).contains(&(it.at + after))
            }
            _ => false,
        });
        #[allow(clippy::cast_precision_loss)] // counts of calls
        let capacity =
            WORKERS as f64 * (to - from) as f64 / MICROS as f64 * load.min(1.0) * SEEDS as f64;
        #[allow(clippy::cast_precision_loss)] // a count of calls
        let done = done.count() as f64;
        done / capacity
    };
    let p99 = |from: u64, to: u64| {
        let mut times: Vec<_> = after(from, to).filter_map(answered).collect();
        percentile(&mut times) / usual
    };
    let is_well =
        |from: u64| goodput(from, from + STEP) >= GOALS.0 && p99(from, from + STEP) <= GOALS.1;
    let steps = (CALM..late).step_by(usize::try_from(STEP).unwrap_or(1));
    let last_bad = steps.filter(|from| from + STEP <= late && !is_well(*from)).last();
    let settled = last_bad.map_or(0, |from| from + STEP - CALM);
    #[allow(clippy::cast_precision_loss)] // a small number
    let settled = (CALM + settled + STEP <= late).then_some(settled as f64 / 1e6);
    let kept = [0, 1, 2, 3].map(|level| {
        let came = after(CALM + 1_000_000, late).filter(|it| it.level == level);
        let kept = came.clone().filter(in_time).count();
        crate::table::ratio(kept as u64, came.count() as u64)
    });
    let from = CALM + 1_000_000;
    Figures { goodput: goodput(from, late), p99: p99(from, late), kept, settled }
}

const fn answered(call: &Came) -> Option<u64> {
    match call.end {
        Some(End::Answered(after)) => Some(after),
        _ => None,
    }
}

/// The times of the calls that came from then on, and were answered.
fn times(rule: Rule, work: Work, load: f64, from: u64) -> Vec<u64> {
    let calls = (1..=SEEDS).flat_map(|seed| rule.calls(work, load, seed));
    calls.filter(|it| it.at >= from).filter_map(|it| answered(&it)).collect()
}

/// The 99th, in microseconds; endless where nothing was answered.
#[allow(clippy::cast_precision_loss)] // times of some seconds
fn percentile(times: &mut [u64]) -> f64 {
    if times.is_empty() {
        return f64::INFINITY;
    }
    let at = times.len() * 99 / 100;
    *times.select_nth_unstable(at).1 as f64
}

/// The goodput of each guard at each load, for calls of exponentially distributed times.
#[must_use]
pub fn goodputs() -> Vec<(Rule, [f64; LOADS.len()])> {
    let of = |rule: Rule| LOADS.map(|load| measure(rule, Work::Exponential, load).goodput);
    Rule::ALL.map(|rule| (rule, of(rule))).to_vec()
}

/// The table of goodputs.
#[must_use]
pub fn by_load(goodputs: &[(Rule, [f64; LOADS.len()])]) -> Table {
    let head = LOADS.map(|load| format!("× {load}"));
    let mut table = Table::new(["guard".to_owned()].into_iter().chain(head));
    for (rule, goodputs) in goodputs {
        let cells = goodputs.map(share);
        table.row([rule.name().to_owned()].into_iter().chain(cells));
    }
    table
}

/// The table at twice and at four times the load.
#[must_use]
pub fn by_work() -> Table {
    let mut table = Table::new([
        "calls, guard",
        "goodput × 2, × 4",
        "p99 × 2, × 4",
        "settled after, × 2, × 4",
        "critical kept × 2, × 4",
        "default, sheddable, background kept × 2",
    ]);
    for work in Work::ALL {
        for rule in Rule::ALL {
            let at = [2.0, 4.0].map(|load| measure(rule, work, load));
            let both = |of: &dyn Fn(&Figures) -> String| at.each_ref().map(of).join(", ");
            let rest = &at[0].kept[1..];
            table.row([
                format!("{}, {}", work.name(), rule.name()),
                both(&|it| share(it.goodput)),
                both(&|it| if it.p99.is_finite() { format!("{:.1}", it.p99) } else { "-".into() }),
                both(&|it| it.settled.map_or("never".into(), |secs| format!("{secs:.1} s"))),
                both(&|it| share(it.kept[0])),
                rest.iter().map(|it| share(*it)).collect::<Vec<_>>().join(", "),
            ]);
        }
    }
    table
}

/// Goodput against load.
#[must_use]
pub fn plot(goodputs: &[(Rule, [f64; LOADS.len()])]) -> Plot {
    let line = |(rule, goodputs): &(Rule, [f64; LOADS.len()])| Line {
        name: rule.name().into(),
        points: LOADS
            .iter()
            .zip(goodputs)
            .map(|(load, goodput)| (*load, 100.0 * goodput * load.min(1.0)))
            .collect(),
        dots: false,
    };
    Plot {
        title: "Answers in time, as the load grows".into(),
        x: "load, in parts of what the server can do".into(),
        y: "percent of what the server can do".into(),
        shaded: Vec::new(),
        lines: goodputs.iter().map(line).collect(),
    }
}

/// What a table says of a level.
#[must_use]
pub fn levels() -> String {
    let names = crate::intake::LEVELS.iter().map(Priority::to_string);
    let shares = MIX.iter().map(|share| format!("{:.0} %", share * 100.0));
    names.zip(shares).map(|(name, share)| format!("{share} {name}")).collect::<Vec<_>>().join(", ")
}

/// Our figures at two and at four times the load: the worst of all three kinds of calls.
#[must_use]
pub fn ours() -> [Worst; 2] {
    [2.0, 4.0].map(|load| {
        let all = Work::ALL.map(|work| measure(Rule::Ours, work, load));
        let least = |of: fn(&Figures) -> f64| all.iter().map(of).fold(f64::INFINITY, f64::min);
        let most = |of: fn(&Figures) -> f64| all.iter().map(of).fold(0.0, f64::max);
        Worst {
            goodput: least(|it| it.goodput),
            p99: most(|it| it.p99),
            settled: most(|it| it.settled.unwrap_or(f64::INFINITY)),
            critical: least(|it| it.kept[0]),
        }
    })
}

/// The worst of some [`Figures`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worst {
    /// The least goodput.
    pub goodput: f64,
    /// The largest p99.
    pub p99: f64,
    /// The latest moment at which it was settled, in seconds; endless for never.
    pub settled: f64,
    /// The least share of critical calls that was kept.
    pub critical: f64,
}
