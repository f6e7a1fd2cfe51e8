//! Files for Prometheus and Grafana: taken by Prometheus's own tool, and kept in the docs.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// `promtool` on these files; `None` where it is missing, which is said.
pub fn promtool(files: &[(&str, &str)], args: &[&str]) -> Option<Output> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    match Command::new("promtool").args(args).current_dir(folder.path()).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("LEFT OUT: there is no promtool (Debian: apt-get install prometheus)");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
pub fn takes(files: &[(&str, &str)], args: &[&str]) {
    let Some(output) = promtool(files, args) else { return };
    let said = [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    assert!(output.status.success(), "{}", said.concat());
}

/// The folder of the docs, which a package has not.
pub fn docs() -> Option<PathBuf> {
    Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")).filter(|docs| docs.is_dir())
}
