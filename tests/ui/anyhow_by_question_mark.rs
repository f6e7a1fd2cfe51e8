use fusebox::{BreakerConfig, CircuitBreaker};

static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());

fn price() -> Result<u32, anyhow::Error> {
    Err(anyhow::anyhow!("down"))
}

fn doubled() -> Result<u32, anyhow::Error> {
    Ok(SHOP.call(price)? * 2)
}

fn main() {
    let _ = doubled();
}
