//! Faults, brought about for real and taken back again.

mod crowd;

use std::{fs, io, path::PathBuf, sync::Arc};

use rusqlite::Connection;
use tracing::info;

use crate::{
    Failure,
    faults::crowd::Crowd,
    scenario::{Fault, Kind},
    server::{Mood, boards::limit::Terms},
    system::System,
    world::{Peer, World},
};

/// The faults of a run. They begin and end between rounds, when no agent is in
/// the middle of anything: so who meets them does not depend on the clock.
pub struct Faults {
    world: Arc<World>,
    schedule: Vec<Fault>,
    active: Vec<(Fault, Undo)>,
}

/// What it takes to undo a fault.
enum Undo {
    Nothing,
    /// Closing the connection gives its lock up.
    Unlock(Connection),
    Writable(PathBuf),
    MoveBack {
        away: PathBuf,
        home: PathBuf,
    },
    Unbound,
    Cheer,
    Listen,
    Unlimit,
    Disperse(Crowd),
}

impl Faults {
    pub fn new(world: Arc<World>, schedule: Vec<Fault>) -> Self {
        Self { world, schedule, active: Vec::new() }
    }

    /// Whether nothing keeps `system` from answering.
    pub fn is_well(&self, system: System) -> bool {
        self.active.iter().all(|(it, _)| it.system != system || it.kind.is_survived())
    }

    /// The faults of now, in words.
    pub fn words(&self) -> String {
        let words: Vec<String> = self.active.iter().map(|(fault, _)| fault.to_string()).collect();
        words.join(", ")
    }

    /// Takes back what ends before `round`.
    pub async fn lift(&mut self, round: u32) -> Result<(), Failure> {
        let (keep, over): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.active).into_iter().partition(|(it, _)| it.is_on(round));
        self.active = keep;
        for (fault, undo) in over {
            info!(%fault, round, "fault ends");
            self.undo(fault.system, undo).await?;
        }
        Ok(())
    }

    pub async fn lift_all(&mut self) -> Result<(), Failure> {
        self.lift(u32::MAX).await
    }

    /// Brings about what begins with `round`.
    pub async fn begin(&mut self, round: u32) -> Result<(), Failure> {
        for fault in self.schedule.clone().into_iter().filter(|it| it.is_on(round)) {
            if fault.kind == Kind::Expire {
                self.world.tokens.expire(); // again in every round
            }
            if fault.from == round {
                info!(%fault, round, "fault begins");
                let undo = self.bring_about(&fault).await?;
                self.active.push((fault, undo));
            }
        }
        Ok(())
    }

    async fn bring_about(&self, fault: &Fault) -> Result<Undo, Failure> {
        let system = fault.system;
        let (folder, database) = (self.world.folder(system), self.world.database(system));
        Ok(match fault.kind {
            Kind::Locked => {
                let other = Connection::open(database)?;
                other.execute_batch("begin exclusive")?;
                Undo::Unlock(other)
            }
            Kind::ReadOnly => {
                set_writable(&folder, false)?;
                Undo::Writable(folder)
            }
            Kind::Full => {
                self.world.events.to().database().set_bounded(true).await?;
                Undo::Unbound
            }
            Kind::Deleted => {
                fs::remove_file(database)?;
                Undo::Nothing
            }
            Kind::Gone => {
                let away = folder.with_extension("away");
                fs::rename(&folder, &away)?;
                Undo::MoveBack { away, home: folder }
            }
            Kind::Hang => self.mood(system, Mood::Hang),
            Kind::Unavailable => self.mood(system, Mood::Unavailable),
            Kind::Error => self.mood(system, Mood::Error),
            Kind::Slow => self.mood(system, Mood::Slow(fault.delay())),
            Kind::Garbage => self.mood(system, Mood::Garbage),
            Kind::Flaky => self.mood(system, Mood::Flaky(fault.percent.unwrap_or(0))),
            Kind::Refuse => {
                if let Some(peer) = self.world.peer(system) {
                    peer.server.stop();
                }
                Undo::Listen
            }
            Kind::Limit => {
                let silent = fault.silent.unwrap_or(false);
                let terms = fault.requests.map(|requests| Terms { requests, silent });
                self.limit(system, terms);
                Undo::Unlimit
            }
            Kind::Overload => {
                self.mood(system, Mood::Overloaded);
                let requests = fault.requests.unwrap_or(0);
                let crowd = |peer: &Peer| Crowd::of(requests, peer.client.clone());
                self.world.peer(system).map_or(Undo::Cheer, |it| Undo::Disperse(crowd(it)))
            }
            Kind::Expire => Undo::Nothing,
        })
    }

    fn limit(&self, system: System, terms: Option<Terms>) {
        if let Some(limit) = self.world.limit(system) {
            limit.set(terms);
        }
    }

    fn mood(&self, system: System, mood: Mood) -> Undo {
        if let Some(peer) = self.world.peer(system) {
            peer.server.set_mood(mood);
        }
        Undo::Cheer
    }

    async fn undo(&self, system: System, undo: Undo) -> Result<(), Failure> {
        match undo {
            Undo::Nothing => {}
            Undo::Unlock(other) => drop(other),
            Undo::Writable(folder) => set_writable(&folder, true)?,
            Undo::MoveBack { away, home } => fs::rename(away, home)?,
            Undo::Unbound => self.world.events.to().database().set_bounded(false).await?,
            Undo::Cheer => {
                self.mood(system, Mood::Well);
            }
            Undo::Listen => {
                if let Some(peer) = self.world.peer(system) {
                    peer.server.resume()?;
                }
            }
            Undo::Unlimit => self.limit(system, None),
            Undo::Disperse(crowd) => {
                drop(crowd);
                self.mood(system, Mood::Well);
            }
        }
        Ok(())
    }
}

/// The modes of a folder and of the files in it.
fn set_writable(folder: &PathBuf, writable: bool) -> io::Result<()> {
    let mut paths = vec![folder.clone()];
    for file in fs::read_dir(folder)? {
        paths.push(file?.path());
    }
    for path in paths {
        let mut modes = fs::metadata(&path)?.permissions();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let read_only = modes.mode() & !0o222;
            modes.set_mode(if writable { read_only | 0o200 } else { read_only });
        }
        #[cfg(not(unix))]
        modes.set_readonly(!writable);
        fs::set_permissions(&path, modes)?;
    }
    Ok(())
}
