//! A call that was taken ahead of time, and may be given back.

use core::time::Duration;

use crate::{
    error::Limited,
    limit::rate::rate_limit::{RateLimit, Taken},
    observe::{DefaultObserver, Observer},
    time::{Clock, DefaultClock},
};

impl<C: Clock, O: Observer> RateLimit<C, O> {
    /// Takes `calls` ahead of time: they are yours, after
    /// [`wait`](Reservation::wait). Nobody else can have them meanwhile.
    ///
    /// `longest` is how long you would wait. A wait is an hour at most, whatever you say.
    ///
    /// # Errors
    /// [`Limited`] where the wait would be longer; then nothing was taken. Its time is
    /// that after which `calls` would be admitted without a wait.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{ManualClock, DefaultObserver, RateConfig, RateLimit};
    ///
    /// let settings = RateConfig::every(Duration::from_millis(50)).build();
    /// let quota = RateLimit::with(None, settings, ManualClock::new(), DefaultObserver);
    /// quota.try_acquire().unwrap();
    ///
    /// let reserved = quota.reserve(1, Duration::from_secs(1)).unwrap();
    /// assert_eq!(reserved.wait(), Duration::from_millis(50));
    /// assert_eq!(quota.try_acquire().unwrap_err().retry_after().unwrap().as_millis(), 100);
    /// reserved.give_back(); // not needed after all
    /// assert_eq!(quota.try_acquire().unwrap_err().retry_after().unwrap().as_millis(), 50);
    /// ```
    pub fn reserve(&self, calls: u32, longest: Duration) -> Result<Reservation<'_, C, O>, Limited> {
        match self.take(calls, Self::patience(longest)) {
            Ok(taken) => Ok(Reservation { limit: self, taken }),
            Err(wait) => {
                self.refuse(wait)?;
                // A bypass lets it through.
                Ok(Reservation { limit: self, taken: Taken::FREE })
            }
        }
    }
}

/// Calls that were taken of a rate limit ahead of time.
///
/// Dropped, it has been used. [`give_back`](Self::give_back) is for calls that will not
/// be made.
#[derive(Debug)]
#[must_use = "it says how long to wait"]
pub struct Reservation<'a, C: Clock = DefaultClock, O: Observer = DefaultObserver> {
    limit: &'a RateLimit<C, O>,
    taken: Taken,
}

impl<C: Clock, O: Observer> Reservation<'_, C, O> {
    /// Returns how long to wait before the calls, from the moment at which they were
    /// reserved.
    #[must_use]
    pub const fn wait(&self) -> Duration {
        Duration::from_nanos(self.taken.after)
    }

    /// Gives the calls back, as they will not be made. What the limit has made up for
    /// since they were reserved is not given back: somebody else may have had it.
    pub fn give_back(self) {
        self.limit.give_back(self.taken.end, self.taken.cost);
    }
}
