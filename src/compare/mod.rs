//! Which of two arms of a split does better: a test that may be looked at at any time.
//!
//! Each arm has a number of requests, and of those that were not answered: they failed, or
//! were refused. [`Comparison::of`] says whether the shares differ, with a bound on the
//! chance of a mistake that holds however often you look, and whenever you stop.
//!
//! ```
//! use fusebox::compare::{Comparison, Sample, Verdict};
//!
//! let (a, b) = (Sample::new(2_000, 100)?, Sample::new(2_000, 30)?);
//! let comparison = Comparison::of(a, b, 0.05)?;
//! assert_eq!(comparison.verdict, Verdict::BIsBetter);
//! println!("{comparison}");
//! # Ok::<(), fusebox::compare::CompareError>(())
//! ```

mod error;
mod evidence;
mod sample;

use core::fmt;

pub use error::CompareError;
use evidence::log_evidence;
pub use sample::{Sample, Share};

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The evidence is not enough yet, or there is no difference.
    Undecided,
    /// Of A's requests a smaller share was not answered.
    AIsBetter,
    /// Of B's requests a smaller share was not answered.
    BIsBetter,
}

/// Two arms side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// The share of A's requests that were not answered.
    pub a: Share,
    /// The share of B's.
    pub b: Share,
    /// The chance of a mistake that you allow.
    pub alpha: f64,
    /// A bound on the chance that arms without a difference would ever have shown as much
    /// evidence as there is now. It is at most 1, and may be looked at at any time.
    pub p: f64,
    /// What follows: undecided as long as `p` is above `alpha`.
    pub verdict: Verdict,
}

/// The range of `alpha`.
const ALPHA: core::ops::RangeInclusive<f64> = 1e-12..=0.5;

impl Comparison {
    /// Compares two arms, and allows a mistake with a chance of `alpha`.
    ///
    /// Where the arms do not differ, the chance that it ever decides is at most `alpha`,
    /// after however many looks. That is so because the evidence is a ratio of
    /// likelihoods: on the one hand of two shares, averaged by Jeffreys' prior (each arm's
    /// requests are then beta-binomial), and on the other of the one share that explains
    /// both arms best. Were the arms the same, that ratio would be below a martingale with
    /// the mean 1, and would ever reach `1 / alpha` with a chance of at most `alpha`
    /// (Ville, 1939). Robbins ("Statistical methods related to the law of the iterated
    /// logarithm", 1970) has tests by such mixtures; Wasserman, Ramdas and Balakrishnan
    /// ("Universal inference", 2020) the division by the best likelihood. The shares of
    /// requests between the arms need not be equal, nor constant.
    ///
    /// The bound is for requests that fail independently, with a chance that does not
    /// change. Outages come in bursts: so take a time that is long against one outage, and
    /// see both arms through the same outages, as a [`Split`](crate::Split) does. Counters
    /// of many threads may run ahead by a 64th (see [`Counters`](crate::Counters)).
    ///
    /// # Errors
    /// [`CompareError::Alpha`] unless `alpha` is from 1e-12 to 0.5.
    pub fn of(a: Sample, b: Sample, alpha: f64) -> Result<Self, CompareError> {
        if !ALPHA.contains(&alpha) {
            return Err(CompareError::Alpha);
        }
        let p = (-log_evidence(a, b)).exp().min(1.0);
        let (of_a, of_b) = (Share::of(a), Share::of(b));
        let verdict = if p > alpha {
            Verdict::Undecided
        } else if of_a.share < of_b.share {
            Verdict::AIsBetter
        } else {
            Verdict::BIsBetter
        };
        Ok(Self { a: of_a, b: of_b, alpha, p, verdict })
    }
}

/// Writes the verdict in words.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { a, b, alpha, p, verdict } = self;
        let (better, worse, name, other) = match verdict {
            Verdict::AIsBetter => (a, b, "A", "B"),
            Verdict::BIsBetter => (b, a, "B", "A"),
            Verdict::Undecided => {
                return write!(
                    f,
                    "undecided: {a} of A's requests were not answered, and {b} of B's; as much \
                     difference may come by chance ({p:.3} is above {alpha})"
                );
            }
        };
        write!(
            f,
            "{name} is better: {better} of its requests were not answered, and {worse} of \
             {other}'s; by chance alone as much is seen with a chance of {p:.1e} at most, \
             however often you look"
        )
    }
}
