//! Limits of calls in flight that processes share: L5.

mod common;

use common::Bench;
use fusebox::LimitKind;
use fusebox_shm::{OpenError, Options, Problem, SharedBulkhead, SharedPanel};

fn open(bench: &Bench, limit: usize) -> Result<SharedBulkhead, OpenError> {
    SharedBulkhead::open(&bench.path, limit, Options::new())
}

#[test]
fn l5_all_who_open_it_share_its_places() {
    let bench = Bench::new();
    let (one, other) = (open(&bench, 3).unwrap(), open(&bench, 3).unwrap());
    let first = one.try_acquire().unwrap();
    let _second = other.try_acquire().unwrap();
    let _third = one.try_acquire().unwrap();
    let limited = other.try_acquire().unwrap_err();
    assert_eq!((limited.kind(), limited.retry_after()), (LimitKind::Bulkhead, None));
    assert_eq!(limited.name(), Some("panel"), "as the file is called");
    assert_eq!((other.refused(), one.refused(), one.in_flight()), (1, 0, 3));
    drop(first);
    let _first = other.try_acquire().unwrap();
    assert!(one.try_acquire().is_err());
}

#[test]
fn l5_on_threads_the_limit_holds_and_no_place_is_lost() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let bench = Bench::new();
    let workers = open(&bench, 2).unwrap();
    let inside = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    let Ok(place) = workers.try_acquire() else { continue };
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(place);
                }
            });
        }
    });
    assert_eq!(workers.in_flight(), 0);
}

#[test]
fn what_does_not_fit_is_refused_and_stays_as_it_is() {
    let bench = Bench::new();
    for limit in [0, SharedBulkhead::MOST + 1] {
        let error = open(&bench, limit).unwrap_err();
        assert!(matches!(error.problem(), Problem::Limit { .. }), "{error}");
    }
    drop(open(&bench, 3).unwrap());
    let before = bench.bytes();
    let error = open(&bench, 4).unwrap_err();
    assert!(matches!(error.problem(), Problem::OtherLimit { found: 3, asked: 4 }), "{error}");
    let error = SharedPanel::open(&bench.path).unwrap_err();
    assert!(matches!(error.problem(), Problem::NotAPanel), "{error}");
    assert_eq!(bench.bytes(), before);

    let panel = Bench::with_shop();
    let error = open(&panel, 3).unwrap_err();
    assert!(matches!(error.problem(), Problem::NotABulkhead), "{error}");
}

/// The words of the header, and then: how processes are numbered, when somebody looked.
const NUMBERING: usize = 16;
const PLACE: usize = 18;

#[test]
fn another_numbering_of_processes_is_refused_unless_it_is_of_another_boot() {
    let bench = Bench::new();
    drop(open(&bench, 3).unwrap());
    bench.set_word(NUMBERING, |own| own ^ 1);
    let error = open(&bench, 3).unwrap_err();
    assert!(matches!(error.problem(), Problem::PidNamespace), "{error}");
    bench.set_word(NUMBERING, |own| own ^ 1 << 63);
    assert!(open(&bench, 3).is_ok());
}

#[test]
fn whatever_a_place_holds_a_holder_that_is_none_is_dead() {
    let bench = Bench::new();
    drop(open(&bench, 3).unwrap());
    for foreign in [1 << 21, u64::MAX, 1 << 63, 1 << 22] {
        bench.set_word(PLACE, |_| foreign);
        bench.set_word(PLACE + 1, |_| foreign);
        bench.set_word(PLACE + 2, |_| foreign);
        let workers = open(&bench, 3).unwrap();
        assert_eq!(workers.in_flight(), 3);
        let mut places = Vec::new();
        common::eventually("they come back", || workers.try_acquire().is_ok());
        while places.len() < 3 {
            places.extend(workers.try_acquire());
        }
        assert!(workers.try_acquire().is_err());
    }
}
