//! `tune`: proposals from what was seen, and their application.

use std::{
    io::Write,
    path::{Path, PathBuf},
    thread,
};

use fusebox::{
    Entry, Reading,
    tune::{Findings, Kind, Seen, Tuner, TunerConfig},
};
use fusebox_lab::replay::{Story, StoryError, Told, Unknown};
use fusebox_shm::SharedTraceView;
use serde::Serialize;

use super::record::number_of;
use crate::{
    args::Tune,
    failure::{Failure, say},
    json, names,
    source::{self, Source},
    text,
    tuned::{self, Memory},
};

/// What is said of one breaker.
#[derive(Serialize)]
struct Said {
    name: String,
    /// What was seen, in words.
    seen: String,
    settings: Vec<Setting>,
    /// Whether the proposals are in force now.
    applied: bool,
    /// What happened to the recorded calls, and what the proposals had done to them.
    replay: Option<Replayed>,
}

#[derive(Serialize)]
struct Setting {
    name: &'static str,
    /// In the unit of the setting.
    value: u64,
    /// `null` where it stays.
    proposed: Option<u64>,
    /// Why, in words.
    text: String,
}

#[derive(Serialize)]
struct Replayed {
    happened: Amounts,
    /// Where the end of calls is not known: from all of them succeeding to all failing.
    proposed_least: Amounts,
    proposed_most: Amounts,
}

#[derive(Serialize)]
struct Amounts {
    refused: u64,
    failed: u64,
    openings: u64,
}

/// Looks once, or again and again.
pub(super) fn run(panel: &Path, tune: &Tune, out: &mut impl Write) -> Result<(), Failure> {
    if tune.freeze || tune.thaw {
        Source::write(panel)?.set_tuning_frozen(tune.freeze)?;
        let said = if tune.freeze { "tuning is frozen" } else { "tuning is not frozen any more" };
        return Ok(writeln!(out, "{}: {said}", source::shown(panel))?);
    }
    let wrong = |error: fusebox::ConfigError| Failure::because(format!("{error}"));
    let config = TunerConfig::new().set("bounds", tune.bounds).expect("a setting of the table");
    let tuner = Tuner::new(config.try_build().map_err(wrong)?);
    let file = tuned::place(panel);
    let mut looks = Looks { tune, tuner, memory: tuned::read(&file)?, file };
    let mut source = open(panel, tune)?;
    source.warn();
    loop {
        looks.look(&source, out)?;
        let Some(every) = tune.every else { return Ok(()) };
        out.flush()?;
        thread::sleep(every);
        if let Ok(Some(renewed)) = source.renewed() {
            source = renewed;
            say("the file was replaced: tuning the new one");
        }
    }
}

fn open(panel: &Path, tune: &Tune) -> Result<Source, Failure> {
    if tune.apply { Source::write(panel) } else { Source::read(panel) }
}

struct Looks<'a> {
    tune: &'a Tune,
    tuner: Tuner,
    memory: Memory,
    file: PathBuf,
}

impl Looks<'_> {
    fn look(&mut self, source: &Source, out: &mut impl Write) -> Result<(), Failure> {
        if source.is_tuning_frozen() {
            self.tuner.freeze();
        } else {
            self.tuner.thaw();
        }
        let readings = source.readings();
        let wanted = if self.tune.names.is_empty() {
            readings
        } else {
            names::find_all(&readings, &self.tune.names)?
        };
        let entries = self.entries()?;
        let mut all = Vec::new();
        for (slot, reading) in wanted {
            all.push(self.one(source, slot, &reading, entries.as_deref())?);
        }
        if self.tune.apply {
            tuned::write(&self.file, &self.memory)?;
        }
        if self.tune.json {
            let text =
                if self.tune.every.is_some() { json::line(&all) } else { json::pretty(&all) };
            writeln!(out, "{text}")?;
        } else {
            self.print(&all, out)?;
        }
        if self.tuner.is_frozen() {
            out.flush()?;
            say("tuning is frozen in this panel: nothing changes until `fusebox tune --thaw`");
        }
        Ok(())
    }

    fn entries(&self) -> Result<Option<Vec<Entry>>, Failure> {
        let Some(trace) = &self.tune.trace else { return Ok(None) };
        let view = SharedTraceView::open(Path::new(trace));
        Ok(Some(view.map_err(|error| source::failure(&error))?.entries().collect()))
    }

    fn one(
        &mut self,
        source: &Source,
        slot: usize,
        reading: &Reading,
        entries: Option<&[Entry]>,
    ) -> Result<Said, Failure> {
        let key = reading.name.map_or_else(|| format!("#{slot}"), |name| name.as_str().to_owned());
        let seen = self.memory.entry(key).or_insert_with(|| Seen::of(reading));
        seen.observe(reading);
        let findings = self.tuner.look(seen);
        let changes = findings.proposals().count() > 0;
        let replay = entries.filter(|_| changes).map(|all| replayed(all, slot, &findings));
        if let Some(Err(why)) = &replay {
            say(&format!("{}: {why}", names::label(reading.name)));
        }
        let replay = replay.and_then(Result::ok);
        let applied = self.tune.apply
            && changes
            && match self.tuner.apply(&findings, source.breaker(slot)?, seen) {
                Ok(applied) => applied,
                Err(error) => {
                    say(&format!("{}: {error}", names::label(reading.name)));
                    false
                }
            };
        let settings = findings.all().iter().map(|it| Setting {
            name: it.knob.name(),
            value: it.value,
            proposed: it.proposal().map(|it| it.to),
            text: it.to_string(),
        });
        Ok(Said {
            name: names::label(reading.name),
            seen: told(seen, reading),
            settings: settings.collect(),
            applied,
            replay,
        })
    }

    fn print(&self, all: &[Said], out: &mut impl Write) -> Result<(), Failure> {
        let mut proposals = 0;
        for said in all {
            if self.tune.explain {
                writeln!(out, "{}: {}", said.name, said.seen)?;
            }
            for setting in &said.settings {
                proposals += usize::from(setting.proposed.is_some());
                if self.tune.explain {
                    writeln!(out, "  {}", setting.text)?;
                } else if setting.proposed.is_some() {
                    writeln!(out, "{}: {}", said.name, setting.text)?;
                }
            }
            if let Some(it) = &said.replay {
                let range =
                    |of: fn(&Amounts) -> u64| match (of(&it.proposed_least), of(&it.proposed_most))
                    {
                        (least, most) if least == most => least.to_string(),
                        (least, most) => format!("{least}..{most}"),
                    };
                let Amounts { refused, failed, openings } = &it.happened;
                writeln!(
                    out,
                    "{}: of the recorded calls, refused {refused}, failed {failed}, opened \
                     {openings} times; so it had been refused {}, failed {}, opened {} times",
                    said.name,
                    range(|it| it.refused),
                    range(|it| it.failed),
                    range(|it| it.openings),
                )?;
            }
        }
        if proposals == 0 && self.tune.every.is_none() && !self.tune.explain {
            out.flush()?;
            say("nothing is proposed; `fusebox tune --explain` says why");
        }
        Ok(())
    }
}

/// What was seen of a breaker, in words.
fn told(seen: &Seen, reading: &Reading) -> String {
    let (mut outages, mut relapses, mut mistakes) = (0, 0, 0);
    for outage in seen.outages() {
        outages += 1;
        match outage.kind {
            Kind::Relapse => relapses += 1,
            Kind::FalseAlarm { .. } => mistakes += 1,
            _ => {}
        }
    }
    let last = seen.outages().last().map_or_else(String::new, |it| {
        let lasted = text::short(it.length());
        format!(", the last one of some {lasted} with {} calls turned away", it.turned_away)
    });
    format!(
        "{outages} outages were watched{last}, {relapses} soon after a closing, {mistakes} by \
         mistake; the breaker has learned: {}",
        reading.learned
    )
}

/// What the proposals had done to the recorded calls.
fn replayed(entries: &[Entry], slot: usize, findings: &Findings) -> Result<Replayed, StoryError> {
    let number = number_of(slot).ok_or(StoryError::Unknown)?;
    let story = Story::of(entries.iter().copied(), number)?;
    let tell = |unknown| story.tell(findings.after(), unknown);
    let (one, other) = (tell(Unknown::Succeed), tell(Unknown::Fail));
    let live = story.live();
    Ok(Replayed {
        happened: amounts(&live, &live, u64::min),
        proposed_least: amounts(&one, &other, u64::min),
        proposed_most: amounts(&one, &other, u64::max),
    })
}

fn amounts(one: &Told, other: &Told, of: fn(u64, u64) -> u64) -> Amounts {
    Amounts {
        refused: of(one.refused, other.refused),
        failed: of(one.failed, other.failed),
        openings: of(one.openings, other.openings),
    }
}
