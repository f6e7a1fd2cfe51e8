//! The mapped file: all of this crate's `unsafe`.
#![allow(unsafe_code)] // a reference into a mapping cannot be made without it

#[cfg(target_pointer_width = "64")]
mod read_only;

use core::{mem, sync::atomic::AtomicU64};
use std::{fs::File, io};

use fusebox::{CircuitBreaker, ConstDefault, Limits, Pressure, Registry, TraceWord};
use memmap2::{MmapOptions, MmapRaw};

#[cfg(target_pointer_width = "64")]
pub(crate) use read_only::ReadOnly;

use crate::header::{self, Kind, PlaceWords};

/// A panel's file, a trace's, or a bulkhead's, in this process's memory.
///
/// Others write to it at any time, and can write anything. That is sound as all
/// access, by whichever process, is by atomic operations, to types for which
/// every pattern of bits is a value: `AtomicU64`s, and what is made of them
/// alone.
#[derive(Debug)]
pub(crate) struct Map {
    kind: &'static Kind,
    /// Never shorter than the header and the slots. Its address is a page's,
    /// and stays the same until it is dropped.
    memory: MmapRaw,
    slots: usize,
}

impl Map {
    /// Maps a file that has this many slots, for reading and writing.
    pub(crate) fn writable(kind: &'static Kind, file: &File, slots: usize) -> io::Result<Self> {
        Ok(Self { kind, memory: size(kind, slots)?.map_raw(file)?, slots })
    }

    /// The header's word that says whose clock has stamped the slots.
    pub(crate) fn epoch(&self) -> &AtomicU64 {
        // SAFETY: inside the header, which is mapped for as long as `self` is
        // borrowed; aligned, as the mapping is to a page. See `Map` for why
        // others may write there.
        unsafe { &*self.memory.as_ptr().add(header::EPOCH_AT).cast() }
    }

    /// The header's word that says whether tuning is frozen.
    pub(crate) fn freeze(&self) -> &AtomicU64 {
        self.check_kind::<[u8; header::PANEL.slot()]>();
        // SAFETY: inside the header, which is mapped for as long as `self` is
        // borrowed; aligned, as the mapping is to a page. See `Map` for why
        // others may write there.
        unsafe { &*self.memory.as_ptr().add(header::FREEZE_AT).cast() }
    }

    /// The host's pressure, as one sampler writes it for all processes.
    pub(crate) fn pressure<C: ConstDefault>(&self) -> &Pressure<C> {
        const {
            assert!(
                size_of::<Pressure<C>>() == 2 * size_of::<AtomicU64>()
                    && align_of::<Pressure<C>>() == align_of::<AtomicU64>(),
                "a clock in shared memory must have no size, and no alignment"
            );
            assert!(header::PRESSURE_AT + size_of::<Pressure<C>>() <= header::SIZE);
            // It has values, and any number of them.
            mem::forget(C::DEFAULT);
        }
        self.check_kind::<[u8; header::PANEL.slot()]>();
        // SAFETY: inside the header, which is mapped for as long as `self` is borrowed;
        // aligned, as the mapping is to a page. A pressure is two atomic words, for which
        // every pattern of bits is a value, and a clock without a size, of a type that has
        // a value. See `Map` for why others may write there.
        unsafe { &*self.memory.as_ptr().add(header::PRESSURE_AT).cast() }
    }

    /// The slots' breakers.
    pub(crate) fn slots<C: ConstDefault, O: ConstDefault>(&self) -> &[CircuitBreaker<C, O>] {
        self.check_kind_of_panel::<C, O>();
        // SAFETY: the mapping is as long as the header and the breakers and limits of
        // `self.slots` slots, and lives as long as the borrow of `self`. The breakers come
        // first. They are aligned, as the mapping is to a page and the header is a multiple
        // of their alignment. A breaker is atomic words and two values without a size, of
        // types that have a value; see `Map` for why others may write there.
        unsafe {
            let first = self.memory.as_ptr().add(header::SIZE).cast();
            core::slice::from_raw_parts(first, self.slots)
        }
    }

    /// The slots' limits.
    pub(crate) fn limits<C: ConstDefault, O: ConstDefault>(&self) -> &[Limits<C, O>] {
        self.check_kind_of_panel::<C, O>();
        let breakers = self.slots * size_of::<CircuitBreaker>();
        // SAFETY: as for `slots`. The limits come after the breakers, whose size is a
        // multiple of their alignment. They are atomic words and values without a size, too.
        unsafe {
            let first = self.memory.as_ptr().add(header::SIZE + breakers).cast();
            core::slice::from_raw_parts(first, self.slots)
        }
    }

    /// The words of the slots' bulkheads.
    pub(crate) fn places(&self) -> &[PlaceWords] {
        self.check_kind::<[u8; header::PANEL.slot()]>();
        let before = self.slots * (size_of::<CircuitBreaker>() + size_of::<Limits>());
        // SAFETY: as for `slots`. They come after the limits, whose size is a multiple of
        // their alignment, and are atomic words.
        unsafe {
            let first = self.memory.as_ptr().add(header::SIZE + before).cast();
            core::slice::from_raw_parts(first, self.slots)
        }
    }

    /// It is a panel, and this clock and this observer can be in one.
    fn check_kind_of_panel<C: ConstDefault, O: ConstDefault>(&self) {
        const {
            assert!(
                size_of::<C>() == 0 && size_of::<O>() == 0,
                "a clock and an observer in shared memory must have no size"
            );
            assert!(
                size_of::<CircuitBreaker<C, O>>() == size_of::<CircuitBreaker>()
                    && align_of::<CircuitBreaker<C, O>>() == align_of::<CircuitBreaker>()
                    && size_of::<Limits<C, O>>() == size_of::<Limits>()
                    && align_of::<Limits<C, O>>() == align_of::<Limits>(),
                "a clock and an observer in shared memory must not change a slot's alignment"
            );
            assert!(header::SIZE.is_multiple_of(align_of::<CircuitBreaker>()));
            assert!(align_of::<CircuitBreaker>().is_multiple_of(align_of::<Limits>()));
            assert!(align_of::<Limits>().is_multiple_of(align_of::<PlaceWords>()));
            // They have values, and any number of them.
            mem::forget((C::DEFAULT, O::DEFAULT));
        }
        self.check_kind::<[u8; header::PANEL.slot()]>();
    }

    /// The words of a trace.
    pub(crate) fn words(&self) -> &[TraceWord] {
        self.check_kind::<TraceWord>();
        // SAFETY: the mapping is as long as the header and `self.slots` words, and lives
        // as long as the borrow of `self`. They are aligned, as the mapping is to a page
        // and the header is a multiple of 8 bytes. A `TraceWord` is a transparent
        // wrapper of an atomic; see `Map` for why others may write there.
        unsafe {
            let first = self.memory.as_ptr().add(header::SIZE).cast();
            core::slice::from_raw_parts(first, self.slots)
        }
    }

    /// The words of a bulkhead.
    pub(crate) fn numbers(&self) -> &[AtomicU64] {
        self.check_kind::<AtomicU64>();
        // SAFETY: the mapping is as long as the header and `self.slots` words, and lives
        // as long as the borrow of `self`. They are aligned, as the mapping is to a page
        // and the header is a multiple of 8 bytes; see `Map` for why others may write
        // there.
        unsafe {
            let first = self.memory.as_ptr().add(header::SIZE).cast();
            core::slice::from_raw_parts(first, self.slots)
        }
    }

    /// Its slots are as large as a `T`: the number of slots is that of `T`s.
    fn check_kind<T>(&self) {
        assert!(self.kind.slot() == size_of::<T>(), "a file is mapped as what it is");
    }

    /// The slots as a registry.
    ///
    /// # Panics
    /// Unless there are `N`.
    pub(crate) fn registry<const N: usize, C: ConstDefault, O: ConstDefault>(
        &self,
    ) -> &Registry<N, C, O> {
        const {
            let places = size_of::<PlaceWords>();
            assert!(size_of::<Registry<N, C, O>>() == N * (header::PANEL.slot() - places));
            assert!(align_of::<Registry<N, C, O>>() == align_of::<CircuitBreaker>());
        }
        self.check_kind_of_panel::<C, O>();
        assert!(self.slots == N, "their number was checked when the file was opened");
        // SAFETY: a `Registry` is, in the order of C, an array of `N` breakers and one of as
        // many limits, with nothing between or after them. The places come after both. See
        // `slots` and `limits`.
        unsafe { &*self.memory.as_ptr().add(header::SIZE).cast() }
    }
}

/// As much of a file as this many slots need.
fn size(kind: &Kind, slots: usize) -> io::Result<MmapOptions> {
    let size = header::file_size(kind, slots).ok_or(io::ErrorKind::FileTooLarge)?;
    let mut options = MmapOptions::new();
    options.len(size);
    Ok(options)
}
