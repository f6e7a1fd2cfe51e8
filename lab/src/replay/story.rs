//! What a trace says of one breaker, put in the order in which it happened.

use std::{error::Error, fmt, time::Duration};

use fusebox::{
    BreakerSettings, Checkpoint, CircuitBreaker, DefaultObserver, Entry, ManualClock, Permits,
    State, Tick, Verdict, What,
};

use super::outcome::{End, hung};

/// What happened to one breaker, from a moment on at which all of its state is known.
#[derive(Debug, Clone)]
pub struct Story {
    pub(super) start: (Tick, Checkpoint),
    pub(super) steps: Vec<Step>,
    /// The calls that were made; some have no end.
    pub(super) calls: Vec<Call>,
    /// Those that were in flight at the start.
    pub(super) in_flight: Vec<usize>,
    pub(super) openings: u64,
    /// From the start to the end.
    length: Duration,
}

/// One thing that happened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) at: Tick,
    pub(super) what: Happened,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Happened {
    /// A call of this number was admitted.
    Began(usize),
    Ended(usize),
    /// A call was turned away.
    Refused,
    /// A call in flight was charged as slow.
    Hung,
    /// Somebody changed the state, or the settings, or nothing.
    Checkpoint(Checkpoint),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) end: Option<End>,
    pub(super) verdict: Option<Verdict>,
}

/// A trace from which no story can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoryError {
    /// It says nothing of such a breaker.
    Unknown,
    /// The moment is not there at which the breaker's state was known.
    NoStart,
}

impl fmt::Display for StoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "the trace has no record of it",
            Self::NoStart => "too little of it is left in the trace: its start was written over",
        })
    }
}

impl Error for StoryError {}

/// From an entry on, the breaker has been in one generation.
struct Era {
    from: usize,
    generation: u16,
}

impl Era {
    /// The last one of such a generation before this entry. Of one that was stale, it is
    /// not the one in force: an entry tells 16 generations apart.
    fn of(index: usize, generation: u8, is_stale: bool, eras: &[Self]) -> Option<usize> {
        let begun = eras.iter().take_while(|era| era.from <= index).count();
        let of_it = &eras[..begun.saturating_sub(is_stale.into())];
        of_it.iter().rposition(|era| era.generation & 0xF == u16::from(generation))
    }
}

impl Story {
    /// The story of the breaker that is recorded under this number.
    ///
    /// # Errors
    /// [`StoryError`] when the trace has none.
    pub fn of(entries: impl IntoIterator<Item = Entry>, breaker: u16) -> Result<Self, StoryError> {
        let mut own = entries.into_iter().filter(|it| it.breaker == breaker).peekable();
        own.peek().ok_or(StoryError::Unknown)?;
        let mut own = own.skip_while(|it| !matches!(it.what, What::Checkpoint(_)));
        let Some(Entry { at: began, what: What::Checkpoint(start), .. }) = own.next() else {
            return Err(StoryError::NoStart);
        };
        let mut now = began;
        let entries: Vec<_> = own
            .map(|mut entry| {
                now = moved(now, entry.at);
                entry.at = now;
                entry
            })
            .collect();
        let eras = eras((began, start), &entries);
        let opens =
            |it: &&Entry| matches!(it.what, What::Changed { to: State::Open, forced: false });
        let mut story = Self {
            start: (began, start),
            steps: Vec::new(),
            calls: Vec::new(),
            in_flight: Vec::new(),
            openings: entries.iter().filter(opens).count() as u64,
            length: entries.last().map_or(Duration::ZERO, |it| it.at.since(began)),
        };
        story.steps = story.order(began, &entries, &eras);
        Ok(story)
    }

    /// The settings in force at its start.
    #[must_use]
    pub fn settings(&self) -> BreakerSettings {
        self.start.1.settings()
    }

    /// How long it is.
    #[must_use]
    pub const fn length(&self) -> Duration {
        self.length
    }

    /// The steps: each entry in its place, and before its end each call's beginning.
    fn order(&mut self, began: Tick, entries: &[Entry], eras: &[Era]) -> Vec<Step> {
        // Before which entry, or at it; the moment.
        let mut placed: Vec<((usize, bool), Step)> = Vec::new();
        let begins_half_open = self.start.1.snapshot().state == State::HalfOpen;
        let mut probes: Vec<Probe> = Vec::new();
        let mut limit = self.settings().slow_call();
        for (index, entry) in entries.iter().enumerate() {
            let Entry { at, generation, .. } = *entry;
            let mut place = |what| placed.push(((index, true), Step { at, what }));
            match entry.what {
                What::Checkpoint(checkpoint) => {
                    limit = checkpoint.settings().slow_call();
                    place(Happened::Checkpoint(checkpoint));
                }
                What::Rejected { .. } => place(Happened::Refused),
                What::Hung => place(Happened::Hung),
                What::Probe => {
                    let call = self.call();
                    probes.push(Probe { call, entry: index, generation, at });
                    place(Happened::Began(call));
                }
                What::Ended { outcome, took, slow, charged, verdict } => {
                    // Its generation began before the story.
                    let is_stale = verdict == Some(Verdict::Stale);
                    let Some(era) = Era::of(index, generation, is_stale, eras) else { continue };
                    // What is known of a time that was rounded.
                    let took = match limit {
                        Some(limit) if slow => took.max(limit + Duration::from_millis(1)),
                        Some(limit) => took.min(limit),
                        None => took,
                    };
                    let from = before(at, took);
                    let probe = Probe::that_ended(&mut probes, eras[era].from, generation, from);
                    let call = probe.unwrap_or_else(|| self.call());
                    if probe.is_some() {
                        // Its beginning has an entry of its own.
                    } else if era == 0 && (begins_half_open || is_before(from, began)) {
                        self.in_flight.push(call);
                    } else {
                        let place = place_of(index, era, from, entries, eras);
                        let least = place.checked_sub(1).map_or(began, |it| entries[it].at);
                        let at = if is_before(from, least) { least } else { from };
                        placed.push(((place, false), Step { at, what: Happened::Began(call) }));
                    }
                    self.calls[call] = Call { end: Some(End { outcome, took, charged }), verdict };
                    placed.push(((index, true), Step { at, what: Happened::Ended(call) }));
                }
                _ => {}
            }
        }
        placed.sort_by_key(|((index, at_it), step)| (*index, *at_it, step.at));
        placed.into_iter().map(|(_, step)| step).collect()
    }

    /// The number of a call of which nothing is known yet.
    fn call(&mut self) -> usize {
        self.calls.push(Call { end: None, verdict: None });
        self.calls.len() - 1
    }
}

/// A probe in flight.
struct Probe {
    call: usize,
    /// The entry of its admission.
    entry: usize,
    generation: u8,
    at: Tick,
}

impl Probe {
    /// Takes out the probe of this generation, which began at entry `era`, that was
    /// admitted at that time or thereabouts.
    fn that_ended(probes: &mut Vec<Self>, era: usize, generation: u8, from: Tick) -> Option<usize> {
        let is_own = |it: &Self| it.generation == generation && it.entry + 1 >= era;
        let off = |it: &Self| it.at.since(from).max(from.since(it.at));
        let own = (0..probes.len()).filter(|it| is_own(&probes[*it]));
        own.min_by_key(|it| off(&probes[*it])).map(|it| probes.remove(it).call)
    }
}

/// The tick of which `low` are the low 32 bits that is the nearest to `now`.
#[allow(clippy::cast_possible_truncation)] // the low halves
fn moved(now: Tick, low: Tick) -> Tick {
    let by = (low.as_millis() as u32).wrapping_sub(now.as_millis() as u32).cast_signed();
    Tick::from_millis(now.as_millis().wrapping_add_signed(by.into()))
}

/// Of two ticks that are near to each other.
fn is_before(one: Tick, other: Tick) -> bool {
    !other.since(one).is_zero()
}

fn before(at: Tick, took: Duration) -> Tick {
    let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    Tick::from_millis(at.as_millis().wrapping_sub(took))
}

/// Before which entry a call began that ended at `index`: in its generation, and there at
/// its time.
fn place_of(index: usize, era: usize, from: Tick, entries: &[Entry], eras: &[Era]) -> usize {
    // The entry that ends it comes after the call's beginning.
    let last = eras.get(era + 1).map_or(index, |next| index.min(next.from - 1));
    (eras[era].from..last).find(|it| is_before(from, entries[*it].at)).unwrap_or(last)
}

/// The generations of the live breaker: it lives through the entries once more.
fn eras((began, start): (Tick, Checkpoint), entries: &[Entry]) -> Vec<Era> {
    let clock = ManualClock::new();
    clock.set(began);
    let breaker = CircuitBreaker::with(None, start.settings(), &clock, DefaultObserver);
    // Of calls that were in flight.
    let mut earlier = breaker.resume(start);
    let mut probes: Vec<(u8, Permits<'_, _, _>)> = Vec::new();
    let recorded =
        |checkpoint: &Checkpoint, own: u16| checkpoint.snapshot().generation.wrapping_sub(own);
    let mut offset = recorded(&start, breaker.snapshot().generation);
    let mut eras = vec![Era { from: 0, generation: start.snapshot().generation }];
    for (index, entry) in entries.iter().enumerate() {
        clock.set(entry.at);
        let current = breaker.snapshot().generation.wrapping_add(offset) & 0x3FF;
        let is_current = u16::from(entry.generation) == current & 0xF;
        match entry.what {
            What::Checkpoint(checkpoint) => {
                breaker.set_settings(checkpoint.settings());
                if checkpoint.is_forced() || breaker.state() != checkpoint.snapshot().state {
                    earlier = breaker.resume(checkpoint);
                    offset = recorded(&checkpoint, breaker.snapshot().generation);
                }
            }
            What::Rejected { .. } => drop(breaker.acquire_many(1)),
            What::Probe => {
                probes.extend(breaker.acquire_many(1).map(|permit| (entry.generation, permit)));
            }
            What::Hung if is_current && breaker.state() == State::Closed => {
                let _ = breaker.resume_call().map(|it| it.report_all(&[hung(breaker.settings())]));
            }
            What::Ended { outcome, took, slow, charged, verdict }
                if is_current && verdict != Some(Verdict::Stale) =>
            {
                let limit = breaker.settings().slow_call().filter(|_| slow);
                let took =
                    limit.map_or(Duration::ZERO, |it| took.max(it + Duration::from_millis(1)));
                let outcome = End { outcome, took, charged }.judged(breaker.settings(), true);
                let permit = if breaker.state() == State::HalfOpen {
                    // The latest: one of 16 generations ago may never end.
                    let own = probes.iter().rposition(|(of, _)| *of == entry.generation);
                    own.map(|it| probes.remove(it).1).or_else(|| earlier.next())
                } else {
                    breaker.resume_call().or_else(|| breaker.acquire_many(1).ok())
                };
                let _ = permit.map(|permit| permit.report_all(&[outcome]));
            }
            _ => {}
        }
        let generation = breaker.snapshot().generation.wrapping_add(offset) & 0x3FF;
        if generation != current {
            eras.push(Era { from: index + 1, generation });
        }
    }
    // A probe that has not ended has not given its place back.
    for (_, permit) in probes {
        core::mem::forget(permit);
    }
    eras
}
