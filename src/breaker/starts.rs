//! When timed calls began that have not ended: a call that hangs is charged without
//! its end.
//!
//! The table is the process's own, as its calls are. A breaker has a row for each of a
//! few groups of threads, so that threads seldom meet, and shares them with few other
//! breakers. A row has few places: what finds none is not noted, and counts at its end
//! only. A place holds which breaker's call it is, of which generation, and when it
//! began. Whoever takes that out, the call at its end or another that finds it overdue,
//! reports it: so it counts once.

use crate::{
    breaker::word::Word,
    sync::{AtomicU64, Ordering, planted},
    time::Tick,
};

/// Places in a row: a cache line.
const WIDTH: usize = if cfg!(fusebox_loom) { 1 } else { 8 };
/// Rows of a breaker.
pub(super) const GROUPS: usize = if SMALL { 1 } else { 8 };
/// Breakers that share no row.
const BREAKERS: usize = if SMALL { 1 } else { 32 };
const SMALL: bool = cfg!(fusebox_loom) || cfg!(not(feature = "std"));

const _: () = assert!(
    GROUPS.is_power_of_two()
        && (WIDTH * GROUPS) as u64 <= Word::PLACES
        && BREAKERS.is_power_of_two()
);

#[repr(align(64))]
struct Row([AtomicU64; WIDTH]);

/// All places.
struct Starts([[Row; GROUPS]; BREAKERS]);

#[cfg(not(fusebox_loom))]
static STARTS: Starts =
    Starts([const { [const { Row([const { AtomicU64::new(0) }; WIDTH]) }; GROUPS] }; BREAKERS]);

#[cfg(fusebox_loom)]
loom::lazy_static! {
    static ref STARTS: Starts = Starts([[Row([AtomicU64::new(0)])]]);
}

/// The rows of one breaker, which others may share.
pub(super) struct Rows {
    rows: &'static [Row; GROUPS],
    /// What tells this breaker's calls from others' in its rows.
    tag: u64,
}

const TAG_BITS: u32 = 22;
const TAG_SHIFT: u32 = u64::BITS - TAG_BITS;
const GENERATION_SHIFT: u32 = 32;

#[allow(clippy::cast_possible_truncation)] // the low bits of moments
impl Rows {
    /// Those of the breaker at this address.
    pub(super) fn of(address: usize) -> Self {
        // Breakers lie 32 bytes apart at least. Neighbours have rows of their own,
        // and two with one tag in one row lie so far apart that it is as good as
        // impossible, and would do no more than charge the wrong one.
        let at = address >> 5;
        let breaker = (at >> 3 ^ at.unbounded_shr(TAG_BITS)) & (BREAKERS - 1);
        let tag = at as u64 & ((1 << TAG_BITS) - 1);
        // Never 0: an empty place is all zeros.
        Self { rows: &STARTS.0[breaker], tag: tag.max(1) }
    }

    fn value(&self, generation: u16, began: Tick) -> u64 {
        self.tag << TAG_SHIFT
            | u64::from(generation) << GENERATION_SHIFT
            | began.as_millis() & 0xFFFF_FFFF
    }

    /// Notes a call that a thread of this group begins; its place, if there is one.
    pub(super) fn note(&self, group: usize, generation: u16, began: Tick) -> Option<u64> {
        let value = self.value(generation, began);
        let at = self.rows[group].0.iter().position(|place| {
            // A lone value that publishes nothing: relaxed, here and below. Whoever
            // takes it out reports to the breaker's word, which orders reports.
            place.load(Ordering::Relaxed) == 0
                && place.compare_exchange(0, value, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        })?;
        Some((group * WIDTH + at) as u64)
    }

    /// Takes a call out that ends; false where somebody has charged it already.
    #[allow(clippy::cast_possible_truncation)] // a small number
    pub(super) fn take(&self, place: u64, generation: u16, began: Tick) -> bool {
        let value = self.value(generation, began);
        // A foreign place can only be a defect; then nothing was noted.
        let Some(row) = self.rows.get(place as usize / WIDTH) else { return true };
        take(&row.0[place as usize % WIDTH], value)
    }

    /// The ages, in milliseconds, of this breaker's calls of this generation that are noted.
    #[cfg(not(fusebox_compact))]
    pub(super) fn ages(&self, generation: u16, now: Tick) -> impl Iterator<Item = u64> {
        let own = self.value(generation, Tick::from_millis(0)) >> GENERATION_SHIFT;
        let places = self.rows.iter().flat_map(|row| &row.0);
        places.filter_map(move |place| {
            let value = place.load(Ordering::Relaxed);
            let age = (now.as_millis() as u32).wrapping_sub(value as u32).cast_signed();
            // Another thread may have read the clock later.
            (value >> GENERATION_SHIFT == own).then(|| u64::from(age.max(0).cast_unsigned()))
        })
    }

    /// Takes out a call of this breaker, of this group of threads, that began more
    /// than `limit` milliseconds ago; its generation.
    #[allow(clippy::cast_possible_truncation)] // the low bits
    pub(super) fn take_overdue(&self, group: usize, limit: u64, now: Tick) -> Option<u16> {
        let row = &self.rows[group].0;
        // Nearly always all are empty.
        if row.iter().fold(0, |all, place| all | place.load(Ordering::Relaxed)) == 0 {
            return None;
        }
        row.iter().find_map(|place| {
            let value = place.load(Ordering::Relaxed);
            if value == 0 {
                return None;
            }
            let age = (now.as_millis() as u32).wrapping_sub(value as u32).cast_signed();
            let overdue = value >> TAG_SHIFT == self.tag && i64::from(age) > limit.cast_signed();
            (overdue && take(place, value)).then_some((value >> GENERATION_SHIFT) as u16 & 0x3FF)
        })
    }
}

fn take(place: &AtomicU64, value: u64) -> bool {
    if planted!(HungCallCountsTwice) {
        let there = place.load(Ordering::Relaxed) == value;
        place.store(0, Ordering::Relaxed);
        return there;
    }
    place.compare_exchange(value, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}
