use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig};

async fn delay(_: std::time::Duration) {}

fn main() {
    let clock = ManualClock::new();
    let retry = Retry::with(RetryConfig::new().build(), &clock, delay, DefaultObserver);
    let _ = retry.call(|| Ok::<u32, &str>(1));
}
