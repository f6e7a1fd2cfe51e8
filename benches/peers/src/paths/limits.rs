//! The paths of limits: of a rate, of retries, of calls in flight, of time.

use std::{
    future::{Future, Pending, pending, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use fusebox::{
    BreakerConfig, BudgetConfig, Bulkhead, CachedClock, CircuitBreaker, Deadline, DefaultObserver,
    Hedge, InLine, Intake, IntakeConfig, LatencyQuantile, ManualClock, Outcome, Permit, Pressure,
    PressureConfig, Priority, QuantileConfig, RateConfig, RateLimit, Retry, RetryBudget,
    RetryConfig, SleepBy, Tick,
    layers::{AskError, Hooks, NoHint, Nothing, Unpaid, Unsaid, Unwatched},
};

use super::{CALLS, CLOCK, Path, Prepare, used, work};

pub(super) const PATHS: &[Path] = &[
    Path {
        name: "rate limit, admitted",
        function: "path_rate",
        prepare: Prepare::Nothing,
        run: path_rate,
    },
    Path {
        name: "hedged call that does not hedge",
        function: "path_hedged",
        prepare: Prepare::Nothing,
        run: path_hedged,
    },
    Path {
        name: "hedged call that does not hedge, learned delay",
        function: "path_learned",
        prepare: Prepare::Nothing,
        run: path_learned,
    },
    Path {
        name: "deadline check",
        function: "path_deadline",
        prepare: Prepare::Nothing,
        run: path_deadline,
    },
    Path {
        name: "bulkhead, acquire + release",
        function: "path_bulkhead",
        prepare: Prepare::Nothing,
        run: path_bulkhead,
    },
    Path {
        name: "bulkhead, refusal",
        function: "path_full_bulkhead",
        prepare: Prepare::Nothing,
        run: path_full_bulkhead,
    },
    Path {
        name: "intake, enter + begin + end",
        function: "path_intake",
        prepare: Prepare::Nothing,
        run: path_intake,
    },
    Path {
        name: "shed decision, admitted",
        function: "path_shed",
        prepare: Prepare::By(overload),
        run: path_shed,
    },
    Path {
        name: "ramp decision, admitted",
        function: "path_ramp",
        prepare: Prepare::By(let_back),
        run: path_ramp,
    },
    Path {
        name: "retry with a full budget, around a success",
        function: "path_budgeted",
        prepare: Prepare::Nothing,
        run: path_budgeted,
    },
    Path {
        name: "retry budget, a call while nothing is spent",
        function: "path_budget_success",
        prepare: Prepare::Nothing,
        run: path_budget_success,
    },
    Path {
        name: "retry budget, a call and a retry",
        function: "path_budget_withdraw",
        prepare: Prepare::By(spend),
        run: path_budget_withdraw,
    },
    Path {
        name: "pressure, a check while calm",
        function: "path_calm",
        prepare: Prepare::Nothing,
        run: path_calm,
    },
];

static CALM: Pressure = Pressure::new(PressureConfig::new().build());

/// Sheds one call in a hundred.
static OVERLOADED: CircuitBreaker<&CachedClock> = CircuitBreaker::with(
    None,
    BreakerConfig::new().failure_threshold(2_047).max_shed(1).build(),
    &CLOCK,
    DefaultObserver,
);
/// Its time stands still, as it does between two ticks.
static BACK_CLOCK: CachedClock = CachedClock::new();
/// Lets all but one call in a hundred back.
static BACK: CircuitBreaker<&CachedClock> = CircuitBreaker::with(
    None,
    BreakerConfig::new()
        .recovery_timeout(Duration::from_millis(1))
        .ramp_up(Duration::from_hours(4))
        .ramp_from(99)
        .build(),
    &BACK_CLOCK,
    DefaultObserver,
);
static QUOTA: RateLimit<&CachedClock> =
    RateLimit::with(None, RateConfig::per_second(1_000_000).build(), &CLOCK, DefaultObserver);
static QUANTILE: LatencyQuantile = LatencyQuantile::new(QuantileConfig::new().build());
/// A timer that takes nothing: the timer's own time is not the hedge's.
type NoTimer = SleepBy<fn(Duration) -> Pending<()>>;
const NO_TIMER: NoTimer = SleepBy(|_| pending());
static HEDGE: Hedge<Duration, Unpaid, Unwatched, Unsaid, NoTimer> =
    Hedge::with(Duration::from_secs(9), NO_TIMER);
static BY_QUANTILE: Hedge<&LatencyQuantile, Unpaid, Unwatched, Unsaid, NoTimer> =
    Hedge::with(&QUANTILE, NO_TIMER);
static FULL: RetryBudget = RetryBudget::new(BudgetConfig::new().build());
static BUDGETED: Retry<Hooks<AskError, NoHint, Nothing, &RetryBudget>> =
    Retry::new(RetryConfig::new().build()).budget(&FULL);
static SPENT: RetryBudget<&CachedClock> =
    RetryBudget::with(BudgetConfig::share(1.0).burst(2).build(), &CLOCK);
static WORKERS: Bulkhead = Bulkhead::new(32);
static TAKEN: Bulkhead = Bulkhead::new(1);
static API: Intake<&CachedClock> =
    Intake::with(None, IntakeConfig::new().workers(32).build(), &CLOCK, DefaultObserver);
/// Half of it, so that a call has something to give back to.
fn spend() {
    assert!(SPENT.try_withdraw());
}

#[inline(never)]
fn path_hedged() {
    let mut cx = Context::from_waker(Waker::noop());
    for n in 0..CALLS {
        if let std::task::Poll::Ready(result) =
            pin!(HEDGE.call_async(|| ready(work(n)))).poll(&mut cx)
        {
            used(result);
        }
    }
}

#[inline(never)]
fn path_learned() {
    let mut cx = Context::from_waker(Waker::noop());
    for n in 0..CALLS {
        if let std::task::Poll::Ready(result) =
            pin!(BY_QUANTILE.call_async(|| ready(work(n)))).poll(&mut cx)
        {
            used(result);
        }
    }
}

#[inline(never)]
fn path_deadline() {
    let deadline = black_box(Deadline::after(Duration::from_secs(9), &CLOCK));
    for _ in 0..CALLS {
        black_box(deadline.is_over(&CLOCK));
    }
}

#[inline(never)]
fn path_bulkhead() {
    for _ in 0..CALLS {
        drop(black_box(WORKERS.try_acquire()));
    }
}

#[inline(never)]
fn path_intake() {
    for _ in 0..CALLS {
        drop(black_box(API.enter(Priority::DEFAULT).and_then(InLine::begin)));
    }
}

#[inline(never)]
fn path_full_bulkhead() {
    let place = TAKEN.try_acquire();
    for _ in 0..CALLS {
        black_box(TAKEN.try_acquire().is_err());
    }
    drop(place);
}

fn overload() {
    let batch = OVERLOADED.acquire_many(32).expect("it is closed");
    batch.report_all(&[Outcome::Overload; 32]);
}

#[inline(never)]
fn path_shed() {
    for _ in 0..CALLS {
        if let Ok(permit) = OVERLOADED.try_acquire() {
            std::mem::forget(permit);
        }
    }
}

fn let_back() {
    BACK.trip();
    let later = ManualClock::new();
    later.set(Tick::from_millis(10));
    BACK_CLOCK.refresh_from(&later);
    let _ = BACK.try_acquire().map(Permit::success);
}

#[inline(never)]
fn path_ramp() {
    for _ in 0..CALLS {
        if let Ok(permit) = BACK.try_acquire() {
            std::mem::forget(permit);
        }
    }
}

#[inline(never)]
fn path_rate() {
    for _ in 0..CALLS {
        black_box(QUOTA.try_acquire().is_ok());
    }
}

#[inline(never)]
fn path_budgeted() {
    for n in 0..CALLS {
        used(BUDGETED.call(|| work(n)));
    }
}

#[inline(never)]
fn path_budget_success() {
    for _ in 0..CALLS {
        FULL.deposit();
    }
}

#[inline(never)]
fn path_budget_withdraw() {
    for _ in 0..CALLS {
        assert!(SPENT.try_withdraw());
        SPENT.deposit();
    }
}

#[inline(never)]
fn path_calm() {
    for _ in 0..CALLS {
        black_box(CALM.admit(black_box(Priority::BACKGROUND)).is_ok());
    }
}
