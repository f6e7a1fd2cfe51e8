//! `fusebox serve`, as long as a test needs it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use super::Panel;

/// The server; it ends with the value.
pub struct Server {
    pub child: Child,
    /// `http://127.0.0.1:PORT/`
    pub url: String,
}

impl Server {
    /// On a free port of this machine's own.
    pub fn start(panel: &Panel, args: &[&str]) -> Self {
        Self::start_on(panel, "127.0.0.1:0", "100ms", args)
    }

    /// The same; a window of 61 readings is so long that none slips out of it
    /// before the test has seen it.
    pub fn start_slowly(panel: &Panel, interval: &str) -> Self {
        Self::start_on(panel, "127.0.0.1:0", interval, &[])
    }

    pub fn start_on(panel: &Panel, address: &str, interval: &str, args: &[&str]) -> Self {
        let mut child = panel
            .command()
            .args(["serve", "--interval", interval, "--listen", address])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("serving ").expect("it says where").to_owned();
        Self { child, url }
    }

    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
