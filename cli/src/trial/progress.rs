//! Which rule is being tried: said on a terminal only, on one line that goes again.

use std::io::{self, IsTerminal as _, Write as _};

use fusebox_lab::contender::Contender;

/// The line.
#[derive(Debug)]
pub struct Progress {
    of: usize,
    shown: bool,
}

impl Progress {
    /// For so many rules.
    #[must_use]
    pub fn new(of: usize) -> Self {
        Self { of, shown: io::stderr().is_terminal() }
    }

    /// The one at this place, from 0, begins.
    pub fn begins(&self, at: usize, contender: &Contender) {
        self.show(&format!("{} of {}: {}", at + 1, self.of, contender.name()));
    }

    /// Writes over the line; that nobody reads it is no failure.
    fn show(&self, line: &str) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K{line}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}
