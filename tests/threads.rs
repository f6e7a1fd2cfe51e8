//! Many threads at once, a bounded amount of work each: B2, B4, B14, G2.

mod common;

use std::{
    ptr,
    sync::{
        Barrier,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use common::{Bench, config};
use fusebox::{Registry, State};

/// Runs `work` on eight threads that start together.
fn at_once(work: impl Fn(usize) + Sync) {
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        for number in 0..8 {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                barrier.wait();
                work(number);
            });
        }
    });
}

#[test]
fn b4_a_thousand_callers_at_once_get_so_many_probes() {
    for probes in [1_u32, 4] {
        let bench = Bench::new();
        let breaker = bench.due(config().probes(probes));
        let admitted = AtomicU32::new(0);
        at_once(|_| {
            for _ in 0..125 {
                if let Ok(permit) = breaker.try_acquire() {
                    admitted.fetch_add(1, Ordering::Relaxed);
                    std::mem::forget(permit);
                }
            }
        });
        assert_eq!(admitted.into_inner(), probes);
    }
}

#[test]
fn b2_racing_failures_open_once() {
    for _ in 0..200 {
        let bench = Bench::new();
        let breaker = bench.breaker(config());
        at_once(|_| {
            for _ in 0..10 {
                if let Ok(permit) = breaker.try_acquire() {
                    permit.failure();
                }
            }
        });
        assert_eq!(bench.log.take(), [(State::Closed, State::Open, false)]);
        assert_eq!(breaker.counters().failures, 3);
    }
}

#[test]
fn b14_forced_states_race_safely_with_calls() {
    let bench = Bench::new();
    let breaker = bench.breaker(config());
    at_once(|number| {
        for turn in 0..2_000 {
            match (number, turn % 4) {
                (0, 0) => breaker.force_open(),
                (0, 1) => breaker.disable(),
                (0, 2) => breaker.reset(),
                (0, _) => breaker.close(),
                _ => {
                    let _ = breaker.call(|| if turn % 3 == 0 { Err(()) } else { Ok(()) });
                }
            }
        }
    });
    breaker.close();
    assert_eq!(breaker.snapshot().score, 0);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn g2_racing_registrations_share_by_name() {
    for _ in 0..50 {
        let panel: Registry<16> = Registry::new();
        let names: Vec<_> = (0..16).map(|n| format!("breaker {n}")).collect();
        at_once(|number| {
            for turn in 0..16 {
                let name = &*names[(turn + number * 5) % 16];
                let breaker = panel.get_or_register(name, config().build()).unwrap();
                assert!(ptr::eq(breaker, panel.get(name).unwrap()));
                assert_eq!(breaker.name().unwrap().as_str(), name);
            }
        });
        assert_eq!(panel.len(), 16);
    }
}
