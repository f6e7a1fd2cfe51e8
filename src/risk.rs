//! What is foreseen of a service: how near it is to trouble, and by which signs.

use core::fmt;

/// How near a service is to trouble, and what says so.
///
/// Each sign gives points, and an alarm takes 120 of them. Here all are in percent of
/// that: 100 is an alarm. An alarm that has begun lasts until less than 50 are left.
///
/// | sign | points |
/// |---|---|
/// | a call that took longer than is usual | 24, and each other call takes 1 off (Page's cumulative sum) |
/// | a call that ended in [`Outcome::Overload`](crate::Outcome::Overload) | 40, in the same sum |
/// | a call in flight that has taken longer than is usual already | 24, while it is in flight |
/// | calls are in flight, and none ends | 15 times phi: 8 orders of magnitude are an alarm |
/// | others have seen enough ([`Advice::primed`](crate::Advice::primed)) | 120 |
/// | the host's pressure is raised, high, critical | 15, 30, 60 |
///
/// What is usual is learned ([`Learned`](crate::Learned)): a quarter above the time before
/// which 99 of 100 calls were done while all was well, and at least 10 ms. Until that is
/// known, `slow_call` is taken for it; without one, the time of calls says nothing. The
/// calls in flight are those of this process, of a sample where there are many.
///
/// What calls say halves in each second in which none says more. Of the calls in flight the
/// sign that says more counts, as both are of the same calls.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, Foresight, RiskLevel};
///
/// let settings = BreakerConfig::new().foresight(Foresight::Watch).build();
/// let shop = CircuitBreaker::new(settings);
/// let risk = shop.risk();
/// assert_eq!((risk.level, risk.percent()), (RiskLevel::Calm, 0));
/// assert_eq!(risk.to_string(), "calm");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Risk {
    /// How serious it is.
    pub level: RiskLevel,
    /// Calls took longer than is usual, or were too many for the service.
    pub slow: u16,
    /// Calls in flight have taken longer than is usual.
    pub hung: u16,
    /// Calls are in flight, and none ends.
    pub silent: u16,
    /// Others have seen enough evidence against the service.
    pub others: u16,
    /// The host is under pressure.
    pub host: u16,
}

/// How serious a [`Risk`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum RiskLevel {
    /// Little is to be seen.
    #[default]
    Calm,
    /// There are half the points of an alarm, or more.
    Rising,
    /// An alarm: the breaker does what its
    /// [`foresight`](crate::BreakerConfig::foresight) says.
    Alarm,
}

impl Risk {
    /// Returns the sum of all signs, in percent of what an alarm takes.
    #[must_use]
    pub fn percent(&self) -> u16 {
        self.signs().into_iter().map(|(share, _)| share).fold(0, u16::saturating_add)
    }

    /// Returns whether there is an alarm.
    #[must_use]
    pub const fn is_alarm(&self) -> bool {
        matches!(self.level, RiskLevel::Alarm)
    }

    /// Calls `each` with every sign that there is, in words, and its share in percent.
    pub fn each_reason(&self, mut each: impl FnMut(&'static str, u16)) {
        for (share, words) in self.signs() {
            if share > 0 {
                each(words, share);
            }
        }
    }

    const fn signs(&self) -> [(u16, &'static str); 5] {
        [
            (self.slow, "calls take longer than usual, or are too many"),
            (self.hung, "calls in flight last longer than usual"),
            (self.silent, "calls are in flight and none ends"),
            (self.others, "others have seen enough failures"),
            (self.host, "the host is under pressure"),
        ]
    }
}

/// As in "alarm, 120%: calls take longer than usual, or are too many (120%)".
impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.level, f)?;
        let percent = self.percent();
        if percent == 0 {
            return Ok(());
        }
        write!(f, ", {percent}%")?;
        let (mut gap, mut done) = (": ", Ok(()));
        self.each_reason(|words, share| {
            if done.is_ok() {
                done = write!(f, "{gap}{words} ({share}%)");
            }
            gap = ", ";
        });
        done
    }
}

/// Its word, as in "alarm".
impl fmt::Display for RiskLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Calm => "calm",
            Self::Rising => "rising",
            Self::Alarm => "alarm",
        })
    }
}
