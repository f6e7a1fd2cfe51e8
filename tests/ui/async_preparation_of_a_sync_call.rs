use fusebox::{Attempt, Retry, RetryConfig};

async fn refresh() -> Result<(), &'static str> {
    Ok(())
}

fn main() {
    let before = |_: Attempt<'_, &'static str>| refresh();
    let retry = Retry::new(RetryConfig::new().build()).before_retry_async(&before);
    let _ = retry.call(|| Err::<(), _>("down"));
}
