//! A place for tests to end the process's work at any write, as a crash does.

use super::StoreError;
use std::panic::Location;

/// Where the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreStep {
    /// Before a statement.
    Statement,
    /// Before a transaction is committed; the place in the source that commits it.
    Commit(&'static Location<'static>),
    /// The transaction is durable; whoever waits for it has not been told.
    Committed(&'static Location<'static>),
    /// Before a line of the destruction log is written.
    DestructionLog,
}

/// Told at each step; an error ends the work there. In production it does nothing ([`NoStoreProbe`]).
pub trait StoreProbe: Send + Sync {
    /// The store is at this step.
    ///
    /// # Errors
    /// Whatever the store is to fail with.
    fn at(&self, step: StoreStep) -> Result<(), StoreError>;
}

/// Does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStoreProbe;

impl StoreProbe for NoStoreProbe {
    fn at(&self, _step: StoreStep) -> Result<(), StoreError> {
        Ok(())
    }
}
