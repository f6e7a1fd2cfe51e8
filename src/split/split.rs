//! The split itself: which breaker a request's key has.

use core::{
    fmt,
    future::Future,
    hash::{Hash, Hasher},
};

use crate::{
    breaker::CircuitBreaker,
    error::CallError,
    observe::{DefaultObserver, Observer},
    split::{arm::Arm, error::SplitError, hasher::KeyHasher},
    sync::{Ordering, UnmodelledU64},
    time::{Clock, DefaultClock},
    wide::high,
};

/// Two breakers of one service, A and B, with other settings, between which requests are
/// split by a hash of their keys: to try settings on a share of the real traffic.
///
/// A key has the same arm in every program and on every host, as long as the shares stay.
/// When B's share grows, keys move from A to B, as few as must, and none moves back. So
/// take for a key what should stay together: a user, an account.
///
/// A split never switches by itself. The module `compare` says which arm does
/// better, and `fusebox compare` says so of a panel, from outside.
///
/// ```
/// use fusebox::{Arm, BreakerConfig, CircuitBreaker, Split};
///
/// const SETTINGS: BreakerConfig = BreakerConfig::new().failure_threshold(5);
/// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", SETTINGS.build());
/// static SHOP_B: CircuitBreaker =
///     CircuitBreaker::named("shop-b", SETTINGS.failure_threshold(3).build());
/// // Of 1000 keys, about 900 have A and 100 have B.
/// static SPLIT: Split = Split::new((&SHOP, 900), (&SHOP_B, 100));
///
/// let answer = SPLIT.call(&"user 17", || "42".parse::<i32>());
/// assert_eq!(answer, Ok(42));
/// assert_eq!(SPLIT.arm(&"user 17"), SPLIT.arm(&"user 17"));
/// ```
///
/// Shares that do not add up are refused; in a `static` they do not compile:
///
/// ```compile_fail,E0080
/// use fusebox::{BreakerConfig, CircuitBreaker, Split};
///
/// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
/// static SPLIT: Split = Split::new((&SHOP, 900), (&SHOP, 200));
/// println!("{SPLIT:?}");
/// ```
pub struct Split<'a, C = DefaultClock, O = DefaultObserver> {
    a: &'a CircuitBreaker<C, O>,
    b: &'a CircuitBreaker<C, O>,
    /// B's, in thousandths.
    share: UnmodelledU64,
    salt: u64,
}

const WHOLE: u16 = 1_000;

impl<'a, C, O> Split<'a, C, O> {
    /// Makes a split of two breakers with their shares, in thousandths.
    ///
    /// # Panics
    /// When the shares do not add up to 1000; in a `static` that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(
        a: (&'a CircuitBreaker<C, O>, u16),
        b: (&'a CircuitBreaker<C, O>, u16),
    ) -> Self {
        match Self::try_new(a, b) {
            Ok(split) => split,
            Err(_) => panic!("{}", SplitError::TEXT),
        }
    }

    /// Makes a split of two breakers with their shares, in thousandths.
    ///
    /// # Errors
    /// [`SplitError`] when the shares do not add up to 1000.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Split};
    ///
    /// let shop = CircuitBreaker::named("shop", BreakerConfig::new().build());
    /// let other = CircuitBreaker::named("shop-b", BreakerConfig::new().build());
    /// let error = Split::try_new((&shop, 900), (&other, 90)).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the shares of a split must add up to 1000 thousandths: 900 and 90 do not"
    /// );
    /// ```
    pub const fn try_new(
        (a, of_a): (&'a CircuitBreaker<C, O>, u16),
        (b, of_b): (&'a CircuitBreaker<C, O>, u16),
    ) -> Result<Self, SplitError> {
        match checked(of_a, of_b) {
            Ok(share) => Ok(Self { a, b, share: UnmodelledU64::new(share), salt: 0 }),
            Err(error) => Err(error),
        }
    }

    /// Sets a number that splits keys in a way of its own: two splits with other numbers
    /// choose independently of each other. Without it all splits agree, so that those
    /// with the same shares give a key the same arm.
    #[must_use]
    pub const fn salted(self, salt: u64) -> Self {
        Self { a: self.a, b: self.b, share: self.share, salt }
    }

    /// Changes the shares, in thousandths, from the next request on.
    ///
    /// # Errors
    /// [`SplitError`] when they do not add up to 1000. Nothing is changed then.
    pub fn set_shares(&self, a: u16, b: u16) -> Result<(), SplitError> {
        // A lone value that publishes nothing: relaxed, here and below.
        self.share.store(checked(a, b)?, Ordering::Relaxed);
        Ok(())
    }

    /// Returns the shares of A and B, in thousandths.
    #[must_use]
    pub fn shares(&self) -> (u16, u16) {
        let of_b = u16::try_from(self.share.load(Ordering::Relaxed)).unwrap_or(WHOLE);
        (WHOLE - of_b, of_b)
    }

    /// Returns the arm of a request with this key.
    ///
    /// Texts and whole numbers, and tuples of them, have the same arm everywhere. Of
    /// another type, that is so if its `Hash` is the same everywhere.
    #[must_use]
    pub fn arm(&self, key: &(impl Hash + ?Sized)) -> Arm {
        let mut hasher = KeyHasher(self.salt);
        key.hash(&mut hasher);
        // The hash's place among a thousand: a larger share has all that a smaller has.
        let place = high(hasher.finish(), WHOLE.into());
        if place < self.share.load(Ordering::Relaxed) { Arm::B } else { Arm::A }
    }

    /// Returns the breaker of an arm.
    #[must_use]
    pub const fn breaker(&self, arm: Arm) -> &'a CircuitBreaker<C, O> {
        match arm {
            Arm::A => self.a,
            Arm::B => self.b,
        }
    }

    /// Returns the breaker of a request with this key, to call it in any way that a breaker
    /// can be called. Its calls are counted only where the breaker counts them, with
    /// [`CountCalls`](crate::CountCalls) or the feature `count-calls`.
    #[must_use]
    pub fn choose(&self, key: &(impl Hash + ?Sized)) -> &'a CircuitBreaker<C, O> {
        self.breaker(self.arm(key))
    }
}

impl<'a, C: Clock, O: Observer> Split<'a, C, O> {
    /// Calls `f` if the breaker of this key admits it, and counts the call there.
    ///
    /// # Errors
    /// As those of [`CircuitBreaker::call`].
    pub fn call<T, E>(
        &self,
        key: &(impl Hash + ?Sized),
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, CallError<E>> {
        let breaker = self.choose(key);
        breaker.call(|| {
            breaker.count_for_split();
            f()
        })
    }

    /// Awaits `future` if the breaker of this key admits it, and counts the call there.
    /// The arm is chosen at once, and the breaker is asked at the first poll.
    ///
    /// # Errors
    /// As those of [`CircuitBreaker::call_async`].
    ///
    /// ```
    /// use fusebox::{BreakerConfig, CircuitBreaker, Split};
    /// # use std::{future::Future, pin::pin, task::{Context, Waker}};
    ///
    /// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
    /// static SHOP_B: CircuitBreaker =
    ///     CircuitBreaker::named("shop-b", BreakerConfig::new().failure_threshold(3).build());
    /// static SPLIT: Split = Split::new((&SHOP, 500), (&SHOP_B, 500));
    ///
    /// # let done = pin!(async {
    /// assert_eq!(SPLIT.call_async(&17_u64, async { Ok::<_, u16>(7) }).await, Ok(7));
    /// # }).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert!(done.is_ready());
    /// let calls = SHOP.counters().calls + SHOP_B.counters().calls;
    /// assert_eq!(calls, 1);
    /// ```
    pub fn call_async<K, T, E, F>(
        &self,
        key: &K,
        future: F,
    ) -> impl Future<Output = Result<T, CallError<E>>> + use<'a, K, T, E, F, C, O>
    where
        K: Hash + ?Sized,
        F: Future<Output = Result<T, E>>,
    {
        let breaker = self.choose(key);
        breaker.call_async(async move {
            breaker.count_for_split();
            future.await
        })
    }
}

/// B's share, if the two add up.
const fn checked(a: u16, b: u16) -> Result<u64, SplitError> {
    if a as u32 + b as u32 == WHOLE as u32 { Ok(b as u64) } else { Err(SplitError { a, b }) }
}

impl<C, O> fmt::Debug for Split<'_, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (a, b) = (self.a.name(), self.b.name());
        f.debug_struct("Split")
            .field("a", &a)
            .field("b", &b)
            .field("shares", &self.shares())
            .finish_non_exhaustive()
    }
}
