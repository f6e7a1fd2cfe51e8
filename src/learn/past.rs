//! The word of what is learned of outages and failures: what it may become next.
//!
//! | bits | field |
//! |---|---|
//! | 63 | frozen by hand: nothing is learned |
//! | 62..53 | calls of the batch of which failures are counted |
//! | 52..46 | those of them that failed |
//! | 45..32 | the usual share of failures, in 8 millionths, plus 1 |
//! | 31..21 | the usual length of an outage |
//! | 20..19 | outages that were seen, up to 3 |
//! | 18..11 | the share of openings whose first probe succeeded, in 255ths |
//! | 10..9 | openings of which that was seen, up to 3 |
//! | 8..0 | the baseline of the latency that is in force |
//!
//! 0 is a past of which nothing is known. Times are in milliseconds, and kept as their
//! power of two (5 bits) and a fraction.

use crate::machine;
#[cfg(fusebox_loom)]
use crate::sync::planted;

/// What is learned of outages, probes and failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Past(u64);

const FROZEN: u64 = 1 << 63;

/// Bits from a place on.
#[derive(Clone, Copy)]
struct Field {
    at: u32,
    bits: u32,
}

const CALLS: Field = Field { at: 53, bits: 10 };
const FAILED: Field = Field { at: 46, bits: 7 };
const FAILURES: Field = Field { at: 32, bits: 14 };
const OUTAGE: Field = Field { at: 21, bits: 11 };
const OUTAGES: Field = Field { at: 19, bits: 2 };
const SUCCEEDED: Field = Field { at: 11, bits: 8 };
const PROBED: Field = Field { at: 9, bits: 2 };
const IN_FORCE: Field = Field { at: 0, bits: 9 };

impl Field {
    const fn most(self) -> u64 {
        (1 << self.bits) - 1
    }
}

/// Bits of a fraction: of the length of an outage, and of a baseline.
const OUTAGE_FRACTION: u32 = 6;
const BASELINE_FRACTION: u32 = 4;

/// So many calls are a batch.
pub(crate) const BATCH: u64 = 1_000;
/// More of them that fail are no usual share, but an outage.
const MOST_FAILED: u64 = BATCH / 10;
/// So many outages are enough, and so many openings.
pub(crate) const ENOUGH: u64 = 3;
/// The unit of a share of failures.
const PARTS: u64 = 8;
const MILLION: u64 = 1_000_000;

/// All openings.
const EVERY: u64 = SUCCEEDED.most();

impl Past {
    const fn get(self, field: Field) -> u64 {
        self.0 >> field.at & field.most()
    }

    const fn with(self, field: Field, value: u64) -> Self {
        Self(self.0 & !(field.most() << field.at) | (value & field.most()) << field.at)
    }

    pub(crate) const fn is_frozen(self) -> bool {
        self.0 & FROZEN != 0
    }

    pub(crate) const fn frozen(self, frozen: bool) -> Self {
        Self(if frozen { self.0 | FROZEN } else { self.0 & !FROZEN })
    }

    /// With nothing known.
    pub(crate) const fn forgotten(self) -> Self {
        Self(self.0 & FROZEN)
    }

    /// The usual length of an outage, in milliseconds.
    pub(crate) const fn outage(self) -> Option<u64> {
        let enough = self.get(OUTAGES) >= ENOUGH;
        if enough { Some(millis(self.get(OUTAGE), OUTAGE_FRACTION)) } else { None }
    }

    /// The share of openings whose first probe succeeds, in percent.
    #[allow(clippy::cast_possible_truncation)] // at most 100
    pub(crate) const fn first_probe(self) -> Option<u8> {
        let enough = self.get(PROBED) >= ENOUGH;
        if enough { Some(((self.get(SUCCEEDED) * 100 + EVERY / 2) / EVERY) as u8) } else { None }
    }

    /// The usual share of failures, in millionths.
    #[allow(clippy::cast_possible_truncation)] // at most a million
    pub(crate) const fn failures(self) -> Option<u32> {
        match self.get(FAILURES).checked_sub(1) {
            Some(parts) if parts * PARTS <= MILLION / 10 => Some((parts * PARTS) as u32),
            // By any bits.
            Some(_) => Some((MILLION / 10) as u32),
            None => None,
        }
    }

    /// The baseline in force, in milliseconds.
    pub(crate) const fn in_force(self) -> Option<u64> {
        match self.get(IN_FORCE) {
            0 => None,
            code => Some(millis(code, BASELINE_FRACTION)),
        }
    }

    /// After a healthy breaker's call.
    pub(crate) const fn called(self, failed: bool) -> Self {
        let calls = self.get(CALLS) + 1;
        let failures = self.get(FAILED) + failed as u64;
        let failures = if failures > FAILED.most() { FAILED.most() } else { failures };
        if calls < BATCH {
            return self.with(CALLS, calls).with(FAILED, failures);
        }
        let past = self.with(CALLS, 0).with(FAILED, 0);
        if failures > MOST_FAILED {
            return past;
        }
        let share = failures * MILLION / BATCH / PARTS;
        past.with(
            FAILURES,
            1 + match self.failures() {
                None => share,
                Some(known) => smoothed(known as u64 / PARTS, share),
            },
        )
    }

    /// After an outage that lasted so many milliseconds: a frugal median (Ma, Muthukrishnan
    /// and Sandler, 2013) of its logarithm. It moves towards each outage by an octave at
    /// first, and by an eighth of one in the end, though not past it.
    pub(crate) const fn recovered(self, lasted: u64) -> Self {
        let (seen, usual) = (self.get(OUTAGES), self.get(OUTAGE));
        let this = code(lasted, OUTAGE_FRACTION);
        let step = (1 << OUTAGE_FRACTION) >> seen;
        let usual = match usual.abs_diff(this) {
            _ if seen == 0 => this,
            far if far <= step => this,
            _ if usual < this => usual + step,
            _ => usual - step,
        };
        self.with(OUTAGE, usual).with(OUTAGES, counted(seen))
    }

    /// After the first probe of an opening.
    pub(crate) const fn probed(self, succeeded: bool) -> Self {
        let (seen, share) = (self.get(PROBED), self.get(SUCCEEDED));
        let this = if succeeded { EVERY } else { 0 };
        // The mean of the first ones, and an eighth of each later one.
        let part = if seen < ENOUGH { seen + 1 } else { 8 };
        let step = share.abs_diff(this).div_ceil(part);
        let share = if share < this { share + step } else { share - step };
        self.with(SUCCEEDED, share).with(PROBED, counted(seen))
    }

    /// With a baseline in force that was learned, in milliseconds: where the one in force
    /// is off by more than a quarter.
    pub(crate) const fn following(self, learned: u64) -> Self {
        let learned = if learned > LONGEST { LONGEST } else { learned };
        match self.in_force() {
            Some(there) if learned * 4 <= there * 5 && there * 4 <= learned * 5 => self,
            _ => {
                let down = code(learned, BASELINE_FRACTION);
                let up = if millis(down, BASELINE_FRACTION) < learned { down + 1 } else { down };
                // 0 would be none.
                self.with(IN_FORCE, if up == 0 { 1 } else { up })
            }
        }
    }
}

const fn counted(seen: u64) -> u64 {
    if seen < ENOUGH { seen + 1 } else { ENOUGH }
}

/// Down fast, and up slowly: a burst of failures is no new usual share.
const fn smoothed(known: u64, share: u64) -> u64 {
    if share < known {
        known - (known - share).div_ceil(4)
    } else {
        known + (share - known).div_ceil(16)
    }
}

/// 2^31 ms, which is 24 days.
const LONGEST: u64 = 1 << 31;

/// A time as it is kept, rounded down. It keeps the order of times.
const fn code(millis: u64, fraction: u32) -> u64 {
    let millis = if millis == 0 { 1 } else { millis };
    let millis = if millis > LONGEST { LONGEST } else { millis };
    let power = millis.ilog2();
    let part = (millis << fraction >> power) & ((1 << fraction) - 1);
    (power as u64) << fraction | part
}

/// The milliseconds of a time that is kept.
const fn millis(code: u64, fraction: u32) -> u64 {
    let (power, part) = (code >> fraction, code & ((1 << fraction) - 1));
    ((1 << fraction) + part) << power >> fraction
}

impl machine::Word for Past {
    crate::machine::bits!();

    #[cfg(fusebox_loom)]
    fn is_torn(self, next: Self) -> bool {
        let _ = next;
        planted!(PastByStore)
    }
}
