#[resilience::with_retry(base_delay = "2s", max_delay = "1s")]
fn f() -> Result<u32, String> {
    Ok(1)
}

fn main() {
    f().unwrap();
}
