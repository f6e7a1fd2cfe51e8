//! What the tests share: a folder with a panel in it, other processes, and a
//! user without root's powers.
#![allow(dead_code, unreachable_pub)] // each test file uses its share

use std::{
    env,
    ffi::CStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use fusebox::{BreakerConfig, BreakerSettings};
use fusebox_shm::{OpenError, Options, SharedRegistry};
use rustix::{
    mount::{MountFlags, UnmountFlags, mount, unmount},
    process::{Gid, Signal, Uid},
};
use tempfile::TempDir;

/// A recovery timeout that no test waits for.
pub const LONG: Duration = Duration::from_hours(1);

/// One failure opens; an hour until the first probe.
pub const fn brittle() -> BreakerSettings {
    BreakerConfig::new().failure_threshold(1).recovery_timeout(LONG).build()
}

/// A folder, and the path of a panel in it that is not made yet.
pub struct Bench {
    pub folder: TempDir,
    pub path: PathBuf,
}

impl Bench {
    /// In memory, where there is a file system for that.
    pub fn new() -> Self {
        let shm = Path::new("/dev/shm");
        let folder = if shm.is_dir() { TempDir::new_in(shm) } else { TempDir::new() };
        let folder = folder.expect("a folder for tests");
        Self { path: folder.path().join("panel"), folder }
    }

    /// With a panel of eight slots, of which one is registered: `shop`.
    pub fn with_shop() -> Self {
        let bench = Self::new();
        bench.open().get_or_init("shop", brittle()).unwrap();
        bench
    }

    pub fn open(&self) -> SharedRegistry<8> {
        self.try_open().unwrap()
    }

    pub fn try_open(&self) -> Result<SharedRegistry<8>, OpenError> {
        SharedRegistry::open(&self.path, Options::new())
    }

    pub fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    /// Writes a word of the header anew, counted from 0.
    pub fn set_word(&self, at: usize, change: impl FnOnce(u64) -> u64) {
        let mut bytes = self.bytes();
        let word: &mut [u8; 8] = bytes[at * 8..].first_chunk_mut().unwrap();
        *word = change(u64::from_ne_bytes(*word)).to_ne_bytes();
        fs::write(&self.path, bytes).unwrap();
    }
}

/// The word of the header that says whose clock stamped the slots.
pub const EPOCH: usize = 6;

/// What this process is to do, if it is another's child: the test that is
/// called `child` does it. It ends with its parent.
pub fn role() -> Option<String> {
    let role = env::var("FUSEBOX_SHM_ROLE").ok()?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).unwrap();
    Some(role)
}

pub fn panel_of_child() -> PathBuf {
    env::var_os("FUSEBOX_SHM_PANEL").expect("the parent says which").into()
}

/// This test program once more, in another process, with a role to play.
pub fn process(role: &str, panel: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
        .env("FUSEBOX_SHM_ROLE", role)
        .env("FUSEBOX_SHM_PANEL", panel)
        .stdout(Stdio::null());
    command
}

/// Ends a child, whatever becomes of the test.
pub struct Reaped(pub Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until it holds: a test that hangs for a minute has failed.
pub fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_mins(1), "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs `test` as the user nobody, in a thread of its own: the kernel keeps
/// users by thread. False, with a reason, where this user may not do that.
pub fn as_nobody(test: impl FnOnce() + Send) -> bool {
    const NOBODY: u32 = 65_534;
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can become another user");
        return false;
    }
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            rustix::thread::set_thread_groups(&[]).unwrap();
            let (group, user) = (Gid::from_raw(NOBODY), Uid::from_raw(NOBODY));
            rustix::thread::set_thread_res_gid(group, group, group).unwrap();
            rustix::thread::set_thread_res_uid(user, user, user).unwrap();
            test();
        });
        thread.join().unwrap();
    });
    true
}

/// A file system that is mounted on a folder, until this is dropped.
pub struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    /// None, with a reason, where this user may not mount.
    pub fn new(kind: &str, at: &'a Path, data: &CStr) -> Option<Self> {
        match mount("none", at, kind, MountFlags::empty(), data) {
            Ok(()) => Some(Self(at)),
            Err(error) => {
                eprintln!("skipped: no file system can be mounted here: {error}");
                None
            }
        }
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = unmount(self.0, UnmountFlags::DETACH);
    }
}
