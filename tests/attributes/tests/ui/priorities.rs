//! Priorities that are none, and in the wrong place; what a breaker cannot be told.

use resilience::{Outcome, Rejected, resilient, with_circuit_breaker, with_priority};

#[with_priority("high")]
fn no_name() -> Result<(), Rejected> {
    Ok(())
}

#[with_priority(256)]
fn too_high() -> Result<(), Rejected> {
    Ok(())
}

#[with_priority]
fn nothing() -> Result<(), Rejected> {
    Ok(())
}

#[with_priority("critical", "default")]
fn two() -> Result<(), Rejected> {
    Ok(())
}

#[resilient(priority = true)]
fn neither() -> Result<(), Rejected> {
    Ok(())
}

#[resilient(circuit_breaker("shop"), priority = "critical")]
fn inside_a_breaker() -> Result<(), Rejected> {
    Ok(())
}

#[with_circuit_breaker("shop", is_overload = "timeout")]
fn no_path() -> Result<(), Rejected> {
    Ok(())
}

fn judge(_: Result<&(), &Rejected>) -> Outcome {
    Outcome::Success
}

fn is_busy(_: &Rejected) -> bool {
    true
}

#[with_circuit_breaker("shop", judge = judge, is_overload = is_busy)]
fn both() -> Result<(), Rejected> {
    Ok(())
}

fn main() {}
