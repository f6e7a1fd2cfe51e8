//! The time since the start, counted by `SysTick`: the clock of the breakers and
//! the sleep of the retries.

use core::time::Duration;

use cortex_m::peripheral::SYST;
use fusebox::{Clock, ConstDefault, Sleep, Tick};
use portable_atomic::{AtomicU64, Ordering};

/// Processor cycles in a millisecond: QEMU runs the LM3S6965 at 12 MHz and the
/// nRF51 at 16, and a simulated bus does not mind the difference.
const CYCLES: u32 = 16_000;

/// 64 bits: 32 would wrap after 49 days, and a breaker takes a wrap for a step
/// back, which delays one recovery.
static MILLIS: AtomicU64 = AtomicU64::new(0);

/// Milliseconds since the start.
#[derive(Clone, Copy)]
pub struct Uptime;

impl Clock for Uptime {
    fn now(&self) -> Tick {
        Tick::from_millis(MILLIS.load(Ordering::Relaxed))
    }
}

impl ConstDefault for Uptime {
    const DEFAULT: Self = Self;
}

impl Sleep for Uptime {
    fn sleep(&self, delay: Duration) {
        let start = self.now();
        // The first millisecond has begun already: one more is waited for.
        while self.now().since(start) <= delay {
            cortex_m::asm::wfi();
        }
    }
}

/// An interrupt each millisecond from now on.
pub fn start(timer: &mut SYST) {
    every(timer, CYCLES);
}

/// An interrupt each `cycles` from now on.
pub fn every(timer: &mut SYST, cycles: u32) {
    timer.set_reload(cycles - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

/// A millisecond has passed.
pub fn interrupt() {
    MILLIS.fetch_add(1, Ordering::Relaxed);
}
