//! Random operations on a breaker and on a plain model of it: the same state,
//! count, admission, time left and verdict at every step.
#![allow(unreachable_pub)] // the model is a module of this file alone

mod common;
mod reference;

use common::{Bench, millis};
use fusebox::{BreakerConfig, BreakerSettings, Fault, Outcome, State};
use proptest::prelude::*;
use reference::{Model, Phase, Report, Rules};

#[derive(Clone, Debug)]
enum Op {
    Acquire,
    /// Reports one of the permits in flight, whichever there are.
    Report(prop::sample::Index, Report),
    /// Drops one.
    Drop(prop::sample::Index),
    Forward(u32),
    Back(u32),
    ForceOpen,
    Close,
    Disable,
    Reset,
    Restamp,
    Trip(Option<u32>),
    Set(Rules),
}

fn rules() -> impl Strategy<Value = Rules> {
    let score = (1..20_u32, 0..5_u32, prop_oneof![Just(0), 1..100_i64], any::<bool>(), 1..200_i64);
    let wait = (1..200_i64, 1..4_u32, 1..4_u32, 0..4_u32, 11..31_i64);
    (score, wait).prop_map(
        |(
            (threshold, weight, min_span, is_quiet, quiet),
            (timeout, probes, successes, doublings, tens),
        )| Rules {
            threshold,
            weight,
            min_span,
            // Times that are kept to the millisecond.
            quiet: if is_quiet && min_span + quiet < 64 { min_span + quiet } else { 0 },
            timeout,
            probes,
            successes,
            doublings,
            growth: tens * 10,
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        12 => Just(Op::Acquire),
        5 => index().prop_map(|at| Op::Report(at, Report::Success)),
        8 => index().prop_map(|at| Op::Report(at, Report::Failure)),
        2 => index().prop_map(|at| Op::Report(at, Report::Nothing)),
        2 => (index(), 1..400_u32).prop_map(|(at, it)| Op::Report(at, Report::Weighs(it))),
        1 => index().prop_map(|at| Op::Report(at, Report::Enough)),
        2 => index().prop_map(Op::Drop),
        6 => (0..400_u32).prop_map(Op::Forward),
        1 => (1..400_u32).prop_map(Op::Back),
        1 => prop_oneof![Just(Op::ForceOpen), Just(Op::Close), Just(Op::Disable), Just(Op::Reset)],
        1 => Just(Op::Restamp),
        // Lengths that are kept to the millisecond: a step back shows no others.
        2 => prop::option::of(1..16_u32).prop_map(Op::Trip),
        1 => rules().prop_map(Op::Set),
    ]
}

fn settings(rules: Rules) -> BreakerSettings {
    BreakerConfig::new()
        .failure_threshold(rules.threshold)
        .failure_weight(rules.weight)
        .min_span(millis(rules.min_span.unsigned_abs()))
        .quiet(millis(rules.quiet.unsigned_abs()))
        .recovery_timeout(millis(rules.timeout.unsigned_abs()))
        .probes(rules.probes)
        .successes_to_close(rules.successes)
        .doublings(rules.doublings)
        .growth(u32::try_from(rules.growth).unwrap())
        .build()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_breaker_does_what_the_model_does(
        rules in rules(),
        ops in prop::collection::vec(op(), 1..200),
    ) {
        let bench = Bench::new();
        let breaker = bench.with_settings(settings(rules));
        let mut model = Model::new(rules);
        let mut now = 1_000_000_i64;
        let mut in_flight = Vec::new();
        for op in ops {
            match op {
                Op::Acquire => match (breaker.try_acquire(), model.acquire(now)) {
                    (Ok(permit), Ok(ticket)) => in_flight.push((permit, ticket)),
                    (Err(rejected), Err(left)) => {
                        let left = left.map(|left| millis(left.unsigned_abs()));
                        prop_assert_eq!(rejected.retry_after(), left);
                    }
                    (real, expected) => prop_assert!(false, "{:?}, not {:?}", real, expected),
                },
                Op::Report(at, report) if !in_flight.is_empty() => {
                    let (permit, ticket) = in_flight.swap_remove(at.index(in_flight.len()));
                    let verdict = match report {
                        Report::Success => permit.success(),
                        Report::Failure => permit.failure(),
                        Report::Nothing => permit.ignore(),
                        Report::Weighs(percent) => {
                            let percent = u16::try_from(percent).unwrap();
                            permit.report(Outcome::Weighs { percent })
                        }
                        Report::Enough => permit.report(Outcome::OPENS),
                    };
                    prop_assert_eq!(verdict, model.report(ticket, report, now));
                }
                Op::Drop(at) if !in_flight.is_empty() => {
                    let (permit, ticket) = in_flight.swap_remove(at.index(in_flight.len()));
                    drop(permit);
                    model.report(ticket, Report::Nothing, now);
                }
                Op::Report(..) | Op::Drop(_) => {}
                Op::Forward(by) => {
                    bench.clock.advance(millis(by.into()));
                    now += i64::from(by);
                }
                Op::Back(by) => {
                    bench.clock.step_back(millis(by.into()));
                    now -= i64::from(by);
                }
                Op::ForceOpen => {
                    breaker.force_open();
                    model.enter(Phase::ForcedOpen);
                }
                Op::Close => {
                    breaker.close();
                    model.close(false);
                }
                Op::Reset => {
                    breaker.reset();
                    model.close(true);
                }
                Op::Restamp => {
                    breaker.restamp();
                    model.restamp(now);
                }
                Op::Trip(length) => {
                    match length {
                        Some(length) => breaker.trip_for(millis(length.into())).unwrap(),
                        None => breaker.trip(),
                    }
                    model.trip(length.map(i64::from), now);
                }
                Op::Disable => {
                    breaker.disable();
                    model.enter(Phase::Disabled);
                }
                Op::Set(rules) => {
                    breaker.set_settings(settings(rules));
                    model.rules = rules;
                }
            }
            let real = breaker.reading();
            prop_assert_eq!(real.time_left, model.left(now).map(|left| millis(left.unsigned_abs())));
            // Its own words are possible; but a clock that has stepped back for
            // more than a second leaves a stamp that has not come yet.
            let waits = matches!(real.snapshot.state, State::Open | State::HalfOpen);
            let ahead = real.snapshot.stamp.as_millis() > real.at.as_millis() + 1_000;
            prop_assert_eq!(real.fault, (waits && ahead).then_some(Fault::Stamp));
            let real = real.snapshot;
            prop_assert_eq!(u64::from(real.generation), model.life % 1_024);
            let counts = (
                u32::from(real.score),
                u32::from(real.reopenings),
                u32::from(real.probes_in_flight),
                u32::from(real.probes_succeeded),
            );
            let expected = match model.phase {
                Phase::Closed { score, .. } => (State::Closed, (score, 0, 0, 0)),
                Phase::Open { reopenings, .. } => (State::Open, (0, reopenings, 0, 0)),
                Phase::HalfOpen { reopenings, in_flight, succeeded, .. } => {
                    (State::HalfOpen, (0, reopenings, in_flight, succeeded))
                }
                Phase::ForcedOpen => (State::ForcedOpen, (0, 0, 0, 0)),
                Phase::Disabled => (State::Disabled, (0, 0, 0, 0)),
            };
            prop_assert_eq!((real.state, counts), expected);
        }
    }
}
