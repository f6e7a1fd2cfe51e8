//! An instance: a process whose threads call two services through its own breakers, one
//! that fails and one that never does.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use fusebox::{
    BreakerSettings, CallError, CircuitBreaker, Clock, Event, Name, Observer, PreciseClock, State,
    StdClock, Tick,
};
use fusebox_fleet::{Fleet, FleetConfig, FleetEvent, RedisSettings, RedisStore};
use serde::{Deserialize, Serialize};

use crate::show::{
    Failure, crew,
    schedule::{CALLERS, Schedule},
    service::{Client, says_it_is_down},
};

/// A caller's pause between two calls of the service that is always well.
const BANK_PAUSE: Duration = Duration::from_millis(20);

/// What an instance is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// From 0.
    pub number: u16,
    pub processes: u16,
    pub port: u16,
    pub schedule: Schedule,
    /// The fleet that it is in, if any.
    pub fleet: Option<Place>,
}

/// Where a fleet shares what it knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    pub url: String,
    pub namespace: String,
}

/// What an instance lived through. Times are in milliseconds from the start of the run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Story {
    /// Calls of the service that fails.
    pub shop: Vec<Sample>,
    /// Calls of the one that never does.
    pub bank: Vec<Sample>,
    /// Changes of the state of the breaker in front of the service that fails.
    pub changes: Vec<Change>,
    /// When it lost its store, and when it found it again.
    pub lost: Vec<u64>,
    pub found: Vec<u64>,
    /// The first error that no caller should have got.
    pub other_error: Option<String>,
}

/// One call.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Sample {
    pub at: u64,
    pub micros: u64,
    /// How much of it was not spent at the service.
    pub guard_nanos: u64,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Answered,
    /// It reached the service, which was down.
    Down,
    /// The breaker turned it away at once.
    TurnedAway,
    /// An error of anything else.
    Other,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Change {
    pub at: u64,
    /// Whether the breaker is closed from now on.
    pub is_closed: bool,
}

type Breaker = CircuitBreaker<StdClock, Changes>;

/// Is told when to start, lives through the schedule, and tells its story.
pub fn main(plan: &Plan) -> Result<(), Failure> {
    let settings = plan.schedule.settings()?;
    let (shop, bank) = (breaker("shop", settings), breaker("bank", settings));
    let log = Arc::new(Mutex::new(Vec::new()));
    let _fleet = match &plan.fleet {
        Some(place) => {
            let fleet = take_part(plan, place, [shop, bank], Arc::clone(&log))?;
            all_see(&fleet, plan.processes)?;
            Some(fleet)
        }
        None => None,
    };
    crew::serve(|start| {
        // The host's monotonic clock, which is the same in all processes.
        let start = Tick::from_millis(start.parse()?);
        let mut story = live(plan, start, shop, bank)?;
        story.changes = shop.observer().since(start);
        for (at, event) in lock(&log).iter().filter(|(at, _)| *at > start) {
            match event {
                FleetEvent::Lost { .. } => story.lost.push(millis(at.since(start))),
                FleetEvent::Connected => story.found.push(millis(at.since(start))),
                _ => {}
            }
        }
        Ok(story)
    })
}

fn breaker(name: &str, settings: BreakerSettings) -> &'static Breaker {
    let name = Some(Name::new(name));
    Box::leak(Box::new(CircuitBreaker::with(name, settings, StdClock, Changes::default())))
}

/// With the default settings of a fleet, in a full run.
fn take_part(
    plan: &Plan,
    place: &Place,
    breakers: [&'static Breaker; 2],
    log: Arc<Mutex<Vec<(Tick, FleetEvent)>>>,
) -> Result<Fleet, Failure> {
    let name = format!("host-{}", plan.number);
    let heartbeat = Duration::from_millis(plan.schedule.heartbeat);
    let config = FleetConfig::new(name).namespace(&place.namespace).heartbeat(heartbeat).build()?;
    let redis = RedisSettings::new(&place.url, &config)?;
    let tell = move |event| lock(&log).push((PreciseClock.now(), event));
    Ok(Fleet::spawn(config, move || RedisStore::connect(&redis), move || breakers, tell)?)
}

/// The run begins when each instance knows all the others.
fn all_see(fleet: &Fleet, processes: u16) -> Result<(), Failure> {
    let began = Instant::now();
    while fleet.status().alive < processes.into() {
        if began.elapsed() > Duration::from_secs(20) {
            return Err(format!("it does not see the others: {:?}", fleet.status()).into());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn live(
    plan: &Plan,
    start: Tick,
    shop: &'static Breaker,
    bank: &'static Breaker,
) -> Result<Story, Failure> {
    let pause = plan.schedule.pause;
    // They call at moments of their own, as the users of different hosts do.
    let draw = move || Duration::from_millis(fastrand::u64(pause / 2..=pause * 3 / 2));
    let port = plan.port;
    let end = Tick::from_millis(start.as_millis() + plan.schedule.end);
    let mut story = Story::default();
    thread::scope(|scope| {
        let shoppers: Vec<_> = (0..CALLERS)
            .map(|_| scope.spawn(move || calls(shop, &Client::of(port, "shop"), start, end, draw)))
            .collect();
        let banker =
            scope.spawn(move || calls(bank, &Client::of(port, "bank"), start, end, || BANK_PAUSE));
        for shopper in shoppers {
            let (samples, error) = shopper.join().map_err(|_| "a caller panicked")?;
            story.shop.extend(samples);
            story.other_error = story.other_error.take().or(error);
        }
        let (samples, error) = banker.join().map_err(|_| "a caller panicked")?;
        story.bank = samples;
        story.other_error = story.other_error.take().or(error);
        Ok(story)
    })
}

/// One call after another until the end; and the first error that is nobody's.
fn calls(
    breaker: &Breaker,
    client: &Client,
    start: Tick,
    end: Tick,
    pause: impl Fn() -> Duration,
) -> (Vec<Sample>, Option<String>) {
    let (mut samples, mut other) = (Vec::new(), None);
    thread::sleep(start.since(PreciseClock.now()) + pause().mul_f64(fastrand::f64()));
    loop {
        let now = PreciseClock.now();
        if now >= end {
            return (samples, other);
        }
        let began = Instant::now();
        let mut at_the_service = Duration::ZERO;
        let result = breaker.call(|| {
            let began = Instant::now();
            let answer = client.ask();
            at_the_service = began.elapsed();
            answer
        });
        let took = began.elapsed();
        let outcome = match result {
            Ok(()) => Outcome::Answered,
            Err(CallError::Rejected(_)) => Outcome::TurnedAway,
            Err(CallError::Failed(error)) if says_it_is_down(&error) => Outcome::Down,
            Err(error) => {
                other.get_or_insert_with(|| error.to_string());
                Outcome::Other
            }
        };
        samples.push(Sample {
            at: millis(now.since(start)),
            micros: took.as_micros() as u64,
            guard_nanos: took.saturating_sub(at_the_service).as_nanos() as u64,
            outcome,
        });
        thread::sleep(pause().min(end.since(PreciseClock.now())));
    }
}

/// Writes the breaker's transitions down.
#[derive(Default)]
struct Changes(Mutex<Vec<(Tick, State)>>);

impl Changes {
    fn since(&self, start: Tick) -> Vec<Change> {
        let change = |&(at, state): &(Tick, State)| Change {
            at: millis(at.since(start)),
            is_closed: state == State::Closed,
        };
        lock(&self.0).iter().map(change).collect()
    }
}

impl Observer for Changes {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Transition(transition) = event {
            lock(&self.0).push((PreciseClock.now(), transition.to));
        }
    }
}

fn millis(time: Duration) -> u64 {
    time.as_millis() as u64
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
