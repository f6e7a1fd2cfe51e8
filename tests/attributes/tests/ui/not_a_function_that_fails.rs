use resilience::{resilient, with_fallback, with_retry};

#[with_retry]
fn nothing() {}

#[with_retry]
struct S;

#[with_retry]
const fn constant() -> Result<u32, String> {
    Ok(1)
}

#[with_fallback]
fn no_fallback() -> Result<u32, String> {
    Ok(1)
}

#[resilient(retries)]
fn no_layer() -> Result<u32, String> {
    Ok(1)
}

#[resilient]
fn no_layers() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
