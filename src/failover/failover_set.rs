//! The set itself: how it is made, and what it shows.

use core::fmt;

use crate::{
    failover::{
        course::{Course, MOST, Turns},
        member::{Chosen, Member},
        settings::FailoverSettings,
    },
    machine::Machine,
    name::Name,
    observe::{DefaultObserver, FailoverState},
    sync::const_fn,
    time::{Clock, DefaultClock},
};

/// Regions or endpoints, each behind a breaker: the first one that admits a call takes it.
///
/// The first member is the home. While its breaker is healthy, a call costs one load more
/// than it would at that breaker alone. Where the home does not admit a call, it **spills**
/// onto another member, in the order in which you gave them. So that a home that fails does
/// not drown the next, a share of the set's calls may spill onto each, and no more
/// ([`spill_share`](crate::FailoverConfig::spill_share), 40 % unless you say otherwise): in
/// any time t in which k calls begin, at most
/// `burst + k * spill_share + t * reserve_per_second`. What finds no place fails at once,
/// with an error that lists every member's state. Calls of a lower
/// [`Priority`](crate::Priority) are refused first.
///
/// When the home is back, its share of the calls grows over
/// [`return_over`](crate::FailoverConfig::return_over), evenly spread. A call that is not in
/// that share, and finds no place elsewhere, goes home all the same. Or calls stay where they
/// are until that member fails, where the set is [`sticky`](crate::FailoverConfig::sticky).
///
/// A set has no task of its own: it asks breakers only when a call comes. So calls bring it
/// home, and where none come, [`is_home`](Self::is_home) and [`state`](Self::state) stay as
/// they are, whatever the home's breaker says.
///
/// A call goes on to another member only where it was not made. Where one that failed may be
/// made again, [`call_repeatable`](Self::call_repeatable) does that; so much is your word.
///
/// The set takes its own calls as the measure of what the others bear besides. Where a
/// member is the home of fewer calls than this set's, as in another region with less
/// traffic, lower the share.
///
/// ```
/// use fusebox::{BreakerConfig, CircuitBreaker, FailoverConfig, FailoverSet, Member};
///
/// static EU: CircuitBreaker = CircuitBreaker::named("shop eu", BreakerConfig::new().build());
/// static US: CircuitBreaker = CircuitBreaker::named("shop us", BreakerConfig::new().build());
/// static SHOPS: FailoverSet<'static, 2, &str> = FailoverSet::named(
///     "shops",
///     [
///         Member::new("eu", &EU).at("https://eu.example.com"),
///         Member::new("us", &US).at("https://us.example.com"),
///     ],
///     FailoverConfig::new().build(),
/// );
///
/// fn ask(address: &str) -> Result<String, std::io::Error> {
///     Ok(format!("from {address}"))
/// }
///
/// EU.force_open();
/// let answer = SHOPS.call(|shop| ask(shop.value()));
/// assert_eq!(answer.unwrap(), "from https://us.example.com");
/// ```
///
/// Nothing is allocated. A set reads the clock of its home's breaker, and that breaker's
/// observer hears of [`Event::Failover`](crate::Event::Failover). The set's words publish no
/// other memory: a call orders nothing between threads.
///
/// The members' order and the ratio of what spills come from Envoy's priority levels
/// ("Priority levels" and "Overprovisioning factor" in its documentation). There the share
/// that spills depends on the health of the home's hosts, and nothing bounds what the next
/// level bears.
pub struct FailoverSet<'a, const N: usize, T = (), C = DefaultClock, O = DefaultObserver> {
    pub(super) course: Machine,
    pub(super) turns: Machine,
    pub(super) settings: FailoverSettings,
    pub(super) name: Option<&'a str>,
    pub(super) members: [Member<'a, T, C, O>; N],
}

impl<'a, const N: usize, T, C, O> FailoverSet<'a, N, T, C, O> {
    /// A set has a member, and its word has room for so many.
    const FITS: () = assert!(N >= 1 && N <= MOST, "a failover set has 1 to 64 members");

    const_fn! {
        /// Makes a set without a name. The first member is the home.
        ///
        /// A set of no members, or of more than 64, does not compile.
        #[must_use]
        pub fn new(members: [Member<'a, T, C, O>; N], settings: FailoverSettings) -> Self {
            let () = Self::FITS;
            Self {
                course: Machine::new(0),
                turns: Machine::new(0),
                settings,
                name: None,
                members,
            }
        }
    }

    const_fn! {
        /// Makes a set with a name, which its errors and events carry. The first member is
        /// the home.
        ///
        /// # Panics
        /// On a name that [`Name::try_new`] refuses; in a `static` that is a compile error.
        #[must_use]
        #[track_caller]
        pub fn named(
            name: &'a str,
            members: [Member<'a, T, C, O>; N],
            settings: FailoverSettings,
        ) -> Self {
            let _ = Name::new(name);
            let () = Self::FITS;
            Self {
                course: Machine::new(0),
                turns: Machine::new(0),
                settings,
                name: Some(name),
                members,
            }
        }
    }

    /// Returns the name of the set, or `None` if it has none.
    #[must_use]
    pub const fn name(&self) -> Option<&'a str> {
        self.name
    }

    /// Returns the settings.
    #[must_use]
    pub const fn settings(&self) -> FailoverSettings {
        self.settings
    }

    /// Returns the members, the home first.
    #[must_use]
    pub const fn members(&self) -> &[Member<'a, T, C, O>; N] {
        &self.members
    }

    /// Returns where the calls go, as the last call that had to ask found it. It changes
    /// only as calls come.
    ///
    /// ```
    /// use fusebox::{
    ///     BreakerConfig, CircuitBreaker, FailoverConfig, FailoverSet, FailoverState, Member,
    /// };
    ///
    /// let (eu, us) = [(); 2].map(|()| CircuitBreaker::new(BreakerConfig::new().build())).into();
    /// let members = [Member::new("eu", &eu), Member::new("us", &us)];
    /// let set = FailoverSet::new(members, FailoverConfig::new().build());
    /// assert_eq!(set.state(), FailoverState::Home);
    /// eu.force_open();
    /// assert_eq!(set.call(|member| Ok::<_, ()>(member.name())), Ok("us"));
    /// assert_eq!(set.state(), FailoverState::Away);
    /// ```
    #[must_use]
    pub fn state(&self) -> FailoverState {
        self.course.load::<Course>().state()
    }

    /// Returns whether all calls go home: the [`state`](Self::state) is
    /// [`FailoverState::Home`].
    ///
    /// A call that finds the home well begins the return, and one that comes
    /// [`return_over`](crate::FailoverConfig::return_over) later ends it. So a set that is
    /// seldom called is not home for long after its home is well.
    ///
    /// ```
    /// use core::time::Duration;
    /// use fusebox::{
    ///     BreakerConfig, CircuitBreaker, DefaultObserver, FailoverConfig, FailoverSet, ManualClock,
    ///     Member,
    /// };
    ///
    /// let clock = ManualClock::new();
    /// let settings = BreakerConfig::new().build();
    /// let eu = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    /// let us = CircuitBreaker::with(None, settings, &clock, DefaultObserver);
    /// let members = [Member::new("eu", &eu), Member::new("us", &us)];
    /// let set = FailoverSet::new(members, FailoverConfig::new().build());
    /// let call = || set.call(|_| Ok::<_, ()>(())).unwrap();
    /// assert!(set.is_home());
    /// eu.force_open();
    /// call();
    /// eu.close();
    /// clock.advance(Duration::from_secs(60));
    /// assert!(!set.is_home(), "nobody has called");
    /// call();
    /// clock.advance(Duration::from_secs(10));
    /// call();
    /// assert!(set.is_home());
    /// ```
    #[must_use]
    pub fn is_home(&self) -> bool {
        self.state() == FailoverState::Home
    }

    #[inline]
    pub(crate) fn chosen(&self, at: usize) -> Chosen<'_, T> {
        let Member { name, value, .. } = &self.members[at];
        Chosen::new(at, name, value)
    }

    /// Adds to the word of turns, and returns what it was.
    pub(super) fn turn(&self, much: u64) -> Turns {
        self.turns.add(much)
    }
}

impl<const N: usize, T, C: Clock, O> FailoverSet<'_, N, T, C, O> {
    /// Returns how many calls of the highest priority may spill onto a member at once, as of
    /// now; 0 where there is no such member.
    #[must_use]
    pub fn spill_left(&self, member: usize) -> u32 {
        let now = self.members[0].breaker.clock().now();
        self.members.get(member).map_or(0, |it| it.spill.left(now, self.settings))
    }
}

impl<const N: usize, T: fmt::Debug, C, O> fmt::Debug for FailoverSet<'_, N, T, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailoverSet")
            .field("name", &self.name)
            .field("state", &self.state())
            .field("members", &self.members)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
