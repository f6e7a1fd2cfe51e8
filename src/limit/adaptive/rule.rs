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

    /// Whether that is not by chance: below it by a tenth, and by three deviations.
    fn is_faster_than(self, baseline: u32) -> bool {
        self.mean() * (200 + 3 * self.chance()) < u64::from(baseline) * 180
    }

    /// Whether the callers had at least half of the limit.
    fn is_used(self) -> bool {
        self.peak * 2 >= self.limit.whole()
    }

    /// Whether they had three quarters of it on average, by Little's law: whether it is
    /// the limit that keeps them from having more.
    fn is_full(self) -> bool {
        self.micros * 4 * 256 >= u64::from(self.limit.0) * self.length * 3
    }

    /// Whether they had all of it at the end, and not yet for long.
    fn is_rising(self) -> bool {
        self.peak >= self.limit.whole() && !self.is_full()
    }

    /// By how much the mean of so many calls differs from the true one, in parts of 200:
    /// one standard deviation of times that are distributed exponentially.
    fn chance(self) -> u64 {
        200 / self.calls.isqrt().max(1)
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
            // The queue is only just growing.
            Course::New if window.is_rising() => (window.limit, memory),
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
    if !window.is_full() {
        // Callers are few by themselves.
        return (window.limit, measured(window, memory));
    }
    let memory = Memory { course: Course::Search, rate: to_u32(window.rate()), ..memory };
    (half(window.limit), memory.at(window.limit))
}

/// Goes on with a search, or ends it.
fn searching(window: Window, memory: Memory, settings: AdaptiveSettings) -> (Fine, Memory) {
    let before = Fine::of(memory.limit.into());
    if !window.is_full() {
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
    if is_near(window.mean(), known) {
        // As before: the search was no reason to change much.
        (before.min(knee.max(Fine(before.0 / 8 * 7))), found.at(before))
    } else {
        // Nobody knows how large it is: twice as much, as long as that helps.
        (knee, Memory { growth: DOUBLING, rest: 0, ..found.at(knee) })
    }
}

/// Whether two baselines can be of one service.
const fn is_near(one: u64, other: u64) -> bool {
    one * 2 <= other * 3 && other * 2 <= one * 3
}

/// A service that was not full: its latency is the baseline.
fn measured(window: Window, memory: Memory) -> Memory {
    let (mean, known) = (window.mean(), u64::from(memory.baseline));
    // A known one moves by a quarter, as the mean of few calls is by chance.
    let is_chance = is_near(mean, known) && !window.is_faster_than(memory.baseline);
    let baseline = to_u32(if is_chance { (known * 3 + mean) / 4 } else { mean });
    Memory {
        baseline,
        course: Course::Follow,
        patience: SEARCH_EVERY,
        slow: 0,
        rate: to_u32(window.rate()),
        ..memory
    }
}

/// Follows the service, be it slower or not.
fn following(window: Window, memory: Memory, settings: AdaptiveSettings) -> (Fine, Memory) {
    match slowness(window, memory, settings) {
        Slowness::No => not_slower(window, memory),
        // The mean of few calls is by chance: once is not enough.
        Slowness::Little if memory.slow == 0 => {
            let next = Memory { slow: 1, rate: to_u32(window.rate()), ..memory };
            (window.limit, next.at(window.limit))
        }
        slowness => slower(window, memory, slowness),
    }
}

/// By how much a window was slower than the service is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slowness {
    /// Not by more than is tolerated, or the service does more for it.
    No,
    Little,
    /// The limit has grown since, which nearly says why.
    Grown,
    Much,
}

fn slowness(window: Window, memory: Memory, settings: AdaptiveSettings) -> Slowness {
    let has_grown = window.limit.whole() > memory.limit.into();
    let (mean, tolerance) = (window.mean() * 200, settings.tolerance());
    let above =
        |share: u32| mean > u64::from(memory.baseline) * (200 + window.chance() + u64::from(share));
    let tolerated = if has_grown { tolerance } else { 2 * tolerance };
    // Where callers are few by themselves, a lower limit would be of no use.
    if !window.is_full() || !above(tolerated) || gains(window, memory, 2) {
        Slowness::No
    } else if above(5 * tolerance) {
        Slowness::Much
    } else if has_grown {
        Slowness::Grown
    } else {
        Slowness::Little
    }
}

/// The service is full, or has become slower.
fn slower(window: Window, memory: Memory, slowness: Slowness) -> (Fine, Memory) {
    let slow = memory.slow + 1;
    if slow > DOUBTFUL {
        return search(window, Memory { slow: 0, baseline: 0, ..memory });
    }
    let (limit, rate) = (window.limit, window.rate());
    let next = Memory { slow, growth: 0, rest: REST, rate: to_u32(rate), ..memory }.at(limit);
    // Of two windows the mean is less by chance, unless the service has changed.
    let (rate, least) = match slowness {
        Slowness::Much => (rate, half(limit)),
        Slowness::Grown => (u64::midpoint(rate, memory.rate.into()), half(limit)),
        _ => (u64::midpoint(rate, memory.rate.into()), Fine(limit.0 / 8 * 7)),
    };
    (knee(rate, memory.baseline).max(least).min(limit), next)
}

/// There is room, or was.
fn not_slower(window: Window, memory: Memory) -> (Fine, Memory) {
    let (mean, limit) = (window.mean(), window.limit);
    let known = u64::from(memory.baseline);
    // A limit that has grown by much, and got as much for it: the service was not full.
    let has_room = limit.whole() * 4 >= u32::from(memory.limit) * 5 && gains(window, memory, 8);
    if !has_room && !is_near(mean, known) && mean < known && window.is_full() {
        // No service is faster for being full: this is another, and may be faster still.
        return search(window, memory);
    }
    let baseline = if window.is_faster_than(memory.baseline) {
        to_u32(mean)
    } else if has_room {
        // Of a window with up to twice the calls.
        to_u32((known + 2 * mean) / 3)
    } else {
        memory.baseline
    };
    let next = Memory { slow: 0, baseline, rate: to_u32(window.rate()), ..memory }.at(limit);
    if !window.is_used() {
        return (limit, next);
    }
    if memory.patience == 0 && window.is_full() {
        return search(window, next);
    }
    let next = Memory { patience: memory.patience.saturating_sub(1), ..next };
    if memory.rest > 0 {
        return (limit, Memory { rest: memory.rest - 1, ..next });
    }
    let more = (limit.0 >> (DOUBLING - memory.growth.min(DOUBLING))).max(Fine::of(1).0 / 2);
    let growth = (memory.growth + 1).min(DOUBLING);
    (Fine(limit.0.saturating_add(more)), Memory { growth, ..next })
}

/// Whether the limit has grown since the last window, and the service did more for it: by
/// as much, but for one part in `parts`.
fn gains(window: Window, memory: Memory, parts: u64) -> bool {
    let (limit, before) = (u64::from(window.limit.whole()), u64::from(memory.limit));
    let (rate, rate_before) = (window.rate(), u64::from(memory.rate));
    let due = before * parts + limit.saturating_sub(before) * (parts - 1);
    limit > before && rate * before * parts >= rate_before * due
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
