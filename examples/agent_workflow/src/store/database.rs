//! A database and the thread that it lives on: it writes what is waiting as one
//! transaction, and opens the file again when it has lost it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use fusebox::Retryable;
use rusqlite::{Connection, ErrorCode, Transaction, backup::Backup};
use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::{Failure, store::privileges};

/// How long a write waits for somebody else's lock.
const BUSY: Duration = Duration::from_millis(10);

/// Why a store did not answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(String);

impl Retryable for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

type Write = Box<dyn FnOnce(&Transaction<'_>) -> rusqlite::Result<()> + Send>;
type Read = Box<dyn FnOnce(Result<&Connection, StoreError>) + Send>;

enum Job {
    Write(Write, oneshot::Sender<Result<(), StoreError>>),
    Read(Read),
    Bound(bool, oneshot::Sender<()>),
}

/// A database, as those who use it see it.
pub struct Database {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    rescued: Arc<AtomicU64>,
}

impl Database {
    /// Opens the file `path`, with these tables.
    pub fn open(path: &Path, tables: &'static str) -> Result<Self, Failure> {
        let (jobs, todo) = mpsc::channel();
        let rescued = Arc::default();
        let mut keeper = Keeper {
            path: path.to_owned(),
            tables,
            connection: None,
            bounded: false,
            rescued: Arc::clone(&rescued),
        };
        keeper.connection()?;
        let thread = thread::Builder::new().name(name(path)).spawn(move || keeper.run(&todo))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), rescued })
    }

    /// How often the file was gone, and was made anew from what the open
    /// connection still had of it.
    pub fn rescued(&self) -> u64 {
        self.rescued.load(Ordering::Relaxed)
    }

    pub async fn write(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StoreError> {
        self.ask(|reply| Job::Write(Box::new(work), reply)).await?
    }

    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(|reply| {
            Job::Read(Box::new(|connection| {
                let answer = connection.and_then(|it| work(it).map_err(StoreError::from));
                let _ = reply.send(answer); // who asked may have gone
            }))
        })
        .await?
    }

    /// Whether the file may not grow.
    pub async fn set_bounded(&self, bounded: bool) -> Result<(), StoreError> {
        self.ask(|reply| Job::Bound(bounded, reply)).await
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let gone = || StoreError("the store's thread is gone".into());
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(job(reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.jobs = None; // the thread ends
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // its panic was printed
        }
    }
}

fn name(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What the thread has.
struct Keeper {
    path: PathBuf,
    tables: &'static str,
    connection: Option<Connection>,
    bounded: bool,
    rescued: Arc<AtomicU64>,
}

impl Keeper {
    fn run(&mut self, todo: &mpsc::Receiver<Job>) {
        privileges::lay_down();
        while let Ok(first) = todo.recv() {
            // All that is waiting: one transaction, one wait for the disk.
            let (mut work, mut replies) = (Vec::new(), Vec::new());
            for job in std::iter::once(first).chain(todo.try_iter().take(255)) {
                match job {
                    Job::Write(write, reply) => {
                        work.push(write);
                        replies.push(reply);
                    }
                    Job::Read(read) => read(self.connection().map(|it| &*it)),
                    Job::Bound(bounded, reply) => {
                        self.bounded = bounded;
                        if let Some(connection) = &self.connection {
                            let _ = bound(connection, bounded);
                        }
                        let _ = reply.send(());
                    }
                }
            }
            let written = self.write(work);
            for reply in replies {
                let _ = reply.send(written.clone()); // who asked may have gone
            }
        }
    }

    fn write(&mut self, work: Vec<Write>) -> Result<(), StoreError> {
        if work.is_empty() {
            return Ok(());
        }
        let connection = self.connection()?;
        let written = connection.transaction().and_then(|transaction| {
            work.into_iter().try_for_each(|write| write(&transaction))?;
            transaction.commit()
        });
        let waits = [ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked, ErrorCode::DiskFull];
        match written {
            Err(error) if !error.sqlite_error_code().is_some_and(|it| waits.contains(&it)) => {
                // The connection may be of no use any more. While the file is
                // gone, it is all that is left of it.
                if self.path.exists() {
                    self.connection = None;
                }
                Err(error.into())
            }
            written => Ok(written?),
        }
    }

    /// The connection, opened if there is none, or if its file is gone.
    fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        if self.connection.is_none() || !self.path.exists() {
            let connection = self.open()?;
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or_else(|| StoreError("no connection".into()))
    }

    fn open(&self) -> Result<Connection, StoreError> {
        let mut opened = Connection::open(&self.path)?;
        opened.busy_timeout(BUSY)?;
        opened.execute_batch("pragma page_size = 512; pragma synchronous = normal;")?;
        if let Some(lost) = &self.connection {
            // Deleted, but not yet gone: an open file lives on without a name.
            let rescued = Backup::new(lost, &mut opened)
                .and_then(|backup| backup.run_to_completion(256, Duration::ZERO, None));
            if let Err(error) = rescued {
                let _ = fs::remove_file(&self.path); // or it would look like the whole
                return Err(error.into());
            }
            self.rescued.fetch_add(1, Ordering::Relaxed);
            warn!(path = %self.path.display(), "the database was gone, and is made anew");
        }
        opened.execute_batch(self.tables)?;
        bound(&opened, self.bounded)?;
        info!(path = %self.path.display(), "opened a database");
        Ok(opened)
    }
}

/// Forbids the file to grow, or allows it: `SQLite` says that the disk is full.
fn bound(connection: &Connection, bounded: bool) -> rusqlite::Result<()> {
    // It cannot be less than what there is.
    let pages: u32 = if bounded { 1 } else { 0xffff_fffe };
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
}
