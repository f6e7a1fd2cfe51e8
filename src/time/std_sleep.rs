//! The host's way to wait.

use core::time::Duration;

use crate::time::{ConstDefault, Sleep};

/// Sleeps by `std::thread::sleep` in a sync call and, with the feature `tokio`,
/// by `tokio::time::sleep` in an async one.
///
/// A sync call blocks its thread while it sleeps. On a thread of an async
/// runtime that blocks every task of the thread: use `call_async` there.
#[derive(Debug, Clone, Copy, Default)]
pub struct StdSleep;

impl ConstDefault for StdSleep {
    const DEFAULT: Self = Self;
}

impl Sleep for StdSleep {
    fn sleep(&self, delay: Duration) {
        std::thread::sleep(delay);
    }
}
