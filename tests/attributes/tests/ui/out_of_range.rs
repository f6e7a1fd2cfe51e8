use resilience::{Rejected, with_circuit_breaker, with_retry};

#[with_retry(max_attempts = 0)]
fn no_attempt() -> Result<u32, String> {
    Ok(1)
}

#[with_retry(exponential_base = 0.5)]
fn shrinks() -> Result<u32, String> {
    Ok(1)
}

#[with_circuit_breaker("name", failure_threshold = 5_000)]
fn never_opens() -> Result<u32, Rejected> {
    Ok(1)
}

fn main() {}
