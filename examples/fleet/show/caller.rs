//! A caller of the comparison: a process of one thread, which calls a healthy service as
//! often as it can.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use fusebox::{
    BreakerConfig, CircuitBreaker, Clock, Event, Name, Observer, PreciseClock, StdClock, Tick,
};
use fusebox_fleet::{Fleet, FleetConfig, RedisSettings, RedisStore};
use serde::{Deserialize, Serialize};

use crate::show::{
    Failure,
    beside::Design,
    crew,
    published::Published,
    service::{CALL, Client},
};

/// What a caller is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// From 0.
    pub number: u16,
    pub processes: u16,
    pub port: u16,
    pub redis: String,
    pub design: Design,
}

/// What came of the calls of one caller.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Calls that reached the service, and were answered by it.
    pub made: u64,
    /// Those after which the caller got its answer in time.
    pub in_time: u64,
    /// What the caller asked for, whatever it got.
    pub asked: u64,
    /// What it got no answer to.
    pub errors: u64,
    pub first_error: Option<String>,
    /// Calls that its own breaker has counted so far, if it counts.
    pub counted: u64,
}

/// Is told until when to call, again and again, and says what came of it.
pub fn main(plan: &Plan) -> Result<(), Failure> {
    let client = Client::of(plan.port, "work");
    // The connection is there before the first call that counts.
    client.ask()?;
    match plan.design.waits() {
        Some(waits) => {
            let redis = redis::Client::open(plan.redis.as_str())?;
            let mut breaker = Published::new(redis, plan.design.name(), waits)?;
            crew::serve(|until| {
                call_until(until, |made| {
                    let call = || client.ask().inspect(|()| *made += 1);
                    breaker.execute(call).map_err(|error| error.to_string())
                })
            })
        }
        None => share(plan, &client),
    }
}

fn share(plan: &Plan, client: &Client) -> Result<(), Failure> {
    let name = Some(Name::new(plan.design.name()));
    let settings = BreakerConfig::new().build();
    let breaker: &CircuitBreaker<_, _> =
        Box::leak(Box::new(CircuitBreaker::with(name, settings, StdClock, Counting::default())));
    let config =
        FleetConfig::new(format!("host-{}", plan.number)).namespace(plan.design.name()).build()?;
    let redis = RedisSettings::new(&plan.redis, &config)?;
    let connect = move || RedisStore::connect(&redis);
    let fleet = Fleet::spawn(config, connect, move || [breaker], |_| {})?;
    while fleet.status().alive < plan.processes.into() {
        thread::sleep(Duration::from_millis(5));
    }
    crew::serve(|until| {
        let mut tally = call_until(until, |made| {
            let call = || client.ask().inspect(|()| *made += 1);
            breaker.call(call).map_err(|error| error.to_string())
        })?;
        tally.counted = breaker.observer().0.load(Ordering::Relaxed);
        Ok(tally)
    })
}

fn call_until(
    until: &str,
    mut call: impl FnMut(&mut u64) -> Result<(), String>,
) -> Result<Tally, Failure> {
    let until = Tick::from_millis(until.parse()?);
    let mut tally = Tally::default();
    while PreciseClock.now() < until {
        tally.asked += 1;
        let began = Instant::now();
        match call(&mut tally.made) {
            Ok(()) => tally.in_time += u64::from(PreciseClock.now() <= until),
            Err(error) => {
                tally.errors += 1;
                tally.first_error.get_or_insert(error);
                // A caller that is denied at once does not ask more often than the others.
                thread::sleep(CALL.saturating_sub(began.elapsed()));
            }
        }
    }
    Ok(tally)
}

/// Counts the outcomes that a breaker heard of.
#[derive(Default)]
struct Counting(AtomicU64);

impl Observer for Counting {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Call(_) = event {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn times_calls(&self) -> bool {
        true
    }
}
