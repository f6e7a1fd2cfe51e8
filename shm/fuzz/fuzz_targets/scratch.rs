//! A place for files, and the bytes of a good one.

use std::{
    fs,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
    sync::LazyLock,
};

use fusebox_shm::SharedRegistry;
use rustix::fs::{MemfdFlags, memfd_create};

/// Memory that vanishes with the fuzzer, however that ends.
static FILE: LazyLock<(OwnedFd, PathBuf)> = LazyLock::new(|| {
    let file = memfd_create("fuzz", MemfdFlags::CLOEXEC).expect("memory");
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    (file, path)
});

static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let panel = SharedRegistry::<8>::sealed("good").expect("memory");
    panel.get_or_default("shop").expect("it has room");
    fs::read(panel.path()).expect("it was just made")
});

/// Where to write files, and what a good one holds.
pub fn panel() -> (&'static Path, &'static [u8]) {
    (&FILE.1, &GOOD)
}
