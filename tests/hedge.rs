//! Hedges: L7. What a second attempt does beside the first, and the quantile that says
//! when it starts.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod common;

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending, ready},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use common::{Bench, config, fail, finish, millis, poll_up_to, succeed};
use fusebox::{
    AsyncSleep, CallError, Clock, Deadline, Hedge, LatencyQuantile, ManualClock, Pipeline,
    QuantileConfig, State,
};
use proptest::prelude::*;

const DELAY: Duration = Duration::from_millis(20);

type Answer = Result<u32, &'static str>;

/// A call that is answered when its time has come, by the clock; it notes when it is
/// dropped, and when it began.
struct Call<'a> {
    calls: &'a Calls<'a>,
    number: usize,
    sleep: Pin<Box<fusebox::ManualSleep<'a>>>,
    answer: Answer,
    done: bool,
}

/// Calls of which each takes so many milliseconds and has this answer.
struct Calls<'a> {
    clock: &'a ManualClock,
    script: RefCell<Vec<(u64, Answer)>>,
    begun: RefCell<Vec<u64>>,
    dropped: RefCell<Vec<usize>>,
}

impl<'a> Calls<'a> {
    fn new(clock: &'a ManualClock, script: &[(u64, Answer)]) -> Self {
        let script = RefCell::new(script.iter().rev().copied().collect());
        Self { clock, script, begun: RefCell::default(), dropped: RefCell::default() }
    }

    fn make(&'a self) -> Call<'a> {
        let (takes, answer) = self.script.borrow_mut().pop().expect("one call too many");
        self.begun.borrow_mut().push(self.clock.now().as_millis());
        let sleep = Box::pin(self.clock.sleep_async(millis(takes)));
        Call { calls: self, number: self.begun.borrow().len(), sleep, answer, done: false }
    }
}

impl Future for Call<'_> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        std::task::ready!(self.sleep.as_mut().poll(cx));
        self.done = true;
        Poll::Ready(self.answer)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.calls.dropped.borrow_mut().push(self.number);
        }
    }
}

/// What came of a call, when it was over, when each call began, and which were dropped.
type Story = (Answer, u64, Vec<u64>, Vec<usize>);

fn story(script: &[(u64, Answer)]) -> Story {
    let clock = ManualClock::new();
    let calls = Calls::new(&clock, script);
    let hedge = Hedge::with(DELAY, &clock);
    let answer = clock.block_on(hedge.call_async(|| calls.make()));
    let (begun, dropped) = (calls.begun.take(), calls.dropped.take());
    (answer, clock.now().as_millis(), begun, dropped)
}

#[test]
fn l7_the_first_success_wins_and_the_loser_is_dropped() {
    let ok = |takes, value| (takes, Ok(value));
    // Done before the delay: one call.
    assert_eq!(story(&[ok(19, 1)]), (Ok(1), 19, vec![0], vec![]));
    // The hedge is quicker, or the first call is after all.
    assert_eq!(story(&[ok(500, 1), ok(5, 2)]), (Ok(2), 25, vec![0, 20], vec![1]));
    assert_eq!(story(&[ok(30, 1), ok(50, 2)]), (Ok(1), 30, vec![0, 20], vec![2]));
    // Both at once: the first call's answer is taken.
    assert_eq!(story(&[ok(30, 1), ok(10, 2)]), (Ok(1), 30, vec![0, 20], vec![2]));
}

#[test]
fn l7_the_loser_is_gone_when_the_answer_is_there() {
    for (script, loser) in [([(500, Ok(1)), (5, Ok(2))], 1), ([(30, Ok(1)), (500, Ok(2))], 2)] {
        let clock = ManualClock::new();
        let calls = Calls::new(&clock, &script);
        let hedge = Hedge::with(DELAY, &clock);
        let mut call = pin!(hedge.call_async(|| calls.make()));
        assert!(poll_up_to(1, call.as_mut()).is_none());
        clock.advance(DELAY);
        assert!(poll_up_to(1, call.as_mut()).is_none());
        clock.advance(millis(10));
        assert!(poll_up_to(1, call.as_mut()).is_some());
        assert_eq!(*calls.dropped.borrow(), [loser]); // the future itself is still there
    }
}

#[test]
fn l7_where_one_fails_the_other_is_waited_for() {
    let down = |takes, error| (takes, Err(error));
    // An error before the delay is the answer.
    assert_eq!(story(&[down(5, "one")]), (Err("one"), 5, vec![0], vec![]));
    assert_eq!(story(&[down(30, "one"), (50, Ok(2))]), (Ok(2), 70, vec![0, 20], vec![]));
    assert_eq!(story(&[(60, Ok(1)), down(5, "two")]), (Ok(1), 60, vec![0, 20], vec![]));
    assert_eq!(story(&[down(60, "one"), down(5, "two")]), (Err("one"), 60, vec![0, 20], vec![]));
    assert_eq!(story(&[down(25, "one"), down(9, "two")]), (Err("two"), 29, vec![0, 20], vec![]));
}

#[test]
fn l7_a_call_that_is_dropped_drops_both() {
    let clock = ManualClock::new();
    let calls = Calls::new(&clock, &[(500, Ok(1)), (500, Ok(2))]);
    let hedge = Hedge::with(DELAY, &clock);
    {
        let mut call = pin!(hedge.call_async(|| calls.make()));
        assert!(calls.begun.borrow().is_empty());
        assert!(poll_up_to(1, call.as_mut()).is_none());
        clock.advance(DELAY);
        assert!(poll_up_to(1, call).is_none());
    }
    assert_eq!(*calls.dropped.borrow(), [1, 2]);
}

#[test]
fn l7_the_loser_counts_as_neither_in_a_breaker() {
    let bench = Bench::new();
    let clock = &bench.clock;
    // Inside: each call has a permit of its own.
    let breaker = bench.breaker(config());
    let calls = Calls::new(clock, &[(500, Ok(1)), (5, Ok(2))]);
    let hedge = Hedge::with(DELAY, clock).every_call();
    let pipeline = Pipeline::new().hedge(hedge).breaker(&breaker);
    assert_eq!(clock.block_on(pipeline.call_async(&(), |()| calls.make())), Ok(2));
    let counters = breaker.counters();
    assert_eq!((counters.failures, breaker.snapshot().score), (0, 0));
    assert_eq!(*calls.dropped.borrow(), [1]);
    // Outside: two failures of one call are one.
    let calls = Calls::new(clock, &[(30, Err("one")), (30, Err("two"))]);
    let pipeline = Pipeline::new().breaker(&breaker).hedge(hedge);
    let answer = clock.block_on(pipeline.call_async(&(), |()| calls.make()));
    assert_eq!(answer, Err(CallError::Failed("two")));
    assert_eq!(breaker.counters().failures, 1);
}

#[test]
fn l7_no_hedge_takes_the_place_of_a_probe() {
    let bench = Bench::new();
    let breaker = bench.due(config().probes(2));
    let calls = Calls::new(&bench.clock, &[(50, Ok(1))]);
    let hedge = Hedge::with(DELAY, &bench.clock).every_call();
    let pipeline = Pipeline::new().hedge(hedge).breaker(&breaker);
    assert_eq!(bench.clock.block_on(pipeline.call_async(&(), |()| calls.make())), Ok(1));
    assert_eq!((calls.begun.borrow().len(), breaker.state()), (1, State::Closed));
}

#[test]
fn l7_none_starts_and_nothing_is_learned_while_the_breaker_is_unhealthy() {
    let bench = Bench::new();
    let (clock, breaker) = (&bench.clock, bench.breaker(config()));
    let learned =
        LatencyQuantile::new(QuantileConfig::new().at_least(DELAY / 2).at_most(DELAY).build());
    for inside in [false, true] {
        let hedge = Hedge::with(&learned, clock).every_call();
        let watching = hedge.breaker(&breaker);
        let run = |script: &[(u64, Answer)]| {
            let calls = Calls::new(clock, script);
            let answer = if inside {
                let pipeline = Pipeline::new().hedge(hedge).breaker(&breaker);
                clock.block_on(pipeline.call_async(&(), |()| calls.make())).map_err(|_| "failed")
            } else {
                clock.block_on(watching.call_async(|| calls.make()))
            };
            assert!(answer.is_ok());
            calls.begun.take().len()
        };
        // A failure is evidence against the service. It is taken back by the success.
        fail(&breaker);
        let before = learned.get();
        assert_eq!(run(&[(5, Ok(1))]), 1);
        if !inside {
            assert_eq!((run(&[(50, Ok(1))]), learned.get()), (1, before));
            succeed(&breaker);
        }
        assert_eq!(breaker.snapshot().score, 0);
        assert_eq!(run(&[(50, Ok(1)), (50, Ok(2))]), 2);
        run(&[(5, Ok(1))]);
        assert_ne!(learned.get(), before);
        // Evidence that comes while the call waits counts, too.
        let calls = Calls::new(clock, &[(50, Ok(1))]);
        let mut call = pin!(watching.call_async(|| calls.make()));
        assert!(poll_up_to(1, call.as_mut()).is_none());
        fail(&breaker);
        let before = learned.get();
        clock.advance(millis(50));
        assert!(poll_up_to(1, call).is_some());
        assert_eq!(learned.get(), before);
        succeed(&breaker);
        learned.reset();
    }
}

#[test]
fn l7_only_calls_that_may_be_made_twice_are() {
    let clock = ManualClock::new();
    let calls = Calls::new(&clock, &[(50, Ok(1)), (50, Ok(2)), (50, Ok(3))]);
    let hedge = Hedge::with(DELAY, &clock).idempotent(|method: &str| method == "GET");
    let pipeline = Pipeline::new().hedge(hedge);
    assert_eq!(clock.block_on(pipeline.call_async("POST", |_| calls.make())), Ok(1));
    assert_eq!(calls.begun.borrow().len(), 1);
    assert_eq!(clock.block_on(pipeline.call_async("GET", |_| calls.make())), Ok(2));
    assert_eq!(calls.begun.borrow().len(), 3);
}

#[test]
fn l7_a_deadline_stops_the_hedge_and_not_the_call() {
    let clock = ManualClock::new();
    for (left, hedged) in [(20, false), (21, true)] {
        let calls = Calls::new(&clock, &[(50, Ok(1)), (50, Ok(2))]);
        let hedge = Hedge::with(DELAY, &clock).every_call();
        let pipeline = Pipeline::new().hedge(hedge);
        let deadline = Deadline::after(millis(left), &clock);
        let call = pipeline.call_async_by(deadline.on(&clock), &(), |()| calls.make());
        assert_eq!(clock.block_on(call), Ok(1));
        assert_eq!(calls.begun.borrow().len(), if hedged { 2 } else { 1 });
    }
}

#[test]
fn l7_a_call_that_is_ready_or_late_takes_no_timer() {
    #[derive(Clone, Copy)]
    struct NoTimer;
    impl AsyncSleep for NoTimer {
        type Sleep = std::future::Pending<()>;
        fn sleep_async(&self, _: Duration) -> Self::Sleep {
            panic!("no timer is needed")
        }
    }
    let hedge = Hedge::with(DELAY, NoTimer);
    assert_eq!(finish(hedge.call_async(|| ready(Ok::<_, ()>(1)))), Ok(1));
    // Nor does one whose hedge could not start before the deadline.
    let (clock, pipeline) = (ManualClock::new(), Pipeline::new().hedge(hedge.every_call()));
    let deadline = Deadline::after(DELAY, &clock);
    let call =
        pipeline.call_async_by(deadline.on(&clock), &(), |()| common::after(3, Ok::<_, ()>(1)));
    assert_eq!(finish(call), Ok(1));
}

#[test]
fn l7_each_call_has_one_hedge_at_most() {
    let clock = ManualClock::new();
    let made = Cell::new(0);
    let hedge = Hedge::with(DELAY, &clock);
    let mut call = pin!(hedge.call_async(|| {
        made.set(made.get() + 1);
        pending::<Answer>()
    }));
    for _ in 0..100 {
        assert!(poll_up_to(1, call.as_mut()).is_none());
        clock.advance(DELAY);
    }
    assert_eq!(made.get(), 2);
}

#[test]
fn l7_both_calls_wake_the_task() {
    struct Woken(std::sync::atomic::AtomicU32);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let clock = ManualClock::new();
    let channels = [tokio::sync::oneshot::channel::<u32>(), tokio::sync::oneshot::channel()];
    let (senders, receivers): (Vec<_>, Vec<_>) = channels.into_iter().unzip();
    let receivers = RefCell::new(receivers);
    let hedge = Hedge::with(DELAY, &clock);
    let mut call = pin!(hedge.call_async(|| receivers.borrow_mut().remove(0)));
    let woken = Arc::new(Woken(0.into()));
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    assert!(call.as_mut().poll(&mut cx).is_pending());
    clock.advance(DELAY);
    assert!(call.as_mut().poll(&mut cx).is_pending());
    woken.0.store(0, std::sync::atomic::Ordering::Relaxed);
    let second = senders.into_iter().nth(1).unwrap();
    second.send(7).unwrap();
    assert!(woken.0.load(std::sync::atomic::Ordering::Relaxed) > 0);
    assert_eq!(call.poll(&mut cx), Poll::Ready(Ok(7)));
}

/// A generator of numbers from 0 to 1: xorshift.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        for (left, by) in [(true, 13), (false, 7), (true, 17)] {
            self.0 ^= if left { self.0 << by } else { self.0 >> by };
        }
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// With a median and a spread of its logarithm.
    fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        let radius = (-2.0 * self.next().max(1e-300).ln()).sqrt();
        median * (sigma * radius * (std::f64::consts::TAU * self.next()).cos()).exp()
    }
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    /// From the first to the second.
    Uniform(f64, f64),
    LogNormal(f64, f64),
    /// So large a share is 50 times slower.
    TwoPeaks(f64),
}

impl Shape {
    /// In nanoseconds.
    fn draw(self, numbers: &mut Numbers) -> u64 {
        (match self {
            Self::Uniform(from, to) => from + (to - from) * numbers.next(),
            Self::LogNormal(median, sigma) => numbers.log_normal(median, sigma),
            Self::TwoPeaks(share) => {
                let slow = if numbers.next() < share { 50.0 } else { 1.0 };
                slow * numbers.log_normal(2e6, 0.3)
            }
        }) as u64
    }
}

fn shapes() -> impl Strategy<Value = Shape> {
    prop_oneof![
        (1e5..1e7, 1.1..20.0).prop_map(|(from, times)| Shape::Uniform(from, from * times)),
        (1e5..1e8, 0.1..1.0).prop_map(|(median, sigma)| Shape::LogNormal(median, sigma)),
        (0.001..0.5).prop_map(Shape::TwoPeaks),
    ]
}

const WIDE: QuantileConfig =
    QuantileConfig::new().at_least(Duration::from_micros(1)).at_most(Duration::from_mins(1));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Of 2000 times the number of calls in which one outlasts it.
    #[test]
    fn l7_the_share_of_calls_that_outlast_it_is_the_one_aimed_at(
        shape in shapes(), thousandths in 900..=995_u32, seed in 1..u64::MAX,
    ) {
        let learned = LatencyQuantile::new(WIDE.thousandths(thousandths).build());
        let mut numbers = Numbers(seed);
        let usual = 1_000 / (1_000 - thousandths);
        for _ in 0..100 * usual {
            learned.observe(Duration::from_nanos(shape.draw(&mut numbers)));
        }
        let (calls, mut outlasted) = (2_000 * usual, 0);
        for _ in 0..calls {
            let latency = Duration::from_nanos(shape.draw(&mut numbers));
            outlasted += u32::from(latency > learned.get());
            learned.observe(latency);
        }
        let of_aim = f64::from(outlasted) * 1_000.0 / f64::from(calls * (1_000 - thousandths));
        prop_assert!((0.75..=1.25).contains(&of_aim), "{of_aim} of the aim, {shape:?}");
    }

    #[test]
    fn l7_it_follows_a_service_that_gets_slower_or_quicker(
        times in 2.0..200.0, seed in 1..u64::MAX,
    ) {
        let learned = LatencyQuantile::new(WIDE.build());
        let mut numbers = Numbers(seed);
        // The 98.5th percentile is 1.92 times the median.
        let mut run = |median: f64, calls: u32| {
            for _ in 0..calls {
                learned.observe(Duration::from_nanos(numbers.log_normal(median, 0.3) as u64));
            }
            learned.get().as_nanos() as f64 / median
        };
        run(1e6, 5_000);
        let up = run(1e6 * times, 50);
        prop_assert!((1.0..8.0).contains(&up), "{up}");
        run(1e6 * times, 5_000);
        let down = run(1e6, 2_500);
        prop_assert!((1.2..4.0).contains(&down), "{down}");
    }

    #[test]
    fn l7_it_stays_within_its_bounds(
        latencies in prop::collection::vec(any::<u64>(), 0..500),
        least in 1..1_000_u64, more in 0..1_000_u64,
    ) {
        let (least, most) = (Duration::from_micros(least), Duration::from_micros(least + more));
        let learned = LatencyQuantile::new(WIDE.at_least(least).at_most(most).build());
        // The scale has 26 bits below a power of two.
        let near = |time: Duration| time.saturating_sub(time / (1 << 20));
        for latency in latencies {
            prop_assert!((near(least)..=most).contains(&learned.get()), "{learned:?}");
            learned.observe(Duration::from_nanos(latency));
        }
    }
}

#[test]
fn a_quantile_has_its_settings_checked() {
    let error = |config: QuantileConfig| config.try_build().unwrap_err().to_string();
    let range = "`thousandths` is 899, and must be from 900 to 999";
    assert_eq!(error(QuantileConfig::new().thousandths(899)), range);
    let crossed = QuantileConfig::new().at_least(millis(5)).at_most(millis(4));
    assert_eq!(error(crossed), "`at_most` is 4ms, and must be from 5ms to 3600s");
}

/// What a client sees of a server of which one answer in a hundred takes 100 ms: its
/// 99.9th percentile in tenths of a millisecond, and the calls made for each request.
fn tail(hedge: impl Fn(&ManualClock, &mut dyn FnMut() -> u64) -> u64) -> (u64, f64) {
    const REQUESTS: usize = 40_000;
    let (mut numbers, mut calls) = (Numbers(0x5EED), 0);
    let mut latencies: Vec<_> = (0..REQUESTS)
        .map(|_| {
            hedge(&ManualClock::new(), &mut || {
                calls += 1;
                let stalls = numbers.next() < 0.01;
                // Tenths of a millisecond: 1.5 ms, more or less.
                numbers.log_normal(15.0, 0.3).max(1.0) as u64 + if stalls { 1_000 } else { 0 }
            })
        })
        .collect();
    latencies.sort_unstable();
    (latencies[REQUESTS * 999 / 1_000], f64::from(calls) / REQUESTS as f64)
}

/// The clock's milliseconds stand for tenths.
macro_rules! by {
    ($delay:expr) => {
        tail(|clock, latency| {
            let latency = RefCell::new(latency);
            let hedge = Hedge::with($delay, clock);
            let call = hedge.call_async(|| {
                let sleep = clock.sleep_async(millis((latency.borrow_mut())()));
                async { Ok::<_, ()>(sleep.await) }
            });
            clock.block_on(call).unwrap();
            clock.now().as_millis()
        })
    };
}

#[test]
fn l7_the_tail_is_ten_times_shorter_for_two_calls_in_a_hundred() {
    let learned = LatencyQuantile::new(QuantileConfig::new().build());
    let without = tail(|_, latency| latency());
    let fixed = by!(millis(30));
    let by_quantile = by!(&learned);
    println!("p99.9 in tenths of a millisecond, calls for each request:");
    println!("none {without:?}, after 3 ms {fixed:?}, learned {by_quantile:?}: {learned:?}");
    for (p999, calls) in [fixed, by_quantile] {
        assert!(p999 * 10 <= without.0, "{p999} of {}", without.0);
        assert!(calls <= 1.02, "{calls}");
    }
}
