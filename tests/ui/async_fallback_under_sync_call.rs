use fusebox::Fallback;

async fn remote(_: &u32) -> Result<u32, &'static str> {
    Ok(1)
}

fn main() {
    let answer = Fallback::new().or_async(remote).call(&1, |_| Err("down"));
    println!("{answer:?}");
}
