//! What instances make of what the others say.

use std::time::Duration;

use fusebox::{Advice, BreakerSettings, State};
use fusebox_fleet::{
    FleetConfig, Obedience,
    world::{Instance, World},
};

/// What instances make of what the others say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody says anything.
    None,
    /// As it was asked for in the field (Polly's issue 259, gobreaker's shared state): who
    /// opens says so, and where so many are open, the next failure of every other opens it.
    Openings(u32),
    /// fusebox's: failures are pooled, of each instance up to a cap.
    Failures(Obedience),
}

impl Sharing {
    /// As tables name it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::None => "no sharing".into(),
            Self::Openings(quorum) => format!("{quorum} openings"),
            Self::Failures(Obedience::Observe) => "fusebox, `Observe`".into(),
            Self::Failures(Obedience::Advise) => "fusebox, `Advise`".into(),
            Self::Failures(Obedience::Obey) => "fusebox, `Obey`".into(),
        }
    }

    /// A fleet that shares in this way.
    pub(super) fn world(self, instances: usize, settings: BreakerSettings, seed: u64) -> World {
        let obedience = match self {
            Self::Failures(obedience) => obedience,
            _ => Obedience::Observe,
        };
        let config = |name: &str| {
            FleetConfig::new(name).obedience(obedience).build().expect("a name that is in range")
        };
        let mut world = World::with(instances, &["shop"], seed, settings, config);
        world.listeners = match self {
            Self::None => 0,
            // All hear the same at the same time, and what nobody heeds need not be heard
            // by all.
            Self::Openings(_) | Self::Failures(Obedience::Observe) => instances.min(10),
            Self::Failures(_) => instances,
        };
        world
    }

    /// Whether it is fusebox's.
    pub(super) const fn is_fleet(self) -> bool {
        matches!(self, Self::Failures(_))
    }

    /// Whether what all hear changes what they do.
    pub(super) const fn is_heeded(self) -> bool {
        matches!(self, Self::Failures(Obedience::Advise | Obedience::Obey))
    }

    /// Whether one of the first ten instances knows that the service is down.
    pub(super) fn is_known(self, world: &World) -> bool {
        let mut some = 0..world.listeners.min(10);
        match self {
            Self::None => false,
            Self::Openings(quorum) => some.any(|number| {
                world.opinion(number, 0).open + u32::from(world.all[number].is_open()) >= quorum
            }),
            Self::Failures(_) => some.any(|number| world.has_seen_enough(number)),
        }
    }

    /// What is no part of the product, and happens once it is known.
    pub(super) fn act(self, world: &World) {
        if !matches!(self, Self::Openings(_)) {
            return;
        }
        let is_closed = |it: &&Instance| it.breakers[0].state() == State::Closed;
        for instance in world.all.iter().filter(is_closed) {
            instance.breakers[0].advise(Some(Advice {
                primed: true,
                probed_elsewhere: false,
                instances: 0,
                failures: 0,
                lasts: Duration::from_mins(10),
            }));
        }
    }
}
