//! A storm: who calls whom, and what goes wrong when.

mod builtin;
mod check;
mod error;
mod latency;
pub mod units;

use serde::Deserialize;

pub(crate) use self::latency::Latencies;
pub use self::{
    builtin::{BUILTIN, builtin},
    error::StormError,
    latency::{Bimodal, Drawn, Latency, LogNormal},
    units::Share,
};
use crate::time::Time;

/// A storm, as its file describes it.
///
/// ```
/// use fusebox_lab::storm::Storm;
///
/// let storm = Storm::parse(r#"
///     title = "An outage of ten seconds"
///     [clients]
///     per_second = 100
///     [service]
///     latency.fixed = "20ms"
///     [[phases]]
///     lasts = "10s"
///     [[phases]]
///     lasts = "10s"
///     errors = "100%"
///     [[phases]]
///     lasts = "10s"
/// "#)?;
/// assert_eq!(storm.lasts().as_secs_f64(), 30.0);
/// # Ok::<(), fusebox_lab::storm::StormError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storm {
    /// One line.
    pub title: String,
    /// What happens in it, and what it shows.
    #[serde(default)]
    pub text: String,
    /// Where it comes from, if it is not of the laboratory's own making.
    #[serde(default)]
    pub source: String,
    /// All chance follows from it.
    #[serde(default = "one")]
    pub seed: u64,
    /// Who calls.
    pub clients: Clients,
    /// Whether requests are tried again.
    #[serde(default)]
    pub retry: Retries,
    /// Whom they call.
    pub service: Service,
    /// What is between them.
    #[serde(default)]
    pub network: Network,
    /// What happens, one after the other.
    pub phases: Vec<Phase>,
}

const fn one() -> u64 {
    1
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// Callers that know nothing of each other: processes, hosts.
    #[serde(default = "one_instance")]
    pub instances: usize,
    /// Requests of all of them, each second; 100000 at most, and with all of their
    /// retries 20 million in the storm.
    pub per_second: f64,
    /// How requests arrive.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// Threads that take requests from one queue, each busy until its call ends. Without
    /// it every request is made at once.
    pub workers: Option<usize>,
    /// A request that has waited for a worker so long is forgotten.
    #[serde(default = "never")]
    pub forgotten_after: Time,
    /// How long an attempt may take.
    #[serde(default = "never")]
    pub timeout: Time,
    /// Whether the instances, or workers, have a breaker each or share one.
    #[serde(default)]
    pub breakers: Sharing,
    /// The share of requests that are critical; the others matter as much as most.
    #[serde(default)]
    pub critical: Share,
}

const fn one_instance() -> usize {
    1
}

const fn never() -> Time {
    Time::NEVER
}

/// How requests arrive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// At random and independently: a Poisson process.
    #[default]
    Poisson,
    /// In equal steps.
    Even,
    /// Each instance, or worker, begins its next request as far after the end of the
    /// last one as the rate asks for: a closed loop.
    Closed,
}

/// Who shares a breaker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// All share one for each service.
    #[default]
    Shared,
    /// Each worker, or else each instance, has its own for each service.
    Each,
}

/// Whether requests are tried again.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// All attempts, the first one included.
    pub attempts: u32,
    /// The delay before the second one; it doubles from there.
    #[serde(default)]
    pub delay: Time,
    /// The longest delay.
    #[serde(default = "half_a_minute")]
    pub most: Time,
    /// Whether the delay is drawn from 50 to 150 % of that.
    #[serde(default)]
    pub jitter: bool,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 1, delay: Time::ZERO, most: half_a_minute(), jitter: false }
    }
}

const fn half_a_minute() -> Time {
    Time::secs(30)
}

/// Whom they call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// So many services that are alike; each request goes to one of them at random. The
    /// phases happen to the first one. Times the callers, there are 100000 at most.
    #[serde(default = "one_instance")]
    pub count: usize,
    /// How long it takes.
    pub latency: Latency,
    /// The share of errors while all is well.
    #[serde(default)]
    pub errors: Share,
    /// An error takes so much of the latency.
    #[serde(default = "whole")]
    pub errors_take: Share,
    /// So many calls are served at a time; the others wait in line. Without it all are
    /// served at once.
    pub servers: Option<usize>,
    /// So many may wait; who comes then is refused at once, which is an error.
    pub queue: Option<usize>,
    /// Who waited so long leaves the line with an error.
    #[serde(default = "never")]
    pub queue_timeout: Time,
    /// To refuse a call takes its servers so much of what it takes to answer one.
    #[serde(default)]
    pub refusal_takes: Share,
    /// Whether a call is served even though its caller has given up, as most servers do.
    #[serde(default = "yes")]
    pub dead_work: bool,
    /// After a stall the caches are cold: the first calls take longer.
    pub cold: Option<Cold>,
    /// After an outage or a stall it collapses under the usual load, until it is warm.
    pub warm_up: Option<WarmUp>,
}

const fn whole() -> Share {
    Share::FULL
}

const fn yes() -> bool {
    true
}

/// How a service is slower while its caches are cold.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cold {
    /// The first call takes so many times as long.
    pub times: f64,
    /// After so many calls it is over.
    pub calls: u32,
}

/// How a service must be warmed up: it answers less than usual at first, and where so
/// much more comes that a second of work waits, it collapses, and is cold again.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmUp {
    /// So long, from the first call on.
    pub lasts: Time,
    /// So much of the usual load it can answer until then.
    pub holds: Share,
    /// When it has collapsed, all calls fail for so long.
    pub down: Time,
}

/// What is between clients and services.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The delay, each way.
    #[serde(default)]
    pub delay: Time,
    /// The share of requests that get lost: their callers wait until they give up.
    #[serde(default)]
    pub loss: Share,
}

/// A time in which one thing goes wrong, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// How long it lasts.
    #[serde(default)]
    pub lasts: Time,
    /// How often this phase comes, one after another.
    pub times: Option<u32>,
    /// Several phases in turn, as often as `times` says. Nothing else stands beside them.
    pub turns: Option<Vec<Phase>>,
    /// The share of errors.
    pub errors: Option<Share>,
    /// What each call takes longer.
    pub added: Option<Time>,
    /// What each call to one endpoint takes longer, drawn when the phase begins; those
    /// of the phases before stay slow.
    pub added_to_one: Option<Time>,
    /// The share of calls that never end.
    pub hang: Option<Share>,
    /// Whether nothing is served, and who comes waits.
    #[serde(default)]
    pub stalled: bool,
    /// The share of requests that get lost on the way.
    pub loss: Option<Share>,
    /// The share of instances, or workers, that cannot reach the service.
    pub partition: Option<Share>,
    /// What each call takes, as a multiple of the usual.
    pub slower: Option<f64>,
    /// Requests come at this multiple of the usual rate.
    pub load: Option<f64>,
    /// Whether the share of errors and the added time grow over the phase, from those
    /// of the one before. Not in the first one.
    #[serde(default)]
    pub ramp: bool,
}

impl Phase {
    /// Whether anything is not as usual.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        let usual = Self { lasts: self.lasts, times: self.times, ..Self::default() };
        *self != usual
    }
}

impl Storm {
    /// Reads a storm's file.
    ///
    /// # Errors
    /// [`StormError`] shows the line, and says what may stand there.
    pub fn parse(text: &str) -> Result<Self, StormError> {
        let mut storm: Self = toml::from_str(text).map_err(|error| StormError::at(&error))?;
        storm.unroll()?;
        storm.check()?;
        Ok(storm)
    }

    /// How long it lasts.
    #[must_use]
    pub fn lasts(&self) -> Time {
        self.phases.iter().fold(Time::ZERO, |sum, phase| sum + phase.lasts)
    }

    /// The usual requests of the first service, each second.
    #[allow(clippy::cast_precision_loss)] // 1000 at most
    pub(crate) fn usual(&self) -> f64 {
        self.clients.per_second / self.service.count as f64
    }

    /// From when to when something goes wrong; `None` where nothing does.
    #[must_use]
    pub fn trouble(&self) -> Option<(Time, Time)> {
        let (mut at, mut trouble) = (Time::ZERO, None);
        for phase in &self.phases {
            let end = at + phase.lasts;
            if phase.is_trouble() {
                trouble = Some((trouble.map_or(at, |(from, _)| from), end));
            }
            at = end;
        }
        trouble
    }

    /// The same in seconds, as tables and pictures have it.
    pub(crate) fn trouble_in_secs(&self) -> Option<(f64, f64)> {
        self.trouble().map(|(from, to)| (from.as_secs_f64(), to.as_secs_f64()))
    }

    /// The same storm from another seed.
    #[must_use]
    pub const fn seeded(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// With all phases this much shorter, for a quick look.
    #[must_use]
    pub fn shortened(mut self, by: u64) -> Self {
        for phase in &mut self.phases {
            phase.lasts = Time::micros(phase.lasts.as_micros() / by.max(1));
        }
        self
    }

    /// Writes repeated phases out.
    fn unroll(&mut self) -> Result<(), StormError> {
        // Each turn of each loop adds a phase, so that it comes to an end.
        fn into(phases: &[Phase], all: &mut Vec<Phase>) -> Result<(), StormError> {
            for phase in phases {
                phase.check_repeats()?;
                for _ in 0..phase.times.unwrap_or(1) {
                    match &phase.turns {
                        Some(turns) => into(turns, all)?,
                        None => all.push(Phase { times: None, ..phase.clone() }),
                    }
                    check::not_too_many(all)?;
                }
            }
            Ok(())
        }
        let mut all = Vec::new();
        into(&self.phases, &mut all)?;
        self.phases = all;
        Ok(())
    }
}
