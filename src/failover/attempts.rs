//! What a call does at a member: once, or again at another one.

use crate::failover::member::Chosen;

/// How a call is made at a member.
pub(super) trait Attempts<'s, T, R> {
    /// Whether a call that failed may be made again.
    const AGAIN: bool;

    fn make(&mut self, member: Chosen<'s, T>) -> R;
}

/// A call that is made once at most.
#[derive(Debug)]
pub(super) struct Once<F>(pub(super) Option<F>);

impl<'s, T: 's, R, F: FnOnce(Chosen<'s, T>) -> R> Attempts<'s, T, R> for Once<F> {
    const AGAIN: bool = false;

    #[inline]
    #[track_caller]
    fn make(&mut self, member: Chosen<'s, T>) -> R {
        match self.0.take() {
            Some(call) => call(member),
            None => panic!("a call of a failover set was polled after it was done"),
        }
    }
}

/// A call that may be made at several members, one after another.
#[derive(Debug)]
pub(super) struct Again<F>(pub(super) F);

impl<'s, T: 's, R, F: FnMut(Chosen<'s, T>) -> R> Attempts<'s, T, R> for Again<F> {
    const AGAIN: bool = true;

    #[inline]
    fn make(&mut self, member: Chosen<'s, T>) -> R {
        (self.0)(member)
    }
}
