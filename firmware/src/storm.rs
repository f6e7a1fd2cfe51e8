//! An interrupt reports on the breaker that the main loop is reporting on, at
//! any instruction of it: not one failure is lost.

use core::time::Duration;

use cortex_m::peripheral::SYST;
use fusebox::{BreakerConfig, BreakerSettings, CircuitBreaker, State};
use portable_atomic::{AtomicBool, AtomicU32, Ordering};

use crate::{
    check::{Failed, check},
    events::Report,
    panel::Breaker,
    uptime::{self, Uptime},
};

/// One failure more than are reported: it does not open.
const SETTINGS: BreakerSettings = BreakerConfig::new()
    .failure_threshold(OF_MAIN_LOOP + OF_INTERRUPT + 1)
    .recovery_timeout(Duration::from_secs(1))
    .build();
const OF_MAIN_LOOP: u32 = 1_500;
const OF_INTERRUPT: u32 = 500;

/// The period of the interrupts: short enough to strike amid many reports, and
/// never the same twice in a row, or they might always strike at one place.
const fn cycles(strike: u32) -> u32 {
    1_500 + strike * 617 % 1_013
}

static BREAKER: Breaker = CircuitBreaker::with(None, SETTINGS, Uptime, Report);
static RAGING: AtomicBool = AtomicBool::new(false);
static INTERRUPTS: AtomicU32 = AtomicU32::new(0);
/// The control: what is counted as the breaker counts, but for the
/// compare-and-swap, must come out short. Else the storm proved nothing.
static UNPROTECTED: AtomicU32 = AtomicU32::new(0);

/// Whether there is a storm; reports a failure then.
pub fn interrupt() -> bool {
    let raging = RAGING.load(Ordering::Relaxed);
    if raging && INTERRUPTS.load(Ordering::Relaxed) < OF_INTERRUPT {
        report();
        let strike = INTERRUPTS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the main loop holds the timer, and leaves this register alone
        // while the storm rages; a write takes effect at the next period.
        unsafe { (*SYST::PTR).rvr.write(cycles(strike)) };
    }
    raging
}

fn report() {
    let seen = UNPROTECTED.load(Ordering::Relaxed);
    if let Ok(permit) = BREAKER.try_acquire() {
        permit.failure();
    }
    UNPROTECTED.store(seen + 1, Ordering::Relaxed);
}

pub fn run(timer: &mut SYST) -> Result<(), Failed> {
    RAGING.store(true, Ordering::Relaxed);
    uptime::every(timer, cycles(0));
    for _ in 0..OF_MAIN_LOOP {
        report();
    }
    let during = INTERRUPTS.load(Ordering::Relaxed);
    while INTERRUPTS.load(Ordering::Relaxed) < OF_INTERRUPT {
        cortex_m::asm::wfi();
    }
    timer.disable_counter();
    RAGING.store(false, Ordering::Relaxed);

    let counted = u32::from(BREAKER.snapshot().score);
    let unprotected = UNPROTECTED.load(Ordering::Relaxed);
    let all = OF_MAIN_LOOP + OF_INTERRUPT;
    cortex_m_semihosting::hprintln!(
        "{} failures, {} by interrupts amid the main loop's: the breaker counted {}, a plain counter {}",
        all,
        during,
        counted,
        unprotected
    );
    check("the storm struck", during > OF_INTERRUPT / 10)?;
    check("unprotected counting loses some", unprotected < all)?;
    check("the breaker lost none", counted == all)?;
    check("it stayed closed", BREAKER.state() == State::Closed)?;
    // One more is the last: the count was exact.
    report();
    check("the next one opens it", BREAKER.state() == State::Open)
}
