//! Why a command ends early, and with which code.

use std::{
    fmt,
    io::{self, Write as _},
    process::ExitCode,
};

/// A command ends early.
#[derive(Debug)]
pub enum Failure {
    /// It could not be done: code 1, and the reason on one line.
    Failed(String),
    /// It was not understood: code 2, and what to write instead.
    Usage(String),
    /// Whoever read its output has gone, as `| head -1` does: no failure.
    Unread,
}

impl Failure {
    /// Something that could not be done, for this reason.
    pub fn because(reason: impl Into<String>) -> Self {
        Self::Failed(reason.into())
    }

    /// Says why on the error output, and gives the code to end with.
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Failed(reason) => {
                say(&format!("{ERROR}error:{ERROR:#} {reason}"));
                ExitCode::FAILURE
            }
            Self::Usage(reason) => {
                say(&format!(
                    "{ERROR}error:{ERROR:#} {reason}\n\nFor more information, try '--help'."
                ));
                ExitCode::from(2)
            }
            Self::Unread => ExitCode::SUCCESS,
        }
    }
}

/// Says something that is no output. Should nobody be there to hear it, as when
/// a terminal has gone, it is not said: `eprintln!` would panic.
pub fn say(what: &str) {
    let _ = writeln!(anstream::stderr(), "{what}");
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(reason) | Self::Usage(reason) => f.write_str(reason),
            Self::Unread => f.write_str("nobody reads the output"),
        }
    }
}

/// As clap's own errors look.
const ERROR: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();

impl From<io::Error> for Failure {
    /// An error of the output.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Failed(format!("cannot write the output: {error}")),
        }
    }
}
