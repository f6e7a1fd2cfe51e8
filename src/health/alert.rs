//! What somebody should be told.

use core::{fmt, time::Duration};

use crate::{
    health::{Window, rules::AlertRules},
    name::Name,
    state::State,
};

/// Something that an operator should be told. Its `Display` is the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alert {
    /// A breaker has turned calls away for too long.
    OpenTooLong {
        /// The breaker's name, where it has one.
        breaker: Option<Name>,
        /// Its state now: open, half-open or forced open.
        state: State,
        /// For how long.
        open_for: Duration,
    },
    /// A breaker has shed load for too long: its service has less room than its callers
    /// need.
    ShedsTooLong {
        /// The breaker's name, where it has one.
        breaker: Option<Name>,
        /// So many percent of its calls now, rounded up.
        percent: u8,
        /// For how long.
        sheds_for: Duration,
    },
    /// Too many of a breaker's calls needed a fallback.
    Fallbacks {
        /// The breaker's name, where it has one.
        breaker: Option<Name>,
        /// So many percent, rounded down.
        percent: u8,
        /// Within so long.
        over: Duration,
    },
    /// Too many of a breaker's calls exhausted their retries.
    Exhausted {
        /// The breaker's name, where it has one.
        breaker: Option<Name>,
        /// So many percent, rounded down.
        percent: u8,
        /// Within so long.
        over: Duration,
    },
    /// Several breakers opened within one window: what they share is in
    /// trouble.
    OpenedTogether {
        /// So many.
        breakers: u32,
        /// Within so long.
        over: Duration,
    },
}

impl Alert {
    /// Returns the name of the breaker that the alert is about, or `None` if it
    /// has no name or the alert is about several.
    #[must_use]
    pub const fn breaker(&self) -> Option<&Name> {
        match self {
            Self::OpenTooLong { breaker, .. }
            | Self::ShedsTooLong { breaker, .. }
            | Self::Fallbacks { breaker, .. }
            | Self::Exhausted { breaker, .. } => breaker.as_ref(),
            Self::OpenedTogether { .. } => None,
        }
    }

    /// Returns a stable word for the kind of the alert: `open_too_long`,
    /// `sheds_too_long`, `fallbacks`, `exhausted` or `opened_together`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::OpenTooLong { .. } => "open_too_long",
            Self::ShedsTooLong { .. } => "sheds_too_long",
            Self::Fallbacks { .. } => "fallbacks",
            Self::Exhausted { .. } => "exhausted",
            Self::OpenedTogether { .. } => "opened_together",
        }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whole seconds, or milliseconds where there is not one.
        let seconds = |time: Duration| match time.as_secs() {
            0 => Duration::from_millis(u64::from(time.subsec_millis())),
            seconds => Duration::from_secs(seconds),
        };
        match self {
            Self::OpenedTogether { breakers, over } => {
                return write!(f, "{breakers} breakers opened within {:?}", seconds(*over));
            }
            _ => match self.breaker() {
                Some(name) => write!(f, "breaker `{name}` ")?,
                None => f.write_str("a breaker without a name ")?,
            },
        }
        match self {
            Self::OpenTooLong { state, open_for, .. } => {
                write!(f, "has let nobody through for {:?}, and is {state}", seconds(*open_for))
            }
            Self::ShedsTooLong { percent, sheds_for, .. } => {
                write!(
                    f,
                    "has shed load for {:?}, {percent}% of its calls now",
                    seconds(*sheds_for)
                )
            }
            Self::Fallbacks { percent, over, .. } => {
                write!(f, "needed a fallback for {percent}% of its calls in {:?}", seconds(*over))
            }
            Self::Exhausted { percent, over, .. } => {
                write!(
                    f,
                    "exhausted its retries in {percent}% of its calls in {:?}",
                    seconds(*over)
                )
            }
            Self::OpenedTogether { .. } => Ok(()),
        }
    }
}

/// What each breaker is asked.
const QUESTIONS: u8 = 4;

/// The alerts of a panel, one after another: those of each breaker, then the
/// one about all of them.
#[derive(Debug, Clone)]
pub struct Alerts<'a, const W: usize> {
    windows: &'a [Window<W>],
    rules: AlertRules,
    window: usize,
    /// The next question about that window.
    question: u8,
}

impl<'a, const W: usize> Alerts<'a, W> {
    pub(crate) const fn new(windows: &'a [Window<W>], rules: AlertRules) -> Self {
        Self { windows, rules, window: 0, question: 0 }
    }

    fn of_window(&self, window: &Window<W>) -> Option<Alert> {
        let reading = window.latest()?;
        let (breaker, rules) = (reading.name, self.rules);
        if self.question == 0 {
            let open_for = reading.open_for.filter(|time| *time > rules.open_longer_than())?;
            return Some(Alert::OpenTooLong { breaker, state: reading.snapshot.state, open_for });
        }
        if self.question == 1 {
            let sheds_for = window.sheds_for().filter(|time| *time > rules.sheds_longer_than())?;
            return Some(Alert::ShedsTooLong { breaker, percent: reading.shed, sheds_for });
        }
        let rates = window.rates();
        let over = rates.over;
        if rates.asked()? < rules.least_calls().into() {
            return None;
        }
        if self.question == 2 {
            return rates
                .exceeds(rates.counted.fallbacks, rules.fallbacks_above())
                .then_some(Alert::Fallbacks { breaker, percent: rates.fallback_percent()?, over });
        }
        rates
            .exceeds(rates.counted.exhausted, rules.exhausted_above())
            .then_some(Alert::Exhausted { breaker, percent: rates.exhausted_percent()?, over })
    }

    fn of_all(&self) -> Option<Alert> {
        let opened = self.windows.iter().map(Window::rates).filter(|it| it.counted.openings > 0);
        let (breakers, over) =
            opened.fold((0, Duration::ZERO), |(count, over), it| (count + 1, it.over.max(over)));
        (breakers >= self.rules.openings_together())
            .then_some(Alert::OpenedTogether { breakers, over })
    }
}

impl<const W: usize> Iterator for Alerts<'_, W> {
    type Item = Alert;

    fn next(&mut self) -> Option<Alert> {
        while let Some(window) = self.windows.get(self.window) {
            let alert = self.of_window(window);
            self.question += 1;
            if self.question == QUESTIONS {
                (self.window, self.question) = (self.window + 1, 0);
            }
            if alert.is_some() {
                return alert;
            }
        }
        // Past the last window: the question about all of them, once.
        if self.window > self.windows.len() {
            return None;
        }
        self.window = self.windows.len() + 1;
        self.of_all()
    }
}
