//! A thread that keeps a cached clock fresh.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{Builder, JoinHandle, park_timeout},
    time::Duration,
};

use crate::time::{CachedClock, PreciseClock};

impl CachedClock {
    /// Starts a thread that refreshes this clock from [`PreciseClock`] at the
    /// interval `every`, until the guard is dropped. The clock is fresh when
    /// this returns.
    ///
    /// # Errors
    /// When the system starts no thread.
    ///
    /// ```
    /// use std::time::Duration;
    /// use fusebox::{CachedClock, Clock};
    ///
    /// static CLOCK: CachedClock = CachedClock::new();
    ///
    /// let keeper = CLOCK.keep_fresh(Duration::from_millis(1))?;
    /// assert!(CLOCK.now().as_millis() > 0);
    /// drop(keeper); // the thread has ended
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn keep_fresh(&'static self, every: Duration) -> io::Result<KeepFresh> {
        self.refresh_from(&PreciseClock);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = Builder::new().name("fusebox clock".into()).spawn(move || {
            // A flag alone, and the join orders the rest: relaxed.
            while !stopped.load(Ordering::Relaxed) {
                self.refresh_from(&PreciseClock);
                park_timeout(every);
            }
        })?;
        Ok(KeepFresh { stop, thread: Some(thread) })
    }
}

/// Keeps a [`CachedClock`] fresh until it is dropped.
#[derive(Debug)]
#[must_use = "the clock stands still when this is dropped"]
pub struct KeepFresh {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for KeepFresh {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It cannot panic: nothing in its loop does.
            thread.join().ok();
        }
    }
}
