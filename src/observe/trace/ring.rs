//! The ring: how records are written by many threads and processes, and read.

use super::{
    entries::Entries,
    record::{LAP, Record},
};
use crate::sync::{AtomicU64, Ordering, const_fn, planted};

/// One word of the memory of a [`Trace`].
#[derive(Debug)]
#[repr(transparent)] // so that it can lie in memory which others map, too
pub struct TraceWord(AtomicU64);

impl TraceWord {
    const_fn! {
        /// Makes a word in which nothing is written.
        #[must_use]
        pub fn new() -> Self {
            Self::of(0)
        }
    }

    const_fn! {
        /// Makes a word that holds these bits, as it was read from a file.
        #[must_use]
        pub fn of(bits: u64) -> Self {
            Self(AtomicU64::new(bits))
        }
    }
}

impl Default for TraceWord {
    fn default() -> Self {
        Self::new()
    }
}

/// A ring that keeps the last records of calls, 8 bytes each: what a program did, to be
/// [replayed](crate::CircuitBreaker::set_recorded).
///
/// It is a reference to words that lie in a `static` or in shared memory; pass it by
/// value. To write a record is one `fetch_add` and one store. Nobody waits: a reader
/// leaves out what is being written, or was written over.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, Trace, TraceWord, set_trace};
///
/// static WORDS: [TraceWord; Trace::words(1024)] = [const { TraceWord::new() }; Trace::words(1024)];
/// static SHOP: CircuitBreaker = CircuitBreaker::named("shop", BreakerConfig::new().build());
///
/// set_trace(Trace::new(&WORDS)).expect("the first one");
/// SHOP.set_recorded(Some(1)); // as number 1
/// let _ = SHOP.call(|| "x".parse::<u32>());
/// for entry in Trace::new(&WORDS).entries() {
///     println!("{entry:?}");
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    /// Those of the head, and then a power of two.
    words: &'a [TraceWord],
}

/// The words before the first record: a cache line, in which writers count.
const HEAD: usize = if cfg!(fusebox_loom) { 1 } else { 8 };

impl<'a> Trace<'a> {
    /// The least number of records in a ring.
    pub const LEAST: usize = if cfg!(fusebox_loom) { 1 } else { 64 };

    /// Returns how many words a ring of so many records takes.
    #[must_use]
    pub const fn words(records: usize) -> usize {
        HEAD + records
    }

    /// Makes a trace of these words, which are new, or what a trace left there. It keeps
    /// as many records as fit, rounded down to a power of two.
    ///
    /// # Panics
    /// When fewer than [`LEAST`](Self::LEAST) fit; in a `const` that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn new(words: &'a [TraceWord]) -> Self {
        assert!(words.len() >= HEAD + Self::LEAST, "a trace needs words for 64 records at least");
        let records = 1 << (words.len() - HEAD).ilog2();
        Self { words: words.split_at(HEAD + records).0 }
    }

    /// Returns how many records it keeps.
    #[must_use]
    #[inline]
    pub const fn capacity(self) -> usize {
        self.words.len() - HEAD
    }

    /// Returns how many records were written so far. All but the last
    /// [`capacity`](Self::capacity) are written over.
    #[must_use]
    pub fn written(self) -> u64 {
        // A number of its own: relaxed.
        self.head().load(Ordering::Relaxed)
    }

    /// Reads what is there now, from the oldest to the latest.
    pub fn entries(self) -> Entries<'a> {
        Entries::new(self, self.written())
    }

    /// The number of the quarter of the ring that is being written, from 0.
    pub(crate) fn quarter(self) -> u64 {
        self.written() >> self.capacity().ilog2().saturating_sub(2)
    }

    #[inline]
    const fn head(self) -> &'a AtomicU64 {
        &self.words[0].0
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation)] // the low bits
    const fn place(self, position: u64) -> &'a AtomicU64 {
        &self.words[HEAD + (position as usize & (self.capacity() - 1))].0
    }

    /// The bit of the lap to which a position belongs. A word in which nothing was
    /// written has none.
    #[inline]
    const fn lap(self, position: u64) -> u64 {
        if position & self.capacity() as u64 == 0 { LAP } else { 0 }
    }

    /// Writes these records in a row.
    #[inline]
    pub(crate) fn write<const N: usize>(self, records: [Record; N]) {
        // Each position is one writer's. The claim publishes nothing: relaxed.
        let first = if planted!(TraceClaimedByStore) {
            let first = self.head().load(Ordering::Relaxed);
            self.head().store(first + N as u64, Ordering::Relaxed);
            first
        } else {
            self.head().fetch_add(N as u64, Ordering::Relaxed)
        };
        for (position, record) in (first..).zip(records) {
            // Release: whoever reads this record sees that its position was claimed,
            // and so does not take it for a record of two laps before.
            self.place(position).store(record.bits() | self.lap(position), Ordering::Release);
        }
    }

    /// The record at a position, unless it is being written, or was written over.
    pub(super) fn read(self, position: u64) -> Option<Record> {
        let found = self.place(position).load(Ordering::Acquire);
        // The writer has claimed its position and not yet stored, or the next lap is
        // here already.
        if found & LAP != self.lap(position) && !planted!(OldRecordIsShown) {
            return None;
        }
        // Two laps later the bit is the same; but then the head is as far.
        let over = self.written() > position + self.capacity() as u64;
        (!over || planted!(OldRecordIsShown)).then(|| Record::from_bits(found))
    }
}
