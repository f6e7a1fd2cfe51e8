//! Everything that can be done to a panel, done to one that holds anything:
//! for the tests and, by its path, for the fuzz targets.
#![allow(dead_code, unreachable_pub)] // each user uses its share

use std::{cell::Cell, fmt::Write, fs, path::Path, time::Duration};

use fusebox::{
    BreakerConfig, BudgetConfig, CircuitBreaker, Clock, ConstDefault, DefaultObserver, Fault,
    Limits, Panel, Permit, RateConfig, Registry, Remaining, State, Tick,
};
use fusebox_shm::{OpenError, Options, SharedPanel, SharedRegistry, SharedView};

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
}

/// A clock without a size, which each thread sets for itself.
#[derive(Debug)]
pub struct SetClock;

impl SetClock {
    pub fn set(now: u64) {
        NOW.set(now);
    }

    pub fn advance(by: Duration) {
        let by = u64::try_from(by.as_millis()).expect("waits are shorter than that");
        NOW.set(NOW.get().wrapping_add(by));
    }
}

impl Clock for SetClock {
    fn now(&self) -> Tick {
        Tick::from_millis(NOW.get())
    }
}

impl ConstDefault for SetClock {
    const DEFAULT: Self = Self;
}

pub type Manual<const N: usize> = SharedRegistry<N, SetClock, DefaultObserver>;

type Way = fn(&Path) -> Result<(), OpenError>;

/// Makes the file hold `bytes`, opens it in every way, and uses what opens.
/// Returns how many ways did.
pub fn open_in_every_way(path: &Path, bytes: &[u8]) -> usize {
    fs::write(path, bytes).unwrap();
    let ways: [Way; 4] = [
        |path| SharedView::open(path).map(|view| look(&view)),
        |path| SharedPanel::open(path).map(|tool| use_everything(tool.panel())),
        |path| {
            SharedRegistry::<8>::open(path, Options::new())
                .map(|registry| use_everything(registry.panel()))
        },
        |path| {
            Manual::<8>::open_with(path, Options::new())
                .map(|registry| use_everything(registry.panel()))
        },
    ];
    let mut opened = 0;
    for way in ways {
        let before = fs::read(path).unwrap();
        match way(path) {
            Ok(()) => opened += 1,
            Err(error) => {
                assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
                assert!(fs::read(path).unwrap() == before, "a refused file stays as it is");
            }
        }
    }
    opened
}

/// All that a reader says.
pub fn look(view: &SharedView) {
    let mut text = String::new();
    for (slot, reading) in view.readings() {
        assert!(slot < view.capacity());
        write!(text, "{reading:?}").unwrap();
        let callers = reading.callers;
        assert!(callers.number().is_none_or(|number| (1..=256).contains(&number)));
        assert!(callers.iter().all(|caller| (1..=256).contains(&caller)));
        assert!(callers.attempts_around() >= 1 && callers.attempts_within() >= 1);
        if let Some(fault) = reading.fault {
            write!(text, "{fault}").unwrap();
        }
    }
    for (slot, reading) in view.limits_readings() {
        assert!(slot < view.capacity() && reading.has_any());
        write!(text, "{reading:?}{}", reading.refused()).unwrap();
    }
    write!(text, "{view:?}{}", view.is_from_before_boot()).unwrap();
}

/// Every operation on every slot, whatever it holds.
pub fn use_everything<C: Clock>(panel: Panel<'_, C, DefaultObserver>) {
    let mut text = String::new();
    for breaker in panel.slots() {
        write!(text, "{breaker:?}{:?}{:?}", breaker.reading(), breaker.open_since()).unwrap();
        use_breaker(breaker);
        mends(breaker);
    }
    for n in 0..=panel.capacity() {
        let name = format!("breaker {n}");
        let before = panel.len();
        match panel.get_or_default(&*name) {
            Ok(breaker) => {
                assert!(std::ptr::eq(panel.get(&*name).unwrap(), breaker), "it is found");
                assert_eq!(breaker.name().unwrap().as_str(), name);
                assert!(panel.get_or_init(&*name, BreakerConfig::new().build()).is_ok());
                let _ = panel.get_or_register(&*name, BreakerConfig::new().build());
                let limits = panel.limits(&*name).unwrap();
                write!(text, "{limits:?}").unwrap();
                use_limits(limits);
            }
            Err(error) => {
                assert_eq!((panel.len(), before), (panel.capacity(), before), "{error}");
                assert!(panel.get(&*name).is_none());
            }
        }
    }
    assert_eq!(panel.readings().count(), panel.len());
    write!(text, "{panel:?}").unwrap();
}

fn use_limits<C: Clock>(limits: &Limits<C, DefaultObserver>) {
    let (rate, budget, bulkhead) = (limits.rate_limit(), limits.budget(), limits.bulkhead());
    let (brisk, slow) = (RateConfig::per_second(100).build(), RateConfig::per_minute(2).build());
    let (tenth, half) = (BudgetConfig::share(0.1).build(), BudgetConfig::share(0.5).build());
    // As it was found; as others set it; after it was lifted; as of a new boot.
    for turn in 0..4 {
        let _ = limits.reading();
        let _ = (rate.try_acquire(), rate.acquire_n(7), rate.narrowed_for());
        let _ = rate.lease(3).try_acquire();
        rate.heed(Remaining { calls: turn, within: Duration::from_secs(5) });
        let _ = (rate.try_acquire(), rate.narrowed_for());
        rate.widen();
        if budget.try_withdraw() {
            budget.give_back();
        }
        budget.deposit();
        let _ = budget.available();
        drop(bulkhead.try_acquire().expect("in shared memory it admits everybody"));
        assert_eq!(bulkhead.in_flight(), 0);
        assert!(bulkhead.set_limit(1).is_err());
        match turn {
            0 => {
                rate.set_settings(brisk);
                budget.set_settings(tenth);
            }
            1 => {
                rate.lift();
                budget.lift();
                assert!(rate.acquire_n(u32::MAX).is_ok() && budget.try_withdraw());
                rate.set_settings(slow);
                budget.set_settings(half);
            }
            _ => {
                limits.restamp();
                limits.share();
            }
        }
    }
    assert!(rate.acquire_n(2).is_ok() && rate.try_acquire().is_err());
    assert_eq!(budget.available(), half.burst());
}

fn use_breaker<C: Clock>(breaker: &CircuitBreaker<C, DefaultObserver>) {
    let before = breaker.counters();
    drop(breaker.try_acquire());
    let _ = breaker.try_acquire().map(Permit::ignore);
    let _ = breaker.try_acquire().map(Permit::failure);
    let _ = breaker.try_acquire().map(Permit::success);
    let _ = breaker.call(|| Err::<(), _>("down"));
    // In a program with the feature `map`, from inside itself, whoever it is.
    let _ = breaker.call(|| breaker.call(|| Ok::<_, &str>(())).map_err(|_| "down"));
    use_callers(breaker);
    let slow = breaker.try_acquire();
    breaker.force_open();
    assert_eq!(breaker.state(), State::ForcedOpen);
    assert!(breaker.try_acquire().is_err());
    breaker.restamp();
    breaker.disable();
    assert!(breaker.try_acquire().is_ok());
    let _ = slow.map(Permit::failure);
    breaker.reset();
    assert_eq!((breaker.state(), breaker.open_since()), (State::Closed, None));
    assert_ne!(breaker.counters(), before, "what happened was counted");
}

/// Who calls it, as far as it was mapped before, and from now on.
fn use_callers<C: Clock>(breaker: &CircuitBreaker<C, DefaultObserver>) {
    assert!(breaker.set_mapped(Some(257)).is_err());
    breaker.set_mapped(Some(256)).unwrap();
    let _ = breaker.call(|| breaker.call(|| Ok::<_, &str>(())).map_err(|_| "down"));
    breaker.forget_callers();
    assert_eq!((breaker.callers().number(), breaker.callers().iter().count()), (Some(256), 0));
    breaker.set_mapped(None).unwrap();
    assert!(!breaker.callers().is_learning());
}

/// What the docs of [`Fault`] say: writing a breaker anew mends it.
fn mends<C: Clock>(breaker: &CircuitBreaker<C, DefaultObserver>) {
    breaker.close();
    breaker.set_settings(BreakerConfig::new().failure_threshold(1).build());
    assert!(matches!(breaker.fault(), None | Some(Fault::Name | Fault::Nameless)));
    breaker.try_acquire().expect("it is closed").failure();
    assert_eq!(breaker.state(), State::Open);
}

/// Whatever a slot holds at whatever time: a call is admitted, or a time is
/// named after which one is.
pub fn recovers(registry: &Registry<8, SetClock, DefaultObserver>) {
    for breaker in registry.panel().slots() {
        let Err(rejected) = breaker.try_acquire().map(Permit::ignore) else { continue };
        // Where load is shed, somebody tries after a second without news.
        let tries = (rejected.state() == State::Closed).then_some(Duration::from_secs(2));
        let Some(wait) = rejected.retry_after().or(tries) else {
            assert_eq!(rejected.state(), State::ForcedOpen);
            assert_eq!(breaker.state(), State::ForcedOpen);
            continue;
        };
        SetClock::advance(wait);
        if let Err(rejected) = breaker.try_acquire() {
            panic!("{rejected} after {wait:?}, which it had named: {breaker:?}");
        }
    }
}
