//! Limits of calls in flight in the slots of a panel: L5.

mod common;

use std::sync::atomic::{AtomicU32, Ordering};

use common::{Bench, EPOCH};
use fusebox::LimitKind;
use fusebox_shm::{BulkheadError, PanelBulkhead, PanelPlace, Problem, SharedPanel, SharedView};

/// As many places as come.
fn all<'a>(workers: &PanelBulkhead<'a>) -> Vec<PanelPlace<'a>> {
    std::iter::from_fn(|| workers.try_acquire().ok()).collect()
}

#[test]
fn l5_in_a_panel_no_more_are_in_flight_than_the_limit() {
    let bench = Bench::with_shop();
    let (one, other) = (bench.open(), bench.open());
    let (one, other) = (one.bulkhead("shop").unwrap(), other.bulkhead("shop").unwrap());
    one.set_limit(3).unwrap();
    let first = one.try_acquire().unwrap();
    let _second = other.try_acquire().unwrap();
    let _third = one.try_acquire().unwrap();
    let limited = other.try_acquire().unwrap_err();
    assert_eq!((limited.kind(), limited.retry_after()), (LimitKind::Bulkhead, None));
    assert_eq!(limited.name(), Some("shop"));
    assert_eq!((other.refused(), one.refused(), one.in_flight()), (1, 1, 3));
    drop(first);
    let _first = other.try_acquire().unwrap();
    assert!(one.try_acquire().is_err());

    let panel = bench.open();
    let mail = panel.bulkhead("mail").unwrap();
    assert_eq!((mail.limit(), mail.in_flight()), (None, 0), "another slot is another bulkhead");
    assert_eq!(panel.len(), 2, "it was registered");
}

#[test]
fn l5_in_a_panel_without_a_limit_every_call_is_admitted() {
    let panel = Bench::with_shop().open();
    let workers = panel.bulkhead("shop").unwrap();
    let places: Vec<_> = (0..1_000).map(|_| workers.try_acquire().unwrap()).collect();
    assert_eq!((workers.limit(), workers.in_flight()), (None, 0), "none takes a place");
    assert_eq!((workers.init_limit(2).unwrap(), workers.init_limit(9).unwrap()), (2, 2));
    assert_eq!(all(&workers).len(), 2);
    drop(places);
    assert_eq!(all(&workers).len(), 2, "what had no place gives none back");
    workers.lift();
    assert_eq!(workers.limit(), None);
    assert!(workers.try_acquire().is_ok());
}

#[test]
fn l5_in_a_panel_a_lower_limit_drains() {
    let panel = Bench::with_shop().open();
    let workers = panel.bulkhead("shop").unwrap();
    workers.set_limit(10).unwrap();
    let mut places = all(&workers);
    assert_eq!(places.len(), 10);
    workers.set_limit(4).unwrap();
    // Those within the new limit end first: their places are not given away.
    for left in (4..10).rev() {
        drop(places.remove(0));
        assert_eq!(workers.in_flight(), left);
        assert!(workers.try_acquire().is_err(), "{left} are in flight");
    }
    // All four that are left lie beyond the limit.
    drop(places.pop());
    let place = workers.try_acquire().unwrap();
    assert!(workers.try_acquire().is_err());
    assert_eq!(workers.in_flight(), 4);
    drop((place, places));
    assert_eq!(all(&workers).len(), 4);
    workers.set_limit(PanelBulkhead::MOST).unwrap();
    assert_eq!(all(&workers).len(), 62);
}

#[test]
fn l5_in_a_panel_on_threads_the_limit_holds_also_while_it_drains() {
    let panel = Bench::with_shop().open();
    let workers = panel.bulkhead("shop").unwrap();
    workers.set_limit(8).unwrap();
    let held = all(&workers).split_off(4);
    // Four are held, two of them beyond the limit: it has room for two.
    workers.set_limit(6).unwrap();
    let (inside, admitted) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let own = panel.bulkhead("shop").unwrap();
                for _ in 0..2_000 {
                    let Ok(place) = own.try_acquire() else { continue };
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                    admitted.fetch_add(1, Ordering::SeqCst);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(place);
                }
            });
        }
    });
    assert!(admitted.into_inner() > 0);
    assert_eq!(workers.in_flight(), 4);
    drop(held);
    assert_eq!(all(&workers).len(), 6);
}

#[test]
fn a_limit_is_from_1_to_62_and_is_set_from_outside_too() {
    let bench = Bench::with_shop();
    let panel = bench.open();
    let workers = panel.bulkhead("shop").unwrap();
    workers.set_limit(5).unwrap();
    for limit in [0, 63, usize::MAX] {
        let error = workers.set_limit(limit).unwrap_err();
        let text = format!("`bulkhead` is {limit}, and must be from 1 to 62 in a panel");
        assert_eq!(error.to_string(), text);
        assert!(matches!(workers.init_limit(limit), Err(BulkheadError::Limit { .. })));
    }
    assert_eq!(workers.limit(), Some(5));

    let (tool, view) = (SharedPanel::open(&bench.path), SharedView::open(&bench.path).unwrap());
    let tool = tool.unwrap();
    let (slot, _) = tool.panel().readings().next().unwrap();
    tool.set_bulkhead(slot, Some(2)).unwrap();
    let places = all(&workers);
    for reading in [tool.limits_readings().next(), view.limits_readings().next()] {
        let (found, reading) = reading.unwrap();
        let bulkhead = reading.bulkhead.unwrap();
        assert_eq!((found, bulkhead.limit, bulkhead.in_flight), (slot, 2, 2));
        assert_eq!((bulkhead.refused, reading.refused()), (1, 1));
    }
    drop(places);
    assert!(matches!(tool.set_bulkhead(slot, Some(63)), Err(BulkheadError::Limit { limit: 63 })));
    assert!(matches!(tool.set_bulkhead(99, None), Err(BulkheadError::NoSlot { slot: 99 })));
    tool.set_bulkhead(slot, None).unwrap();
    assert_eq!((workers.limit(), tool.limits_readings().count()), (None, 0));
    assert!(matches!(panel.bulkhead(""), Err(BulkheadError::Registry(_))));
}

#[test]
fn a_limit_is_there_for_whoever_opens_the_panel_next() {
    let bench = Bench::with_shop();
    bench.open().bulkhead("shop").unwrap().set_limit(2).unwrap();
    let panel = bench.open();
    assert_eq!(all(&panel.bulkhead("shop").unwrap()).len(), 2);
    // The slot's own bulkhead holds no place, and no call.
    let own = panel.limits("shop").unwrap();
    assert_eq!((own.bulkhead().limit(), own.bulkhead().in_flight()), (Some(2), 0));
    assert!((0..9).all(|_| own.bulkhead().try_acquire().is_ok()));
}

/// The first word of a slot's places, of a panel of eight.
fn first_word(bench: &Bench) -> usize {
    let tool = SharedPanel::open(&bench.path).unwrap();
    let (slot, _) = tool.panel().readings().next().unwrap();
    16 + 8 * (64 + 32) + slot * 64
}

#[test]
fn l5_in_a_panel_places_of_another_boot_are_free() {
    let bench = Bench::with_shop();
    let panel = bench.open();
    let workers = panel.bulkhead("shop").unwrap();
    workers.set_limit(4).unwrap();
    std::mem::forget((workers.try_acquire().unwrap(), workers.try_acquire().unwrap()));
    drop(panel);
    let at = first_word(&bench);
    // The first is of this boot, which only a copy of the file can have; the second is not.
    bench.set_word(at + 3, |own| own ^ 1 << 63);
    bench.set_word(at, |numbering| numbering ^ 1 << 63);
    bench.set_word(EPOCH, |epoch| epoch ^ 1 << 63);
    let panel = bench.open();
    let workers = panel.bulkhead("shop").unwrap();
    assert_eq!((workers.limit(), workers.in_flight()), (Some(4), 1));
    assert_eq!(all(&workers).len(), 3);
}

#[test]
fn another_numbering_of_processes_is_refused_where_places_are_taken() {
    let bench = Bench::with_shop();
    bench.open().bulkhead("shop").unwrap();
    let at = first_word(&bench);
    bench.set_word(at, |own| own ^ 1);
    let panel = bench.open();
    let error = panel.bulkhead("shop").unwrap_err();
    assert!(matches!(error, BulkheadError::Problem(Problem::PidNamespace)), "{error}");
    assert!(error.to_string().contains("PID namespace"), "{error}");
    panel.bulkhead("mail").expect("nobody has used it");
    bench.set_word(at, |own| own ^ 1 << 63);
    assert!(panel.bulkhead("shop").is_ok(), "it was that of another boot");
}

#[test]
fn whatever_a_panel_holds_a_holder_that_is_none_is_dead() {
    let bench = Bench::with_shop();
    bench.open().bulkhead("shop").unwrap().set_limit(3).unwrap();
    let at = first_word(&bench);
    // Within the limit and beyond it.
    for foreign in [1 << 21, u64::MAX, 1 << 63, 1 << 22] {
        for place in [2, 3, 4, 20, 63] {
            bench.set_word(at + place, |_| foreign);
        }
        let panel = bench.open();
        let workers = panel.bulkhead("shop").unwrap();
        assert_eq!(workers.in_flight(), 5);
        let mut places = Vec::new();
        common::eventually("they come back", || workers.try_acquire().is_ok());
        while places.len() < 3 {
            places.extend(workers.try_acquire());
        }
        assert!(workers.try_acquire().is_err());
        assert_eq!(workers.in_flight(), 3);
    }
}
