//! The bulkhead of a slot in a panel.

use core::{fmt, ptr};

use fusebox::{
    AsKey, Clock, ConstDefault, DefaultObserver, Limited, Limits, LimitsReading, Observer, Panel,
    StdClock,
};

use crate::{
    bulkhead::{
        holder::{Held, Holder},
        places::{BEFORE, Places},
    },
    epoch::Epoch,
    error::BulkheadError,
    header::PlaceWords,
    map::Map,
};

/// A limit of the calls in flight that all processes of a host share, in the slot of a panel.
/// [`SharedRegistry::bulkhead`](crate::SharedRegistry::bulkhead) finds it. Look it up once,
/// and keep it.
///
/// It admits every call until it is given a limit, which an operator changes live, as
/// `fusebox set shop bulkhead=32` does. It never admits more than that, and turns nobody away
/// while a place is free. The places of a process that was killed come back: whoever finds
/// the bulkhead full looks for dead holders, at most once in 10 ms, all processes together.
///
/// A call costs a compare-and-swap at its start and its end, a look at 62 words, and two
/// calls of the kernel that ask for the number of this process, as it may have been forked.
/// For a limit of more than 62 there is [`SharedBulkhead`](crate::SharedBulkhead).
///
/// ```
/// use fusebox_shm::{Options, SharedRegistry};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("panel");
/// // In every process. A service would say "/run/shop/panel".
/// let panel = SharedRegistry::<64>::open(&path, Options::new())?;
/// let workers = panel.bulkhead("shop")?;
/// assert!(workers.try_acquire().is_ok()); // there is no limit yet
///
/// workers.set_limit(2)?;
/// let first = workers.try_acquire()?;
/// let second = panel.bulkhead("shop")?.try_acquire()?;
/// assert_eq!(workers.try_acquire().unwrap_err().to_string(), "bulkhead `shop` is full");
/// drop(second);
/// assert_eq!((workers.in_flight(), workers.limit()), (1, Some(2)));
/// # drop(first);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A limit that is lowered holds for the calls that are asked for after that: none is
/// admitted until so many have ended. Until then a call may be turned away as well because
/// another was asked for at the same moment. A limit that is put in force counts no call that
/// was admitted while there was none.
///
/// All processes that take places must be numbered alike: those of containers are, where the
/// containers share one PID namespace. `/proc` must be mounted.
pub struct PanelBulkhead<'a, C = StdClock, O = DefaultObserver> {
    limits: &'a Limits<C, O>,
    places: Places<'a>,
    holder: Holder,
}

impl PanelBulkhead<'_> {
    /// The largest limit.
    pub const MOST: usize = size_of::<PlaceWords>() / size_of::<u64>() - BEFORE;
}

#[allow(clippy::cast_possible_truncation)] // 62
const MOST: u32 = PanelBulkhead::MOST as u32;

impl<'a, C: ConstDefault, O: ConstDefault> PanelBulkhead<'a, C, O> {
    /// That of the slot called `name`.
    pub(crate) fn find<K: AsKey + ?Sized>(map: &'a Map, name: &K) -> Result<Self, BulkheadError> {
        let all = map.limits::<C, O>();
        let limits = Panel::with_limits(map.slots::<C, O>(), all)
            .limits(name)
            .map_err(BulkheadError::Registry)?;
        let slot = all.iter().position(|it| ptr::eq(it, limits)).unwrap_or_default();
        let places = Places::new(&map.places()[slot]);
        let holder = Epoch::current().and_then(Holder::new).map_err(BulkheadError::Problem)?;
        holder.agree(places).map_err(BulkheadError::Problem)?;
        Ok(Self { limits, places, holder })
    }
}

impl<'a, C, O: Observer> PanelBulkhead<'a, C, O> {
    /// Takes a place for one call. Where there is no limit, the call is admitted and has
    /// none.
    ///
    /// # Errors
    /// [`Limited`] when so many calls are in flight as the limit allows; those of a
    /// process that was killed within the last 10 ms may still count. When a place will be
    /// free, nobody knows: it names no time. Also where this process was forked, and
    /// cannot read `/proc` any more.
    pub fn try_acquire(&self) -> Result<PanelPlace<'a>, Limited> {
        let Some(limit) = self.limit() else { return Ok(PanelPlace { _held: None }) };
        let held = self.holder.take(self.places.limited(limit));
        if held.is_none() {
            self.limits.bulkhead().turn_away()?;
        }
        Ok(PanelPlace { _held: held })
    }
}

impl<C, O> PanelBulkhead<'_, C, O> {
    /// Returns how many calls may be in flight, in all processes together. `None` if that
    /// has no limit.
    #[must_use]
    pub fn limit(&self) -> Option<usize> {
        // Above it is what nobody sets who uses this type.
        self.limits.bulkhead().limit().map(|limit| limit.min(MOST) as usize)
    }

    /// Puts another limit in force, from 1 to 62, at once, for all processes.
    ///
    /// # Errors
    /// [`BulkheadError::Limit`] on another limit. Then nothing was changed.
    pub fn set_limit(&self, limit: usize) -> Result<(), BulkheadError> {
        set_limit(self.limits, Some(limit))
    }

    /// Puts this limit in force, from 1 to 62, if there is none yet, and returns the one in
    /// force: an operator may have changed it.
    ///
    /// # Errors
    /// As [`set_limit`](Self::set_limit).
    pub fn init_limit(&self, limit: usize) -> Result<usize, BulkheadError> {
        let kept = self.limits.bulkhead().init_kept_limit(checked(limit)?);
        let kept = kept.map_err(|_| BulkheadError::Limit { limit })?;
        Ok(kept.min(MOST) as usize)
    }

    /// Takes the limit away, for all processes: every call is admitted, until another is put
    /// in force.
    pub fn lift(&self) {
        // To have none is never refused.
        let _ = set_limit(self.limits, None);
    }

    /// Returns how many places are taken, in all processes together. Those of a process that
    /// was killed count until somebody finds the bulkhead full.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.places.taken()
    }

    /// Returns how many times callers were turned away, in all processes together. It is up
    /// to a 64th too large where one thread was turned away very often.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.limits.bulkhead().refused()
    }
}

/// Puts a limit in force in a slot, or none.
pub(crate) fn set_limit<C, O>(
    limits: &Limits<C, O>,
    limit: Option<usize>,
) -> Result<(), BulkheadError> {
    let kept = limits.bulkhead().keep_limit(limit.map(checked).transpose()?);
    // Its range is wider than this one.
    kept.map_err(|_| BulkheadError::Limit { limit: limit.unwrap_or_default() })
}

fn checked(limit: usize) -> Result<u32, BulkheadError> {
    let fits = (1..=PanelBulkhead::MOST).contains(&limit);
    u32::try_from(limit).ok().filter(|_| fits).ok_or(BulkheadError::Limit { limit })
}

/// The readings of a panel's limits, with the places that are taken.
pub(crate) fn readings<'a, C: Clock, O>(
    panel: Panel<'a, C, O>,
    places: &'a [PlaceWords],
) -> impl Iterator<Item = (usize, LimitsReading)> {
    panel.limits_readings().map(|(slot, mut reading)| {
        if let Some(bulkhead) = &mut reading.bulkhead {
            let taken = Places::new(&places[slot]).taken();
            bulkhead.in_flight = u32::try_from(taken).unwrap_or(u32::MAX);
            bulkhead.limit = bulkhead.limit.min(MOST);
        }
        (slot, reading)
    })
}

/// A place in a [`PanelBulkhead`], held for as long as the call that needs it. Dropped, it is
/// given back, also when the call panics. One that is forgotten is lost until its process
/// ends.
#[derive(Debug)]
#[must_use = "a place that is dropped at once limits nothing"]
pub struct PanelPlace<'a> {
    /// None where no limit asked for it, or a bypass admitted the call.
    _held: Option<Held<'a>>,
}

impl<C, O> fmt::Debug for PanelBulkhead<'_, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PanelBulkhead")
            .field("name", &self.limits.bulkhead().name())
            .field("limit", &self.limit())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
