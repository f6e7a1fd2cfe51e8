//! The engine and nothing else: a look-up by name, a call through the breaker
//! with either outcome, and the delay after a failure.
#![no_std]
#![no_main]

#[path = "../sized.rs"]
mod sized;

use core::time::Duration;

use cortex_m_rt::entry;
use fusebox::{
    Backoff, BackoffConfig, BreakerConfig, Clock, ConstDefault, DefaultObserver, Registry,
    Settings, Tick,
};

struct Uptime;

impl Clock for Uptime {
    fn now(&self) -> Tick {
        Tick::from_millis(sized::input().into())
    }
}

impl ConstDefault for Uptime {
    const DEFAULT: Self = Self;
}

static PANEL: Registry<8, Uptime, DefaultObserver> = Registry::const_default();
const SETTINGS: Settings = BreakerConfig::new().failure_threshold(3).build();
const BACKOFF: Backoff = BackoffConfig::new().base_delay(Duration::from_millis(10)).build();

#[entry]
fn main() -> ! {
    let mut backoff = BACKOFF.seed(sized::input().into());
    loop {
        let Ok(breaker) = PANEL.breaker(sized::name(), SETTINGS) else { continue };
        let answer = breaker.try_acquire().map(|permit| {
            let fine = sized::input() != 0;
            if fine { permit.success() } else { permit.failure() };
            fine
        });
        sized::output(match answer {
            Ok(true) => 0,
            Ok(false) => backoff.next().map_or(0, |delay| delay.subsec_nanos()),
            Err(rejected) => rejected.retry_after().map_or(0, |wait| wait.subsec_nanos()),
        });
    }
}
