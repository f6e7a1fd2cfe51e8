use std::time::Duration;

use fusebox::{ManualClock, Pipeline};

fn main() {
    let clock = ManualClock::new();
    let pipeline = Pipeline::new().timeout_by(Duration::from_secs(1), &clock);
    let _ = pipeline.call(&(), |()| Ok::<u32, std::io::Error>(1));
}
