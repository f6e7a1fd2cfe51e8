//! Which call gets which fault: a function of the seed, the breaker and the call's number,
//! and of nothing else.

use crate::{
    drill::{config::ALL, plan::Shares},
    observe::DrillFault,
    random::mix,
    wide::high,
};

/// The fault of one call. `call` is its number, or what stands for the request's key.
pub(crate) const fn fault(
    seed: u32,
    breaker: u64,
    call: u64,
    shares: Shares,
) -> Option<DrillFault> {
    let drawn = high(mix(mix(seed as u64 ^ mix(breaker)) ^ call), ALL as u64);
    let mut below = 0;
    let mut at = 0;
    while at < shares.parts().len() {
        let (share, fault) = shares.parts()[at];
        below += share;
        if drawn < below {
            return Some(fault);
        }
        at += 1;
    }
    None
}
