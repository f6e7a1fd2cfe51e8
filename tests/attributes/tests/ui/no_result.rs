//! What an attribute cannot stand on, and what it cannot be given.
use resilience::{Rejected, resilient, with_circuit_breaker, with_retry, with_timeout};

#[derive(Debug)]
struct Own;
impl From<Rejected> for Own {
    fn from(_: Rejected) -> Self {
        Self
    }
}

#[with_retry(max_attempts = 2)]
fn an_option(id: u32) -> Option<u32> {
    id.checked_sub(1)
}

#[with_circuit_breaker("shop")]
async fn an_async_option() -> std::option::Option<u32> {
    None
}

#[with_timeout("2s")]
fn a_sync_function() -> Result<u32, Own> {
    Ok(1)
}

#[with_timeout("2s")]
async fn an_error_that_cannot_be_late() -> Result<u32, Own> {
    Ok(1)
}

#[with_retry(growth = "logarithmic")]
fn no_such_growth() -> Result<u32, Own> {
    Ok(1)
}

#[resilient(retry(growth = resilience::Growth::Listed(&[])))]
fn an_empty_list() -> Result<u32, Own> {
    Ok(1)
}

#[with_retry(crate = "fusebox")]
fn no_path() -> Result<u32, Own> {
    Ok(1)
}

fn main() {}
