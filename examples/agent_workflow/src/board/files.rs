//! The board on files: one for each project, replaced as a whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use fusebox::{CallError, Pipeline, Priority, Retry, RetryConfig};

use crate::{
    board::{Board, Shelf, Summary, Update},
    breakers::FILES_BOARD,
    service::ServiceError,
    system::System,
};

const RETRY: Retry =
    Retry::new(RetryConfig::new().max_attempts(2).base_delay(Duration::from_millis(5)).build())
        .named("files-board");

pub struct FilesBoard {
    folder: PathBuf,
}

impl FilesBoard {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Runs `work` on the file of `project`, where it may block.
    async fn guarded<T: Send + 'static>(
        &self,
        project: &str,
        work: impl Fn(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ServiceError> {
        let path = self.folder.join(format!("{project}.json"));
        // A sync pipeline may wait between attempts: not on a runtime's thread. A scope
        // does not reach other threads by itself.
        let priority = Priority::current();
        let done = tokio::task::spawn_blocking(move || {
            let _scope = priority.enter();
            Pipeline::new()
                .breaker(FILES_BOARD.get())
                .retry(RETRY)
                .call(path.as_path(), |path| {
                    work(path).map_err(|error| ServiceError::Io(error.to_string()))
                })
                .map_err(CallError::into_own)
        });
        done.await.map_err(|error| ServiceError::Io(error.to_string()))?
    }
}

#[async_trait]
impl Board for FilesBoard {
    fn name(&self) -> &'static str {
        System::FilesBoard.name()
    }

    fn system(&self) -> Option<System> {
        Some(System::FilesBoard)
    }

    async fn post(&self, update: &Update) -> Result<(), ServiceError> {
        let update = update.clone();
        let project = update.project.clone();
        self.guarded(&project, move |path| {
            let mut project = read(path)?;
            project.apply(&update);
            let draft = path.with_extension("draft");
            fs::write(&draft, serde_json::to_vec(&project)?)?;
            fs::rename(&draft, path)
        })
        .await
    }

    async fn summary(&self, project: &str) -> Result<Summary, ServiceError> {
        self.guarded(project, |path| Ok(read(path)?.summary())).await
    }
}

/// A project that has no file yet is empty; in a folder that is not there it is
/// unknown.
fn read(path: &Path) -> io::Result<Shelf> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(path);
            folder.metadata().map(|_| Shelf::default())
        }
        Err(error) => Err(error),
    }
}
