//! A service that has to be warmed up: who brings it back, and who brings it down again.

use std::time::Duration;

use crate::{
    bounds::Figure,
    contender::Contender,
    field, measure,
    plot::{Line, Plot},
    rules::{EnvoySlowStart, Sentinel, SentinelWarmUp},
    storm::{Sharing, Storm},
    table::{Table, retry_storm::back},
    time::Time,
    world::Tally,
};

/// Calls a second, of all callers together.
pub const RATES: [u32; 3] = [50, 200, 1_000];

/// The rate of the table of rules, and of the picture.
pub const USUAL: u32 = 200;

/// So many seeds; a figure is the worst of them.
pub const SEEDS: u64 = 5;

/// The ramps that are tried, in seconds.
pub const RAMPS: [u64; 6] = [5, 7, 10, 15, 20, 30];

/// The ramp that is held against the field, in seconds.
pub const RAMP: u64 = 20;

const BIN: Time = Time::millis(250);
const OUTAGE_ENDS: Time = Time::secs(40);

/// The storm at this rate: an outage of ten seconds, and ten minutes.
///
/// # Panics
/// Never: it is a storm.
#[must_use]
pub fn storm(rate: u32, seed: u64) -> Storm {
    let text = format!(
        "title = 'A service of which the caches are cold after an outage'
         seed = {seed}
         [clients]
         instances = 20
         per_second = {rate}
         timeout = '1s'
         [service]
         latency.fixed = '10ms'
         warm_up = {{ lasts = '5s', holds = '40%', down = '1s' }}
         [[phases]]
         lasts = '30s'
         [[phases]]
         lasts = '10s'
         errors = '100%'
         [[phases]]
         lasts = '10m'"
    );
    Storm::parse(&text).expect("a storm")
}

/// What a rule makes of it, from the end of the outage on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cold {
    /// How often the service collapsed.
    pub collapses: usize,
    /// How often the rule shut: in one quarter of a second it let calls through, and in the
    /// next hardly one in twenty.
    pub shut: usize,
    /// When requests were answered as before; none where they never were.
    pub back: Option<Time>,
    /// Calls that failed.
    pub failed: u64,
    /// Calls that were refused.
    pub refused: u64,
}

impl Cold {
    fn of(storm: &Storm, tally: &Tally) -> Self {
        let after = tally.between(OUTAGE_ENDS, Time::NEVER);
        Self {
            collapses: tally.collapses.len(),
            shut: shut(tally),
            back: measure::back_after(storm, tally),
            failed: after.failures,
            refused: after.refused,
        }
    }

    /// What is worse of each.
    fn or_worse(self, other: Self) -> Self {
        Self {
            collapses: self.collapses.max(other.collapses),
            shut: self.shut.max(other.shut),
            back: self.back.zip(other.back).map(|(a, b)| a.max(b)),
            failed: self.failed.max(other.failed),
            refused: self.refused.max(other.refused),
        }
    }
}

fn shut(tally: &Tally) -> usize {
    let from = usize::try_from(OUTAGE_ENDS.as_micros() / BIN.as_micros()).unwrap_or(0);
    let open: Vec<_> = tally.bins[from..]
        .iter()
        .filter(|bin| bin.requests > 0)
        .map(|bin| bin.attempts * 20 >= bin.requests)
        .collect();
    open.windows(2).filter(|pair| pair[0] && !pair[1]).count()
}

/// What a rule makes of the storm at this rate: the worst of all seeds.
///
/// # Panics
/// Never: there are seeds.
#[must_use]
pub fn cold(contender: &Contender, rate: u32) -> Cold {
    let runs = (1..=SEEDS).map(|seed| {
        let storm = storm(rate, seed);
        Cold::of(&storm, &contender.meets_in_bins(&storm, BIN))
    });
    runs.reduce(Cold::or_worse).expect("a seed")
}

/// fusebox's preset with a ramp of so many seconds.
#[must_use]
pub fn ours(ramp: u64) -> Contender {
    let settings = field::OURS.config().ramp_up(Duration::from_secs(ramp)).build();
    Contender::fusebox(format!("fusebox, ramp of {ramp} s"), settings).sharing(Sharing::Shared)
}

/// Sentinel's breaker behind its warm-up.
fn sentinel(rate: u32, period: u32) -> Contender {
    let make = move || -> Box<dyn crate::rules::Rule + Send> {
        Box::new(SentinelWarmUp::new(rate.into(), period, Sentinel::default()))
    };
    Contender::rule(format!("Sentinel error ratio, warm-up of {period} s"), make)
}

/// Envoy's outlier detection with a slow start.
fn envoy(window: u64) -> Contender {
    let make = move || -> Box<dyn crate::rules::Rule + Send> {
        Box::new(EnvoySlowStart::new(Time::secs(window)))
    };
    Contender::rule(format!("Envoy outlier detection, slow start of {window} s"), make)
}

/// Who is in the table.
#[must_use]
pub fn contenders() -> Vec<Contender> {
    let keys = [
        "none",
        "consecutive",
        "resilience4j-count",
        "resilience4j-time",
        "polly",
        "hystrix",
        "gobreaker",
        "failsafe-go",
        "finagle",
        "linkerd-unified",
        "semian-classic",
        "sentinel",
        "envoy-outlier",
        "google-throttling",
        "envoy-admission",
        "failsafe-go-throttler",
        "semian-pid",
    ];
    let mut all: Vec<_> = keys.iter().filter_map(|key| field::by_key(key)).collect();
    all.extend([sentinel(USUAL, 10), sentinel(USUAL, 20), envoy(RAMP)]);
    let each = ours(RAMP).sharing(Sharing::Each).named("the same, one for each of 20 callers");
    all.extend([field::ours(), ours(RAMP), each]);
    all
}

/// Our figures.
#[must_use]
#[allow(clippy::cast_precision_loss)] // small numbers
pub fn figures() -> Vec<Figure> {
    let it = cold(&ours(RAMP), USUAL);
    let back = it.back.map_or(f64::INFINITY, Time::as_secs_f64);
    let figures = [
        ("cold_collapses", it.collapses as f64),
        ("cold_shut", it.shut as f64),
        ("cold_failed", it.failed as f64),
        ("cold_back_s", back),
    ];
    figures.map(|(key, now)| Figure { key: key.into(), now, more: false }).to_vec()
}

/// Each rule at the usual rate.
#[must_use]
pub fn table(contenders: &[Contender]) -> Table {
    let head = ["rule", "collapses", "shut", "back after", "failed calls", "refused calls"];
    let mut table = Table::new(head);
    for contender in contenders {
        let it = cold(contender, USUAL);
        table.row([
            contender.name().to_owned(),
            it.collapses.to_string(),
            it.shut.to_string(),
            back(it.back),
            it.failed.to_string(),
            it.refused.to_string(),
        ]);
    }
    table
}

/// fusebox's ramps, by their length and the rate.
#[must_use]
pub fn ramps() -> Table {
    let rates = RATES.map(|rate| format!("{rate} calls a second: collapses, back after"));
    let mut table = Table::new(["ramp".to_owned()].into_iter().chain(rates));
    let without = ("none".to_owned(), field::ours());
    let with = RAMPS.map(|ramp| (format!("{ramp} s"), ours(ramp)));
    for (name, contender) in [without].into_iter().chain(with) {
        let cells = RATES.map(|rate| {
            let it = cold(&contender, rate);
            format!("{}, {}", it.collapses, back(it.back))
        });
        table.row([name].into_iter().chain(cells));
    }
    table
}

/// The answers of each second, of those that are worth a look.
#[must_use]
#[allow(clippy::cast_precision_loss)] // small numbers
pub fn plot() -> Plot {
    let storm = storm(USUAL, 1);
    let mut all: Vec<_> = field::by_key("polly").into_iter().collect();
    all.extend([sentinel(USUAL, 20), envoy(RAMP), field::ours(), ours(RAMP)]);
    let line = |contender: &Contender| {
        let tally = contender.meets(&storm);
        let bins = tally.bins.iter().enumerate().map(|(at, bin)| (at as f64, bin.answered as f64));
        Line {
            name: contender.name().replace(" outlier detection", "").replace(" error ratio", ""),
            points: bins.take(150).collect(),
            dots: false,
        }
    };
    Plot {
        title: storm.title.clone(),
        x: "seconds".into(),
        y: "answers per second".into(),
        shaded: storm.trouble_in_secs().into_iter().collect(),
        lines: all.iter().map(line).collect(),
    }
}
