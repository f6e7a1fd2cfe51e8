//! Storms as drills, and drills as storms.

use std::{fmt::Write as _, time::Duration};

use fusebox::{Drill, DrillConfig, DrillError, Script, ScriptStep};
use fusebox_lab::storm::{Latency, Phase, Share, Storm};

use crate::{failure::Failure, text::exact};

/// The longest script that needs no `--uncapped`.
const CAP: Duration = Duration::from_hours(1);
/// A phase that grows is played in so many steps.
const STEPS: u32 = 10;

/// Builds a drill within the cap, or without one.
///
/// # Errors
/// [`DrillError`], of a drill that is none or is above the cap.
pub fn build(drill: DrillConfig, uncapped: bool) -> Result<Drill, DrillError> {
    if uncapped { drill.uncapped() } else { drill.capped() }.try_build()
}

/// What a refusal says, with the way out.
#[must_use]
pub fn refused(error: &DrillError) -> Failure {
    let hint = if error.is_capped() { ": say --uncapped" } else { "" };
    Failure::because(format!("{error}{hint}; nothing was changed"))
}

/// A phase's faults.
#[derive(Clone, Copy, Default)]
struct Faults {
    errors: f64,
    hang: f64,
    added: Duration,
}

impl Faults {
    fn of(phase: &Phase, storm: &Storm) -> Result<Self, Failure> {
        let cannot = |field: &str, why: &str| {
            Failure::because(format!(
                "`phases.{field}` is set, and a drill cannot do that: {why}; nothing was changed"
            ))
        };
        if phase.load.is_some() {
            return Err(cannot("load", "it makes no calls of its own"));
        }
        if phase.partition.is_some() {
            return Err(cannot("partition", "it knows no instances"));
        }
        if phase.added_to_one.is_some() {
            return Err(cannot("added_to_one", "it knows no endpoints"));
        }
        let mut added = phase.added.map_or(Duration::ZERO, duration);
        if let Some(times) = phase.slower {
            let Latency::Fixed(usual) = storm.service.latency else {
                return Err(cannot("slower", "the latency is not fixed"));
            };
            if times < 1.0 {
                return Err(cannot("slower", "it makes no call faster"));
            }
            added += duration(usual).mul_f64(times - 1.0);
        }
        let percent = |share: Option<Share>| 100.0 * share.map_or(0.0, Share::get);
        let hang = if phase.stalled { 100.0 } else { percent(phase.hang) + percent(phase.loss) };
        let errors = percent(Some(phase.errors.unwrap_or(storm.service.errors)));
        // Who hangs does not fail before.
        Ok(Self { errors: errors * (100.0 - hang.min(100.0)) / 100.0, hang, added })
    }

    /// So far on the way from others: 1 is these.
    fn after(self, others: Self, way: f64) -> Self {
        let between = |from: f64, to: f64| from + (to - from) * way;
        let secs = between(others.added.as_secs_f64(), self.added.as_secs_f64());
        Self {
            errors: between(others.errors, self.errors),
            hang: self.hang,
            added: Duration::from_secs_f64(secs),
        }
    }

    fn step(self, lasts: Duration, seed: u32, uncapped: bool) -> Result<ScriptStep, Failure> {
        let hundredth = |percent: f64| (percent * 100.0).round() / 100.0;
        let (fail, hang) = (hundredth(self.errors), hundredth(self.hang));
        let mut drill = Drill::lasting(lasts).fail(fail).hang(hang).seed(seed);
        let rest = hundredth(100.0 - fail - hang);
        if self.added >= Duration::from_millis(1) && rest > 0.0 {
            drill = drill.slow(self.added, rest);
        } else if fail + hang == 0.0 {
            return Ok(ScriptStep::Pause(lasts));
        }
        build(drill, uncapped).map(ScriptStep::Drill).map_err(|error| refused(&error))
    }
}

fn duration(time: fusebox_lab::time::Time) -> Duration {
    Duration::from_micros(time.as_micros())
}

/// A storm as a script of drills: its phases, each with a seed of its own.
///
/// # Errors
/// [`Failure`] where a phase does what no drill can do, or more than the cap allows.
#[allow(clippy::cast_possible_truncation)] // any bits of the seed do
pub fn script(storm: &Storm, seed: Option<u32>, uncapped: bool) -> Result<Script, Failure> {
    let seed = seed.unwrap_or(storm.seed as u32);
    let (mut script, mut number, mut before) = (Script::new(), seed, Faults::default());
    for phase in &storm.phases {
        let faults = Faults::of(phase, storm)?;
        let lasts = duration(phase.lasts);
        let steps = if phase.ramp { STEPS } else { 1 };
        for step in 1..=steps {
            let way = f64::from(step) / f64::from(steps);
            let now = if phase.ramp { faults.after(before, way) } else { faults };
            if lasts.is_zero() {
                continue;
            }
            script = match now.step(lasts / steps, number, uncapped)? {
                ScriptStep::Drill(drill) => script.drill(drill),
                _ => script.pause(lasts / steps),
            };
            number = number.wrapping_add(1);
        }
        before = faults;
    }
    if !uncapped && script.lasts() > CAP {
        return Err(Failure::because(format!(
            "the storm lasts {}, and must last {} at most unless the drill is uncapped: say \
             --uncapped; nothing was changed",
            exact(script.lasts()),
            exact(CAP)
        )));
    }
    Ok(script)
}

/// What is left of a script that was ended after so long.
pub fn cut(script: &Script, after: Duration) -> Script {
    let (mut played, mut left) = (Script::new(), after);
    for step in script.steps() {
        let lasts = step.lasts().min(left);
        left -= lasts;
        if lasts < Duration::from_millis(1) {
            break;
        }
        played = match step {
            ScriptStep::Drill(it) => played.drill(
                Drill::lasting(lasts)
                    .fail(it.fail())
                    .hang(it.hang())
                    .panic(it.panic())
                    .slow(it.slow_by(), it.slow())
                    .seed(it.seed())
                    .uncapped()
                    .build(),
            ),
            _ => played.pause(lasts),
        };
    }
    played
}

/// A script as a storm's file, in which so many calls come each second. Panics are errors
/// there; and latency that not every call has is spread over all.
#[must_use]
pub fn storm_file(name: &str, script: &Script, per_second: f64) -> String {
    let drills = script.steps().iter().zip(0_u32..).find_map(|(step, at)| match step {
        ScriptStep::Drill(drill) => Some(drill.seed().wrapping_sub(at)),
        _ => None,
    });
    let title = toml::Value::String(format!("A drill of {name}"));
    let mut file = format!(
        "title = {title}\nseed = {}\n\n[clients]\nper_second = {}\n\n[service]\n\
         # A drill does not know what the service takes.\nlatency.fixed = \"1ms\"\n",
        drills.unwrap_or(1),
        per_second.clamp(0.001, 1e5)
    );
    for step in script.steps() {
        // A `String` takes all that is written to it.
        let _ = write!(file, "\n[[phases]]\nlasts = \"{}\"\n", exact(step.lasts()));
        let ScriptStep::Drill(drill) = step else { continue };
        let failing = drill.fail() + drill.panic();
        // Of those that do not hang, which is how a storm has it.
        let errors = failing * 100.0 / (100.0 - drill.hang()).max(f64::MIN_POSITIVE);
        if failing > 0.0 {
            let _ = writeln!(file, "errors = \"{errors}%\"");
        }
        if drill.hang() > 0.0 {
            let _ = writeln!(file, "hang = \"{}%\"", drill.hang());
        }
        if drill.slow() > 0.0 {
            let rest = 100.0 - failing - drill.hang();
            let share = if (rest - drill.slow()).abs() < 0.005 { 1.0 } else { drill.slow() / rest };
            let _ = writeln!(file, "added = \"{}\"", exact(drill.slow_by().mul_f64(share)));
        }
    }
    file
}
