//! What a rule promises: after how many calls a breaker opens, and how often by
//! mistake. With three numbers it derives the rule; without, it prints the table of
//! `docs/score.md`.
//!
//!     cargo run --example promise
//!     cargo run --example promise -- 0.2 0.01 1000000000

use std::{env, process::ExitCode};

use fusebox::{BreakerConfig, BreakerSettings, Ratio, presets};

/// Shares of calls that fail, in percent.
const SHARES: [f64; 8] = [0.1, 1.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0];

fn main() -> ExitCode {
    let given: Vec<String> = env::args().skip(1).collect();
    let settings = match &given[..] {
        [] => {
            table();
            return ExitCode::SUCCESS;
        }
        [above, normally, every] => match (above.parse(), normally.parse(), every.parse()) {
            (Ok(above), Ok(normally), Ok(every)) => BreakerConfig::new()
                .failure_ratio(Ratio::above(above).normally(normally).false_alarm_every(every))
                .try_build(),
            _ => return usage(),
        },
        _ => return usage(),
    };
    match settings {
        Ok(settings) => {
            let (weight, threshold) = (settings.failure_weight(), settings.failure_threshold());
            println!("failure_weight={weight} failure_threshold={threshold}");
            println!("{}", settings.promise());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: promise [ABOVE NORMALLY FALSE_ALARM_EVERY], such as 0.2 0.01 1000000000");
    ExitCode::from(2)
}

fn table() {
    let rule = |weight, threshold| {
        BreakerConfig::new().failure_weight(weight).failure_threshold(threshold).build()
    };
    print!("| rule |");
    for share in SHARES {
        print!(" {share} % |");
    }
    println!("\n|---|{}", "---:|".repeat(SHARES.len()));
    row("5 in a row, the default", rule(0, 5));
    row("weight 2, threshold 30", rule(2, 30));
    row("weight 6, threshold 40", rule(6, 40));
    row("weight 14, threshold 76", rule(14, 76));
    row("`presets::AI_PROVIDER`", presets::AI_PROVIDER);
    row("`presets::PERSISTENCE`", presets::PERSISTENCE);
}

fn row(name: &str, settings: BreakerSettings) {
    print!("| {name} |");
    for share in SHARES {
        match settings.promise().mean_calls(share / 100.0) {
            Some(calls) if calls < 1_000.0 => print!(" {calls:.0} |"),
            Some(calls) if calls < 1e15 => print!(" {calls:.1e} |"),
            _ => print!(" > 10^15 |"),
        }
    }
    println!();
}
