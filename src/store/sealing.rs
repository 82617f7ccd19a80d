//! What every backend seals with: the keys of an open database and the operating system's randomness.

use super::{MasterKeys, StoreError};
use crate::domain::Timestamp;
use crate::vault::{
    AuditMac, DataKey, DestructionMac, Entropy, IndexedAs, KeyedHash, RecordKey, RecordKind, RecordName,
    StreamError, StreamHeader, StreamSealer, VaultError, WrappedKey,
};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Randomness of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), VaultError> {
        getrandom::fill(out).map_err(|_| VaultError::NoEntropy)
    }
}

/// The keys of an open database.
pub(super) struct Keys {
    master: RwLock<Arc<MasterKeys>>,
    /// Where a newer generation is looked for.
    source: OnceLock<KeySource>,
    data: DataKey,
    audit: AuditMac,
}

/// Reads the key file anew; `None` where it cannot be read now.
pub type KeySource = Box<dyn Fn() -> Option<MasterKeys> + Send + Sync>;

/// The name of the database's own key.
pub(super) fn data_record() -> RecordName {
    RecordName::new(RecordKind::Data, Uuid::nil())
}

impl Keys {
    /// Makes the key of a new database.
    pub(super) fn create(master: MasterKeys) -> Result<(Self, WrappedKey), StoreError> {
        let data = DataKey::draw(&OsEntropy)?;
        let wrapped = data.wrap(data_record(), &master, &OsEntropy)?;
        Ok((Self::of(master, data), wrapped))
    }

    /// Opens the key of a database. This is where a wrong master key shows.
    pub(super) fn unwrap(master: MasterKeys, wrapped: WrappedKey) -> Result<Self, StoreError> {
        let data =
            DataKey::unwrap_from(data_record(), &wrapped, &master).map_err(|_| StoreError::WrongKey)?;
        Ok(Self::of(master, data))
    }

    fn of(master: MasterKeys, data: DataKey) -> Self {
        let audit = data.audit();
        Self {
            master: RwLock::new(Arc::new(master)),
            source: OnceLock::new(),
            data,
            audit,
        }
    }

    fn master(&self) -> Arc<MasterKeys> {
        Arc::clone(&self.master.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn watch(&self, source: KeySource) {
        // The first one counts; it reads the same file.
        let _same = self.source.set(source);
    }

    /// Takes up a newer generation, if the key file has one.
    pub(super) fn take_up(&self) -> bool {
        let Some(read) = self.source.get().and_then(|source| source()) else {
            return false;
        };
        let mut master = self.master.write().unwrap_or_else(PoisonError::into_inner);
        let is_newer = read.newest_generation() > master.newest_generation();
        if is_newer {
            *master = Arc::new(read);
        }
        is_newer
    }

    /// The database's key under the newest master key.
    pub(super) fn rewrap_data(&self) -> Result<WrappedKey, StoreError> {
        Ok(self.data.wrap(data_record(), &self.master(), &OsEntropy)?)
    }

    pub(super) fn newest_generation(&self) -> u32 {
        self.master().newest_generation()
    }

    pub(super) fn audit(&self) -> &AuditMac {
        &self.audit
    }

    pub(super) fn destruction(&self) -> DestructionMac {
        self.data.destruction()
    }

    /// Begins a backup under the newest master key; `version` is the schema's.
    pub(super) fn begin_stream(&self, version: u32) -> Result<(StreamSealer, StreamHeader), StreamError> {
        StreamSealer::begin(&self.master(), version, &OsEntropy)
    }

    pub(super) fn has_generation(&self, generation: u32) -> bool {
        self.master().has_generation(generation)
    }

    pub(super) fn hash(&self, kind: IndexedAs, value: &[u8]) -> KeyedHash {
        self.data.hash(kind, value)
    }

    pub(super) fn new_record(&self, name: RecordName) -> Result<(Record, WrappedKey), StoreError> {
        let key = RecordKey::draw(&OsEntropy)?;
        let wrapped = key.wrap(name, &self.master(), &OsEntropy)?;
        Ok((Record { name, key }, wrapped))
    }

    pub(super) fn record(&self, name: RecordName, wrapped: &WrappedKey) -> Result<Record, StoreError> {
        let opened = match RecordKey::unwrap_from(name, wrapped, &self.master()) {
            // Somebody rotated the master key meanwhile.
            Err(VaultError::NoSuchGeneration(_)) if self.take_up() => {
                RecordKey::unwrap_from(name, wrapped, &self.master())
            }
            opened => opened,
        };
        Ok(Record { name, key: opened? })
    }

    pub(super) fn rewrap(&self, name: RecordName, wrapped: &WrappedKey) -> Result<WrappedKey, StoreError> {
        let key = RecordKey::unwrap_from(name, wrapped, &self.master())?;
        Ok(key.wrap(name, &self.master(), &OsEntropy)?)
    }
}

/// A record whose key is open.
pub(super) struct Record {
    pub(super) name: RecordName,
    key: RecordKey,
}

impl Record {
    pub(super) fn seal(&self, part: &str, content: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(self.key.seal(self.name, part, content, &OsEntropy)?)
    }

    pub(super) fn open(&self, part: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        Ok(self.key.open(self.name, part, sealed)?)
    }

    pub(super) fn seal_json<T: Serialize>(&self, part: &str, value: &T) -> Result<Vec<u8>, StoreError> {
        let text = serde_json::to_vec(value).map(Zeroizing::new);
        // The error could quote the value: only the fact comes out.
        let text = text.map_err(|_| StoreError::Corrupt("a record cannot be written as JSON"))?;
        self.seal(part, &text)
    }

    pub(super) fn open_json<T: DeserializeOwned>(&self, part: &str, sealed: &[u8]) -> Result<T, StoreError> {
        let text = self.open(part, sealed)?;
        serde_json::from_slice(&text)
            .map_err(|_| StoreError::Corrupt("a record was written by another version"))
    }
}

/// A new identity that sorts by time (RFC 9562, version 7).
pub(super) fn new_id(now: Timestamp) -> Result<Uuid, StoreError> {
    let mut random = [0; 10];
    OsEntropy.fill(&mut random)?;
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Ok(uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid())
}

impl From<VaultError> for StoreError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::NoEntropy => Self::Transient("the operating system gives no random bytes"),
            VaultError::DoesNotOpen => Self::Tampered,
            VaultError::NoSuchGeneration(_) => Self::WrongKey,
        }
    }
}
