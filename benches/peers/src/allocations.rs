//! Bytes of a breaker, and allocations of a call, counted by the allocator.
#![allow(clippy::cast_precision_loss)] // counts far below 2^52

use std::hint::black_box;

use allocation_counter::measure;
use fusebox_bench::peers::{
    Answer, CircuitBreakerRs, Failsafe, Failure, Fusebox, MutexBreaker, Peer, Recloser,
    TowerResilience, Work,
};

/// Calls that are counted, after as many that are not.
const CALLS: u32 = 200;

fn main() {
    let rows = vec![
        count::<Fusebox>(),
        count::<Failsafe>(),
        count::<Recloser>(),
        count::<TowerResilience>(),
        count::<CircuitBreakerRs>(),
        count::<MutexBreaker>(),
    ];
    println!("{}", serde_json::Value::from(rows));
}

fn count<P: Peer>() -> serde_json::Value {
    let mut made = None;
    let heap = measure(|| made = Some(P::closed())).bytes_current;
    let closed = made.expect("it was made");
    let open = P::open();
    let bytes = i64::try_from(size_of::<P>()).unwrap_or(i64::MAX) + heap;
    serde_json::json!({
        "name": P::NAME,
        "bytes": bytes,
        "healthy": per_call::<P>(&closed, Ok(1), Answer::Value(1)),
        "rejected": per_call::<P>(&open, Ok(1), Answer::Rejected),
        "failed": per_call::<P>(&closed, Err(Failure), Answer::Failed),
    })
}

fn per_call<P: Peer>(breaker: &P, work: Work, expected: Answer) -> f64 {
    let mut caller = breaker.caller();
    let mut calls = || {
        for n in 0..CALLS {
            assert_eq!(black_box(P::call(&mut caller, black_box(work))), expected);
            if n % 40 == 39 && expected == Answer::Failed {
                P::call(&mut caller, Ok(0)); // no run that opens it
            }
        }
    };
    calls();
    measure(calls).count_total as f64 / f64::from(CALLS)
}
