//! The host's way to wait.

use core::time::Duration;

use crate::time::{ConstDefault, Sleep};

/// Sleeps by `std::thread::sleep`, and with the feature `tokio` in async calls
/// by `tokio::time::sleep`.
///
/// The first blocks its thread: on a thread of an async runtime it blocks all
/// that runs there. Use `call_async` there.
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
