//! A path to something that is no breaker, and settings beside a path.

use resilience::{CircuitBreaker, BreakerConfig, Rejected, with_circuit_breaker};

static NUMBER: u32 = 0;
static AI: CircuitBreaker = CircuitBreaker::named("ai", BreakerConfig::new().build());

#[with_circuit_breaker(NUMBER)]
fn no_breaker() -> Result<(), Rejected> {
    Ok(())
}

#[with_circuit_breaker(AI, failure_threshold = 3)]
fn settings_elsewhere() -> Result<(), Rejected> {
    Ok(())
}

fn main() {}
