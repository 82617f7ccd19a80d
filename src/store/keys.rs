//! Rotating the master key.

use super::{KeySource, Store, StoreError};
use crate::domain::Timestamp;

impl Store {
    /// Says where a newer generation of the master key is looked for: where a record needs one, and by
    /// [`Store::take_up_keys`].
    pub fn watch_keys(&self, source: KeySource) {
        self.database.keys().watch(source);
    }

    /// Takes up a newer generation of the master key, if its file has one: from then on it wraps new keys.
    pub fn take_up_keys(&self) -> bool {
        self.database.keys().take_up()
    }

    /// How many record keys each generation of the master key wraps, the newest first.
    pub async fn key_generations(&self) -> Result<Vec<(u32, u64)>, StoreError> {
        self.database.key_generations().await
    }

    /// Wraps every record key under the newest master key; gives how many were changed. After that, older
    /// generations may leave the key file.
    pub async fn rewrap_keys(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.database.rewrap_keys(now).await
    }
}
