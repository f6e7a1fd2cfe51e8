//! `pressure`: samples the host's pressure for all that share a panel.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use fusebox::{
    PressureConfig, PressureError, PressureLevel, PressureReading, PressureSampler,
    PressureSettings,
};
use jiff::Timestamp;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

use crate::{
    args::Pressure,
    escape::escape,
    failure::{Failure, say},
    given::{self, Given},
    pressure::Pressed,
    source::{Source, shown},
};

/// How often it is seen that the panel's file was replaced.
const RENEWED: Duration = Duration::from_secs(1);

/// Samples until it is interrupted or terminated.
pub(super) fn run(
    panel: impl FnOnce() -> Result<PathBuf, Failure>,
    args: &Pressure,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let open =
        if args.own_group { PressureSampler::of_own_group } else { PressureSampler::of_host };
    if args.once {
        let mut sampler = open().map_err(|error| failure(&error))?;
        thread::sleep(PressureSampler::EVERY);
        return Ok(writeln!(out, "{}", sampler.sample().map_err(|error| failure(&error))?)?);
    }
    let settings = settings(&args.settings)?;
    let path = panel()?;
    let source = Source::write(&path)?;
    let sampler = open().map_err(|error| failure(&error))?;
    // Before anybody can know that we are here, and tell us to end.
    let told = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register(signal, Arc::clone(&told))
            .map_err(|error| Failure::because(format!("cannot listen to signals: {error}")))?;
    }
    say(&format!("sampling the host's pressure for {}", shown(&path)));
    let host =
        Host { sampler, settings, source, seen: PressureLevel::Calm, looked: Instant::now() };
    host.sample(&path, &told, out)
}

fn failure(error: &PressureError) -> Failure {
    Failure::because(escape(&error.to_string()))
}

fn settings(given: &[Given]) -> Result<PressureSettings, Failure> {
    given::once(given)?;
    let set = |config: PressureConfig, Given { setting, value }: &Given| {
        config.set(setting.name(), *value).expect("it is from the table")
    };
    let config = given.iter().fold(PressureConfig::new(), set);
    config.try_build().map_err(|error| Failure::because(error.to_string()))
}

struct Host {
    sampler: PressureSampler,
    settings: PressureSettings,
    source: Source,
    /// The level that was printed last.
    seen: PressureLevel,
    /// When the file was looked for.
    looked: Instant,
}

impl Host {
    fn sample(
        mut self,
        path: &Path,
        told: &AtomicBool,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        self.source.host()?.set_settings(self.settings);
        // A flag of its own: relaxed.
        while !told.load(Ordering::Relaxed) {
            thread::sleep(PressureSampler::EVERY);
            if self.looked.elapsed() >= RENEWED {
                self.looked = Instant::now();
                self.renew(path)?;
            }
            let reading = self.sampler.sample().map_err(|error| failure(&error))?;
            self.tell(reading, out)?;
        }
        self.source.host()?.clear();
        Ok(())
    }

    /// Writes a reading into the panel, and prints a new level.
    fn tell(&mut self, reading: PressureReading, out: &mut impl Write) -> Result<(), Failure> {
        let level = self.source.host()?.set(reading);
        if level != self.seen {
            self.seen = level;
            writeln!(out, "{:.3} {}", Timestamp::now(), Pressed { reading, level })?;
            out.flush()?;
        }
        Ok(())
    }

    /// Follows a file that took the place of the panel's.
    fn renew(&mut self, path: &Path) -> Result<(), Failure> {
        // While there is none, the old one is all there is.
        if let Ok(Some(renewed)) = self.source.renewed() {
            self.source = renewed;
            self.source.host()?.set_settings(self.settings);
            say(&format!("{} was replaced: sampling for the new one", shown(path)));
        }
        Ok(())
    }
}
