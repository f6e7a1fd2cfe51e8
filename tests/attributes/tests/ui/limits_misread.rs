//! Limits of which the macro itself makes no sense.

use resilience::{Rejected, resilient, with_bulkhead, with_deadline, with_hedge, with_rate_limit};

#[with_rate_limit]
fn no_rate() -> Result<(), Rejected> {
    Ok(())
}

#[with_rate_limit(burst = 20)]
fn a_burst_alone() -> Result<(), Rejected> {
    Ok(())
}

#[with_rate_limit(per_second = 100, per_minute = 100)]
fn two_rates() -> Result<(), Rejected> {
    Ok(())
}

#[with_rate_limit(QUOTA, burst = 20)]
fn settings_beside_a_path() -> Result<(), Rejected> {
    Ok(())
}

#[with_bulkhead]
fn no_number() -> Result<(), Rejected> {
    Ok(())
}

#[with_deadline("0s")]
fn no_time() -> Result<(), Rejected> {
    Ok(())
}

#[resilient(retry(budget = 10))]
fn no_path() -> Result<(), Rejected> {
    Ok(())
}

#[resilient(circuit_breaker("shop"), rate_limit(per_second = 100))]
fn inside_a_breaker() -> Result<(), Rejected> {
    Ok(())
}

#[with_hedge(after = "50ms")]
async fn nobody_says_so() -> Result<(), Rejected> {
    Ok(())
}

#[with_hedge(idempotent)]
async fn no_delay() -> Result<(), Rejected> {
    Ok(())
}

#[with_hedge(after = "50ms", idempotent)]
fn sync() -> Result<(), Rejected> {
    Ok(())
}

#[with_hedge(after = "50ms", idempotent)]
async fn for_one_only(words: &mut String) -> Result<(), Rejected> {
    words.clear();
    Ok(())
}

fn main() {}
