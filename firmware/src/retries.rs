//! A blocking read through a pipeline: the breaker around it, and a retry whose
//! delays pass by the timer.

use core::time::Duration;

use fusebox::{Backoff, BackoffConfig, Clock, Jitter, Pipeline, Retry, RetryConfig};

use crate::{
    check::{Failed, check},
    events::Report,
    panel::breaker,
    uptime::Uptime,
};

const ATTEMPTS: u32 = 4;
const BASE: Duration = Duration::from_millis(10);

pub fn run() -> Result<(), Failed> {
    let settings = RetryConfig::new()
        .max_attempts(ATTEMPTS)
        .base_delay(BASE)
        .max_delay(Duration::from_secs(1))
        .build();
    let retry = Retry::with(settings, Uptime, Uptime, Report);
    let read = Pipeline::new().breaker(breaker(0)?).retry(retry);

    let mut reads = 0;
    let start = Uptime.now();
    let sample = read.call(&(), |()| {
        reads += 1;
        if reads == ATTEMPTS { Ok(reads) } else { Err("nack") }
    });
    let waited = Uptime.now().since(start);
    cortex_m_semihosting::hprintln!("{} attempts took {:?}", reads, waited);
    check("the last attempt answers", matches!(sample, Ok(ATTEMPTS)))?;
    // 10, 20 and 40 ms, each times 50 to 150 %; a sleep may take 2 ms longer.
    let (least, most) = (Duration::from_millis(35), Duration::from_millis(105 + 3 * 2));
    check("the delays add up", (least..=most).contains(&waited))?;
    check("the breaker has seen a success", breaker(0)?.snapshot().score == 0)?;

    let full: Backoff = BackoffConfig::new().jitter(Jitter::Full).build();
    check("no two sequences are the same", !full.take(4).eq(full.take(4)))?;
    check("a sequence of one seed is the same", full.seed(7).take(4).eq(full.seed(7).take(4)))
}
