//! The way to the others.

use std::{error::Error, fmt, time::Duration};

use crate::{
    beat::{Beat, Pulse},
    news::News,
    order::SignedOrder,
};

/// A store that all instances reach, more or less. Only a fleet's own task calls it, and
/// never a call that a breaker guards.
pub trait Store {
    /// Keeps a report as this instance's last word, and tells the others of it.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer in time.
    fn publish(&mut self, report: &[u8]) -> Result<(), StoreError>;

    /// Says that this instance of a group is alive, and asks how many of the group have said
    /// so within a time. It tells nobody: whoever wants to know asks.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    fn beat(&mut self, group: &str, within: Duration) -> Result<Pulse, StoreError>;

    /// When each instance last said that it is alive, as long as the store remembers it. A
    /// store may have no list of them.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    fn beats(&mut self) -> Result<Vec<Beat>, StoreError> {
        Ok(Vec::new())
    }

    /// What others have said since the last time, and this instance itself where the store
    /// has all in one row; it waits so long for news.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    fn news(&mut self, wait: Duration) -> Result<Vec<News>, StoreError>;

    /// The last word of every instance, this one's from before a restart as well.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    fn everything(&mut self) -> Result<Vec<News>, StoreError>;

    /// Asks for the right to probe a service, for so long. False where another instance
    /// has it.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    fn lease(&mut self, breaker: &str, lasts: Duration) -> Result<bool, StoreError>;

    /// Takes cells of a quota, of which there are `most` in each `part` of its time: how
    /// many were left to be taken. A part begins with the first cell that is taken of it.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    fn draw(
        &mut self,
        quota: &str,
        cells: u64,
        most: u64,
        part: Duration,
    ) -> Result<u64, StoreError>;

    /// The last order of each subject, as bytes that anybody may have written. A store that
    /// keeps no orders has none.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    fn orders(&mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(Vec::new())
    }

    /// Keeps an order as the last one of its subject, and adds it to the log.
    ///
    /// # Errors
    /// As [`publish`](Self::publish), and where the store keeps no orders.
    fn give(&mut self, order: &SignedOrder) -> Result<(), StoreError> {
        let _ = order;
        Err(StoreError::new("it keeps no orders"))
    }

    /// The last so many orders that were given, the oldest first, as bytes that anybody may
    /// have written.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    fn order_log(&mut self, most: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let _ = most;
        Ok(Vec::new())
    }
}

/// A store does not answer, or not as a store does.
#[derive(Debug)]
pub struct StoreError(Box<dyn Error + Send + Sync>);

impl StoreError {
    /// Keeps what the store's own client said.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the fleet's store does not answer: {}", self.0)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}
