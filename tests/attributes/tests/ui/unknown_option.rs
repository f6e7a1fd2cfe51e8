#[resilience::with_retry(max_atempts = 3)]
fn f() -> Result<u32, String> {
    Ok(1)
}

fn main() {
    f().unwrap();
}
