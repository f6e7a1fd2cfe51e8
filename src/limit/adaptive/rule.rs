//! The rule of an adaptive limit: what a window of calls makes of it.
//!
//! A service of N workers does N calls at a time. With fewer in flight, each takes as
//! long as it takes alone, the *baseline*; with more, they wait for each other, and the
//! service does no more for it. N is the knee. By Little's law it is the rate at which
//! calls end, times the baseline: as soon as the service is full, one window tells it.
//!
//! The baseline is what rules of this kind get wrong. One that follows the latency in an
//! overload drifts upwards, and the limit with it, without end. So it is measured on
//! purpose: in a *search*, the limit is halved until calls end less often for it. Then the
//! service was not full, whatever it was before, and its latency is the baseline. There is
//! a search at the start, now and then, and when a lower limit made nothing faster, as
//! then it is the service that has become slower. At other times a baseline only comes
//! down.
//!
//! The rest is what the field has found: less by a tenth on overload errors (AIMD;
//! Netflix's `concurrency-limits`), more only where at least half of the limit is used
//! (the same), less only when the latency rose and the throughput did not (Uber's
//! Cinnamon, failsafe-go). Integers alone.

use crate::limit::adaptive::{
    memory::{Course, Memory},
    settings::AdaptiveSettings,
    word::Fine,
};

/// What was measured in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// The limit that was in force.
    pub(super) limit: Fine,
    /// The most calls that were in flight.
    pub(super) peak: u32,
    /// Calls that the service answered.
    pub(super) calls: u64,
    /// What they took together, in microseconds.
    pub(super) micros: u64,
    /// Calls for which the service was overloaded.
    pub(super) overloads: u64,
    /// How long the window was, in microseconds.
    pub(super) length: u64,
}

/// Windows between two searches.
const SEARCH_EVERY: u8 = 64;
/// Windows in a row that are too slow, after which the baseline is doubted.
const DOUBTFUL: u8 = 3;
/// Windows for which the limit stays as it is after it came down.
const REST: u8 = 3;
/// The growth after a search that found another service than before: twofold.
const DOUBLING: u8 = 5;
/// Of so many calls, one is allowed to meet an overload.
const TOLERATED: u64 = 64;

impl Window {
    /// The mean time of a call, in microseconds.
    fn mean(self) -> u64 {
        (self.micros / self.calls.max(1)).max(1)
    }

    /// Calls in a second, in 1/256.
    fn rate(self) -> u64 {
        let rate = u128::from(self.calls) * 256_000_000 / u128::from(self.length.max(1));
        u64::try_from(rate).unwrap_or(u64::MAX).min(u32::MAX.into())
    }

    /// Whether it says anything.
    fn is_enough(self, settings: AdaptiveSettings) -> bool {
        self.calls + self.overloads >= settings.min_samples().into()
    }

    /// Whether the callers wanted at least half of the limit.
    fn is_used(self) -> bool {
        self.peak * 2 >= self.limit.whole()
    }

    fn is_overloaded(self) -> bool {
        self.overloads * TOLERATED > self.calls
    }
}

/// The limit after a window, and what the rule remembers of it.
#[must_use]
pub(super) fn after(window: Window, memory: Memory, settings: AdaptiveSettings) -> (Fine, Memory) {
    let (limit, memory) = if !window.is_enough(settings) {
        (window.limit, memory)
    } else if window.is_overloaded() {
        // Whatever is measured now is no baseline, nor the end of a search.
        let course = if memory.baseline == 0 { Course::New } else { Course::Follow };
        let memory = Memory { course, growth: 0, rest: REST, ..memory };
        (Fine(window.limit.0 / 10 * 9), memory)
    } else {
        match memory.course {
            Course::New => search(window, memory),
            Course::Search => searching(window, memory, settings),
            Course::Follow => following(window, memory, settings),
        }
    };
    let (least, most) = (Fine::of(settings.min()), Fine::of(settings.max()));
    (limit.min(most).max(least), memory)
}

/// Begins a search.
fn search(window: Window, memory: Memory) -> (Fine, Memory) {
    if !window.is_used() {
        // Callers are few by themselves.
        return (window.limit, measured(window, memory));
    }
    let memory = Memory { course: Course::Search, rate: to_u32(window.rate()), ..memory };
    (half(window.limit), memory.at(window.limit))
}

/// Goes on with a search, or ends it.
fn searching(window: Window, memory: Memory, settings: AdaptiveSettings) -> (Fine, Memory) {
    let before = Fine::of(memory.limit.into());
    if !window.is_used() {
        return (before, measured(window, memory));
    }
    let (rate, best) = (window.rate(), u64::from(memory.rate));
    let fell = rate * 4 < best * 3;
    if !fell && window.limit > Fine::of(settings.min()) {
        let memory = Memory { rate: to_u32(best.max(rate)), ..memory };
        return (half(window.limit), memory);
    }
    let found = measured(window, memory);
    let knee = knee(best.max(rate), found.baseline);
    let known = u64::from(memory.baseline);
    let is_another = window.mean() * 4 > known * 5 || window.mean() * 5 < known * 4;
    if is_another {
        // Nobody knows how large it is: twice as much, as long as that helps.
        (knee, Memory { growth: DOUBLING, rest: 0, ..found.at(knee) })
    } else {
        // As before: the search was no reason to change anything.
        (before.min(knee.max(Fine(before.0 / 8 * 7))), found.at(before))
    }
}

/// A service that was not full: its latency is the baseline.
fn measured(window: Window, memory: Memory) -> Memory {
    let (mean, known) = (window.mean(), u64::from(memory.baseline));
    // A known one moves by half, as the mean of few calls is by chance.
    let near = mean * 4 <= known * 5 && mean * 5 >= known * 4;
    let baseline = to_u32(if near { u64::midpoint(mean, known) } else { mean });
    Memory {
        baseline,
        course: Course::Follow,
        patience: SEARCH_EVERY,
        slow: 0,
        rate: to_u32(window.rate()),
        ..memory
    }
}

fn following(window: Window, memory: Memory, settings: AdaptiveSettings) -> (Fine, Memory) {
    let (mean, rate) = (window.mean(), window.rate());
    let (limit, baseline) = (window.limit, u64::from(memory.baseline));
    let slower = mean * 100 > baseline * u64::from(100 + settings.tolerance());
    let next = Memory { rate: to_u32(rate), ..memory }.at(limit);
    if slower && !pays(window, memory) {
        let slow = memory.slow + 1;
        if slow >= DOUBTFUL && window.is_used() {
            return search(window, Memory { slow: 0, ..memory });
        }
        let knee = knee(rate, memory.baseline).max(half(limit)).min(limit);
        return (knee, Memory { slow, growth: 0, rest: REST, ..next });
    }
    // By an eighth, since half of all means lie below the true one.
    let baseline = if mean < baseline { baseline - (baseline - mean) / 8 } else { baseline };
    let next = Memory { slow: 0, baseline: to_u32(baseline), ..next };
    if !window.is_used() {
        return (limit, next);
    }
    if memory.patience == 0 {
        return search(window, next);
    }
    let next = Memory { patience: memory.patience - 1, ..next };
    if memory.rest > 0 {
        return (limit, Memory { rest: memory.rest - 1, ..next });
    }
    let more = (limit.0 >> (DOUBLING - memory.growth.min(DOUBLING))).max(Fine::of(1).0 / 4);
    let growth = (memory.growth + 1).min(DOUBLING);
    (Fine(limit.0.saturating_add(more)), Memory { growth, ..next })
}

/// Whether a limit that has grown since the last window let the service do more: by half
/// of what it has grown, at least.
fn pays(window: Window, memory: Memory) -> bool {
    let (limit, before) = (u64::from(window.limit.whole()), u64::from(memory.limit));
    let (rate, rate_before) = (window.rate(), u64::from(memory.rate));
    limit > before && rate * 2 * before >= rate_before * (before + limit)
}

/// What a service that is full does at a time, by Little's law.
fn knee(rate: u64, baseline: u32) -> Fine {
    Fine(to_u32(rate * u64::from(baseline) / 1_000_000))
}

fn half(limit: Fine) -> Fine {
    Fine(limit.0 / 2)
}

fn to_u32(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
