//! Programs to look at: a few services that work, fail and recover by chance,
//! behind breakers in a shared panel.
//!
//! `cargo run -p fusebox-cli --example traffic -- /tmp/demo.panel`, and in
//! another terminal `fusebox top --panel /tmp/demo.panel`. With `fusebox record on
//! billing` its calls go into the trace `/tmp/demo.panel.trace`, for `fusebox replay`.
//! Ctrl-C ends it.

use std::{env, error::Error, process, thread, time::Duration};

use fusebox::{BreakerConfig, CountCalls, StdClock};
use fusebox_shm::{Options, SharedRegistry, SharedTrace};

/// A name, calls a second, and the share of them that fails in bad times.
const SERVICES: [(&str, u32, f64); 6] = [
    ("ai_provider", 40, 0.9),
    ("billing", 10, 0.2),
    ("inventory", 80, 0.0),
    ("mail", 5, 1.0),
    ("recommendations", 60, 0.5),
    ("søk-предложение", 20, 0.05),
];

fn main() -> Result<(), Box<dyn Error>> {
    let Some(path) = env::args_os().nth(1) else {
        eprintln!("error: name the panel's file");
        process::exit(2);
    };
    let panel = SharedRegistry::<64, StdClock, CountCalls>::open_with(&path, Options::new())?;
    let mut trace = path.clone();
    trace.push(".trace");
    fusebox::set_trace(SharedTrace::open(&trace, 1 << 16, Options::new())?.leak())?;
    let settings = BreakerConfig::new()
        .failure_threshold(4)
        .recovery_timeout(Duration::from_secs(8))
        .doublings(2)
        .build();
    println!("making traffic in {}", path.display());
    thread::scope(|scope| {
        for (name, a_second, failing) in SERVICES {
            let breaker = panel.get_or_init(name, settings)?;
            scope.spawn(move || {
                let mut random = Random(name.len() as u64 + 1);
                loop {
                    // Bad times come and go, each about ten seconds long.
                    let share = if random.draw() < 0.5 { failing } else { 0.0 };
                    for _ in 0..10 * a_second {
                        thread::sleep(Duration::from_secs(1) / a_second);
                        let fails = random.draw() < share;
                        let _ = breaker.call(|| if fails { Err("down") } else { Ok(()) });
                    }
                }
            });
        }
        Ok(())
    })
}

/// Xorshift: good enough for a show.
struct Random(u64);

impl Random {
    #[allow(clippy::cast_precision_loss)] // 53 bits
    fn draw(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}
