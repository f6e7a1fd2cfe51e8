//! What the server does, and when.

use std::time::Duration;

/// What the server does for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It answers from its database.
    Answers,
    /// It accepts connections and never answers.
    Hangs,
    /// Nothing listens on its port.
    Refuses,
    /// It answers 503 to everything.
    Unavailable,
}

impl Phase {
    pub fn label(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Hangs => "hangs",
            Self::Refuses => "refuses",
            Self::Unavailable => "503",
        }
    }
}

/// A phase with its start and end, in milliseconds from the start of a run.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub phase: Phase,
    pub from: u64,
    pub to: u64,
}

/// The phases of one run, without gaps.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub spans: Vec<Span>,
}

impl Schedule {
    /// Ten seconds.
    pub fn full() -> Self {
        Self::of(&[2_000, 2_500, 1_500, 1_500, 2_500])
    }

    /// Two seconds.
    pub fn quick() -> Self {
        Self::of(&[300, 600, 300, 300, 700])
    }

    fn of(lengths: &[u64; 5]) -> Self {
        const ORDER: [Phase; 5] =
            [Phase::Answers, Phase::Hangs, Phase::Refuses, Phase::Unavailable, Phase::Answers];
        let mut at = 0;
        let spans = ORDER
            .into_iter()
            .zip(lengths)
            .map(|(phase, length)| {
                let span = Span { phase, from: at, to: at + length };
                at = span.to;
                span
            })
            .collect();
        Self { spans }
    }

    pub fn length(&self) -> Duration {
        Duration::from_millis(self.end())
    }

    /// The end of the last phase, in milliseconds.
    pub fn end(&self) -> u64 {
        self.spans.last().map_or(0, |span| span.to)
    }

    /// When the outage is over: the start of the last phase.
    pub fn recovery(&self) -> u64 {
        self.spans.last().map_or(0, |span| span.from)
    }

    pub fn phase_at(&self, ms: u64) -> Phase {
        let span = self.spans.iter().find(|span| ms < span.to).or(self.spans.last());
        span.map_or(Phase::Answers, |span| span.phase)
    }
}
