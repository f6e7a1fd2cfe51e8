//! Runs a future on a manual clock, which moves on whenever all is asleep.

use core::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Wake,
    thread::{self, Thread},
    vec::Vec,
};

use crate::time::{ManualClock, Tick};

impl ManualClock {
    /// Runs a future to its end, and moves the clock on whenever the future waits
    /// for nothing but the clock: to the moment at which the first of its delays is
    /// over. A test of an hour of retries takes no time.
    ///
    /// A future that waits for something else blocks the thread until it is woken,
    /// as by any `block_on`. The clock stands still meanwhile.
    ///
    /// # Panics
    /// Where it is called within itself, for the same clock.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{Clock, DefaultObserver, ManualClock, Retry, RetryConfig, TimedOut};
    ///
    /// let clock = ManualClock::new();
    /// let settings = RetryConfig::new().base_delay(Duration::from_secs(600)).max_delay(
    ///     Duration::from_secs(3600),
    /// );
    /// let retry = Retry::with(settings.build(), &clock, &clock, DefaultObserver);
    /// let hangs = || std::future::pending::<Result<(), TimedOut>>();
    /// let answer = clock.block_on(retry.call_async_within(Duration::from_secs(30), hangs));
    /// assert!(answer.is_err());
    /// assert!(clock.now().as_millis() > 900_000); // three timeouts and two delays
    /// ```
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _driving = Driving::begin(&self.sleepers);
        let signal = Arc::new(Signal { woken: AtomicBool::new(false), thread: thread::current() });
        let waker = Waker::from(Arc::clone(&signal));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            // Acquire, with `wake`: whatever was written before the wake is seen.
            if signal.woken.swap(false, Ordering::Acquire) {
                continue;
            }
            match self.sleepers.first_due() {
                Some(due) => self.set(Tick::from_millis(due)), // which wakes it
                None => {
                    while !signal.woken.swap(false, Ordering::Acquire) {
                        thread::park();
                    }
                }
            }
        }
    }
}

/// Wakes a thread that runs a future.
struct Signal {
    woken: AtomicBool,
    thread: Thread,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// The delays that are under way while somebody drives the clock.
#[derive(Debug, Default)]
pub(super) struct Sleepers {
    driven: AtomicBool,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    sleeping: Vec<Sleeper>,
    numbers: u64,
}

#[derive(Debug)]
struct Sleeper {
    number: u64,
    /// In milliseconds of the clock.
    due: u64,
    waker: Waker,
}

impl Sleepers {
    pub(super) const fn new() -> Self {
        Self {
            driven: AtomicBool::new(false),
            all: Mutex::new(All { sleeping: Vec::new(), numbers: 0 }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a `block_on` of this clock runs.
    pub(super) fn are_driven(&self) -> bool {
        // Nothing is read that it would publish: relaxed.
        self.driven.load(Ordering::Relaxed)
    }

    /// Notes a delay that is under way, new or again, and returns its number.
    pub(super) fn add(&self, number: Option<u64>, due: u64, waker: &Waker) -> u64 {
        let mut all = self.lock();
        let number = number.unwrap_or_else(|| {
            all.numbers += 1;
            all.numbers
        });
        all.sleeping.retain(|it| it.number != number);
        all.sleeping.push(Sleeper { number, due, waker: waker.clone() });
        number
    }

    /// Forgets a delay that is over, or was dropped.
    pub(super) fn remove(&self, number: u64) {
        self.lock().sleeping.retain(|it| it.number != number);
    }

    /// When the first delay is over.
    fn first_due(&self) -> Option<u64> {
        self.lock().sleeping.iter().map(|it| it.due).min()
    }

    /// Wakes those whose delay is over.
    pub(super) fn wake(&self, now: Tick) {
        if !self.are_driven() {
            return;
        }
        let due: Vec<_> = {
            let mut all = self.lock();
            all.sleeping.extract_if(.., |it| it.due <= now.as_millis()).collect()
        };
        // Out of the lock: a waker is not ours.
        for sleeper in due {
            sleeper.waker.wake();
        }
    }
}

/// While it lives, delays are noted instead of polled again and again.
struct Driving<'s>(&'s Sleepers);

impl<'s> Driving<'s> {
    fn begin(sleepers: &'s Sleepers) -> Self {
        let driven = sleepers.driven.swap(true, Ordering::Relaxed);
        assert!(!driven, "`block_on` runs already for this clock");
        Self(sleepers)
    }
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        self.0.driven.store(false, Ordering::Relaxed);
        // What is left wakes nobody any more; their futures ask again when polled.
        self.0.lock().sleeping.clear();
    }
}
