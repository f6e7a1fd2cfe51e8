//! Mistakes in attributes, each with the text that the compiler prints.
//! `TRYBUILD=overwrite cargo test -p fusebox-attributes --test ui` accepts new
//! texts; read them before.

use std::process::Command;

/// The compiler whose texts they are; each one words them a little otherwise.
const COMPILER: &str = env!("CARGO_PKG_RUST_VERSION");

#[test]
fn mistakes_are_explained() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("rustc runs").stdout;
    let version = String::from_utf8_lossy(&version);
    if version.starts_with(&format!("rustc {COMPILER}")) {
        trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
    } else {
        println!("skipped: these are the texts of {COMPILER}, and this is {version}");
    }
}
