//! What came of a storm, counted.

use std::ops::{AddAssign, Sub};

use crate::{storm::Storm, time::Time};

/// Counts, each written once: as a field, as a number and as what is added or taken away.
macro_rules! counts {
    (@number $count:expr, u64) => {
        $count
    };
    (@number $count:expr, Time) => {
        $count.as_micros()
    };
    ($($(#[$doc:meta])* $name:ident: $kind:ident,)+) => {
        /// What happened in some time.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$doc])* pub $name: $kind,)+
        }

        impl Counts {
            /// All of it as plain numbers, for a digest, in the order of the fields.
            #[must_use]
            pub const fn numbers(&self) -> [u64; [$(stringify!($name)),+].len()] {
                [$(counts!(@number self.$name, $kind)),+]
            }
        }

        impl Sub for Counts {
            type Output = Self;

            fn sub(self, other: Self) -> Self {
                Self { $($name: self.$name - other.$name),+ }
            }
        }

        impl AddAssign for Counts {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)+
            }
        }
    };
}

counts! {
    /// Requests that came.
    requests: u64,
    /// Requests that nobody took up in time.
    forgotten: u64,
    /// Attempts that were made.
    attempts: u64,
    /// Of those, the ones after a request's first.
    retries: u64,
    /// Attempts that succeeded.
    successes: u64,
    /// What they took, all together.
    took: Time,
    /// Attempts that failed or took too long.
    failures: u64,
    /// Of those, the ones that took too long.
    timeouts: u64,
    /// Attempts that were refused by the rule.
    refused: u64,
    /// Requests that were answered.
    answered: u64,
    /// Requests that were not.
    lost: u64,
    /// Attempts at the first service that were made while others were refused: probes.
    probes: u64,
    /// Attempts that a server worked for when their callers had given up.
    dead_work: u64,
}

impl Counts {
    /// Attempts that ended, or were refused.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.successes + self.failures + self.refused
    }

    /// What a success took, on average, in seconds; 0 where there was none.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a count of calls
    pub fn mean_success(&self) -> f64 {
        self.took.as_secs_f64() / self.successes.max(1) as f64
    }
}

/// Whose something is that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whose {
    pub(super) service: u16,
    pub(super) critical: bool,
}

impl Whose {
    /// A request's, of which no more is known yet.
    pub(super) const UNKNOWN: Self = Self { service: u16::MAX, critical: false };
}

/// A moment at which calls of the first service began to be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// When.
    pub at: Time,
    /// Calls of the first service that had failed by then.
    pub failures: u64,
    /// Calls of the first service that had ended by then.
    pub ended: u64,
}

/// What came of a storm under a rule. Things count at the moment they happen: a
/// request when it comes, an attempt when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The length of each of [`bins`](Self::bins).
    pub bin: Time,
    /// All services, bin by bin.
    pub bins: Vec<Counts>,
    /// The first service alone, to which the phases happen.
    pub first: Vec<Counts>,
    /// Of all services, what became of the critical requests; empty where the storm has
    /// none.
    pub critical: Vec<Counts>,
    /// When the first service collapsed, which must be warmed up.
    pub collapses: Vec<Time>,
    /// When each phase began, and how long it lasted.
    pub phases: Vec<(Time, Time)>,
    /// The moments at which calls of the first service began to be refused: the
    /// openings, as a caller sees them.
    pub refusals: Vec<Refusal>,
    /// Calls of the first service that have ended, and of those the failed ones.
    pub(super) ended: (u64, u64),
    /// How often the rules have written to what callers share.
    pub writes: u64,
    /// Events of the simulation.
    pub events: u64,
}

impl Tally {
    pub(super) fn new(storm: &Storm, bin: Time, phases: Vec<(Time, Time)>) -> Self {
        let lasts = storm.lasts();
        let bins = usize::try_from(lasts.as_micros().div_ceil(bin.as_micros())).unwrap_or(0);
        let empty = vec![Counts::default(); bins];
        Self {
            bin,
            bins: empty.clone(),
            first: empty.clone(),
            critical: if storm.clients.critical.get() > 0.0 { empty } else { Vec::new() },
            collapses: Vec::new(),
            phases,
            refusals: Vec::new(),
            ended: (0, 0),
            writes: 0,
            events: 0,
        }
    }

    /// Counts something that happens now; what happens after the storm is not counted.
    #[allow(clippy::cast_possible_truncation)] // an index of what there is
    pub(super) fn count(&mut self, now: Time, whose: Whose, how: impl Fn(&mut Counts)) {
        let at = (now.as_micros() / self.bin.as_micros()) as usize;
        if let Some(bin) = self.bins.get_mut(at) {
            how(bin);
            if whose.service == 0 {
                how(&mut self.first[at]);
            }
        }
        if whose.critical {
            self.count_critical(now, how);
        }
    }

    /// Counts something that happens to a critical request now.
    #[allow(clippy::cast_possible_truncation)] // an index of what there is
    pub(super) fn count_critical(&mut self, now: Time, how: impl Fn(&mut Counts)) {
        let at = (now.as_micros() / self.bin.as_micros()) as usize;
        if let Some(bin) = self.critical.get_mut(at) {
            how(bin);
        }
    }

    /// All that happened from one moment up to another, which are whole bins.
    #[must_use]
    pub fn between(&self, from: Time, to: Time) -> Counts {
        sum(&self.bins, self.bin, from, to)
    }

    /// The same of the first service alone, without requests and forgotten ones: they
    /// count before it is known which service they go to.
    #[must_use]
    pub fn of_first(&self, from: Time, to: Time) -> Counts {
        sum(&self.first, self.bin, from, to)
    }

    /// The same of the critical requests alone, of all services; nothing where the storm
    /// has none.
    #[must_use]
    pub fn of_critical(&self, from: Time, to: Time) -> Counts {
        sum(&self.critical, self.bin, from, to)
    }

    /// The rest of the services.
    #[must_use]
    pub fn of_others(&self, from: Time, to: Time) -> Counts {
        self.between(from, to) - self.of_first(from, to)
    }

    /// What happened in a phase.
    #[must_use]
    pub fn phase(&self, number: usize) -> Counts {
        let (from, lasts) = self.phases[number];
        self.between(from, from + lasts)
    }

    /// All that happened.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.between(Time::ZERO, Time::NEVER)
    }

    /// A number that two tallies share only if they are the same: FNV-1a of all counts.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let counts = [&self.bins, &self.first, &self.critical].into_iter().flatten();
        let counts = counts.flat_map(Counts::numbers);
        let others = self.refusals.iter().flat_map(|it| [it.at.as_micros(), it.failures, it.ended]);
        let collapses = self.collapses.iter().map(|at| at.as_micros());
        let others = others.chain(collapses);
        counts.chain(others).chain([self.writes, self.events]).fold(
            0xCBF2_9CE4_8422_2325,
            |hash, number| {
                number.to_le_bytes().into_iter().fold(hash, |hash: u64, byte| {
                    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
                })
            },
        )
    }
}

#[allow(clippy::cast_possible_truncation)] // indices
fn sum(bins: &[Counts], bin: Time, from: Time, to: Time) -> Counts {
    let at = |time: Time| ((time.as_micros() / bin.as_micros()) as usize).min(bins.len());
    let mut sum = Counts::default();
    bins[at(from)..at(to)].iter().for_each(|counts| sum += *counts);
    sum
}
