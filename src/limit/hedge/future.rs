//! The future of a hedged call: two calls in one task.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::{
    bypass,
    limit::{
        deadline::until::{Until, forbids},
        hedge::{
            delay::HedgeDelay,
            hedge::{Hedge, Hedging},
            hedged::{Hedged, Twice},
            pays::Pays,
        },
    },
    state::TellsHealth,
    time::AsyncSleep,
};

// `W`, the timer, is a parameter so that no projection hides in the future's type: see
// `retry/future.rs`.
impl<D: HedgeDelay, P: Pays, B: TellsHealth, R, S> Hedge<D, P, B, R, S> {
    /// Awaits the future that `f` makes and, where it takes long, a second one beside it.
    /// To call this is to say that the call may be made twice.
    ///
    /// Nothing happens before the first poll. A call that is ready at its first poll takes
    /// no timer. The returned future is `Send` where its parts are, and allocates nothing.
    ///
    /// # Errors
    /// That of the call; where both calls fail, that of the last.
    #[inline]
    pub fn call_async<T, E, Fut, W>(
        &self,
        f: impl FnMut() -> Fut,
    ) -> impl Future<Output = Result<T, E>>
    where
        Fut: Future<Output = Result<T, E>>,
        S: AsyncSleep<Sleep = W>,
        W: Future<Output = ()>,
    {
        let (op, stage) = (Twice(f), Stage::Idle);
        HedgeCall { hedge: self, op, until: None, first: None, second: None, stage }
    }
}

pin_project! {
    /// The future of a hedged call: of the hedge `H` around `Op`, whose calls are `F` and
    /// `G`, and its timer `W`.
    #[must_use = "futures do nothing unless polled"]
    pub struct HedgeCall<'u, H, Op, F, G, W> {
        hedge: H,
        op: Op,
        until: Option<Until<'u>>,
        #[pin]
        first: Option<F>,
        #[pin]
        second: Option<G>,
        #[pin]
        stage: Stage<W>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<W> {
        // Not called yet.
        Idle,
        // Called, and not known to take longer than a poll.
        Called,
        // Until the hedge starts.
        Waiting { #[pin] timer: W },
        // There is, or was, a hedge; or there will be none.
        Decided,
        Done,
    }
}

impl<'u, H, Op: Hedged, W> HedgeCall<'u, H, Op, Op::First, Op::Second, W> {
    /// Under way already; `may_repeat` says whether it may be made twice.
    #[inline]
    pub(crate) fn started(
        hedge: H,
        op: Op,
        until: Option<Until<'u>>,
        first: Op::First,
        may_repeat: bool,
    ) -> Self {
        let stage = if may_repeat { Stage::Called } else { Stage::Decided };
        Self { hedge, op, until, first: Some(first), second: None, stage }
    }
}

impl<H, Op, F, G, W> Future for HedgeCall<'_, H, Op, F, G, W>
where
    H: Hedging,
    H::Sleeper: AsyncSleep<Sleep = W>,
    W: Future<Output = ()>,
    Op: Hedged<First = F, Second = G>,
    F: Future<Output = Result<Op::Value, Op::Error>>,
    G: Future<Output = Result<Op::Value, Op::Error>>,
{
    type Output = Result<Op::Value, Op::Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.as_mut().project();
        if let StageProjection::Idle = this.stage.as_mut().project() {
            this.first.set(this.op.first());
            this.stage.set(Stage::Called);
        }
        // The first call first: an answer that is there is taken.
        if let Some(first) = this.first.as_mut().as_pin_mut()
            && let Poll::Ready(answer) = first.poll(cx)
        {
            if answer.is_ok() {
                // A call that was not hedged was done before its delay.
                let in_time = match this.stage.as_mut().project() {
                    StageProjection::Called | StageProjection::Waiting { .. } => true,
                    StageProjection::Idle | StageProjection::Decided | StageProjection::Done => {
                        false
                    }
                };
                if in_time && this.hedge.is_well() && this.op.is_well() {
                    this.hedge.answered();
                }
            }
            this.first.set(None);
            if answer.is_ok() || this.second.is_none() {
                // The loser is gone before its caller goes on.
                this.second.set(None);
                this.stage.set(Stage::Done);
                return Poll::Ready(answer);
            }
        }
        self.go_on(cx)
    }
}

impl<H, Op, F, G, W> HedgeCall<'_, H, Op, F, G, W>
where
    H: Hedging,
    H::Sleeper: AsyncSleep<Sleep = W>,
    W: Future<Output = ()>,
    Op: Hedged<First = F, Second = G>,
    F: Future<Output = Result<Op::Value, Op::Error>>,
    G: Future<Output = Result<Op::Value, Op::Error>>,
{
    /// What there is to do besides the first call, which has not answered.
    #[inline]
    fn go_on(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Op::Value, Op::Error>> {
        let mut this = self.project();
        loop {
            let next = match this.stage.as_mut().project() {
                StageProjection::Called => {
                    let delay = this.hedge.delay();
                    if forbids(*this.until, delay) {
                        Stage::Decided
                    } else {
                        Stage::Waiting { timer: this.hedge.sleep(delay) }
                    }
                }
                StageProjection::Waiting { timer } => {
                    ready!(timer.poll(cx));
                    if this.hedge.is_well() && this.op.is_well() {
                        this.hedge.outlasted();
                        let may_start = !forbids(*this.until, Duration::ZERO)
                            && !bypass::retries()
                            && !this.hedge.is_spared()
                            && !this.op.is_spared()
                            && this.hedge.try_pay();
                        this.second.set(if may_start { this.op.second() } else { None });
                    }
                    Stage::Decided
                }
                StageProjection::Decided => break,
                StageProjection::Idle | StageProjection::Done => {
                    panic!("a hedged call was polled after it was done")
                }
            };
            this.stage.set(next);
        }
        let Some(second) = this.second.as_mut().as_pin_mut() else { return Poll::Pending };
        let answer = ready!(second.poll(cx));
        this.second.set(None);
        if answer.is_ok() || this.first.is_none() {
            this.first.set(None);
            this.stage.set(Stage::Done);
            return Poll::Ready(answer);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use core::{
        cell::Cell,
        future::{pending, ready},
        pin::pin,
        task::Waker,
    };

    use super::*;
    use crate::time::SleepBy;

    /// So many tokens.
    struct Tokens(Cell<u32>);

    impl Pays for &Tokens {
        fn deposit(&self) {}

        fn try_pay(&self) -> bool {
            let left = self.0.get().checked_sub(1);
            self.0.set(left.unwrap_or(0));
            left.is_some()
        }
    }

    #[test]
    fn a_hedge_that_cannot_be_paid_does_not_start() {
        let (tokens, calls) = (Tokens(Cell::new(2)), Cell::new(0));
        let hedge = Hedge::with(Duration::from_secs(1), SleepBy(|_| ready(()))).budget(&tokens);
        let mut cx = Context::from_waker(Waker::noop());
        for expected in [2, 4, 5, 6] {
            let call = pin!(hedge.call_async(|| {
                calls.set(calls.get() + 1);
                pending::<Result<(), ()>>()
            }));
            assert!(call.poll(&mut cx).is_pending());
            assert_eq!(calls.get(), expected);
        }
    }

    #[test]
    fn a_call_that_is_not_hedged_pays_nothing() {
        let tokens = Tokens(Cell::new(1));
        let hedge = Hedge::with(Duration::from_secs(1), SleepBy(|_| pending())).budget(&tokens);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(hedge.call_async(|| ready(Ok::<_, ()>(())))).poll(&mut cx).is_ready());
        assert!(pin!(hedge.call_async(pending::<Result<(), ()>>)).poll(&mut cx).is_pending());
        assert_eq!(tokens.0.get(), 1);
    }
}
