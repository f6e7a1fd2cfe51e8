//! The words of a slot in which a drill is written.

use crate::{
    drill::{
        config::Drill,
        plan::{Calls, Plan, Shares, Source, Tag, Words},
        reading::DrillReading,
    },
    machine::Machine,
    sync::{Ordering, const_fn, fence},
    time::Tick,
};
use core::time::Duration;

/// A drill, and what has come of it: four words. Zeros are no drill.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Drilled {
    plan: Machine,
    shares: Machine,
    source: Machine,
    calls: Machine,
}

impl Drilled {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self {
                plan: Machine::new(0),
                shares: Machine::new(0),
                source: Machine::new(0),
                calls: Machine::new(0),
            }
        }
    }

    /// Whatever bits, as shared memory can hold them.
    #[cfg(all(test, feature = "drill"))]
    pub(crate) fn set_bits(&self, words: [u64; 4]) {
        let machines = [&self.plan, &self.shares, &self.source, &self.calls];
        for (machine, bits) in machines.into_iter().zip(words) {
            machine.store(crate::machine::Bits(bits));
        }
    }

    /// Whether there is a drill, be it over or not.
    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        !self.plan.load::<Plan>().is_none()
    }

    /// Begins a drill in the place of whatever is there. Of two that begin at once, the one
    /// with the later tag stays.
    pub(crate) fn start(&self, drill: Drill, now: Tick) {
        // Foreign bits can look newer than any tag, though not than each of them.
        for _ in 0..=16 {
            let tag = self.take_tag();
            let shares = Shares::new(tag, drill);
            let source = Source::new(tag, drill.seed);
            self.shares
                .step(self.shares.load(), |it: Shares| keep_newer(tag, it.tag(), it, shares));
            self.source
                .step(self.source.load(), |it: Source| keep_newer(tag, it.tag(), it, source));
            let calls = Calls::new(tag);
            self.calls.step(self.calls.load(), |it: Calls| keep_newer(tag, it.tag(), it, calls));
            // Last: whoever sees the plan sees the rest.
            let (none, plan) = (Plan::none(tag), Plan::new(tag, drill, now));
            self.plan.step(self.plan.load(), |it: Plan| (if it == none { plan } else { it }, ()));
            if self.words().are_one(now) {
                return;
            }
        }
    }

    /// Ends what is there; a tag of one's own.
    fn take_tag(&self) -> Tag {
        self.plan.step(self.plan.load(), |it: Plan| (Plan::none(it.tag().next()), ())).to.tag()
    }

    /// Ends the drill as of now: the next call clears it. Whether one was under way.
    pub(crate) fn end_at(&self, now: Tick) -> bool {
        let ended = |it: Plan| match it.left_ms(now) {
            Some(_) => (it.ending(now), true),
            None => (it, false),
        };
        self.plan.step(self.plan.load(), ended).said
    }

    /// Clears a drill that is over, and under which no call came: none is there to do it.
    pub(crate) fn clear_unused(&self, now: Tick) -> bool {
        let Words { plan, calls, .. } = self.words();
        let is_used = calls.tag() == plan.tag() && calls.count() > 0;
        !is_used && self.clear_if_over(now)
    }

    /// Clears a drill that is over; whether this is who did.
    pub(crate) fn clear_if_over(&self, now: Tick) -> bool {
        let plan = self.plan.load::<Plan>();
        !plan.is_none() && plan.left_ms(now).is_none() && self.plan.replace(plan, plan.none_after())
    }

    /// A call's number, and the words of the drill that it is of.
    #[cfg_attr(not(feature = "drill"), allow(dead_code))] // no call asks
    pub(crate) fn number(&self, now: Tick) -> Option<(u64, Words)> {
        self.plan.load::<Plan>().left_ms(now)?;
        let calls = self.calls.add::<Calls>(1);
        // The number says by its tag of which drill it is. Whoever began that one wrote the
        // rest before the tag or after it; what is not there yet has another tag.
        fence(Ordering::Acquire);
        let words = Words { calls, ..self.words() };
        words.are_one(now).then_some((calls.count(), words))
    }

    /// One more call got a fault.
    #[cfg_attr(not(feature = "drill"), allow(dead_code))] // no call gets one
    pub(crate) fn count_fault(&self, words: Words) {
        let tag = words.plan.tag();
        self.source.step(self.source.load(), |it: Source| (it.with_fault(tag), ()));
    }

    /// Whether a drill that was under way still is.
    #[cfg_attr(not(feature = "drill"), allow(dead_code))] // no call hangs
    pub(crate) fn lasts(&self, tag: Tag, now: Tick) -> bool {
        let plan = self.plan.load::<Plan>();
        plan.tag() == tag && plan.left_ms(now).is_some()
    }

    fn words(&self) -> Words {
        Words {
            plan: self.plan.load(),
            shares: self.shares.load(),
            source: self.source.load(),
            calls: self.calls.load(),
        }
    }

    pub(crate) fn reading(&self, now: Tick) -> Option<DrillReading> {
        let words = self.words();
        if !words.are_one(now) {
            return None;
        }
        let [fail, hang, panic, slow] = words.shares.hundredths();
        let left = words.plan.left_ms(now)?;
        let drill = Drill {
            fail,
            hang,
            panic,
            slow,
            slow_ms: words.plan.slow_ms(),
            lasts_ms: u32::try_from(left).unwrap_or(u32::MAX),
            seed: words.source.seed(),
        };
        Some(DrillReading {
            drill,
            left: Duration::from_millis(left),
            calls: words.calls.count(),
            faults: words.source.faults(),
        })
    }
}

/// A word of this tag in the place of an older one.
fn keep_newer<W>(tag: Tag, there: Tag, it: W, new: W) -> (W, ()) {
    (if there.is_after(tag) { it } else { new }, ())
}
