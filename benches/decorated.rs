//! A function under attributes, next to the same function without.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use fusebox::{Rejected, resilient, with_circuit_breaker, with_retry};

use crate::BATCH;

#[derive(Debug)]
enum Failure {
    Rejected,
    Failed,
}

impl From<Rejected> for Failure {
    fn from(_: Rejected) -> Self {
        Self::Rejected
    }
}

#[inline]
fn bare(n: u32) -> Result<u32, Failure> {
    if black_box(n) == u32::MAX { Err(Failure::Failed) } else { Ok(n) }
}

#[with_retry]
#[inline]
fn retried(n: u32) -> Result<u32, Failure> {
    if black_box(n) == u32::MAX { Err(Failure::Failed) } else { Ok(n) }
}

#[with_circuit_breaker("decorated bench", failure_threshold = 2047)]
#[inline]
fn guarded(n: u32) -> Result<u32, Failure> {
    if black_box(n) == u32::MAX { Err(Failure::Failed) } else { Ok(n) }
}

#[resilient(fallback(bare), circuit_breaker("decorated bench"), retry)]
#[inline]
fn resilient_in_all(n: u32) -> Result<u32, Failure> {
    if black_box(n) == u32::MAX { Err(Failure::Failed) } else { Ok(n) }
}

fn row(c: &mut Criterion, name: &str, f: impl Fn(u32) -> Result<u32, Failure>) {
    let mut group = c.benchmark_group("decorated");
    group.throughput(Throughput::Elements(BATCH.into()));
    group.bench_function(name, |b| {
        b.iter(|| {
            for n in 0..BATCH {
                match f(n) {
                    Ok(value) => {
                        black_box(value);
                    }
                    Err(Failure::Rejected | Failure::Failed) => unreachable!("all is well"),
                }
            }
        });
    });
    group.finish();
}

pub(crate) fn bench(c: &mut Criterion) {
    row(c, "bare", bare);
    row(c, "with_retry", retried);
    row(c, "with_circuit_breaker", guarded);
    row(c, "resilient(fallback, circuit_breaker, retry)", resilient_in_all);
}
