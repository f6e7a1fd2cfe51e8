//! What a breaker learns of its service: Y1 and Y2.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::{
    future::{Future, pending},
    pin::pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
    time::Duration,
};

use fusebox::{
    Advice, BreakerConfig, CircuitBreaker, Event, Hedge, Learned, ManualClock, Observer, Outcome,
    State, Tick, layers::AfterLearned,
};
use proptest::prelude::*;

/// The texts of what was told of learned values.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for &Told {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Learned(it) = event {
            self.0.lock().unwrap().push(it.to_string());
        }
    }
}

#[derive(Default)]
struct Bench {
    clock: ManualClock,
    told: Told,
}

type Breaker<'a> = CircuitBreaker<&'a ManualClock, &'a Told>;

impl Bench {
    fn breaker(&self, config: BreakerConfig) -> Breaker<'_> {
        self.clock.set(Tick::from_millis(1_000_000));
        let name = Some(fusebox::Name::new("shop"));
        CircuitBreaker::with(name, config.build(), &self.clock, &self.told)
    }

    /// A call that takes so many milliseconds; whether it was admitted.
    fn call(&self, breaker: &Breaker<'_>, takes: u64, outcome: Outcome) -> bool {
        let Ok(permit) = breaker.try_acquire() else { return false };
        self.clock.advance(millis(takes));
        permit.report(outcome);
        true
    }

    /// So many calls that succeed.
    fn calls(&self, breaker: &Breaker<'_>, calls: usize, mut takes: impl FnMut() -> u64) {
        for _ in 0..calls {
            assert!(self.call(breaker, takes(), Outcome::Success));
        }
    }
}

const fn millis(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// Numbers in [0, 1): Knuth's generator, of which the upper bits are taken.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Log-normal around this median, in milliseconds (Box and Muller, 1958).
    fn log_normal(&mut self, median: f64) -> u64 {
        let (one, two) = (1.0 - self.next(), self.next());
        let normal = (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos();
        (median * (0.5 * normal).exp()) as u64
    }

    fn uniform(&mut self, from: f64, to: f64) -> u64 {
        (from + self.next() * (to - from)) as u64
    }
}

fn learning() -> BreakerConfig {
    BreakerConfig::new().slow_above(1_000)
}

fn near(learned: Option<Duration>, truth: f64, percent: f64) -> bool {
    let learned = learned.unwrap().as_secs_f64() * 1e3;
    (learned / truth - 1.0).abs() * 100.0 <= percent
}

const SEEDS: u64 = 16;

/// The quantile after 20,000 calls, and its baseline after 80,000: a first baseline that
/// was off comes right slowly.
#[test]
fn y1_the_quantile_and_its_baseline_are_near_the_truth() {
    type Draw = fn(&mut Random) -> u64;
    let services: [(&str, f64, Draw); 3] = [
        ("uniform", 149.0, |random| random.uniform(50.0, 150.0)),
        ("log-normal", 100.0 * (0.5_f64 * 2.326).exp(), |random| random.log_normal(100.0)),
        ("two peaks", 300.0, |random| {
            if random.next() < 0.98 {
                random.uniform(15.0, 25.0)
            } else {
                random.uniform(270.0, 330.0)
            }
        }),
    ];
    for (name, truth, draw) in services {
        let (mut worst, mut mean) = ([0.0_f64; 2], 0.0);
        for seed in 1..=SEEDS {
            let bench = Bench::default();
            let (breaker, mut random) = (bench.breaker(learning()), Random(seed));
            bench.calls(&breaker, 20_000, || draw(&mut random));
            let learned = breaker.learned();
            let error =
                |learned: Option<Duration>| learned.unwrap().as_secs_f64() * 1e3 / truth - 1.0;
            worst[0] = error(learned.latency).abs().max(worst[0]);
            bench.calls(&breaker, 60_000, || draw(&mut random));
            let learned = breaker.learned();
            worst[1] = error(learned.baseline).abs().max(worst[1]);
            mean += error(learned.latency).abs() / SEEDS as f64;
        }
        println!(
            "{name}: {truth:.0} ms; latency off by {:.1}% on average and {:.1}% at most, baseline {:.1}%",
            mean * 100.0,
            worst[0] * 100.0,
            worst[1] * 100.0,
        );
        assert!(mean < 0.15 && worst[1] < 0.15, "{name}");
    }
}

#[test]
fn y1_nothing_is_said_before_enough_was_seen() {
    let bench = Bench::default();
    let breaker = bench.breaker(learning());
    bench.calls(&breaker, 400, || 20);
    assert_eq!(breaker.learned(), Learned::default());
    assert_eq!((breaker.slow_limit(), bench.told.take().len()), (None, 0));
    bench.calls(&breaker, 200, || 20);
    let learned = breaker.learned();
    assert!(near(learned.latency, 20.0, 15.0) && learned.failures_ppm.is_none(), "{learned:?}");
    bench.calls(&breaker, 600, || 20);
    assert_eq!((breaker.learned().failures_ppm, breaker.learned().baseline), (Some(0), None));
    bench.calls(&breaker, 1_000, || 20);
    assert!(near(breaker.learned().baseline, 20.0, 15.0), "{:?}", breaker.learned());
    assert_eq!(bench.told.take().len(), 1);
}

#[test]
fn y1_the_baseline_follows_far_more_slowly() {
    let bench = Bench::default();
    let breaker = bench.breaker(learning());
    bench.calls(&breaker, 2_100, || 100);
    let before = breaker.learned().baseline.unwrap();
    bench.calls(&breaker, 1_000, || 200);
    let learned = breaker.learned();
    assert!(near(learned.latency, 200.0, 10.0), "{learned:?}");
    let moved = learned.baseline.unwrap().as_secs_f64() / before.as_secs_f64();
    assert!(moved > 1.0 && moved < 1.06, "{moved}");
}

#[test]
fn y1_what_is_in_force_changes_with_an_event_that_says_why() {
    let bench = Bench::default();
    let breaker = bench.breaker(BreakerConfig::new().slow_above(200).slow_call(millis(500)));
    assert_eq!(breaker.slow_limit(), Some(millis(500)));
    bench.calls(&breaker, 2_100, || 128);
    let known = breaker.slow_limit().unwrap();
    let told = bench.told.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with(&format!("a call of `shop` is slow above {known:?} now, and not above 500ms: enough calls were seen, 99 of 100 calls usually take less than ")), "{told:?}");
    assert!(told[0].ends_with(", and 200% of that is the limit"), "{told:?}");
    // It stays, to the bit, until the usual time has moved by more than a quarter.
    let mut limit = known;
    for _ in 0..60 {
        bench.calls(&breaker, 1_000, || 200);
        let (now, told) = (breaker.slow_limit().unwrap(), bench.told.take());
        assert_eq!(now != limit, !told.is_empty(), "{told:?}");
        if now != limit {
            assert!(
                now > limit && told[0].contains(": the service has become slower, "),
                "{told:?}"
            );
        }
        limit = now;
    }
    assert!(limit > known, "{limit:?}");
    breaker.forget_learned();
    assert_eq!(breaker.slow_limit(), Some(millis(500)));
    let told = bench.told.take();
    assert_eq!(
        told,
        [format!(
            "a call of `shop` is slow above 500ms now, and not above {limit:?}: what was learned is forgotten"
        )]
    );
}

#[test]
fn y1_a_frozen_value_stays_and_is_in_force() {
    let bench = Bench::default();
    let breaker = bench.breaker(learning());
    bench.calls(&breaker, 2_100, || 20);
    breaker.set_learning(false);
    let (learned, limit) = (breaker.learned(), breaker.slow_limit());
    assert!(learned.frozen && limit.is_some());
    assert!(learned.to_string().ends_with("; frozen by hand"), "{learned}");
    bench.calls(&breaker, 3_000, || 100);
    breaker.trip();
    bench.clock.advance(millis(60_000));
    bench.calls(&breaker, 1, || 20);
    assert_eq!((breaker.learned(), breaker.slow_limit()), (learned, limit));
    breaker.set_learning(true);
    bench.calls(&breaker, 1_000, || 100);
    assert!(breaker.learned().latency > learned.latency);
}

#[test]
fn y1_an_outages_length_and_its_first_probe_are_learned() {
    let bench = Bench::default();
    let settings = BreakerConfig::new().failure_threshold(1).recovery_timeout(millis(1_000));
    let breaker = bench.breaker(settings);
    let outage = |probes_that_fail: u64| {
        bench.call(&breaker, 0, Outcome::Failure);
        for _ in 0..probes_that_fail {
            bench.clock.advance(millis(1_000));
            assert!(bench.call(&breaker, 0, Outcome::Failure));
        }
        bench.clock.advance(millis(1_000));
        assert!(bench.call(&breaker, 0, Outcome::Success));
        assert_eq!(breaker.state(), State::Closed);
    };
    outage(7);
    outage(7);
    assert_eq!(breaker.learned(), Learned::default());
    for _ in 0..20 {
        outage(7);
    }
    let learned = breaker.learned();
    assert_eq!((learned.outage, learned.first_probe), (Some(millis(8_000)), Some(0)));
    // One long one does not move it far.
    outage(999);
    assert!(near(breaker.learned().outage, 8_000.0, 15.0), "{:?}", breaker.learned());
    (0..60).for_each(|_| outage(0));
    let learned = breaker.learned();
    assert_eq!((learned.outage, learned.first_probe), (Some(millis(1_000)), Some(100)));
    assert_eq!(
        learned.to_string(),
        "an outage lasts 1s; the first probe succeeds in 100% of openings"
    );
}

#[test]
fn y2_forced_states_and_a_reset_teach_nothing() {
    let bench = Bench::default();
    let breaker = bench.breaker(BreakerConfig::new());
    for _ in 0..5 {
        breaker.trip();
        bench.clock.advance(millis(3_000));
        breaker.close();
        breaker.force_open();
        bench.clock.advance(millis(3_000));
        breaker.reset();
        breaker.disable();
        breaker.close();
    }
    assert_eq!(breaker.learned(), Learned::default());
}

/// Each of these puts a breaker into a state in which it is not well.
#[test]
fn y2_nothing_is_learned_while_the_breaker_is_not_well() {
    type Harm = fn(&Bench, &Breaker<'_>);
    let harms: [(&str, Harm); 6] = [
        ("a score", |bench, breaker| _ = bench.call(breaker, 1, Outcome::Failure)),
        ("open", |_, breaker| breaker.trip()),
        ("forced", |_, breaker| breaker.force_open()),
        ("advice", |_, breaker| {
            let lasts = millis(1_000_000);
            let advice =
                Advice { primed: true, probed_elsewhere: false, instances: 3, failures: 9, lasts };
            breaker.advise(Some(advice));
        }),
        ("a ramp", |bench, breaker| {
            breaker.trip();
            bench.clock.advance(millis(60_000));
            assert!(bench.call(breaker, 1, Outcome::Success));
        }),
        ("load that is shed", |bench, breaker| {
            while breaker.reading().shed == 0 {
                bench.call(breaker, 1, Outcome::Overload);
            }
        }),
    ];
    for (name, harm) in harms {
        let bench = Bench::default();
        let settings = learning()
            .failure_threshold(2_047)
            .failure_weight(127)
            .ramp_up(millis(600_000))
            .max_shed(50);
        let breaker = bench.breaker(settings);
        bench.calls(&breaker, 2_100, || 20);
        harm(&bench, &breaker);
        let before = breaker.learned();
        for _ in 0..30 {
            bench.call(&breaker, 7, Outcome::Success);
            bench.clock.advance(millis(3));
        }
        let after = breaker.learned();
        assert_eq!((after.latency, after.baseline), (before.latency, before.baseline), "{name}");
        assert_eq!(after.failures_ppm, before.failures_ppm, "{name}");
    }
}

#[test]
fn y2_an_outage_leaves_the_latency_as_it_was() {
    let bench = Bench::default();
    let settings = learning().failure_threshold(1).recovery_timeout(millis(5_000));
    let breaker = bench.breaker(settings);
    bench.calls(&breaker, 2_100, || 20);
    let before = breaker.learned();
    for _ in 0..10 {
        assert!(bench.call(&breaker, 30_000, Outcome::Failure));
        bench.clock.advance(millis(5_000));
        // A probe's time is no usual one.
        assert!(bench.call(&breaker, 150, Outcome::Success));
    }
    let after = breaker.learned();
    assert_eq!((after.latency, after.baseline), (before.latency, before.baseline));
    assert!(after.outage.is_some());
}

#[test]
fn y2_the_usual_share_of_failures_falls_fast_and_rises_slowly() {
    let bench = Bench::default();
    let settings = learning().failure_threshold(2_047).failure_weight(1);
    let breaker = bench.breaker(settings);
    let share = |every: usize, batches: usize| {
        for call in 0..1_100 * batches {
            let outcome = if call % every == 1 { Outcome::Failure } else { Outcome::Success };
            bench.call(&breaker, 5, outcome);
        }
        breaker.learned().failures_ppm.unwrap()
    };
    let usual = share(50, 3);
    assert!((14_000..26_000).contains(&usual), "{usual}");
    let up = share(20, 1);
    assert!(up > usual && up < 30_000, "{up}");
    let down = share(1_000_000, 20);
    assert!(down < usual / 10, "{down}");
    // One in two is no usual share.
    assert_eq!(share(2, 3), breaker.learned().failures_ppm.unwrap());
    assert!(breaker.learned().failures_ppm.unwrap() < 10_000);
}

#[test]
fn y1_a_service_that_slows_down_opens_without_a_number_of_ones_own() {
    let bench = Bench::default();
    let mut random = Random(7);
    let settings = BreakerConfig::new().failure_threshold(600).failure_weight(30).slow_above(150);
    let breaker = bench.breaker(settings);
    for _ in 0..30_000 {
        assert!(bench.call(&breaker, random.log_normal(100.0), Outcome::Success));
    }
    assert_eq!(breaker.counters().openings, 0);
    let slow =
        (0..2_000).take_while(|_| bench.call(&breaker, random.log_normal(300.0), Outcome::Success));
    let calls = slow.count();
    println!("open after {calls} calls of a service that is three times as slow");
    assert!((20..400).contains(&calls), "{calls}");
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn whoever_knows_the_time_teaches_it_and_only_where_it_is_asked_for() {
    let bench = Bench::default();
    let breaker = bench.breaker(BreakerConfig::new());
    let calls = || {
        for _ in 0..700 {
            bench.clock.advance(millis(1));
            breaker.try_acquire().unwrap().success_after(Duration::from_micros(300));
        }
    };
    calls();
    assert_eq!(breaker.learned(), Learned::default());
    breaker.learn_latency(true);
    calls();
    assert!(near(breaker.learned().latency, 0.3, 15.0), "{:?}", breaker.learned());
    assert_eq!(breaker.slow_limit(), None, "no call is slow");
    breaker.learn_latency(false);
    assert!(breaker.learned().latency.is_some());
    breaker.forget_learned();
    assert_eq!(breaker.learned(), Learned::default());
}

#[test]
fn a_hedge_starts_after_what_its_breaker_has_learned() {
    let bench = Bench::default();
    let breaker = bench.breaker(BreakerConfig::new());
    let delay = AfterLearned::new(&breaker, millis(50));
    let starts_after = || {
        let mut calls = 0;
        let hedge = Hedge::with(delay, &bench.clock);
        let mut call = pin!(hedge.call_async(|| {
            calls += 1;
            let hangs = calls == 1;
            async move { if hangs { pending().await } else { Ok::<_, ()>(()) } }
        }));
        let mut cx = Context::from_waker(Waker::noop());
        (0..1_000).find(|_| {
            let done = call.as_mut().poll(&mut cx) == Poll::Ready(Ok(()));
            bench.clock.advance(millis(1));
            done
        })
    };
    assert_eq!(starts_after(), Some(50));
    // It has asked the breaker to learn.
    bench.calls(&breaker, 600, || 200);
    let after = starts_after().unwrap();
    assert!((170..=230).contains(&after), "{after}");
}

/// A time in 64ths of powers of two, as straight lines between them.
fn coded(millis: u64) -> i64 {
    let power = (millis as f64).log2().floor();
    ((power + millis as f64 / power.exp2() - 1.0) * 64.0).floor() as i64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Against a model without packing.
    #[test]
    fn y1_outages_are_as_a_plain_model_has_them(
        outages in prop::collection::vec((1_000_u64..5_000_000, any::<bool>()), 3..40)
    ) {
        let bench = Bench::default();
        let timeout = 1_000;
        let settings = BreakerConfig::new().failure_threshold(1).recovery_timeout(millis(timeout));
        let breaker = bench.breaker(settings);
        let (mut usual, mut share) = (0, 0.0_f64);
        for (at, (lasts, first_succeeds)) in outages.iter().copied().enumerate() {
            bench.call(&breaker, 0, Outcome::Failure);
            let mut lasted = lasts;
            if !first_succeeds {
                bench.clock.advance(millis(timeout));
                prop_assert!(bench.call(&breaker, 0, Outcome::Failure));
                lasted += timeout;
            }
            bench.clock.advance(millis(lasts));
            prop_assert!(bench.call(&breaker, 0, Outcome::Success));
            let this = coded(lasted);
            let step = [64, 32, 16, 8][at.min(3)];
            usual = if at == 0 { this } else { usual + (this - usual).clamp(-step, step) };
            let part = if at < 3 { at as f64 + 1.0 } else { 8.0 };
            share += (f64::from(u8::from(first_succeeds)) - share) / part;
        }
        let learned = breaker.learned();
        prop_assert_eq!(coded(learned.outage.unwrap().as_millis() as u64 + 1).min(usual), usual);
        prop_assert!((f64::from(learned.first_probe.unwrap()) - share * 100.0).abs() < 5.0);
    }

    #[test]
    fn y1_a_learned_limit_stays_within_its_bounds(
        own in prop_oneof![Just(0), 10_u64..5_000],
        percent in 110_u32..=1_000,
        takes in 1_u64..3_000,
    ) {
        let bench = Bench::default();
        let mut settings = BreakerConfig::new().slow_above(percent).failure_threshold(2_047);
        if own > 0 {
            settings = settings.slow_call(millis(own));
        }
        let breaker = bench.breaker(settings);
        for _ in 0..2_200 {
            bench.call(&breaker, takes, Outcome::Success);
        }
        let limit = breaker.slow_limit().map_or(0, |it| it.as_millis() as u64);
        match breaker.settings().slow_call() {
            Some(own) => {
                let own = own.as_millis() as u64;
                prop_assert!(own.div_ceil(4) <= limit && limit <= 4 * own, "{own} {limit}");
            }
            None => prop_assert!(limit >= 10, "{limit}"),
        }
    }
}
