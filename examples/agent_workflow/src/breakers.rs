//! The circuit breakers: one for each protected system, in the process's
//! registry, so that with `--panel` they lie in the file that others see.

use std::time::Duration;

use fusebox::{BreakerConfig, BreakerSettings, GlobalBreaker, Ratio, presets};

// The times are a demonstration's: a service would wait for seconds.

/// Storage on the same host: back as soon as a lock is released.
const STORAGE: BreakerSettings =
    BreakerConfig::new().failure_threshold(3).recovery_timeout(Duration::from_millis(200)).build();

/// A service over the network.
const SERVICE: BreakerSettings = BreakerConfig::new()
    .failure_threshold(4)
    .recovery_timeout(Duration::from_millis(300))
    .doublings(1)
    .ramp_up(Duration::from_millis(300))
    .ramp_from(25)
    .build();

/// A service that may have too much to do: then what matters least is not even asked. A
/// lasting share of failures opens the breaker, and not those of a moment, in which many
/// calls are told at once that they are too many.
const BUSY: BreakerSettings = BreakerConfig::new()
    .failure_ratio(Ratio::above(0.5).normally(0.2).false_alarm_every(1_000_000))
    .min_span(Duration::from_millis(250))
    .recovery_timeout(Duration::from_millis(300))
    .ramp_up(Duration::from_millis(300))
    .ramp_from(25)
    .max_shed(90)
    .build();

/// A model: the preset, with a shorter wait. The calls of a failover set return to it by
/// the set's own ramp.
const REGION: BreakerSettings =
    presets::AI_PROVIDER.config().recovery_timeout(Duration::from_millis(400)).build();

/// The coach's model stands alone, and is asked for what can be done without.
const MODEL: BreakerSettings = REGION
    .config()
    .min_span(Duration::from_millis(250))
    .ramp_up(Duration::from_millis(400))
    .ramp_from(25)
    .max_shed(90)
    .build();

pub static CONTEXT_STORE: GlobalBreaker = GlobalBreaker::new("context-store", Some(STORAGE));
pub static EVENT_LOG: GlobalBreaker = GlobalBreaker::new("event-log", Some(STORAGE));
pub static MEMORY: GlobalBreaker = GlobalBreaker::new("memory", Some(BUSY));
pub static INFERER_NEAR: GlobalBreaker = GlobalBreaker::new("inferer-near", Some(REGION));
pub static INFERER_FAR: GlobalBreaker = GlobalBreaker::new("inferer-far", Some(REGION));
pub static COACH: GlobalBreaker = GlobalBreaker::new("coach", Some(MODEL));
pub static RATE_LIMITED_BOARD: GlobalBreaker =
    GlobalBreaker::new("rate-limited-board", Some(SERVICE));
pub static TOKEN_BOARD: GlobalBreaker = GlobalBreaker::new("token-board", Some(SERVICE));
pub static FILES_BOARD: GlobalBreaker = GlobalBreaker::new("files-board", Some(STORAGE));
