//! A rate limit that the main loop and the timer's interrupt share, and a budget of
//! retries.

use core::time::Duration;

use cortex_m_semihosting::hprintln;
use fusebox::{
    BudgetConfig, Clock, DefaultObserver, RateConfig, RateLimit, Retry, RetryBudget, RetryConfig,
    Sleep,
};
use portable_atomic::{AtomicBool, AtomicU32, Ordering};

use crate::{
    check::{Failed, check},
    uptime::Uptime,
};

const BURST: u32 = 3;
const INTERVAL: Duration = Duration::from_millis(20);
/// The bus is asked in each millisecond by the interrupt, and as often by the main loop.
const ASKED: Duration = Duration::from_millis(200);

static RATE: RateLimit<Uptime, DefaultObserver> = RateLimit::with(
    None,
    RateConfig::every(INTERVAL).burst(BURST).clock_step(Duration::from_millis(1)).build(),
    Uptime,
    DefaultObserver,
);
static ASKING: AtomicBool = AtomicBool::new(false);
static OF_INTERRUPT: AtomicU32 = AtomicU32::new(0);

const SAVED: u32 = 2;
const CALLS: u32 = 20;
const RESERVE: u32 = 50;

static BUDGET: RetryBudget<Uptime> = RetryBudget::with(
    BudgetConfig::share_of(1, 2).reserve_per_second(RESERVE).burst(SAVED).build(),
    Uptime,
);

/// Asks the limit, as the main loop does at the same time.
pub fn interrupt() {
    if ASKING.load(Ordering::Relaxed) && RATE.try_acquire().is_ok() {
        OF_INTERRUPT.fetch_add(1, Ordering::Relaxed);
    }
}

pub fn run() -> Result<(), Failed> {
    share_a_rate()?;
    spend_a_budget()
}

fn share_a_rate() -> Result<(), Failed> {
    let start = Uptime.now();
    let mut of_main_loop = 0;
    ASKING.store(true, Ordering::Relaxed);
    while Uptime.now().since(start) < ASKED {
        of_main_loop += u32::from(RATE.try_acquire().is_ok());
    }
    ASKING.store(false, Ordering::Relaxed);
    let time = millis(Uptime.now().since(start));
    let of_interrupt = OF_INTERRUPT.load(Ordering::Relaxed);
    let (all, most) = (of_main_loop + of_interrupt, BURST + time / millis(INTERVAL));
    hprintln!("{} calls admitted in {} ms, {} by interrupts", all, time, of_interrupt);
    check("a rate limit admits no more than it says", all <= most)?;
    check("and as many as it says", all + 1 >= most)?;
    let wait = RATE.acquire_n(BURST).err().and_then(|limited| limited.retry_after());
    check("who is turned away hears how long to wait", wait.is_some_and(|it| !it.is_zero()))?;
    Uptime.sleep(wait.unwrap_or_default());
    check("and is admitted after that", RATE.acquire_n(BURST).is_ok())
}

fn spend_a_budget() -> Result<(), Failed> {
    let settings = RetryConfig::new().max_attempts(2).base_delay(Duration::ZERO).build();
    let retry = Retry::with(settings, Uptime, Uptime, DefaultObserver).budget(&BUDGET);
    let (start, mut attempts) = (Uptime.now(), 0);
    for _ in 0..CALLS {
        let _ = retry.call(|| -> Result<(), &str> {
            attempts += 1;
            Err("nack")
        });
    }
    let (retries, time) = (attempts - CALLS, millis(Uptime.now().since(start)));
    hprintln!("{} retries of {} calls in {} ms", retries, CALLS, time);
    let most = SAVED + CALLS / 2 + RESERVE * (time + 1) / 1_000;
    check("a budget allows no more retries than it says", retries <= most)?;
    check("and nearly as many", retries + SAVED >= most)?;
    Uptime.sleep(Duration::from_secs(1) / RESERVE);
    check("its reserve fills it again", BUDGET.try_withdraw())
}

#[allow(clippy::cast_possible_truncation)] // a second at most
fn millis(time: Duration) -> u32 {
    time.as_millis() as u32
}
