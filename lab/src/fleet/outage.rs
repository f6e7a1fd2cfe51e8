//! A service that all instances call dies.

use std::time::Duration;

use fusebox::{BreakerConfig, BreakerSettings};
use fusebox_fleet::Obedience;

use crate::fleet::{Calls, Sharing, WELL, parallel};

/// Calls a second of each instance.
const RATES: [f64; 3] = [0.1, 1.0, 10.0];

/// Seeds of which the time until the fleet knows is taken.
const SEEDS: u64 = 5;

/// Five failures in a row open. Nobody probes before the end.
const SETTINGS: BreakerSettings =
    BreakerConfig::new().failure_threshold(5).recovery_timeout(Duration::from_hours(1)).build();

/// What comes of it that a service dies.
#[derive(Debug, Clone, PartialEq)]
pub struct Outage {
    /// Calls a second of each instance.
    pub per_second: f64,
    /// What they make of what others say.
    pub sharing: Sharing,
    /// Calls that failed until the first one knows that the fleet has seen enough.
    pub failed_until_known: u64,
    /// When the first one knows: of each of several seeds; none where nobody ever does.
    pub known: Vec<Duration>,
    /// Until all breakers are open.
    pub lasted: Duration,
    /// Calls that had failed: the number after each part of that time.
    pub failed: Vec<u64>,
}

impl Outage {
    /// The parts of time by which failed calls are counted, in milliseconds.
    pub const PART: u64 = 50;

    /// Calls that failed until all breakers were open.
    #[must_use]
    pub fn all_failed(&self) -> u64 {
        self.failed.last().copied().unwrap_or_default()
    }

    /// When the first one knows, on average.
    #[must_use]
    pub fn known_usually(&self) -> Option<Duration> {
        let seeds = u32::try_from(self.known.len()).ok().filter(|it| *it > 0)?;
        Some(self.known.iter().sum::<Duration>() / seeds)
    }

    /// When the first one knows, with the worst seed.
    #[must_use]
    pub fn known_at_worst(&self) -> Option<Duration> {
        self.known.iter().max().copied()
    }

    /// A service dies that each of so many instances calls as often.
    #[must_use]
    pub fn run(instances: usize, per_second: f64, sharing: Sharing, seed: u64) -> Self {
        let mut outage = Self::until(instances, per_second, sharing, seed, false);
        // What they do about it comes after they know, so those need not hear who only act.
        let silent = match sharing {
            Sharing::Failures(_) => Sharing::Failures(Obedience::Observe),
            sharing => sharing,
        };
        let others = (seed + 1..seed + SEEDS)
            .flat_map(|it| Self::until(instances, per_second, silent, it, true).known);
        outage.known.extend(others);
        outage
    }

    /// Until all breakers are open, or until it is known where that is enough.
    fn until(
        instances: usize,
        per_second: f64,
        sharing: Sharing,
        seed: u64,
        is_enough: bool,
    ) -> Self {
        let mut world = sharing.world(instances, SETTINGS, seed);
        world.rest(WELL);
        let mut calls = Calls::new(instances, per_second, WELL, seed);
        let (mut known, mut failed_until_known) = (None, 0);
        let (mut all_failed, mut failed) = (0, Vec::new());
        let mut closed = instances;
        while closed > 0 && !(is_enough && (known.is_some() || sharing == Sharing::None)) {
            while let Some(number) = calls.next(world.now) {
                all_failed += u64::from(world.call(number, 0, false));
            }
            if sharing == Sharing::None || (known.is_some() && !sharing.is_fleet()) {
                // Nobody says anything more that others would heed.
                world.now += 1;
            } else {
                world.step();
            }
            if known.is_none() && sharing.is_known(&world) {
                known = Some(Duration::from_millis(world.now - WELL));
                failed_until_known = all_failed;
                sharing.act(&world);
            }
            closed = 0;
            for instance in &mut world.all {
                // It stays open to the end, whatever the others say.
                instance.is_deaf = instance.is_open() && sharing.is_heeded();
                closed += usize::from(!instance.is_open());
            }
            if (world.now - WELL).is_multiple_of(Self::PART) || closed == 0 {
                failed.push(all_failed);
            }
        }
        let lasted = Duration::from_millis(world.now - WELL);
        let known = Vec::from_iter(known);
        Self { per_second, sharing, failed_until_known, known, lasted, failed }
    }
}

/// All rates, and all ways to share.
pub(super) fn all(instances: usize) -> Vec<Outage> {
    let ways = [
        Sharing::None,
        Sharing::Openings(3),
        Sharing::Failures(Obedience::Observe),
        Sharing::Failures(Obedience::Advise),
        Sharing::Failures(Obedience::Obey),
    ];
    let jobs: Vec<_> =
        RATES.into_iter().flat_map(|rate| ways.map(|sharing| (rate, sharing))).collect();
    parallel::all(&jobs, |&(rate, sharing)| Outage::run(instances, rate, sharing, 1))
}
