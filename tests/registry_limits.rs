//! The limits of a registry's slots: the same slot as the breaker's, none until there are
//! settings, the slot's name, and readings.
#![cfg(not(fusebox_compact))]

use std::{
    ptr,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use fusebox::{
    BudgetConfig, Bulkhead, ConstDefault, DefaultObserver, Event, LimitKind, Limits, ManualClock,
    Observer, Panel, RateConfig, Registry, RegistryError, StdClock, global,
};

type Slots<'a, const N: usize> = Registry<N, &'a ManualClock, DefaultObserver>;

static STATIC: Registry<4> = Registry::new();

#[test]
fn a_registry_in_a_static_has_limits_that_live_as_long() {
    let shop: &'static Limits = STATIC.limits("shop").unwrap();
    assert!(ptr::eq(shop, STATIC.limits("shop").unwrap()), "one name, one slot");
    assert!(!ptr::eq(shop, STATIC.limits("other").unwrap()));
}

#[test]
fn what_was_given_no_settings_admits_everything_and_is_not_read() {
    let panel: Registry<4> = Registry::new();
    let shop = panel.limits("shop").unwrap();
    let places: Vec<_> = (0..1_000)
        .map(|_| {
            shop.rate_limit().try_acquire().unwrap();
            assert!(shop.budget().try_withdraw());
            shop.budget().deposit();
            shop.bulkhead().try_acquire().unwrap()
        })
        .collect();
    drop(places);
    assert_eq!(shop.bulkhead().in_flight(), 0);
    assert_eq!(
        (shop.rate_limit().settings(), shop.budget().settings(), shop.bulkhead().limit()),
        (None, None, None)
    );
    assert!(!shop.reading().has_any());
    assert_eq!(panel.panel().limits_readings().count(), 0);
}

#[test]
fn the_limits_are_in_the_slot_of_the_breaker() {
    let panel: Registry<16> = Registry::new();
    for n in 0..16 {
        let name = format!("breaker {n}");
        // Whichever is asked for first registers the slot.
        let (limits, breaker) = if n % 2 == 0 {
            let limits = panel.limits(&*name).unwrap();
            (limits, panel.get(&*name).unwrap())
        } else {
            let breaker = panel.get_or_default(&*name).unwrap();
            (panel.limits(&*name).unwrap(), breaker)
        };
        assert_eq!(breaker.name().unwrap().as_str(), name);
        let slot = panel.panel().slots().iter().position(|it| ptr::eq(it, breaker)).unwrap();
        assert!(ptr::eq(panel.panel().limits_of(slot).unwrap(), limits), "{name}");
        assert_eq!(panel.len(), n + 1);
    }
    let error = panel.limits("one more").map(drop).unwrap_err();
    assert_eq!(error, RegistryError::Full { capacity: 16 });
    assert!(matches!(panel.limits("").map(drop), Err(RegistryError::Name(_))));
    assert!(panel.panel().limits_of(16).is_none());
}

#[test]
fn a_slot_that_nobody_registered_has_none_to_be_read() {
    let panel: Registry<4> = Registry::new();
    assert!((0..4).all(|slot| panel.panel().limits_of(slot).is_none()));
    panel.limits("shop").unwrap();
    assert_eq!((0..4).filter(|slot| panel.panel().limits_of(*slot).is_some()).count(), 1);
}

#[test]
fn errors_carry_the_name_of_the_slot() {
    let clock = ManualClock::new();
    let panel: Slots<'_, 4> = Registry::with(&&clock, &DefaultObserver);
    for name in ["s", "of eight", "a shop with a name of more than eight words, if one counts well"]
    {
        let limits = panel.limits(name).unwrap();
        limits.rate_limit().set_settings(RateConfig::every(Duration::from_secs(1)).build());
        limits.rate_limit().try_acquire().unwrap();
        let limited = limits.rate_limit().try_acquire().unwrap_err();
        assert_eq!((limited.kind(), limited.name()), (LimitKind::Rate, Some(name)));
        limits.bulkhead().set_limit(1).unwrap();
        let place = limits.bulkhead().try_acquire().unwrap();
        let limited = limits.bulkhead().try_acquire().unwrap_err();
        assert_eq!((limited.kind(), limited.name()), (LimitKind::Bulkhead, Some(name)));
        drop(place);
        assert_eq!(limits.rate_limit().name().unwrap().as_str(), name);
    }
}

#[test]
fn racing_threads_get_one_slot_with_its_whole_name() {
    const NAME: &str = "a name that takes several words of its slot";
    for _ in 0..100 {
        let panel: Registry<4> = Registry::new();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let limits = panel.limits(NAME).unwrap();
                    assert_eq!(limits.rate_limit().name().unwrap().as_str(), NAME);
                    assert_eq!(limits.bulkhead().name().unwrap().as_str(), NAME);
                });
            }
        });
        assert_eq!(panel.len(), 1);
    }
}

#[test]
fn what_comes_first_is_kept_and_a_limit_can_be_lifted() {
    let clock = ManualClock::new();
    let panel: Slots<'_, 4> = Registry::with(&&clock, &DefaultObserver);
    let shop = panel.limits("shop").unwrap();
    let (rate, budget, bulkhead) = (shop.rate_limit(), shop.budget(), shop.bulkhead());

    let (first, later) = (RateConfig::per_second(1).build(), RateConfig::per_second(9).build());
    assert_eq!((rate.init_settings(first), rate.init_settings(later)), (first, first));
    rate.set_settings(later);
    assert_eq!(rate.init_settings(first), later);
    let (tenth, half) = (BudgetConfig::share(0.1).build(), BudgetConfig::share(0.5).build());
    assert_eq!((budget.init_settings(tenth), budget.init_settings(half)), (tenth, tenth));
    assert_eq!((bulkhead.init_limit(1), bulkhead.init_limit(2)), (Ok(1), Ok(1)));
    assert!(bulkhead.init_limit(0).is_err() && bulkhead.init_limit(1 << 24).is_err());

    while rate.try_acquire().is_ok() {}
    while budget.try_withdraw() {}
    let place = bulkhead.try_acquire().unwrap();
    assert!(bulkhead.try_acquire().is_err());
    rate.lift();
    budget.lift();
    bulkhead.lift();
    assert!(!shop.reading().has_any());
    assert!(rate.acquire_n(1_000_000).is_ok() && budget.try_withdraw());
    assert!(bulkhead.acquire_n(1_000_000).is_ok(), "it counts on, and limits nothing");
    assert_eq!(bulkhead.in_flight(), 1, "who was in flight still is");

    // Settings that come back are the limits of before.
    rate.set_settings(later);
    assert!(rate.try_acquire().is_err(), "the burst is as far spent as it was");
    budget.set_settings(half);
    assert_eq!(budget.available(), half.burst(), "and the budget is full");
    bulkhead.set_limit(1).unwrap();
    assert!(bulkhead.try_acquire().is_err());
    drop(place);
    assert!(bulkhead.try_acquire().is_ok());
}

#[test]
fn a_reading_says_what_is_set_and_what_was_refused() {
    let clock = ManualClock::new();
    let panel: Slots<'_, 4> = Registry::with(&&clock, &DefaultObserver);
    let shop = panel.limits("shop").unwrap();
    let rate = RateConfig::per_second(10).burst(2).precise(true).build();
    let budget = BudgetConfig::share(0.1).reserve_per_second(0).burst(3).build();
    shop.rate_limit().set_settings(rate);
    shop.budget().set_settings(budget);
    shop.bulkhead().set_limit(2).unwrap();
    let refused = (0..5).filter(|_| shop.rate_limit().try_acquire().is_err()).count();
    let withdrawn = (0..5).filter(|_| shop.budget().try_withdraw()).count();
    let places: Vec<_> = (0..3).map(|_| shop.bulkhead().try_acquire()).collect();
    assert_eq!((refused, withdrawn), (3, 3));

    panel.limits("without any").unwrap();
    let readings: Vec<_> = panel.panel().limits_readings().collect();
    let [(slot, reading)] = readings[..] else { panic!("{readings:?}") };
    assert!(ptr::eq(panel.panel().limits_of(slot).unwrap(), shop));
    let read = reading.rate.unwrap();
    assert_eq!((read.settings, read.refused), (rate, 3));
    let read = reading.budget.unwrap();
    assert_eq!((read.settings, read.available, read.refused), (budget, 0, 2));
    let read = reading.bulkhead.unwrap();
    assert_eq!((read.limit, read.in_flight, read.peak, read.refused), (2, 2, 2, 1));
    assert_eq!(reading.refused(), 4, "calls, and no retries");
    drop(places);
    assert_eq!(shop.reading().bulkhead.unwrap().in_flight, 0);
}

#[test]
fn shared_memory_has_no_bulkhead_whose_places_could_be_lost() {
    let panel: Registry<4> = Registry::new();
    let shop = panel.limits("shop").unwrap();
    shop.share();
    let bulkhead = shop.bulkhead();
    let error = bulkhead.set_limit(32).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`limit` is 32, and must be left alone with a panel that processes share: set it \
         through the panel"
    );
    assert_eq!(bulkhead.init_limit(32), Err(error));
    bulkhead.lift();
    for places in [0, 1, 1 << 20, u32::MAX] {
        // Lost, as those of a process that was killed.
        std::mem::forget(bulkhead.acquire_n(places).expect("it admits everybody"));
    }
    drop(bulkhead.try_acquire().unwrap());
    assert_eq!((bulkhead.in_flight(), bulkhead.limit(), bulkhead.refused()), (0, None, 0));
    assert!(bulkhead.set_limit(32).is_err(), "whatever happened meanwhile");
    assert_eq!(shop.reading().bulkhead, None);
}

#[test]
fn in_shared_memory_a_limit_is_kept_for_those_who_have_the_places() {
    let panel: Registry<4> = Registry::new();
    let shop = panel.limits("shop").unwrap();
    let bulkhead = shop.bulkhead();
    assert_eq!(bulkhead.init_kept_limit(5), Ok(5));
    bulkhead.keep_limit(Some(2)).unwrap();
    assert_eq!(bulkhead.init_kept_limit(5), Ok(2));
    shop.share();
    assert!(bulkhead.keep_limit(Some(0)).is_err() && bulkhead.keep_limit(Some(1 << 16)).is_err());
    bulkhead.lift();
    assert!(bulkhead.set_limit(3).is_err());
    for places in [1, 0, 1 << 20, u32::MAX] {
        std::mem::forget(bulkhead.acquire_n(places).expect("it admits everybody itself"));
    }
    assert!(bulkhead.set_limit(3).is_err(), "whatever happened meanwhile");
    let read = shop.reading().bulkhead.unwrap();
    assert_eq!((read.limit, read.in_flight, read.peak, read.refused), (2, 0, 0, 0));
    let limited = bulkhead.turn_away().unwrap_err();
    assert_eq!((limited.kind(), limited.name()), (fusebox::LimitKind::Bulkhead, Some("shop")));
    assert_eq!(bulkhead.refused(), 1);
    bulkhead.keep_limit(None).unwrap();
    assert_eq!((bulkhead.limit(), shop.reading().bulkhead), (None, None));
}

#[test]
fn after_a_reboot_the_limits_are_unspent_and_their_settings_stay() {
    let clock = ManualClock::new();
    let panel: Slots<'_, 4> = Registry::with(&&clock, &DefaultObserver);
    let shop = panel.limits("shop").unwrap();
    clock.advance(Duration::from_hours(1_000));
    let rate = RateConfig::every(Duration::from_hours(1)).build();
    let budget = BudgetConfig::share(0.1).reserve_per_second(0).burst(2).build();
    shop.rate_limit().set_settings(rate);
    shop.budget().set_settings(budget);
    shop.rate_limit().try_acquire().unwrap();
    while shop.budget().try_withdraw() {}
    shop.rate_limit().heed(fusebox::Remaining { calls: 0, within: Duration::from_hours(2) });

    let rebooted = ManualClock::new();
    clock.set(fusebox::Clock::now(&rebooted));
    shop.restamp();
    assert_eq!(shop.rate_limit().narrowed_for(), None);
    assert!(shop.rate_limit().try_acquire().is_ok() && shop.rate_limit().try_acquire().is_err());
    assert_eq!(shop.budget().available(), 2);
    let reading = shop.reading();
    assert_eq!((reading.rate.unwrap().settings, reading.budget.unwrap().settings), (rate, budget));
}

static HEARD: AtomicU64 = AtomicU64::new(0);

/// Counts what it hears.
struct Heard;

impl Observer for Heard {
    fn on_event(&self, event: &Event<'_>) {
        if matches!(event, Event::Limited(_)) {
            HEARD.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl ConstDefault for Heard {
    const DEFAULT: Self = Self;
}

#[test]
fn the_observer_of_the_registry_hears_of_refusals() {
    static PANEL: Registry<2, StdClock, Heard> = Registry::const_default();
    let bulkhead: &Bulkhead<Heard> = PANEL.limits("shop").unwrap().bulkhead();
    bulkhead.set_limit(1).unwrap();
    let _place = bulkhead.try_acquire().unwrap();
    assert!(bulkhead.try_acquire().is_err());
    assert_eq!(HEARD.load(Ordering::Relaxed), 1);
}

#[test]
fn the_registry_of_the_process_has_limits() {
    let limits = global().limits("of the process").unwrap();
    assert_eq!(limits.rate_limit().settings(), None);
    assert!(global().get("of the process").is_some());
}

#[test]
fn a_panel_of_breakers_alone_has_no_limits() {
    let registry: Registry<4> = Registry::new();
    let panel = Panel::new(registry.panel().slots());
    assert_eq!(panel.limits("shop").map(drop), Err(RegistryError::NoLimits));
    assert!(panel.is_empty(), "nothing was changed");
    registry.limits("shop").unwrap().bulkhead().set_limit(1).unwrap();
    assert!((0..4).all(|slot| panel.limits_of(slot).is_none()));
    assert_eq!(panel.limits_readings().count(), 0);
    assert_eq!(registry.panel().limits_readings().count(), 1);
}

#[test]
fn of_no_slots_there_are_no_limits() {
    let panel: Registry<0> = Registry::new();
    assert_eq!(panel.limits("shop").map(drop), Err(RegistryError::Full { capacity: 0 }));
}

#[test]
#[should_panic(expected = "each slot has its limits, and no other has")]
fn another_number_of_limits_is_refused() {
    let registry: Registry<2> = Registry::new();
    let limits: [Limits; 0] = [];
    let _ = Panel::with_limits(registry.panel().slots(), &limits);
}
