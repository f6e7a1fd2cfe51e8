//! Brings back into service what is well again: its breaker closed, and what was
//! kept for it replayed. A service would do this all the time, in a task of its
//! own; here it is done between rounds, so that a run's decisions do not depend
//! on the moment at which a breaker lets its probe through, or all calls again.

use std::time::{Duration, Instant};

use fusebox::{Priority, State};
use tracing::warn;

use crate::{
    faults::Faults,
    outbox::{Deliver, Outbox},
    system::System,
    world::World,
};

/// How long a system may take to come back before the run goes on without it.
const LONGEST: Duration = Duration::from_secs(20);

/// Between two calls that try how a system is: a breaker reckons up what it sheds no more
/// often than each eight milliseconds.
const PAUSE: Duration = Duration::from_millis(10);

/// So many are made at least where a server had too much to do.
const AFTER_OVERLOAD: u32 = 4;

/// Brings back all that no fault keeps away.
pub async fn settle(world: &World, faults: &Faults) {
    for system in System::ALL.into_iter().filter(|system| faults.is_well(*system)) {
        let deadline = Instant::now() + LONGEST;
        close(world, system, deadline).await;
        match system {
            System::ContextStore => replay(&world.contexts, system, deadline).await,
            System::EventLog => replay(&world.events, system, deadline).await,
            System::Memory => replay(&world.memory, system, deadline).await,
            System::InfererNear => world.inferer.come_home().await,
            System::InfererFar | System::Coach => {}
            System::RateLimitedBoard | System::TokenBoard | System::FilesBoard => {
                if let Some(desk) = world.desk(system) {
                    replay(desk, system, deadline).await;
                }
            }
        }
    }
}

/// Waits until no drill is under way: nothing comes back for good before that. Who began it
/// can end it.
pub async fn outlast_drills() {
    let deadline = Instant::now() + LONGEST;
    for system in System::ALL {
        while let Some(drill) = system.breaker().drill() {
            if Instant::now() >= deadline {
                warn!(%system, %drill, "is drilled for longer than the run waits");
                break;
            }
            tokio::time::sleep(drill.left.min(PAUSE)).await;
        }
    }
}

/// Makes one call after another until the breaker has closed, and admits every call: the
/// ramp by which it lets them back is over, and it sheds none.
async fn close(world: &World, system: System, deadline: Instant) {
    // What a breaker was told last, it reckons with at a later call.
    let was_overloaded = world.peer(system).is_some_and(|it| it.server.was_overloaded());
    let mut calls = if was_overloaded { AFTER_OVERLOAD } else { 0 };
    while Instant::now() < deadline {
        let reading = system.breaker().reading();
        match reading.snapshot.state {
            State::Closed if reading.admits_from.is_none() && calls == 0 => return,
            State::Disabled => return,
            State::ForcedOpen => {
                warn!(%system, "isolated by somebody, and left alone");
                return;
            }
            _ => {
                tokio::time::sleep(reading.time_left.unwrap_or(PAUSE)).await;
                // What matters most is admitted first.
                Priority::CRITICAL.scope(probe(world, system)).await;
                calls = calls.saturating_sub(1);
            }
        }
    }
    warn!(%system, "did not come back");
}

/// One call through the breaker. What it says, the breaker hears.
async fn probe(world: &World, system: System) {
    if let Some(peer) = world.peer(system) {
        let _ = peer.client.health(system.breaker()).await;
    } else if system == System::ContextStore {
        let _ = world.contexts.to().load("").await;
    } else if system == System::EventLog {
        let _ = world.events.to().check().await;
    } else if let Some(desk) = world.desk(system) {
        let _ = desk.to().0.summary("").await;
    }
}

/// Replays until nothing is kept.
async fn replay<D: Deliver>(outbox: &Outbox<D>, system: System, deadline: Instant) {
    let forced = || system.breaker().state() == State::ForcedOpen;
    while outbox.waiting() > 0 && !forced() && Instant::now() < deadline {
        outbox.replay().await;
        if outbox.waiting() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
