//! A clock for tests, which is its own sleeper.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use crate::{
    sync::{Ordering, UnmodelledU64},
    time::{AsyncSleep, Clock, Sleep, Tick},
};

/// A clock that moves only when told to, for tests.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{Clock, ManualClock};
///
/// let clock = ManualClock::new();
/// clock.advance(Duration::from_secs(3));
/// assert_eq!(clock.now().as_millis(), 3_000);
/// ```
#[derive(Debug, Default)]
pub struct ManualClock {
    now: UnmodelledU64,
    /// Those who sleep while [`block_on`](Self::block_on) runs.
    #[cfg(feature = "std")]
    pub(super) sleepers: crate::time::block_on::Sleepers,
}

impl ManualClock {
    /// Makes a clock at its origin, tick 0.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            now: UnmodelledU64::new(0),
            #[cfg(feature = "std")]
            sleepers: crate::time::block_on::Sleepers::new(),
        }
    }

    /// Sets the time, forwards or back.
    pub fn set(&self, now: Tick) {
        // The time is a value of its own and publishes nothing: relaxed.
        self.now.store(now.as_millis(), Ordering::Relaxed);
        #[cfg(feature = "std")]
        self.sleepers.wake(self.now());
    }

    /// Moves the time forwards by `by`, in whole milliseconds. The time wraps.
    pub fn advance(&self, by: Duration) {
        self.now.fetch_add(wrapping_millis(by), Ordering::Relaxed);
        #[cfg(feature = "std")]
        self.sleepers.wake(self.now());
    }

    /// Moves the time back by `by`, in whole milliseconds. The time wraps.
    pub fn step_back(&self, by: Duration) {
        self.now.fetch_sub(wrapping_millis(by), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Tick {
        Tick::from_millis(self.now.load(Ordering::Relaxed))
    }

    #[cfg(feature = "drill")]
    fn block(&self, delay: Duration) {
        self.sleep(delay);
    }

    /// As a [`ManualSleep`] asks: noted where `block_on` runs, and else at once.
    #[cfg(feature = "drill")]
    fn wake_after(&self, delay: Duration, waker: &core::task::Waker) {
        if self.sleepers.are_driven() {
            let due = self.now().as_millis().wrapping_add(wrapping_millis(whole_millis(delay)));
            self.sleepers.add(None, due, waker);
        } else {
            waker.wake_by_ref();
        }
    }
}

/// The low 64 bits of a duration in milliseconds, for a time that wraps.
#[allow(clippy::cast_possible_truncation)] // the wrap is what is wanted
const fn wrapping_millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

/// Moves the time on and returns: a test of retries waits for nothing.
impl Sleep for ManualClock {
    fn sleep(&self, delay: Duration) {
        self.advance(whole_millis(delay));
    }
}

/// Ready when somebody has moved the clock on by the delay.
impl<'a> AsyncSleep for &'a ManualClock {
    type Sleep = ManualSleep<'a>;

    fn sleep_async(&self, delay: Duration) -> ManualSleep<'a> {
        ManualSleep {
            clock: self,
            start: self.now(),
            delay: whole_millis(delay),
            #[cfg(feature = "std")]
            number: None,
        }
    }
}

/// A delay on a [`ManualClock`]: it is ready when the clock has moved on by the
/// delay. Unless the clock's own `block_on` runs, it asks to be polled again and
/// again, which is right in a test only.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ManualSleep<'a> {
    clock: &'a ManualClock,
    start: Tick,
    delay: Duration,
    /// Its number among the sleepers.
    #[cfg(feature = "std")]
    number: Option<u64>,
}

impl Future for ManualSleep<'_> {
    type Output = ();

    #[cfg_attr(not(feature = "std"), allow(unused_mut))]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.clock.now().since(self.start) >= self.delay {
            return Poll::Ready(());
        }
        #[cfg(feature = "std")]
        if self.clock.sleepers.are_driven() {
            let due = self.start.as_millis().wrapping_add(wrapping_millis(self.delay));
            let number = self.clock.sleepers.add(self.number, due, cx.waker());
            self.number = Some(number);
            return Poll::Pending;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(feature = "std")]
impl Drop for ManualSleep<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.clock.sleepers.remove(number);
        }
    }
}

/// A manual clock counts whole milliseconds: a part of one is one.
fn whole_millis(delay: Duration) -> Duration {
    let millis = delay.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}
