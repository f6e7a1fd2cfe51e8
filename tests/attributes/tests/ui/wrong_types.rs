use resilience::{Rejected, with_circuit_breaker, with_retry};

#[with_retry(max_attempts = "three")]
fn text_for_a_number() -> Result<u32, String> {
    Ok(1)
}

#[with_retry(base_delay = "1 parsec")]
fn no_duration() -> Result<u32, String> {
    Ok(1)
}

#[with_retry(base_delay = 5)]
fn number_for_a_duration() -> Result<u32, String> {
    Ok(1)
}

#[with_retry(jitter = "some")]
fn no_jitter() -> Result<u32, String> {
    Ok(1)
}

#[with_retry(retry_if = 3)]
fn no_path() -> Result<u32, String> {
    Ok(1)
}

#[with_retry(max_attempts = 3, max_attempts = 4)]
fn twice() -> Result<u32, String> {
    Ok(1)
}

#[with_circuit_breaker(failure_threshold = 3)]
fn no_name() -> Result<u32, String> {
    Ok(1)
}

#[with_circuit_breaker("")]
fn empty_name() -> Result<u32, Rejected> {
    Ok(1)
}

fn main() {}
