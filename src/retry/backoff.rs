//! Delays that grow, in integer arithmetic.

use core::time::Duration;

use crate::{
    random::{below, sequence_seed},
    retry::{growth::Steps, jitter::Jitter},
    wide::product,
};

/// A jitter, ready for use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spread {
    None,
    /// Shares of the delay, in units of 2^-53: the least, and how many there
    /// are from there to the most.
    Proportional {
        least: u64,
        shares: u64,
    },
    Full,
    Equal,
    /// The same, and not above the cap.
    ProportionalWithinCap {
        least: u64,
        shares: u64,
    },
    /// So much more at most.
    Additive {
        most: u64,
    },
    /// The same, and not above the cap.
    AdditiveWithinCap {
        most: u64,
    },
    Decorrelated,
}

impl Spread {
    const SHARE_BITS: u32 = 53;

    /// `within_cap` says that the cap bounds the jitter, too.
    const fn of(jitter: Jitter, within_cap: bool) -> Self {
        match Self::above_cap(jitter) {
            Self::Proportional { least, shares } if within_cap => {
                Self::ProportionalWithinCap { least, shares }
            }
            Self::Additive { most } if within_cap => Self::AdditiveWithinCap { most },
            spread => spread,
        }
    }

    const fn above_cap(jitter: Jitter) -> Self {
        match jitter {
            Jitter::None => Self::None,
            Jitter::Proportional { min_percent, max_percent } => {
                let most = (max_percent as u64) * (1 << Self::SHARE_BITS) / 100;
                // Rounded up, so that no delay is shorter than was asked for;
                // where both are the same they round the same way.
                let least = ((min_percent as u64) << Self::SHARE_BITS).div_ceil(100);
                let least = if least < most { least } else { most };
                Self::Proportional { least, shares: most - least + 1 }
            }
            Jitter::Full => Self::Full,
            Jitter::Equal => Self::Equal,
            // Checked: 2^30 s are less than 2^60 ns.
            #[allow(clippy::cast_possible_truncation)]
            Jitter::Additive { most } => Self::Additive { most: most.as_nanos() as u64 },
            Jitter::Decorrelated => Self::Decorrelated,
        }
    }
}

/// A number as a 64-bit fraction and a power of two: what a float is, with 11
/// more bits of precision and no floating-point unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scaled {
    /// The top bit is set, or all are zero.
    fraction: u64,
    /// The value is `fraction * 2^(exponent - 63)`.
    exponent: u32,
}

impl Scaled {
    const ONE: Self = Self::from_int(1);
    /// Far above every delay, and far below an overflow of the exponent.
    const HUGE: u32 = 1 << 20;

    const fn from_int(value: u64) -> Self {
        if value == 0 {
            return Self { fraction: 0, exponent: 0 };
        }
        let zeros = value.leading_zeros();
        Self { fraction: value << zeros, exponent: 63 - zeros }
    }

    /// Exact; of a finite number of at least 1.
    #[allow(clippy::cast_possible_truncation)] // an exponent has 11 bits
    const fn from_factor(factor: f64) -> Self {
        let bits = factor.to_bits();
        Self { fraction: 1 << 63 | bits << 11, exponent: (bits >> 52) as u32 - 1_023 }
    }

    /// The product with a number of at least 1, rounded down to 64 bits, and
    /// so never below `self`.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // the high half
    const fn times(self, factor: Self) -> Self {
        let product = product(self.fraction, factor.fraction);
        // Of two fractions from a half to one the product is a quarter at least.
        let (high, higher) = ((product >> 63) as u64, (product >> 64) as u64);
        let carry = higher >> 63;
        let fraction = if carry == 1 { higher } else { high };
        let exponent = self.exponent + factor.exponent + carry as u32;
        Self { fraction, exponent: if exponent > Self::HUGE { Self::HUGE } else { exponent } }
    }

    /// The factor to the power of `n`, by repeated squaring.
    const fn power(self, mut n: u64) -> Self {
        let (mut result, mut square) = (Self::ONE, self);
        while n > 0 {
            if n & 1 == 1 {
                result = result.times(square);
            }
            square = square.times(square);
            n >>= 1;
        }
        result
    }

    /// Rounded down, at most `cap`.
    #[inline]
    const fn capped(self, cap: u64) -> u64 {
        if self.exponent > 63 {
            return if self.fraction == 0 { 0 } else { cap };
        }
        let value = self.fraction >> (63 - self.exponent);
        if value < cap { value } else { cap }
    }
}

/// The delays between attempts, as an endless iterator. It is `Copy` and
/// computes without floats.
///
/// The n-th delay is `min(base_delay * exponential_base^(n-1), max_delay)`, or
/// grows in another way ([`Growth`](crate::Growth)), then jitter. Without jitter
/// delays never decrease; with it they are never 0, unless `base_delay` is. Which
/// of them may exceed the cap [`Jitter`] says: the default does, up to 1.5 times.
///
/// The random sequence is that of `SplitMix64`. It is seeded when the first
/// delay is drawn: with `std` from the thread's source of entropy, else from
/// [`set_seed`](crate::set_seed), so that no two tasks share one.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{Backoff, BackoffConfig, Jitter};
///
/// const BACKOFF: Backoff = BackoffConfig::new()
///     .base_delay(Duration::from_millis(100))
///     .max_delay(Duration::from_millis(500))
///     .jitter(Jitter::None)
///     .build();
/// let delays: Vec<u128> = BACKOFF.take(4).map(|delay| delay.as_millis()).collect();
/// assert_eq!(delays, [100, 200, 400, 500]);
/// ```
///
/// A bad value in a `const` does not compile:
///
/// ```compile_fail,E0080
/// const BAD: fusebox::Backoff = fusebox::BackoffConfig::new().exponential_base(0.5).build();
/// println!("{BAD:?}");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::copy_iterator)] // a policy is copied for every call, on purpose
pub struct Backoff {
    /// The next delay before jitter, in nanoseconds.
    delay: Scaled,
    factor: Scaled,
    base: u64,
    cap: u64,
    /// The delay before, for the decorrelated kind.
    last: u64,
    spread: Spread,
    random: u64,
    seeded: bool,
    /// Nothing of what follows matters for the next delay: it is a power, and its
    /// jitter is seeded.
    plain: bool,
    /// For delays that are no powers.
    steps: Steps,
}

impl Backoff {
    /// The delays from `base` to `cap`, in nanoseconds, of settings that were
    /// checked.
    pub(super) const fn new(
        base: u64,
        cap: u64,
        (factor, steps): (f64, Steps),
        (jitter, within_cap): (Jitter, bool),
    ) -> Self {
        Self {
            delay: Scaled::from_int(base),
            factor: Scaled::from_factor(factor),
            base,
            cap,
            last: base,
            spread: Spread::of(jitter, within_cap),
            random: 0,
            seeded: false,
            plain: false,
            steps,
        }
    }

    /// Seeds the jitter, so that a run can be repeated.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.start(seed);
        self
    }

    const fn start(&mut self, seed: u64) {
        self.random = seed;
        self.seeded = true;
        self.plain = matches!(self.steps, Steps::Powers);
    }

    /// Skips `delays` delays, before jitter. It takes logarithmic time, by
    /// repeated squaring, and is within one part in 2^30 of stepping.
    #[must_use]
    pub const fn skip_delays(mut self, delays: u64) -> Self {
        self.delay = self.delay.times(self.factor.power(delays));
        self.steps.skip(delays);
        self
    }

    /// Returns the longest delay, before its jitter.
    #[must_use]
    pub const fn max_delay(&self) -> Duration {
        Duration::from_nanos(self.cap)
    }

    #[inline]
    fn draw(&mut self, bound: u64) -> u64 {
        below(&mut self.random, bound)
    }

    /// The next delay, before its jitter and the cap, where it is no power. It also
    /// seeds the jitter. Most delays need neither, and do not ask.
    #[cold]
    #[inline(never)]
    fn next_step(&mut self) -> Option<u64> {
        if !self.seeded && self.spread != Spread::None {
            self.start(sequence_seed());
        }
        self.steps.next()
    }

    #[inline]
    fn next_power(&mut self) -> u64 {
        let delay = self.delay.capped(self.cap);
        self.delay = if delay == self.cap {
            // It stays there, and its exponent does not grow.
            Scaled::from_int(self.cap)
        } else {
            self.delay.times(self.factor)
        };
        delay
    }

    /// A delay from the least that a jitter allows to the most, below the cap.
    fn within_cap(&mut self, least: u64, most: u64) -> u64 {
        let most = most.min(self.cap);
        let least = least.min(most);
        least + self.draw(most - least + 1)
    }

    #[inline]
    fn jittered(&mut self, delay: u64) -> u64 {
        match self.spread {
            Spread::None => delay,
            Spread::Proportional { least, shares } => {
                let share = least + self.draw(shares);
                share_of(delay, share).max(delay.min(1))
            }
            Spread::ProportionalWithinCap { least, shares } => {
                let most = share_of(delay, least + shares - 1);
                self.within_cap(share_of(delay, least).max(delay.min(1)), most)
            }
            Spread::Additive { most } => delay + self.draw(most + 1),
            Spread::AdditiveWithinCap { most } => self.within_cap(delay, delay + most),
            Spread::Full => self.draw(delay) + delay.min(1),
            Spread::Equal => {
                let certain = delay.div_ceil(2);
                certain + self.draw(delay - certain + 1)
            }
            Spread::Decorrelated => {
                // The last one is at most the cap, below 2^60.
                let most = (self.last * 3).min(self.cap);
                self.last = self.base + self.draw(most - self.base + 1);
                self.last
            }
        }
    }
}

#[allow(clippy::copy_iterator)] // a policy is copied for every call, on purpose
impl Iterator for Backoff {
    type Item = Duration;

    /// Returns the next delay. There always is one.
    #[inline]
    fn next(&mut self) -> Option<Duration> {
        let step = if self.plain { None } else { self.next_step() };
        let delay = match step {
            Some(delay) => delay.min(self.cap),
            None => self.next_power(),
        };
        Some(Duration::from_nanos(self.jittered(delay)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

impl core::iter::FusedIterator for Backoff {}

/// A share of a delay, in units of 2^-53.
#[inline]
#[allow(clippy::cast_possible_truncation)] // at most ten times 2^60: it fits
fn share_of(delay: u64, share: u64) -> u64 {
    (product(delay, share) >> Spread::SHARE_BITS) as u64
}
