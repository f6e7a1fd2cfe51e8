//! Values of limits that are out of their range, and paths to something else.

use std::time::Duration;

use resilience::{Rejected, with_bulkhead, with_deadline, with_rate_limit, with_retry};

static NUMBER: u32 = 0;

#[with_rate_limit(per_second = 0)]
fn never() -> Result<(), Rejected> {
    Ok(())
}

#[with_rate_limit(per_second = 100, burst = 1)]
fn finer_than_the_clock() -> Result<(), Rejected> {
    Ok(())
}

#[with_rate_limit(NUMBER)]
fn no_limit() -> Result<(), Rejected> {
    Ok(())
}

#[with_bulkhead(0)]
fn nobody() -> Result<(), Rejected> {
    Ok(())
}

#[with_bulkhead(NUMBER)]
fn no_bulkhead() -> Result<(), Rejected> {
    Ok(())
}

#[with_retry(budget = NUMBER)]
fn no_budget() -> Result<(), Rejected> {
    Ok(())
}

#[with_deadline(2)]
fn no_time() -> Result<(), Rejected> {
    Ok(())
}

#[with_bulkhead(8)]
fn cannot_say_so() -> Result<(), Duration> {
    Ok(())
}

fn main() {}
