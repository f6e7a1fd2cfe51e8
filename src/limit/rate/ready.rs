//! A wait until a call is admitted.

use core::time::Duration;

use crate::{
    error::Limited,
    limit::rate::{rate_limit::RateLimit, reservation::Reservation},
    observe::Observer,
    time::{AsyncSleep, Clock, Sleep},
};

impl<C: Clock, O: Observer> RateLimit<C, O> {
    /// Waits until one call is admitted, for `longest` at most, by a sleeper that blocks
    /// this thread.
    ///
    /// The call is reserved at once, so callers are admitted in the order in which they
    /// came, and none starves.
    ///
    /// # Errors
    /// [`Limited`], at once, where the wait would be longer.
    pub fn wait_by(&self, sleeper: &impl Sleep, longest: Duration) -> Result<(), Limited> {
        let wait = self.reserve(1, longest)?.wait();
        if !wait.is_zero() {
            sleeper.sleep(wait);
        }
        Ok(())
    }

    /// Waits until one call is admitted, for `longest` at most, without blocking.
    ///
    /// The call is reserved at once, so callers are admitted in the order in which they
    /// came, and none starves. A future that is dropped while it waits gives its call
    /// back.
    ///
    /// # Errors
    /// [`Limited`], at once, where the wait would be longer.
    pub async fn until_ready_by(
        &self,
        sleeper: &impl AsyncSleep,
        longest: Duration,
    ) -> Result<(), Limited> {
        let reserved = self.reserve(1, longest)?;
        let wait = reserved.wait();
        if !wait.is_zero() {
            let held = Held(Some(reserved));
            sleeper.sleep_async(wait).await;
            held.use_up();
        }
        Ok(())
    }

    /// Waits until one call is admitted, for `longest` at most, on tokio's timer.
    ///
    /// The call is reserved at once, so callers are admitted in the order in which they
    /// came, and none starves. A future that is dropped while it waits gives its call
    /// back.
    ///
    /// # Errors
    /// [`Limited`], at once, where the wait would be longer.
    ///
    /// # Panics
    /// Outside of a tokio runtime with a timer, where it must wait.
    ///
    /// ```
    /// use std::time::Duration;
    /// use fusebox::{RateConfig, RateLimit};
    ///
    /// static QUOTA: RateLimit = RateLimit::new(RateConfig::per_second(100).build());
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), fusebox::Limited> {
    /// QUOTA.until_ready(Duration::from_secs(1)).await?;
    /// // … the call
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tokio")]
    pub async fn until_ready(&self, longest: Duration) -> Result<(), Limited> {
        self.until_ready_by(&crate::time::StdSleep, longest).await
    }
}

/// A reservation that is given back unless it is used up.
struct Held<'a, C: Clock, O: Observer>(Option<Reservation<'a, C, O>>);

impl<C: Clock, O: Observer> Held<'_, C, O> {
    fn use_up(mut self) {
        self.0 = None;
    }
}

impl<C: Clock, O: Observer> Drop for Held<'_, C, O> {
    fn drop(&mut self) {
        if let Some(reserved) = self.0.take() {
            reserved.give_back();
        }
    }
}
