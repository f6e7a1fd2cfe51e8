//! Instances that are broken themselves, in a fleet whose service is well.

use fusebox_fleet::{
    Obedience,
    world::{FIVE, Instance},
};

use crate::fleet::{Calls, Sharing, WELL, parallel};

/// So long they are broken, in milliseconds: shorter than a breaker waits.
const LASTS: u64 = 2_000;
/// Calls a second of each instance.
const PER_SECOND: f64 = 10.0;

/// What comes of instances that are broken themselves: all their calls fail, and one in a
/// hundred of the others'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poison {
    /// Instances that are broken.
    pub bad: usize,
    /// What they all make of what others say.
    pub sharing: Sharing,
    /// The bad ones' breakers that opened.
    pub bad_open: usize,
    /// Breakers of the others that opened.
    pub moved: usize,
    /// Calls of the others that were refused.
    pub refused: u64,
    /// All calls of the others.
    pub calls: u64,
}

impl Poison {
    /// So many bad instances of so many, for two seconds.
    #[must_use]
    pub fn run(instances: usize, bad: usize, sharing: Sharing, seed: u64) -> Self {
        let mut world = sharing.world(instances, FIVE, seed);
        let mut calls = Calls::new(instances, PER_SECOND, 0, seed);
        let (mut refused, mut count, mut is_known) = (0, 0, false);
        while world.now < WELL + LASTS {
            while let Some(number) = calls.next(world.now) {
                let is_bad = number < bad && world.now >= WELL;
                let succeeds = !is_bad && !calls.fails(1);
                let is_admitted = world.call(number, 0, succeeds);
                if number >= bad {
                    count += 1;
                    refused += u64::from(!is_admitted);
                }
            }
            world.step();
            if !is_known && sharing.is_known(&world) {
                is_known = true;
                sharing.act(&world);
            }
        }
        let opened = |of: &[_]| of.iter().filter(|it| has_opened(it)).count();
        let (bad_open, moved) = (opened(&world.all[..bad]), opened(&world.all[bad..]));
        Self { bad, sharing, bad_open, moved, refused, calls: count }
    }
}

fn has_opened(instance: &Instance) -> bool {
    instance.breakers[0].counters().openings > 0
}

/// One bad instance, three, one in a hundred and three in a hundred.
pub(super) fn all(instances: usize) -> Vec<Poison> {
    let ways = [Sharing::Openings(3), Sharing::Failures(Obedience::Advise)];
    let bad = [1, 3, instances / 100, instances * 3 / 100];
    let jobs: Vec<_> = bad.into_iter().flat_map(|bad| ways.map(|way| (bad, way))).collect();
    parallel::all(&jobs, |&(bad, way)| Poison::run(instances, bad, way, 1))
}
