//! How soon all agree after something went wrong between them.

use fusebox_fleet::world::{BEAT, LOOKS, Net, World};

use crate::fleet::{Calls, WELL, parallel};

/// What goes wrong, and how long, in milliseconds.
const LASTS: u64 = 4_000;
/// So many of them hear the others. All speak.
const LISTENERS: usize = 100;
/// So many heartbeats are watched.
const WATCHED: u64 = 4;

/// What goes wrong between an instance and the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The halves do not hear each other.
    Halves,
    /// One is not heard, but hears.
    Mute,
    /// One does not hear, but is heard.
    Deaf,
    /// Messages get lost.
    Loss,
    /// Messages come twice, and in another order.
    Disorder,
    /// All processes end at once, and begin anew.
    Restart,
    /// The same, and meanwhile a replica took over that has lost the last second.
    FailOver,
    /// The same, and meanwhile the store was emptied.
    Flush,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Halves,
        Self::Mute,
        Self::Deaf,
        Self::Loss,
        Self::Disorder,
        Self::Restart,
        Self::FailOver,
        Self::Flush,
    ];

    /// As the table names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halves => "the halves do not hear each other",
            Self::Mute => "one is not heard, but hears the others",
            Self::Deaf => "one does not hear, but is heard",
            Self::Loss => "40 % of all messages get lost",
            Self::Disorder => "60 % come twice, each after 5 to 900 ms",
            Self::Restart => "all processes restart at once",
            Self::FailOver => "they do, and a replica takes over that lost a second",
            Self::Flush => "they do, and the store is empty",
        }
    }

    fn net(self) -> Net {
        let good = Net::good(20);
        match self {
            Self::Halves => Net { halves: true, ..good },
            Self::Mute => Net { mute: Some(3), ..good },
            Self::Deaf => Net { deaf: Some(3), ..good },
            Self::Loss => Net { lost: 40, ..good },
            Self::Disorder => Net { twice: 60, delay: (5, 900), ..good },
            _ => good,
        }
    }

    /// What happens at its end.
    fn strike(self, world: &mut World) {
        match self {
            Self::Restart => {}
            Self::FailOver => world.fail_over(),
            Self::Flush => world.flush(),
            _ => return,
        }
        (0..world.all.len()).for_each(|number| world.restart(number, true));
    }
}

/// How soon all agree after a fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Healing {
    /// What went wrong.
    pub fault: Fault,
    /// Heartbeats until all registers were equal, and stayed so; `None` if never.
    pub beats: Option<f64>,
}

impl Healing {
    /// A fifth of all calls fail while it lasts, so there is much to say. Then there are no
    /// more calls.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // some seconds
    pub fn run(instances: usize, fault: Fault, seed: u64) -> Self {
        let mut world = World::new(instances, &["shop"], seed);
        world.listeners = instances.min(LISTENERS);
        world.rest(WELL);
        world.net = fault.net();
        let mut calls = Calls::new(instances, 1.0, WELL, seed);
        while world.now < WELL + LASTS {
            while let Some(number) = calls.next(world.now) {
                let fails = calls.fails(20);
                world.call(number, 0, !fails);
            }
            world.step();
        }
        fault.strike(&mut world);
        world.net = Net::good(20);
        let (from, mut last_apart) = (world.now, None);
        while world.now < from + WATCHED * BEAT {
            if world.apart() > 0 {
                last_apart = Some(world.now + LOOKS);
            }
            world.rest(LOOKS);
        }
        let healed = last_apart.unwrap_or(from);
        let beats = (healed < world.now).then(|| (healed - from) as f64 / BEAT as f64);
        Self { fault, beats }
    }
}

/// All faults.
pub(super) fn all(instances: usize) -> Vec<Healing> {
    parallel::all(&Fault::ALL, |&fault| Healing::run(instances, fault, 1))
}
