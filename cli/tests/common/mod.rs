//! Panels, and the command run on them.
#![allow(dead_code, unreachable_pub)] // each test uses some of it

pub mod busy;
pub mod learned;
pub mod monitoring;
pub mod nobody;
pub mod server;
pub mod store;
pub mod terminal;
pub mod trial;

use std::{
    ffi::OsStr,
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use fusebox::{BreakerConfig, BreakerSettings, CircuitBreaker, CountCalls, StdClock};
use fusebox_shm::{Options, SharedRegistry};
use tempfile::TempDir;

/// Whatever a condition waits for comes much sooner, on any machine.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// A panel of 16 slots in a folder of its own, as a program has it.
pub struct Panel {
    folder: TempDir,
    shared: SharedRegistry<16>,
}

impl Panel {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shared = SharedRegistry::open(folder.path().join("panel"), Options::new()).unwrap();
        Self { folder, shared }
    }

    /// With breakers of these names, that open at the third failure and for an
    /// hour.
    pub fn with(names: &[&str]) -> Self {
        let panel = Self::new();
        for name in names {
            panel.shared.get_or_init(*name, settings()).unwrap();
        }
        panel
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("panel")
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().into()
    }

    pub fn breaker(&self, name: &str) -> &CircuitBreaker {
        self.shared.get_or_init(name, settings()).unwrap()
    }

    /// The same file, by a program that counts its calls.
    pub fn counting(&self) -> SharedRegistry<16, StdClock, CountCalls> {
        SharedRegistry::open_with(self.path(), Options::new()).unwrap()
    }

    /// Writes another name of the same length over one in the file's bytes, as
    /// a foreign writer can.
    pub fn overwrite_name(&self, from: &str, to: &[u8]) {
        assert_eq!(from.len(), to.len());
        let (old, new) = (from.as_bytes(), to);
        let mut bytes = fs::read(self.path()).unwrap();
        let at = bytes.windows(old.len()).position(|it| it == old).expect("the name is there");
        bytes[at..at + new.len()].copy_from_slice(new);
        // In place: the file is mapped.
        let mut file = fs::OpenOptions::new().write(true).open(self.path()).unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
    }

    /// The command on this panel.
    pub fn command(&self) -> Command {
        let mut command = fusebox();
        command.arg("--panel").arg(self.path());
        command
    }

    /// The command on this panel, ended.
    pub fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Ran {
        Ran::of(self.command().args(args))
    }
}

pub fn settings() -> BreakerSettings {
    BreakerConfig::new().failure_threshold(3).recovery_timeout(Duration::from_hours(1)).build()
}

pub fn fail(breaker: &CircuitBreaker, times: u32) {
    for _ in 0..times {
        let _ = breaker.call(|| Err::<(), _>("down"));
    }
}

/// The command, with nothing of this environment that it would heed.
pub fn fusebox() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fusebox"));
    for variable in [
        "FUSEBOX_PANEL",
        "FUSEBOX_STORE",
        "FUSEBOX_NAMESPACE",
        "FUSEBOX_FLEET_KEY",
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    /// What it printed; it went well, and had nothing to say on the error
    /// output.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    /// What it said on the error output; it ended with `code` and printed
    /// nothing.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{}", self.err);
        self.err
    }
}

impl From<Output> for Ran {
    fn from(Output { status, stdout, stderr }: Output) -> Self {
        Self {
            code: status.code(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}

/// Asks again and again until there is an answer.
#[track_caller]
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < DEADLINE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
