#[derive(Debug)]
struct Own;

#[resilience::with_circuit_breaker("own")]
fn f() -> Result<u32, Own> {
    Err(Own)
}

fn main() {
    f().unwrap();
}
