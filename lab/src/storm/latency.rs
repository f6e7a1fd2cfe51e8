//! How long a service takes.

use serde::Deserialize;

use crate::{random::Random, storm::units::Share, time::Time};

/// How long a service takes for an answer, where nobody waits in its queue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Latency {
    /// Always the same.
    Fixed(Time),
    /// Each of its endpoints has a latency of its own, and is asked as often as the
    /// others.
    Endpoints(Vec<Time>),
    /// As [`Endpoints`](Self::Endpoints), and drawn once for each service, when the
    /// storm begins.
    DrawnEndpoints(Drawn),
    /// Each call's is drawn from a log-normal distribution.
    LogNormal(LogNormal),
    /// Usually one, rarely another.
    Bimodal(Bimodal),
}

/// See [`Latency::DrawnEndpoints`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// How many endpoints a service has.
    pub endpoints: usize,
    /// The seed that they are drawn from; the storm's own where there is none.
    pub seed: Option<u64>,
    /// The mean of a log-normal distribution, before it is cut off.
    pub mean: Time,
    /// Its standard deviation, before it is cut off.
    pub deviation: Time,
    /// What is less counts as this.
    #[serde(default)]
    pub least: Time,
    /// What is more counts as this.
    pub most: Time,
}

/// A log-normal distribution, cut off.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogNormal {
    /// Its mean, before it is cut off.
    pub mean: Time,
    /// Its standard deviation, before it is cut off.
    pub deviation: Time,
    /// What is less counts as this.
    #[serde(default)]
    pub least: Time,
    /// What is more counts as this.
    pub most: Time,
}

/// See [`Latency::Bimodal`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bimodal {
    /// Nearly always.
    pub usual: Time,
    /// Now and then.
    pub rare: Time,
    /// How often it is the rare one.
    pub rare_share: Share,
}

impl Drawn {
    /// What the endpoints' latencies are drawn from.
    #[must_use]
    pub const fn from(&self) -> LogNormal {
        let Self { mean, deviation, least, most, .. } = *self;
        LogNormal { mean, deviation, least, most }
    }
}

impl LogNormal {
    fn draw(&self, random: &mut Random) -> Time {
        let drawn = random.log_normal(self.mean.as_secs_f64(), self.deviation.as_secs_f64());
        Time::from_secs_f64(drawn).clamp(self.least, self.most)
    }
}

/// The latency of one service, ready for use.
#[derive(Debug, Clone)]
pub(crate) enum Latencies {
    Endpoints(Vec<Time>),
    LogNormal(LogNormal),
    Bimodal(Bimodal),
}

impl Latencies {
    /// Those of the service of this number.
    pub(crate) fn of(latency: &Latency, seed: u64, service: usize) -> Self {
        match latency {
            Latency::Fixed(time) => Self::Endpoints(vec![*time]),
            Latency::Endpoints(times) => Self::Endpoints(times.clone()),
            Latency::DrawnEndpoints(drawn) => {
                let mut random = Random::new(drawn.seed.unwrap_or(seed), 1_000 + service as u64);
                let from = drawn.from();
                Self::Endpoints((0..drawn.endpoints).map(|_| from.draw(&mut random)).collect())
            }
            Latency::LogNormal(it) => Self::LogNormal(it.clone()),
            Latency::Bimodal(it) => Self::Bimodal(it.clone()),
        }
    }

    pub(crate) fn endpoints(&self) -> usize {
        if let Self::Endpoints(times) = self { times.len() } else { 1 }
    }

    pub(crate) fn draw(&self, endpoint: usize, random: &mut Random) -> Time {
        match self {
            Self::Endpoints(times) => times[endpoint],
            Self::LogNormal(it) => it.draw(random),
            Self::Bimodal(it) if random.chance(it.rare_share.get()) => it.rare,
            Self::Bimodal(it) => it.usual,
        }
    }
}
