//! Calls that a thread takes of a limit at once, and spends one by one.

use crate::{
    error::Limited,
    limit::rate::{
        rate_limit::{RateLimit, Taken},
        word::Arrival,
    },
    observe::{DefaultObserver, Observer},
    time::{Clock, DefaultClock},
};

impl<C: Clock, O: Observer> RateLimit<C, O> {
    /// Begins a lease of `calls`, for one thread or task that makes many.
    ///
    /// A lease takes so many calls by one compare-and-swap and spends them without
    /// another. With L leases of k calls, the limit admits up to L · k more in a time
    /// than it would without, as those that a lease holds idle come when they like.
    ///
    /// # Panics
    /// If `calls` is 0.
    ///
    /// ```
    /// use fusebox::{RateConfig, RateLimit};
    ///
    /// static QUOTA: RateLimit = RateLimit::new(RateConfig::per_second(1_000_000).build());
    ///
    /// std::thread::scope(|scope| {
    ///     for _ in 0..2 {
    ///         scope.spawn(|| {
    ///             let mut quota = QUOTA.lease(16);
    ///             let admitted = (0..1_000).filter(|_| quota.try_acquire().is_ok()).count();
    ///             assert_eq!(admitted, 1_000);
    ///         });
    ///     }
    /// });
    /// ```
    #[must_use]
    #[track_caller]
    pub const fn lease(&self, calls: u32) -> RateLease<'_, C, O> {
        assert!(calls > 0, "a lease is of one call at least");
        RateLease { limit: self, size: calls, left: 0, end: Arrival::UNSPENT, each: 0 }
    }
}

/// Calls that were taken of a rate limit at once, to be spent one by one: see
/// [`RateLimit::lease`]. Dropped, it gives back what it has left.
#[derive(Debug)]
pub struct RateLease<'a, C: Clock = DefaultClock, O: Observer = DefaultObserver> {
    limit: &'a RateLimit<C, O>,
    size: u32,
    left: u32,
    /// The word after they were taken.
    end: Arrival,
    /// What each is worth.
    each: u64,
}

impl<C: Clock, O: Observer> RateLease<'_, C, O> {
    /// Asks for one call, now.
    ///
    /// # Errors
    /// [`Limited`] where the lease is spent, and the limit, too.
    #[inline]
    pub fn try_acquire(&mut self) -> Result<(), Limited> {
        if self.left > 0 {
            self.left -= 1;
            return Ok(());
        }
        self.renew()
    }

    /// Returns how many calls are left before the limit is asked again.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.left
    }

    /// Takes as many as the lease may hold, or else the one that is asked for.
    #[inline(never)]
    fn renew(&mut self) -> Result<(), Limited> {
        let taken = |calls| self.limit.take(calls, 0).map(|taken| (calls, taken));
        match taken(self.size).or_else(|_| taken(1)) {
            Ok((calls, Taken { end, cost, .. })) => {
                self.left = calls - 1;
                self.end = end;
                self.each = cost / u64::from(calls);
                Ok(())
            }
            Err(wait) => self.limit.refuse(wait),
        }
    }
}

impl<C: Clock, O: Observer> Drop for RateLease<'_, C, O> {
    fn drop(&mut self) {
        // The last of those that were taken are left: they end where all did.
        self.limit.give_back(self.end, self.each * u64::from(self.left));
    }
}
