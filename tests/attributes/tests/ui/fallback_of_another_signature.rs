use resilience::with_fallback;

fn other_arguments(_: &str) -> Result<u32, String> {
    Ok(1)
}

fn other_result(_: u32) -> Result<String, String> {
    Ok(String::new())
}

#[with_fallback(other_arguments)]
fn f(n: u32) -> Result<u32, String> {
    Err(n.to_string())
}

#[with_fallback(other_result)]
fn g(n: u32) -> Result<u32, String> {
    Err(n.to_string())
}

fn main() {
    f(1).unwrap();
    g(1).unwrap();
}
