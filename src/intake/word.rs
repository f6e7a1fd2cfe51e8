//! The rule of an intake: who comes in, and what is learned from a call that ends.
//!
//! | bits | field |
//! |---|---|
//! | 63..26 | how long a call takes a worker: a mean, in units of 32 ns |
//! | 25..20 | how many calls it is the mean of, up to 63; 0 is nothing known |
//! | 19..0 | in flight: at work, and in line |
//!
//! A newcomer waits until as many calls have ended as stand in line with it, and of N
//! workers one ends a call in each N-th part of the time that a call takes. That is
//! Little's law, and all that the rule knows of the server. It needs no window and no
//! control loop: what it decides by is true of this moment.

use crate::machine;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u64);

const IN_FLIGHT: u32 = 20;
const SAMPLES: u32 = 6;
const MEAN: u32 = IN_FLIGHT + SAMPLES;
/// The most calls in flight.
const MOST: u32 = (1 << IN_FLIGHT) - 1;
/// A mean of more calls than this forgets the first ones.
const REMEMBERED: u64 = (1 << SAMPLES) - 1;
/// The unit of the mean, in nanoseconds.
const UNIT: u64 = 32;
const LONGEST: u64 = (1 << (u64::BITS - MEAN)) - 1;

/// One place, to be taken off the word when its call has left the line.
pub(super) const PLACE: u64 = 1;

/// What decides, of the settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// So many calls are at work at a time.
    pub(super) workers: u32,
    /// The longest wait of the classes that may use all of it, in nanoseconds.
    pub(super) max_wait: u64,
}

/// What became of a call that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// It is in; so many were in flight before it.
    Admitted { before: u32 },
    /// It would wait for longer than its class may, so many nanoseconds.
    Refused { wait: u64 },
    /// It would not begin before its deadline.
    TooLate,
}

impl Word {
    /// The number of calls in flight.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // masked
    pub(super) const fn in_flight(self) -> u32 {
        self.0 as u32 & MOST
    }

    /// The number of calls for which no worker is free.
    #[inline]
    pub(super) const fn waiting(self, workers: u32) -> u32 {
        self.in_flight().saturating_sub(workers)
    }

    /// How long a call takes a worker, in nanoseconds; `None` while no call has ended.
    #[inline]
    pub(super) const fn takes(self) -> Option<u64> {
        if self.samples() == 0 { None } else { Some(self.mean() * UNIT) }
    }

    #[inline]
    const fn mean(self) -> u64 {
        self.0 >> MEAN
    }

    #[inline]
    const fn samples(self) -> u64 {
        self.0 >> IN_FLIGHT & REMEMBERED
    }

    /// How long a call that came now would wait for a worker, in nanoseconds.
    #[inline]
    pub(super) const fn wait(self, bounds: Bounds) -> u64 {
        let Bounds { workers, max_wait } = bounds;
        let in_flight = self.in_flight();
        if in_flight < workers {
            return 0;
        }
        // With the newcomer.
        let line = (in_flight - workers + 1) as u64;
        // Until a call has ended, it is taken to last for a quarter of the longest wait: so
        // four may stand in line for each worker.
        let takes = match self.takes() {
            Some(takes) => takes,
            None => max_wait / 4,
        };
        line.saturating_mul(takes) / workers as u64
    }

    /// A call of a class comes, which does without if it must wait for `patience` or
    /// longer.
    #[inline]
    pub(super) const fn enter(self, bounds: Bounds, class: u8, patience: u64) -> (Self, Said) {
        let wait = self.wait(bounds);
        if wait > share_of(bounds.max_wait, class) || self.in_flight() == MOST {
            (self, Said::Refused { wait })
        } else if wait >= patience {
            (self, Said::TooLate)
        } else {
            (Self(self.0 + PLACE), Said::Admitted { before: self.in_flight() })
        }
    }

    /// A call comes that nobody may refuse; `None` where the word has no room for it.
    pub(super) const fn admit(self) -> (Self, Option<u32>) {
        match self.in_flight() {
            MOST => (self, None),
            before => (Self(self.0 + PLACE), Some(before)),
        }
    }

    /// A call ends that took a worker so many nanoseconds.
    #[inline]
    pub(super) const fn end(self, takes: u64) -> Self {
        let sample = takes / UNIT;
        let sample = if sample > LONGEST { LONGEST } else { sample };
        let (mean, samples) = (self.mean(), self.samples());
        let samples = if samples < REMEMBERED { samples + 1 } else { samples };
        let mean = if sample >= mean {
            mean + rounded(sample - mean, samples)
        } else {
            mean - rounded(mean - sample, samples)
        };
        let in_flight = self.in_flight().saturating_sub(1);
        Self(mean << MEAN | samples << IN_FLIGHT | in_flight as u64)
    }
}

/// To the nearest whole number.
const fn rounded(of: u64, by: u64) -> u64 {
    (of + by / 2) / by
}

/// What each class may use of the longest wait, in parts of 64: the critical class, 14, and
/// the one above it all of it, and a class that is six below another one half as much.
///
/// Between two classes there must be room for as many calls of the upper one as come by
/// chance while the line is as long as the lower one allows.
const SHARES: [u64; 16] = [13, 14, 16, 18, 20, 23, 25, 29, 32, 36, 40, 45, 51, 57, 64, 64];

#[inline]
const fn share_of(wait: u64, class: u8) -> u64 {
    wait / 64 * SHARES[(class & 15) as usize]
}

impl machine::Word for Word {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        if next.in_flight() > self.in_flight() {
            crate::sync::planted!(EnteredByStore)
        } else {
            crate::sync::planted!(EndedByStore)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { workers: 8, max_wait: 16_000_000 };

    /// With so many in flight, each of which takes so long.
    fn word(in_flight: u64, takes: u64) -> Word {
        Word(takes / UNIT << MEAN | REMEMBERED << IN_FLIGHT | in_flight)
    }

    #[test]
    fn nobody_waits_while_a_worker_is_free() {
        assert_eq!(word(7, 1 << 40).wait(BOUNDS), 0);
        assert_eq!(word(8, 8_000_000).wait(BOUNDS), 1_000_000);
        assert_eq!(word(9, 8_000_000).wait(BOUNDS), 2_000_000);
    }

    #[test]
    fn the_mean_is_that_of_all_calls_and_then_forgets() {
        let mut word = Word(0);
        for takes in [1_000_000, 2_000_000, 6_000_000] {
            word = word.end(takes);
        }
        assert_eq!(word.takes(), Some(3_000_000));
        for _ in 0..1_000 {
            word = word.end(9_000_000);
        }
        let takes = word.takes().unwrap();
        assert!(takes.abs_diff(9_000_000) < UNIT * REMEMBERED, "{takes}");
    }

    #[test]
    fn no_field_runs_into_another() {
        let full = word(MOST.into(), UNIT * LONGEST);
        assert_eq!(full.enter(BOUNDS, 15, u64::MAX).0, full);
        assert_eq!(full.admit(), (full, None));
        assert_eq!(full.wait(BOUNDS), u64::MAX / 8);
        assert_eq!(full.end(u64::MAX), word(u64::from(MOST) - 1, UNIT * LONGEST));
        assert_eq!(Word(0).end(u64::MAX).takes(), Some(UNIT * LONGEST));
        assert_eq!(word(0, UNIT).end(0).in_flight(), 0, "a foreign writer's");
    }

    #[test]
    fn six_classes_below_the_wait_is_half_as_long() {
        for class in 0..8 {
            let (here, above) = (share_of(64_000, class), share_of(64_000, class + 6));
            assert!(here.abs_diff(above / 2) <= 1_000, "{class}: {here} of {above}");
        }
        let shares = [2, 6, 10, 14, 15].map(|class| share_of(64, class));
        assert_eq!(shares, [16, 25, 40, 64, 64]);
    }
}
