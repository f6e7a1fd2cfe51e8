//! Two breakers of one service: who gets which, and which of the two does better.

mod common;

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use fusebox::{
    Arm, BreakerConfig, CallError, CircuitBreaker, CountCalls, DefaultObserver, ManualClock, Split,
    SplitError,
    compare::{CompareError, Comparison, Sample, Share, Verdict},
};
use proptest::prelude::*;

static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
static SHOP_B: CircuitBreaker = CircuitBreaker::named("shop-b", BreakerConfig::new().build());
static SPLIT: Split = Split::new((&SHOP, 900), (&SHOP_B, 100));

fn breakers(clock: &ManualClock) -> [CircuitBreaker<&ManualClock>; 2] {
    let settings = BreakerConfig::new().failure_threshold(2).build();
    [(); 2].map(|()| CircuitBreaker::with(None, settings, clock, DefaultObserver))
}

#[test]
fn about_the_share_of_all_keys_has_b() {
    let of_b = (0..100_000_u64).filter(|key| SPLIT.arm(key) == Arm::B).count();
    assert!((9_500..10_500).contains(&of_b), "{of_b} of 100 000");
    let texts = (0..100_000).filter(|key| SPLIT.arm(&format!("user {key}")) == Arm::B).count();
    assert!((9_500..10_500).contains(&texts), "{texts} of 100 000");
    assert!(std::ptr::eq(SPLIT.choose(&17_u64), SPLIT.breaker(SPLIT.arm(&17_u64))));
}

#[test]
fn a_key_has_the_same_arm_in_every_release() {
    let arms: String = (0..32_u64).map(|key| SPLIT_HALF.arm(&key).to_string()).collect();
    let texts: String =
        (0..32).map(|key| SPLIT_HALF.arm(format!("user {key}").as_str()).to_string()).collect();
    assert_eq!(arms, EXPECTED_OF_NUMBERS);
    assert_eq!(texts, EXPECTED_OF_TEXTS);
    assert_eq!(SPLIT_HALF.arm("shop"), SPLIT_HALF.arm(&String::from("shop")));
}

static SPLIT_HALF: Split = Split::new((&SHOP, 500), (&SHOP_B, 500));
const EXPECTED_OF_NUMBERS: &str = "ABBAAAAABABAAAABBBABAABBBBBBABAB";
const EXPECTED_OF_TEXTS: &str = "BABBBAAABABBABBABBBABBBAABBBBBBA";

#[test]
fn shares_that_do_not_add_up_are_refused() {
    let clock = ManualClock::new();
    let [a, b] = breakers(&clock);
    for (of_a, of_b) in [(900, 90), (900, 110), (0, 0), (u16::MAX, 1_000)] {
        let error = Split::try_new((&a, of_a), (&b, of_b)).unwrap_err();
        assert_eq!(error, SplitError { a: of_a, b: of_b });
    }
    let split = Split::new((&a, 1_000), (&b, 0));
    assert_eq!(split.set_shares(1_000, 1), Err(SplitError { a: 1_000, b: 1 }));
    assert_eq!(split.shares(), (1_000, 0));
    assert!((0..1_000_u32).all(|key| split.arm(&key) == Arm::A));
    split.set_shares(0, 1_000).unwrap();
    assert!((0..1_000_u32).all(|key| split.arm(&key) == Arm::B));
}

proptest! {
    #[test]
    fn as_a_share_grows_keys_move_one_way(
        key in any::<String>(), salt in any::<u64>(), less in 0..=1_000_u16, more in 0..=1_000_u16,
    ) {
        let clock = ManualClock::new();
        let [a, b] = breakers(&clock);
        let (less, more) = (less.min(more), less.max(more));
        let split = Split::new((&a, 1_000 - less), (&b, less)).salted(salt);
        let before = split.arm(&key);
        split.set_shares(1_000 - more, more).unwrap();
        prop_assert!(before == Arm::A || split.arm(&key) == Arm::B);
        split.set_shares(1_000 - less, less).unwrap();
        prop_assert_eq!(split.arm(&key), before);
    }

    #[test]
    fn wilsons_interval_has_the_share_in_it(requests in 0..100_000_u64, part in 0.0..=1.0_f64) {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let unanswered = (requests as f64 * part) as u64;
        let sample = Sample::new(requests, unanswered).unwrap();
        let Share { share, low, high, .. } = Comparison::of(sample, sample, 0.05).unwrap().a;
        prop_assert!(0.0 <= low && low <= share + 1e-12 && share <= high + 1e-12 && high <= 1.0);
    }
}

#[test]
fn salts_split_independently() {
    let salted = Split::new((&SHOP, 500), (&SHOP_B, 500)).salted(7);
    let both = |key: &u64| SPLIT_HALF.arm(key) == Arm::B && salted.arm(key) == Arm::B;
    let of_both = (0..100_000_u64).filter(both).count();
    assert!((24_000..26_000).contains(&of_both), "{of_both} of 100 000");
}

#[test]
fn a_call_goes_to_its_arm_and_is_counted_there_once() {
    let clock = ManualClock::new();
    let [a, b] = breakers(&clock);
    let split = Split::new((&a, 500), (&b, 500));
    let of = |arm| (0..1_000_u64).find(|key| split.arm(key) == arm).unwrap();
    for _ in 0..5 {
        let _ = split.call(&of(Arm::B), || Err::<(), _>("down"));
    }
    assert!(matches!(split.call(&of(Arm::B), || Ok::<_, ()>(1)), Err(CallError::Rejected(_))));
    assert_eq!(split.call(&of(Arm::A), || Ok::<_, ()>(1)), Ok(1));
    let (of_a, of_b) = (a.counters(), b.counters());
    assert_eq!((of_a.calls, of_a.failures, of_a.rejections), (1, 0, 0));
    assert_eq!((of_b.calls, of_b.failures, of_b.rejections), (2, 2, 4));

    let mut future = pin!(split.call_async(&of(Arm::A), async { Ok::<_, ()>(2) }));
    assert_eq!(a.counters().calls, 1, "not polled yet");
    let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(polled, Poll::Ready(Ok(2)));
    assert_eq!(a.counters().calls, 2);
}

#[test]
fn a_breaker_that_counts_its_calls_counts_each_once() {
    let clock = ManualClock::new();
    let settings = BreakerConfig::new().build();
    let [a, b] =
        [(); 2].map(|()| CircuitBreaker::with(None, settings, &clock, CountCalls(DefaultObserver)));
    let split = Split::new((&a, 1_000), (&b, 0));
    split.call(&1, || Ok::<_, ()>(())).unwrap();
    assert_eq!(a.counters().calls, 1);
    a.disable();
    split.call(&1, || Ok::<_, ()>(())).unwrap();
    assert_eq!(a.counters().calls, 1, "a disabled breaker counts nothing");
}

#[test]
fn an_arm_without_counted_calls_cannot_be_compared() {
    let clock = ManualClock::new();
    let [a, _] = breakers(&clock);
    let _ = a.call(|| Err::<(), _>(()));
    let error = Sample::of(&a.counters()).unwrap_err();
    assert_eq!(error, CompareError::Uncounted);
    assert!(error.to_string().contains("Split::call"), "{error}");
    assert_eq!(Sample::new(3, 4), Err(CompareError::TooMany { requests: 3, unanswered: 4 }));
    let sample = Sample::new(10, 1).unwrap();
    for alpha in [0.0, -1.0, 0.6, f64::NAN] {
        assert_eq!(Comparison::of(sample, sample, alpha), Err(CompareError::Alpha));
    }
}

#[test]
fn a_verdict_says_which_and_by_how_much() {
    let (good, bad) = (Sample::new(2_000, 20).unwrap(), Sample::new(2_000, 100).unwrap());
    let verdict = |a, b| Comparison::of(a, b, 0.05).unwrap();
    assert_eq!(verdict(good, bad).verdict, Verdict::AIsBetter);
    assert_eq!(verdict(bad, good).verdict, Verdict::BIsBetter);
    assert_eq!(verdict(good, good).verdict, Verdict::Undecided);
    assert!(verdict(good, good).p <= 1.0);
    let said = verdict(bad, good).to_string();
    assert!(
        said.starts_with(
            "B is better: 1.00 % (0.65 to 1.54 %) of its requests were not answered, and 5.00 % \
             (4.13 to 6.04 %) of A's"
        ),
        "{said}"
    );
    let said = verdict(good, good).to_string();
    assert!(said.starts_with("undecided: 1.00 %"), "{said}");
    let nothing = Sample::new(0, 0).unwrap();
    assert_eq!(verdict(nothing, nothing).verdict, Verdict::Undecided);
}

/// A stream of requests, split evenly by chance, that fail with these chances in
/// thousandths, and that is looked at after every one: after how many it was decided, and
/// how.
fn looked_at(random: &mut fastrand::Rng, chances: [u32; 2], most: u64) -> Option<(u64, Verdict)> {
    let (mut requests, mut unanswered) = ([0; 2], [0; 2]);
    for request in 1..=most {
        let arm = random.usize(0..2);
        requests[arm] += 1;
        unanswered[arm] += u64::from(random.u32(0..1_000) < chances[arm]);
        let [a, b] = [0, 1].map(|arm| Sample::new(requests[arm], unanswered[arm]).unwrap());
        let verdict = Comparison::of(a, b, 0.05).unwrap().verdict;
        if verdict != Verdict::Undecided {
            return Some((request, verdict));
        }
    }
    None
}

#[test]
fn equal_arms_are_seldom_told_apart_however_often_you_look() {
    let mut wrong = Vec::new();
    for (chance, runs) in [(10, 100), (50, 1_000), (200, 100)] {
        let mut random = fastrand::Rng::with_seed(u64::from(chance));
        let decided = (0..runs).filter(|_| looked_at(&mut random, [chance; 2], LOOKS).is_some());
        wrong.push((chance, runs, decided.count()));
    }
    println!("in 1000 fail, runs of {LOOKS} looks, decided by mistake: {wrong:?}");
    for (chance, runs, wrong) in wrong {
        assert!(wrong * 100 <= runs * 5, "{wrong} of {runs} at {chance} in 1000");
    }
}

const LOOKS: u64 = 20_000;

#[test]
fn two_percentage_points_are_found() {
    let mut random = fastrand::Rng::with_seed(2);
    let mut needed: Vec<u64> = (0..50)
        .map(|_| {
            let (after, verdict) = looked_at(&mut random, [50, 30], 100_000).expect("decided");
            assert_eq!(verdict, Verdict::BIsBetter);
            after
        })
        .collect();
    needed.sort_unstable();
    println!("5 % against 3 %: half of the runs need {} calls, 9 in 10 {}", needed[25], needed[45]);
    assert!(needed[25] < 15_000 && needed[45] < 30_000, "{needed:?}");
}
