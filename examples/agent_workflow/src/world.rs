//! All parts of the system, put together.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;

use crate::{
    Failure,
    board::{
        Board, Desk, Tray, files::FilesBoard, memory::MemoryBoard, rate_limited::RateLimitedBoard,
        token::TokenBoard,
    },
    coach::Coach,
    inferer::{Inferer, Spill},
    memory::Memory,
    outbox::Outbox,
    server::{
        self, Server,
        boards::{limit::Limit, token::Tokens},
    },
    service::Client,
    store::{context::ContextStore, events::EventLog},
    system::System,
    watch::Watch,
};

pub struct World {
    pub contexts: Outbox<ContextStore>,
    pub events: Outbox<EventLog>,
    pub memory: Outbox<Memory>,
    pub inferer: Inferer,
    pub coach: Coach,
    /// Agents take them in turn.
    pub desks: [Desk; 4],
    pub watch: Watch,
    /// For the faults and the promises: the other side of the calls.
    pub peers: Vec<Peer>,
    /// Of the board that is rate-limited, and of the one with the token.
    limits: [Arc<Limit>; 2],
    pub tokens: Arc<Tokens>,
    /// Deleted at the end, when nobody has a file in it open.
    folder: TempDir,
}

/// A server, and the client that speaks to it.
pub struct Peer {
    pub server: Server,
    pub client: Client,
}

impl World {
    /// Starts the servers, and makes the stores; an outbox keeps `capacity`
    /// things, and a region takes over so much of the other's load.
    pub fn start(capacity: usize, spill: Spill) -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("agent-workflow-")?;
        for system in [System::ContextStore, System::EventLog, System::FilesBoard] {
            fs::create_dir(folder.path().join(system.name()))?;
        }
        let (limits, tokens) = (<[Arc<Limit>; 2]>::default(), Arc::<Tokens>::default());
        let http = reqwest::Client::builder().no_proxy().build()?;
        let mut peers = Vec::new();
        let mut connect = |server: Server| {
            let client = Client::new(&http, server.address());
            peers.push(Peer { server, client: client.clone() });
            client
        };
        let near = connect(server::model::start(System::InfererNear)?);
        let far = connect(server::model::start(System::InfererFar)?);
        let inferer = Inferer::new(near, far, spill);
        let coach = Coach::new(connect(server::coach::start()?));
        let memory = Memory::new(connect(server::memory::start()?));
        let rate_limited =
            RateLimitedBoard::new(connect(server::boards::rate_limited::start(&limits[0])?));
        let token = TokenBoard::new(connect(server::boards::token::start(&tokens, &limits[1])?));
        let files = FilesBoard::new(folder.path().join(System::FilesBoard.name()));
        let boards: [Arc<dyn Board>; 4] = [
            Arc::new(rate_limited),
            Arc::new(token),
            Arc::new(files),
            Arc::new(MemoryBoard::default()),
        ];
        Ok(Self {
            contexts: Outbox::new(
                ContextStore::open(&database(folder.path(), System::ContextStore))?,
                capacity,
            ),
            events: Outbox::new(
                EventLog::open(&database(folder.path(), System::EventLog))?,
                capacity,
            ),
            memory: Outbox::new(memory, capacity),
            inferer,
            coach,
            desks: boards.map(|board| Outbox::new(Tray(board), capacity)),
            watch: Watch::default(),
            peers,
            limits,
            tokens,
            folder,
        })
    }

    /// Where a system has its files.
    pub fn folder(&self, system: System) -> PathBuf {
        self.folder.path().join(system.name())
    }

    /// A store's database.
    pub fn database(&self, system: System) -> PathBuf {
        database(self.folder.path(), system)
    }

    /// A server, for the systems that have one.
    pub fn peer(&self, system: System) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.server.system == system)
    }

    /// Whether a system has more to do than it can, so that whom it answers depends on the
    /// moment.
    pub fn is_overloaded(&self, system: System) -> bool {
        self.peer(system).is_some_and(|peer| peer.server.is_overloaded())
    }

    /// How often a board's clients may ask.
    pub fn limit(&self, system: System) -> Option<&Limit> {
        match system {
            System::RateLimitedBoard => Some(&self.limits[0]),
            System::TokenBoard => Some(&self.limits[1]),
            _ => None,
        }
    }

    /// The limits of all boards that have one.
    pub fn limits(&self) -> impl Iterator<Item = &Limit> {
        self.limits.iter().map(Arc::as_ref)
    }

    /// The desk of a board that is a protected system.
    pub fn desk(&self, system: System) -> Option<&Desk> {
        self.desks.iter().find(|desk| desk.to().0.system() == Some(system))
    }
}

fn database(folder: &Path, system: System) -> PathBuf {
    folder.join(system.name()).join(system.name()).with_extension("sqlite")
}
