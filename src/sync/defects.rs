//! Defects that `loom-tests/` plants in the real code, so that a model that
//! checks nothing is noticed. Compiled under `cfg(fusebox_loom)` alone.

extern crate std;

use core::cell::Cell;

/// One way to break an invariant of the crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// A change of the word is a load and a store: racing changes are lost.
    LostUpdate,
    /// Only the admission of a probe is a load and a store.
    NonAtomicProbeCount,
    /// An outcome counts whatever the generation is.
    NoGenerationCheck,
    /// A dropped permit keeps its probe's place.
    DropKeepsProbe,
    /// A lost probe's place is never given to another.
    NoTakeover,
    /// A place taken over frees all the others too.
    TakeoverFreesAll,
    /// A slot is claimed by a load and a store.
    ClaimWithoutCas,
    /// A slot whose name is not published yet is taken for a stranger's.
    UnnamedIsForeign,
    /// Names are not compared: one hash, one slot.
    NamesNotCompared,
    /// A full registry hands out its first slot.
    FullSharesFirst,
    /// A success is judged by the word in its permit, not by today's.
    SuccessByPermit,
    /// A success resets the count with a plain store.
    ResetByStore,
    /// A forced change keeps the generation.
    ForceKeepsGeneration,
    /// Settings are published by a load and a store.
    SettingsPublishedByStore,
    /// Advice that has ended is cleared by a store, whatever is there by then.
    AdviceClearedByStore,
    /// A live change of settings clears them first.
    SettingsClearedFirst,
    /// A change of some settings is a load and a store.
    SettingsUpdatedByStore,
    /// A success takes the bit of attention with the score.
    AttentionLost,
    /// A call is added to the last ones by a load and a store.
    LostCallOfWindow,
    /// Whoever finds no failure among the last calls looks no further, and takes
    /// the attention away.
    WindowNotLookedAtAgain,
    /// A hung call is taken out by a load and a store.
    HungCallCountsTwice,
    /// A batch is reported by one step for each outcome.
    BatchInSteps,
    /// A text that two writers mixed is shown.
    MixedTextIsShown,
    /// The place of a record in a trace is claimed by a load and a store.
    TraceClaimedByStore,
    /// A reader of a trace takes what it finds for what it looks for.
    OldRecordIsShown,
    /// A learned quantile is moved by a load and a store.
    LearnedByStore,
    /// What a breaker learns of the time of its calls is a load and a store.
    LatencyByStore,
    /// What it learns of outages and failures is.
    PastByStore,
    /// A rate limit's arrival is overwritten when calls are taken.
    RateTakenByStore,
    /// A rate limit's arrival is overwritten when calls are given back.
    RateGivenBackByStore,
    /// A budget's word is overwritten when a retry is taken from it.
    WithdrawalByStore,
    /// A budget's word is overwritten when a call gives its share.
    DepositByStore,
    /// A bulkhead's word is overwritten when a place is taken.
    PlaceTakenByStore,
    /// A place is given back by a load and a store.
    SubtractedByStore,
    /// A sum is added to by a load and a store.
    AddedByStore,
    /// Bits are set by a load and a store.
    BitsSetByStore,
    /// Whoever finds that nobody watches a breaker does not look again after that.
    WatchNotLookedAtAgain,
    /// An adaptive limit is set by a store, whoever came or went meanwhile.
    LimitSetByStore,
    /// An intake's word is overwritten when a call comes in.
    EnteredByStore,
    /// An intake's word is overwritten when a call ends.
    EndedByStore,
    /// Whoever ends a call at a window's end computes, be it taken by another or not.
    WindowWonTwice,
    /// A call of a failover set gives its share and takes its place in two steps.
    SharedInTwoSteps,
    /// Where the calls of a failover set go is overwritten.
    MovedByStore,
    /// A breaker closes first, and begins to let calls back after that.
    RampAfterClosing,
    /// Who sees a breaker closed may see its gate later.
    GateSeenLate,
    /// A ramp that is over is cleared by a store, whatever is there by then.
    RampClearedByStore,
    /// What a service does not answer is learned by a load and a store.
    ShedByStore,
    /// What calls foretell is changed by a load and a store.
    ForeseenByStore,
    /// Whoever takes a gate away does not look at what it was made of again.
    GateNotLookedAtAgain,
    /// A drill that is over is cleared by a store, whatever is there by then.
    DrillEndedByStore,
    /// Words of two drills are taken for those of one.
    TagsNotCompared,
    /// What a shadow makes of a call is a store, whoever else showed it one meanwhile.
    ShadowSteppedByStore,
}

std::thread_local! {
    // loom runs a model's threads as coroutines of one system thread, so this
    // reaches all of them and no other test.
    static PLANTED: Cell<Option<Defect>> = const { Cell::new(None) };
}

/// Plants `defect` for whatever runs on this system thread from now on.
pub fn plant(defect: Option<Defect>) {
    PLANTED.with(|planted| planted.set(defect));
}

pub(crate) fn is(defect: Defect) -> bool {
    PLANTED.with(Cell::get) == Some(defect)
}
