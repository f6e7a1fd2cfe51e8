//! Which errors are an overload, and how a breaker hears of it: O2.

#[path = "common/outcomes.rs"]
mod outcomes;

use std::{error::Error, fmt, future::ready, io, pin::pin, task, time::Duration};

use fusebox::{
    CallError, Judge, LimitKind, Limited, ManualClock, Outcome, OverloadIf, Pipeline, Rejected,
    TimedOut, is_overload,
};
use outcomes::{outcomes, watched};
use proptest::prelude::*;

/// An error that tells its source.
#[derive(Debug)]
struct Because(Box<dyn Error + Send + Sync>);

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it failed")
    }
}

impl Error for Because {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

impl From<TimedOut> for Because {
    fn from(timed_out: TimedOut) -> Self {
        Self(timed_out.into())
    }
}

/// The error of a timeout, as a pipeline makes it.
fn timed_out() -> TimedOut {
    struct Own(TimedOut);
    impl From<TimedOut> for Own {
        fn from(timed_out: TimedOut) -> Self {
            Self(timed_out)
        }
    }
    let clock = ManualClock::new();
    let pipeline = Pipeline::new().timeout_by(Duration::ZERO, &clock);
    let call = pipeline.call_async(&(), |()| std::future::pending::<Result<(), Own>>());
    let mut cx = task::Context::from_waker(task::Waker::noop());
    match pin!(call).poll(&mut cx) {
        task::Poll::Ready(Err(CallError::Failed(Own(timed_out)))) => timed_out,
        _ => panic!("it takes no time"),
    }
}

const KINDS: [LimitKind; 8] = [
    LimitKind::Rate,
    LimitKind::Bulkhead,
    LimitKind::Adaptive,
    LimitKind::Deadline,
    LimitKind::RampUp,
    LimitKind::Shedding,
    LimitKind::Pressure,
    LimitKind::Overload,
];

#[test]
fn o2_a_timeout_is_an_overload() {
    assert!(is_overload(&timed_out()));
    assert!(is_overload(&io::Error::from(io::ErrorKind::TimedOut)));
    assert!(is_overload(&io::Error::from(timed_out())));
    assert!(!is_overload(&fmt::Error));
    for kind in [io::ErrorKind::ConnectionRefused, io::ErrorKind::WouldBlock, io::ErrorKind::Other]
    {
        assert!(!is_overload(&io::Error::from(kind)), "{kind}");
    }
}

#[test]
fn o2_of_what_is_turned_away_only_an_overload_guard_says_so() {
    for kind in KINDS {
        let limited = Limited::new(None, kind, None);
        let expected = kind == LimitKind::Overload;
        assert_eq!(is_overload(&limited), expected, "{kind}");
        assert_eq!(is_overload(&Rejected::from(limited)), expected, "{kind}");
        assert_eq!(is_overload(&io::Error::from(limited)), expected, "{kind}: in an io::Error");
        assert_eq!(CallError::<io::Error>::Limited(limited).is_overload(), expected, "{kind}");
        let rejected = CallError::<io::Error>::Rejected(limited.into());
        assert_eq!(rejected.is_overload(), expected, "{kind}");
    }
    let shop = watched();
    shop.force_open();
    let error = shop.call(|| Ok::<_, io::Error>(())).unwrap_err();
    assert!(!error.is_overload(), "an open breaker says nothing of the service");
}

#[test]
fn o2_a_call_error_is_what_it_holds() {
    let failed = |kind: io::ErrorKind| CallError::Failed(io::Error::from(kind)).is_overload();
    assert!(failed(io::ErrorKind::TimedOut) && !failed(io::ErrorKind::NotFound));
}

proptest! {
    /// However deep it is, and whatever is around it.
    #[test]
    fn o2_it_is_found_among_the_sources(around in prop::collection::vec(any::<bool>(), 0..20), is in any::<bool>()) {
        let kind = if is { io::ErrorKind::TimedOut } else { io::ErrorKind::BrokenPipe };
        let mut error: Box<dyn Error + Send + Sync> = io::Error::from(kind).into();
        for held in around {
            error = if held { io::Error::other(error).into() } else { Because(error).into() };
        }
        prop_assert_eq!(is_overload(&*error), is);
    }
}

fn busy(status: &u16) -> bool {
    matches!(status, 429 | 503)
}

const CASES: [(Result<(), u16>, Outcome); 4] = [
    (Ok(()), Outcome::Success),
    (Err(429), Outcome::Overload),
    (Err(503), Outcome::Overload),
    (Err(500), Outcome::Failure),
];

fn finish<F: Future>(future: F) -> F::Output {
    let mut cx = task::Context::from_waker(task::Waker::noop());
    match pin!(future).poll(&mut cx) {
        task::Poll::Ready(output) => output,
        task::Poll::Pending => panic!("it is ready"),
    }
}

#[test]
fn o2_a_breaker_hears_of_it_by_a_predicate() {
    let shop = watched();
    let pipeline = Pipeline::new().breaker_overload_if(&shop, busy);
    for (answer, outcome) in CASES {
        let _ = shop.call_overload_if(busy, || answer);
        assert_eq!(outcomes(&shop), [outcome], "{answer:?}, sync");
        let _ = finish(shop.call_async_overload_if(busy, ready(answer)));
        assert_eq!(outcomes(&shop), [outcome], "{answer:?}, async");
        let _ = pipeline.call(&(), |()| answer);
        assert_eq!(outcomes(&shop), [outcome], "{answer:?}, pipeline");
        let _ = finish(pipeline.call_async(&(), |()| ready(answer)));
        assert_eq!(outcomes(&shop), [outcome], "{answer:?}, async pipeline");
    }
}

#[test]
fn o2_an_overload_is_a_failure_too() {
    let settings = fusebox::BreakerConfig::new().failure_threshold(2).build();
    let shop = fusebox::CircuitBreaker::new(settings);
    for _ in 0..2 {
        shop.call_overload_if(busy, || Err::<(), _>(503)).unwrap_err();
    }
    assert_eq!(shop.state(), fusebox::State::Open);
}

#[test]
fn o2_only_a_failure_becomes_an_overload() {
    let judge = |answer: Result<&(), &u16>| match answer {
        Ok(()) => Outcome::Success,
        Err(404) => Outcome::Ignore,
        Err(401) => Outcome::OPENS,
        Err(502) => Outcome::Weighs { percent: 200 },
        Err(_) => Outcome::Failure,
    };
    let judge = OverloadIf::among(judge, |status: &u16| *status != 500);
    let of = |answer: Result<(), u16>| judge.judge(answer.as_ref());
    for (answer, outcome) in [
        (Ok(()), Outcome::Success),
        (Err(404), Outcome::Ignore),
        (Err(401), Outcome::OPENS),
        (Err(502), Outcome::Weighs { percent: 200 }),
        (Err(500), Outcome::Failure),
        (Err(429), Outcome::Overload),
    ] {
        assert_eq!(of(answer), outcome, "{answer:?}");
    }
}

#[test]
fn o2_a_timeout_of_a_pipeline_is_one_where_its_error_says_so() {
    let (shop, clock) = (watched(), ManualClock::new());
    let ask = |call| {
        let pipeline = Pipeline::new()
            .breaker_overload_if(&shop, |error: &Because| is_overload(error))
            .timeout_by(Duration::ZERO, &clock);
        let _ = finish(pipeline.call_async(&call, |call: &bool| {
            let answers = *call;
            async move {
                if !answers {
                    std::future::pending::<()>().await;
                }
                Err::<(), _>(Because("down".into()))
            }
        }));
        outcomes(&shop)
    };
    assert_eq!(ask(false), [Outcome::Overload], "no answer");
    assert_eq!(ask(true), [Outcome::Failure], "another error");
}

#[test]
fn o2_a_judge_can_be_named_in_a_static() {
    static JUDGE: OverloadIf<fn(&u16) -> bool> = OverloadIf::new(busy as fn(&u16) -> bool);
    assert_eq!(JUDGE.judge(Err::<&(), _>(&503)), Outcome::Overload);
    assert_eq!(JUDGE.judge(Err::<&(), _>(&500)), Outcome::Failure);
}
