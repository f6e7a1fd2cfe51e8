//! Budgets of retries: L4, and R13.

mod common;

use std::{cell::Cell, sync::Mutex, time::Duration};

use common::{finish, millis};
use fusebox::{
    Attempts, BudgetConfig, BudgetSettings, DefaultObserver, Event, Limit, ManualClock, Observer,
    Pipeline, Retry, RetryBudget, RetryConfig, RetrySettings, SleepBy, Tick,
};
use proptest::prelude::*;

const TRIES: RetrySettings = RetryConfig::new().base_delay(Duration::ZERO).build();

fn budget(config: BudgetConfig, clock: &ManualClock) -> RetryBudget<&ManualClock> {
    RetryBudget::with(config.build(), clock)
}

/// Without a reserve, and nothing saved up.
fn bare(config: BudgetConfig, clock: &ManualClock) -> RetryBudget<&ManualClock> {
    let budget = budget(config.reserve_per_second(0).burst(2), clock);
    assert!(budget.try_withdraw() && budget.try_withdraw());
    budget
}

/// How many of so many calls are tried again, where each is as often as it may.
fn retried<C: fusebox::Clock>(budget: &RetryBudget<C>, calls: u32) -> u32 {
    let mut retries = 0;
    for _ in 0..calls {
        budget.deposit();
        while budget.try_withdraw() {
            retries += 1;
        }
    }
    retries
}

#[test]
fn l4_a_share_is_exact() {
    let clock = ManualClock::new();
    for (share, calls, retries) in [
        (0.6, 100_000, 60_000),
        (0.001, 100_000, 100),
        (0.1, 100_000, 10_000),
        (0.333_333, 1_000_000, 333_333),
        (0.000_001, 2_000_000, 2),
        (1.0, 1_000, 1_000),
        (0.0, 100_000, 0),
    ] {
        let budget = bare(BudgetConfig::share(share), &clock);
        assert_eq!(retried(&budget, calls), retries, "a share of {share}");
    }
    assert_eq!(retried(&bare(BudgetConfig::share_of(2, 3), &clock), 300_000), 200_000);
    assert_eq!(retried(&bare(BudgetConfig::share_of(1, 7), &clock), 700_000), 100_000);
}

#[test]
fn l4_every_share_in_thousandths_is_what_it_says() {
    let clock = ManualClock::new();
    for thousandths in 1..=1_000_u32 {
        let budget = bare(BudgetConfig::share(f64::from(thousandths) / 1_000.0), &clock);
        assert_eq!(retried(&budget, 3_000), 3 * thousandths);
    }
}

#[test]
fn l4_the_reserve_comes_on_top() {
    let clock = ManualClock::new();
    let config = BudgetConfig::share_of(1, 3).reserve_per_second(7).burst(20);
    let budget = budget(config, &clock);
    assert_eq!(retried(&budget, 0), 0);
    let all = || (0..100).filter(|_| budget.try_withdraw()).count();
    assert_eq!(all(), 20, "it begins full");
    // Looked at in each millisecond, and in each hour: nothing is rounded off.
    let looked = (0..10_000)
        .map(|_| {
            clock.advance(millis(1));
            all()
        })
        .sum::<usize>();
    assert_eq!(looked, 70);
    clock.advance(Duration::from_hours(1));
    assert_eq!(all(), 20, "no more is saved up than the burst");
}

#[test]
fn l4_a_full_budget_stays_as_it_is() {
    let clock = CountingClock::default();
    let budget = RetryBudget::with(BudgetConfig::new().build(), &clock);
    for _ in 0..1_000 {
        budget.deposit();
    }
    assert_eq!(clock.0.get(), 0, "no need to know the time");
    assert!(budget.try_withdraw());
    for _ in 0..9 {
        budget.deposit();
    }
    assert_eq!(clock.0.get(), 10);
    budget.deposit(); // the tenth makes up for the one retry
    let full = clock.0.get();
    budget.deposit();
    assert_eq!((full, clock.0.get()), (11, 11));
    assert_eq!(budget.available(), 100);
}

/// Counts how often it is read.
#[derive(Default)]
struct CountingClock(Cell<u32>);

impl fusebox::Clock for CountingClock {
    fn now(&self) -> Tick {
        self.0.set(self.0.get() + 1);
        Tick::from_millis(0)
    }
}

#[test]
fn l4_a_clock_that_steps_back_counts_no_time_twice() {
    let clock = ManualClock::new();
    clock.set(Tick::from_millis(100_000));
    let budget = budget(BudgetConfig::share(0.0).reserve_per_second(1).burst(5), &clock);
    let all = || (0..10).filter(|_| budget.try_withdraw()).count();
    assert_eq!(all(), 5);
    for _ in 0..100 {
        clock.set(Tick::from_millis(99_000));
        assert_eq!(all(), 0);
        clock.set(Tick::from_millis(100_000));
        assert_eq!(all(), 0);
    }
    clock.set(Tick::from_millis(101_000));
    assert_eq!(all(), 1);
    // Far back: it goes on from there, at the next retry that it allows.
    clock.set(Tick::from_millis(5));
    assert_eq!(all(), 0);
    budget.deposit();
    clock.advance(millis(2_000));
    assert_eq!(all(), 2);
}

#[test]
fn l4_what_is_not_used_is_given_back() {
    let clock = ManualClock::new();
    let budget = budget(BudgetConfig::share(0.1).reserve_per_second(0).burst(2), &clock);
    assert!(budget.try_withdraw() && budget.try_withdraw() && !budget.try_withdraw());
    budget.give_back();
    assert_eq!(budget.available(), 1);
    budget.give_back();
    budget.give_back();
    assert_eq!(budget.available(), 2, "never more than the burst");
    assert_eq!(budget.refused(), 1);
}

#[test]
fn l4_other_settings_keep_what_is_spent() {
    let clock = ManualClock::new();
    let share = |share| BudgetConfig::share(share).reserve_per_second(0).burst(10);
    let budget = budget(share(0.1), &clock);
    assert!((0..4).all(|_| budget.try_withdraw()));
    budget.set_settings(share(0.001).build());
    assert_eq!(budget.available(), 6);
    assert_eq!(budget.settings(), Some(share(0.001).build()));
    budget.set_settings(share(0.5).burst(3).build());
    assert_eq!(budget.available(), 0);
    assert_eq!(retried(&budget, 10), 5);
}

#[test]
fn bad_settings_are_errors() {
    let error = |config: BudgetConfig| config.try_build().unwrap_err().to_string();
    for share in [-0.1, 1.000_001, f64::NAN, f64::INFINITY, 1e-7] {
        let text = format!("`share` is {share}, and must be 0, or from 0.000001 to 1");
        assert_eq!(error(BudgetConfig::share(share)), text);
    }
    let tenth = BudgetConfig::share(0.1);
    for (config, text) in [
        (BudgetConfig::share_of(4, 3), "`retries` is 4, and must be from 0 to 3"),
        (BudgetConfig::share_of(0, 0), "`calls` is 0, and must be from 1 to 1048575"),
        (BudgetConfig::share_of(1, 1_000_003), "`calls` is 1000003, and must be from 1 to 1048"),
        (
            tenth.reserve_per_second(5_000),
            "`reserve_per_second` is 5000, and must be from 0 to 4095",
        ),
        (tenth.burst(0), "`burst` is 0, and must be from 1 to 4095"),
        (BudgetConfig::share(0.333_333), "`burst` is 100, and must be from 1 to 16"),
    ] {
        assert_eq!(error(config), text);
    }
}

#[test]
fn settings_can_be_taken_apart() {
    let settings: BudgetSettings = BudgetConfig::share(0.6).reserve_per_second(3).build();
    assert_eq!(settings.config().build(), settings);
    assert_eq!(settings.to_string(), "retries=600 calls=1000 reserve_per_second=3 burst=100");
    assert_eq!(BudgetConfig::from(settings).burst(7).build().get("burst"), Some(7));
    assert_eq!(BudgetConfig::share_of(6, 10).reserve_per_second(3).build(), settings);
}

/// What happens to a budget.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Call,
    Retry,
    GiveBack,
    Waits(u64),
    Back(u64),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => Just(Happens::Call),
        8 => Just(Happens::Retry),
        1 => Just(Happens::GiveBack),
        3 => (0..3_000_u64).prop_map(Happens::Waits),
        1 => Just(Happens::Waits(100_000)),
        1 => (1..200_000_u64).prop_map(Happens::Back),
    ]
}

/// A budget as one would write it down: whole numbers of the smallest part that there
/// can be, and no room to save.
struct Plain {
    config: (i128, i128, i128, i128),
    spent: i128,
    since: i128,
}

impl Plain {
    fn time(&mut self, now: i128) {
        let (_, calls, reserve, burst) = self.config;
        self.spent = self.spent.min(burst * calls * 1_000);
        let passed = now - self.since;
        if passed >= 0 {
            self.spent = (self.spent - passed * reserve * calls).max(0);
        }
        if passed >= 0 || passed <= -60_000 || self.spent == 0 {
            self.since = now;
        }
    }

    fn happens(&mut self, what: Happens, now: i128) -> bool {
        let (retries, calls, _, burst) = self.config;
        let before = (self.spent, self.since);
        match what {
            Happens::Call if self.spent > 0 => {
                self.time(now);
                self.spent = (self.spent - retries * 1_000).max(0);
            }
            Happens::Retry => {
                self.time(now);
                self.spent += calls * 1_000;
                if self.spent > burst * calls * 1_000 {
                    (self.spent, self.since) = before;
                    return false;
                }
            }
            Happens::GiveBack => self.spent = (self.spent - calls * 1_000).max(0),
            _ => {}
        }
        true
    }
}

proptest! {
    #[test]
    fn l4_it_does_what_a_plain_budget_does(
        (retries, calls) in (1..=1_000_u32).prop_flat_map(|calls| (0..=calls, Just(calls))),
        reserve in 0..=50_u32,
        burst in 1..=16_u32,
        events in prop::collection::vec(happens(), 1..200),
    ) {
        let clock = ManualClock::new();
        clock.set(Tick::from_millis(1_000_000_000));
        let config = BudgetConfig::share_of(retries, calls).reserve_per_second(reserve);
        let budget = budget(config.burst(burst), &clock);
        let config = (retries.into(), calls.into(), reserve.into(), burst.into());
        let mut plain = Plain { config, spent: 0, since: 0 };
        let mut now = 1_000_000_000_u64;
        for event in events {
            match event {
                Happens::Waits(millis) => now += millis,
                Happens::Back(millis) => now -= millis,
                _ => {}
            }
            clock.set(Tick::from_millis(now));
            let expected = plain.happens(event, now.into());
            match event {
                Happens::Call => budget.deposit(),
                Happens::Retry => prop_assert_eq!(budget.try_withdraw(), expected),
                Happens::GiveBack => budget.give_back(),
                Happens::Waits(_) | Happens::Back(_) => {}
            }
        }
    }

    #[test]
    fn l4_no_interval_has_more_retries_than_its_calls_and_its_time_are_worth(
        (retries, calls) in (1..=1_000_u32).prop_flat_map(|calls| (0..=calls, Just(calls))),
        reserve in 0..=50_u32,
        burst in 1..=16_u32,
        steps in prop::collection::vec((0..40_u64, any::<bool>()), 1..120),
    ) {
        let clock = ManualClock::new();
        let config = BudgetConfig::share_of(retries, calls).reserve_per_second(reserve);
        let budget = budget(config.burst(burst), &clock);
        // Calls begun, retries made, and the time, before each step.
        let mut history = vec![(0_u64, 0_u64, 0_u64)];
        for (wait, call) in steps {
            let (mut begun, mut made, mut now) = history[history.len() - 1];
            now += wait;
            clock.set(Tick::from_millis(now));
            if call {
                budget.deposit();
                begun += 1;
            }
            made += u64::from(budget.try_withdraw());
            let [n, m, r, b] = [retries, calls, reserve, burst].map(u64::from);
            for &(begun_then, made_then, then) in &history {
                // In the smallest parts there can be.
                let allowed = 1_000 * m * b + 1_000 * n * (begun - begun_then) + r * m * (now - then);
                // An interval begins with the time at which the step before it ended.
                prop_assert!(1_000 * m * (made - made_then) <= allowed);
            }
            history.push((begun, made, now));
        }
    }
}

/// Notes the limits that ended retries.
#[derive(Default)]
struct Limits(Mutex<Vec<(Limit, u32)>>);

impl Observer for Limits {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Exhausted(it) = event {
            self.0.lock().unwrap().push((it.limit, it.attempts));
        }
    }
}

#[test]
fn r13_without_a_budget_left_the_last_error_returns() {
    let (clock, limits) = (ManualClock::new(), Limits::default());
    let budget = budget(BudgetConfig::share(0.5).reserve_per_second(0).burst(1), &clock);
    let retry = Retry::with(TRIES, &clock, &clock, &limits).budget(&budget).retry_if(|_| true);
    let attempts = Cell::new(0);
    let ask = || {
        attempts.set(attempts.get() + 1);
        Err::<(), _>(attempts.get())
    };
    assert_eq!(retry.call(ask), Err(2), "the burst allows one retry");
    assert_eq!(retry.call(ask), Err(3), "and this call is half of one");
    assert_eq!(retry.call(ask), Err(5), "the other half");
    let seen = limits.0.into_inner().unwrap();
    assert_eq!(seen, [(Limit::Budget, 2), (Limit::Budget, 1), (Limit::Budget, 2)]);
    assert_eq!(Limit::Budget.to_string(), "retry budget");
}

#[test]
fn r13_what_ends_for_another_reason_takes_nothing() {
    let clock = ManualClock::new();
    let budget = budget(BudgetConfig::share(0.5).reserve_per_second(0).burst(2), &clock);
    let retry = |settings| Retry::with(settings, &clock, &clock, DefaultObserver).budget(&budget);
    let never = retry(TRIES).retry_if(|_: &u8| false);
    assert_eq!(never.call(|| Err::<(), _>(1)), Err(1));
    let once = retry(TRIES.config().max_attempts(1).build());
    assert_eq!(once.call(|| Err::<(), _>("down")), Err("down"));
    let short = TRIES.config().base_delay(millis(10)).max_elapsed(millis(1)).build();
    assert_eq!(retry(short).call(|| Err::<(), _>("down")), Err("down"));
    assert_eq!(budget.available(), 2);
    assert_eq!(retry(TRIES).call(|| Ok::<_, &str>(1)), Ok(1));
}

#[test]
fn r13_async_calls_and_pipelines_share_one_budget() {
    let clock = ManualClock::new();
    let budget = budget(BudgetConfig::share(0.5).reserve_per_second(0).burst(1), &clock);
    assert!(budget.try_withdraw());
    let sleeper = SleepBy(|_| std::future::ready(()));
    let sync = Retry::with(TRIES, &clock, &clock, DefaultObserver).budget(&budget);
    let soon = Retry::with(TRIES, &clock, sleeper, DefaultObserver).budget(&budget);
    let layered = Pipeline::new().retry(sync.retry_if(|_| true));
    let layered_soon = Pipeline::new().retry(soon.retry_if(|_| true));
    let attempts = Cell::new(0);
    let ask = || {
        attempts.set(attempts.get() + 1);
        Err::<(), _>("down")
    };
    for round in 0..8 {
        let failed = match round % 4 {
            0 => finish(soon.call_async(|| std::future::ready(ask()))).is_err(),
            1 => sync.call(ask).is_err(),
            2 => layered.call(&(), |()| ask()).is_err(),
            _ => finish(layered_soon.call_async(&(), |()| std::future::ready(ask()))).is_err(),
        };
        assert!(failed);
        // Every second call is tried again.
        assert_eq!(attempts.get(), (round + 1) + (round + 1) / 2);
    }
    // A future that is never polled has not begun.
    drop(soon.call_async(|| std::future::ready(ask())));
    let _ = sync.call(ask);
    assert_eq!(attempts.get(), 13);
}

#[test]
fn r13_attempts_by_hand_take_from_the_budget() {
    let clock = ManualClock::new();
    let budget = budget(BudgetConfig::share(0.5).reserve_per_second(0).burst(1), &clock);
    let retry = Retry::with(TRIES, &clock, &clock, DefaultObserver).budget(&budget);
    let mut first = retry.attempts();
    assert_eq!(first.after(&"down"), Some(Duration::ZERO));
    assert_eq!(first.after(&"down"), None);
    let again = |attempts: &mut Attempts<'_, _>| attempts.after(&"down").is_some();
    assert!(!again(&mut retry.attempts()));
    assert!(again(&mut retry.attempts()));
}

#[test]
fn r13_three_layers_of_three_tries_with_a_tenth_each() {
    let clock = ManualClock::new();
    let config = BudgetConfig::share(0.1).reserve_per_second(0).burst(1);
    let budgets = [0; 3].map(|_| budget(config, &clock));
    let retry = || Retry::with(TRIES, &clock, &clock, DefaultObserver).retry_if(|_: &u8| true);
    let calls = Cell::new(0_u32);
    let service = || {
        calls.set(calls.get() + 1);
        Err::<(), _>(1_u8)
    };
    let free = || retry().call(|| retry().call(|| retry().call(service)));
    assert!(free().is_err());
    assert_eq!(calls.replace(0), 27);

    let [outer, middle, inner] = &budgets;
    let held = || {
        retry()
            .budget(outer)
            .call(|| retry().budget(middle).call(|| retry().budget(inner).call(service)))
    };
    // What the budgets begin with is spent first.
    for _ in 0..100 {
        assert!(held().is_err());
    }
    calls.set(0);
    for _ in 0..1_000 {
        assert!(held().is_err());
    }
    assert_eq!(calls.get(), 1_331);
}

#[test]
fn l4_hedges_take_from_it_and_count_a_call_once() {
    use std::{
        cell::Cell,
        future::{Future, pending, ready},
        pin::pin,
        task::{Context, Waker},
    };

    use fusebox::{Hedge, SleepBy};

    let hedged = |shared: bool| {
        let settings = BudgetConfig::share(0.1).reserve_per_second(0).burst(1).build();
        let budget = RetryBudget::new(settings);
        assert!(budget.try_withdraw(), "a budget begins full");
        let calls = Cell::new(0);
        let call = || {
            calls.set(calls.get() + 1);
            pending::<Result<(), ()>>()
        };
        let hedge = Hedge::with(Duration::ZERO, SleepBy(|_| ready(())));
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..1_000 {
            if shared {
                budget.deposit(); // as a retry around it does
                let hedge = hedge.budget_of_retry(&budget);
                assert!(pin!(hedge.call_async(call)).poll(&mut cx).is_pending());
            } else {
                let hedge = hedge.budget(&budget);
                assert!(pin!(hedge.call_async(call)).poll(&mut cx).is_pending());
            }
        }
        calls.get() - 1_000
    };
    assert_eq!((hedged(false), hedged(true)), (100, 100));
}
