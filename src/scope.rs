//! A value of a thread's own, in force for as long as a guard lives.

use core::{cell::Cell, fmt, marker::PhantomData};
use std::thread::LocalKey;

/// Puts a value in force on this thread; the one from before comes back when this is
/// dropped, be it by a panic. Guards are dropped in the reverse order.
pub(crate) struct Scope<T: Copy + 'static> {
    current: &'static LocalKey<Cell<T>>,
    before: T,
    /// Not `Send`: what it ends is its own thread's.
    thread: PhantomData<*const ()>,
}

impl<T: Copy> Scope<T> {
    /// Begins it on this thread.
    pub(crate) fn begin(current: &'static LocalKey<Cell<T>>, value: T) -> Self {
        // On a thread that ends there is none to come back.
        let before = current.try_with(|it| it.replace(value)).unwrap_or(value);
        Self { current, before, thread: PhantomData }
    }
}

impl<T: Copy> Drop for Scope<T> {
    fn drop(&mut self) {
        // A thread that ends has no scope any more.
        let _ = self.current.try_with(|current| current.set(self.before));
    }
}

impl<T: Copy + fmt::Debug> fmt::Debug for Scope<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("before", &self.before).finish_non_exhaustive()
    }
}
