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
    inferer::Inferer,
    memory::Memory,
    outbox::Outbox,
    server::{
        self, Server,
        boards::{rate_limited::Limit, token::Tokens},
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
    pub limit: Arc<Limit>,
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
    /// things.
    pub fn start(capacity: usize) -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("agent-workflow-")?;
        for system in [System::ContextStore, System::EventLog, System::FilesBoard] {
            fs::create_dir(folder.path().join(system.name()))?;
        }
        let (limit, tokens) = (Arc::<Limit>::default(), Arc::<Tokens>::default());
        let http = reqwest::Client::builder().no_proxy().build()?;
        let mut peers = Vec::new();
        let mut connect = |server: Server| {
            let client = Client::new(&http, server.address());
            peers.push(Peer { server, client: client.clone() });
            client
        };
        let inferer = Inferer::new(connect(server::model::start()?));
        let coach = Coach::new(connect(server::coach::start()?));
        let memory = Memory::new(connect(server::memory::start()?));
        let rate_limited =
            RateLimitedBoard::new(connect(server::boards::rate_limited::start(&limit)?));
        let token = TokenBoard::new(connect(server::boards::token::start(&tokens)?));
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
            limit,
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

    /// The desk of a board that is a protected system.
    pub fn desk(&self, system: System) -> Option<&Desk> {
        self.desks.iter().find(|desk| desk.to().0.system() == Some(system))
    }
}

fn database(folder: &Path, system: System) -> PathBuf {
    folder.join(system.name()).join(system.name()).with_extension("sqlite")
}
