//! The only import of atomics: `portable-atomic`'s, or loom's under
//! `cfg(fusebox_loom)`.

#[cfg(fusebox_loom)]
pub mod defects;

pub(crate) use portable_atomic::Ordering;

/// Atomics under test: the words of a breaker and of a registry.
#[cfg(not(fusebox_loom))]
pub(crate) use portable_atomic::AtomicU64;
#[cfg(not(any(fusebox_loom, fusebox_compact)))]
pub(crate) use portable_atomic::fence;

#[cfg(fusebox_loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, fence};

/// An atomic that loom never sees, for what no model is about: a manual
/// clock's time, the process's seed. Each one modelled would multiply the
/// interleavings for nothing.
pub(crate) use portable_atomic::AtomicU64 as UnmodelledU64;
#[cfg(all(feature = "std", not(fusebox_loom)))]
pub(crate) use portable_atomic::{AtomicBool as UnmodelledBool, AtomicUsize as UnmodelledUsize};

/// Declares a function that is `const`, except under loom, whose atomics have
/// no `const` constructor.
macro_rules! const_fn {
    ($(#[$meta:meta])* $vis:vis fn $($rest:tt)*) => {
        #[cfg(not(fusebox_loom))]
        $(#[$meta])*
        $vis const fn $($rest)*
        #[cfg(fusebox_loom)]
        $(#[$meta])*
        $vis fn $($rest)*
    };
}
pub(crate) use const_fn;

// A defect that a loom test plants in this code, to prove that its model sees
// it. Everywhere else this is the literal `false`, and compiles to nothing.
#[cfg(not(fusebox_loom))]
macro_rules! planted {
    ($defect:ident) => {
        false
    };
}
#[cfg(fusebox_loom)]
macro_rules! planted {
    ($defect:ident) => {
        $crate::sync::defects::is($crate::sync::defects::Defect::$defect)
    };
}
pub(crate) use planted;
