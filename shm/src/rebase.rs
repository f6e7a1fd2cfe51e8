//! The first to open a file after a reboot stamps its breakers anew.

use core::sync::atomic::Ordering;

use fusebox::{CircuitBreaker, Clock, ConstDefault, Limits, Observer, Panel};

use crate::{bulkhead::Places, epoch::Epoch, error::Problem, map::Map};

/// Makes the slots' stamps those of this process's clock, if they are not.
///
/// Several may do it at once, and one may die half-way: the epoch changes last,
/// so whoever comes next does all of it again. Someone who read the old epoch
/// and is late stamps breakers that others use already: what waits then, waits
/// for one more recovery timeout from that moment, and no longer, as each
/// process stamps a breaker once. A ramp begins anew, and load that is shed is so as of
/// that moment. A breaker's state and generation stay, so no call in flight is forgotten.
/// The host's pressure is. A rate limit's burst is then unspent once more, and a retry
/// budget full. Places in bulkheads whose holders say that they are of another boot are free.
pub(crate) fn rebase<C: Clock + ConstDefault, O: Observer + ConstDefault>(
    map: &Map,
    own: Epoch,
) -> Result<(), Problem> {
    take_over(map, own, || {
        Panel::new(map.slots::<C, O>()).iter().for_each(CircuitBreaker::restamp);
        map.limits::<C, O>().iter().for_each(Limits::restamp);
        // It is the pressure of a host that has rebooted since.
        map.pressure::<C>().clear();
        map.places().iter().for_each(|words| Places::new(words).free_other_boots(own));
    })
}

/// Makes the epoch this process's, after `restamp`, if it is not.
pub(crate) fn take_over(map: &Map, own: Epoch, restamp: impl Fn()) -> Result<(), Problem> {
    let epoch = map.epoch();
    // Acquire and release: whoever sees the new epoch sees the new stamps.
    let mut seen = Epoch(epoch.load(Ordering::Acquire));
    while seen != own {
        if seen.same_boot(own) {
            return Err(Problem::TimeNamespace);
        }
        restamp();
        match epoch.compare_exchange(seen.0, own.0, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => break,
            Err(found) => seen = Epoch(found),
        }
    }
    Ok(())
}
