//! Model M19: of racing records none is lost, and a reader takes none for another.

use fusebox::{BreakerConfig, CircuitBreaker, Trace, TraceWord, What, planted::Defect};
use loom::{sync::Arc, thread};
use loom_tests::{TestClock, catches, check, claim};

/// An observer with a trace of its own.
#[derive(Clone)]
struct Tape(Arc<Vec<TraceWord>>);

impl Tape {
    fn new(records: usize) -> Self {
        Self(Arc::new((0..Trace::words(records)).map(|_| TraceWord::new()).collect()))
    }
}

impl fusebox::Observer for Tape {
    fn on_event(&self, _: &fusebox::Event<'_>) {}

    fn trace(&self) -> Option<Trace<'_>> {
        Some(Trace::new(&self.0))
    }
}

/// A breaker that is open by force, so that a rejection is one record and no step. The
/// checkpoint of its opening is written already.
fn rejecting(number: u16, tape: &Tape) -> CircuitBreaker<TestClock, Tape> {
    let settings = BreakerConfig::new().build();
    let breaker = CircuitBreaker::with(None, settings, TestClock::default(), tape.clone());
    breaker.force_open();
    breaker.set_recorded(Some(number));
    breaker
}

fn rejected_by(tape: &Tape) -> Vec<(u64, u16)> {
    let trace = Trace::new(&tape.0);
    let rejected = |it: &fusebox::Entry| matches!(it.what, What::Rejected { .. });
    trace.entries().filter(rejected).map(|it| (it.position, it.breaker)).collect()
}

fn two_programs_record() {
    let tape = Tape::new(256);
    let breakers = [1, 2].map(|number| rejecting(number, &tape));
    let before = Trace::new(&tape.0).written();
    let threads = breakers.map(|breaker| thread::spawn(move || drop(breaker.try_acquire())));
    for thread in threads {
        thread.join().unwrap();
    }
    let found = rejected_by(&tape);
    claim!(found.len() == 2, "a record is lost: {found:?}");
    claim!(Trace::new(&tape.0).written() == before + 2, "a position was claimed twice");
}

fn a_reader_of_a_ring_that_is_written_over() {
    let tape = Tape::new(1);
    // Each of them writes a checkpoint before its record, as the ring is so small: by
    // its number the record says at which position it is.
    let breakers = [1, 2].map(|number| rejecting(number, &tape));
    let first = Trace::new(&tape.0).written();
    let writer =
        thread::spawn(move || breakers.iter().for_each(|breaker| drop(breaker.try_acquire())));
    let found = rejected_by(&tape);
    writer.join().unwrap();
    for (position, breaker) in found {
        claim!(position == first + 10 * u64::from(breaker) - 1, "{breaker} is not at {position}");
    }
}

#[test]
fn of_racing_records_none_is_lost() {
    check(two_programs_record);
    catches(Defect::TraceClaimedByStore, two_programs_record);
    check(a_reader_of_a_ring_that_is_written_over);
    catches(Defect::OldRecordIsShown, a_reader_of_a_ring_that_is_written_over);
}
