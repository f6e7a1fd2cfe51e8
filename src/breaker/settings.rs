//! A breaker's settings: checked once, packed into three words.

mod build;

use core::time::Duration;

use build::{MAX_TIMEOUT, MAX_WAIT, Wait};

use crate::{
    breaker::ratio::Ratio,
    config::{Foresight, settings},
    overload::priority::Priority,
};

settings! {
    /// The settings of a breaker before they are checked; [`build`](Self::build) checks
    /// them.
    table
    /// No wait grows beyond 2^37 ms (4 years), so a long timeout or a large growth
    /// narrows the range of `doublings`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerConfig, BreakerSettings};
    ///
    /// // In a `const` or `static` a bad value is a compile error.
    /// const AI: BreakerSettings = BreakerConfig::new()
    ///     .failure_threshold(3)
    ///     .recovery_timeout(Duration::from_secs(30))
    ///     .build();
    /// assert_eq!(AI.failure_threshold(), 3);
    ///
    /// // At run time it is an error that names field, value and range.
    /// let error = BreakerConfig::new().failure_threshold(0).try_build().unwrap_err();
    /// assert_eq!(error.to_string(), "`failure_threshold` is 0, and must be from 1 to 2047");
    /// ```
    ///
    /// This does not compile, and says "`probes` must be from 1 to 255":
    ///
    /// ```compile_fail,E0080
    /// const BAD: fusebox::BreakerSettings = fusebox::BreakerConfig::new().probes(256).build();
    /// println!("{BAD}");
    /// ```
    #[derive(Eq)]
    config BreakerConfig {
        /// The score that opens the breaker: by default, the number of failures in a row.
        ///
        /// A failure adds 1 to the score, and a success takes all of it. With a
        /// `failure_weight` it is a score of another kind, and with a `window` the
        /// number of the last calls that failed. `failure_ratio` sets both the
        /// threshold and the weight.
        failure_threshold: count -> u16 = 5, 1..=2_047,
            at (if cfg!(fusebox_compact) { 52 } else { 64 + 53 });
        /// What a failure adds to the score; 0 counts failures in a row.
        ///
        /// With a weight, a success takes 1 off the score, and does not take all of
        /// it: Page's cumulative sum. Where one call of `failure_weight + 1` fails,
        /// the score stays where it is; where more fail, it climbs to the threshold.
        /// [`promise`](BreakerSettings::promise) says how fast.
        failure_weight: count -> u8 = 0, 0..=127, at (64 + 45) lower;
        /// The number of last calls in which failures are counted; 0 counts no last calls.
        ///
        /// The breaker opens when `failure_threshold` of the last `window` calls
        /// failed, exactly. It goes with no weight, no `min_span` and no `quiet`. For
        /// as many calls after each failure, every call writes to the breaker's
        /// memory; a weight writes less, and opens sooner.
        window: count -> u8 = 0, 0..=64, at (64 + 45) upper;
        /// The shortest time from the last failure that added its whole weight to the one that opens.
        ///
        /// A burst of failures at one instant then does not open the breaker. An
        /// outage that lasts opens it that much later. Above 127 ms the breaker keeps
        /// 7 significant bits of this time, rounded up.
        min_span: millis -> Duration = 0, 0..=4_161_536, at (64 + 34) scaled(7, 4);
        /// The longest time between failures that belong together; 0 is any time.
        ///
        /// A failure that comes later after the last one, by more than this, starts
        /// the score anew. It must be longer than `min_span`. Above 63 ms the breaker
        /// keeps 6 significant bits of this time, rounded up.
        quiet: millis -> Duration = 0, 0..=2_113_929_216, at (64 + 23) scaled(6, 5);
        /// The time above which a call is slow; unless it is set, none is.
        ///
        /// A slow call adds `slow_weight` to the score, whether it succeeded or not.
        /// One that failed, too, counts once, by the heavier weight. A call that was
        /// dropped counts if it was slow by then; one that hangs counts without an
        /// end. Calls are measured by the breaker's [`Clock`](crate::Clock): all of
        /// them, or, on a thread that makes many in one tick, one in 16 while all is
        /// well. The setter takes no limit below 10 ms, a step of the default clock;
        /// for a finer clock there is `slow_call_by`. Above 511 ms the breaker keeps
        /// 9 significant bits, rounded up.
        slow_call: limit -> Option<Duration> = 0, 1..=16_744_448, at (64 + 10) scaled(9, 4);
        /// What a slow call adds to the score; 0 is as much as a failure.
        slow_weight: count -> u8 = 0, 0..=127, at (64 + 3);
        /// The time for which the breaker stays open before it admits a probe.
        ///
        /// The breaker keeps whole milliseconds: a part of one counts as a whole one.
        /// Of a time above 8 minutes it keeps 19 significant bits, rounded up; that
        /// is less than 2 ms in 8 minutes, and 4 s in 24 days, the longest time.
        recovery_timeout: millis -> Duration = 60_000, 1..=2_073_600_000, at 29 scaled(19, 4);
        /// The largest number of probes in flight at a time.
        ///
        /// A half-open breaker admits no more calls at a time. It is no number of
        /// probes in all: as soon as one has reported, the next is admitted.
        probes: count -> u8 = 1, 1..=255, at 21 floored;
        /// The number of probes that must succeed to close the breaker.
        ///
        /// A probe that fails opens the breaker again.
        successes_to_close: count -> u8 = 1, 1..=15, at 17 floored;
        /// The number of times that the wait may grow while probes fail.
        ///
        /// After the n-th probe that fails in a row, the breaker waits
        /// `recovery_timeout * growth^min(n, doublings)`: with the default growth,
        /// `recovery_timeout << min(n, doublings)`.
        doublings: count -> u8 = 0, 0..=15, at 13;
        /// The size of a wait in percent of the one before, a multiple of 10.
        ///
        /// With 200, the default, the wait doubles; with 150 it grows by half. It
        /// grows `doublings` times at most, or up to `max_recovery_timeout`. Each
        /// wait is rounded down to whole milliseconds.
        growth: percent -> u16 = 200, 110..=700, at 7 tens;
        /// The largest part of the wait that is added to it at random.
        ///
        /// Each opening draws its own part, so that the breakers of a fleet do not
        /// probe in step.
        recovery_jitter: percent -> u8 = 0, 0..=100, at 0;
        /// The time over which a closing breaker lets calls back; 0 lets all back at once.
        ///
        /// When its probes have succeeded, the breaker admits `ramp_from` of the calls,
        /// evenly spread, and more and more of them until this time has passed. A failure
        /// weighs the more the fewer calls are admitted: while one in ten is, it weighs
        /// ten times as much. One that opens the breaker goes on with the growth of the
        /// wait, as a failed probe does. Above 511 ms the breaker keeps 9 significant
        /// bits of this time, rounded up.
        ramp_up: millis -> Duration = 0, 0..=16_744_448, at (128 + 51) scaled(9, 4);
        /// The share of calls that a ramp begins with.
        ///
        /// It matters where there is a `ramp_up`. Where calls have a
        /// [`Priority`](crate::Priority), the highest have the share to themselves.
        ramp_from: percent -> u8 = 10, 1..=100, at (128 + 44) floored;
        /// The largest share of calls that is shed from an overloaded service; 0 sheds none.
        ///
        /// A call that ends in [`Outcome::Overload`](crate::Outcome::Overload) makes the
        /// breaker shed a share of the calls, those of the lowest
        /// [`Priority`](crate::Priority) first: as many as leave a tenth more than the
        /// service answers. It settles within a second, or some 100 calls. No other error
        /// does; what is no overload counts as answered. The rest always passes, and where
        /// nothing was reported for a second, so does one call more. After half a second
        /// without an overload the breaker admits twice what the service answers, so that
        /// it soon admits all.
        ///
        /// While the breaker can still shed more, an overload is a failure that does not
        /// weigh: it neither adds to the score nor counts in the `window`, though a call
        /// that was slow weighs as a slow one. So a service with too many calls is relieved, and not cut off. When
        /// the share has reached `max_shed`, each overload weighs as any failure, and an
        /// outage that is told by overloads alone opens the breaker about a second later
        /// than without this. An overload always weighs in a ramp, in a probe, and where
        /// others say that the service is down ([`Advice::primed`](crate::Advice::primed)).
        max_shed: percent -> u8 = 0, 0..=99, at (128 + 37);
        /// What the breaker does about trouble that it foresees: 0 is off.
        ///
        /// It looks at how long calls take against what is usual, at calls in flight that
        /// do not end, at what others say of the service, and at the host's pressure. See
        /// [`Foresight`](crate::Foresight) for what it does in an alarm, and
        /// [`Risk`](crate::Risk) for how one comes about. Calls are timed then, as with a
        /// `slow_call`.
        foresight: foresight -> Foresight = 0, 0..=4, at (128 + 24);
        /// The share of the usual latency above which a call is slow; unless it is set, none is.
        ///
        /// The breaker learns before which time 99 of 100 calls are done, and what that
        /// usually is. A call that takes more than so many percent of what is usual is a
        /// slow one, as by `slow_call`: so a service that slows down is noticed, and nobody
        /// need know a number. 200 is twice the usual time.
        ///
        /// The limit holds once 2,000 calls were learned from, at most one in each tick of
        /// the clock; until then `slow_call` holds, if there is one. It then takes the
        /// place of `slow_call`, though never beyond a quarter and four times of that. It
        /// is never below 10 ms. It moves only where the usual time has moved by more than a quarter, and
        /// [`Event::Learned`](crate::Event::Learned) tells of it. While the breaker is not
        /// well, nothing is learned. [`learned`](crate::CircuitBreaker::learned) shows it
        /// all, and [`set_learning`](crate::CircuitBreaker::set_learning) freezes it.
        slow_above: excess -> u16 = 0, 110..=1_000, at (128 + 27);
    }
    also {
        /// The longest wait, before its jitter.
        ///
        /// The wait grows as long as it stays within this limit. `doublings` need
        /// not be set then; if it is, the smaller of the two counts. Once built,
        /// the settings keep how often the wait may grow, and not this limit.
        max_recovery_timeout(limit: Duration) -> Option<Duration> { Some(limit) }
            = None, "`recovery_timeout` to 4 years", "no limit";
        /// The share of failures that opens, and how seldom it does so by mistake.
        ///
        /// It sets `failure_weight` and `failure_threshold`, which are then left
        /// alone. Once built, the settings keep those two.
        failure_ratio(ratio: Ratio) -> Option<Ratio> { Some(ratio) }
            = None, "see `Ratio`", "none";
    }
    => packed BreakerSettings
}

/// Takes settings apart again, to change some of them.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker};
///
/// let breaker = CircuitBreaker::new(BreakerConfig::new().probes(2).build());
/// let stricter = BreakerConfig::from(breaker.settings()).failure_threshold(1).try_build()?;
/// breaker.set_settings(stricter);
/// assert_eq!((stricter.failure_threshold(), stricter.probes()), (1, 2));
/// # Ok::<(), fusebox::ConfigError>(())
/// ```
impl From<BreakerSettings> for BreakerConfig {
    fn from(settings: BreakerSettings) -> Self {
        settings.config()
    }
}

/// Checked settings of a breaker, packed into three words that change without a lock:
/// how it waits, the rule by which it opens, and what it does about load.
/// [`BreakerConfig`] builds them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BreakerSettings([u64; Self::WORDS]);

impl BreakerSettings {
    /// What a slot has before its settings are published.
    pub(crate) const DEFAULT: Self = BreakerConfig::new().build();

    /// Of the wait, of the rule, and of the load.
    pub(crate) const WORDS: usize = 3;

    pub(crate) const fn pack(self) -> [u64; Self::WORDS] {
        self.0
    }

    /// The settings that these words hold. A word of zeros was not published, and
    /// is read as the default; a foreign writer's impossible fields are read as
    /// the nearest legal ones.
    #[inline]
    pub(crate) const fn unpack([wait, rule, load]: [u64; Self::WORDS]) -> Self {
        let [default_wait, default_rule, default_load] = Self::DEFAULT.0;
        Self([
            if wait == 0 { default_wait } else { wait },
            if rule == 0 { default_rule } else { rule },
            if load == 0 { default_load } else { load },
        ])
    }

    /// The settings as a [`BreakerConfig`], to change one thing of a preset:
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{BreakerSettings, presets};
    ///
    /// const AI: BreakerSettings =
    ///     presets::AI_PROVIDER.config().recovery_timeout(Duration::from_secs(5)).build();
    /// assert_eq!((AI.failure_weight(), AI.recovery_timeout().as_secs()), (2, 5));
    /// ```
    pub const fn config(self) -> BreakerConfig {
        BreakerConfig { values: self.raw(), max_recovery_timeout: None, failure_ratio: None }
    }

    /// Whether every field is in its range: false only for what a foreign
    /// writer left in shared memory.
    pub(crate) fn is_legal(self) -> bool {
        self.config().try_build() == Ok(self)
    }

    /// How long a half-open breaker waits for a lost probe, in milliseconds.
    pub(crate) fn probe_timeout_ms(self) -> u64 {
        // The limit is only for a foreign writer's settings.
        self.recovery_timeout_ms().min(MAX_TIMEOUT)
    }

    /// The bits of `slow_call` in the word of the rule: without any there is no limit.
    #[cfg(not(fusebox_compact))]
    pub(crate) const SLOW_CALL: u64 =
        Self::PLACES[Row::slow_call as usize].bits::<{ Self::WORDS }>()[1];

    /// The longest time of a call that is not slow, in milliseconds.
    #[inline]
    pub(crate) const fn slow_call_ms(self) -> Option<u64> {
        match const { Self::PLACES[Row::slow_call as usize] }.get(self.0) {
            0 => None,
            limit => Some(limit),
        }
    }

    /// Whether it looks ahead.
    #[inline]
    pub(crate) const fn looks_ahead(self) -> bool {
        !cfg!(fusebox_compact) && !matches!(self.foresight(), Foresight::Off)
    }

    /// Whether calls are timed to be learned from: what is foreseen needs to know what is
    /// usual.
    #[inline]
    pub(crate) const fn learns(self) -> bool {
        !cfg!(fusebox_compact) && (self.slow_above() != 0 || self.looks_ahead())
    }

    /// How much later than others a call of this priority may become a probe, in
    /// milliseconds: an eighth of the recovery timeout at most, and a second at most. A
    /// call of the default priority, or of a higher one, never does.
    pub(crate) const fn grace_ms(self, priority: Priority) -> u64 {
        const LONGEST: u64 = 1_000;
        const NORMAL: u64 = Priority::DEFAULT.class() as u64;
        let below = NORMAL.saturating_sub(priority.class() as u64);
        let eighth = self.recovery_timeout_ms() / 8;
        (if eighth < LONGEST { eighth } else { LONGEST }) * below / NORMAL
    }

    /// How long a ramp is, in milliseconds; 0 is none.
    #[inline]
    pub(crate) const fn ramp_up_ms(self) -> u64 {
        const { Self::PLACES[Row::ramp_up as usize] }.get(self.0)
    }

    /// `min_span` and `quiet`, as rules compute with them.
    #[inline]
    pub(crate) const fn spans_ms(self) -> (u64, u64) {
        (
            const { Self::PLACES[Row::min_span as usize] }.get(self.0),
            const { Self::PLACES[Row::quiet as usize] }.get(self.0),
        )
    }

    /// The recovery timeout, as rules compute with it.
    #[inline]
    pub(crate) const fn recovery_timeout_ms(self) -> u64 {
        const { Self::PLACES[Row::recovery_timeout as usize] }.get(self.0)
    }

    /// The threshold and the weight, where they are the whole rule.
    #[inline]
    pub(crate) const fn plain_rule(self) -> Option<(u64, u64)> {
        const MORE: u64 = {
            let mut more = 0;
            let rows = [Row::window as usize, Row::min_span as usize, Row::quiet as usize];
            let mut at = 0;
            while at < rows.len() {
                more |= BreakerSettings::PLACES[rows[at]].bits::<{ BreakerSettings::WORDS }>()[1];
                at += 1;
            }
            more
        };
        if self.0[1] & MORE != 0 {
            return None;
        }
        Some((self.failure_threshold() as u64, self.failure_weight() as u64))
    }

    /// The wait of a first opening in milliseconds, where it has no jitter.
    #[inline]
    pub(crate) const fn plain_wait_ms(self) -> Option<u64> {
        match self.recovery_jitter() {
            0 => Some(self.recovery_timeout_ms()),
            _ => None,
        }
    }

    /// Returns the longest wait, before its jitter: that after `doublings` failed
    /// probes in a row.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::BreakerConfig;
    ///
    /// // 10 s, 15 s, 22.5 s, 33.75 s, 50.625 s; another growth would exceed 60 s.
    /// let settings = BreakerConfig::new()
    ///     .recovery_timeout(Duration::from_secs(10))
    ///     .growth(150)
    ///     .max_recovery_timeout(Duration::from_secs(60))
    ///     .build();
    /// assert_eq!(settings.doublings(), 4);
    /// assert_eq!(settings.max_recovery_timeout(), Duration::from_millis(50_625));
    /// ```
    #[must_use]
    pub const fn max_recovery_timeout(self) -> Duration {
        Duration::from_millis(self.wait_after_ms(u64::MAX))
    }

    /// How long an opening waits, in milliseconds, after `reopenings` failed
    /// probes in a row, before its jitter.
    #[inline]
    pub(crate) const fn wait_after_ms(self, reopenings: u64) -> u64 {
        let (most, growth) = (self.doublings() as u64, self.growth() as u64);
        let wait = Wait { first: self.recovery_timeout_ms(), growth };
        let wait = wait.grown(if reopenings < most { reopenings } else { most });
        // The limit is only for a foreign writer's settings.
        if wait < MAX_WAIT { wait } else { MAX_WAIT }
    }

    /// A wait in milliseconds with its jitter, if there is any; `draw` picks it.
    #[inline]
    pub(crate) fn jittered_ms(self, wait: u64, draw: impl FnOnce() -> u16) -> u64 {
        match u64::from(self.recovery_jitter()) {
            0 => wait,
            // 37 + 7 + 16 bits: no overflow. A shift, and a division by a constant.
            percent => wait + (((wait * percent) / 100 * u64::from(draw())) >> u16::BITS),
        }
    }
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self::DEFAULT
    }
}
