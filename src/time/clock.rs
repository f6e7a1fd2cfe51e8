//! Time as a breaker sees it: ticks of one millisecond.

use core::time::Duration;

/// A moment, in whole milliseconds since its clock's own origin.
///
/// A breaker keeps the low 40 bits and compares moments in wrapping 40-bit
/// arithmetic, so only differences below 2^39 ms (17 years) mean anything.
///
/// ```
/// use core::time::Duration;
/// use fusebox::Tick;
///
/// let tick = Tick::from_millis(1_500);
/// assert_eq!(tick.as_millis(), 1_500);
/// assert_eq!(Tick::from_millis(2_000).since(tick), Duration::from_millis(500));
/// // A clock that stepped back: no time has passed.
/// assert_eq!(tick.since(Tick::from_millis(2_000)), Duration::ZERO);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tick(u64);

impl Tick {
    /// The number of bits that a breaker keeps of a tick.
    pub(crate) const BITS: u32 = 40;
    pub(crate) const MASK: u64 = (1 << Self::BITS) - 1;

    /// Makes a tick `millis` milliseconds after the clock's origin.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the clock's origin.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the time from `earlier` to this tick, in wrapping 40-bit
    /// arithmetic. It is zero when `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        let elapsed = self.signed_since(earlier);
        // Not negative, so the cast keeps the value.
        Duration::from_millis(if elapsed < 0 { 0 } else { elapsed.unsigned_abs() })
    }

    /// The milliseconds from `earlier` to this tick, in wrapping 40-bit
    /// arithmetic; negative when the clock stepped back.
    #[inline]
    pub(crate) const fn signed_since(self, earlier: Self) -> i64 {
        const UNUSED: u32 = u64::BITS - Tick::BITS;
        // Shifted up and down again as a signed number: bit 39 is the sign.
        (self.0.wrapping_sub(earlier.0) << UNUSED).cast_signed() >> UNUSED
    }
}

/// A source of ticks. A breaker asks it only on the paths that need the time;
/// a call on a healthy breaker never does.
///
/// A clock should not step back. If it does, a recovery is delayed by one
/// recovery timeout at most, and nothing breaks.
///
/// ```
/// use fusebox::{Clock, Tick};
///
/// /// Milliseconds counted by a timer's interrupt.
/// struct Uptime;
/// impl Clock for Uptime {
///     fn now(&self) -> Tick {
///         Tick::from_millis(1_234) // read the counter here
///     }
/// }
/// assert_eq!(Uptime.now().as_millis(), 1_234);
/// ```
pub trait Clock {
    /// Returns the time now.
    fn now(&self) -> Tick;

    /// Returns the time since the clock's origin, as finely as the clock can tell
    /// it. Durations of calls are measured by it, where somebody asks for them
    /// ([`TimeCalls`](crate::TimeCalls)). Unless you write another, it is
    /// [`now`](Self::now), in whole milliseconds.
    #[inline]
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.now().as_millis())
    }

    /// Blocks its thread, and returns after `delay`: the latency of a drilled call. Unless
    /// you write another, it sleeps by `std::thread::sleep`. A
    /// [`ManualClock`](crate::ManualClock) moves on, and returns at once.
    #[cfg(feature = "drill")]
    fn block(&self, delay: Duration) {
        std::thread::sleep(delay);
    }

    /// Wakes a task after `delay`: the latency of a drilled call that is async. It may wake
    /// it earlier. Unless you write another, a thread of the crate's own does, which is
    /// started at the first use, so it works on any runtime. A
    /// [`ManualClock`](crate::ManualClock) wakes it as its `block_on` moves the clock.
    #[cfg(feature = "drill")]
    fn wake_after(&self, delay: Duration, waker: &core::task::Waker) {
        crate::time::alarm::wake_after(delay, waker);
    }
}

impl<C: Clock + ?Sized> Clock for &C {
    #[inline]
    fn now(&self) -> Tick {
        (**self).now()
    }

    #[inline]
    fn elapsed(&self) -> Duration {
        (**self).elapsed()
    }

    #[cfg(feature = "drill")]
    fn block(&self, delay: Duration) {
        (**self).block(delay);
    }

    #[cfg(feature = "drill")]
    fn wake_after(&self, delay: Duration, waker: &core::task::Waker) {
        (**self).wake_after(delay, waker);
    }
}

/// A default value that a `const` or a `static` can use, where `Default` cannot
/// be called.
///
/// The crate's zero-sized clocks and observers implement it, so that a
/// [`Registry`](crate::Registry) of them has a `const` constructor. Implement
/// it for your own clocks and observers.
pub trait ConstDefault {
    /// The default value.
    const DEFAULT: Self;
}
