//! Which member takes a call, where that is not simply the home.

#[cfg(feature = "tower")]
use crate::error::Rejected;
use crate::{
    breaker::{CircuitBreaker, held::HeldPermit, snapshot::Snapshot},
    failover::{
        course::{Course, WHOLE},
        error::{FailoverError, Refusals, Refused},
        failover_set::FailoverSet,
        journey::Journey,
    },
    observe::{Event, FailedOver, FailoverState, Observer},
    state::State,
    time::{Clock, Tick},
};

/// The permit of a member's breaker.
pub(crate) type Held<'a, C, O> = HeldPermit<&'a CircuitBreaker<C, O>>;

/// A member that takes a call.
pub(crate) struct Pass<'a, C: Clock, O: Observer> {
    pub(crate) at: usize,
    /// None where the set panics, and the breaker did not admit the call: it hears nothing.
    pub(crate) permit: Option<Held<'a, C, O>>,
    /// Whether it was taken out of the member's budget.
    #[cfg_attr(not(feature = "tower"), allow(dead_code))] // a balancer may give it back
    pub(super) paid: bool,
}

/// Whether a breaker in this state lets every call through, as far as its state goes.
const fn is_well(state: State) -> bool {
    matches!(state, State::Closed | State::Disabled)
}

/// Whether it is well, and has been since it was of this generation.
const fn stayed_well(seen: &Snapshot, generation: u16) -> bool {
    is_well(seen.state) && seen.generation == generation
}

impl<'a, const N: usize, T, C: Clock, O: Observer> FailoverSet<'a, N, T, C, O> {
    /// Finds a member for a call. One that may go on from there has to
    /// [`settle`](Self::settle) when it is done.
    ///
    /// The error is what its caller gets.
    #[cold]
    #[inline(never)]
    pub(super) fn choose<E>(
        &self,
        journey: &mut Journey<'a, E, N>,
        goes_on: bool,
    ) -> Result<Pass<'a, C, O>, FailoverError<'a, E, N>> {
        let pass = if self.settings.panic_below() > 0 && self.panics() {
            self.evenly(journey)
        } else {
            self.in_order(journey, self.clock().now())
        };
        if !goes_on || pass.is_none() {
            self.settle(journey);
        }
        pass.ok_or_else(|| {
            journey.take_failed().unwrap_or_else(|| {
                let name = |at: usize| self.members[at].name;
                FailoverError::Refused(Refusals::new(self.name, name, journey.refused))
            })
        })
    }

    /// The call asks no more members: those that it did not ask get its share now. Before
    /// that it would be lost to a budget that is full, and the call then find no place.
    pub(crate) fn settle<E>(&self, journey: &mut Journey<'a, E, N>) {
        let now = self.clock().now();
        for (at, member) in self.members.iter().enumerate() {
            if journey.gives(at) {
                member.spill.deposit(now, self.settings);
            }
        }
    }

    /// The first member that admits the call, and onto which it may spill.
    fn in_order<E>(&self, journey: &mut Journey<'a, E, N>, now: Tick) -> Option<Pass<'a, C, O>> {
        let course = self.course.load();
        let stays = self.stays_at(course);
        let waits = !self.settings.sticky() && self.waits_for_home(course, now);
        let mut left = 0_u64;
        for at in (0..N).filter(|at| !(waits && *at == 0 || journey.was_at(*at))) {
            left |= 1 << at;
        }
        let first = stays.unwrap_or(0);
        let mut pass = if left & 1 << first == 0 { None } else { self.ask(first, journey, now) };
        left &= !(1 << first);
        // Those of which others warn come last.
        for warned in [false, true] {
            for at in 0..N {
                if pass.is_none() && left & 1 << at != 0 && (warned || !self.is_warned_of(at)) {
                    left &= !(1 << at);
                    pass = self.ask(at, journey, now);
                }
            }
        }
        // A home that is well is better than none, though the call is not in its share.
        if pass.is_none() && waits && !journey.was_at(0) {
            pass = self.ask(0, journey, now);
        }
        self.go(course, stays, pass.as_ref().map(|it| it.at), journey.home);
        pass
    }

    /// Asks a member's breaker and its budget.
    fn ask<E>(
        &self,
        at: usize,
        journey: &mut Journey<'a, E, N>,
        now: Tick,
    ) -> Option<Pass<'a, C, O>> {
        let member = &self.members[at];
        // What is made again is more than the home's own calls.
        let pays = at != 0 || journey.repeats();
        let finds_place = |journey: &mut Journey<'a, E, N>| {
            !pays || member.spill.take(journey.gives(at), now, self.settings)
        };
        // A budget that is spent keeps calls away from a breaker that would admit them. One
        // that would not is asked first, as its answer says more.
        let budget_first = is_well(member.breaker.state());
        if budget_first && !finds_place(journey) {
            journey.refused[at] = Some(Refused::SPILL_OVER);
            return None;
        }
        let mut permit = HeldPermit::empty(member.breaker);
        if let Err(rejected) = permit.under(|| ()) {
            if budget_first && pays {
                member.spill.give_back(self.settings);
            }
            journey.turn_away(at, &rejected);
            return None;
        }
        if !budget_first && !finds_place(journey) {
            // The permit is given back.
            journey.refused[at] = Some(Refused::SPILL_OVER);
            return None;
        }
        if pays {
            member.spill.count();
        }
        Some(Pass { at, permit: Some(permit), paid: pays })
    }

    /// The next member, whatever its breaker says.
    fn evenly<E>(&self, journey: &Journey<'a, E, N>) -> Option<Pass<'a, C, O>> {
        let turn = self.turn(WHOLE).of(N);
        let tried = |at: &usize| journey.repeats() && journey.was_at(*at);
        let at = (turn..turn + N).map(|at| at % N).find(|at| !tried(at))?;
        let mut permit = HeldPermit::empty(self.members[at].breaker);
        let admitted = permit.under(|| ()).is_ok();
        Some(Pass { at, permit: admitted.then_some(permit), paid: false })
    }

    /// Whether too few members are available.
    fn panics(&self) -> bool {
        let available = self.members.iter().filter(|it| is_well(it.breaker.state())).count();
        let panics = available * 100 < N * usize::from(self.settings.panic_below());
        let seen: Course = self.course.load();
        if seen.panics() != panics {
            self.move_on(seen, None, |course| course.with_panic(panics));
        }
        panics
    }

    /// The member at which the calls of a sticky set stay: its breaker has not opened since
    /// they went there.
    fn stays_at(&self, course: Course) -> Option<usize> {
        let at = course.at().filter(|at| *at < N)?;
        let seen = self.members[at].breaker.snapshot();
        stayed_well(&seen, course.generation()).then_some(at)
    }

    /// Lets calls return to a home that is back. Whether this one is not in the share that
    /// does.
    fn waits_for_home(&self, course: Course, now: Tick) -> bool {
        if !course.is_away() && !course.is_returning() {
            return false;
        }
        let home = self.members[0].breaker.snapshot();
        if !is_well(home.state) {
            return false; // it says so itself
        }
        let settings = self.settings;
        let course = self.move_on(course, Some(0), |course| {
            if !course.is_away() && !course.is_returning() {
                return course;
            }
            let returning = course.returning(home.generation, now);
            if returning.share(now, settings).is_some() { returning } else { course.home() }
        });
        match course.share(now, settings) {
            Some(share) if course.is_returning() => !self.turn(share).takes(share),
            _ => false,
        }
    }

    /// Where calls go from now on, after one was taken by this member, or by none. `home` is
    /// the state in which the home turned it away.
    fn go(&self, seen: Course, stays: Option<usize>, at: Option<usize>, home: Option<State>) {
        let sticky = self.settings.sticky();
        let down = home.is_some_and(|state| !is_well(state));
        match at {
            Some(at) if sticky && stays.is_none() && (down || seen.is_away()) => {
                // A probe moves nobody.
                let member = self.members[at].breaker.snapshot();
                if is_well(member.state) {
                    self.move_on(seen, Some(at), |course| match at {
                        // Somebody else has moved meanwhile.
                        _ if course != seen => course,
                        0 => course.home(),
                        at => course.stays_at(at, member.generation),
                    });
                }
            }
            at if down && !sticky => {
                self.move_on(seen, at, Course::away);
            }
            // Who finds all full after this one withdrew, and before it says so, makes the
            // set calm: then the budget fills by the reserve alone, which is less.
            Some(1..) => {
                self.move_on(seen, at, Course::spent);
            }
            _ if self.members.iter().all(|it| it.spill.is_full()) => {
                self.move_on(seen, at, Course::full);
            }
            _ => {}
        }
    }

    /// Steps the word of the set, and tells where the calls go from then on.
    fn move_on(&self, seen: Course, to: Option<usize>, rule: impl Fn(Course) -> Course) -> Course {
        let step = self.course.step(seen, |course| (rule(course), ()));
        let (from, now) = (step.from, step.to);
        if (from.state(), from.at()) != (now.state(), now.at()) && self.observer().hears_events() {
            self.tell(from, now, to);
        }
        now
    }

    #[cold]
    fn tell(&self, from: Course, now: Course, to: Option<usize>) {
        let name = |at: usize| self.members.get(at).map(|it| it.name);
        let left = match now.state() {
            FailoverState::Away => name(from.at().unwrap_or(0)),
            FailoverState::Panic => None,
            FailoverState::Home | FailoverState::Returning => from.at().and_then(name),
        };
        self.observer().on_event(&Event::Failover(FailedOver {
            set: self.name,
            state: now.state(),
            from: left,
            to: to.and_then(name),
        }));
    }

    /// Whether others warn of the service behind this member.
    #[cfg(not(fusebox_compact))]
    fn is_warned_of(&self, at: usize) -> bool {
        self.members[at].breaker.advice().is_some_and(|advice| advice.primed)
    }

    /// A compact slot has no room for advice.
    #[cfg(fusebox_compact)]
    #[allow(clippy::unused_self)] // as the other's
    const fn is_warned_of(&self, _: usize) -> bool {
        false
    }

    /// A call that was admitted is not made after all: what it took of a budget is given
    /// back.
    #[cfg(feature = "tower")]
    pub(crate) fn give_back(&self, pass: &Pass<'a, C, O>) {
        if pass.paid {
            self.members[pass.at].spill.give_back(self.settings);
        }
    }

    /// This member was chosen, and its breaker has opened since.
    #[cfg(feature = "tower")]
    pub(crate) fn refused_at(&self, at: usize, rejected: &Rejected) -> Refusals<'a, N> {
        let mut refused = [None; N];
        refused[at] = Some(Refused::by(rejected));
        Refusals::new(self.name, |at| self.members[at].name, refused)
    }

    fn clock(&self) -> &C {
        self.members[0].breaker.clock()
    }

    fn observer(&self) -> &O {
        self.members[0].breaker.observer()
    }
}
