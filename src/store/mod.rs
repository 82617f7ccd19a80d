//! Everything that is kept, sealed; one interface in domain types.
//!
//! Invariants: personal data enters a row only sealed by [`crate::vault`]; every change writes its audit
//! row in the same transaction; affected rows are checked. SQL stands only below this module.

mod backup;
mod case_types;
mod casework;
mod daemons;
mod destruction_log;
mod exchange;
mod inbound;
mod index;
mod keys;
mod outbound;
mod pages;
mod probe;
mod sealing;
mod sides;
mod sql;
mod staff;
mod staff_types;
mod types;

pub use backup::{
    BackupError, BackupSummary, MissingLog, RestoreError, RestoreOptions, RestoreSummary, RestoreTarget,
    Unfinished,
};
pub use case_types::*;
pub use daemons::{Claim, Duty, EarlierRun, HeldLease, LeaseAnswer, LeaseName, Standing};
pub use exchange::*;
pub use probe::{NoStoreProbe, StoreProbe, StoreStep};
pub use sealing::{KeySource, OsEntropy};
pub use sql::driver::{PostgresPlace, PostgresPlaceError};
pub use staff_types::*;
pub use types::*;

use std::path::Path;
use std::sync::Arc;

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    database: Arc<sql::Database>,
}

impl Store {
    /// Opens (and migrates) the database. The key check row tells a wrong master key at once.
    /// The destruction log is where [`DatabasePlace::destruction_log`] says.
    pub async fn open(place: &DatabasePlace, keys: MasterKeys) -> Result<Self, StoreError> {
        Self::open_logging(place, &place.destruction_log(), keys).await
    }

    /// The same with another destruction log.
    ///
    /// # Errors
    /// [`StoreError::DestructionLog`] where it cannot be read or written.
    pub async fn open_logging(
        place: &DatabasePlace,
        destruction_log: &Path,
        keys: MasterKeys,
    ) -> Result<Self, StoreError> {
        Self::open_probed(place, destruction_log, keys, Arc::new(NoStoreProbe)).await
    }

    /// The same, telling a probe of every write.
    pub async fn open_probed(
        place: &DatabasePlace,
        destruction_log: &Path,
        keys: MasterKeys,
        probe: Arc<dyn StoreProbe>,
    ) -> Result<Self, StoreError> {
        let database = Arc::new(sql::Database::open(place, destruction_log, keys, probe).await?);
        Ok(Self { database })
    }
}
