struct Once;

#[resilience::with_retry]
fn f(once: Once) -> Result<u32, String> {
    drop(once);
    Ok(1)
}

fn main() {
    f(Once).unwrap();
}
