//! Limits of calls in flight that are found out: L6.
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)] // virtual time

#[path = "common/service.rs"]
mod service;

use core::{mem, time::Duration};
use std::{
    future::{Future, pending, poll_fn, ready as ready_now},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Poll, Waker},
};

use fusebox::{
    AdaptiveConfig, AdaptiveSettings, CallError, DefaultObserver, LimitKind, Load, Pipeline,
};
use proptest::prelude::*;
use service::{Limit, Micros, Service};

const SECOND: u64 = 1_000_000;

fn limit(settings: AdaptiveSettings, clock: &Micros) -> Limit<'_> {
    Limit::with(None, settings, clock, DefaultObserver)
}

fn usual(clock: &Micros) -> Limit<'_> {
    limit(AdaptiveConfig::new().build(), clock)
}

/// The mean of the limit in so many windows.
fn mean_limit(service: &mut Service<'_>, windows: u32) -> f64 {
    let limits = (0..windows).map(|_| {
        service.run(SECOND);
        f64::from(service.limit.limit().unwrap())
    });
    limits.sum::<f64>() / f64::from(windows)
}

/// The mean of the ten windows after the first ten is within a fifth of the knee.
fn finds(service: &mut Service<'_>) {
    service.run(10 * SECOND);
    let (knee, mean) = (service.workers as f64, mean_limit(service, 10));
    assert!((mean / knee - 1.0).abs() <= 0.2, "a mean limit of {mean} at a knee of {knee}");
}

#[test]
fn l6_the_knee_is_found_and_followed() {
    for (workers, micros) in [(6, 50_000.0), (50, 50_000.0), (500, 100_000.0)] {
        let clock = Micros::default();
        let limit = usual(&clock);
        let mut service = Service::new(&limit, &clock, workers);
        service.micros = micros;
        service.varies = false;
        finds(&mut service);
        service.workers = workers / 2;
        finds(&mut service);
        service.workers = workers;
        finds(&mut service);
    }
}

#[test]
fn l6_also_where_calls_take_times_of_all_lengths() {
    for seed in 0..4 {
        let clock = Micros::default();
        let limit = usual(&clock);
        let mut service = Service::new(&limit, &clock, 40);
        service.random = fastrand::Rng::with_seed(seed);
        finds(&mut service);
        service.workers = 20;
        finds(&mut service);
        service.workers = 40;
        finds(&mut service);
    }
}

#[test]
fn l6_an_hour_of_overload_moves_neither_limit_nor_baseline() {
    let clock = Micros::default();
    let limit = usual(&clock);
    let mut service = Service::new(&limit, &clock, 20);
    service.run(60 * SECOND);
    let minutes: Vec<_> = (0..59)
        .map(|_| {
            let mean = mean_limit(&mut service, 60);
            (mean, limit.baseline().unwrap().as_secs_f64() * 1e3)
        })
        .collect();
    let mean = |of: &[(f64, f64)]| of.iter().map(|(mean, _)| mean).sum::<f64>() / of.len() as f64;
    let (first, last, all) = (mean(&minutes[..10]), mean(&minutes[49..]), mean(&minutes));
    assert!((16.0..=24.0).contains(&all), "a mean limit of {all}: {minutes:?}");
    assert!((last / first - 1.0).abs() < 0.15, "from {first} to {last}: {minutes:?}");
    let near = |(mean, baseline): &(f64, f64)| {
        (14.0..=28.0).contains(mean) && (40.0..=65.0).contains(baseline)
    };
    assert!(minutes.iter().all(near), "{minutes:?}");
}

#[test]
fn l6_a_service_that_becomes_slower_for_good_keeps_its_calls() {
    let clock = Micros::default();
    let limit = usual(&clock);
    let mut service = Service::new(&limit, &clock, 40);
    finds(&mut service);
    // Not fewer at a time: each takes longer.
    service.micros *= 2.0;
    service.run(20 * SECOND);
    finds(&mut service);
    service.micros /= 4.0;
    service.run(20 * SECOND);
    finds(&mut service);
}

#[test]
fn l6_it_grows_only_where_it_is_used() {
    let clock = Micros::default();
    let limit = usual(&clock);
    let mut service = Service::new(&limit, &clock, 1_000);
    service.micros = 50_000.0;
    service.demand = 0.001; // one at a time
    service.run(100 * SECOND);
    assert_eq!((limit.limit(), limit.refused()), (Some(20), 0));
}

/// Makes as many calls as are let in, which take so long and end so; returns how many.
fn round(limit: &Limit<'_>, clock: &Micros, micros: u64, load: Load) -> u32 {
    let mut tickets = Vec::new();
    while let Ok(ticket) = limit.try_acquire() {
        tickets.push(ticket);
    }
    clock.advance(micros);
    let many = tickets.len() as u32;
    for ticket in tickets {
        ticket.report(load);
    }
    many
}

#[test]
fn l6_overload_errors_lower_it_by_a_tenth_and_the_least_limit_holds() {
    let clock = Micros::default();
    let settings = AdaptiveConfig::new().initial(100).min(30).build();
    let limit = limit(settings, &clock);
    let mut before = 100;
    for _ in 0..400 {
        let many = round(&limit, &clock, 300_000, Load::Overloaded);
        let lower = (before * 9 / 10).max(30);
        assert!(many == before || many.abs_diff(lower) <= 1, "{many} after {before}");
        before = many;
    }
    assert_eq!((limit.limit(), limit.baseline()), (Some(30), None));
}

#[test]
fn l6_calls_that_say_nothing_change_nothing() {
    let clock = Micros::default();
    let limit = usual(&clock);
    for _ in 0..100 {
        assert_eq!(round(&limit, &clock, 300_000, Load::Unknown), 20);
    }
    assert_eq!((limit.windows(), limit.measured(), limit.in_flight()), (0, 0, 0));
}

#[test]
fn l6_a_clock_that_steps_back_begins_another_window() {
    let clock = Micros::default();
    clock.set(1_000 * SECOND);
    let limit = usual(&clock);
    round(&limit, &clock, 1_000, Load::Served);
    clock.set(0);
    for _ in 0..2_000 {
        round(&limit, &clock, 1_000, Load::Served);
    }
    assert!(limit.windows() >= 1);
    assert_eq!(limit.in_flight(), 0);
}

#[test]
fn l6_full_is_an_error_that_says_so() {
    let clock = Micros::default();
    let limit = limit(AdaptiveConfig::new().initial(1).build(), &clock);
    let ticket = limit.try_acquire().unwrap();
    let limited = limit.try_acquire().unwrap_err();
    assert_eq!((limited.kind(), limited.retry_after()), (LimitKind::Adaptive, None));
    assert_eq!(limited.to_string(), "adaptive limit is full");
    assert_eq!((limit.in_flight(), limit.refused()), (1, 1));
    drop(ticket);
    assert_eq!(limit.in_flight(), 0);
    assert!(limit.try_acquire().is_ok());
}

#[test]
fn l6_settings_that_contradict_each_other_are_an_error() {
    let text = |config: AdaptiveConfig| config.try_build().unwrap_err().to_string();
    let config = AdaptiveConfig::new();
    assert_eq!(text(config.min(30)), "`initial` is 20, and must be from 30 to 1000");
    assert_eq!(text(config.min(30).max(25)), "`min` is 30, and must be from 1 to 25");
    assert_eq!(text(config.max(0)), "`max` is 0, and must be from 1 to 65000");
    let odd = config.window(Duration::from_millis(15));
    assert_eq!(text(odd), "`window` is 15 ms, and must be a multiple of 10 ms");
    let all = config.initial(7).max(8).min(6).tolerance(5).min_samples(9);
    let all = all.window(Duration::from_millis(20)).build();
    assert_eq!((all.initial(), all.max(), all.min(), all.tolerance()), (7, 8, 6, 5));
    assert_eq!((all.min_samples(), all.window()), (9, Duration::from_millis(20)));
}

#[test]
fn l6_in_a_pipeline_answers_are_measured_and_a_panic_gives_the_place_back() {
    let clock = Micros::default();
    let limit = limit(AdaptiveConfig::new().initial(1).max(1).build(), &clock);
    let busy = |answer: Result<&u8, &&str>| match answer {
        Ok(_) => Load::Served,
        Err(_) => Load::Overloaded,
    };
    let pipeline = Pipeline::new().adaptive_judged(&limit, busy);
    for n in 0..100 {
        let answer = pipeline.call(&n, |n| {
            clock.advance(30_000);
            let inner = pipeline.call(&(), |()| Ok(1));
            assert!(matches!(inner, Err(CallError::Limited(_))));
            if n % 2 == 0 { Ok(1) } else { Err("busy") }
        });
        assert_eq!(answer.is_ok(), n % 2 == 0);
    }
    let panicking = || pipeline.call(&(), |()| -> Result<u8, &str> { panic!() });
    assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
    assert_eq!(limit.in_flight(), 0);
    assert!(limit.windows() >= 2 && limit.measured() >= 20);
}

#[test]
fn l6_an_async_call_has_its_place_from_the_first_poll_until_it_ends_or_is_dropped() {
    let clock = Micros::default();
    let limit = limit(AdaptiveConfig::new().initial(1).max(1).build(), &clock);
    let pipeline = Pipeline::new().adaptive(&limit);
    let mut cx = Context::from_waker(Waker::noop());
    for n in 0..300 {
        let mut ready = false;
        let call = pipeline.call_async(&(), |()| {
            poll_fn(move |_| {
                if mem::replace(&mut ready, true) {
                    Poll::Ready(Ok::<_, ()>(n))
                } else {
                    Poll::Pending
                }
            })
        });
        let mut call = pin!(call);
        assert_eq!(limit.in_flight(), 0);
        assert!(call.as_mut().poll(&mut cx).is_pending());
        assert_eq!(limit.in_flight(), 1);
        let mut other = pin!(pipeline.call_async(&(), |()| ready_now(Ok::<_, ()>(0))));
        assert!(matches!(other.as_mut().poll(&mut cx), Poll::Ready(Err(CallError::Limited(_)))));
        clock.advance(30_000);
        assert_eq!(call.poll(&mut cx), Poll::Ready(Ok(n)));
        assert_eq!(limit.in_flight(), 0);
    }
    let (windows, measured) = (limit.windows(), limit.measured());
    assert!(windows >= 2 && measured >= 40, "{windows} windows, {measured} calls");
    {
        let mut dropped = pin!(pipeline.call_async(&(), |()| pending::<Result<(), ()>>()));
        assert!(dropped.as_mut().poll(&mut cx).is_pending());
        assert_eq!(limit.in_flight(), 1);
    }
    assert_eq!(limit.in_flight(), 0);
}

proptest! {
    /// Whatever calls come and go: no more are in flight than the limit, none is lost,
    /// and the limit stays within its bounds.
    #[test]
    fn l6_within_its_bounds_whatever_comes(
        initial in 1_u32..50,
        below in 0_u32..50,
        above in 0_u32..200,
        steps in prop::collection::vec((0_u8..6, 0_u64..200_000), 0..400),
    ) {
        let clock = Micros::default();
        let (min, max) = (initial.saturating_sub(below).max(1), initial + above);
        let settings = AdaptiveConfig::new().initial(initial).min(min).max(max);
        let settings = settings.window(Duration::from_millis(100)).min_samples(5).build();
        let limit = limit(settings, &clock);
        let mut held = Vec::new();
        for (what, micros) in steps {
            clock.advance(micros);
            let allowed = limit.limit().unwrap();
            prop_assert!((min..=max).contains(&allowed));
            match (what, held.pop()) {
                (0..=2, last) => {
                    held.extend(last);
                    match limit.try_acquire() {
                        Ok(ticket) => {
                            prop_assert!((held.len() as u32) < allowed);
                            held.push(ticket);
                        }
                        Err(_) => prop_assert!(held.len() as u32 >= allowed),
                    }
                }
                (3, Some(ticket)) => ticket.overload(),
                (_, Some(ticket)) => ticket.success(),
                (_, None) => {}
            }
            prop_assert_eq!(limit.in_flight() as usize, held.len());
        }
    }
}
