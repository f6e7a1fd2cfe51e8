//! The command, run by a user who owns nothing.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, process::Command};

use super::Panel;

/// Gives the panel's file this mode, lets others into its folder, and returns
/// a copy of the command there: where it was built nobody may be able to look.
pub fn command_for(panel: &Panel, mode: u32) -> PathBuf {
    fs::set_permissions(panel.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(panel.path(), fs::Permissions::from_mode(mode)).unwrap();
    // Copied by another process: a file that is open for writing here could
    // not be run while any child of another test has inherited that.
    let own = panel.folder().join("fusebox");
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_fusebox")).arg(&own).status();
    assert!(copied.unwrap().success());
    own
}

/// What to put before a command line, so that a mode means something to it:
/// root may do all.
pub fn drop_privileges() -> &'static [&'static str] {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    if status.lines().any(|line| line.starts_with("Uid:\t0\t")) {
        &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    } else {
        &[]
    }
}
