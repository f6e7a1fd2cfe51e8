//! The host's monotonic clocks.

use core::time::Duration;

use crate::time::{Clock, ConstDefault, Tick};

/// The host's cheapest monotonic clock.
///
/// On Linux and Android it is the kernel's coarse clock. A reading takes about
/// 5 ns instead of 33, and the clock moves with the timer interrupt, every 1 to
/// 10 ms (commonly 4). Where that is too coarse, use [`PreciseClock`].
///
/// On Unix it counts from the host's boot, so that a tick means the same in
/// every process. Elsewhere it counts from its first use in the process.
#[derive(Debug, Clone, Copy, Default)]
pub struct StdClock;

/// The host's precise monotonic clock: the one behind `std::time::Instant`. It
/// has the same origin as [`StdClock`].
#[derive(Debug, Clone, Copy, Default)]
pub struct PreciseClock;

impl ConstDefault for StdClock {
    const DEFAULT: Self = Self;
}

impl ConstDefault for PreciseClock {
    const DEFAULT: Self = Self;
}

#[cfg(unix)]
mod host {
    use core::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    use super::Tick;

    #[cfg(any(target_os = "linux", target_os = "android"))]
    const COARSE: ClockId = ClockId::MonotonicCoarse;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const COARSE: ClockId = ClockId::Monotonic;

    #[inline]
    pub(super) fn coarse() -> Tick {
        read(COARSE)
    }

    #[inline]
    pub(super) fn precise() -> Tick {
        read(ClockId::Monotonic)
    }

    #[inline]
    #[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation)] // as below
    pub(super) fn elapsed() -> Duration {
        let time = clock_gettime(ClockId::Monotonic);
        Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec as u32)
    }

    #[inline]
    #[allow(clippy::cast_sign_loss)] // nanoseconds within a second, of a type that varies
    fn read(clock: ClockId) -> Tick {
        let time = clock_gettime(clock);
        // A monotonic clock is never negative, and the nanoseconds are below
        // a second.
        let (seconds, nanos) = (time.tv_sec.cast_unsigned(), time.tv_nsec as u64);
        Tick::from_millis(seconds.wrapping_mul(1_000).wrapping_add(nanos / 1_000_000))
    }
}

#[cfg(not(unix))]
mod host {
    use std::{
        sync::OnceLock,
        time::{Duration, Instant},
    };

    use super::Tick;

    pub(super) fn elapsed() -> Duration {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        ORIGIN.get_or_init(Instant::now).elapsed()
    }

    pub(super) fn coarse() -> Tick {
        Tick::from_millis(u64::try_from(elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) use coarse as precise;
}

impl Clock for StdClock {
    #[inline]
    fn now(&self) -> Tick {
        host::coarse()
    }

    #[inline]
    fn elapsed(&self) -> Duration {
        host::elapsed()
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    #[inline]
    fn now(&self) -> Tick {
        (**self).now()
    }

    #[inline]
    fn elapsed(&self) -> Duration {
        (**self).elapsed()
    }
}

impl Clock for PreciseClock {
    #[inline]
    fn now(&self) -> Tick {
        host::precise()
    }

    #[inline]
    fn elapsed(&self) -> Duration {
        host::elapsed()
    }
}
