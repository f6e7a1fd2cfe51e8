//! Answers that are judged as a whole: a response can be a failure, and an error
//! a healthy answer.

mod common;

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use common::{Bench, TIMEOUT, config, finish, millis};
use fusebox::{
    CallError, Fallback, ManualClock, Outcome, Pipeline, Retry, RetryConfig, SleepBy, State,
};

type Answer = Result<u16, u16>;
/// A way to make a guarded call.
type Way<'w> = &'w dyn Fn(&common::Breaker<'_>) -> Result<u16, CallError<u16>>;

/// As HTTP has it, whichever way the client reports a status.
fn judge(answer: Result<&u16, &u16>) -> Outcome {
    let (Ok(status) | Err(status)) = answer;
    match *status {
        500.. => Outcome::Failure,
        400..404 => Outcome::Ignore,
        _ => Outcome::Success,
    }
}

fn is_busy(answer: Result<&u16, &u16>) -> bool {
    let (Ok(status) | Err(status)) = answer;
    *status == 503
}

/// An answer, and the failures in a row after it, which were 1 before.
const JUDGED: [(Answer, u16); 6] =
    [(Ok(200), 0), (Err(404), 0), (Ok(503), 2), (Err(500), 2), (Ok(401), 1), (Err(401), 1)];

#[test]
fn a_breaker_is_told_by_the_whole_answer() {
    for (answer, failures) in JUDGED {
        let bench = Bench::new();
        let ways: [Way<'_>; 4] = [
            &|it| it.call_judged(judge, || answer),
            &|it| finish(it.call_async_judged(judge, async { answer })),
            &|it| Pipeline::new().breaker_judged(it, judge).call(&(), |()| answer),
            &|it| {
                let pipeline = Pipeline::new().breaker_judged(it, judge);
                finish(pipeline.call_async(&(), |()| async { answer }))
            },
        ];
        for (at, way) in ways.iter().enumerate() {
            let breaker = bench.breaker(config());
            common::fail(&breaker);
            assert_eq!(way(&breaker), answer.map_err(CallError::Failed), "it is not touched");
            let now = breaker.snapshot().score;
            assert_eq!(now, failures, "{answer:?} in way {at}");
        }
    }
}

/// A healthy service that answers 404 closes its breaker.
#[test]
fn a_probe_that_is_told_not_found_closes() {
    let bench = Bench::new();
    let breaker = bench.opened(config());
    bench.clock.advance(TIMEOUT);
    assert_eq!(breaker.call_judged(judge, || Err::<u16, _>(404)), Err(CallError::Failed(404)));
    assert_eq!(breaker.state(), State::Closed);
    // Where it is merely left out, nobody learns that the service is well.
    let breaker = bench.opened(config());
    for _ in 0..3 {
        bench.clock.advance(TIMEOUT);
        let _ = breaker.call_counting(|status: &u16| *status >= 500, || Err::<(), _>(404));
        assert_eq!(breaker.state(), State::HalfOpen);
    }
}

#[test]
fn a_judge_that_panics_is_a_failure_and_loses_no_permit() {
    for answer in [Ok(200), Err(404)] {
        let bench = Bench::new();
        let rude = |_: Result<&u16, &u16>| -> Outcome { panic!("a judge's own") };
        let ways: [Way<'_>; 3] = [
            &|it| it.call_judged(rude, || answer),
            &|it| finish(it.call_async_judged(rude, async { answer })),
            &|it| Pipeline::new().breaker_judged(it, rude).call(&(), |()| answer),
        ];
        for way in ways {
            let breaker = bench.breaker(config());
            assert!(catch_unwind(AssertUnwindSafe(|| way(&breaker))).is_err());
            assert_eq!(breaker.snapshot().score, 1);
            // And as a probe, whose place is free again.
            let breaker = bench.opened(config());
            bench.clock.advance(TIMEOUT);
            assert!(catch_unwind(AssertUnwindSafe(|| way(&breaker))).is_err());
            assert_eq!((breaker.state(), breaker.snapshot().probes_in_flight), (State::Open, 0));
        }
    }
}

#[test]
fn a_rejection_by_an_inner_breaker_is_not_judged() {
    let bench = Bench::new();
    let (outer, inner) = (bench.breaker(config()), bench.opened(config()));
    let strict = |_: Result<&u16, &u16>| Outcome::Failure;
    let pipeline = Pipeline::new().breaker_judged(&outer, strict).breaker(&inner);
    assert!(matches!(pipeline.call(&(), |()| Ok::<_, u16>(200)), Err(CallError::Rejected(_))));
    assert_eq!(outer.snapshot().score, 0);
}

/// Gives these answers, one after another, and counts them.
struct Server<'a>(&'a [Answer], Cell<usize>);

impl<'a> Server<'a> {
    fn new(answers: &'a [Answer]) -> Self {
        Self(answers, Cell::new(0))
    }

    fn ask(&self) -> Answer {
        let at = self.1.get();
        self.1.set(at + 1);
        self.0[at]
    }
}

const SETTINGS: fusebox::RetrySettings = RetryConfig::new().max_attempts(3).build();

#[test]
fn a_retry_tries_again_on_an_answer_that_it_refuses() {
    let cases: [(&[Answer], Answer, usize); 5] = [
        (&[Ok(503), Err(503), Ok(200)], Ok(200), 3),
        (&[Ok(503), Err(404)], Err(404), 2),
        (&[Ok(404)], Ok(404), 1),
        // The last answer comes back as it is.
        (&[Err(503), Ok(503), Ok(503)], Ok(503), 3),
        (&[Ok(503), Ok(503), Err(503)], Err(503), 3),
    ];
    for (answers, last, attempts) in cases {
        let clock = ManualClock::new();
        let observer = fusebox::DefaultObserver;
        let retry = Retry::with(SETTINGS, &clock, &clock, observer).retry_on(is_busy);
        let waiting =
            Retry::with(SETTINGS, &clock, SleepBy(|_| async {}), observer).retry_on(is_busy);
        let carried = |answer: Result<&u16, &CallError<u16>>| match answer {
            Ok(status) | Err(CallError::Failed(status)) => *status == 503,
            Err(_) => false,
        };
        let in_pipeline = Pipeline::new()
            .retry(Retry::with(SETTINGS, &clock, &clock, observer).retry_on(carried));
        let by_hand = |server: &Server<'_>| {
            let mut attempts = retry.attempts();
            loop {
                let answer = server.ask();
                if attempts.after_answer(answer.as_ref()).is_none() {
                    return answer;
                }
            }
        };
        let ways: [&dyn Fn(&Server<'_>) -> Answer; 4] = [
            &|server| retry.call(|| server.ask()),
            &|server| finish(waiting.call_async(|| async { server.ask() })),
            &|server| in_pipeline.call(server, Server::ask).map_err(|it| it.into_failed().unwrap()),
            &by_hand,
        ];
        for (at, way) in ways.iter().enumerate() {
            let server = Server::new(answers);
            assert_eq!((way(&server), server.1.get()), (last, attempts), "{answers:?}, way {at}");
        }
    }
}

#[test]
fn a_predicate_sees_each_answer_once() {
    let clock = ManualClock::new();
    let seen = Cell::new(0);
    let watching = |answer: Result<&u16, &u16>| {
        seen.set(seen.get() + 1);
        is_busy(answer)
    };
    let retry = Retry::with(SETTINGS, &clock, &clock, fusebox::DefaultObserver).retry_on(&watching);
    let server = Server::new(&[Ok(503), Err(503), Ok(200)]);
    assert_eq!((retry.call(|| server.ask()), seen.get()), (Ok(200), 3));
}

#[test]
fn a_response_may_hint_how_long_to_wait() {
    let clock = ManualClock::new();
    let hint = |answer: Result<&u16, &u16>| answer.ok().map(|_| Duration::from_secs(7));
    let retry = Retry::with(SETTINGS, &clock, &clock, fusebox::DefaultObserver)
        .retry_on(is_busy)
        .delay_hint_on(hint);
    let server = Server::new(&[Ok(503), Ok(503), Ok(200)]);
    assert_eq!(retry.call(|| server.ask()), Ok(200));
    assert_eq!(fusebox::Clock::now(&clock).as_millis(), 14_000);
}

#[test]
fn an_attempt_after_a_refused_answer_sees_no_error() {
    let clock = ManualClock::new();
    let retry = Retry::with(SETTINGS, &clock, &clock, fusebox::DefaultObserver).retry_on(is_busy);
    let server = Server::new(&[Err(503), Ok(503), Ok(200)]);
    let mut seen = Vec::new();
    let answer = retry.call_with(|attempt| {
        seen.push((attempt.number(), attempt.previous().copied()));
        server.ask()
    });
    assert_eq!((answer, seen), (Ok(200), vec![(1, None), (2, Some(503)), (3, None)]));
}

#[test]
fn a_fallback_answers_in_place_of_a_response() {
    let basic = |id: &u16| if *id == 0 { Err(410) } else { Ok(*id) };
    let cases: [(u16, Answer, Answer); 6] = [
        (1, Ok(503), Ok(1)),
        (1, Err(503), Ok(1)),
        (1, Ok(200), Ok(200)),
        // This error is kept out: no layer is asked.
        (1, Err(404), Err(404)),
        // No layer answers: the response itself, or the layer's error.
        (0, Ok(503), Ok(503)),
        (0, Err(503), Err(410)),
    ];
    let fallback = Fallback::when(is_busy).or(&basic);
    for (id, own, expected) in cases {
        assert_eq!(fallback.call(&id, |_| own), expected, "{own:?}");
        assert_eq!(finish(fallback.call_async(&id, |_| async { own })), expected, "{own:?}");
    }
    // A layer that wants to see the error has none to see.
    let seeing =
        Fallback::when(is_busy).or_with(|(): &(), status: &u16| Ok(*status + 1)).or_value(7);
    assert_eq!(seeing.call(&(), |()| Ok(503)), Ok(7));
    assert_eq!(seeing.call(&(), |()| Err(503)), Ok(504));
    assert_eq!(finish(seeing.call_async(&(), |()| async { Ok(503) })), Ok(7));
}

#[test]
fn a_refused_response_is_no_last_good_value() {
    let clock = ManualClock::new();
    let last = fusebox::LastGood::with(&clock);
    let fallback = Fallback::when(is_busy).or_last_good(&last);
    assert_eq!(fallback.call(&(), |()| Ok(503)), Ok(503), "there is none yet");
    assert_eq!(fallback.call(&(), |()| Ok(200)), Ok(200));
    clock.advance(millis(5));
    assert_eq!(fallback.call(&(), |()| Ok(503)), Ok(200));
    assert_eq!(fallback.call(&(), |()| Err(503)), Ok(200));
}

#[test]
fn a_layer_may_decline() {
    let known = |id: &u16| (*id == 7).then_some(Ok::<_, u16>(70));
    let fallback = Fallback::new().or_if(&known).or_value(0);
    for (id, expected) in [(7, 70), (8, 0)] {
        assert_eq!(fallback.call(&id, |_| Err(503)), Ok(expected));
        assert_eq!(finish(fallback.call_async(&id, |_| async { Err(503) })), Ok(expected));
    }
    let alone = Fallback::new().or_if(&known);
    assert_eq!(alone.call(&8, |_| Err(503)), Err(503), "nobody answered");
}
