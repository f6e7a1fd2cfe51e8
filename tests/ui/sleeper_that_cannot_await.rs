use fusebox::{DefaultObserver, ManualClock, Retry, RetryConfig, Sleep};

struct Spin;

impl Sleep for Spin {
    fn sleep(&self, _: std::time::Duration) {}
}

fn main() {
    let clock = ManualClock::new();
    let retry = Retry::with(RetryConfig::new().build(), &clock, Spin, DefaultObserver);
    let _ = retry.call_async(async || Ok::<u32, &str>(1));
}
