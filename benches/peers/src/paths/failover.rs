//! The path of a failover set whose home is well.

use fusebox::{BreakerConfig, CircuitBreaker, FailoverConfig, FailoverSet, Member};

use super::{CALLS, Path, Prepare, used, work};

pub(super) const PATHS: &[Path] = &[Path {
    name: "failover set, healthy call",
    function: "path_failover",
    prepare: Prepare::Nothing,
    run: path_failover,
}];

static HOME: CircuitBreaker = CircuitBreaker::named("home", BreakerConfig::new().build());
static NEXT: CircuitBreaker = CircuitBreaker::named("next", BreakerConfig::new().build());
static SET: FailoverSet<2> = FailoverSet::named(
    "set",
    [Member::new("home", &HOME), Member::new("next", &NEXT)],
    FailoverConfig::new().build(),
);

#[inline(never)]
fn path_failover() {
    for n in 0..CALLS {
        used(SET.call(|_| work(n)));
    }
}
