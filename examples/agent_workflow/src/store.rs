//! The stores: `SQLite` files that the workflow can do without for a while.

pub mod context;
pub mod database;
pub mod events;
mod privileges;

use std::time::Duration;

use fusebox::{Retry, RetryConfig};

/// One more attempt: the first finds out that the file is gone, or that a lock
/// is held for a moment; the second opens it anew.
const RETRY: Retry =
    Retry::new(RetryConfig::new().max_attempts(2).base_delay(Duration::from_millis(10)).build());
