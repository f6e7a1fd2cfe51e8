//! Values that are no priority, and functions that fit no error.

use resilience::{Rejected, with_circuit_breaker, with_priority};

static NAME: &str = "critical";

#[with_priority(NAME)]
fn a_name() -> Result<(), Rejected> {
    Ok(())
}

#[with_priority(level)]
fn a_number(level: u8) -> Result<(), Rejected> {
    Ok(())
}

fn is_busy(status: &u16) -> bool {
    *status == 503
}

#[with_circuit_breaker("shop", is_overload = is_busy)]
fn another_error() -> Result<(), Rejected> {
    Ok(())
}

fn main() {}
