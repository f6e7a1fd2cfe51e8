//! Limits and nothing else: a rate limit, and a budget of retries.
#![no_std]
#![no_main]

#[path = "../sized.rs"]
mod sized;

use core::time::Duration;

use cortex_m_rt::entry;
use fusebox::{BudgetConfig, Clock, DefaultObserver, RateConfig, RateLimit, RetryBudget, Tick};

struct Uptime;

impl Clock for Uptime {
    fn now(&self) -> Tick {
        Tick::from_millis(sized::input().into())
    }
}

static RATE: RateLimit<Uptime, DefaultObserver> = RateLimit::with(
    None,
    RateConfig::every(Duration::from_millis(20)).burst(3).build(),
    Uptime,
    DefaultObserver,
);
static BUDGET: RetryBudget<Uptime> =
    RetryBudget::with(BudgetConfig::share(0.10).reserve_per_second(1).burst(5).build(), Uptime);

#[entry]
fn main() -> ! {
    loop {
        BUDGET.deposit();
        let fine = sized::input() != 0;
        sized::output(u32::from(admitted() && (fine || may_retry())));
    }
}

// Each out of line, so that its size can be read from the symbols.

#[inline(never)]
fn admitted() -> bool {
    RATE.try_acquire().is_ok()
}

#[inline(never)]
fn may_retry() -> bool {
    BUDGET.try_withdraw()
}
