use std::hint::black_box;

use recloser::{Error, Recloser as Breaker};

use super::{Answer, Failure, LONG, Peer, Work};

/// `recloser`, a failure rate over a ring of calls.
pub struct Recloser(Breaker);

impl Peer for Recloser {
    const NAME: &'static str = "recloser";
    const SETUP: &'static str = "`Recloser::custom()` with its default ring of 100 calls, error rate 1.0, and `call`; its only clock, `Instant`";
    type Caller<'a> = &'a Breaker;

    fn closed() -> Self {
        Self(Breaker::custom().error_rate(1.0).closed_len(100).open_wait(LONG).build())
    }

    fn open() -> Self {
        let breaker = Breaker::custom().error_rate(0.5).closed_len(1).open_wait(LONG).build();
        for _ in 0..2 {
            let failed: Result<u32, _> = breaker.call(|| Err(Failure));
            assert!(failed.is_err());
        }
        Self(breaker)
    }

    #[inline]
    fn caller(&self) -> &Breaker {
        &self.0
    }

    #[inline]
    fn call(caller: &mut &Breaker, work: Work) -> Answer {
        match caller.call(|| black_box(work)) {
            Ok(value) => Answer::Value(value),
            Err(Error::Inner(_)) => Answer::Failed,
            Err(Error::Rejected) => Answer::Rejected,
        }
    }
}
