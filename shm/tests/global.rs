//! The attributes' breakers in a file: a shared registry takes the place of the
//! process's own.

mod common;

use common::Bench;
use fusebox::{Rejected, State, global, set_global, with_circuit_breaker};
use fusebox_shm::{Options, SharedPanel, SharedRegistry};

#[derive(Debug, PartialEq)]
enum Failure {
    Rejected,
    Down,
}

impl From<Rejected> for Failure {
    fn from(_: Rejected) -> Self {
        Self::Rejected
    }
}

#[with_circuit_breaker("shop", failure_threshold = 2, recovery_timeout = "1h")]
fn ask() -> Result<(), Failure> {
    Err(Failure::Down)
}

// One test, as the process has one global registry.
#[test]
fn a_decorated_function_has_its_breaker_in_the_file() {
    let bench = Bench::new();
    let shared = SharedRegistry::<256>::open(&bench.path, Options::new()).unwrap().leak();
    set_global(shared).expect("nobody has asked for it before");
    assert!(std::ptr::eq(global(), shared));

    assert_eq!(ask(), Err(Failure::Down));
    let tool = SharedPanel::open(&bench.path).unwrap();
    let seen = tool.panel().get("shop").expect("it appears in the file");
    assert_eq!(seen.snapshot().score, 1);
    assert_eq!(ask(), Err(Failure::Down));
    assert_eq!(seen.state(), State::Open);
    assert_eq!(ask(), Err(Failure::Rejected));
    seen.close();
    assert_eq!(ask(), Err(Failure::Down), "the tool has closed it");
}
