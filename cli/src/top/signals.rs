//! Signals that end the screen, after the terminal is itself again.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    flag, low_level,
};

/// The signal that came last, if any.
pub(crate) struct Signals(Arc<AtomicUsize>);

impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        let came = Arc::new(AtomicUsize::new(0));
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            flag::register_usize(signal, Arc::clone(&came), signal.unsigned_abs() as usize)?;
        }
        Ok(Self(came))
    }

    pub(crate) fn came(&self) -> bool {
        // A number of its own: relaxed.
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Ends the process as the signal would have, so that a shell sees it so.
    pub(crate) fn obey(&self) {
        if let Ok(signal @ 1..) = i32::try_from(self.0.load(Ordering::Relaxed)) {
            // It fails for a signal that cannot be obeyed, and these can.
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}
