async fn remote(_: u32) -> Result<u32, String> {
    Ok(1)
}

#[resilience::with_fallback(remote)]
fn f(n: u32) -> Result<u32, String> {
    Err(n.to_string())
}

fn main() {
    f(1).unwrap();
}
