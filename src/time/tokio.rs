//! Waiting on tokio's timer.

use core::time::Duration;

use crate::time::{AsyncSleep, StdSleep};

impl AsyncSleep for StdSleep {
    type Sleep = tokio::time::Sleep;

    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    fn sleep_async(&self, delay: Duration) -> tokio::time::Sleep {
        tokio::time::sleep(delay)
    }
}
