//! The engine and nothing else: a look-up by a `const` key, a call through the breaker
//! with either outcome, and the delay after a failure.
#![no_std]
#![no_main]

#[path = "../sized.rs"]
mod sized;

use core::time::Duration;

use cortex_m_rt::entry;
use fusebox::{
    Backoff, BackoffConfig, BreakerConfig, BreakerSettings, CircuitBreaker, Clock, ConstDefault,
    DefaultObserver, Key, Registry, Rejected, Tick,
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
const KEY: Key = Key::new("pressure"); // hashed by the compiler
const SETTINGS: BreakerSettings = BreakerConfig::new().failure_threshold(3).build();
const BACKOFF: Backoff = BackoffConfig::new().base_delay(Duration::from_millis(10)).build();

type Breaker = CircuitBreaker<Uptime, DefaultObserver>;

#[entry]
fn main() -> ! {
    let mut backoff = BACKOFF.seed(sized::input().into());
    loop {
        let Some(breaker) = look_up() else { continue };
        sized::output(match call(breaker) {
            Ok(true) => 0,
            Ok(false) => delay(&mut backoff),
            Err(Rejected { .. }) => 1,
        });
    }
}

// Each out of line, so that its size can be read from the symbols.

#[inline(never)]
fn look_up() -> Option<&'static Breaker> {
    PANEL.get_or_register(&KEY, SETTINGS).ok()
}

#[inline(never)]
fn call(breaker: &Breaker) -> Result<bool, Rejected> {
    let permit = breaker.try_acquire()?;
    let fine = sized::input() != 0;
    if fine {
        permit.success()
    } else {
        permit.failure()
    };
    Ok(fine)
}

#[inline(never)]
fn delay(backoff: &mut Backoff) -> u32 {
    backoff.next().map_or(0, |delay| delay.subsec_nanos())
}
