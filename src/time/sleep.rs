//! How to wait between attempts.

use core::{future::Future, time::Duration};

/// Blocks its thread for a while.
///
/// ```
/// use core::time::Duration;
/// use fusebox::Sleep;
///
/// /// Waits in a loop, where there is nothing to yield to.
/// struct Spin;
/// impl Sleep for Spin {
///     fn sleep(&self, delay: Duration) {
///         for _ in 0..delay.as_micros() {
///             core::hint::spin_loop(); // count a timer's ticks here
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot block a thread between attempts",
    label = "this sleeper does not implement `fusebox::Sleep`",
    note = "enable fusebox's feature `std`, or give the retry a sleeper of your own: `Retry::with(settings, clock, sleeper, observer)`"
)]
pub trait Sleep {
    /// Blocks its thread, and returns after `delay`.
    fn sleep(&self, delay: Duration);
}

/// Makes a future that is ready after a while.
///
/// [`SleepBy`] turns every `Fn(Duration) -> impl Future<Output = ()>` into a
/// sleeper, be it `tokio::time::sleep` or a function of your own around a delay
/// of `embassy-time` or `embedded-hal-async`:
///
/// ```
/// use core::time::Duration;
/// use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig, SleepBy};
/// # mod embassy_time {
/// #     pub struct Duration; impl Duration { pub fn from_micros(_: u64) -> Self { Self } }
/// #     pub struct Timer; impl Timer { pub fn after(_: Duration) -> core::future::Ready<()> { core::future::ready(()) } }
/// # }
///
/// async fn delay(delay: Duration) {
///     let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
///     embassy_time::Timer::after(embassy_time::Duration::from_micros(micros)).await;
///     // with embedded-hal-async: `Delay.delay_us(…).await`
/// }
///
/// let clock = ManualClock::new(); // your own `Clock`
/// let retry = Retry::with(RetryConfig::new().build(), &clock, SleepBy(delay), DefaultObserver);
/// # let _ = retry.call_async(async || Ok::<(), ()>(()));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot wait between the attempts of an async call",
    label = "this sleeper does not implement `fusebox::AsyncSleep`",
    note = "enable fusebox's feature `tokio`, or give the retry a sleeper of your own: `Retry::with(settings, clock, SleepBy(sleep), observer)`, where `sleep` is any `Fn(Duration) -> impl Future<Output = ()>`"
)]
pub trait AsyncSleep {
    /// The future that waits.
    type Sleep: Future<Output = ()>;

    /// A future that is ready after `delay`, counted from this call or from
    /// its first poll.
    fn sleep_async(&self, delay: Duration) -> Self::Sleep;
}

/// Makes a sleeper of a function that makes a future.
#[derive(Debug, Clone, Copy)]
pub struct SleepBy<F>(pub F);

impl<F, S> AsyncSleep for SleepBy<F>
where
    F: Fn(Duration) -> S,
    S: Future<Output = ()>,
{
    type Sleep = S;

    fn sleep_async(&self, delay: Duration) -> S {
        (self.0)(delay)
    }
}

impl<S: Sleep + ?Sized> Sleep for &S {
    fn sleep(&self, delay: Duration) {
        (**self).sleep(delay);
    }
}
