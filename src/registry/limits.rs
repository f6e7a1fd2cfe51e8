//! The limits of a slot, beside its breaker.

use core::fmt;

use crate::{
    limit::{
        budget::retry_budget::RetryBudget, bulkhead::bulkhead::Bulkhead,
        rate::rate_limit::RateLimit,
    },
    name::Name,
    observe::DefaultObserver,
    time::{ConstDefault, DefaultClock},
};

/// The limits of a slot in a registry, beside its breaker: a rate limit, a bulkhead, a
/// retry budget.
///
/// Each admits everything until it is given settings. Their errors and events carry the
/// slot's name. An operator changes them live, as `fusebox set shop rate=100/s` does.
///
/// ```
/// use fusebox::{BudgetConfig, Limits, RateConfig, Registry, RegistryError};
///
/// static PANEL: Registry<64> = Registry::new();
///
/// let shop: &'static Limits = PANEL.limits("shop")?;
/// assert!(shop.rate_limit().try_acquire().is_ok()); // there is none yet
/// shop.rate_limit().init_settings(RateConfig::per_second(100).burst(20).build());
/// shop.budget().init_settings(BudgetConfig::share(0.10).build());
/// shop.bulkhead().init_limit(32).expect("it is in this process's memory");
/// assert_eq!(shop.bulkhead().name().unwrap().as_str(), "shop");
/// # Ok::<(), RegistryError>(())
/// ```
///
/// It has 256 bytes: the rate limit's words and the bulkhead's, which calls write, share
/// no line with the budget's, which healthy calls read alone.
#[repr(C, align(128))]
pub struct Limits<C = DefaultClock, O = DefaultObserver> {
    rate: RateLimit<C, O>,
    bulkhead: Bulkhead<O>,
    budget: Line<RetryBudget<C>>,
}

/// A value at the start of a cache line.
#[repr(C, align(64))]
struct Line<T>(T);

const _: () = assert!(size_of::<Limits<(), ()>>() == 256);

impl<C, O> Limits<C, O> {
    /// Those of a slot, none of which has settings.
    pub(super) const fn of(
        rate: RateLimit<C, O>,
        bulkhead: Bulkhead<O>,
        budget: RetryBudget<C>,
    ) -> Self {
        Self { rate, bulkhead, budget: Line(budget) }
    }

    /// Returns the rate limit.
    #[must_use]
    #[inline]
    pub const fn rate_limit(&self) -> &RateLimit<C, O> {
        &self.rate
    }

    /// Returns the bulkhead.
    ///
    /// In memory that processes share it admits every call, and only keeps the limit: the
    /// places of a process that is killed would be lost in it. `fusebox-shm` has places that
    /// come back.
    #[must_use]
    #[inline]
    pub const fn bulkhead(&self) -> &Bulkhead<O> {
        &self.bulkhead
    }

    /// Returns the retry budget.
    #[must_use]
    #[inline]
    pub const fn budget(&self) -> &RetryBudget<C> {
        &self.budget.0
    }

    /// Fits the limits to memory that processes share: from now on the bulkhead counts
    /// nothing. Whoever maps such memory does this before anything else.
    pub fn share(&self) {
        self.bulkhead.stop_counting();
    }

    /// Forgets the times of a clock that is gone, as after a reboot: the rate limit's burst
    /// is unspent, the budget is full. The settings stay.
    pub fn restamp(&self) {
        self.rate.restamp();
        self.budget.0.restamp();
    }

    /// Publishes the slot's name.
    pub(crate) fn publish_name(&self, name: &Name) {
        self.rate.publish_name(name);
        self.bulkhead.publish_name(name);
    }
}

impl<C: ConstDefault, O: ConstDefault> Limits<C, O> {
    /// Those of a slot that nobody has claimed.
    pub(super) const fn const_default() -> Self {
        Self::of(
            RateLimit::none(C::DEFAULT, O::DEFAULT),
            Bulkhead::none(O::DEFAULT),
            RetryBudget::none(C::DEFAULT),
        )
    }
}

impl<C: Clone, O: Clone> Limits<C, O> {
    /// Those of a slot that nobody has claimed.
    pub(super) fn vacant(clock: &C, observer: &O) -> Self {
        Self::of(
            RateLimit::none(clock.clone(), observer.clone()),
            Bulkhead::none(observer.clone()),
            RetryBudget::none(clock.clone()),
        )
    }
}

impl<C, O> fmt::Debug for Limits<C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("rate_limit", self.rate_limit())
            .field("bulkhead", self.bulkhead())
            .field("budget", self.budget())
            .finish()
    }
}
