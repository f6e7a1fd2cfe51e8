//! `drill`: faults for the calls of a live breaker, for a while.

use std::{
    fs,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use fusebox::{CircuitBreaker, Counters, Drill, DrillReading, Script, ScriptStep};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

use crate::{
    args::Drill as Args,
    drill,
    escape::escape,
    failure::{Failure, say},
    names,
    source::{Source, shown},
    text::{exact, short},
    trial::storms,
};

/// How often the breaker is looked at.
const LOOKS: Duration = Duration::from_millis(50);

/// Plays a drill, and waits for its end.
pub(super) fn run(panel: &Path, args: &Args, out: &mut impl Write) -> Result<(), Failure> {
    let source = Source::write(panel)?;
    let (slot, reading) = names::find(&source.readings(), &args.name)?;
    let (breaker, label) = (source.breaker(slot)?, names::label(reading.name));
    if args.status {
        return Ok(writeln!(out, "{label}: {}", status(breaker.drill()))?);
    }
    if args.stop {
        let said =
            if breaker.stop_drill() { "its drill has ended" } else { "no drill is under way" };
        return Ok(writeln!(out, "{label}: {said}")?);
    }
    let script = script(args)?;
    // Before anybody can know that there is a drill, and tell us to end it.
    let told = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register(signal, Arc::clone(&told))
            .map_err(|error| Failure::because(format!("cannot listen to signals: {error}")))?;
    }
    for step in script.steps() {
        match step {
            ScriptStep::Drill(drill) => writeln!(out, "{label}: {drill}")?,
            step => writeln!(out, "{label}: nothing for {}", exact(step.lasts()))?,
        }
    }
    let time = exact(script.lasts());
    writeln!(
        out,
        "{label}: it ends by itself after {time}, or now by `fusebox drill {label} --stop`"
    )?;
    out.flush()?;

    let mut watched = Watched::new(breaker, &told);
    let begun = Instant::now();
    let ended_early = script.play(breaker, |time| watched.wait(time)).is_err();
    let took = begun.elapsed();
    let Watched { calls, faults, .. } = watched;
    let how = if ended_early { "ended early" } else { "it is over" };
    writeln!(out, "{label}: {how}; {faults} of {calls} calls got a fault")?;
    out.flush()?;
    if calls == 0 {
        say(NONE);
    }
    let Some(file) = &args.record else { return Ok(()) };
    let played = if ended_early { drill::cut(&script, took) } else { script };
    #[allow(clippy::cast_precision_loss)] // no drill comes near 2^52
    let per_second = calls as f64 / took.as_secs_f64();
    fs::write(file, drill::storm_file(&args.name, &played, per_second)).map_err(|error| {
        Failure::because(format!("cannot write {}: {}", shown(file), escape(&error.to_string())))
    })
}

const NONE: &str = "no call met the drill: none came, or the program is built without fusebox's \
                    feature `drill`";

fn script(args: &Args) -> Result<Script, Failure> {
    if let Some(storm) = &args.storm {
        return drill::script(&storms::find(storm)?, args.seed, args.uncapped);
    }
    let Some(lasts) = args.lasts else {
        return Err(Failure::Usage(
            "a drill needs an end: say how long it lasts, as in `--for 60s`".into(),
        ));
    };
    let (fail, hang) = (args.fail.unwrap_or(0.0), args.hang.unwrap_or(0.0));
    let panic = args.panic.unwrap_or(0.0);
    let mut config = Drill::lasting(lasts).fail(fail).hang(hang).panic(panic);
    if let Some(slow) = args.slow {
        let rest = (100.0 - fail - hang - panic).max(0.0);
        config = config.slow(slow, args.slow_share.unwrap_or(rest));
    }
    let drill = drill::build(config.seed(args.seed.unwrap_or(1)), args.uncapped);
    Ok(Script::new().drill(drill.map_err(|error| drill::refused(&error))?))
}

fn status(drill: Option<DrillReading>) -> String {
    drill.map_or_else(
        || "no drill is under way".into(),
        |it| format!("{it}, {} left", short(it.left)),
    )
}

/// A drill under way, looked at from outside.
struct Watched<'b> {
    breaker: &'b CircuitBreaker,
    told: &'b AtomicBool,
    /// The breaker's counters when it began.
    before: Counters,
    /// Those of all steps, as of the last look.
    calls: u64,
    faults: u64,
    warned: bool,
}

impl<'b> Watched<'b> {
    fn new(breaker: &'b CircuitBreaker, told: &'b AtomicBool) -> Self {
        let before = breaker.counters();
        Self { breaker, told, before, calls: 0, faults: 0, warned: false }
    }

    /// Waits for a step's end; an error where we are told to end.
    fn wait(&mut self, time: Duration) -> Result<(), ()> {
        let (end, calls, faults) = (Instant::now() + time, self.calls, self.faults);
        loop {
            if let Some(it) = self.breaker.drill() {
                (self.calls, self.faults) = (calls + it.calls, faults + it.faults);
                self.warn(&it);
            }
            // A flag of its own: relaxed.
            if self.told.load(Ordering::Relaxed) {
                return Err(());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(LOOKS));
        }
    }

    /// Calls come, and none is drilled.
    fn warn(&mut self, drill: &DrillReading) {
        let sum = |it: &Counters| it.calls + it.failures + it.slow;
        let come = sum(&self.breaker.counters()) > sum(&self.before);
        if come && drill.calls == 0 && self.calls == 0 && !self.warned {
            self.warned = true;
            say(
                "calls come, and none is drilled: the program may be built without fusebox's feature `drill`",
            );
        }
    }
}
