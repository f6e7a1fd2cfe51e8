//! Circuit breakers that all processes of a host share.
//!
//! A breaker is a few atomic words, so it can lie in a file that many
//! processes map: the first to learn of an outage protects the others, workers
//! that are restarted know what their predecessors knew, and a tool can look at
//! a running program's breakers. The breakers are those of [`fusebox`], the code
//! is the same, and a healthy call costs the same instructions.
//!
//! ```
//! use core::time::Duration;
//! use fusebox::{BreakerConfig, CircuitBreaker};
//! use fusebox_shm::{Options, SharedRegistry};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("panel");
//! // In every process. A service would say "/run/shop/panel".
//! let panel = SharedRegistry::<64>::open(&path, Options::new())?;
//! let settings = BreakerConfig::new().recovery_timeout(Duration::from_secs(30)).build();
//! let ai: &CircuitBreaker = panel.get_or_init("ai_provider", settings)?;
//! assert_eq!(ai.call(|| "42".parse::<i32>()), Ok(42));
//!
//! // Another process: here another mapping of the same file.
//! let other = SharedRegistry::<64>::open(&path, Options::new())?;
//! ai.force_open();
//! assert!(other.get_or_default("ai_provider")?.try_acquire().is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to put the file
//! In a memory file system, in a folder where only your own users can write:
//! `/run/NAME` of a service, or `$XDG_RUNTIME_DIR`. Its state is then gone
//! after a reboot, which is what one mostly wants. On a disk it outlives that,
//! at a price: a write to the mapping may have to wait for the disk, when the
//! kernel writes the page back or has to read it in again. Not on a network
//! file system, where each host has memory of its own.
//!
//! Who can write the file can open and close every breaker in it, and truncate
//! it; hence its mode is 0600 unless you ask for another. Who can write its
//! folder can put another file there before your program does.
//!
//! # Truncation
//! A program that touches memory which lies beyond the end of its file is ended
//! by SIGBUS. So is one whose panel somebody truncates, and Linux has no means
//! to forbid that for a file on a file system. The file's owner and root can do
//! it, and whom else the mode allows to write: do not. Replacing the file by
//! another (`mv`), or deleting it, harms nobody: programs that have it open keep
//! the old one until they end, and share nothing with those that come later.
//!
//! A full disk would be a SIGBUS as well, for a file that has holes. So all of
//! it gets its place on the disk when it is made, and, should it be a copy with
//! holes, when it is opened; without room that is an error. A file system that
//! never writes twice to one place (btrfs) cannot promise so much.
//!
//! Where processes descend from one parent, [`SharedRegistry::sealed`] makes
//! memory that has no name in a file system and which nobody, root included,
//! can truncate.
//!
//! # Time
//! Stamps are those of the host's monotonic clock, the same in all processes. It
//! starts anew when the host does: the first to open the file after a reboot
//! stamps its breakers anew, so that an open one waits for one recovery timeout
//! from then on. Processes in Linux time namespaces whose monotonic clocks
//! differ cannot share a panel, and are told so. Containers can, except where
//! the container's manager makes up a boot identity for each of them.
//!
//! # Crashes
//! A process can be killed at any instruction: nothing is locked, so nobody
//! waits for it. What it leaves behind is at worst a probe's place, which the
//! next caller gets after one recovery timeout, and a slot without its whole
//! name, which its next registration completes.
//!
//! # Limits
//! A slot has limits beside its breaker ([`Registry::limits`](fusebox::Registry::limits)):
//! a rate limit and a retry budget, which all processes share as they do the breaker. A
//! process that is killed takes nothing with it: what it has taken of either comes back
//! with the time. After a reboot the burst is unspent and the budget full. A bulkhead needs
//! to know who holds its places, so it has a type of its own: [`SharedRegistry::bulkhead`].
//! Its places say which process holds them, and those of one that was killed go to the next
//! who finds it full. After a reboot all are free.
//!
//! ```
//! use fusebox::RateConfig;
//! use fusebox_shm::{Options, SharedRegistry};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("panel");
//! // 20 calls at once, and 100 a second, of all processes together.
//! let panel = SharedRegistry::<64>::open(&path, Options::new())?;
//! let quota = panel.limits("shop")?.rate_limit();
//! quota.init_settings(RateConfig::per_second(100).burst(20).build());
//! assert!(quota.try_acquire().is_ok());
//!
//! // 32 calls in flight, of all processes together.
//! let workers = panel.bulkhead("shop")?;
//! workers.init_limit(32)?;
//! let place = workers.try_acquire()?;
//! assert_eq!(workers.in_flight(), 1);
//! # drop(place);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The bulkhead that a slot's limits have ([`Limits::bulkhead`](fusebox::Limits::bulkhead))
//! holds no call to that limit: it would lose the places of a process that is killed. In a
//! panel the limit is 62 at most; a [`SharedBulkhead`] has a file of its own, and up to 65536
//! places.
//!
//! # The attributes' breakers
//! The functions under fusebox's attributes find their breakers in the process's
//! own registry, of 256 slots. That can be a shared one, if it is installed
//! before their first use:
//!
//! ```
//! use fusebox::set_global;
//! use fusebox_shm::{Options, SharedRegistry};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("panel");
//! set_global(SharedRegistry::<256>::open(&path, Options::new())?.leak())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where it runs
//! Linux and Android, on targets with 64-bit atomics; elsewhere the crate does
//! not compile, and says why.
#![deny(unsafe_op_in_unsafe_fn)]

#[cfg(not(any(target_os = "linux", target_os = "android")))]
compile_error!(
    "fusebox-shm runs on Linux and Android only: it needs a monotonic clock that all processes \
     share, and the kernel's boot identity"
);

#[cfg(not(target_has_atomic = "64"))]
compile_error!(
    "fusebox-shm needs a target with 64-bit atomics: where they are made of locks, each process \
     has locks of its own"
);

#[cfg(any(fusebox_loom, fusebox_compact))]
compile_error!(
    "fusebox-shm shares plain slots of the full size: build it without `fusebox_loom` and \
     `fusebox_compact`"
);

mod bulkhead;
mod create;
mod epoch;
mod error;
mod header;
mod map;
mod open;
mod options;
mod panel;
mod rebase;
mod registry;
mod sealed;
mod trace;
#[cfg(target_pointer_width = "64")]
mod view;

pub use bulkhead::{PanelBulkhead, PanelPlace, SharedBulkhead, SharedPlace};
pub use error::{BulkheadError, OpenError, Problem};
pub use options::Options;
pub use panel::SharedPanel;
pub use registry::SharedRegistry;
pub use trace::SharedTrace;
#[cfg(target_pointer_width = "64")]
pub use trace::SharedTraceView;
#[cfg(target_pointer_width = "64")]
pub use view::SharedView;
