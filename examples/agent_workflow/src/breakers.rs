//! The circuit breakers: one for each protected system, in the process's
//! registry, so that with `--panel` they lie in the file that others see.

use std::time::Duration;

use fusebox::{BreakerConfig, BreakerSettings, GlobalBreaker, presets};

// The times are a demonstration's: a service would wait for seconds.

/// Storage on the same host: back as soon as a lock is released.
const STORAGE: BreakerSettings =
    BreakerConfig::new().failure_threshold(3).recovery_timeout(Duration::from_millis(200)).build();

/// A service over the network.
const SERVICE: BreakerSettings = BreakerConfig::new()
    .failure_threshold(4)
    .recovery_timeout(Duration::from_millis(300))
    .doublings(1)
    .build();

/// A model: the preset, with a shorter wait.
const MODEL: BreakerSettings =
    presets::AI_PROVIDER.config().recovery_timeout(Duration::from_millis(400)).build();

pub static CONTEXT_STORE: GlobalBreaker = GlobalBreaker::new("context-store", Some(STORAGE));
pub static EVENT_LOG: GlobalBreaker = GlobalBreaker::new("event-log", Some(STORAGE));
pub static MEMORY: GlobalBreaker = GlobalBreaker::new("memory", Some(SERVICE));
pub static INFERER: GlobalBreaker = GlobalBreaker::new("inferer", Some(MODEL));
pub static COACH: GlobalBreaker = GlobalBreaker::new("coach", Some(MODEL));
pub static RATE_LIMITED_BOARD: GlobalBreaker =
    GlobalBreaker::new("rate-limited-board", Some(SERVICE));
pub static TOKEN_BOARD: GlobalBreaker = GlobalBreaker::new("token-board", Some(SERVICE));
pub static FILES_BOARD: GlobalBreaker = GlobalBreaker::new("files-board", Some(STORAGE));
