//! A folder with a storm and settings, and `try` run in it.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::{Ran, fusebox};

/// Short, so that a try of all rules takes no time: twenty seconds of calm, ten of errors,
/// half a minute of calm.
pub const STORM: &str = r#"
title = "Ten seconds of errors"
text = """
The first line.
The second one."""
[clients]
per_second = 100
[service]
latency.fixed = "20ms"
[[phases]]
lasts = "20s"
[[phases]]
lasts = "10s"
errors = "100%"
[[phases]]
lasts = "30s"
"#;

/// A folder with a storm and two breakers' settings.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "storm.toml", STORM);
    write(&folder, "quick.toml", "failure_threshold = 5\nrecovery_timeout_ms = 1000\n");
    write(&folder, "slow.toml", "failure_threshold = 5\nrecovery_timeout_ms = 25000\n");
    folder
}

pub fn write(folder: &TempDir, file: &str, text: &str) -> PathBuf {
    let path = folder.path().join(file);
    fs::write(&path, text).unwrap();
    path
}

/// The command in that folder.
pub fn tried(folder: &TempDir, args: &[&str]) -> Ran {
    Ran::of(fusebox().current_dir(folder.path()).arg("try").args(args))
}
