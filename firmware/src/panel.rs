//! The breakers: one for each sensor, in a registry that is a `static`.

use core::time::Duration;

use fusebox::{BreakerConfig, BreakerSettings, CircuitBreaker, Key, Registry};

use crate::{
    check::{Failed, check},
    events::Report,
    uptime::Uptime,
};

pub type Breaker = CircuitBreaker<Uptime, Report>;

pub static PANEL: Registry<8, Uptime, Report> = Registry::const_default();

/// How many sensors there are.
pub const SENSORS: usize = 8;

/// Hashed by the compiler. No name is longer than a compact slot can hold.
pub const KEYS: [Key; SENSORS] = [
    Key::new("temp"),
    Key::new("humidity"),
    Key::new("pressure"),
    Key::new("accel"),
    Key::new("gyro"),
    Key::new("compass"),
    Key::new("light"),
    Key::new("gas"),
];

pub const RECOVERY_MILLIS: u64 = 100;
pub const THRESHOLD: u32 = 3;
const SETTINGS: BreakerSettings = BreakerConfig::new()
    .failure_threshold(THRESHOLD)
    .recovery_timeout(Duration::from_millis(RECOVERY_MILLIS))
    .build();

/// The breaker of a sensor.
pub fn breaker(sensor: usize) -> Result<&'static Breaker, Failed> {
    PANEL.get_or_register(&KEYS[sensor], SETTINGS).map_err(|_| "every sensor has a slot")
}

/// Every sensor finds its own slot, and a ninth finds none.
pub fn check_slots() -> Result<(), Failed> {
    const BYTES: usize = if cfg!(fusebox_compact) { 32 } else { 512 };
    cortex_m_semihosting::hprintln!("{} bytes a slot", size_of::<Breaker>());
    check("a slot has the size that the docs state", size_of::<Breaker>() == BYTES)?;
    for (sensor, key) in KEYS.iter().enumerate() {
        let name = breaker(sensor)?.name();
        check("a slot has its sensor's name", name == Some(key.name()))?;
    }
    check("eight names are eight slots", PANEL.len() == SENSORS)?;
    check("a full registry says so", PANEL.get_or_default("ninth").is_err())
}
