use fusebox::{Retry, RetryConfig};

#[derive(Debug)]
struct Own;

fn main() {
    let retry = Retry::new(RetryConfig::new().build());
    let _ = retry.call(|| Err::<(), _>(Own));
}
